/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_probe.c - every finding that is not OK says what it costs and what mends it */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/conf/probe.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../../src/conf/probe_check.h"
#include "suite.h"

static char top[] = "/tmp/coracle-probe.XXXXXX";
static struct paths paths;
static struct list results;
static uint64_t started;

static void setup(void)
{
	struct error err = {0};

	(void) snprintf(top + strlen(top) - 6, 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	paths = (struct paths) {.home = xstrdup(top), .data = xstrdup(top), .runtime = xstrdup(top)};
	paths.data_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	paths.runtime_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	started = clock_monotonic();
	ck_assert_int_eq(probe_all(&paths, &results, &err), 0);
}

static void teardown(void)
{
	probe_list_done(&results);
	paths_done(&paths);
	ck_assert_int_eq(tree_remove(AT_FDCWD, top), 0);
}

static const struct probe_result *find(const char *code)
{
	LIST_EACH(const struct probe_result, result, &results)
		if (strcmp(result->code, code) == 0)
			return result;
	return NULL;
}

static const char *const codes[] = {
	"userns", "subuid", "newuidmap", "newgidmap", "proc", "overlay", "fuse", "data", "tun", "slirp4netns",
	"ports", "cgroup", "runtime", "linger", "seccomp", "nofile", "libarchive", "libcrypto", "nested",
};

START_TEST(answers_each_question_with_its_fix)
{
	ck_assert_uint_eq(results.count, ARRAY_LEN(codes));
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		const struct probe_result *result = find(codes[i]);

		ck_assert_msg(result != NULL, "%s", codes[i]);
		ck_assert_msg(*result->title && *result->detail, "%s", codes[i]);
		ck_assert_msg((result->state == PROBE_OK) == (*result->fix == '\0'), "%s", codes[i]);
		ck_assert_msg((result->state == PROBE_OK) == (*result->effect == '\0'), "%s", codes[i]);
		ck_assert_ptr_null(strchr(result->fix, '\n'));
		ck_assert_ptr_null(strstr(result->detail, "no answer"));
	}
}
END_TEST

START_TEST(changes_nothing_and_is_quick)
{
	AUTO_TEXTS struct texts names = {0};

	ck_assert_int_eq(directory_list(paths.data_fd, ".", &names), 0);
	ck_assert_uint_eq(names.count, 0);
	ck_assert_uint_lt(clock_monotonic() - started, 20 * NS_PER_SECOND);
}
END_TEST

START_TEST(a_table_of_rows_survives_json)
{
	const struct probe_result *result = find("userns");
	AUTO_JSON json_t *json = json_write(probe_result_fields, result);

	ck_assert_str_eq(json_string_value(json_object_get(json, "code")), "userns");
	ck_assert_str_eq(json_string_value(json_object_get(json, "detail")), result->detail);
}
END_TEST

static const struct {
	const char *text;
	uint64_t total, first_free;
} subids[] = {
	{"", 0, 100000},
	{"other:100000:65536\n", 0, 165536},
	{"me:100000:65536\n", 65536, 165536},
	{"me:100000:65536\nother:165536:65536\nme:300000:1000", 66536, 362144},
	{"1000:500:1000\n", 1000, 100000},
	{"me:x:65536\nme:5\nme::\n:::\nme:1:-1\n\nme:200000:65536", 65536, 296608},
	{"me:4294967296:1\nme:1:4294967296\nme:1:0\n", 0, 100000},
};

START_TEST(counts_subordinate_ids_and_finds_room)
{
	uint64_t first_free = 0;

	ck_assert_uint_eq(probe_subids(subids[_i].text, "me", 1000, &first_free), subids[_i].total);
	ck_assert_uint_eq(first_free, subids[_i].first_free);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe");
	TCase *tcase = tcase_create("probe"), *pure = tcase_create("pure");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, answers_each_question_with_its_fix);
	tcase_add_test(tcase, changes_nothing_and_is_quick);
	tcase_add_test(tcase, a_table_of_rows_survives_json);
	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(pure, counts_subordinate_ids_and_finds_room, 0, ARRAY_LEN(subids));
	suite_add_tcase(suite, pure);
	return suite_run(suite);
}
