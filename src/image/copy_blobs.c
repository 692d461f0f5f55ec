/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_blobs.c - blobs side by side, one poll loop; see copy_private.h
 *
 * Between files a blob is copied at once. Where a registry is at an end up to six are under way. What comes from a
 * registry is compared with its digest here, what goes to one by that one.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"

#include <string.h>

#include "copy_pipe.h"
#include "copy_private.h"

#define AT_A_TIME 6
#define REDRAW_MS 100

struct transfer {
	struct copying *copying;
	const struct copy_blob *blob;
	enum image_pull_state state;
	bool announced;
	struct digest *hash;
	uint64_t received;
	/* from a registry into a package, or into fd */
	struct blob_get get;
	bool getting, filing;
	struct package_file file;
	int aside_fd;
	/* from a file to a registry */
	struct blob_put put;
	bool putting;
	int fd;
	off_t start;
	/* from one registry to another */
	struct copy_pipe pipe;
	bool piping;
};

struct transfers {
	struct copying *copying;
	struct transfer *items;
	size_t count;
	struct image_pull_layer *shown;
	uint64_t drawn_ns;
};

/* announce - once, when its bytes begin to move */
static void announce(struct transfer *transfer)
{
	if (!transfer->announced)
		progress_event(transfer->copying->progress, IMAGE_PULL_LAYER, transfer->blob->digest);
	transfer->announced = true;
}

static bool is_over(const struct transfer *transfer)
{
	return transfer->state == IMAGE_PULL_DONE || transfer->state == IMAGE_PULL_EXISTED;
}

static int check_digest(struct transfer *transfer, struct error *err)
{
	char actual[DIGEST_TEXT_SIZE];

	digest_finish(TAKE_PTR(transfer->hash), actual);
	if (strcmp(actual, transfer->blob->digest) == 0)
		return 0;
	(void) error_set(err, ERROR_INVALID, "blob %.19s: its content has another digest; what it comes from is damaged",
	                 transfer->blob->digest);
	return -EBADMSG;
}

static int start_hash(struct transfer *transfer, struct error *err)
{
	digest_free(transfer->hash);
	transfer->hash = digest_new(err);
	return transfer->hash ? 0 : -EOPNOTSUPP;
}

static void stop(struct transfer *transfer)
{
	if (transfer->getting)
		blob_get_done(&transfer->get);
	if (transfer->filing)
		package_file_done(&transfer->file);
	if (transfer->putting)
		blob_put_done(&transfer->put);
	if (transfer->piping)
		copy_pipe_done(&transfer->pipe);
	auto_close(&transfer->fd);
	transfer->fd = -1;
	transfer->getting = transfer->filing = transfer->putting = transfer->piping = false;
	digest_free(TAKE_PTR(transfer->hash));
}

/* --- from a registry --- */

static int take(void *data, const void *bytes, size_t length, struct error *err)
{
	struct transfer *transfer = data;
	int r;

	digest_add(transfer->hash, bytes, length);
	transfer->received += length;
	if (transfer->filing)
		return package_file_write(&transfer->file, bytes, length, err);
	r = write_all(transfer->aside_fd, bytes, length);
	return r < 0 ? error_errno(err, -r, "write a temporary file") : 0;
}

static int start_get(struct transfer *transfer, struct error *err)
{
	const struct copy_source *source = &transfer->copying->source;
	int r = start_hash(transfer, err);

	if (r < 0)
		return r;
	transfer->get = (struct blob_get) {
		.repository = source->repository,
		.digest = transfer->blob->digest,
		.actions = REGISTRY_PULL,
		.size = transfer->blob->size,
		.callbacks = {.data = transfer, .write = take},
	};
	transfer->getting = true;
	blob_get_start(source->registry, &transfer->get);
	return 0;
}

static int end_get(struct transfer *transfer, struct error *err)
{
	AUTO_FREE char *name = NULL;
	int r = transfer->get.result;

	if (r < 0) {
		*err = transfer->get.err;
		return r;
	}
	r = check_digest(transfer, err);
	if (r < 0 || !transfer->filing)
		return r;
	name = copy_sink_name(&transfer->copying->sink, transfer->blob->digest);
	transfer->filing = false;
	return package_file_end(&transfer->file, name, err);
}

/* --- from a file --- */

/* open_blob - transfer->fd stands at the blob */
static int open_blob(struct transfer *transfer, struct error *err)
{
	const struct copy_source *source = &transfer->copying->source;
	AUTO_FREE char *name = NULL;
	uint64_t length;

	if (transfer->blob->fd >= 0) {
		transfer->fd = dup(transfer->blob->fd);
		return transfer->fd < 0 || lseek(transfer->fd, 0, SEEK_SET) < 0 ? error_errno(err, errno, "a blob") : 0;
	}
	name = copy_source_name(source, transfer->blob->digest);
	transfer->fd = bundle_seek(source->bundle, name, &length, err);
	if (transfer->fd < 0)
		return error_wrap(err, transfer->fd, "%.300s", source->path);
	if (length != transfer->blob->size)
		return error_set(err, ERROR_INVALID, "%.300s: blob %.19s has %llu bytes, the manifest says %llu", source->path,
		                 transfer->blob->digest, (unsigned long long) length,
		                 (unsigned long long) transfer->blob->size);
	return 0;
}

static ssize_t give(void *data, uint64_t offset, void *into, size_t size, struct error *err)
{
	struct transfer *transfer = data;
	uint64_t left = transfer->blob->size - MIN(offset, transfer->blob->size);
	ssize_t n;

	announce(transfer);
	do
		n = pread(transfer->fd, into, (size_t) MIN((uint64_t) size, left), transfer->start + (off_t) offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, errno, "read blob %.19s", transfer->blob->digest);
	return n;
}

static int start_put(struct transfer *transfer, struct error *err)
{
	const struct copy_sink *sink = &transfer->copying->sink;
	int r = open_blob(transfer, err);

	if (r < 0)
		return r;
	transfer->start = lseek(transfer->fd, 0, SEEK_CUR);
	transfer->put = (struct blob_put) {
		.repository = sink->repository,
		.size = transfer->blob->size,
		.callbacks = {.data = transfer, .read = give},
		.check = true,
	};
	(void) memcpy(transfer->put.digest, transfer->blob->digest, sizeof transfer->put.digest);
	transfer->putting = true;
	blob_put_start(sink->registry, &transfer->put);
	return 0;
}

/* copy_file - into the package, at once */
static int copy_file(struct transfer *transfer, struct error *err)
{
	AUTO_FREE char *buffer = xcalloc(1, PACKAGE_BLOCK);
	AUTO_FREE char *name = copy_sink_name(&transfer->copying->sink, transfer->blob->digest);
	uint64_t left = transfer->blob->size;
	int r = open_blob(transfer, err);

	if (r >= 0)
		r = start_hash(transfer, err);
	while (r >= 0 && left) {
		ssize_t n = read(transfer->fd, buffer, (size_t) MIN(left, (uint64_t) PACKAGE_BLOCK));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO, "read blob %.19s", transfer->blob->digest);
		digest_add(transfer->hash, buffer, (size_t) n);
		r = package_file_write(&transfer->file, buffer, (size_t) n, err);
		left -= (uint64_t) n;
	}
	if (r >= 0)
		r = check_digest(transfer, err);
	transfer->filing = r < 0;
	return r < 0 ? r : package_file_end(&transfer->file, name, err);
}

/* --- any of them --- */

static void finish(struct transfer *transfer, enum image_pull_state state)
{
	if (state == IMAGE_PULL_EXISTED)
		progress_event(transfer->copying->progress, IMAGE_PULL_EXISTS, transfer->blob->digest);
	if (transfer->aside_fd < 0)
		texts_add(&transfer->copying->there, transfer->blob->digest);
	transfer->received = transfer->blob->size;
	transfer->state = state;
	stop(transfer);
}

static int start_into_package(struct transfer *transfer, struct error *err)
{
	struct copying *copying = transfer->copying;
	struct copy_sink *sink = &copying->sink;
	AUTO_FREE char *name = copy_sink_name(sink, transfer->blob->digest);
	int r;

	if (package_has(&sink->package, name, transfer->blob->size)) {
		finish(transfer, IMAGE_PULL_EXISTED);
		return 0;
	}
	announce(transfer);
	r = package_file_begin(&sink->package, name, transfer->blob->size, &transfer->file, err);
	if (r < 0)
		return r;
	transfer->filing = true;
	if (copying->source.kind == COPY_REGISTRY && transfer->blob->fd < 0)
		return start_get(transfer, err);
	r = copy_file(transfer, err);
	if (r >= 0)
		finish(transfer, IMAGE_PULL_DONE);
	return r;
}

static int start_pipe(struct transfer *transfer, struct error *err)
{
	const struct copying *copying = transfer->copying;

	transfer->pipe = (struct copy_pipe) {
		.from = copying->source.registry,
		.from_repository = copying->source.repository,
		.to = copying->sink.registry,
		.to_repository = copying->sink.repository,
		.digest = transfer->blob->digest,
		.size = transfer->blob->size,
	};
	transfer->piping = true;
	return copy_pipe_start(&transfer->pipe, err);
}

static int start(struct transfer *transfer, struct error *err)
{
	const struct copying *copying = transfer->copying;

	transfer->state = IMAGE_PULL_DOWNLOADING;
	if (transfer->aside_fd >= 0)
		return start_get(transfer, err);
	if (copying->sink.kind != COPY_REGISTRY)
		return start_into_package(transfer, err);
	if (copying->source.kind == COPY_REGISTRY && transfer->blob->fd < 0)
		return start_pipe(transfer, err);
	return start_put(transfer, err);
}

/* step - after each poll */
static int step(struct transfer *transfer, struct error *err)
{
	enum image_pull_state state = IMAGE_PULL_DONE;
	int r = 0;

	if (transfer->piping) {
		r = copy_pipe_step(&transfer->pipe, err);
		if (transfer->pipe.getting)
			announce(transfer);
		transfer->received = blob_put_sent(&transfer->pipe.put);
		if (r == 1 && transfer->pipe.put.outcome != BLOB_PUT_SENT)
			state = IMAGE_PULL_EXISTED;
	} else if (transfer->getting) {
		r = transfer->get.finished ? end_get(transfer, err) : 0;
		r = r < 0 ? r : transfer->get.finished;
	} else if (transfer->putting) {
		transfer->received = blob_put_sent(&transfer->put);
		if (transfer->put.finished && transfer->put.result < 0)
			*err = transfer->put.err;
		r = transfer->put.finished && transfer->put.result < 0 ? transfer->put.result : transfer->put.finished;
		if (transfer->put.outcome != BLOB_PUT_SENT)
			state = IMAGE_PULL_EXISTED;
	}
	if (r > 0)
		finish(transfer, state);
	return r < 0 ? r : 0;
}

/* --- the loop --- */

static void show(struct transfers *transfers, bool always)
{
	const struct image_progress *progress = transfers->copying->progress;
	uint64_t now = clock_monotonic();

	if (!progress || !progress->layers
	    || (!always && now - transfers->drawn_ns < REDRAW_MS * (NS_PER_SECOND / 1000)))
		return;
	transfers->drawn_ns = now;
	for (size_t i = 0; i < transfers->count; i++) {
		const struct transfer *transfer = &transfers->items[i];

		transfers->shown[i] = (struct image_pull_layer) {
			.digest = transfer->blob->digest,
			.state = transfer->state,
			.received = transfer->received,
			.size = transfer->blob->size,
		};
	}
	progress->layers(progress->data, transfers->shown, transfers->count);
}

/* start_some - as many as may be under way; the number of those that are */
static int start_some(struct transfers *transfers, struct error *err)
{
	bool alone = transfers->copying->sink.kind != COPY_REGISTRY
	             && package_is_stream(&transfers->copying->sink.package);
	int under_way = 0, limit = alone ? 1 : AT_A_TIME;

	for (size_t i = 0; i < transfers->count; i++)
		under_way += transfers->items[i].state == IMAGE_PULL_DOWNLOADING;
	for (size_t i = 0; i < transfers->count && under_way < limit; i++) {
		struct transfer *transfer = &transfers->items[i];
		int r;

		if (transfer->state != IMAGE_PULL_WAITING)
			continue;
		r = start(transfer, err);
		if (r < 0)
			return r;
		under_way += !is_over(transfer);
	}
	return under_way;
}

/* wakes - something is over already, or was never begun by a poll: don't wait */
static bool wakes(const struct transfer *transfer)
{
	return (transfer->getting && transfer->get.finished) || (transfer->putting && transfer->put.finished)
	       || (transfer->piping && (transfer->pipe.put.finished || (transfer->pipe.getting && transfer->pipe.get.finished
	                                                                 && transfer->pipe.get.result < 0)));
}

static int run(struct transfers *transfers, struct error *err)
{
	struct copying *copying = transfers->copying;
	int r;

	while ((r = start_some(transfers, err)) > 0) {
		int wait = copying->progress && copying->progress->layers ? REDRAW_MS : -1;

		for (size_t i = 0; i < transfers->count; i++)
			if (wakes(&transfers->items[i]))
				wait = 0;
		show(transfers, false);
		r = http_poll(remote_http(copying->remote), NULL, 0, wait, err);
		for (size_t i = 0; r >= 0 && i < transfers->count; i++)
			if (transfers->items[i].state == IMAGE_PULL_DOWNLOADING)
				r = step(&transfers->items[i], err);
		if (r < 0)
			return r;
	}
	show(transfers, true);
	return r;
}

static bool is_first(const struct list *blobs, const struct copy_blob *blob)
{
	LIST_EACH(struct copy_blob, other, blobs)
		if (strcmp(other->digest, blob->digest) == 0)
			return other == blob;
	return true;
}

static int transfer_all(struct copying *copying, const struct list *blobs, int aside_fd, struct error *err)
{
	AUTO_FREE struct transfer *items = xcalloc(blobs->count + 1, sizeof *items);
	AUTO_FREE struct image_pull_layer *shown = xcalloc(blobs->count + 1, sizeof *shown);
	struct transfers transfers = {.copying = copying, .items = items, .shown = shown};
	int r;

	LIST_EACH(struct copy_blob, blob, blobs)
		if (is_first(blobs, blob) && (aside_fd >= 0 || !texts_has(&copying->there, blob->digest)))
			items[transfers.count++] = (struct transfer) {
				.copying = copying, .blob = blob, .file = PACKAGE_FILE_INIT, .fd = -1, .aside_fd = aside_fd,
			};
	r = run(&transfers, err);
	for (size_t i = 0; i < transfers.count; i++)
		stop(&items[i]);
	return r;
}

int copy_blobs(struct copying *copying, const struct list *blobs, struct error *err)
{
	return transfer_all(copying, blobs, -1, err);
}

int copy_blob_aside(struct copying *copying, const struct descriptor *descriptor, int fd, struct error *err)
{
	struct copy_blob blob = {.size = (uint64_t) descriptor->size, .fd = -1};
	const struct list one = {.items = &blob, .count = 1};

	(void) memcpy(blob.digest, descriptor->digest, MIN(strlen(descriptor->digest) + 1, sizeof blob.digest));
	return transfer_all(copying, &one, fd, err);
}
