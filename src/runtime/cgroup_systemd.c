/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup_systemd.c - a container's cgroup as a transient scope of systemd (org.freedesktop.systemd1(5),
 * systemd's CGROUP_DELEGATION.md)
 *
 * A scope needs a process at birth. Where we may move processes into it afterwards that is a keeper, a
 * child that only waits. From a login session we may not (cgroups(7): the common ancestor is root's), and
 * systemd moves ourselves there: the container is born beside us, and the scope goes with the last of us.
 *
 *   SCOPE/coracle-engine   the keeper, or ourselves
 *   SCOPE/container        the container: "no internal processes", so that limits hold in there too
 */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/path.h"
#include "coracle/base/text.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "cgroup_bus.h"

#define PROPERTY_PREFIX "org.systemd.property."
#define SUBGROUP        "run.oci.systemd.subgroup"
#define UNIT_NAME_MAX   250

struct place {
	char *slice; /* NULL: systemd's choice */
	char *unit;
};

static void place_done(struct place *place)
{
	free(place->slice);
	free(place->unit);
}

/* systemd.unit(5): other characters are written as \xNN */
static char *escape(const char *name)
{
	AUTO_TEXT struct text out = TEXT_INIT(UNIT_NAME_MAX);

	for (; *name; name++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.-@", *name))
			(void) text_add_char(&out, *name);
		else
			(void) text_printf(&out, "\\x%02x", (unsigned char) *name);
	return text_take(&out);
}

/* "slice:prefix:name", or a path whose last component is the name, or nothing */
static int find_place(const struct cgroup_request *request, struct place *out, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};
	AUTO_FREE char *name = NULL, *escaped = NULL;
	const char *path = request->path ? request->path : "";

	texts_split(&parts, path, ':');
	if (parts.count == 3 && *parts.items[2]) {
		name = *parts.items[1] ? xprintf("%s-%s", parts.items[1], parts.items[2]) : xstrdup(parts.items[2]);
		if (*parts.items[0])
			out->slice = xstrdup(parts.items[0]);
		if (out->slice && (strlen(out->slice) < 7 || strcmp(out->slice + strlen(out->slice) - 6, ".slice") != 0))
			return error_set(err, ERROR_INVALID, "cgroupsPath \"%s\": \"%s\" is not a slice (NAME.slice:PREFIX:NAME)",
			                 path, out->slice);
	} else if (parts.count > 1) {
		return error_set(err, ERROR_INVALID, "cgroupsPath \"%s\" is not of the form NAME.slice:PREFIX:NAME", path);
	} else if (*path && *path_base(path) && strcmp(path_base(path), "/") != 0) {
		name = xstrdup(path_base(path));
	} else {
		name = xprintf("coracle-%.12s", request->id);
	}
	escaped = escape(name);
	out->unit = strlen(escaped) > 6 && strcmp(escaped + strlen(escaped) - 6, ".scope") == 0
	                    ? xstrdup(escaped)
	                    : xprintf("%s.scope", escaped);
	return 0;
}

static int add_uint(struct bus *bus, void *message, const char *name, uint64_t value)
{
	return bus->calls.sd_bus_message_append(message, "(sv)", name, "t", value);
}

static int add_bool(struct bus *bus, void *message, const char *name, int value)
{
	return bus->calls.sd_bus_message_append(message, "(sv)", name, "b", value);
}

static int add_text(struct bus *bus, void *message, const char *name, const char *value)
{
	return bus->calls.sd_bus_message_append(message, "(sv)", name, "s", value);
}

/* -1 is "infinity", which is the highest number */
static int add_limit(struct bus *bus, void *message, const char *name, int64_t value)
{
	return value == 0 ? 0 : add_uint(bus, message, name, value < 0 ? UINT64_MAX : (uint64_t) value);
}

/* A file's value; "max" is "infinity" */
static int add_text_number(struct bus *bus, void *message, const char *name, const char *value)
{
	uint64_t number;

	return add_uint(bus, message, name, number_parse_uint(value, 0, UINT64_MAX, &number) < 0 ? UINT64_MAX : number);
}

/* "0-2,5" as a mask of bytes: how many are used, 0 for what is no such list */
static size_t read_set(const char *list, unsigned char *mask, size_t size)
{
	AUTO_TEXTS struct texts parts = {0};
	size_t used = 0;

	texts_split(&parts, list, ',');
	for (size_t i = 0; i < parts.count; i++) {
		char *dash = strchr(parts.items[i], '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		if (number_parse_uint(parts.items[i], 0, 8 * size - 1, &first) < 0
		    || number_parse_uint(dash ? dash + 1 : parts.items[i], first, 8 * size - 1, &last) < 0)
			return 0;
		for (uint64_t bit = first; bit <= last; bit++)
			mask[bit / 8] |= (unsigned char) (1u << (bit % 8));
		used = MAX(used, (size_t) last / 8 + 1);
	}
	return used;
}

static int add_set(struct bus *bus, void *message, const char *name, const char *list)
{
	unsigned char mask[128] = {0};
	size_t used = list && *list ? read_set(list, mask, sizeof mask) : 0;
	int r;

	/* what it is not is told where the file is written */
	if (used == 0)
		return 0;
	r = bus->calls.sd_bus_message_open_container(message, 'r', "sv");
	if (r >= 0)
		r = bus->calls.sd_bus_message_append_basic(message, 's', name);
	if (r >= 0)
		r = bus->calls.sd_bus_message_open_container(message, 'v', "ay");
	if (r >= 0)
		r = bus->calls.sd_bus_message_append_array(message, 'y', mask, used);
	if (r >= 0)
		r = bus->calls.sd_bus_message_close_container(message);
	return r < 0 ? r : bus->calls.sd_bus_message_close_container(message);
}

/* In whole units of 10 ms a second, rounded up: systemd's own grain */
static uint64_t quota_per_second(const struct oci_cpu *cpu)
{
	uint64_t period = cpu->period.set && cpu->period.value ? cpu->period.value : 100000;
	uint64_t quota;

	if (!cpu->quota.set || cpu->quota.value <= 0 || cpu->quota.value > INT64_MAX / 1000000)
		return UINT64_MAX;
	quota = (uint64_t) cpu->quota.value * 1000000 / period;
	return (quota + 9999) / 10000 * 10000;
}

static int add_cpu(struct bus *bus, void *message, const struct oci_cpu *cpu, const struct list *settings)
{
	int r = 0;

	/* the conversion of shares is that of the file */
	LIST_EACH(struct setting, setting, settings)
		if (r >= 0 && strcmp(setting->file, "cpu.weight") == 0)
			r = add_text_number(bus, message, "CPUWeight", setting->value);
	if (r >= 0 && cpu->quota.set && cpu->quota.value)
		r = add_uint(bus, message, "CPUQuotaPerSecUSec", quota_per_second(cpu));
	if (r >= 0 && cpu->period.set && cpu->period.value)
		r = add_uint(bus, message, "CPUQuotaPeriodUSec", cpu->period.value);
	if (r >= 0)
		r = add_set(bus, message, "AllowedCPUs", cpu->cpus);
	return r < 0 ? r : add_set(bus, message, "AllowedMemoryNodes", cpu->mems);
}

/* keepers: processes of ours in the scope, which count as its tasks */
static int add_limits(struct bus *bus, void *message, const struct oci_resources *resources, int64_t keepers)
{
	AUTO_SETTINGS struct list settings = {0};
	struct error ignored = {0};
	int r = 0;

	/* what can't be is told where the files are written */
	(void) !settings_v2(resources, &settings, &ignored);
	if (resources->memory) {
		r = add_limit(bus, message, "MemoryMax", resources->memory->limit.set ? resources->memory->limit.value : 0);
		if (r >= 0)
			r = add_limit(bus, message, "MemoryLow",
			              resources->memory->reservation.set ? resources->memory->reservation.value : 0);
	}
	LIST_EACH(struct setting, setting, &settings) {
		if (r >= 0 && strcmp(setting->file, "memory.swap.max") == 0)
			r = add_text_number(bus, message, "MemorySwapMax", setting->value);
		if (r >= 0 && strcmp(setting->file, "io.weight") == 0 && strncmp(setting->value, "default ", 8) == 0)
			r = add_text_number(bus, message, "IOWeight", setting->value + 8);
	}
	if (r >= 0 && resources->pids && resources->pids->limit)
		r = add_limit(bus, message, "TasksMax",
		              resources->pids->limit < 0 ? -1 : resources->pids->limit + keepers);
	return r >= 0 && resources->cpu ? add_cpu(bus, message, resources->cpu, &settings) : r;
}

/* "TimeoutStopSec=5" is written by people, "TimeoutStopUSec" is what the bus knows */
static int add_seconds(struct bus *bus, void *message, const char *name, const struct property *property)
{
	AUTO_FREE char *usec = xprintf("%.*sUSec", (int) (strlen(name) - 3), name);
	double seconds = property->values.count == 1 ? strtod(property->values.items[0], NULL) : -1;

	if (property->array || strchr("sogb", property->type) || seconds < 0 || seconds > 1e12)
		return -EINVAL;
	return add_uint(bus, message, usec, (uint64_t) (seconds * 1e6));
}

static int add_annotations(struct bus *bus, void *message, const struct pairs *annotations, struct error *err)
{
	size_t prefix = strlen(PROPERTY_PREFIX);

	for (size_t i = 0; annotations && i < annotations->count; i++) {
		const char *key = annotations->items[i].key;
		AUTO_PROPERTY struct property property = {0};
		size_t length;
		int r;

		if (strncmp(key, PROPERTY_PREFIX, prefix) != 0)
			continue;
		key += prefix;
		length = strlen(key);
		r = property_parse(annotations->items[i].value, &property);
		if (r >= 0 && length > 3 && strcmp(key + length - 3, "Sec") == 0
		    && (length == 4 || strcmp(key + length - 4, "USec") != 0))
			r = add_seconds(bus, message, key, &property);
		else if (r >= 0)
			r = property_append(bus, message, key, &property);
		if (r < 0)
			return error_set(err, ERROR_INVALID,
			                 "annotation %s: \"%.200s\" is no value in the text form of GVariant, such as "
			                 "uint64 5, 'text', true",
			                 annotations->items[i].key, annotations->items[i].value);
	}
	return 0;
}

static int start_unit(struct bus *bus, const struct cgroup_request *request, const struct place *place, pid_t pid,
                      bool with_limits, struct error *err)
{
	const struct bus_calls *calls = &bus->calls;
	void *message = bus_method(bus, "StartTransientUnit");
	AUTO_FREE char *description = xprintf("coracle container %.12s", request->id);
	int r = message ? calls->sd_bus_message_append(message, "ss", place->unit, "replace") : -ENOMEM;

	if (r >= 0)
		r = calls->sd_bus_message_open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = add_text(bus, message, "Description", description);
	if (r >= 0 && place->slice)
		r = add_text(bus, message, "Slice", place->slice);
	if (r >= 0)
		r = calls->sd_bus_message_append(message, "(sv)", "PIDs", "au", 1, (uint32_t) pid);
	if (r >= 0)
		r = add_bool(bus, message, "Delegate", true);
	if (r >= 0)
		r = add_bool(bus, message, "DefaultDependencies", false);
	/* one that failed is forgotten too */
	if (r >= 0)
		r = add_text(bus, message, "CollectMode", "inactive-or-failed");
	if (r >= 0 && with_limits)
		r = add_limits(bus, message, request->resources, 1);
	if (r >= 0) {
		r = add_annotations(bus, message, request->annotations, err);
		if (r < 0) {
			(void) calls->sd_bus_message_unref(message);
			return r;
		}
	}
	if (r >= 0)
		r = calls->sd_bus_message_close_container(message);
	if (r >= 0)
		r = calls->sd_bus_message_append(message, "a(sa(sv))", 0);
	if (r < 0) {
		(void) calls->sd_bus_message_unref(message);
		return error_errno(err, -r, "write to systemd");
	}
	return bus_call(bus, message, true, err);
}

static int unit_call(struct bus *bus, const char *member, const char *unit, struct error *err)
{
	void *message = bus_method(bus, member);
	bool stop = strcmp(member, "StopUnit") == 0;
	int r = !message ? -ENOMEM
	        : stop   ? bus->calls.sd_bus_message_append(message, "ss", unit, "replace")
	                 : bus->calls.sd_bus_message_append(message, "s", unit);

	return r < 0 ? error_errno(err, -r, "write to systemd") : bus_call(bus, message, stop, err);
}

static int start_scope(struct bus *bus, const struct cgroup_request *request, const struct place *place, pid_t pid,
                       struct error *err)
{
	/* ourselves in the scope are not to be limited as the container is */
	bool limits = request->resources && pid != getpid();
	struct error first = {0}, ignored = {0};
	int r = start_unit(bus, request, place, pid, limits, &first);

	if (r < 0 && first.kind == ERROR_CONFLICT) {
		/* what is left of one with this name that failed */
		(void) !unit_call(bus, "ResetFailedUnit", place->unit, &ignored);
		r = start_unit(bus, request, place, pid, limits, &first);
	}
	/* an older systemd refuses a property that it does not know; the files of the cgroup below hold it all */
	if (r < 0 && limits && first.kind == ERROR_SYSTEM)
		r = start_unit(bus, request, place, pid, false, &first);
	if (r < 0)
		*err = first;
	return r;
}

static pid_t start_keeper(void)
{
	pid_t parent = getpid();
	pid_t pid = process_clone(0, -1, NULL);

	if (pid != 0)
		return pid;
	(void) prctl(PR_SET_NAME, "coracle-keeper");
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 0; fd < 1024; fd++)
		(void) close(fd);
	/* the parent may have gone before we asked to go with it */
	while (getppid() == parent)
		(void) pause();
	_exit(0);
}

bool scope_can_move(const struct hierarchy *unified)
{
	AUTO_FREE char *top = xprintf("%s/cgroup.procs", unified->mount);

	return strstr(unified->own, "/user@") != NULL || access(top, W_OK) == 0;
}

/* SCOPE/coracle-engine for who is in there, SCOPE/NAME for the container */
static int divide(const struct cgroup_request *request, const struct hierarchy *unified, const char *scope, pid_t pid,
                  struct cgroup *out, struct error *err)
{
	const char *name = request->annotations ? pairs_get(request->annotations, SUBGROUP) : NULL;
	AUTO_FREE char *aside = xprintf("%s/" ENGINE_GROUP, scope);
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = group_make(unified->mount, aside);
	int r = fd < 0 ? fd : group_move(fd, pid);

	name = name ? name : "container";
	if (r < 0)
		return error_errno(err, -r, "cgroup %s", aside);
	if (strchr(name, '/') || strcmp(name, "..") == 0)
		return error_set(err, ERROR_INVALID, "annotation " SUBGROUP ": \"%s\" is not a name", name);
	path = *name ? xprintf("%s/%s", scope, name) : xstrdup(scope);
	out->fd = group_make(unified->mount, path);
	if (out->fd < 0)
		return error_errno(err, -out->fd, "cgroup %s", path);
	out->path = TAKE_PTR(path);
	return 0;
}

int scope_make(const struct cgroup_request *request, const struct hierarchy *unified, struct cgroup *out, struct error *err)
{
	AUTO(place_done) struct place place = {0};
	AUTO_BUS struct bus bus = {0};
	AUTO_FREE char *scope = NULL;
	bool self = request->step_aside || !scope_can_move(unified);
	pid_t pid = getpid();
	int r = find_place(request, &place, err);

	if (r >= 0)
		r = bus_open(&bus, err);
	if (r >= 0 && !self) {
		pid = start_keeper();
		r = pid < 0 ? error_errno(err, -pid, "start a process for the scope") : 0;
		out->keeper = pid;
	}
	if (r >= 0)
		r = start_scope(&bus, request, &place, pid, err);
	if (r < 0)
		return r;
	out->scope = xstrdup(place.unit);
	scope = cgroup_of(pid);
	if (!scope || strlen(scope) < strlen(place.unit)
	    || strcmp(scope + strlen(scope) - strlen(place.unit), place.unit) != 0)
		return error_set(err, ERROR_SYSTEM, "systemd made %s, but not as a cgroup that is seen here", place.unit);
	return divide(request, unified, scope, pid, out, err);
}

int scope_attach(const struct cgroup *cgroup, const char *below, pid_t pid, struct error *err)
{
	AUTO_BUS struct bus bus = {0};
	AUTO_FREE char *sub = below && strcmp(below, cgroup->scope) != 0 ? xprintf("/%s", below) : xstrdup("");
	void *message;
	int r = bus_open(&bus, err);

	if (r < 0)
		return r;
	message = bus_method(&bus, "AttachProcessesToUnit");
	r = message ? bus.calls.sd_bus_message_append(message, "ssau", cgroup->scope, sub, 1, (uint32_t) pid) : -ENOMEM;
	return r < 0 ? error_errno(err, -r, "write to systemd") : bus_call(&bus, message, false, err);
}

int scope_update(const struct cgroup *cgroup, const struct oci_resources *resources, struct error *err)
{
	AUTO_BUS struct bus bus = {0};
	void *message;
	int r = bus_open(&bus, err);

	if (r < 0)
		return r;
	message = bus_method(&bus, "SetUnitProperties");
	r = message ? bus.calls.sd_bus_message_append(message, "sb", cgroup->scope, true) : -ENOMEM;
	if (r >= 0)
		r = bus.calls.sd_bus_message_open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = add_limits(&bus, message, resources, 0);
	if (r >= 0)
		r = bus.calls.sd_bus_message_close_container(message);
	return r < 0 ? error_errno(err, -r, "write to systemd") : bus_call(&bus, message, false, err);
}

void scope_remove(const struct cgroup *cgroup)
{
	AUTO_BUS struct bus bus = {0};
	AUTO_FREE char *own = cgroup_of(getpid());
	AUTO_FREE char *part = xprintf("/%s/", cgroup->scope);
	struct error ignored = {0};

	/* with ourselves in it it ends when we do */
	if ((own && strstr(own, part)) || bus_open(&bus, &ignored) < 0)
		return;
	/* -ENOENT: it went with its last process */
	if (unit_call(&bus, "StopUnit", cgroup->scope, &ignored) >= 0 || ignored.kind != ERROR_NOT_FOUND)
		(void) !unit_call(&bus, "ResetFailedUnit", cgroup->scope, &ignored);
}
