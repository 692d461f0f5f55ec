/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_mounts.h - what the options of a mount come to (runtime-spec config.md#mounts); for the plan's own files */
#ifndef CORACLE_RUNTIME_PLAN_MOUNTS_H
#define CORACLE_RUNTIME_PLAN_MOUNTS_H

#include "coracle/base/text.h"
#include "plan.h"

struct words {
	uint64_t set, clear;         /* MOUNT_ATTR_* of the mount itself */
	uint64_t set_all, clear_all; /* of it and all mounts below: "rro" */
	uint64_t propagation;        /* MS_SHARED and so on, with MS_REC */
	unsigned long super;         /* MS_* of the file system */
	bool bind, recursive, copy_up, copy_symlink, nofollow, source_nofollow;
	bool idmap, idmap_all;
	const char *map;             /* borrowed: what stands behind "idmap=" */
	const char *unknown;         /* borrowed: the first word that is no option of a bind */
	struct text data;            /* what is left, for the file system */
};
/* mount(2): a page of options */
#define MOUNT_DATA_MAX 4095
#define WORDS_INIT {.data = TEXT_INIT(MOUNT_DATA_MAX)}
#define AUTO_WORDS AUTO(words_done)

/* words_read - the options of mount; is_bind without a "bind" word when the type says so */
int words_read(const struct oci_mount *mount, struct words *words, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void words_done(struct words *words) NONNULL(1);
bool is_bind(const struct oci_mount *mount, const struct words *words) NONNULL(1, 2);

/*
 * idmap_read - "uids=0-1-10#@10-11-10;gids=0-100-10" as lines of uid_map and gid_map
 *
 * container_uids, container_gids  lists of struct oci_id_mapping for ranges that begin with "@"; may be NULL
 * uids, gids                      out: "0 1 10"; half filled on failure
 * Returns 0 or -EINVAL. Source: crun(1), idmap mount options.
 */
int idmap_read(const char *map, const struct list *container_uids, const struct list *container_gids,
               struct texts *uids, struct texts *gids) NONNULL(1, 4, 5) MUST_USE;
/*
 * idmap_namespace - descriptor of a user namespace with the mapping of an "idmap" mount, or a negative errno with err
 *
 * The mapping is the option's ("uids=0-1-10#...;gids=..."), else the mount's own, else the container's.
 */
int idmap_namespace(const struct oci_mount *mount, const struct words *words, const struct oci_linux *linux_,
                    struct error *err) NONNULL(1, 2, 4) MUST_USE;

/* plan_devices - those of the specification; fresh_dev: /dev is new and gets the default ones and their links */
int plan_devices(const struct oci_linux *linux_, bool fresh_dev, struct plan *plan, struct error *err)
	NONNULL(3, 4) MUST_USE;

#endif
