/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount_idmap.c - the user namespace whose mapping an id-mapped mount takes (mount_setattr(2), ID mapped mounts)
 *
 * A helper process is born in a new user namespace, its maps are written, the namespace is opened and the helper ended.
 */
#include "plan_mounts.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define RANGES_MAX 340 /* user_namespaces(7) */

/* The host's id of one in the container; false when it is not mapped. */
static bool to_host(const struct list *mappings, uint64_t id, uint64_t *out)
{
	LIST_EACH(struct oci_id_mapping, mapping, mappings)
		if (id >= mapping->container_id && id - mapping->container_id < mapping->size) {
			*out = id - mapping->container_id + mapping->host_id;
			return true;
		}
	return false;
}

static int read_range(const char *text, const struct list *container, struct texts *lines)
{
	AUTO_TEXTS struct texts numbers = {0};
	bool relative = *text == '@';
	uint64_t value[3];

	/* a plus sign says the opposite, as plainly as no sign does */
	texts_split(&numbers, text + (relative || *text == '+'), '-');
	if (numbers.count != ARRAY_LEN(value) || lines->count == RANGES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(value); i++)
		if (number_parse_uint(numbers.items[i], i == 2, UINT32_MAX, &value[i]) < 0)
			return -EINVAL;
	if (relative && (!container || !to_host(container, value[1], &value[1])))
		return -EINVAL;
	texts_printf(lines, "%" PRIu64 " %" PRIu64 " %" PRIu64, value[0], value[1], value[2]);
	return 0;
}

static int read_ranges(const char *text, const struct list *container, struct texts *lines)
{
	AUTO_TEXTS struct texts ranges = {0};
	int r = 0;

	texts_split(&ranges, text, '#');
	for (size_t i = 0; i < ranges.count && r >= 0; i++)
		r = read_range(ranges.items[i], container, lines);
	return r;
}

int idmap_read(const char *map, const struct list *container_uids, const struct list *container_gids,
               struct texts *uids, struct texts *gids)
{
	AUTO_TEXTS struct texts parts = {0};

	texts_split(&parts, map, ';');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];
		int r = -EINVAL;

		if (strncmp(part, "uids=", 5) == 0)
			r = read_ranges(part + 5, container_uids, uids);
		else if (strncmp(part, "gids=", 5) == 0)
			r = read_ranges(part + 5, container_gids, gids);
		if (r < 0)
			return r;
	}
	return 0;
}

static void add_mappings(const struct list *mappings, struct texts *lines)
{
	if (lines->count == 0 && mappings)
		LIST_EACH(struct oci_id_mapping, mapping, mappings)
			texts_printf(lines, "%" PRIu64 " %" PRIu64 " %" PRIu64, mapping->container_id,
			             mapping->host_id, mapping->size);
}

static int write_map(pid_t pid, const char *file, const struct texts *lines)
{
	AUTO_FREE char *path = xprintf("/proc/%d/%s", (int) pid, file);
	AUTO_FREE char *text = texts_join(lines, "\n");
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int namespace_with(const struct texts *uids, const struct texts *gids)
{
	pid_t pid = process_clone(CLONE_NEWUSER, -1, NULL);
	int r, status;

	if (pid < 0)
		return pid;
	if (pid == 0) {
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void) pause();
	}
	r = write_map(pid, "uid_map", uids);
	if (r >= 0)
		r = write_map(pid, "gid_map", gids);
	if (r >= 0) {
		AUTO_FREE char *path = xprintf("/proc/%d/ns/user", (int) pid);

		r = open(path, O_RDONLY | O_CLOEXEC);
		r = r < 0 ? -errno : r;
	}
	(void) kill(pid, SIGKILL);
	(void) !spawn_wait(pid, &status);
	return r;
}

int idmap_namespace(const struct oci_mount *mount, const struct words *words, const struct oci_linux *linux_,
                    struct error *err)
{
	const struct list *uids = linux_ ? &linux_->uid_mappings : NULL, *gids = linux_ ? &linux_->gid_mappings : NULL;
	AUTO_TEXTS struct texts uid_lines = {0};
	AUTO_TEXTS struct texts gid_lines = {0};
	int fd;

	if (words->map && idmap_read(words->map, uids, gids, &uid_lines, &gid_lines) < 0)
		return error_set(err, ERROR_INVALID,
		                 "mount %s: option idmap=%s is not like uids=0-1000-10#10-2000-5;gids=@0-0-10",
		                 mount->destination, words->map);
	if (!words->map) {
		add_mappings(&mount->uid_mappings, &uid_lines);
		add_mappings(&mount->gid_mappings, &gid_lines);
	}
	add_mappings(uids, &uid_lines);
	add_mappings(gids, &gid_lines);
	if (uid_lines.count == 0 || gid_lines.count == 0)
		return error_set(err, ERROR_INVALID,
		                 "mount %s: idmap needs uidMappings and gidMappings, of the mount or of the container's user "
		                 "namespace",
		                 mount->destination);
	fd = namespace_with(&uid_lines, &gid_lines);
	if (fd == -EPERM || fd == -EINVAL)
		return error_set(err, ERROR_DENIED, "mount %s: idmap: only root may map these ids", mount->destination);
	return fd < 0 ? error_errno(err, -fd, "mount %s: idmap: user namespace", mount->destination) : fd;
}
