/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paths.c - where a user's state lives, the same from every shell
 *
 * The data directory follows HOME and XDG_DATA_HOME. The runtime directory depends on how one logged
 * in (XDG_RUNTIME_DIR is absent under cron and su), so the first to choose one leaves it in the
 * symlink data/runtime and everybody after takes that, for as long as the directory exists. Choosing
 * happens under a lock of the data directory, so two first commands agree.
 */
#include "coracle/conf/paths.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define MEMORY "runtime"

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* environment_path - owned; NULL unless absolute, which the XDG base directory specification demands */
static char *environment_path(const char *name)
{
	const char *value = environment(name);

	return value && *value == '/' ? path_clean(value) : NULL;
}

/* own_choice - owned absolute path of our own variable; relative ones count from the working directory */
static char *own_choice(const char *name)
{
	const char *value = environment(name);
	char here[PATH_MAX];

	if (!value)
		return NULL;
	if (*value == '/')
		return path_clean(value);
	return getcwd(here, sizeof here) ? path_join(here, value) : NULL;
}

static bool is_owned_directory(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* own_id - in a user namespace, where root is merely mapped: who that is outside (user_namespaces(7)) */
static uid_t own_id(void)
{
	AUTO_FREE char *map = NULL;
	unsigned inside, outside;

	if (geteuid() == 0 && file_read(AT_FDCWD, "/proc/self/uid_map", 65536, &map, NULL) >= 0
	    && sscanf(map, "%u %u", &inside, &outside) == 2 && inside == 0)
		return outside;
	return geteuid();
}

/* find_home - owned, or NULL; root that kept a user's HOME (sudo -E) must not write into it */
static char *find_home(void)
{
	const char *home = environment("HOME");
	const struct passwd *entry;
	struct stat st;

	if (home && *home == '/'
	    && (geteuid() != 0 || (stat(home, &st) == 0 && st.st_uid == 0)))
		return path_clean(home);
	entry = getpwuid(own_id());
	return entry && entry->pw_dir && *entry->pw_dir == '/' ? path_clean(entry->pw_dir) : NULL;
}

static char *find_data(const char *home)
{
	char *data = own_choice("CORACLE_ROOT");
	AUTO_FREE char *shared = NULL;

	if (data)
		return data;
	shared = environment_path("XDG_DATA_HOME");
	if (shared)
		return xprintf("%s/coracle", shared);
	return home ? xprintf("%s/.local/share/coracle", home) : NULL;
}

/* temporary_top - the last resort; below it a directory for each boot, since /tmp may survive one */
static char *temporary_top(void)
{
	return xprintf("/tmp/coracle-run-%u", (unsigned) geteuid());
}

static char *temporary_runtime(void)
{
	AUTO_FREE char *top = temporary_top();
	char boot[37];

	if (process_boot_id(boot) < 0)
		return xstrdup(top);
	return xprintf("%s/%.8s", top, boot);
}

static char *choose_runtime(void)
{
	AUTO_FREE char *shared = environment_path("XDG_RUNTIME_DIR");
	AUTO_FREE char *usual = xprintf("/run/user/%u", (unsigned) geteuid());

	/* su(1) may leave another user's */
	if (shared && is_owned_directory(shared))
		return xprintf("%s/coracle", shared);
	if (is_owned_directory(usual))
		return xprintf("%s/coracle", usual);
	return temporary_runtime();
}

/* open_own - open a directory that must be the caller's and closed to others; descriptor or negative errno */
static int open_own(const char *path, struct stat *st)
{
	AUTO_CLOSE int fd = directory_open(AT_FDCWD, path);

	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0)
		return -errno;
	if (st->st_uid != geteuid())
		return -EPERM;
	/* made by us as 0700; a laxer one is mended rather than refused */
	if ((st->st_mode & 022) && fchmod(fd, 0700) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int make_own(const char *path, const char *variable, struct error *err)
{
	struct stat st = {0};
	int fd = open_own(path, &st), r;

	if (fd == -ENOENT) {
		r = directory_make(AT_FDCWD, path, 0700);
		if (r < 0)
			return error_errno(err, -r, "cannot make %s (set %s to a directory of yours)", path,
			                   variable);
		fd = open_own(path, &st);
	}
	if (fd == -EPERM && st.st_uid != geteuid())
		return error_set(err, ERROR_DENIED,
		                 "%s belongs to uid %u, you are uid %u: sudo chown -R %u %s, or set %s to a"
		                 " directory of yours", path, (unsigned) st.st_uid, (unsigned) geteuid(),
		                 (unsigned) geteuid(), path, variable);
	if (fd == -ELOOP || fd == -ENOTDIR)
		return error_set(err, ERROR_INVALID, "%s is not a directory: move it away, or set %s", path,
		                 variable);
	return fd < 0 ? error_errno(err, -fd, "%s (set %s to a directory of yours)", path, variable) : fd;
}

/* open_data - as make_own; a link of the caller's is followed (to a larger disk), and *path is where it leads from then on */
static int open_data(char **path, struct error *err)
{
	int fd = make_own(*path, "CORACLE_ROOT", err);
	struct stat st;
	char *real;

	if (fd != -EINVAL || lstat(*path, &st) < 0 || !S_ISLNK(st.st_mode) || st.st_uid != geteuid())
		return fd;
	real = realpath(*path, NULL);
	if (!real)
		return fd;
	free(*path);
	*path = real;
	return make_own(real, "CORACLE_ROOT", err);
}

/* open_runtime - as make_own; the parent of the one in /tmp must be ours too, or another could swap it */
static int open_runtime(const char *path, struct error *err)
{
	AUTO_FREE char *top = temporary_top();
	AUTO_CLOSE int top_fd = -1;

	if (path_is_below(path, top)) {
		top_fd = make_own(top, "CORACLE_RUNROOT", err);
		if (top_fd < 0)
			return top_fd;
	}
	return make_own(path, "CORACLE_RUNROOT", err);
}

/* recall - descriptor of the remembered runtime directory and its path, or -ENOENT when it is of no use */
static int recall(int data_fd, char **path)
{
	AUTO_FREE char *top = temporary_top(), *now = NULL, *copy = NULL;
	char target[PATH_MAX];
	struct stat st;
	ssize_t length = readlinkat(data_fd, MEMORY, target, sizeof target - 1);
	int fd;

	if (length <= 0 || *target != '/')
		return -ENOENT;
	target[length] = '\0';
	copy = path_clean(target);
	if (path_is_below(copy, top)) {
		now = temporary_runtime();
		/* of another boot, or of another owner */
		if (strcmp(copy, now) != 0 || !is_owned_directory(top))
			return -ENOENT;
	}
	fd = open_own(copy, &st);
	if (fd < 0)
		return -ENOENT;
	*path = TAKE_PTR(copy);
	return fd;
}

static int remember(int data_fd, const char *path)
{
	/* alone under the lock: one temporary name will do, and a crash's is taken over */
	if (unlinkat(data_fd, MEMORY ".new", 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(path, data_fd, MEMORY ".new") < 0)
		return -errno;
	return renameat(data_fd, MEMORY ".new", data_fd, MEMORY) < 0 ? -errno : 0;
}

/* find_runtime - under the lock: somebody may have chosen since we looked */
static int find_runtime(int data_fd, const char *own, char **path, struct error *err)
{
	/* a description of its own, since the lock belongs to it */
	AUTO_CLOSE int lock = directory_open(data_fd, ".");
	AUTO_FREE char *chosen = NULL;
	int fd;

	if (lock < 0)
		return error_errno(err, -lock, "data directory");
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, "lock the data directory");
	fd = recall(data_fd, path);
	if (fd >= 0 && !own)
		return fd;
	chosen = own ? xstrdup(own) : choose_runtime();
	if (fd >= 0) {
		/* what is in use stays remembered; our own choice is for this command */
		(void) close(fd);
		free(*path);
		*path = NULL;
		fd = open_runtime(chosen, err);
	} else {
		fd = open_runtime(chosen, err);
		/* on a full disk the next command chooses again, mostly the same */
		if (fd >= 0)
			(void) !remember(data_fd, chosen);
	}
	if (fd >= 0)
		*path = TAKE_PTR(chosen);
	return fd;
}

int paths_open(struct paths *out, struct error *err)
{
	AUTO_PATHS struct paths paths = {.data_fd = -1, .runtime_fd = -1};
	AUTO_FREE char *own = own_choice("CORACLE_RUNROOT");

	paths.home = find_home();
	paths.data = find_data(paths.home);
	if (!paths.data)
		return error_set(err, ERROR_NOT_FOUND,
		                 "no home directory is known: set HOME, or CORACLE_ROOT to a directory of yours");
	paths.data_fd = open_data(&paths.data, err);
	if (paths.data_fd < 0)
		return paths.data_fd;
	if (!own)
		paths.runtime_fd = recall(paths.data_fd, &paths.runtime);
	if (paths.runtime_fd < 0)
		paths.runtime_fd = find_runtime(paths.data_fd, own, &paths.runtime, err);
	if (paths.runtime_fd < 0)
		return paths.runtime_fd;
	*out = paths;
	paths = (struct paths) {.data_fd = -1, .runtime_fd = -1};
	return 0;
}

void paths_guess(struct paths *out)
{
	char *own = own_choice("CORACLE_RUNROOT");

	*out = (struct paths) {.data_fd = -1, .runtime_fd = -1};
	out->home = find_home();
	out->data = find_data(out->home);
	if (!out->data)
		out->data = xprintf("/var/tmp/coracle-%u", (unsigned) geteuid());
	out->runtime = own ? own : choose_runtime();
}

void paths_done(struct paths *paths)
{
	free(paths->home);
	free(paths->data);
	free(paths->runtime);
	if (paths->home || paths->data || paths->runtime) {
		auto_close(&paths->data_fd);
		auto_close(&paths->runtime_fd);
	}
	*paths = (struct paths) {.data_fd = -1, .runtime_fd = -1};
}
