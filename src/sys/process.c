/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.c - clone3, pidfds and the identity of a process; see process.h */
#include "coracle/sys/process.h"

#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STAT_SIZE    1024
#define BOOT_ID_SIZE 36

/* clone(2) knows no cgroup, and the bit of CLONE_NEWTIME is part of its signal number. */
static pid_t clone_old(uint64_t flags, int *pidfd)
{
	unsigned long all = (unsigned long) flags | CLONE_PIDFD;

	if (!(flags & CLONE_PARENT))
		all |= SIGCHLD;
#ifdef __s390__
	return (pid_t) syscall(SYS_clone, NULL, all, pidfd, NULL, 0UL);
#else
	return (pid_t) syscall(SYS_clone, all, NULL, pidfd, NULL, 0UL);
#endif
}

pid_t process_clone(uint64_t flags, int cgroup_fd, int *pidfd)
{
	int fd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t) &fd,
		/* clone3(2): with CLONE_PARENT the caller's own exit signal is used */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	pid_t pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned) cgroup_fd;
	}
	pid = (pid_t) syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0 && (errno == ENOSYS || errno == EPERM) && cgroup_fd < 0 &&
	    !(flags & CLONE_NEWTIME))
		pid = clone_old(flags, &fd);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		return 0;
	if (pidfd)
		*pidfd = fd;
	else
		auto_close(&fd);
	return pid;
}

int process_pidfd_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0U);

	return fd < 0 ? -errno : (int) fd;
}

int process_pidfd_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U) < 0 ? -errno : 0;
}

/* proc_pid_stat(5): "pid (name) state ..."; the name may hold blanks and brackets. */
static bool parse_stat(char *stat, char *state, uint64_t *start_time)
{
	char *at = strrchr(stat, ')');
	char *end;

	if (!at || at[1] != ' ' || !at[2])
		return false;
	*state = at[2];
	at += 2;
	for (int field = 3; field < 22; field++) {
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	end = strchr(at, ' ');
	if (end)
		*end = '\0';
	return number_parse_uint(at, 0, UINT64_MAX, start_time) == 0;
}

static bool read_stat(pid_t pid, char *state, uint64_t *start_time)
{
	char path[32], stat[STAT_SIZE];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	if (pid <= 0)
		return false;
	(void) snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, stat, sizeof stat - 1);
	if (n <= 0)
		return false;
	stat[n] = '\0';
	return parse_stat(stat, state, start_time);
}

uint64_t process_start_time(pid_t pid)
{
	uint64_t start_time;
	char state;

	return read_stat(pid, &state, &start_time) ? start_time : 0;
}

bool process_is(pid_t pid, uint64_t start_time)
{
	uint64_t found;
	char state;

	return read_stat(pid, &state, &found) && found == start_time && state != 'Z' &&
	       state != 'X';
}

int process_open(pid_t pid, uint64_t start_time)
{
	AUTO_CLOSE int fd = pid > 0 ? process_pidfd_open(pid) : -ESRCH;

	if (fd < 0)
		return fd == -EINVAL ? -ESRCH : fd;
	/* looked at after opening: while fd names the process, the pid is not given out again */
	return process_is(pid, start_time) ? TAKE_FD(fd) : -ESRCH;
}

static int check_reach(pid_t pid)
{
	char path[32], target[64];

	(void) snprintf(path, sizeof path, "/proc/%d/ns/uts", (int) pid);
	return readlink(path, target, sizeof target) < 0 ? -errno : 0;
}

/* first_child - of proc(5), /proc/PID/task/TID/children: oldest first */
static pid_t first_child(pid_t pid)
{
	char path[64], children[64];
	AUTO_CLOSE int fd = -1;
	uint64_t child;
	ssize_t n;

	(void) snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int) pid, (int) pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, children, sizeof children - 1);
	children[n > 0 ? n : 0] = '\0';
	children[strcspn(children, " \n")] = '\0';
	return number_parse_uint(children, 1, INT32_MAX, &child) < 0 ? -ESRCH : (pid_t) child;
}

pid_t process_reachable(pid_t pid)
{
	int r = check_reach(pid);
	pid_t child;

	if (r != -EACCES && r != -EPERM)
		return r < 0 ? r : pid;
	child = first_child(pid);
	if (child > 0 && check_reach(child) == 0)
		return child;
	return r;
}

int process_boot_id(char into[static 37])
{
	AUTO_FREE char *text = NULL;
	size_t length;
	int r = file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &text, &length);

	if (r < 0)
		return r;
	if (length < BOOT_ID_SIZE)
		return -EINVAL;
	(void) memcpy(into, text, BOOT_ID_SIZE);
	into[BOOT_ID_SIZE] = '\0';
	return 0;
}

int process_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* its number is fixed: linux/nsfs.h, USER_NS_INIT_INO */
bool process_in_first_userns(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == 0xEFFFFFFDu;
}

uint64_t process_ignored_signals(void)
{
	char text[4096] = "";
	AUTO_CLOSE int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	const char *line;
	uint64_t mask = 0;

	if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
		return UINT64_MAX;
	line = strstr(text, "\nSigIgn:");
	if (!line)
		return UINT64_MAX;
	line += strlen("\nSigIgn:");
	line += strspn(line, " \t");
	for (; (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f'); line++)
		mask = mask << 4 | (uint64_t) (*line <= '9' ? *line - '0' : *line - 'a' + 10);
	return mask;
}
