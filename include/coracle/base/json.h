/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - one table of rows reads, writes and frees a struct
 *
 * A struct is described by an array of struct field that ends with FIELD_END. json_read() fills a
 * zeroed struct, json_write() makes a json_t from it, fields_done() frees what it owns. Unknown
 * keys are ignored; a value of the wrong type is an error that names its path, such as
 *     "mounts"[1]: "readonly" is not true or false
 * null counts as absent. Members that are empty (NULL, "", false, 0, no items) are not written
 * unless the row says .keep = true.
 */
#ifndef CORACLE_BASE_JSON_H
#define CORACLE_BASE_JSON_H

#include "coracle/base/base.h"
#include "coracle/base/error.h"
#include "coracle/base/texts.h"

#include <jansson.h>

enum field_type {
	FIELD_TYPE_END,
	FIELD_TYPE_TEXT,       /* char *, owned */
	FIELD_TYPE_BOOL,       /* bool */
	FIELD_TYPE_INT,        /* int64_t */
	FIELD_TYPE_UINT,       /* uint64_t; negative numbers are refused */
	FIELD_TYPE_OPT_BOOL,   /* struct opt_bool */
	FIELD_TYPE_OPT_INT,    /* struct opt_int */
	FIELD_TYPE_OPT_UINT,   /* struct opt_uint */
	FIELD_TYPE_TEXTS,      /* struct texts, from an array of strings */
	FIELD_TYPE_PAIRS,      /* struct pairs, from an object of strings */
	FIELD_TYPE_UINTS,      /* struct uints, from an array of numbers */
	FIELD_TYPE_STRUCT,     /* a struct held in place, from an object */
	FIELD_TYPE_STRUCT_PTR, /* a pointer to a struct, owned, NULL when absent */
	FIELD_TYPE_LIST,       /* struct list of structs, from an array of objects */
	FIELD_TYPE_RAW,        /* json_t *, owned, whatever it is */
};

struct opt_bool { bool set, value; };
struct opt_int { bool set; int64_t value; };
struct opt_uint { bool set; uint64_t value; };
struct uints { uint64_t *items; size_t count; };
/* list - items is an array of count structs; use LIST_AT */
struct list { void *items; size_t count; };

#define LIST_AT(type, list, i) (&((type *) (list)->items)[i])
/* LIST_EACH(struct mount, m, &spec->mounts) { ... } */
#define LIST_EACH(type, name, list) \
	for (type *name = (list)->items; name && name < (type *) (list)->items + (list)->count; name++)
/* list_add - append a zeroed item and return it; borrowed until the next list_add */
void *list_add(struct list *list, size_t item_size) NONNULL(1);
void uints_add(struct uints *uints, uint64_t value) NONNULL(1);

struct field {
	enum field_type type;
	bool required;
	bool keep;          /* write also when empty */
	const char *name;
	size_t offset;
	size_t item_size;   /* STRUCT_PTR, LIST */
	const struct field *items; /* STRUCT, STRUCT_PTR, LIST */
};

#define FIELD_SLOT(owner, member, member_type) \
	(offsetof(owner, member)               \
	 + 0 * sizeof(char[_Generic(((owner *) 0)->member, member_type: 1, default: -1)]))
#define FIELD_ROW(kind, key, owner, member, member_type, ...) \
	{.type = (kind), .name = (key), .offset = FIELD_SLOT(owner, member, member_type), __VA_ARGS__}

/* The optional last arguments are .required = true and .keep = true. */
#define FIELD_TEXT(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_TEXT, key, owner, member, char *, __VA_ARGS__)
#define FIELD_BOOL(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_BOOL, key, owner, member, bool, __VA_ARGS__)
#define FIELD_INT(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_INT, key, owner, member, int64_t, __VA_ARGS__)
#define FIELD_UINT(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_UINT, key, owner, member, uint64_t, __VA_ARGS__)
#define FIELD_OPT_BOOL(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_OPT_BOOL, key, owner, member, struct opt_bool, __VA_ARGS__)
#define FIELD_OPT_INT(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_OPT_INT, key, owner, member, struct opt_int, __VA_ARGS__)
#define FIELD_OPT_UINT(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_OPT_UINT, key, owner, member, struct opt_uint, __VA_ARGS__)
#define FIELD_TEXTS(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_TEXTS, key, owner, member, struct texts, __VA_ARGS__)
#define FIELD_PAIRS(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_PAIRS, key, owner, member, struct pairs, __VA_ARGS__)
#define FIELD_UINTS(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_UINTS, key, owner, member, struct uints, __VA_ARGS__)
#define FIELD_RAW(key, owner, member, ...) \
	FIELD_ROW(FIELD_TYPE_RAW, key, owner, member, json_t *, __VA_ARGS__)
#define FIELD_STRUCT(key, owner, member, member_type, rows, ...) \
	FIELD_ROW(FIELD_TYPE_STRUCT, key, owner, member, member_type, .items = (rows), __VA_ARGS__)
#define FIELD_STRUCT_PTR(key, owner, member, member_type, rows, ...)              \
	FIELD_ROW(FIELD_TYPE_STRUCT_PTR, key, owner, member, member_type *,       \
	          .item_size = sizeof(member_type), .items = (rows), __VA_ARGS__)
#define FIELD_LIST(key, owner, member, item_type, rows, ...)                      \
	FIELD_ROW(FIELD_TYPE_LIST, key, owner, member, struct list,               \
	          .item_size = sizeof(item_type), .items = (rows), __VA_ARGS__)
#define FIELD_END {.type = FIELD_TYPE_END}

/*
 * json_read - fill *into (zeroed by the caller) from an object
 *
 * On failure *into is freed and zeroed; returns -EINVAL with err filled.
 */
int json_read(const json_t *json, const struct field *fields, void *into, struct error *err)
	NONNULL(2, 3, 4);
/* json_write - a new reference to an object; keys in the order of the rows; never NULL */
json_t *json_write(const struct field *fields, const void *from) NONNULL(1, 2) MUST_USE;
/* fields_done - free what the struct owns and zero the members */
void fields_done(const struct field *fields, void *owner) NONNULL(1, 2);
/* fields_copy - deep copy of *from into a zeroed *into */
void fields_copy(const struct field *fields, const void *from, void *into) NONNULL(1, 2, 3);

/* json_parse - a new reference, from bytes that need no NUL; duplicate keys and trailing bytes are errors */
json_t *json_parse(const char *bytes, size_t length, struct error *err) NONNULL(1, 3) MUST_USE;
/* json_text - owned string; flags are jansson's (JSON_COMPACT, JSON_INDENT(n)...) */
char *json_text(const json_t *json, size_t flags) NONNULL(1) MUST_USE;

static inline void auto_json(json_t **slot)
{
	json_decref(*slot);
	*slot = NULL;
}
#define AUTO_JSON AUTO(auto_json)

#endif
