/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scp_side.c - the words of image scp; see scp_side.h
 *
 * What ssh hands to the other machine is read by the login shell there, of whatever kind: so it is "sh -c", a script
 * between single quotes that holds none and no "!", and the image's name, which has passed reference_parse.
 */
#include "scp_side.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/image/reference.h"

#include <ctype.h>
#include <string.h>

#define FIRST_PROGRAM "sh -c 'for p in coracle podman docker; do command -v $p >/dev/null 2>&1 || continue; "
#define NO_PROGRAM    "; done; echo \"neither coracle nor podman nor docker is installed here\" >&2; exit 127' sh"
#define ONLY_ID       "i=$($p image inspect --format \"{{.Id}}\" \"$1\") || exit; set -- \"$i\"; "

static bool is_made_of(const char *text, const char *marks)
{
	if (!isalnum((unsigned char) *text) && *text != '_')
		return false;
	for (; *text; text++)
		if ((unsigned char) *text > 127 || (!isalnum((unsigned char) *text) && !strchr(marks, *text)))
			return false;
	return true;
}

/* find_mark - the "::" behind the host; an IPv6 address is between brackets */
static const char *find_mark(const char *text)
{
	bool inside = false;

	for (; *text; text++) {
		if (*text == '[' || *text == ']')
			inside = *text == '[';
		else if (!inside && text[0] == ':' && text[1] == ':')
			return text;
	}
	return NULL;
}

static int bad_side(const char *text, struct error *err)
{
	return error_set(err, ERROR_INVALID, "\"%.300s\" is not [USER@]HOST[:PORT]::IMAGE; an IPv6 address stands in brackets",
	                 text);
}

/* parse_host - "HOST[:PORT]" or "[ADDRESS][:PORT]"; false: it is neither */
static bool parse_host(const char *text, struct scp_side *side)
{
	bool bracket = *text == '[';
	const char *start = text + bracket;
	const char *end = bracket ? strchr(start, ']') : start + strcspn(start, ":");
	const char *rest = end && bracket ? end + 1 : end;
	uint64_t port;

	if (!end || (*rest && *rest != ':'))
		return false;
	side->host = xstrndup(start, (size_t) (end - start));
	if (bracket ? !*side->host || strspn(side->host, "0123456789abcdefABCDEF:.") != strlen(side->host)
	            : !is_made_of(side->host, "._-"))
		return false;
	if (!*rest)
		return true;
	side->port = xstrdup(rest + 1);
	return number_parse_uint(side->port, 1, 65535, &port) >= 0;
}

static int parse_machine(const char *text, const char *mark, struct scp_side *side, struct error *err)
{
	AUTO_FREE char *machine = xstrndup(text, (size_t) (mark - text));
	char *at = strrchr(machine, '@');

	if (strchr(machine, '/'))
		return error_set(err, ERROR_INVALID, "\"%.300s\": no path of a socket is needed: ssh starts the program on the "
		                 "other machine; give [USER@]HOST[:PORT]::IMAGE", text);
	if (at) {
		*at = '\0';
		side->user = xstrdup(machine);
		if (!is_made_of(side->user, "._-+@"))
			return bad_side(text, err);
	}
	if (!parse_host(at ? at + 1 : machine, side))
		return bad_side(text, err);
	if (at && strcmp(side->host, "localhost") == 0)
		return error_set(err, ERROR_UNSUPPORTED, "\"%.300s\" means the store of another user of this machine, which one "
		                 "user can't open for another; with ssh to this machine: %s@127.0.0.1::, or: coracle save IMAGE | "
		                 "sudo -iu %s coracle load", text, side->user, side->user);
	return 0;
}

void scp_side_done(struct scp_side *side)
{
	free(side->host);
	free(side->user);
	free(side->port);
	free(side->image);
	*side = (struct scp_side) {0};
}

int scp_side_parse(const char *text, struct scp_side *out, struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_SCP_SIDE struct scp_side side = {0};
	const char *mark = find_mark(text);
	const char *image = mark ? mark + 2 : text;
	int r = mark ? parse_machine(text, mark, &side, err) : 0;

	if (r >= 0 && *image)
		r = reference_parse(image, &reference, err);
	if (r < 0)
		return r;
	/* names hold no such characters; what a shell is given does not rest on that alone */
	if (strpbrk(image, "'\\$`!\"") || strpbrk(image, " \t\r\n;&|<>()*?"))
		return bad_side(text, err);
	side.image = *image ? xstrdup(image) : NULL;
	*out = side;
	side = (struct scp_side) {0};
	return 0;
}

static void add_ssh(const struct scp_side *side, struct texts *argv)
{
	texts_add(argv, "ssh");
	texts_add(argv, "-T"); /* archives are no text for a terminal */
	if (side->port) {
		texts_add(argv, "-p");
		texts_add(argv, side->port);
	}
	if (side->user) {
		texts_add(argv, "-l");
		texts_add(argv, side->user);
	}
	texts_add(argv, "--");
	texts_add(argv, side->host);
}

void scp_save_words(const struct scp_side *side, bool unnamed, bool quiet, struct texts *argv)
{
	/* docker's save has no -q */
	const char *save = quiet ? "[ $p = docker ] && exec docker save \"$1\"; exec $p save -q \"$1\"" : "exec $p save \"$1\"";

	add_ssh(side, argv);
	texts_printf(argv, FIRST_PROGRAM "%s%s" NO_PROGRAM " '%s'", unnamed ? ONLY_ID : "", save, side->image);
}

void scp_load_words(const struct scp_side *side, bool quiet, struct texts *argv)
{
	add_ssh(side, argv);
	texts_printf(argv, FIRST_PROGRAM "exec $p load%s" NO_PROGRAM, quiet ? " -q" : "");
}
