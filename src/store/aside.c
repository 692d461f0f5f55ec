/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aside.c - damaged things moved out of the way, and back; see check.h */
#include "coracle/store/check.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/digest.h"
#include "coracle/base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store_private.h"

struct aside {
	struct workspace workspace;
	struct texts places; /* "layers/HEX": lies in the workspace under its index */
};

int aside_open(struct store *store, struct aside **out, struct error *err)
{
	struct workspace workspace = WORKSPACE_INIT;
	int r = workspace_open(store, "aside", &workspace, err);

	if (r < 0)
		return r;
	*out = xcalloc(1, sizeof **out);
	(*out)->workspace = workspace;
	return 0;
}

static int put(struct aside *aside, const char *folder, const char *digest, const char *suffix, struct error *err)
{
	char path[STORE_NAME_SIZE], name[24];

	if (!digest_is_valid(digest))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a digest", digest);
	(void) snprintf(path, sizeof path, "%s/%s%s", folder, digest_hex(digest), suffix);
	(void) snprintf(name, sizeof name, "%zu", aside->places.count);
	if (renameat(aside->workspace.store->fd, path, aside->workspace.fd, name) == 0)
		texts_add(&aside->places, path);
	else if (errno != ENOENT)
		return error_errno(err, errno, "move store/%s out of the way", path);
	return 0;
}

int aside_put_layer(struct aside *aside, const char *chain_id, struct error *err)
{
	return put(aside, "layers", chain_id, "", err);
}

int aside_put_blob(struct aside *aside, const char *digest, struct error *err)
{
	return put(aside, "blobs/sha256", digest, "", err);
}

int aside_put_record(struct aside *aside, const char *image_id, struct error *err)
{
	return put(aside, "images", image_id, ".json", err);
}

void aside_return(struct aside *aside)
{
	int store_fd = aside->workspace.store->fd;

	for (size_t i = 0; i < aside->places.count; i++) {
		const char *place = aside->places.items[i];
		char name[24];

		(void) snprintf(name, sizeof name, "%zu", i);
		if (file_exists(store_fd, place))
			continue;
		/* a layer that somebody has made meanwhile is not replaced: that directory is not empty */
		if (renameat(aside->workspace.fd, name, store_fd, place) < 0 && errno != ENOENT)
			log_warning("move store/%s back: %s", place, strerror(errno));
	}
	texts_done(&aside->places);
}

void aside_close(struct aside *aside)
{
	if (!aside)
		return;
	workspace_close(&aside->workspace);
	texts_done(&aside->places);
	free(aside);
}
