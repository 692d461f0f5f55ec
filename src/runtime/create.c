/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create.c - clone the process of a container, talk with it until it executes; see runtime.h */
#include "apply.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/*
 * A pid namespace can only be joined by children, and namespaces that are made belong to the user
 * namespace that one is in: a go-between enters both and makes the process as a child of the caller
 * (CLONE_PARENT), then says its pid. pid_namespaces(7), setns(2).
 */
struct go_between {
	int pid_ns_fd, user_ns_fd;
	int pidfd;           /* exec: all of join_flags are entered through it instead */
	uint64_t join_flags;
	const int *namespace_fds; /* instead of pidfd's */
};

/* The user namespace first: it gives the right to enter the others. */
const struct namespace_name namespace_names[RUNTIME_NAMESPACES] = {
	{"user", CLONE_NEWUSER}, {"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},   {"net", CLONE_NEWNET},       {"pid", CLONE_NEWPID},
	{"time", 0x80 /* CLONE_NEWTIME */}, {"mnt", CLONE_NEWNS},
};

/* The limits of a cgroup hold or there is no process: one that can't be moved there is ended. */
static pid_t move(pid_t pid, int cgroup_fd)
{
	AUTO_CLOSE int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[16];
	int length = snprintf(text, sizeof text, "%d", (int) pid), r, status;

	if (fd >= 0 && write(fd, text, (size_t) length) == length)
		return pid;
	r = -errno;
	(void) kill(pid, SIGKILL);
	(void) !spawn_wait(pid, &status);
	return r;
}

/* Where clone3(2) is missing or filtered out, or refuses the cgroup: born here and moved. */
static pid_t clone_into(const struct plan *plan, uint64_t flags, int *pidfd)
{
	pid_t pid = process_clone(flags, plan->cgroup_fd, pidfd);

	if (pid >= 0 || plan->cgroup_fd < 0)
		return pid;
	pid = process_clone(flags, -1, pidfd);
	return pid > 0 ? move(pid, plan->cgroup_fd) : pid;
}

static int enter_namespaces(const struct go_between *via)
{
	for (size_t i = 0; i < RUNTIME_NAMESPACES; i++) {
		int flag = (int) (namespace_names[i].flag & via->join_flags);

		if (flag && setns(via->namespace_fds[i], flag) < 0)
			return -errno;
	}
	return 0;
}

static int enter_container(const struct go_between *via)
{
	int r = via->namespace_fds                                       ? enter_namespaces(via)
	        : setns(via->pidfd, (int) via->join_flags) < 0 ? -errno
	                                                       : 0;

	if (r < 0)
		return r;
	/* from outside: become its root, if it has one */
	if ((via->join_flags & CLONE_NEWUSER)
	    && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL && errno != EPERM)
		return -errno;
	(void) prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

/*
 * What belongs to the caller's user namespace has to be joined before the other one is entered, what belongs to
 * that one after it: each is tried here, and again by the process itself.
 */
static int enter_paths(const struct go_between *via, struct plan *plan)
{
	if (via->pid_ns_fd >= 0 && setns(via->pid_ns_fd, CLONE_NEWPID) < 0
	    && (via->user_ns_fd < 0 || errno != EPERM))
		return -errno;
	if (via->user_ns_fd < 0)
		return 0;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->ops[i].type == OP_JOIN && plan->ops[i].flags != CLONE_NEWNS)
			plan->ops[i].joined = setns(plan->ops[i].fd, (int) plan->ops[i].flags) == 0;
	if (setns(via->user_ns_fd, CLONE_NEWUSER) < 0)
		return -errno;
	return via->pid_ns_fd >= 0 && setns(via->pid_ns_fd, CLONE_NEWPID) < 0 ? -errno : 0;
}

static _Noreturn void go_between(const struct go_between *via, struct plan *plan, const int *sync, int said)
{
	int32_t result;

	(void) close(sync[0]);
	apply_oom_score(plan);
	/* in the container's namespaces before it is the container's process: nobody may trace it */
	(void) prctl(PR_SET_DUMPABLE, 0);
	result = plan->initial_cpus ? apply_cpus(plan->initial_cpus) : 0;
	if (result >= 0)
		result = via->pidfd >= 0 ? enter_container(via) : enter_paths(via, plan);
	if (result >= 0) {
		result = process_clone(plan->clone_flags | CLONE_PARENT, -1, NULL);
		if (result == 0) {
			(void) close(said);
			plan_apply(plan, sync[1]);
		}
	}
	(void) !write(said, &result, sizeof result);
	_exit(0);
}

static pid_t clone_through(const struct go_between *via, struct plan *plan, const int *sync)
{
	int said[2], status;
	int32_t result = -EPROTO;
	pid_t between;

	if (pipe2(said, 02000000 /* O_CLOEXEC */) < 0)
		return -errno;
	/* in the cgroup before it is in the namespaces: from the container's own the caller's cgroup is not seen */
	between = clone_into(plan, 0, NULL);
	if (between == 0)
		go_between(via, plan, sync, said[1]);
	(void) close(said[1]);
	if (between > 0) {
		if (read(said[0], &result, sizeof result) != sizeof result)
			result = -EPROTO;
		(void) !spawn_wait(between, &status);
	} else {
		result = between;
	}
	(void) close(said[0]);
	return result;
}

static int launch(const struct go_between *via, struct plan *plan, struct runtime_process *out,
                  struct error *err)
{
	int sync[2];
	int pidfd = -1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0)
		return error_errno(err, errno, "socketpair");
	if (via) {
		pid = clone_through(via, plan, sync);
		if (pid > 0)
			pidfd = process_pidfd_open(pid);
	} else {
		pid = clone_into(plan, plan->clone_flags, &pidfd);
		if (pid == 0) {
			(void) close(sync[0]);
			plan_apply(plan, sync[1]);
		}
	}
	(void) close(sync[1]);
	if (pid < 0) {
		(void) close(sync[0]);
		return error_errno(err, -pid,
		                   plan->initial_cpus ? "start a process in the container, from the CPUs %s"
		                                      : "start a process in new namespaces",
		                   plan->initial_cpus);
	}
	*out = (struct runtime_process){
		.pid = pid,
		.pidfd = pidfd < 0 ? -1 : pidfd,
		.sync_fd = sync[0],
		.terminal_fd = -1,
		.netns_fd = -1,
		.plan = plan,
	};
	return 0;
}

static int write_map(pid_t pid, const char *file, const char *text)
{
	char path[64];
	AUTO_CLOSE int fd = -1;

	(void) snprintf(path, sizeof path, "/proc/%d/%s", (int) pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int say(const struct runtime_process *process, const char *byte, struct error *err)
{
	return send(process->sync_fd, byte, 1, MSG_NOSIGNAL) < 0
	               ? error_errno(err, errno, "speak to the container's first process")
	               : 0;
}

int runtime_mapped(struct runtime_process *process, struct error *err)
{
	return say(process, "m", err);
}

int runtime_moved(struct runtime_process *process, struct error *err)
{
	const struct plan *plan = process->plan;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->ops[i].type == OP_CGROUPNS && plan->ops[i].flags)
			return say(process, "c", err);
	return 0;
}

static int write_maps(struct runtime_process *process, struct error *err)
{
	const struct plan *plan = process->plan;
	int r = write_map(process->pid, "uid_map", plan->uid_map);

	if (r >= 0)
		r = write_map(process->pid, "gid_map", plan->gid_map);
	if (r < 0)
		return error_errno(err, -r, "write the id maps of the container's user namespace");
	return runtime_mapped(process, err);
}

int runtime_spawn(const struct runtime_request *request, struct runtime_process *out, struct error *err)
{
	struct plan *plan = xcalloc(1, sizeof *plan);
	int r = plan_build(request, plan, err);

	if (r >= 0 && (plan->pid_ns_fd >= 0 || plan->user_ns_fd >= 0)) {
		struct go_between via = {
			.pid_ns_fd = plan->pid_ns_fd,
			.user_ns_fd = plan->user_ns_fd,
			.pidfd = -1,
		};

		r = launch(&via, plan, out, err);
	} else if (r >= 0) {
		r = launch(NULL, plan, out, err);
	}
	if (r < 0) {
		plan_free(plan);
		return r;
	}
	if (plan->uid_map && !request->caller_maps) {
		r = write_maps(out, err);
		if (r < 0) {
			r = runtime_why(out, r, err);
			runtime_abort(out);
		}
	}
	return r;
}

int runtime_exec(const struct runtime_exec *request, struct runtime_process *out, struct error *err)
{
	struct plan *plan = xcalloc(1, sizeof *plan);
	struct go_between via = {
		.pid_ns_fd = -1,
		.user_ns_fd = -1,
		.pidfd = request->pidfd,
		/* all of them in one call (Linux 5.8), which enters a user namespace first */
		.join_flags = request->namespaces,
		.namespace_fds = request->namespace_fds,
	};
	int r = plan_build_exec(request, plan, err);

	if (r >= 0)
		r = launch(&via, plan, out, err);
	if (r < 0)
		plan_free(plan);
	return r;
}

/* The child waits with its filter loaded until the agent has the listener. */
static int pass_listener(struct runtime_process *process, int fd, struct error *err)
{
	int r;

	if (!process->on_listener)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "the seccomp profile has SCMP_ACT_NOTIFY, for which there is no listener");
	r = process->on_listener(process->listener_data, fd, err);
	return r < 0 ? r : say(process, "a", err);
}

static int keep_descriptor(struct runtime_process *process, char mark, int fd, struct error *err)
{
	int *slot = mark == RUNTIME_MARK_NETNS ? &process->netns_fd : &process->terminal_fd;
	int r;

	if (mark == RUNTIME_MARK_LISTENER) {
		r = pass_listener(process, fd, err);
		(void) close(fd);
		return r < 0 ? r : 1;
	}
	if (*slot >= 0)
		(void) close(*slot);
	*slot = fd;
	return 1;
}

#define CAME_HOOKS 2

/*
 * One message of the child: 1 a descriptor came and is in its place, CAME_HOOKS it waits for hooks, 0 the
 * end of the socket, sizeof *report a report, or a negative errno with err
 */
static int receive(struct runtime_process *process, struct report *report, struct error *err)
{
	size_t count = 0;
	int fd = -1;
	ssize_t n = fd_receive(process->sync_fd, report, sizeof *report, &fd, 1, &count);

	if (n < 0)
		return error_errno(err, (int) -n, "hear from the container");
	if (n == 1 && count == 1)
		return keep_descriptor(process, *(const char *) report, fd, err);
	if (n == 1 && *(const char *) report == RUNTIME_MARK_HOOKS)
		return CAME_HOOKS;
	if (fd >= 0)
		(void) close(fd);
	if (n != 0 && n != sizeof *report)
		return error_set(err, ERROR_SYSTEM, "the container's first process spoke out of turn");
	return (int) n;
}

/* 0 ready, 1 or CAME_HOOKS more to come, negative errno with err */
static int next_report(struct runtime_process *process, struct error *err)
{
	struct report report;
	int n = receive(process, &report, err);

	if (n == 0)
		return error_set(err, ERROR_SYSTEM,
		                 "the container's first process died while it was being set up");
	if (n < 0 || n == 1 || n == CAME_HOOKS)
		return n;
	return report.errnum ? plan_word(process->plan, &report, err) : 0;
}

int runtime_why(struct runtime_process *process, int r, struct error *err)
{
	struct pollfd said = {.fd = process->sync_fd, .events = POLLIN};
	struct report report;
	struct error why = {0};

	if (poll(&said, 1, 0) == 1 && receive(process, &report, &why) == (int) sizeof report && report.errnum)
		return plan_word(process->plan, &report, err);
	return r;
}

int runtime_wait_netns(struct runtime_process *process, struct error *err)
{
	while (process->netns_fd < 0) {
		int r = next_report(process, err);

		if (r <= 0)
			return r < 0 ? r : error_set(err, ERROR_SYSTEM, "no network namespace came");
	}
	return 0;
}

int runtime_wait_hooks(struct runtime_process *process, struct error *err)
{
	int r;

	do {
		r = next_report(process, err);
	} while (r == 1);
	if (r == 0)
		return error_set(err, ERROR_SYSTEM, "the container's first process did not wait for the hooks");
	return r < 0 ? r : 0;
}

int runtime_hooks_done(struct runtime_process *process, const char *creating, const char *created,
                       struct error *err)
{
	char *texts = process->plan->state;
	size_t first = strlen(creating) + 1, both = first + strlen(created) + 1;

	if (both >= RUNTIME_STATES_MAX)
		return error_set(err, ERROR_INVALID, "the state of the container is too long for hooks: %zu bytes", both);
	(void) memcpy(texts, creating, first);
	(void) memcpy(texts + first, created, both - first);
	return send(process->sync_fd, texts, both, MSG_NOSIGNAL) < 0
	               ? error_errno(err, errno, "speak to the container's first process")
	               : 0;
}

int runtime_wait_ready(struct runtime_process *process, struct error *err)
{
	int r;

	do {
		r = next_report(process, err);
	} while (r == 1);
	return r == CAME_HOOKS ? error_set(err, ERROR_SYSTEM, "hooks were not waited for") : r;
}

int runtime_created(struct runtime_process *process, struct error *err)
{
	int r = say(process, "k", err);

	(void) close(process->sync_fd);
	process->sync_fd = -1;
	return r;
}

static int connect_gate(int dir_fd, const char *name, struct error *err)
{
	struct sockaddr_un address = fd_socket_address(dir_fd, name);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_errno(err, errno, "socket");
	if (connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
		return error_errno(err, errno, "reach the container's first process");
	return TAKE_FD(fd);
}

int runtime_gate_namespaces(int dir_fd, const char *name, int *fds, struct error *err)
{
	static const char ask = RUNTIME_ASK_NAMESPACES;
	AUTO_CLOSE int gate = connect_gate(dir_fd, name, err);
	char there[RUNTIME_NAMESPACES];
	int came[RUNTIME_NAMESPACES];
	size_t count = 0, next = 0;

	if (gate < 0)
		return gate;
	if (send(gate, &ask, 1, MSG_NOSIGNAL) < 0
	    || fd_receive(gate, there, sizeof there, came, RUNTIME_NAMESPACES, &count) != sizeof there)
		return error_set(err, ERROR_SYSTEM, "the container's first process does not hand its namespaces over");
	for (size_t i = 0; i < RUNTIME_NAMESPACES; i++)
		fds[i] = there[i] && next < count ? came[next++] : -1;
	return 0;
}

int runtime_knock(int dir_fd, const char *name, const struct oci_spec *spec, struct runtime_process *out,
                  struct error *err)
{
	AUTO_CLOSE int fd = connect_gate(dir_fd, name, err);

	if (fd < 0)
		return fd;
	*out = (struct runtime_process){
		.pidfd = -1, .sync_fd = TAKE_FD(fd), .terminal_fd = -1, .netns_fd = -1};
	out->plan = xcalloc(1, sizeof *out->plan);
	out->plan->pid_ns_fd = out->plan->user_ns_fd = -1;
	if (spec->process)
		texts_add_all(&out->plan->argv, &spec->process->args);
	return 0;
}

/*
 * execve(2) closes our socket a moment before it makes the process dumpable again; until then its
 * /proc/PID/ns can't be opened, and who was told that it runs may want to.
 */
static void wait_until_reachable(pid_t pid)
{
	const struct timespec moment = {.tv_nsec = 50000};

	for (int i = 0; i < 40; i++) {
		pid_t reachable = process_reachable(pid);

		/* gone already, or a setuid program, which stays out of reach */
		if (reachable >= 0 || (reachable != -EACCES && reachable != -EPERM))
			return;
		(void) nanosleep(&moment, NULL);
	}
}

int runtime_start(struct runtime_process *process, struct error *err)
{
	struct report report;
	int n;

	n = say(process, "g", err);
	if (n < 0)
		return n;
	do {
		n = receive(process, &report, err);
	} while (n == 1);
	(void) close(process->sync_fd);
	process->sync_fd = -1;
	if (n < 0)
		return n;
	if (n && report.errnum)
		return plan_word(process->plan, &report, err);
	if (process->pid > 0)
		wait_until_reachable(process->pid);
	return 0;
}

void runtime_process_done(struct runtime_process *process)
{
	if (process->pidfd >= 0)
		(void) close(process->pidfd);
	if (process->sync_fd >= 0)
		(void) close(process->sync_fd);
	if (process->terminal_fd >= 0)
		(void) close(process->terminal_fd);
	if (process->netns_fd >= 0)
		(void) close(process->netns_fd);
	plan_free(process->plan);
	*process = (struct runtime_process){
		.pidfd = -1, .sync_fd = -1, .terminal_fd = -1, .netns_fd = -1};
}

void runtime_abort(struct runtime_process *process)
{
	int status;

	if (process->pid > 0) {
		(void) kill(process->pid, SIGKILL);
		(void) !spawn_wait(process->pid, &status);
		process->pid = 0;
	}
	runtime_process_done(process);
}
