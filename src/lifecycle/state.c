/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.c - what is written down about a container, and its status from facts; see lifecycle.h */
#include "lifecycle_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/conf/paths.h"
#include "coracle/sys/lock.h"
#include "coracle/sys/process.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_MAX_BYTES (1 << 20)
#define ID_MAX          255

static const struct field state_fields[] = {
	FIELD_TEXT("ociVersion", struct lifecycle_state, oci_version, .required = true),
	FIELD_TEXT("id", struct lifecycle_state, id, .required = true),
	FIELD_INT("pid", struct lifecycle_state, pid, .required = true),
	FIELD_UINT("pidStart", struct lifecycle_state, pid_start, .required = true),
	FIELD_TEXT("bundle", struct lifecycle_state, bundle, .required = true),
	FIELD_TEXT("rootfs", struct lifecycle_state, rootfs),
	FIELD_TEXT("created", struct lifecycle_state, created),
	FIELD_TEXT("owner", struct lifecycle_state, owner),
	FIELD_UINT("namespaces", struct lifecycle_state, namespaces),
	FIELD_BOOL("keepGroups", struct lifecycle_state, keep_groups),
	FIELD_PAIRS("annotations", struct lifecycle_state, annotations),
	FIELD_STRUCT("cgroup", struct lifecycle_state, cgroup, struct cgroup, cgroup_fields),
	FIELD_END,
};

static const char *const words[] = {
	[LIFECYCLE_CREATING] = "creating", [LIFECYCLE_CREATED] = "created", [LIFECYCLE_RUNNING] = "running",
	[LIFECYCLE_PAUSED] = "paused",     [LIFECYCLE_STOPPED] = "stopped",
};

const char *lifecycle_status_word(enum lifecycle_status status)
{
	return words[status];
}

static char *default_root(struct error *err)
{
	AUTO_PATHS struct paths paths = {.data_fd = -1, .runtime_fd = -1};

	paths_guess(&paths);
	if (!paths.runtime) {
		(void) error_set(err, ERROR_INVALID, "no directory for the containers' states: give one with --root DIR");
		return NULL;
	}
	return path_join(paths.runtime, "oci");
}

int lifecycle_open(const char *root, struct lifecycle *out, struct error *err)
{
	struct stat st;
	int r;

	*out = (struct lifecycle){.root_fd = -1};
	if (root && !*root)
		return error_set(err, ERROR_INVALID, "--root is empty: give a directory");
	out->root = root ? path_clean(root) : default_root(err);
	if (!out->root)
		return -EINVAL;
	r = directory_make(AT_FDCWD, out->root, 0700);
	if (r >= 0)
		out->root_fd = open(out->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0 || out->root_fd < 0)
		return error_errno(err, r < 0 ? -r : errno, "directory of the containers' states %s (another one: --root DIR)",
		                   out->root);
	/* a directory of somebody else's could make us kill or start anything, and bring filters of its own */
	if (fstat(out->root_fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022))
		return error_set(err, ERROR_DENIED,
		                 "%s belongs to somebody else or can be written by others (chmod go-w mends that); another one: "
		                 "--root DIR",
		                 out->root);
	return 0;
}

void lifecycle_close(struct lifecycle *lifecycle)
{
	free(lifecycle->root);
	if (lifecycle->root_fd >= 0)
		(void) close(lifecycle->root_fd);
	*lifecycle = (struct lifecycle){.root_fd = -1};
}

int lifecycle_id_check(const char *id, struct error *err)
{
	size_t length = strlen(id);

	if (length == 0 || length > ID_MAX)
		return error_set(err, ERROR_INVALID, "a container's id has 1 to %d characters", ID_MAX);
	for (const char *c = id; *c; c++)
		if (!isalnum((unsigned char) *c) && !strchr("_+-.", *c))
			return error_set(err, ERROR_INVALID,
			                 "container id \"%s\": only letters, digits and _ + - . are possible", id);
	if (*id == '.')
		return error_set(err, ERROR_INVALID, "container id \"%s\": may not begin with a dot", id);
	return 0;
}

int lifecycle_open_directory(const struct lifecycle *lifecycle, const char *id, struct error *err)
{
	int r = lifecycle_id_check(id, err);
	int fd;

	if (r < 0)
		return r;
	fd = directory_open(lifecycle->root_fd, id);
	if (fd == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "container \"%s\" does not exist", id);
	return fd < 0 ? error_errno(err, -fd, "%s/%s", lifecycle->root, id) : fd;
}

/* With --root at the wrong place others' directories lie there. A creator that was killed at once leaves an empty one. */
static bool is_containers(int dir_fd)
{
	AUTO_TEXTS struct texts names = {0};

	return file_exists(dir_fd, "lock") || file_exists(dir_fd, STATE_FILE)
	       || (directory_list(dir_fd, ".", &names) >= 0 && names.count == 0);
}

static int word_foreign(const struct lifecycle *lifecycle, const char *id, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
	                 "container \"%s\" does not exist: %s/%s is something else's; another directory: --root DIR", id,
	                 lifecycle->root, id);
}

bool lifecycle_is_directory(const struct lifecycle *lifecycle, const char *id, int dir_fd)
{
	struct stat held, found;

	return fstat(dir_fd, &held) == 0 && fstatat(lifecycle->root_fd, id, &found, AT_SYMLINK_NOFOLLOW) == 0
	       && held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

static int take_lock(const struct lifecycle *lifecycle, const char *id, enum lock_wait wait, struct error *err)
{
	for (;;) {
		AUTO_CLOSE int dir = lifecycle_open_directory(lifecycle, id, err);
		int lock;

		if (dir < 0)
			return dir;
		if (!is_containers(dir) && lifecycle_is_directory(lifecycle, id, dir))
			return word_foreign(lifecycle, id, err);
		lock = lock_take(dir, "lock", LOCK_MODE_EXCLUSIVE, wait);
		/* deleted while we waited, perhaps made anew: only the lock of the one that has the name counts */
		if (lock == -ENOENT)
			continue;
		if (lock == -EWOULDBLOCK) {
			(void) error_set(err, ERROR_CONFLICT, "container \"%s\": another command is at work on it", id);
			return -EBUSY;
		}
		if (lock < 0)
			return error_errno(err, -lock, "%s/%s/lock", lifecycle->root, id);
		if (lifecycle_is_directory(lifecycle, id, dir))
			return lock;
		lock_release(lock);
	}
}

int lifecycle_lock(const struct lifecycle *lifecycle, const char *id, struct error *err)
{
	return take_lock(lifecycle, id, LOCK_WAIT, err);
}

int lifecycle_lock_try(const struct lifecycle *lifecycle, const char *id, struct error *err)
{
	return take_lock(lifecycle, id, LOCK_TRY, err);
}

int lifecycle_forget(const struct lifecycle *lifecycle, const char *id)
{
	AUTO_FREE char *gone = xprintf(".gone.%d.%llx", (int) getpid(), (unsigned long long) clock_monotonic());
	int r;

	/* at once, so that nobody finds half of it or puts a lock into what is being removed */
	if (renameat(lifecycle->root_fd, id, lifecycle->root_fd, gone) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = tree_remove(lifecycle->root_fd, gone);
	/* somebody had opened it just before */
	return r == -ENOTEMPTY ? tree_remove(lifecycle->root_fd, gone) : r;
}

static enum lifecycle_status find_status(int dir_fd, struct lifecycle_state *state)
{
	struct stat st;

	if (!process_is((pid_t) state->pid, state->pid_start))
		return LIFECYCLE_STOPPED;
	if (fstatat(dir_fd, GATE_SOCKET, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return LIFECYCLE_CREATED;
	return cgroup_is_frozen(&state->cgroup) ? LIFECYCLE_PAUSED : LIFECYCLE_RUNNING;
}

/* One that is being made has no state yet; when nobody holds its lock its maker has died. */
static int load_unfinished(const struct lifecycle *lifecycle, const char *id, int dir_fd,
                           struct lifecycle_state *out)
{
	out->oci_version = xstrdup(OCI_RUNTIME_VERSION);
	out->id = xstrdup(id);
	out->bundle = xstrdup(lifecycle->root);
	out->cgroup.fd = -1;
	out->status = lock_is_held(dir_fd, "lock") ? LIFECYCLE_CREATING : LIFECYCLE_STOPPED;
	return 0;
}

int lifecycle_load(const struct lifecycle *lifecycle, const char *id, struct lifecycle_state *out,
                   struct error *err)
{
	AUTO_CLOSE int dir = lifecycle_open_directory(lifecycle, id, err);
	int r;

	*out = (struct lifecycle_state){.cgroup.fd = -1};
	if (dir < 0)
		return dir;
	if (!file_exists(dir, STATE_FILE) && errno == ENOENT)
		return is_containers(dir) ? load_unfinished(lifecycle, id, dir, out) : word_foreign(lifecycle, id, err);
	r = file_read_json(dir, STATE_FILE, STATE_MAX_BYTES, state_fields, out, err);
	out->cgroup.fd = -1;
	/* whoever believed another id would delete that one */
	if (r >= 0 && strcmp(out->id, id) != 0)
		r = error_set(err, ERROR_INVALID, STATE_FILE ": is of container \"%.100s\"", out->id);
	if (r < 0)
		return error_wrap(err, r, "container \"%s\"", id);
	out->status = find_status(dir, out);
	if (out->status == LIFECYCLE_STOPPED)
		out->pid = 0;
	return 0;
}

void lifecycle_state_done(struct lifecycle_state *state)
{
	cgroup_done(&state->cgroup);
	fields_done(state_fields, state);
}

int lifecycle_state_write(int dir_fd, const struct lifecycle_state *state, struct error *err)
{
	return file_write_json(dir_fd, STATE_FILE, state_fields, state, 0600, FILE_FAST, err);
}

json_t *lifecycle_state_json(const struct lifecycle_state *state)
{
	json_t *json = json_object();
	json_t *annotations = json_object();

	for (size_t i = 0; i < state->annotations.count; i++)
		(void) json_object_set_new(annotations, state->annotations.items[i].key,
		                           json_string(state->annotations.items[i].value));
	(void) json_object_set_new(json, "ociVersion", json_string(state->oci_version));
	(void) json_object_set_new(json, "id", json_string(state->id));
	(void) json_object_set_new(json, "pid", json_integer(state->pid));
	(void) json_object_set_new(json, "status", json_string(words[state->status]));
	(void) json_object_set_new(json, "bundle", json_string(state->bundle));
	if (state->rootfs)
		(void) json_object_set_new(json, "rootfs", json_string(state->rootfs));
	if (state->created)
		(void) json_object_set_new(json, "created", json_string(state->created));
	if (state->cgroup.scope)
		(void) json_object_set_new(json, "systemd-scope", json_string(state->cgroup.scope));
	if (state->owner)
		(void) json_object_set_new(json, "owner", json_string(state->owner));
	(void) json_object_set_new(json, "annotations", annotations);
	return json;
}

char *lifecycle_state_text(const struct lifecycle_state *state, enum lifecycle_status status)
{
	struct lifecycle_state changed = *state;
	AUTO_JSON json_t *json = NULL;

	changed.status = status;
	if (status == LIFECYCLE_STOPPED)
		changed.pid = 0;
	json = lifecycle_state_json(&changed);
	return json_text(json, JSON_COMPACT);
}

int lifecycle_ids(const struct lifecycle *lifecycle, struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(lifecycle->root_fd, ".", &names);

	if (r < 0)
		return error_errno(err, -r, "%s", lifecycle->root);
	for (size_t i = 0; i < names.count; i++) {
		struct error ignored = {0};
		AUTO_CLOSE int dir = lifecycle_open_directory(lifecycle, names.items[i], &ignored);

		if (dir >= 0 && is_containers(dir))
			texts_add(out, names.items[i]);
	}
	return 0;
}

int lifecycle_config(const struct lifecycle *lifecycle, const char *id, struct oci_spec *out, struct error *err)
{
	AUTO_CLOSE int dir = lifecycle_open_directory(lifecycle, id, err);
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r;

	if (dir < 0)
		return dir;
	r = file_read(dir, CONFIG_FILE, OCI_CONFIG_MAX_BYTES, &bytes, &length);
	if (r < 0)
		return error_errno(err, -r, "%s/%s/" CONFIG_FILE, lifecycle->root, id);
	return oci_spec_parse(bytes, length, out, err);
}

int lifecycle_pidfd(const struct lifecycle_state *state, struct error *err)
{
	int fd = state->pid > 0 ? process_open((pid_t) state->pid, state->pid_start) : -ESRCH;

	if (fd == -ENOSYS || fd == -EPERM)
		return error_set(err, ERROR_UNSUPPORTED, "container \"%s\": this kernel, or the system call filter of a container "
		                 "around us, is without pidfd_open(2)", state->id);
	return fd == -ESRCH ? error_set(err, ERROR_CONFLICT, "container \"%s\" is not running", state->id)
	       : fd < 0     ? error_errno(err, -fd, "process %lld of container \"%s\"", (long long) state->pid, state->id)
	                    : fd;
}

int lifecycle_pid_file(const char *path, pid_t pid, struct error *err)
{
	char text[16];
	int length = snprintf(text, sizeof text, "%d", (int) pid);
	int r = file_write(AT_FDCWD, path, text, (size_t) length, 0644, FILE_FAST);

	return r < 0 ? error_errno(err, -r, "--pid-file %s", path) : 0;
}
