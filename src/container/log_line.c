/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_line.c - one line of a container's log file; see log_line.h
 *
 * The log holds the program's bytes, which need not be UTF-8, so that jansson can't read it: json-file
 * lines are objects of strings here, nothing else.
 */
#include "log_line.h"

#include "coracle/base/clock.h"

#include <string.h>

struct cursor {
	char *at;
	const char *end;
};

struct span {
	char *bytes;
	size_t length;
};

static bool take(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_unit(struct cursor *cursor, uint32_t *unit)
{
	*unit = 0;
	if (cursor->end - cursor->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*cursor->at++);

		if (digit < 0)
			return false;
		*unit = *unit << 4 | (uint32_t) digit;
	}
	return true;
}

/* RFC 8259 §7: \uXXXX, two of them beyond the basic plane; a lone half becomes U+FFFD */
static bool take_code_point(struct cursor *cursor, uint32_t *point)
{
	struct cursor second;
	uint32_t low;

	if (!take_unit(cursor, point))
		return false;
	if (*point < 0xd800 || *point > 0xdfff)
		return true;
	second = *cursor;
	if (*point < 0xdc00 && take(&second, '\\') && take(&second, 'u') && take_unit(&second, &low)
	    && low >= 0xdc00 && low <= 0xdfff) {
		*point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
		*cursor = second;
	} else {
		*point = 0xfffd;
	}
	return true;
}

/* An escape is at least as long as what it stands for, so that writing stays behind reading. */
static char *put_utf8(char *into, uint32_t point)
{
	if (point < 0x80) {
		*into++ = (char) point;
	} else if (point < 0x800) {
		*into++ = (char) (0xc0 | point >> 6);
		*into++ = (char) (0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		*into++ = (char) (0xe0 | point >> 12);
		*into++ = (char) (0x80 | (point >> 6 & 0x3f));
		*into++ = (char) (0x80 | (point & 0x3f));
	} else {
		*into++ = (char) (0xf0 | point >> 18);
		*into++ = (char) (0x80 | (point >> 12 & 0x3f));
		*into++ = (char) (0x80 | (point >> 6 & 0x3f));
		*into++ = (char) (0x80 | (point & 0x3f));
	}
	return into;
}

static bool take_escape(struct cursor *cursor, char **into)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *found;
	uint32_t point;
	char c;

	if (cursor->at == cursor->end)
		return false;
	c = *cursor->at++;
	if (c == 'u') {
		if (!take_code_point(cursor, &point))
			return false;
		*into = put_utf8(*into, point);
		return true;
	}
	found = c ? strchr(letters, c) : NULL;
	if (!found)
		return false;
	*(*into)++ = meanings[found - letters];
	return true;
}

static bool take_string(struct cursor *cursor, struct span *out)
{
	char *into;

	if (!take(cursor, '"'))
		return false;
	out->bytes = into = cursor->at;
	while (cursor->at < cursor->end) {
		char c = *cursor->at++;

		if (c == '"') {
			out->length = (size_t) (into - out->bytes);
			return true;
		}
		if (c != '\\')
			*into++ = c;
		else if (!take_escape(cursor, &into))
			return false;
	}
	return false;
}

static bool is(const struct span *span, const char *text)
{
	return span->length == strlen(text) && memcmp(span->bytes, text, span->length) == 0;
}

static bool parse_time(const struct span *span, uint64_t *out)
{
	char text[CLOCK_TEXT_SIZE];

	if (span->length >= sizeof text)
		return false;
	(void) memcpy(text, span->bytes, span->length);
	text[span->length] = '\0';
	return clock_parse_rfc3339(text, out) >= 0;
}

static bool parse_stream(const struct span *span, int *out)
{
	*out = is(span, "stderr") ? 2 : 1;
	return *out == 2 || is(span, "stdout");
}

static bool take_members(struct cursor *cursor, struct span *log, struct span *stream, struct span *time)
{
	do {
		struct span key, value;

		skip_blanks(cursor);
		if (!take_string(cursor, &key))
			return false;
		skip_blanks(cursor);
		if (!take(cursor, ':'))
			return false;
		skip_blanks(cursor);
		if (!take_string(cursor, &value))
			return false;
		skip_blanks(cursor);
		if (is(&key, "log"))
			*log = value;
		else if (is(&key, "stream"))
			*stream = value;
		else if (is(&key, "time"))
			*time = value;
	} while (take(cursor, ','));
	return take(cursor, '}');
}

static int parse_json(struct cursor cursor, struct log_entry *out)
{
	struct span log = {0}, stream = {0}, time = {0};
	struct log_entry entry = {0};

	skip_blanks(&cursor);
	if (!take(&cursor, '{') || !take_members(&cursor, &log, &stream, &time))
		return -EINVAL;
	skip_blanks(&cursor);
	if (cursor.at != cursor.end || !log.bytes || !stream.bytes || !time.bytes
	    || !parse_stream(&stream, &entry.stream) || !parse_time(&time, &entry.time))
		return -EINVAL;
	entry.whole = log.length && log.bytes[log.length - 1] == '\n';
	entry.bytes = log.bytes;
	entry.length = log.length - entry.whole;
	*out = entry;
	return 0;
}

/* to the next blank, which is passed over */
static bool take_word(struct cursor *cursor, struct span *out)
{
	char *blank = memchr(cursor->at, ' ', (size_t) (cursor->end - cursor->at));

	if (!blank)
		return false;
	*out = (struct span){cursor->at, (size_t) (blank - cursor->at)};
	cursor->at = blank + 1;
	return true;
}

static int parse_k8s(struct cursor cursor, struct log_entry *out)
{
	struct span time, stream, tag;
	struct log_entry entry = {0};

	if (!take_word(&cursor, &time) || !take_word(&cursor, &stream) || !take_word(&cursor, &tag)
	    || !parse_time(&time, &entry.time) || !parse_stream(&stream, &entry.stream))
		return -EINVAL;
	if (!is(&tag, "F") && !is(&tag, "P"))
		return -EINVAL;
	entry.whole = tag.bytes[0] == 'F';
	entry.bytes = cursor.at;
	entry.length = (size_t) (cursor.end - cursor.at);
	*out = entry;
	return 0;
}

int log_line_parse(enum log_format format, char *line, size_t length, struct log_entry *out)
{
	struct cursor cursor = {line, line + length};

	return format == LOG_JSON ? parse_json(cursor, out) : parse_k8s(cursor, out);
}
