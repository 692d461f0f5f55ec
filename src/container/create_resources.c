/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create_resources.c - limits of a new container: cgroup, ulimits, shared memory */
#include "create_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/sys/names.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#define MEMORY_LEAST (INT64_C(512) << 10)

static int parse_bytes(const char *option, const char *text, int64_t *out, struct error *err)
{
	uint64_t bytes;

	if (!text || !*text)
		return 0;
	if (strcmp(text, "-1") == 0) {
		*out = -1;
		return 0;
	}
	if (number_parse_size(text, &bytes) < 0 || bytes > INT64_MAX)
		return error_set(err, ERROR_INVALID, "%s \"%s\" is not a size such as 512m or 1g", option, text);
	*out = (int64_t) bytes;
	return 0;
}

static int set_memory(const struct container_create *request, struct record_resources *out, struct error *err)
{
	int r = parse_bytes("--memory", request->memory, &out->memory, err);

	if (r >= 0)
		r = parse_bytes("--memory-reservation", request->memory_reservation, &out->memory_reservation, err);
	if (r >= 0)
		r = parse_bytes("--memory-swap", request->memory_swap, &out->memory_swap, err);
	if (r < 0)
		return r;
	if (out->memory > 0 && out->memory < MEMORY_LEAST)
		return error_set(err, ERROR_INVALID, "--memory %s is below the least of 512k", request->memory);
	if (out->memory_swap > 0 && out->memory <= 0)
		return error_set(err, ERROR_INVALID, "--memory-swap counts memory and swap together: give --memory too");
	if (out->memory_swap > 0 && out->memory_swap < out->memory)
		return error_set(err, ERROR_INVALID, "--memory-swap %s is less than --memory %s",
		                 request->memory_swap, request->memory);
	/* docker: swap as much as memory */
	if (out->memory > 0 && out->memory_swap == 0)
		out->memory_swap = 2 * out->memory;
	return 0;
}

static int set_cpu(const struct container_create *request, struct record_resources *out, struct error *err)
{
	uint64_t billionths;

	out->cpu_shares = (int64_t) request->cpu_shares;
	out->cpu_period = request->cpu_period;
	out->cpu_quota = request->cpu_quota;
	text_replace(&out->cpuset_cpus, request->cpuset_cpus);
	text_replace(&out->cpuset_mems, request->cpuset_mems);
	if (!request->cpus || !*request->cpus)
		return 0;
	if (number_parse_decimal(request->cpus, &billionths) < 0)
		return error_set(err, ERROR_INVALID, "--cpus \"%s\" is not a number such as 1.5", request->cpus);
	if (request->cpu_period || request->cpu_quota)
		return error_set(err, ERROR_INVALID, "--cpus can't go with --cpu-period or --cpu-quota");
	out->cpu_period = 100000;
	out->cpu_quota = (int64_t) (billionths / 10000);
	return 0;
}

/* A limit above this session's own hard limit can't be given without root: said now, not at the start. */
static int check_ulimit(const struct record_ulimit *limit, struct error *err)
{
	int number = rlimit_number(limit->name);
	struct rlimit own;

	if (number < 0 || getrlimit(number, &own) < 0 || geteuid() == 0)
		return 0;
	if (own.rlim_max == RLIM_INFINITY
	    || (limit->hard >= 0 && (uint64_t) limit->hard <= own.rlim_max))
		return 0;
	return error_set(err, ERROR_DENIED,
	                 "--ulimit %s: above the hard limit %" PRIu64 " of this session, which only root can raise",
	                 limit->name, (uint64_t) own.rlim_max);
}

static int set_ulimits(struct making *making, struct error *err)
{
	const struct texts *wanted = &making->request->ulimits;

	for (size_t i = 0; i < wanted->count; i++) {
		struct record_ulimit parsed = {0};
		struct record_ulimit *slot = NULL;
		int r = parse_ulimit(wanted->items[i], &parsed, err);

		if (r >= 0)
			r = check_ulimit(&parsed, err);
		if (r < 0) {
			free(parsed.name);
			return r;
		}
		/* the last one of a kind counts */
		LIST_EACH(struct record_ulimit, old, &making->record->ulimits)
			if (strcmp(old->name, parsed.name) == 0)
				slot = old;
		if (slot)
			free(slot->name);
		else
			slot = list_add(&making->record->ulimits, sizeof *slot);
		*slot = parsed;
	}
	return 0;
}

int create_resources(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	struct record *record = making->record;
	struct record_resources *out = &record->resources;
	uint64_t shm = UINT64_C(64) << 20;
	int r = set_memory(request, out, err);

	if (r >= 0)
		r = set_cpu(request, out, err);
	if (r >= 0)
		r = set_ulimits(making, err);
	if (r < 0)
		return r;
	if (request->shm_size && *request->shm_size && number_parse_size(request->shm_size, &shm) < 0)
		return error_set(err, ERROR_INVALID, "--shm-size \"%s\" is not a size such as 64m", request->shm_size);
	record->shm_size = shm;
	if (request->pids_limit.set)
		out->pids_limit = request->pids_limit.value;
	out->oom_score_adj = request->oom_score_adj;
	if (request->oom_score_adj.set
	    && (request->oom_score_adj.value < -1000 || request->oom_score_adj.value > 1000))
		return error_set(err, ERROR_INVALID, "--oom-score-adj is a number from -1000 to 1000");
	if (request->blkio_weight && (request->blkio_weight < 10 || request->blkio_weight > 1000))
		return error_set(err, ERROR_INVALID, "--blkio-weight is a number from 10 to 1000");
	out->blkio_weight = request->blkio_weight;
	for (size_t i = 0; i < request->cgroup_conf.count; i++)
		pairs_set_text(&out->unified, request->cgroup_conf.items[i]);
	return 0;
}
