/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver_fuse.c - fuse-overlayfs(1), for kernels and file systems that refuse the overlay of the kernel */
#include "coracle/store/driver.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/spawn.h"
#include "coracle/base/text.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "overlay.h"
#include "shared_private.h"

#define FUSE_PROGRAM    "fuse-overlayfs"
#define FUSE_PID        "fuse.pid"
#define FUSE_START_NS   (10 * NS_PER_SECOND)
#define FUSE_TICK_MS    2
#define FUSE_STOP_MS    2000
#define FUSE_WORDS_MAX  500
/* "ON-DISK:SHOWN:COUNT", the first that fits counts */
#define SHARED_MAPPING "0:0:65534:65534:0:1:65535:65534:1:65536:65536:1000000000"
/* one argument of execve(2) holds 128 KiB */
#define FUSE_OPTIONS_MAX 100000

/* fuse_root - descriptor of merged/ once it is a FUSE mount; -EAGAIN before */
static int fuse_root(int container_fd)
{
	AUTO_CLOSE int fd = openat(container_fd, "merged", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == FUSE_SUPER_MAGIC ? TAKE_FD(fd) : -EAGAIN;
}

static int fuse_died(pid_t pid, int words_fd, struct error *err)
{
	AUTO_FREE char *words = NULL;
	const char *last;
	int status;

	(void) !spawn_wait(pid, &status);
	if (lseek(words_fd, 0, SEEK_SET) < 0
	    || file_read_fd(words_fd, FUSE_WORDS_MAX, &words, NULL) < 0 || !*words)
		return error_set(err, ERROR_SYSTEM, FUSE_PROGRAM " ended before it had mounted");
	/* notes come first, the cause last */
	words[strlen(words) - (words[strlen(words) - 1] == '\n')] = '\0';
	last = strrchr(words, '\n');
	return error_set(err, ERROR_SYSTEM, FUSE_PROGRAM ": %s", last ? last + 1 : words);
}

/* fuse_wait - until merged/ is mounted or the program has ended */
static int fuse_wait(int container_fd, pid_t pid, int pidfd, int words_fd, struct error *err)
{
	uint64_t end = clock_monotonic() + FUSE_START_NS;
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

	for (;;) {
		int fd = fuse_root(container_fd), status;

		if (fd != -EAGAIN)
			return fd < 0 ? error_errno(err, -fd, "merged") : fd;
		if (poll(&poll_fd, 1, FUSE_TICK_MS) > 0)
			return fuse_died(pid, words_fd, err);
		if (clock_monotonic() < end)
			continue;
		(void) kill(pid, SIGKILL);
		(void) !spawn_wait(pid, &status);
		return error_errno(err, ETIMEDOUT, FUSE_PROGRAM " did not mount within 10 seconds");
	}
}

/*
 * fuse_start - mount on container_fd/merged; the program stays our child, in the foreground, and
 * dies with us: it would otherwise keep our mount namespace alive for ever. keep: what the options name, by number
 */
static int fuse_start(const int *keep, size_t keep_count, int container_fd, const char *options, pid_t *out,
                      struct error *err)
{
	AUTO_FREE char *target = xprintf("/proc/self/fd/%d/merged", container_fd);
	const char *const argv[] = {FUSE_PROGRAM, "-f", "-o", options, target, NULL};
	AUTO_CLOSE int words_fd = memfd_create("words", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	AUTO_CLOSE int pidfd = -1;
	struct spawn spawn = {
		.program = FUSE_PROGRAM,
		.argv = argv,
		.stdio = {-1, -1, words_fd},
		.keep = keep,
		.keep_count = keep_count,
		.death_signal = SIGTERM,
	};
	pid_t pid;
	int r;

	if (mkdirat(container_fd, "merged", 0755) < 0 && errno != EEXIST)
		return error_errno(err, errno, "merged");
	/* it may write for as long as it lives: its words have a bound */
	if (ftruncate(words_fd, FUSE_WORDS_MAX) < 0 || fcntl(words_fd, F_ADD_SEALS, F_SEAL_GROW) < 0)
		return error_errno(err, errno, "memfd");
	pid = spawn_start(&spawn, &pidfd, err);
	if (pid == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
		                 FUSE_PROGRAM " is not installed: sudo apt-get install fuse-overlayfs");
	if (pid < 0)
		return pid;
	r = fuse_wait(container_fd, pid, pidfd, words_fd, err);
	if (r >= 0)
		*out = pid;
	return r;
}

/*
 * shared_mapping - of layers whose files all belong to somebody else
 *
 * What that one owns has the overflow id here (user_namespaces(7)), 65534. Files show the owner that their attribute
 * says, but a directory that is copied up is given the owner on disk (fuse-overlayfs 1.10). So 65534 on
 * disk is shown as root, and the id 65534 itself ("nobody") is kept on disk as 65535.
 */
static int shared_mapping(const struct driver_mount *request, struct text *options)
{
	unsigned uid = 0, gid = 0;

	if (!request->uid_mapping)
		return text_add(options, "uidmapping=" SHARED_MAPPING ",gidmapping=" SHARED_MAPPING ",");
	/* their first range begins with the disk's id 0: where root is shown */
	if (sscanf(request->uid_mapping, "0:%u:", &uid) != 1 || sscanf(request->gid_mapping, "0:%u:", &gid) != 1)
		return -EINVAL;
	return text_printf(options, "uidmapping=65534:%u:1:%s,gidmapping=65534:%u:1:%s,", uid, request->uid_mapping, gid,
	                   request->gid_mapping);
}

static int fuse_options(const struct driver_mount *request, struct text *options)
{
	/*
	 * allow_other: the container's other users; refused to no one inside a user namespace.
	 * writeback=0: with the kernel's cache in between write(2) knows nothing of a full disk, and programs write for ever
	 */
	int r = text_add(options, "allow_other,writeback=0,");

	if (request->shared)
		r = shared_mapping(request, options);
	else if (request->uid_mapping)
		r = text_printf(options, "uidmapping=%s,gidmapping=%s,", request->uid_mapping, request->gid_mapping);
	if (r >= 0)
		r = text_add(options, "lowerdir=");
	for (size_t i = request->layers->count; i-- > 0 && r >= 0;) {
		char path[OVERLAY_LAYER_SIZE];

		overlay_layer_path(request->layers->items[i], path);
		r = text_printf(options, "/proc/self/fd/%d/%s%s", overlay_layer_store(request, i), path,
		                i ? ":" : "");
	}
	if (r >= 0 && request->layers->count == 0)
		r = text_printf(options, "/proc/self/fd/%d/empty", request->container_fd);
	if (r >= 0 && request->read_only)
		return text_add(options, ",ro");
	if (r >= 0)
		r = text_printf(options, ",upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work",
		                request->container_fd, request->container_fd);
	return r >= 0 && !request->durable ? text_add(options, ",volatile") : r;
}

/* start_on_layers - with the descriptors of all stores that the options name */
static int start_on_layers(const struct driver_mount *request, const char *options, pid_t *pid, struct error *err)
{
	AUTO_FREE int *keep = xcalloc(request->layers->count + 2, sizeof *keep);
	size_t count = 0;

	keep[count++] = request->container_fd;
	keep[count++] = store_fd(request->store);
	for (size_t i = 0; request->shared && i < request->layers->count; i++) {
		int fd = overlay_layer_store(request, i);
		size_t known = 0;

		while (known < count && keep[known] != fd)
			known++;
		if (known == count)
			keep[count++] = fd;
	}
	return fuse_start(keep, count, request->container_fd, options, pid, err);
}

static int fuse_mount_here(const struct driver_mount *request, struct error *err)
{
	size_t layers = request->layers->count;
	AUTO_TEXT struct text options = TEXT_INIT(FUSE_OPTIONS_MAX);
	AUTO_FREE char *memory = NULL;
	char top[OVERLAY_LAYER_SIZE] = "";
	pid_t pid = -1;
	bool first = request->shared && !file_exists(request->container_fd, "upper");
	int r = overlay_check_layers(request, err), fd;

	if (r < 0)
		return r;
	if (layers)
		overlay_layer_path(request->layers->items[layers - 1], top);
	if (!request->read_only)
		r = overlay_make_upper(request->container_fd, store_fd(request->store), layers ? top : NULL);
	if (r >= 0 && !layers && mkdirat(request->container_fd, "empty", 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r >= 0)
		r = fuse_options(request, &options);
	if (r < 0)
		return error_errno(err, -r, "cannot make the container's writable directory");
	fd = start_on_layers(request, text_string(&options), &pid, err);
	if (fd < 0)
		return fd;
	if (request->shared && first && !request->read_only)
		shared_keep_directories(request, fd);
	memory = xprintf("%d %llu\n", (int) pid, (unsigned long long) process_start_time(pid));
	/* without this note fuse_unmount() leaves the end to the death signal */
	(void) !file_write(request->container_fd, FUSE_PID, memory, strlen(memory), 0600, FILE_FAST);
	return fd;
}

static int fuse_mount(const struct driver_mount *request, struct error *err)
{
	AUTO_CLOSE int container_fd = overlay_reopen(request->container_fd);
	struct driver_mount here = *request;

	if (container_fd < 0)
		return error_errno(err, -container_fd, "the container's directory");
	here.container_fd = container_fd;
	return fuse_mount_here(&here, err);
}

static int read_pid(int container_fd, pid_t *pid, uint64_t *start)
{
	AUTO_FREE char *line = NULL;
	uint64_t number;
	char *blank;
	int r = file_read(container_fd, FUSE_PID, 64, &line, NULL);

	if (r < 0)
		return r;
	line[strcspn(line, "\n")] = '\0';
	blank = strchr(line, ' ');
	if (!blank)
		return -EINVAL;
	*blank = '\0';
	r = number_parse_uint(line, 1, INT32_MAX, &number);
	if (r >= 0)
		r = number_parse_uint(blank + 1, 0, UINT64_MAX, start);
	if (r >= 0)
		*pid = (pid_t) number;
	return r;
}

static void fuse_stop(pid_t pid, uint64_t start)
{
	AUTO_CLOSE int pidfd = process_open(pid, start);
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int status;

	if (pidfd < 0)
		return;
	/* it has ended already when these fail */
	(void) !process_pidfd_signal(pidfd, SIGTERM);
	if (poll(&poll_fd, 1, FUSE_STOP_MS) == 0)
		(void) !process_pidfd_signal(pidfd, SIGKILL);
	/* ECHILD: another process of ours started it */
	(void) !spawn_wait(pid, &status);
}

static void fuse_unmount(const struct driver_mount *request)
{
	AUTO_CLOSE int container_fd = overlay_reopen(request->container_fd);
	AUTO_FREE char *target = xprintf("/proc/self/fd/%d/merged", container_fd);
	uint64_t start = 0;
	pid_t pid = 0;

	/* EINVAL: not mounted in this mount namespace, the program's end will do it */
	(void) umount2(target, MNT_DETACH);
	if (read_pid(request->container_fd, &pid, &start) >= 0)
		fuse_stop(pid, start);
	(void) unlinkat(request->container_fd, FUSE_PID, 0);
}

/* in a child of its own; there is no struct error to bring back, only an errno */
static int probe_tree(int dir_fd)
{
	AUTO_FREE char *options = xprintf("lowerdir=/proc/self/fd/%d/lower,upperdir=/proc/self/fd/%d/upper,"
	                                  "workdir=/proc/self/fd/%d/work", dir_fd, dir_fd, dir_fd);
	static const char *const names[] = {"lower", "lower/gone", "upper", "work"};
	struct error err = {0};
	AUTO_CLOSE int root = -1;
	pid_t pid = -1;
	int status, r = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (mkdirat(dir_fd, names[i], 0755) < 0)
			return -errno;
	root = fuse_start(&dir_fd, 1, dir_fd, options, &pid, &err);
	if (root < 0)
		return root;
	if (unlinkat(root, "gone", AT_REMOVEDIR) < 0 || mkdirat(root, "new", 0755) < 0)
		r = -errno;
	(void) kill(pid, SIGKILL);
	(void) !spawn_wait(pid, &status);
	return r;
}

static int fuse_probe(struct store *store, struct error *err)
{
	AUTO_FREE char *program = spawn_find(FUSE_PROGRAM);
	int r;

	if (!program)
		return error_set(err, ERROR_NOT_FOUND,
		                 FUSE_PROGRAM " is not installed: sudo apt-get install fuse-overlayfs");
	if (access("/dev/fuse", R_OK | W_OK) < 0)
		return error_errno(err, errno, "/dev/fuse (sudo modprobe fuse; sudo chmod 666 /dev/fuse)");
	r = overlay_probe_in_child(store, probe_tree);
	return r < 0 ? error_errno(err, -r, FUSE_PROGRAM " cannot mount here") : 0;
}

const struct driver driver_fuse = {
	.name = FUSE_PROGRAM,
	.probe = fuse_probe,
	.mount = fuse_mount,
	.unmount = fuse_unmount,
};
