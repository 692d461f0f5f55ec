/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lacking.c - runs a program on a kernel that lacks system calls, as an older one or an outer container's filter does
 *
 *   lacking ENOSYS|EPERM CALL[,CALL...] PROGRAM [ARGUMENT...]
 *
 * Whatever the program starts lacks them too. Where the caller has no CAP_SYS_ADMIN, no_new_privs comes along.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_MAX 64

static const struct call {
	const char *name;
	unsigned number;
} calls[] = {
	{"clone3", SYS_clone3}, {"close_range", SYS_close_range}, {"copy_file_range", SYS_copy_file_range},
	{"execveat", SYS_execveat}, {"faccessat2", SYS_faccessat2}, {"fsconfig", SYS_fsconfig},
	{"fsmount", SYS_fsmount}, {"fsopen", SYS_fsopen}, {"getrandom", SYS_getrandom},
	{"io_uring_setup", SYS_io_uring_setup}, {"keyctl", SYS_keyctl}, {"memfd_create", SYS_memfd_create},
	{"mount_setattr", SYS_mount_setattr}, {"move_mount", SYS_move_mount}, {"open_tree", SYS_open_tree},
	{"openat2", SYS_openat2}, {"pidfd_open", SYS_pidfd_open}, {"pidfd_send_signal", SYS_pidfd_send_signal},
	{"renameat2", SYS_renameat2}, {"statx", SYS_statx},
};

static int call_number(const char *name, size_t length, unsigned *number)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strlen(calls[i].name) == length && memcmp(calls[i].name, name, length) == 0) {
			*number = calls[i].number;
			return 0;
		}
	return -1;
}

static int install(unsigned errnum, const char *names)
{
	struct sock_filter code[2 * CALLS_MAX + 2] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {.len = 1, .filter = code};

	for (const char *at = names; *at;) {
		size_t length = strcspn(at, ",");
		unsigned number;

		if (program.len > 2 * CALLS_MAX - 1 || call_number(at, length, &number) < 0)
			return -1;
		code[program.len++] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		code[program.len++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errnum);
		at += length + (at[length] == ',');
	}
	code[program.len++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : (int) syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(int argc, char **argv)
{
	if (argc < 4 || (strcmp(argv[1], "ENOSYS") != 0 && strcmp(argv[1], "EPERM") != 0)
	    || install(strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS, argv[2]) < 0) {
		fprintf(stderr, "lacking ENOSYS|EPERM CALL[,CALL...] PROGRAM [ARGUMENT...]: or no filter can be had\n");
		return 99;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 99;
}
