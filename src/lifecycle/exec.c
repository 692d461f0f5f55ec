/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec.c - a further process in a container; see lifecycle.h */
#include "lifecycle_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/sys/caps.h"

#include <fcntl.h>
#include <string.h>

#define ID_LIMIT 4294967294u

static int read_process(const char *path, struct oci_process *out, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	size_t length = 0;
	/* a pipe does as well: /dev/stdin */
	int r = fd < 0 ? -errno : file_read_fd(fd, OCI_CONFIG_MAX_BYTES, &bytes, &length);

	if (r < 0)
		return error_errno(err, -r, "--process %s", path);
	r = oci_process_parse(bytes ? bytes : "", length, out, err);
	return r < 0 ? error_wrap(err, r, "--process %s", path) : 0;
}

/* "UID[:GID]", numbers only: there is no name lookup in a specification (CVE-2026-30892: nothing is guessed) */
static int set_user(const char *text, struct oci_user *user, struct error *err)
{
	const char *colon = strchr(text, ':');
	AUTO_FREE char *uid = xstrndup(text, colon ? (size_t) (colon - text) : strlen(text));

	if (number_parse_uint(uid, 0, ID_LIMIT, &user->uid) < 0
	    || (colon && number_parse_uint(colon + 1, 0, ID_LIMIT, &user->gid) < 0))
		return error_set(err, ERROR_INVALID, "--user \"%.100s\" is not UID[:GID] with numbers up to %u", text,
		                 ID_LIMIT);
	return 0;
}

static int add_groups(const struct texts *words, struct oci_user *user, struct error *err)
{
	for (size_t i = 0; words && i < words->count; i++) {
		uint64_t gid;

		if (number_parse_uint(words->items[i], 0, ID_LIMIT, &gid) < 0)
			return error_set(err, ERROR_INVALID, "--additional-gids \"%.100s\" is not a number", words->items[i]);
		uints_add(&user->additional_gids, gid);
	}
	return 0;
}

/* As runc: into all sets but the inheritable and the ambient ones (CVE-2022-29162), which stay as they are */
static int add_capabilities(const struct texts *names, struct oci_process *process, struct error *err)
{
	for (size_t i = 0; names && i < names->count; i++) {
		const char *name = names->items[i];
		int number = caps_number(name);

		if (number < 0)
			return error_set(err, ERROR_INVALID, "--cap \"%.100s\" is not a capability", name);
		if (!process->capabilities)
			process->capabilities = xcalloc(1, sizeof *process->capabilities);
		name = caps_name(number);
		if (!texts_has(&process->capabilities->bounding, name))
			texts_add(&process->capabilities->bounding, name);
		if (!texts_has(&process->capabilities->effective, name))
			texts_add(&process->capabilities->effective, name);
		if (!texts_has(&process->capabilities->permitted, name))
			texts_add(&process->capabilities->permitted, name);
	}
	return 0;
}

/* The container's own process with what the options change. */
static int derive_process(const struct lifecycle_exec *request, const struct oci_process *base,
                          struct oci_process *out, struct error *err)
{
	int r = 0;

	if (!request->args || request->args->count == 0)
		return error_set(err, ERROR_INVALID, "no command: give one after the container's id, or --process FILE");
	fields_copy(oci_process_fields, base, out);
	texts_done(&out->args);
	texts_add_all(&out->args, request->args);
	out->terminal = request->tty;
	out->console_size = (struct oci_box){0};
	for (size_t i = 0; request->env && i < request->env->count; i++)
		texts_env_set(&out->env, request->env->items[i]);
	if (request->cwd)
		text_replace(&out->cwd, request->cwd);
	if (request->apparmor)
		text_replace(&out->apparmor_profile, request->apparmor);
	if (request->process_label)
		text_replace(&out->selinux_label, request->process_label);
	if (request->no_new_privileges)
		out->no_new_privileges = true;
	if (request->user)
		r = set_user(request->user, &out->user, err);
	if (r >= 0)
		r = add_groups(request->additional_gids, &out->user, err);
	return r < 0 ? r : add_capabilities(request->caps, out, err);
}

static int make_process(const struct lifecycle_exec *request, const struct oci_spec *spec,
                        struct oci_process *out, struct error *err)
{
	static const struct oci_process none;

	if (request->process_file)
		return read_process(request->process_file, out, err);
	return derive_process(request, spec->process ? spec->process : &none, out, err);
}

static int open_cgroup(const struct lifecycle_exec *request, struct lifecycle_state *state, int *out,
                       struct error *err)
{
	int r = cgroup_open(&state->cgroup);

	*out = -1;
	if (r < 0 && request->cgroup)
		return error_set(err, ERROR_UNSUPPORTED, "--cgroup %s: container \"%s\" has no cgroup of its own",
		                 request->cgroup, state->id);
	if (r < 0)
		return 0;
	r = cgroup_approach(&state->cgroup, err);
	if (r < 0)
		return r;
	if (request->cgroup && (strstr(request->cgroup, "..") || !*request->cgroup))
		return error_set(err, ERROR_INVALID, "--cgroup \"%s\": a path below the container's cgroup", request->cgroup);
	*out = openat(state->cgroup.fd, request->cgroup && strcmp(request->cgroup, "/") != 0
	                                        ? request->cgroup + strspn(request->cgroup, "/") : ".",
	              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *out < 0 ? error_errno(err, errno, "--cgroup %s", request->cgroup ? request->cgroup : ".") : 0;
}

static int launch(const struct lifecycle_exec *request, struct lifecycle_state *state,
                  struct listener_request *listener, const struct runtime_exec *exec,
                  struct runtime_process *process, struct error *err)
{
	int r = runtime_exec(exec, process, err);

	if (r < 0)
		return r;
	listener->pid = process->pid;
	process->on_listener = lifecycle_listener;
	process->listener_data = listener;
	r = cgroup_adopt(&state->cgroup, process->pid, err);
	if (r >= 0)
		r = runtime_wait_ready(process, err);
	if (r >= 0)
		r = lifecycle_terminal(request->console_socket, process, err);
	if (r >= 0 && request->pid_file)
		r = lifecycle_pid_file(request->pid_file, process->pid, err);
	/* not before: until it is started a signal ends us, and it with us */
	if (r >= 0 && !request->detach)
		wait_begin(false);
	if (r >= 0)
		r = runtime_start(process, err);
	if (r < 0) {
		runtime_abort(process);
		wait_end();
	}
	return r;
}

static int run(const struct lifecycle_exec *request, struct lifecycle_state *state, const struct oci_spec *spec,
               const struct runtime_exec *exec, struct error *err)
{
	struct listener_request listener = {
		.profile = spec->linux_ ? spec->linux_->seccomp : NULL,
		.state = state,
		.status = state->status,
	};
	struct runtime_process process;
	int master, status = 0, r;

	r = launch(request, state, &listener, exec, &process, err);
	if (r < 0)
		return r;
	if (!request->detach) {
		master = process.terminal_fd;
		process.terminal_fd = -1;
		status = wait_foreground(process.pid, master, -1);
	}
	runtime_process_done(&process);
	return status;
}

static int check(const struct lifecycle_exec *request, const struct lifecycle_state *state, struct error *err)
{
	if (state->status == LIFECYCLE_PAUSED && !request->ignore_paused)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is paused; to wake it: resume %s", state->id, state->id);
	if (state->status != LIFECYCLE_RUNNING && state->status != LIFECYCLE_CREATED && state->status != LIFECYCLE_PAUSED)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is not running", state->id);
	return 0;
}

int lifecycle_exec(struct lifecycle *lifecycle, const struct lifecycle_exec *request, struct error *err)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO(oci_process_done) struct oci_process process = {0};
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO(seccomp_program_done) struct seccomp_program filter = {0};
	AUTO_CLOSE int pidfd = -1;
	AUTO_CLOSE int cgroup_fd = -1;
	/* close with us, and on execve */
	int namespace_fds[RUNTIME_NAMESPACES];
	struct runtime_exec exec;
	int r = lifecycle_load(lifecycle, request->id, &state, err);

	if (r >= 0)
		r = check(request, &state, err);
	if (r >= 0)
		r = lifecycle_config(lifecycle, request->id, &spec, err);
	if (r >= 0)
		r = make_process(request, &spec, &process, err);
	if (r >= 0)
		r = lifecycle_terminal_check(process.terminal, request->detach, request->console_socket, err);
	if (r >= 0)
		r = lifecycle_filter(lifecycle, spec.linux_ ? spec.linux_->seccomp : NULL, &filter, err);
	if (r >= 0)
		r = open_cgroup(request, &state, &cgroup_fd, err);
	if (r < 0)
		return r;
	pidfd = lifecycle_pidfd(&state, err);
	if (pidfd < 0)
		return pidfd;
	if (state.status == LIFECYCLE_CREATED) {
		AUTO_CLOSE int dir = lifecycle_open_directory(lifecycle, request->id, err);

		r = dir < 0 ? dir : runtime_gate_namespaces(dir, GATE_SOCKET, namespace_fds, err);
		if (r < 0)
			return r;
	}
	exec = (struct runtime_exec){
		.pidfd = pidfd,
		.namespaces = state.namespaces,
		.process = &process,
		.linux_ = spec.linux_,
		.stdio = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO},
		.give_stdio = true,
		.seccomp = &filter,
		.cgroup_fd = cgroup_fd,
		.keep_groups = state.keep_groups,
		.survive = true,
		.preserve = request->preserve,
		.namespace_fds = state.status == LIFECYCLE_CREATED ? namespace_fds : NULL,
	};
	return run(request, &state, &spec, &exec, err);
}
