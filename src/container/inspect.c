/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect.c - all that is known of a container, with the keys of docker and of podman */
#include "inspect.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/container/container.h"
#include "coracle/image/image.h"
#include "coracle/sys/caps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "object.h"
#include "size.h"
#include "words.h"

#define NEVER             "0001-01-01T00:00:00Z" /* Go's zero time, as both print it */
#define STATUS_FILE_BYTES 65536
#define OCI_VERSION       "1.1.0"

static bool is_running(const struct container *container)
{
	return container->status == STATUS_RUNNING || container->status == STATUS_PAUSED;
}

static bool is_checked(const struct record *record)
{
	return record->health && record->health->test.count && strcmp(record->health->test.items[0], "NONE") != 0;
}

static json_t *health_value(const struct health *health)
{
	json_t *object = json_object(), *log = json_array();

	object_text(object, "Status", health && health->status ? health->status : "starting");
	object_number(object, "FailingStreak", health ? health->failing_streak : 0);
	if (health) {
		LIST_EACH(struct health_check, check, &health->log) {
			json_t *entry = json_object();

			object_text(entry, "Start", check->start);
			object_text(entry, "End", check->end);
			object_number(entry, "ExitCode", check->exit_code);
			object_text(entry, "Output", check->output);
			(void) json_array_append_new(log, entry);
		}
	}
	object_set(object, "Log", log);
	return object;
}

static json_t *state_value(const struct container *container)
{
	const struct exit_record *last = container->exit;
	const struct run *run = container->run;
	const char *started = words_started(container), *finished = words_finished(container);
	json_t *object = json_object();

	object_text(object, "OciVersion", OCI_VERSION);
	object_text(object, "Status", status_name(container->status));
	object_bool(object, "Running", is_running(container) || container->status == STATUS_RESTARTING);
	object_bool(object, "Paused", container->status == STATUS_PAUSED);
	object_bool(object, "Restarting", container->status == STATUS_RESTARTING);
	object_bool(object, "OOMKilled", last && !is_running(container) && last->oom_killed);
	object_bool(object, "Dead", false);
	object_number(object, "Pid", run ? run->pid : 0);
	object_number(object, "ConmonPid", run ? run->monitor_pid : 0);
	object_number(object, "ExitCode", last && !is_running(container) ? last->code : 0);
	object_text(object, "Error", last && !is_running(container) ? last->error : NULL);
	object_text(object, "StartedAt", started ? started : NEVER);
	object_text(object, "FinishedAt", finished ? finished : NEVER);
	object_bool(object, "StoppedByUser", last && last->stopped_by_user);
	object_text(object, "CgroupPath", run ? run->cgroup : NULL);
	object_text(object, "CheckpointedAt", NEVER);
	object_text(object, "RestoredAt", NEVER);
	if (is_checked(container->record)) {
		object_set(object, "Health", health_value(run ? run->health : NULL));
	}
	return object;
}

char *inspect_log_path(const struct paths *paths, const struct record *record)
{
	const char *driver = record->log_driver ? record->log_driver : "";
	const char *own = strcmp(driver, "json-file") == 0  ? "log.json"
	                  : strcmp(driver, "k8s-file") == 0 ? "log"
	                                                    : NULL;
	const char *name = record->log_path && *record->log_path ? record->log_path : own;

	if (!own)
		return xstrdup("");
	return *name == '/' ? xstrdup(name)
	                    : xprintf("%s/containers/%s/%s", paths->data, record->id, name);
}

/*
 * As asked for, else what the first start has left (monitor/root.c), else what the probe of this boot has found
 * ("NAME DEVICE"); before the first start nobody knows.
 */
static char *driver_name(const struct paths *paths, const struct record *record)
{
	AUTO_FREE char *link = xprintf("containers/%s/driver", record->id);
	AUTO_FREE char *found = NULL;
	char name[64];
	ssize_t length;

	if (record->driver && *record->driver)
		return xstrdup(record->driver);
	length = readlinkat(paths->data_fd, link, name, sizeof name);
	if (length > 0)
		return xstrndup(name, (size_t) length);
	if (record->layers.count == 0 || file_read(paths->runtime_fd, "driver.any", 256, &found, NULL) < 0)
		return xstrdup("");
	return xstrndup(found, strcspn(found, " \n"));
}

static bool has_layer(const char *directory, const char *chain_id)
{
	AUTO_FREE char *path = xprintf("%s/store/layers/%s", directory, digest_hex(chain_id));

	return access(path, F_OK) == 0;
}

/* layer_store - the directory that the layer's store is in: the own one, or one of those that the container was made from */
static const char *layer_store(const struct paths *paths, const struct record *record, const char *chain_id)
{
	size_t count = record->stores.count;

	if (count == 0 || has_layer(paths->data, chain_id))
		return paths->data;
	for (size_t i = 0; i < count; i++)
		if (has_layer(record->stores.items[i], chain_id))
			return record->stores.items[i];
	/* gone for now */
	return record->stores.items[count - 1];
}

static json_t *graph_driver(const struct paths *paths, const struct record *record, const char *driver)
{
	json_t *object = json_object(), *data = json_object();
	AUTO_FREE char *directory = xprintf("%s/containers/%s", paths->data, record->id);
	AUTO_FREE char *upper = xprintf("%s/upper", directory), *work = xprintf("%s/work", directory);
	AUTO_FREE char *merged = xprintf("%s/merged", directory);
	AUTO_TEXTS struct texts layers = {0};
	AUTO_FREE char *lower = NULL;

	/* uppermost first, as overlayfs wants it */
	for (size_t i = record->layers.count; i-- > 0;)
		if (digest_is_valid(record->layers.items[i]))
			texts_printf(&layers, "%s/store/layers/%s/diff",
			             layer_store(paths, record, record->layers.items[i]),
			             digest_hex(record->layers.items[i]));
	lower = texts_join(&layers, ":");
	object_text(data, "LowerDir", lower);
	object_text(data, "MergedDir", merged);
	object_text(data, "UpperDir", upper);
	object_text(data, "WorkDir", work);
	object_text(object, "Name", driver);
	object_set(object, "Data", data);
	return object;
}

/* A file that the monitor makes for each run. */
static void set_run_file(json_t *object, const char *key, const struct paths *paths,
                         const struct container *container, const char *file)
{
	AUTO_FREE char *path = xprintf("%s/containers/%s/%s", paths->runtime, container->id, file);

	object_text(object, key, container->run ? path : "");
}

static json_t *caps_value(uint64_t set)
{
	json_t *array = json_array();

	for (int i = 0; i <= caps_last() && i < 64; i++)
		if (set & CAPS_BIT(i) && caps_name(i))
			array_text(array, caps_name(i));
	return array;
}

/* What the kernel says of the running process (proc_pid_status(5)); empty while none runs. */
static uint64_t caps_of(const char *status, const char *name)
{
	const char *line = status ? strstr(status, name) : NULL;
	uint64_t set = 0;

	if (line && sscanf(line + strlen(name), " %" SCNx64, &set) != 1)
		return 0;
	return set;
}

static void set_caps(json_t *object, const struct container *container)
{
	AUTO_FREE char *status = NULL;

	if (container->run && container->run->pid > 0) {
		AUTO_FREE char *path = xprintf("/proc/%" PRId64 "/status", container->run->pid);

		/* it may have ended by now */
		(void) !file_read(AT_FDCWD, path, STATUS_FILE_BYTES, &status, NULL);
	}
	object_set(object, "EffectiveCaps", caps_value(caps_of(status, "\nCapEff:")));
	object_set(object, "BoundingCaps", caps_value(caps_of(status, "\nCapBnd:")));
}

static void set_image(json_t *object, struct engine *engine, const struct record *record)
{
	AUTO_IMAGE_RECORD struct image_record image = {0};
	struct error ignored = {0};
	struct store *store = engine_store(engine, &ignored);

	object_text(object, "Image", record->image_id);
	object_text(object, "ImageName", record->image);
	/* an image that is gone has no digest any more */
	if (store && record->image_id && *record->image_id)
		(void) !image_record_read(store, record->image_id, &image, &ignored);
	object_text(object, "ImageDigest", image.manifest_digest);
	object_text(object, "Rootfs", record->rootfs);
	object_text(object, "Platform", "linux");
}

static void set_process(json_t *object, const struct record *record)
{
	AUTO_TEXTS struct texts rest = {0};

	for (size_t i = 1; i < record->args.count; i++)
		texts_add(&rest, record->args.items[i]);
	object_text(object, "Path", record->args.count ? record->args.items[0] : "");
	object_texts(object, "Args", &rest);
}

static void set_files(json_t *object, const struct paths *paths, const struct container *container)
{
	const struct record *record = container->record;
	AUTO_FREE char *directory = xprintf("%s/containers/%s", paths->data, record->id);
	AUTO_FREE char *config = xprintf("%s/config.json", directory);
	AUTO_FREE char *log = inspect_log_path(paths, record);

	set_run_file(object, "ResolvConfPath", paths, container, "resolv.conf");
	set_run_file(object, "HostnamePath", paths, container, "hostname");
	set_run_file(object, "HostsPath", paths, container, "hosts");
	object_text(object, "LogPath", log);
	object_text(object, "StaticDir", directory);
	object_text(object, "OCIConfigPath", config);
	object_text(object, "OCIRuntime", "coracle");
	object_text(object, "ConmonPidFile", "");
	object_text(object, "PidFile", record->pid_file);
}

/* --network container:ID and its kin */
static json_t *dependencies(const struct record *record)
{
	const char *const modes[] = {record->network, record->pid_mode, record->ipc_mode, record->uts_mode};
	AUTO_TEXTS struct texts ids = {0};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (modes[i] && strncmp(modes[i], "container:", 10) == 0 && !texts_has(&ids, modes[i] + 10))
			texts_add(&ids, modes[i] + 10);
	return texts_value(&ids);
}

static void set_size(json_t *object, struct engine *engine, const struct container *container)
{
	struct size size;

	size_of(engine, container, &size);
	object_number(object, "SizeRw", (int64_t) size.written);
	object_number(object, "SizeRootFs", (int64_t) size.total);
}

static json_t *container_value(struct engine *engine, const struct container *container, bool size)
{
	const struct record *record = container->record;
	const struct run *run = container->run;
	const struct texts none = {0};
	AUTO_FREE char *driver = driver_name(&engine->paths, record);
	json_t *object = json_object();

	object_text(object, "Id", container->id);
	object_text(object, "Created", record->created);
	set_process(object, record);
	object_set(object, "State", state_value(container));
	set_image(object, engine, record);
	set_files(object, &engine->paths, container);
	object_text(object, "Name", container->name);
	object_number(object, "RestartCount", run ? run->restarts : container->exit ? container->exit->restarts : 0);
	object_text(object, "Driver", driver);
	object_text(object, "MountLabel", "");
	object_text(object, "ProcessLabel", "");
	object_text(object, "AppArmorProfile", "");
	set_caps(object, container);
	object_texts(object, "ExecIDs", &none);
	object_set(object, "HostConfig", inspect_host_config(&engine->paths, container));
	object_set(object, "GraphDriver", graph_driver(&engine->paths, record, driver));
	if (size)
		set_size(object, engine, container);
	object_set(object, "Mounts", inspect_mounts(&engine->paths, record));
	object_set(object, "Dependencies", dependencies(record));
	object_set(object, "Config", inspect_config(container));
	object_set(object, "NetworkSettings", inspect_network(container));
	object_text(object, "Pod", "");
	object_text(object, "Namespace", "");
	object_bool(object, "IsInfra", false);
	object_bool(object, "IsService", false);
	return object;
}

int container_inspect(struct engine *engine, const char *name, bool size, json_t **out, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	int r = state_find(&engine->paths, name, STATE_FULL, &container, err);

	if (r < 0)
		return r;
	if (!container.record || container.status == STATUS_DAMAGED)
		return error_set(err, ERROR_SYSTEM, "container %.12s is damaged: %.1000s; remove it with: coracle rm -f %.12s",
		                 container.id, container.damage ? container.damage : "unknown", container.id);
	*out = container_value(engine, &container, size);
	return 0;
}
