/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listener.c - the container process state: OCI runtime-spec config-linux.md#containerprocessstate; see listener.h */
#include "coracle/runtime/listener.h"

#include "coracle/base/alloc.h"
#include "coracle/oci/runtime.h"

#include <string.h>

#include "unix_send.h"

struct process_state {
	char *version;
	struct texts fds; /* what the descriptors of the message are, in their order */
	int64_t pid;
	char *metadata;
	json_t *state;
};

static const struct field process_state_fields[] = {
	FIELD_TEXT("ociVersion", struct process_state, version),
	FIELD_TEXTS("fds", struct process_state, fds),
	FIELD_INT("pid", struct process_state, pid, .keep = true),
	FIELD_TEXT("metadata", struct process_state, metadata),
	FIELD_RAW("state", struct process_state, state),
	FIELD_END,
};

int runtime_listener_send(const char *path, const char *metadata, const char *state_json, pid_t pid, int fd,
                          struct error *err)
{
	static char version[] = OCI_RUNTIME_VERSION, seccomp_fd[] = "seccompFd";
	char *fds[] = {seccomp_fd, NULL};
	AUTO_FREE char *data = metadata ? xstrdup(metadata) : NULL, *text = NULL;
	AUTO_JSON json_t *state = json_parse(state_json, strlen(state_json), err), *json = NULL;
	const struct process_state process = {
		.version = version,
		.fds = {.items = fds, .count = 1},
		.pid = pid,
		.metadata = data,
		.state = state,
	};
	const struct unix_send to = {
		.what = "seccomp listener",
		.path = path,
		.timeout_ms = UNIX_SEND_TIMEOUT_MS,
	};

	if (!state)
		return error_wrap(err, -EINVAL, "seccomp listener %s: the state to send", path);
	json = json_write(process_state_fields, &process);
	text = json_text(json, JSON_COMPACT);
	return unix_send(&to, text, strlen(text), fd, err);
}
