/* SPDX-License-Identifier: GPL-2.0-or-later */
/* containers.c - containers.conf(5) and containers-storage.conf(5): a table of keys, files laid over each other */
#include "coracle/conf/containers.h"

#include "coracle/base/alloc.h"
#include "coracle/conf/toml.h"

#include <string.h>

#include "files.h"

enum type { TYPE_TEXT, TYPE_BOOL, TYPE_INT, TYPE_TEXTS };

struct key {
	enum conf_kind kind;
	const char *table; /* "a" or "a.b" */
	const char *name;
	enum type type;
	size_t offset;
};

#define KEY(kind, table, name, type, member, member_type) \
	{kind, table, name, type, FIELD_SLOT(struct containers_conf, member, member_type)}
#define TEXT(table, member)  KEY(CONF_CONTAINERS, table, #member, TYPE_TEXT, member, char *)
#define FLAG(table, member)  KEY(CONF_CONTAINERS, table, #member, TYPE_BOOL, member, struct opt_bool)
#define INT(table, member)   KEY(CONF_CONTAINERS, table, #member, TYPE_INT, member, struct opt_int)
#define TEXTS(table, member) KEY(CONF_CONTAINERS, table, #member, TYPE_TEXTS, member, struct conf_texts)

static const struct key keys[] = {
	TEXTS("containers", annotations),
	TEXT("containers", apparmor_profile),
	TEXT("containers", base_hosts_file),
	TEXT("containers", cgroupns),
	TEXT("containers", cgroups),
	TEXTS("containers", default_capabilities),
	TEXTS("containers", default_sysctls),
	TEXTS("containers", default_ulimits),
	TEXTS("containers", devices),
	TEXTS("containers", dns_options),
	TEXTS("containers", dns_searches),
	TEXTS("containers", dns_servers),
	TEXTS("containers", env),
	FLAG("containers", env_host),
	TEXT("containers", host_containers_internal_ip),
	FLAG("containers", http_proxy),
	FLAG("containers", init),
	TEXT("containers", ipcns),
	TEXT("containers", log_driver),
	INT("containers", log_size_max),
	TEXT("containers", log_tag),
	TEXTS("containers", mounts),
	TEXT("containers", netns),
	FLAG("containers", no_hosts),
	TEXT("containers", pidns),
	INT("containers", pids_limit),
	FLAG("containers", privileged),
	FLAG("containers", read_only),
	TEXT("containers", seccomp_profile),
	TEXT("containers", shm_size),
	TEXT("containers", tz),
	TEXT("containers", umask),
	TEXT("containers", userns),
	TEXT("containers", utsns),
	TEXTS("containers", volumes),
	TEXT("engine", cgroup_manager),
	TEXT("engine", compression_format),
	INT("engine", compression_level),
	TEXT("engine", detach_keys),
	KEY(CONF_CONTAINERS, "engine", "env", TYPE_TEXTS, engine_env, struct conf_texts),
	TEXT("engine", events_logger),
	TEXTS("engine", hooks_dir),
	TEXT("engine", image_copy_tmp_dir),
	TEXT("engine", image_default_format),
	INT("engine", image_parallel_copies),
	TEXTS("engine", network_cmd_options),
	TEXT("engine", pull_policy),
	INT("engine", retry),
	TEXT("engine", retry_delay),
	TEXT("engine", runtime),
	INT("engine", stop_timeout),
	TEXTS("network", default_host_ips),
	TEXT("network", default_network),
	TEXT("network", default_rootless_network_cmd),
	KEY(CONF_STORAGE, "storage", "driver", TYPE_TEXT, storage_driver, char *),
	KEY(CONF_STORAGE, "storage.options", "additionalimagestores", TYPE_TEXTS, additional_image_stores, struct conf_texts),
};

static int wrong_type(const struct key *key, const char *wanted, struct error *err)
{
	return error_set(err, ERROR_INVALID, "%s of [%s] is not %s", key->name, key->table, wanted);
}

/* check_texts - strings, and perhaps tables with "append" */
static int check_texts(const struct key *key, const json_t *value, struct error *err)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(value))
		return wrong_type(key, "an array of strings", err);
	json_array_foreach(value, i, item)
		if (!json_is_string(item) && !json_is_boolean(json_object_get(item, "append")))
			return wrong_type(key, "an array of strings", err);
	return 0;
}

static int check_value(const struct key *key, const json_t *value, struct error *err)
{
	switch (key->type) {
	case TYPE_TEXT:
		return json_is_string(value) ? 0 : wrong_type(key, "a string", err);
	case TYPE_BOOL:
		return json_is_boolean(value) ? 0 : wrong_type(key, "true or false", err);
	case TYPE_INT:
		return json_is_integer(value) ? 0 : wrong_type(key, "a whole number", err);
	case TYPE_TEXTS:
		return check_texts(key, value, err);
	}
	return 0;
}

static void set_texts(const json_t *value, struct conf_texts *into)
{
	size_t i;
	const json_t *item;

	json_array_foreach(value, i, item)
		if (json_is_object(item))
			into->append = json_is_true(json_object_get(item, "append"));
	if (!into->append)
		texts_done(&into->texts);
	json_array_foreach(value, i, item)
		if (json_is_string(item))
			texts_add(&into->texts, json_string_value(item));
	into->set = true;
}

static void set_value(const struct key *key, const json_t *value, struct containers_conf *into)
{
	void *slot = (char *) into + key->offset;

	switch (key->type) {
	case TYPE_TEXT:
		text_replace(slot, json_string_value(value));
		break;
	case TYPE_BOOL:
		*(struct opt_bool *) slot = (struct opt_bool) {true, json_is_true(value)};
		break;
	case TYPE_INT:
		*(struct opt_int *) slot = (struct opt_int) {true, json_integer_value(value)};
		break;
	case TYPE_TEXTS:
		set_texts(value, slot);
		break;
	}
}

/* find_table - "a.b" of the document; NULL: not there */
static const json_t *find_table(const json_t *toml, const char *name)
{
	AUTO_TEXTS struct texts parts = {0};

	texts_split(&parts, name, '.');
	for (size_t i = 0; i < parts.count; i++)
		toml = json_object_get(toml, parts.items[i]);
	return toml;
}

int containers_conf_add(struct containers_conf *into, enum conf_kind kind, const char *path, const char *bytes,
                        size_t length, struct error *err)
{
	AUTO_JSON json_t *toml = toml_parse(bytes, length, err);
	int r = toml ? 0 : -EINVAL;

	for (size_t i = 0; i < ARRAY_LEN(keys) && r == 0; i++) {
		const json_t *value = keys[i].kind == kind ? json_object_get(find_table(toml, keys[i].table), keys[i].name) : NULL;

		r = value ? check_value(&keys[i], value, err) : 0;
	}
	if (r < 0)
		return error_wrap(err, r, "%s", path);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const json_t *value = keys[i].kind == kind ? json_object_get(find_table(toml, keys[i].table), keys[i].name) : NULL;

		if (value)
			set_value(&keys[i], value, into);
	}
	return 0;
}

/* add_file - 1 when it is there */
static int add_file(struct containers_conf *into, enum conf_kind kind, const char *path, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r = files_read(path, &bytes, &length, err);

	if (r <= 0)
		return r;
	r = containers_conf_add(into, kind, path, bytes, length, err);
	return r < 0 ? r : 1;
}

static int add_main(struct containers_conf *into, enum conf_kind kind, const char *directory, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/%s.conf", directory, kind == CONF_STORAGE ? "storage" : "containers");

	return add_file(into, kind, path, err);
}

static int add_drop_ins(struct containers_conf *into, enum conf_kind kind, const char *directory, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/%s.conf.d", directory, kind == CONF_STORAGE ? "storage" : "containers");
	AUTO_TEXTS struct texts files = {0};
	int r = files_drop_ins(path, &files, err);

	for (size_t i = 0; i < files.count && r >= 0; i++)
		r = add_file(into, kind, files.items[i], err);
	return r;
}

static int add_usual(const struct places *places, struct containers_conf *into, enum conf_kind kind, struct error *err)
{
	/* storage.conf of /etc stands for that of /usr/share, containers.conf is laid over it */
	const char *const directories[] = {places->vendor, places->system, places->user};
	AUTO_FREE char *system = xprintf("%s/storage.conf", places->system);
	size_t first = kind == CONF_STORAGE && files_has(places->system) && files_has(system) ? 1 : 0;
	int r = 0;

	for (size_t i = first; i < ARRAY_LEN(directories) && r >= 0; i++) {
		/* one call instead of two or four where there is nothing: this is on the way of every start */
		if (!directories[i] || !files_has(directories[i]))
			continue;
		r = add_main(into, kind, directories[i], err);
		if (r >= 0)
			r = add_drop_ins(into, kind, directories[i], err);
	}
	return r;
}

/* add_named - a file that a variable names has to be there */
static int add_named(struct containers_conf *into, enum conf_kind kind, const char *path, struct error *err)
{
	int r = add_file(into, kind, path, err);

	return r == 0 ? error_set(err, ERROR_NOT_FOUND, "%s: no such file; the environment names it", path) : r;
}

int containers_conf_read_kind(const struct places *places, enum conf_kind kind, struct containers_conf *out,
                              struct error *err)
{
	static const char *const variables[] = {"CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"};
	AUTO_FREE char *variable = xprintf("%s_OVERRIDE", variables[kind]);
	const char *own = files_variable(variables[kind]), *last = files_variable(variable);
	int r = own ? add_named(out, kind, own, err) : add_usual(places, out, kind, err);

	if (r >= 0 && last)
		r = add_named(out, kind, last, err);
	return r < 0 ? r : 0;
}

int containers_conf_read(const struct places *places, struct containers_conf *out, struct error *err)
{
	int r = containers_conf_read_kind(places, CONF_CONTAINERS, out, err);

	return r < 0 ? r : containers_conf_read_kind(places, CONF_STORAGE, out, err);
}

void containers_conf_done(struct containers_conf *conf)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		void *slot = (char *) conf + keys[i].offset;

		if (keys[i].type == TYPE_TEXT)
			text_replace(slot, NULL);
		if (keys[i].type == TYPE_TEXTS)
			texts_done(&((struct conf_texts *) slot)->texts);
	}
	*conf = (struct containers_conf) {0};
}
