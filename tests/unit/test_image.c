/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_image.c - archives become images, images have names, names go */
#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/image/image.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"
#include "tar_maker.h"

#define ARCHIVE_MAX (1 << 20)

static char folder[64];
static struct engine engine;
static const struct texts no_layers;
static const struct pairs no_use;

static void setup(void)
{
	(void) snprintf(folder, sizeof folder, "/tmp/coracle-image-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	engine = (struct engine){.paths = {.data = folder, .runtime_fd = -1}};
	engine.paths.data_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(engine.paths.data_fd, 0);
}

static void teardown(void)
{
	store_close(engine.store);
	(void) close(engine.paths.data_fd);
	(void) !tree_remove(AT_FDCWD, folder);
}

/* --- archives --- */

static void layer_tar(struct text *tar, const char *content)
{
	const struct tar_entry entry = {"file", '0', .content = content};

	tar_add(tar, &entry);
	tar_end(tar);
}

static void digest_of(const char *bytes, size_t length, char into[static DIGEST_TEXT_SIZE])
{
	struct error err = {0};

	ck_assert_int_eq(digest_bytes(bytes, length, into, &err), 0);
}

static char *config_of(const struct text *layer, const char *architecture)
{
	char digest[DIGEST_TEXT_SIZE];

	digest_of(layer->data, layer->length, digest);
	return xprintf("{\"created\":\"2020-01-0%dT00:00:00Z\",\"architecture\":\"%s\",\"os\":\"linux\",\"config\":"
		       "{\"Cmd\":[\"sh\"],\"Labels\":{\"a\":\"b\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
		       architecture[0] == 'a' ? 1 : 2, architecture, digest);
}

static void add_bytes(struct text *tar, const char *name, const char *bytes, size_t length)
{
	const struct tar_entry entry = {name, '0'};

	tar_header(tar, &entry, '0', name, length);
	tar_body(tar, bytes, length);
}

static char *write_archive(struct text *tar)
{
	static unsigned number;
	char *path = xprintf("%s/archive-%u.tar", folder, number++);

	tar_end(tar);
	ck_assert_int_eq(file_write(AT_FDCWD, path, tar->data, tar->length, 0600, FILE_FAST), 0);
	return path;
}

/* docker_archive - owned path; tags is JSON, the layer a symlink as docker save makes them */
static char *docker_archive(const char *tags, const char *content)
{
	static const struct tar_entry link = {"v1/layer.tar", '2', .link = "../layer-1.tar"};
	AUTO_TEXT struct text layer = TEXT_INIT(ARCHIVE_MAX), tar = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *config = NULL;
	AUTO_FREE char *manifest = xprintf("[{\"Config\":\"c.json\",\"RepoTags\":%s,\"Layers\":[\"v1/layer.tar\"]}]", tags);

	layer_tar(&layer, content);
	config = config_of(&layer, "amd64");
	tar_add(&tar, &link);
	add_bytes(&tar, "./layer-1.tar", layer.data, layer.length);
	add_bytes(&tar, "c.json", config, strlen(config));
	add_bytes(&tar, "manifest.json", manifest, strlen(manifest));
	return write_archive(&tar);
}

/* add_blob - owned descriptor without its closing brace */
static char *add_blob(struct text *tar, const char *type, const char *bytes, size_t length)
{
	char digest[DIGEST_TEXT_SIZE];
	AUTO_FREE char *name = NULL;

	digest_of(bytes, length, digest);
	name = xprintf("blobs/sha256/%s", digest_hex(digest));
	add_bytes(tar, name, bytes, length);
	return xprintf("{\"mediaType\":\"application/vnd.oci.image.%s\",\"digest\":\"%s\",\"size\":%zu", type, digest, length);
}

static char *add_manifest(struct text *tar, const char *content, const char *architecture)
{
	AUTO_TEXT struct text layer = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *config = NULL, *config_descriptor = NULL, *layer_descriptor = NULL, *manifest = NULL;

	layer_tar(&layer, content);
	config = config_of(&layer, architecture);
	config_descriptor = add_blob(tar, "config.v1+json", config, strlen(config));
	layer_descriptor = add_blob(tar, "layer.v1.tar", layer.data, layer.length);
	manifest = xprintf("{\"schemaVersion\":2,\"config\":%s},\"layers\":[%s}]}", config_descriptor, layer_descriptor);
	return add_blob(tar, "manifest.v1+json", manifest, strlen(manifest));
}

/* oci_archive - one name for two platforms behind a nested index, and an attestation beside them */
static char *oci_archive(const char *architecture, const char *other)
{
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *one = add_manifest(&tar, "one", architecture), *two = add_manifest(&tar, "two", other);
	AUTO_FREE char *nested = xprintf(
		"{\"schemaVersion\":2,\"manifests\":[%s,\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}},"
		"%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}},"
		"%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}]}",
		one, two, other, one, architecture);
	AUTO_FREE char *descriptor = add_blob(&tar, "index.v1+json", nested, strlen(nested));
	AUTO_FREE char *index = xprintf("{\"schemaVersion\":2,\"manifests\":[%s,\"annotations\":"
					"{\"org.opencontainers.image.ref.name\":\"quay.io/x/y:1\"}}]}", descriptor);

	add_bytes(&tar, "index.json", index, strlen(index));
	return write_archive(&tar);
}

static int load(const char *path, const char *platform, struct texts *loaded, struct error *err)
{
	AUTO_FREE char *input = xstrdup(path);
	struct image_load request = {.input = input};
	int r;

	if (platform)
		texts_add(&request.platforms, platform);
	r = image_load(&engine, &request, loaded, err);
	texts_done(&request.platforms);
	return r;
}

/* loaded - the one name or id that came */
static char *loaded(const char *path, const char *platform)
{
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};

	ck_assert_msg(load(path, platform, &names, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(names.count, 1);
	return xstrdup(names.items[0]);
}

static char *id_of(const char *text)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct error err = {0};

	ck_assert_msg(image_find(&engine, text, &record, NULL, &err) == 0, "%s", err.text);
	return xstrdup(record.id);
}

static size_t count(const char *path)
{
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};
	struct store *store = engine_store(&engine, &err);

	ck_assert_ptr_nonnull(store);
	ck_assert_int_eq(directory_list(store_fd(store), path, &names), 0);
	return names.count;
}

static void store_is_empty(void)
{
	ck_assert_uint_eq(count("layers"), 0);
	ck_assert_uint_eq(count("images"), 0);
	ck_assert_uint_eq(count("refs"), 0);
	ck_assert_uint_eq(count("tmp"), 0);
}

/* --- loading --- */

START_TEST(loads_what_docker_saved)
{
	AUTO_FREE char *path = docker_archive("[\"busybox:1\"]", "x"), *name = loaded(path, NULL);
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct image_config config = {0};
	AUTO_FREE char *full = NULL;
	struct error err = {0};

	ck_assert_str_eq(name, "docker.io/library/busybox:1");
	ck_assert_msg(image_find(&engine, "busybox:1", &record, &full, &err) == 0, "%s", err.text);
	ck_assert_str_eq(full, "docker.io/library/busybox:1");
	ck_assert_uint_eq(record.layers.count, 1);
	ck_assert_int_eq(image_read_config(&engine, &record, &config, &err), 0);
	ck_assert_str_eq(config.config.cmd.items[0], "sh");
	fields_done(image_config_fields, &config);
	ck_assert_uint_eq(count("tmp"), 0);
}
END_TEST

START_TEST(loads_without_a_name)
{
	AUTO_FREE char *path = docker_archive("null", "x"), *id = loaded(path, NULL), *found = id_of(id);

	ck_assert_str_eq(id, found);
	ck_assert_uint_eq(count("refs"), 0);
}
END_TEST

START_TEST(takes_this_machines_image_of_an_index)
{
	const char *host = platform_host()->architecture;
	AUTO_FREE char *path = oci_archive(host, "wasm"), *name = loaded(path, NULL);
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct error err = {0};

	ck_assert_str_eq(name, "quay.io/x/y:1");
	ck_assert_int_eq(image_find(&engine, name, &record, NULL, &err), 0);
	ck_assert_str_eq(record.architecture, host);
}
END_TEST

START_TEST(takes_the_platform_asked_for)
{
	AUTO_FREE char *path = oci_archive(platform_host()->architecture, "wasm"), *name = loaded(path, "linux/wasm");
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};

	ck_assert_int_eq(image_find(&engine, name, &record, NULL, &err), 0);
	ck_assert_str_eq(record.architecture, "wasm");
	ck_assert_int_eq(load(path, "linux/s390x", &names, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "linux/s390x"));
	ck_assert_int_eq(load(path, "linux/../x", &names, &err), -EINVAL);
}
END_TEST

START_TEST(says_when_no_platform_fits)
{
	AUTO_FREE char *path = oci_archive("wasm", "wasm32");
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};

	ck_assert_int_eq(load(path, NULL, &names, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "--platform"));
	store_is_empty();
}
END_TEST

static void damage(const char *path, const char *at, const char *with)
{
	AUTO_FREE char *bytes = NULL;
	char *where;
	size_t length;

	ck_assert_int_eq(file_read(AT_FDCWD, path, ARCHIVE_MAX, &bytes, &length), 0);
	where = memmem(bytes, length, at, strlen(at));
	ck_assert_ptr_nonnull(where);
	(void) memcpy(where, with, strlen(with));
	ck_assert_int_eq(file_write(AT_FDCWD, path, bytes, length, 0600, FILE_FAST), 0);
}

START_TEST(a_changed_blob_is_noticed)
{
	AUTO_FREE char *path = oci_archive(platform_host()->architecture, "wasm");
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};

	damage(path, "\"Cmd\":[\"sh\"]", "\"Cmd\":[\"SH\"]");
	ck_assert_int_eq(load(path, NULL, &names, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
	ck_assert_uint_eq(names.count, 0);
	store_is_empty();
}
END_TEST

START_TEST(a_changed_layer_is_noticed)
{
	AUTO_FREE char *path = docker_archive("[\"a:1\"]", "contents"), *name = NULL;
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};

	damage(path, "contents", "CONTENTS");
	ck_assert_int_eq(load(path, NULL, &names, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "layer 1 of 1"));
	store_is_empty();
	damage(path, "CONTENTS", "contents");
	name = loaded(path, NULL);
	ck_assert_str_eq(name, "docker.io/library/a:1");
}
END_TEST

/* a manifest may name a layer's right diff id and still lie about the blob */
static const struct {
	size_t size_off;     /* added to the size that it tells */
	const char *digest_of; /* what it tells the digest of; NULL: of the layer */
	const char *words;
} lies[] = {
	{1, NULL, "its size is"},
	{(size_t) -1, NULL, "its size is"},
	{0, "another", "its digest is"},
};

START_TEST(a_descriptor_that_lies_is_noticed)
{
	AUTO_TEXT struct text layer = TEXT_INIT(ARCHIVE_MAX), tar = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *config = NULL, *descriptor = NULL, *manifest = NULL, *top = NULL, *name = NULL, *path = NULL;
	AUTO_FREE char *index = NULL;
	AUTO_TEXTS struct texts names = {0};
	char digest[DIGEST_TEXT_SIZE];
	struct error err = {0};

	layer_tar(&layer, "content");
	config = config_of(&layer, "amd64");
	descriptor = add_blob(&tar, "config.v1+json", config, strlen(config));
	if (lies[_i].digest_of)
		digest_of(lies[_i].digest_of, strlen(lies[_i].digest_of), digest);
	else
		digest_of(layer.data, layer.length, digest);
	name = xprintf("blobs/sha256/%s", digest_hex(digest));
	add_bytes(&tar, name, layer.data, layer.length);
	manifest = xprintf("{\"schemaVersion\":2,\"config\":%s},\"layers\":[{\"digest\":\"%s\",\"size\":%zu}]}",
			   descriptor, digest, layer.length + lies[_i].size_off);
	top = add_blob(&tar, "manifest.v1+json", manifest, strlen(manifest));
	index = xprintf("{\"schemaVersion\":2,\"manifests\":[%s}]}", top);
	add_bytes(&tar, "index.json", index, strlen(index));
	path = write_archive(&tar);
	ck_assert_int_eq(load(path, NULL, &names, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, lies[_i].words), "says: %s", err.text);
	store_is_empty();
}
END_TEST

static const struct {
	const char *name, *content, *words;
} bad_archives[] = {
	{"hello", "world", "coracle import"},
	{"manifest.json", "{}", "not a list"},
	{"manifest.json", "[]", "not a list"},
	{"manifest.json", "[{}]", "\"Config\" is missing"},
	{"manifest.json", "[{\"Config\":1}]", "not a string"},
	{"manifest.json", "[{\"Config\":\"../../../etc/passwd\"}]", "holds no file"},
	{"manifest.json", "[{\"Config\":\"/etc/passwd\"}]", "holds no file"},
	{"manifest.json", "[{\"Config\":\"manifest.json\",\"RepoTags\":[\"UP/../x\"]}]", "image name"},
	{"manifest.json", "[{\"Config\":\"manifest.json\"}]", "image configuration"},
	{"manifest.json", "nonsense", "not JSON"},
	{"index.json", "{}", "schemaVersion"},
	{"index.json", "{\"schemaVersion\":2,\"manifests\":[]}", "names no image"},
	{"index.json", "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:../../x\",\"size\":1}]}", "not a sha256"},
};

START_TEST(bad_archives_are_told_in_words)
{
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE char *path = NULL;
	struct error err = {0};

	add_bytes(&tar, bad_archives[_i].name, bad_archives[_i].content, strlen(bad_archives[_i].content));
	path = write_archive(&tar);
	ck_assert_int_lt(load(path, NULL, &names, &err), 0);
	ck_assert_msg(strstr(err.text, bad_archives[_i].words), "says: %s", err.text);
	ck_assert_msg(strstr(err.text, path), "says: %s", err.text);
	store_is_empty();
}
END_TEST

START_TEST(a_layout_directory_names_itself)
{
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *top = xprintf("%s/debian", folder), *blobs = xprintf("%s/blobs/sha256", top);
	AUTO_FREE char *index_path = xprintf("%s/index.json", top), *index = NULL, *name = NULL;
	AUTO_FREE char *descriptor = add_manifest(&tar, "one", "amd64");

	/* the archive's blobs as files */
	ck_assert_int_eq(directory_make(AT_FDCWD, blobs, 0700), 0);
	for (size_t at = 0; at + 512 <= tar.length;) {
		AUTO_FREE char *octal = xstrndup(tar.data + at + 124, 11);
		AUTO_FREE char *path = xprintf("%s/%s", top, tar.data + at);
		unsigned size;

		ck_assert_int_eq(number_parse_octal(octal, ARCHIVE_MAX, &size), 0);
		ck_assert_int_eq(file_write(AT_FDCWD, path, tar.data + at + 512, size, 0600, FILE_FAST), 0);
		at += 512 + ((size_t) size + 511) / 512 * 512;
	}
	index = xprintf("{\"schemaVersion\":2,\"manifests\":[%s,\"annotations\":"
			"{\"org.opencontainers.image.ref.name\":\"12\"}}]}", descriptor);
	ck_assert_int_eq(file_write(AT_FDCWD, index_path, index, strlen(index), 0600, FILE_FAST), 0);
	name = loaded(top, NULL);
	ck_assert_str_eq(name, "localhost/debian:12");
}
END_TEST

/* --- names --- */

START_TEST(finds_by_name_id_prefix_and_digest)
{
	AUTO_FREE char *path = docker_archive("[\"docker.io/user/app:1\"]", "x"), *name = loaded(path, NULL);
	AUTO_FREE char *id = id_of("user/app:1"), *prefix = xprintf("%.3s", digest_hex(id));
	AUTO_FREE char *by_prefix = id_of(prefix), *by_hex = id_of(digest_hex(id)), *by_full = id_of(name), *by_id = id_of(id);
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *by_digest = NULL, *text = NULL;
	struct error err = {0};

	ck_assert_str_eq(by_prefix, id);
	ck_assert_str_eq(by_hex, id);
	ck_assert_str_eq(by_full, id);
	ck_assert_str_eq(by_id, id);
	ck_assert_int_eq(image_find(&engine, id, &record, NULL, &err), 0);
	text = xprintf("user/app@%s", record.manifest_digest);
	by_digest = id_of(text);
	ck_assert_str_eq(by_digest, id);
}
END_TEST

static const char *const absent[] = {"nope", "nope:1", "quay.io/no/pe", "0123456789abcdef", "host:",
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"x@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};

START_TEST(says_what_is_not_known)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *name = NULL;
	struct error err = {0};

	ck_assert_int_eq(image_find(&engine, absent[_i], &record, &name, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, absent[_i]));
	ck_assert_ptr_null(record.id);
}
END_TEST

START_TEST(this_machines_names_come_before_dockers)
{
	AUTO_FREE char *one = docker_archive("[\"app:1\"]", "x"), *first = loaded(one, NULL);
	AUTO_FREE char *two = docker_archive("[\"other:1\"]", "longer content"), *second = loaded(two, NULL);
	AUTO_FREE char *other = id_of("other:1"), *found = NULL;
	struct error err = {0};

	ck_assert_int_eq(image_tag(&engine, "other:1", "app:1", &err), 0);
	found = id_of("app:1");
	ck_assert_str_eq(found, other);
	ck_assert_str_ne(first, second);
}
END_TEST

static int remove_named(const char *text, bool force, const struct pairs *used, struct texts *removed, struct error *err)
{
	struct image_remove request = {.force = force};
	int r = image_remove(&engine, text, &request, used, removed, err);

	return r < 0 ? r : layer_remove_unused(engine.store, NULL, &no_layers, err);
}

START_TEST(the_last_name_takes_the_image_along)
{
	AUTO_FREE char *path = docker_archive("[\"app:1\"]", "x"), *name = loaded(path, NULL), *id = id_of("app:1");
	AUTO_TEXTS struct texts removed = {0};
	struct error err = {0};

	ck_assert_int_eq(image_tag(&engine, id, "second", &err), 0);
	ck_assert_int_eq(remove_named("app:1", false, &no_use, &removed, &err), 0);
	ck_assert_uint_eq(removed.count, 1);
	ck_assert_uint_eq(count("layers"), 1);
	ck_assert_int_eq(remove_named("second", false, &no_use, &removed, &err), 0);
	ck_assert_uint_eq(removed.count, 3);
	ck_assert_str_eq(removed.items[1], "Untagged: localhost/second:latest");
	ck_assert_int_eq(strncmp(removed.items[2], "Deleted: sha256:", 16), 0);
	store_is_empty();
	ck_assert_int_eq(remove_named("second", false, &no_use, &removed, &err), -ENOENT);
	ck_assert_ptr_nonnull(name);
}
END_TEST

START_TEST(an_id_with_several_names_needs_force)
{
	AUTO_FREE char *path = docker_archive("[\"a:1\",\"b:1\"]", "x"), *id = NULL;
	AUTO_TEXTS struct texts removed = {0}, names = {0};
	struct error err = {0};

	ck_assert_int_eq(load(path, NULL, &names, &err), 0);
	id = id_of("a:1");
	ck_assert_int_eq(remove_named(id, false, &no_use, &removed, &err), -EBUSY);
	ck_assert_int_eq(remove_named(id, true, &no_use, &removed, &err), 0);
	ck_assert_uint_eq(removed.count, 3);
	store_is_empty();
}
END_TEST

START_TEST(an_image_in_use_stays)
{
	AUTO_FREE char *path = docker_archive("[\"a:1\"]", "x"), *name = loaded(path, NULL), *id = id_of(name);
	AUTO_PAIRS struct pairs used = {0};
	AUTO_TEXTS struct texts removed = {0};
	struct error err = {0};

	pairs_set(&used, id, "0123456789abcdef");
	ck_assert_int_eq(remove_named("a:1", true, &used, &removed, &err), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "0123456789ab"));
	ck_assert_uint_eq(removed.count, 0);
	ck_assert_uint_eq(count("refs"), 1);
}
END_TEST

START_TEST(a_damaged_image_can_be_removed)
{
	AUTO_FREE char *path = docker_archive("[\"a:1\"]", "x"), *name = loaded(path, NULL), *id = id_of(name);
	AUTO_FREE char *record = xprintf("images/%s.json", digest_hex(id));
	AUTO_TEXTS struct texts removed = {0};
	AUTO_IMAGE_RECORD struct image_record found = {0};
	struct error err = {0};

	ck_assert_int_eq(file_write(store_fd(engine.store), record, "", 0, 0600, FILE_FAST), 0);
	ck_assert_int_eq(image_find(&engine, "a:1", &found, NULL, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "coracle rmi -f"));
	ck_assert_msg(remove_named("a:1", false, &no_use, &removed, &err) == 0, "%s", err.text);
	store_is_empty();
}
END_TEST

/* --- import --- */

static char *import(const char *name, const char *change, struct error *err)
{
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *path = NULL, *own = name ? xstrdup(name) : NULL;
	struct image_import request = {.name = own};
	char *id = NULL;

	layer_tar(&tar, "root");
	path = write_archive(&tar);
	request.source = path;
	if (change)
		texts_add(&request.changes, change);
	(void) !image_import(&engine, &request, &id, err);
	texts_done(&request.changes);
	return id;
}

START_TEST(imports_a_root_file_system)
{
	struct error err = {0};
	AUTO_FREE char *id = import("base", "CMD [\"/bin/a\", \"b\"]", &err), *found = NULL;
	json_t *json = NULL;

	ck_assert_msg(id != NULL, "%s", err.text);
	found = id_of("base");
	ck_assert_str_eq(found, id);
	ck_assert_int_eq(image_inspect(&engine, "localhost/base:latest", &json, &err), 0);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(json_object_get(json, "Config"), "Cmd"), 1)), "b");
	ck_assert_str_eq(json_string_value(json_object_get(json, "Architecture")), platform_host()->architecture);
	ck_assert_str_eq(json_string_value(json_object_get(json, "Id")), id);
	ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(json, "RootFS"), "Layers")), 1);
	json_decref(json);
}
END_TEST

static const char *const bad_changes[] = {"", "RUN x", "CMD", "ENV", "ENV =x", "EXPOSE 0", "EXPOSE 80/x", "EXPOSE 9-8", "LABEL", "ENV A=\"x", "VOLUME"};

START_TEST(bad_changes_are_refused_before_unpacking)
{
	struct error err = {0};
	AUTO_FREE char *id = import("base", bad_changes[_i], &err);

	ck_assert_ptr_null(id);
	ck_assert_msg(strstr(err.text, "change"), "says: %s", err.text);
	store_is_empty();
}
END_TEST

static const struct {
	const char *change, *json;
} changes[] = {
	{"ENV A=1 B=\"x y\"", "{\"Env\":[\"A=1\",\"B=x y\"]}"},
	{"ENV A x y", "{\"Env\":[\"A=x y\"]}"},
	{"env A=", "{\"Env\":[\"A=\"]}"},
	{"CMD echo hi", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo hi\"]}"},
	{"CMD=[\"a\"]", "{\"Cmd\":[\"a\"]}"},
	{"ENTRYPOINT [\"a\",\"b\"]", "{\"Entrypoint\":[\"a\",\"b\"]}"},
	{"EXPOSE 80 53/udp 90-91", "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"90-91/tcp\":{}}}"},
	{"LABEL a=b c='d e'", "{\"Labels\":{\"a\":\"b\",\"c\":\"d e\"}}"},
	{"VOLUME [\"/a b\"]", "{\"Volumes\":{\"/a b\":{}}}"},
	{"VOLUME /a /b", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}"},
	{"USER 1:2", "{\"User\":\"1:2\"}"},
	{"WORKDIR srv", "{\"WorkingDir\":\"/srv\"}"},
	{"STOPSIGNAL SIGINT", "{\"StopSignal\":\"SIGINT\"}"},
	{"ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}"},
};

START_TEST(changes_change_the_configuration)
{
	struct error err = {0};
	AUTO_FREE char *id = import(NULL, changes[_i].change, &err), *text = NULL;
	json_t *json = NULL;

	ck_assert_msg(id != NULL, "%s", err.text);
	ck_assert_int_eq(image_inspect(&engine, id, &json, &err), 0);
	text = json_text(json_object_get(json, "Config"), JSON_COMPACT);
	ck_assert_str_eq(text, changes[_i].json);
	json_decref(json);
}
END_TEST

/* --- listing --- */

static size_t listed(const char *filter, const char *name)
{
	AUTO_FREE char *own = name ? xstrdup(name) : NULL;
	struct image_list request = {.name = own};
	json_t *rows = NULL, *typed = NULL;
	struct error err = {0};
	size_t n;

	if (filter)
		texts_add(&request.filters, filter);
	ck_assert_msg(image_list(&engine, &request, &rows, &typed, &err) == 0, "%s", err.text);
	n = json_array_size(rows);
	json_decref(rows);
	json_decref(typed);
	texts_done(&request.filters);
	return n;
}

START_TEST(lists_one_row_a_name)
{
	AUTO_FREE char *one = docker_archive("[\"a:1\",\"quay.io/b/c:2\"]", "x"), *two = docker_archive("null", "longer");
	AUTO_TEXTS struct texts names = {0};
	struct error err = {0};

	ck_assert_uint_eq(listed(NULL, NULL), 0);
	ck_assert_int_eq(load(one, NULL, &names, &err), 0);
	ck_assert_int_eq(load(two, NULL, &names, &err), 0);
	ck_assert_uint_eq(listed(NULL, NULL), 3);
	ck_assert_uint_eq(listed("dangling=true", NULL), 1);
	ck_assert_uint_eq(listed("dangling=false", NULL), 2);
	ck_assert_uint_eq(listed("label=a", NULL), 3);
	ck_assert_uint_eq(listed("label=a=b", NULL), 3);
	ck_assert_uint_eq(listed("label=a=c", NULL), 0);
	ck_assert_uint_eq(listed("label!=a", NULL), 0);
	/* only the names that fit */
	ck_assert_uint_eq(listed("reference=a", NULL), 1);
	ck_assert_uint_eq(listed("reference=*:2", NULL), 0);
	ck_assert_uint_eq(listed("reference=quay.io/*/*:2", NULL), 1);
	ck_assert_uint_eq(listed("until=2019-01-01T00:00:00Z", NULL), 0);
	ck_assert_uint_eq(listed("until=2021-01-01T00:00:00Z", NULL), 3);
	ck_assert_uint_eq(listed("since=a:1", NULL), 0);
	ck_assert_uint_eq(listed(NULL, "a"), 1);
	ck_assert_uint_eq(listed(NULL, "a:2"), 0);
	ck_assert_uint_eq(listed(NULL, names.items[names.count - 1]), 1);
}
END_TEST

static const char *const bad_filters[] = {"x", "x=y", "dangling=maybe", "until=never", ""};

START_TEST(unknown_filters_are_refused)
{
	struct image_list request = {0};
	json_t *rows = NULL, *typed = NULL;
	struct error err = {0};

	texts_add(&request.filters, bad_filters[_i]);
	ck_assert_int_eq(image_list(&engine, &request, &rows, &typed, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "invalid filter"));
	ck_assert_ptr_null(rows);
	texts_done(&request.filters);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image");
	TCase *tcase = tcase_create("image");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, loads_what_docker_saved);
	tcase_add_test(tcase, loads_without_a_name);
	tcase_add_test(tcase, takes_this_machines_image_of_an_index);
	tcase_add_test(tcase, takes_the_platform_asked_for);
	tcase_add_test(tcase, says_when_no_platform_fits);
	tcase_add_test(tcase, a_changed_blob_is_noticed);
	tcase_add_test(tcase, a_changed_layer_is_noticed);
	tcase_add_loop_test(tcase, a_descriptor_that_lies_is_noticed, 0, ARRAY_LEN(lies));
	tcase_add_loop_test(tcase, bad_archives_are_told_in_words, 0, ARRAY_LEN(bad_archives));
	tcase_add_test(tcase, a_layout_directory_names_itself);
	tcase_add_test(tcase, finds_by_name_id_prefix_and_digest);
	tcase_add_loop_test(tcase, says_what_is_not_known, 0, ARRAY_LEN(absent));
	tcase_add_test(tcase, this_machines_names_come_before_dockers);
	tcase_add_test(tcase, the_last_name_takes_the_image_along);
	tcase_add_test(tcase, an_id_with_several_names_needs_force);
	tcase_add_test(tcase, an_image_in_use_stays);
	tcase_add_test(tcase, a_damaged_image_can_be_removed);
	tcase_add_test(tcase, imports_a_root_file_system);
	tcase_add_loop_test(tcase, bad_changes_are_refused_before_unpacking, 0, ARRAY_LEN(bad_changes));
	tcase_add_loop_test(tcase, changes_change_the_configuration, 0, ARRAY_LEN(changes));
	tcase_add_test(tcase, lists_one_row_a_name);
	tcase_add_loop_test(tcase, unknown_filters_are_refused, 0, ARRAY_LEN(bad_filters));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
