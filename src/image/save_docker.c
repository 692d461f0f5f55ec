/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save_docker.c - docker-archive; see save_private.h
 *
 * HEX.tar (layers, by diff id), HEX.json (configurations, by digest), manifest.json (a list of images), repositories (names
 * to the digest of the uppermost layer, which nobody but programs of docker's early days asks for).
 */
#include "coracle/base/alloc.h"

#include <string.h>

#include "name.h"
#include "pieces.h"
#include "save_private.h"

static int put_json(struct saving *saving, const char *name, const json_t *json, struct error *err)
{
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);

	return package_put(&saving->package, name, text, strlen(text), err);
}

static char *config_name(const struct save_image *image)
{
	return xprintf("%s.json", digest_hex(image->config_digest));
}

static json_t *manifest_row(const struct saving *saving, const struct save_image *image)
{
	AUTO_FREE char *config = config_name(image);
	json_t *row = json_object(), *layers = json_array();

	for (size_t i = 0; i < image->record.layers.count; i++) {
		const struct save_layer *layer = LIST_AT(struct save_layer, &saving->layers, image->layers[i]);
		AUTO_FREE char *name = save_layer_name(saving, layer->digest);

		(void) json_array_append_new(layers, json_string(name));
	}
	piece_set(row, "Config", json_string(config));
	piece_set(row, "RepoTags", image->names.count ? piece_list(&image->names) : json_null());
	piece_set(row, "Layers", layers);
	return row;
}

static void add_repositories(const struct saving *saving, const struct save_image *image, json_t *repositories)
{
	const struct save_layer *top;

	if (image->record.layers.count == 0)
		return;
	top = LIST_AT(struct save_layer, &saving->layers, image->layers[image->record.layers.count - 1]);
	for (size_t i = 0; i < image->names.count; i++) {
		AUTO_FREE char *tag = NULL;
		AUTO_FREE char *repository = name_repository(image->names.items[i], &tag);
		json_t *tags = json_object_get(repositories, repository);

		if (!tags) {
			tags = json_object();
			piece_set(repositories, repository, tags);
		}
		if (tag)
			piece_set(tags, tag, json_string(digest_hex(top->digest)));
	}
}

int save_docker(struct saving *saving, struct error *err)
{
	AUTO_JSON json_t *manifest = json_array();
	AUTO_JSON json_t *repositories = json_object();
	int r = 0;

	LIST_EACH(struct save_image, image, &saving->images) {
		AUTO_FREE char *name = config_name(image);

		if (r >= 0)
			r = package_put(&saving->package, name, image->config, image->config_length, err);
		(void) json_array_append_new(manifest, manifest_row(saving, image));
		add_repositories(saving, image, repositories);
	}
	if (r >= 0)
		r = put_json(saving, "manifest.json", manifest, err);
	if (r >= 0 && json_object_size(repositories))
		r = put_json(saving, "repositories", repositories, err);
	return r;
}
