/* SPDX-License-Identifier: GPL-2.0-or-later */
/* floor.c - the least that a container start can cost: its system calls and nothing else */

/*
 *   floor ROOTFS SCRATCH SUBUID SUBGID COUNT COMMAND [ARG...]
 *
 * What it does is what the peers do for the same container: a user namespace mapped by newuidmap and
 * newgidmap side by side, six more namespaces, an overlay with a fresh upper directory, the usual
 * mounts, masked and read-only paths, pivot_root, exec, wait, and the upper directory removed again.
 * What it leaves out is the engine: no record, monitor, log, seccomp profile or capability set.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
/* podman's lists; --security-opt mask in podman-run(1). */
static const char *const masked_files[] = {
	"proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list", "proc/timer_stats", "proc/sched_debug",
};
static const char *const masked_directories[] = {
	"proc/acpi", "proc/scsi", "sys/firmware", "sys/fs/selinux", "sys/dev/block",
};
static const char *const read_only[] = {
	"proc/asound", "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static _Noreturn void fail(const char *what)
{
	dprintf(2, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static pid_t helper_start(const char *program, pid_t pid, unsigned own, const char *first, const char *count)
{
	char target[16], inside[16], zero[] = "0", one[] = "1";
	char *const argv[] = {
		(char *) (uintptr_t) program, target, zero, inside, one, one,
		(char *) (uintptr_t) first, (char *) (uintptr_t) count, NULL,
	};
	char *const none[] = {NULL};
	pid_t child;

	(void) snprintf(target, sizeof target, "%d", (int) pid);
	(void) snprintf(inside, sizeof inside, "%u", own);
	child = vfork();
	if (child == 0) {
		execve(program, argv, none);
		_exit(127);
	}
	return child;
}

static void read_only_bind(const char *path)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0) {
		if (errno == ENOENT)
			return;
		fail(path);
	}
	if (mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		fail(path);
}

static void mount_all(const char *rootfs)
{
	char options[3 * 512];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail("private mounts");
	(void) snprintf(options, sizeof options, "lowerdir=%s,upperdir=upper,workdir=work,userxattr", rootfs);
	if (mount("overlay", "root", "overlay", 0, options) < 0)
		fail("overlay");
	if (chdir("root") < 0)
		fail("root");
	if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		fail("proc");
	if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k") < 0)
		fail("dev");
	if (mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) < 0
	    && mount("/sys", "sys", NULL, MS_BIND | MS_REC, NULL) < 0)
		fail("sys");
	/* Where the host has the unified hierarchy elsewhere or none, the peers go without as well. */
	(void) mount("cgroup2", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
	if (mkdir("dev/pts", 0755) < 0 || mkdir("dev/shm", 01777) < 0 || mkdir("dev/mqueue", 01777) < 0)
		fail("directories of dev");
	if (mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620") < 0)
		fail("devpts");
	if (mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k") < 0)
		fail("shm");
	if (mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		fail("mqueue");
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		char source[32], target[32];
		int fd;

		(void) snprintf(source, sizeof source, "/dev/%s", devices[i]);
		(void) snprintf(target, sizeof target, "dev/%s", devices[i]);
		fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		if (fd < 0)
			fail(target);
		close(fd);
		if (mount(source, target, NULL, MS_BIND, NULL) < 0)
			fail(source);
	}
	if (symlink("pts/ptmx", "dev/ptmx") < 0 || symlink("/proc/self/fd", "dev/fd") < 0
	    || symlink("/proc/self/fd/0", "dev/stdin") < 0 || symlink("/proc/self/fd/1", "dev/stdout") < 0
	    || symlink("/proc/self/fd/2", "dev/stderr") < 0)
		fail("links of dev");
	for (size_t i = 0; i < ARRAY_LEN(masked_files); i++)
		if (mount("/dev/null", masked_files[i], NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
			fail(masked_files[i]);
	for (size_t i = 0; i < ARRAY_LEN(masked_directories); i++)
		if (mount("tmpfs", masked_directories[i], "tmpfs", MS_RDONLY, "size=0k") < 0 && errno != ENOENT)
			fail(masked_directories[i]);
	for (size_t i = 0; i < ARRAY_LEN(read_only); i++)
		read_only_bind(read_only[i]);
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		fail("pivot_root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		fail("leaving the old root");
}

static _Noreturn void child_main(int gate, const char *rootfs, char **argv)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", home[] = "HOME=/root";
	char *const env[] = {path, home, NULL};
	char byte;

	if (read(gate, &byte, 1) != 1)
		_exit(125);
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		fail("ids");
	mount_all(rootfs);
	if (sethostname("floor", 5) < 0)
		fail("hostname");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail("no_new_privs");
	execve(argv[0], argv, env);
	fail(argv[0]);
}

int main(int argc, char **argv)
{
	struct clone_args how = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET
		         | CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	char scratch[512];
	int gate[2], status, helper;
	pid_t child, uids, gids;

	if (argc < 7) {
		dprintf(2, "usage: floor ROOTFS SCRATCH SUBUID SUBGID COUNT COMMAND [ARG...]\n");
		return 125;
	}
	(void) snprintf(scratch, sizeof scratch, "%s/floor.%d", argv[2], (int) getpid());
	if (mkdir(scratch, 0700) < 0 || chdir(scratch) < 0 || mkdir("upper", 0755) < 0 || mkdir("work", 0700) < 0
	    || mkdir("root", 0700) < 0)
		fail(scratch);
	if (pipe2(gate, O_CLOEXEC) < 0)
		fail("pipe");
	child = (pid_t) syscall(SYS_clone3, &how, sizeof how);
	if (child < 0)
		fail("clone3");
	if (child == 0) {
		close(gate[1]);
		child_main(gate[0], argv[1], argv + 6);
	}
	uids = helper_start("/usr/bin/newuidmap", child, getuid(), argv[3], argv[5]);
	gids = helper_start("/usr/bin/newgidmap", child, getgid(), argv[4], argv[5]);
	if (waitpid(uids, &helper, 0) < 0 || helper != 0)
		fail("newuidmap");
	if (waitpid(gids, &helper, 0) < 0 || helper != 0)
		fail("newgidmap");
	if (write(gate[1], "", 1) != 1)
		fail("gate");
	if (waitpid(child, &status, 0) < 0)
		fail("wait");
	(void) rmdir("work/work");
	if (rmdir("work") < 0 || rmdir("upper") < 0 || rmdir("root") < 0 || chdir("/") < 0 || rmdir(scratch) < 0)
		fail("removing the upper directory");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
