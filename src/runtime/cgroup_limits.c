/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup_limits.c - from the resources of a specification to files of cgroup v2, and those written
 * (runtime-spec config-linux.md#control-groups, kernel Documentation/admin-guide/cgroup-v2.rst)
 */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERIOD_DEFAULT 100000 /* microseconds */

void settings_done(struct list *settings)
{
	LIST_EACH(struct setting, setting, settings) {
		free(setting->file);
		free(setting->value);
		free(setting->before);
	}
	free(settings->items);
	*settings = (struct list){0};
}

void setting_add(struct list *settings, const char *controller, char *file, char *value)
{
	struct setting *setting = list_add(settings, sizeof *setting);

	*setting = (struct setting){.controller = controller, .file = file, .value = value};
}

static void add_text(struct list *settings, const char *controller, const char *file, const char *value)
{
	if (value && *value)
		setting_add(settings, controller, xstrdup(file), xstrdup(value));
}

void setting_number(struct list *settings, const char *controller, const char *file, int64_t value)
{
	setting_add(settings, controller, xstrdup(file), value < 0 ? xstrdup("max") : xprintf("%" PRId64, value));
}

/* The specification counts memory and swap together, version 2 swap alone. */
static int add_swap(const struct oci_memory *memory, struct list *out, struct error *err)
{
	int64_t limit_bytes = memory->limit.set ? memory->limit.value : 0;
	int64_t swap = memory->swap.set ? memory->swap.value : 0;

	if (swap == 0)
		return 0;
	if (swap < 0) {
		setting_number(out, "memory", "memory.swap.max", -1);
		return 0;
	}
	if (limit_bytes <= 0)
		return error_set(err, ERROR_INVALID,
		                 "memory.swap counts memory and swap together: it needs memory.limit beside it");
	if (swap < limit_bytes)
		return error_set(err, ERROR_INVALID, "memory.swap (%" PRId64 ") is less than memory.limit (%" PRId64 ")",
		                 swap, limit_bytes);
	setting_number(out, "memory", "memory.swap.max", swap - limit_bytes);
	/* without swap accounting there is no file, and without swap nothing to forbid */
	LIST_AT(struct setting, out, out->count - 1)->optional = swap == limit_bytes;
	return 0;
}

static int add_memory(const struct oci_memory *memory, struct list *out, struct error *err)
{
	int r = add_swap(memory, out, err);

	if (r < 0)
		return r;
	if (memory->limit.set && memory->limit.value != 0)
		setting_number(out, "memory", "memory.max", memory->limit.value);
	if (memory->reservation.set && memory->reservation.value != 0)
		setting_number(out, "memory", "memory.low", memory->reservation.value);
	if (memory->swappiness.set)
		return error_set(err, ERROR_UNSUPPORTED, "memory.swappiness: cgroup v2 has none; leave it out");
	return 0;
}

/* From 2..262144 to 1..10000, in a straight line. */
static uint64_t weight_of_shares(uint64_t shares)
{
	if (shares <= 2)
		return 1;
	return shares >= 262144 ? 10000 : 1 + ((shares - 2) * 9999) / 262142;
}

static int add_cpu(const struct oci_cpu *cpu, struct list *out, struct error *err)
{
	if (cpu->shares.set && cpu->shares.value)
		setting_number(out, "cpu", "cpu.weight", (int64_t) weight_of_shares(cpu->shares.value));
	if ((cpu->quota.set && cpu->quota.value) || (cpu->period.set && cpu->period.value)) {
		uint64_t period = cpu->period.set && cpu->period.value ? cpu->period.value : PERIOD_DEFAULT;

		setting_add(out, "cpu", xstrdup("cpu.max"),
		            cpu->quota.set && cpu->quota.value > 0 ? xprintf("%" PRId64 " %" PRIu64, cpu->quota.value, period)
		                                                   : xprintf("max %" PRIu64, period));
	}
	if (cpu->burst.set)
		setting_add(out, "cpu", xstrdup("cpu.max.burst"), xprintf("%" PRIu64, cpu->burst.value));
	if (cpu->idle.set)
		setting_add(out, "cpu", xstrdup("cpu.idle"), xprintf("%" PRId64, cpu->idle.value));
	add_text(out, "cpuset", "cpuset.cpus", cpu->cpus);
	add_text(out, "cpuset", "cpuset.mems", cpu->mems);
	if ((cpu->realtime_runtime.set && cpu->realtime_runtime.value)
	    || (cpu->realtime_period.set && cpu->realtime_period.value))
		return error_set(err, ERROR_UNSUPPORTED, "cpu.realtimeRuntime: cgroup v2 has none; leave it out");
	return 0;
}

static void add_throttle(struct list *out, const struct list *devices, const char *word)
{
	LIST_EACH(struct oci_throttle_device, device, devices) {
		AUTO_FREE char *rate = device->rate ? xprintf("%" PRIu64, device->rate) : xstrdup("max");

		setting_add(out, "io", xstrdup("io.max"),
		            xprintf("%" PRId64 ":%" PRId64 " %s=%s", device->major, device->minor, word, rate));
	}
}

/* From 10..1000 to 1..10000 */
static uint64_t io_weight(uint64_t weight)
{
	return weight <= 10 ? 1 : weight >= 1000 ? 10000 : 1 + (weight - 10) * 9999 / 990;
}

static void add_block_io(const struct oci_block_io *io, struct list *out)
{
	if (io->weight.set && io->weight.value)
		setting_add(out, "io", xstrdup("io.weight"), xprintf("default %" PRIu64, io_weight(io->weight.value)));
	LIST_EACH(struct oci_weight_device, device, &io->weight_device)
		if (device->weight.set && device->weight.value)
			setting_add(out, "io", xstrdup("io.weight"),
			            xprintf("%" PRId64 ":%" PRId64 " %" PRIu64, device->major, device->minor,
			                    io_weight(device->weight.value)));
	add_throttle(out, &io->read_bps, "rbps");
	add_throttle(out, &io->write_bps, "wbps");
	add_throttle(out, &io->read_iops, "riops");
	add_throttle(out, &io->write_iops, "wiops");
}

/* {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}} */
static void add_rdma(const json_t *rdma, struct list *out)
{
	const char *name;
	json_t *of;
	void *at;

	for (at = json_object_iter((json_t *) (uintptr_t) rdma); at; at = json_object_iter_next((json_t *) (uintptr_t) rdma, at)) {
		json_t *handles, *objects;
		AUTO_FREE char *first = NULL, *second = NULL;

		name = json_object_iter_key(at);
		of = json_object_iter_value(at);
		handles = json_object_get(of, "hcaHandles");
		objects = json_object_get(of, "hcaObjects");
		first = handles ? xprintf(" hca_handle=%" JSON_INTEGER_FORMAT, json_integer_value(handles)) : xstrdup("");
		second = objects ? xprintf(" hca_object=%" JSON_INTEGER_FORMAT, json_integer_value(objects)) : xstrdup("");
		if (*first || *second)
			setting_add(out, "rdma", xstrdup("rdma.max"), xprintf("%s%s%s", name, first, second));
	}
}

/* The controller of a file's name, for those that say one: "memory.high" */
static const char *controller_of(const char *file)
{
	static const char *const names[] = {"memory", "cpuset", "cpu", "pids", "io", "hugetlb", "rdma", "misc"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(file, names[i], strlen(names[i])) == 0 && file[strlen(names[i])] == '.')
			return names[i];
	return "cgroup";
}

static int add_unified(const struct pairs *unified, struct list *out, struct error *err)
{
	for (size_t i = 0; i < unified->count; i++) {
		const struct pair *pair = &unified->items[i];

		if (strchr(pair->key, '/') || !strchr(pair->key, '.') || *pair->key == '.')
			return error_set(err, ERROR_INVALID, "unified: the specified key has not the form CONTROLLER.VALUE `%s`", pair->key);
		setting_add(out, controller_of(pair->key), xstrdup(pair->key), xstrdup(pair->value));
	}
	return 0;
}

static int first_error(int r, int then, struct error *err, const struct error *why)
{
	if (r >= 0 && then < 0)
		*err = *why;
	return r < 0 ? r : then;
}

/* All that can be said is said, also behind what can't be: without "strict" the rest is applied. */
int settings_v2(const struct oci_resources *resources, struct list *out, struct error *err)
{
	struct error why = {0};
	int r = 0;

	if (resources->memory)
		r = first_error(r, add_memory(resources->memory, out, &why), err, &why);
	if (resources->cpu)
		r = first_error(r, add_cpu(resources->cpu, out, &why), err, &why);
	if (resources->pids && resources->pids->limit != 0)
		setting_number(out, "pids", "pids.max", resources->pids->limit);
	if (resources->block_io)
		add_block_io(resources->block_io, out);
	LIST_EACH(struct oci_hugepage_limit, limit, &resources->hugepage_limits)
		setting_add(out, "hugetlb", xprintf("hugetlb.%s.max", limit->page_size), xprintf("%" PRIu64, limit->limit));
	if (resources->rdma)
		add_rdma(resources->rdma, out);
	return first_error(r, add_unified(&resources->unified, out, &why), err, &why);
}

/* BFQ has files of its own, and version 2 no others where it is the only scheduler with weights. */
static int write_one(int dir_fd, struct setting *setting)
{
	int r = dir_fd < 0 ? -ENOENT : group_write(dir_fd, setting->file, setting->value);

	if (r == -ENOENT && strcmp(setting->file, "io.weight") == 0)
		r = group_write(dir_fd, "io.bfq.weight",
		                strncmp(setting->value, "default ", 8) == 0 ? setting->value + 8 : setting->value);
	return r;
}

static void put_back(const struct group *group, struct list *settings)
{
	for (size_t i = settings->count; i-- > 0;) {
		struct setting *setting = LIST_AT(struct setting, settings, i);

		/* what a file says of several devices can't be written in one go */
		if (setting->written && setting->before && !strchr(setting->before, '\n'))
			(void) !group_write(group_dir(group, setting->controller), setting->file, setting->before);
	}
}

static int word_failure(const struct setting *setting, int r, struct error *err)
{
	if (r == -ENOENT || r == -EACCES || r == -EPERM)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "limit %s=%s is not applied: the requested cgroup controller `%.*s` is not available: not "
		                 "delegated to you, or other processes share this cgroup; see: coracle doctor",
		                 setting->file, setting->value, (int) strcspn(setting->file, "."), setting->file);
	return error_set(err, r == -EBUSY ? ERROR_CONFLICT : ERROR_INVALID, "limit %s=%s is not applied: %s", setting->file,
	                 setting->value, strerror(-r));
}

int settings_apply(const struct group *group, struct list *settings, struct texts *warnings, struct error *err)
{
	/* Twice: some are bound by others that come later (memory and swap, quota and burst). */
	for (int pass = 0; pass < 2; pass++) {
		LIST_EACH(struct setting, setting, settings) {
			int dir_fd = group_dir(group, setting->controller);
			struct error why = {0};
			int r;

			if (setting->written)
				continue;
			if (!warnings && pass == 0)
				setting->before = group_read(dir_fd, setting->file);
			r = write_one(dir_fd, setting);
			setting->written = r >= 0;
			if (r >= 0 || pass == 0 || setting->optional)
				continue;
			r = word_failure(setting, r, &why);
			if (!warnings) {
				put_back(group, settings);
				*err = why;
				return r;
			}
			texts_add(warnings, why.text);
		}
	}
	return 0;
}

/* memory.checkBeforeUpdate: a limit below what is in use is refused instead of enforced by killing */
static int check_usage(const struct group *group, const struct oci_memory *memory, struct error *err)
{
	bool old = group->v1.count > 0;
	AUTO_FREE char *used = group_read(group_dir(group, "memory"), old ? "memory.usage_in_bytes" : "memory.current");
	uint64_t bytes;

	if (!memory || !memory->check_before_update.value || !memory->limit.set || memory->limit.value <= 0 || !used
	    || number_parse_uint(used, 0, UINT64_MAX, &bytes) < 0 || bytes <= (uint64_t) memory->limit.value)
		return 0;
	return error_set(err, ERROR_CONFLICT, "memory.limit %" PRId64 " is below what is in use now (%" PRIu64 ")",
	                 memory->limit.value, bytes);
}

int limits_apply(const struct group *group, const struct oci_resources *resources, struct texts *warnings,
                 struct error *err)
{
	AUTO_SETTINGS struct list settings = {0};
	struct error why = {0};
	int r = check_usage(group, resources->memory, &why);

	if (r >= 0)
		r = group->v1.count > 0 ? settings_v1(resources, &settings, &why) : settings_v2(resources, &settings, &why);
	if (r < 0 && !warnings) {
		*err = why;
		return r;
	}
	if (r < 0)
		texts_printf(warnings, "limit is not applied: %s", why.text);
	r = settings_apply(group, &settings, warnings, err);
	if (r >= 0)
		r = devices_apply(group, resources, &why);
	if (r < 0 && why.text[0] && !err->text[0])
		*err = why;
	return r;
}

int cgroup_update(struct cgroup *cgroup, const struct oci_resources *resources, struct error *err)
{
	AUTO_GROUP struct group group = {.unified = -1};
	int r;

	group_open(cgroup, &group);
	if (group.unified < 0 && group.v1.count == 0)
		return cgroup_has_limits(resources)
		               ? error_set(err, ERROR_UNSUPPORTED, "the container has no cgroup: no limit can be changed" NO_CGROUP_HINT)
		               : 0;
	r = cgroup->scope ? scope_update(cgroup, resources, err) : 0;
	return r < 0 ? r : limits_apply(&group, resources, NULL, err);
}
