/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.c - ps: which containers, in which order, as rows; and the names that --all and --filter mean */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/container/container.h"

#include <string.h>

#include "filter.h"
#include "row.h"
#include "words.h"

/* a container that is shown */
struct entry {
	const struct container *container;
	struct size size;
	uint64_t now;
};

struct entries {
	struct entry *items; /* owned */
	size_t count;
};

static void entries_done(struct entries *entries)
{
	free(entries->items);
}

struct choice {
	bool all, latest;
	int64_t last;
};

/* Newest first, as state_list gives them. */
static void choose(const struct choice *choice, const struct filters *filters, const struct list *containers,
                   struct entries *out)
{
	size_t most = choice->latest ? 1 : choice->last > 0 ? (size_t) choice->last : SIZE_MAX;
	uint64_t now = clock_now();

	out->items = xcalloc(containers->count + 1, sizeof *out->items);
	LIST_EACH(struct container, container, containers) {
		if (out->count == most)
			break;
		if (filters_match(filters, container))
			out->items[out->count++] = (struct entry){.container = container, .now = now};
	}
}

static enum state_which which_of(const struct choice *choice, const struct filters *filters)
{
	bool stopped = choice->all || choice->latest || choice->last > 0 || filters->all;

	return stopped ? STATE_ALL : STATE_LIVE;
}

/* --- order --- */

typedef int compare_entries(const struct entry *a, const struct entry *b);

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_created(const struct entry *a, const struct entry *b)
{
	return compare_numbers(b->container->created_ns, a->container->created_ns);
}

static int by_name(const struct entry *a, const struct entry *b)
{
	return compare_texts(a->container->name, b->container->name);
}

static int by_id(const struct entry *a, const struct entry *b)
{
	return compare_texts(a->container->id, b->container->id);
}

static int by_image(const struct entry *a, const struct entry *b)
{
	return compare_texts(a->container->image, b->container->image);
}

static int by_command(const struct entry *a, const struct entry *b)
{
	return compare_texts(a->container->command, b->container->command);
}

static int by_status(const struct entry *a, const struct entry *b)
{
	return compare_texts(status_name(a->container->status), status_name(b->container->status));
}

static int by_size(const struct entry *a, const struct entry *b)
{
	return compare_numbers(a->size.written, b->size.written);
}

static int by_running(const struct entry *a, const struct entry *b)
{
	return compare_numbers(words_time(words_started(b->container)), words_time(words_started(a->container)));
}

static const struct {
	const char *name;
	compare_entries *compare;
} orders[] = {
	{"created", by_created}, {"names", by_name},     {"name", by_name}, {"id", by_id},
	{"image", by_image},     {"command", by_command}, {"size", by_size}, {"status", by_status},
	{"runningfor", by_running},
};

static int find_order(const char *name, compare_entries **out, struct error *err)
{
	*out = by_created;
	if (!name || !*name)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (strcmp(orders[i].name, name) != 0)
			continue;
		*out = orders[i].compare;
		return 0;
	}
	return error_set(err, ERROR_INVALID,
	                 "option --sort: \"%.100s\" is not created, names, id, image, command, status, size or runningfor",
	                 name);
}

static int compare(const void *a, const void *b, void *order)
{
	const struct entry *x = a, *y = b;
	int result = (*(compare_entries **) order)(x, y);

	if (result == 0)
		result = by_created(x, y);
	return result ? result : by_id(x, y);
}

/* --- rows --- */

static void add_rows(struct engine *engine, const struct container_list *request, struct entries *entries,
                     compare_entries *order, json_t *rows, json_t *typed)
{
	for (size_t i = 0; request->size && i < entries->count; i++)
		size_of(engine, entries->items[i].container, &entries->items[i].size);
	/* they come by age already */
	if (order != by_created)
		qsort_r(entries->items, entries->count, sizeof *entries->items, compare, &order);
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->items[i];
		struct row row = {
			.container = entry->container,
			.now = entry->now,
			.no_trunc = request->no_trunc,
			.brief = request->brief,
			.size = request->size ? &entry->size : NULL,
		};

		(void) json_array_append_new(rows, row_words(&row));
		if (typed)
			(void) json_array_append_new(typed, row_typed(&row));
	}
}

int container_list(struct engine *engine, const struct container_list *request, json_t **rows, json_t **typed,
                   struct error *err)
{
	struct choice choice = {.all = request->all, .latest = request->latest, .last = request->last};
	AUTO_FILTERS struct filters filters = {0};
	AUTO_CONTAINERS struct list containers = {0};
	AUTO(entries_done) struct entries entries = {0};
	compare_entries *order;
	int r = find_order(request->sort, &order, err);

	if (r >= 0)
		r = filters_open(engine, request->filters.count ? &request->filters : NULL, &filters, err);
	if (r >= 0)
		r = state_list(&engine->paths, which_of(&choice, &filters), typed ? STATE_FULL : filters.depth,
		               &containers, err);
	if (r < 0)
		return r;
	choose(&choice, &filters, &containers, &entries);
	*rows = json_array();
	if (typed)
		*typed = json_array();
	add_rows(engine, request, &entries, order, *rows, typed ? *typed : NULL);
	return 0;
}

int container_select(struct engine *engine, const struct texts *words, bool all, bool latest,
                     struct texts *out, struct error *err)
{
	struct choice choice = {.all = all, .latest = latest};
	AUTO_FILTERS struct filters filters = {0};
	AUTO_CONTAINERS struct list containers = {0};
	AUTO(entries_done) struct entries entries = {0};
	int r = filters_open(engine, words, &filters, err);

	if (r >= 0)
		r = state_list(&engine->paths, which_of(&choice, &filters), filters.depth, &containers, err);
	if (r < 0)
		return r;
	choose(&choice, &filters, &containers, &entries);
	for (size_t i = 0; i < entries.count; i++) {
		const struct container *container = entries.items[i].container;

		/* a damaged record may not tell its name, and that of a --rm container which ended alone may have been taken */
		bool by_name = container->name && *container->name
		               && !(container->auto_remove && container->status == STATUS_EXITED);

		texts_add(out, by_name ? container->name : container->id);
	}
	return 0;
}
