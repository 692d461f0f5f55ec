/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * processes.c - the processes of a container; see lifecycle.h
 *
 * Its cgroup knows them. Without one they are found in /proc: who is in the pid namespace that the
 * container's first process made, and whoever descends from one of them (exec has a parent outside,
 * a namespace made inside is another one, and a link of a set-up process can't be read).
 */
#include "lifecycle_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <fcntl.h>
#include <string.h>

#define STATUS_MAX_BYTES (64 << 10)
#define LINK_SIZE        64 /* "pid:[4026531836]" */

struct found {
	pid_t pid, parent;
	bool inside;
};

/* The text behind "name:\t" of /proc/PID/status, up to the end of its line; borrowed; NULL: absent */
static const char *status_line(const char *status, const char *name, size_t *length)
{
	for (const char *line = status; line; line = strchr(line, '\n'), line += line != NULL) {
		size_t len = strlen(name);

		if (strncmp(line, name, len) == 0 && line[len] == ':') {
			line += len + 1;
			line += strspn(line, "\t ");
			*length = strcspn(line, "\n");
			return line;
		}
	}
	return NULL;
}

static char *read_status(int proc_fd, const char *pid)
{
	AUTO_FREE char *path = xprintf("%s/status", pid);
	char *status = NULL;

	return file_read(proc_fd, path, STATUS_MAX_BYTES, &status, NULL) < 0 ? NULL : status;
}

static pid_t parent_of(const char *status)
{
	size_t length = 0;
	const char *line = status_line(status, "PPid", &length);
	AUTO_FREE char *word = line ? xstrndup(line, length) : NULL;
	uint64_t parent = 0;

	return word && number_parse_uint(word, 0, INT32_MAX, &parent) >= 0 ? (pid_t) parent : 0;
}

/* proc_pid_status(5), NSpid: its number in each namespace, the innermost last; 1 there has made it. */
static bool has_made_namespace(int proc_fd, const char *pid)
{
	AUTO_FREE char *status = read_status(proc_fd, pid);
	size_t length = 0;
	const char *line = status ? status_line(status, "NSpid", &length) : NULL;

	return line && length >= 2 && line[length - 1] == '1' && line[length - 2] == '\t' && memchr(line, '\t', length);
}

static bool read_namespace(int proc_fd, const char *pid, char link[static LINK_SIZE])
{
	AUTO_FREE char *path = xprintf("%s/ns/pid", pid);
	ssize_t length = readlinkat(proc_fd, path, link, LINK_SIZE - 1);

	if (length < 0)
		return false;
	link[length] = '\0';
	return true;
}

/* Children come to be after their parents, but numbers begin again at the end: until nothing changes. */
static void spread(struct found *all, size_t count)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < count && !all[i].inside; j++)
				if (all[j].inside && all[j].pid == all[i].parent)
					all[i].inside = changed = true;
	}
}

static int search(pid_t first, struct uints *out, struct error *err)
{
	AUTO_CLOSE int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE struct found *all = NULL;
	AUTO_FREE char *self = xprintf("%d", (int) first);
	char wanted[LINK_SIZE] = "", link[LINK_SIZE];
	size_t count = 0;
	int r = proc_fd < 0 ? -errno : directory_list(proc_fd, ".", &names);

	if (r < 0)
		return error_errno(err, -r, "/proc");
	/* one that it only joined, or the host's, has others in it */
	if (has_made_namespace(proc_fd, self) && !read_namespace(proc_fd, self, wanted))
		*wanted = '\0';
	all = xcalloc(MAX(names.count, 1), sizeof *all);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *status = NULL;
		uint64_t pid;

		if (number_parse_uint(names.items[i], 1, INT32_MAX, &pid) < 0)
			continue;
		status = read_status(proc_fd, names.items[i]);
		if (!status)
			continue;
		all[count++] = (struct found){
			.pid = (pid_t) pid,
			.parent = parent_of(status),
			.inside = (pid_t) pid == first
		                  || (*wanted && read_namespace(proc_fd, names.items[i], link) && strcmp(link, wanted) == 0),
		};
	}
	spread(all, count);
	for (size_t i = 0; i < count; i++)
		if (all[i].inside)
			uints_add(out, (uint64_t) all[i].pid);
	return 0;
}

static int compare(const void *one, const void *other)
{
	const uint64_t *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

int lifecycle_processes(const struct lifecycle *lifecycle, const char *id, struct uints *out, struct error *err)
{
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	int r = lifecycle_load(lifecycle, id, &state, err);

	if (r < 0)
		return r;
	/* what a stopped one has left behind counts; one that could not be moved is not in its cgroup */
	if ((cgroup_pids(&state.cgroup, out) < 0 || out->count == 0) && state.status != LIFECYCLE_STOPPED
	    && state.pid > 0) {
		r = search((pid_t) state.pid, out, err);
		if (r < 0)
			return r;
	}
	if (out->count == 0)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is not running", id);
	qsort(out->items, out->count, sizeof *out->items, compare);
	return 0;
}
