/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec.c - a further process in a running container, by its monitor */
#include "attach.h"
#include "environment.h"

#include "coracle/base/alloc.h"
#include "coracle/container/container.h"
#include "coracle/monitor/monitor.h"

#include <string.h>

static int read_environment(const struct container_exec *request, struct texts *env, struct error *err)
{
	int r = environment_read_files(&request->env_files, env, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < request->env.count; i++) {
		const char *item = request->env.items[i];

		if (*item == '=' || !*item)
			return error_set(err, ERROR_INVALID, "environment variable \"%s\" has no name, as in KEY=value", item);
		if (strchr(item, '='))
			texts_env_set(env, item);
		else if (getenv(item))
			texts_printf(env, "%s=%s", item, getenv(item));
	}
	return 0;
}

int container_exec(struct engine *engine, const char *name, const struct container_exec *request,
                   const struct io *io, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	struct tty_size size = attach_size(io);
	struct exec_request wire = {
		.op = (char *) (uintptr_t) "exec",
		.args = request->args,
		.user = request->user,
		.working_dir = request->working_dir,
		.tty = request->tty,
		.interactive = request->interactive,
		.detach = request->detach,
		.privileged = request->privileged,
		.rows = size.rows,
		.columns = size.columns,
	};
	int r;

	if (request->working_dir && *request->working_dir && *request->working_dir != '/')
		return error_set(err, ERROR_INVALID, "working directory \"%s\" is not absolute, as in /work",
		                 request->working_dir);
	r = state_find(&engine->paths, name, STATE_SUMMARY, &container, err);
	if (r < 0)
		return r;
	if (container.status != STATUS_RUNNING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running; start it: coracle start %s", name,
		                 name);
	r = read_environment(request, &wire.env, err);
	if (r >= 0)
		r = monitor_call(&engine->paths, container.id, json_write(exec_request_fields, &wire), err);
	texts_done(&wire.env);
	if (r < 0)
		return r;
	if (!request->detach)
		return attach_copy(r, io, err);
	(void) close(r);
	return 0;
}
