/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * push_layers.c - layers looked for, mounted or sent side by side, one loop; see push_private.h
 *
 * A layer goes LOOKING → (LACKING → SENDING) → DONE. LOOKING asks for one candidate after the other. SENDING begins an
 * upload with the candidate that another repository of the host should have; only when the registry wants bytes after
 * all, a worker begins to make them, and the upload gets their digest at its end. What has to be sent once more (a
 * connection that broke, a session that is gone) comes from a new worker, which makes the same bytes.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"

#include <inttypes.h>
#include <string.h>

#include "push_private.h"

#define REDRAW_MS 100

enum step { STEP_WAITING, STEP_LOOKING, STEP_LACKING, STEP_SENDING, STEP_DONE };

struct sending {
	struct pushing *pushing;
	struct push_layer *layer;
	enum step step;
	enum image_pull_state shown;
	struct list candidates; /* struct push_candidate */
	size_t asked;           /* of these: the one that is looked for */
	struct push_candidate *mounting; /* NULL: none */
	struct blob_put put;
	bool running; /* put was started and not released */
	/* the bytes */
	struct push_worker worker;
	struct push_made made;
	bool begun, ended;    /* bytes were wanted; all of them were given */
	bool paused, restart; /* the upload waits for the worker; for a new one, from offset on */
	uint64_t offset;      /* of the next byte from the worker */
	uint64_t tar_size;
};

struct pushing {
	struct push_layers *request;
	struct http *http;
	struct sending *items;
	struct image_pull_layer *drawn;
	size_t count;
	uint64_t drawn_ns;
};

/* --- the bytes of a layer --- */

static int end_bytes(struct sending *sending, struct error *err)
{
	int r = push_worker_finish(&sending->worker, &sending->made, err);

	if (r < 0)
		return r;
	if (sending->made.size != sending->offset)
		return error_set(err, ERROR_SYSTEM, "layer %.12s: %" PRIu64 " of %" PRIu64 " bytes came from its process",
		                 digest_hex(sending->layer->chain_id), sending->offset, sending->made.size);
	sending->ended = true;
	memcpy(sending->put.digest, sending->made.digest, sizeof sending->put.digest);
	return 0;
}

static ssize_t give(void *data, uint64_t offset, void *into, size_t size, struct error *err)
{
	struct sending *sending = data;
	ssize_t n;

	if (sending->ended && offset == sending->made.size)
		return 0;
	if (sending->worker.pid <= 0 || offset != sending->offset) {
		/* what was looked for and was to be mounted is not what is sent */
		*sending->put.digest = '\0';
		sending->offset = offset;
		sending->ended = false;
		sending->paused = sending->restart = true;
		return HTTP_READ_PAUSE;
	}
	do
		n = read(sending->worker.bytes_fd, into, size);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		sending->offset += (uint64_t) n;
	if (n > 0 || (n == 0 && size == 0))
		return n;
	if (n == 0)
		return end_bytes(sending, err);
	if (errno != EAGAIN)
		return error_errno(err, errno, "read a compressed layer");
	sending->paused = true;
	return HTTP_READ_PAUSE;
}

static int start_worker(struct sending *sending, struct error *err)
{
	const struct push_layers *request = sending->pushing->request;
	const struct push_work work = {
		.store = request->place.store,
		.chain_id = sending->layer->chain_id,
		.kind = request->compression->kind,
		.level = request->compression->level,
		.skip = sending->offset,
	};

	push_worker_stop(&sending->worker);
	if (!sending->begun)
		progress_event(request->progress, IMAGE_PUSH_LAYER, sending->layer->diff_id);
	sending->begun = true;
	sending->restart = false;
	return push_worker_start(&sending->worker, &work, err);
}

/* --- the states --- */

static void finish(struct sending *sending, struct layer_blob *blob, bool is_original)
{
	const struct push_place *place = &sending->pushing->request->place;
	struct push_layer *layer = sending->layer;

	layer->blob = TAKE(*blob, (struct layer_blob){0});
	layer->is_original = is_original;
	texts_done(&layer->blob.repositories);
	texts_printf(&layer->blob.repositories, "%s/%s", place->host, place->path);
	layer_blobs_add(place->store, layer->chain_id, &layer->blob);
	sending->step = STEP_DONE;
}

static void found(struct sending *sending)
{
	struct push_candidate *candidate = LIST_AT(struct push_candidate, &sending->candidates, sending->asked);

	finish(sending, &candidate->blob, candidate->is_original);
	sending->shown = IMAGE_PUSH_EXISTED;
	progress_event(sending->pushing->request->progress, IMAGE_PUSH_EXISTS, sending->layer->diff_id);
}

static void mounted(struct sending *sending)
{
	struct push_layers *request = sending->pushing->request;
	AUTO_FREE char *words = xprintf("%s %s", sending->layer->diff_id, sending->put.mount_from);

	text_replace(&request->mounted_from, sending->put.mount_from);
	finish(sending, &sending->mounting->blob, sending->mounting->is_original);
	sending->shown = IMAGE_PUSH_EXISTED;
	progress_event(request->progress, IMAGE_PUSH_MOUNTED, words);
}

static void sent(struct sending *sending)
{
	const struct push_layers *request = sending->pushing->request;
	const struct push_layer *layer = sending->layer;
	struct layer_blob blob = {
		.digest = xstrdup(sending->made.digest),
		.diff_id = xstrdup(sending->made.diff_id),
		.size = (int64_t) sending->made.size,
		.compression = xstrdup(push_compression_word(request->compression->kind)),
		.level = request->compression->level_wanted,
	};
	bool same = strcmp(layer->original->digest, blob.digest) == 0;

	finish(sending, &blob, same);
	sending->shown = IMAGE_PUSH_DONE;
	progress_event(request->progress, IMAGE_PUSH_SENT, layer->diff_id);
}

static void look(struct sending *sending)
{
	const struct push_layers *request = sending->pushing->request;
	const struct push_candidate *candidate;

	if (sending->asked == sending->candidates.count) {
		sending->step = STEP_LACKING;
		return;
	}
	candidate = LIST_AT(struct push_candidate, &sending->candidates, sending->asked);
	sending->step = STEP_LOOKING;
	sending->put = (struct blob_put) {
		.repository = request->place.path,
		.size = HTTP_SIZE_UNKNOWN,
		.check = true,
		.only_check = true,
	};
	memcpy(sending->put.digest, candidate->blob.digest, sizeof sending->put.digest);
	sending->running = true;
	blob_put_start(request->registry, &sending->put);
}

/* choose_mount - what another repository should have; the likeliest one */
static void choose_mount(struct sending *sending)
{
	struct push_candidate *original = NULL;

	LIST_EACH(struct push_candidate, candidate, &sending->candidates) {
		if (candidate->mount_from) {
			sending->mounting = candidate;
			return;
		}
		if (candidate->is_original)
			original = candidate;
	}
	/* nothing is known: what was pulled from a repository of the host should be there still */
	if (original)
		original->mount_from = push_namesake(&sending->pushing->request->place, sending->layer->chain_id);
	if (original && original->mount_from)
		sending->mounting = original;
}

static void send_layer(struct sending *sending)
{
	const struct push_layers *request = sending->pushing->request;
	struct layer_info info = {0};
	struct error ignored = {0};

	choose_mount(sending);
	sending->step = STEP_SENDING;
	sending->shown = IMAGE_PUSH_SENDING;
	/* for progress only: the worker finds out what is wrong */
	if (layer_read(request->place.store, sending->layer->chain_id, &info, &ignored) >= 0)
		sending->tar_size = info.tar_size;
	fields_done(layer_info_fields, &info);
	sending->put = (struct blob_put) {
		.repository = request->place.path,
		.size = HTTP_SIZE_UNKNOWN,
		.callbacks = {.data = sending, .read = give},
		.mount_from = sending->mounting ? sending->mounting->mount_from : NULL,
	};
	if (sending->mounting)
		memcpy(sending->put.digest, sending->mounting->blob.digest, sizeof sending->put.digest);
	sending->running = true;
	blob_put_start(request->registry, &sending->put);
}

static size_t transfers(const struct pushing *pushing)
{
	size_t count = 0;

	for (size_t i = 0; i < pushing->count; i++)
		count += pushing->items[i].running;
	return count;
}

static void start_transfers(struct pushing *pushing)
{
	for (size_t i = 0; i < pushing->count && transfers(pushing) < pushing->request->parallel; i++) {
		struct sending *sending = &pushing->items[i];

		if (sending->step == STEP_WAITING)
			look(sending);
		if (sending->step == STEP_LACKING)
			send_layer(sending);
	}
}

static void stop_transfer(struct sending *sending)
{
	if (sending->running)
		blob_put_done(&sending->put);
	push_worker_stop(&sending->worker);
	sending->running = sending->paused = sending->restart = false;
}

static int finish_transfer(struct sending *sending, struct error *err)
{
	enum blob_put_outcome outcome = sending->put.outcome;

	if (sending->put.result < 0) {
		*err = sending->put.err;
		return sending->put.result;
	}
	stop_transfer(sending);
	switch (outcome) {
	case BLOB_PUT_EXISTED:
		found(sending);
		break;
	case BLOB_PUT_MOUNTED:
		mounted(sending);
		break;
	case BLOB_PUT_SENT:
		sent(sending);
		break;
	case BLOB_PUT_ABSENT:
		sending->asked++;
		look(sending);
		break;
	}
	return 0;
}

/* --- the loop --- */

static void show(struct pushing *pushing, bool always)
{
	const struct image_progress *progress = pushing->request->progress;
	uint64_t now = clock_monotonic();

	if (!progress || !progress->layers
	    || (!always && now - pushing->drawn_ns < REDRAW_MS * (NS_PER_SECOND / 1000)))
		return;
	pushing->drawn_ns = now;
	for (size_t i = 0; i < pushing->count; i++) {
		const struct sending *sending = &pushing->items[i];

		pushing->drawn[i] = (struct image_pull_layer) {
			.digest = sending->layer->diff_id,
			.state = sending->shown,
			.size = sending->tar_size,
			.received = sending->worker.read ? *sending->worker.read : 0,
		};
	}
	progress->layers(progress->data, pushing->drawn, pushing->count);
}

static bool is_over(const struct pushing *pushing)
{
	for (size_t i = 0; i < pushing->count; i++)
		if (pushing->items[i].step != STEP_DONE)
			return false;
	return true;
}

static int restart_workers(struct pushing *pushing, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < pushing->count; i++)
		if (pushing->items[i].restart)
			r = start_worker(&pushing->items[i], err);
	return r;
}

static int wait_time(const struct pushing *pushing)
{
	const struct image_progress *progress = pushing->request->progress;

	/* over before it began: nothing would wake us */
	for (size_t i = 0; i < pushing->count; i++)
		if (pushing->items[i].running && pushing->items[i].put.finished)
			return 0;
	return progress && progress->layers ? REDRAW_MS : -1;
}

/* poll_once - the uploads, and the workers that they wait for */
static int poll_once(struct pushing *pushing, struct error *err)
{
	struct pollfd fds[REMOTE_PARALLEL_MAX];
	struct sending *waiting[REMOTE_PARALLEL_MAX];
	size_t count = 0;
	int r;

	for (size_t i = 0; i < pushing->count && count < REMOTE_PARALLEL_MAX; i++) {
		struct sending *sending = &pushing->items[i];

		if (!sending->paused || sending->restart)
			continue;
		fds[count] = (struct pollfd){.fd = sending->worker.bytes_fd, .events = POLLIN};
		waiting[count++] = sending;
	}
	r = http_poll(pushing->http, fds, count, wait_time(pushing), err);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (!fds[i].revents || !waiting[i]->running)
			continue;
		waiting[i]->paused = false;
		blob_put_resume(&waiting[i]->put);
	}
	return r;
}

static int run(struct pushing *pushing, struct error *err)
{
	int r = 0;

	start_transfers(pushing);
	while (r >= 0 && !is_over(pushing)) {
		r = restart_workers(pushing, err);
		if (r < 0)
			break;
		show(pushing, false);
		r = poll_once(pushing, err);
		for (size_t i = 0; r >= 0 && i < pushing->count; i++)
			if (pushing->items[i].running && pushing->items[i].put.finished)
				r = finish_transfer(&pushing->items[i], err);
		if (r >= 0)
			start_transfers(pushing);
	}
	return r;
}

int push_layers(struct push_layers *request, struct error *err)
{
	AUTO_FREE struct sending *items = xcalloc(request->count + 1, sizeof *items);
	AUTO_FREE struct image_pull_layer *drawn = xcalloc(request->count + 1, sizeof *drawn);
	struct pushing pushing = {
		.request = request,
		.http = registry_http(request->registry),
		.items = items,
		.drawn = drawn,
		.count = request->count,
	};
	int r;

	for (size_t i = 0; i < request->count; i++) {
		struct push_layer *layer = &request->layers[i];

		items[i].pushing = &pushing;
		items[i].layer = layer;
		items[i].worker = (struct push_worker) PUSH_WORKER_INIT;
		push_candidates(&request->place, request->compression, layer->chain_id, layer->diff_id, layer->original,
		                &items[i].candidates);
	}
	r = run(&pushing, err);
	if (r >= 0)
		show(&pushing, true);
	for (size_t i = 0; i < request->count; i++) {
		stop_transfer(&items[i]);
		push_candidates_done(&items[i].candidates);
	}
	return r < 0 ? r : 0;
}
