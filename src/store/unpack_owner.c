/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack_owner.c - which owners the caller's user namespace can give to files (user_namespaces(7)) */
#include "unpack.h"

#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <fcntl.h>
#include <string.h>

#define MAP_MAX_BYTES 65536

/* word - owned next word of *at, or NULL at the end of the line */
static char *word(const char **at)
{
	const char *start = *at + strspn(*at, " \t");
	size_t length = strcspn(start, " \t\n");

	*at = start + length;
	return length ? strndup(start, length) : NULL;
}

static void parse_line(const char *line, struct owner_ranges *out)
{
	AUTO_FREE char *inside = word(&line);
	AUTO_FREE char *outside = word(&line);
	AUTO_FREE char *count = word(&line);
	struct owner_range *range = &out->ranges[out->count];

	if (!inside || !outside || !count
	    || number_parse_uint(inside, 0, UINT32_MAX, &range->inside) < 0
	    || number_parse_uint(count, 1, UINT32_MAX, &range->count) < 0)
		return;
	out->count++;
}

void owners_parse_map(const char *text, struct owner_ranges *out)
{
	out->count = 0;
	while (*text && out->count < ARRAY_LEN(out->ranges)) {
		parse_line(text, out);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

static int read_map(const char *path, struct owner_ranges *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	int r = file_read(AT_FDCWD, path, MAP_MAX_BYTES, &text, NULL);

	if (r < 0)
		return error_errno(err, -r, "%s", path);
	owners_parse_map(text, out);
	return 0;
}

static uint64_t total(const struct owner_ranges *ranges)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ranges->count; i++)
		sum += ranges->ranges[i].count;
	return sum;
}

int owners_read(struct owners *out, struct error *err)
{
	struct owners owners = {0};
	int r = read_map("/proc/self/uid_map", &owners.uids, err);

	if (r >= 0)
		r = read_map("/proc/self/gid_map", &owners.gids, err);
	if (r < 0)
		return r;
	/* outside of a user namespace an ordinary user can't give files away either */
	owners.squash = geteuid() != 0 || total(&owners.uids) <= 1 || total(&owners.gids) <= 1;
	*out = owners;
	return 0;
}

static bool is_mapped(const struct owner_ranges *ranges, int64_t id)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (id >= (int64_t) ranges->ranges[i].inside
		    && (uint64_t) id - ranges->ranges[i].inside < ranges->ranges[i].count)
			return true;
	return false;
}

int owners_check(const struct owners *owners, int64_t uid, int64_t gid, struct error *err)
{
	bool uid_fits = is_mapped(&owners->uids, uid);

	if (owners->squash || (uid_fits && is_mapped(&owners->gids, gid)))
		return 0;
	return error_set(err, ERROR_DENIED,
	                 "belongs to %s %lld, which your subordinate ids (%llu of them) do not reach; "
	                 "as root: usermod --add-sub%ss START-END YOU, with more ids",
	                 uid_fits ? "group" : "user", (long long) (uid_fits ? gid : uid),
	                 (unsigned long long) total(uid_fits ? &owners->gids : &owners->uids),
	                 uid_fits ? "gid" : "uid");
}
