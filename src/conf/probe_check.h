/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_check.h - one row a question; each check runs in a child of its own, see probe.c */
#ifndef CORACLE_CONF_PROBE_CHECK_PRIVATE_H
#define CORACLE_CONF_PROBE_CHECK_PRIVATE_H

#include "coracle/conf/probe.h"

struct probe_check {
	const char *code, *title;
	/* a check may enter namespaces and leave things mounted in them: its process ends after it */
	void (*run)(const struct paths *paths, struct probe_result *out);
};

extern const struct probe_check probe_ids_checks[];     /* probe_ids.c; each ends with a NULL code */
extern const struct probe_check probe_storage_checks[]; /* probe_storage.c */
extern const struct probe_check probe_network_checks[]; /* probe_network.c */
extern const struct probe_check probe_cgroup_checks[];  /* probe_cgroup.c */
extern const struct probe_check probe_session_checks[]; /* probe_session.c */

/* probe_ok - all is well; the words say what was found */
void probe_ok(struct probe_result *out, const char *format, ...) PRINTF(2, 3) NONNULL(1);
/* probe_bad - the words say what was found; effect is static, fix an owned string that is taken */
void probe_bad(struct probe_result *out, enum probe_state state, const char *effect, char *fix,
               const char *format, ...) PRINTF(5, 6) NONNULL(1, 3, 4);

/* probe_user - owned name of the caller, the number when it has none */
char *probe_user(void) MUST_USE;
/* probe_number - the number in a file of /proc; fallback when it cannot be read */
long long probe_number(const char *path, long long fallback) NONNULL(1);
/* probe_enter_userns - into a user namespace with the caller's id as root, and mount namespaces of its own */
int probe_enter_userns(void) MUST_USE;

/*
 * probe_subids - how many subordinate ids the text of a subuid file gives, and where a new range fits
 *
 * first_free  out: a multiple of 65536 above every range in the text, 100000 at least
 */
uint64_t probe_subids(const char *text, const char *name, uint64_t id, uint64_t *first_free)
	NONNULL(1, 2, 4);

#endif
