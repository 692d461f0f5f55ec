/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.c - the steps that an image was built in (image-spec config.md, "history") */
#include "coracle/image/explore.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/image/image.h"
#include "coracle/oci/image.h"

#include <string.h>

#include "history.h"

static char *copy(const char *text)
{
	return text && *text ? xstrdup(text) : NULL;
}

void history_steps(const struct image_config *config, const uint64_t *sizes, size_t count, struct list *out)
{
	size_t layer = 0, made = 0;
	struct list upwards = {0};

	LIST_EACH(struct image_history, history, &config->history) {
		struct image_step *step = list_add(&upwards, sizeof *step);

		step->created = copy(history->created);
		step->created_by = copy(history->created_by);
		step->comment = copy(history->comment);
		if (!history->empty_layer && layer < count)
			step->size = sizes[layer++];
	}
	for (; layer < count; layer++)
		((struct image_step *) list_add(&upwards, sizeof(struct image_step)))->size = sizes[layer];
	for (size_t i = upwards.count; i-- > 0;) {
		struct image_step *step = list_add(out, sizeof *step);

		*step = *LIST_AT(struct image_step, &upwards, i);
		step->top = made++ == 0;
	}
	free(upwards.items);
}

int explore_layer(struct store *store, const char *chain_id, struct layer_info *out, struct error *err)
{
	int r = layer_read(store, chain_id, out, err);

	if (r == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
		                 "layer %.12s is missing from the store; load or pull its image again",
		                 digest_hex(chain_id));
	return r;
}

static int read_sizes(struct store *store, const struct texts *layers, uint64_t *sizes, struct error *err)
{
	for (size_t i = 0; i < layers->count; i++) {
		struct layer_info info = {0};
		int r = explore_layer(store, layers->items[i], &info, err);

		if (r < 0)
			return r;
		sizes[i] = info.size;
		fields_done(layer_info_fields, &info);
	}
	return 0;
}

static int check_platform(const struct image_config *config, const char *image, const char *text, struct error *err)
{
	AUTO(platform_done) struct platform wanted = {0};
	struct platform is = {.os = config->os, .architecture = config->architecture, .variant = config->variant};
	AUTO_FREE char *words = NULL;
	int r = platform_parse(text, &wanted, err);

	if (r < 0)
		return error_wrap(err, r, "option --platform");
	if (platform_matches(&is, &wanted))
		return 0;
	words = platform_text(&is);
	return error_set(err, ERROR_NOT_FOUND,
	                 "image \"%.200s\" is for %s, not %.100s; get the other with: coracle pull --platform %.100s %.200s",
	                 image, words, text, text, image);
}

int image_check_platform(struct engine *engine, const char *text, const char *platform, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct image_config config = {0};
	int r = image_find(engine, text, &record, NULL, err);

	if (r >= 0)
		r = image_read_config(engine, &record, &config, err);
	if (r >= 0)
		r = check_platform(&config, text, platform, err);
	fields_done(image_config_fields, &config);
	return r;
}

int image_exists(struct engine *engine, const char *text, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	int r = image_find(engine, text, &record, NULL, err);

	return r >= 0 ? 1 : err->kind == ERROR_NOT_FOUND ? 0 : r;
}

int image_history(struct engine *engine, const char *text, const char *platform, struct image_steps *out,
                  struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct image_config config = {0};
	AUTO_FREE uint64_t *sizes = NULL;
	struct store *store = engine_store(engine, err);
	int r;

	if (!store)
		return -EIO;
	r = image_find_all_names(engine, text, &record, err);
	if (r >= 0)
		r = image_read_config(engine, &record, &config, err);
	if (r >= 0 && platform)
		r = check_platform(&config, text, platform, err);
	if (r >= 0) {
		sizes = xcalloc(record.layers.count + 1, sizeof *sizes);
		r = read_sizes(store, &record.layers, sizes, err);
	}
	if (r >= 0) {
		history_steps(&config, sizes, record.layers.count, &out->steps);
		out->id = xstrdup(record.id);
		texts_add_all(&out->names, &record.names);
	}
	fields_done(image_config_fields, &config);
	return r;
}

void image_steps_done(struct image_steps *steps)
{
	LIST_EACH(struct image_step, step, &steps->steps) {
		free(step->created);
		free(step->created_by);
		free(step->comment);
	}
	free(steps->steps.items);
	free(steps->id);
	texts_done(&steps->names);
	*steps = (struct image_steps) {0};
}
