/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_scan.c - the quick reader of our own JSON reads as the other one does, or not at all */
#include "coracle/base/alloc.h"
#include "coracle/base/scan.h"
#include "coracle/state/record.h"

#include <check.h>
#include <string.h>

#include "scratch.h"
#include "suite.h"

struct sample {
	char *text;
	bool flag;
	int64_t number;
	uint64_t count;
	struct opt_int maybe;
	struct texts words;
	struct pairs pairs;
	struct list ports;
	struct record_restart *restart;
	json_t *raw;
};

static const struct field restart_fields[] = {
	FIELD_TEXT("policy", struct record_restart, policy),
	FIELD_UINT("retries", struct record_restart, retries),
	FIELD_END,
};

static const struct field fields[] = {
	FIELD_TEXT("text", struct sample, text, .required = true),
	FIELD_BOOL("flag", struct sample, flag),
	FIELD_INT("number", struct sample, number),
	FIELD_UINT("count", struct sample, count),
	FIELD_OPT_INT("maybe", struct sample, maybe),
	FIELD_TEXTS("words", struct sample, words),
	FIELD_PAIRS("pairs", struct sample, pairs),
	FIELD_LIST("ports", struct sample, ports, struct record_port, record_port_fields),
	FIELD_STRUCT_PTR("restart", struct sample, restart, struct record_restart, restart_fields),
	FIELD_RAW("raw", struct sample, raw),
	FIELD_END,
};

static const char *const good[] = {
	"{\"text\":\"\"}",
	"{\"text\":\"a\"}\n",
	"{\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"flag\":true}",
	"{\"text\":\"a\",\"flag\":false,\"number\":-12,\"count\":0,\"maybe\":0}",
	"{\"text\":\"a\",\"number\":999999999999999999,\"count\":7}",
	"{\"text\":\"a\",\"words\":[],\"pairs\":{},\"ports\":[]}",
	"{\"text\":\"a\",\"words\":[\"x\",\"\",\"y z\"],\"pairs\":{\"k\":\"v\",\"e\":\"\"}}",
	"{\"text\":\"a\",\"ports\":[{\"hostIp\":\"\",\"hostPort\":80,\"containerPort\":80,\"protocol\":\"tcp\"},{}]}",
	"{\"text\":\"a\",\"restart\":{\"policy\":\"no\",\"retries\":3}}",
	"{\"text\":\"a\",\"restart\":{}}",
};

START_TEST(reads_as_the_other_does)
{
	struct sample fast = {0}, slow = {0};
	struct error err = {0};
	size_t length = strlen(good[_i]);
	AUTO_JSON json_t *json = json_parse(good[_i], length, &err);

	ck_assert_int_eq(scan_json(good[_i], length, fields, &fast), 0);
	ck_assert_int_eq(json_read(json, fields, &slow, &err), 0);
	AUTO_JSON json_t *fast_json = json_write(fields, &fast);
	AUTO_JSON json_t *slow_json = json_write(fields, &slow);
	ck_assert(json_equal(fast_json, slow_json));
	ck_assert_int_eq(fast.maybe.set, slow.maybe.set);
	fields_done(fields, &fast);
	fields_done(fields, &slow);
}
END_TEST

/* Some of it is JSON, and is left to the other reader. */
static const char *const left[] = {
	"",
	"{",
	"{}",
	"[]",
	"{\"text\":\"a\"",
	"{\"text\":\"a\"}}",
	"{\"text\":\"a\"} ",
	"{\"text\": \"a\"}",
	"{\"text\":\"a}",
	"{\"text\":\"a\\",
	"{\"text\":\"\\u0041\"}",
	"{\"text\":\"\\q\"}",
	"{\"text\":\"\xc3\xa4\"}",
	"{\"text\":\"\xff\"}",
	"{\"text\":\"a\nb\"}",
	"{\"text\":null}",
	"{\"text\":7}",
	"{\"text\":\"a\",\"text\":\"b\"}",
	"{\"flag\":true,\"text\":\"a\"}",
	"{\"flag\":true}",
	"{\"text\":\"a\",\"unknown\":1}",
	"{\"text\":\"a\",}",
	"{\"text\":\"a\",\"flag\":1}",
	"{\"text\":\"a\",\"flag\":trues}",
	"{\"text\":\"a\",\"number\":1.5}",
	"{\"text\":\"a\",\"number\":1e3}",
	"{\"text\":\"a\",\"number\":01}",
	"{\"text\":\"a\",\"number\":-0}",
	"{\"text\":\"a\",\"number\":-}",
	"{\"text\":\"a\",\"number\":9999999999999999999}",
	"{\"text\":\"a\",\"count\":-1}",
	"{\"text\":\"a\",\"words\":[\"x\",]}",
	"{\"text\":\"a\",\"words\":[1]}",
	"{\"text\":\"a\",\"pairs\":{\"k\":\"v\",\"k\":\"w\"}}",
	"{\"text\":\"a\",\"pairs\":{\"k\":1}}",
	"{\"text\":\"a\",\"ports\":[{\"hostPort\":-1}]}",
	"{\"text\":\"a\",\"ports\":[1]}",
	"{\"text\":\"a\",\"raw\":{}}",
};

START_TEST(leaves_the_rest_and_owns_nothing)
{
	struct sample sample = {0};
	const struct sample empty = {0};
	size_t length = strlen(left[_i]);
	/* as long as it is, so that the address sanitizer sees a look behind it */
	AUTO_FREE char *bytes = length ? xmemdup(left[_i], length) : xcalloc(1, 1);

	ck_assert_int_eq(scan_json(bytes, length, fields, &sample), -EINVAL);
	ck_assert_mem_eq(&sample, &empty, sizeof sample);
}
END_TEST

START_TEST(files_are_read_either_way)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *long_text = xcalloc(20001, 1);
	AUTO_FREE char *long_json = NULL;
	struct sample sample = {0};
	struct error err = {0};

	(void) memset(long_text, 'x', 20000);
	long_json = xprintf("{\"text\":\"%s\"}", long_text);
	scratch_file(&scratch, "fast", "{\"text\":\"a\"}");
	scratch_file(&scratch, "slow", "{ \"text\": \"\xc3\xa4\" }");
	scratch_file(&scratch, "long", long_json);
	scratch_file(&scratch, "bad", "{\"text\":7}");
	ck_assert_int_eq(scan_file(scratch.fd, "fast", 1 << 20, fields, &sample, &err), 0);
	ck_assert_str_eq(sample.text, "a");
	fields_done(fields, &sample);
	ck_assert_int_eq(scan_file(scratch.fd, "slow", 1 << 20, fields, &sample, &err), 0);
	ck_assert_str_eq(sample.text, "\xc3\xa4");
	fields_done(fields, &sample);
	ck_assert_int_eq(scan_file(scratch.fd, "long", 1 << 20, fields, &sample, &err), 0);
	ck_assert_str_eq(sample.text, long_text);
	fields_done(fields, &sample);
	ck_assert_int_eq(scan_file(scratch.fd, "bad", 1 << 20, fields, &sample, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, "\"text\" is not a string") != NULL, "%s", err.text);
	ck_assert_int_eq(scan_file(scratch.fd, "absent", 1 << 20, fields, &sample, &err), -ENOENT);
	ck_assert_int_eq(mkfifoat(scratch.fd, "fifo", 0600), 0);
	ck_assert_int_lt(scan_file(scratch.fd, "fifo", 1 << 20, fields, &sample, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan");
	TCase *tcase = tcase_create("scan");

	tcase_add_loop_test(tcase, reads_as_the_other_does, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, leaves_the_rest_and_owns_nothing, 0, ARRAY_LEN(left));
	tcase_add_test(tcase, files_are_read_either_way);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
