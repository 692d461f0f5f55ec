/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save_docker.c - what a docker-archive says about its images; see save_private.h
 *
 * HEX.tar (layers, by diff id), HEX.json (configurations, by digest), manifest.json (a list of images), repositories (names
 * to the digest of the uppermost layer, which nobody but programs of docker's early days asks for).
 */
#include "coracle/base/alloc.h"

#include <string.h>

#include "name.h"
#include "pieces.h"
#include "save_private.h"

static int put_json(struct package *package, const char *name, const json_t *json, struct error *err)
{
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);

	return package_put(package, name, text, strlen(text), err);
}

static char *config_name(const struct save_entry *entry)
{
	return xprintf("%s.json", digest_hex(entry->config_digest));
}

char *save_docker_layer(const char *diff_id)
{
	return xprintf("%s.tar", digest_hex(diff_id));
}

static json_t *manifest_row(const struct save_entry *entry)
{
	AUTO_FREE char *config = config_name(entry);
	json_t *row = json_object(), *layers = json_array();

	for (size_t i = 0; i < entry->diff_ids.count; i++) {
		AUTO_FREE char *name = save_docker_layer(entry->diff_ids.items[i]);

		(void) json_array_append_new(layers, json_string(name));
	}
	piece_set(row, "Config", json_string(config));
	piece_set(row, "RepoTags", entry->names->count ? piece_list(entry->names) : json_null());
	piece_set(row, "Layers", layers);
	return row;
}

static void add_repositories(const struct save_entry *entry, json_t *repositories)
{
	if (entry->diff_ids.count == 0)
		return;
	for (size_t i = 0; i < entry->names->count; i++) {
		AUTO_FREE char *tag = NULL;
		AUTO_FREE char *repository = name_repository(entry->names->items[i], &tag);
		json_t *tags = json_object_get(repositories, repository);

		if (!tags) {
			tags = json_object();
			piece_set(repositories, repository, tags);
		}
		if (tag)
			piece_set(tags, tag, json_string(digest_hex(entry->diff_ids.items[entry->diff_ids.count - 1])));
	}
}

int save_docker_end(struct package *package, const struct list *entries, struct error *err)
{
	AUTO_JSON json_t *manifest = json_array();
	AUTO_JSON json_t *repositories = json_object();
	int r = 0;

	LIST_EACH(struct save_entry, entry, entries) {
		AUTO_FREE char *name = config_name(entry);

		if (r >= 0)
			r = package_put(package, name, entry->config, entry->config_length, err);
		(void) json_array_append_new(manifest, manifest_row(entry));
		add_repositories(entry, repositories);
	}
	if (r >= 0)
		r = put_json(package, "manifest.json", manifest, err);
	if (r >= 0 && json_object_size(repositories))
		r = put_json(package, "repositories", repositories, err);
	return r;
}

int save_docker(struct saving *saving, struct error *err)
{
	struct list entries = {0};
	int r;

	LIST_EACH(struct save_image, image, &saving->images) {
		struct save_entry *entry = list_add(&entries, sizeof *entry);

		entry->config = image->config;
		entry->config_length = image->config_length;
		entry->config_digest = image->config_digest;
		entry->names = &image->names;
		for (size_t i = 0; i < image->record.layers.count; i++)
			texts_add(&entry->diff_ids, LIST_AT(struct save_layer, &saving->layers, image->layers[i])->digest);
	}
	r = save_docker_end(&saving->package, &entries, err);
	LIST_EACH(struct save_entry, entry, &entries)
		texts_done(&entry->diff_ids);
	free(entries.items);
	return r;
}
