/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * monitor.h - one process a running container: mounts its root, starts it, logs, serves, records its end
 *
 * The front end starts it with monitor_launch() while the user namespace is still being made, hands
 * that over with monitor_provide(), and hears from it with monitor_started(). Everybody else talks to
 * it through its control socket (monitor_call).
 */
#ifndef CORACLE_MONITOR_MONITOR_H
#define CORACLE_MONITOR_MONITOR_H

#include "coracle/base/error.h"
#include "coracle/conf/paths.h"
#include "coracle/state/state.h"
#include "coracle/sys/tty.h"
#include "coracle/userns/userns.h"

#define MONITOR_PROGRAM "coracle-monitor"

/* monitor_main - the internal program; returns its exit status */
int monitor_main(int argc, char **argv);

struct monitor_options {
	bool attach;           /* make a first attached client: handle.attach_fd */
	bool wants_stdin;      /* that client sends standard input */
	struct tty_size size;  /* of its terminal, 0: unknown */
	int passthrough[3];    /* log driver passthrough: the caller's own streams; -1: none */
};

struct monitor_handle {
	pid_t pid;
	int sync_fd;
	int attach_fd; /* -1 without attach; frames as below */
};

int monitor_launch(const struct paths *paths, const struct record *record,
                   const struct monitor_options *options, struct monitor_handle *out, struct error *err)
	NONNULL(1, 2, 3, 4, 5) MUST_USE;
/* monitor_provide - wait for the user namespace and give it to the monitor */
int monitor_provide(const struct monitor_handle *handle, struct userns *userns, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* monitor_started - until the program runs, or err tells why not; warnings: what could not be had, a line each */
int monitor_started(const struct monitor_handle *handle, struct texts *warnings, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

/*
 * Frames on an attached connection (SOCK_SEQPACKET): one byte of type, then data.
 * To the monitor: FRAME_STDIN data, FRAME_STDIN_END, FRAME_SIZE (struct tty_size), FRAME_SIGNAL (one byte),
 * FRAME_DETACH. From it: FRAME_STDOUT, FRAME_STDERR data, FRAME_EXIT (int32_t code).
 */
enum frame {
	FRAME_STDIN = 'i', FRAME_STDIN_END = 'c', FRAME_SIZE = 'w', FRAME_SIGNAL = 's', FRAME_DETACH = 'd',
	FRAME_STDOUT = 'o', FRAME_STDERR = 'e', FRAME_EXIT = 'x',
};
#define FRAME_MAX_BYTES 32769

/*
 * monitor_call - one request to the monitor of a container
 *
 * request  {"op": "signal"|"stop"|"wait"|"attach"|"exec", ...}; the reference is taken
 * Returns a connection for the frames that follow ("wait", "stop": FRAME_EXIT at the end; "attach",
 * "exec": the streams), or -ESRCH where no monitor listens, or the monitor's own refusal in err.
 */
int monitor_call(const struct paths *paths, const char *id, json_t *request, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

/* monitor_call_within - the same, -ETIMEDOUT when it does not answer in time */
int monitor_call_within(const struct paths *paths, const char *id, json_t *request, unsigned milliseconds,
                        struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;
/* monitor_kill - SIGKILL to the monitor, which takes the container with it; 0, or -ESRCH where none listens */
int monitor_kill(const struct paths *paths, const char *id) NONNULL(1, 2) MUST_USE;

/* the request of op "exec" */
struct exec_request {
	char *op;
	struct texts args, env;
	char *user, *working_dir;
	bool tty, interactive, detach, privileged;
	uint64_t rows, columns;
	struct texts groups;
};
extern const struct field exec_request_fields[];

#endif
