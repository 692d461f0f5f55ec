/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_export.c - a layer becomes the tar that it was, from its files and what was recorded of the tar */
#include "coracle/store/stream.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "checksum.h"
#include "layer_entries.h"
#include "layer_tar.h"
#include "shared_private.h"
#include "store_private.h"
#include "tar_split.h"

struct exporting {
	layer_write *write;
	void *context;
	struct digest *digest;
	int diff_fd;
	enum layer_kind kind;
	int fd;     /* the file whose content comes; -1: none */
	char *path; /* owned */
	char *buffer; /* owned */
	struct checksum checksum;
	struct texts *damages; /* borrowed; NULL: the first one ends the export */
};

static void exporting_done(struct exporting *exporting)
{
	digest_free(exporting->digest);
	auto_close(&exporting->diff_fd);
	auto_close(&exporting->fd);
	free(exporting->path);
	free(exporting->buffer);
}

static int put(void *context, const void *bytes, size_t length, struct error *err)
{
	struct exporting *exporting = context;

	digest_add(exporting->digest, bytes, length);
	return exporting->write(exporting->context, bytes, length, err);
}

/* changed - 0: go on, with zeros for what is not there */
static int changed(struct exporting *exporting, const char *path, const char *how, struct error *err)
{
	if (exporting->damages) {
		layer_damage(exporting->damages, "\"%.300s\" %s since it was unpacked", path, how);
		auto_close(&exporting->fd);
		exporting->fd = -1;
		return 0;
	}
	(void) error_set(err, ERROR_CONFLICT,
	                 "\"%.300s\" %s since it was unpacked: remove the image and fetch it again", path, how);
	return -EBADMSG;
}

static int open_file(void *context, const char *path, struct error *err)
{
	struct exporting *exporting = context;
	struct stat st;

	auto_close(&exporting->fd);
	exporting->fd = root_open(exporting->diff_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	text_replace(&exporting->path, path);
	if (exporting->fd == -ENOENT || exporting->fd == -ENOTDIR || exporting->fd == -ELOOP)
		return changed(exporting, path, "was removed", err);
	if (exporting->fd < 0 && exporting->damages)
		return changed(exporting, path, "can't be opened", err);
	if (exporting->fd < 0)
		return error_errno(err, -exporting->fd, "open \"%.300s\"", path);
	if (fstat(exporting->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return changed(exporting, path, "was replaced", err);
	return 0;
}

static int put_zeros(struct exporting *exporting, uint64_t length, struct error *err)
{
	int r = 0;

	(void) memset(exporting->buffer, 0, EXPORT_BLOCK);
	for (size_t n; r >= 0 && length; length -= n) {
		n = (size_t) MIN(length, (uint64_t) EXPORT_BLOCK);
		r = put(exporting, exporting->buffer, n, err);
	}
	return r;
}

static int put_content(void *context, uint64_t offset, uint64_t length, uint32_t crc, struct error *err)
{
	struct exporting *exporting = context;
	uint32_t actual = 0;

	/* told already */
	if (exporting->fd < 0)
		return put_zeros(exporting, length, err);
	while (length) {
		ssize_t n = pread(exporting->fd, exporting->buffer, (size_t) MIN(length, (uint64_t) EXPORT_BLOCK),
		                  (off_t) offset);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !exporting->damages)
			return error_errno(err, errno, "read \"%.300s\"", exporting->path);
		if (n <= 0) {
			r = changed(exporting, exporting->path, n ? "can't be read" : "was shortened", err);
			return r < 0 ? r : put_zeros(exporting, length, err);
		}
		actual = checksum_add(&exporting->checksum, actual, exporting->buffer, (size_t) n);
		r = put(exporting, exporting->buffer, (size_t) n, err);
		if (r < 0)
			return r;
		offset += (uint64_t) n;
		length -= (uint64_t) n;
	}
	return actual == crc ? 0 : changed(exporting, exporting->path, "was changed", err);
}

static int open_in_layer(struct store *store, const char *chain_id, const char *name, int flags)
{
	char path[STORE_NAME_SIZE];
	const struct store *place;
	int fd;

	if (!digest_is_valid(chain_id))
		return -EINVAL;
	(void) snprintf(path, sizeof path, "layers/%s/%s", digest_hex(chain_id), name);
	place = store_of_layer(store, chain_id);
	fd = openat(place ? place->fd : store->fd, path, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool layer_can_export_same(struct store *store, const char *chain_id)
{
	AUTO_CLOSE int fd = open_in_layer(store, chain_id, TAR_SPLIT_NAME, O_PATH);

	return fd >= 0;
}

static int export(struct exporting *exporting, int split_fd, const struct layer_info *info, char *diff_id,
                  struct error *err)
{
	const struct split_handler handler = {put, open_file, put_content, exporting};
	int r;

	exporting->digest = digest_new(err);
	if (!exporting->digest)
		return -EOPNOTSUPP;
	exporting->buffer = xcalloc(1, EXPORT_BLOCK);
	checksum_init(&exporting->checksum);
	r = split_fd >= 0 ? split_read(split_fd, info->tar_size, &handler, err)
	                  : layer_tar_write(exporting->diff_fd, exporting->kind, put, exporting, err);
	if (r < 0)
		return r;
	digest_finish(TAKE_PTR(exporting->digest), diff_id);
	if (split_fd < 0)
		return strcmp(diff_id, info->diff_id) == 0 ? LAYER_EXPORTED_SAME : LAYER_EXPORTED_ANEW;
	if (strcmp(diff_id, info->diff_id) == 0)
		return LAYER_EXPORTED_SAME;
	(void) error_set(err, ERROR_CONFLICT, "its digest is %s now, it was %s: remove the image and fetch it again",
	                 diff_id, info->diff_id);
	return -EBADMSG;
}

static int export_layer(struct store *store, const char *chain_id, layer_write *write, void *context,
                        struct texts *damages, char *diff_id, struct error *err)
{
	AUTO(exporting_done) struct exporting exporting = {
		.write = write, .context = context, .diff_fd = -1, .fd = -1, .damages = damages,
	};
	AUTO_CLOSE int split_fd = open_in_layer(store, chain_id, TAR_SPLIT_NAME, O_RDONLY);
	struct store *place = digest_is_valid(chain_id) ? store_of_layer(store, chain_id) : NULL;
	struct layer_info info = {0};
	int r = layer_read(store, chain_id, &info, err);

	if (r < 0)
		return r;
	exporting.kind = place && store_is_shared(place) ? LAYER_SHARED : LAYER_OWN;
	exporting.diff_fd = open_in_layer(store, chain_id, "diff", O_RDONLY | O_DIRECTORY);
	if (exporting.diff_fd < 0)
		r = error_errno(err, -exporting.diff_fd, "open its files");
	else if (split_fd < 0 && split_fd != -ENOENT)
		r = error_errno(err, -split_fd, "open " TAR_SPLIT_NAME);
	else
		r = export(&exporting, split_fd, &info, diff_id, err);
	fields_done(layer_info_fields, &info);
	return r < 0 ? error_wrap(err, r, "layer %.12s", digest_hex(chain_id)) : r;
}

int layer_export(struct store *store, const char *chain_id, layer_write *write, void *context,
                 char diff_id[static DIGEST_TEXT_SIZE], struct error *err)
{
	return export_layer(store, chain_id, write, context, NULL, diff_id, err);
}

static int write_fd(void *context, const void *bytes, size_t length, struct error *err)
{
	int r = write_all(*(const int *) context, bytes, length);

	return r < 0 ? error_errno(err, -r, "write") : 0;
}

int layer_export_fd(struct store *store, const char *chain_id, int fd, char diff_id[static DIGEST_TEXT_SIZE],
                    struct error *err)
{
	return layer_export(store, chain_id, write_fd, &fd, diff_id, err);
}

int layer_export_damaged(struct store *store, const char *chain_id, int fd, struct texts *damages, struct error *err)
{
	char diff_id[DIGEST_TEXT_SIZE];

	return export_layer(store, chain_id, write_fd, &fd, damages, diff_id, err);
}
