/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_attributes.c - priorities, affinity, memory policy, labels, keyring and time offsets of a process */
#include "plan.h"

#include "coracle/base/alloc.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define IO_CLASS_SHIFT 13 /* linux/ioprio.h; glibc has no header for it */

struct word {
	const char *name;
	unsigned number;
};

/* ioprio_set(2) */
static const struct word io_classes[] = {
	{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}, {NULL, 0},
};
/* sched_setattr(2), linux/sched.h; SCHED_ISO has a number and no code */
static const struct word policies[] = {
	{"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},       {"SCHED_BATCH", 3},
	{"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6}, {NULL, 0},
};
static const struct word scheduler_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}, {NULL, 0},
};
/* set_mempolicy(2), linux/mempolicy.h: headers are older than MPOL_WEIGHTED_INTERLEAVE */
static const struct word memory_modes[] = {
	{"MPOL_DEFAULT", 0},        {"MPOL_PREFERRED", 1}, {"MPOL_BIND", 2},
	{"MPOL_INTERLEAVE", 3},     {"MPOL_LOCAL", 4},     {"MPOL_PREFERRED_MANY", 5},
	{"MPOL_WEIGHTED_INTERLEAVE", 6}, {NULL, 0},
};
static const struct word memory_flags[] = {
	{"MPOL_F_NUMA_BALANCING", 1 << 13}, {"MPOL_F_RELATIVE_NODES", 1 << 14},
	{"MPOL_F_STATIC_NODES", 1 << 15},   {NULL, 0},
};

static int number_of(const struct word *words, const char *name, const char *what, unsigned *out,
                     struct error *err)
{
	for (; words->name; words++)
		if (strcmp(words->name, name) == 0) {
			*out = words->number;
			return 0;
		}
	return error_set(err, ERROR_INVALID, "%s \"%.40s\" is unknown", what, name);
}

static int flags_of(const struct word *words, const struct texts *names, const char *what, unsigned *out,
                    struct error *err)
{
	*out = 0;
	for (size_t i = 0; i < names->count; i++) {
		unsigned flag = 0;
		int r = number_of(words, names->items[i], what, &flag, err);

		if (r < 0)
			return r;
		*out |= flag;
	}
	return 0;
}

static int plan_io_priority(const struct oci_io_priority *wanted, struct plan *plan, struct error *err)
{
	unsigned class = 0;
	struct op *op;
	int r = number_of(io_classes, wanted->class, "I/O priority class", &class, err);

	if (r < 0)
		return r;
	op = plan_add(plan, OP_IO_PRIORITY);
	op->target = plan_keep(plan, wanted->class);
	op->flags = (uint64_t) class << IO_CLASS_SHIFT | (uint64_t) wanted->priority;
	return 0;
}

static int plan_scheduler(const struct oci_scheduler *wanted, struct plan *plan, struct error *err)
{
	struct scheduler_attributes *attributes = &plan->scheduler;
	unsigned policy = 0, flags = 0;
	int r = number_of(policies, wanted->policy, "scheduler policy", &policy, err);

	if (r >= 0)
		r = flags_of(scheduler_flags, &wanted->flags, "scheduler flag", &flags, err);
	if (r < 0)
		return r;
	*attributes = (struct scheduler_attributes){
		.size = sizeof *attributes,
		.policy = policy,
		.flags = flags,
		.nice = (int32_t) wanted->nice,
		.priority = (uint32_t) wanted->priority,
		.runtime = wanted->runtime,
		.deadline = wanted->deadline,
		.period = wanted->period,
		/* the specification has flags for the clamps but no values: the system's own, Linux 5.11 */
		.util_min = UINT32_MAX,
		.util_max = UINT32_MAX,
	};
	plan_add(plan, OP_SCHEDULER)->target = plan_keep(plan, wanted->policy);
	return 0;
}

static int plan_memory_policy(const struct oci_memory_policy *wanted, struct plan *plan, struct error *err)
{
	struct memory_policy *policy = &plan->memory_policy;
	unsigned mode = 0, flags = 0;
	int r = number_of(memory_modes, wanted->mode, "memory policy", &mode, err);

	if (r >= 0)
		r = flags_of(memory_flags, &wanted->flags, "memory policy flag", &flags, err);
	if (r < 0)
		return r;
	policy->mode = (int) (mode | flags);
	policy->has_nodes = wanted->nodes && *wanted->nodes;
	if (policy->has_nodes && oci_list_parse(wanted->nodes, OCI_NODES_MAX, policy->nodes) < 0)
		return error_set(err, ERROR_INVALID, "memory policy: \"%.80s\" is no list of nodes such as 0-3,7",
		                 wanted->nodes);
	plan_add(plan, OP_MEMORY_POLICY)->target = plan_keep(plan, wanted->mode);
	return 0;
}

static int check_cpus(const char *list, struct error *err)
{
	unsigned long mask[OCI_CPUS_MAX / LONG_BITS];

	if (list && oci_list_parse(list, OCI_CPUS_MAX, mask) < 0)
		return error_set(err, ERROR_INVALID, "CPU affinity: \"%.80s\" is no list of CPUs such as 0-3,7", list);
	return 0;
}

/*
 * The CPUs of the process that enters the container, before it is in the container's cgroup, and those
 * of the program; without the latter it gets what its cgroup allows (runtime-spec config.md#process).
 */
static int plan_affinity(const struct oci_cpu_affinity *wanted, struct plan *plan, struct error *err)
{
	bool initial = wanted->initial && *wanted->initial, final = wanted->final && *wanted->final;
	int r = check_cpus(wanted->initial, err);

	if (r >= 0)
		r = check_cpus(wanted->final, err);
	if (r < 0)
		return r;
	if (initial)
		plan->initial_cpus = plan_keep(plan, wanted->initial);
	if (final)
		plan_add(plan, OP_AFFINITY)->data = plan_keep(plan, wanted->final);
	else if (initial)
		(void) plan_add(plan, OP_AFFINITY);
	return 0;
}

static bool host_has_apparmor(void)
{
	struct stat st;

	return stat("/sys/module/apparmor", &st) == 0 || stat("/sys/kernel/security/apparmor", &st) == 0;
}

/* selinuxfs is mounted there by whoever loads the policy */
static bool host_has_selinux(void)
{
	struct stat st;

	return stat("/sys/fs/selinux/enforce", &st) == 0;
}

static int plan_label(const struct oci_process *process, struct plan *plan, struct error *err)
{
	const char *profile = process->apparmor_profile, *label = process->selinux_label;

	/* without AppArmor every process is unconfined */
	if (profile && *profile && (host_has_apparmor() || strcmp(profile, "unconfined") != 0)) {
		AUTO_FREE char *change = xprintf("exec %s", profile);
		struct op *op;

		if (!host_has_apparmor())
			return error_set(err, ERROR_UNSUPPORTED,
			                 "AppArmor profile %s: this host has no AppArmor; leave the profile out", profile);
		op = plan_add(plan, OP_LABEL);
		op->target = "apparmor/exec";
		/* Linux before 5.8 has only the file that the security modules share */
		op->source = "exec";
		op->data = plan_keep(plan, change);
	}
	if (label && *label) {
		struct op *op;

		if (!host_has_selinux())
			return error_set(err, ERROR_UNSUPPORTED,
			                 "SELinux label %s: this host has no SELinux; leave the label out", label);
		op = plan_add(plan, OP_LABEL);
		op->target = "exec";
		op->data = plan_keep(plan, label);
	}
	return 0;
}

static void add_offset(struct texts *lines, const char *clock, const struct oci_time_offset *offset)
{
	if (offset)
		texts_printf(lines, "%s %" PRId64 " %" PRIu64, clock, offset->secs, offset->nanosecs);
}

static bool is_new(const struct oci_linux *linux_, const char *type)
{
	LIST_EACH(struct oci_namespace, ns, &linux_->namespaces)
		if (strcmp(ns->type, type) == 0)
			return !ns->path || !*ns->path;
	return false;
}

static void plan_time(const struct oci_linux *linux_, struct plan *plan)
{
	const struct oci_time_offsets *offsets = linux_->time_offsets;
	AUTO_TEXTS struct texts lines = {0};
	AUTO_FREE char *text = NULL;
	struct op *op = plan_add(plan, OP_TIMENS);

	add_offset(&lines, "monotonic", offsets ? offsets->monotonic : NULL);
	add_offset(&lines, "boottime", offsets ? offsets->boottime : NULL);
	text = texts_join(&lines, "\n");
	op->data = plan_keep(plan, text);
	op->flags = is_new(linux_, "pid");
}

int plan_host(const struct oci_linux *linux_, struct plan *plan, struct error *err)
{
	if (json_object_size(linux_->net_devices))
		return error_set(err, ERROR_UNSUPPORTED,
		                 "\"netDevices\" are refused: devices of the host's network are moved by its root, "
		                 "for example by ip link set DEVICE netns PID");
	if (json_object_size(linux_->intel_rdt))
		return error_set(err, ERROR_UNSUPPORTED,
		                 "\"intelRdt\" is refused: resctrl is for the host's root alone");
	if (is_new(linux_, "time"))
		plan_time(linux_, plan);
	return 0;
}

int plan_attributes(const struct oci_process *process, const struct oci_linux *linux_, struct plan *plan,
                    struct error *err)
{
	int r = 0;

	if (plan->keyring)
		plan_add(plan, OP_KEYRING)->data = plan_keep(plan, plan->keyring);
	if (process->io_priority)
		r = plan_io_priority(process->io_priority, plan, err);
	if (r >= 0 && linux_->memory_policy)
		r = plan_memory_policy(linux_->memory_policy, plan, err);
	/* after the limits: RLIMIT_RTPRIO and RLIMIT_NICE say what is allowed without CAP_SYS_NICE */
	if (r >= 0 && process->scheduler)
		r = plan_scheduler(process->scheduler, plan, err);
	return r;
}

int plan_attributes_late(const struct oci_process *process, struct plan *plan, struct error *err)
{
	int r = 0;

	if (plan->in_container && process->exec_cpu_affinity)
		r = plan_affinity(process->exec_cpu_affinity, plan, err);
	return r < 0 ? r : plan_label(process, plan, err);
}

static int word_label(const struct op *op, int errnum, struct error *err)
{
	const char *what = op->source ? "AppArmor profile" : "SELinux label";
	const char *name = op->source ? op->data + strlen("exec ") : op->data;

	if (errnum == ENODEV || errnum == EXDEV || errnum == ELOOP || errnum == ENOTDIR)
		return error_set(err, ERROR_DENIED,
		                 "%s %s: /proc of the container is not the kernel's own: refused", what, name);
	if (errnum == ENOENT && op->source)
		return error_set(err, ERROR_NOT_FOUND,
		                 "AppArmor profile %s is not loaded; as root: apparmor_parser -r FILE", name);
	if (errnum == EINVAL)
		return error_set(err, ERROR_INVALID, "%s %s is not known to the policy of this host", what, name);
	return error_errno(err, errnum, "%s %s", what, name);
}

static int word_timens(int errnum, struct error *err)
{
	if (errnum == ERANGE)
		return error_set(err, ERROR_INVALID,
		                 "\"timeOffsets\" would let a clock of the container begin below 0 or above 146 years");
	if (errnum == EINVAL)
		return error_set(err, ERROR_UNSUPPORTED, "this kernel has no time namespaces (CONFIG_TIME_NS)");
	return error_errno(err, errnum, "set the offsets of the time namespace");
}

static int word_scheduler(const struct op *op, int errnum, struct error *err)
{
	if (errnum == EPERM)
		return error_set(err, ERROR_DENIED,
		                 "scheduler %s: not permitted: real-time policies and a lower nice value need root of the "
		                 "host (CAP_SYS_NICE), or the hard limits rtprio and nice of this session",
		                 op->target);
	if (errnum == EINVAL)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "scheduler %s: this kernel does not have the policy, a flag, or such values", op->target);
	if (errnum == EBUSY)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "scheduler %s: the CPUs have no such runtime left in each period", op->target);
	return error_errno(err, errnum, "scheduler %s", op->target);
}

static int word_memory_policy(const struct op *op, int errnum, struct error *err)
{
	if (errnum == EINVAL)
		return error_set(err, ERROR_INVALID,
		                 "memory policy %s: none of the nodes has memory for the container, or this kernel does "
		                 "not know the mode",
		                 op->target);
	if (errnum == ENOSYS)
		return error_set(err, ERROR_UNSUPPORTED, "memory policy %s: this kernel is without CONFIG_NUMA",
		                 op->target);
	return error_errno(err, errnum, "memory policy %s", op->target);
}

int plan_word_attribute(const struct op *op, int errnum, struct error *err)
{
	if (op->type == OP_TIMENS)
		return word_timens(errnum, err);
	if (op->type == OP_LABEL)
		return word_label(op, errnum, err);
	if (op->type == OP_SCHEDULER)
		return word_scheduler(op, errnum, err);
	if (op->type == OP_MEMORY_POLICY)
		return word_memory_policy(op, errnum, err);
	if (op->type == OP_IO_PRIORITY && errnum == EPERM)
		return error_set(err, ERROR_DENIED,
		                 "I/O priority %s: needs root of the host (CAP_SYS_NICE); IOPRIO_CLASS_BE does not",
		                 op->target);
	if (op->type == OP_AFFINITY && errnum == EINVAL)
		return error_set(err, ERROR_INVALID, "CPU affinity: the container may use none of the CPUs %s",
		                 op->data ? op->data : "");
	return 0;
}
