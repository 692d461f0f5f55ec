/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kill.c - one signal to a container's process */
#include "coracle/container/container.h"
#include "coracle/monitor/monitor.h"

int container_kill(struct engine *engine, const char *name, int signal, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	int r = state_find(&engine->paths, name, STATE_SUMMARY, &container, err);

	if (r < 0)
		return r;
	if (container.status != STATUS_RUNNING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", name);
	r = monitor_call(&engine->paths, container.id,
	                 json_pack("{s:s, s:i}", "op", "signal", "signal", signal), err);
	if (r < 0)
		return r;
	(void) close(r);
	return 0;
}
