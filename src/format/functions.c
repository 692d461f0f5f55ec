/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * functions.c - what templates may call: Go's predefined functions and docker's additions
 *
 * A failing function sets the reason; the evaluator puts the place and the function's name before.
 * Source: https://pkg.go.dev/text/template#hdr-Functions, docker/cli templates
 */
#include <ctype.h>
#include <string.h>

#include "print.h"
#include "run.h"
#include "utf8.h"

#define ITEM_SIZE 64 /* what a list item is taken to cost */

static int fail_type(struct run *run, const struct value *value, const char *expected)
{
	return error_set(run->err, ERROR_INVALID, "wrong type for value; expected %s; got %s",
	                 expected, value_type_name(value));
}

static int get_text(struct run *run, const struct value *value, const char **s, size_t *length)
{
	*s = "";
	*length = 0;
	if (json_is_null(value->json) && value->type == TEMPLATE_TEXT)
		return 0;
	if (!json_is_string(value->json))
		return fail_type(run, value, "string");
	*s = json_string_value(value->json);
	*length = json_string_length(value->json);
	return 0;
}

static int get_integer(struct run *run, const struct value *value, int64_t *out)
{
	if (!json_is_integer(value->json))
		return fail_type(run, value, "int");
	*out = (int64_t) json_integer_value(value->json);
	return 0;
}

static int keep_made(struct run *run, int r, const struct text *made, struct value *out)
{
	if (r < 0)
		return error_set(run->err, ERROR_INVALID, "result too long or nested too deeply");
	return run_keep_text(run, text_string(made), made->length, out);
}

static int call_len(struct run *run, const struct value *args, size_t count, struct value *out)
{
	int64_t length = value_length(&args[0]);

	(void) count;
	if (length < 0)
		return error_set(run->err, ERROR_INVALID, "len of type %s",
		                 value_type_name(&args[0]));
	run_keep(run, json_integer(length), out);
	return 0;
}

static int index_list(struct run *run, const struct value *list, const struct value *key,
                      struct value *out)
{
	int64_t i, length = value_length(list);

	if (!json_is_integer(key->json))
		return error_set(run->err, ERROR_INVALID, "cannot index slice/array with type %s",
		                 value_type_name(key));
	i = (int64_t) json_integer_value(key->json);
	if (i < 0 || i >= length)
		return error_set(run->err, ERROR_INVALID, "index out of range: %lld", (long long) i);
	if (json_is_string(list->json))
		run_keep(run, json_integer((unsigned char) json_string_value(list->json)[i]), out);
	else
		*out = value_item(list, json_array_get(list->json, (size_t) i));
	return 0;
}

static int index_map(struct run *run, const struct value *map, const struct value *key,
                     struct value *out)
{
	const char *name;
	json_t *child;

	if (!json_is_string(key->json))
		return error_set(run->err, ERROR_INVALID, "value has type %s; should be string",
		                 value_type_name(key));
	name = json_string_value(key->json);
	child = json_object_get(map->json, name);
	if (child)
		*out = value_key(run->kinds, map, name, child);
	else if (map->type == TEMPLATE_MAP)
		*out = value_zero(map);
	else
		return error_set(run->err, ERROR_INVALID, "can't index item of type struct");
	return 0;
}

static int index_one(struct run *run, const struct value *item, const struct value *key,
                     struct value *out)
{
	if (json_is_object(item->json)
	    || (json_is_null(item->json) && item->type == TEMPLATE_MAP))
		return index_map(run, item, key, out);
	if (value_length(item) >= 0)
		return index_list(run, item, key, out);
	if (value_is_null(item))
		return error_set(run->err, ERROR_INVALID, "index of nil pointer");
	return error_set(run->err, ERROR_INVALID, "can't index item of type %s",
	                 value_type_name(item));
}

static int call_index(struct run *run, const struct value *args, size_t count, struct value *out)
{
	struct value item = args[0];
	int r = 0;

	if (!item.json || (json_is_null(item.json) && item.type == TEMPLATE_ANY))
		return error_set(run->err, ERROR_INVALID, "index of untyped nil");
	for (size_t i = 1; r >= 0 && i < count; i++) {
		struct value found = {0};

		r = index_one(run, &item, &args[i], &found);
		item = found;
	}
	if (r >= 0)
		*out = item;
	return r;
}

static int slice_list(struct run *run, const struct value *list, size_t from, size_t to,
                      struct value *out)
{
	int r = run_charge(run, (to - from + 1) * ITEM_SIZE);
	json_t *part;

	if (r < 0)
		return r;
	part = json_array();
	for (size_t i = from; i < to; i++)
		(void) json_array_append(part, json_array_get(list->json, i));
	run_keep(run, part, out);
	out->name = list->name;
	return 0;
}

static int call_slice(struct run *run, const struct value *args, size_t count, struct value *out)
{
	int64_t length = value_length(&args[0]), bounds[2] = {0, length};

	if (length < 0 || json_is_object(args[0].json))
		return error_set(run->err, ERROR_INVALID, "can't slice item of type %s",
		                 value_type_name(&args[0]));
	for (size_t i = 1; i < count; i++) {
		int r = get_integer(run, &args[i], &bounds[i - 1]);

		if (r < 0)
			return r;
		if (bounds[i - 1] < 0 || bounds[i - 1] > length)
			return error_set(run->err, ERROR_INVALID, "index out of range: %lld",
			                 (long long) bounds[i - 1]);
	}
	if (bounds[0] > bounds[1])
		return error_set(run->err, ERROR_INVALID, "invalid slice index: %lld > %lld",
		                 (long long) bounds[0], (long long) bounds[1]);
	if (json_is_string(args[0].json))
		return run_keep_text(run, json_string_value(args[0].json) + bounds[0],
		                     (size_t) (bounds[1] - bounds[0]), out);
	return slice_list(run, &args[0], (size_t) bounds[0], (size_t) bounds[1], out);
}

static int print_all(struct run *run, const struct value *args, size_t count, bool line,
                     struct value *out)
{
	static const struct verb plain = {.letter = 'v', .width = -1, .precision = -1};
	AUTO_TEXT struct text made = TEXT_INIT(TEMPLATE_MADE_MAX);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		/* fmt.Sprint: a blank between operands when neither is a string */
		if (i && (line || (!json_is_string(args[i].json)
		                   && !json_is_string(args[i - 1].json))))
			r = text_add_char(&made, ' ');
		if (r >= 0)
			r = print_verb(&made, run->kinds, &plain, &args[i]);
	}
	if (r >= 0 && line)
		r = text_add_char(&made, '\n');
	return keep_made(run, r, &made, out);
}

static int call_print(struct run *run, const struct value *args, size_t count, struct value *out)
{
	return print_all(run, args, count, false, out);
}

static int call_println(struct run *run, const struct value *args, size_t count, struct value *out)
{
	return print_all(run, args, count, true, out);
}

static int call_printf(struct run *run, const struct value *args, size_t count, struct value *out)
{
	AUTO_TEXT struct text made = TEXT_INIT(TEMPLATE_MADE_MAX);
	const char *format;
	size_t length;
	int r = get_text(run, &args[0], &format, &length);

	if (r < 0)
		return r;
	r = print_format(&made, run->kinds, format, args + 1, count - 1, run->captions != NULL);
	return keep_made(run, r, &made, out);
}

static int call_not(struct run *run, const struct value *args, size_t count, struct value *out)
{
	(void) run;
	(void) count;
	*out = (struct value){.json = json_boolean(!value_is_true(&args[0]))};
	return 0;
}

enum basic { BASIC_NIL, BASIC_BOOL, BASIC_NUMBER, BASIC_TEXT, BASIC_OTHER };

static enum basic basic_of(const struct value *value)
{
	if (json_is_string(value->json))
		return BASIC_TEXT;
	if (json_is_number(value->json))
		return BASIC_NUMBER;
	if (json_is_boolean(value->json))
		return BASIC_BOOL;
	if (!value_is_null(value))
		return BASIC_OTHER;
	switch (value->type) {
	case TEMPLATE_TEXT:
		return BASIC_TEXT;
	case TEMPLATE_NUMBER:
		return BASIC_NUMBER;
	case TEMPLATE_BOOL:
		return BASIC_BOOL;
	case TEMPLATE_ANY:
	case TEMPLATE_POINTER:
	case TEMPLATE_MAP:
	case TEMPLATE_LIST:
		break;
	}
	return BASIC_NIL;
}

static int order_texts(const struct value *a, const struct value *b)
{
	size_t a_length = json_string_length(a->json), b_length = json_string_length(b->json);
	size_t common = MIN(a_length, b_length);
	int order = common ? memcmp(json_string_value(a->json), json_string_value(b->json), common)
	                   : 0;

	return order ? order : (a_length > b_length) - (a_length < b_length);
}

/*
 * <0, 0 or >0 in *order. Go refuses to compare int with float; JSON does not keep the two apart, so
 * we don't.
 */
static int compare(struct run *run, const struct value *a, const struct value *b, int *order)
{
	enum basic kind = basic_of(a);

	if (kind == BASIC_OTHER || basic_of(b) == BASIC_OTHER)
		return error_set(run->err, ERROR_INVALID, "non-comparable type %s",
		                 value_type_name(kind == BASIC_OTHER ? a : b));
	if (kind == BASIC_NIL || basic_of(b) == BASIC_NIL) {
		*order = kind != basic_of(b);
		return 0;
	}
	if (kind != basic_of(b))
		return error_set(run->err, ERROR_INVALID, "incompatible types for comparison");
	if (kind == BASIC_TEXT) {
		*order = order_texts(a, b);
	} else if (kind == BASIC_BOOL) {
		*order = json_is_true(a->json) - json_is_true(b->json);
	} else if (json_is_real(a->json) || json_is_real(b->json)) {
		double x = json_number_value(a->json), y = json_number_value(b->json);

		*order = (x > y) - (x < y);
	} else {
		json_int_t x = json_integer_value(a->json), y = json_integer_value(b->json);

		*order = (x > y) - (x < y);
	}
	return 0;
}

static int call_eq(struct run *run, const struct value *args, size_t count, struct value *out)
{
	bool equal = false;

	for (size_t i = 1; !equal && i < count; i++) {
		int order = 1;
		int r = compare(run, &args[0], &args[i], &order);

		if (r < 0)
			return r;
		equal = order == 0;
	}
	*out = (struct value){.json = json_boolean(equal)};
	return 0;
}

static int call_ne(struct run *run, const struct value *args, size_t count, struct value *out)
{
	int r = call_eq(run, args, count, out);

	if (r >= 0)
		out->json = json_boolean(!json_is_true(out->json));
	return r;
}

static int compare_ordered(struct run *run, const struct value *args, int *order)
{
	enum basic kind = basic_of(&args[0]);

	if (kind != BASIC_TEXT && kind != BASIC_NUMBER)
		return error_set(run->err, ERROR_INVALID, "invalid type for comparison");
	return compare(run, &args[0], &args[1], order);
}

#define ORDERED(name, operator)                                                             \
	static int call_##name(struct run *run, const struct value *args, size_t count,     \
	                       struct value *out)                                           \
	{                                                                                   \
		int order = 0;                                                              \
		int r = compare_ordered(run, args, &order);                                 \
                                                                                            \
		(void) count;                                                               \
		*out = (struct value){.json = json_boolean(order operator 0)};              \
		return r;                                                                   \
	}

ORDERED(lt, <)
ORDERED(le, <=)
ORDERED(gt, >)
ORDERED(ge, >=)

static int call_json(struct run *run, const struct value *args, size_t count, struct value *out)
{
	AUTO_TEXT struct text made = TEXT_INIT(TEMPLATE_MADE_MAX);

	(void) count;
	return keep_made(run, print_json(&made, run->kinds, &args[0], 0), &made, out);
}

static int split_characters(json_t *list, const char *s, size_t length)
{
	size_t used;

	for (size_t i = 0; i < length; i += used) {
		(void) utf8_next(s + i, length - i, &used);
		(void) json_array_append_new(list, json_stringn_nocheck(s + i, used));
	}
	return 0;
}

static int call_split(struct run *run, const struct value *args, size_t count, struct value *out)
{
	const char *s, *separator, *end;
	size_t length, separator_length;
	json_t *list;
	int r = get_text(run, &args[0], &s, &length);

	(void) count;
	if (r >= 0)
		r = get_text(run, &args[1], &separator, &separator_length);
	/* at worst each byte makes an item */
	if (r >= 0)
		r = run_charge(run, (length + 1) * ITEM_SIZE);
	if (r < 0)
		return r;
	list = json_array();
	run_keep(run, list, out);
	if (separator_length == 0)
		return split_characters(list, s, length);
	for (end = s + length;;) {
		const char *found = memmem(s, (size_t) (end - s), separator, separator_length);
		const char *piece_end = found ? found : end;

		(void) json_array_append_new(list,
		                             json_stringn_nocheck(s, (size_t) (piece_end - s)));
		if (!found)
			return 0;
		s = found + separator_length;
	}
}

static int compare_texts(const void *a, const void *b)
{
	return order_texts(a, b);
}

static int join_items(struct run *run, struct value *items, size_t count, const char *separator,
                      struct value *out)
{
	AUTO_TEXT struct text made = TEXT_INIT(TEMPLATE_MADE_MAX);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (i)
			r = text_add(&made, separator);
		if (r >= 0)
			r = print_value(&made, run->kinds, &items[i]);
	}
	return keep_made(run, r, &made, out);
}

/* A list or, as docker does, the sorted values of a map; a string stands for its only item. */
static int call_join(struct run *run, const struct value *args, size_t count, struct value *out)
{
	const char *separator, *key;
	size_t unused, items = 0;
	int64_t length = value_length(&args[0]);
	AUTO_FREE struct value *values = NULL;
	json_t *child;
	int r = get_text(run, &args[1], &separator, &unused);

	(void) count;
	if (r < 0)
		return r;
	if (length < 0)
		return fail_type(run, &args[0], "[]string");
	if (json_is_string(args[0].json)) {
		*out = args[0];
		return 0;
	}
	r = run_charge(run, (size_t) length * sizeof *values);
	if (r < 0)
		return r;
	values = reallocarray(NULL, (size_t) length + 1, sizeof *values);
	if (!values)
		return error_errno(run->err, ENOMEM, "join");
	if (json_is_array(args[0].json)) {
		for (; items < (size_t) length; items++)
			values[items] = value_item(&args[0], json_array_get(args[0].json, items));
	} else if (json_is_object(args[0].json)) {
		json_object_foreach(args[0].json, key, child)
			values[items++] = value_key(run->kinds, &args[0], key, child);
		qsort(values, items, sizeof *values, compare_texts);
	}
	return join_items(run, values, items, separator, out);
}

enum letter_case { CASE_LOWER, CASE_UPPER, CASE_TITLE };

/* strings.Title: a letter is a word's first after anything but a letter, a digit or "_" */
static int change_case(struct run *run, const struct value *arg, enum letter_case to,
                       struct value *out)
{
	AUTO_TEXT struct text made = TEXT_INIT(TEMPLATE_MADE_MAX);
	const char *s;
	size_t length;
	bool first = true;
	int r = get_text(run, arg, &s, &length);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < length; i++) {
		unsigned char c = (unsigned char) s[i];
		bool upper = to == CASE_UPPER || (to == CASE_TITLE && first);
		int changed = upper ? toupper(c) : to == CASE_LOWER ? tolower(c) : c;

		/* only ASCII: the rest of a locale's letters is not ours to judge by bytes */
		r = text_add_char(&made, (char) (c < 0x80 ? changed : c));
		first = c < 0x80 && !isalnum(c) && c != '_';
	}
	return keep_made(run, r, &made, out);
}

static int call_lower(struct run *run, const struct value *args, size_t count, struct value *out)
{
	(void) count;
	return change_case(run, &args[0], CASE_LOWER, out);
}

static int call_upper(struct run *run, const struct value *args, size_t count, struct value *out)
{
	(void) count;
	return change_case(run, &args[0], CASE_UPPER, out);
}

static int call_title(struct run *run, const struct value *args, size_t count, struct value *out)
{
	(void) count;
	return change_case(run, &args[0], CASE_TITLE, out);
}

static int call_pad(struct run *run, const struct value *args, size_t count, struct value *out)
{
	AUTO_TEXT struct text made = TEXT_INIT(TEMPLATE_MADE_MAX);
	int64_t before = 0, after = 0;
	const char *s;
	size_t length;
	int r = get_text(run, &args[0], &s, &length);

	(void) count;
	if (r >= 0)
		r = get_integer(run, &args[1], &before);
	if (r >= 0)
		r = get_integer(run, &args[2], &after);
	if (r < 0 || length == 0) {
		*out = args[0]; /* an empty string is not padded */
		return r;
	}
	if (before > (int64_t) made.max || after > (int64_t) made.max)
		return error_set(run->err, ERROR_INVALID, "too many blanks");
	r = print_repeated(&made, ' ', (size_t) MAX(before, 0));
	if (r >= 0)
		r = text_add_bytes(&made, s, length);
	if (r >= 0)
		r = print_repeated(&made, ' ', (size_t) MAX(after, 0));
	return keep_made(run, r, &made, out);
}

static int call_truncate(struct run *run, const struct value *args, size_t count,
                         struct value *out)
{
	int64_t max = 0;
	const char *s;
	size_t length;
	int r = get_text(run, &args[0], &s, &length);

	(void) count;
	if (r >= 0)
		r = get_integer(run, &args[1], &max);
	if (r < 0)
		return r;
	if (max < 0)
		return error_set(run->err, ERROR_INVALID, "negative length");
	return run_keep_text(run, s, MIN(length, (size_t) max), out);
}

#define MANY TREE_ARGS_MAX

static const struct function functions[] = {
	{"and", NULL, 1, MANY, true},
	{"eq", call_eq, 2, MANY, true},
	{"ge", call_ge, 2, 2, true},
	{"gt", call_gt, 2, 2, true},
	{"index", call_index, 1, MANY, false},
	{"join", call_join, 2, 2, false},
	{"json", call_json, 1, 1, false},
	{"le", call_le, 2, 2, true},
	{"len", call_len, 1, 1, false},
	{"lower", call_lower, 1, 1, false},
	{"lt", call_lt, 2, 2, true},
	{"ne", call_ne, 2, 2, true},
	{"not", call_not, 1, 1, true},
	{"or", NULL, 1, MANY, true},
	{"pad", call_pad, 3, 3, false},
	{"print", call_print, 0, MANY, true},
	{"printf", call_printf, 1, MANY, true},
	{"println", call_println, 0, MANY, true},
	{"slice", call_slice, 1, 3, false},
	{"split", call_split, 2, 2, false},
	{"title", call_title, 1, 1, false},
	{"truncate", call_truncate, 2, 2, false},
	{"upper", call_upper, 1, 1, false},
};

const struct function *function_find(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (strlen(functions[i].name) == length
		    && strncmp(functions[i].name, name, length) == 0)
			return &functions[i];
	return NULL;
}
