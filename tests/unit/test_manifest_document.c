/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_manifest_document.c - manifest lists changed as JSON */
#include "../../src/image/manifest_document.h"

#include "coracle/base/alloc.h"

#include <check.h>
#include <string.h>

#include "suite.h"

#define DIGEST(c)  "sha256:" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define ONE        DIGEST("11")
#define TWO        DIGEST("22")
#define ITEM(d, t) "{\"mediaType\":\"" t "\",\"digest\":\"" d "\",\"size\":3}"
#define LIST(items, more) "{\"schemaVersion\":2,\"manifests\":[" items "]" more "}"

static json_t *read_list(const char *text)
{
	struct error err = {0};
	json_t *document = NULL;

	ck_assert_msg(document_read(text, strlen(text), &document, &err) == 0, "%s: %s", text, err.text);
	return document;
}

static const struct {
	const char *text, *type;
} settled[] = {
	{LIST("", ""), MANIFEST_DOCKER_LIST},
	{LIST(ITEM(ONE, MANIFEST_DOCKER_IMAGE), ""), MANIFEST_DOCKER_LIST},
	{LIST(ITEM(ONE, MANIFEST_DOCKER_IMAGE) "," ITEM(TWO, MANIFEST_OCI_IMAGE), ""), MANIFEST_OCI_INDEX},
	{LIST(ITEM(ONE, MANIFEST_DOCKER_IMAGE), ",\"annotations\":{\"a\":\"b\"}"), MANIFEST_OCI_INDEX},
	{LIST(ITEM(ONE, MANIFEST_DOCKER_IMAGE), ",\"annotations\":{}"), MANIFEST_DOCKER_LIST},
	{LIST("{\"digest\":\"" ONE "\",\"size\":1,\"annotations\":{\"a\":\"b\"}}", ""), MANIFEST_OCI_INDEX},
	{LIST("", ",\"subject\":" ITEM(ONE, MANIFEST_DOCKER_IMAGE)), MANIFEST_OCI_INDEX},
};

START_TEST(is_dockers_unless_something_is_the_ocis_alone)
{
	AUTO_JSON json_t *document = read_list(settled[_i].text);

	document_settle(document);
	ck_assert_str_eq(document_type(document), settled[_i].type);
}
END_TEST

START_TEST(replaces_an_instance_of_the_same_digest)
{
	AUTO_JSON json_t *document =
		read_list(LIST(ITEM(ONE, MANIFEST_OCI_IMAGE) "," ITEM(TWO, MANIFEST_OCI_IMAGE) "," ITEM(ONE, MANIFEST_OCI_IMAGE), ""));
	struct error err = {0};

	ck_assert_int_eq(document_put(document, document_descriptor(MANIFEST_DOCKER_IMAGE, ONE, 7, NULL), &err), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(document, "manifests")), 2);
	ck_assert_str_eq(document_type(document_find(document, ONE)), MANIFEST_DOCKER_IMAGE);
	ck_assert(document_take(document, ONE));
	ck_assert(!document_take(document, ONE));
	ck_assert_ptr_nonnull(document_find(document, TWO));
}
END_TEST

START_TEST(keeps_what_is_not_named)
{
	AUTO_JSON json_t *document = read_list(LIST(
		"{\"digest\":\"" ONE "\",\"size\":3,\"new\":[1],\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\","
		"\"variant\":\"v7\",\"os.features\":[\"a\"]}}", ""));
	static char arm64[] = "arm64";
	const struct manifest_about about = {.architecture = arm64};
	AUTO_FREE char *text = NULL;
	struct error err = {0};

	ck_assert_int_eq(document_about(document_find(document, ONE), &about, &err), 0);
	text = json_text(document_find(document, ONE), JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(text, "{\"digest\":\"" ONE "\",\"new\":[1],\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\","
	                       "\"os.features\":[\"a\"],\"variant\":\"v7\"},\"size\":3}");
}
END_TEST

static const char *const bad_annotations[] = {"", "=", "key", "=value"};

START_TEST(refuses_annotations_and_leaves_the_list_alone)
{
	AUTO_JSON json_t *document = document_new();
	AUTO_JSON json_t *before = json_deep_copy(document);
	AUTO_TEXTS struct texts annotations = {0};
	struct error err = {0};

	texts_add(&annotations, "good=one");
	texts_add(&annotations, bad_annotations[_i]);
	ck_assert_int_eq(document_annotate(document, &annotations, &err), -EINVAL);
	ck_assert(json_equal(document, before));
}
END_TEST

START_TEST(has_no_more_than_its_maximum)
{
	AUTO_JSON json_t *document = document_new();
	struct error err = {0};
	char digest[72];
	int r = 0;

	for (unsigned i = 0; r == 0 && i <= MANIFEST_INSTANCES_MAX; i++) {
		(void) snprintf(digest, sizeof digest, "sha256:%064x", i);
		r = document_put(document, document_descriptor(MANIFEST_OCI_IMAGE, digest, 1, NULL), &err);
	}
	ck_assert_int_eq(r, -E2BIG);
	ck_assert_uint_eq(json_array_size(json_object_get(document, "manifests")), MANIFEST_INSTANCES_MAX);
}
END_TEST

START_TEST(as_dockers_has_no_annotations)
{
	AUTO_JSON json_t *document = read_list(LIST(
		"{\"digest\":\"" ONE "\",\"size\":3,\"annotations\":{\"a\":\"b\"},\"artifactType\":\"x\"}",
		",\"annotations\":{\"a\":\"b\"},\"subject\":" ITEM(TWO, MANIFEST_OCI_IMAGE)));
	AUTO_FREE char *text = NULL;

	document_convert(document, MANIFEST_DOCKER_LIST);
	text = json_text(document, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(text, "{\"manifests\":[{\"digest\":\"" ONE "\",\"size\":3}],\"mediaType\":\"" MANIFEST_DOCKER_LIST
	                       "\",\"schemaVersion\":2}");
}
END_TEST

START_TEST(takes_a_platform_from_words_only)
{
	AUTO_JSON json_t *config = json_pack("{s:s, s:[s], s:{s:s}, s:[s]}", "os", "linux", "architecture", "amd64", "variant",
	                                     "a", "b", "os.features", "x");
	AUTO_JSON json_t *descriptor = document_descriptor(MANIFEST_OCI_IMAGE, ONE, 1, config);
	AUTO_FREE char *text = json_text(json_object_get(descriptor, "platform"), JSON_COMPACT);

	ck_assert_str_eq(text, "{\"os\":\"linux\",\"os.features\":[\"x\"]}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("manifest_document");
	TCase *tcase = tcase_create("manifest_document");

	tcase_add_loop_test(tcase, is_dockers_unless_something_is_the_ocis_alone, 0, ARRAY_LEN(settled));
	tcase_add_test(tcase, replaces_an_instance_of_the_same_digest);
	tcase_add_test(tcase, keeps_what_is_not_named);
	tcase_add_loop_test(tcase, refuses_annotations_and_leaves_the_list_alone, 0, ARRAY_LEN(bad_annotations));
	tcase_add_test(tcase, has_no_more_than_its_maximum);
	tcase_add_test(tcase, as_dockers_has_no_annotations);
	tcase_add_test(tcase, takes_a_platform_from_words_only);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
