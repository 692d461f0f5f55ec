/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.c - making, changing and removing what a container leaves on disk; see state.h */
#include "summary.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/sys/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* A name is held by a symlink; this lock makes claim and take-over one step. */
static int names_lock(const struct paths *paths)
{
	int r = lock_take(paths->data_fd, "names/.lock", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);

	if (r != -ENOENT)
		return r;
	r = directory_make(paths->data_fd, "names", 0700);
	if (r >= 0)
		r = directory_make(paths->data_fd, "containers", 0700);
	return r < 0 ? r : lock_take(paths->data_fd, "names/.lock", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
}

/*
 * The name is taken: by whom? Of nobody (its maker died half-way), or of a --rm container that ended
 * without its monitor: it may be taken over.
 */
static int name_holder(const struct paths *paths, const char *name, struct error *err)
{
	AUTO_CONTAINER struct container holder = {0};
	struct error ignored = {0};

	if (state_find(paths, name, STATE_SUMMARY, &holder, &ignored) < 0)
		return 0;
	/* found as the beginning of an id: the symlink itself leads nowhere */
	if (holder.name && strcmp(holder.name, name) != 0)
		return 0;
	if (holder.status == STATUS_EXITED && holder.auto_remove && !state_is_live(paths, holder.id))
		return 0;
	return error_set(err, ERROR_CONFLICT,
	                 "the name \"%s\" is in use by container %.12s; remove it first: coracle rm %s",
	                 name, holder.id, name);
}

static int claim_name(const struct paths *paths, const char *name, const char *id, struct error *err)
{
	AUTO_FREE char *path = xprintf("names/%s", name);
	AUTO_FREE char *target = xprintf("../containers/%s", id);
	int r;

	if (symlinkat(target, paths->data_fd, path) == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(err, errno, "%s/%s", paths->data, path);
	r = name_holder(paths, name, err);
	if (r < 0)
		return r;
	if (unlinkat(paths->data_fd, path, 0) < 0 || symlinkat(target, paths->data_fd, path) < 0)
		return error_errno(err, errno, "%s/%s", paths->data, path);
	return 0;
}

static int write_files(const struct paths *paths, const char *directory, const struct record *record,
                       struct error *err)
{
	/* a --rm container does not outlive its run, so it is not worth waiting for the disk */
	enum file_durability durability = record->auto_remove ? FILE_FAST : FILE_DURABLE;
	AUTO_FREE char *config = xprintf("%s/" RECORD_FILE, directory);
	AUTO_FREE char *summary = xprintf("%s/" SUMMARY_FILE, directory);
	AUTO_CONTAINER struct container brief = {0};
	int r;

	r = file_write_json(paths->data_fd, config, record_fields, record, 0600, durability, err);
	if (r < 0)
		return r;
	summary_fill(record, &brief);
	return file_write_json(paths->data_fd, summary, summary_fields, &brief, 0600, FILE_FAST, err);
}

int state_create(const struct paths *paths, const struct record *record, struct error *err)
{
	AUTO_FREE char *final = xprintf("containers/%s", record->id);
	AUTO_FREE char *making = xprintf("containers/.%s", record->id);
	AUTO_CLOSE int lock = names_lock(paths);
	int r;

	if (lock < 0)
		return error_errno(err, -lock, "%s/names", paths->data);
	if (mkdirat(paths->data_fd, making, 0700) < 0)
		return error_errno(err, errno, "%s/%s", paths->data, making);
	r = write_files(paths, making, record, err);
	if (r >= 0)
		r = claim_name(paths, record->name, record->id, err);
	if (r >= 0 && renameat(paths->data_fd, making, paths->data_fd, final) < 0) {
		AUTO_FREE char *name = xprintf("names/%s", record->name);

		r = error_errno(err, errno, "%s/%s", paths->data, final);
		(void) unlinkat(paths->data_fd, name, 0);
	}
	if (r < 0)
		/* the reason is in err */
		(void) !tree_remove(paths->data_fd, making);
	return r;
}

/* Only the name that still points at this container: it may have been taken over. */
static void release_name(const struct paths *paths, const char *name, const char *id)
{
	AUTO_FREE char *path = xprintf("names/%s", name);
	AUTO_FREE char *wanted = xprintf("../containers/%s", id);
	char target[ID_LENGTH + 32];
	ssize_t n = readlinkat(paths->data_fd, path, target, sizeof target - 1);

	if (n < 0)
		return;
	target[n] = '\0';
	if (strcmp(target, wanted) == 0)
		(void) unlinkat(paths->data_fd, path, 0);
}

/* A damaged record does not tell its name: look for the symlink that leads to it. */
static void release_names_of(const struct paths *paths, const char *id)
{
	AUTO_TEXTS struct texts names = {0};

	(void) !directory_list(paths->data_fd, "names", &names);
	for (size_t i = 0; i < names.count; i++)
		release_name(paths, names.items[i], id);
}

static int release(const struct paths *paths, const char *name, const char *id, struct error *err)
{
	/* between looking at the symlink and removing it nobody may take the name over */
	AUTO_CLOSE int lock = names_lock(paths);

	if (lock < 0)
		return error_errno(err, -lock, "%s/names", paths->data);
	if (name && *name)
		release_name(paths, name, id);
	else
		release_names_of(paths, id);
	return 0;
}

/* Out of sight in one step, then removed: nothing that is half there looks like a container or its run. */
static int remove_directory(int dir_fd, const char *where, const char *id, struct error *err)
{
	AUTO_FREE char *path = xprintf("containers/%s", id);
	AUTO_FREE char *gone = xprintf("containers/.%s", id);
	int r;

	/* what an earlier removal could not finish lies in the way */
	while ((r = renameat(dir_fd, path, dir_fd, gone) < 0 ? -errno : 0) == -ENOTEMPTY || r == -EEXIST) {
		r = tree_remove(dir_fd, gone);
		if (r < 0)
			break;
	}
	if (r >= 0 || r == -ENOENT)
		r = tree_remove(dir_fd, gone);
	return r < 0 ? error_errno(err, -r, "remove %s/%s", where, path) : 0;
}

int state_run_remove(const struct paths *paths, const char *id, struct error *err)
{
	return remove_directory(paths->runtime_fd, paths->runtime, id, err);
}

int state_remove(const struct paths *paths, const char *id, const char *name, struct error *err)
{
	struct error ignored = {0};
	int r = remove_directory(paths->data_fd, paths->data, id, err);
	int released = release(paths, name, id, r < 0 ? &ignored : err);

	if (r < 0)
		return r;
	r = state_run_remove(paths, id, released < 0 ? &ignored : err);
	return released < 0 ? released : r;
}

void state_sweep(const struct paths *paths)
{
	AUTO_TEXTS struct texts found = {0};
	AUTO_CLOSE int lock = names_lock(paths);

	/* under the lock nobody is making one; what is being removed now may as well be removed by us */
	if (lock >= 0)
		(void) !directory_list(paths->data_fd, "containers", &found);
	if (lock >= 0)
		(void) close(TAKE_FD(lock));
	for (size_t i = 0; i < found.count; i++) {
		AUTO_FREE char *path = xprintf("containers/%s", found.items[i]);

		if (found.items[i][0] == '.')
			/* garbage that can't be removed now is tried again by the next */
			(void) !tree_remove(paths->data_fd, path);
	}
}

int state_lock(const struct paths *paths, const char *id)
{
	char path[128];

	(void) snprintf(path, sizeof path, "containers/%s/lock", id);
	return lock_take(paths->data_fd, path, LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
}

int state_runtime_open(const struct paths *paths, const char *id)
{
	char path[128];

	(void) snprintf(path, sizeof path, "containers/%s", id);
	return directory_open(paths->runtime_fd, path);
}

static int rewrite_exit(const struct paths *paths, const char *path, const struct exit_record *record,
                        struct error *err)
{
	AUTO_JSON json_t *json = json_write(exit_record_fields, record);
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);
	AUTO_CLOSE int fd = openat(paths->data_fd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : write_all(fd, text, strlen(text));

	if (r >= 0 && ftruncate(fd, (off_t) strlen(text)) < 0)
		r = -errno;
	return r < 0 ? error_errno(err, -r, "write %s", path) : 0;
}

int state_exit_write(const struct paths *paths, const char *id, const struct exit_record *record,
                     struct error *err)
{
	char path[128];
	int r;

	(void) snprintf(path, sizeof path, "containers/%s/" EXIT_FILE, id);
	r = file_write_json(paths->data_fd, path, exit_record_fields, record, 0600, FILE_FAST, err);
	/* a full disk still has the block of the record that was written at the start */
	return r == -ENOSPC || r == -EDQUOT ? rewrite_exit(paths, path, record, err) : r;
}

int state_run_write(const struct paths *paths, const char *id, const struct run *run, struct error *err)
{
	char path[128];

	(void) snprintf(path, sizeof path, "containers/%s/" RUN_FILE, id);
	return file_write_json(paths->runtime_fd, path, run_fields, run, 0600, FILE_FAST, err);
}
