/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state_list.c - all containers, and one by name, id or the beginning of an id */
#include "summary.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool state_is_live(const struct paths *paths, const char *id)
{
	char path[128];

	(void) snprintf(path, sizeof path, "containers/%s/" ALIVE_FILE, id);
	return lock_is_held(paths->runtime_fd, path);
}

/* "", "." names and half-made directories are not containers. */
static bool is_id(const char *name)
{
	return strlen(name) == ID_LENGTH && id_is_hex(name);
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct container *x = a, *y = b;

	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? 1 : -1;
	return strcmp(x->id, y->id);
}

/* Both lists are sorted, so the second is walked once. */
static bool in_sorted(const struct texts *sorted, const char *id, size_t *at)
{
	while (*at < sorted->count && strcmp(sorted->items[*at], id) < 0)
		(*at)++;
	return *at < sorted->count && strcmp(sorted->items[*at], id) == 0;
}

/* is_gone - somebody has removed it since its name was read */
static bool is_gone(const struct paths *paths, const char *id)
{
	char path[128];
	struct stat there;

	(void) snprintf(path, sizeof path, "containers/%s", id);
	return fstatat(paths->data_fd, path, &there, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

int state_list(const struct paths *paths, enum state_which which, enum state_depth depth,
               struct list *out, struct error *err)
{
	AUTO_TEXTS struct texts ids = {0}, runs = {0};
	size_t at = 0;
	int r = directory_list(paths->runtime_fd, "containers", &runs);

	if (r < 0 && r != -ENOENT)
		return error_errno(err, -r, "%s/containers", paths->runtime);
	r = directory_list(paths->data_fd, "containers", &ids);
	if (r < 0 && r != -ENOENT)
		return error_errno(err, -r, "%s/containers", paths->data);
	for (size_t i = 0; i < ids.count; i++) {
		struct container *container;
		bool live;

		if (!is_id(ids.items[i]))
			continue;
		live = in_sorted(&runs, ids.items[i], &at) && state_is_live(paths, ids.items[i]);
		if (which == STATE_LIVE && !live)
			continue;
		container = list_add(out, sizeof *container);
		container->id = xstrdup(ids.items[i]);
		summary_read(paths, container, depth);
		if (container->status == STATUS_DAMAGED && is_gone(paths, container->id)) {
			container_done(container);
			out->count--;
			continue;
		}
		state_look(paths, container, live);
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(struct container), compare_newest_first);
	return 0;
}

/* The id that a name was claimed for; the symlink is "../containers/ID". */
static int id_of_name(const struct paths *paths, const char *name, char into[static ID_LENGTH + 1])
{
	AUTO_FREE char *path = xprintf("names/%s", name);
	char target[PATH_MAX];
	ssize_t n;
	const char *base;

	if (!name_is_valid(name))
		return -ENOENT;
	n = readlinkat(paths->data_fd, path, target, sizeof target - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	base = strrchr(target, '/');
	if (!base || !is_id(base + 1))
		return -ENOENT;
	(void) memcpy(into, base + 1, ID_LENGTH + 1);
	return 0;
}

static int id_of_prefix(const struct paths *paths, const char *text, char into[static ID_LENGTH + 1],
                        struct error *err)
{
	AUTO_TEXTS struct texts ids = {0};
	size_t found = 0;

	/* an unreadable directory holds no match */
	(void) !directory_list(paths->data_fd, "containers", &ids);
	for (size_t i = 0; i < ids.count; i++) {
		if (!is_id(ids.items[i]) || strncmp(ids.items[i], text, strlen(text)) != 0)
			continue;
		if (found++ == 0)
			(void) memcpy(into, ids.items[i], ID_LENGTH + 1);
	}
	if (found > 1)
		return error_set(err, ERROR_CONFLICT,
		                 "%zu containers have ids that begin with \"%s\": give more digits", found,
		                 text);
	if (found == 0)
		return error_set(err, ERROR_NOT_FOUND, "no such container: %s", text);
	return 0;
}

static bool directory_exists(const struct paths *paths, const char *id)
{
	char path[128];
	struct stat st;

	(void) snprintf(path, sizeof path, "containers/%s", id);
	return fstatat(paths->data_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int state_find(const struct paths *paths, const char *text, enum state_depth depth,
               struct container *out, struct error *err)
{
	char id[ID_LENGTH + 1];
	const char *name = *text == '/' ? text + 1 : text;
	int r;

	if (is_id(text) && directory_exists(paths, text))
		(void) memcpy(id, text, sizeof id);
	else if (id_of_name(paths, name, id) < 0 || !directory_exists(paths, id)) {
		if (!id_is_hex(text))
			return error_set(err, ERROR_NOT_FOUND, "no such container: %s", text);
		r = id_of_prefix(paths, text, id, err);
		if (r < 0)
			return r;
	}
	out->id = xstrdup(id);
	summary_read(paths, out, depth);
	state_look(paths, out, state_is_live(paths, id));
	return 0;
}

int state_refresh(const struct paths *paths, struct container *container, struct error *err)
{
	if (!directory_exists(paths, container->id))
		return error_set(err, ERROR_NOT_FOUND, "no such container: %s", container->id);
	if (container->status != STATUS_DAMAGED)
		state_look(paths, container, state_is_live(paths, container->id));
	return 0;
}
