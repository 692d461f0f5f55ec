/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_copy.c - the words for places, and manifests that change their format */
#include "coracle/base/alloc.h"

#include <check.h>
#include <string.h>

#include "../../src/image/copy_private.h"
#include "suite.h"

static const struct {
	const char *text;
	enum copy_kind kind;
	const char *path, *reference;
} places[] = {
	{"docker://quay.io/a/b:1", COPY_REGISTRY, "quay.io/a/b:1", NULL},
	{"docker://[::1]:5000/a@sha256:0", COPY_REGISTRY, "[::1]:5000/a@sha256:0", NULL},
	{"oci:dir", COPY_OCI, "dir", NULL},
	{"oci:/a/b:ref", COPY_OCI, "/a/b", "ref"},
	{"oci:/a/b:", COPY_OCI, "/a/b", NULL},
	{"oci-archive:x.tar:localhost/a:1", COPY_OCI_ARCHIVE, "x.tar", "localhost/a:1"},
	{"docker-archive:x.tar:@3", COPY_DOCKER_ARCHIVE, "x.tar", "@3"},
	{"dir:/a:b", COPY_DIRECTORY, "/a:b", NULL},
	{"containers-storage:a:1", COPY_STORE, "a:1", NULL},
	{"store:a:1", COPY_STORE, "a:1", NULL},
	{"a:1", COPY_STORE, "a:1", NULL},
	{"localhost:5000/oci:1", COPY_STORE, "localhost:5000/oci:1", NULL},
};

START_TEST(takes_places_apart)
{
	struct copy_place place = {0};
	struct error err = {0};

	ck_assert_int_eq(copy_place_parse(places[_i].text, &place, &err), 0);
	ck_assert_int_eq(place.kind, places[_i].kind);
	ck_assert_str_eq(place.path, places[_i].path);
	ck_assert_pstr_eq(place.reference, places[_i].reference);
	copy_place_done(&place);
}
END_TEST

static const char *const no_places[] = {
	"", "oci:", "oci::x", "docker://", "dir:", "containers-storage:", "store:", "docker-daemon:x:1", "docker:x", "https://x/y",
	"containers-storage:[vfs@/x]y",
};

START_TEST(refuses_and_leaves_output_alone)
{
	struct copy_place place = {0};
	struct error err = {0};

	ck_assert_int_eq(copy_place_parse(no_places[_i], &place, &err), -EINVAL);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_null(place.path);
}
END_TEST

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

static const struct {
	const char *media_type, *bytes;
	enum copy_format format;
	int result;
	const char *converted; /* NULL: as it was */
} documents[] = {
	{OCI "manifest.v1+json", "{}", COPY_AS_IT_IS, 0, NULL},
	{OCI "manifest.v1+json", "{}", COPY_OCI_FORMAT, 0, NULL},
	{OCI "manifest.v1+json",
	 "{\"config\":{\"mediaType\":\"" OCI "config.v1+json\",\"size\":1},\"layers\":[{\"mediaType\":\"" OCI
	 "layer.v1.tar+gzip\"},{\"mediaType\":\"" OCI "layer.v1.tar\"}],\"annotations\":{\"a\":\"b\"},\"other\":1}",
	 COPY_DOCKER_FORMAT, 1,
	 "{\"config\":{\"mediaType\":\"" DOCKER "container.image.v1+json\",\"size\":1},\"layers\":[{\"mediaType\":\"" DOCKER
	 "image.rootfs.diff.tar.gzip\"},{\"mediaType\":\"" DOCKER "image.rootfs.diff.tar\"}],\"other\":1,\"mediaType\":\""
	 DOCKER "distribution.manifest.v2+json\"}"},
	{DOCKER "distribution.manifest.v2+json",
	 "{\"mediaType\":\"" DOCKER "distribution.manifest.v2+json\",\"config\":{\"mediaType\":\"" DOCKER
	 "container.image.v1+json\"},\"layers\":[{\"mediaType\":\"" DOCKER "image.rootfs.diff.tar.gzip\"}]}",
	 COPY_OCI_FORMAT, 1,
	 "{\"mediaType\":\"" OCI "manifest.v1+json\",\"config\":{\"mediaType\":\"" OCI
	 "config.v1+json\"},\"layers\":[{\"mediaType\":\"" OCI "layer.v1.tar+gzip\"}]}"},
	{DOCKER "distribution.manifest.list.v2+json", "{\"manifests\":[]}", COPY_OCI_FORMAT, 1,
	 "{\"manifests\":[],\"mediaType\":\"" OCI "index.v1+json\"}"},
	{OCI "manifest.v1+json",
	 "{\"config\":{\"annotations\":{}},\"layers\":[{\"mediaType\":\"" OCI
	 "layer.v1.tar\",\"annotations\":{\"a\":\"b\"},\"size\":1}],\"subject\":{},\"artifactType\":\"x/y\"}",
	 COPY_DOCKER_FORMAT, 1,
	 "{\"config\":{\"mediaType\":\"" DOCKER "container.image.v1+json\"},\"layers\":[{\"mediaType\":\"" DOCKER
	 "image.rootfs.diff.tar\",\"size\":1}],\"mediaType\":\"" DOCKER "distribution.manifest.v2+json\"}"},
	{OCI "index.v1+json", "{\"manifests\":[{\"annotations\":{\"a\":\"b\"},\"size\":1}],\"subject\":{}}",
	 COPY_DOCKER_FORMAT, 1,
	 "{\"manifests\":[{\"size\":1}],\"mediaType\":\"" DOCKER "distribution.manifest.list.v2+json\"}"},
	/* docker's has no zstd, and no artifacts */
	{OCI "manifest.v1+json", "{\"config\":{},\"layers\":[{\"mediaType\":\"" OCI "layer.v1.tar+zstd\"}]}",
	 COPY_DOCKER_FORMAT, -EOPNOTSUPP, NULL},
	{OCI "manifest.v1+json", "{\"config\":{\"mediaType\":\"application/x\"},\"layers\":[]}", COPY_DOCKER_FORMAT,
	 -EOPNOTSUPP, NULL},
	{OCI "manifest.v1+json", "{\"layers\":[]}", COPY_DOCKER_FORMAT, -EINVAL, NULL},
	{OCI "manifest.v1+json", "{\"config\":{},\"layers\":[1]}", COPY_DOCKER_FORMAT, -EINVAL, NULL},
	{OCI "manifest.v1+json", "[", COPY_DOCKER_FORMAT, -EINVAL, NULL},
};

START_TEST(changes_media_types_and_nothing_else)
{
	struct registry_manifest manifest = {
		.bytes = xstrdup(documents[_i].bytes),
		.length = strlen(documents[_i].bytes),
		.media_type = xstrdup(documents[_i].media_type),
	};
	struct error err = {0};
	int r = copy_convert(&manifest, documents[_i].format, &err);

	ck_assert_int_eq(r, documents[_i].result);
	if (r < 0)
		ck_assert_int_ne(err.text[0], '\0');
	else
		ck_assert_str_eq(manifest.bytes, documents[_i].converted ? documents[_i].converted : documents[_i].bytes);
	if (r > 0) {
		char digest[DIGEST_TEXT_SIZE];

		ck_assert_int_eq(digest_bytes(manifest.bytes, manifest.length, digest, &err), 0);
		ck_assert_str_eq(manifest.digest, digest);
	}
	registry_manifest_done(&manifest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("copy");
	TCase *tcase = tcase_create("copy");

	tcase_add_loop_test(tcase, takes_places_apart, 0, ARRAY_LEN(places));
	tcase_add_loop_test(tcase, refuses_and_leaves_output_alone, 0, ARRAY_LEN(no_places));
	tcase_add_loop_test(tcase, changes_media_types_and_nothing_else, 0, ARRAY_LEN(documents));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
