/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - content-addressed blobs, unpacked layers and names of images
 *
 *   store/blobs/sha256/HEX           manifests and configurations
 *   store/layers/HEX/diff/           an unpacked layer; HEX is the chain id's; whiteouts as overlayfs wants them
 *   store/layers/HEX/tar.split       what of its archive is no file content (stream.h: layer_export); may be absent
 *   store/layers/HEX/layer.json      diff id, parent chain id, size, files; written last before the rename
 *   store/layers/HEX/blobs.json    as what it stands in registries (blobs.h); may be absent
 *   store/images/HEX.json            an image: id (config digest), manifest digest, chain ids, sizes, names
 *   store/refs/ESCAPED-NAME          the digest (image id) that a full name stands for; written last
 *   store/indexes/ESCAPED-NAME      a manifest list made here (index.h)
 *   store/parts/HEX                  a download that may go on, and HEX.mark (part.h)
 *   store/tmp/                       whatever is being made; swept when its maker is gone
 *
 * Everything becomes visible by one rename and is on disk before. Layers are unpacked inside the
 * user namespace, so all callers of functions marked [userns] have entered it (userns/userns.h).
 */
#ifndef CORACLE_STORE_STORE_H
#define CORACLE_STORE_STORE_H

#include "coracle/base/error.h"
#include "coracle/base/json.h"
#include "coracle/base/texts.h"
#include "coracle/conf/paths.h"

struct store;

/* store_open - the directories are made when absent; release with store_close */
int store_open(const struct paths *paths, struct store **out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void store_close(struct store *store);
int store_fd(const struct store *store) NONNULL(1); /* borrowed descriptor of store/ */
/*
 * store_hold - while the descriptor is open no layer is removed; taken from before the first layer_exists
 * or layer_unpack until the image record that names the layers is written. Descriptor or negative errno.
 */
int store_hold(struct store *store, struct error *err) NONNULL(1, 2) MUST_USE;
/* store_lock_names - of those who take names away one after the other; descriptor or negative errno */
int store_lock_names(struct store *store, struct error *err) NONNULL(1, 2) MUST_USE;

/* --- blobs --- */
/* blob_write - verified: the bytes' digest must be the one given, unless it is NULL; out_digest gets it */
int blob_write(struct store *store, const void *bytes, size_t length, const char *digest,
               char *out_digest, struct error *err) NONNULL(1, 6) MUST_USE;
int blob_read(struct store *store, const char *digest, size_t max, char **out, size_t *length,
              struct error *err) NONNULL(1, 2, 4, 6) MUST_USE;
/* blob_read_checked - for what leaves the store: -EBADMSG when the bytes have another digest */
int blob_read_checked(struct store *store, const char *digest, size_t max, char **out, size_t *length,
                      struct error *err) NONNULL(1, 2, 4, 5, 6) MUST_USE;

/* --- layers --- */
struct layer_info {
	char *chain_id, *diff_id, *parent; /* digests; parent NULL at the bottom */
	uint64_t size;                     /* bytes of the files */
	uint64_t files;
	uint64_t tar_size;                 /* bytes of the uncompressed archive */
	char *created;
};
extern const struct field layer_info_fields[];

bool layer_exists(struct store *store, const char *chain_id) NONNULL(1, 2);
int layer_read(struct store *store, const char *chain_id, struct layer_info *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* layer_chain_id - image-spec config.md#layer-chainid; parent NULL for the bottom layer */
int layer_chain_id(const char *parent, const char *diff_id, char *into, struct error *err) MUST_USE;
/*
 * layer_unpack - [userns] read a layer's tar (plain, gzip, xz, zstd, bzip2) from fd and make it visible
 *
 * parent   chain id below, or NULL
 * diff_id  expected digest of the uncompressed bytes; a difference is an error and nothing stays; NULL: any
 * out      zeroed by the caller; chain_id, diff_id, size... on success; free with fields_done(layer_info_fields)
 *
 * Hostile archives: names with "..", absolute names, symlinked parents, hard links out of the layer,
 * whiteouts through symlinks or of "" "." "..", device nodes (skipped: can't be made without root;
 * 0:0 character devices are overlayfs whiteouts and must not come from an archive), xattrs
 * trusted.*, user.overlay.*, security.* except security.capability, sparse files, at most
 * LAYER_MAX_ENTRIES entries. The layer directory is the only place ever written.
 */
int layer_unpack(struct store *store, int fd, const char *parent, const char *diff_id,
                 struct layer_info *out, struct error *err) NONNULL(1, 5, 6) MUST_USE;
/* layer_unpack_part - the same from the next length bytes of fd only, where an archive holds the layer */
int layer_unpack_part(struct store *store, int fd, uint64_t length, const char *parent,
                      const char *diff_id, struct layer_info *out, struct error *err)
	NONNULL(1, 6, 7) MUST_USE;
/*
 * layer_remove_unused - [userns] remove those of candidates (NULL: of all layers, and blobs) that no image has
 *
 * in_use  chain ids that containers stand on; these stay too. Nothing goes while another process
 *         holds the store (store_hold) or an image record is damaged: a later call makes up for it (gc.h).
 */
int layer_remove_unused(struct store *store, const struct texts *candidates, const struct texts *in_use,
                        struct error *err) NONNULL(1, 3, 4) MUST_USE;

/* --- images --- */
struct image_record {
	char *id;              /* config digest, "sha256:..." */
	char *manifest_digest; /* of the manifest we hold or made */
	struct texts digests;  /* "registry/path@sha256:..." of indexes that it was chosen from, the latest last */
	struct texts layers;   /* chain ids, lowest first */
	struct texts names;    /* full names "docker.io/library/debian:12", from refs; see image_record_names */
	uint64_t size;         /* bytes of all layers */
	char *created;         /* RFC 3339, of the configuration */
	char *loaded;          /* RFC 3339, when it came here */
	char *architecture, *os;
	struct pairs labels;
	struct texts pushed;   /* "REPOSITORY@sha256:...", the last manifest sent to each, when that is another than manifest_digest */
	bool damaged;          /* the record could not be read; only id counts */
	bool elsewhere;        /* layers were not all in the own store, or others can read that: ask store_places (shared.h) */
	const char *store;     /* path of the additional store that the record is in (shared.h), the struct store's; NULL: the own one */
	bool is_list;          /* never stored: a manifest list of store/index.h, shown beside images */
};
extern const struct field image_record_fields[];

int image_record_write(struct store *store, const struct image_record *record, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* image_record_read - id in full, with or without "sha256:"; names stay empty (one file is read, not all refs) */
int image_record_read(struct store *store, const char *id, struct image_record *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* image_record_names - fill names from refs */
int image_record_names(struct store *store, struct image_record *record, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* image_record_ids - ids ("sha256:...") that begin with these hex digits, from one directory listing */
int image_record_ids(struct store *store, const char *prefix, struct texts *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* image_record_list - all of them with names, newest first; a damaged one is listed as such; list of struct image_record */
int image_record_list(struct store *store, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* image_record_list_all - with those of additional stores (shared.h); what the own store has too is its own */
int image_record_list_all(struct store *store, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void image_record_list_done(struct list *list) NONNULL(1);
/* image_record_forget - the names and the record alone; what they named is for store_collect (gc.h) */
int image_record_forget(struct store *store, const struct image_record *record, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* image_record_exists - one look at a directory */
bool image_record_exists(struct store *store, const char *id) NONNULL(1, 2);
/* image_record_remove - the record, its manifest and configuration blobs, and layers that no other image has; [userns] */
int image_record_remove(struct store *store, const struct image_record *record,
                        const struct texts *layers_in_use, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

/* --- names --- full references only: "docker.io/library/debian:12" */
int ref_write(struct store *store, const char *name, const char *image_id, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
int ref_read(struct store *store, const char *name, char **out_image_id) NONNULL(1, 2, 3) MUST_USE; /* -ENOENT */
int ref_remove(struct store *store, const char *name, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* ref_list - pairs of name and image id */
int ref_list(struct store *store, struct pairs *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

/* store_sweep - [userns] remove what dead processes left in store/tmp; never fails a command */
void store_sweep(struct store *store) NONNULL(1);

#endif
