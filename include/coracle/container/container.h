/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.h - the life of containers: one request and one function an operation */
#ifndef CORACLE_CONTAINER_CONTAINER_H
#define CORACLE_CONTAINER_CONTAINER_H

#include "coracle/container/create.h"

/* --- attached input and output of run, start, attach, exec --- */
struct io {
	bool in, out, err;      /* which streams of ours are connected */
	bool tty;               /* the process has a terminal: raw mode, sizes, detach keys */
	bool sig_proxy;
	const char *detach_keys; /* NULL: "ctrl-p,ctrl-q"; "" disables */
};

struct container_start {
	bool attach, interactive; /* -a, -i */
	char *detach_keys;
	struct opt_bool sig_proxy;
	struct io io;             /* filled by the caller when attach */
};
/*
 * container_start - spawn the monitor and wait until the process runs
 *
 * With attach: copies streams until the end; the return value is the exit code 0..255 (0 after detach).
 * Without: 0. Negative errno with err when it could not start (ERROR_NO_COMMAND, ERROR_NOT_EXECUTABLE...).
 */
int container_start(struct engine *engine, const char *name, const struct container_start *request,
                    struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* container_run - create and start as one, with the least of disk traffic; as container_start; out_id owned */
int container_run(struct engine *engine, const struct container_create *request, const struct io *io,
                  char **out_id, struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;
int container_attach(struct engine *engine, const char *name, const struct io *io, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

struct container_stop {
	struct opt_int timeout;   /* seconds; -1 waits for ever; default: the container's */
	char *signal;             /* NULL: the container's */
	bool ignore, all;
	struct texts cid_files, filters;
	bool latest;
};
/* container_stop - signal, wait, SIGKILL; one that does not run is fine; killed out (may be NULL): SIGKILL was needed */
int container_stop(struct engine *engine, const char *name, const struct container_stop *request,
                   bool *killed, struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;
/* container_kill - one signal (default SIGKILL); not running is -EBUSY */
int container_kill(struct engine *engine, const char *name, int signal, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;
int container_restart(struct engine *engine, const char *name, const struct container_stop *request,
                      struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

struct container_remove {
	bool force, volumes, ignore, all, latest, depend;
	struct opt_int timeout;
	struct texts cid_files, filters;
};
/* container_remove - [userns] running needs force (-EBUSY); within a second of SIGKILL; removed_id owned, may be NULL */
int container_remove(struct engine *engine, const char *name, const struct container_remove *request,
                     char **removed_id, struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;

enum wait_condition { WAIT_STOPPED, WAIT_RUNNING, WAIT_REMOVED, WAIT_CREATED, WAIT_EXITED };
/* container_wait - until the condition holds; the exit code (or 0); interval in nanoseconds for polling where there is nothing to wait on */
int container_wait(struct engine *engine, const char *name, enum wait_condition condition,
                   int64_t *code, struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;

struct container_exec {
	bool interactive, tty, detach, privileged;
	struct texts env, env_files;
	char *user, *working_dir, *detach_keys;
	struct texts args;
};
/* container_exec - run args in the container as a child of its monitor; exit code as container_start */
int container_exec(struct engine *engine, const char *name, const struct container_exec *request,
                   const struct io *io, struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;

struct container_logs {
	bool follow, timestamps, names, color, details;
	char *since, *until;
	char *tail;  /* "all", "-1" or a number */
};
/* container_logs - to standard output and error as the streams were; the number of damaged lines that were passed over */
int container_logs(struct engine *engine, const char *name, const struct container_logs *request,
                   struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

struct container_list {
	bool all, latest, size;
	int64_t last;          /* -n; 0 or -1: all that match */
	bool no_trunc;
	struct texts filters;  /* formats.md "ps" */
	bool brief;            /* the columns of the default table will do */
	char *sort;            /* created, names, id, image, status, command, size, runningfor */
};
/*
 * container_list - rows (docker's strings) and typed (podman's objects) for output_list; formats.md "ps"
 *
 * typed  NULL: not wanted, which spares reading the whole records; with size: [userns]
 */
int container_list(struct engine *engine, const struct container_list *request, json_t **rows,
                   json_t **typed, struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;
/* container_inspect - one object; formats.md "inspect (container)"; with size: [userns] */
int container_inspect(struct engine *engine, const char *name, bool size, json_t **out, struct error *err)
	NONNULL(1, 2, 4, 5) MUST_USE;
/* container_names - names (or ids) for --all, --latest, --filter and completion: running, all... */
int container_select(struct engine *engine, const struct texts *filters, bool all, bool latest,
                     struct texts *out, struct error *err) NONNULL(1, 5, 6) MUST_USE;
/* container_images_used - pairs image id → container id, and the layers of all containers */
int container_images_used(struct engine *engine, struct pairs *used, struct texts *layers, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* container_images_live - pairs image id → container of those that run */
int container_images_live(struct engine *engine, struct pairs *live, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* container_layers_used - the layers of all containers; a store_in_use (store/gc.h), data is the engine */
int container_layers_used(void *engine, struct texts *chain_ids, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* container_layers_live - pairs chain id → id of a container that runs on it now */
int container_layers_live(struct engine *engine, struct pairs *live, struct error *err) NONNULL(1, 2, 3) MUST_USE;

struct container_prune { struct texts filters; /* until, label, label! */ };
/*
 * container_prune - [userns] remove the containers that do not run
 *
 * removed  out: ids, also when one of the others failed
 * bytes    out: what they had written
 */
int container_prune(struct engine *engine, const struct container_prune *request, struct texts *removed,
                    uint64_t *bytes, struct error *err) NONNULL(1, 2, 3, 4, 5) MUST_USE;
/* container_volumes_used - names of volumes that containers mount */
int container_volumes_used(struct engine *engine, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

#endif
