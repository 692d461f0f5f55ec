/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * userns.h - the user namespace with subordinate ids that all of a user's containers share
 *
 * Making one costs two setuid programs (newuidmap, newgidmap), the dearest step of a start. So it is
 * begun first and waited for last, both helpers run side by side, and the namespace of a monitor that
 * lives already is joined instead of making another. Rungs, best first:
 *   USERNS_RANGE   subordinate ids from /etc/subuid and /etc/subgid through the helpers
 *   USERNS_ROOT    the caller is root: its own ids one to one
 *   USERNS_SINGLE  no subordinate ids (or no helpers): the caller alone, as root; err-like note says why
 */
#ifndef CORACLE_USERNS_USERNS_H
#define CORACLE_USERNS_USERNS_H

#include "coracle/base/error.h"
#include "coracle/conf/paths.h"

enum userns_rung { USERNS_NONE, USERNS_RANGE, USERNS_ROOT, USERNS_SINGLE };

struct id_range { uint64_t inside, outside, count; };
#define USERNS_RANGES_MAX 32

struct userns {
	enum userns_rung rung;
	int fd;            /* /proc/PID/ns/user, usable after userns_finish */
	bool joined;       /* an existing one */
	struct id_range uids[USERNS_RANGES_MAX], gids[USERNS_RANGES_MAX];
	size_t uid_count, gid_count;
	char note[512];    /* why the rung is not the best, "" when it is */
	/* private to userns.c */
	int holder_pid, uid_helper, gid_helper, helper_errors;
};

/* userns_begin - join or start making; returns at once; *out heap-allocated, release with userns_free */
int userns_begin(const struct paths *paths, struct userns **out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* userns_finish - wait until the maps are written; falls to USERNS_SINGLE when a helper fails; idempotent */
int userns_finish(struct userns *userns, struct error *err) NONNULL(1, 2) MUST_USE;
/* userns_enter - finish, setns(2) this process in, and a private mount namespace; root inside with all capabilities */
int userns_enter(struct userns *userns, struct error *err) NONNULL(1, 2) MUST_USE;
/* userns_publish - let later commands join the namespace of this process (the monitor) while it lives; userns_withdraw: no longer */
void userns_publish(const struct paths *paths) NONNULL(1);
void userns_withdraw(const struct paths *paths) NONNULL(1);
void userns_free(struct userns *userns);

/* userns_read_map - the ranges of /proc/PID/{uid,gid}_map; count or negative errno */
int userns_read_map(const char *path, struct id_range *out, size_t max) NONNULL(1, 2) MUST_USE;

/*
 * The id maps of a process that was made in a new user namespace by the caller: written directly where
 * the caller may, else by newuidmap(1) and newgidmap(1) side by side while the caller goes on.
 */
struct userns_mapping {
	struct id_range uids[USERNS_RANGES_MAX], gids[USERNS_RANGES_MAX];
	size_t uid_count, gid_count;
	/* private */
	int uid_helper, gid_helper, helper_errors;
};
/* userns_own_ranges - the caller as 0 and its subordinate ids from 1 on; the caller alone where it has none */
void userns_own_ranges(struct userns_mapping *mapping) NONNULL(1);
int userns_map_begin(struct userns_mapping *mapping, int pid, struct error *err) NONNULL(1, 3) MUST_USE;
/* userns_map_finish - the helpers have ended; idempotent */
int userns_map_finish(struct userns_mapping *mapping, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
