/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * index.h - manifest lists (OCI image indexes) that are made here: store/indexes/ESCAPED-NAME
 *
 * The record of a list names its document, a blob like any other, and where the images are that it lists. Every
 * change writes a new document and then the record, so that a reader sees the list before it or after it.
 */
#ifndef CORACLE_STORE_INDEX_H
#define CORACLE_STORE_INDEX_H

#include "coracle/store/store.h"

#define INDEX_SOURCE_STORE "containers-storage:" /* and the image's id, "sha256:..." */
#define INDEX_SOURCE_REMOTE "docker://"          /* and "registry/path@sha256:..." */

struct index_record {
	char *id;             /* 64 random hex digits that stay while the list changes */
	char *name;           /* full; from the file's name */
	char *digest;         /* of the document, a blob */
	char *created;        /* RFC 3339 */
	struct pairs sources; /* digest of an instance -> INDEX_SOURCE_... */
};
void index_record_done(struct index_record *record) NONNULL(1);
#define AUTO_INDEX_RECORD AUTO(index_record_done)

/* index_lock - held from reading a record until its change is written; descriptor for lock_release or negative errno */
int index_lock(struct store *store, struct error *err) NONNULL(1, 2) MUST_USE;
/* index_write - the record under its name; the document is there already */
int index_write(struct store *store, const struct index_record *record, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* index_read - *out zeroed by the caller; -ENOENT (without words in err) when there is no such list */
int index_read(struct store *store, const char *name, struct index_record *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* index_list - all of them by name, those that can't be read left out; list of struct index_record */
int index_list(struct store *store, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void index_list_done(struct list *list) NONNULL(1);
/* index_list_damaged - names of lists whose record or document can't be read */
int index_list_damaged(struct store *store, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* index_remove - the record alone: its document is an unused blob from then on */
int index_remove(struct store *store, const char *name, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/*
 * index_blobs - digests that must stay because of lists: documents and the manifests that they name
 *
 * A record that can't be read is an error: what it names is not known.
 */
int index_blobs(struct store *store, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

#endif
