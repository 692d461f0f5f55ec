/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.c - one poll(2) loop: streams, clients, children, timers */
#include "monitor_private.h"

#include "coracle/base/clock.h"
#include "coracle/base/log.h"
#include "coracle/base/spawn.h"
#include "coracle/sys/process.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum source { SOURCE_SIGNAL, SOURCE_CONTROL, SOURCE_NOTIFY, SOURCE_STDOUT, SOURCE_STDERR, SOURCE_STDIN, SOURCE_CLIENT };

struct watched {
	enum source source;
	int index;
};

#define WATCHED_MAX (3 + 3 * SESSIONS_MAX + CLIENTS_MAX)
#define RESTART_DELAY_FIRST (100 * (NS_PER_SECOND / 1000))
#define RESTART_DELAY_MOST  (60 * NS_PER_SECOND)
#define DRAIN_PATIENCE      (2 * NS_PER_SECOND)

struct watch {
	struct pollfd fds[WATCHED_MAX];
	struct watched what[WATCHED_MAX];
	nfds_t count;
};

static void watch_add(struct watch *watch, int fd, short events, enum source source, int index)
{
	if (fd < 0 || events == 0)
		return;
	watch->fds[watch->count] = (struct pollfd){.fd = fd, .events = events};
	watch->what[watch->count++] = (struct watched){source, index};
}

static void watch_session(struct monitor *monitor, int index, struct watch *watch)
{
	struct session *session = &monitor->sessions[index];

	if (!session->used)
		return;
	if (session->quiet_until) {
		if (clock_monotonic() < session->quiet_until)
			return;
		session->quiet_until = 0;
	}
	/* a client that does not keep up holds the program back, as a full pipe would */
	if (!session_is_held_up(monitor, index)) {
		watch_add(watch, session->out, POLLIN, SOURCE_STDOUT, index);
		watch_add(watch, session->err, POLLIN, SOURCE_STDERR, index);
	}
	if (session->pending_length)
		watch_add(watch, session->in, POLLOUT, SOURCE_STDIN, index);
}

static void watch_client(const struct monitor *monitor, int index, struct watch *watch)
{
	const struct client *client = &monitor->clients[index];
	short events = 0;

	if (!client->used)
		return;
	/* more standard input only when the last piece is gone */
	if (client->session < 0 || !monitor->sessions[client->session].pending_length)
		events = POLLIN;
	if (client->pending_length || client->ends)
		events |= POLLOUT;
	watch_add(watch, client->fd, events, SOURCE_CLIENT, index);
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a && b ? MIN(a, b) : a ? a : b;
}

static int poll_timeout(const struct monitor *monitor)
{
	const uint64_t timers[] = {
		monitor->kill_at,    monitor->timeout_at, monitor->restart_at,  monitor->drain_until,
		monitor->rebuild_at, health_next(monitor), session_next(monitor),
	};
	uint64_t now = clock_monotonic();
	uint64_t at = 0;

	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		at = earliest(at, timers[i]);
	if (!at)
		return -1;
	return at <= now ? 0 : (int) MIN((at - now) / 1000000 + 1, (uint64_t) 3600000);
}

void monitor_signal(struct monitor *monitor, int signal_number)
{
	struct session *own = &monitor->sessions[0];

	if (!own->ended && own->pid > 0)
		/* our child, not reaped: the pid is his */
		(void) kill(own->pid, signal_number);
}

/* What is still in the pipes, without waiting for more: orphans may hold them open. */
static void drain(struct monitor *monitor, int index)
{
	struct session *session = &monitor->sessions[index];

	for (int stream = 0; stream < 2; stream++) {
		int *fd = stream ? &session->err : &session->out;
		struct pollfd ready = {.fd = *fd, .events = POLLIN};

		while (*fd >= 0 && !session_is_held_up(monitor, index) && poll(&ready, 1, 0) > 0)
			session_read(monitor, index, stream);
	}
}

/* The streams have been read to the end, as far as clients take them. */
static bool is_drained(struct monitor *monitor, int index)
{
	drain(monitor, index);
	return !session_is_held_up(monitor, index);
}

static void tell_exit(struct monitor *monitor, int index, int32_t code)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &monitor->clients[i];

		if (!client->used || client->session != index)
			continue;
		client_end(monitor, client, code);
	}
}

static void end_exec(struct monitor *monitor, int index)
{
	struct session *session = &monitor->sessions[index];

	if (!is_drained(monitor, index))
		return;
	if (index == monitor->health_session)
		health_ended(monitor, session);
	tell_exit(monitor, index, session->exit_code);
	session_close(session);
	monitor_save_memory();
}

/*
 * The container has ended, and with it what exec started there: the end of a pid namespace kills all in
 * it; in the host's they are killed here. Who is attached hears of that, not of the container's code.
 */
static void end_execs(struct monitor *monitor)
{
	monitor->health_session = 0;
	for (int i = 1; i < SESSIONS_MAX; i++) {
		struct session *session = &monitor->sessions[i];
		int status = 0;

		if (!session->used)
			continue;
		if (!session->ended && session->pid > 0) {
			(void) kill(session->pid, SIGKILL);
			session->exit_code = spawn_wait(session->pid, &status) < 0 ? 128 + SIGKILL
			                                                           : process_exit_code(status);
			session->ended = true;
		}
		drain(monitor, i);
		tell_exit(monitor, i, session->exit_code);
		session_close(session);
	}
}

static void child_ended(struct monitor *monitor, pid_t pid, int status)
{
	for (int i = 0; i < SESSIONS_MAX; i++) {
		struct session *session = &monitor->sessions[i];

		if (!session->used || session->ended || session->pid != pid)
			continue;
		session->ended = true;
		session->exit_code = process_exit_code(status);
		return;
	}
	if (monitor->has_network && monitor->network.pid == pid) {
		monitor->network.pid = 0;
		log_warning("slirp4netns ended; starting it again");
	}
}

static void reap(struct monitor *monitor)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	while (read(monitor->signal_fd, &info, sizeof info) == sizeof info) {
		/* a polite end of the monitor is the end of its container */
		if (info.ssi_signo != SIGCHLD) {
			monitor->stopping = true;
			monitor_signal(monitor, SIGKILL);
		}
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		child_ended(monitor, pid, status);
}

static void serve(struct monitor *monitor, const struct watch *watch)
{
	for (nfds_t i = 0; i < watch->count; i++) {
		int index = watch->what[i].index;
		short events = watch->fds[i].revents;

		if (!events)
			continue;
		switch (watch->what[i].source) {
		case SOURCE_SIGNAL:
			reap(monitor);
			break;
		case SOURCE_CONTROL:
			control_accept(monitor);
			break;
		case SOURCE_NOTIFY:
			rebuild_check(monitor);
			break;
		case SOURCE_STDOUT:
		case SOURCE_STDERR:
			if (monitor->sessions[index].used)
				session_read(monitor, index, watch->what[i].source == SOURCE_STDERR);
			break;
		case SOURCE_STDIN:
			if (monitor->sessions[index].used)
				session_flush(&monitor->sessions[index]);
			break;
		case SOURCE_CLIENT:
			if (!monitor->clients[index].used || monitor->clients[index].fd != watch->fds[i].fd)
				break;
			if (events & POLLOUT)
				client_flush(monitor, &monitor->clients[index]);
			else if (events & (POLLIN | POLLHUP | POLLERR))
				client_read(monitor, &monitor->clients[index]);
			break;
		}
	}
}

static void tick(struct monitor *monitor)
{
	uint64_t now = clock_monotonic();

	if (monitor->kill_at && now >= monitor->kill_at) {
		monitor->kill_at = 0;
		monitor_signal(monitor, SIGKILL);
	}
	health_tick(monitor, now);
	if (monitor->rebuild_at && now >= monitor->rebuild_at)
		rebuild_check(monitor);
	if (monitor->timeout_at && now >= monitor->timeout_at) {
		monitor->timeout_at = 0;
		monitor->stopping = true;
		monitor_signal(monitor, SIGKILL);
	}
}

static bool wants_restart(const struct monitor *monitor, int code)
{
	const struct record_restart *restart = &monitor->record->restart;

	if (monitor->stopping || !restart->policy)
		return false;
	if (strcmp(restart->policy, "on-failure") == 0)
		return code != 0
		       && (restart->retries == 0 || monitor->restarts < (int64_t) restart->retries);
	return strcmp(restart->policy, "always") == 0 || strcmp(restart->policy, "unless-stopped") == 0;
}

static void plan_restart(struct monitor *monitor, int code)
{
	struct error ignored = {0};
	uint64_t ran = clock_now() - monitor->started_ns;

	/* docker: the pause doubles, and begins anew after ten good seconds */
	if (monitor->restart_delay == 0 || ran > 10 * NS_PER_SECOND)
		monitor->restart_delay = RESTART_DELAY_FIRST;
	else
		monitor->restart_delay = MIN(monitor->restart_delay * 2, RESTART_DELAY_MOST);
	monitor->restart_at = clock_monotonic() + monitor->restart_delay;
	monitor_write_exit(monitor, code, true, "");
	(void) !monitor_write_run(monitor, true, &ignored);
}

/* Readers that are slow are waited for; but not for ever when the user wants the container away. */
static bool has_given_up(struct monitor *monitor)
{
	uint64_t now = clock_monotonic();

	if (!monitor->stopping)
		return false;
	if (!monitor->drain_until)
		monitor->drain_until = now + DRAIN_PATIENCE;
	if (now < monitor->drain_until)
		return false;
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (monitor->clients[i].used && monitor->clients[i].pending_length)
			client_close(monitor, &monitor->clients[i]);
	drain(monitor, 0);
	return true;
}

/* The end of the container's own process: 1 the loop ends with *code, 0 it goes on. */
static int own_ended(struct monitor *monitor, int *code)
{
	struct session *own = &monitor->sessions[0];

	if (!is_drained(monitor, 0) && !has_given_up(monitor))
		return 0;
	monitor->drain_until = 0;
	*code = own->exit_code;
	monitor->kill_at = monitor->timeout_at = 0;
	end_execs(monitor);
	if (!wants_restart(monitor, *code))
		return 1;
	plan_restart(monitor, *code);
	return 0;
}

static int again(struct monitor *monitor)
{
	struct error err = {0};
	int r;

	monitor->restart_at = 0;
	monitor->restarts++;
	r = monitor_run_once(monitor, &err);
	if (r < 0) {
		log_warning("restart: %s", err.text);
		monitor_write_exit(monitor, 125, true, err.text);
	}
	return r;
}

/* slirp4netns was killed: the network comes back under the running container */
static void heal_network(struct monitor *monitor)
{
	struct error err = {0};

	if (!monitor->has_network || monitor->network.pid > 0 || monitor->sessions[0].ended)
		return;
	if (monitor_network(monitor, &err) < 0) {
		log_warning("network: %s", err.text);
		monitor->has_network = false;
	}
}

int monitor_loop(struct monitor *monitor)
{
	static struct watch watch;
	int code = 0;

	for (;;) {
		watch.count = 0;
		watch_add(&watch, monitor->signal_fd, POLLIN, SOURCE_SIGNAL, 0);
		watch_add(&watch, monitor->control_fd, POLLIN, SOURCE_CONTROL, 0);
		watch_add(&watch, monitor->notify_fd, POLLIN, SOURCE_NOTIFY, 0);
		for (int i = 0; i < SESSIONS_MAX; i++)
			watch_session(monitor, i, &watch);
		for (int i = 0; i < CLIENTS_MAX; i++)
			watch_client(monitor, i, &watch);
		if (poll(watch.fds, watch.count, poll_timeout(monitor)) < 0 && errno != EINTR)
			return 125;
		serve(monitor, &watch);
		tick(monitor);
		heal_network(monitor);
		for (int i = 1; i < SESSIONS_MAX; i++)
			if (monitor->sessions[i].used && monitor->sessions[i].ended)
				end_exec(monitor, i);
		if (!monitor->sessions[0].ended)
			continue;
		if (!monitor->restart_at) {
			if (own_ended(monitor, &code))
				return code;
		} else if (monitor->stopping) {
			return code;
		} else if (clock_monotonic() >= monitor->restart_at && again(monitor) < 0) {
			return 125;
		}
	}
}
