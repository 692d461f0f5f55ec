/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h - what this host can do, found out by trying; each finding with the command that mends it */
#ifndef CORACLE_CONF_PROBE_H
#define CORACLE_CONF_PROBE_H

#include "coracle/base/json.h"
#include "coracle/conf/paths.h"

enum probe_state { PROBE_OK, PROBE_DEGRADED, PROBE_MISSING };

struct probe_result {
	char *code;    /* stable: "userns", "subuid", "newuidmap", "overlay", "fuse", "tun", "slirp4netns", "cgroup" ... */
	char *title;   /* what it is for, in plain words */
	enum probe_state state;
	char *detail;  /* what was found */
	char *effect;  /* what does not work without it; "" when OK */
	char *fix;     /* the exact command; "" when OK */
};
extern const struct field probe_result_fields[];
const char *probe_state_name(enum probe_state state); /* "OK", "degraded", "missing" */

/* probe_all - list of struct probe_result, in the order in which a person would mend them */
int probe_all(const struct paths *paths, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void probe_list_done(struct list *list) NONNULL(1);

#endif
