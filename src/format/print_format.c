/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print_format.c - Go's fmt.Sprintf without explicit argument indexes */
#include <string.h>

#include "print.h"
#include "utf8.h"

#define WIDTH_MAX 10000

struct format {
	struct text *out;
	const struct template_kinds *kinds;
	const char *at;
	const struct value *args;
	size_t count, used;
	bool captions;
};

/* A number, or an argument for "*"; -1 when there is neither. */
static int read_number(struct format *f)
{
	int number = -1;

	if (*f->at == '*') {
		f->at++;
		if (f->used < f->count && json_is_integer(f->args[f->used].json)) {
			int64_t given = (int64_t) json_integer_value(f->args[f->used].json);

			number = given >= 0 && given <= WIDTH_MAX ? (int) given : -1;
		}
		f->used += f->used < f->count;
		return number;
	}
	for (; *f->at >= '0' && *f->at <= '9'; f->at++)
		number = MIN(MAX(number, 0) * 10 + (*f->at - '0'), WIDTH_MAX);
	return number;
}

static void read_flags(struct format *f, struct verb *verb)
{
	for (;; f->at++) {
		switch (*f->at) {
		case '-':
			verb->minus = true;
			break;
		case '+':
			verb->plus = true;
			break;
		case '#':
			verb->sharp = true;
			break;
		case ' ':
			verb->space = true;
			break;
		case '0':
			verb->zero = true;
			break;
		default:
			return;
		}
	}
}

static int print_argument(struct format *f)
{
	struct verb verb = {.width = -1, .precision = -1};
	size_t used;

	read_flags(f, &verb);
	verb.width = read_number(f);
	if (*f->at == '.') {
		f->at++;
		verb.precision = read_number(f);
		verb.precision = MAX(verb.precision, 0);
	}
	if (!*f->at)
		return text_add(f->out, "%!(NOVERB)");
	verb.letter = *f->at;
	(void) utf8_next(f->at, strlen(f->at), &used);
	if (used > 1) {
		/* no verb is outside ASCII */
		int r = text_printf(f->out, "%%!%.*s(BAD)", (int) used, f->at);

		f->at += used;
		return r;
	}
	f->at++;
	if (verb.letter == 'v' && verb.plus) {
		verb.names = true;
		verb.plus = false;
	}
	if (verb.letter == '%')
		return text_add_char(f->out, '%');
	if (f->used >= f->count)
		return text_printf(f->out, "%%!%c(MISSING)", verb.letter);
	if (f->captions && verb.letter != 'q') {
		verb.letter = 's';
		verb.precision = -1;
	}
	return print_verb(f->out, f->kinds, &verb, &f->args[f->used++]);
}

static int print_extra(struct format *f)
{
	static const struct verb plain = {.letter = 'v', .width = -1, .precision = -1};
	int r = text_add(f->out, "%!(EXTRA ");

	for (size_t i = f->used; r >= 0 && i < f->count; i++) {
		if (i > f->used)
			r = text_add(f->out, ", ");
		if (r >= 0 && !value_is_null(&f->args[i]))
			r = text_printf(f->out, "%s=", value_type_name(&f->args[i]));
		if (r >= 0)
			r = print_verb(f->out, f->kinds, &plain, &f->args[i]);
	}
	return r < 0 ? r : text_add_char(f->out, ')');
}

int print_format(struct text *out, const struct template_kinds *kinds, const char *format,
                 const struct value *args, size_t count, bool captions)
{
	struct format f = {out, kinds, format, args, count, 0, captions};
	int r = 0;

	while (r >= 0 && *f.at) {
		const char *percent = strchrnul(f.at, '%');

		r = text_add_bytes(out, f.at, (size_t) (percent - f.at));
		f.at = percent;
		if (r >= 0 && *f.at) {
			f.at++;
			r = print_argument(&f);
		}
	}
	if (r >= 0 && f.used < count)
		r = print_extra(&f);
	return r;
}
