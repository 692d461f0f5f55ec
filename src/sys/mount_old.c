/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount_old.c - changes of mounts by mount(2) and the table of mounts; see mount_old.h
 *
 * mount(2) changes one mount, and only what is attached in the caller's mount namespace.
 */
#include "mount_old.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/mountinfo.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define INFO_MAX_BYTES 4096

#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000 /* Linux 5.10 */
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/* a mount of the table */
struct line {
	uint64_t id, parent;
	char *place; /* in the text */
	bool below;
};

struct flag_pair {
	unsigned long attribute; /* MOUNT_ATTR_* */
	unsigned long stat;      /* ST_* */
	unsigned long flag;      /* MS_* */
};

static const struct flag_pair pairs[] = {
	{MOUNT_ATTR_RDONLY, ST_RDONLY, MS_RDONLY},
	{MOUNT_ATTR_NOSUID, ST_NOSUID, MS_NOSUID},
	{MOUNT_ATTR_NODEV, ST_NODEV, MS_NODEV},
	{MOUNT_ATTR_NOEXEC, ST_NOEXEC, MS_NOEXEC},
	{MOUNT_ATTR_NODIRATIME, ST_NODIRATIME, MS_NODIRATIME},
	{MOUNT_ATTR_NOSYMFOLLOW, ST_NOSYMFOLLOW, MS_NOSYMFOLLOW},
};

/* The MS_* flags of a remount that changes the mount with these ST_* flags as wanted. */
static unsigned long remount_flags(unsigned long now, uint64_t add, uint64_t clear)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if ((add & pairs[i].attribute) ||
		    ((now & pairs[i].stat) && !(clear & pairs[i].attribute)))
			flags |= pairs[i].flag;
	if (clear & MOUNT_ATTR__ATIME)
		return flags | (add & MOUNT_ATTR_NOATIME       ? MS_NOATIME
		                : add & MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME
		                                               : MS_RELATIME);
	if (now & ST_NOATIME)
		return flags | MS_NOATIME;
	return flags | (now & ST_RELATIME ? MS_RELATIME : MS_STRICTATIME);
}

static int set_flags(int fd, uint64_t add, uint64_t clear)
{
	struct statvfs now;
	unsigned long flags = MS_REMOUNT | MS_BIND;
	int r;

	if (fstatvfs(fd, &now) < 0)
		return -errno;
	r = mount_at(fd, "none", NULL, flags | remount_flags(now.f_flag, add, clear), NULL);
	/* flags that came from another user namespace are locked: keep them (mount_namespaces(7)) */
	if (r == -EPERM)
		r = mount_at(fd, "none", NULL, flags | remount_flags(now.f_flag, add, 0), NULL);
	return r;
}

/* --- the mounts below one --- */

static int own_id(int fd, uint64_t *id)
{
	AUTO_FREE char *text = NULL;
	char path[40];
	const char *found;
	int r;

	(void) snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	r = file_read(AT_FDCWD, path, INFO_MAX_BYTES, &text, NULL);
	if (r < 0)
		return r;
	found = strstr(text ? text : "", "mnt_id:");
	return found && sscanf(found, "mnt_id: %" SCNu64, id) == 1 ? 0 : -EIO;
}

/* text_lines - the table taken apart; owned, *count long */
static struct line *text_lines(char *text, size_t *count)
{
	struct mountinfo mount;
	struct line *lines;
	size_t most = 1;

	for (const char *at = text; *at; at++)
		most += *at == '\n';
	lines = xcalloc(most, sizeof *lines);
	for (*count = 0; mountinfo_next(&text, &mount); (*count)++)
		lines[*count] = (struct line){.id = mount.id, .parent = mount.parent, .place = mount.point};
	return lines;
}

static const char *mark_below(struct line *lines, size_t count, uint64_t id)
{
	const char *top = NULL;

	for (size_t i = 0; i < count; i++)
		if (lines[i].id == id)
			top = lines[i].place;
	/* a mount may stand before the one that it is on */
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			bool below = lines[i].parent == id;

			for (size_t k = 0; k < count && !below; k++)
				below = lines[k].below && lines[k].id == lines[i].parent;
			if (below && !lines[i].below && lines[i].id != id)
				lines[i].below = more = true;
		}
	}
	return top;
}

/* -EINVAL: fd is attached nowhere that we see */
static int set_below(int fd, uint64_t add, uint64_t clear)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE struct line *lines = NULL;
	const char *top;
	uint64_t id = 0;
	size_t count = 0, skip;
	int r = own_id(fd, &id);

	if (r >= 0)
		r = file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
	if (r < 0 || !text)
		return r;
	lines = text_lines(text, &count);
	top = mark_below(lines, count, id);
	if (!top)
		return -EINVAL;
	skip = strcmp(top, "/") == 0 ? 0 : strlen(top);
	for (size_t i = 0; i < count; i++) {
		AUTO_CLOSE int below = -1;
		const char *rest = lines[i].place;

		if (!lines[i].below || strlen(rest) < skip)
			continue;
		rest += skip + strspn(rest + skip, "/");
		below = openat(fd, *rest ? rest : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
		r = below < 0 ? -errno : set_flags(below, add, clear);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- a mount that is attached, and one that is not --- */

static int set_attached(int fd, uint64_t add, uint64_t clear, uint64_t propagation, bool recursive)
{
	int r = add || clear ? set_flags(fd, add, clear) : 0;

	if (r == 0 && recursive && (add || clear))
		r = set_below(fd, add, clear);
	if (r == 0 && propagation)
		r = mount_at(fd, "none", NULL, propagation | (recursive ? MS_REC : 0UL), NULL);
	return r;
}

static int set_detached(int fd, uint64_t add, uint64_t clear, uint64_t propagation, bool recursive)
{
	AUTO_CLOSE int place = -1;
	AUTO_CLOSE int copy = -1;
	char path[32];
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* over the root nothing is in the way of anybody: who has it already does not look there again */
	place = open(S_ISDIR(st.st_mode) ? "/" : "/proc/version", O_PATH | O_CLOEXEC);
	if (place < 0)
		return -errno;
	r = mount_attach(fd, place);
	if (r < 0)
		return r;
	r = set_attached(fd, add, clear, propagation, recursive);
	if (r >= 0)
		r = copy = mount_clone(fd, true);
	(void) snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (umount2(path, MNT_DETACH) < 0 && r >= 0)
		r = -errno;
	if (r >= 0 && dup3(copy, fd, O_CLOEXEC) < 0)
		r = -errno;
	return r < 0 ? r : 0;
}

int mount_old_set(int fd, uint64_t add, uint64_t clear, uint64_t propagation, bool recursive)
{
	int r = set_attached(fd, add, clear, propagation, recursive);

	return r == -EINVAL ? set_detached(fd, add, clear, propagation, recursive) : r;
}
