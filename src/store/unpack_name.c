/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack_name.c - names in a layer's archive, and the whiteouts among them (image-spec layer.md) */
#include "unpack.h"

#include "coracle/base/alloc.h"
#include "coracle/base/text.h"

#include <string.h>

#define WHITEOUT_PREFIX ".wh."
#define AUFS_PREFIX     ".wh..wh."
#define OPAQUE_NAME     ".wh..wh..opq"

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int refuse(const char *raw, const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "entry \"%.300s\": %s", raw, why);
}

/* clean - lexical: the archive's own root is all there is, and what leads above it is refused */
static int clean(const char *raw, struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};

	texts_split(&parts, raw, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];

		if (!*part || strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			if (out->count == 0)
				return refuse(raw, "\"..\" leads out of the layer", err);
			texts_remove(out, out->count - 1);
			continue;
		}
		if (strlen(part) > 255)
			return refuse(raw, "a part of the name is longer than 255 bytes", err);
		if (out->count >= LAYER_MAX_DEPTH)
			return refuse(raw, "too many directories deep", err);
		texts_add(out, part);
	}
	return 0;
}

static int classify(const char *raw, const struct texts *parts, enum entry_kind *kind, struct error *err)
{
	*kind = ENTRY_PLAIN;
	for (size_t i = 0; i < parts->count; i++) {
		const char *part = parts->items[i];
		bool is_last = i + 1 == parts->count;

		if (!has_prefix(part, WHITEOUT_PREFIX))
			continue;
		if (is_last && strcmp(part, OPAQUE_NAME) == 0) {
			*kind = ENTRY_OPAQUE;
			continue;
		}
		if (has_prefix(part, AUFS_PREFIX)) {
			*kind = ENTRY_SKIP;
			return 0;
		}
		if (!is_last)
			return refuse(raw, "a whiteout can't be a directory", err);
		part += strlen(WHITEOUT_PREFIX);
		if (!*part || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
			return refuse(raw, "a whiteout must name a file", err);
		*kind = ENTRY_WHITEOUT;
	}
	return 0;
}

int entry_name_parse(const char *raw, struct entry_name *out, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};
	AUTO_FREE char *base = NULL;
	enum entry_kind kind;
	int r;

	if (!raw || !*raw)
		return error_set(err, ERROR_INVALID, "an entry has no name");
	if (strlen(raw) > LAYER_MAX_NAME_BYTES)
		return refuse(raw, "name is longer than 4095 bytes", err);
	r = clean(raw, &parts, err);
	if (r >= 0)
		r = classify(raw, &parts, &kind, err);
	if (r < 0)
		return r;
	if (parts.count) {
		const char *last = parts.items[parts.count - 1];

		base = xstrdup(kind == ENTRY_WHITEOUT ? last + strlen(WHITEOUT_PREFIX) : last);
		texts_remove(&parts, parts.count - 1);
	} else {
		base = xstrdup("");
	}
	*out = (struct entry_name){
		.kind = kind,
		.directory = texts_join(&parts, "/"),
		.base = TAKE_PTR(base),
	};
	return 0;
}

void entry_name_done(struct entry_name *name)
{
	free(name->directory);
	free(name->base);
	*name = (struct entry_name){0};
}

char *entry_name_path(const struct entry_name *name)
{
	return xprintf("%s%s%s", name->directory, *name->directory ? "/" : "", name->base);
}
