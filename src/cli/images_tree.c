/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images_tree.c - images with their platforms below them; see images_tree.h */
#include "images_tree.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/container/container.h"
#include "coracle/format/human.h"
#include "coracle/format/table.h"
#include "coracle/image/explore.h"

#include <stdio.h>
#include <string.h>

#define TREE_COLUMNS 5

static int add_row(struct table *table, const char *const cells[static TREE_COLUMNS])
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < TREE_COLUMNS; i++)
		r = table_add(table, cells[i]);
	return r < 0 ? r : table_end_row(table);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The image, further names of it, and the one platform that it is kept for. */
static int add_image(struct table *table, const json_t *image, uint64_t content, bool used)
{
	const json_t *names = json_object_get(image, "Names");
	uint64_t size = (uint64_t) json_integer_value(json_object_get(image, "Size"));
	AUTO_FREE char *id = xprintf("%.12s", text_of(image, "Id"));
	AUTO_FREE char *platform = xprintf("└─ %s/%s", text_of(image, "Os"), text_of(image, "Arch"));
	const char *digest = text_of(image, "Digest");
	AUTO_FREE char *short_digest = digest_is_valid(digest) ? xprintf("%.12s", digest_hex(digest)) : xstrdup("");
	char disk[HUMAN_TEXT_SIZE], fetched[HUMAN_TEXT_SIZE] = "";
	const char *first = json_string_value(json_array_get(names, 0));
	int r;

	(void) human_size_blank(size, disk);
	if (content)
		(void) human_size_blank(content, fetched);
	r = add_row(table, (const char *const[]) {first ? first : "<untagged>", id, disk, fetched, used ? "U" : ""});
	for (size_t i = 1; r >= 0 && i < json_array_size(names); i++)
		r = add_row(table, (const char *const[]) {json_string_value(json_array_get(names, i)), "", "", "", ""});
	return r < 0 ? r : add_row(table, (const char *const[]) {platform, short_digest, disk, fetched, ""});
}

int images_tree(struct engine *engine, const json_t *typed, bool no_heading, struct error *err)
{
	AUTO_PAIRS struct pairs used = {0};
	AUTO_TEXTS struct texts layers = {0};
	AUTO_TABLE struct table table = {0};
	const json_t *image;
	size_t i;
	int r = container_images_used(engine, &used, &layers, err);

	if (r < 0)
		return r;
	table_init(&table, TABLE_MIN_WIDTH, TABLE_PADDING);
	if (!no_heading)
		r = add_row(&table, (const char *const[]) {"IMAGE", "ID", "DISK USAGE", "CONTENT SIZE", "EXTRA"});
	json_array_foreach(typed, i, image) {
		AUTO_FREE char *id = xprintf(DIGEST_PREFIX "%s", text_of(image, "Id"));

		if (r >= 0)
			r = add_image(&table, image, image_content_size(engine, text_of(image, "Digest")),
			              pairs_get(&used, id) != NULL);
	}
	if (r >= 0)
		r = table_write(&table, stdout);
	return r < 0 ? error_errno(err, -r, "standard output") : 0;
}
