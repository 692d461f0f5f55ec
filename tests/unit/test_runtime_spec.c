/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_runtime_spec.c - config.json: what real tools write is read, what is wrong is told */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/oci/runtime.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>

#include "suite.h"

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

#define HEAD    "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"}"
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
	{PROCESS "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}}}",
	 "\"process\": \"ioPriority\": \"priority\" is not in 0..7"},
	{PROCESS "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}}}",
	 "\"process\": \"scheduler\": \"nice\" is not in -20..19"},
	{PROCESS "\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"priority\":1}}}",
	 "\"process\": \"scheduler\": \"priority\" is only for SCHED_FIFO and SCHED_RR, not for SCHED_BATCH"},
	{PROCESS "\"scheduler\":{\"policy\":\"SCHED_RR\"}}}",
	 "\"process\": \"scheduler\": \"priority\" of SCHED_RR is not in 1..99"},
	{PROCESS "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":1,\"runtime\":1}}}",
	 "\"process\": \"scheduler\": \"runtime\", \"deadline\" and \"period\" are only for SCHED_DEADLINE, not for "
	 "SCHED_FIFO"},
	{PROCESS "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":3,\"deadline\":2,\"period\":3}}}",
	 "\"process\": \"scheduler\": SCHED_DEADLINE needs 0 < \"runtime\" <= \"deadline\" <= \"period\""},
	{PROCESS "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"SCHED_FLAG_X\"]}}}",
	 "\"process\": \"scheduler\": \"flags\"[0] is unknown: \"SCHED_FLAG_X\""},
	{PROCESS "\"execCPUAffinity\":{\"initial\":\"0-\"}}}",
	 "\"process\": \"execCPUAffinity\": \"initial\" is no list such as 0-3,7: \"0-\""},
	{PROCESS "\"execCPUAffinity\":{\"final\":\"3-1\"}}}",
	 "\"process\": \"execCPUAffinity\": \"final\" is no list such as 0-3,7: \"3-1\""},
	{PROCESS "\"execCPUAffinity\":{\"final\":\"0,8192\"}}}",
	 "\"process\": \"execCPUAffinity\": \"final\" has a number above 8191: \"0,8192\""},
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
	{LINUX "\"timeOffsets\":{\"boottime\":{\"secs\":1}}}}",
	 "\"linux\": \"timeOffsets\" needs a namespace of type \"time\" without \"path\""},
	{LINUX "\"namespaces\":[{\"type\":\"time\",\"path\":\"/n\"}],\"timeOffsets\":{\"boottime\":{\"secs\":1}}}}",
	 "\"linux\": \"timeOffsets\" needs a namespace of type \"time\" without \"path\""},
	{LINUX "\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}}}",
         "\"linux\": \"timeOffsets\": \"boottime\": \"nanosecs\" is not below a second"},
	{LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_NEAR\"}}}",
         "\"linux\": \"memoryPolicy\": \"mode\" is unknown: \"MPOL_NEAR\""},
	{LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}}}",
	 "\"linux\": \"memoryPolicy\": MPOL_BIND needs \"nodes\""},
	{LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}}}",
	 "\"linux\": \"memoryPolicy\": MPOL_LOCAL takes no \"nodes\""},
	{LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0,1024\"}}}",
	 "\"linux\": \"memoryPolicy\": \"nodes\" has a number above 1023: \"0,1024\""},
	{LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\","
	       "\"MPOL_F_RELATIVE_NODES\"]}}}",
	 "\"linux\": \"memoryPolicy\": MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude one another"},
	{LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_X\"]}}}",
	 "\"linux\": \"memoryPolicy\": \"flags\"[0] is unknown: \"MPOL_F_X\""},
	{LINUX "\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"ADDR_NO_RANDOMIZE\"]}}}",
	 "\"linux\": \"personality\": \"flags\" must be empty: no flag is defined"},
	{LINUX "\"netDevices\":[]}}", "\"linux\": \"netDevices\" is not a JSON object"},
	{LINUX "\"netDevices\":{\"a/b\":{}}}}",
	 "\"linux\": \"netDevices\": \"a/b\" is no name of an interface"},
	{LINUX "\"netDevices\":{\"e\":{\"name\":\"sixteen.letters.\"}}}}",
	 "\"linux\": \"netDevices\": \"e\": \"name\" is no name of an interface"},
	{LINUX "\"intelRdt\":true}}", "\"linux\": \"intelRdt\" is not a JSON object"},
	{LINUX "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"m\"}}}",
         "\"linux\": \"seccomp\": \"listenerMetadata\" needs \"listenerPath\""},
};

static const struct {
	const char *list;
	int result;
	unsigned long first, second; /* bits of the mask */
} lists[] = {
	{"", 0, 0, 0},
	{"0", 0, 1, 0},
	{"0-3,5", 0, 0x2f, 0},
	{" 1 , 2 - 3 ", 0, 0xe, 0},
	{"63-64", 0, 1UL << 63, 1},
	{"127", 0, 0, 1UL << 63},
	{"128", -ERANGE, 0, 0},
	{"99999999999999999999999", -ERANGE, 0, 0},
	{",", -EINVAL, 0, 0},
	{"1,", -EINVAL, 0, 0},
	{"1--2", -EINVAL, 0, 0},
	{"-1", -EINVAL, 0, 0},
	{"2-1", -EINVAL, 0, 0},
	{"1 2", -EINVAL, 0, 0},
	{"a", -EINVAL, 0, 0},
	{"0x1", -EINVAL, 0, 0},
};

START_TEST(knows_lists_of_cpus)
{
	unsigned long mask[128 / (8 * sizeof(unsigned long)) + 1] = {[128 / (8 * sizeof(unsigned long))] = 7};

	ck_assert_int_eq(oci_list_parse(lists[_i].list, 128, mask), lists[_i].result);
	/* nothing behind the mask is touched */
	ck_assert_uint_eq(mask[128 / (8 * sizeof(unsigned long))], 7);
	if (lists[_i].result < 0 || sizeof(unsigned long) != 8)
		return;
	ck_assert_uint_eq(mask[0], lists[_i].first);
	ck_assert_uint_eq(mask[1], lists[_i].second);
}
END_TEST

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
	PROCESS "\"execCPUAffinity\":{\"initial\":\"\",\"final\":\" 0-3, 7,8191 \"}}}",
	PROCESS "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1,\"deadline\":1}}}",
	PROCESS "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"flags\":[\"SCHED_FLAG_KEEP_PARAMS\"]}}}",
	LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\"}}}",
	LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\",\"nodes\":\"0-1023\"}}}",
	LINUX "\"netDevices\":{\"eth0\":{}},\"intelRdt\":{}}}",
};

START_TEST(accepts_what_is_unusual_but_allowed)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};

	ck_assert_msg(oci_spec_parse(good[_i], strlen(good[_i]), &spec, &err) == 0, "%s", err.text);
}
END_TEST

static const struct {
	const char *text, *wrong; /* NULL: fine */
} resources[] = {
	{"{}", NULL},
	{"{\"memory\":{\"limit\":-1,\"swap\":0},\"cpu\":{\"quota\":5,\"idle\":1},\"pids\":{\"limit\":0}}", NULL},
	{"{\"memory\":{\"limit\":-2}}", "limit"},
	{"{\"memory\":{\"limit\":\"1g\"}}", "limit"},
	{"{\"cpu\":{\"idle\":2}}", "idle"},
	{"{\"cpu\":{\"shares\":-1}}", "shares"},
	{"{\"unified\":{\"a/b\":\"1\"}}", "unified"},
	{"{\"pids\":[]}", "pids"},
	{"[]", ""},
	{"", ""},
	{"{} {}", ""},
};

START_TEST(reads_resources_alone)
{
	AUTO(oci_resources_done) struct oci_resources read = {0};
	struct error err = {0};
	int r = oci_resources_parse(resources[_i].text, strlen(resources[_i].text), &read, &err);

	if (r == 0)
		r = oci_resources_validate(&read, &err);
	if (resources[_i].wrong) {
		ck_assert_int_lt(r, 0);
		ck_assert_msg(strstr(err.text, resources[_i].wrong) != NULL, "%s", err.text);
		return;
	}
	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert(!read.memory || (read.memory->limit.value == -1 && read.memory->swap.set && read.cpu->idle.set
	                           && !read.cpu->period.set && read.pids));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_spec");
	TCase *tcase = tcase_create("runtime_spec");

	tcase_add_loop_test(tcase, reads_what_real_tools_write, 0, ARRAY_LEN(real));
	tcase_add_loop_test(tcase, writes_what_it_reads_again, 0, ARRAY_LEN(real));
	tcase_add_test(tcase, keeps_every_member);
	tcase_add_test(tcase, knows_limits_of_64_bits);
	tcase_add_test(tcase, keeps_bits_of_seccomp_arguments);
	tcase_add_loop_test(tcase, knows_lists_of_cpus, 0, ARRAY_LEN(lists));
	tcase_add_loop_test(tcase, tells_what_is_wrong_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, accepts_what_is_unusual_but_allowed, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, reads_resources_alone, 0, ARRAY_LEN(resources));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
