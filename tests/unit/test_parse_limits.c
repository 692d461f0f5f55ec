/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_parse_limits.c - --ulimit, --restart, --sysctl and --log-opt */
#include "coracle/base/alloc.h"
#include "coracle/parse/parse.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

#include "suite.h"

struct bad {
	const char *text, *why;
};

static void check_message(const struct bad *row, const struct error *err, const char *example)
{
	ck_assert_msg(strstr(err->text, row->why) != NULL, "%s: \"%s\" lacks \"%s\"", row->text,
	              err->text, row->why);
	ck_assert_msg(strstr(err->text, example) != NULL, "%s: no example in \"%s\"", row->text,
	              err->text);
}

static const struct {
	const char *text, *name;
	int64_t soft, hard;
} ulimits[] = {
	{"nofile=1024", "RLIMIT_NOFILE", 1024, 1024},
	{"nofile=1024:4096", "RLIMIT_NOFILE", 1024, 4096},
	{"nofile=0", "RLIMIT_NOFILE", 0, 0},
	{"nproc=-1", "RLIMIT_NPROC", -1, -1},
	{"nproc=10:-1", "RLIMIT_NPROC", 10, -1},
	{"nproc=10:unlimited", "RLIMIT_NPROC", 10, -1},
	{"core=unlimited", "RLIMIT_CORE", -1, -1},
	{"core=unlimited:-1", "RLIMIT_CORE", -1, -1},
	{"as=9223372036854775807", "RLIMIT_AS", INT64_MAX, INT64_MAX},
	{"cpu=1", "RLIMIT_CPU", 1, 1},
	{"data=1", "RLIMIT_DATA", 1, 1},
	{"fsize=1", "RLIMIT_FSIZE", 1, 1},
	{"locks=1", "RLIMIT_LOCKS", 1, 1},
	{"memlock=1", "RLIMIT_MEMLOCK", 1, 1},
	{"msgqueue=1", "RLIMIT_MSGQUEUE", 1, 1},
	{"nice=1", "RLIMIT_NICE", 1, 1},
	{"rss=1", "RLIMIT_RSS", 1, 1},
	{"rtprio=1", "RLIMIT_RTPRIO", 1, 1},
	{"rttime=1", "RLIMIT_RTTIME", 1, 1},
	{"sigpending=1", "RLIMIT_SIGPENDING", 1, 1},
	{"stack=1:2", "RLIMIT_STACK", 1, 2},
};

static const struct bad bad_ulimits[] = {
	{"", "it is empty"},
	{"host", "\"host\" is not supported"},
	{"nofile", "it has no \"=\""},
	{"nofile=", "\"\" is not a number"},
	{"nofile=:", "\"\" is not a number"},
	{"nofile=1:", "\"\" is not a number"},
	{"nofile=:1", "\"\" is not a number"},
	{"nofile=1:2:3", "more than one colon"},
	{"nofile=2:1", "the soft limit is above the hard one"},
	{"nofile=-1:1", "the soft limit is above the hard one"},
	{"nofile=-2", "\"-2\" is not a number"},
	{"nofile=1k", "\"1k\" is not a number"},
	{"nofile=9223372036854775808", "is not a number"},
	{"nofile= 1", "is not a number"},
	{"NOFILE=1", "\"NOFILE\" is not the name of a limit"},
	{"nofiles=1", "is not the name of a limit"},
	{"=1", "\"\" is not the name of a limit"},
	{"no=1", "\"no\" is not the name of a limit"},
};

START_TEST(reads_ulimit)
{
	struct record_ulimit limit = {0};
	struct error err = {0};
	int r = parse_ulimit(ulimits[_i].text, &limit, &err);

	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_str_eq(limit.name, ulimits[_i].name);
	ck_assert_int_eq(limit.soft, ulimits[_i].soft);
	ck_assert_int_eq(limit.hard, ulimits[_i].hard);
	free(limit.name);
}
END_TEST

START_TEST(refuses_ulimit_and_leaves_output_alone)
{
	struct record_ulimit limit = {.name = NULL, .soft = 7, .hard = 8};
	struct error err = {0};

	ck_assert_msg(parse_ulimit(bad_ulimits[_i].text, &limit, &err) < 0, "%s: is accepted",
	              bad_ulimits[_i].text);
	ck_assert_ptr_null(limit.name);
	ck_assert_int_eq(limit.soft, 7);
	ck_assert_int_eq(limit.hard, 8);
	check_message(&bad_ulimits[_i], &err, "nofile=1024:4096");
}
END_TEST

static const struct {
	const char *text, *policy;
	uint64_t retries;
} restarts[] = {
	{"no", "no", 0},
	{"always", "always", 0},
	{"unless-stopped", "unless-stopped", 0},
	{"on-failure", "on-failure", 0},
	{"on-failure:0", "on-failure", 0},
	{"on-failure:5", "on-failure", 5},
	{"on-failure:2147483647", "on-failure", 2147483647},
};

static const struct bad bad_restarts[] = {
	{"", "it is empty"},
	{"never", "\"never\" is not no, always"},
	{"Always", "\"Always\" is not no, always"},
	{"always:3", "only on-failure takes a count"},
	{"no:", "only on-failure takes a count"},
	{"unless-stopped:1", "only on-failure takes a count"},
	{"on-failure:", "\"\" is not a count"},
	{"on-failure:-1", "\"-1\" is not a count"},
	{"on-failure:1:2", "\"1:2\" is not a count"},
	{"on-failure:2147483648", "is not a count"},
	{"on-failure:x", "is not a count"},
	{"on", "\"on\" is not no, always"},
	{":5", "\"\" is not no, always"},
};

START_TEST(reads_restart)
{
	struct record_restart restart = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_restart(restarts[_i].text, &restart, &err), 0);
	ck_assert_str_eq(restart.policy, restarts[_i].policy);
	ck_assert_uint_eq(restart.retries, restarts[_i].retries);
	free(restart.policy);
}
END_TEST

START_TEST(refuses_restart_and_leaves_output_alone)
{
	struct record_restart restart = {.policy = NULL, .retries = 9};
	struct error err = {0};

	ck_assert_int_eq(parse_restart(bad_restarts[_i].text, &restart, &err), -EINVAL);
	ck_assert_ptr_null(restart.policy);
	ck_assert_uint_eq(restart.retries, 9);
	check_message(&bad_restarts[_i], &err, "on-failure:5");
}
END_TEST

static const struct {
	const char *text, *name, *value;
} sysctls[] = {
	{"net.ipv4.ip_forward=1", "net.ipv4.ip_forward", "1"},
	{"net.ipv4.ping_group_range=0 0", "net.ipv4.ping_group_range", "0 0"},
	{"net.core.somaxconn=1024", "net.core.somaxconn", "1024"},
	{"net.ipv4.conf.eth-0.x=1", "net.ipv4.conf.eth-0.x", "1"},
	{"kernel.msgmax=1", "kernel.msgmax", "1"},
	{"kernel.sem=1 2 3 4", "kernel.sem", "1 2 3 4"},
	{"kernel.shm_rmid_forced=1", "kernel.shm_rmid_forced", "1"},
	{"kernel.domainname=a=b", "kernel.domainname", "a=b"},
	{"fs.mqueue.msg_max=10", "fs.mqueue.msg_max", "10"},
	{"user.max_user_namespaces=0", "user.max_user_namespaces", "0"},
};

static const struct bad bad_sysctls[] = {
	{"", "it is empty"},
	{"net.ipv4.ip_forward", "no \"=\""},
	{"=1", "\"\" is not a name"},
	{"net.ipv4.ip_forward=", "the value is empty"},
	{"kernel.hostname=x", "set by --hostname"},
	{"kernel.core_pattern=|/x", "one for the whole machine"},
	{"kernel.msgmaxi=1", "one for the whole machine"},
	{"kernel.semx=1", "one for the whole machine"},
	{"vm.swappiness=1", "one for the whole machine"},
	{"fs.mqueue=1", "one for the whole machine"},
	{"net=1", "one for the whole machine"},
	{"netx.y=1", "one for the whole machine"},
	{"net.=1", "is not a name"},
	{".net.x=1", "is not a name"},
	{"net..x=1", "is not a name"},
	{"net/../kernel.x=1", "is not a name"},
	{"net.ipv4/x=1", "is not a name"},
	{"net.a b=1", "is not a name"},
	{"net.x=1\n2", "control character"},
};

START_TEST(reads_sysctl)
{
	AUTO_PAIRS struct pairs out = {0};
	struct error err = {0};
	int r = parse_sysctl(sysctls[_i].text, &out, &err);

	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_uint_eq(out.count, 1);
	ck_assert_str_eq(pairs_get(&out, sysctls[_i].name), sysctls[_i].value);
}
END_TEST

START_TEST(refuses_sysctl_and_leaves_output_alone)
{
	AUTO_PAIRS struct pairs out = {0};
	struct error err = {0};

	ck_assert_int_lt(parse_sysctl(bad_sysctls[_i].text, &out, &err), 0);
	ck_assert_uint_eq(out.count, 0);
	check_message(&bad_sysctls[_i], &err, "net.ipv4.ip_forward=1");
}
END_TEST

static const struct {
	const char *text;
	uint64_t size, files;
	const char *tag, *path;
} log_options[] = {
	{"max-size=10m", 10 << 20, 0, NULL, NULL},
	{"max-size=1kb", 1024, 0, NULL, NULL},
	{"max-size=4096", 4096, 0, NULL, NULL},
	{"max-size=-1", INT64_MAX, 0, NULL, NULL},
	{"max-file=3", 0, 3, NULL, NULL},
	{"max-file=1000", 0, 1000, NULL, NULL},
	{"tag={{.Name}}", 0, 0, "{{.Name}}", NULL},
	{"tag=", 0, 0, "", NULL},
	{"path=/var/log/x=y", 0, 0, NULL, "/var/log/x=y"},
};

static const struct bad bad_log_options[] = {
	{"", "it is empty"},
	{"max-size", "no \"=\""},
	{"max-size=", "\"\" is not a size"},
	{"max-size=0", "\"0\" is not a size"},
	{"max-size=-2", "is not a size"},
	{"max-size=ten", "is not a size"},
	{"max-size=16000000000000000000", "is not a size"},
	{"max-file=0", "\"0\" is not a number of files"},
	{"max-file=1001", "is not a number of files"},
	{"max-file=x", "is not a number of files"},
	{"path=x", "the path \"x\" is not absolute"},
	{"path=", "is not absolute"},
	{"labels=x", "\"labels\" is not max-size"},
	{"=x", "\"\" is not max-size"},
	{"MAX-SIZE=1m", "\"MAX-SIZE\" is not max-size"},
};

START_TEST(reads_log_option)
{
	AUTO_RECORD struct record record = {0};
	struct error err = {0};
	int r = parse_log_opt(log_options[_i].text, &record, &err);

	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_uint_eq(record.log_max_size, log_options[_i].size);
	ck_assert_uint_eq(record.log_max_files, log_options[_i].files);
	ck_assert_pstr_eq(record.log_tag, log_options[_i].tag);
	ck_assert_pstr_eq(record.log_path, log_options[_i].path);
}
END_TEST

START_TEST(refuses_log_option_and_leaves_output_alone)
{
	AUTO_RECORD struct record record = {.log_max_size = 5, .log_max_files = 6};
	struct error err = {0};

	ck_assert_int_eq(parse_log_opt(bad_log_options[_i].text, &record, &err), -EINVAL);
	ck_assert_uint_eq(record.log_max_size, 5);
	ck_assert_uint_eq(record.log_max_files, 6);
	ck_assert_ptr_null(record.log_tag);
	ck_assert_ptr_null(record.log_path);
	check_message(&bad_log_options[_i], &err, "max-size=10m");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_limits");
	TCase *tcase = tcase_create("parse_limits");

	tcase_add_loop_test(tcase, reads_ulimit, 0, ARRAY_LEN(ulimits));
	tcase_add_loop_test(tcase, refuses_ulimit_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_ulimits));
	tcase_add_loop_test(tcase, reads_restart, 0, ARRAY_LEN(restarts));
	tcase_add_loop_test(tcase, refuses_restart_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_restarts));
	tcase_add_loop_test(tcase, reads_sysctl, 0, ARRAY_LEN(sysctls));
	tcase_add_loop_test(tcase, refuses_sysctl_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_sysctls));
	tcase_add_loop_test(tcase, reads_log_option, 0, ARRAY_LEN(log_options));
	tcase_add_loop_test(tcase, refuses_log_option_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_log_options));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
