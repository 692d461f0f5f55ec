/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_unpack.c - from an archive to a layer that everybody sees, in one rename */
#include "coracle/store/store.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "unpack.h"

static int unpack_into(struct store *store, struct tar_reader *reader, const char *parent, int root_fd,
                       struct layer_info *info, struct error *err)
{
	AUTO(unpack_done) struct unpack unpack = {
		.store = store, .reader = reader, .parent = parent, .root_fd = root_fd, .cached_fd = -1,
	};
	int r;

	unpack.api = tar_api_load(err);
	if (!unpack.api)
		return -EOPNOTSUPP;
	r = owners_read(&unpack.owners, err);
	if (r < 0)
		return r;
	r = unpack_run(&unpack, err);
	info->size = unpack.size;
	info->files = unpack.files;
	return r;
}

static int read_archive(struct store *store, int fd, uint64_t length, const char *parent,
                        const char *diff_id, struct workspace *workspace, struct layer_info *info,
                        struct error *err)
{
	AUTO_TAR_READER struct tar_reader *reader = NULL;
	AUTO_CLOSE int root_fd = -1;
	char actual[DIGEST_TEXT_SIZE];
	int r;

	if (mkdirat(workspace->fd, "diff", 0755) < 0)
		return error_errno(err, errno, "make store/%s/diff", workspace->path);
	/* whatever the umask: a container's unprivileged user must pass its own root directory */
	if (fchmodat(workspace->fd, "diff", 0755, 0) < 0)
		return error_errno(err, errno, "make store/%s/diff", workspace->path);
	root_fd = directory_open(workspace->fd, "diff");
	if (root_fd < 0)
		return error_errno(err, -root_fd, "open store/%s/diff", workspace->path);
	r = tar_reader_open(fd, length, TAR_HASH_STREAM, &reader, err);
	if (r < 0)
		return r;
	r = unpack_into(store, reader, parent, root_fd, info, err);
	if (r < 0)
		return r;
	r = tar_reader_finish(reader, actual, &info->tar_size, err);
	if (r < 0)
		return r;
	if (diff_id && strcmp(diff_id, actual) != 0)
		return error_set(err, ERROR_INVALID,
		                 "content is damaged: its digest is %s, the image says %s; load it again",
		                 actual, diff_id);
	info->diff_id = xstrdup(actual);
	return 0;
}

static int publish(struct store *store, struct workspace *workspace, const struct layer_info *info,
                   struct error *err)
{
	char path[STORE_NAME_SIZE];
	int r = file_write_json(workspace->fd, "layer.json", layer_info_fields, info, 0600, FILE_FAST, err);

	if (r < 0)
		return r;
	(void) snprintf(path, sizeof path, "layers/%s", digest_hex(info->chain_id));
	r = workspace_publish(workspace, path, err);
	if (r != -EEXIST)
		return r;
	if (layer_exists(store, info->chain_id))
		return 0; /* somebody unpacked the same; ours goes with the workspace */
	/* the rest of a removal that was cut short */
	r = tree_remove(store->fd, path);
	return r < 0 ? error_errno(err, -r, "remove store/%s", path) : workspace_publish(workspace, path, err);
}

int layer_unpack_part(struct store *store, int fd, uint64_t length, const char *parent,
                      const char *diff_id, struct layer_info *out, struct error *err)
{
	AUTO_WORKSPACE struct workspace workspace = WORKSPACE_INIT;
	char chain_id[DIGEST_TEXT_SIZE], now[CLOCK_TEXT_SIZE];
	struct layer_info info = {0};
	int r = workspace_open(store, "layer", &workspace, err);

	if (r < 0)
		return r;
	r = read_archive(store, fd, length, parent, diff_id, &workspace, &info, err);
	if (r >= 0)
		r = layer_chain_id(parent, info.diff_id, chain_id, err);
	if (r >= 0) {
		text_replace(&info.chain_id, chain_id);
		text_replace(&info.parent, parent);
		text_replace(&info.created, clock_rfc3339(clock_now(), now));
		if (!layer_exists(store, chain_id))
			r = publish(store, &workspace, &info, err);
	}
	if (r < 0) {
		fields_done(layer_info_fields, &info);
		return r;
	}
	*out = info;
	return 0;
}

int layer_unpack(struct store *store, int fd, const char *parent, const char *diff_id,
                 struct layer_info *out, struct error *err)
{
	return layer_unpack_part(store, fd, UINT64_MAX, parent, diff_id, out, err);
}
