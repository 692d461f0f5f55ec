/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - what a command prints for --format; see output.h */
#include "coracle/format/output.h"

#include "coracle/base/alloc.h"
#include "coracle/format/table.h"

#include <ctype.h>
#include <string.h>

#define INDENT 4

static const struct template_caption no_captions[] = {{NULL, NULL}};

/* The end of the action that begins at s, or of the text; quotes may hold braces. */
static const char *skip_action(const char *s)
{
	for (s += 2; *s; s++) {
		if (s[0] == '}' && s[1] == '}')
			return s + 2;
		if (*s == '"' || *s == '`' || *s == '\'') {
			char quote = *s++;

			while (*s && *s != quote)
				s += *s == '\\' && quote != '`' && s[1] ? 2 : 1;
			if (!*s)
				return s;
		}
	}
	return s;
}

/*
 * Owned: outside of actions "\t" and "\n" become a tab and a newline; with blanks, runs of blanks
 * there become tabs.
 */
static char *replace_outside(const char *format, bool blanks)
{
	struct text made = TEXT_INIT(SIZE_MAX / 2);

	while (*format) {
		const char *end = format;

		if (format[0] == '{' && format[1] == '{') {
			end = skip_action(format);
			(void) text_add_bytes(&made, format, (size_t) (end - format));
			format = end;
		} else if (format[0] == '\\' && (format[1] == 't' || format[1] == 'n')) {
			(void) text_add_char(&made, format[1] == 't' ? '\t' : '\n');
			format += 2;
		} else if (blanks && *format == ' ') {
			(void) text_add_char(&made, '\t');
			format += strspn(format, " ");
		} else {
			(void) text_add_char(&made, *format++);
		}
	}
	return text_take(&made);
}

static bool has_tab_outside(const char *format)
{
	while (*format) {
		if (format[0] == '{' && format[1] == '{')
			format = skip_action(format);
		else if (*format++ == '\t')
			return true;
	}
	return false;
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char) *s))
		s++;
	return s;
}

/* word alone, whatever blanks surround it */
static bool is_word(const char *format, const char *word)
{
	const char *s = skip_blanks(format);

	return strncmp(s, word, strlen(word)) == 0 && !*skip_blanks(s + strlen(word));
}

/* The template behind "table ", or NULL when the format is no table. */
static const char *table_body(const char *format)
{
	return strncmp(format, "table", 5) == 0 && isspace((unsigned char) format[5])
	               ? skip_blanks(format + 5)
	               : NULL;
}

struct template *output_parse(const char *format, struct error *err)
{
	AUTO_FREE char *replaced = replace_outside(format, false);

	return template_parse(replaced, err);
}

static struct template *parse_table(const char *body, struct error *err)
{
	AUTO_FREE char *replaced = replace_outside(body, false);

	if (!has_tab_outside(replaced)) {
		free(replaced);
		replaced = replace_outside(body, true);
	}
	return template_parse(replaced, err);
}

static int too_long(struct error *err)
{
	return error_set(err, ERROR_INVALID, "output longer than %zu bytes: narrow it with --filter",
	                 OUTPUT_BYTES_MAX);
}

static int print_table(const struct output_list *request, const struct template *template,
                       struct text *out, struct error *err)
{
	AUTO_TABLE struct table table;
	AUTO_TEXT struct text line = TEXT_INIT(OUTPUT_BYTES_MAX);
	struct error ignored = {0};
	int r = 0;

	table_init(&table, TABLE_MIN_WIDTH, TABLE_PADDING);
	/* captions are strings: what the template does to lists may not work on them */
	if (!request->no_heading
	    && template_run_captions(template, request->captions ? request->captions : no_captions,
	                             &line, &ignored) >= 0)
		r = table_add_lines(&table, text_string(&line), line.length);
	for (size_t i = 0; r >= 0 && i < json_array_size(request->rows); i++) {
		text_clear(&line);
		r = template_run(template, json_array_get(request->rows, i), request->kinds, &line,
		                 err);
		if (r < 0)
			return r;
		if (line.length == 0)
			(void) text_add_char(&line, '\n');
		r = table_add_lines(&table, text_string(&line), line.length);
	}
	if (r >= 0)
		r = table_print(&table, out);
	return r < 0 ? too_long(err) : 0;
}

/* always_newline: a row that ends with a newline already gets one more, as in docker's inspect */
static int print_rows(const json_t *rows, const struct template *template,
                      const struct template_kinds *kinds, bool always_newline, struct text *out,
                      struct error *err)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		size_t before = out->length;
		int r = template_run(template, json_array_get(rows, i), kinds, out, err);

		if (r < 0) {
			if (out->data)
				out->data[out->length = before] = '\0';
			return r;
		}
		if ((always_newline || out->length == before || out->data[out->length - 1] != '\n')
		    && text_add_char(out, '\n') < 0)
			return too_long(err);
	}
	return 0;
}

static int print_quiet(const struct output_list *request, struct text *out, struct error *err)
{
	AUTO_FREE char *format = xprintf("{{.%s}}", request->quiet);
	AUTO_TEMPLATE struct template *template = template_parse(format, err);

	return template ? print_rows(request->rows, template, request->kinds, false, out, err)
	                : -EINVAL;
}

static int print_json_document(const json_t *document, const struct template_kinds *kinds,
                               struct text *out, struct error *err)
{
	if (template_json(document, kinds, INDENT, out) < 0 || text_add_char(out, '\n') < 0)
		return too_long(err);
	return 0;
}

int output_list_text(const struct output_list *request, struct text *out, struct error *err)
{
	const char *format = request->format ? request->format : "";
	AUTO_TEMPLATE struct template *template = NULL;
	const char *body;

	if (is_word(format, "json") && request->json_lines)
		format = "{{json .}}";
	else if (is_word(format, "json"))
		return print_json_document(request->typed ? request->typed : request->rows,
		                           request->kinds, out, err);
	if (is_word(format, "") && request->quiet)
		return print_quiet(request, out, err);
	if (is_word(format, "") || is_word(format, "table"))
		format = request->table;
	body = table_body(format);
	template = body ? parse_table(body, err) : output_parse(format, err);
	if (!template)
		return -EINVAL;
	return body ? print_table(request, template, out, err)
	            : print_rows(request->rows, template, request->kinds, false, out, err);
}

static int write_text(const struct text *text, FILE *out, struct error *err)
{
	errno = 0;
	if (fwrite(text_string(text), 1, text->length, out) != text->length || fflush(out) != 0)
		return error_errno(err, errno ? errno : EIO, "write the output");
	return 0;
}

int output_list(const struct output_list *request, FILE *out, struct error *err)
{
	AUTO_TEXT struct text text = TEXT_INIT(OUTPUT_BYTES_MAX);
	int r = output_list_text(request, &text, err);

	return r < 0 ? r : write_text(&text, out, err);
}

int output_object_text(const json_t *objects, const char *format,
                       const struct template_kinds *kinds, struct text *out, struct error *err)
{
	AUTO_TEMPLATE struct template *template = NULL;
	AUTO_JSON json_t *single = NULL;

	if (!format || is_word(format, "") || is_word(format, "json"))
		return print_json_document(objects, kinds, out, err);
	template = output_parse(format, err);
	if (!template)
		return -EINVAL;
	if (json_typeof(objects) != JSON_ARRAY) {
		/* jansson counts references in the object: only the type says const */
		single = json_array();
		(void) json_array_append(single, (json_t *) (uintptr_t) objects);
		objects = single;
	}
	return print_rows(objects, template, kinds, true, out, err);
}

int output_object(const json_t *objects, const char *format, const struct template_kinds *kinds,
                  FILE *out, struct error *err)
{
	AUTO_TEXT struct text text = TEXT_INIT(OUTPUT_BYTES_MAX);
	struct error ignored = {0};
	int r = output_object_text(objects, format, kinds, &text, err);

	if (r >= 0)
		return write_text(&text, out, err);
	/* the first failure is the one to tell */
	(void) write_text(&text, out, &ignored);
	return r;
}
