/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_bus.c - calls to systemd's manager by sd-bus (org.freedesktop.systemd1(5)) */
#include "cgroup_bus.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/dl.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define CALL_USEC UINT64_C(25000000)
#define JOB_NS    (30 * NS_PER_SECOND)

/* The user as the initial namespace numbers it: ours may be a namespace where we are 0. */
static uint64_t outer_uid(void)
{
	AUTO_FREE char *map = NULL;
	unsigned long long inner = 0, outer = 0, count = 0;
	int used = 0;

	if (file_read(AT_FDCWD, "/proc/self/uid_map", 65536, &map, NULL) < 0)
		return geteuid();
	for (const char *at = map; sscanf(at, "%llu %llu %llu%n", &inner, &outer, &count, &used) == 3; at += used)
		if (geteuid() >= inner && geteuid() - inner < count)
			return outer + (geteuid() - inner);
	return geteuid();
}

/* Where the sockets are: owned path of the directory with systemd/private and bus */
static char *runtime_directory(uint64_t uid)
{
	const char *set = getenv("XDG_RUNTIME_DIR");

	return set && *set == '/' ? xstrdup(set) : xprintf("/run/user/%llu", (unsigned long long) uid);
}

static void socket_paths(struct texts *out)
{
	uint64_t uid = outer_uid();
	AUTO_FREE char *directory = runtime_directory(uid);

	if (uid == 0) {
		texts_add(out, "/run/systemd/private");
		texts_add(out, "/run/dbus/system_bus_socket");
	} else {
		texts_printf(out, "%s/systemd/private", directory);
		texts_printf(out, "%s/bus", directory);
	}
}

bool bus_answers(void)
{
	AUTO_TEXTS struct texts paths = {0};

	socket_paths(&paths);
	for (size_t i = 0; i < paths.count; i++)
		if (access(paths.items[i], W_OK) == 0)
			return true;
	return false;
}

static int load(struct bus_calls *calls, struct error *err)
{
	const struct dl_symbol symbols[] = {
		DL_SYMBOL(*calls, sd_bus_new),
		DL_SYMBOL(*calls, sd_bus_set_address),
		DL_SYMBOL(*calls, sd_bus_set_bus_client),
		DL_SYMBOL(*calls, sd_bus_start),
		DL_SYMBOL(*calls, sd_bus_flush_close_unref),
		DL_SYMBOL(*calls, sd_bus_message_new_method_call),
		DL_SYMBOL(*calls, sd_bus_message_append),
		DL_SYMBOL(*calls, sd_bus_message_append_basic),
		DL_SYMBOL(*calls, sd_bus_message_append_array),
		DL_SYMBOL(*calls, sd_bus_message_open_container),
		DL_SYMBOL(*calls, sd_bus_message_close_container),
		DL_SYMBOL(*calls, sd_bus_message_read),
		DL_SYMBOL(*calls, sd_bus_message_unref),
		DL_SYMBOL(*calls, sd_bus_call),
		DL_SYMBOL(*calls, sd_bus_error_free),
		DL_SYMBOL(*calls, sd_bus_match_signal),
		DL_SYMBOL(*calls, sd_bus_process),
		DL_SYMBOL(*calls, sd_bus_wait),
		{.name = NULL},
	};

	return dl_load("libsystemd.so.0", "libsystemd0", symbols, err);
}

/* JobRemoved: u id, o path, s unit, s result. It may come before the answer that says which job is ours. */
static int on_removed(void *message, void *data, struct bus_failure *failure)
{
	struct bus *bus = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void) failure;
	if (bus->calls.sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0)
		texts_printf(&bus->ended, "%s %s", path, result);
	return 0;
}

static int connect_to(struct bus *bus, const char *path, bool private)
{
	AUTO_FREE char *address = NULL;
	int r;

	/* D-Bus specification, "Server addresses": these are written as they are */
	if (path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/.\\*")])
		return -EINVAL;
	address = xprintf("unix:path=%s", path);
	r = bus->calls.sd_bus_new(&bus->connection);
	if (r >= 0)
		r = bus->calls.sd_bus_set_address(bus->connection, address);
	/* the private socket is the manager itself: there is no bus to say hello to */
	if (r >= 0 && !private)
		r = bus->calls.sd_bus_set_bus_client(bus->connection, true);
	if (r >= 0)
		r = bus->calls.sd_bus_start(bus->connection);
	if (r >= 0)
		r = bus->calls.sd_bus_match_signal(bus->connection, NULL, private ? NULL : "org.freedesktop.systemd1",
		                                   "/org/freedesktop/systemd1", BUS_MANAGER, "JobRemoved", on_removed, bus);
	if (r < 0 && bus->connection)
		bus->connection = bus->calls.sd_bus_flush_close_unref(bus->connection);
	return r;
}

int bus_open(struct bus *out, struct error *err)
{
	AUTO_TEXTS struct texts paths = {0};
	struct error ignored = {0};
	void *message;
	int r = load(&out->calls, err);

	if (r < 0)
		return r;
	socket_paths(&paths);
	r = -ENOENT;
	for (size_t i = 0; i < paths.count && r < 0; i++) {
		r = connect_to(out, paths.items[i], i == 0);
		if (r < 0 || i == 0)
			continue;
		/* a bus passes the signals of the manager on only when somebody asked for them */
		message = bus_method(out, "Subscribe");
		if (message)
			(void) !bus_call(out, message, false, &ignored);
	}
	return r < 0 ? error_set(err, ERROR_UNSUPPORTED,
	                         "systemd does not answer on %s: %s; log in with a session (loginctl enable-linger)",
	                         paths.items[0], strerror(-r))
	             : 0;
}

void bus_close(struct bus *bus)
{
	if (bus->connection)
		(void) bus->calls.sd_bus_flush_close_unref(bus->connection);
	texts_done(&bus->ended);
	bus->connection = NULL;
}

void *bus_method(struct bus *bus, const char *member)
{
	void *message = NULL;

	return bus->calls.sd_bus_message_new_method_call(bus->connection, &message, "org.freedesktop.systemd1",
	                                                 "/org/freedesktop/systemd1", BUS_MANAGER, member) < 0
	               ? NULL
	               : message;
}

/* "PATH RESULT" among those that ended; borrowed result */
static const char *result_of(const struct bus *bus, const char *job)
{
	size_t length = strlen(job);

	for (size_t i = 0; i < bus->ended.count; i++)
		if (strncmp(bus->ended.items[i], job, length) == 0 && bus->ended.items[i][length] == ' ')
			return bus->ended.items[i] + length + 1;
	return NULL;
}

static int wait_for(struct bus *bus, const char *job, struct error *err)
{
	uint64_t end = clock_monotonic() + JOB_NS;
	const char *result;

	while (!(result = result_of(bus, job))) {
		uint64_t now = clock_monotonic();
		int r = bus->calls.sd_bus_process(bus->connection, NULL);

		if (r == 0 && now < end)
			r = bus->calls.sd_bus_wait(bus->connection, (end - now) / 1000);
		if (r < 0 && r != -EINTR)
			return error_errno(err, -r, "wait for systemd");
		if (now >= end)
			return error_set(err, ERROR_SYSTEM, "systemd did not finish its job in 30 seconds");
	}
	return strcmp(result, "done") == 0 ? 0 : error_set(err, ERROR_SYSTEM, "systemd's job ended as \"%s\"", result);
}

int bus_call(struct bus *bus, void *message, bool wait, struct error *err)
{
	struct bus_failure failure = {0};
	void *reply = NULL;
	const char *job = NULL;
	int r = bus->calls.sd_bus_call(bus->connection, message, CALL_USEC, &failure, &reply);

	(void) bus->calls.sd_bus_message_unref(message);
	if (r < 0)
		r = failure.message ? error_set(err, r == -EEXIST || strstr(failure.name, "UnitExists") ? ERROR_CONFLICT
		                                     : strstr(failure.name, "NoSuchUnit")               ? ERROR_NOT_FOUND
		                                                                                        : ERROR_SYSTEM,
		                                "systemd: %s", failure.message)
		                    : error_errno(err, -r, "systemd");
	else if (wait && bus->calls.sd_bus_message_read(reply, "o", &job) >= 0)
		r = wait_for(bus, job, err);
	bus->calls.sd_bus_error_free(&failure);
	if (reply)
		(void) bus->calls.sd_bus_message_unref(reply);
	return r < 0 ? r : 0;
}
