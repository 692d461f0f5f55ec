/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_info.c - coracle info: this machine, this store, in docker's keys and in podman's (coracle-info(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/log.h"
#include "coracle/base/spawn.h"
#include "coracle/format/output.h"
#include "coracle/state/state.h"
#include "coracle/store/driver.h"
#include "coracle/store/shared.h"
#include "coracle/runtime/cgroup.h"
#include "machine.h"

#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

struct info_request {
	char *format;
	bool debug;
};

static const struct opt info_opts[] = {
	OPT_TEXT('f', "format", struct info_request, format, "TEMPLATE",
	         "json, or a template such as '{{.Store.GraphRoot}}' or '{{.ServerVersion}}'"),
	OPT_IGNORED('D', "debug", NULL, "there is nothing more to tell"),
	OPT_END,
};

struct facts {
	struct utsname names;
	struct machine_memory memory;
	bool rootless;
	const char *cgroup_version;
	const char *driver;
	struct pairs driver_facts; /* which were tried, with what result; where the wish came from */
	int containers, running, paused, stopped, images;
	char *pretty_name, *distribution, *distribution_version;
	char *slirp;
};

static void facts_done(struct facts *facts)
{
	free(facts->pretty_name);
	free(facts->distribution);
	free(facts->distribution_version);
	free(facts->slirp);
	pairs_done(&facts->driver_facts);
}

static void count_containers(struct engine *engine, struct facts *facts)
{
	AUTO_CONTAINERS struct list containers = {0};
	struct error err = {0};

	if (state_list(&engine->paths, STATE_ALL, STATE_SUMMARY, &containers, &err) < 0) {
		print_warning("containers can't be counted: %s", err.text);
		return;
	}
	LIST_EACH(const struct container, container, &containers) {
		facts->containers++;
		if (container->status == STATUS_RUNNING || container->status == STATUS_STARTING
		    || container->status == STATUS_RESTARTING)
			facts->running++;
		else if (container->status == STATUS_PAUSED)
			facts->paused++;
		else
			facts->stopped++;
	}
}

/* Why it is that driver: whose wish it was, and what became of those that were tried before. */
static void look_at_driver(struct engine *engine, struct store *store, struct facts *facts)
{
	AUTO_DRIVER_WISH struct driver_wish wish = {0};
	AUTO_PAIRS struct pairs tried = {0};
	struct error err = {0};
	const struct driver *driver = NULL;

	if (driver_wish_read(&wish, &err) >= 0)
		driver = driver_explain(store, &engine->paths, wish.name ? wish.name : "", &tried, &err);
	if (driver)
		facts->driver = driver->name;
	else
		print_warning("%s", err.text);
	pairs_set(&facts->driver_facts, "Chosen by", wish.name ? wish.from : "trying, best first");
	if (wish.passed_over) {
		AUTO_FREE char *text = xprintf("%s of %s, which is no driver of ours", wish.passed_over, wish.from);

		pairs_set(&facts->driver_facts, "Passed over", text);
	}
	pairs_set_all(&facts->driver_facts, &tried);
}

/* The driver is found by trying in the user namespace; without one there is still much to tell. */
static void look_at_store(struct engine *engine, struct facts *facts)
{
	struct error err = {0};
	struct list images = {0};
	struct store *store = engine_store(engine, &err);

	facts->driver = "";
	if (!store || image_record_list(store, &images, &err) < 0) {
		print_warning("images can't be counted: %s", err.text);
		return;
	}
	facts->images = (int) images.count;
	image_record_list_done(&images);
	if (engine_enter(engine, &err) < 0) {
		print_warning("%s", err.text);
		return;
	}
	look_at_driver(engine, store, facts);
}

static int facts_collect(struct engine *engine, struct facts *facts, struct error *err)
{
	struct statfs fs;

	if (uname(&facts->names) < 0)
		return error_errno(err, errno, "uname");
	facts->rootless = geteuid() != 0;
	facts->memory = machine_memory_read();
	facts->cgroup_version = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC ? "2" : "1";
	facts->pretty_name = machine_release("PRETTY_NAME");
	facts->distribution = machine_release("ID");
	facts->distribution_version = machine_release("VERSION_ID");
	facts->slirp = spawn_find("slirp4netns");
	count_containers(engine, facts);
	look_at_store(engine, facts);
	return 0;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void set_text(json_t *object, const char *key, const char *value)
{
	(void) json_object_set_new(object, key, json_string(or_empty(value)));
}

static void set_number(json_t *object, const char *key, uint64_t value)
{
	(void) json_object_set_new(object, key, json_integer((json_int_t) value));
}

static json_t *security_options(const struct facts *facts)
{
	json_t *options = json_array();

	(void) json_array_append_new(options, json_string("name=seccomp,profile=builtin"));
	if (facts->rootless)
		(void) json_array_append_new(options, json_string("name=rootless"));
	(void) json_array_append_new(options, json_string("name=cgroupns"));
	return options;
}

/* docker has pairs, podman an object */
static json_t *driver_status(const struct facts *facts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < facts->driver_facts.count; i++)
		(void) json_array_append_new(array, json_pack("[s,s]", facts->driver_facts.items[i].key,
		                                              facts->driver_facts.items[i].value));
	return array;
}

static json_t *graph_status(const struct facts *facts)
{
	json_t *object = json_object();

	for (size_t i = 0; i < facts->driver_facts.count; i++)
		set_text(object, facts->driver_facts.items[i].key, facts->driver_facts.items[i].value);
	return object;
}

static void add_docker(json_t *info, const struct engine *engine, const struct facts *facts)
{
	char now[CLOCK_TEXT_SIZE];

	set_number(info, "Containers", (uint64_t) facts->containers);
	set_number(info, "ContainersRunning", (uint64_t) facts->running);
	set_number(info, "ContainersPaused", (uint64_t) facts->paused);
	set_number(info, "ContainersStopped", (uint64_t) facts->stopped);
	set_number(info, "Images", (uint64_t) facts->images);
	set_text(info, "Driver", facts->driver);
	(void) json_object_set_new(info, "DriverStatus", driver_status(facts));
	set_text(info, "DockerRootDir", engine->paths.data);
	set_text(info, "ServerVersion", CORACLE_VERSION);
	set_text(info, "OSType", "linux");
	set_text(info, "OperatingSystem", facts->pretty_name);
	set_text(info, "OSVersion", facts->distribution_version);
	set_text(info, "Architecture", facts->names.machine);
	set_text(info, "KernelVersion", facts->names.release);
	set_text(info, "Name", facts->names.nodename);
	set_number(info, "NCPU", (uint64_t) MAX(sysconf(_SC_NPROCESSORS_ONLN), 1));
	set_number(info, "MemTotal", facts->memory.total);
	set_text(info, "CgroupDriver", cgroup_manager_name(cgroup_manager_default(NULL)));
	set_text(info, "CgroupVersion", facts->cgroup_version);
	set_text(info, "LoggingDriver", "json-file");
	set_text(info, "DefaultRuntime", "coracle");
	set_text(info, "SystemTime", clock_rfc3339(clock_now(), now));
	(void) json_object_set_new(info, "SecurityOptions", security_options(facts));
	(void) json_object_set_new(info, "Runtimes", json_pack("{s:{s:s}}", "coracle", "path", "/proc/self/exe"));
	(void) json_object_set_new(info, "Swarm", json_pack("{s:s}", "LocalNodeState", "inactive"));
	(void) json_object_set_new(info, "ClientInfo",
	                           json_pack("{s:s, s:s, s:[]}", "Context", "default", "Version",
	                                     CORACLE_VERSION, "Plugins"));
	(void) json_object_set_new(info, "Warnings", json_array());
}

static json_t *id_map(const struct id_range *ranges, size_t count)
{
	json_t *map = json_array();

	for (size_t i = 0; i < count; i++)
		(void) json_array_append_new(map, json_pack("{s:I, s:I, s:I}", "container_id",
		                                            (json_int_t) ranges[i].inside, "host_id",
		                                            (json_int_t) ranges[i].outside, "size",
		                                            (json_int_t) ranges[i].count));
	return map;
}

static json_t *make_host(const struct engine *engine, const struct facts *facts)
{
	json_t *host = json_object();
	const struct userns *userns = engine->userns;

	set_text(host, "arch", machine_arch(&facts->names));
	set_text(host, "os", "linux");
	set_text(host, "hostname", facts->names.nodename);
	set_text(host, "kernel", facts->names.release);
	set_number(host, "cpus", (uint64_t) MAX(sysconf(_SC_NPROCESSORS_ONLN), 1));
	set_number(host, "memTotal", facts->memory.total);
	set_number(host, "memFree", facts->memory.available);
	set_number(host, "swapTotal", facts->memory.swap_total);
	set_number(host, "swapFree", facts->memory.swap_free);
	set_text(host, "cgroupManager", cgroup_manager_name(cgroup_manager_default(NULL)));
	/* podman: the key in JSON, and what its templates call it */
	(void) json_object_set_new(host, "cgroupVersion", json_sprintf("v%s", facts->cgroup_version));
	(void) json_object_set_new(host, "cgroupsVersion", json_sprintf("v%s", facts->cgroup_version));
	set_text(host, "logDriver", "json-file");
	set_text(host, "networkBackend", "slirp4netns");
	set_text(host, "rootlessNetworkCmd", "slirp4netns");
	(void) json_object_set_new(host, "slirp4netns", json_pack("{s:s}", "executable", or_empty(facts->slirp)));
	(void) json_object_set_new(host, "distribution",
	                           json_pack("{s:s, s:s}", "distribution", or_empty(facts->distribution),
	                                     "version", or_empty(facts->distribution_version)));
	(void) json_object_set_new(host, "ociRuntime",
	                           json_pack("{s:s, s:s, s:s}", "name", "coracle", "path", "/proc/self/exe",
	                                     "version", CORACLE_VERSION));
	(void) json_object_set_new(host, "security",
	                           json_pack("{s:b, s:b, s:b, s:b}", "rootless", facts->rootless,
	                                     "seccompEnabled", 1, "apparmorEnabled", 0, "selinuxEnabled", 0));
	(void) json_object_set_new(host, "remoteSocket", json_pack("{s:s, s:b}", "path", "", "exists", 0));
	(void) json_object_set_new(host, "idMappings",
	                           json_pack("{s:o, s:o}", "uidmap",
	                                     id_map(userns ? userns->uids : NULL, userns ? userns->uid_count : 0),
	                                     "gidmap",
	                                     id_map(userns ? userns->gids : NULL, userns ? userns->gid_count : 0)));
	return host;
}

/* additional ones, see coracle-store-add(1); what is wrong with one is said in its state */
static json_t *image_stores(const struct engine *engine)
{
	AUTO(shared_status_done) struct list stores = {0};
	struct error err = {0};
	json_t *array = json_array();

	if (engine->store && store_shared_list(engine->store, &stores, &err) < 0)
		print_warning("%s", err.text);
	LIST_EACH(const struct shared_status, status, &stores)
		(void) json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "path", status->path, "from", status->from,
		                                              "state", status->problem ? status->problem : "ok"));
	return array;
}

static void add_podman(json_t *info, const struct engine *engine, const struct facts *facts)
{
	AUTO_FREE char *volumes = xprintf("%s/volumes", engine->paths.data);
	json_t *store = json_object();

	set_text(store, "graphRoot", engine->paths.data);
	set_text(store, "runRoot", engine->paths.runtime);
	set_text(store, "graphDriverName", facts->driver);
	set_text(store, "volumePath", volumes);
	(void) json_object_set_new(store, "imageStores", image_stores(engine));
	(void) json_object_set_new(store, "graphStatus", graph_status(facts));
	(void) json_object_set_new(store, "graphOptions", json_object());
	(void) json_object_set_new(store, "imageStore", json_pack("{s:i}", "number", facts->images));
	(void) json_object_set_new(store, "containerStore",
	                           json_pack("{s:i, s:i, s:i, s:i}", "number", facts->containers, "running",
	                                     facts->running, "paused", facts->paused, "stopped", facts->stopped));
	(void) json_object_set_new(info, "host", make_host(engine, facts));
	(void) json_object_set_new(info, "store", store);
	(void) json_object_set_new(info, "registries", json_object());
	(void) json_object_set_new(info, "plugins",
	                           json_pack("{s:[s], s:[s,s,s], s:[s,s,s,s]}", "volume", "local", "network",
	                                     "slirp4netns", "host", "none", "log", "json-file", "k8s-file",
	                                     "none", "passthrough"));
	(void) json_object_set_new(info, "version",
	                           json_pack("{s:s, s:s}", "Version", CORACLE_VERSION, "APIVersion", CORACLE_VERSION));
}

static void print_tree(const json_t *json, int depth);

static void print_leaf(const json_t *value)
{
	if (json_is_string(value))
		print_line(" %s", json_string_length(value) ? json_string_value(value) : "\"\"");
	else if (json_is_integer(value))
		print_line(" %" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		print_line(" %s", json_is_true(value) ? "true" : json_is_false(value) ? "false" : "");
}

static void print_value(const json_t *value, int depth)
{
	bool empty = json_is_object(value) ? json_object_size(value) == 0 : json_array_size(value) == 0;

	if (!json_is_object(value) && !json_is_array(value)) {
		print_leaf(value);
	} else if (empty) {
		print_line(" %s", json_is_object(value) ? "{}" : "[]");
	} else {
		print_line("%s", "");
		print_tree(value, depth + 1);
	}
}

/* as YAML would have it, for people */
static void print_tree(const json_t *json, int depth)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(json)) {
		json_array_foreach(json, i, value) {
			(void) fprintf(stdout, "%*s-", depth * 2, "");
			print_value(value, depth);
		}
		return;
	}
	/* jansson takes no const object to walk, and changes nothing */
	for (void *at = json_object_iter((json_t *) (uintptr_t) json); at;
	     at = json_object_iter_next((json_t *) (uintptr_t) json, at)) {
		key = json_object_iter_key(at);
		(void) fprintf(stdout, "%*s%s:", depth * 2, "", key);
		print_value(json_object_iter_value(at), depth);
	}
}

static int info_run(struct engine *engine, void *data, UNUSED const struct texts *operands, struct error *err)
{
	static const char *const shown[] = {"host", "store", "version"};
	const struct info_request *request = data;
	AUTO(facts_done) struct facts facts = {0};
	AUTO_JSON json_t *info = json_object();
	int r = facts_collect(engine, &facts, err);

	if (r < 0)
		return r;
	add_docker(info, engine, &facts);
	add_podman(info, engine, &facts);
	if (request->format && *request->format)
		return output_object(info, request->format, NULL, stdout, err);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		print_line("%s:", shown[i]);
		print_tree(json_object_get(info, shown[i]), 1);
	}
	return 0;
}

const struct command cmd_info = {
	.name = "info",
	.aliases = "system info",
	.group = "This program",
	.summary = "tell about this machine and this store",
	.opts = info_opts,
	.request_size = sizeof(struct info_request),
	.max_operands = 0,
	.needs = NEEDS_ENGINE,
	.run = info_run,
};
