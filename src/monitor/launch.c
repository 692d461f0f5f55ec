/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launch.c - the front end's side of starting a monitor; see monitor.h */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/selfexec.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

const struct field monitor_start_fields[] = {
	FIELD_TEXT("data", struct monitor_start, data, .required = true),
	FIELD_TEXT("runtime", struct monitor_start, runtime, .required = true),
	FIELD_BOOL("attach", struct monitor_start, attach),
	FIELD_BOOL("wantsStdin", struct monitor_start, wants_stdin),
	FIELD_BOOL("passthrough", struct monitor_start, passthrough),
	FIELD_UINT("rows", struct monitor_start, rows),
	FIELD_UINT("columns", struct monitor_start, columns),
	FIELD_STRUCT("record", struct monitor_start, record, struct record, record_fields),
	FIELD_END,
};

const struct field exec_request_fields[] = {
	FIELD_TEXT("op", struct exec_request, op),
	FIELD_TEXTS("args", struct exec_request, args),
	FIELD_TEXTS("env", struct exec_request, env),
	FIELD_TEXT("user", struct exec_request, user),
	FIELD_TEXT("workingDir", struct exec_request, working_dir),
	FIELD_BOOL("tty", struct exec_request, tty),
	FIELD_BOOL("interactive", struct exec_request, interactive),
	FIELD_BOOL("detach", struct exec_request, detach),
	FIELD_BOOL("privileged", struct exec_request, privileged),
	FIELD_UINT("rows", struct exec_request, rows),
	FIELD_UINT("columns", struct exec_request, columns),
	FIELD_TEXTS("groups", struct exec_request, groups),
	FIELD_END,
};

/* The request as JSON; the strings of paths and record are borrowed for the while. */
static int request_memory(const struct paths *paths, const struct record *record,
                          const struct monitor_options *options, struct error *err)
{
	struct monitor_start start = {
		.data = paths->data,
		.runtime = paths->runtime,
		.attach = options->attach,
		.wants_stdin = options->wants_stdin,
		.passthrough = options->passthrough[1] >= 0,
		.rows = options->size.rows,
		.columns = options->size.columns,
		.record = *record,
	};
	AUTO_JSON json_t *json = json_write(monitor_start_fields, &start);
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);
	int fd = fd_memory("coracle-request", text, strlen(text));

	return fd < 0 ? error_errno(err, -fd, "memfd_create") : fd;
}

int monitor_launch(const struct paths *paths, const struct record *record,
                   const struct monitor_options *options, struct monitor_handle *out, struct error *err)
{
	AUTO_CLOSE int request_fd = request_memory(paths, record, options, err);
	int sync[2], attach[2] = {-1, -1};
	struct selfexec program = {
		.name = MONITOR_PROGRAM,
		.argument = record->name,
		.request_fd = request_fd,
		.stdio = {-1, -1, -1},
		.new_session = true,
	};
	int fds[5];
	pid_t pid;

	if (request_fd < 0)
		return request_fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0)
		return error_errno(err, errno, "socketpair");
	if (options->attach && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, attach) < 0) {
		int saved = errno;

		(void) close(sync[0]);
		(void) close(sync[1]);
		return error_errno(err, saved, "socketpair");
	}
	fds[0] = sync[1];
	fds[1] = attach[1];
	(void) memcpy(fds + 2, options->passthrough, sizeof options->passthrough);
	program.fds = fds;
	program.fd_count = ARRAY_LEN(fds);
	pid = selfexec_start(&program, err);
	(void) close(sync[1]);
	if (attach[1] >= 0)
		(void) close(attach[1]);
	if (pid < 0) {
		(void) close(sync[0]);
		if (attach[0] >= 0)
			(void) close(attach[0]);
		return pid;
	}
	*out = (struct monitor_handle){.pid = pid, .sync_fd = sync[0], .attach_fd = attach[0]};
	return 0;
}

int monitor_provide(const struct monitor_handle *handle, struct userns *userns, struct error *err)
{
	int32_t rung;
	int r = userns_finish(userns, err);

	if (r < 0)
		return r;
	rung = (int32_t) userns->rung;
	r = fd_send(handle->sync_fd, &rung, sizeof rung, &userns->fd, 1);
	/* it has ended already: monitor_started() hears why */
	if (r == -EPIPE || r == -ECONNRESET)
		return 0;
	return r < 0 ? error_errno(err, -r, "hand over the user namespace") : 0;
}

int monitor_started(const struct monitor_handle *handle, struct texts *warnings, struct error *err)
{
	bool reset = false;

	for (;;) {
		struct outcome outcome;
		ssize_t n = recv(handle->sync_fd, &outcome, sizeof outcome, 0);

		if (n < 0 && errno == EINTR)
			continue;
		/* it ended without reading what we sent; its last words come after this error (unix(7)) */
		if (n < 0 && errno == ECONNRESET && !reset) {
			reset = true;
			continue;
		}
		if (n != sizeof outcome)
			return error_set(err, ERROR_SYSTEM,
			                 "the container's monitor died before the container ran");
		if (outcome.kind == 'w') {
			texts_add(warnings, outcome.err.text);
			continue;
		}
		if (outcome.kind == 's')
			return 0;
		*err = outcome.err;
		return -(outcome.err.errnum ? outcome.err.errnum : EIO);
	}
}
