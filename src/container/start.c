/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start.c - spawn the monitor of a container and wait until its program runs; run, start, attach */
#include "attach.h"
#include "create_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/spawn.h"
#include "coracle/container/container.h"
#include "coracle/monitor/monitor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void print_warnings(const struct texts *warnings)
{
	/* the one thing that library code prints: what a start could not do, before streams are joined */
	for (size_t i = 0; i < warnings->count; i++)
		(void) dprintf(STDERR_FILENO, "coracle: warning: %s\n", warnings->items[i]);
}

/* Start it; with io, handle->attach_fd is the first attached connection. */
static int start_monitor(struct engine *engine, const struct record *record, const struct io *io,
                         struct monitor_handle *handle, struct error *err)
{
	bool pass = io && strcmp(record->log_driver, "passthrough") == 0;
	struct monitor_options options = {
		.attach = io != NULL,
		.wants_stdin = io && io->in,
		.passthrough = {pass ? 0 : -1, pass ? 1 : -1, pass ? 2 : -1},
	};
	AUTO_TEXTS struct texts warnings = {0};
	int r;

	if (io)
		options.size = attach_size(io);
	r = engine_userns_begin(engine, err);
	if (r < 0)
		return r;
	r = monitor_launch(&engine->paths, record, &options, handle, err);
	if (r < 0)
		return r;
	r = monitor_provide(handle, engine->userns, err);
	if (r >= 0)
		r = monitor_started(handle, &warnings, err);
	(void) close(handle->sync_fd);
	print_warnings(&warnings);
	if (engine->userns->rung == USERNS_SINGLE && engine->userns->note[0] && r < 0)
		(void) dprintf(STDERR_FILENO, "coracle: note: %s\n", engine->userns->note);
	if (r < 0) {
		int status;

		if (handle->attach_fd >= 0)
			(void) close(handle->attach_fd);
		/* it has said why and ends; nothing of it may be left when we return */
		(void) !spawn_wait(handle->pid, &status);
	}
	return r;
}

static int write_pid_file(struct engine *engine, const struct record *record, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	char text[32];
	int length, r;

	if (!record->pid_file || !*record->pid_file)
		return 0;
	r = state_find(&engine->paths, record->id, STATE_SUMMARY, &container, err);
	if (r < 0 || !container.run)
		return r;
	length = snprintf(text, sizeof text, "%" PRId64, container.run->pid);
	r = file_write(AT_FDCWD, record->pid_file, text, (size_t) length, 0644, FILE_FAST);
	return r < 0 ? error_errno(err, -r, "--pidfile %s", record->pid_file) : 0;
}

/* The monitor is our child only for as long as we wait for the container. */
static int follow(const struct monitor_handle *handle, const struct io *io, struct error *err)
{
	int r = attach_copy(handle->attach_fd, io, err);
	int status;

	(void) waitpid(handle->pid, &status, WNOHANG);
	return r;
}

/* lock: of state_lock, let go of as soon as it runs or will not */
static int start_record(struct engine *engine, const struct record *record, const struct io *io, int lock,
                        struct error *err)
{
	struct monitor_handle handle = {.attach_fd = -1};
	int r = start_monitor(engine, record, io, &handle, err);

	if (r >= 0)
		r = write_pid_file(engine, record, err);
	(void) close(lock);
	if (r < 0)
		return r;
	return io ? follow(&handle, io, err) : 0;
}

int container_start(struct engine *engine, const char *name, const struct container_start *request,
                    struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	AUTO_CLOSE int lock = -1;
	int r = state_find(&engine->paths, name, STATE_FULL, &container, err);

	if (r < 0)
		return r;
	if (!container.record)
		return error_set(err, ERROR_CONFLICT, "container %s is damaged: %s; remove it: coracle rm %s", name,
		                 container.damage, name);
	if (container.status == STATUS_RUNNING || container.status == STATUS_RESTARTING)
		return request->attach ? container_attach(engine, name, &request->io, err) : 0;
	lock = state_lock(&engine->paths, container.id);
	if (lock == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "no such container: %s", name);
	if (lock < 0)
		return error_errno(err, -lock, "lock container %s", name);
	/* somebody else's start came first and is done */
	if (state_is_live(&engine->paths, container.id))
		return request->attach ? container_attach(engine, name, &request->io, err) : 0;
	if (request->attach) {
		struct io io = request->io;

		io.tty = container.record->tty;
		return start_record(engine, container.record, &io, TAKE_FD(lock), err);
	}
	return start_record(engine, container.record, NULL, TAKE_FD(lock), err);
}

int container_run(struct engine *engine, const struct container_create *request, const struct io *io,
                  char **out_id, struct error *err)
{
	AUTO_RECORD struct record record = {0};
	bool attached = !request->detach;
	int lock, r;

	/* the dearest part of a start goes on while we read the image and write the record */
	r = engine_userns_begin(engine, err);
	if (r < 0)
		return r;
	r = create_record(engine, request, &record, err);
	if (r >= 0)
		r = create_finish(engine, request, &record, err);
	if (r < 0)
		return r;
	*out_id = xstrdup(record.id);
	lock = state_lock(&engine->paths, record.id);
	if (lock < 0)
		return error_errno(err, -lock, "container %s was removed before it ran", record.name);
	r = start_record(engine, &record, attached ? io : NULL, lock, err);
	if (r < 0 && record.auto_remove && !state_is_live(&engine->paths, record.id)) {
		struct error ignored = {0};

		/* normally the monitor has removed it; it may not have come that far */
		create_undo(engine, &record);
		(void) !state_remove(&engine->paths, record.id, record.name, &ignored);
	}
	return r;
}

int container_attach(struct engine *engine, const char *name, const struct io *io, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	struct io mine = *io;
	int r = state_find(&engine->paths, name, STATE_FULL, &container, err);

	if (r < 0)
		return r;
	if (container.status != STATUS_RUNNING && container.status != STATUS_RESTARTING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running; start it: coracle start -a %s",
		                 name, name);
	mine.tty = container.record && container.record->tty;
	mine.in = io->in && container.record && container.record->interactive;
	r = monitor_call(&engine->paths, container.id,
	                 json_pack("{s:s, s:b}", "op", "attach", "stdin", mine.in), err);
	return r < 0 ? r : attach_copy(r, &mine, err);
}
