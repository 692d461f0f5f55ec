/* SPDX-License-Identifier: GPL-2.0-or-later */
/* blob.c - manifests and configurations by digest (image-layout.md, "blobs") */
#include "coracle/store/store.h"

#include "coracle/base/digest.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "shared_private.h"
#include "store_private.h"

static int blob_path(const char *digest, char into[static STORE_NAME_SIZE], struct error *err)
{
	/* CVE-2024-3727: a digest becomes part of a path only after this check */
	if (!digest_is_valid(digest))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a sha256 digest", digest);
	(void) snprintf(into, STORE_NAME_SIZE, "blobs/sha256/%s", digest_hex(digest));
	return 0;
}

/* is_there - with these bytes: one that was damaged is written anew */
static bool is_there(int dir_fd, const char *path, const void *bytes, size_t length)
{
	AUTO_FREE char *present = NULL;
	size_t present_length;

	return file_read(dir_fd, path, length, &present, &present_length) >= 0 && present_length == length
	       && memcmp(present, bytes, length) == 0;
}

int blob_write(struct store *store, const void *bytes, size_t length, const char *digest,
               char *out_digest, struct error *err)
{
	char actual[DIGEST_TEXT_SIZE], path[STORE_NAME_SIZE];
	int r = digest_bytes(bytes, length, actual, err);

	if (r < 0)
		return r;
	if (digest && strcmp(digest, actual) != 0)
		return error_set(err, ERROR_INVALID,
		                 "content of %.100s is damaged: its digest is %s; fetch it again",
		                 digest, actual);
	r = blob_path(actual, path, err);
	if (r < 0)
		return r;
	if (!is_there(store->fd, path, bytes, length)) {
		r = store_publish_file(store, "blobs/sha256", digest_hex(actual), bytes, length);
		if (r < 0)
			return error_errno(err, -r, "write store/%s", path);
	}
	if (out_digest)
		(void) memcpy(out_digest, actual, sizeof actual);
	return 0;
}

int blob_read(struct store *store, const char *digest, size_t max, char **out, size_t *length,
              struct error *err)
{
	char path[STORE_NAME_SIZE];
	int r = blob_path(digest, path, err);

	if (r < 0)
		return r;
	r = file_read(store->fd, path, max, out, length);
	for (size_t i = 0; r == -ENOENT;) {
		const struct store *shared = store_shared_next(store, &i);

		if (!shared)
			break;
		r = file_read(shared->fd, path, max, out, length);
	}
	return r < 0 ? error_errno(err, -r, "store/%s", path) : 0;
}

int blob_read_checked(struct store *store, const char *digest, size_t max, char **out, size_t *length,
                      struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	char actual[DIGEST_TEXT_SIZE];
	int r = blob_read(store, digest, max, &bytes, length, err);

	if (r >= 0)
		r = digest_bytes(bytes, *length, actual, err);
	if (r < 0)
		return r;
	if (strcmp(actual, digest) != 0) {
		(void) error_set(err, ERROR_CONFLICT, "store/blobs: the digest of %.19s is %.19s now; repair it with: "
		                 "coracle image check --repair, or fetch the image again", digest, actual);
		return -EBADMSG;
	}
	*out = TAKE_PTR(bytes);
	return 0;
}
