/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keep_id.c - --userns keep-id: the caller has the same ids inside as outside
 *
 * The container gets a user namespace below the shared one, in which the caller's own id (0 in the
 * shared one) stands at its outer number and those below it are moved by one. Files of the image
 * keep their ids because fuse-overlayfs shows them moved the same way: nothing is copied or chowned.
 */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/sys/root.h"
#include "coracle/userns/subid.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int parse_option(struct monitor *monitor, const char *word, struct error *err)
{
	uint64_t id;
	const char *equals = strchr(word, '=');

	if (equals && number_parse_uint(equals + 1, 0, 4294967294, &id) >= 0) {
		if (strncmp(word, "uid=", 4) == 0) {
			monitor->keep_uid = id;
			return 0;
		}
		if (strncmp(word, "gid=", 4) == 0) {
			monitor->keep_gid = id;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID, "--userns keep-id: \"%s\" is neither uid=N nor gid=N", word);
}

static uint64_t total(const struct id_range *ranges, int count)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += ranges[i].count;
	return sum;
}

int keep_id_prepare(struct monitor *monitor, struct error *err)
{
	const char *mode = monitor->record->userns_mode;
	struct id_range uids[USERNS_RANGES_MAX], gids[USERNS_RANGES_MAX];
	AUTO_TEXTS struct texts words = {0};
	int uid_count, gid_count;

	if (!mode || strncmp(mode, "keep-id", 7) != 0)
		return 0;
	if (monitor->userns_rung == USERNS_ROOT)
		return error_set(err, ERROR_UNSUPPORTED, "--userns keep-id is for ordinary users: root has its ids already");
	uid_count = userns_read_map("/proc/self/uid_map", uids, USERNS_RANGES_MAX);
	gid_count = userns_read_map("/proc/self/gid_map", gids, USERNS_RANGES_MAX);
	if (uid_count <= 0 || gid_count <= 0)
		return error_set(err, ERROR_SYSTEM, "the id maps of the user namespace can't be read");
	monitor->keep_id = true;
	monitor->keep_uid = uids[0].outside;
	monitor->keep_gid = gids[0].outside;
	monitor->uid_total = total(uids, uid_count);
	monitor->gid_total = total(gids, gid_count);
	if (mode[7] == ':') {
		texts_split(&words, mode + 8, ',');
		for (size_t i = 0; i < words.count; i++) {
			int r = parse_option(monitor, words.items[i], err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static void add_mapping(struct list *list, uint64_t inside, uint64_t outside, uint64_t size)
{
	struct oci_id_mapping *mapping;

	if (size == 0)
		return;
	mapping = list_add(list, sizeof *mapping);
	*mapping = (struct oci_id_mapping){inside, outside, size};
}

/* own: the caller's number inside; total: ids of the shared namespace, the caller's included */
static void add_mappings(struct list *list, uint64_t own, uint64_t total_ids)
{
	uint64_t below = MIN(own, total_ids - 1);

	add_mapping(list, 0, 1, below);
	add_mapping(list, own, 0, 1);
	add_mapping(list, own + 1, below + 1, total_ids - 1 - below);
}

void keep_id_spec(const struct monitor *monitor, struct oci_linux *linux_)
{
	add_mappings(&linux_->uid_mappings, monitor->keep_uid, monitor->uid_total);
	add_mappings(&linux_->gid_mappings, monitor->keep_gid, monitor->gid_total);
}

/*
 * What fuse-overlayfs has to show: a file of id i (in the image, and in the shared namespace where its
 * layer was unpacked) at the number by which the container's namespace calls it i.
 */
static char *shown(uint64_t own, uint64_t total_ids)
{
	struct list list = {0};
	AUTO_TEXTS struct texts words = {0};
	char *text;

	add_mappings(&list, own, total_ids);
	LIST_EACH(struct oci_id_mapping, mapping, &list)
		texts_printf(&words, "%" PRIu64 ":%" PRIu64 ":%" PRIu64, mapping->container_id,
		             mapping->host_id, mapping->size);
	text = texts_join(&words, ":");
	free(list.items);
	return text;
}

char *keep_id_uids(const struct monitor *monitor)
{
	return shown(monitor->keep_uid, monitor->uid_total);
}

char *keep_id_gids(const struct monitor *monitor)
{
	return shown(monitor->keep_gid, monitor->gid_total);
}

/* An account for the caller, where the image has none of that number: programs ask who they are. */
void keep_id_account(struct monitor *monitor)
{
	AUTO_FREE char *passwd = NULL;
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *mark = xprintf(":%" PRIu64 ":", monitor->keep_uid);
	AUTO_CLOSE int fd = -1;
	size_t length;

	/* --rootfs is the user's own directory: nothing is written into it */
	if (monitor->record->rootfs && *monitor->record->rootfs)
		return;
	if (root_read(monitor->root_fd, "/etc/passwd", 1 << 20, &passwd, &length) < 0)
		return;
	for (const char *at = passwd; *at; at = *strchrnul(at, '\n') ? strchrnul(at, '\n') + 1 : "") {
		const char *first = strchr(at, ':');
		const char *second = first ? strchr(first + 1, ':') : NULL;

		if (second && strncmp(second, mark, strlen(mark)) == 0)
			return;
	}
	fd = root_open(monitor->root_fd, "/etc/passwd", O_WRONLY | O_APPEND, 0);
	line = xprintf("%suser:*:%" PRIu64 ":%" PRIu64 "::/:/bin/sh\n",
	               length && passwd[length - 1] != '\n' ? "\n" : "", monitor->keep_uid, monitor->keep_gid);
	if (fd >= 0)
		/* a read-only image goes without */
		(void) !write(fd, line, strlen(line));
}
