/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import.c - the tar of a root file system becomes an image of one layer */
#include "coracle/image/image.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"

#include <fcntl.h>
#include <string.h>

#include "change.h"
#include "make.h"
#include "name.h"

static int open_source(const char *source, struct error *err)
{
	int fd;

	if (strncmp(source, "http://", strlen("http://")) == 0 || strncmp(source, "https://", strlen("https://")) == 0)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "archives are not fetched in this version: curl -fsSL %.300s | coracle import - NAME", source);
	if (strcmp(source, "-") != 0)
		fd = open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	else if (isatty(STDIN_FILENO))
		return error_set(err, ERROR_INVALID,
		                 "standard input is a terminal; name an archive: coracle import FILE NAME");
	else
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? error_errno(err, errno, "%s", source) : fd;
}

static const char *text_or(const char *text, const char *fallback)
{
	return text && *text ? text : fallback;
}

static int set_platform(const struct image_import *request, struct image_config *config, struct error *err)
{
	const struct platform *host = platform_host();
	AUTO(platform_done) struct platform platform = {0};
	const char *variant = text_or(request->variant, "");
	AUTO_FREE char *text = xprintf("%s/%s%s%s", text_or(request->os, host->os),
	                               text_or(request->architecture, host->architecture),
	                               *variant ? "/" : "", variant);
	int r = platform_parse(text, &platform, err);

	if (r < 0)
		return r;
	config->os = TAKE_PTR(platform.os);
	config->architecture = TAKE_PTR(platform.architecture);
	config->variant = TAKE_PTR(platform.variant);
	if (!config->variant && !request->architecture && host->variant)
		config->variant = xstrdup(host->variant);
	return 0;
}

static int make_config(const struct image_import *request, struct image_config *config, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	struct image_history *history;
	int r = set_platform(request, config, err);

	for (size_t i = 0; r >= 0 && i < request->changes.count; i++)
		r = change_apply(request->changes.items[i], &config->config, err);
	if (r < 0)
		return r;
	config->created = xstrdup(clock_rfc3339(clock_now(), now));
	config->rootfs.type = xstrdup("layers");
	history = list_add(&config->history, sizeof *history);
	history->created = xstrdup(config->created);
	history->created_by = xprintf("/bin/sh -c #(nop) ADD file from %s in / ", request->source);
	history->comment = request->message ? xstrdup(request->message)
	                                    : xprintf("Imported from %s", request->source);
	return 0;
}

static int import_layer(struct store *store, int fd, const char *name, struct image_config *config,
                        char **id, struct error *err)
{
	AUTO_IMAGE_PARTS struct image_parts parts = {0};
	AUTO_CLOSE int hold = store_hold(store, err);
	struct layer_info info = {0};
	AUTO_JSON json_t *json = NULL;
	AUTO_FREE char *text = NULL;
	int r = hold < 0 ? hold : layer_unpack(store, fd, NULL, NULL, &info, err);

	if (r < 0)
		return r;
	texts_add(&config->rootfs.diff_ids, info.diff_id);
	fields_done(layer_info_fields, &info);
	json = json_write(image_config_fields, config);
	text = json_text(json, JSON_COMPACT);
	parts.config = text;
	parts.config_length = strlen(text);
	if (name)
		texts_add(&parts.names, name);
	return image_make(store, &parts, id, err);
}

int image_import(struct engine *engine, const struct image_import *request, char **out_id, struct error *err)
{
	struct image_config config = {0};
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int fd = -1;
	struct store *store;
	int r = request->name && *request->name ? name_full(request->name, NAME_LOCAL, &name, err) : 0;

	if (r < 0)
		return r;
	fd = open_source(request->source, err);
	if (fd < 0)
		return fd;
	store = engine_store(engine, err);
	if (!store)
		return -EIO;
	store_sweep(store);
	r = make_config(request, &config, err);
	if (r >= 0) {
		r = import_layer(store, fd, name, &config, out_id, err);
		if (r < 0)
			(void) error_wrap(err, r, "%s", request->source);
	}
	fields_done(image_config_fields, &config);
	return r;
}
