/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_unpack.c - from an archive to a layer that everybody sees, in one rename */
#include "coracle/store/stream.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "pipeline.h"
#include "shared_private.h"
#include "unpack.h"

/* making - a layer on its way from a stream to a directory */
struct making {
	struct store *store;
	const struct layer_stream *stream;
	struct workspace workspace;
	int root_fd; /* diff/ */
	struct pipeline *pipeline;
	struct split_writer *split;
	struct tar_reader *reader;
	bool rest; /* libarchive is through: what still comes is padding */
	struct layer_info info;
};

static void making_done(struct making *making)
{
	tar_reader_close(making->reader);
	split_writer_close(making->split);
	pipeline_stop(making->pipeline);
	auto_close(&making->root_fd);
	workspace_close(&making->workspace);
	fields_done(layer_info_fields, &making->info);
}

static ssize_t next_block(void *context, const void **bytes)
{
	struct making *making = context;
	/* it is read from while it is being opened */
	uint64_t used = making->rest ? UINT64_MAX
	              : making->reader ? (uint64_t) tar_reader_position(making->reader) : 0;
	ssize_t n;

	split_settle(making->split, used);
	n = pipeline_next(making->pipeline, bytes);
	if (n > 0)
		split_pass(making->split, *bytes, (size_t) n);
	return n;
}

static int make_root(struct making *making, struct error *err)
{
	const struct workspace *workspace = &making->workspace;

	if (mkdirat(workspace->fd, "diff", 0755) < 0)
		return error_errno(err, errno, "make store/%s/diff", workspace->path);
	/* whatever the umask: a container's unprivileged user must pass its own root directory */
	if (fchmodat(workspace->fd, "diff", 0755, 0) < 0)
		return error_errno(err, errno, "make store/%s/diff", workspace->path);
	making->root_fd = directory_open(workspace->fd, "diff");
	if (making->root_fd < 0)
		return error_errno(err, -making->root_fd, "open store/%s/diff", workspace->path);
	if (store_is_shared(making->store) && shared_set(workspace->fd, "diff", 0, 0, 0755) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "store/%s/diff takes no attributes", workspace->path);
	return 0;
}

/* write_directories - for driver_fuse.c, see shared.h */
static int write_directories(const struct making *making, const struct texts *paths, struct error *err)
{
	AUTO_FREE char *text = texts_join(paths, "\n");
	int r = file_write(making->workspace.fd, SHARED_DIRECTORIES, text, strlen(text), 0644, FILE_FAST);

	return r < 0 ? error_errno(err, -r, "write " SHARED_DIRECTORIES) : 0;
}

static int unpack_entries(struct making *making, struct error *err)
{
	AUTO(unpack_done) struct unpack unpack = {
		.store = making->store, .parent = making->stream->parent, .root_fd = making->root_fd,
		.split = making->split, .cached_fd = -1,
	};
	const void *bytes;
	int r;

	unpack.api = tar_api_load(err);
	if (!unpack.api)
		return -EOPNOTSUPP;
	r = owners_read(&unpack.owners, err);
	if (r >= 0)
		r = tar_reader_open_blocks(next_block, making, &making->reader, err);
	unpack.reader = making->reader;
	unpack.for_all = store_is_shared(making->store);
	/* all belongs to whoever unpacks */
	unpack.owners.squash = unpack.owners.squash || unpack.for_all;
	if (r >= 0)
		r = unpack_run(&unpack, err);
	if (r >= 0 && unpack.for_all)
		r = write_directories(making, &unpack.directories_own, err);
	making->info.size = unpack.size;
	making->info.files = unpack.files;
	if (r < 0)
		return r;
	making->rest = true;
	while (next_block(making, &bytes) > 0)
		;
	return 0;
}

static int check_diff_id(const struct making *making, const char *actual, struct error *err)
{
	const char *wanted = making->stream->diff_id;

	if (!wanted || strcmp(wanted, actual) == 0)
		return 0;
	return error_set(err, ERROR_INVALID, "content is damaged: its digest is %s, the image says %s; load it again",
	                 actual, wanted);
}

static int read_archive(struct making *making, struct error *err)
{
	char actual[DIGEST_TEXT_SIZE];
	int r = make_root(making, err);

	if (r >= 0)
		r = split_writer_open(making->workspace.fd, &making->split, err);
	if (r >= 0)
		r = pipeline_start(making->stream, &making->pipeline, err);
	if (r < 0)
		return r;
	r = unpack_entries(making, err);
	if (r < 0)
		return pipeline_blame(making->pipeline, r, err);
	r = pipeline_finish(making->pipeline, actual, &making->info.tar_size, err);
	if (r >= 0)
		r = check_diff_id(making, actual, err);
	if (r >= 0)
		r = split_finish(making->split, making->root_fd, making->info.tar_size, err);
	if (r >= 0)
		text_replace(&making->info.diff_id, actual);
	return r;
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

int layer_unpack_stream(struct store *store, const struct layer_stream *stream, struct layer_info *out,
                        struct error *err)
{
	AUTO(making_done) struct making making = {
		.store = store, .stream = stream, .root_fd = -1, .workspace = WORKSPACE_INIT,
	};
	char chain_id[DIGEST_TEXT_SIZE], now[CLOCK_TEXT_SIZE];
	int r = workspace_open(store, "layer", &making.workspace, err);

	if (r >= 0)
		r = read_archive(&making, err);
	if (r >= 0)
		r = layer_chain_id(stream->parent, making.info.diff_id, chain_id, err);
	if (r < 0)
		return r;
	text_replace(&making.info.chain_id, chain_id);
	text_replace(&making.info.parent, stream->parent);
	text_replace(&making.info.created, clock_rfc3339(clock_now(), now));
	if (!layer_exists(store, chain_id)) {
		r = publish(store, &making.workspace, &making.info, err);
		if (r < 0)
			return r;
	}
	*out = TAKE(making.info, (struct layer_info){0});
	return 0;
}

int layer_unpack_part(struct store *store, int fd, uint64_t length, const char *parent,
                      const char *diff_id, struct layer_info *out, struct error *err)
{
	struct layer_stream stream = LAYER_STREAM_INIT;

	stream.fd = fd;
	stream.length = length;
	stream.parent = parent;
	stream.diff_id = diff_id;
	return layer_unpack_stream(store, &stream, out, err);
}

int layer_unpack(struct store *store, int fd, const char *parent, const char *diff_id,
                 struct layer_info *out, struct error *err)
{
	return layer_unpack_part(store, fd, UINT64_MAX, parent, diff_id, out, err);
}
