/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_update.c - coracle runtime update: other limits for a container (coracle-runtime-update(1)) */
#include "runtime.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <fcntl.h>
#include <string.h>

#define RDT "Intel RDT is not in this version"

struct update_request {
	char *resources, *memory, *memory_reservation, *memory_swap, *cpuset_cpus, *cpuset_mems;
	struct opt_uint cpu_period, cpu_share, cpu_burst, cpu_rt_period, blkio_weight;
	struct opt_int cpu_quota, cpu_idle, cpu_rt_runtime, pids_limit;
};

static const struct opt update_opts[] = {
	OPT_TEXT('r', "resources", struct update_request, resources, "FILE",
	         "limits as JSON, as linux.resources in config.json; -: from standard input", .complete = "file"),
	OPT_TEXT(0, "memory", struct update_request, memory, "SIZE", "memory at the most: 64m, 1g, -1 for no limit"),
	OPT_TEXT(0, "memory-reservation", struct update_request, memory_reservation, "SIZE",
	         "memory that is left to it when the host runs short"),
	OPT_TEXT(0, "memory-swap", struct update_request, memory_swap, "SIZE",
	         "memory and swap together at the most, -1 for no limit"),
	OPT_OPT_UINT(0, "cpu-period", struct update_request, cpu_period, "MICROSECONDS", "the period that --cpu-quota is of"),
	OPT_OPT_INT(0, "cpu-quota", struct update_request, cpu_quota, "MICROSECONDS",
	            "time of processors in each period, -1 for no limit"),
	OPT_OPT_UINT(0, "cpu-share", struct update_request, cpu_share, "N", "weight among others: 2 to 262144, 1024 is usual"),
	OPT_OPT_UINT(0, "cpu-shares", struct update_request, cpu_share, "N", "the same as --cpu-share", .hidden = true),
	OPT_OPT_UINT(0, "cpu-burst", struct update_request, cpu_burst, "MICROSECONDS",
	             "unused time that may be saved up and taken beyond the quota"),
	OPT_OPT_INT(0, "cpu-idle", struct update_request, cpu_idle, "0|1", "1: run only when nobody else wants to",
	            .complete = "0|1"),
	OPT_OPT_UINT(0, "cpu-rt-period", struct update_request, cpu_rt_period, "MICROSECONDS",
	             "the period that --cpu-rt-runtime is of; cgroup v1 only"),
	OPT_OPT_INT(0, "cpu-rt-runtime", struct update_request, cpu_rt_runtime, "MICROSECONDS",
	            "time for real-time processes in each period; cgroup v1 only"),
	OPT_TEXT(0, "cpuset-cpus", struct update_request, cpuset_cpus, "LIST", "processors that it may use: 0-3,7"),
	OPT_TEXT(0, "cpuset-mems", struct update_request, cpuset_mems, "LIST", "memory nodes that it may use"),
	OPT_OPT_INT(0, "pids-limit", struct update_request, pids_limit, "N", "processes at the most, -1 for no limit"),
	OPT_OPT_UINT(0, "blkio-weight", struct update_request, blkio_weight, "N", "weight among others for disks: 10 to 1000"),
	OPT_IGNORED(0, "kernel-memory", "SIZE", "the kernel has given up this limit: its memory counts as --memory"),
	OPT_IGNORED(0, "kernel-memory-tcp", "SIZE", "the kernel has given up this limit: its memory counts as --memory"),
	OPT_REFUSED(0, "l3-cache-schema", "SCHEMA", RDT),
	OPT_REFUSED(0, "mem-bw-schema", "SCHEMA", RDT),
	OPT_END,
};

static int read_file(const char *path, struct oci_resources *out, struct error *err)
{
	bool piped = strcmp(path, "-") == 0;
	AUTO_CLOSE int fd = piped ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r = !piped && fd < 0 ? -errno
	                         : file_read_fd(piped ? STDIN_FILENO : fd, OCI_CONFIG_MAX_BYTES, &bytes, &length);

	if (r < 0)
		return error_errno(err, -r, "--resources %s", path);
	r = oci_resources_parse(bytes ? bytes : "", length, out, err);
	return r < 0 ? error_wrap(err, r, "--resources %s", path) : 0;
}

/* "64m", or -1 for no limit */
static int read_size(const char *name, const char *typed, struct opt_int *out, struct error *err)
{
	uint64_t bytes = 0;

	if (!typed)
		return 0;
	if (strcmp(typed, "-1") != 0 && (number_parse_size(typed, &bytes) < 0 || bytes > INT64_MAX))
		return error_set(err, ERROR_INVALID, "option --%s: \"%.100s\" is not a size such as 64m, or -1", name, typed);
	*out = (struct opt_int){.set = true, .value = strcmp(typed, "-1") == 0 ? -1 : (int64_t) bytes};
	return 0;
}

static int take_memory(const struct update_request *typed, struct oci_resources *out, struct error *err)
{
	struct oci_memory memory = {0};
	int r = read_size("memory", typed->memory, &memory.limit, err);

	if (r >= 0)
		r = read_size("memory-reservation", typed->memory_reservation, &memory.reservation, err);
	if (r >= 0)
		r = read_size("memory-swap", typed->memory_swap, &memory.swap, err);
	if (r >= 0 && (memory.limit.set || memory.reservation.set || memory.swap.set))
		out->memory = xmemdup(&memory, sizeof memory);
	return r;
}

static void take_cpu(const struct update_request *typed, struct oci_resources *out)
{
	struct oci_cpu cpu = {
		.shares = typed->cpu_share,
		.period = typed->cpu_period,
		.burst = typed->cpu_burst,
		.quota = typed->cpu_quota,
		.idle = typed->cpu_idle,
		.realtime_period = typed->cpu_rt_period,
		.realtime_runtime = typed->cpu_rt_runtime,
	};

	if (!cpu.shares.set && !cpu.period.set && !cpu.burst.set && !cpu.quota.set && !cpu.idle.set
	    && !cpu.realtime_period.set && !cpu.realtime_runtime.set && !typed->cpuset_cpus && !typed->cpuset_mems)
		return;
	out->cpu = xmemdup(&cpu, sizeof cpu);
	text_replace(&out->cpu->cpus, typed->cpuset_cpus);
	text_replace(&out->cpu->mems, typed->cpuset_mems);
}

static int take_options(const struct update_request *typed, struct oci_resources *out, struct error *err)
{
	int r = take_memory(typed, out, err);

	if (r < 0)
		return r;
	if (typed->blkio_weight.set && (typed->blkio_weight.value < 10 || typed->blkio_weight.value > 1000))
		return error_set(err, ERROR_INVALID, "option --blkio-weight: %llu is not 10 to 1000",
		                 (unsigned long long) typed->blkio_weight.value);
	take_cpu(typed, out);
	if (typed->pids_limit.set) {
		out->pids = xcalloc(1, sizeof *out->pids);
		out->pids->limit = typed->pids_limit.value;
	}
	if (typed->blkio_weight.set) {
		out->block_io = xcalloc(1, sizeof *out->block_io);
		out->block_io->weight = typed->blkio_weight;
	}
	return 0;
}

static bool is_empty(const struct oci_resources *resources)
{
	return !resources->memory && !resources->cpu && !resources->pids && !resources->block_io;
}

static int update_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct update_request *typed = data;
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	AUTO(oci_resources_done) struct oci_resources resources = {0};
	int r = take_options(typed, &resources, err);

	(void) engine;
	/* as runc has it, but not where a limit would be lost without a word */
	if (r >= 0 && typed->resources && !is_empty(&resources))
		return error_set(err, ERROR_INVALID, "--resources has all limits: give other options or the file, not both");
	if (r >= 0 && !typed->resources && is_empty(&resources))
		return error_set(err, ERROR_INVALID, "nothing to change: give a limit such as --memory 64m, or --resources FILE");
	if (r >= 0 && typed->resources)
		r = read_file(typed->resources, &resources, err);
	if (r >= 0)
		r = runtime_open(&lifecycle, err);
	return r < 0 ? r : lifecycle_update(&lifecycle, operands->items[0], &resources, err);
}

const struct command cmd_runtime_update = {
	.name = "runtime update",
	.group = "OCI runtime",
	.summary = "change limits of a container",
	.operands = "ID",
	.complete = "runtime-container",
	.example = "coracle runtime update --memory 128m --pids-limit 100 web",
	.opts = update_opts,
	.request_size = sizeof(struct update_request),
	.min_operands = 1,
	.max_operands = 1,
	.run = update_run,
};
