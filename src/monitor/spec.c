/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec.c - from a container's record to a runtime specification (runtime-spec config.md) */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct oci_namespace *add_namespace(struct oci_linux *linux_, const char *type)
{
	struct oci_namespace *ns = list_add(&linux_->namespaces, sizeof *ns);

	ns->type = xstrdup(type);
	return ns;
}

/* "container:ID": the namespace of another container of this user that runs */
static int join_container(struct monitor *monitor, struct oci_linux *linux_, const char *type,
                          const char *file, const char *other, struct error *err)
{
	AUTO_CONTAINER struct container found = {0};
	int r = state_find(&monitor->paths, other, STATE_SUMMARY, &found, err);

	if (r < 0)
		return r;
	if (found.status != STATUS_RUNNING || !found.run)
		return error_set(err, ERROR_CONFLICT,
		                 "its %s namespace is that of container %s, which is not running; start it first: "
		                 "coracle start %s",
		                 type, other, other);
	add_namespace(linux_, type)->path =
		xprintf("/proc/%d/ns/%s", (int) process_reachable((pid_t) found.run->pid), file);
	return 0;
}

static int add_mode(struct monitor *monitor, struct oci_linux *linux_, const char *type, const char *file,
                    const char *mode, struct error *err)
{
	if (mode && strcmp(mode, "host") == 0)
		return 0;
	if (mode && strncmp(mode, "container:", 10) == 0)
		return join_container(monitor, linux_, type, file, mode + 10, err);
	if (mode && strncmp(mode, "ns:", 3) == 0) {
		add_namespace(linux_, type)->path = xstrdup(mode + 3);
		return 0;
	}
	(void) add_namespace(linux_, type);
	return 0;
}

static int spec_namespaces(struct monitor *monitor, struct oci_linux *linux_, struct error *err)
{
	const struct record *record = monitor->record;
	int r;

	(void) add_namespace(linux_, "mount");
	if (monitor->keep_id) {
		(void) add_namespace(linux_, "user");
		keep_id_spec(monitor, linux_);
	}
	r = add_mode(monitor, linux_, "pid", "pid", record->pid_mode, err);
	if (r >= 0)
		r = add_mode(monitor, linux_, "network", "net", record->network, err);
	if (r >= 0)
		r = add_mode(monitor, linux_, "ipc", "ipc", record->ipc_mode, err);
	if (r >= 0)
		r = add_mode(monitor, linux_, "uts", "uts", record->uts_mode, err);
	if (r >= 0)
		r = add_mode(monitor, linux_, "cgroup", "cgroup", record->cgroupns_mode, err);
	return r;
}

static bool has_namespace(const struct oci_linux *linux_, const char *type, bool fresh)
{
	LIST_EACH(struct oci_namespace, ns, &linux_->namespaces)
		if (strcmp(ns->type, type) == 0)
			return !fresh || !ns->path;
	return false;
}

bool spec_has_gid(const struct monitor *monitor, uint64_t gid)
{
	for (int i = 0; i < monitor->gid_count; i++)
		if (monitor->gids[i].inside <= gid && gid - monitor->gids[i].inside < monitor->gids[i].count)
			return true;
	return false;
}

static void spec_sysctls(const struct monitor *monitor, struct oci_linux *linux_)
{
	if (has_namespace(linux_, "network", true)) {
		/* ping without a capability, and any port number: it is the container's own network */
		pairs_set(&linux_->sysctl, "net.ipv4.ip_unprivileged_port_start", "0");
		pairs_set(&linux_->sysctl, "net.ipv4.ping_group_range",
		          spec_has_gid(monitor, 65535) ? "0 65535" : "0 0");
	}
	pairs_set_all(&linux_->sysctl, &monitor->record->sysctls);
}

static void spec_environment(struct monitor *monitor, struct oci_process *process, const char *home)
{
	const struct record *record = monitor->record;

	texts_add_all(&process->env, &record->env);
	if (!texts_env_get(&process->env, "HOME"))
		texts_printf(&process->env, "HOME=%s", home ? home : "/");
	if (record->hostname && *record->hostname && !texts_env_get(&process->env, "HOSTNAME"))
		texts_printf(&process->env, "HOSTNAME=%s", record->hostname);
	if (record->tty && !texts_env_get(&process->env, "TERM"))
		texts_add(&process->env, "TERM=xterm");
}

static int spec_process(struct monitor *monitor, struct oci_process *process, struct error *err)
{
	const struct record *record = monitor->record;
	AUTO_FREE char *home = NULL;
	unsigned mask;
	int r = spec_user(monitor, monitor->root_fd, record->user, &record->groups, process, &home, err);

	if (r < 0)
		return r;
	process->terminal = record->tty;
	process->console_size = (struct oci_box){monitor->start.rows, monitor->start.columns};
	texts_add_all(&process->args, &record->args);
	spec_environment(monitor, process, home);
	text_replace(&process->cwd, record->working_dir && *record->working_dir ? record->working_dir : "/");
	if (record->umask && number_parse_octal(record->umask, 0777, &mask) >= 0)
		process->user.umask = (struct opt_uint){true, mask};
	process->no_new_privileges = record->no_new_privileges;
	if (record->resources.oom_score_adj.set)
		process->oom_score_adj = record->resources.oom_score_adj;
	return 0;
}

/* --ulimit; a hard limit above the session's can't be had: lowered with a warning, as podman does for its defaults */
int spec_limits(struct monitor *monitor, struct oci_spec *spec, struct error *err)
{
	(void) err;
	LIST_EACH(struct record_ulimit, limit, &monitor->record->ulimits) {
		struct oci_rlimit *out = list_add(&spec->process->rlimits, sizeof *out);

		out->type = xstrdup(limit->name);
		out->soft = limit->soft < 0 ? RLIM_INFINITY : (uint64_t) limit->soft;
		out->hard = limit->hard < 0 ? RLIM_INFINITY : (uint64_t) limit->hard;
	}
	return 0;
}

static int spec_personality(const struct monitor *monitor, struct oci_linux *linux_)
{
	const char *wanted = monitor->record->personality;

	if (!wanted || !*wanted)
		return 0;
	linux_->personality = xcalloc(1, sizeof *linux_->personality);
	linux_->personality->domain = xstrdup(wanted);
	return 0;
}

int monitor_spec(struct monitor *monitor, struct error *err)
{
	struct oci_spec *spec = &monitor->spec;
	const struct record *record = monitor->record;
	int r;

	oci_spec_done(spec);
	monitor->gid_count = userns_read_map("/proc/self/gid_map", monitor->gids, USERNS_RANGES_MAX);
	spec->oci_version = xstrdup(OCI_RUNTIME_VERSION);
	spec->process = xcalloc(1, sizeof *spec->process);
	spec->linux_ = xcalloc(1, sizeof *spec->linux_);
	spec->root = xcalloc(1, sizeof *spec->root);
	spec->root->readonly = record->read_only;
	pairs_set_all(&spec->annotations, &record->annotations);
	/* fresh ports at every start: 0 is chosen anew */
	r = spec_namespaces(monitor, spec->linux_, err);
	if (r < 0)
		return r;
	if (has_namespace(spec->linux_, "uts", true)) {
		text_replace(&spec->hostname, record->hostname);
		text_replace(&spec->domainname, record->domainname);
	}
	r = spec_process(monitor, spec->process, err);
	if (r >= 0)
		r = spec_limits(monitor, spec, err);
	if (r >= 0)
		r = spec_volumes(monitor, spec->process, err);
	if (r >= 0)
		r = spec_mounts(monitor, spec, err);
	if (r >= 0)
		r = spec_security(monitor, spec, err);
	if (r < 0)
		return r;
	spec_sysctls(monitor, spec->linux_);
	return spec_personality(monitor, spec->linux_);
}
