/* SPDX-License-Identifier: GPL-2.0-or-later */
/* setup.c - from the request to a running program, in ordered steps */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/sys/lock.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/process.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define ALIVE_TRIES 30

void monitor_tell(struct monitor *monitor, char kind, const struct error *err)
{
	struct outcome outcome = {.kind = kind};

	if (err)
		outcome.err = *err;
	if (monitor->sync_fd >= 0)
		(void) !send(monitor->sync_fd, &outcome, sizeof outcome, MSG_NOSIGNAL);
}

void monitor_warn(struct monitor *monitor, const char *format, ...)
{
	struct error warning = {0};
	va_list args;

	va_start(args, format);
	(void) vsnprintf(warning.text, sizeof warning.text, format, args);
	va_end(args);
	monitor_tell(monitor, 'w', &warning);
}

static int open_directories(struct monitor *monitor, struct error *err)
{
	const char *id = monitor->record->id;
	char path[96];

	monitor->paths = (struct paths){
		.data = monitor->start.data,
		.runtime = monitor->start.runtime,
		.data_fd = open(monitor->start.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.runtime_fd = open(monitor->start.runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};
	if (monitor->paths.data_fd < 0 || monitor->paths.runtime_fd < 0)
		return error_errno(err, errno, "open %s and %s", monitor->start.data, monitor->start.runtime);
	(void) snprintf(path, sizeof path, "containers/%s", id);
	monitor->container_fd = directory_open(monitor->paths.data_fd, path);
	if (monitor->container_fd < 0)
		return error_errno(err, -monitor->container_fd, "%s/%s", monitor->start.data, path);
	return 0;
}

/* An earlier monitor of the same container may just be removing the directory: then it is made anew. */
static int open_run(struct monitor *monitor)
{
	char path[96];
	struct stat opened, found;
	int r;

	if (monitor->runtime_fd >= 0)
		(void) close(monitor->runtime_fd);
	(void) snprintf(path, sizeof path, "containers/%s", monitor->record->id);
	r = directory_make(monitor->paths.runtime_fd, path, 0700);
	monitor->runtime_fd = r < 0 ? r : directory_open(monitor->paths.runtime_fd, path);
	if (monitor->runtime_fd < 0)
		return monitor->runtime_fd;
	r = lock_take(monitor->runtime_fd, "alive", LOCK_MODE_EXCLUSIVE, LOCK_TRY);
	if (r < 0)
		return r;
	if (fstat(monitor->runtime_fd, &opened) == 0
	    && fstatat(monitor->paths.runtime_fd, path, &found, AT_SYMLINK_NOFOLLOW) == 0
	    && opened.st_ino == found.st_ino)
		return r;
	(void) close(r);
	return -ENOENT;
}

/* Who asks whether it is held holds it for a moment: tried again before that is taken for a monitor. */
static int take_alive_lock(struct monitor *monitor, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < ALIVE_TRIES; i++) {
		monitor->alive_fd = open_run(monitor);
		if (monitor->alive_fd != -EWOULDBLOCK && monitor->alive_fd != -ENOENT)
			break;
		(void) nanosleep(&pause, NULL);
	}
	if (monitor->alive_fd == -EWOULDBLOCK)
		return error_set(err, ERROR_CONFLICT, "container %s runs already", monitor->record->name);
	if (monitor->alive_fd < 0)
		return error_errno(err, -monitor->alive_fd, "%s/containers/%s/alive", monitor->start.runtime,
		                   monitor->record->id);
	/* of an earlier run that was cut short */
	(void) unlinkat(monitor->runtime_fd, "run.json", 0);
	return 0;
}

static int watch_signals(struct monitor *monitor, struct error *err)
{
	sigset_t set;

	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGCHLD);
	(void) sigaddset(&set, SIGTERM);
	(void) sigaddset(&set, SIGINT);
	(void) sigaddset(&set, SIGHUP);
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
	(void) signal(SIGPIPE, SIG_IGN);
	monitor->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return monitor->signal_fd < 0 ? error_errno(err, errno, "signalfd") : 0;
}

/* A front end that had to enter it (--replace) gave birth to us inside. */
static bool is_own_userns(int fd)
{
	struct stat own, other;

	return stat("/proc/self/ns/user", &own) == 0 && fstat(fd, &other) == 0 && own.st_dev == other.st_dev
	       && own.st_ino == other.st_ino;
}

/* "container:ID": what another container has can be joined only from where its monitor is; -1: none such runs */
static int partner_userns(struct monitor *monitor)
{
	const struct record *record = monitor->record;
	const char *const modes[] = {record->network,  record->pid_mode,      record->ipc_mode,
	                             record->uts_mode, record->cgroupns_mode, record->userns_mode};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		AUTO_CONTAINER struct container other = {0};
		struct error ignored = {0};
		char path[64];

		if (!modes[i] || strncmp(modes[i], "container:", 10) != 0)
			continue;
		/* the specification tells which one does not run */
		if (state_find(&monitor->paths, modes[i] + 10, STATE_SUMMARY, &other, &ignored) < 0 || !other.run)
			continue;
		(void) snprintf(path, sizeof path, "/proc/%" PRId64 "/ns/user", other.run->monitor_pid);
		return open(path, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

static bool join_partner(struct monitor *monitor)
{
	AUTO_CLOSE int fd = partner_userns(monitor);

	if (fd < 0 || setns(fd, CLONE_NEWUSER) < 0)
		return false;
	(void) close(monitor->userns_fd);
	monitor->userns_fd = TAKE_FD(fd);
	return true;
}

/* The front end hands the namespace over as soon as its maps are written. */
static int enter_userns(struct monitor *monitor, struct error *err)
{
	size_t count = 0;
	int fd = -1;
	ssize_t n = fd_receive(monitor->sync_fd, &monitor->userns_rung, sizeof monitor->userns_rung, &fd, 1,
	                       &count);

	if (n != sizeof monitor->userns_rung || fd < 0)
		return error_set(err, ERROR_SYSTEM, "the front end went away before the start");
	monitor->userns_fd = fd;
	if (!join_partner(monitor) && !is_own_userns(fd) && setns(fd, CLONE_NEWUSER) < 0)
		return error_errno(err, errno, "enter the user namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, errno, "new mount namespace");
	userns_publish(&monitor->paths);
	return 0;
}

/* Overlayfs takes only directories that are seen through mounts of this namespace. */
static int reopen_directories(struct monitor *monitor, struct error *err)
{
	char path[96];

	(void) close(monitor->paths.data_fd);
	(void) close(monitor->container_fd);
	monitor->paths.data_fd = open(monitor->start.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (monitor->paths.data_fd < 0)
		return error_errno(err, errno, "open %s", monitor->start.data);
	(void) snprintf(path, sizeof path, "containers/%s", monitor->record->id);
	monitor->container_fd = directory_open(monitor->paths.data_fd, path);
	return monitor->container_fd < 0 ? error_errno(err, -monitor->container_fd, "%s/%s", monitor->start.data, path)
	                                 : 0;
}

static int open_log(struct monitor *monitor, struct error *err)
{
	return log_file_open(&monitor->log, monitor->container_fd, monitor->record, err);
}

static int load_seccomp(struct monitor *monitor, struct error *err)
{
	const struct record *record = monitor->record;
	AUTO_CLOSE int cache = -1;
	struct oci_seccomp *profile;
	uint64_t bounding;
	int r;

	if (record->privileged || (record->seccomp && strcmp(record->seccomp, "unconfined") == 0))
		return 0;
	bounding = spec_bounding(record, err);
	(void) !directory_make(monitor->paths.data_fd, "cache", 0700);
	cache = directory_open(monitor->paths.data_fd, "cache");
	if (!record->seccomp || !*record->seccomp)
		return seccomp_cached_default(cache, bounding, &monitor->seccomp, err);
	profile = seccomp_read_profile(record->seccomp, strlen(record->seccomp), bounding, err);
	if (!profile)
		return error_wrap(err, -EINVAL, "seccomp profile %s",
		                  record->seccomp_path ? record->seccomp_path : "");
	r = seccomp_cached(cache, profile, &monitor->seccomp, err);
	seccomp_profile_free(profile);
	return r;
}

static int start_timer(struct monitor *monitor, struct error *err)
{
	(void) err;
	if (monitor->record->timeout)
		monitor->timeout_at = clock_monotonic() + monitor->record->timeout * NS_PER_SECOND;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct monitor *monitor, struct error *err);
} steps[] = {
	{"directories", open_directories},
	{"alive", take_alive_lock},
	{"signals", watch_signals},
	{"control", control_listen},
	{"log", open_log},
	{"user namespace", enter_userns},
	{"directories again", reopen_directories},
	{"keep-id", keep_id_prepare},
	{"root", monitor_mount_root},
	{"marks", monitor_mark_root},
	{"cgroup", monitor_cgroup_make},
	{"specification", monitor_spec},
	{"seccomp", load_seccomp},
	{"program", monitor_run_once},
	{"timer", start_timer},
};

int monitor_setup(struct monitor *monitor, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int r = steps[i].run(monitor, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool wants_slirp(const struct record *record)
{
	return strcmp(record->network, "private") == 0 || strncmp(record->network, "slirp4netns", 11) == 0
	       || strcmp(record->network, "bridge") == 0 || strcmp(record->network, "default") == 0;
}

int monitor_network(struct monitor *monitor, struct error *err)
{
	const struct record *record = monitor->record;
	char netns[64];
	AUTO_FREE char *directory = xprintf("%s/containers/%s", monitor->paths.runtime, record->id);
	struct network_request request = {
		.netns_path = netns,
		.options = strncmp(record->network, "slirp4netns:", 12) == 0 ? record->network + 12 : NULL,
		.runtime_fd = monitor->runtime_fd,
		.runtime_path = directory,
	};
	int r;

	/* borrowed; a host port that is left to us is chosen in place, once */
	monitor->ports = monitor->record->ports;
	if (monitor->has_network)
		network_stop(&monitor->network);
	monitor->has_network = false;
	/* through our own descriptor: the container's processes may be out of reach in /proc */
	(void) snprintf(netns, sizeof netns, "/proc/%d/fd/%d", (int) getpid(),
	                monitor->sessions[0].process.netns_fd);
	r = network_start(&request, &monitor->network, err);
	if (r < 0)
		return r;
	monitor->has_network = true;
	r = network_wait(&monitor->network, err);
	return r < 0 || monitor->ports.count == 0
	               ? r
	               : network_publish(&request, &monitor->network, &monitor->ports, err);
}

static int spawn_program(struct monitor *monitor, struct session *session, struct error *err)
{
	const struct record *record = monitor->record;
	struct runtime_request request = {
		.spec = &monitor->spec,
		.root_fd = -1,
		.give_stdio = true,
		.seccomp = &monitor->seccomp,
		.cgroup_fd = monitor->cgroup.fd,
		.moved_later = monitor->cgroup.v1.count > 0,
		.init = record->init,
		.keep_groups = texts_has(&record->groups, "keep-groups"),
		.want_netns = wants_slirp(record),
		.keyring = record->id,
	};
	AUTO_CLOSE int root = -1;
	bool pass = strcmp(record->log_driver, "passthrough") == 0 && monitor->start.passthrough
	            && monitor->restarts == 0;
	int r = pass ? 0
	             : session_pipes(session, record->tty, record->interactive, request.stdio, err);

	if (r < 0)
		return r;
	if (pass) {
		request.give_stdio = false;
		for (int i = 0; i < 3; i++)
			request.stdio[i] = MONITOR_STDIN_FD + i;
	}
	/* a root that went away with the last run is mounted anew */
	if (monitor->root_spent) {
		(void) close(monitor->root_fd);
		r = monitor_mount_root(monitor, err);
		if (r < 0)
			return r;
	}
	/* the child moves its root into place; this one stays here for the next start */
	root = mount_clone(monitor->root_fd, true);
	monitor->root_spent = root < 0;
	request.root_fd = root >= 0 ? root : monitor->root_fd;
	r = runtime_spawn(&request, &session->process, err);
	for (int i = 0; i < 3; i++)
		if (!pass && request.stdio[i] >= 0)
			(void) close(request.stdio[i]);
	return r;
}

static int connect_program(struct monitor *monitor, struct session *session, struct error *err)
{
	int r;

	/* slirp4netns takes milliseconds to come up: it does so while the child mounts */
	if (wants_slirp(monitor->record)) {
		r = runtime_wait_netns(&session->process, err);
		if (r >= 0)
			r = monitor_network(monitor, err);
		if (r < 0)
			return r;
	}
	r = runtime_wait_ready(&session->process, err);
	if (r < 0)
		return r;
	return runtime_start(&session->process, err);
}

int monitor_run_once(struct monitor *monitor, struct error *err)
{
	struct session *session = &monitor->sessions[0];
	int r;

	if (session->used)
		session_close(session);
	(void) session_new(monitor); /* the first free one is the first */
	session->stdin_once = !monitor->record->tty && monitor->record->interactive;
	session->log = monitor->log.name ? &monitor->log : NULL;
	monitor->started_ns = clock_now();
	(void) clock_rfc3339(monitor->started_ns, monitor->started);
	if (!monitor->record->auto_remove)
		monitor_write_exit(monitor, 0, false, "");
	r = spawn_program(monitor, session, err);
	if (r < 0)
		return r;
	session->pid = session->process.pid;
	session->pidfd = session->process.pidfd;
	monitor_cgroup_adopt(monitor, session->pid);
	r = runtime_moved(&session->process, err);
	if (r >= 0)
		r = connect_program(monitor, session, err);
	if (r < 0) {
		runtime_abort(&session->process);
		session->pid = 0;
		session->ended = true;
		return r;
	}
	if (monitor->record->tty) {
		session->in = session->out = TAKE_FD(session->process.terminal_fd);
		(void) !fd_set_nonblocking(session->out, true);
	}
	health_begin(monitor);
	r = monitor_write_run(monitor, false, err);
	if (r < 0) {
		runtime_abort(&session->process);
		session->pid = 0;
		session->ended = true;
	}
	return r;
}

int monitor_write_run(struct monitor *monitor, bool restarting, struct error *err)
{
	struct run run = {
		.monitor_pid = getpid(),
		.monitor_start = process_start_time(getpid()),
		.pid = restarting ? 0 : monitor->sessions[0].pid,
		.pid_start = restarting ? 0 : process_start_time(monitor->sessions[0].pid),
		.started = monitor->started,
		.restarting = restarting,
		.restarts = monitor->restarts,
		.ports = monitor->ports,
		.ip = monitor->has_network ? monitor->network.ip : NULL,
		.gateway = monitor->has_network ? monitor->network.gateway : NULL,
		.helper_pid = monitor->has_network ? monitor->network.pid : 0,
		.cgroup = monitor->cgroup.path,
		.health = monitor->record->health ? &monitor->health : NULL,
	};

	return state_run_write(&monitor->paths, monitor->record->id, &run, err);
}

void monitor_write_exit(struct monitor *monitor, int64_t code, bool ended, const char *error)
{
	char now[CLOCK_TEXT_SIZE];
	struct error err = {0};
	struct exit_record record = {
		.code = code,
		.started = monitor->started,
		.finished = ended ? clock_rfc3339(clock_now(), now) : NULL,
		.error = (char *) (uintptr_t) error,
		.stopped_by_user = monitor->stopping,
		.restarts = monitor->restarts,
	};

	if (state_exit_write(&monitor->paths, monitor->record->id, &record, &err) < 0)
		monitor_warn(monitor, "%s", err.text);
}
