/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_ids.c - user namespaces and subordinate ids (user_namespaces(7), subuid(5), newuidmap(1)) */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "probe_check.h"

#define SUBID_MAX   (1 << 20)
#define RANGE_WANTED 65536
#define RANGE_FIRST  100000

static const char userns_effect[] = "no container can be started";

static void check_userns(const struct paths *paths, struct probe_result *out)
{
	long long max = probe_number("/proc/sys/user/max_user_namespaces", 1);
	bool forbidden = probe_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0;
	bool apparmor = probe_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1;
	int r;

	(void) paths;
	if (max == 0) {
		probe_bad(out, PROBE_MISSING, userns_effect, xstrdup("sudo sysctl -w user.max_user_namespaces=15000"),
		          "user.max_user_namespaces is 0");
		return;
	}
	if (forbidden && geteuid() != 0) {
		probe_bad(out, PROBE_MISSING, userns_effect,
		          xstrdup("sudo sysctl -w kernel.unprivileged_userns_clone=1"),
		          "kernel.unprivileged_userns_clone is 0");
		return;
	}
	r = probe_enter_userns();
	if (r >= 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		r = -errno;
	if (r >= 0 && mount("coracle", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0)
		r = -errno;
	if (r >= 0)
		probe_ok(out, "can be made, and mounted in (at most %lld)", max);
	else if (apparmor)
		probe_bad(out, PROBE_MISSING, userns_effect,
		          xstrdup("sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
		          "AppArmor restricts them (%s)", strerror(-r));
	else
		probe_bad(out, PROBE_MISSING, userns_effect,
		          xstrdup("sudo sysctl -w user.max_user_namespaces=15000; inside another container: start"
		                  " that one with --security-opt seccomp=unconfined"),
		          "%s", strerror(-r));
}

/* a proc or sysfs that shows what an outer container covers in its own is refused (user_namespaces(7)) */
static int mount_fresh(void)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	return mount("proc", "/proc", "proc", flags, NULL) < 0 || mount("sysfs", "/sys", "sysfs", flags, NULL) < 0
	               ? errno
	               : 0;
}

static int try_fresh(void)
{
	int r = probe_enter_userns(), status;
	pid_t pid;

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWPID | CLONE_NEWNET) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		_exit(mount_fresh());
	if (pid < 0)
		return -errno;
	r = spawn_wait(pid, &status);
	return r < 0 ? r : WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static void check_fresh(const struct paths *paths, struct probe_result *out)
{
	int r = try_fresh();

	(void) paths;
	if (r >= 0)
		probe_ok(out, "can be mounted");
	else
		probe_bad(out, PROBE_MISSING, "containers start with --pid host --network host only",
		          xstrdup("see what covers parts of them: findmnt -R /proc; inside another container:"
		                  " start that one with --security-opt unmask=ALL or --privileged"),
		          "%s", strerror(-r));
}

/* field - the text up to the separator, cut out in place; *at moves behind it */
static char *field(char **at, char separator)
{
	char *start = *at, *end = start ? strchr(start, separator) : NULL;

	if (end)
		*end = '\0';
	*at = end ? end + 1 : NULL;
	return start;
}

uint64_t probe_subids(const char *text, const char *name, uint64_t id, uint64_t *first_free)
{
	AUTO_FREE char *copy = xstrdup(text), *number = xprintf("%llu", (unsigned long long) id);
	uint64_t total = 0, end = RANGE_FIRST;
	char *at = copy;

	while (at && *at) {
		char *line = field(&at, '\n');
		char *owner = field(&line, ':'), *first = field(&line, ':');
		uint64_t start, count;

		if (!first || !line || number_parse_uint(first, 0, UINT32_MAX, &start) < 0
		    || number_parse_uint(line, 1, UINT32_MAX, &count) < 0)
			continue;
		end = MAX(end, start + count);
		if (strcmp(owner, name) == 0 || strcmp(owner, number) == 0)
			total += count;
	}
	/* a range behind all others, beginning like useradd's: 100000 + n * 65536 */
	*first_free = RANGE_FIRST
		      + (end - RANGE_FIRST + RANGE_WANTED - 1) / RANGE_WANTED * RANGE_WANTED;
	return total;
}

static uint64_t read_subids(const char *path, const char *name, uint64_t *first_free)
{
	AUTO_FREE char *text = NULL;

	if (file_read(AT_FDCWD, path, SUBID_MAX, &text, NULL) < 0)
		text = xstrdup("");
	return probe_subids(text, name, getuid(), first_free);
}

/* mapped_ids - how many ids the user namespace that we are in has: uid_map of user_namespaces(7) */
static uint64_t mapped_ids(void)
{
	AUTO_CLOSE int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	unsigned long inside, outside, count;
	uint64_t total = 0;

	if (fd < 0 || file_read_fd(fd, SUBID_MAX, &text, NULL) < 0)
		return UINT32_MAX;
	for (const char *at = text; sscanf(at, "%lu %lu %lu", &inside, &outside, &count) == 3;) {
		total += count;
		at = strchr(at, '\n');
		if (!at++)
			break;
	}
	return total;
}

static void check_root_ids(struct probe_result *out)
{
	uint64_t ids = mapped_ids();

	if (ids >= RANGE_WANTED)
		probe_ok(out, "root uses its own ids");
	else
		probe_bad(out, PROBE_DEGRADED, "images with higher user ids can't be unpacked or run as them",
		          xstrdup("make the namespace that this shell is in with more: unshare --map-root-user"
		                  " --map-auto"),
		          "this root has %llu ids, %d are wanted", (unsigned long long) ids, RANGE_WANTED);
}

static void check_subids(const struct paths *paths, struct probe_result *out)
{
	AUTO_FREE char *name = probe_user();
	uint64_t uid_free, gid_free;
	uint64_t uids = read_subids("/etc/subuid", name, &uid_free);
	uint64_t gids = read_subids("/etc/subgid", name, &gid_free);

	(void) paths;
	if (geteuid() == 0) {
		check_root_ids(out);
	} else if (uids >= RANGE_WANTED && gids >= RANGE_WANTED) {
		probe_ok(out, "%llu uids and %llu gids", (unsigned long long) uids, (unsigned long long) gids);
	} else {
		uint64_t first = MAX(uid_free, gid_free), last = first + RANGE_WANTED - 1;

		probe_bad(out, PROBE_DEGRADED,
		          uids && gids ? "images with higher user ids can't be unpacked or run as them"
		                       : "containers have one user only, root; most images with others fail",
		          xprintf("sudo usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s",
		                  (unsigned long long) first, (unsigned long long) last,
		                  (unsigned long long) first, (unsigned long long) last, name),
		          "%llu uids in /etc/subuid and %llu gids in /etc/subgid for %s, %d each are wanted",
		          (unsigned long long) uids, (unsigned long long) gids, name, RANGE_WANTED);
	}
}

/* is_privileged - set-user-id root, or with the file capability that does the same */
static bool is_privileged(const char *program)
{
	char value[64];
	struct stat st;

	if (getxattr(program, "security.capability", value, sizeof value) > 0)
		return true;
	return stat(program, &st) == 0 && (st.st_mode & S_ISUID) && st.st_uid == 0;
}

/* first_range - "START" and "COUNT" of the caller's first line; false when there is none */
static bool first_range(const char *path, const char *name, char **start, char **count)
{
	AUTO_FREE char *text = NULL, *number = xprintf("%u", (unsigned) getuid());
	char *at;

	if (file_read(AT_FDCWD, path, SUBID_MAX, &text, NULL) < 0)
		return false;
	for (at = text; at && *at;) {
		char *line = field(&at, '\n');
		char *owner = field(&line, ':'), *first = field(&line, ':');

		if (!first || !line || (strcmp(owner, name) != 0 && strcmp(owner, number) != 0))
			continue;
		*start = xstrdup(first);
		*count = xstrdup(line);
		return true;
	}
	return false;
}

/*
 * try_helper - map a range into the user namespace of a child that only waits
 *
 * Returns the exit status of the program, or a negative errno (-EAGAIN: it could not be tried).
 */
static int try_helper(const char *program, const char *range_file, unsigned own, char **words)
{
	AUTO_FREE char *name = probe_user(), *start = NULL, *count = NULL, *outside = xprintf("%u", own);
	AUTO_FREE char *pid_text = NULL;
	struct error err = {0};
	int status, r;
	pid_t pid;

	if (!first_range(range_file, name, &start, &count))
		return -EAGAIN; /* the row before tells about that */
	pid = process_clone(CLONE_NEWUSER, -1, NULL);
	if (pid == 0)
		for (;;)
			(void) pause();
	if (pid < 0)
		return -EAGAIN; /* user namespaces have a row of their own */
	pid_text = xprintf("%d", (int) pid);
	r = spawn_run((const char *const[]) {program, pid_text, "0", outside, "1", "1", start, count, NULL}, 500,
	              words, &err);
	(void) kill(pid, SIGKILL);
	(void) !spawn_wait(pid, &status);
	if (r < 0)
		text_replace(words, err.text);
	return r;
}

static void check_helper(const char *name, const char *range_file, unsigned own, struct probe_result *out)
{
	static const char effect[] = "containers have one user only, root; most images with others fail";
	AUTO_FREE char *program = spawn_find(name), *words = NULL;
	int r;

	if (geteuid() == 0) {
		probe_ok(out, "root does without it");
		return;
	}
	if (!program) {
		probe_bad(out, PROBE_MISSING, effect, xstrdup("sudo apt-get install uidmap"), "not installed");
		return;
	}
	if (!is_privileged(program)) {
		probe_bad(out, PROBE_MISSING, effect, xprintf("sudo chmod u+s %s", program),
		          "%s is not set-user-id root", program);
		return;
	}
	r = try_helper(name, range_file, own, &words);
	if (words)
		words[strcspn(words, "\n")] = '\0';
	if (r == 0)
		probe_ok(out, "%s works", program);
	else if (r == -EAGAIN)
		probe_ok(out, "%s is there; it can't be tried without a range", program);
	else
		probe_bad(out, PROBE_MISSING, effect,
		          xprintf("sudo chmod u+s %s, on a file system without nosuid; compare %s", program,
		                  range_file),
		          "%s: %s", program, words && *words ? words : "fails");
}

static void check_newuidmap(const struct paths *paths, struct probe_result *out)
{
	(void) paths;
	check_helper("newuidmap", "/etc/subuid", geteuid(), out);
}

static void check_newgidmap(const struct paths *paths, struct probe_result *out)
{
	(void) paths;
	check_helper("newgidmap", "/etc/subgid", getegid(), out);
}

const struct probe_check probe_ids_checks[] = {
	{"userns", "user namespaces", check_userns},
	{"subuid", "subordinate ids", check_subids},
	{"newuidmap", "newuidmap, maps user ids", check_newuidmap},
	{"newgidmap", "newgidmap, maps group ids", check_newgidmap},
	{"proc", "/proc and /sys of a container's own", check_fresh},
	{NULL, NULL, NULL},
};
