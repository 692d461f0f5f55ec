/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared.c - which additional image stores there are, and looking for a layer in them; see shared.h */
#include "coracle/store/shared.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/base/path.h"
#include "coracle/conf/containers.h"
#include "coracle/sys/lock.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "shared_private.h"
#include "store_private.h"

#define LIST_NAME      "stores.json"
#define LIST_LOCK      "stores.lock"
#define LIST_MAX_BYTES (1 << 20)

struct known { int64_t version; struct texts stores; };
static const struct field known_fields[] = {
	FIELD_INT("version", struct known, version, .keep = true),
	FIELD_TEXTS("stores", struct known, stores, .keep = true),
	FIELD_END,
};

static void known_done(struct known *known)
{
	fields_done(known_fields, known);
}

static int known_read(int data_fd, struct known *out, struct error *err)
{
	int r = file_read_json(data_fd, LIST_NAME, LIST_MAX_BYTES, known_fields, out, err);

	return r == -ENOENT ? 0 : r;
}

/* known_lock - held from reading the list until it is written anew; descriptor for AUTO_CLOSE */
static int known_lock(const struct paths *paths, struct error *err)
{
	int fd = lock_take(paths->data_fd, LIST_LOCK, LOCK_MODE_EXCLUSIVE, LOCK_WAIT);

	return fd < 0 ? error_errno(err, -fd, "lock %s/" LIST_LOCK, paths->data ? paths->data : "") : fd;
}

static int known_write(int data_fd, struct known *known, struct error *err)
{
	known->version = 1;
	return file_write_json(data_fd, LIST_NAME, known_fields, known, 0600, FILE_DURABLE, err);
}

/* --- opening --- */

static void add(struct store *store, const char *path, const char *from)
{
	struct store *shared;

	if (!*path)
		return;
	for (size_t i = 0; i < store->shared_count; i++)
		if (strcmp(store->shared[i]->path, path) == 0)
			return;
	shared = xcalloc(1, sizeof *shared);
	*shared = (struct store){.fd = -1, .path = xstrdup(path), .from = from, .looked = true};
	shared->fd = shared_open(path, &shared->problem);
	if (shared->fd < 0)
		log_debug("image store %s: %s", path, shared->problem.text);
	store->shared = xrealloc(store->shared, store->shared_count + 1, sizeof(struct store *));
	store->shared[store->shared_count++] = shared;
}

static void add_all(struct store *store, const struct texts *paths, const char *from)
{
	for (size_t i = 0; i < paths->count; i++)
		add(store, paths->items[i], from);
}

/* a file that can't be read must not keep the own store from working: `store ls` tells */
static void look(struct store *store)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};
	AUTO_PLACES struct places places = {0};
	AUTO(known_done) struct known known = {0};
	AUTO_TEXTS struct texts words = {0};
	AUTO_CLOSE int data_fd = openat(store->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *variable = getenv("CORACLE_IMAGE_STORES");
	struct error err = {0};

	store->looked = true;
	if (data_fd < 0 || known_read(data_fd, &known, &err) < 0)
		store->problem = err;
	add_all(store, &known.stores, "store add");
	if (variable)
		texts_split(&words, variable, ':');
	add_all(store, &words, "$CORACLE_IMAGE_STORES");
	places_find("", &places);
	if (containers_conf_read_kind(&places, CONF_STORAGE, &conf, &err) < 0)
		store->problem = err;
	add_all(store, &conf.additional_image_stores.texts, "storage.conf");
}

size_t store_shared_count(struct store *store)
{
	if (!store->looked)
		look(store);
	return store->shared_count;
}

struct store *store_shared_next(struct store *store, size_t *i)
{
	size_t count = store_shared_count(store);

	while (*i < count) {
		struct store *shared = store->shared[(*i)++];

		if (shared->fd >= 0)
			return shared;
	}
	return NULL;
}

void store_shared_close(struct store *store)
{
	for (size_t i = 0; i < store->shared_count; i++) {
		auto_close(&store->shared[i]->fd);
		free(store->shared[i]->path);
		free(store->shared[i]);
	}
	free(store->shared);
	store->shared = NULL;
	store->shared_count = 0;
}

/* --- layers --- */

struct store *store_of_layer(struct store *store, const char *chain_id)
{
	if (layer_is_here(store, chain_id))
		return store;
	for (size_t i = 0;;) {
		struct store *shared = store_shared_next(store, &i);

		if (!shared)
			return NULL;
		if (layer_is_here(shared, chain_id))
			return shared;
	}
}

void store_places(struct store *store, const struct paths *paths, const struct texts *layers, struct texts *out)
{
	if (store_is_shared(store))
		texts_add(out, paths->data);
	for (size_t i = 0; i < layers->count; i++) {
		const struct store *place = store_of_layer(store, layers->items[i]);

		if (place && place->path && !texts_has(out, place->path))
			texts_add(out, place->path);
	}
}

int store_use(struct store *store, const struct paths *paths, const char *path, struct error *err)
{
	store->looked = true;
	if (strcmp(path, paths->data) == 0)
		return 0;
	add(store, path, "the container");
	for (size_t i = 0; i < store->shared_count; i++)
		if (strcmp(store->shared[i]->path, path) == 0 && store->shared[i]->fd < 0) {
			*err = store->shared[i]->problem;
			return error_wrap(err, store->shared[i]->fd, "image store %s, which the container's image is in", path);
		}
	return 0;
}

bool store_owns_layer(struct store *store, const char *chain_id)
{
	return layer_is_here(store, chain_id);
}

char *store_layer_path(struct store *store, const struct paths *paths, const char *chain_id)
{
	const struct store *place = store_of_layer(store, chain_id);

	return xprintf("%s/store/layers/%s/diff", place && place->path ? place->path : paths->data, digest_hex(chain_id));
}

bool store_owns_name(struct store *store, const char *name)
{
	struct store own = {.fd = store->fd, .looked = true};
	AUTO_FREE char *id = NULL;

	return ref_read(&own, name, &id) == 0;
}

/* --- the list --- */

static uint64_t count_entries(int fd, const char *folder)
{
	AUTO_TEXTS struct texts names = {0};

	return directory_list(fd, folder, &names) < 0 ? 0 : names.count;
}

int store_shared_list(struct store *store, struct list *out, struct error *err)
{
	size_t count = store_shared_count(store);

	for (size_t i = 0; i < count; i++) {
		struct shared_status *status = list_add(out, sizeof *status);
		struct store *shared = store->shared[i];

		status->path = xstrdup(shared->path);
		status->from = shared->from;
		if (shared->fd < 0) {
			status->problem = xstrdup(shared->problem.text);
			continue;
		}
		status->images = count_entries(shared->fd, "images");
		status->layers = count_entries(shared->fd, "layers");
	}
	if (!store->problem.text[0])
		return 0;
	*err = store->problem;
	return -EINVAL;
}

void shared_status_done(struct list *list)
{
	LIST_EACH(struct shared_status, status, list) {
		free(status->path);
		free(status->problem);
	}
	free(list->items);
	*list = (struct list){0};
}

int store_add(const struct paths *paths, const char *directory, struct error *err)
{
	AUTO(known_done) struct known known = {0};
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1, lock = -1;
	int r;

	if (!realpath(directory, path))
		return error_errno(err, errno, "%s", directory);
	if (strcmp(path, paths->data) == 0)
		return error_set(err, ERROR_INVALID, "%s is your own store", path);
	fd = shared_open(path, err);
	if (fd < 0)
		return error_wrap(err, fd, "%s", path);
	lock = known_lock(paths, err);
	if (lock < 0)
		return lock;
	r = known_read(paths->data_fd, &known, err);
	if (r < 0)
		return r;
	if (texts_has(&known.stores, path)) {
		(void) error_set(err, ERROR_CONFLICT, "%s is in use already", path);
		return -EEXIST;
	}
	texts_add(&known.stores, path);
	return known_write(paths->data_fd, &known, err);
}

int store_remove(const struct paths *paths, const char *directory, struct error *err)
{
	AUTO(known_done) struct known known = {0};
	AUTO_FREE char *real = realpath(directory, NULL);
	AUTO_CLOSE int lock = known_lock(paths, err);
	int r = lock < 0 ? lock : known_read(paths->data_fd, &known, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < known.stores.count; i++)
		if (strcmp(known.stores.items[i], directory) == 0 || (real && strcmp(known.stores.items[i], real) == 0)) {
			texts_remove(&known.stores, i);
			return known_write(paths->data_fd, &known, err);
		}
	return error_set(err, ERROR_NOT_FOUND, "%s was not added; what there is, and from where: coracle store ls", directory);
}
