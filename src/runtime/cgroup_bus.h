/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_bus.h - the part of libsystemd that is used, loaded on first use (sd-bus(3)) */
#ifndef CORACLE_RUNTIME_CGROUP_BUS_H
#define CORACLE_RUNTIME_CGROUP_BUS_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"

#define BUS_MANAGER "org.freedesktop.systemd1.Manager"

/* sd_bus_error; the declarations are ours: the headers are not needed to build */
struct bus_failure {
	const char *name, *message;
	int need_free;
};

struct bus_calls {
	int (*sd_bus_new)(void **bus);
	int (*sd_bus_set_address)(void *bus, const char *address);
	int (*sd_bus_set_bus_client)(void *bus, int client);
	int (*sd_bus_start)(void *bus);
	void *(*sd_bus_flush_close_unref)(void *bus);
	int (*sd_bus_message_new_method_call)(void *bus, void **message, const char *destination, const char *path,
	                                      const char *interface, const char *member);
	int (*sd_bus_message_append)(void *message, const char *types, ...);
	int (*sd_bus_message_append_basic)(void *message, char type, const void *value);
	int (*sd_bus_message_append_array)(void *message, char type, const void *bytes, size_t size);
	int (*sd_bus_message_open_container)(void *message, char type, const char *contents);
	int (*sd_bus_message_close_container)(void *message);
	int (*sd_bus_message_read)(void *message, const char *types, ...);
	void *(*sd_bus_message_unref)(void *message);
	int (*sd_bus_call)(void *bus, void *message, uint64_t usec, struct bus_failure *failure, void **reply);
	void (*sd_bus_error_free)(struct bus_failure *failure);
	int (*sd_bus_match_signal)(void *bus, void **slot, const char *sender, const char *path, const char *interface,
	                           const char *member, int (*callback)(void *message, void *data, struct bus_failure *failure),
	                           void *data);
	int (*sd_bus_process)(void *bus, void **message);
	int (*sd_bus_wait)(void *bus, uint64_t usec);
};


struct bus {
	struct bus_calls calls;
	void *connection;
	struct texts ended; /* "PATH RESULT" of jobs that ended while nobody knew theirs */
};

/*
 * bus_open - the manager of the caller's own systemd: root's is the system's, a user's that of the session
 *
 * By the manager's private socket, which takes no D-Bus daemon, else by the bus.
 */
int bus_open(struct bus *out, struct error *err);
void bus_close(struct bus *bus);
#define AUTO_BUS AUTO(bus_close)
/* bus_answers - a socket of the user's systemd is there; nothing is loaded for that */
bool bus_answers(void);
/* bus_method - a message to the manager; NULL: no memory */
void *bus_method(struct bus *bus, const char *member);
/* bus_call - send it, unref it; with wait its answer is a job, whose end is waited for */
int bus_call(struct bus *bus, void *message, bool wait, struct error *err);

/* --- cgroup_property.c: values in the text form of GVariant --- */
struct property {
	char type;           /* of D-Bus: b y n q i u x t d s o g */
	bool array;
	struct texts values; /* numbers in decimal, booleans "true" and "false" */
};
void property_done(struct property *property);
#define AUTO_PROPERTY AUTO(property_done)
/* property_parse - "uint64 5", "'text'", "true", "['a', 'b']", "@as []" (GVariant Text Format); 0 or -EINVAL */
int property_parse(const char *text, struct property *out);
/* property_append - name and value as (sv) */
int property_append(struct bus *bus, void *message, const char *name, const struct property *property);

#endif
