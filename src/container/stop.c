/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stop.c - signal, wait, SIGKILL; and restart */
#include "attach.h"

#include "coracle/container/container.h"
#include "coracle/monitor/monitor.h"
#include "coracle/sys/names.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#define CALL_TRIES 1000 /* of five milliseconds */

static int stop_signal(const struct container_stop *request, const struct record *record, int *out,
                       struct error *err)
{
	const char *wanted = request->signal && *request->signal ? request->signal
	                     : record && record->stop_signal     ? record->stop_signal
	                                                         : "SIGTERM";
	int number = signal_number(wanted);

	if (number < 0)
		return error_set(err, ERROR_INVALID, "signal \"%s\" is unknown, as in SIGTERM or 15", wanted);
	*out = number;
	return 0;
}

/* A monitor lives a moment before it listens, and ends a moment after: neither is "not running". */
static int call_stop(struct engine *engine, const char *id, int signal_wanted, int64_t timeout, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	for (int i = 0;; i++) {
		int r = monitor_call(&engine->paths, id,
		                     json_pack("{s:s, s:i, s:I}", "op", "stop", "signal", signal_wanted,
		                               "timeout", (json_int_t) timeout),
		                     err);

		if (r != -ESRCH)
			return r;
		if (!state_is_live(&engine->paths, id))
			return -ESRCH;
		if (i >= CALL_TRIES)
			return error_set(err, ERROR_CONFLICT,
			                 "the monitor of container %.12s does not answer; end it with: coracle rm -f %.12s",
			                 id, id);
		(void) nanosleep(&pause, NULL);
	}
}

int container_stop(struct engine *engine, const char *name, const struct container_stop *request,
                   bool *killed, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	int64_t timeout;
	int signal_wanted = SIGTERM, r = state_find(&engine->paths, name, STATE_FULL, &container, err);

	if (killed)
		*killed = false;
	if (r < 0)
		return r;
	if (container.status == STATUS_CREATED || container.status == STATUS_EXITED)
		return 0;
	r = stop_signal(request, container.record, &signal_wanted, err);
	if (r < 0)
		return r;
	timeout = request->timeout.set ? request->timeout.value
	          : container.record   ? (int64_t) container.record->stop_timeout
	                               : 10;
	if (timeout >= UINT32_MAX)
		timeout = -1;
	r = call_stop(engine, container.id, signal_wanted, timeout, err);
	/* it ended just now, or its monitor was killed: either way it does not run */
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return r;
	r = attach_wait(r);
	if (killed)
		*killed = r == 128 + SIGKILL && signal_wanted != SIGKILL && timeout != 0;
	return 0;
}

int container_restart(struct engine *engine, const char *name, const struct container_stop *request,
                      struct error *err)
{
	static const struct container_start start;
	AUTO_CONTAINER struct container container = {0};
	int r = state_find(&engine->paths, name, STATE_SUMMARY, &container, err);

	if (r < 0)
		return r;
	if (container.auto_remove)
		return error_set(err, ERROR_CONFLICT,
		                 "container %s was made with --rm: stopping it would remove it, so it can't be restarted",
		                 name);
	r = container_stop(engine, name, request, NULL, err);
	return r < 0 ? r : container_start(engine, name, &start, err);
}
