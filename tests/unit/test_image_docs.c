/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_image_docs.c - index, manifest and configuration from hostile hands */
#include "coracle/oci/image.h"

#include <check.h>
#include <string.h>

#include "suite.h"

#define HEX  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D    "\"digest\":\"sha256:" HEX "\",\"size\":3"
#define DESC "{" D "}"

static const struct bad {
	const char *json, *words;
} bad_manifests[] = {
	{"", "not JSON"},
	{"[]", "not a JSON object"},
	{"{}", "schemaVersion"},
	{"{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1"},
	{"{\"schemaVersion\":2,\"fsLayers\":[]}", "schema 1"},
	{"{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[],\"manifests\":[]}", "both"},
	{"{\"schemaVersion\":2,\"config\":" DESC "}", "layers"},
	{"{\"schemaVersion\":2,\"layers\":[]}", "config"},
	{"{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:../../x\",\"size\":1},\"layers\":[]}", "not a sha256"},
	{"{\"schemaVersion\":2,\"config\":{\"digest\":\"md5:00\",\"size\":1},\"layers\":[]}", "not a sha256"},
	{"{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":-1},\"layers\":[]}", "negative"},
	{"{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[{\"digest\":\"x\",\"size\":1}]}", "\"layers\"[0]"},
	{"{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":{}}", "not a list"},
	{"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"config\":" DESC ",\"layers\":[]}", "does not fit"},
	{"{\"schemaVersion\":2,\"config\":" DESC ",\"config\":" DESC ",\"layers\":[]}", "duplicate"},
	{"{\"schemaVersion\":\"2\",\"config\":" DESC ",\"layers\":[]}", "whole number"},
};

START_TEST(refuses_manifests)
{
	struct image_manifest manifest = {0}, zero = {0};
	struct error err = {0};
	const char *json = bad_manifests[_i].json;

	ck_assert_msg(image_manifest_parse(json, strlen(json), &manifest, &err) < 0, "accepted: %s", json);
	ck_assert_msg(strstr(err.text, bad_manifests[_i].words), "%s: says: %s", json, err.text);
	ck_assert_mem_eq(&manifest, &zero, sizeof zero);
}
END_TEST

static const struct bad bad_indexes[] = {
	{"{\"schemaVersion\":2}", "manifests"},
	{"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", "both"},
	{"{\"schemaVersion\":2,\"manifests\":[],\"config\":" DESC "}", "both"},
	{"{\"schemaVersion\":2,\"manifests\":[{\"size\":1}]}", "digest"},
	{"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:" HEX "/../x\",\"size\":1}]}", "not a sha256"},
	{"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"manifests\":[]}", "does not fit"},
};

START_TEST(refuses_indexes)
{
	struct image_index index = {0}, zero = {0};
	struct error err = {0};
	const char *json = bad_indexes[_i].json;

	ck_assert_msg(image_index_parse(json, strlen(json), &index, &err) < 0, "accepted: %s", json);
	ck_assert_msg(strstr(err.text, bad_indexes[_i].words), "%s: says: %s", json, err.text);
	ck_assert_mem_eq(&index, &zero, sizeof zero);
}
END_TEST

static const struct bad bad_configs[] = {
	{"{}", "rootfs"},
	{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[1]}}", "not a string"},
	{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:../x\"]}}", "not a sha256"},
	{"{\"rootfs\":{\"type\":\"tarballs\"}}", "not \"layers\""},
	{"{\"rootfs\":{},\"config\":{\"ExposedPorts\":[80]}}", "not an object"},
	{"{\"rootfs\":{},\"config\":{\"Volumes\":\"/x\"}}", "not an object"},
	{"{\"rootfs\":{},\"config\":{\"Env\":{\"A\":\"b\"}}}", "not a list"},
	{"{\"rootfs\":{},\"config\":{\"Cmd\":\"sh\"}}", "not a list"},
};

START_TEST(refuses_configurations)
{
	struct image_config config = {0}, zero = {0};
	struct error err = {0};
	const char *json = bad_configs[_i].json;

	ck_assert_msg(image_config_parse(json, strlen(json), &config, &err) < 0, "accepted: %s", json);
	ck_assert_msg(strstr(err.text, bad_configs[_i].words), "%s: says: %s", json, err.text);
	ck_assert_mem_eq(&config, &zero, sizeof zero);
}
END_TEST

START_TEST(reads_a_manifest)
{
	static const char json[] = "{\"schemaVersion\":2,\"config\":" DESC ",\"layers\":[{" D
				   ",\"mediaType\":\"m\",\"urls\":[\"https://x\"],\"annotations\":{\"a\":\"b\"}}],\"new\":1}";
	struct image_manifest manifest = {0};
	struct error err = {0};

	ck_assert_msg(image_manifest_parse(json, strlen(json), &manifest, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(manifest.layers.count, 1);
	ck_assert_str_eq(LIST_AT(struct descriptor, &manifest.layers, 0)->digest, "sha256:" HEX);
	ck_assert_int_eq(manifest.config.size, 3);
	fields_done(image_manifest_fields, &manifest);
}
END_TEST

START_TEST(drops_variables_that_would_be_taken_from_the_host)
{
	static const char json[] = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":"
				   "{\"Env\":[\"A=b\",\"HOME\",\"=x\",\"\",\"C=\"],\"Labels\":null,\"Cmd\":null}}";
	struct image_config config = {0};
	struct error err = {0};

	ck_assert_msg(image_config_parse(json, strlen(json), &config, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(config.config.env.count, 2);
	ck_assert_str_eq(config.config.env.items[0], "A=b");
	ck_assert_str_eq(config.config.env.items[1], "C=");
	fields_done(image_config_fields, &config);
}
END_TEST

START_TEST(writes_what_it_read)
{
	static const char json[] =
		"{\"created\":\"2020-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"1:2\","
		"\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"A=b\"],\"Cmd\":[\"sh\"],\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"],"
		"\"Interval\":5}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]},"
		"\"history\":[{\"created_by\":\"x\",\"empty_layer\":true}]}";
	struct image_config config = {0};
	struct error err = {0};
	json_t *again;
	char *text;

	ck_assert_msg(image_config_parse(json, strlen(json), &config, &err) == 0, "%s", err.text);
	again = json_write(image_config_fields, &config);
	text = json_text(again, JSON_COMPACT);
	ck_assert_str_eq(text, json);
	free(text);
	json_decref(again);
	fields_done(image_config_fields, &config);
}
END_TEST

START_TEST(refuses_what_is_too_large)
{
	struct image_config config = {0};
	struct error err = {0};
	char *big = malloc(OCI_DOCUMENT_MAX_BYTES + 1);

	ck_assert_ptr_nonnull(big);
	(void) memset(big, ' ', OCI_DOCUMENT_MAX_BYTES + 1);
	ck_assert_int_lt(image_config_parse(big, OCI_DOCUMENT_MAX_BYTES + 1, &config, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "larger"));
	free(big);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_docs");
	TCase *tcase = tcase_create("image_docs");

	tcase_add_loop_test(tcase, refuses_manifests, 0, ARRAY_LEN(bad_manifests));
	tcase_add_loop_test(tcase, refuses_indexes, 0, ARRAY_LEN(bad_indexes));
	tcase_add_loop_test(tcase, refuses_configurations, 0, ARRAY_LEN(bad_configs));
	tcase_add_test(tcase, reads_a_manifest);
	tcase_add_test(tcase, drops_variables_that_would_be_taken_from_the_host);
	tcase_add_test(tcase, writes_what_it_read);
	tcase_add_test(tcase, refuses_what_is_too_large);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
