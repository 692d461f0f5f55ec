/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_host.c - "HostConfig" of inspect: isolation, limits, what is shared with the host */
#include "coracle/base/alloc.h"
#include "coracle/format/human.h"

#include <stdio.h>
#include <string.h>

#include "inspect.h"
#include "object.h"
#include "words.h"

#define PERIOD_DEFAULT 100000 /* microseconds, cpu.max of cgroups(7) */

static json_t *binds(const struct record *record)
{
	json_t *array = json_array();

	LIST_EACH(struct record_mount, mount, &record->mounts) {
		AUTO_FREE char *options = texts_join(&mount->options, ",");
		AUTO_FREE char *bind = NULL;

		if (!mount->type || mount->anonymous || mount->from_image || strcmp(mount->type, "tmpfs") == 0)
			continue;
		bind = xprintf("%s:%s:%s%s%s", mount->source, mount->target, mount->read_only ? "ro" : "rw",
		               *options ? "," : "", options);
		array_text(array, bind);
	}
	return array;
}

static json_t *tmpfs(const struct record *record)
{
	json_t *object = json_object();

	LIST_EACH(struct record_mount, mount, &record->mounts) {
		AUTO_FREE char *options = texts_join(&mount->options, ",");

		if (mount->type && strcmp(mount->type, "tmpfs") == 0)
			object_text(object, mount->target, options);
	}
	return object;
}

static json_t *log_config(const struct paths *paths, const struct record *record)
{
	json_t *object = json_object(), *options = json_object();
	AUTO_FREE char *path = inspect_log_path(paths, record);
	char number[24], size[HUMAN_TEXT_SIZE];

	if (record->log_max_size) {
		(void) snprintf(number, sizeof number, "%llu", (unsigned long long) record->log_max_size);
		object_text(options, "max-size", number);
	}
	if (record->log_max_files) {
		(void) snprintf(number, sizeof number, "%llu", (unsigned long long) record->log_max_files);
		object_text(options, "max-file", number);
	}
	if (record->log_tag && *record->log_tag)
		object_text(options, "tag", record->log_tag);
	object_text(object, "Type", record->log_driver);
	object_set(object, "Config", options);
	object_text(object, "Path", path);
	object_text(object, "Tag", record->log_tag);
	object_text(object, "Size", human_size(record->log_max_size, size));
	return object;
}

static json_t *port_bindings(const struct record *record)
{
	json_t *object = json_object();

	LIST_EACH(struct record_port, port, &record->ports) {
		AUTO_FREE char *key = xprintf("%u/%s", (unsigned) port->container_port,
		                              port->protocol && *port->protocol ? port->protocol : "tcp");
		json_t *bindings = json_object_get(object, key), *binding = json_object();
		char number[24] = "";

		if (port->host_port)
			(void) snprintf(number, sizeof number, "%u", (unsigned) port->host_port);
		object_text(binding, "HostIp", port->host_ip);
		object_text(binding, "HostPort", number);
		if (!bindings) {
			bindings = json_array();
			object_set(object, key, bindings);
		}
		(void) json_array_append_new(bindings, binding);
	}
	return object;
}

static json_t *restart_policy(const struct record_restart *restart)
{
	json_t *object = json_object();

	object_text(object, "Name", restart->policy && *restart->policy ? restart->policy : "no");
	object_number(object, "MaximumRetryCount", (int64_t) restart->retries);
	return object;
}

static json_t *devices(const struct record *record)
{
	json_t *array = json_array();

	LIST_EACH(struct record_device, device, &record->devices) {
		json_t *object = json_object();

		object_text(object, "PathOnHost", device->source);
		object_text(object, "PathInContainer", device->target);
		object_text(object, "CgroupPermissions", device->permissions);
		(void) json_array_append_new(array, object);
	}
	return array;
}

static json_t *ulimits(const struct record *record)
{
	json_t *array = json_array();

	LIST_EACH(struct record_ulimit, ulimit, &record->ulimits) {
		json_t *object = json_object();

		object_text(object, "Name", ulimit->name);
		object_number(object, "Hard", ulimit->hard);
		object_number(object, "Soft", ulimit->soft);
		(void) json_array_append_new(array, object);
	}
	return array;
}

/* --cpus is kept as a quota: this is what it was */
static int64_t nano_cpus(const struct record_resources *resources)
{
	int64_t period = resources->cpu_period ? (int64_t) resources->cpu_period : PERIOD_DEFAULT;

	if (resources->cpu_quota <= 0 || resources->cpu_quota > INT64_MAX / 1000000)
		return 0;
	return resources->cpu_quota * 1000000 / period * 1000;
}

static void set_resources(json_t *object, const struct record_resources *resources)
{
	object_number(object, "CpuShares", resources->cpu_shares);
	object_number(object, "Memory", resources->memory);
	object_number(object, "NanoCpus", nano_cpus(resources));
	object_text(object, "CgroupParent", "");
	object_number(object, "BlkioWeight", (int64_t) resources->blkio_weight);
	object_number(object, "CpuPeriod", (int64_t) resources->cpu_period);
	object_number(object, "CpuQuota", resources->cpu_quota);
	object_text(object, "CpusetCpus", resources->cpuset_cpus);
	object_text(object, "CpusetMems", resources->cpuset_mems);
	object_number(object, "MemoryReservation", resources->memory_reservation);
	object_number(object, "MemorySwap", resources->memory_swap);
	object_set(object, "MemorySwappiness", json_null());
	object_bool(object, "OomKillDisable", false);
	object_number(object, "OomScoreAdj", resources->oom_score_adj.set ? resources->oom_score_adj.value : 0);
	object_set(object, "PidsLimit", resources->pids_limit ? json_integer(resources->pids_limit) : json_null());
	object_pairs(object, "CgroupConf", &resources->unified);
}

static void set_security(json_t *object, const struct record *record)
{
	object_texts(object, "CapAdd", &record->cap_add);
	object_texts(object, "CapDrop", &record->cap_drop);
	object_bool(object, "Privileged", record->privileged);
	object_bool(object, "ReadonlyRootfs", record->read_only);
	object_texts(object, "SecurityOpt", &record->security_options);
	object_texts(object, "GroupAdd", &record->groups);
	object_pairs(object, "Sysctls", &record->sysctls);
	object_set(object, "Ulimits", ulimits(record));
	object_set(object, "Devices", devices(record));
}

static void set_network(json_t *object, const struct record *record)
{
	const char *mode = record->network;
	bool is_plain = !mode || !*mode || strcmp(mode, "private") == 0;

	object_text(object, "NetworkMode", is_plain ? "slirp4netns" : mode);
	object_set(object, "PortBindings", port_bindings(record));
	object_bool(object, "PublishAllPorts", record->publish_all);
	object_texts(object, "Dns", &record->dns);
	object_texts(object, "DnsOptions", &record->dns_options);
	object_texts(object, "DnsSearch", &record->dns_search);
	object_texts(object, "ExtraHosts", &record->add_hosts);
	object_set(object, "Links", json_null());
}

static void set_namespaces(json_t *object, const struct record *record)
{
	object_text(object, "CgroupnsMode", record->cgroupns_mode);
	object_text(object, "CgroupMode", record->cgroupns_mode);
	object_text(object, "IpcMode", record->ipc_mode);
	object_text(object, "PidMode", record->pid_mode);
	object_text(object, "UTSMode", record->uts_mode);
	object_text(object, "UsernsMode", record->userns_mode);
}

json_t *inspect_host_config(const struct paths *paths, const struct container *container)
{
	const struct record *record = container->record;
	json_t *object = json_object();

	object_set(object, "Binds", binds(record));
	object_text(object, "ContainerIDFile", record->cid_file);
	object_set(object, "LogConfig", log_config(paths, record));
	set_network(object, record);
	object_set(object, "RestartPolicy", restart_policy(&record->restart));
	object_bool(object, "AutoRemove", record->auto_remove);
	object_text(object, "VolumeDriver", "");
	object_set(object, "VolumesFrom", json_null());
	object_set(object, "ConsoleSize", json_pack("[i,i]", 0, 0));
	object_pairs(object, "Annotations", &record->annotations);
	set_security(object, record);
	set_namespaces(object, record);
	object_text(object, "Cgroup", "");
	object_text(object, "Cgroups", "default");
	object_set(object, "Init", json_boolean(record->init));
	object_set(object, "StorageOpt", json_null());
	object_set(object, "Tmpfs", tmpfs(record));
	object_number(object, "ShmSize", (int64_t) record->shm_size);
	object_text(object, "Runtime", "coracle");
	object_text(object, "Isolation", "");
	set_resources(object, &record->resources);
	return object;
}
