/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_stats.c - the figures of a cgroup in the form of `events --stats` */
#include "cgroup_private.h"

json_t *cgroup_stats(struct cgroup *cgroup, struct error *err)
{
	(void) cgroup;
	(void) error_set(err, ERROR_UNSUPPORTED, "no figures yet");
	return NULL;
}
