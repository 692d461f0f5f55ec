/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_systemd.c - transient scopes over D-Bus */
#include "cgroup_private.h"

int scope_make(const struct cgroup_request *request, const struct hierarchy *unified, struct cgroup *out, struct error *err)
{
	(void) request;
	(void) unified;
	(void) out;
	return error_set(err, ERROR_UNSUPPORTED, "not yet");
}

int scope_attach(const struct cgroup *cgroup, const char *below, pid_t pid, struct error *err)
{
	(void) cgroup;
	(void) below;
	(void) pid;
	return error_set(err, ERROR_UNSUPPORTED, "not yet");
}

int scope_update(const struct cgroup *cgroup, const struct oci_resources *resources, struct error *err)
{
	(void) cgroup;
	(void) resources;
	(void) err;
	return 0;
}

void scope_remove(const struct cgroup *cgroup)
{
	(void) cgroup;
}
