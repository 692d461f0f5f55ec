/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_parse_user.c - --user and --group-add never turn a wrong word into root */
#include "coracle/base/alloc.h"
#include "coracle/base/text.h"
#include "coracle/parse/parse.h"

#include <check.h>
#include <string.h>

#include "suite.h"

static const char passwd[] =
	"# comment:x:5:5::/:/bin/sh\n"
	"\n"
	"root:x:0:0:root:/root:/bin/bash\n"
	"short:x:7\n"
	"daemon:*:1:1:daemon:/usr/sbin\n"
	"nohome:x:50:50\n"
	"relative:x:51:51::home:/bin/sh\n"
	"1000:x:0:0:digits that mean root:/evil:/bin/sh\n"
	"user:x:1000:1001:A User,,,:/home/user:/bin/sh\n"
	"user:x:0:0:second of the same name:/:/bin/sh\n"
	"same:x:1000:1:second of the same number:/:/bin/sh\n"
	"minus:x:-1:0::/:/bin/sh\n"
	"big:x:4294967296:0::/:/bin/sh\n"
	"most:x:4294967295:0::/:/bin/sh\n"
	"hex:x:0x10:0::/:/bin/sh\n"
	"blank:x: 5:0::/:/bin/sh\n"
	"noid:x:::::\n"
	"badgid:x:60:nine::/:/bin/sh\n"
	"+nis:x:61:61::/:/bin/sh\n"
	"+::::::\n"
	"many:x:70:70::/a:b:c:d\n"
	"last:x:99:98::/last:/bin/sh";

static const char group[] =
	"root:x:0:\n"
	"wheel:x:10:root,user\n"
	"user:x:1001:user\n"
	"docker:x:998:other,user,more\n"
	"docker:x:998:user\n"
	"usernot:x:997:user2,us,useruser\n"
	"bad:x:-5:user\n"
	"worse:x:4294967295:user\n"
	"short\n"
	"noid:x::user\n"
	"1000:x:0:\n"
	"empty:x:20:\n"
	"commas:x:21:,,user,,";

struct good {
	const char *text, *is; /* UID GID HOME NAME GROUPS */
};

static const struct good users[] = {
	{"", "0 0 /root root 10"},
	{":", "0 0 /root root 10"},
	{"0", "0 0 /root root 10"},
	{"00", "0 0 /root root 10"},
	{"root", "0 0 /root root 10"},
	{"root:", "0 0 /root root 10"},
	{"root:0", "0 0 /root root"},
	{":5", "0 5 /root root"},
	{":wheel", "0 10 /root root"},
	{"1", "1 1 /usr/sbin daemon"},
	{"1:", "1 1 /usr/sbin daemon"},
	{"daemon", "1 1 /usr/sbin daemon"},
	{"user", "1000 1001 /home/user user 10 998 21"},
	{"1000", "1000 1001 /home/user user 10 998 21"},
	{"user:0", "1000 0 /home/user user"},
	{"user:user", "1000 1001 /home/user user"},
	{"user:docker", "1000 998 /home/user user"},
	{"1000:1000", "1000 1000 /home/user user"},
	{"12345", "12345 0 / -"},
	{"12345:6", "12345 6 / -"},
	{"12345:wheel", "12345 10 / -"},
	{"4294967294", "4294967294 0 / -"},
	{"4294967294:4294967294", "4294967294 4294967294 / -"},
	{"61", "61 0 / -"},
	{"5", "5 0 / -"},
	{"7", "7 0 / -"},
	{"nohome", "50 50 / nohome"},
	{"relative", "51 51 / relative"},
	{"many", "70 70 /a many"},
	{"last", "99 98 /last last"},
};

struct bad {
	const char *text, *why;
};

static const struct bad bad_users[] = {
	{"nobody", "/etc/passwd has no user \"nobody\"; give a number"},
	{"-1", "has no user \"-1\""},
	{"+5", "has no user \"+5\""},
	{"+nis", "has no user \"+nis\""},
	{"+", "has no user \"+\""},
	{"#", "has no user"},
	{"0x0", "has no user \"0x0\""},
	{"1000 ", "has no user \"1000 \""},
	{" 1000", "has no user"},
	{"1000\n", "has no user"},
	{"1e3", "has no user"},
	{"4294967295", "is not an id from 0 to 4294967294"},
	{"4294967296", "is not an id from 0 to 4294967294"},
	{"99999999999999999999999", "is not an id from 0 to 4294967294"},
	{"18446744073709551616", "is not an id"},
	{"minus", "has no valid ids"},
	{"big", "has no valid ids"},
	{"most", "has no valid ids"},
	{"hex", "has no valid ids"},
	{"blank", "has no valid ids"},
	{"noid", "has no valid ids"},
	{"badgid", "has no valid ids"},
	{"60", "has no valid ids"},
	{"short", "has no user \"short\""},
	{"roo", "has no user"},
	{"ROOT", "has no user"},
	{"root:nogroup", "/etc/group has no group \"nogroup\""},
	{"root:-1", "has no group \"-1\""},
	{"root: 0", "has no group \" 0\""},
	{"root:4294967295", "is not an id"},
	{"root:bad", "has no valid id"},
	{"root:noid", "has no valid id"},
	{"root:worse", "has no valid id"},
	{"root:short", "has no group \"short\""},
	{"0:0:0", "more than one colon"},
	{"::", "more than one colon"},
};

static char *describe(const struct user *user)
{
	AUTO_TEXT struct text text = TEXT_INIT(65536);

	ck_assert_int_eq(text_printf(&text, "%u %u %s %s", user->uid, user->gid, user->home,
	                             user->name ? user->name : "-"), 0);
	for (size_t i = 0; i < user->group_count; i++)
		ck_assert_int_eq(text_printf(&text, " %u", user->groups[i]), 0);
	return text_take(&text);
}

START_TEST(reads_user)
{
	struct user user = {0};
	struct error err = {0};
	int r = parse_user(users[_i].text, passwd, group, &user, &err);
	AUTO_FREE char *is = NULL;

	ck_assert_msg(r == 0, "%s: %s", users[_i].text, err.text);
	is = describe(&user);
	ck_assert_msg(strcmp(is, users[_i].is) == 0, "%s: is \"%s\", not \"%s\"", users[_i].text, is,
	              users[_i].is);
	user_done(&user);
	ck_assert_ptr_null(user.home);
}
END_TEST

START_TEST(refuses_user_and_leaves_output_alone)
{
	struct user user, before;
	struct error err = {0};

	(void) memset(&user, 0x5a, sizeof user);
	before = user;
	ck_assert_msg(parse_user(bad_users[_i].text, passwd, group, &user, &err) < 0,
	              "%s: is accepted", bad_users[_i].text);
	ck_assert_int_eq(memcmp(&user, &before, sizeof user), 0);
	ck_assert_msg(strstr(err.text, bad_users[_i].why) != NULL, "%s: \"%s\" lacks \"%s\"",
	              bad_users[_i].text, err.text, bad_users[_i].why);
	ck_assert_ptr_nonnull(strstr(err.text, "as in \"1000:1000\""));
}
END_TEST

START_TEST(needs_no_files_for_numbers)
{
	struct user user = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_user("5:6", NULL, NULL, &user, &err), 0);
	ck_assert_uint_eq(user.uid, 5);
	ck_assert_uint_eq(user.gid, 6);
	ck_assert_str_eq(user.home, "/");
	ck_assert_ptr_null(user.name);
	ck_assert_uint_eq(user.group_count, 0);
	user_done(&user);
	ck_assert_int_eq(parse_user("", NULL, NULL, &user, &err), 0);
	ck_assert_uint_eq(user.uid, 0);
	user_done(&user);
	ck_assert_int_eq(parse_user("root", NULL, NULL, &user, &err), -ENOENT);
	ck_assert_int_eq(parse_user("root", "", "", &user, &err), -ENOENT);
	ck_assert_int_eq(parse_user("5:wheel", NULL, NULL, &user, &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

static char *groups_of(unsigned count)
{
	AUTO_TEXT struct text text = TEXT_INIT(1 << 20);

	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(text_printf(&text, "g%u:x:%u:user\n", i, 2000 + i), 0);
	return text_take(&text);
}

START_TEST(bounds_supplementary_groups)
{
	AUTO_FREE char *full = groups_of(256);
	AUTO_FREE char *more = groups_of(257);
	struct user user = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_user("user", passwd, full, &user, &err), 0);
	ck_assert_uint_eq(user.group_count, 256);
	ck_assert_uint_eq(user.groups[255], 2255);
	user_done(&user);
	ck_assert_int_eq(parse_user("user", passwd, more, &user, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 256 groups"));
	ck_assert_int_eq(parse_user("user:5", passwd, more, &user, &err), 0);
	ck_assert_uint_eq(user.group_count, 0);
	user_done(&user);
}
END_TEST

START_TEST(bounds_the_text)
{
	char text[4096];
	struct user user = {0};
	struct error err = {0};

	(void) memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	ck_assert_int_eq(parse_user(text, passwd, group, &user, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "longer than 512 bytes"));
	ck_assert_uint_lt(strlen(err.text), 400);
}
END_TEST

static const struct {
	const char *text;
	uint32_t gid;
} groups[] = {
	{"0", 0}, {"1000", 1000}, {"4294967294", 4294967294}, {"wheel", 10}, {"docker", 998},
	{"empty", 20}, {"commas", 21},
};

static const struct bad bad_groups[] = {
	{"", "it is empty"},
	{"-1", "has no group"},
	{"nogroup", "has no group \"nogroup\""},
	{"4294967295", "is not an id"},
	{"4294967296", "is not an id"},
	{"bad", "has no valid id"},
	{"noid", "has no valid id"},
	{"short", "has no group"},
	{"wheel:", "has no group"},
	{"wheel,docker", "has no group"},
};

START_TEST(reads_group)
{
	struct error err = {0};
	uint32_t gid = 7;

	ck_assert_int_eq(parse_group(groups[_i].text, group, &gid, &err), 0);
	ck_assert_uint_eq(gid, groups[_i].gid);
}
END_TEST

START_TEST(refuses_group_and_leaves_output_alone)
{
	struct error err = {0};
	uint32_t gid = 7;

	ck_assert_int_lt(parse_group(bad_groups[_i].text, group, &gid, &err), 0);
	ck_assert_uint_eq(gid, 7);
	ck_assert_msg(strstr(err.text, bad_groups[_i].why) != NULL, "%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_user");
	TCase *tcase = tcase_create("parse_user");

	tcase_add_loop_test(tcase, reads_user, 0, ARRAY_LEN(users));
	tcase_add_loop_test(tcase, refuses_user_and_leaves_output_alone, 0, ARRAY_LEN(bad_users));
	tcase_add_test(tcase, needs_no_files_for_numbers);
	tcase_add_test(tcase, bounds_supplementary_groups);
	tcase_add_test(tcase, bounds_the_text);
	tcase_add_loop_test(tcase, reads_group, 0, ARRAY_LEN(groups));
	tcase_add_loop_test(tcase, refuses_group_and_leaves_output_alone, 0, ARRAY_LEN(bad_groups));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
