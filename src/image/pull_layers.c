/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull_layers.c - downloads side by side, one loop; see pull_private.h
 *
 * A layer goes WAITING → (ELSEWHERE) → DOWNLOADING → DOWNLOADED → DONE. Whoever downloads holds the lock of the
 * layer's part (store/part.h). Unpacking may look at files of the layers below, so it goes from the lowest layer
 * upwards: the lowest that is missing is unpacked by a worker while it arrives, the others gather in their parts.
 *
 * Two processes whose images have the same layers in another order could wait for each other's parts. So who can do
 * nothing but wait lets go of what is downloaded, and takes it up again afterwards.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"

#include <string.h>

#include "pull_private.h"

#define REDRAW_MS 100
#define LOOK_MS   100 /* between looks at parts that another process holds */

struct layer {
	struct layers *layers;
	const struct descriptor *descriptor;
	const char *diff_id, *parent;
	char chain_id[DIGEST_TEXT_SIZE];
	enum image_pull_state state;
	bool announced;
	bool resumed;  /* some of the part is from an earlier time */
	bool running;  /* get was started and not released */
	bool filling;  /* what comes is for the part's gap */
	uint64_t skip; /* bytes that come again, because Range was ignored */
	struct part part;
	struct blob_get get;
};

struct layers {
	const struct pull_layers *request;
	struct http *http;
	struct layer *items;
	size_t count;
	struct pull_worker worker;
	struct layer *worked; /* by the worker; NULL: it has nothing to do */
	struct image_pull_layer *shown;
	uint64_t drawn_ns;
};

/* --- what comes from the registry --- */

static int begin(void *data, struct http_request *request, UNUSED struct error *err)
{
	struct layer *layer = data;

	uint64_t wanted = layer->filling ? layer->part.gap : layer->part.offset;

	layer->skip = request->offset < wanted ? wanted - request->offset : 0;
	return 0;
}

static int take(void *data, const void *bytes, size_t length, struct error *err)
{
	struct layer *layer = data;
	size_t skipped = (size_t) MIN(layer->skip, (uint64_t) length);
	int r = 0;

	layer->skip -= skipped;
	if (skipped < length)
		r = (layer->filling ? part_fill : part_write)(&layer->part, (const char *) bytes + skipped,
		                                              length - skipped, err);
	if (r >= 0 && layer->layers->worked == layer)
		pull_worker_grown(&layer->layers->worker);
	return r;
}

/* download - what is missing: the part's gap first, then what comes after it */
static void download(struct layers *layers, struct layer *layer)
{
	layer->state = IMAGE_PULL_DOWNLOADED;
	layer->filling = layer->part.gap_end > 0;
	if (layer->part.offset == layer->part.size && !layer->filling)
		return;
	layer->state = IMAGE_PULL_DOWNLOADING;
	layer->get = (struct blob_get) {
		.repository = layers->request->repository,
		.digest = layer->descriptor->digest,
		.actions = REGISTRY_PULL,
		.offset = layer->filling ? layer->part.gap : layer->part.offset,
		.end = layer->part.gap_end,
		.size = layer->part.size,
		.callbacks = {.data = layer, .begin = begin, .write = take},
	};
	layer->running = true;
	blob_get_start(layers->request->registry, &layer->get);
}

static void stop_download(struct layer *layer)
{
	if (layer->running)
		blob_get_done(&layer->get);
	layer->running = false;
}

/* --- the states --- */

static bool is_over(const struct layer *layer)
{
	return layer->state == IMAGE_PULL_DONE || layer->state == IMAGE_PULL_EXISTED;
}

static struct layer *lowest_missing(struct layers *layers)
{
	for (size_t i = 0; i < layers->count; i++)
		if (!is_over(&layers->items[i]))
			return &layers->items[i];
	return NULL;
}

static size_t downloading(const struct layers *layers)
{
	size_t count = 0;

	for (size_t i = 0; i < layers->count; i++)
		count += layers->items[i].running;
	return count;
}

/* drop_part - of a layer that is here: a pull that was killed between the layer and the part's end left it */
static void drop_part(const struct layers *layers, const struct descriptor *descriptor)
{
	AUTO_PART struct part part = PART_INIT;
	struct error ignored = {0};
	int64_t size = part_progress(layers->request->store, descriptor->digest);

	/* an incomplete one is of use for the same blob upon other layers */
	if (size >= 0 && size == descriptor->size
	    && part_open(layers->request->store, descriptor->digest, (uint64_t) descriptor->size, LOCK_TRY, &part,
	                 &ignored) >= 0)
		part_complete(&part);
}

/* start_layer - begin a download, or see that somebody else is at it or has brought the layer */
static int start_layer(struct layers *layers, struct layer *layer, struct error *err)
{
	struct store *store = layers->request->store;
	int r;

	if (layer_exists(store, layer->chain_id)) {
		layer->state = layer->announced ? IMAGE_PULL_DONE : IMAGE_PULL_EXISTED;
		drop_part(layers, layer->descriptor);
		if (!layer->announced)
			progress_event(layers->request->progress, IMAGE_PULL_EXISTS, layer->descriptor->digest);
		return 0;
	}
	if (!layer->announced)
		progress_event(layers->request->progress, IMAGE_PULL_LAYER, layer->descriptor->digest);
	layer->announced = true;
	r = part_open(store, layer->descriptor->digest, (uint64_t) layer->descriptor->size, LOCK_TRY, &layer->part,
	              err);
	if (r == -EWOULDBLOCK) {
		layer->state = IMAGE_PULL_ELSEWHERE;
		return 0;
	}
	if (r < 0)
		return r;
	/* who held the part until now may have made the layer */
	if (layer_exists(store, layer->chain_id)) {
		part_complete(&layer->part);
		layer->state = IMAGE_PULL_DONE;
		return 0;
	}
	layer->resumed = layer->part.offset > 0;
	download(layers, layer);
	return 0;
}

static int start_layers(struct layers *layers, struct error *err)
{
	for (size_t i = 0; i < layers->count; i++) {
		struct layer *layer = &layers->items[i];
		int r;

		if (layer->state != IMAGE_PULL_WAITING && layer->state != IMAGE_PULL_ELSEWHERE)
			continue;
		if (downloading(layers) >= layers->request->parallel)
			break;
		r = start_layer(layers, layer, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* let_go - of parts that can't be used before another process is ready; see above */
static void let_go(struct layers *layers)
{
	const struct layer *lowest = lowest_missing(layers);

	if (!lowest || lowest->state != IMAGE_PULL_ELSEWHERE || downloading(layers) > 0)
		return;
	for (size_t i = 0; i < layers->count; i++) {
		struct layer *layer = &layers->items[i];

		if (layer->state != IMAGE_PULL_DOWNLOADED)
			continue;
		part_abandon(&layer->part, PART_KEEP);
		layer->state = IMAGE_PULL_WAITING;
	}
}

static int finish_downloads(struct layers *layers, struct error *err)
{
	for (size_t i = 0; i < layers->count; i++) {
		struct layer *layer = &layers->items[i];

		if (!layer->running || !layer->get.finished)
			continue;
		if (layer->get.result < 0) {
			int r = layer->get.result;

			*err = layer->get.err;
			return r;
		}
		stop_download(layer);
		if (layer->state == IMAGE_PULL_DOWNLOADING)
			download(layers, layer);
		if (layers->worked == layer)
			pull_worker_no_more(&layers->worker);
	}
	return 0;
}

static int start_worker(struct layers *layers, struct error *err)
{
	AUTO_FREE int *close_fds = xcalloc(layers->count + 1, sizeof *close_fds);
	struct layer *layer = lowest_missing(layers);
	struct pull_work work = {.store = layers->request->store, .close_fds = close_fds};
	int r;

	/* the worker reads from the first byte on; and what comes after the gap is not asked for before that is over */
	if (layers->worked || !layer || layer->part.gap_end || (layer->filling && layer->running)
	    || (layer->state != IMAGE_PULL_DOWNLOADING && layer->state != IMAGE_PULL_DOWNLOADED))
		return 0;
	for (size_t i = 0; i < layers->count; i++)
		if (layers->items[i].part.fd >= 0)
			close_fds[work.close_count++] = layers->items[i].part.fd;
	work.part = &layer->part;
	work.parent = layer->parent;
	work.diff_id = layer->diff_id;
	work.grows = layer->running;
	r = pull_worker_start(&layers->worker, &work, err);
	if (r < 0)
		return r;
	layers->worked = layer;
	layer->state = IMAGE_PULL_UNPACKING;
	return 0;
}

static int finish_worker(struct layers *layers, struct error *err)
{
	struct layer *layer = TAKE_PTR(layers->worked);
	int r = pull_worker_finish(&layers->worker, err);

	if (r >= 0) {
		stop_download(layer);
		part_complete(&layer->part);
		layer->state = IMAGE_PULL_DONE;
		return 0;
	}
	stop_download(layer);
	if (r != -EBADMSG)
		return error_wrap(err, r, "layer %.19s", layer->descriptor->digest);
	part_abandon(&layer->part, PART_DROP);
	/* what was there from earlier may be to blame: once again from the beginning */
	if (!layer->resumed)
		return error_wrap(err, r, "layer %.19s from %s", layer->descriptor->digest,
		                  registry_host(layers->request->registry));
	layer->state = IMAGE_PULL_WAITING;
	return 0;
}

/* --- progress --- */

static void show(struct layers *layers, bool always)
{
	const struct image_progress *progress = layers->request->progress;
	uint64_t now = clock_monotonic();

	if (!progress || !progress->layers
	    || (!always && now - layers->drawn_ns < REDRAW_MS * (NS_PER_SECOND / 1000)))
		return;
	layers->drawn_ns = now;
	for (size_t i = 0; i < layers->count; i++) {
		const struct layer *layer = &layers->items[i];
		struct image_pull_layer *shown = &layers->shown[i];

		shown->digest = layer->descriptor->digest;
		shown->state = layer->state;
		shown->size = (uint64_t) layer->descriptor->size;
		shown->unpacked = layers->worked == layer && layers->worker.unpacked ? *layers->worker.unpacked : 0;
		if (layer->state == IMAGE_PULL_ELSEWHERE) {
			int64_t there = part_progress(layers->request->store, layer->descriptor->digest);

			shown->received = there > 0 ? (uint64_t) there : 0;
		} else {
			shown->received = layer->part.fd >= 0
			                ? layer->part.offset - (layer->part.gap_end - layer->part.gap) : 0;
		}
	}
	progress->layers(progress->data, layers->shown, layers->count);
}

/* --- the loop --- */

static int wait_time(struct layers *layers)
{
	const struct image_progress *progress = layers->request->progress;
	int wait = progress && progress->layers ? REDRAW_MS : -1;

	for (size_t i = 0; i < layers->count; i++) {
		/* over before it began: nothing would wake us */
		if (layers->items[i].running && layers->items[i].get.finished)
			return 0;
		if (layers->items[i].state == IMAGE_PULL_ELSEWHERE)
			wait = LOOK_MS;
	}
	return wait;
}

static int step(struct layers *layers, struct error *err)
{
	struct pollfd fd = {.fd = -1, .events = POLLIN};
	int r;

	fd.fd = layers->worked ? layers->worker.result_fd : -1;
	r = http_poll(layers->http, &fd, 1, wait_time(layers), err);
	if (r < 0)
		return r;
	r = finish_downloads(layers, err);
	if (r >= 0 && layers->worked && fd.revents)
		r = finish_worker(layers, err);
	return r;
}

static int run(struct layers *layers, struct error *err)
{
	int r = start_layers(layers, err);

	while (r >= 0 && lowest_missing(layers)) {
		r = start_worker(layers, err);
		if (r < 0)
			break;
		let_go(layers);
		show(layers, false);
		r = step(layers, err);
		if (r >= 0)
			r = start_layers(layers, err);
	}
	return r;
}

static int prepare(struct layers *layers, struct error *err)
{
	const struct pull_layers *request = layers->request;

	for (size_t i = 0; i < layers->count; i++) {
		struct layer *layer = &layers->items[i];
		int r;

		layer->layers = layers;
		layer->descriptor = LIST_AT(struct descriptor, request->descriptors, i);
		layer->diff_id = request->diff_ids->items[i];
		layer->parent = i ? layers->items[i - 1].chain_id : NULL;
		r = layer_chain_id(layer->parent, layer->diff_id, layer->chain_id, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int pull_layers(const struct pull_layers *request, struct error *err)
{
	AUTO_FREE struct layer *items = xcalloc(request->descriptors->count + 1, sizeof *items);
	AUTO_FREE struct image_pull_layer *shown = xcalloc(request->descriptors->count + 1, sizeof *shown);
	struct layers layers = {
		.request = request,
		.http = registry_http(request->registry),
		.items = items,
		.count = request->descriptors->count,
		.worker = PULL_WORKER_INIT,
		.shown = shown,
	};
	int r;

	for (size_t i = 0; i < layers.count; i++)
		items[i].part = (struct part) PART_INIT;
	r = prepare(&layers, err);
	if (r >= 0)
		r = run(&layers, err);
	if (r >= 0)
		show(&layers, true);
	pull_worker_stop(&layers.worker);
	for (size_t i = 0; i < layers.count; i++) {
		stop_download(&items[i]);
		if (items[i].part.fd >= 0)
			part_abandon(&items[i].part, PART_KEEP);
	}
	/* what a worker that was ended leaves */
	if (r < 0)
		store_sweep(request->store);
	return r;
}
