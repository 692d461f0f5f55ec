/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference.c - names of images
 *
 * The grammar is distribution's: a first component with a dot, a colon or capitals, or "localhost",
 * is a registry; the path is lower-case words joined by ".", "_", "__" or dashes; the tag has at
 * most 128 characters. Source: https://github.com/distribution/reference (regexp.go).
 */
#include "coracle/image/reference.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/id.h"
#include "coracle/base/number.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_BYTES      255
#define TAG_MAX_BYTES       128
#define REFERENCE_MAX_BYTES (NAME_MAX_BYTES + 1 + TAG_MAX_BYTES + 1 + DIGEST_TEXT_SIZE)

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alphanumeric(char c)
{
	return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/* is_component - words of [a-z0-9] joined by one ".", "_", "__" or any number of "-" */
static bool is_component(const char *text, size_t length)
{
	size_t i = 0;

	for (;;) {
		size_t start = i;

		while (i < length && is_lower_or_digit(text[i]))
			i++;
		if (i == start)
			return false;
		if (i == length)
			return true;
		if (text[i] == '.') {
			i++;
		} else if (text[i] == '_') {
			i += i + 1 < length && text[i + 1] == '_' ? 2 : 1;
		} else if (text[i] == '-') {
			while (i < length && text[i] == '-')
				i++;
		} else {
			return false;
		}
	}
}

static bool is_path(const char *path)
{
	const char *at = path;

	for (;;) {
		const char *slash = strchr(at, '/');

		if (!is_component(at, slash ? (size_t) (slash - at) : strlen(at)))
			return false;
		if (!slash)
			return true;
		at = slash + 1;
	}
}

static bool is_host_label(const char *text, size_t length)
{
	if (length == 0 || !is_alphanumeric(text[0]) || !is_alphanumeric(text[length - 1]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_alphanumeric(text[i]) && text[i] != '-')
			return false;
	return true;
}

static bool is_ipv6(const char *text, size_t length)
{
	if (length < 2)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isxdigit((unsigned char) text[i]) && text[i] != ':')
			return false;
	return true;
}

static bool is_port(const char *text)
{
	uint64_t port;

	return number_parse_uint(text, 0, 65535, &port) == 0;
}

static bool is_registry(const char *text)
{
	const char *end, *at = text;

	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || !is_ipv6(text + 1, (size_t) (end - text - 1)))
			return false;
		return end[1] == '\0' || (end[1] == ':' && is_port(end + 2));
	}
	end = text + strcspn(text, ":");
	if (*end && !is_port(end + 1))
		return false;
	for (;;) {
		size_t length = strcspn(at, ".:");

		if (!is_host_label(at, length))
			return false;
		at += length;
		if (at == end)
			return true;
		at++;
	}
}

static bool is_tag(const char *tag)
{
	if (!is_alphanumeric(*tag) && *tag != '_')
		return false;
	for (const char *c = tag; *c; c++)
		if (!is_alphanumeric(*c) && !strchr("_.-", *c))
			return false;
	return strlen(tag) <= TAG_MAX_BYTES;
}

/* looks_like_registry - whether the first component of a name with a slash is a host */
static bool looks_like_registry(const char *component)
{
	if (strcmp(component, "localhost") == 0 || strpbrk(component, ".:["))
		return true;
	for (const char *c = component; *c; c++)
		if (isupper((unsigned char) *c))
			return true;
	return false;
}

static bool has_capitals(const char *text)
{
	for (; *text; text++)
		if (isupper((unsigned char) *text))
			return true;
	return false;
}

static int bad(const char *text, const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "image name \"%.300s\": %s", text, why);
}

static int split_digest(const char *text, char *rest, struct reference *into, struct error *err)
{
	char *at = strchr(rest, '@');

	if (!at)
		return 0;
	*at++ = '\0';
	if (!digest_is_valid(at))
		return bad(text, "what follows \"@\" must be sha256: and 64 hex digits", err);
	into->digest = xstrdup(at);
	return 0;
}

static int split_tag(const char *text, char *rest, struct reference *into, struct error *err)
{
	char *slash = strrchr(rest, '/');
	char *colon = strchr(slash ? slash : rest, ':');

	if (!colon)
		return 0;
	*colon++ = '\0';
	if (!is_tag(colon))
		return bad(text, "the tag behind \":\" must be 1 to 128 letters, digits, _ . -", err);
	into->tag = xstrdup(colon);
	return 0;
}

static int split_registry(const char *text, char **rest, struct reference *into, struct error *err)
{
	char *slash = strchr(*rest, '/');

	if (!slash)
		return 0;
	*slash = '\0';
	if (!looks_like_registry(*rest)) {
		*slash = '/';
		return 0;
	}
	if (!is_registry(*rest))
		return bad(text, "the part before the first \"/\" is not a host[:port]", err);
	into->registry = xstrdup(strcmp(*rest, "index.docker.io") == 0 ? "docker.io" : *rest);
	*rest = slash + 1;
	return 0;
}

static int check_path(const char *text, const char *path, const struct reference *reference,
                      struct error *err)
{
	size_t registry = reference->registry ? strlen(reference->registry) + 1 : 0;

	if (has_capitals(path))
		return bad(text, "must be lower case", err);
	if (!is_path(path))
		return bad(text, "must be words of a-z and 0-9 joined by . _ - and /", err);
	if (registry + strlen(path) > NAME_MAX_BYTES)
		return bad(text, "longer than 255 characters", err);
	if (!reference->registry && strlen(path) == 64 && id_is_hex(path))
		return bad(text, "64 hex digits are an id, not a name", err);
	return 0;
}

void reference_done(struct reference *reference)
{
	free(reference->registry);
	free(reference->path);
	free(reference->tag);
	free(reference->digest);
	*reference = (struct reference){0};
}

int reference_parse(const char *text, struct reference *out, struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_FREE char *copy = NULL;
	char *rest;
	int r;

	if (!*text)
		return error_set(err, ERROR_INVALID, "image name is empty");
	if (strlen(text) > REFERENCE_MAX_BYTES)
		return bad(text, "too long", err);
	copy = xstrdup(text);
	rest = copy;
	r = split_digest(text, rest, &reference, err);
	if (r >= 0)
		r = split_tag(text, rest, &reference, err);
	if (r >= 0)
		r = split_registry(text, &rest, &reference, err);
	if (r >= 0)
		r = check_path(text, rest, &reference, err);
	if (r < 0)
		return r;
	if (reference.registry && strcmp(reference.registry, "docker.io") == 0 && !strchr(rest, '/'))
		reference.path = xprintf("library/%s", rest);
	else
		reference.path = xstrdup(rest);
	*out = TAKE(reference, (struct reference){0});
	return 0;
}

static char *compose(const char *registry, const char *infix, const struct reference *reference,
                     const char *default_tag)
{
	const char *tag = reference->tag ? reference->tag : default_tag;

	return xprintf("%s%s%s%s%s%s%s%s", registry, *registry ? "/" : "", infix, reference->path,
	               tag ? ":" : "", tag ? tag : "", reference->digest ? "@" : "",
	               reference->digest ? reference->digest : "");
}

char *reference_text(const struct reference *reference)
{
	return compose(reference->registry ? reference->registry : "", "", reference, NULL);
}

void reference_candidates(const struct reference *reference, struct texts *out)
{
	const char *tag = reference->digest ? NULL : "latest";

	if (reference->registry) {
		texts_take(out, compose(reference->registry, "", reference, tag));
		return;
	}
	texts_take(out, compose("localhost", "", reference, tag));
	texts_take(out, compose("docker.io", strchr(reference->path, '/') ? "" : "library/", reference,
	                        tag));
}

char *reference_familiar(const char *full_name)
{
	static const char hub[] = "docker.io/", library[] = "library/";

	if (strncmp(full_name, hub, sizeof hub - 1) != 0)
		return xstrdup(full_name);
	full_name += sizeof hub - 1;
	if (strncmp(full_name, library, sizeof library - 1) == 0)
		full_name += sizeof library - 1;
	return xstrdup(full_name);
}
