/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_layer_blobs.c - what is remembered of a layer is merged, bounded, and absent when it is damaged */
#include "coracle/store/blobs.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"

#include "scratch.h"
#include "suite.h"

#define HEX   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CHAIN DIGEST_PREFIX HEX
#define PLACE "store/layers/" HEX "/blobs.json"

static struct scratch scratch;
static struct paths paths;
static struct store *store;

static void setup(void)
{
	struct error err = {0};

	scratch = scratch_new();
	paths.data_fd = scratch.fd;
	ck_assert_msg(store_open(&paths, &store, &err) == 0, "%s", err.text);
	ck_assert_int_eq(directory_make(scratch.fd, "store/layers/" HEX, 0755), 0);
}

static void teardown(void)
{
	store_close(store);
	scratch_done(&scratch);
}

static void add(unsigned number, const char *repository)
{
	struct layer_blob blob = {
		.digest = xprintf(DIGEST_PREFIX "%064u", number),
		.diff_id = xstrdup(CHAIN),
		.size = number,
		.compression = xstrdup("gzip"),
	};

	texts_add(&blob.repositories, repository);
	layer_blobs_add(store, CHAIN, &blob);
	layer_blob_done(&blob);
}

START_TEST(the_one_used_last_comes_first)
{
	AUTO_LAYER_BLOBS struct list blobs = {0};
	const struct layer_blob *first;

	add(1, "host/one");
	add(2, "host/two");
	add(1, "host/three");
	layer_blobs_read(store, CHAIN, &blobs);
	ck_assert_uint_eq(blobs.count, 2);
	first = LIST_AT(struct layer_blob, &blobs, 0);
	ck_assert_int_eq(first->size, 1);
	ck_assert_uint_eq(first->repositories.count, 2);
	ck_assert_str_eq(first->repositories.items[0], "host/three");
	ck_assert_str_eq(first->repositories.items[1], "host/one");
}
END_TEST

START_TEST(what_is_kept_is_bounded)
{
	AUTO_LAYER_BLOBS struct list blobs = {0};

	for (unsigned i = 1; i <= 2 * LAYER_BLOBS_MAX; i++)
		add(i, "host/path");
	for (unsigned i = 0; i < 2 * LAYER_REPOSITORIES_MAX; i++) {
		AUTO_FREE char *repository = xprintf("host/path%u", i);

		add(1, repository);
	}
	layer_blobs_read(store, CHAIN, &blobs);
	ck_assert_uint_eq(blobs.count, LAYER_BLOBS_MAX);
	ck_assert_int_eq(LIST_AT(struct layer_blob, &blobs, 0)->size, 1);
	ck_assert_uint_eq(LIST_AT(struct layer_blob, &blobs, 0)->repositories.count, LAYER_REPOSITORIES_MAX);
	ck_assert_int_eq(LIST_AT(struct layer_blob, &blobs, 1)->size, 2 * LAYER_BLOBS_MAX);
}
END_TEST

static const char *const damaged[] = {
	"", "{", "[]", "{\"blobs\": 3}", "{\"blobs\": [{}]}",
	"{\"blobs\": [{\"digest\": \"../../../x\", \"diffId\": \"" CHAIN "\", \"size\": 1, \"compression\": \"gzip\"}]}",
	"{\"blobs\": [{\"digest\": \"" CHAIN "\", \"diffId\": \"" CHAIN "\", \"size\": -1, \"compression\": \"gzip\"}]}",
};

START_TEST(what_is_damaged_is_absent_and_written_anew)
{
	AUTO_LAYER_BLOBS struct list blobs = {0};

	scratch_file(&scratch, PLACE, damaged[_i]);
	layer_blobs_read(store, CHAIN, &blobs);
	ck_assert_uint_eq(blobs.count, 0);
	add(7, "host/path");
	layer_blobs_read(store, CHAIN, &blobs);
	ck_assert_uint_eq(blobs.count, 1);
}
END_TEST

START_TEST(a_layer_that_is_not_there_or_no_digest_is_left_alone)
{
	AUTO_LAYER_BLOBS struct list blobs = {0};
	struct layer_blob blob = {
		.digest = xstrdup(CHAIN), .diff_id = xstrdup(CHAIN), .size = 1, .compression = xstrdup("none"),
	};

	layer_blobs_add(store, "sha256:../../../../evil", &blob);
	layer_blobs_add(store, DIGEST_PREFIX "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", &blob);
	layer_blobs_read(store, "sha256:../../../../evil", &blobs);
	ck_assert_uint_eq(blobs.count, 0);
	ck_assert(!scratch_has(&scratch, PLACE));
	layer_blob_done(&blob);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layer_blobs");
	TCase *tcase = tcase_create("layer_blobs");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_one_used_last_comes_first);
	tcase_add_test(tcase, what_is_kept_is_bounded);
	tcase_add_loop_test(tcase, what_is_damaged_is_absent_and_written_anew, 0, ARRAY_LEN(damaged));
	tcase_add_test(tcase, a_layer_that_is_not_there_or_no_digest_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
