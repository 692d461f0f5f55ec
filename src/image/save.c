/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save.c - images of the store into archives and directories: which images, which layers, in which format; see save.h */
#include "coracle/base/alloc.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "layout.h"
#include "pieces.h"
#include "progress.h"
#include "save_private.h"

static const struct {
	const char *name;
	enum save_format format;
	enum package_kind kind;
	bool compress;
} formats[] = {
	{"docker-archive", SAVE_DOCKER_ARCHIVE, PACKAGE_ARCHIVE, false},
	{"oci-archive", SAVE_OCI_ARCHIVE, PACKAGE_ARCHIVE, true},
	{"oci-dir", SAVE_OCI_DIRECTORY, PACKAGE_DIRECTORY, true},
	{"docker-dir", SAVE_DOCKER_DIRECTORY, PACKAGE_DIRECTORY, false},
};

static void saving_done(struct saving *saving)
{
	LIST_EACH(struct save_image, image, &saving->images) {
		image_record_done(&image->record);
		texts_done(&image->names);
		free(image->config);
		free(image->manifest);
		free(image->layers);
	}
	free(saving->images.items);
	LIST_EACH(struct save_layer, layer, &saving->layers) {
		free(layer->chain_id);
		free(layer->diff_id);
	}
	free(saving->layers.items);
	package_done(&saving->package);
}

/* --- what is asked for --- */

static int read_request(struct saving *saving, enum package_kind *kind, struct error *err)
{
	const struct image_save *request = saving->request;
	const char *name = request->format ? request->format : formats[0].name;
	bool is_output = !request->output || strcmp(request->output, "-") == 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(formats) && strcmp(formats[i].name, name) != 0; i++)
		continue;
	if (i == ARRAY_LEN(formats))
		return error_set(err, ERROR_INVALID, "format \"%.100s\" is not docker-archive, oci-archive, oci-dir "
		                 "or docker-dir", name);
	saving->format = formats[i].format;
	*kind = formats[i].kind;
	if (request->compress && saving->format != SAVE_DOCKER_DIRECTORY)
		return error_set(err, ERROR_INVALID, "--compress is for --format docker-dir; %s", formats[i].compress
		                 ? "the layers of this format are compressed" : "this format has uncompressed layers");
	saving->compress = (formats[i].compress && !request->uncompressed) || request->compress;
	if (*kind == PACKAGE_DIRECTORY && is_output)
		return error_set(err, ERROR_INVALID, "format %s is a directory; name it with -o DIRECTORY", name);
	return 0;
}

static int check_platforms(const struct saving *saving, const struct image_record *record, const char *text,
                           struct error *err)
{
	const struct texts *platforms = &saving->request->platforms;
	const struct platform is = {.os = record->os, .architecture = record->architecture};

	for (size_t i = 0; i < platforms->count; i++) {
		AUTO(platform_done) struct platform wanted = {0};
		int r = platform_parse(platforms->items[i], &wanted, err);

		if (r < 0)
			return r;
		/* the record has no variant: that of the platform says which of one architecture is preferred */
		text_replace(&wanted.variant, NULL);
		if (!is.architecture || !is.os || !platform_matches(&is, &wanted))
			return error_set(err, ERROR_NOT_FOUND, "image %.300s is here for %s/%s; get the other one with: "
			                 "coracle pull --platform %s %.300s", text, is.os ? is.os : "?",
			                 is.architecture ? is.architecture : "?", platforms->items[i], text);
	}
	return 0;
}

/* --- images and their layers --- */

static size_t add_layer(struct saving *saving, const struct layer_info *info)
{
	struct save_layer *layer;

	for (size_t i = 0; i < saving->layers.count; i++)
		if (strcmp(LIST_AT(struct save_layer, &saving->layers, i)->diff_id, info->diff_id) == 0)
			return i;
	layer = list_add(&saving->layers, sizeof *layer);
	layer->chain_id = xstrdup(info->chain_id);
	layer->diff_id = xstrdup(info->diff_id);
	layer->tar_size = info->tar_size;
	return saving->layers.count - 1;
}

static int add_layers(struct saving *saving, struct save_image *image, struct error *err)
{
	const struct texts *chain_ids = &image->record.layers;
	int r = 0;

	image->layers = xcalloc(chain_ids->count + 1, sizeof *image->layers);
	for (size_t i = 0; r >= 0 && i < chain_ids->count; i++) {
		struct layer_info info = {0};

		r = layer_read(saving->store, chain_ids->items[i], &info, err);
		if (r < 0)
			return error_wrap(err, r, "layer %zu of %zu", i + 1, chain_ids->count);
		image->layers[i] = add_layer(saving, &info);
		fields_done(layer_info_fields, &info);
	}
	return r;
}

static struct save_image *find_present(const struct saving *saving, const char *id)
{
	LIST_EACH(struct save_image, image, &saving->images)
		if (strcmp(image->record.id, id) == 0)
			return image;
	return NULL;
}

static void add_name(struct save_image *image, const char *full)
{
	if (full && !texts_has(&image->names, full))
		texts_add(&image->names, full);
}

static int add_image(struct saving *saving, struct engine *engine, const char *text, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *full = NULL;
	struct save_image *image;
	int r = image_find(engine, text, &record, &full, err);

	if (r >= 0)
		r = check_platforms(saving, &record, text, err);
	if (r < 0)
		return r;
	/* a name with a digest is none for an archive */
	if (full && strchr(full, '@'))
		text_replace(&full, NULL);
	if (saving->request->tag)
		text_replace(&full, saving->request->tag);
	image = find_present(saving, record.id);
	if (image) {
		add_name(image, full);
		return 0;
	}
	image = list_add(&saving->images, sizeof *image);
	image->record = record;
	record = (struct image_record) {0};
	add_name(image, full);
	r = add_layers(saving, image, err);
	if (r >= 0)
		r = blob_read_checked(saving->store, image->record.id, OCI_DOCUMENT_MAX_BYTES, &image->config,
		                      &image->config_length, err);
	if (r >= 0 && saving->format != SAVE_DOCKER_ARCHIVE)
		r = blob_read_checked(saving->store, image->record.manifest_digest ? image->record.manifest_digest : "",
		                      OCI_DOCUMENT_MAX_BYTES, &image->manifest, &image->manifest_length, err);
	(void) snprintf(image->config_digest, sizeof image->config_digest, "%s", image->record.id);
	return r < 0 ? error_wrap(err, r, "image %.300s", text) : 0;
}

/* --- layers that came out as others --- */

/* change_config - the configuration names the layers as they were written */
static int change_config(struct saving *saving, struct save_image *image, struct error *err)
{
	AUTO_JSON json_t *config = json_parse(image->config, image->config_length, err);
	json_t *diff_ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	AUTO_FREE char *notice = NULL;
	bool changed = false;

	if (!config)
		return error_wrap(err, -EINVAL, "image configuration %.19s", image->record.id);
	for (size_t i = 0; i < image->record.layers.count; i++) {
		const struct save_layer *layer = LIST_AT(struct save_layer, &saving->layers, image->layers[i]);

		if (strcmp(layer->new_diff_id, layer->diff_id) == 0)
			continue;
		(void) json_array_set_new(diff_ids, i, json_string(layer->new_diff_id));
		changed = true;
	}
	if (!changed)
		return 0;
	free(image->config);
	image->config = json_text(config, JSON_COMPACT);
	image->config_length = strlen(image->config);
	notice = xprintf("image %.12s: its layers are not kept as they came here; what is saved has another id",
	                 digest_hex(image->record.id));
	progress_event(saving->progress, IMAGE_PULL_NOTICE, notice);
	return digest_bytes(image->config, image->config_length, image->config_digest, err);
}

/* --- all of it --- */

static int write_package(struct saving *saving, struct error *err)
{
	int r = 0;

	if (saving->format == SAVE_DOCKER_DIRECTORY)
		r = directory_begin(&saving->package, err);
	else if (saving->format != SAVE_DOCKER_ARCHIVE)
		r = layout_begin(&saving->package, err);
	if (r >= 0)
		r = save_layers(saving, err);
	LIST_EACH(struct save_image, image, &saving->images)
		if (r >= 0)
			r = change_config(saving, image, err);
	if (r >= 0)
		r = saving->format == SAVE_DOCKER_ARCHIVE ? save_docker(saving, err) : save_oci(saving, err);
	return r < 0 ? r : package_finish(&saving->package, err);
}

static int save(struct saving *saving, struct engine *engine, const struct texts *images, struct error *err)
{
	AUTO_CLOSE int hold = -1;
	enum package_kind kind = PACKAGE_ARCHIVE;
	int r = read_request(saving, &kind, err);

	if (r >= 0 && saving->format == SAVE_DOCKER_DIRECTORY && images->count > 1)
		r = error_set(err, ERROR_INVALID, "docker-dir holds one image; save %s alone", images->items[0]);
	if (r < 0)
		return r;
	hold = store_hold(saving->store, err);
	if (hold < 0)
		return hold;
	for (size_t i = 0; i < images->count; i++) {
		r = add_image(saving, engine, images->items[i], err);
		if (r < 0)
			return r;
	}
	r = package_create(saving->request->output, kind, &saving->package, err);
	return r < 0 ? r : write_package(saving, err);
}

int image_save(struct engine *engine, const struct texts *images, const struct image_save *request,
               const struct image_progress *progress, char digest[static DIGEST_TEXT_SIZE], struct error *err)
{
	AUTO(saving_done) struct saving saving = {
		.request = request,
		.store = engine_store(engine, err),
		.progress = progress,
		.package = PACKAGE_INIT,
	};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
	int r;

	if (!saving.store)
		return -EIO;
	/* a reader that goes away is an error of write(2), to be told in words */
	(void) sigaction(SIGPIPE, &ignore, &old);
	r = save(&saving, engine, images, err);
	(void) sigaction(SIGPIPE, &old, NULL);
	(void) memcpy(digest, saving.digest, sizeof saving.digest);
	return r < 0 ? r : 0;
}
