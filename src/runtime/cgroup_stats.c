/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup_stats.c - the figures of a cgroup in the form of `events --stats` (cgroup-v2.rst; for version 1
 * cpuacct.rst, memory.rst, blkio-controller.rst)
 */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <stdio.h>
#include <string.h>

/* "max": what version 1 shows for it, all pages of a signed 64 bit number */
#define NO_LIMIT INT64_C(0x7ffffffffffff000)

static json_int_t number_of(const char *text)
{
	uint64_t value;
	AUTO_FREE char *word = xstrndup(text, strcspn(text, " \n"));

	if (strcmp(word, "max") == 0)
		return NO_LIMIT;
	return number_parse_uint(word, 0, UINT64_MAX, &value) < 0 ? 0 : (json_int_t) MIN(value, (uint64_t) INT64_MAX);
}

/* The number after key in "key value" lines; -1: absent */
static json_int_t number_in(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text ? text : ""; *line; line = strchrnul(line, '\n'), line += *line != '\0')
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return number_of(line + length + 1);
	return -1;
}

static json_int_t read_number(int dir_fd, const char *file)
{
	AUTO_FREE char *text = group_read(dir_fd, file);

	return text ? number_of(text) : -1;
}

/* An absent figure (-1) is left out; a factor turns microseconds into nanoseconds. */
static void set(json_t *object, const char *key, json_int_t value, json_int_t factor)
{
	if (value >= 0)
		(void) json_object_set_new(object, key, json_integer(value * factor));
}

/* An object without members says nothing. */
static void put(json_t *into, const char *key, json_t *object)
{
	if (json_object_size(object) > 0)
		(void) json_object_set_new(into, key, object);
	else
		json_decref(object);
}

/* Every "name number" line of a stat file */
static json_t *raw(const char *text)
{
	json_t *object = json_object();

	for (const char *line = text ? text : ""; *line; line = strchrnul(line, '\n'), line += *line != '\0') {
		size_t length = strcspn(line, " \n");
		AUTO_FREE char *key = xstrndup(line, length);

		if (line[length] == ' ')
			set(object, key, number_of(line + length + 1), 1);
	}
	return object;
}

static json_t *cpu_v2(int dir_fd)
{
	AUTO_FREE char *stat = group_read(dir_fd, "cpu.stat");
	json_t *cpu = json_object(), *usage = json_object(), *throttling = json_object();

	set(usage, "total", number_in(stat, "usage_usec"), 1000);
	set(usage, "kernel", number_in(stat, "system_usec"), 1000);
	set(usage, "user", number_in(stat, "user_usec"), 1000);
	set(throttling, "periods", number_in(stat, "nr_periods"), 1);
	set(throttling, "throttledPeriods", number_in(stat, "nr_throttled"), 1);
	set(throttling, "throttledTime", number_in(stat, "throttled_usec"), 1000);
	put(cpu, "usage", usage);
	put(cpu, "throttling", throttling);
	return cpu;
}

static json_t *usage_v2(int dir_fd, const char *name)
{
	json_t *object = json_object();
	char file[64];
	AUTO_FREE char *events = NULL;

	(void) snprintf(file, sizeof file, "%s.current", name);
	set(object, "usage", read_number(dir_fd, file), 1);
	(void) snprintf(file, sizeof file, "%s.max", name);
	set(object, "limit", read_number(dir_fd, file), 1);
	(void) snprintf(file, sizeof file, "%s.peak", name);
	set(object, "max", read_number(dir_fd, file), 1);
	(void) snprintf(file, sizeof file, "%s.events", name);
	events = group_read(dir_fd, file);
	set(object, "failcnt", number_in(events, "max"), 1);
	return object;
}

static json_t *memory_v2(int dir_fd)
{
	AUTO_FREE char *stat = group_read(dir_fd, "memory.stat");
	json_t *memory = json_object(), *kernel = json_object();

	set(memory, "cache", number_in(stat, "file"), 1);
	put(memory, "usage", usage_v2(dir_fd, "memory"));
	put(memory, "swap", usage_v2(dir_fd, "memory.swap"));
	set(kernel, "usage", number_in(stat, "kernel"), 1);
	put(memory, "kernel", kernel);
	put(memory, "raw", raw(stat));
	return memory;
}

static void add_entry(json_t *list, const char *device, const char *op, json_int_t value)
{
	unsigned major, minor;

	if (value >= 0 && sscanf(device, "%u:%u", &major, &minor) == 2)
		(void) json_array_append_new(list, json_pack("{s:i, s:i, s:s, s:I}", "major", (int) major, "minor", (int) minor,
		                                             "op", op, "value", value));
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static json_t *block_v2(int dir_fd)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} rows[] = {{"rbytes=", "Read", true}, {"wbytes=", "Write", true}, {"rios=", "Read", false}, {"wios=", "Write", false}};
	AUTO_FREE char *stat = group_read(dir_fd, "io.stat");
	AUTO_TEXTS struct texts lines = {0};
	json_t *block = json_object(), *bytes, *serviced;

	if (!stat)
		return block;
	bytes = json_array();
	serviced = json_array();
	texts_split(&lines, stat, '\n');
	for (size_t i = 0; i < lines.count; i++)
		for (size_t j = 0; j < ARRAY_LEN(rows); j++) {
			const char *at = strstr(lines.items[i], rows[j].key);

			if (at)
				add_entry(rows[j].bytes ? bytes : serviced, lines.items[i], rows[j].op,
				          number_of(at + strlen(rows[j].key)));
		}
	(void) json_object_set_new(block, "ioServiceBytesRecursive", bytes);
	(void) json_object_set_new(block, "ioServicedRecursive", serviced);
	return block;
}

static json_t *pids(int dir_fd)
{
	json_t *object = json_object();
	json_int_t limit = read_number(dir_fd, "pids.max");

	set(object, "current", read_number(dir_fd, "pids.current"), 1);
	/* none is 0 there */
	if (limit != NO_LIMIT)
		set(object, "limit", limit, 1);
	return object;
}

/* One member a page size, from files such as hugetlb.2MB.current or .usage_in_bytes */
static json_t *hugetlb(int dir_fd, const char *current, const char *peak)
{
	json_t *object = json_object();
	AUTO_TEXTS struct texts names = {0};
	size_t tail = strlen(current);

	if (dir_fd < 0 || directory_list(dir_fd, ".", &names) < 0)
		return object;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		size_t length = strlen(name);
		json_t *one;
		AUTO_FREE char *size = NULL, *events = NULL, *text = NULL, *most = NULL;

		if (strncmp(name, "hugetlb.", 8) != 0 || length < 9 + tail || strcmp(name + length - tail, current) != 0
		    || strstr(name, ".rsvd."))
			continue;
		size = xstrndup(name + 8, length - 8 - tail);
		events = xprintf("hugetlb.%s.%s", size, "events");
		most = xprintf("hugetlb.%s%s", size, peak);
		text = group_read(dir_fd, events);
		one = json_object();
		set(one, "usage", read_number(dir_fd, name), 1);
		set(one, "max", read_number(dir_fd, most), 1);
		set(one, "failcnt", number_in(text, "max"), 1);
		put(object, size, one);
	}
	return object;
}

static json_t *stats_v2(int dir_fd)
{
	json_t *data = json_object();

	put(data, "cpu", cpu_v2(dir_fd));
	put(data, "memory", memory_v2(dir_fd));
	put(data, "pids", pids(dir_fd));
	put(data, "blkio", block_v2(dir_fd));
	put(data, "hugetlb", hugetlb(dir_fd, ".current", ".max"));
	return data;
}

static json_t *cpu_v1(int accounting, int cpu_fd)
{
	AUTO_FREE char *stat = group_read(cpu_fd, "cpu.stat");
	json_t *cpu = json_object(), *usage = json_object(), *throttling = json_object();

	set(usage, "total", read_number(accounting, "cpuacct.usage"), 1);
	set(usage, "kernel", read_number(accounting, "cpuacct.usage_sys"), 1);
	set(usage, "user", read_number(accounting, "cpuacct.usage_user"), 1);
	set(throttling, "periods", number_in(stat, "nr_periods"), 1);
	set(throttling, "throttledPeriods", number_in(stat, "nr_throttled"), 1);
	set(throttling, "throttledTime", number_in(stat, "throttled_time"), 1);
	put(cpu, "usage", usage);
	put(cpu, "throttling", throttling);
	return cpu;
}

static json_t *usage_v1(int dir_fd, const char *name)
{
	static const char *const rows[][2] = {
		{"usage", "usage_in_bytes"}, {"limit", "limit_in_bytes"}, {"max", "max_usage_in_bytes"}, {"failcnt", "failcnt"}};
	json_t *object = json_object();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *file = xprintf("%s.%s", name, rows[i][1]);

		set(object, rows[i][0], read_number(dir_fd, file), 1);
	}
	return object;
}

static json_t *memory_v1(int dir_fd)
{
	AUTO_FREE char *stat = group_read(dir_fd, "memory.stat");
	json_t *memory = json_object();

	set(memory, "cache", number_in(stat, "cache"), 1);
	put(memory, "usage", usage_v1(dir_fd, "memory"));
	put(memory, "swap", usage_v1(dir_fd, "memory.memsw"));
	put(memory, "kernel", usage_v1(dir_fd, "memory.kmem"));
	put(memory, "kernelTCP", usage_v1(dir_fd, "memory.kmem.tcp"));
	put(memory, "raw", raw(stat));
	return memory;
}

/* "8:0 Read 4096" */
static json_t *block_v1(int dir_fd)
{
	static const char *const rows[][2] = {{"ioServiceBytesRecursive", "blkio.throttle.io_service_bytes_recursive"},
	                                      {"ioServicedRecursive", "blkio.throttle.io_serviced_recursive"}};
	json_t *block = json_object();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *text = group_read(dir_fd, rows[i][1]);
		AUTO_TEXTS struct texts lines = {0};
		json_t *list = text ? json_array() : NULL;

		if (!list)
			continue;
		texts_split(&lines, text, '\n');
		for (size_t j = 0; j < lines.count; j++) {
			AUTO_TEXTS struct texts words = {0};

			texts_split(&words, lines.items[j], ' ');
			if (words.count == 3)
				add_entry(list, words.items[0], words.items[1], number_of(words.items[2]));
		}
		(void) json_object_set_new(block, rows[i][0], list);
	}
	return block;
}

static json_t *stats_v1(const struct group *group)
{
	json_t *data = json_object();

	put(data, "cpu", cpu_v1(group_dir(group, "cpuacct"), group_dir(group, "cpu")));
	put(data, "memory", memory_v1(group_dir(group, "memory")));
	put(data, "pids", pids(group_dir(group, "pids")));
	put(data, "blkio", block_v1(group_dir(group, "blkio")));
	put(data, "hugetlb", hugetlb(group_dir(group, "hugetlb"), ".usage_in_bytes", ".max_usage_in_bytes"));
	return data;
}

json_t *stats_of(const struct group *group)
{
	return group->v1.count > 0 ? stats_v1(group) : stats_v2(group->unified);
}

json_t *cgroup_stats(struct cgroup *cgroup, struct error *err)
{
	AUTO_GROUP struct group group = {.unified = -1};

	group_open(cgroup, &group);
	if (group.unified < 0 && group.v1.count == 0) {
		(void) error_set(err, ERROR_UNSUPPORTED, "the container has no cgroup: there are no figures of it" NO_CGROUP_HINT);
		return NULL;
	}
	return stats_of(&group);
}

int64_t cgroup_oom_kills(struct cgroup *cgroup)
{
	AUTO_GROUP struct group group = {.unified = -1};
	AUTO_FREE char *text = NULL;

	group_open(cgroup, &group);
	text = group_read(group_dir(&group, "memory"), group.v1.count > 0 ? "memory.oom_control" : "memory.events");
	return number_in(text, "oom_kill");
}
