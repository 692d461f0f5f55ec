/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime.h - config.json of the OCI runtime specification 1.0 to 1.3 as structs */
#ifndef CORACLE_OCI_RUNTIME_H
#define CORACLE_OCI_RUNTIME_H

#include "coracle/base/json.h"

#define OCI_RUNTIME_VERSION     "1.3.0"
#define OCI_CONFIG_MAX_BYTES    (4 << 20)
#define OCI_CPUS_MAX            8192 /* CONFIG_NR_CPUS goes no further */
#define OCI_NODES_MAX           1024 /* CONFIG_NODES_SHIFT is 10 at the most */

struct oci_box { uint64_t height, width; };

struct oci_user {
	uint64_t uid, gid;
	struct opt_uint umask;
	struct uints additional_gids;
	char *username;
};

struct oci_rlimit { char *type; uint64_t soft, hard; };

struct oci_capabilities {
	struct texts bounding, effective, inheritable, permitted, ambient;
};

struct oci_scheduler {
	char *policy;
	int64_t nice, priority;
	struct texts flags;
	uint64_t runtime, deadline, period;
};

struct oci_io_priority { char *class; int64_t priority; };

struct oci_cpu_affinity { char *initial, *final; };

struct oci_process {
	bool terminal;
	struct oci_box console_size;
	struct oci_user user;
	struct texts args, env;
	char *cwd;
	struct oci_capabilities *capabilities;
	struct list rlimits; /* struct oci_rlimit */
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	struct opt_int oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_cpu_affinity *exec_cpu_affinity;
};

struct oci_root { char *path; bool readonly; };

struct oci_id_mapping { uint64_t container_id, host_id, size; };

struct oci_mount {
	char *destination, *type, *source;
	struct texts options;
	struct list uid_mappings, gid_mappings; /* struct oci_id_mapping */
};

struct oci_hook {
	char *path;
	struct texts args, env;
	struct opt_int timeout; /* seconds */
};

struct oci_hooks { /* lists of struct oci_hook */
	struct list prestart, create_runtime, create_container, start_container, poststart, poststop;
};

struct oci_namespace { char *type, *path; };

struct oci_device {
	char *type, *path;
	int64_t major, minor;
	struct opt_uint file_mode, uid, gid;
};

struct oci_device_rule {
	bool allow;
	char *type, *access;
	struct opt_int major, minor;
};

struct oci_memory {
	struct opt_int limit, reservation, swap, kernel, kernel_tcp;
	struct opt_uint swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	struct opt_uint shares, period, realtime_period, burst;
	struct opt_int quota, realtime_runtime, idle;
	char *cpus, *mems;
};

struct oci_weight_device { int64_t major, minor; struct opt_uint weight, leaf_weight; };
struct oci_throttle_device { int64_t major, minor; uint64_t rate; };

struct oci_block_io {
	struct opt_uint weight, leaf_weight;
	struct list weight_device;                             /* struct oci_weight_device */
	struct list read_bps, write_bps, read_iops, write_iops; /* struct oci_throttle_device */
};

struct oci_hugepage_limit { char *page_size; uint64_t limit; };
struct oci_pids { int64_t limit; };
struct oci_network_priority { char *name; uint64_t priority; };
struct oci_network { struct opt_uint class_id; struct list priorities; };

struct oci_resources {
	struct list devices; /* struct oci_device_rule */
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	struct list hugepage_limits; /* struct oci_hugepage_limit */
	struct oci_network *network;
	json_t *rdma;
	struct pairs unified;
};

struct oci_seccomp_arg {
	uint64_t index, value, value_two;
	char *op;
};

struct oci_seccomp_rule {
	struct texts names;
	char *name; /* docker's old profiles: one name */
	char *action;
	struct opt_uint errno_ret;
	struct list args; /* struct oci_seccomp_arg */
};

struct oci_seccomp {
	char *default_action;
	struct opt_uint default_errno_ret;
	struct texts architectures; /* "SCMP_ARCH_X86_64" */
	struct texts flags;
	char *listener_path, *listener_metadata;
	struct list syscalls; /* struct oci_seccomp_rule */
};

struct oci_time_offset { int64_t secs; uint64_t nanosecs; };
struct oci_time_offsets { struct oci_time_offset *monotonic, *boottime; };

struct oci_memory_policy { char *mode, *nodes; struct texts flags; };

struct oci_linux {
	struct list uid_mappings, gid_mappings; /* struct oci_id_mapping */
	struct pairs sysctl;
	struct oci_resources *resources;
	char *cgroups_path;
	struct list namespaces; /* struct oci_namespace */
	struct list devices;    /* struct oci_device */
	json_t *net_devices;
	struct oci_seccomp *seccomp;
	char *rootfs_propagation;
	struct texts masked_paths, readonly_paths;
	char *mount_label;
	json_t *intel_rdt;
	struct oci_personality *personality;
	struct oci_time_offsets *time_offsets;
	struct oci_memory_policy *memory_policy;
};

struct oci_personality { char *domain; struct texts flags; };

struct oci_spec {
	char *oci_version;
	struct oci_process *process;
	struct oci_root *root;
	char *hostname, *domainname;
	struct list mounts; /* struct oci_mount */
	struct oci_hooks *hooks;
	struct pairs annotations;
	struct oci_linux *linux_; /* "linux" is a macro of old compilers */
};

extern const struct field oci_spec_fields[], oci_process_fields[], oci_resources_fields[],
	oci_seccomp_fields[], oci_hook_fields[], oci_mount_fields[];

/*
 * oci_json_parse - json_parse for documents whose numbers go up to 2^64-1 (rlimits, seccomp arguments)
 *
 * jansson's integers are signed: a number above INT64_MAX arrives as the negative one of the same 64
 * bits, so 18446744073709551615 is -1. The rows of rlimits and of seccomp arguments keep the bits.
 */
json_t *oci_json_parse(const char *bytes, size_t length, struct error *err) NONNULL(1, 3) MUST_USE;
/*
 * oci_spec_parse - read and validate (runtime-spec config.md, config-linux.md): version 1.x, absolute
 * paths where they must be, known namespace types without duplicates, rlimit types unique with
 * soft <= hard, id mappings that do not overlap, cwd absolute, hook paths absolute...
 * Unknown properties are no error; invalid values of known ones are.
 */
int oci_spec_parse(const char *bytes, size_t length, struct oci_spec *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
int oci_spec_validate(const struct oci_spec *spec, struct error *err) NONNULL(1, 2) MUST_USE;
/* oci_process_parse - a process document alone, as for `exec --process`; *out zeroed by the caller */
int oci_process_parse(const char *bytes, size_t length, struct oci_process *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
void oci_process_done(struct oci_process *process) NONNULL(1);
/* oci_resources_parse - linux.resources alone, as for `update --resources`; *out zeroed by the caller; not yet validated */
int oci_resources_parse(const char *bytes, size_t length, struct oci_resources *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
int oci_resources_validate(const struct oci_resources *resources, struct error *err) NONNULL(1, 2) MUST_USE;
void oci_resources_done(struct oci_resources *resources) NONNULL(1);
void oci_spec_done(struct oci_spec *spec) NONNULL(1);
/*
 * oci_list_parse - a list of CPUs or memory nodes such as "0-3,7" (cpuset(7)); an empty one has no bit
 *
 * bits  of mask, a multiple of those of an unsigned long
 * Async-signal-safe. Returns 0, -EINVAL (no list) or -ERANGE (a number from bits up); mask is then undefined.
 */
int oci_list_parse(const char *list, size_t bits, unsigned long *mask) NONNULL(1, 3) MUST_USE;
#define AUTO_OCI_SPEC AUTO(oci_spec_done)

#endif
