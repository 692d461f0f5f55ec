/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver.c - which storage driver works here; asked once a boot */
#include "coracle/store/driver.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/text.h"
#include "coracle/conf/containers.h"

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

static const char *driver_canonical(const char *name)
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

/* is_passing - what failed so may work in a minute */
static bool is_passing(int errnum)
{
	static const int passing[] = {ENOSPC, EDQUOT, ENOMEM, EAGAIN, EMFILE, ENFILE, EINTR, ETIMEDOUT};

	for (size_t i = 0; i < ARRAY_LEN(passing); i++)
		if (errnum == passing[i])
			return true;
	return false;
}

/* driver_try - passing: out, true when one before it may work another time */
static const struct driver *driver_try(struct store *store, const char *wanted, struct pairs *tried, bool *passing,
                                       struct error *err)
{
	AUTO_TEXT struct text reasons = TEXT_INIT(sizeof err->text);

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		struct error reason = {0};

		if (wanted && strcmp(wanted, drivers[i]->name) != 0)
			continue;
		if (drivers[i]->probe(store, &reason) >= 0) {
			pairs_set(tried, drivers[i]->name, "works");
			return drivers[i];
		}
		pairs_set(tried, drivers[i]->name, reason.text);
		*passing = *passing || is_passing(reason.errnum);
		/* a line that is cut off is still a reason */
		(void) text_printf(&reasons, "%s%s", reasons.length ? "; " : "", reason.text);
	}
	if (wanted)
		(void) error_set(err, ERROR_UNSUPPORTED, "storage driver %s does not work here: %s; others: coracle info",
		                 wanted, text_string(&reasons));
	else
		(void) error_set(err, ERROR_UNSUPPORTED, "no storage driver works here: %s", text_string(&reasons));
	return NULL;
}

/* question - what is asked, and where the answer is remembered */
struct question {
	char *name; /* of a driver of ours; NULL: any */
	char *memory, *device;
};

static void question_done(struct question *question)
{
	free(question->name);
	free(question->memory);
	free(question->device);
}

static int unknown(const char *name, struct error *err)
{
	return error_set(err, ERROR_INVALID, "unknown storage driver \"%.100s\": use overlay, fuse-overlayfs or copy", name);
}

static int question_make(struct store *store, const char *wanted, struct question *out, struct error *err)
{
	AUTO_DRIVER_WISH struct driver_wish wish = {0};
	const char *name = wanted && *wanted ? driver_canonical(wanted) : NULL;
	struct stat st;

	if (!wanted) {
		int r = driver_wish_read(&wish, err);

		if (r < 0)
			return r;
		name = wish.name;
	}
	if (name && !driver_find(name))
		return unknown(name, err);
	if (fstat(store_fd(store), &st) < 0)
		return error_errno(err, errno, "store");
	out->name = name ? xstrdup(name) : NULL;
	out->memory = xprintf("driver.%s", name ? name : "any");
	out->device = xprintf("%llx", (unsigned long long) st.st_dev);
	return 0;
}

static const struct driver *answer(struct store *store, const struct paths *paths, const struct question *question,
                                   struct pairs *tried, struct error *err)
{
	bool passing = false;
	const struct driver *driver = driver_try(store, question->name, tried, &passing, err);
	AUTO_FREE char *line = NULL;

	if (!driver) {
		/* it may have worked earlier in this boot */
		(void) unlinkat(paths->runtime_fd, question->memory, 0);
		return NULL;
	}
	/* a disk that was full must not mean copies for the rest of the boot */
	if (passing)
		return driver;
	line = xprintf("%s %s", driver->name, question->device);
	/* a memory that cannot be written costs only the next start's probe */
	(void) !file_write(paths->runtime_fd, question->memory, line, strlen(line), 0600, FILE_FAST);
	return driver;
}

const struct driver *driver_choose(struct store *store, const struct paths *paths, const char *wanted,
                                   struct error *err)
{
	AUTO(question_done) struct question question = {0};
	AUTO_PAIRS struct pairs tried = {0};
	const struct driver *driver;

	if (question_make(store, wanted, &question, err) < 0)
		return NULL;
	driver = recall(paths, question.memory, question.device);
	return driver ? driver : answer(store, paths, &question, &tried, err);
}

const struct driver *driver_explain(struct store *store, const struct paths *paths, const char *wanted,
                                    struct pairs *tried, struct error *err)
{
	AUTO(question_done) struct question question = {0};

	if (question_make(store, wanted, &question, err) < 0)
		return NULL;
	return answer(store, paths, &question, tried, err);
}

static int wish_from_environment(const char *name, struct driver_wish *out, struct error *err)
{
	const char *ours = driver_canonical(name);

	if (!driver_find(ours))
		return unknown(name, err);
	text_replace(&out->name, ours);
	text_replace(&out->from, "$STORAGE_DRIVER");
	return 0;
}

static void wish_from_file(const char *name, struct driver_wish *out)
{
	const char *ours = driver_canonical(name);

	text_replace(&out->from, "storage.conf");
	if (!driver_find(ours))
		text_replace(&out->passed_over, name);
	else if (strcmp(ours, driver_overlay.name) != 0)
		text_replace(&out->name, ours);
}

int driver_wish_read(struct driver_wish *out, struct error *err)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};
	AUTO_PLACES struct places places = {0};
	const char *asked = getenv("STORAGE_DRIVER");
	int r;

	if (asked && *asked)
		return wish_from_environment(asked, out, err);
	places_find("", &places);
	r = containers_conf_read_kind(&places, CONF_STORAGE, &conf, err);
	if (r >= 0 && conf.storage_driver && *conf.storage_driver)
		wish_from_file(conf.storage_driver, out);
	return r;
}

void driver_wish_done(struct driver_wish *wish)
{
	free(wish->name);
	free(wish->from);
	free(wish->passed_over);
	*wish = (struct driver_wish){0};
}
