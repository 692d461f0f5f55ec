/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_table.c - which images are mounted, from tables of mounts; see mount_table.h */
#include "mount_table.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/base/number.h"
#include "coracle/sys/mountinfo.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MERGED            "/merged"
#define OVERFLOW_UID      65534 /* of ids that have none in our user namespace (user_namespaces(7)) */

/* TOP/HEX/merged: where the digits begin, else NULL */
static char *find_hex(char *point, const char *top)
{
	size_t length = strlen(top);
	char *hex = point + length + 1;

	if (strncmp(point, top, length) != 0 || point[length] != '/' || strlen(hex) != ID_LENGTH + strlen(MERGED)
	    || strcmp(hex + ID_LENGTH, MERGED) != 0)
		return NULL;
	hex[ID_LENGTH] = '\0';
	return id_is_hex(hex) ? hex : NULL;
}

void mount_table_images(char *text, const char *top, struct texts *out)
{
	struct mountinfo mount;

	while (mountinfo_next(&text, &mount)) {
		const char *hex = find_hex(mount.point, top);

		if (hex && !texts_has(out, hex))
			texts_add(out, hex);
	}
}

int mount_table_own(const char *top, struct texts *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	int r = file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);

	if (r < 0)
		return error_errno(err, -r, "/proc/self/mountinfo");
	if (text)
		mount_table_images(text, top, out);
	return 0;
}

/*
 * Whether the process may have a mount namespace that was not looked at yet. Which one it has, can't be told of processes
 * in a user namespace beside ours, their table can be read all the same. Processes of other users are not asked: they
 * can't have mounted what is in our directory.
 */
static bool is_worth_a_look(const char *pid, struct texts *seen)
{
	AUTO_FREE char *process = xprintf("/proc/%s", pid);
	AUTO_FREE char *path = xprintf("/proc/%s/ns/mnt", pid);
	char target[64];
	ssize_t length = readlink(path, target, sizeof target - 1);
	struct stat st;

	if (length < 0)
		return errno == EACCES && stat(process, &st) == 0 && st.st_uid != OVERFLOW_UID;
	target[length] = '\0';
	if (texts_has(seen, target))
		return false;
	texts_add(seen, target);
	return true;
}

int mount_table_user(const char *top, const char *hex)
{
	AUTO_TEXTS struct texts pids = {0}, seen = {0};

	/* without /proc nothing can be told, and nothing could have been mounted by descriptor */
	if (directory_list(AT_FDCWD, "/proc", &pids) < 0)
		return 0;
	for (size_t i = 0; i < pids.count; i++) {
		AUTO_TEXTS struct texts mounted = {0};
		AUTO_FREE char *path = NULL, *text = NULL;
		uint64_t pid;

		if (number_parse_uint(pids.items[i], 1, INT_MAX, &pid) < 0
		    || !is_worth_a_look(pids.items[i], &seen))
			continue;
		path = xprintf("/proc/%s/mountinfo", pids.items[i]);
		/* it may have ended meanwhile */
		if (file_read(AT_FDCWD, path, MOUNTINFO_MAX, &text, NULL) < 0 || !text)
			continue;
		mount_table_images(text, top, &mounted);
		if (texts_has(&mounted, hex))
			return (int) pid;
	}
	return 0;
}
