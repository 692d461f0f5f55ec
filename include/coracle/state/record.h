/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.h - what is known of a container for good: containers/ID/config.json */
#ifndef CORACLE_STATE_RECORD_H
#define CORACLE_STATE_RECORD_H

#include "coracle/base/json.h"
#include "coracle/oci/image.h"

struct record_mount {
	char *type;        /* "bind", "volume", "tmpfs", "mqueue", "devpts" */
	char *source;      /* absolute host path (bind), volume name (volume) */
	char *target;      /* absolute path in the container, cleaned */
	struct texts options; /* words of mount(8): "ro", "nosuid", "rslave", "size=64m", "mode=1777" */
	bool read_only;
	bool chown;        /* ":U": give the source to the container's user */
	bool anonymous;    /* a volume made for this container, removed with rm -v and --rm */
	bool copy_up;      /* an empty volume first gets what the image has at target */
	bool from_image;   /* asked for by VOLUME of the image */
	bool make_source;  /* -v: a missing host directory is made, as docker does */
	char *subpath;     /* volume-subpath of --mount */
};

struct record_port {
	char *host_ip;     /* "" = all */
	uint64_t host_port; /* 0: chosen at each start */
	uint64_t container_port;
	char *protocol;    /* "tcp", "udp" */
};

struct record_device {
	char *source, *target;
	char *permissions; /* "rwm" */
};

struct record_ulimit {
	char *name;        /* "RLIMIT_NOFILE" */
	int64_t soft, hard; /* -1: unlimited */
};

struct record_restart {
	char *policy;      /* "no", "always", "on-failure", "unless-stopped" */
	uint64_t retries;  /* on-failure:N; 0: no bound */
};

struct record_resources { /* 0 or NULL: not asked for */
	int64_t memory, memory_reservation, memory_swap; /* bytes; swap -1: unlimited */
	int64_t cpu_shares, cpu_quota;
	uint64_t cpu_period;
	int64_t pids_limit;    /* -1: unlimited */
	char *cpuset_cpus, *cpuset_mems;
	uint64_t blkio_weight;
	struct opt_int oom_score_adj;
	struct pairs unified;  /* --cgroup-conf */
};

struct record_health {
	struct texts test;     /* {"CMD", ...}, {"CMD-SHELL", "..."}, {"NONE"} */
	int64_t interval, timeout, start_period, retries; /* nanoseconds */
};

struct record {
	int64_t version;       /* 1 */
	char *id, *name;
	char *created;         /* RFC 3339 */
	char *image;           /* as typed or resolved full name; "" with --rootfs */
	char *image_id;        /* "sha256:..."; "" for host: and --rootfs */
	char *rootfs;          /* --rootfs directory */
	bool host_image;       /* host: */
	struct texts layers;   /* chain ids, lowest first */
	char *driver;          /* storage driver that its root is made with */
	struct texts stores;   /* additional image stores that layers are in, see store/shared.h */

	struct texts args;     /* the whole command: entrypoint and arguments */
	struct texts entrypoint, command; /* as inspect shows them */
	struct texts env;      /* final, KEY=value */
	char *working_dir, *user;
	struct texts groups;   /* --group-add */
	char *hostname, *domainname;
	bool tty, interactive, auto_remove, init, publish_all, detached;
	bool read_only, read_only_tmpfs;
	struct texts attach;   /* stdin stdout stderr */

	struct pairs labels, annotations;
	struct list mounts;    /* struct record_mount */
	struct list ports;     /* struct record_port */
	struct texts exposed;  /* "80/tcp" */
	struct list devices;   /* struct record_device */
	struct list ulimits;   /* struct record_ulimit */
	struct pairs sysctls;
	uint64_t shm_size;     /* bytes */

	/* "private", "host", "container:ID", "none" (network, ipc), "slirp4netns[:opts]", "shareable", "keep-id[:...]" */
	char *network, *pid_mode, *ipc_mode, *uts_mode, *userns_mode, *cgroupns_mode;
	struct texts dns, dns_search, dns_options, add_hosts;
	struct texts network_aliases;
	bool no_hosts, no_hostname;

	struct texts default_capabilities; /* empty: the usual ones; "none": no capability */
	struct texts cap_add, cap_drop; /* as given */
	bool privileged, no_new_privileges;
	char *seccomp;         /* "" default, "unconfined", or the profile's text */
	char *seccomp_path;    /* where the text came from */
	struct texts security_options; /* as given, for inspect */
	struct texts mask, unmask;
	char *umask;
	char *personality;

	char *stop_signal;     /* "SIGTERM" */
	uint64_t stop_timeout; /* seconds */
	uint64_t timeout;      /* --timeout: seconds it may run; 0: no bound */
	struct record_restart restart;
	char *log_driver;      /* "json-file", "k8s-file", "none", "passthrough" */
	uint64_t log_max_size; /* bytes a file */
	uint64_t log_max_files;
	char *log_tag, *log_path;
	struct record_resources resources;
	struct record_health *health;
	char *cid_file, *pid_file;
	struct texts create_command; /* argv as typed */
	char *systemd_notify;
	char *pull_policy;
};

extern const struct field record_fields[];
extern const struct field record_mount_fields[], record_port_fields[];
void record_done(struct record *record) NONNULL(1);
#define AUTO_RECORD AUTO(record_done)

#endif
