/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create.h - the request that makes a container, filled by the command line (or later the API) */
#ifndef CORACLE_CONTAINER_CREATE_H
#define CORACLE_CONTAINER_CREATE_H

#include "coracle/engine/engine.h"
#include "coracle/image/image.h"
#include "coracle/state/state.h"

/*
 * Words as typed; container_create() parses and checks them. NULL, 0 and empty mean "not given".
 * set_* tell a given empty value or a given false from an absent one.
 */
struct container_create {
	/* operands */
	char *image;
	struct texts args;

	/* process */
	struct opt_text { bool set; char *value; } entrypoint;
	struct texts env, env_files;
	struct texts unset_env;
	struct texts default_env; /* KEY=value, below the image's; borrowed */
	bool env_host, unset_env_all;
	char *working_dir, *user, *hostname, *domainname, *umask, *timezone;
	struct texts groups;
	bool tty, interactive, init;
	char *init_path; /* only ours exists: another path is refused */
	struct texts attach;
	char *stop_signal;
	struct opt_int stop_timeout;
	uint64_t timeout;
	char *systemd;   /* --systemd: checked by the command line, "true" and "false" change nothing */

	/* identity */
	char *name, *cid_file, *pid_file;
	bool replace;
	struct texts labels, label_files, annotations;
	char *platform, *arch, *os, *variant, *pull;
	struct image_remote remote; /* how a missing image is fetched */
	bool quiet;
	bool auto_remove, detach;
	char *restart;

	/* file systems */
	struct texts volumes, mounts, tmpfs, volumes_from;
	bool read_only;
	struct opt_bool read_only_tmpfs;
	char *shm_size;
	bool rootfs;   /* --rootfs: the operand is a directory */
	char *image_volume; /* "anonymous"/"bind" (default), "tmpfs", "ignore" */
	char *volume_driver;

	/* isolation */
	char *pid, *ipc, *uts, *userns, *cgroupns, *cgroups;
	const struct texts *default_capabilities; /* in place of the usual ones; borrowed; NULL: those */
	struct texts cap_add, cap_drop, security_opts;
	bool privileged;
	struct texts devices;
	struct texts ulimits, sysctls;
	char *personality;

	/* network */
	struct texts networks; /* --network, --net */
	struct texts publish, expose;
	bool publish_all;
	struct texts dns, dns_search, dns_options, add_hosts, network_aliases;
	bool no_hosts, no_hostname;
	struct opt_bool http_proxy;

	/* resources */
	char *memory, *memory_reservation, *memory_swap, *cpus, *cpuset_cpus, *cpuset_mems;
	uint64_t cpu_shares, cpu_period, blkio_weight;
	int64_t cpu_quota;
	struct opt_int pids_limit, oom_score_adj;
	struct texts cgroup_conf;

	/* logging and health */
	char *log_driver;
	struct texts log_opts;
	char *health_cmd, *health_interval, *health_timeout, *health_start_period;
	struct opt_uint health_retries;
	bool no_healthcheck;

	struct texts create_command; /* argv as typed, for inspect */
	/* how a missing image is fetched is told to it; NULL: nobody looks; borrowed */
	const struct image_progress *progress;
	/* for run and start only; not kept */
	char *detach_keys;
	struct opt_bool sig_proxy;
};

/* container_create - everything checked, image resolved, name claimed, record written; out_id is owned by the caller */
int container_create(struct engine *engine, const struct container_create *request,
                     char **out_id, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

#endif
