/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_runtime_spec.c - config.json: what real tools write is read, what is wrong is told */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/oci/runtime.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>

static const char *const real[] = {
	"crun.json",  "crun-rootless.json",  "runc.json",   "runc-rootless.json",
	"umoci.json", "umoci-rootless.json", "podman.json", "all.json",
};

static char *read_sample(const char *name, size_t *length)
{
	const char *tests = getenv("CORACLE_TESTS");
	AUTO_FREE char *path =
		xprintf("%s/fuzz/corpus/runtime_config/%s", tests ? tests : "tests", name);
	char *bytes = NULL;

	ck_assert_msg(file_read(AT_FDCWD, path, OCI_CONFIG_MAX_BYTES, &bytes, length) == 0,
	              "%s: set CORACLE_TESTS to the folder tests", path);
	return bytes;
}

START_TEST(reads_what_real_tools_write)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};
	size_t length = 0;
	AUTO_FREE char *bytes = read_sample(real[_i], &length);

	ck_assert_msg(oci_spec_parse(bytes, length, &spec, &err) == 0, "%s: %s", real[_i],
	              err.text);
	ck_assert_ptr_nonnull(spec.process);
	ck_assert_uint_gt(spec.process->args.count, 0);
	ck_assert_ptr_nonnull(spec.linux_);
	ck_assert_uint_gt(spec.linux_->namespaces.count, 0);
}
END_TEST

START_TEST(writes_what_it_reads_again)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0}, again = {0};
	struct error err = {0};
	size_t length = 0;
	AUTO_FREE char *bytes = read_sample(real[_i], &length);
	AUTO_JSON json_t *first = NULL, *second = NULL;
	AUTO_FREE char *text = NULL;

	ck_assert_int_eq(oci_spec_parse(bytes, length, &spec, &err), 0);
	first = json_write(oci_spec_fields, &spec);
	text = json_text(first, 0);
	ck_assert_msg(oci_spec_parse(text, strlen(text), &again, &err) == 0, "%s", err.text);
	second = json_write(oci_spec_fields, &again);
	ck_assert(json_equal(first, second));
}
END_TEST

START_TEST(keeps_every_member)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};
	size_t length = 0;
	AUTO_FREE char *bytes = read_sample("all.json", &length);
	AUTO_JSON json_t *given = NULL, *written = NULL;

	ck_assert_int_eq(oci_spec_parse(bytes, length, &spec, &err), 0);
	given = oci_json_parse(bytes, length, &err);
	written = json_write(oci_spec_fields, &spec);
	/* the sample names no member with an empty value but these */
	(void) json_object_del(
		json_array_get(
			json_object_get(
				json_array_get(
					json_object_get(
						json_object_get(json_object_get(given, "linux"),
	                                                        "seccomp"),
						"syscalls"),
					0),
				"args"),
			0),
		"valueTwo");
	ck_assert(json_equal(given, written));
}
END_TEST

START_TEST(knows_limits_of_64_bits)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\","
		"\"args\":[\"18446744073709551615\",\"\\\"18446744073709551615\"],\"rlimits\":["
		"{\"type\":\"RLIMIT_CORE\",\"hard\":18446744073709551615,\"soft\":0},"
		"{\"type\":\"RLIMIT_AS\",\"hard\":-1,\"soft\":9223372036854775807}]}}";
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};

	ck_assert_msg(oci_spec_parse(text, strlen(text), &spec, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(LIST_AT(struct oci_rlimit, &spec.process->rlimits, 0)->hard, UINT64_MAX);
	ck_assert_uint_eq(LIST_AT(struct oci_rlimit, &spec.process->rlimits, 1)->hard, UINT64_MAX);
	ck_assert_uint_eq(LIST_AT(struct oci_rlimit, &spec.process->rlimits, 1)->soft, INT64_MAX);
	/* numbers in strings are left alone */
	ck_assert_str_eq(spec.process->args.items[0], "18446744073709551615");
	ck_assert_str_eq(spec.process->args.items[1], "\"18446744073709551615");
}
END_TEST

START_TEST(keeps_bits_of_seccomp_arguments)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};
	size_t length = 0;
	AUTO_FREE char *bytes = read_sample("all.json", &length);
	const struct oci_seccomp_rule *rule;

	ck_assert_int_eq(oci_spec_parse(bytes, length, &spec, &err), 0);
	rule = LIST_AT(struct oci_seccomp_rule, &spec.linux_->seccomp->syscalls, 0);
	ck_assert_uint_eq(LIST_AT(struct oci_seccomp_arg, &rule->args, 0)->value,
	                  UINT64_C(0xffffffff00000000));
}
END_TEST

#define HEAD    "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"}"
#define PROCESS HEAD ",\"process\":{\"args\":[\"a\"],\"cwd\":\"/\","
#define LINUX   HEAD ",\"linux\":{"

static const struct {
	const char *text, *error;
} bad[] = {
	{"[]", "is not a JSON object"},
	{"{}", "\"ociVersion\" is missing"},
	{"{\"ociVersion\":2}", "\"ociVersion\" is not a string"},
	{"{\"ociVersion\":\"2.0.0\"}", "\"ociVersion\" is not a version 1.x.y: \"2.0.0\""},
	{"{\"ociVersion\":\"1.0\"}", "\"ociVersion\" is not a version 1.x.y: \"1.0\""},
	{"{\"ociVersion\":\"1.0.2\"}", "\"root\": \"path\" is missing"},
	{HEAD ",\"hostname\":\"h\"}",
         "\"hostname\" needs a namespace of type \"uts\" in \"linux\""},
	{HEAD ",\"process\":{\"args\":[\"a\"]}}", "\"process\": \"cwd\" is missing"},
	{HEAD ",\"process\":{\"args\":[\"a\"],\"cwd\":\"tmp\"}}",
         "\"process\": \"cwd\" is not an absolute path: \"tmp\""},
	{HEAD ",\"process\":{\"args\":[],\"cwd\":\"/\"}}",
         "\"process\": \"args\" names no command"},
	{PROCESS "\"args2\":0,\"user\":{\"uid\":4294967295}}}",
         "\"process\": \"user\": \"uid\" is no user id: 4294967295"},
	{PROCESS "\"user\":{\"uid\":-1}}}",
         "\"process\": \"user\": \"uid\" is not a number from 0 up"},
	{PROCESS "\"user\":{\"umask\":512}}}",
         "\"process\": \"user\": \"umask\" is above 511 (octal 777): 512"},
	{PROCESS "\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]}}",
         "\"process\": \"rlimits\"[0]: \"type\" is unknown: \"RLIMIT_X\""},
	{PROCESS "\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":2,\"hard\":1}]}}",
         "\"process\": \"rlimits\"[0] (RLIMIT_AS): \"soft\" is above \"hard\""},
	{PROCESS
         "\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":18446744073709551615,\"hard\":1}]}}",
         "\"process\": \"rlimits\"[0] (RLIMIT_AS): \"soft\" is above \"hard\""},
	{PROCESS "\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":-5,\"hard\":-5}]}}",
         "\"process\": \"rlimits\"[0] (RLIMIT_AS) is out of range"},
	{PROCESS
         "\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":18446744073709551616,\"hard\":1}]}}",
         "line 1: not JSON: too big integer near '18446744073709551616'"},
	{PROCESS "\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":1,\"hard\":1},"
                 "{\"type\":\"RLIMIT_AS\",\"soft\":1,\"hard\":1}]}}",
         "\"process\": \"rlimits\"[1]: RLIMIT_AS stands twice"},
	{PROCESS "\"oomScoreAdj\":1001}}", "\"process\": \"oomScoreAdj\" is not in -1000..1000"},
	{PROCESS "\"ioPriority\":{\"class\":\"FAST\",\"priority\":1}}}",
         "\"process\": \"ioPriority\": \"class\" is unknown: \"FAST\""},
	{PROCESS "\"scheduler\":{\"policy\":\"SCHED_FAIR\"}}}",
         "\"process\": \"scheduler\": \"policy\" is unknown: \"SCHED_FAIR\""},
	{HEAD ",\"mounts\":[{\"type\":\"proc\"}]}", "\"mounts\"[0]: \"destination\" is missing"},
	{HEAD ",\"mounts\":[{\"destination\":\"/a\",\"options\":[3]}]}",
         "\"mounts\"[0]: \"options\"[0] is not a string"},
	{HEAD ",\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":[{\"containerID\":0,"
              "\"hostID\":0,\"size\":1}]}]}",
         "\"mounts\"[0]: \"uidMappings\" and \"gidMappings\" need one another"},
	{HEAD ",\"hooks\":{\"poststop\":[{\"path\":\"bin/x\"}]}}",
         "\"hooks\": \"poststop\"[0]: \"path\" is not an absolute path: \"bin/x\""},
	{HEAD ",\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"timeout\":0}]}}",
         "\"hooks\": \"prestart\"[0]: \"timeout\" is not above 0"},
	{HEAD ",\"annotations\":{\"\":\"v\"}}", "\"annotations\" holds an empty name"},
	{HEAD ",\"annotations\":{\"k\":1}}", "\"annotations\": \"k\" is not a string"},
	{LINUX "\"namespaces\":[{\"type\":\"net\"}]}}",
         "\"linux\": \"namespaces\"[0]: \"type\" is unknown: \"net\""},
	{LINUX "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}",
         "\"linux\": \"namespaces\"[1]: type \"pid\" stands twice"},
	{LINUX "\"namespaces\":[{\"type\":\"pid\",\"path\":\"ns\"}]}}",
         "\"linux\": \"namespaces\"[0]: \"path\" is not an absolute path: \"ns\""},
	{LINUX "\"uidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":0}]}}",
         "\"linux\": \"uidMappings\"[0] is no range of ids"},
	{LINUX "\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967295,\"size\":2}]}}",
         "\"linux\": \"uidMappings\"[0] is no range of ids"},
	{LINUX "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":10},"
               "{\"containerID\":9,\"hostID\":50,\"size\":1}]}}",
         "\"linux\": \"gidMappings\"[1] overlaps [0]"},
	{LINUX "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":10},"
               "{\"containerID\":10,\"hostID\":14,\"size\":1}]}}",
         "\"linux\": \"gidMappings\"[1] overlaps [0]"},
	{LINUX "\"devices\":[{\"type\":\"x\",\"path\":\"/dev/a\"}]}}",
         "\"linux\": \"devices\"[0]: \"type\" is not one of b, c, u, p: \"x\""},
	{LINUX "\"maskedPaths\":[\"/a\",\"proc\"]}}",
         "\"linux\": \"maskedPaths\"[1] is not an absolute path: \"proc\""},
	{LINUX "\"sysctl\":{\"net/../../x\":\"1\"}}}",
         "\"linux\": \"sysctl\": \"net/../../x\" is no name of a setting"},
	{LINUX "\"rootfsPropagation\":\"public\"}}",
         "\"linux\": \"rootfsPropagation\" is unknown: \"public\""},
	{LINUX "\"resources\":{\"unified\":{\"../x\":\"1\"}}}}",
         "\"linux\": \"resources\": \"unified\": \"../x\" is no file of a cgroup"},
	{LINUX "\"resources\":{\"memory\":{\"limit\":-2}}}}",
         "\"linux\": \"resources\": \"memory\": \"limit\" is below -1 (no limit)"},
	{LINUX "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}}}",
         "\"linux\": \"resources\": \"devices\"[0]: \"access\" is not made of r, w, m: \"rx\""},
	{LINUX "\"personality\":{\"domain\":\"BSD\"}}}",
         "\"linux\": \"personality\": \"domain\" is not LINUX or LINUX32: \"BSD\""},
	{LINUX "\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}}}",
         "\"linux\": \"timeOffsets\": \"boottime\": \"nanosecs\" is not below a second"},
	{LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_NEAR\"}}}",
         "\"linux\": \"memoryPolicy\": \"mode\" is unknown: \"MPOL_NEAR\""},
	{LINUX "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"m\"}}}",
         "\"linux\": \"seccomp\": \"listenerMetadata\" needs \"listenerPath\""},
};

START_TEST(tells_what_is_wrong_and_leaves_output_alone)
{
	struct oci_spec spec = {0};
	struct error err = {0};

	ck_assert_int_eq(oci_spec_parse(bad[_i].text, strlen(bad[_i].text), &spec, &err), -EINVAL);
	ck_assert_str_eq(err.text, bad[_i].error);
	ck_assert_ptr_null(spec.oci_version);
	ck_assert_ptr_null(spec.root);
}
END_TEST

static const char *const good[] = {
	HEAD "}",
	HEAD ",\"process\":null,\"unknown\":{\"a\":[1]},\"windows\":{}}",
	"{\"ociVersion\":\"1.0.0-rc5-dev\",\"root\":{\"path\":\"r\"}}",
	"{\"ociVersion\":\"1.3.0+dev\",\"root\":{\"path\":\"/r\"}}",
	HEAD ",\"mounts\":[{\"destination\":\"proc\"}]}",
	LINUX "\"namespaces\":[{\"type\":\"uts\",\"path\":\"\"}]},\"hostname\":\"h\"}",
	LINUX "\"sysctl\":{\"net.ipv4.conf.eth0/1.forwarding\":\"1\"}}}",
	PROCESS "\"user\":{\"umask\":0}}}",
};

START_TEST(accepts_what_is_unusual_but_allowed)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};

	ck_assert_msg(oci_spec_parse(good[_i], strlen(good[_i]), &spec, &err) == 0, "%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_spec");
	TCase *tcase = tcase_create("runtime_spec");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, reads_what_real_tools_write, 0, ARRAY_LEN(real));
	tcase_add_loop_test(tcase, writes_what_it_reads_again, 0, ARRAY_LEN(real));
	tcase_add_test(tcase, keeps_every_member);
	tcase_add_test(tcase, knows_limits_of_64_bits);
	tcase_add_test(tcase, keeps_bits_of_seccomp_arguments);
	tcase_add_loop_test(tcase, tells_what_is_wrong_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, accepts_what_is_unusual_but_allowed, 0, ARRAY_LEN(good));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
