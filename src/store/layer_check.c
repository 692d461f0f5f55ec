/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer_check.c - is a layer what was unpacked, and a blob what its digest says; see check.h */
#include "coracle/store/check.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/store/stream.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "layer_entries.h"
#include "shared_private.h"
#include "store_private.h"
#include "tar_split.h"
#include "unpack.h"

#define BLOB_BLOCK 16384

/* --- blobs --- */

static int digest_of(int fd, char into[static DIGEST_TEXT_SIZE])
{
	struct error ignored = {0};
	struct digest *digest = digest_new(&ignored);
	char block[BLOB_BLOCK];
	ssize_t n;

	if (!digest)
		return -EOPNOTSUPP;
	while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			digest_add(digest, block, (size_t) n);
	digest_finish(digest, into);
	return n < 0 ? -EIO : 0;
}

static int open_blob(struct store *store, const char *path)
{
	const struct store *place = store;
	int fd = -1;

	for (size_t i = 0; place; place = store_shared_next(store, &i)) {
		fd = openat(place->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT)
			break;
	}
	return fd < 0 ? -errno : fd;
}

const char *blob_check(struct store *store, const char *digest, enum check_depth depth)
{
	char path[STORE_NAME_SIZE], actual[DIGEST_TEXT_SIZE];
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int r;

	if (!digest_is_valid(digest))
		return "has no valid digest";
	(void) snprintf(path, sizeof path, "blobs/sha256/%s", digest_hex(digest));
	fd = open_blob(store, path);
	if (fd < 0)
		return fd == -ENOENT ? "is missing" : "can't be opened";
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "is no file";
	if (depth == CHECK_QUICK)
		return NULL;
	r = digest_of(fd, actual);
	if (r < 0)
		return r == -EIO ? "can't be read" : "can't be checked: libcrypto is missing";
	return strcmp(actual, digest) == 0 ? NULL : "is damaged: its digest is another one";
}

/* --- layers: the archive, exported again by a thread of its own and read here --- */

struct again {
	struct store *store;
	const char *chain_id;
	int fd; /* writing end of a pipe */
	struct texts *damages;
	int result;
	struct error err;
};

static void *run_export(void *data)
{
	struct again *again = data;

	again->result = layer_export_damaged(again->store, again->chain_id, again->fd, again->damages, &again->err);
	/* the reader sees the end */
	auto_close(&again->fd);
	again->fd = -1;
	return NULL;
}

static int start_export(struct again *again, pthread_t *thread, struct error *err)
{
	sigset_t all, before;
	int r;

	(void) sigfillset(&all);
	/* signals are for the calling thread */
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(thread, NULL, run_export, again);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r ? error_errno(err, r, "start a thread") : 0;
}

struct incoming {
	int fd;
	char block[BLOB_BLOCK];
};

static ssize_t next_block(void *context, const void **bytes)
{
	struct incoming *incoming = context;
	ssize_t n;

	do {
		n = read(incoming->fd, incoming->block, sizeof incoming->block);
	} while (n < 0 && errno == EINTR);
	*bytes = incoming->block;
	return n < 0 ? -errno : n;
}

/* read_entries - to the end of the stream in any case, so that the writer never meets a closed pipe */
static int read_entries(const struct tar_api *api, int fd, struct layer_entries *entries, struct error *err)
{
	AUTO_TAR_READER struct tar_reader *reader = NULL;
	AUTO_FREE struct incoming *incoming = xcalloc(1, sizeof *incoming);
	struct archive_entry *entry;
	const void *rest;
	int r;

	incoming->fd = fd;
	r = tar_reader_open_blocks(next_block, incoming, &reader, err);
	while (r >= 0 && (r = tar_reader_next(reader, &entry, err)) > 0)
		r = layer_entries_add(entries, api, entry, err);
	while (next_block(incoming, &rest) > 0)
		;
	return r;
}

/* is_ours - the check could not be made, which says nothing about the layer */
static bool is_ours(int r)
{
	return r == -EOPNOTSUPP || r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EAGAIN || r == -EACCES
	       || r == -EPERM;
}

/* without_layer - "layer 0123456789ab: " is said in front of each damage already; borrowed */
static const char *without_layer(const char *text)
{
	const char *words = strncmp(text, "layer ", 6) == 0 ? strstr(text, ": ") : NULL;

	return words ? words + 2 : text;
}

static int export_again(struct store *store, const char *chain_id, struct layer_entries *entries,
                        struct texts *damages, struct error *err)
{
	struct again again = {.store = store, .chain_id = chain_id, .fd = -1, .damages = damages};
	struct error failure = {0};
	/* both threads need it: loaded on first use, before there are two */
	const struct tar_api *api = tar_api_load(err);
	pthread_t thread;
	int ends[2], read_result, r;

	if (!api)
		return -EOPNOTSUPP;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "make a pipe");
	again.fd = ends[1];
	r = start_export(&again, &thread, err);
	if (r < 0) {
		(void) close(ends[0]);
		(void) close(ends[1]);
		return r;
	}
	read_result = read_entries(api, ends[0], entries, &failure);
	(void) pthread_join(thread, NULL);
	(void) close(ends[0]);
	if (again.result < 0 && is_ours(again.result)) {
		*err = again.err;
		return again.result;
	}
	/* what stands in it is as long as the archive was, so names and modes can be compared all the same */
	if (again.result < 0 && damages->count == 0)
		layer_damage(damages, "%s", without_layer(again.err.text));
	if (read_result < 0 && damages->count == 0) {
		*err = failure;
		return read_result;
	}
	return read_result >= 0;
}

/*
 * check_sums - files that are missing. A recording is given up where later entries replaced many bytes or files of
 * earlier ones (tar_split.h): then fewer are right.
 */
static int check_sums(int diff_fd, const struct layer_info *info, struct texts *damages, struct error *err)
{
	struct layer_sums sums;
	int r = layer_sum(diff_fd, &sums, err);

	if (r >= 0 && sums.bytes < info->size && info->size - sums.bytes <= TAR_SPLIT_MAX_ASIDE
	    && (info->files <= sums.files || info->files - sums.files < TAR_SPLIT_MAX_ASIDE_FILES))
		layer_damage(damages, "its files have %llu bytes, they had %llu when it was unpacked",
		             (unsigned long long) sums.bytes, (unsigned long long) info->size);
	return r;
}

static int check_files(struct store *store, const struct layer_info *info, int diff_fd, struct texts *damages,
                       struct error *err)
{
	struct layer_entries *entries;
	struct store *place;
	int r;

	if (!layer_can_export_same(store, info->chain_id))
		return check_sums(diff_fd, info, damages, err);
	place = store_of_layer(store, info->chain_id);
	entries = layer_entries_new(diff_fd, place && store_is_shared(place) ? LAYER_SHARED : LAYER_OWN, damages);
	r = export_again(store, info->chain_id, entries, damages, err);
	if (r > 0)
		r = layer_entries_finish(entries, err);
	layer_entries_free(entries);
	return r;
}

static bool is_chain(const struct layer_info *info)
{
	char actual[DIGEST_TEXT_SIZE];
	struct error ignored = {0};

	return layer_chain_id(info->parent, info->diff_id, actual, &ignored) >= 0 && strcmp(actual, info->chain_id) == 0;
}

int layer_check(struct store *store, const char *chain_id, enum check_depth depth, struct texts *damages,
                struct error *err)
{
	AUTO_CLOSE int layer_fd = -1, diff_fd = -1;
	char path[STORE_NAME_SIZE];
	const struct store *place;
	struct layer_info info = {0};
	struct error failure = {0};
	int r = 0;

	if (!digest_is_valid(chain_id))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a layer's chain id", chain_id);
	(void) snprintf(path, sizeof path, "layers/%s", digest_hex(chain_id));
	place = store_of_layer(store, chain_id);
	layer_fd = directory_open(place ? place->fd : store->fd, path);
	if (layer_fd < 0) {
		layer_damage(damages, layer_fd == -ENOENT ? "is missing" : "can't be opened");
		return 0;
	}
	if (layer_read(store, chain_id, &info, &failure) < 0) {
		layer_damage(damages, "layer.json %s", layer_exists(store, chain_id) ? "is damaged" : "is missing");
		return 0;
	}
	diff_fd = directory_open(layer_fd, "diff");
	if (!is_chain(&info))
		layer_damage(damages, "layer.json is damaged: its digests do not make the layer's name");
	else if (diff_fd < 0)
		layer_damage(damages, "its files (diff/) are missing");
	else if (depth == CHECK_FULL)
		r = check_files(store, &info, diff_fd, damages, err);
	fields_done(layer_info_fields, &info);
	return r < 0 ? error_wrap(err, r, "layer %.12s", digest_hex(chain_id)) : 0;
}
