/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifecycle.h - bundles as containers: the operations of an OCI runtime (runtime-spec runtime.md)
 *
 * Theory of operation. A container is a directory ROOT/ID: config.json as it was at create, state.json
 * (written once, when the process exists), the socket "start" at which a created one waits, and "lock".
 * Its status is computed from facts: the process lives or not, the socket is there or not, the cgroup
 * is frozen or not. Making the directory claims the id; nothing is half-made: whoever fails takes all
 * back, and what a killed creator leaves is a directory that `delete --force` removes.
 *
 * The process is spawned from outside its user namespace; no process of ours stays behind a created or
 * detached container.
 */
#ifndef CORACLE_LIFECYCLE_LIFECYCLE_H
#define CORACLE_LIFECYCLE_LIFECYCLE_H

#include "coracle/oci/runtime.h"
#include "coracle/runtime/cgroup.h"

struct lifecycle {
	char *root;                  /* directory of the containers; owned */
	int root_fd;
	enum cgroup_manager manager;
	bool strict;                 /* limits that can't be applied are errors: the caller is root, or said --rootless=false */
	void (*warn)(const char *text); /* one line */
};
/* lifecycle_open - root NULL: CORACLE_RUNROOT or what paths.h finds, below it "oci"; made 0700 */
int lifecycle_open(const char *root, struct lifecycle *out, struct error *err) NONNULL(2, 3) MUST_USE;
void lifecycle_close(struct lifecycle *lifecycle) NONNULL(1);

/* --- state.c: what is written down --- */
enum lifecycle_status { LIFECYCLE_CREATING, LIFECYCLE_CREATED, LIFECYCLE_RUNNING, LIFECYCLE_PAUSED, LIFECYCLE_STOPPED };

struct lifecycle_state {
	char *oci_version, *id, *bundle, *rootfs, *created, *owner;
	int64_t pid;
	uint64_t pid_start;          /* process_start_time: tells a successor of the pid */
	uint64_t namespaces;         /* CLONE_NEW* to enter for exec */
	struct pairs annotations;
	struct cgroup cgroup;
	bool keep_groups;
	enum lifecycle_status status; /* computed */
};
/* lifecycle_id_check - letters, digits, "_+-." and not "." first; at most 255 bytes */
int lifecycle_id_check(const char *id, struct error *err) NONNULL(1, 2) MUST_USE;
/* lifecycle_load - the state of a container and its status now; ERROR_NOT_FOUND: no such container */
int lifecycle_load(const struct lifecycle *lifecycle, const char *id, struct lifecycle_state *out,
                   struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
void lifecycle_state_done(struct lifecycle_state *state) NONNULL(1);
#define AUTO_LIFECYCLE_STATE AUTO(lifecycle_state_done)
/* lifecycle_status_word - "created"...; static */
const char *lifecycle_status_word(enum lifecycle_status status);
/* lifecycle_state_json - as `state` prints it (runtime.md#state, and crun's further members) */
json_t *lifecycle_state_json(const struct lifecycle_state *state) NONNULL(1) MUST_USE;
/* lifecycle_ids - of all containers, sorted */
int lifecycle_ids(const struct lifecycle *lifecycle, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* lifecycle_config - config.json as it was at create; release with oci_spec_done */
int lifecycle_config(const struct lifecycle *lifecycle, const char *id, struct oci_spec *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* lifecycle_pidfd - of exactly the container's process; -ESRCH with err when it has ended */
int lifecycle_pidfd(const struct lifecycle_state *state, struct error *err) NONNULL(1, 2) MUST_USE;

/* --- create.c, run.c --- */
struct lifecycle_create {
	const char *id;
	const char *bundle;         /* NULL: the working directory */
	const char *config;         /* NULL: config.json of the bundle */
	const char *pid_file, *console_socket; /* NULL: none */
	int preserve;               /* descriptors from 3 on */
	bool no_pivot, no_new_keyring;
	bool detach, keep, no_subreaper; /* of run */
};
/* lifecycle_create - until the process waits to be started */
int lifecycle_create(struct lifecycle *lifecycle, const struct lifecycle_create *request, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* lifecycle_run - create and start; without detach wait, relay signals and terminal, delete; exit status 0..255 or negative errno */
int lifecycle_run(struct lifecycle *lifecycle, const struct lifecycle_create *request, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* lifecycle_start - let a created one run its program; ERROR_CONFLICT: it is not created */
int lifecycle_start(struct lifecycle *lifecycle, const char *id, struct error *err) NONNULL(1, 2, 3) MUST_USE;

/* --- end.c --- */
/* lifecycle_kill - ERROR_CONFLICT "not running"; all: every process of its cgroup */
int lifecycle_kill(struct lifecycle *lifecycle, const char *id, int signal, bool all, struct error *err)
	NONNULL(1, 2, 5) MUST_USE;
/* lifecycle_delete - what is left of a stopped one; force: of any, killed first; force of an unknown one is success. Runs poststop */
int lifecycle_delete(struct lifecycle *lifecycle, const char *id, bool force, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;
/* lifecycle_pause - ERROR_CONFLICT when it is not in the state for it */
int lifecycle_pause(struct lifecycle *lifecycle, const char *id, bool paused, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;

/* --- exec.c --- */
struct lifecycle_exec {
	const char *id;
	const char *process_file;   /* process JSON, or NULL and */
	const struct texts *args;   /* a command, with the container's process as the base */
	const struct texts *env, *caps, *additional_gids;
	const char *cwd, *user;     /* "UID[:GID]" */
	const char *apparmor, *process_label;
	bool tty, detach, no_new_privileges, ignore_paused;
	const char *pid_file, *console_socket, *cgroup;
	int preserve;
};
/* lifecycle_exec - exit status 0..255 (0 when detached), or negative errno with err */
int lifecycle_exec(struct lifecycle *lifecycle, const struct lifecycle_exec *request, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

/* --- processes.c --- */
/*
 * lifecycle_processes - pids of a container as the caller numbers them, ascending; append to *out, whose
 * items the caller frees. By its cgroup, else by its pid namespace and by descent. ERROR_CONFLICT: none is left
 */
int lifecycle_processes(const struct lifecycle *lifecycle, const char *id, struct uints *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

/* --- update.c --- */
/*
 * lifecycle_update - change what is given and leave the rest; all or nothing (cgroup_update)
 *
 * resources  figures that share a file with a given one are filled in from there
 */
int lifecycle_update(struct lifecycle *lifecycle, const char *id, struct oci_resources *resources, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

/* --- events.c --- */
/* lifecycle_stats - {"type":"stats","id":...,"data":{...}} of now, a new reference; ERROR_UNSUPPORTED: it has no cgroup */
int lifecycle_stats(const struct lifecycle *lifecycle, const char *id, json_t **out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
struct lifecycle_watch {
	uint64_t interval_ns;
	/* a negative errno with err ends it */
	int (*tell)(const json_t *event, void *data, struct error *err);
	void *data;
};
/* lifecycle_events - figures each interval, "oom" for each process killed for lack of memory, until the container ends */
int lifecycle_events(const struct lifecycle *lifecycle, const char *id, const struct lifecycle_watch *watch,
                     struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

#endif
