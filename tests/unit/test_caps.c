/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_caps.c - capabilities by name, and the sets of a process */
#include "coracle/sys/caps.h"

#include "scratch.h"

#include <linux/capability.h>
#include <sys/prctl.h>

#include "suite.h"

static const struct {
	const char *name;
	int number;
} names[] = {
	{"CAP_CHOWN", CAP_CHOWN}, {"chown", CAP_CHOWN}, {"Cap_Sys_Admin", CAP_SYS_ADMIN},
	{"NET_BIND_SERVICE", CAP_NET_BIND_SERVICE}, {"CAP_AUDIT_READ", CAP_AUDIT_READ},
	{"setfcap", CAP_SETFCAP}, {"SYSLOG", CAP_SYSLOG},
	{"CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE},
	{"", -1}, {"CAP_", -1}, {"CAP_NONE", -1}, {"ALL", -1}, {"CAP_CHOWNX", -1}, {"12", -1},
};

START_TEST(finds_numbers_by_name)
{
	ck_assert_int_eq(caps_number(names[_i].name), names[_i].number);
}
END_TEST

START_TEST(names_and_numbers_agree)
{
	for (int i = 0; i <= CAP_CHECKPOINT_RESTORE; i++)
		ck_assert_int_eq(caps_number(caps_name(i)), i);
	ck_assert_ptr_null(caps_name(-1));
	ck_assert_ptr_null(caps_name(64));
}
END_TEST

START_TEST(last_is_what_the_kernel_says)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *expected = xprintf("%d\n", caps_last());

	ck_assert_int_eq(file_read(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", 10, &text, NULL), 0);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(caps_all() >> caps_last(), 1);
}
END_TEST

static void drop_body(const void *unused)
{
	uint64_t keep = CAPS_BIT(CAP_CHOWN) | CAPS_BIT(CAP_KILL);
	struct caps_sets sets = {.effective = keep, .permitted = keep,
	                         .inheritable = CAPS_BIT(CAP_KILL), .ambient = CAPS_BIT(CAP_KILL)};
	struct caps_sets more = {.effective = CAPS_BIT(CAP_SYS_ADMIN), .permitted = CAPS_BIT(CAP_SYS_ADMIN)};

	(void) unused;
	CHECK(caps_has(CAP_SYS_ADMIN));
	CHECK(caps_drop_bounding(keep) == 0);
	CHECK(prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 1);
	CHECK(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0);
	CHECK(caps_apply(&sets) == 0);
	CHECK(caps_has(CAP_CHOWN) && caps_has(CAP_KILL) && !caps_has(CAP_SYS_ADMIN));
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) == 1);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 0);
	CHECK(caps_apply(&more) == -EPERM); /* what is gone stays gone */
	CHECK(!caps_has(-1) && !caps_has(64));
}

START_TEST(drops_and_applies)
{
	in_namespaces(drop_body, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("caps");
	TCase *tcase = tcase_create("caps");

	tcase_add_loop_test(tcase, finds_numbers_by_name, 0, ARRAY_LEN(names));
	tcase_add_test(tcase, names_and_numbers_agree);
	tcase_add_test(tcase, last_is_what_the_kernel_says);
	tcase_add_test(tcase, drops_and_applies);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
