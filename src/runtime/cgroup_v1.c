/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_v1.c - from the resources of a specification to files of cgroup v1 (kernel Documentation/admin-guide/cgroup-v1) */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_int(struct list *out, const char *controller, const char *file, int64_t value)
{
	setting_add(out, controller, xstrdup(file), xprintf("%" PRId64, value));
}

static void add_uint(struct list *out, const char *controller, const char *file, const struct opt_uint *value)
{
	if (value->set && value->value)
		setting_add(out, controller, xstrdup(file), xprintf("%" PRIu64, value->value));
}

static void add_text(struct list *out, const char *controller, const char *file, const char *value)
{
	if (value && *value)
		setting_add(out, controller, xstrdup(file), xstrdup(value));
}

static void add_memory(const struct oci_memory *memory, struct list *out)
{
	/* memsw must never be below the limit: whichever order fits is found by the second attempt */
	if (memory->limit.set && memory->limit.value)
		add_int(out, "memory", "memory.limit_in_bytes", memory->limit.value);
	if (memory->swap.set && memory->swap.value)
		add_int(out, "memory", "memory.memsw.limit_in_bytes", memory->swap.value);
	if (memory->reservation.set && memory->reservation.value)
		add_int(out, "memory", "memory.soft_limit_in_bytes", memory->reservation.value);
	if (memory->kernel_tcp.set && memory->kernel_tcp.value)
		add_int(out, "memory", "memory.kmem.tcp.limit_in_bytes", memory->kernel_tcp.value);
	if (memory->swappiness.set)
		add_int(out, "memory", "memory.swappiness", (int64_t) memory->swappiness.value);
	if (memory->disable_oom_killer.value)
		add_int(out, "memory", "memory.oom_control", 1);
}

static void add_cpu(const struct oci_cpu *cpu, struct list *out)
{
	add_uint(out, "cpu", "cpu.shares", &cpu->shares);
	add_uint(out, "cpu", "cpu.cfs_period_us", &cpu->period);
	if (cpu->quota.set && cpu->quota.value)
		add_int(out, "cpu", "cpu.cfs_quota_us", cpu->quota.value);
	add_uint(out, "cpu", "cpu.cfs_burst_us", &cpu->burst);
	if (cpu->idle.set)
		add_int(out, "cpu", "cpu.idle", cpu->idle.value);
	add_uint(out, "cpu", "cpu.rt_period_us", &cpu->realtime_period);
	if (cpu->realtime_runtime.set && cpu->realtime_runtime.value)
		add_int(out, "cpu", "cpu.rt_runtime_us", cpu->realtime_runtime.value);
	add_text(out, "cpuset", "cpuset.cpus", cpu->cpus);
	add_text(out, "cpuset", "cpuset.mems", cpu->mems);
}

static void add_devices(struct list *out, const struct list *devices, const char *file)
{
	LIST_EACH(struct oci_throttle_device, device, devices)
		setting_add(out, "blkio", xstrdup(file),
		            xprintf("%" PRId64 ":%" PRId64 " %" PRIu64, device->major, device->minor, device->rate));
}

static void add_block_io(const struct oci_block_io *io, struct list *out)
{
	add_uint(out, "blkio", "blkio.weight", &io->weight);
	add_uint(out, "blkio", "blkio.leaf_weight", &io->leaf_weight);
	LIST_EACH(struct oci_weight_device, device, &io->weight_device)
		if (device->weight.set)
			setting_add(out, "blkio", xstrdup("blkio.weight_device"),
			            xprintf("%" PRId64 ":%" PRId64 " %" PRIu64, device->major, device->minor,
			                    device->weight.value));
	add_devices(out, &io->read_bps, "blkio.throttle.read_bps_device");
	add_devices(out, &io->write_bps, "blkio.throttle.write_bps_device");
	add_devices(out, &io->read_iops, "blkio.throttle.read_iops_device");
	add_devices(out, &io->write_iops, "blkio.throttle.write_iops_device");
}

static void add_network(const struct oci_network *network, struct list *out)
{
	add_uint(out, "net_cls", "net_cls.classid", &network->class_id);
	LIST_EACH(struct oci_network_priority, priority, &network->priorities)
		setting_add(out, "net_prio", xstrdup("net_prio.ifpriomap"),
		            xprintf("%s %" PRIu64, priority->name, priority->priority));
}

int settings_v1(const struct oci_resources *resources, struct list *out, struct error *err)
{
	if (resources->memory)
		add_memory(resources->memory, out);
	if (resources->cpu)
		add_cpu(resources->cpu, out);
	if (resources->pids && resources->pids->limit != 0)
		setting_number(out, "pids", "pids.max", resources->pids->limit);
	if (resources->block_io)
		add_block_io(resources->block_io, out);
	LIST_EACH(struct oci_hugepage_limit, limit, &resources->hugepage_limits)
		setting_add(out, "hugetlb", xprintf("hugetlb.%s.limit_in_bytes", limit->page_size),
		            xprintf("%" PRIu64, limit->limit));
	if (resources->network)
		add_network(resources->network, out);
	if (resources->unified.count)
		return error_set(err, ERROR_UNSUPPORTED, "unified \"%s\": this host has cgroup v1", resources->unified.items[0].key);
	return 0;
}
