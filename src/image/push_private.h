/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * push_private.h - the parts of a push
 *
 * push.c           what is asked for: names, tags, the registry; one image there: configuration and manifest
 * push_layers.c    the layers: looked for, mounted or sent side by side, one poll loop
 * push_blobs.c     as what a layer may be in the registry already
 * push_worker.c    the process that reads and compresses one layer while it is sent
 * push_manifest.c  manifest and configuration of what came of the layers
 */
#ifndef CORACLE_IMAGE_PUSH_PRIVATE_H
#define CORACLE_IMAGE_PUSH_PRIVATE_H

#include "coracle/image/push.h"
#include "coracle/store/blobs.h"
#include "coracle/store/compress.h"

#include <sys/types.h>

#include "progress.h"
#include "remote.h"

/* how layers are compressed that have to be, and which others will do */
struct push_compression {
	enum compression kind;
	int level;
	bool force; /* blobs of other kinds won't do */
	bool no_zstd; /* such blobs won't do: the manifest will be docker's */
	struct opt_int level_wanted; /* with force: nor of other levels */
};

/* --- push_worker.c --- */
struct push_worker {
	pid_t pid;     /* 0: none */
	int bytes_fd;  /* the compressed layer, not blocking; end of file: it has ended */
	int result_fd;
	_Atomic uint64_t *read; /* shared with it: bytes of the tar that were compressed */
};
#define PUSH_WORKER_INIT {.bytes_fd = -1, .result_fd = -1}

struct push_work {
	struct store *store;
	const char *chain_id;
	enum compression kind;
	int level;
	uint64_t skip; /* compressed bytes that are not wanted: somebody has them */
};
struct push_made { /* what the layer became */
	char digest[DIGEST_TEXT_SIZE], diff_id[DIGEST_TEXT_SIZE];
	uint64_t size;
};
int push_worker_start(struct push_worker *worker, const struct push_work *work, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* push_worker_finish - after end of file: wait for it */
int push_worker_finish(struct push_worker *worker, struct push_made *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* push_worker_stop - end it, whatever it does; also when there is none */
void push_worker_stop(struct push_worker *worker) NONNULL(1);

/* --- push_blobs.c --- */
struct push_place {
	struct store *store;
	const char *host, *path; /* the repository, as the host knows it */
};
struct push_candidate { /* all owned */
	struct layer_blob blob;
	char *mount_from; /* repository of the same host that should have it; NULL: none known */
	bool is_original; /* what the image's manifest names */
	unsigned rank;    /* less is better */
};
/*
 * push_candidates - blobs that the registry may have of a layer, the likeliest first
 * original  of the manifest; out: list of struct push_candidate, zeroed by the caller; release with push_candidates_done
 */
void push_candidates(const struct push_place *place, const struct push_compression *compression, const char *chain_id,
                     const char *diff_id, const struct descriptor *original, struct list *out)
	NONNULL(1, 2, 3, 4, 5, 6);
void push_candidates_done(struct list *candidates) NONNULL(1);
/* push_namesake - owned: a repository of the same host whose image here has this layer; NULL: none */
char *push_namesake(const struct push_place *place, const char *chain_id) NONNULL(1, 2) MUST_USE;
/* push_compression_word - "none", "gzip", "zstd" */
const char *push_compression_word(enum compression kind);
/* push_compression_of - of a layer's media type */
enum compression push_compression_of(const char *media_type);

/* --- push_layers.c --- */
struct push_layer {
	/* in, borrowed */
	const char *chain_id, *diff_id;
	const struct descriptor *original;
	/* out: what stands for it in the registry; release with layer_blob_done */
	struct layer_blob blob;
	bool is_original;
};
struct push_layers {
	struct push_place place;
	struct registry *registry;
	const struct push_compression *compression;
	struct push_layer *layers;
	size_t count;
	size_t parallel; /* transfers at a time, up to REMOTE_PARALLEL_MAX */
	const struct image_progress *progress;
	char *mounted_from; /* out, owned: a repository that had a layer; NULL: none */
};
/* push_layers - all of them are in the registry afterwards; the caller holds the store (store_hold) */
int push_layers(struct push_layers *push, struct error *err) NONNULL(1, 2) MUST_USE;

/* --- push_manifest.c --- */
enum push_format { PUSH_OCI, PUSH_DOCKER };
struct push_documents {
	enum push_format format;
	char *config, *manifest; /* owned; the bytes to send */
	size_t config_length, manifest_length;
	char config_digest[DIGEST_TEXT_SIZE];
	const char *config_type, *manifest_type; /* static */
	bool config_changed;
};
/* push_format_of - what the image's manifest is */
enum push_format push_format_of(const struct image_manifest *manifest) NONNULL(1) MUST_USE;
/*
 * push_documents - fill config and manifest in documents, whose format is set, from those of the store
 *
 * layers            none of zstd for docker's format
 * config, manifest  the store's bytes; they are kept byte for byte when nothing became different
 */
int push_documents(const struct push_layer *layers, size_t count, const struct image_manifest *parsed,
                   const char *config, size_t config_length, const char *manifest, size_t manifest_length,
                   struct push_documents *documents, struct error *err) NONNULL(1, 3, 4, 6, 8, 9) MUST_USE;
void push_documents_done(struct push_documents *documents) NONNULL(1);

#endif
