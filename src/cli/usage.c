/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.c - what takes how much room on disk; see usage.h */
#include "usage.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/container/container.h"
#include "coracle/format/human.h"
#include "coracle/image/reference.h"
#include "coracle/state/state.h"
#include "coracle/sys/tree.h"
#include "coracle/volume/volume.h"

#include <stdio.h>
#include <string.h>

void usage_done(struct usage *usage)
{
	json_decref(usage->kinds);
	json_decref(usage->images);
	json_decref(usage->containers);
	json_decref(usage->volumes);
	*usage = (struct usage){0};
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = json_string(text ? text : "");

	(void) json_object_set_new(object, key, value ? value : json_string("?"));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	(void) json_object_set_new(object, key, json_integer((json_int_t) number));
}

static void set_bytes(json_t *object, const char *key, uint64_t bytes)
{
	char words[HUMAN_TEXT_SIZE];

	set_text(object, key, human_size_exact(bytes, words));
}

/* --- one line a kind --- */

struct kind {
	const char *name;
	uint64_t total, active, bytes, reclaimable;
};

static void add_kind(struct usage *usage, const struct kind *kind)
{
	json_t *row = json_object();
	char words[HUMAN_TEXT_SIZE];
	AUTO_FREE char *reclaimable = NULL;

	(void) human_size_exact(kind->reclaimable, words);
	reclaimable = kind->bytes ? xprintf("%s (%u%%)", words,
	                                    (unsigned) ((double) kind->reclaimable * 100 / (double) kind->bytes))
	                          : xstrdup(words);
	set_text(row, "Type", kind->name);
	set_number(row, "TotalCount", kind->total);
	set_number(row, "Total", kind->total);
	set_number(row, "Active", kind->active);
	set_bytes(row, "Size", kind->bytes);
	set_text(row, "Reclaimable", reclaimable);
	set_number(row, "RawSize", kind->bytes);
	set_number(row, "RawReclaimable", kind->reclaimable);
	(void) json_array_append_new(usage->kinds, row);
}

/* --- images --- */

static json_t *image_row(const struct image_usage *image, const char *name, uint64_t now)
{
	json_t *row = json_object();
	AUTO_REFERENCE struct reference reference = {0};
	struct error ignored = {0};
	uint64_t created = 0;
	char age[HUMAN_TEXT_SIZE], id[13];

	if (name && reference_parse(name, &reference, &ignored) >= 0) {
		AUTO_FREE char *repository = xprintf("%s%s%s", reference.registry ? reference.registry : "",
		                                     reference.registry ? "/" : "", reference.path);

		set_text(row, "Repository", repository);
		set_text(row, "Tag", reference.tag ? reference.tag : "<none>");
	} else {
		set_text(row, "Repository", "<none>");
		set_text(row, "Tag", "<none>");
	}
	(void) snprintf(id, sizeof id, "%s", digest_hex(image->id));
	set_text(row, "ID", id);
	if (image->created && clock_parse_rfc3339(image->created, &created) >= 0)
		set_text(row, "CreatedSince", human_ago(created, now, age));
	else
		set_text(row, "CreatedSince", "");
	set_bytes(row, "Size", image->size);
	set_bytes(row, "SharedSize", image->shared);
	set_bytes(row, "UniqueSize", image->size - image->shared);
	set_number(row, "Containers", image->containers);
	return row;
}

static int read_images(struct engine *engine, const struct list *containers, struct usage *out, struct error *err)
{
	AUTO(image_usages_done) struct image_usages usages = {0};
	AUTO_TEXTS struct texts users = {0};
	uint64_t now = clock_now();
	int r;

	LIST_EACH(struct container, container, containers)
		if (container->image_id && *container->image_id)
			texts_add(&users, container->image_id);
	r = image_usage(engine, &users, &usages, err);
	if (r < 0)
		return r;
	LIST_EACH(const struct image_usage, image, &usages.images) {
		if (image->names.count == 0)
			(void) json_array_append_new(out->images, image_row(image, NULL, now));
		for (size_t i = 0; i < image->names.count; i++)
			(void) json_array_append_new(out->images, image_row(image, image->names.items[i], now));
	}
	add_kind(out, &(struct kind){"Images", usages.images.count, usages.active, usages.size, usages.reclaimable});
	return 0;
}

/* --- containers --- */

static bool is_active(const json_t *row)
{
	const char *state = json_string_value(json_object_get(row, "State"));

	return state && (strcmp(state, "running") == 0 || strcmp(state, "paused") == 0
	                 || strcmp(state, "restarting") == 0 || strcmp(state, "starting") == 0);
}

static int read_containers(struct engine *engine, struct usage *out, struct error *err)
{
	static const struct container_list request = {.all = true, .size = true};
	struct kind kind = {.name = "Containers"};
	AUTO_JSON json_t *typed = NULL;
	json_t *row;
	size_t i;
	int r = container_list(engine, &request, &out->containers, &typed, err);

	if (r < 0)
		return r;
	/* both arrays have the same containers in the same order */
	json_array_foreach(out->containers, i, row) {
		const json_t *size = json_object_get(json_array_get(typed, i), "Size");
		uint64_t bytes = (uint64_t) json_integer_value(json_object_get(size, "rwSize"));

		set_bytes(row, "Size", bytes);
		kind.total++;
		kind.bytes += bytes;
		if (is_active(row))
			kind.active++;
		else
			kind.reclaimable += bytes;
	}
	add_kind(out, &kind);
	return 0;
}

/* --- volumes --- */

static uint64_t count_links(const struct list *containers, const char *volume)
{
	uint64_t links = 0;

	LIST_EACH(struct container, container, containers)
		links += texts_has(&container->volumes, volume);
	return links;
}

static int read_volumes(struct engine *engine, const struct list *containers, struct usage *out, struct error *err)
{
	AUTO(volume_list_done) struct list volumes = {0};
	struct kind kind = {.name = "Local Volumes"};
	int r = volume_list(&engine->paths, &volumes, err);

	if (r < 0)
		return r;
	LIST_EACH(const struct volume, volume, &volumes) {
		AUTO_FREE char *path = xprintf("volumes/%s/_data", volume->name);
		uint64_t bytes = tree_bytes(engine->paths.data_fd, path), links = count_links(containers, volume->name);
		json_t *row = json_object();

		set_text(row, "Name", volume->name);
		set_number(row, "Links", links);
		set_bytes(row, "Size", bytes);
		(void) json_array_append_new(out->volumes, row);
		kind.total++;
		kind.active += links > 0;
		kind.bytes += bytes;
		kind.reclaimable += links ? 0 : bytes;
	}
	add_kind(out, &kind);
	return 0;
}

int usage_read(struct engine *engine, struct usage *out, struct error *err)
{
	AUTO_CONTAINERS struct list containers = {0};
	int r = state_list(&engine->paths, STATE_ALL, STATE_SUMMARY, &containers, err);

	if (r < 0)
		return r;
	out->kinds = json_array();
	out->images = json_array();
	out->volumes = json_array();
	r = read_images(engine, &containers, out, err);
	if (r >= 0)
		r = read_containers(engine, out, err);
	if (r >= 0)
		r = read_volumes(engine, &containers, out, err);
	if (r >= 0)
		add_kind(out, &(struct kind){.name = "Build Cache"});
	return r;
}
