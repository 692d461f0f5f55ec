/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_validate_linux.c - "linux" of config.json: OCI runtime-spec config-linux.md */
#include "coracle/oci/runtime.h"

#include <inttypes.h>
#include <string.h>

#include "runtime_validate.h"

#define NANOSECONDS      1000000000
#define DEVICE_NAME_SIZE 16 /* IFNAMSIZ */

static const char *const namespace_types[] = {
	"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time", NULL,
};
/* the recursive ones are no words of the specification, but every runtime takes them */
static const char *const propagations[] = {
	"shared", "slave",    "private",     "unbindable", "rshared",
	"rslave", "rprivate", "runbindable", NULL,
};
static const char *const device_types[] = {"a", "b", "c", "u", "p", NULL};
static const char *const domains[] = {"LINUX", "LINUX32", NULL};
static const char *const memory_modes[] = {
	"MPOL_DEFAULT",   "MPOL_BIND",           "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
	"MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL",      NULL,
};
static const char *const memory_flags[] = {
	"MPOL_F_NUMA_BALANCING",
	"MPOL_F_RELATIVE_NODES",
	"MPOL_F_STATIC_NODES",
	NULL,
};

static int validate_namespaces(const struct list *namespaces, struct error *err)
{
	for (size_t i = 0; i < namespaces->count; i++) {
		const struct oci_namespace *ns = LIST_AT(struct oci_namespace, namespaces, i);

		if (!word_is_one_of(ns->type, namespace_types))
			return error_set(err, ERROR_INVALID,
			                 "\"namespaces\"[%zu]: \"type\" is unknown: \"%.40s\"", i,
			                 ns->type);
		if (ns->path && ns->path[0] && ns->path[0] != '/')
			return error_set(err, ERROR_INVALID,
			                 "\"namespaces\"[%zu]: \"path\" is not an absolute path: "
			                 "\"%.200s\"",
			                 i, ns->path);
		for (size_t k = 0; k < i; k++)
			if (strcmp(LIST_AT(struct oci_namespace, namespaces, k)->type, ns->type) ==
			    0)
				return error_set(err, ERROR_INVALID,
				                 "\"namespaces\"[%zu]: type \"%s\" stands twice", i,
				                 ns->type);
	}
	return 0;
}

static int validate_paths(const struct texts *paths, const char *name, struct error *err)
{
	for (size_t i = 0; i < paths->count; i++)
		if (paths->items[i][0] != '/')
			return error_set(err, ERROR_INVALID,
			                 "\"%s\"[%zu] is not an absolute path: \"%.200s\"", name, i,
			                 paths->items[i]);
	return 0;
}

static int validate_devices(const struct list *devices, struct error *err)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct oci_device *device = LIST_AT(struct oci_device, devices, i);

		if (!word_is_one_of(device->type, device_types + 1))
			return error_set(err, ERROR_INVALID,
			                 "\"devices\"[%zu]: \"type\" is not one of b, c, u, p: "
			                 "\"%.40s\"",
			                 i, device->type);
		if (device->path[0] != '/')
			return error_set(err, ERROR_INVALID,
			                 "\"devices\"[%zu]: \"path\" is not an absolute path: "
			                 "\"%.200s\"",
			                 i, device->path);
		if (device->major < 0 || device->major > UINT32_MAX || device->minor < 0 ||
		    device->minor > UINT32_MAX)
			return error_set(err, ERROR_INVALID,
			                 "\"devices\"[%zu]: \"major\" or \"minor\" is out of range",
			                 i);
		if (device->file_mode.set && device->file_mode.value > 0177777)
			return error_set(err, ERROR_INVALID,
			                 "\"devices\"[%zu]: \"fileMode\" is out of range", i);
	}
	return 0;
}

/* A name becomes a path below /proc/sys: it must not climb out. */
static int validate_sysctl(const struct pairs *sysctl, struct error *err)
{
	for (size_t i = 0; i < sysctl->count; i++) {
		const char *key = sysctl->items[i].key;

		if (!key[0] || key[0] == '/' || key[0] == '.' || strstr(key, "..") ||
		    strstr(key, "//") || strstr(key, "./") || strstr(key, "/."))
			return error_set(err, ERROR_INVALID,
			                 "\"sysctl\": \"%.200s\" is no name of a setting", key);
	}
	return 0;
}

static int validate_personality(const struct oci_personality *personality, struct error *err)
{
	if (!word_is_one_of(personality->domain, domains))
		return error_set(err, ERROR_INVALID,
		                 "\"personality\": \"domain\" is not LINUX or LINUX32: \"%.40s\"",
		                 personality->domain);
	if (personality->flags.count)
		return error_set(err, ERROR_INVALID,
		                 "\"personality\": \"flags\" must be empty: no flag is defined");
	return 0;
}

/* only a namespace in which nobody is yet has offsets to be set (time_namespaces(7)) */
static int validate_time_namespace(const struct oci_linux *linux_, struct error *err)
{
	LIST_EACH (struct oci_namespace, ns, &linux_->namespaces)
		if (strcmp(ns->type, "time") == 0 && (!ns->path || !ns->path[0]))
			return 0;
	return error_set(err, ERROR_INVALID,
	                 "\"timeOffsets\" needs a namespace of type \"time\" without \"path\"");
}

static int validate_time_offset(const struct oci_time_offset *offset, const char *name,
                                struct error *err)
{
	if (offset && offset->nanosecs >= NANOSECONDS)
		return error_set(err, ERROR_INVALID,
		                 "\"timeOffsets\": \"%s\": \"nanosecs\" is not below a second",
		                 name);
	return 0;
}

/* set_mempolicy(2): what each mode has to do with nodes */
static int validate_nodes(const struct oci_memory_policy *policy, struct error *err)
{
	static const char *const without[] = {"MPOL_DEFAULT", "MPOL_LOCAL", NULL};
	static const char *const either[] = {"MPOL_PREFERRED", NULL};
	bool given = policy->nodes && policy->nodes[0];
	int r = validate_list(policy->nodes, OCI_NODES_MAX, "nodes", err);

	if (r < 0)
		return error_wrap(err, r, "\"memoryPolicy\"");
	if (given && word_is_one_of(policy->mode, without))
		return error_set(err, ERROR_INVALID, "\"memoryPolicy\": %s takes no \"nodes\"", policy->mode);
	if (!given && !word_is_one_of(policy->mode, without) && !word_is_one_of(policy->mode, either))
		return error_set(err, ERROR_INVALID, "\"memoryPolicy\": %s needs \"nodes\"", policy->mode);
	if (texts_has(&policy->flags, "MPOL_F_STATIC_NODES") && texts_has(&policy->flags, "MPOL_F_RELATIVE_NODES"))
		return error_set(err, ERROR_INVALID,
		                 "\"memoryPolicy\": MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude one "
		                 "another");
	return 0;
}

static int validate_memory_policy(const struct oci_memory_policy *policy, struct error *err)
{
	if (!word_is_one_of(policy->mode, memory_modes))
		return error_set(err, ERROR_INVALID,
		                 "\"memoryPolicy\": \"mode\" is unknown: \"%.40s\"", policy->mode);
	for (size_t i = 0; i < policy->flags.count; i++)
		if (!word_is_one_of(policy->flags.items[i], memory_flags))
			return error_set(err, ERROR_INVALID,
			                 "\"memoryPolicy\": \"flags\"[%zu] is unknown: \"%.40s\"",
			                 i, policy->flags.items[i]);
	return validate_nodes(policy, err);
}

/* the name of an interface as the kernel takes it: dev_valid_name() */
static bool is_device_name(const char *name)
{
	return name[0] && strlen(name) < DEVICE_NAME_SIZE && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && !name[strcspn(name, "/: \t\n\v\f\r")];
}

static int validate_net_devices(const struct oci_linux *linux_, struct error *err)
{
	const char *device;
	json_t *row;

	if (!json_is_object(linux_->net_devices))
		return error_set(err, ERROR_INVALID, "\"netDevices\" is not a JSON object");
	json_object_foreach (linux_->net_devices, device, row) {
		const json_t *name = json_object_get(row, "name");

		if (!is_device_name(device))
			return error_set(err, ERROR_INVALID,
			                 "\"netDevices\": \"%.40s\" is no name of an interface", device);
		if (!json_is_object(row))
			return error_set(err, ERROR_INVALID,
			                 "\"netDevices\": \"%.40s\" is not a JSON object", device);
		if (name && (!json_is_string(name) || !is_device_name(json_string_value(name))))
			return error_set(err, ERROR_INVALID,
			                 "\"netDevices\": \"%.40s\": \"name\" is no name of an interface",
			                 device);
	}
	return 0;
}

static int validate_device_rules(const struct list *rules, struct error *err)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct oci_device_rule *rule = LIST_AT(struct oci_device_rule, rules, i);

		if (rule->type && rule->type[0] &&
		    (!word_is_one_of(rule->type, device_types) || strchr("up", rule->type[0])))
			return error_set(
				err, ERROR_INVALID,
				"\"devices\"[%zu]: \"type\" is not one of a, b, c: \"%.40s\"", i,
				rule->type);
		if (rule->access && rule->access[strspn(rule->access, "rwm")])
			return error_set(err, ERROR_INVALID,
			                 "\"devices\"[%zu]: \"access\" is not made of r, w, m: "
			                 "\"%.40s\"",
			                 i, rule->access);
	}
	return 0;
}

static int validate_memory(const struct oci_memory *memory, struct error *err)
{
	const struct {
		const char *name;
		struct opt_int value;
	} limits[] = {
		{"limit", memory->limit},
		{"reservation", memory->reservation},
		{"swap", memory->swap},
		{"kernel", memory->kernel},
		{"kernelTCP", memory->kernel_tcp},
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].value.set && limits[i].value.value < -1)
			return error_set(err, ERROR_INVALID,
			                 "\"memory\": \"%s\" is below -1 (no limit)",
			                 limits[i].name);
	if (memory->swappiness.set && memory->swappiness.value > 100)
		return error_set(err, ERROR_INVALID, "\"memory\": \"swappiness\" is above 100");
	return 0;
}

int validate_resources(const struct oci_resources *resources, struct error *err)
{
	const struct oci_cpu *cpu = resources->cpu;
	int r = validate_device_rules(&resources->devices, err);

	if (r >= 0 && resources->memory)
		r = validate_memory(resources->memory, err);
	if (r < 0)
		return r;
	if (cpu && cpu->idle.set && (cpu->idle.value < 0 || cpu->idle.value > 1))
		return error_set(err, ERROR_INVALID, "\"cpu\": \"idle\" is not 0 or 1");
	/* of the kernel's scheduler, whether there is a controller or not */
	if (cpu && cpu->period.set && cpu->period.value != 0 && (cpu->period.value < 1000 || cpu->period.value > 1000000))
		return error_set(err, ERROR_INVALID, "\"cpu\": \"period\" is not 1000 to 1000000 microseconds");
	for (size_t i = 0; i < resources->unified.count; i++) {
		const char *key = resources->unified.items[i].key;

		/* the key is a file of the cgroup, no path */
		if (!key[0] || key[0] == '.' || strchr(key, '/'))
			return error_set(err, ERROR_INVALID,
			                 "\"unified\": \"%.200s\" is no file of a cgroup", key);
	}
	return 0;
}

static int validate_lists(const struct oci_linux *linux_, struct error *err)
{
	int r = validate_namespaces(&linux_->namespaces, err);

	if (r >= 0)
		r = validate_id_mappings(&linux_->uid_mappings, "uidMappings", err);
	if (r >= 0)
		r = validate_id_mappings(&linux_->gid_mappings, "gidMappings", err);
	if (r >= 0)
		r = validate_devices(&linux_->devices, err);
	if (r >= 0)
		r = validate_sysctl(&linux_->sysctl, err);
	if (r >= 0)
		r = validate_paths(&linux_->masked_paths, "maskedPaths", err);
	if (r >= 0)
		r = validate_paths(&linux_->readonly_paths, "readonlyPaths", err);
	return r;
}

int validate_linux(const struct oci_linux *linux_, struct error *err)
{
	int r = validate_lists(linux_, err);

	if (r >= 0 && linux_->rootfs_propagation && linux_->rootfs_propagation[0] &&
	    !word_is_one_of(linux_->rootfs_propagation, propagations))
		r = error_set(err, ERROR_INVALID, "\"rootfsPropagation\" is unknown: \"%.40s\"",
		              linux_->rootfs_propagation);
	if (r >= 0 && linux_->resources) {
		r = validate_resources(linux_->resources, err);
		if (r < 0)
			return error_wrap(err, r, "\"resources\"");
	}
	if (r >= 0 && linux_->seccomp && linux_->seccomp->listener_metadata &&
	    linux_->seccomp->listener_metadata[0] && !linux_->seccomp->listener_path)
		r = error_set(err, ERROR_INVALID,
		              "\"seccomp\": \"listenerMetadata\" needs \"listenerPath\"");
	if (r >= 0 && linux_->personality)
		r = validate_personality(linux_->personality, err);
	if (r >= 0 && linux_->memory_policy)
		r = validate_memory_policy(linux_->memory_policy, err);
	if (r >= 0 && linux_->net_devices)
		r = validate_net_devices(linux_, err);
	if (r >= 0 && linux_->intel_rdt && !json_is_object(linux_->intel_rdt))
		r = error_set(err, ERROR_INVALID, "\"intelRdt\" is not a JSON object");
	if (r >= 0 && linux_->time_offsets)
		r = validate_time_namespace(linux_, err);
	if (r >= 0 && linux_->time_offsets)
		r = validate_time_offset(linux_->time_offsets->monotonic, "monotonic", err);
	if (r >= 0 && linux_->time_offsets)
		r = validate_time_offset(linux_->time_offsets->boottime, "boottime", err);
	return r;
}
