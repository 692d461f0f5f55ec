/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan.c - JSON as we write it ourselves, straight into a struct; see scan.h */
#include "coracle/base/scan.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <string.h>

#define FAST_BYTES 4096 /* larger files take the slower way */
#define DEPTH_MAX  8
#define DIGITS_MAX 18   /* they fit int64_t */

struct scan {
	const char *at, *end;
	unsigned depth;
};

static bool take(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static char meaning_of(char escape)
{
	switch (escape) {
	case '"':
	case '\\':
	case '/':
		return escape;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

/* The string's extent; false for what is not plain ASCII. */
static bool find_string(struct scan *scan, const char **begin, size_t *length, bool *escaped)
{
	if (!take(scan, '"'))
		return false;
	*begin = scan->at;
	*escaped = false;
	for (; scan->at < scan->end; scan->at++) {
		unsigned char c = (unsigned char) *scan->at;

		if (c == '"') {
			*length = (size_t) (scan->at++ - *begin);
			return true;
		}
		if (c < ' ' || c >= 0x80)
			return false;
		if (c == '\\') {
			*escaped = true;
			if (++scan->at == scan->end || !meaning_of(*scan->at))
				return false;
		}
	}
	return false;
}

static bool take_text(struct scan *scan, char **out)
{
	const char *begin;
	size_t length;
	bool escaped;
	char *into;

	if (!find_string(scan, &begin, &length, &escaped))
		return false;
	*out = into = xstrndup(begin, length);
	if (!escaped)
		return true;
	for (const char *c = begin; c < begin + length; c++)
		*into++ = *c == '\\' ? meaning_of(*++c) : *c;
	*into = '\0';
	return true;
}

static bool take_number(struct scan *scan, int64_t *out)
{
	bool negative = take(scan, '-');
	const char *begin = scan->at;
	int64_t value = 0;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && scan->at - begin < DIGITS_MAX)
		value = value * 10 + (*scan->at++ - '0');
	/* "007" and "-0" are left to the other, fractions end here and fail at the next comma */
	if (scan->at == begin || (*begin == '0' && (negative || scan->at - begin > 1)))
		return false;
	*out = negative ? -value : value;
	return true;
}

static bool take_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if ((size_t) (scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		return false;
	scan->at += length;
	return true;
}

static bool take_bool(struct scan *scan, bool *out)
{
	*out = take_word(scan, "true");
	return *out || take_word(scan, "false");
}

static bool take_texts(struct scan *scan, struct texts *texts)
{
	if (!take(scan, '['))
		return false;
	if (take(scan, ']'))
		return true;
	do {
		char *text;

		if (!take_text(scan, &text))
			return false;
		texts_take(texts, text);
	} while (take(scan, ','));
	return take(scan, ']');
}

static bool take_pairs(struct scan *scan, struct pairs *pairs)
{
	if (!take(scan, '{'))
		return false;
	if (take(scan, '}'))
		return true;
	do {
		AUTO_FREE char *key = NULL;
		AUTO_FREE char *value = NULL;

		/* a key that stands twice is an error, which the other words */
		if (!take_text(scan, &key) || !take(scan, ':') || !take_text(scan, &value) || pairs_get(pairs, key))
			return false;
		pairs_set(pairs, key, value);
	} while (take(scan, ','));
	return take(scan, '}');
}

static bool take_object(struct scan *scan, const struct field *fields, void *into);

static bool take_list(struct scan *scan, const struct field *field, struct list *list)
{
	if (!take(scan, '['))
		return false;
	if (take(scan, ']'))
		return true;
	do {
		if (!take_object(scan, field->items, list_add(list, field->item_size)))
			return false;
	} while (take(scan, ','));
	return take(scan, ']');
}

static bool take_value(struct scan *scan, const struct field *field, void *slot)
{
	switch (field->type) {
	case FIELD_TYPE_TEXT:
		return take_text(scan, slot);
	case FIELD_TYPE_BOOL:
		return take_bool(scan, slot);
	case FIELD_TYPE_INT:
		return take_number(scan, slot);
	case FIELD_TYPE_UINT:
		return scan->at < scan->end && *scan->at != '-' && take_number(scan, slot);
	case FIELD_TYPE_OPT_INT:
		((struct opt_int *) slot)->set = true;
		return take_number(scan, &((struct opt_int *) slot)->value);
	case FIELD_TYPE_TEXTS:
		return take_texts(scan, slot);
	case FIELD_TYPE_PAIRS:
		return take_pairs(scan, slot);
	case FIELD_TYPE_LIST:
		return take_list(scan, field, slot);
	case FIELD_TYPE_STRUCT:
		return take_object(scan, field->items, slot);
	case FIELD_TYPE_STRUCT_PTR: {
		void **pointer = slot;

		*pointer = xcalloc(1, field->item_size);
		return take_object(scan, field->items, *pointer);
	}
	case FIELD_TYPE_OPT_BOOL:
	case FIELD_TYPE_OPT_UINT:
	case FIELD_TYPE_UINTS:
	case FIELD_TYPE_RAW:
	case FIELD_TYPE_END:
		break;
	}
	return false;
}

/*
 * The row of the key at hand, from *next on: we write keys in the order of the rows. A key that comes
 * out of order, twice, or has no row is left to the other; so is one whose row before it is required.
 */
static bool take_key(struct scan *scan, const struct field **next)
{
	const char *key;
	size_t length;
	bool escaped;

	if (!find_string(scan, &key, &length, &escaped) || escaped || !take(scan, ':'))
		return false;
	for (; (*next)->type; ++*next) {
		if (strlen((*next)->name) == length && memcmp((*next)->name, key, length) == 0)
			return true;
		if ((*next)->required)
			return false;
	}
	return false;
}

static bool take_members(struct scan *scan, const struct field *fields, char *into)
{
	const struct field *next = fields;

	if (!take(scan, '{'))
		return false;
	if (!take(scan, '}')) {
		do {
			if (!take_key(scan, &next) || !take_value(scan, next, into + next->offset))
				return false;
			next++;
		} while (take(scan, ','));
		if (!take(scan, '}'))
			return false;
	}
	for (; next->type; next++)
		if (next->required)
			return false;
	return true;
}

static bool take_object(struct scan *scan, const struct field *fields, void *into)
{
	bool good = scan->depth++ < DEPTH_MAX && take_members(scan, fields, into);

	scan->depth--;
	return good;
}

int scan_json(const char *bytes, size_t length, const struct field *fields, void *into)
{
	struct scan scan = {.at = bytes, .end = bytes + length};

	if (take_object(&scan, fields, into)) {
		/* the newline that a file ends with */
		(void) take(&scan, '\n');
		if (scan.at == scan.end)
			return 0;
	}
	fields_done(fields, into);
	return -EINVAL;
}

int scan_file(int dir_fd, const char *path, size_t max, const struct field *fields, void *into,
              struct error *err)
{
	char bytes[FAST_BYTES];
	/* O_NONBLOCK: a FIFO in place of the file must not hang us */
	AUTO_CLOSE int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : error_errno(err, errno, "%s", path);
	n = read(fd, bytes, sizeof bytes);
	if (n > 0 && (size_t) n < sizeof bytes && scan_json(bytes, (size_t) n, fields, into) >= 0)
		return 0;
	return file_read_json(dir_fd, path, max, fields, into, err);
}
