/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * template.h - the subset of Go's text/template that --format needs, over a tree of json_t
 *
 * Covered: fields, index, json, range, if, with, else, variables, pipelines, parentheses, trim
 * markers, comments, raw strings, break, continue, and the functions and or not eq ne lt le gt ge
 * len index slice print printf println json join split lower upper title pad truncate.
 * Not covered: define, template, block, html, js, urlquery, call, complex numbers.
 *
 * JSON cannot say whether an object was a Go map or a Go struct, and the two differ: a missing map
 * key prints "<no value>", a missing struct field is an error. Rows of struct template_kind tell.
 *
 * A field is looked up by its exact name, then by an alias (ID and Id, Src and Source...), then,
 * for capitalised names only, by its JSON spelling (GraphRoot: graphRoot or graph_root).
 *
 * Source: https://pkg.go.dev/text/template, https://pkg.go.dev/fmt
 */
#ifndef CORACLE_FORMAT_TEMPLATE_H
#define CORACLE_FORMAT_TEMPLATE_H

#include "coracle/base/error.h"
#include "coracle/base/json.h"
#include "coracle/base/text.h"

#define TEMPLATE_TEXT_MAX  ((size_t) 128 << 10) /* bytes of a template */
#define TEMPLATE_DEPTH_MAX 200                   /* nested blocks and parentheses, nested values */
#define TEMPLATE_STEPS_MAX 2000000               /* actions and iterations of one run */
#define TEMPLATE_MADE_MAX  ((size_t) 16 << 20)   /* bytes of the strings that functions make in one run */

enum template_type {
	TEMPLATE_ANY,     /* as the JSON value says; an object is a struct */
	TEMPLATE_POINTER, /* to a struct: null prints <nil>, and a field of it is an error */
	TEMPLATE_MAP,
	TEMPLATE_LIST,    /* null prints [] */
	TEMPLATE_TEXT,
	TEMPLATE_NUMBER,
	TEMPLATE_BOOL,
};

struct template_kind {
	const char *name;         /* "Labels", or with the object that holds it: "LogConfig.Config" */
	enum template_type type;  /* of the value, also when it is null or absent */
	enum template_type items; /* of a map's values */
	bool optional;            /* absent in a struct, it reads as null instead of an error */
};

struct template_kinds {
	const struct template_kind *rows;
	size_t count;
};

/* template_default_kinds - the maps and optional fields of docker's and podman's objects; static */
extern const struct template_kinds template_default_kinds;

struct template;

/*
 * template_parse - owned; NULL with err "template parsing error: template: :LINE:COLUMN: reason"
 *
 * text  untrusted, at most TEMPLATE_TEXT_MAX bytes
 */
struct template *template_parse(const char *text, struct error *err) NONNULL(1, 2) MUST_USE;
/* template_free - NULL is allowed */
void template_free(struct template *template);

static inline void auto_template(struct template **slot)
{
	template_free(*slot);
	*slot = NULL;
}
#define AUTO_TEMPLATE AUTO(auto_template)

/*
 * template_run - append what the template prints for data
 *
 * data   what "." and "$" are; any JSON value, borrowed
 * kinds  NULL: template_default_kinds
 * out    its maximum bounds the output; on failure it may hold a part of it
 *
 * Returns 0, or -EINVAL with err "template parsing error: template: :1:2: executing "" at <.X>: reason",
 * which is docker's wording although the parsing succeeded.
 */
int template_run(const struct template *template, const json_t *data,
                 const struct template_kinds *kinds, struct text *out, struct error *err)
	NONNULL(1, 4, 5) MUST_USE;

struct template_caption {
	const char *field;   /* "ID"; NULL ends the list */
	const char *caption; /* "CONTAINER ID" */
};

/*
 * template_run_captions - append what the template prints when each field is its column's caption
 *
 * A field that has no row is put in capitals ("CreatedHuman" becomes "CREATED HUMAN").
 */
int template_run_captions(const struct template *template, const struct template_caption *captions,
                          struct text *out, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

/*
 * template_json - append data as Go's encoding/json writes it: no HTML escapes, maps sorted
 *
 * indent  blanks a level; 0: one line without blanks
 */
int template_json(const json_t *data, const struct template_kinds *kinds, unsigned indent,
                  struct text *out) NONNULL(4) MUST_USE;

#endif
