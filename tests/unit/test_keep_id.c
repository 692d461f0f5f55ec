/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_keep_id.c - --userns keep-id: which number stands where */
#include "coracle/base/alloc.h"

#include "../../src/monitor/monitor_private.h"

#include <check.h>
#include <string.h>

#include "suite.h"

static const struct {
	uint64_t own, total;
	const char *shown; /* inside:in the shared namespace:size, ... */
} maps[] = {
	/* below the caller's number the subordinate ids, from 1 up; the caller is the shared namespace's 0 */
	{1000, 65537, "0:1:1000:1000:0:1:1001:1001:64536"},
	{1, 65537, "0:1:1:1:0:1:2:2:65535"},
	{0, 65537, "0:0:1:1:1:65536"},
	{65536, 65537, "0:1:65536:65536:0:1"},
	/* a number above all that there is: everybody else stands below */
	{100000, 65537, "0:1:65536:100000:0:1"},
	/* the caller alone */
	{1000, 1, "1000:0:1"},
	{0, 1, "0:0:1"},
};

static struct monitor *with_ids(uint64_t own, uint64_t total)
{
	static struct monitor monitor;

	(void) memset(&monitor, 0, sizeof monitor);
	monitor.keep_uid = own;
	monitor.uid_total = total;
	monitor.keep_gid = 7;
	monitor.gid_total = 10;
	return &monitor;
}

START_TEST(moves_those_below_by_one)
{
	AUTO_FREE char *uids = keep_id_uids(with_ids(maps[_i].own, maps[_i].total));

	ck_assert_str_eq(uids, maps[_i].shown);
}
END_TEST

START_TEST(maps_every_id_exactly_once)
{
	AUTO_OCI_SPEC struct oci_spec spec = {.linux_ = xcalloc(1, sizeof(struct oci_linux))};
	uint64_t sum = 0, next = 0;
	bool own = false;

	keep_id_spec(with_ids(maps[_i].own, maps[_i].total), spec.linux_);
	LIST_EACH(struct oci_id_mapping, mapping, &spec.linux_->uid_mappings) {
		sum += mapping->size;
		ck_assert_uint_ge(mapping->container_id, next);
		next = mapping->container_id + mapping->size;
		own = own || (mapping->container_id == maps[_i].own && mapping->host_id == 0);
	}
	ck_assert_uint_eq(sum, maps[_i].total);
	ck_assert(own);
	ck_assert_uint_eq(spec.linux_->gid_mappings.count, 3);
}
END_TEST

static const struct {
	const char *mode;
	int result;
	bool keep;
	uint64_t uid, gid; /* 0: the caller's */
} modes[] = {
	{NULL, 0, false, 0, 0},
	{"", 0, false, 0, 0},
	{"host", 0, false, 0, 0},
	{"keep-id", 0, true, 0, 0},
	{"keep-id:uid=5", 0, true, 5, 0},
	{"keep-id:uid=5,gid=6", 0, true, 5, 6},
	{"keep-id:uid=", -EINVAL, true, 0, 0},
	{"keep-id:uid=x", -EINVAL, true, 0, 0},
	{"keep-id:uid=-1", -EINVAL, true, 0, 0},
	{"keep-id:uid=4294967295", -EINVAL, true, 0, 0},
	{"keep-id:size=5", -EINVAL, true, 0, 0},
	{"keep-id:", -EINVAL, true, 0, 0},
};

START_TEST(reads_the_mode)
{
	struct monitor *monitor = with_ids(0, 0);
	struct record record = {.userns_mode = (char *) (uintptr_t) modes[_i].mode};
	struct error err = {0};

	monitor->record = &record;
	monitor->userns_rung = USERNS_RANGE;
	ck_assert_int_eq(keep_id_prepare(monitor, &err), modes[_i].result);
	ck_assert_int_eq(monitor->keep_id, modes[_i].keep);
	ck_assert_int_eq(err.text[0] != '\0', modes[_i].result < 0);
	if (modes[_i].result == 0 && modes[_i].uid)
		ck_assert_uint_eq(monitor->keep_uid, modes[_i].uid);
	if (modes[_i].result == 0 && modes[_i].gid)
		ck_assert_uint_eq(monitor->keep_gid, modes[_i].gid);
}
END_TEST

START_TEST(is_not_for_root)
{
	struct monitor *monitor = with_ids(0, 0);
	struct record record = {.userns_mode = (char *) (uintptr_t) "keep-id"};
	struct error err = {0};

	monitor->record = &record;
	monitor->userns_rung = USERNS_ROOT;
	ck_assert_int_eq(keep_id_prepare(monitor, &err), -EOPNOTSUPP);
	ck_assert(!monitor->keep_id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keep_id");
	TCase *tcase = tcase_create("keep_id");

	tcase_add_loop_test(tcase, moves_those_below_by_one, 0, ARRAY_LEN(maps));
	tcase_add_loop_test(tcase, maps_every_id_exactly_once, 0, ARRAY_LEN(maps));
	tcase_add_loop_test(tcase, reads_the_mode, 0, ARRAY_LEN(modes));
	tcase_add_test(tcase, is_not_for_root);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
