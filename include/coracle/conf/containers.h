/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * containers.h - what containers.conf(5) and containers-storage.conf(5) set, as far as it concerns us
 *
 * containers.conf, each file over those before, key by key: $CONTAINERS_CONF alone, else /usr/share/containers, then
 * /etc/containers, then ~/.config/containers (each: containers.conf, then containers.conf.d by name); last
 * $CONTAINERS_CONF_OVERRIDE. An array with a {append=true} in it adds to what was there, as do then all further
 * files' until one says {append=false}.
 *
 * storage.conf: $CONTAINERS_STORAGE_CONF alone, else /etc/containers (when absent /usr/share/containers), then
 * ~/.config/containers, each with storage.conf.d; last $CONTAINERS_STORAGE_CONF_OVERRIDE. Our store has its own
 * place: of it only the driver and the additional image stores are read.
 */
#ifndef CORACLE_CONF_CONTAINERS_H
#define CORACLE_CONF_CONTAINERS_H

#include "coracle/base/json.h"
#include "coracle/conf/places.h"

/* set says that a file gives the key, if only as an empty array */
struct conf_texts {
	bool set;
	bool append; /* of further files */
	struct texts texts;
};

/* all owned; texts are NULL where no file gives the key; words are as written, unchecked */
struct containers_conf {
	/* [containers] */
	struct conf_texts annotations, default_capabilities, default_sysctls, default_ulimits, devices;
	struct conf_texts dns_options, dns_searches, dns_servers, env, mounts, volumes;
	struct opt_bool env_host, http_proxy, init, no_hosts, privileged, read_only;
	struct opt_int log_size_max, pids_limit; /* bytes; -1: no limit (pids: 0 or less) */
	char *apparmor_profile, *base_hosts_file, *cgroupns, *cgroups, *host_containers_internal_ip, *ipcns, *log_driver;
	char *log_tag, *netns, *pidns, *seccomp_profile, *shm_size, *tz, *umask, *userns, *utsns;
	/* [engine] */
	char *cgroup_manager, *compression_format, *detach_keys, *events_logger, *image_copy_tmp_dir, *image_default_format;
	char *pull_policy, *retry_delay, *runtime;
	struct opt_int compression_level, image_parallel_copies, retry, stop_timeout;
	struct conf_texts engine_env, hooks_dir, network_cmd_options;
	/* [network] */
	char *default_network, *default_rootless_network_cmd;
	struct conf_texts default_host_ips;
	/* [storage], [storage.options] of storage.conf */
	char *storage_driver;
	struct conf_texts additional_image_stores;
};

/* containers_conf_read - both kinds of files; *out zeroed by the caller, to be freed also on failure */
int containers_conf_read(const struct places *places, struct containers_conf *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* containers_conf_read_kind - only one of them */
enum conf_kind { CONF_CONTAINERS, CONF_STORAGE };
int containers_conf_read_kind(const struct places *places, enum conf_kind kind, struct containers_conf *out,
                              struct error *err) NONNULL(1, 3, 4) MUST_USE;
/*
 * containers_conf_add - lay one file's text over what is there
 *
 * Returns 0 or -EINVAL, err begins with the path; a key of the wrong type is named. Unknown keys are passed over.
 */
int containers_conf_add(struct containers_conf *into, enum conf_kind kind, const char *path, const char *bytes,
                        size_t length, struct error *err) NONNULL(1, 3, 4, 6) MUST_USE;
void containers_conf_done(struct containers_conf *conf) NONNULL(1);
#define AUTO_CONTAINERS_CONF AUTO(containers_conf_done)

#endif
