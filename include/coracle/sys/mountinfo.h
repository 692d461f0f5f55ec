/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mountinfo.h - tables of mounts, /proc/PID/mountinfo (proc_pid_mountinfo(5)) */
#ifndef CORACLE_SYS_MOUNTINFO_H
#define CORACLE_SYS_MOUNTINFO_H

#include "coracle/base/base.h"

/* bytes of a table that are worth to be read: file_read's limit */
#define MOUNTINFO_MAX ((size_t) 64 << 20)

/* one line; what a line that was cut off does not have is "" (the numbers and the mount point it has) */
struct mountinfo {
	uint64_t id, parent;
	char *root;    /* what of its file system the mount shows */
	char *point;   /* where it is, as seen from the process's root */
	char *type;    /* of the file system */
	char *options; /* of the file system, with commas; octal numbers as the kernel writes them */
};

/*
 * mountinfo_next - the next line of a table; false: there is none
 *
 * text  in and out: the rest of the table. Lines that are none are passed over. The bytes before it are changed, and are
 *       what out points into
 */
bool mountinfo_next(char **text, struct mountinfo *out) NONNULL(1, 2) MUST_USE;

#endif
