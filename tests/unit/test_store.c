/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_store.c - blobs, names and records survive damage, and what is unused goes */
#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/store/store.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "suite.h"
#include "tar_maker.h"

static char folder[64];
static struct paths paths;
static struct store *store;
static const struct texts none;

static void setup(void)
{
	struct error err = {0};

	(void) snprintf(folder, sizeof folder, "/tmp/coracle-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	paths.data_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_msg(store_open(&paths, &store, &err) == 0, "%s", err.text);
}

static void teardown(void)
{
	store_close(store);
	(void) close(paths.data_fd);
	(void) !tree_remove(AT_FDCWD, folder);
}

static size_t count(const char *path)
{
	AUTO_TEXTS struct texts names = {0};

	ck_assert_int_eq(directory_list(store_fd(store), path, &names), 0);
	return names.count;
}

static void digest_of(const char *text, char into[static DIGEST_TEXT_SIZE])
{
	struct error err = {0};

	ck_assert_int_eq(digest_bytes(text, strlen(text), into, &err), 0);
}

/* layer - chain id of a layer with one file */
static char *layer(const char *content, const char *parent)
{
	const struct tar_entry entry = {"f", '0', .content = content};
	AUTO_TEXT struct text tar = TEXT_INIT(1 << 20);
	AUTO_CLOSE int fd = -1;
	struct layer_info info = {0};
	struct error err = {0};
	char *chain_id;

	tar_add(&tar, &entry);
	tar_end(&tar);
	fd = tar_memory(&tar);
	ck_assert_msg(layer_unpack(store, fd, parent, NULL, &info, &err) == 0, "%s", err.text);
	chain_id = xstrdup(info.chain_id);
	fields_done(layer_info_fields, &info);
	return chain_id;
}

/* image - owned id of a record with these layers; its blobs are there */
static char *image(const char *config, const char *first, const char *second)
{
	struct image_record record = {.created = xstrdup("2020-01-01T00:00:00Z")};
	struct error err = {0};
	char digest[DIGEST_TEXT_SIZE], *id;
	AUTO_FREE char *manifest = xprintf("manifest of %s", config);

	ck_assert_int_eq(blob_write(store, config, strlen(config), NULL, digest, &err), 0);
	record.id = xstrdup(digest);
	ck_assert_int_eq(blob_write(store, manifest, strlen(manifest), NULL, digest, &err), 0);
	record.manifest_digest = xstrdup(digest);
	texts_add(&record.layers, first);
	if (second)
		texts_add(&record.layers, second);
	ck_assert_msg(image_record_write(store, &record, &err) == 0, "%s", err.text);
	id = xstrdup(record.id);
	fields_done(image_record_fields, &record);
	return id;
}

static int remove_image(const char *id)
{
	struct image_record record = {0};
	struct error err = {0};
	int r = image_record_read(store, id, &record, &err);

	if (r >= 0)
		r = image_record_remove(store, &record, &none, &err);
	fields_done(image_record_fields, &record);
	return r;
}

START_TEST(blobs_are_what_their_digest_says)
{
	char digest[DIGEST_TEXT_SIZE], wrong[DIGEST_TEXT_SIZE];
	struct error err = {0};
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;

	digest_of("x", wrong);
	ck_assert_int_eq(blob_write(store, "hello", 5, wrong, NULL, &err), -EINVAL);
	ck_assert_uint_eq(count("blobs/sha256"), 0);
	ck_assert_int_eq(blob_write(store, "hello", 5, NULL, digest, &err), 0);
	ck_assert_int_eq(blob_write(store, "hello", 5, digest, NULL, &err), 0);
	ck_assert_int_eq(blob_read(store, digest, 100, &bytes, &length, &err), 0);
	ck_assert_uint_eq(length, 5);
	ck_assert_str_eq(bytes, "hello");
	ck_assert_int_eq(blob_read(store, digest, 4, &bytes, &length, &err), -EFBIG);
	ck_assert_int_eq(blob_read(store, wrong, 4, &bytes, &length, &err), -ENOENT);
	ck_assert_uint_eq(count("tmp"), 0);
}
END_TEST

static const char *const paths_out[] = {"sha256:../../canary", "../canary", "", "sha256:", "sha256:xyz", "/etc/passwd"};

START_TEST(only_digests_become_paths)
{
	const char *digest = paths_out[_i];
	struct error err = {0};
	struct layer_info info = {0};
	struct image_record record = {0};
	AUTO_FREE char *bytes = NULL;
	char chain_id[DIGEST_TEXT_SIZE];
	size_t length;

	ck_assert_int_eq(blob_read(store, digest, 100, &bytes, &length, &err), -EINVAL);
	ck_assert(!layer_exists(store, digest));
	ck_assert_int_eq(layer_read(store, digest, &info, &err), -EINVAL);
	ck_assert_int_eq(layer_chain_id(NULL, digest, chain_id, &err), -EINVAL);
	ck_assert_int_eq(image_record_read(store, digest, &record, &err), -EINVAL);
	ck_assert_int_eq(ref_write(store, "x", digest, &err), -EINVAL);
}
END_TEST

START_TEST(chain_ids_follow_the_specification)
{
	/* printf 'sha256:e3b0... sha256:e3b0...' | sha256sum */
	static const char empty[] = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	char both[2 * DIGEST_TEXT_SIZE], chain_id[DIGEST_TEXT_SIZE], wanted[DIGEST_TEXT_SIZE];
	struct error err = {0};

	ck_assert_int_eq(layer_chain_id(NULL, empty, chain_id, &err), 0);
	ck_assert_str_eq(chain_id, empty);
	(void) snprintf(both, sizeof both, "%s %s", empty, empty);
	digest_of(both, wanted);
	ck_assert_int_eq(layer_chain_id(empty, empty, chain_id, &err), 0);
	ck_assert_str_eq(chain_id, wanted);
}
END_TEST

static const char *const names[] = {
	"docker.io/library/debian:12", "localhost:5000/a/b:c", "x", ".hidden", "..", ".", "a%2Fb", "[::1]:1/x:y", "a.tmp", "na me\n",
};

START_TEST(any_name_is_a_file)
{
	char id[DIGEST_TEXT_SIZE];
	AUTO_FREE char *found = NULL;
	AUTO_PAIRS struct pairs all = {0};
	struct error err = {0};

	digest_of("image", id);
	ck_assert_int_eq(ref_read(store, names[_i], &found), -ENOENT);
	ck_assert_msg(ref_write(store, names[_i], id, &err) == 0, "%s", err.text);
	ck_assert_int_eq(ref_read(store, names[_i], &found), 0);
	ck_assert_str_eq(found, id);
	ck_assert_int_eq(ref_list(store, &all, &err), 0);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_str_eq(all.items[0].key, names[_i]);
	ck_assert_int_eq(ref_remove(store, names[_i], &err), 0);
	ck_assert_int_eq(ref_remove(store, names[_i], &err), -ENOENT);
	ck_assert_uint_eq(count("refs"), 0);
	ck_assert_uint_eq(count("tmp"), 0);
}
END_TEST

START_TEST(names_may_fill_a_file_name_but_no_more)
{
	char id[DIGEST_TEXT_SIZE], name[257];
	struct error err = {0};

	digest_of("image", id);
	(void) memset(name, 'a', sizeof name);
	name[256] = '\0';
	ck_assert_int_eq(ref_write(store, name, id, &err), -ENAMETOOLONG);
	name[255] = '\0';
	ck_assert_msg(ref_write(store, name, id, &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(a_damaged_name_hides_no_other)
{
	char id[DIGEST_TEXT_SIZE];
	AUTO_PAIRS struct pairs all = {0};
	AUTO_FREE char *found = NULL;
	struct error err = {0};

	digest_of("image", id);
	ck_assert_int_eq(ref_write(store, "good", id, &err), 0);
	ck_assert_int_eq(file_write(store_fd(store), "refs/bad", "../../x", 7, 0600, FILE_FAST), 0);
	ck_assert_int_eq(ref_list(store, &all, &err), 0);
	ck_assert_uint_eq(all.count, 1);
	ck_assert_int_eq(ref_read(store, "bad", &found), -EBADMSG);
}
END_TEST

START_TEST(layers_go_with_their_last_image)
{
	AUTO_FREE char *base = layer("base", NULL), *top = layer("top", base), *other = layer("other", base);
	AUTO_FREE char *one = image("one", base, top), *two = image("two", base, other);

	ck_assert_int_eq(remove_image(one), 0);
	ck_assert(layer_exists(store, base));
	ck_assert(!layer_exists(store, top));
	ck_assert(layer_exists(store, other));
	ck_assert_uint_eq(count("blobs/sha256"), 2);
	ck_assert_int_eq(remove_image(two), 0);
	ck_assert_uint_eq(count("layers"), 0);
	ck_assert_uint_eq(count("blobs/sha256"), 0);
	ck_assert_uint_eq(count("images"), 0);
}
END_TEST

START_TEST(layers_in_use_stay)
{
	AUTO_FREE char *base = layer("base", NULL), *one = image("one", base, NULL);
	AUTO_TEXTS struct texts in_use = {0};
	struct image_record record = {0};
	struct error err = {0};

	texts_add(&in_use, base);
	ck_assert_int_eq(image_record_read(store, one, &record, &err), 0);
	ck_assert_int_eq(image_record_remove(store, &record, &in_use, &err), 0);
	fields_done(image_record_fields, &record);
	ck_assert(layer_exists(store, base));
	ck_assert_int_eq(layer_remove_unused(store, NULL, &none, &err), 0);
	ck_assert(!layer_exists(store, base));
}
END_TEST

START_TEST(nothing_goes_while_the_store_is_held)
{
	AUTO_FREE char *base = layer("base", NULL);
	struct error err = {0};
	int hold = store_hold(store, &err);

	ck_assert_int_ge(hold, 0);
	ck_assert_int_eq(layer_remove_unused(store, NULL, &none, &err), 0);
	ck_assert(layer_exists(store, base));
	(void) close(hold);
	ck_assert_int_eq(layer_remove_unused(store, NULL, &none, &err), 0);
	ck_assert(!layer_exists(store, base));
}
END_TEST

START_TEST(a_damaged_record_is_one_line_and_keeps_layers)
{
	AUTO_FREE char *base = layer("base", NULL), *one = image("one", base, NULL), *two = image("two", base, NULL);
	AUTO_FREE char *path = xprintf("images/%s.json", digest_hex(one));
	AUTO(image_record_list_done) struct list list = {0};
	struct error err = {0};
	size_t damaged = 0;

	ck_assert_int_eq(file_write(store_fd(store), path, "{\"id\":", 6, 0600, FILE_FAST), 0);
	ck_assert_int_eq(image_record_list(store, &list, &err), 0);
	ck_assert_uint_eq(list.count, 2);
	LIST_EACH(struct image_record, record, &list)
		damaged += record->damaged;
	ck_assert_uint_eq(damaged, 1);
	/* who knows what the damaged one stands on */
	ck_assert_int_eq(remove_image(two), 0);
	ck_assert(layer_exists(store, base));
	ck_assert_int_lt(remove_image(one), 0);
}
END_TEST

START_TEST(a_record_must_be_about_its_own_file)
{
	AUTO_FREE char *base = layer("base", NULL), *one = image("one", base, NULL);
	AUTO_FREE char *path = xprintf("images/%s.json", digest_hex(one)), *bytes = NULL;
	struct image_record record = {0};
	struct error err = {0};
	size_t length;

	ck_assert_int_eq(file_read(store_fd(store), path, 1 << 20, &bytes, &length), 0);
	(void) memcpy(strstr(bytes, "layers\":[\"") + 10, "sha256:../../..", 15);
	ck_assert_int_eq(file_write(store_fd(store), path, bytes, length, 0600, FILE_FAST), 0);
	ck_assert_int_eq(image_record_read(store, one, &record, &err), -EINVAL);
	ck_assert_ptr_null(record.id);
}
END_TEST

START_TEST(names_find_their_records)
{
	AUTO_FREE char *base = layer("base", NULL), *one = image("one", base, NULL), *two = image("two", base, NULL);
	AUTO(image_record_list_done) struct list list = {0};
	struct error err = {0};

	ck_assert_int_eq(ref_write(store, "localhost/b:1", one, &err), 0);
	ck_assert_int_eq(ref_write(store, "localhost/a:1", one, &err), 0);
	ck_assert_int_eq(ref_write(store, "localhost/c:1", two, &err), 0);
	ck_assert_int_eq(image_record_list(store, &list, &err), 0);
	LIST_EACH(struct image_record, record, &list) {
		bool is_one = strcmp(record->id, one) == 0;

		ck_assert_uint_eq(record->names.count, is_one ? 2 : 1);
		ck_assert_str_eq(record->names.items[0], is_one ? "localhost/a:1" : "localhost/c:1");
	}
}
END_TEST

START_TEST(sweeping_spares_the_living)
{
	AUTO_CLOSE int living = -1;

	ck_assert_int_eq(mkdirat(store_fd(store), "tmp/dead", 0700), 0);
	ck_assert_int_eq(mkdirat(store_fd(store), "tmp/dead/deeper", 0), 0);
	ck_assert_int_eq(file_write(store_fd(store), "tmp/file", "x", 1, 0600, FILE_FAST), 0);
	ck_assert_int_eq(mkdirat(store_fd(store), "tmp/living", 0700), 0);
	living = directory_open(store_fd(store), "tmp/living");
	ck_assert_int_eq(flock(living, LOCK_EX | LOCK_NB), 0);
	store_sweep(store);
	ck_assert_uint_eq(count("tmp"), 1);
	ck_assert_int_eq(faccessat(store_fd(store), "tmp/living", F_OK, 0), 0);
}
END_TEST

START_TEST(a_store_half_made_is_completed)
{
	struct store *again = NULL;
	struct error err = {0};

	ck_assert_int_eq(tree_remove(store_fd(store), "tmp"), 0);
	ck_assert_int_eq(tree_remove(store_fd(store), "refs"), 0);
	ck_assert_msg(store_open(&paths, &again, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(count("refs"), 0);
	ck_assert_uint_eq(count("tmp"), 0);
	store_close(again);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = tcase_create("store");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, blobs_are_what_their_digest_says);
	tcase_add_loop_test(tcase, only_digests_become_paths, 0, ARRAY_LEN(paths_out));
	tcase_add_test(tcase, chain_ids_follow_the_specification);
	tcase_add_loop_test(tcase, any_name_is_a_file, 0, ARRAY_LEN(names));
	tcase_add_test(tcase, names_may_fill_a_file_name_but_no_more);
	tcase_add_test(tcase, a_damaged_name_hides_no_other);
	tcase_add_test(tcase, layers_go_with_their_last_image);
	tcase_add_test(tcase, layers_in_use_stay);
	tcase_add_test(tcase, nothing_goes_while_the_store_is_held);
	tcase_add_test(tcase, a_damaged_record_is_one_line_and_keeps_layers);
	tcase_add_test(tcase, a_record_must_be_about_its_own_file);
	tcase_add_test(tcase, names_find_their_records);
	tcase_add_test(tcase, sweeping_spares_the_living);
	tcase_add_test(tcase, a_store_half_made_is_completed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
