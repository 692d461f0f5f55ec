/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userns.c - make or join the user namespace with subordinate ids; see userns.h
 *
 * Theory of operation. A holder process is born into a new user namespace and does nothing. While
 * newuidmap(1) and newgidmap(1) write its maps, side by side, the caller goes on with its own work.
 * userns_finish() reaps them, opens /proc/HOLDER/ns/user and ends the holder: the descriptor keeps
 * the namespace. The monitor of a container, which has joined it, publishes its pid in
 * runtime/userns.d/; as long as one such process lives the next command joins instead of making another.
 */
#include "coracle/userns/userns.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/process.h"
#include "coracle/userns/subid.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "userns_join.h"

#define HOLDER_STACK_BYTES 16384
#define ALONE_STEP_MS      2
#define ALONE_MAX_MS       60000

static int hold(void *parent)
{
	/* the parent may die before it kills us */
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* or has died already, of which no signal tells */
	if (getppid() != (pid_t) (intptr_t) parent)
		return 0;
	while (pause() < 0) {
	}
	return 0;
}

static int explain_refusal(int errnum, struct error *err)
{
	const char *why = "the kernel or a security module forbids user namespaces; see: coracle doctor";

	if (errnum == EAGAIN)
		why = "the limit of processes of this user is reached: end some, or raise it with ulimit -u";
	else if (errnum == ENOSPC || errnum == EUSERS)
		why = "the limit of user namespaces is reached; as root: sysctl -w "
		      "user.max_user_namespaces=15000";
	else if (access("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", F_OK) == 0)
		why = "AppArmor forbids them to this program; as root: sysctl -w "
		      "kernel.apparmor_restrict_unprivileged_userns=0";
	else if (access("/proc/sys/kernel/unprivileged_userns_clone", F_OK) == 0)
		why = "they are switched off; as root: sysctl -w kernel.unprivileged_userns_clone=1";
	return error_set(err, ERROR_DENIED, "can't make a user namespace (%s): %s", strerror(errnum), why);
}

static int holder_start(struct userns *userns, struct error *err)
{
	/* The holder shares our memory (no page tables to copy) and runs on this stack until it is killed. */
	static _Alignas(16) char stack[HOLDER_STACK_BYTES];
	int pid = clone(hold, stack + sizeof stack, CLONE_NEWUSER | CLONE_VM | SIGCHLD,
	                (void *) (intptr_t) getpid());

	if (pid < 0)
		return explain_refusal(errno, err);
	userns->holder_pid = pid;
	return 0;
}

static void holder_stop(struct userns *userns)
{
	int status;

	if (userns->holder_pid <= 0)
		return;
	(void) kill(userns->holder_pid, SIGKILL);
	/* it is our child and dead: nothing to learn from it */
	(void) !spawn_wait(userns->holder_pid, &status);
	userns->holder_pid = 0;
}

static const char *own_name(void)
{
	/* getpwuid(3) may ask LDAP or sssd, which is slow and needs /etc/passwd not at all: numbers work too. */
	const struct passwd *entry = getpwuid(getuid());

	return entry ? entry->pw_name : NULL;
}

/* The user's own id first, then the subordinate ranges, one after another from 1 up. */
static int read_ranges(const char *path, const char *name, uint64_t own, struct id_range *out, size_t *count)
{
	uint64_t inside = 1;
	int n = subid_read(path, name, getuid(), out + 1, USERNS_RANGES_MAX - 1);

	out[0] = (struct id_range){.inside = 0, .outside = own, .count = 1};
	if (n <= 0)
		return n < 0 ? n : -ENOENT;
	for (int i = 1; i <= n; i++) {
		out[i].inside = inside;
		inside += out[i].count;
	}
	*count = (size_t) n + 1;
	return 0;
}

/* Whether /etc/subuid knows the caller; the name is looked up only when the number is not there. */
static int want_ranges(struct userns *userns)
{
	const char *name = own_name();
	int r = read_ranges("/etc/subuid", name, geteuid(), userns->uids, &userns->uid_count);

	if (r >= 0)
		r = read_ranges("/etc/subgid", name, getegid(), userns->gids, &userns->gid_count);
	if (r < 0)
		(void) snprintf(userns->note, sizeof userns->note,
		                "no subordinate ids for %s in /etc/sub%s, so only one id exists in "
		                "containers; as root: usermod --add-subuids 100000-165535 "
		                "--add-subgids 100000-165535 %s",
		                name ? name : "this user", userns->uid_count ? "gid" : "uid",
		                name ? name : "USER");
	return r;
}

static void map_text(const struct id_range *ranges, size_t count, struct texts *out)
{
	for (size_t i = 0; i < count; i++) {
		texts_printf(out, "%" PRIu64, ranges[i].inside);
		texts_printf(out, "%" PRIu64, ranges[i].outside);
		texts_printf(out, "%" PRIu64, ranges[i].count);
	}
}

static pid_t helper_start(const char *program, int target, const struct id_range *ranges, size_t count,
                          int errors, struct error *err)
{
	AUTO_TEXTS struct texts argv = {0};
	struct spawn spawn = {.program = program, .stdio = {-1, -1, errors}};

	texts_add(&argv, program);
	texts_printf(&argv, "%d", target);
	map_text(ranges, count, &argv);
	spawn.argv = (const char *const *) argv.items;
	return spawn_start(&spawn, NULL, err);
}

static int helpers_start(struct userns *userns, struct error *err)
{
	pid_t pid;

	userns->helper_errors = (int) syscall(SYS_memfd_create, "newidmap", 1u /* MFD_CLOEXEC */);
	pid = helper_start("newuidmap", userns->holder_pid, userns->uids, userns->uid_count,
	                   userns->helper_errors, err);
	if (pid < 0)
		return pid;
	userns->uid_helper = pid;
	pid = helper_start("newgidmap", userns->holder_pid, userns->gids, userns->gid_count,
	                   userns->helper_errors, err);
	if (pid < 0)
		return pid;
	userns->gid_helper = pid;
	return 0;
}

static int write_proc(int pid, const char *file, const char *text)
{
	char path[64];
	int fd, r;

	(void) snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	(void) close(fd);
	return r;
}

/* Root: what this namespace has, one to one. */
static int own_ranges(struct userns *userns, struct error *err)
{
	static const char *const files[] = {"/proc/self/uid_map", "/proc/self/gid_map"};

	for (int i = 0; i < 2; i++) {
		struct id_range *ranges = i ? userns->gids : userns->uids;
		int n = userns_read_map(files[i], ranges, USERNS_RANGES_MAX);

		if (n <= 0)
			return error_errno(err, n ? -n : EINVAL, "%s", files[i]);
		for (int k = 0; k < n; k++)
			ranges[k].outside = ranges[k].inside;
		*(i ? &userns->gid_count : &userns->uid_count) = (size_t) n;
	}
	return 0;
}

static int map_own(struct userns *userns, struct error *err)
{
	static const char *const files[] = {"uid_map", "gid_map"};

	for (int i = 0; i < 2; i++) {
		const struct id_range *ranges = i ? userns->gids : userns->uids;
		size_t count = i ? userns->gid_count : userns->uid_count;
		AUTO_FREE char *text = NULL;
		AUTO_TEXTS struct texts lines = {0};
		int r;

		for (size_t k = 0; k < count; k++)
			texts_printf(&lines, "%" PRIu64 " %" PRIu64 " %" PRIu64, ranges[k].inside,
			             ranges[k].inside, ranges[k].count);
		text = texts_join(&lines, "\n");
		r = write_proc(userns->holder_pid, files[i], text);
		if (r < 0)
			return error_errno(err, -r, "write %s of the user namespace", files[i]);
	}
	return 0;
}

static void single_ranges(struct userns *userns)
{
	userns->uids[0] = (struct id_range){0, geteuid(), 1};
	userns->gids[0] = (struct id_range){0, getegid(), 1};
	userns->uid_count = userns->gid_count = 1;
	userns->rung = USERNS_SINGLE;
}

static int map_single(struct userns *userns, struct error *err)
{
	char text[64];
	int r;

	single_ranges(userns);
	/* user_namespaces(7): without privilege setgroups(2) must be given up first */
	r = write_proc(userns->holder_pid, "setgroups", "deny");
	(void) snprintf(text, sizeof text, "0 %u 1", (unsigned) geteuid());
	if (r >= 0)
		r = write_proc(userns->holder_pid, "uid_map", text);
	(void) snprintf(text, sizeof text, "0 %u 1", (unsigned) getegid());
	if (r >= 0)
		r = write_proc(userns->holder_pid, "gid_map", text);
	return r < 0 ? error_errno(err, -r, "write the id maps of the user namespace") : 0;
}

static bool join(struct userns *userns, const struct paths *paths, enum userns_rung rung)
{
	userns->rung = rung;
	userns->fd = userns_join(paths, userns);
	userns->joined = userns->fd >= 0;
	return userns->joined;
}

static int begin_root(struct userns *userns, const struct paths *paths, struct error *err)
{
	int r = own_ranges(userns, err);

	if (r < 0 || join(userns, paths, USERNS_ROOT))
		return r;
	r = holder_start(userns, err);
	return r < 0 ? r : map_own(userns, err);
}

static int begin_range(struct userns *userns, struct error *err)
{
	int r = holder_start(userns, err);

	if (r < 0)
		return r;
	if (helpers_start(userns, err) < 0)
		/* userns_finish() falls back */
		(void) snprintf(userns->note, sizeof userns->note,
		                "%.300s; only one id exists in containers; as root: apt-get install uidmap",
		                err->text);
	return 0;
}

static int begin(struct userns *userns, const struct paths *paths, struct error *err)
{
	int r;

	if (geteuid() == 0 && caps_has(6 /* CAP_SETGID */) && caps_has(7 /* CAP_SETUID */))
		return begin_root(userns, paths, err);
	if (want_ranges(userns) >= 0)
		return join(userns, paths, USERNS_RANGE) ? 0 : begin_range(userns, err);
	single_ranges(userns);
	if (join(userns, paths, USERNS_SINGLE))
		return 0;
	r = holder_start(userns, err);
	return r < 0 ? r : map_single(userns, err);
}

int userns_begin(const struct paths *paths, struct userns **out, struct error *err)
{
	struct userns *userns = xcalloc(1, sizeof *userns);
	int r;

	userns->fd = userns->helper_errors = -1;
	r = begin(userns, paths, err);
	if (r < 0) {
		userns_free(userns);
		return r;
	}
	*out = userns;
	return 0;
}

static bool helper_succeeded(int *pid)
{
	int status = -1;
	bool ok = *pid > 0 && spawn_wait(*pid, &status) >= 0 && WIFEXITED(status)
	          && WEXITSTATUS(status) == 0;

	*pid = 0;
	return ok;
}

/* What the helpers had to say: one line, "" when nothing */
static void helper_words(int errors, char *words, size_t size)
{
	ssize_t n = errors < 0 ? 0 : pread(errors, words, size - 1, 0);

	words[n > 0 ? n : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
}

static void note_helper_words(struct userns *userns)
{
	char words[256];

	if (userns->note[0])
		return;
	helper_words(userns->helper_errors, words, sizeof words);
	(void) snprintf(userns->note, sizeof userns->note,
	                "newuidmap or newgidmap refused (%s), so only one id exists in containers; see: "
	                "coracle doctor",
	                words[0] ? words : "no reason given");
}

int userns_finish(struct userns *userns, struct error *err)
{
	char path[64];
	int r;

	if (userns->fd >= 0)
		return 0;
	if (userns->rung == USERNS_RANGE) {
		bool uids = helper_succeeded(&userns->uid_helper);
		bool gids = helper_succeeded(&userns->gid_helper);

		if (!uids || !gids) {
			note_helper_words(userns);
			/* a map can be written once only: a new holder */
			holder_stop(userns);
			r = holder_start(userns, err);
			if (r < 0)
				return r;
			r = map_single(userns, err);
			if (r < 0)
				return r;
		}
	}
	(void) snprintf(path, sizeof path, "/proc/%d/ns/user", userns->holder_pid);
	userns->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (userns->fd < 0)
		return error_errno(err, errno, "%s", path);
	holder_stop(userns);
	return 0;
}

/*
 * wait_alone - true when this process has one thread, as setns(2) wants
 *
 * A thread that was joined may not have left the kernel yet; one that looks up a name nobody wants any more ends when its
 * resolver gives up.
 */
static bool wait_alone(void)
{
	const struct timespec pause = {.tv_nsec = ALONE_STEP_MS * 1000000L};

	for (unsigned waited = 0; waited < ALONE_MAX_MS; waited += ALONE_STEP_MS) {
		struct stat st;

		/* a directory per thread, each a link */
		if (stat("/proc/self/task", &st) < 0 || st.st_nlink <= 3)
			return true;
		(void) nanosleep(&pause, NULL);
	}
	return false;
}

int userns_enter(struct userns *userns, struct error *err)
{
	int r = userns_finish(userns, err);

	if (r < 0)
		return r;
	if (setns(userns->fd, CLONE_NEWUSER) < 0
	    && (errno != EINVAL || !wait_alone() || setns(userns->fd, CLONE_NEWUSER) < 0))
		return error_errno(err, errno, "enter the user namespace");
	/* user_namespaces(7): the mounts we make must belong to this namespace */
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, errno, "new mount namespace");
	return 0;
}

void userns_free(struct userns *userns)
{
	if (!userns)
		return;
	if (userns->uid_helper > 0)
		(void) helper_succeeded(&userns->uid_helper);
	if (userns->gid_helper > 0)
		(void) helper_succeeded(&userns->gid_helper);
	holder_stop(userns);
	if (userns->fd >= 0)
		(void) close(userns->fd);
	if (userns->helper_errors >= 0)
		(void) close(userns->helper_errors);
	free(userns);
}

void userns_own_ranges(struct userns_mapping *mapping)
{
	const char *name = own_name();

	*mapping = (struct userns_mapping){.uid_count = 1, .gid_count = 1, .helper_errors = -1};
	if (read_ranges("/etc/subuid", name, geteuid(), mapping->uids, &mapping->uid_count) >= 0
	    && read_ranges("/etc/subgid", name, getegid(), mapping->gids, &mapping->gid_count) >= 0)
		return;
	/* read_ranges() has put the caller's own first */
	mapping->gids[0] = (struct id_range){.inside = 0, .outside = getegid(), .count = 1};
	mapping->uid_count = mapping->gid_count = 1;
}

static int write_ranges(int pid, const char *file, const struct id_range *ranges, size_t count)
{
	AUTO_TEXTS struct texts lines = {0};
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < count; i++)
		texts_printf(&lines, "%" PRIu64 " %" PRIu64 " %" PRIu64, ranges[i].inside, ranges[i].outside,
		             ranges[i].count);
	text = texts_join(&lines, "\n");
	return write_proc(pid, file, text);
}

static int map_directly(const struct userns_mapping *mapping, int pid, bool privileged, struct error *err)
{
	/* user_namespaces(7): without privilege setgroups(2) must be given up first */
	int r = privileged ? 0 : write_proc(pid, "setgroups", "deny");

	if (r >= 0)
		r = write_ranges(pid, "uid_map", mapping->uids, mapping->uid_count);
	if (r >= 0)
		r = write_ranges(pid, "gid_map", mapping->gids, mapping->gid_count);
	return r < 0 ? error_errno(err, -r, "write the id maps of the container's user namespace") : 0;
}

static bool is_only_own(const struct id_range *ranges, size_t count, uint64_t own)
{
	return count == 1 && ranges[0].count == 1 && ranges[0].outside == own;
}

int userns_map_begin(struct userns_mapping *mapping, int pid, struct error *err)
{
	bool privileged = caps_has(6 /* CAP_SETGID */) && caps_has(7 /* CAP_SETUID */);

	mapping->uid_helper = mapping->gid_helper = 0;
	mapping->helper_errors = -1;
	if (privileged
	    || (is_only_own(mapping->uids, mapping->uid_count, geteuid())
	        && is_only_own(mapping->gids, mapping->gid_count, getegid())))
		return map_directly(mapping, pid, privileged, err);
	mapping->helper_errors = (int) syscall(SYS_memfd_create, "newidmap", 1u /* MFD_CLOEXEC */);
	mapping->uid_helper = helper_start("newuidmap", pid, mapping->uids, mapping->uid_count,
	                                   mapping->helper_errors, err);
	if (mapping->uid_helper < 0)
		return mapping->uid_helper;
	mapping->gid_helper = helper_start("newgidmap", pid, mapping->gids, mapping->gid_count,
	                                   mapping->helper_errors, err);
	return mapping->gid_helper < 0 ? mapping->gid_helper : 0;
}

int userns_map_finish(struct userns_mapping *mapping, struct error *err)
{
	bool started = mapping->uid_helper > 0;
	bool uids = !started || helper_succeeded(&mapping->uid_helper);
	bool gids = mapping->gid_helper <= 0 || helper_succeeded(&mapping->gid_helper);
	char words[256] = "";

	helper_words(mapping->helper_errors, words, sizeof words);
	if (mapping->helper_errors >= 0)
		(void) close(mapping->helper_errors);
	mapping->helper_errors = -1;
	if (uids && gids)
		return 0;
	return error_set(err, ERROR_DENIED, "id maps of the container's user namespace: new%cidmap refused%s%s; "
	                 "the ids have to be in /etc/sub%cid", uids ? 'g' : 'u', words[0] ? ": " : "", words,
	                 uids ? 'g' : 'u');
}
