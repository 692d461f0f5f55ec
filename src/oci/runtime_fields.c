/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_fields.c - rows of config.json: OCI runtime-spec config.md and config-linux.md */
#include "coracle/oci/runtime.h"

/*
 * The specification's 64 unsigned bits do not fit a jansson integer: runtime_parse.c turns numbers
 * above INT64_MAX into the negative number of the same bits, and these rows keep the bits.
 */
#define FIELD_BITS(key, owner, member)                                                             \
	{                                                                                          \
		.type = FIELD_TYPE_INT, .name = (key),                                             \
		.offset = FIELD_SLOT(owner, member, uint64_t)                                      \
	}

static const struct field box_fields[] = {
	FIELD_UINT("height", struct oci_box, height),
	FIELD_UINT("width", struct oci_box, width),
	FIELD_END,
};

static const struct field user_fields[] = {
	FIELD_UINT("uid", struct oci_user, uid, .keep = true),
	FIELD_UINT("gid", struct oci_user, gid, .keep = true),
	FIELD_OPT_UINT("umask", struct oci_user, umask),
	FIELD_UINTS("additionalGids", struct oci_user, additional_gids),
	FIELD_TEXT("username", struct oci_user, username),
	FIELD_END,
};

static const struct field rlimit_fields[] = {
	FIELD_TEXT("type", struct oci_rlimit, type, .required = true),
	{.type = FIELD_TYPE_INT,
         .name = "soft",
         .required = true,
         .keep = true,
         .offset = FIELD_SLOT(struct oci_rlimit, soft, uint64_t)},
	{.type = FIELD_TYPE_INT,
         .name = "hard",
         .required = true,
         .keep = true,
         .offset = FIELD_SLOT(struct oci_rlimit, hard, uint64_t)},
	FIELD_END,
};

static const struct field capabilities_fields[] = {
	FIELD_TEXTS("bounding", struct oci_capabilities, bounding),
	FIELD_TEXTS("effective", struct oci_capabilities, effective),
	FIELD_TEXTS("inheritable", struct oci_capabilities, inheritable),
	FIELD_TEXTS("permitted", struct oci_capabilities, permitted),
	FIELD_TEXTS("ambient", struct oci_capabilities, ambient),
	FIELD_END,
};

static const struct field scheduler_fields[] = {
	FIELD_TEXT("policy", struct oci_scheduler, policy, .required = true),
	FIELD_INT("nice", struct oci_scheduler, nice),
	FIELD_INT("priority", struct oci_scheduler, priority),
	FIELD_TEXTS("flags", struct oci_scheduler, flags),
	FIELD_UINT("runtime", struct oci_scheduler, runtime),
	FIELD_UINT("deadline", struct oci_scheduler, deadline),
	FIELD_UINT("period", struct oci_scheduler, period),
	FIELD_END,
};

static const struct field io_priority_fields[] = {
	FIELD_TEXT("class", struct oci_io_priority, class, .required = true),
	FIELD_INT("priority", struct oci_io_priority, priority, .keep = true),
	FIELD_END,
};

static const struct field cpu_affinity_fields[] = {
	FIELD_TEXT("initial", struct oci_cpu_affinity, initial),
	FIELD_TEXT("final", struct oci_cpu_affinity, final),
	FIELD_END,
};

const struct field oci_process_fields[] = {
	FIELD_BOOL("terminal", struct oci_process, terminal),
	FIELD_STRUCT("consoleSize", struct oci_process, console_size, struct oci_box, box_fields),
	FIELD_STRUCT("user", struct oci_process, user, struct oci_user, user_fields, .keep = true),
	FIELD_TEXTS("args", struct oci_process, args),
	FIELD_TEXTS("env", struct oci_process, env),
	FIELD_TEXT("cwd", struct oci_process, cwd, .required = true),
	FIELD_STRUCT_PTR("capabilities", struct oci_process, capabilities, struct oci_capabilities,
                         capabilities_fields),
	FIELD_LIST("rlimits", struct oci_process, rlimits, struct oci_rlimit, rlimit_fields),
	FIELD_BOOL("noNewPrivileges", struct oci_process, no_new_privileges),
	FIELD_TEXT("apparmorProfile", struct oci_process, apparmor_profile),
	FIELD_TEXT("selinuxLabel", struct oci_process, selinux_label),
	FIELD_OPT_INT("oomScoreAdj", struct oci_process, oom_score_adj),
	FIELD_STRUCT_PTR("scheduler", struct oci_process, scheduler, struct oci_scheduler,
                         scheduler_fields),
	FIELD_STRUCT_PTR("ioPriority", struct oci_process, io_priority, struct oci_io_priority,
                         io_priority_fields),
	FIELD_STRUCT_PTR("execCPUAffinity", struct oci_process, exec_cpu_affinity,
                         struct oci_cpu_affinity, cpu_affinity_fields),
	FIELD_END,
};

static const struct field root_fields[] = {
	FIELD_TEXT("path", struct oci_root, path, .required = true),
	FIELD_BOOL("readonly", struct oci_root, readonly),
	FIELD_END,
};

static const struct field id_mapping_fields[] = {
	FIELD_UINT("containerID", struct oci_id_mapping, container_id, .required = true,
                   .keep = true),
	FIELD_UINT("hostID", struct oci_id_mapping, host_id, .required = true, .keep = true),
	FIELD_UINT("size", struct oci_id_mapping, size, .required = true, .keep = true),
	FIELD_END,
};

const struct field oci_mount_fields[] = {
	FIELD_TEXT("destination", struct oci_mount, destination, .required = true),
	FIELD_TEXT("type", struct oci_mount, type),
	FIELD_TEXT("source", struct oci_mount, source),
	FIELD_TEXTS("options", struct oci_mount, options),
	FIELD_LIST("uidMappings", struct oci_mount, uid_mappings, struct oci_id_mapping,
                   id_mapping_fields),
	FIELD_LIST("gidMappings", struct oci_mount, gid_mappings, struct oci_id_mapping,
                   id_mapping_fields),
	FIELD_END,
};

const struct field oci_hook_fields[] = {
	FIELD_TEXT("path", struct oci_hook, path, .required = true),
	FIELD_TEXTS("args", struct oci_hook, args),
	FIELD_TEXTS("env", struct oci_hook, env),
	FIELD_OPT_INT("timeout", struct oci_hook, timeout),
	FIELD_END,
};

#define HOOK_LIST(key, member)                                                                     \
	FIELD_LIST(key, struct oci_hooks, member, struct oci_hook, oci_hook_fields)

static const struct field hooks_fields[] = {
	HOOK_LIST("prestart", prestart),
	HOOK_LIST("createRuntime", create_runtime),
	HOOK_LIST("createContainer", create_container),
	HOOK_LIST("startContainer", start_container),
	HOOK_LIST("poststart", poststart),
	HOOK_LIST("poststop", poststop),
	FIELD_END,
};

static const struct field namespace_fields[] = {
	FIELD_TEXT("type", struct oci_namespace, type, .required = true),
	FIELD_TEXT("path", struct oci_namespace, path),
	FIELD_END,
};

static const struct field device_fields[] = {
	FIELD_TEXT("type", struct oci_device, type, .required = true),
	FIELD_TEXT("path", struct oci_device, path, .required = true),
	FIELD_INT("major", struct oci_device, major, .keep = true),
	FIELD_INT("minor", struct oci_device, minor, .keep = true),
	FIELD_OPT_UINT("fileMode", struct oci_device, file_mode),
	FIELD_OPT_UINT("uid", struct oci_device, uid),
	FIELD_OPT_UINT("gid", struct oci_device, gid),
	FIELD_END,
};

static const struct field device_rule_fields[] = {
	FIELD_BOOL("allow", struct oci_device_rule, allow, .required = true, .keep = true),
	FIELD_TEXT("type", struct oci_device_rule, type),
	FIELD_OPT_INT("major", struct oci_device_rule, major),
	FIELD_OPT_INT("minor", struct oci_device_rule, minor),
	FIELD_TEXT("access", struct oci_device_rule, access),
	FIELD_END,
};

static const struct field memory_fields[] = {
	FIELD_OPT_INT("limit", struct oci_memory, limit),
	FIELD_OPT_INT("reservation", struct oci_memory, reservation),
	FIELD_OPT_INT("swap", struct oci_memory, swap),
	FIELD_OPT_INT("kernel", struct oci_memory, kernel),
	FIELD_OPT_INT("kernelTCP", struct oci_memory, kernel_tcp),
	FIELD_OPT_UINT("swappiness", struct oci_memory, swappiness),
	FIELD_OPT_BOOL("disableOOMKiller", struct oci_memory, disable_oom_killer),
	FIELD_OPT_BOOL("useHierarchy", struct oci_memory, use_hierarchy),
	FIELD_OPT_BOOL("checkBeforeUpdate", struct oci_memory, check_before_update),
	FIELD_END,
};

static const struct field cpu_fields[] = {
	FIELD_OPT_UINT("shares", struct oci_cpu, shares),
	FIELD_OPT_INT("quota", struct oci_cpu, quota),
	FIELD_OPT_UINT("burst", struct oci_cpu, burst),
	FIELD_OPT_UINT("period", struct oci_cpu, period),
	FIELD_OPT_INT("realtimeRuntime", struct oci_cpu, realtime_runtime),
	FIELD_OPT_UINT("realtimePeriod", struct oci_cpu, realtime_period),
	FIELD_TEXT("cpus", struct oci_cpu, cpus),
	FIELD_TEXT("mems", struct oci_cpu, mems),
	FIELD_OPT_INT("idle", struct oci_cpu, idle),
	FIELD_END,
};

static const struct field pids_fields[] = {
	FIELD_INT("limit", struct oci_pids, limit, .keep = true),
	FIELD_END,
};

static const struct field weight_device_fields[] = {
	FIELD_INT("major", struct oci_weight_device, major, .keep = true),
	FIELD_INT("minor", struct oci_weight_device, minor, .keep = true),
	FIELD_OPT_UINT("weight", struct oci_weight_device, weight),
	FIELD_OPT_UINT("leafWeight", struct oci_weight_device, leaf_weight),
	FIELD_END,
};

static const struct field throttle_device_fields[] = {
	FIELD_INT("major", struct oci_throttle_device, major, .keep = true),
	FIELD_INT("minor", struct oci_throttle_device, minor, .keep = true),
	FIELD_UINT("rate", struct oci_throttle_device, rate, .keep = true),
	FIELD_END,
};

#define THROTTLE_LIST(key, member)                                                                 \
	FIELD_LIST(key, struct oci_block_io, member, struct oci_throttle_device,                   \
	           throttle_device_fields)

static const struct field block_io_fields[] = {
	FIELD_OPT_UINT("weight", struct oci_block_io, weight),
	FIELD_OPT_UINT("leafWeight", struct oci_block_io, leaf_weight),
	FIELD_LIST("weightDevice", struct oci_block_io, weight_device, struct oci_weight_device,
                   weight_device_fields),
	THROTTLE_LIST("throttleReadBpsDevice", read_bps),
	THROTTLE_LIST("throttleWriteBpsDevice", write_bps),
	THROTTLE_LIST("throttleReadIOPSDevice", read_iops),
	THROTTLE_LIST("throttleWriteIOPSDevice", write_iops),
	FIELD_END,
};

static const struct field hugepage_limit_fields[] = {
	FIELD_TEXT("pageSize", struct oci_hugepage_limit, page_size, .required = true),
	FIELD_UINT("limit", struct oci_hugepage_limit, limit, .required = true, .keep = true),
	FIELD_END,
};

static const struct field network_priority_fields[] = {
	FIELD_TEXT("name", struct oci_network_priority, name, .required = true),
	FIELD_UINT("priority", struct oci_network_priority, priority, .keep = true),
	FIELD_END,
};

static const struct field network_fields[] = {
	FIELD_OPT_UINT("classID", struct oci_network, class_id),
	FIELD_LIST("priorities", struct oci_network, priorities, struct oci_network_priority,
                   network_priority_fields),
	FIELD_END,
};

const struct field oci_resources_fields[] = {
	FIELD_LIST("devices", struct oci_resources, devices, struct oci_device_rule,
                   device_rule_fields),
	FIELD_STRUCT_PTR("memory", struct oci_resources, memory, struct oci_memory, memory_fields),
	FIELD_STRUCT_PTR("cpu", struct oci_resources, cpu, struct oci_cpu, cpu_fields),
	FIELD_STRUCT_PTR("pids", struct oci_resources, pids, struct oci_pids, pids_fields),
	FIELD_STRUCT_PTR("blockIO", struct oci_resources, block_io, struct oci_block_io,
                         block_io_fields),
	FIELD_LIST("hugepageLimits", struct oci_resources, hugepage_limits,
                   struct oci_hugepage_limit, hugepage_limit_fields),
	FIELD_STRUCT_PTR("network", struct oci_resources, network, struct oci_network,
                         network_fields),
	FIELD_RAW("rdma", struct oci_resources, rdma),
	FIELD_PAIRS("unified", struct oci_resources, unified),
	FIELD_END,
};

static const struct field seccomp_arg_fields[] = {
	FIELD_UINT("index", struct oci_seccomp_arg, index, .required = true, .keep = true),
	{.type = FIELD_TYPE_INT,
         .name = "value",
         .required = true,
         .keep = true,
         .offset = FIELD_SLOT(struct oci_seccomp_arg, value, uint64_t)},
	FIELD_BITS("valueTwo", struct oci_seccomp_arg, value_two),
	FIELD_TEXT("op", struct oci_seccomp_arg, op, .required = true),
	FIELD_END,
};

static const struct field seccomp_rule_fields[] = {
	FIELD_TEXTS("names", struct oci_seccomp_rule, names),
	FIELD_TEXT("name", struct oci_seccomp_rule, name),
	FIELD_TEXT("action", struct oci_seccomp_rule, action, .required = true),
	FIELD_OPT_UINT("errnoRet", struct oci_seccomp_rule, errno_ret),
	FIELD_LIST("args", struct oci_seccomp_rule, args, struct oci_seccomp_arg,
                   seccomp_arg_fields),
	FIELD_END,
};

const struct field oci_seccomp_fields[] = {
	FIELD_TEXT("defaultAction", struct oci_seccomp, default_action, .required = true),
	FIELD_OPT_UINT("defaultErrnoRet", struct oci_seccomp, default_errno_ret),
	FIELD_TEXTS("architectures", struct oci_seccomp, architectures),
	FIELD_TEXTS("flags", struct oci_seccomp, flags),
	FIELD_TEXT("listenerPath", struct oci_seccomp, listener_path),
	FIELD_TEXT("listenerMetadata", struct oci_seccomp, listener_metadata),
	FIELD_LIST("syscalls", struct oci_seccomp, syscalls, struct oci_seccomp_rule,
                   seccomp_rule_fields),
	FIELD_END,
};

static const struct field personality_fields[] = {
	FIELD_TEXT("domain", struct oci_personality, domain, .required = true),
	FIELD_TEXTS("flags", struct oci_personality, flags),
	FIELD_END,
};

static const struct field time_offset_fields[] = {
	FIELD_INT("secs", struct oci_time_offset, secs),
	FIELD_UINT("nanosecs", struct oci_time_offset, nanosecs),
	FIELD_END,
};

static const struct field time_offsets_fields[] = {
	FIELD_STRUCT_PTR("monotonic", struct oci_time_offsets, monotonic, struct oci_time_offset,
                         time_offset_fields),
	FIELD_STRUCT_PTR("boottime", struct oci_time_offsets, boottime, struct oci_time_offset,
                         time_offset_fields),
	FIELD_END,
};

static const struct field memory_policy_fields[] = {
	FIELD_TEXT("mode", struct oci_memory_policy, mode, .required = true),
	FIELD_TEXT("nodes", struct oci_memory_policy, nodes),
	FIELD_TEXTS("flags", struct oci_memory_policy, flags),
	FIELD_END,
};

static const struct field linux_fields[] = {
	FIELD_LIST("uidMappings", struct oci_linux, uid_mappings, struct oci_id_mapping,
                   id_mapping_fields),
	FIELD_LIST("gidMappings", struct oci_linux, gid_mappings, struct oci_id_mapping,
                   id_mapping_fields),
	FIELD_PAIRS("sysctl", struct oci_linux, sysctl),
	FIELD_STRUCT_PTR("resources", struct oci_linux, resources, struct oci_resources,
                         oci_resources_fields),
	FIELD_TEXT("cgroupsPath", struct oci_linux, cgroups_path),
	FIELD_LIST("namespaces", struct oci_linux, namespaces, struct oci_namespace,
                   namespace_fields),
	FIELD_LIST("devices", struct oci_linux, devices, struct oci_device, device_fields),
	FIELD_RAW("netDevices", struct oci_linux, net_devices),
	FIELD_STRUCT_PTR("seccomp", struct oci_linux, seccomp, struct oci_seccomp,
                         oci_seccomp_fields),
	FIELD_TEXT("rootfsPropagation", struct oci_linux, rootfs_propagation),
	FIELD_TEXTS("maskedPaths", struct oci_linux, masked_paths),
	FIELD_TEXTS("readonlyPaths", struct oci_linux, readonly_paths),
	FIELD_TEXT("mountLabel", struct oci_linux, mount_label),
	FIELD_RAW("intelRdt", struct oci_linux, intel_rdt),
	FIELD_STRUCT_PTR("personality", struct oci_linux, personality, struct oci_personality,
                         personality_fields),
	FIELD_STRUCT_PTR("timeOffsets", struct oci_linux, time_offsets, struct oci_time_offsets,
                         time_offsets_fields),
	FIELD_STRUCT_PTR("memoryPolicy", struct oci_linux, memory_policy, struct oci_memory_policy,
                         memory_policy_fields),
	FIELD_END,
};

const struct field oci_spec_fields[] = {
	FIELD_TEXT("ociVersion", struct oci_spec, oci_version, .required = true),
	FIELD_STRUCT_PTR("process", struct oci_spec, process, struct oci_process,
                         oci_process_fields),
	FIELD_STRUCT_PTR("root", struct oci_spec, root, struct oci_root, root_fields),
	FIELD_TEXT("hostname", struct oci_spec, hostname),
	FIELD_TEXT("domainname", struct oci_spec, domainname),
	FIELD_LIST("mounts", struct oci_spec, mounts, struct oci_mount, oci_mount_fields),
	FIELD_STRUCT_PTR("hooks", struct oci_spec, hooks, struct oci_hooks, hooks_fields),
	FIELD_PAIRS("annotations", struct oci_spec, annotations),
	FIELD_STRUCT_PTR("linux", struct oci_spec, linux_, struct oci_linux, linux_fields),
	FIELD_END,
};
