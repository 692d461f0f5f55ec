/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform.c - operating system, architecture and variant, in Go's names (image-index.md) */
#include "coracle/oci/image.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <ctype.h>
#include <string.h>
#include <sys/utsname.h>

#define PLATFORM_MAX_BYTES 128

const struct field platform_fields[] = {
	FIELD_TEXT("os", struct platform, os),
	FIELD_TEXT("architecture", struct platform, architecture),
	FIELD_TEXT("variant", struct platform, variant),
	FIELD_TEXT("os.version", struct platform, os_version),
	FIELD_END,
};

/* uname(2)'s and people's names of architectures, and Go's */
static const struct alias {
	const char *name, *architecture, *variant;
} aliases[] = {
	{"x86_64", "amd64", NULL},   {"x86-64", "amd64", NULL}, {"aarch64", "arm64", "v8"},
	{"arm64", "arm64", NULL},    {"armhf", "arm", "v7"},    {"armv7l", "arm", "v7"},
	{"armv8l", "arm", "v7"},     {"armv6l", "arm", "v6"},   {"armel", "arm", "v6"},
	{"armv5tel", "arm", "v5"},   {"i386", "386", NULL},     {"i486", "386", NULL},
	{"i586", "386", NULL},       {"i686", "386", NULL},     {"x86", "386", NULL},
	{"ppc64el", "ppc64le", NULL}, {"loongarch64", "loong64", NULL},
	{"mips64el", "mips64le", NULL}, {"mipsel", "mipsle", NULL},
};

static const char *const known_systems[] = {"linux", "windows", "darwin", "freebsd", "openbsd",
                                            "netbsd", "solaris", "wasip1"};

static const struct alias *alias_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(aliases[i].name, name) == 0)
			return &aliases[i];
	return NULL;
}

static bool is_known_system(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(known_systems); i++)
		if (strcmp(known_systems[i], name) == 0)
			return true;
	return false;
}

const struct platform *platform_host(void)
{
	static struct utsname host;
	static char system[] = "linux", variant[8];
	static struct platform platform;
	const struct alias *alias;

	if (platform.os)
		return &platform;
	if (uname(&host) < 0)
		host.machine[0] = '\0';
	platform.architecture = host.machine;
	alias = alias_find(host.machine);
	if (alias) {
		/* Go's names are never longer than the kernel's field of 65 bytes */
		(void) memcpy(host.machine, alias->architecture, strlen(alias->architecture) + 1);
		if (alias->variant) {
			(void) memcpy(variant, alias->variant, strlen(alias->variant) + 1);
			platform.variant = variant;
		}
	}
	platform.os = system;
	return &platform;
}

void platform_done(struct platform *platform)
{
	fields_done(platform_fields, platform);
}

static bool is_word(const char *text)
{
	if (!isalnum((unsigned char) *text))
		return false;
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char) *c) && !strchr("._-", *c))
			return false;
	return true;
}

/* normalise - the kernel's word for an architecture becomes Go's; a variant that was typed stays */
static void normalise(struct platform *platform)
{
	const struct alias *alias =
		platform->architecture ? alias_find(platform->architecture) : NULL;

	if (!alias)
		return;
	text_replace(&platform->architecture, alias->architecture);
	if (!platform->variant && alias->variant)
		text_replace(&platform->variant, alias->variant);
}

int platform_parse(const char *text, struct platform *out, struct error *err)
{
	AUTO_TEXTS struct texts words = {0};
	AUTO_FREE char *lower = NULL;
	AUTO(platform_done) struct platform platform = {0};
	size_t first = 0;

	if (strlen(text) > PLATFORM_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "platform is longer than %d bytes",
		                 PLATFORM_MAX_BYTES);
	lower = xstrdup(text);
	for (char *c = lower; *c; c++)
		*c = (char) tolower((unsigned char) *c);
	texts_split(&words, lower, '/');
	for (size_t i = 0; i < words.count; i++)
		if (!is_word(words.items[i]) || i > 2)
			return error_set(err, ERROR_INVALID,
			                 "platform \"%s\": expected OS/ARCH[/VARIANT], such as linux/arm64",
			                 text);
	/* one word is an architecture, unless it is the name of a system */
	if (words.count > 1 || is_known_system(words.items[0]))
		text_replace(&platform.os, words.items[first++]);
	else
		text_replace(&platform.os, "linux");
	if (first < words.count)
		text_replace(&platform.architecture, words.items[first++]);
	else
		text_replace(&platform.architecture, platform_host()->architecture);
	if (first < words.count)
		text_replace(&platform.variant, words.items[first]);
	normalise(&platform);
	platform_done(out);
	*out = TAKE(platform, (struct platform){0});
	return 0;
}

static const char *default_variant(const char *architecture)
{
	if (strcmp(architecture, "arm64") == 0)
		return "v8";
	if (strcmp(architecture, "arm") == 0)
		return "v7";
	return "v1";
}

#define VARIANT_MAX  99
#define RANK_SAME    (2 * VARIANT_MAX + 2)
#define RANK_OLDER   (VARIANT_MAX + 1) /* and the number on top */
#define RANK_UNKNOWN 1

/* rank_variant - as platform_rank; is_usual: wanted is not named but the usual one */
static unsigned rank_variant(const char *candidate, const char *wanted, bool is_usual)
{
	uint64_t have, want;

	if (strcmp(candidate, wanted) == 0)
		return RANK_SAME;
	if (candidate[0] != 'v' || wanted[0] != 'v'
	    || number_parse_uint(candidate + 1, 1, VARIANT_MAX, &have) < 0
	    || number_parse_uint(wanted + 1, 1, VARIANT_MAX, &want) < 0)
		return is_usual ? RANK_UNKNOWN : 0;
	/* v6 code runs on a v7 machine, not the other way round */
	if (have <= want)
		return RANK_OLDER + (unsigned) have;
	return is_usual ? RANK_OLDER - (unsigned) have : 0;
}

static bool is_empty(const char *text)
{
	return !text || !*text;
}

unsigned platform_rank(const struct platform *candidate, const struct platform *wanted)
{
	const struct alias *alias;
	const char *architecture = candidate->architecture, *usual;

	if (is_empty(architecture) || is_empty(wanted->architecture))
		return 0;
	alias = alias_find(architecture);
	if (alias)
		architecture = alias->architecture;
	if (strcmp(is_empty(candidate->os) ? "linux" : candidate->os,
	           is_empty(wanted->os) ? "linux" : wanted->os)
	    != 0)
		return 0;
	if (strcmp(architecture, wanted->architecture) != 0)
		return 0;
	usual = default_variant(architecture);
	return rank_variant(is_empty(candidate->variant) ? usual : candidate->variant,
	                    is_empty(wanted->variant) ? usual : wanted->variant, is_empty(wanted->variant));
}

bool platform_fits_better(const struct platform *candidate, const struct platform *wanted, unsigned *rank)
{
	unsigned found = candidate ? platform_rank(candidate, wanted) : 0;

	if (found <= *rank)
		return false;
	*rank = found;
	return true;
}

bool platform_matches(const struct platform *candidate, const struct platform *wanted)
{
	return platform_rank(candidate, wanted) > 0;
}

char *platform_text(const struct platform *platform)
{
	const char *variant = is_empty(platform->variant) ? "" : platform->variant;

	return xprintf("%s/%s%s%s", is_empty(platform->os) ? "unknown" : platform->os,
	               is_empty(platform->architecture) ? "unknown" : platform->architecture,
	               *variant ? "/" : "", variant);
}
