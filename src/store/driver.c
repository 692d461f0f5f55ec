/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver.c - which storage driver works here; asked once a boot */
#include "coracle/store/driver.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/text.h"

#include <string.h>
#include <sys/stat.h>

#define ANSWER_MAX 64

static const struct driver *const drivers[] = {&driver_overlay, &driver_fuse, &driver_copy};

/* other engines' names for the same */
static const struct {
	const char *name, *ours;
} aliases[] = {
	{"overlay2", "overlay"},
	{"fuse", "fuse-overlayfs"},
	{"vfs", "copy"},
};

static const char *canonical(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(name, aliases[i].name) == 0)
			return aliases[i].ours;
	return name;
}

static const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (strcmp(name, drivers[i]->name) == 0)
			return drivers[i];
	return NULL;
}

/* recall - the line "NAME DEVICE" of an earlier probe; DEVICE guards against another store's answer */
static const struct driver *recall(const struct paths *paths, const char *memory, const char *device)
{
	AUTO_FREE char *line = NULL;
	char *blank;

	if (file_read(paths->runtime_fd, memory, ANSWER_MAX, &line, NULL) < 0)
		return NULL;
	blank = strchr(line, ' ');
	if (!blank || strcmp(blank + 1, device) != 0)
		return NULL;
	*blank = '\0';
	return driver_find(line);
}

static const struct driver *driver_try(struct store *store, const char *wanted, struct error *err)
{
	AUTO_TEXT struct text reasons = TEXT_INIT(sizeof err->text);

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		struct error reason = {0};

		if (wanted && strcmp(wanted, drivers[i]->name) != 0)
			continue;
		if (drivers[i]->probe(store, &reason) >= 0)
			return drivers[i];
		/* a line that is cut off is still a reason */
		(void) text_printf(&reasons, "%s%s", reasons.length ? "; " : "", reason.text);
	}
	(void) error_set(err, ERROR_UNSUPPORTED, "no storage driver works here: %s", text_string(&reasons));
	return NULL;
}

const struct driver *driver_choose(struct store *store, const struct paths *paths, const char *wanted,
                                   struct error *err)
{
	const char *asked = wanted ? wanted : getenv("STORAGE_DRIVER");
	const char *name = asked && *asked ? canonical(asked) : NULL;
	AUTO_FREE char *memory = NULL, *device = NULL, *line = NULL;
	const struct driver *driver;
	struct stat st;

	if (name && !driver_find(name)) {
		(void) error_set(err, ERROR_INVALID,
		                 "unknown storage driver \"%s\": use overlay, fuse-overlayfs or copy", asked);
		return NULL;
	}
	if (fstat(store_fd(store), &st) < 0) {
		(void) error_errno(err, errno, "store");
		return NULL;
	}
	memory = xprintf("driver.%s", name ? name : "any");
	device = xprintf("%llx", (unsigned long long) st.st_dev);
	driver = recall(paths, memory, device);
	if (driver)
		return driver;
	driver = driver_try(store, name, err);
	if (!driver)
		return NULL;
	line = xprintf("%s %s", driver->name, device);
	/* a memory that cannot be written costs only the next start's probe */
	(void) !file_write(paths->runtime_fd, memory, line, strlen(line), 0600, FILE_FAST);
	return driver;
}
