/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_digest.c - SHA-256 by the vectors of FIPS 180-4 */
#include "coracle/base/digest.h"

#include <check.h>
#include <string.h>

#include "suite.h"

static const struct {
	const char *bytes, *digest;
} vectors[] = {
	{"", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
};

START_TEST(computes_known_digests)
{
	char text[DIGEST_TEXT_SIZE];
	struct error err = {0};

	ck_assert_int_eq(digest_bytes(vectors[_i].bytes, strlen(vectors[_i].bytes), text, &err), 0);
	ck_assert_str_eq(text, vectors[_i].digest);
	ck_assert(digest_is_valid(text));
	ck_assert_str_eq(digest_hex(text), vectors[_i].digest + 7);
}
END_TEST

START_TEST(pieces_count_as_the_whole)
{
	char text[DIGEST_TEXT_SIZE];
	struct error err = {0};
	struct digest *digest = digest_new(&err);

	ck_assert_ptr_nonnull(digest);
	digest_add(digest, "a", 1);
	digest_add(digest, "", 0);
	digest_add(digest, "bc", 2);
	digest_finish(digest, text);
	ck_assert_str_eq(text, vectors[1].digest);
	digest_free(digest_new(&err));
	digest_free(NULL);
}
END_TEST

static const char *const bad[] = {
	"", "sha256:", "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	"sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
	"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
	"sha256:../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
};

START_TEST(refuses_what_is_no_digest)
{
	ck_assert(!digest_is_valid(bad[_i]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tcase = tcase_create("digest");

	tcase_add_loop_test(tcase, computes_known_digests, 0, ARRAY_LEN(vectors));
	tcase_add_test(tcase, pieces_count_as_the_whole);
	tcase_add_loop_test(tcase, refuses_what_is_no_digest, 0, ARRAY_LEN(bad));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
