/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - what a command prints for --format, from JSON objects
 *
 *   list      NULL or "table": the default table; "table TEMPLATE": aligned columns with a heading;
 *             "json": an indented array (see json_lines); any other template: one line a row
 *   inspect   NULL or "json": indented JSON; a template: run once an object, a newline after each
 *
 * The two characters "\t" and "\n" outside of actions stand for a tab and a newline; inside of
 * actions they belong to Go's strings. In a "table" template that has no tab, blanks outside of
 * actions separate the columns.
 * Nothing is written unless all rows could be formatted.
 */
#ifndef CORACLE_FORMAT_OUTPUT_H
#define CORACLE_FORMAT_OUTPUT_H

#include "coracle/format/template.h"

#include <stdio.h>

#define OUTPUT_BYTES_MAX ((size_t) 256 << 20)

struct output_list {
	const json_t *rows;   /* array of objects; borrowed */
	const json_t *typed;  /* array for the bare "json"; NULL: rows */
	const char *format;   /* the user's; NULL or "": the default table */
	const char *table;    /* "table {{.ID}}\t{{.Names}}" */
	const char *quiet;    /* name of the field printed alone, such as "ID"; NULL: not quiet */
	const struct template_caption *captions; /* ends with field NULL; NULL: none */
	const struct template_kinds *kinds;      /* NULL: template_default_kinds */
	bool no_heading;
	bool json_lines; /* the bare "json" is docker's: a row a line, instead of podman's array of typed */
};

/*
 * output_list_text - append to out
 *
 * A format given together with quiet wins, as in docker. Returns 0 or a negative errno: -EINVAL
 * for a template that cannot be parsed (also when there are no rows) or run, -E2BIG.
 */
int output_list_text(const struct output_list *request, struct text *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* output_list - the same to a stream, which is flushed */
int output_list(const struct output_list *request, FILE *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

/*
 * output_object_text - what inspect, info and version print
 *
 * objects  an array: each item is run through the template, or the array is printed as JSON;
 *          an object: the same for it alone
 * format   NULL, "" or "json": JSON indented by 4
 * On failure out holds what the objects before the bad one gave.
 */
int output_object_text(const json_t *objects, const char *format,
                       const struct template_kinds *kinds, struct text *out, struct error *err)
	NONNULL(1, 4, 5) MUST_USE;
/* output_object - the same to a stream, which is flushed; objects before the bad one are printed */
int output_object(const json_t *objects, const char *format, const struct template_kinds *kinds,
                  FILE *out, struct error *err) NONNULL(1, 4, 5) MUST_USE;

/*
 * output_parse - a user's template with "\t" and "\n" replaced, for commands that print as they go
 * (events, stats); owned
 */
struct template *output_parse(const char *format, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
