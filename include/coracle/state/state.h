/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - containers on disk and what can be seen of them
 *
 *   data/containers/ID/config.json    struct record; written once
 *   data/containers/ID/summary.json   what ps needs, in few bytes
 *   data/containers/ID/exit.json      the last run: when it started and how it ended; absent while it never ran
 *   data/containers/ID/{upper,work}   writable layer
 *   data/containers/ID/log*           output
 *   data/names/NAME                   symlink to ID: the claim of a name, made atomically
 *   runtime/containers/ID/            this boot's run, made by the monitor
 *   runtime/containers/ID/alive       locked exclusively by the monitor for as long as it lives
 *   runtime/containers/ID/run.json    struct run: boot id, pids, ports, addresses
 *   runtime/containers/ID/control     socket of the monitor
 *
 * A status is never stored as a word. It follows from: alive locked or not, run.json's process
 * there or not, exit.json there or not. So kill -9, a reboot or a wiped runtime directory can't make
 * it wrong: without a live monitor nothing runs (init dies with its parent, PR_SET_PDEATHSIG).
 */
#ifndef CORACLE_STATE_STATE_H
#define CORACLE_STATE_STATE_H

#include "coracle/conf/paths.h"
#include "coracle/state/record.h"

enum status {
	STATUS_CREATED,
	STATUS_STARTING, /* the monitor lives, the process does not run yet */
	STATUS_RUNNING,
	STATUS_RESTARTING, /* the monitor waits before the next start */
	STATUS_PAUSED,
	STATUS_EXITED,
	STATUS_DAMAGED,  /* its record can't be read */
};
const char *status_name(enum status status); /* "created", "running", "exited"... */

struct exit_record { /* the last run: written when it starts, without an end, and again at its end */
	int64_t code;
	char *started, *finished; /* RFC 3339; finished NULL: running, or ended without a record */
	char *error;              /* why it could not start, or "" */
	bool oom_killed, stopped_by_user;
	int64_t restarts;
};
extern const struct field exit_record_fields[];

struct health_check { /* one that was made */
	char *start, *end; /* RFC 3339 */
	int64_t exit_code; /* -1: it took too long */
	char *output;      /* at most HEALTH_OUTPUT_MAX bytes */
};

#define HEALTH_OUTPUT_MAX 500
#define HEALTH_LOG_MAX    5

struct health { /* what the monitor has found; kept in struct run and, at the end, in struct exit_record */
	char *status;           /* "starting", "healthy", "unhealthy" */
	int64_t failing_streak;
	struct list log;        /* struct health_check, the last HEALTH_LOG_MAX */
};
extern const struct field health_fields[];

struct run { /* runtime/containers/ID/run.json */
	char *boot_id;
	int64_t monitor_pid, pid;         /* host's numbers; pid 0 while starting or waiting */
	uint64_t monitor_start, pid_start; /* process_start_time */
	char *started;                    /* RFC 3339 */
	bool restarting;
	int64_t restarts;
	struct list ports;                /* struct record_port with host ports filled */
	char *ip, *gateway, *mac;
	int64_t helper_pid;               /* slirp4netns */
	char *cgroup;                     /* path below the mount point, "" when none */
	struct health *health;            /* NULL: no health check */
};
extern const struct field run_fields[];

struct container { /* what state_list and state_find yield */
	char *id, *name;
	enum status status;
	struct record *record; /* NULL when only the summary was read, or damaged */
	struct exit_record *exit; /* NULL: never ran to an end */
	struct run *run;          /* NULL: no live monitor */
	char *damage;          /* why it is damaged */
	/* from the summary (also filled when record was read) */
	char *image, *image_id, *command, *created, *network;
	uint64_t created_ns;
	struct pairs labels;
	struct list ports;     /* struct record_port: of the run when running, else as asked */
	struct texts volumes;  /* names and sources of mounts */
	bool auto_remove;
};
void container_done(struct container *container) NONNULL(1);
void container_list_done(struct list *list) NONNULL(1);
#define AUTO_CONTAINER AUTO(container_done)
#define AUTO_CONTAINERS AUTO(container_list_done)

enum state_depth { STATE_SUMMARY, STATE_FULL };

/* state_create - claim the name (-EEXIST with who has it), make the directory, write the record; all or nothing */
int state_create(const struct paths *paths, const struct record *record, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* state_find - by id, unique id prefix or name (with or without a leading "/"); -ENOENT "no such container: x" */
int state_find(const struct paths *paths, const char *text, enum state_depth depth,
               struct container *out, struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
enum state_which { STATE_ALL, STATE_LIVE /* those with a living monitor */ };
/* state_list - list of struct container, newest first; damaged ones are in it as such */
int state_list(const struct paths *paths, enum state_which which, enum state_depth depth,
               struct list *out, struct error *err) NONNULL(1, 4, 5) MUST_USE;
/* state_refresh - look at the facts again: status, run, exit */
int state_refresh(const struct paths *paths, struct container *container, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* state_remove - directory, name, runtime directory; the writable layer needs the user namespace ([userns]); absent parts are fine */
int state_remove(const struct paths *paths, const char *id, const char *name, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;
/* state_run_remove - the runtime directory alone */
int state_run_remove(const struct paths *paths, const char *id, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* state_sweep - what makers and removers that were killed half-way have left; writable layers need the user namespace ([userns]) */
void state_sweep(const struct paths *paths) NONNULL(1);
/* state_runtime_open - descriptor of runtime/containers/ID, or negative errno */
int state_runtime_open(const struct paths *paths, const char *id) NONNULL(1, 2) MUST_USE;
/* state_is_live - its monitor holds the alive lock */
bool state_is_live(const struct paths *paths, const char *id) NONNULL(1, 2);
/* state_lock - serialise changes to one container; descriptor to close, or negative errno */
int state_lock(const struct paths *paths, const char *id) NONNULL(1, 2) MUST_USE;
/* state_exit_write, state_run_write - by the monitor */
int state_exit_write(const struct paths *paths, const char *id, const struct exit_record *record,
                     struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
int state_run_write(const struct paths *paths, const char *id, const struct run *run, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* name_is_valid - [a-zA-Z0-9][a-zA-Z0-9_.-]*, as docker's and podman's */
bool name_is_valid(const char *name) NONNULL(1);
/* name_generate - owned "adjective_noun" that is free now */
char *name_generate(const struct paths *paths) NONNULL(1) MUST_USE;

#endif
