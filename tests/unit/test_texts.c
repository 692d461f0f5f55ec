/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_texts.c - lists of strings, environments and pairs */
#include "coracle/base/texts.h"

#include <check.h>
#include <string.h>

#include "suite.h"

START_TEST(list_is_always_ended_by_null)
{
	AUTO_TEXTS struct texts texts = {0};

	for (size_t i = 0; i < 40; i++) {
		texts_printf(&texts, "%zu", i);
		ck_assert_uint_eq(texts.count, i + 1);
		ck_assert_ptr_null(texts.items[i + 1]);
	}
	ck_assert_str_eq(texts.items[39], "39");
	ck_assert(texts_has(&texts, "7"));
	ck_assert(!texts_has(&texts, "40"));
}
END_TEST

static const struct {
	const char *from;
	size_t count;
	const char *joined;
} splits[] = {
	{"", 1, ""}, {"a", 1, "a"}, {"a:b", 2, "a+b"}, {":", 2, "+"}, {"a::b:", 4, "a++b+"},
};

START_TEST(split_keeps_empty_pieces)
{
	AUTO_TEXTS struct texts texts = {0};
	char *joined;

	texts_split(&texts, splits[_i].from, ':');
	ck_assert_uint_eq(texts.count, splits[_i].count);
	joined = texts_join(&texts, "+");
	ck_assert_str_eq(joined, splits[_i].joined);
	free(joined);
}
END_TEST

START_TEST(remove_closes_the_gap)
{
	AUTO_TEXTS struct texts texts = {0};

	texts_split(&texts, "a b c", ' ');
	texts_remove(&texts, 1);
	ck_assert_uint_eq(texts.count, 2);
	ck_assert_str_eq(texts.items[1], "c");
	ck_assert_ptr_null(texts.items[2]);
	texts_remove(&texts, 0);
	texts_remove(&texts, 0);
	ck_assert_uint_eq(texts.count, 0);
	ck_assert_ptr_null(texts.items);
}
END_TEST

START_TEST(environment_replaces_the_same_key_only)
{
	AUTO_TEXTS struct texts env = {0};

	texts_env_set(&env, "A=1");
	texts_env_set(&env, "AB=2");
	texts_env_set(&env, "A=3=4");
	texts_env_set(&env, "C");
	ck_assert_uint_eq(env.count, 3);
	ck_assert_str_eq(texts_env_get(&env, "A"), "3=4");
	ck_assert_str_eq(texts_env_get(&env, "AB"), "2");
	ck_assert_ptr_null(texts_env_get(&env, "C"));
	ck_assert_ptr_null(texts_env_get(&env, "B"));
}
END_TEST

START_TEST(pairs_keep_order_and_unique_keys)
{
	AUTO_PAIRS struct pairs pairs = {0};
	AUTO_PAIRS struct pairs more = {0};

	pairs_set_text(&pairs, "b=1=2");
	pairs_set_text(&pairs, "a");
	pairs_set(&pairs, "b", "3");
	pairs_set(&more, "c", "4");
	pairs_set(&more, "a", "5");
	pairs_set_all(&pairs, &more);
	ck_assert_uint_eq(pairs.count, 3);
	ck_assert_str_eq(pairs.items[0].key, "b");
	ck_assert_str_eq(pairs_get(&pairs, "b"), "3");
	ck_assert_str_eq(pairs_get(&pairs, "a"), "5");
	ck_assert_str_eq(pairs_get(&pairs, "c"), "4");
	ck_assert_ptr_null(pairs_get(&pairs, "d"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("texts");
	TCase *tcase = tcase_create("texts");

	tcase_add_test(tcase, list_is_always_ended_by_null);
	tcase_add_loop_test(tcase, split_keeps_empty_pieces, 0, ARRAY_LEN(splits));
	tcase_add_test(tcase, remove_closes_the_gap);
	tcase_add_test(tcase, environment_replaces_the_same_key_only);
	tcase_add_test(tcase, pairs_keep_order_and_unique_keys);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
