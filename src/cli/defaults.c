/* SPDX-License-Identifier: GPL-2.0-or-later */
/* defaults.c - what containers.conf(5) sets for new containers; see defaults.h */
#include "defaults.h"

#include "coracle/base/alloc.h"
#include "coracle/cli/command.h"

#include <inttypes.h>
#include <string.h>

/* --- one value --- */

static void set_text(char **slot, const char *value)
{
	if (!*slot && value && *value)
		*slot = xstrdup(value);
}

static void set_flag(bool *slot, struct opt_bool value)
{
	/* an option can only switch it on, so what the file switches on stays */
	*slot = *slot || (value.set && value.value);
}

/* put_first - the command line's come later, and win where a name occurs twice */
static void put_first(struct texts *list, const struct conf_texts *more)
{
	struct texts all = {0};

	if (more->texts.count == 0)
		return;
	texts_add_all(&all, &more->texts);
	texts_add_all(&all, list);
	texts_done(list);
	*list = all;
}

static void set_list(struct texts *list, const struct conf_texts *value)
{
	if (list->count == 0)
		texts_add_all(list, &value->texts);
}

static bool has_prefix(const struct texts *list, const char *prefix)
{
	for (size_t i = 0; i < list->count; i++)
		if (strncmp(list->items[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/* what podman knows besides is warned of: a file for podman must not keep containers from being made */
static bool is_log_driver(const char *name)
{
	return name && (strcmp(name, "json-file") == 0 || strcmp(name, "k8s-file") == 0 || strcmp(name, "none") == 0);
}

static bool is_netns(const char *name)
{
	return name && (strcmp(name, "private") == 0 || strcmp(name, "host") == 0 || strcmp(name, "none") == 0
	                || strncmp(name, "slirp4netns", 11) == 0 || strcmp(name, "bridge") == 0);
}

/* --- groups of keys --- */

static void lay_texts(struct container_create *typed, const struct containers_conf *conf)
{
	const struct {
		char **slot;
		const char *value;
	} rows[] = {
		{&typed->cgroupns, conf->cgroupns},
		{&typed->ipc, conf->ipcns},
		{&typed->pid, conf->pidns},
		{&typed->uts, conf->utsns},
		{&typed->userns, conf->userns},
		{&typed->log_driver, is_log_driver(conf->log_driver) ? conf->log_driver : NULL},
		{&typed->shm_size, conf->shm_size},
		{&typed->timezone, conf->tz},
		{&typed->umask, conf->umask},
		{&typed->pull, conf->pull_policy},
		{&typed->detach_keys, conf->detach_keys},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set_text(rows[i].slot, rows[i].value);
}

static void lay_lists(struct container_create *typed, const struct containers_conf *conf)
{
	put_first(&typed->annotations, &conf->annotations);
	put_first(&typed->ulimits, &conf->default_ulimits);
	put_first(&typed->devices, &conf->devices);
	put_first(&typed->volumes, &conf->volumes);
	put_first(&typed->mounts, &conf->mounts);
	set_list(&typed->dns, &conf->dns_servers);
	set_list(&typed->dns_search, &conf->dns_searches);
	set_list(&typed->dns_options, &conf->dns_options);
	if (typed->networks.count == 0 && is_netns(conf->netns))
		texts_add(&typed->networks, conf->netns);
	typed->default_env = conf->env.texts;
}

/* --- capabilities and sysctls --- */

static bool is_shared(const char *mode)
{
	return mode && (strcmp(mode, "host") == 0 || strncmp(mode, "container:", 10) == 0 || strncmp(mode, "ns:", 3) == 0);
}

/* fits - of a namespace that the container has for itself; otherwise it would be the host's or another container's */
static bool fits(const struct container_create *typed, const char *sysctl)
{
	const struct {
		const char *prefix, *mode;
	} rows[] = {
		{"net.", typed->networks.count ? typed->networks.items[0] : NULL},
		{"kernel.msg", typed->ipc},
		{"kernel.sem", typed->ipc},
		{"kernel.shm", typed->ipc},
		{"fs.mqueue.", typed->ipc},
		{"kernel.domainname", typed->uts},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strncmp(sysctl, rows[i].prefix, strlen(rows[i].prefix)) == 0)
			return !is_shared(rows[i].mode);
	return true;
}

static void lay_kernel(struct container_create *typed, const struct containers_conf *conf)
{
	/* what distributions write there for podman; a container has more than that anyway */
	static const char usual[] = "net.ipv4.ping_group_range=0 0";
	const struct texts *given = &conf->default_sysctls.texts;
	struct conf_texts fitting = {0};

	if (conf->default_capabilities.set)
		typed->default_capabilities = &conf->default_capabilities.texts;
	for (size_t i = 0; i < given->count; i++)
		if (strcmp(given->items[i], usual) != 0 && fits(typed, given->items[i]))
			texts_add(&fitting.texts, given->items[i]);
	put_first(&typed->sysctls, &fitting);
	texts_done(&fitting.texts);
}

static void lay_flags(struct container_create *typed, const struct containers_conf *conf)
{
	set_flag(&typed->env_host, conf->env_host);
	set_flag(&typed->init, conf->init);
	set_flag(&typed->no_hosts, conf->no_hosts);
	set_flag(&typed->privileged, conf->privileged);
	set_flag(&typed->read_only, conf->read_only);
	if (!typed->http_proxy.set)
		typed->http_proxy = conf->http_proxy;
	if (!typed->stop_timeout.set)
		typed->stop_timeout = conf->stop_timeout;
	if (!typed->pids_limit.set)
		typed->pids_limit = conf->pids_limit;
}

/* a profile or a log option that is given stands alone */
static void lay_words(struct container_create *typed, const struct containers_conf *conf)
{
	bool is_json = !typed->log_driver || strcmp(typed->log_driver, "json-file") == 0;
	bool is_file = is_json || strcmp(typed->log_driver, "k8s-file") == 0;

	if (conf->seccomp_profile && *conf->seccomp_profile && !has_prefix(&typed->security_opts, "seccomp"))
		texts_printf(&typed->security_opts, "seccomp=%s", conf->seccomp_profile);
	if (conf->log_size_max.set && conf->log_size_max.value > 0 && is_file && !has_prefix(&typed->log_opts, "max-size="))
		texts_printf(&typed->log_opts, "max-size=%" PRId64, conf->log_size_max.value);
	if (conf->log_tag && *conf->log_tag && is_json && !has_prefix(&typed->log_opts, "tag="))
		texts_printf(&typed->log_opts, "tag=%s", conf->log_tag);
}

static void warn(const struct containers_conf *conf)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{"base_hosts_file", conf->base_hosts_file},
		{"host_containers_internal_ip", conf->host_containers_internal_ip},
		{"log_driver", is_log_driver(conf->log_driver) ? NULL : conf->log_driver},
		{"netns", is_netns(conf->netns) ? NULL : conf->netns},
		{"cgroups", conf->cgroups && (strcmp(conf->cgroups, "disabled") == 0 || strcmp(conf->cgroups, "split") == 0)
		                    ? conf->cgroups
		                    : NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].value && *rows[i].value)
			print_warning("containers.conf: %s = \"%.200s\" has no effect in this version", rows[i].name,
			              rows[i].value);
}

int defaults_lay(struct container_create *typed, struct containers_conf *conf, struct error *err)
{
	AUTO_PLACES struct places places = {0};
	int r;

	places_find("", &places);
	r = containers_conf_read_kind(&places, CONF_CONTAINERS, conf, err);
	if (r < 0)
		return r;
	lay_texts(typed, conf);
	lay_lists(typed, conf);
	lay_flags(typed, conf);
	lay_kernel(typed, conf);
	lay_words(typed, conf);
	warn(conf);
	return 0;
}
