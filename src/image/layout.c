/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.c - OCI image layouts that we write; see layout.h */
#include "layout.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/oci/image.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static const char layout_version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char directory_version[] = "Directory Transport Version: 1.1\n";

char *layout_blob_name(const char *digest)
{
	return xprintf("blobs/sha256/%s", digest_hex(digest));
}

json_t *descriptor_json(const char *media_type, const char *digest, uint64_t size)
{
	json_t *json = json_object();

	(void) json_object_set_new(json, "mediaType", json_string(media_type));
	(void) json_object_set_new(json, "digest", json_string(digest));
	(void) json_object_set_new(json, "size", json_integer((json_int_t) size));
	return json;
}

int layout_begin(struct package *package, struct error *err)
{
	/* skopeo can't unpack, as an ordinary user, an archive whose directories have no entries */
	static const char *const names[] = {"blobs/", "blobs/sha256/"};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(names); i++) {
		AUTO_CLOSE int fd = -1;

		r = package_directory(package, names[i], err);
		if (r < 0 || package->kind != PACKAGE_DIRECTORY)
			continue;
		/* a symlink would lead us out of the layout; the slash behind its name would follow it */
		fd = root_open(package->dir_fd, i ? "blobs/sha256" : "blobs", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		r = fd < 0 ? error_errno(err, -fd, "%.300s/%s", package->path, names[i]) : 0;
	}
	return r;
}

static json_t *empty_index(void)
{
	json_t *json = json_object();

	(void) json_object_set_new(json, "schemaVersion", json_integer(2));
	(void) json_object_set_new(json, "mediaType", json_string(OCI_INDEX_TYPE));
	(void) json_object_set_new(json, "manifests", json_array());
	return json;
}

/* read_index - a new reference: what the directory has, or an empty one; NULL with err filled */
static json_t *read_index(const struct package *package, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	json_t *json;
	size_t length;
	int r = package->kind == PACKAGE_DIRECTORY
	        ? root_read(package->dir_fd, "index.json", OCI_DOCUMENT_MAX_BYTES, &bytes, &length) : -ENOENT;

	if (r == -ENOENT)
		return empty_index();
	if (r < 0) {
		(void) error_errno(err, -r, "%.300s/index.json", package->path);
		return NULL;
	}
	json = json_parse(bytes ? bytes : "", length, err);
	if (!json) {
		(void) error_wrap(err, -EINVAL, "%.300s/index.json", package->path);
	} else if (!json_is_array(json_object_get(json, "manifests"))) {
		(void) error_set(err, ERROR_INVALID, "%.300s/index.json: is no index of images; name another directory",
		                 package->path);
		json_decref(json);
		json = NULL;
	}
	return json;
}

/* gives_way - present is what entry stands for from now on */
static bool gives_way(const json_t *present, const struct layout_entry *entry)
{
	const json_t *annotations = json_object_get(present, "annotations");
	const char *reference = json_string_value(json_object_get(annotations, LAYOUT_REFERENCE));
	const char *digest = json_string_value(json_object_get(present, "digest"));

	if (entry->reference)
		return reference && strcmp(reference, entry->reference) == 0;
	return !reference && digest && strcmp(digest, entry->digest) == 0;
}

static void add_entry(json_t *manifests, const struct layout_entry *entry)
{
	json_t *json = descriptor_json(entry->media_type, entry->digest, entry->size);
	json_t *annotations = json_object();

	for (size_t i = json_array_size(manifests); i-- > 0;)
		if (gives_way(json_array_get(manifests, i), entry))
			(void) json_array_remove(manifests, i);
	if (entry->platform)
		(void) json_object_set_new(json, "platform", json_deep_copy(entry->platform));
	if (entry->name)
		(void) json_object_set_new(annotations, LAYOUT_NAME, json_string(entry->name));
	if (entry->reference)
		(void) json_object_set_new(annotations, LAYOUT_REFERENCE, json_string(entry->reference));
	if (json_object_size(annotations))
		(void) json_object_set(json, "annotations", annotations);
	json_decref(annotations);
	(void) json_array_append_new(manifests, json);
}

static int write_index(struct package *package, const struct layout_entry *entries, size_t count, struct error *err)
{
	AUTO_JSON json_t *index = read_index(package, err);
	AUTO_FREE char *text = NULL;

	if (!index)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		add_entry(json_object_get(index, "manifests"), &entries[i]);
	text = json_text(index, JSON_COMPACT);
	return package_put(package, "index.json", text, strlen(text), err);
}

int layout_end(struct package *package, const struct layout_entry *entries, size_t count, struct error *err)
{
	bool is_directory = package->kind == PACKAGE_DIRECTORY;
	int r = package_put(package, "oci-layout", layout_version, strlen(layout_version), err);

	if (r < 0)
		return r;
	if (is_directory && flock(package->dir_fd, LOCK_EX) < 0)
		return error_errno(err, errno, "lock %.300s", package->path);
	r = write_index(package, entries, count, err);
	if (is_directory)
		(void) flock(package->dir_fd, LOCK_UN);
	return r;
}

int directory_begin(const struct package *package, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = package->made ? 0 : directory_list(package->dir_fd, ".", &names);

	if (r < 0)
		return error_errno(err, -r, "%.300s", package->path);
	if (names.count && !texts_has(&names, "version"))
		return error_set(err, ERROR_CONFLICT, "%.300s holds other files than an image; name another directory",
		                 package->path);
	return 0;
}

int directory_end(struct package *package, const void *manifest, size_t length, struct error *err)
{
	int r = package_put(package, "version", directory_version, strlen(directory_version), err);

	return r < 0 ? r : package_put(package, "manifest.json", manifest, length, err);
}
