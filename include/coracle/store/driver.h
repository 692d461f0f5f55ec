/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver.h - from layers to the root file system of one container */
#ifndef CORACLE_STORE_DRIVER_H
#define CORACLE_STORE_DRIVER_H

#include "coracle/store/store.h"

/*
 * Drivers work in the caller's mount namespace, which is private to it (the monitor's, or a command's
 * own) and inside the user namespace. What they mount goes away with that namespace.
 */
struct driver_mount {
	struct store *store;
	const struct texts *layers; /* chain ids, lowest first */
	int container_fd;           /* the container's directory: upper/, work/, merged/ are made in it */
	bool read_only;             /* no upper directory */
	const char *uid_mapping, *gid_mapping; /* fuse and copy: "ON-DISK:SHOWN:COUNT[:...]", NULL: as they are */
	/* fuse and copy: layers are in stores that others can read (shared.h); fuse needs the ids 65534 and 65535 mapped */
	bool shared;
	bool single_id;             /* copy: with shared; the caller has one id only, so all files become its */
	bool durable;               /* fsync(2) inside reaches the disk; false (fast) for what is removed at its end */
};

struct driver {
	const char *name; /* "overlay", "fuse-overlayfs", "copy" */
	/* probe - 0 when it works in this store (by trying), else a negative errno with the reason in err */
	int (*probe)(struct store *store, struct error *err);
	/* mount - descriptor of the mounted root (detached, or mounted on merged/), or a negative errno */
	int (*mount)(const struct driver_mount *request, struct error *err);
	/* unmount - end a helper process if there is one; NULL when the kernel does it all */
	void (*unmount)(const struct driver_mount *request);
};

extern const struct driver driver_overlay, driver_fuse, driver_copy;

/*
 * Which driver the caller wants, in podman's order of precedence: $STORAGE_DRIVER (--storage-driver sets it), then
 * storage.conf. From the environment a name is a demand: where that driver can't work, that is an error. Of
 * storage.conf, which distributions ship, vfs and fuse-overlayfs are demands; "overlay" there means
 * whatever comes first of ours, as without a file; what we don't have (btrfs, zfs...) is passed over.
 */
struct driver_wish {
	char *name; /* of ours; NULL: the first that works */
	char *from; /* where it, or what was passed over, was said: "$STORAGE_DRIVER", "storage.conf"; NULL: nowhere */
	char *passed_over; /* a name in storage.conf that is none of ours */
};
/* driver_wish_read - *out zeroed by the caller; release with driver_wish_done; -EINVAL for an unknown name in the environment */
int driver_wish_read(struct driver_wish *out, struct error *err) NONNULL(1, 2) MUST_USE;
void driver_wish_done(struct driver_wish *wish) NONNULL(1);
#define AUTO_DRIVER_WISH AUTO(driver_wish_done)

/*
 * driver_choose - the first that works: overlay, fuse-overlayfs, copy; wanted restricts the choice ("vfs" means
 * copy); "": any; NULL: as driver_wish_read says. The answer is remembered in the runtime directory for
 * this boot, so that a start does not probe again.
 */
const struct driver *driver_choose(struct store *store, const struct paths *paths, const char *wanted,
                                   struct error *err) NONNULL(1, 2, 4) MUST_USE;
/*
 * driver_explain - [userns] choose anew, by trying all that may be chosen up to the first that works
 *
 * tried  pairs of a driver's name and "works" or the reason why it does not, in the order of the attempts
 * The answer replaces the one that is remembered: what was installed meanwhile is found.
 */
const struct driver *driver_explain(struct store *store, const struct paths *paths, const char *wanted,
                                    struct pairs *tried, struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;

/*
 * host_mount - the image "host:": this machine's own root with throw-away writable parts
 *
 * A tmpfs root; symlinks of / copied; each other directory of / an overlay (upper in container_fd/upper/NAME)
 * or, where the kernel refuses that (locked submounts), a recursive read-only bind; /proc /sys /dev
 * left empty for the runtime; /run and /tmp fresh tmpfs. Everything nosuid,nodev.
 * Returns a mount descriptor or a negative errno.
 */
int host_mount(int container_fd, struct error *err) NONNULL(2) MUST_USE;

#endif
