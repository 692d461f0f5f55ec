/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load_docker.c - archives of docker save and podman save; see load.h */
#include "load.h"

#include "coracle/base/alloc.h"

#include "make.h"
#include "name.h"

struct docker_image {
	char *config;
	struct texts tags, layers;
};

static const struct field docker_image_fields[] = {
	FIELD_TEXT("Config", struct docker_image, config, .required = true),
	FIELD_TEXTS("RepoTags", struct docker_image, tags),
	FIELD_TEXTS("Layers", struct docker_image, layers),
	FIELD_END,
};

static int load_one(struct loading *loading, const struct docker_image *image, struct error *err)
{
	AUTO_IMAGE_PARTS struct image_parts parts = {.bundle = loading->bundle};
	AUTO_FREE char *config = NULL, *id = NULL;
	int r;

	for (size_t i = 0; i < image->tags.count; i++) {
		AUTO_FREE char *name = NULL;

		r = name_full(image->tags.items[i], NAME_HUB, &name, err);
		if (r < 0)
			return r;
		texts_add(&parts.names, name);
	}
	r = bundle_read(loading->bundle, image->config, OCI_DOCUMENT_MAX_BYTES, &config,
	                &parts.config_length, err);
	if (r < 0)
		return r;
	parts.config = config;
	texts_add_all(&parts.layers, &image->layers);
	r = image_make(loading->store, &parts, &id, err);
	if (r < 0)
		return parts.names.count ? error_wrap(err, r, "%s", parts.names.items[0]) : r;
	if (parts.names.count)
		texts_add_all(loading->loaded, &parts.names);
	else
		texts_add(loading->loaded, id);
	return 0;
}

int load_docker(struct loading *loading, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *json = NULL;
	size_t length, i;
	json_t *item;
	int r = bundle_read(loading->bundle, "manifest.json", OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);

	if (r < 0)
		return r;
	json = json_parse(bytes, length, err);
	if (!json)
		return error_wrap(err, -EINVAL, "manifest.json");
	if (json_object_get(json, "schemaVersion") && loading->request->input)
		return error_set(err, ERROR_UNSUPPORTED, "an image directory of skopeo's kind: coracle image copy dir:%.300s NAME",
		                 loading->request->input);
	if (!json_is_array(json) || json_array_size(json) == 0)
		return error_set(err, ERROR_INVALID, "manifest.json: is not a list of images");
	json_array_foreach(json, i, item) {
		struct docker_image image = {0};

		r = json_read(item, docker_image_fields, &image, err);
		if (r < 0)
			return error_wrap(err, r, "manifest.json: [%zu]", i);
		r = load_one(loading, &image, err);
		fields_done(docker_image_fields, &image);
		if (r < 0)
			return r;
	}
	return 0;
}
