/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.c - the container's cgroup, from the limits of its record (runtime/cgroup.h)
 *
 * A limit that was asked for and can't be had is one warning; a container never fails to run because of
 * cgroups. With limits we and the front end step aside, so that the delegated cgroup may hand on its
 * controllers; in a scope of systemd's we are the process that it is made with.
 */
#include "monitor_private.h"

#include <string.h>

/* what the pointers of struct oci_resources point to */
struct limits {
	struct oci_resources all;
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_pids pids;
	struct oci_block_io block_io;
};

static struct opt_int some_int(int64_t value)
{
	return (struct opt_int){.set = value != 0, .value = value};
}

static struct opt_uint some_uint(uint64_t value)
{
	return (struct opt_uint){.set = value != 0, .value = value};
}

/* Everything in it is borrowed of the record; out must not move. */
static void convert(const struct record_resources *from, struct limits *out)
{
	out->memory = (struct oci_memory){
		.limit = some_int(from->memory),
		.reservation = some_int(from->memory_reservation),
		.swap = some_int(from->memory_swap),
	};
	out->cpu = (struct oci_cpu){
		.shares = some_uint(from->cpu_shares > 0 ? (uint64_t) from->cpu_shares : 0),
		.quota = some_int(from->cpu_quota),
		.period = some_uint(from->cpu_quota > 0 ? from->cpu_period : 0),
		.cpus = from->cpuset_cpus,
		.mems = from->cpuset_mems,
	};
	out->pids.limit = from->pids_limit;
	out->block_io.weight = some_uint(from->blkio_weight);
	out->all = (struct oci_resources){
		.memory = &out->memory,
		.cpu = &out->cpu,
		.pids = &out->pids,
		.block_io = &out->block_io,
		.unified = from->unified,
	};
}

int monitor_cgroup_make(struct monitor *monitor, struct error *err)
{
	struct limits limits;
	const char *asked = getenv("CORACLE_CGROUP_MANAGER");
	struct cgroup_request request = {
		.id = monitor->record->id,
		.resources = &limits.all,
		.annotations = &monitor->record->annotations,
		.step_aside = true,
		.move_too = getppid(),
	};
	struct error why = {0};
	bool tell;

	(void) err;
	convert(&monitor->record->resources, &limits);
	tell = cgroup_has_limits(&limits.all);
	if (asked && *asked && cgroup_manager_parse(asked, &request.manager) >= 0)
		tell = true;
	else
		request.manager = cgroup_manager_default(&limits.all);
	if (cgroup_make(&request, &monitor->cgroup, &why) < 0)
		monitor_warn(monitor, "the limits asked for are not applied: %s", why.text);
	for (size_t i = 0; tell && i < monitor->cgroup.warnings.count; i++)
		monitor_warn(monitor, "%s", monitor->cgroup.warnings.items[i]);
	return 0;
}

void monitor_cgroup_adopt(struct monitor *monitor, pid_t pid)
{
	struct error why = {0};

	/* with version 2 alone it was born there */
	if (monitor->cgroup.v1.count > 0 && cgroup_adopt(&monitor->cgroup, pid, &why) < 0)
		monitor_warn(monitor, "%s", why.text);
}

void monitor_cgroup_remove(struct monitor *monitor)
{
	cgroup_remove(&monitor->cgroup);
	cgroup_done(&monitor->cgroup);
}
