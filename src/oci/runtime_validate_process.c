/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_validate_process.c - "process" of config.json: OCI runtime-spec config.md#process */
#include "coracle/oci/runtime.h"

#include <inttypes.h>
#include <string.h>

#include "runtime_validate.h"

#define ID_MAX   (UINT32_MAX - 1) /* -1 means "leave as it is" to setuid(2) and its kin */
#define MODE_MAX 0777

static const char *const rlimit_types[] = {
	"RLIMIT_AS",
	"RLIMIT_CORE",
	"RLIMIT_CPU",
	"RLIMIT_DATA",
	"RLIMIT_FSIZE",
	"RLIMIT_LOCKS",
	"RLIMIT_MEMLOCK",
	"RLIMIT_MSGQUEUE",
	"RLIMIT_NICE",
	"RLIMIT_NOFILE",
	"RLIMIT_NPROC",
	"RLIMIT_RSS",
	"RLIMIT_RTPRIO",
	"RLIMIT_RTTIME",
	"RLIMIT_SIGPENDING",
	"RLIMIT_STACK",
	NULL,
};
static const char *const scheduler_policies[] = {
	"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",       "SCHED_BATCH",
	"SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE", NULL,
};
static const char *const scheduler_flags[] = {
	"SCHED_FLAG_RESET_ON_FORK",  "SCHED_FLAG_RECLAIM",
	"SCHED_FLAG_DL_OVERRUN",     "SCHED_FLAG_KEEP_POLICY",
	"SCHED_FLAG_KEEP_PARAMS",    "SCHED_FLAG_UTIL_CLAMP_MIN",
	"SCHED_FLAG_UTIL_CLAMP_MAX", NULL,
};
static const char *const io_classes[] = {
	"IOPRIO_CLASS_RT",
	"IOPRIO_CLASS_BE",
	"IOPRIO_CLASS_IDLE",
	NULL,
};

static int validate_user(const struct oci_user *user, struct error *err)
{
	if (user->uid > ID_MAX)
		return error_set(err, ERROR_INVALID, "\"uid\" is no user id: %" PRIu64, user->uid);
	if (user->gid > ID_MAX)
		return error_set(err, ERROR_INVALID, "\"gid\" is no group id: %" PRIu64, user->gid);
	for (size_t i = 0; i < user->additional_gids.count; i++)
		if (user->additional_gids.items[i] > ID_MAX)
			return error_set(err, ERROR_INVALID,
			                 "\"additionalGids\"[%zu] is no group id: %" PRIu64, i,
			                 user->additional_gids.items[i]);
	if (user->umask.set && user->umask.value > MODE_MAX)
		return error_set(err, ERROR_INVALID, "\"umask\" is above 511 (octal 777): %" PRIu64,
		                 user->umask.value);
	return 0;
}

/* Negative numbers and those that came from above INT64_MAX look alike; only infinity makes sense.
 */
static bool is_limit(uint64_t value)
{
	return value <= INT64_MAX || value == UINT64_MAX;
}

static int validate_rlimits(const struct list *rlimits, struct error *err)
{
	for (size_t i = 0; i < rlimits->count; i++) {
		const struct oci_rlimit *limit = LIST_AT(struct oci_rlimit, rlimits, i);

		if (!word_is_one_of(limit->type, rlimit_types))
			return error_set(err, ERROR_INVALID,
			                 "\"rlimits\"[%zu]: \"type\" is unknown: \"%.40s\"", i,
			                 limit->type);
		if (!is_limit(limit->soft) || !is_limit(limit->hard))
			return error_set(err, ERROR_INVALID,
			                 "\"rlimits\"[%zu] (%s) is out of range", i, limit->type);
		if (limit->soft > limit->hard)
			return error_set(err, ERROR_INVALID,
			                 "\"rlimits\"[%zu] (%s): \"soft\" is above \"hard\"", i,
			                 limit->type);
		for (size_t k = 0; k < i; k++)
			if (strcmp(LIST_AT(struct oci_rlimit, rlimits, k)->type, limit->type) == 0)
				return error_set(err, ERROR_INVALID,
				                 "\"rlimits\"[%zu]: %s stands twice", i,
				                 limit->type);
	}
	return 0;
}

/* sched_setattr(2): each policy has numbers of its own */
static int validate_policy(const struct oci_scheduler *scheduler, struct error *err)
{
	const char *policy = scheduler->policy;
	bool real_time = strcmp(policy, "SCHED_FIFO") == 0 || strcmp(policy, "SCHED_RR") == 0;
	bool kept = texts_has(&scheduler->flags, "SCHED_FLAG_KEEP_PARAMS");

	if (!real_time && scheduler->priority != 0)
		return error_set(err, ERROR_INVALID,
		                 "\"priority\" is only for SCHED_FIFO and SCHED_RR, not for %s", policy);
	if (real_time && !kept && (scheduler->priority < 1 || scheduler->priority > 99))
		return error_set(err, ERROR_INVALID, "\"priority\" of %s is not in 1..99", policy);
	if (strcmp(policy, "SCHED_DEADLINE") != 0)
		return scheduler->runtime || scheduler->deadline || scheduler->period
		               ? error_set(err, ERROR_INVALID,
		                           "\"runtime\", \"deadline\" and \"period\" are only for "
		                           "SCHED_DEADLINE, not for %s",
		                           policy)
		               : 0;
	if (!kept && (scheduler->runtime == 0 || scheduler->runtime > scheduler->deadline ||
	              (scheduler->period && scheduler->deadline > scheduler->period)))
		return error_set(err, ERROR_INVALID,
		                 "SCHED_DEADLINE needs 0 < \"runtime\" <= \"deadline\" <= \"period\"");
	return 0;
}

static int validate_scheduler(const struct oci_scheduler *scheduler, struct error *err)
{
	if (!word_is_one_of(scheduler->policy, scheduler_policies))
		return error_set(err, ERROR_INVALID, "\"policy\" is unknown: \"%.40s\"",
		                 scheduler->policy);
	for (size_t i = 0; i < scheduler->flags.count; i++)
		if (!word_is_one_of(scheduler->flags.items[i], scheduler_flags))
			return error_set(err, ERROR_INVALID, "\"flags\"[%zu] is unknown: \"%.40s\"",
			                 i, scheduler->flags.items[i]);
	if (scheduler->nice < -20 || scheduler->nice > 19)
		return error_set(err, ERROR_INVALID, "\"nice\" is not in -20..19");
	return validate_policy(scheduler, err);
}

int validate_list(const char *list, size_t bits, const char *name, struct error *err)
{
	unsigned long mask[OCI_CPUS_MAX / (8 * sizeof(unsigned long))];
	int r = list ? oci_list_parse(list, bits, mask) : 0;

	if (r == -ERANGE)
		return error_set(err, ERROR_INVALID, "\"%s\" has a number above %zu: \"%.80s\"", name, bits - 1,
		                 list);
	return r < 0 ? error_set(err, ERROR_INVALID, "\"%s\" is no list such as 0-3,7: \"%.80s\"", name, list) : 0;
}

static int validate_affinity(const struct oci_cpu_affinity *affinity, struct error *err)
{
	int r = validate_list(affinity->initial, OCI_CPUS_MAX, "initial", err);

	return r < 0 ? r : validate_list(affinity->final, OCI_CPUS_MAX, "final", err);
}

static int validate_priorities(const struct oci_process *process, struct error *err)
{
	const struct oci_io_priority *io = process->io_priority;
	int r;

	if (process->oom_score_adj.set &&
	    (process->oom_score_adj.value < -1000 || process->oom_score_adj.value > 1000))
		return error_set(err, ERROR_INVALID, "\"oomScoreAdj\" is not in -1000..1000");
	if (io && !word_is_one_of(io->class, io_classes))
		return error_set(err, ERROR_INVALID,
		                 "\"ioPriority\": \"class\" is unknown: \"%.40s\"", io->class);
	if (io && (io->priority < 0 || io->priority > 7))
		return error_set(err, ERROR_INVALID, "\"ioPriority\": \"priority\" is not in 0..7");
	if (process->scheduler) {
		r = validate_scheduler(process->scheduler, err);
		if (r < 0)
			return error_wrap(err, r, "\"scheduler\"");
	}
	if (process->exec_cpu_affinity) {
		r = validate_affinity(process->exec_cpu_affinity, err);
		if (r < 0)
			return error_wrap(err, r, "\"execCPUAffinity\"");
	}
	return 0;
}

int validate_process(const struct oci_process *process, struct error *err)
{
	int r;

	if (!process->cwd || process->cwd[0] != '/')
		return error_set(err, ERROR_INVALID, "\"cwd\" is not an absolute path: \"%.200s\"",
		                 process->cwd ? process->cwd : "");
	if (process->args.count == 0)
		return error_set(err, ERROR_INVALID, "\"args\" names no command");
	r = validate_user(&process->user, err);
	if (r < 0)
		return error_wrap(err, r, "\"user\"");
	r = validate_rlimits(&process->rlimits, err);
	return r < 0 ? r : validate_priorities(process, err);
}
