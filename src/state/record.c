/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.c - the rows that read, write and free what is known of a container */
#include "coracle/state/record.h"

#include "coracle/state/state.h"

/* A text that readers compare without asking for NULL is kept even when it is "". */

const struct field record_mount_fields[] = {
	FIELD_TEXT("type", struct record_mount, type, .keep = true),
	FIELD_TEXT("source", struct record_mount, source, .keep = true),
	FIELD_TEXT("target", struct record_mount, target, .keep = true),
	FIELD_TEXTS("options", struct record_mount, options),
	FIELD_BOOL("readOnly", struct record_mount, read_only),
	FIELD_BOOL("chown", struct record_mount, chown),
	FIELD_BOOL("anonymous", struct record_mount, anonymous),
	FIELD_BOOL("copyUp", struct record_mount, copy_up),
	FIELD_BOOL("fromImage", struct record_mount, from_image),
	FIELD_BOOL("makeSource", struct record_mount, make_source),
	FIELD_TEXT("subpath", struct record_mount, subpath),
	FIELD_END,
};

const struct field record_port_fields[] = {
	FIELD_TEXT("hostIp", struct record_port, host_ip, .keep = true),
	FIELD_UINT("hostPort", struct record_port, host_port),
	FIELD_UINT("containerPort", struct record_port, container_port),
	FIELD_TEXT("protocol", struct record_port, protocol, .keep = true),
	FIELD_END,
};

static const struct field device_fields[] = {
	FIELD_TEXT("source", struct record_device, source, .keep = true),
	FIELD_TEXT("target", struct record_device, target, .keep = true),
	FIELD_TEXT("permissions", struct record_device, permissions, .keep = true),
	FIELD_END,
};

static const struct field ulimit_fields[] = {
	FIELD_TEXT("name", struct record_ulimit, name, .keep = true),
	FIELD_INT("soft", struct record_ulimit, soft, .keep = true),
	FIELD_INT("hard", struct record_ulimit, hard, .keep = true),
	FIELD_END,
};

static const struct field restart_fields[] = {
	FIELD_TEXT("policy", struct record_restart, policy, .keep = true),
	FIELD_UINT("retries", struct record_restart, retries),
	FIELD_END,
};

static const struct field resources_fields[] = {
	FIELD_INT("memory", struct record_resources, memory),
	FIELD_INT("memoryReservation", struct record_resources, memory_reservation),
	FIELD_INT("memorySwap", struct record_resources, memory_swap),
	FIELD_INT("cpuShares", struct record_resources, cpu_shares),
	FIELD_INT("cpuQuota", struct record_resources, cpu_quota),
	FIELD_UINT("cpuPeriod", struct record_resources, cpu_period),
	FIELD_INT("pidsLimit", struct record_resources, pids_limit),
	FIELD_TEXT("cpusetCpus", struct record_resources, cpuset_cpus),
	FIELD_TEXT("cpusetMems", struct record_resources, cpuset_mems),
	FIELD_UINT("blkioWeight", struct record_resources, blkio_weight),
	FIELD_OPT_INT("oomScoreAdj", struct record_resources, oom_score_adj),
	FIELD_PAIRS("unified", struct record_resources, unified),
	FIELD_END,
};

static const struct field record_health_fields[] = {
	FIELD_TEXTS("test", struct record_health, test),
	FIELD_INT("interval", struct record_health, interval),
	FIELD_INT("timeout", struct record_health, timeout),
	FIELD_INT("startPeriod", struct record_health, start_period),
	FIELD_INT("retries", struct record_health, retries),
	FIELD_END,
};

const struct field record_fields[] = {
	FIELD_INT("version", struct record, version, .required = true, .keep = true),
	FIELD_TEXT("id", struct record, id, .required = true, .keep = true),
	FIELD_TEXT("name", struct record, name, .required = true, .keep = true),
	FIELD_TEXT("created", struct record, created, .required = true, .keep = true),
	FIELD_TEXT("image", struct record, image, .keep = true),
	FIELD_TEXT("imageId", struct record, image_id, .keep = true),
	FIELD_TEXT("rootfs", struct record, rootfs),
	FIELD_BOOL("hostImage", struct record, host_image),
	FIELD_TEXTS("layers", struct record, layers),
	FIELD_TEXT("driver", struct record, driver, .keep = true),
	FIELD_TEXTS("stores", struct record, stores),

	FIELD_TEXTS("args", struct record, args),
	FIELD_TEXTS("entrypoint", struct record, entrypoint),
	FIELD_TEXTS("command", struct record, command),
	FIELD_TEXTS("env", struct record, env),
	FIELD_TEXT("workingDir", struct record, working_dir, .keep = true),
	FIELD_TEXT("user", struct record, user, .keep = true),
	FIELD_TEXTS("groups", struct record, groups),
	FIELD_TEXT("hostname", struct record, hostname, .keep = true),
	FIELD_TEXT("domainname", struct record, domainname),
	FIELD_BOOL("tty", struct record, tty),
	FIELD_BOOL("interactive", struct record, interactive),
	FIELD_BOOL("autoRemove", struct record, auto_remove),
	FIELD_BOOL("init", struct record, init),
	FIELD_BOOL("publishAll", struct record, publish_all),
	FIELD_BOOL("detached", struct record, detached),
	FIELD_BOOL("readOnly", struct record, read_only),
	FIELD_BOOL("readOnlyTmpfs", struct record, read_only_tmpfs),
	FIELD_TEXTS("attach", struct record, attach),

	FIELD_PAIRS("labels", struct record, labels),
	FIELD_PAIRS("annotations", struct record, annotations),
	FIELD_LIST("mounts", struct record, mounts, struct record_mount, record_mount_fields),
	FIELD_LIST("ports", struct record, ports, struct record_port, record_port_fields),
	FIELD_TEXTS("exposed", struct record, exposed),
	FIELD_LIST("devices", struct record, devices, struct record_device, device_fields),
	FIELD_LIST("ulimits", struct record, ulimits, struct record_ulimit, ulimit_fields),
	FIELD_PAIRS("sysctls", struct record, sysctls),
	FIELD_UINT("shmSize", struct record, shm_size),

	FIELD_TEXT("network", struct record, network, .keep = true),
	FIELD_TEXT("pidMode", struct record, pid_mode, .keep = true),
	FIELD_TEXT("ipcMode", struct record, ipc_mode, .keep = true),
	FIELD_TEXT("utsMode", struct record, uts_mode, .keep = true),
	FIELD_TEXT("usernsMode", struct record, userns_mode, .keep = true),
	FIELD_TEXT("cgroupnsMode", struct record, cgroupns_mode, .keep = true),
	FIELD_TEXTS("dns", struct record, dns),
	FIELD_TEXTS("dnsSearch", struct record, dns_search),
	FIELD_TEXTS("dnsOptions", struct record, dns_options),
	FIELD_TEXTS("addHosts", struct record, add_hosts),
	FIELD_TEXTS("networkAliases", struct record, network_aliases),
	FIELD_BOOL("noHosts", struct record, no_hosts),
	FIELD_BOOL("noHostname", struct record, no_hostname),

	FIELD_TEXTS("defaultCapabilities", struct record, default_capabilities),
	FIELD_TEXTS("capAdd", struct record, cap_add),
	FIELD_TEXTS("capDrop", struct record, cap_drop),
	FIELD_BOOL("privileged", struct record, privileged),
	FIELD_BOOL("noNewPrivileges", struct record, no_new_privileges),
	FIELD_TEXT("seccomp", struct record, seccomp, .keep = true),
	FIELD_TEXT("seccompPath", struct record, seccomp_path),
	FIELD_TEXTS("securityOptions", struct record, security_options),
	FIELD_TEXTS("mask", struct record, mask),
	FIELD_TEXTS("unmask", struct record, unmask),
	FIELD_TEXT("umask", struct record, umask),
	FIELD_TEXT("personality", struct record, personality),

	FIELD_TEXT("stopSignal", struct record, stop_signal, .keep = true),
	FIELD_UINT("stopTimeout", struct record, stop_timeout, .keep = true),
	FIELD_UINT("timeout", struct record, timeout),
	FIELD_STRUCT("restart", struct record, restart, struct record_restart, restart_fields,
	             .keep = true),
	FIELD_TEXT("logDriver", struct record, log_driver, .keep = true),
	FIELD_UINT("logMaxSize", struct record, log_max_size),
	FIELD_UINT("logMaxFiles", struct record, log_max_files),
	FIELD_TEXT("logTag", struct record, log_tag),
	FIELD_TEXT("logPath", struct record, log_path),
	FIELD_STRUCT("resources", struct record, resources, struct record_resources,
	             resources_fields),
	FIELD_STRUCT_PTR("health", struct record, health, struct record_health, record_health_fields),
	FIELD_TEXT("cidFile", struct record, cid_file),
	FIELD_TEXT("pidFile", struct record, pid_file),
	FIELD_TEXTS("createCommand", struct record, create_command),
	FIELD_TEXT("systemdNotify", struct record, systemd_notify),
	FIELD_TEXT("pullPolicy", struct record, pull_policy),
	FIELD_END,
};

const struct field exit_record_fields[] = {
	FIELD_INT("code", struct exit_record, code, .required = true, .keep = true),
	FIELD_TEXT("started", struct exit_record, started, .keep = true),
	FIELD_TEXT("finished", struct exit_record, finished, .keep = true),
	FIELD_TEXT("error", struct exit_record, error, .keep = true),
	FIELD_BOOL("oomKilled", struct exit_record, oom_killed),
	FIELD_BOOL("stoppedByUser", struct exit_record, stopped_by_user),
	FIELD_INT("restarts", struct exit_record, restarts),
	FIELD_END,
};

static const struct field health_check_fields[] = {
	FIELD_TEXT("start", struct health_check, start, .keep = true),
	FIELD_TEXT("end", struct health_check, end, .keep = true),
	FIELD_INT("exitCode", struct health_check, exit_code, .keep = true),
	FIELD_TEXT("output", struct health_check, output, .keep = true),
	FIELD_END,
};

const struct field health_fields[] = {
	FIELD_TEXT("status", struct health, status, .keep = true),
	FIELD_INT("failingStreak", struct health, failing_streak, .keep = true),
	FIELD_LIST("log", struct health, log, struct health_check, health_check_fields, .keep = true),
	FIELD_END,
};

const struct field run_fields[] = {
	FIELD_TEXT("bootId", struct run, boot_id, .required = true, .keep = true),
	FIELD_INT("monitorPid", struct run, monitor_pid, .required = true, .keep = true),
	FIELD_INT("pid", struct run, pid, .keep = true),
	FIELD_UINT("monitorStart", struct run, monitor_start, .keep = true),
	FIELD_UINT("pidStart", struct run, pid_start, .keep = true),
	FIELD_TEXT("started", struct run, started, .keep = true),
	FIELD_BOOL("restarting", struct run, restarting),
	FIELD_INT("restarts", struct run, restarts),
	FIELD_LIST("ports", struct run, ports, struct record_port, record_port_fields),
	FIELD_TEXT("ip", struct run, ip),
	FIELD_TEXT("gateway", struct run, gateway),
	FIELD_TEXT("mac", struct run, mac),
	FIELD_INT("helperPid", struct run, helper_pid),
	FIELD_TEXT("cgroup", struct run, cgroup, .keep = true),
	FIELD_STRUCT_PTR("health", struct run, health, struct health, health_fields),
	FIELD_END,
};

void record_done(struct record *record)
{
	fields_done(record_fields, record);
}
