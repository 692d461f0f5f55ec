/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * opts.h - options as rows: parsing, --help, completion and the man page check all come from them
 *
 * A row fills a member of the command's request struct; a member of the wrong type does not compile.
 * Grammar as docker's and podman's (pflag): --name=value, --name value, -n value, -nvalue, -abc
 * groups, --flag=false, "--" ends options. For run/create/exec options end at the first operand.
 */
#ifndef CORACLE_CLI_OPTS_H
#define CORACLE_CLI_OPTS_H

#include "coracle/base/json.h"
#include "coracle/container/create.h"

enum opt_type {
	OPT_TYPE_END,
	OPT_TYPE_FLAG,     /* bool; --x, --x=true, --x=false */
	OPT_TYPE_OPT_FLAG, /* struct opt_bool */
	OPT_TYPE_TEXT,     /* char *; the last one wins */
	OPT_TYPE_OPT_TEXT, /* struct opt_text: a given empty value counts */
	OPT_TYPE_TEXTS,    /* struct texts; each occurrence appended */
	OPT_TYPE_LIST,     /* struct texts; each occurrence split at commas (pflag stringSlice) */
	OPT_TYPE_INT,      /* int64_t */
	OPT_TYPE_UINT,     /* uint64_t */
	OPT_TYPE_OPT_INT,  /* struct opt_int */
	OPT_TYPE_OPT_UINT, /* struct opt_uint */
	OPT_TYPE_GROUP,    /* heading in --help: name is the words */
	OPT_TYPE_INCLUDE,  /* rows of another table at this place: shared groups */
	OPT_TYPE_REFUSED,  /* known to the peers, can't be done here: help says why, in one line */
	OPT_TYPE_IGNORED,  /* known to the peers, harmless without effect here: accepted; help says why; takes a value when arg is set */
};

struct opt {
	enum opt_type type;
	char letter;       /* 0: none */
	const char *name;  /* without dashes */
	size_t offset;
	const char *arg;   /* word for the value, "SECONDS"; NULL for flags */
	const char *help;
	const char *complete; /* what completes the value: "container", "running", "runtime-container", "image", "volume", "file", "signal", words "a|b|c"; NULL: nothing */
	bool hidden;       /* alias: not in --help */
	const struct opt *rows; /* INCLUDE */
};

#define OPT_SLOT(owner, member, member_type) \
	(offsetof(owner, member)             \
	 + 0 * sizeof(char[_Generic(((owner *) 0)->member, member_type: 1, default: -1)]))
#define OPT_ROW(kind, l, n, owner, member, member_type, a, h, ...) \
	{.type = (kind), .letter = (l), .name = (n), .offset = OPT_SLOT(owner, member, member_type), \
	 .arg = (a), .help = (h), __VA_ARGS__}
#define OPT_FLAG(l, n, owner, member, h, ...) \
	OPT_ROW(OPT_TYPE_FLAG, l, n, owner, member, bool, NULL, h, __VA_ARGS__)
#define OPT_OPT_FLAG(l, n, owner, member, h, ...) \
	OPT_ROW(OPT_TYPE_OPT_FLAG, l, n, owner, member, struct opt_bool, NULL, h, __VA_ARGS__)
#define OPT_TEXT(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_TEXT, l, n, owner, member, char *, a, h, __VA_ARGS__)
#define OPT_OPT_TEXT(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_OPT_TEXT, l, n, owner, member, struct opt_text, a, h, __VA_ARGS__)
#define OPT_TEXTS(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_TEXTS, l, n, owner, member, struct texts, a, h, __VA_ARGS__)
#define OPT_LIST(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_LIST, l, n, owner, member, struct texts, a, h, __VA_ARGS__)
#define OPT_INT(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_INT, l, n, owner, member, int64_t, a, h, __VA_ARGS__)
#define OPT_UINT(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_UINT, l, n, owner, member, uint64_t, a, h, __VA_ARGS__)
#define OPT_OPT_INT(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_OPT_INT, l, n, owner, member, struct opt_int, a, h, __VA_ARGS__)
#define OPT_OPT_UINT(l, n, owner, member, a, h, ...) \
	OPT_ROW(OPT_TYPE_OPT_UINT, l, n, owner, member, struct opt_uint, a, h, __VA_ARGS__)
#define OPT_GROUP(words) {.type = OPT_TYPE_GROUP, .name = (words)}
#define OPT_INCLUDE(table) {.type = OPT_TYPE_INCLUDE, .rows = (table)}
#define OPT_REFUSED(l, n, a, why) {.type = OPT_TYPE_REFUSED, .letter = (l), .name = (n), .arg = (a), .help = (why)}
#define OPT_IGNORED(l, n, a, why) {.type = OPT_TYPE_IGNORED, .letter = (l), .name = (n), .arg = (a), .help = (why)}
#define OPT_END {.type = OPT_TYPE_END}

enum opts_order { OPTS_ANYWHERE, OPTS_BEFORE_OPERANDS };

/*
 * opts_parse - fill request (zeroed, of the command's request_size) and collect operands
 *
 * argv      without the command's own name; NULL-terminated
 * help      out: --help (or -h where no row has the letter h) was given: nothing else is checked
 * Unknown options name the nearest known one: 'unknown option "--nme"; did you mean "--name"?'
 * Returns 0 or -EINVAL with err; on failure the request is freed with opts_done by the caller.
 */
int opts_parse(const struct opt *rows, enum opts_order order, char *const *argv, void *request,
               struct texts *operands, bool *help, struct error *err) NONNULL(1, 3, 5, 6, 7) MUST_USE;
/* opts_done - free what the rows filled */
void opts_done(const struct opt *rows, void *request) NONNULL(1);
/* opts_each - every row with includes expanded, groups too; stops when the visitor returns non-zero, which is returned */
int opts_each(const struct opt *rows, int (*visit)(const struct opt *row, void *data), void *data) NONNULL(1, 2);
/* nearest - the word of a list that is closest to text (one mistake in two or three letters, two in more), NULL when none; borrowed */
const char *nearest(const char *text, const char *const *words, size_t count) NONNULL(1);

#endif
