/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cgroup.c - hierarchies found, limits as files, applied and put back, figures read; on plain directories */
#include "../../src/runtime/cgroup_private.h"

#include "coracle/base/texts.h"

#include "scratch.h"

#include <signal.h>

#include "suite.h"

/* --- hierarchies --- */

static const char hybrid_mounts[] =
	"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpuacct,cpu\n"
	"35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
	"36 31 0:33 /other /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd\n"
	"41 31 0:38 / /sys/fs/cgroup/unified\\040two rw - cgroup2 cgroup2 rw,nsdelegate\n"
	"42 31 0:38 / /mnt rw - cgroup2 cgroup2 rw\n"
	"43 31 0:40 / /home rw - ext4 cgroup rw\n";
static const char hybrid_own[] = "9:name=systemd:/s\n8:pids:/elsewhere\n4:memory:/a/b\n2:cpu,cpuacct:/\n0::/u/v\n";

static void read_tables(const char *mountinfo, const char *cgroup, struct cgroup_host *out)
{
	AUTO_FREE char *text = xstrdup(mountinfo);

	cgroup_host_read(text, cgroup, out);
}

START_TEST(hierarchies_of_a_hybrid_host_are_found)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};
	const struct hierarchy *found;

	read_tables(hybrid_mounts, hybrid_own, &host);
	ck_assert_uint_eq(host.hierarchies.count, 4);
	found = cgroup_host_get(&host, "");
	ck_assert_str_eq(found->mount, "/sys/fs/cgroup/unified two"); /* the first of two mounts */
	ck_assert_str_eq(found->own, "/u/v");
	found = cgroup_host_get(&host, "cpuacct");
	ck_assert_str_eq(found->mount, "/sys/fs/cgroup/cpu,cpuacct");
	ck_assert_str_eq(found->own, "/");
	ck_assert_str_eq(cgroup_host_get(&host, "memory")->own, "/a/b");
	ck_assert_ptr_nonnull(cgroup_host_get(&host, "name=systemd"));
	ck_assert_ptr_null(cgroup_host_get(&host, "pids")); /* the mount does not show where we are */
	ck_assert_ptr_null(cgroup_host_get(&host, "mem"));
}
END_TEST

START_TEST(a_mount_of_a_part_shows_paths_below_it)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};

	read_tables("41 31 0:38 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/docker/x/y\n", &host);
	ck_assert_str_eq(cgroup_host_get(&host, "")->own, "/y");
}
END_TEST

static const char *const unusable[][2] = {
	{"41 31 0:38 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/docker/xy\n"},
	{"41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/../other\n"}, /* outside of our cgroup namespace */
	{"41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "1:cpu:/\n"},
	{"41 31 0:38 - cgroup2\n", "0::/\n"},
	{"", ""},
};

START_TEST(a_place_that_is_not_seen_is_left_out)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};

	read_tables(unusable[_i][0], unusable[_i][1], &host);
	ck_assert_uint_eq(host.hierarchies.count, 0);
}
END_TEST

/* --- limits as files --- */

static void resources_of(const char *text, struct oci_resources *out)
{
	struct error err = {0};
	AUTO_JSON json_t *json = json_parse(text, strlen(text), &err);

	ck_assert_msg(json != NULL, "%s", err.text);
	ck_assert_msg(json_read(json, oci_resources_fields, out, &err) == 0, "%s", err.text);
}

/* "file=value" of each, in order, by blanks */
static char *words_of(const struct list *settings)
{
	AUTO_TEXTS struct texts words = {0};

	LIST_EACH(struct setting, setting, settings)
		texts_printf(&words, "%s=%s", setting->file, setting->value);
	return texts_join(&words, "; ");
}

static const struct {
	const char *resources, *v2, *v1; /* NULL: refused */
} conversions[] = {
	{"{}", "", ""},
	{"{\"memory\":{\"limit\":1000,\"reservation\":500}}", "memory.max=1000; memory.low=500",
	 "memory.limit_in_bytes=1000; memory.soft_limit_in_bytes=500"},
	{"{\"memory\":{\"limit\":-1}}", "memory.max=max", "memory.limit_in_bytes=-1"},
	{"{\"memory\":{\"limit\":0}}", "", ""},
	{"{\"memory\":{\"limit\":1000,\"swap\":3000}}", "memory.swap.max=2000; memory.max=1000",
	 "memory.limit_in_bytes=1000; memory.memsw.limit_in_bytes=3000"},
	{"{\"memory\":{\"limit\":1000,\"swap\":1000}}", "memory.swap.max=0; memory.max=1000",
	 "memory.limit_in_bytes=1000; memory.memsw.limit_in_bytes=1000"},
	{"{\"memory\":{\"swap\":-1}}", "memory.swap.max=max", "memory.memsw.limit_in_bytes=-1"},
	{"{\"memory\":{\"limit\":1000,\"swap\":999}}", NULL, "memory.limit_in_bytes=1000; memory.memsw.limit_in_bytes=999"},
	{"{\"memory\":{\"swap\":999}}", NULL, "memory.memsw.limit_in_bytes=999"},
	{"{\"memory\":{\"swappiness\":60}}", NULL, "memory.swappiness=60"},
	{"{\"cpu\":{\"shares\":2}}", "cpu.weight=1", "cpu.shares=2"},
	{"{\"cpu\":{\"shares\":1024}}", "cpu.weight=39", "cpu.shares=1024"},
	{"{\"cpu\":{\"shares\":262144}}", "cpu.weight=10000", "cpu.shares=262144"},
	{"{\"cpu\":{\"shares\":1}}", "cpu.weight=1", "cpu.shares=1"},
	{"{\"cpu\":{\"quota\":50000,\"period\":200000}}", "cpu.max=50000 200000", "cpu.cfs_period_us=200000; cpu.cfs_quota_us=50000"},
	{"{\"cpu\":{\"quota\":50000}}", "cpu.max=50000 100000", "cpu.cfs_quota_us=50000"},
	{"{\"cpu\":{\"quota\":-1}}", "cpu.max=max 100000", "cpu.cfs_quota_us=-1"},
	{"{\"cpu\":{\"period\":5000}}", "cpu.max=max 5000", "cpu.cfs_period_us=5000"},
	{"{\"cpu\":{\"quota\":9,\"burst\":7}}", "cpu.max=9 100000; cpu.max.burst=7", "cpu.cfs_quota_us=9; cpu.cfs_burst_us=7"},
	{"{\"cpu\":{\"idle\":1}}", "cpu.idle=1", "cpu.idle=1"},
	{"{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}", "cpuset.cpus=0-1; cpuset.mems=0", "cpuset.cpus=0-1; cpuset.mems=0"},
	{"{\"cpu\":{\"realtimeRuntime\":5}}", NULL, "cpu.rt_runtime_us=5"},
	{"{\"pids\":{\"limit\":10}}", "pids.max=10", "pids.max=10"},
	{"{\"pids\":{\"limit\":-1}}", "pids.max=max", "pids.max=max"},
	{"{\"blockIO\":{\"weight\":10}}", "io.weight=default 1", "blkio.weight=10"},
	{"{\"blockIO\":{\"weight\":1000}}", "io.weight=default 10000", "blkio.weight=1000"},
	{"{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":500}]}}", "io.weight=8:0 4950",
	 "blkio.weight_device=8:0 500"},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}],"
	 "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":300}]}}",
	 "io.max=8:0 rbps=600; io.max=8:16 wiops=300",
	 "blkio.throttle.read_bps_device=8:0 600; blkio.throttle.write_iops_device=8:16 300"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}]}", "hugetlb.2MB.max=4096", "hugetlb.2MB.limit_in_bytes=4096"},
	{"{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000}}}", "rdma.max=mlx5_1 hca_handle=3 hca_object=10000", ""},
	{"{\"unified\":{\"memory.high\":\"77\"}}", "memory.high=77", NULL},
	{"{\"unified\":{\"../x\":\"77\"}}", NULL, NULL},
	{"{\"network\":{\"classID\":5}}", "", "net_cls.classid=5"},
};

static void assert_settings(int (*convert)(const struct oci_resources *, struct list *, struct error *),
                            const struct oci_resources *resources, const char *want)
{
	AUTO_SETTINGS struct list settings = {0};
	struct error err = {0};
	int r = convert(resources, &settings, &err);
	AUTO_FREE char *have = words_of(&settings);

	ck_assert_int_eq(r < 0, want == NULL);
	ck_assert_int_eq(err.text[0] != '\0', want == NULL);
	if (want)
		ck_assert_str_eq(have, want);
}

START_TEST(resources_become_files)
{
	struct oci_resources resources = {0};

	resources_of(conversions[_i].resources, &resources);
	assert_settings(settings_v2, &resources, conversions[_i].v2);
	assert_settings(settings_v1, &resources, conversions[_i].v1);
	fields_done(oci_resources_fields, &resources);
}
END_TEST

START_TEST(limits_are_known_as_such)
{
	struct oci_resources none = {0}, devices = {0}, some = {0};

	resources_of("{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}", &devices);
	resources_of("{\"pids\":{\"limit\":5}}", &some);
	ck_assert(!cgroup_has_limits(NULL));
	ck_assert(!cgroup_has_limits(&none));
	ck_assert(!cgroup_has_limits(&devices));
	ck_assert(cgroup_has_limits(&some));
	fields_done(oci_resources_fields, &devices);
	fields_done(oci_resources_fields, &some);
}
END_TEST

/* --- applied to a directory of plain files --- */

static void assert_file(const struct scratch *scratch, const char *file, const char *want)
{
	AUTO_FREE char *have = group_read(scratch->fd, file);

	ck_assert_ptr_nonnull(have);
	ck_assert_str_eq(have, want);
}

START_TEST(a_failed_update_puts_back_what_was_written)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	const struct group group = {.unified = scratch.fd};
	struct oci_resources resources = {0};
	struct error err = {0};

	scratch_file(&scratch, "memory.max", "max\n");
	scratch_file(&scratch, "cpu.max", "5000 100000\n");
	/* there is no pids.max */
	resources_of("{\"memory\":{\"limit\":999},\"cpu\":{\"quota\":1111},\"pids\":{\"limit\":3}}", &resources);
	ck_assert_int_lt(limits_apply(&group, &resources, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "pids.max=3"));
	assert_file(&scratch, "memory.max", "max");
	assert_file(&scratch, "cpu.max", "5000 100000");
	fields_done(oci_resources_fields, &resources);
}
END_TEST

START_TEST(without_strict_each_failure_is_a_warning_and_the_rest_is_applied)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	const struct group group = {.unified = scratch.fd};
	AUTO_TEXTS struct texts warnings = {0};
	struct oci_resources resources = {0};
	struct error err = {0};

	scratch_file(&scratch, "pids.max", "");
	resources_of("{\"memory\":{\"limit\":999,\"swappiness\":1},\"pids\":{\"limit\":3}}", &resources);
	ck_assert_int_eq(limits_apply(&group, &resources, &warnings, &err), 0);
	ck_assert_uint_eq(warnings.count, 2);
	ck_assert_ptr_nonnull(strstr(warnings.items[0], "swappiness"));
	ck_assert_ptr_nonnull(strstr(warnings.items[1], "memory.max=999"));
	assert_file(&scratch, "pids.max", "3");
	fields_done(oci_resources_fields, &resources);
}
END_TEST

START_TEST(no_swap_needs_no_swap_accounting)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	const struct group group = {.unified = scratch.fd};
	struct oci_resources resources = {0};
	struct error err = {0};

	scratch_file(&scratch, "memory.max", "");
	resources_of("{\"memory\":{\"limit\":999,\"swap\":999}}", &resources);
	ck_assert_int_eq(limits_apply(&group, &resources, NULL, &err), 0);
	assert_file(&scratch, "memory.max", "999");
	fields_done(oci_resources_fields, &resources);
}
END_TEST

START_TEST(a_limit_below_what_is_used_is_refused_when_asked)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	const struct group group = {.unified = scratch.fd};
	struct oci_resources resources = {0}, fine = {0};
	struct error err = {0};

	scratch_file(&scratch, "memory.max", "max");
	scratch_file(&scratch, "memory.current", "2000\n");
	resources_of("{\"memory\":{\"limit\":1999,\"checkBeforeUpdate\":true}}", &resources);
	resources_of("{\"memory\":{\"limit\":2001,\"checkBeforeUpdate\":true}}", &fine);
	ck_assert_int_lt(limits_apply(&group, &resources, NULL, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	assert_file(&scratch, "memory.max", "max");
	ck_assert_int_eq(limits_apply(&group, &fine, NULL, &err), 0);
	fields_done(oci_resources_fields, &resources);
	fields_done(oci_resources_fields, &fine);
}
END_TEST

START_TEST(weights_go_to_bfq_where_it_is)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	const struct group group = {.unified = scratch.fd};
	struct oci_resources resources = {0};
	struct error err = {0};

	scratch_file(&scratch, "io.bfq.weight", "");
	resources_of("{\"blockIO\":{\"weight\":1000}}", &resources);
	ck_assert_int_eq(limits_apply(&group, &resources, NULL, &err), 0);
	assert_file(&scratch, "io.bfq.weight", "10000");
	fields_done(oci_resources_fields, &resources);
}
END_TEST

START_TEST(controllers_are_handed_on_only_without_members)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();

	scratch_file(&scratch, "cgroup.controllers", "cpu\n");
	scratch_file(&scratch, "cgroup.subtree_control", "");
	scratch_file(&scratch, "cgroup.type", "domain\n");
	scratch_file(&scratch, "cgroup.procs", "123\n");
	group_share(scratch.fd);
	assert_file(&scratch, "cgroup.subtree_control", "");
	scratch_file(&scratch, "cgroup.procs", "");
	group_share(scratch.fd);
	assert_file(&scratch, "cgroup.subtree_control", "+cpu");
}
END_TEST

START_TEST(directories_are_made_and_removed_below_the_mount_only)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_CLOSE int fd = group_make(scratch.path, "/a/./b/c");

	ck_assert_int_ge(fd, 0);
	ck_assert(scratch_has(&scratch, "a/b/c"));
	ck_assert_int_eq(group_make(scratch.path, "/a/../../x"), -EINVAL);
	group_remove(scratch.path, "/a");
	ck_assert(!scratch_has(&scratch, "a"));
}
END_TEST

/* --- figures --- */

/* plain files stand in for those of version 1; the mount's root alone has processors and memory */
START_TEST(processors_and_memory_come_down_through_all_levels_that_have_none)
{
	static const char *const directories[] = {"root", "root/a", "root/a/b", "root/a/b/c"};
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_CLOSE int last = -1;

	for (size_t i = 0; i < ARRAY_LEN(directories); i++) {
		AUTO_FREE char *cpus = xprintf("%s/cpuset.cpus", directories[i]);
		AUTO_FREE char *mems = xprintf("%s/cpuset.mems", directories[i]);

		ck_assert_int_eq(mkdirat(scratch.fd, directories[i], 0755), 0);
		scratch_file(&scratch, cpus, i == 0 ? "0-3\n" : i == 1 ? "2\n" : "\n");
		scratch_file(&scratch, mems, i == 0 ? "0\n" : "\n");
	}
	last = openat(scratch.fd, directories[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	group_inherit_cpuset(last);
	for (size_t i = 1; i < ARRAY_LEN(directories); i++) {
		AUTO_CLOSE int fd = openat(scratch.fd, directories[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		AUTO_FREE char *cpus = group_read(fd, "cpuset.cpus");
		AUTO_FREE char *mems = group_read(fd, "cpuset.mems");

		ck_assert_str_eq(cpus, "2");
		ck_assert_str_eq(mems, "0");
	}
}
END_TEST

START_TEST(figures_have_the_names_of_the_field)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	const struct group group = {.unified = scratch.fd};
	AUTO_JSON json_t *stats = NULL;
	json_t *cpu, *memory;

	scratch_file(&scratch, "cpu.stat", "usage_usec 7\nuser_usec 4\nsystem_usec 3\nnr_periods 2\nnr_throttled 1\nthrottled_usec 5\n");
	scratch_file(&scratch, "memory.current", "4096\n");
	scratch_file(&scratch, "memory.max", "max\n");
	scratch_file(&scratch, "memory.events", "low 0\nhigh 0\nmax 6\noom 0\n");
	scratch_file(&scratch, "memory.stat", "anon 1\nfile 2\nfile_mapped 9\n");
	scratch_file(&scratch, "pids.current", "3\n");
	scratch_file(&scratch, "pids.max", "10\n");
	scratch_file(&scratch, "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
	scratch_file(&scratch, "hugetlb.2MB.current", "2097152\n");
	scratch_file(&scratch, "hugetlb.2MB.max", "max\n");
	scratch_file(&scratch, "hugetlb.2MB.rsvd.current", "0\n");
	stats = stats_of(&group);
	cpu = json_object_get(stats, "cpu");
	memory = json_object_get(stats, "memory");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(cpu, "usage"), "total")), 7000);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(cpu, "throttling"), "throttledTime")), 5000);
	ck_assert_int_eq(json_integer_value(json_object_get(memory, "cache")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(memory, "usage"), "usage")), 4096);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(memory, "usage"), "failcnt")), 6);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(memory, "usage"), "limit")), INT64_C(0x7ffffffffffff000));
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(memory, "raw"), "file_mapped")), 9);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(stats, "pids"), "current")), 3);
	ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(stats, "blkio"), "ioServiceBytesRecursive")), 2);
	ck_assert_uint_eq(json_object_size(json_object_get(stats, "hugetlb")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(json_object_get(stats, "hugetlb"), "2MB"), "usage")), 2097152);
}
END_TEST

START_TEST(absent_controllers_have_no_figures)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	const struct group group = {.unified = scratch.fd};
	AUTO_JSON json_t *stats = stats_of(&group);

	ck_assert_uint_eq(json_object_size(stats), 0);
}
END_TEST

/* --- requests --- */

START_TEST(paths_that_climb_are_refused)
{
	const struct cgroup_request request = {.path = "/a/../../b", .id = "x"};
	struct cgroup cgroup = {.fd = -1};
	struct error err = {0};

	ck_assert_int_eq(cgroup_make(&request, &cgroup, &err), -EINVAL);
	ck_assert_ptr_null(cgroup.path);
}
END_TEST

START_TEST(disabled_is_no_cgroup)
{
	const struct cgroup_request request = {.manager = CGROUP_DISABLED, .id = "x"};
	AUTO_CGROUP struct cgroup cgroup = {.fd = -1};
	struct error err = {0};
	struct uints pids = {0};

	ck_assert_int_eq(cgroup_make(&request, &cgroup, &err), 0);
	ck_assert_str_eq(cgroup.manager, "disabled");
	ck_assert_ptr_null(cgroup.path);
	ck_assert_int_eq(cgroup.fd, -1);
	ck_assert_int_eq(cgroup_adopt(&cgroup, getpid(), &err), 0);
	ck_assert_int_eq(cgroup_kill(&cgroup, SIGKILL), -ENOENT);
	ck_assert_int_eq(cgroup_pids(&cgroup, &pids), -ENOENT);
	ck_assert_int_eq(cgroup_freeze(&cgroup, true, &err), -EOPNOTSUPP);
	ck_assert_ptr_null(cgroup_stats(&cgroup, &err));
	cgroup_remove(&cgroup);
}
END_TEST

START_TEST(managers_have_names)
{
	enum cgroup_manager manager = CGROUP_DISABLED;

	ck_assert_int_eq(cgroup_manager_parse("systemd", &manager), 0);
	ck_assert_int_eq(manager, CGROUP_SYSTEMD);
	ck_assert_str_eq(cgroup_manager_name(manager), "systemd");
	ck_assert_int_eq(cgroup_manager_parse("elogind", &manager), -EINVAL);
}
END_TEST

/* --- the real thing, where the caller may make cgroups --- */

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void) pause();
		_exit(0);
	}
	return pid;
}

static void update(struct cgroup *cgroup, const char *text, bool works)
{
	struct oci_resources resources = {0};
	struct error err = {0};

	resources_of(text, &resources);
	ck_assert_msg((cgroup_update(cgroup, &resources, &err) >= 0) == works, "%s: %s", text, err.text);
	fields_done(oci_resources_fields, &resources);
}

static json_int_t pids_limit(struct cgroup *cgroup)
{
	struct error err = {0};
	AUTO_JSON json_t *stats = cgroup_stats(cgroup, &err);

	ck_assert_msg(stats != NULL, "%s", err.text);
	return json_integer_value(json_object_get(json_object_get(stats, "pids"), "limit"));
}

static void assert_frozen_and_thawed(struct cgroup *cgroup)
{
	struct error err = {0};

	ck_assert_msg(cgroup_freeze(cgroup, true, &err) == 0, "%s", err.text);
	ck_assert(cgroup_is_frozen(cgroup));
	ck_assert_msg(cgroup_freeze(cgroup, false, &err) == 0, "%s", err.text);
	ck_assert(!cgroup_is_frozen(cgroup));
}

/* Both managers; where there is no systemd the second is the first. CORACLE_CGROUPS=1: there must be cgroups */
START_TEST(a_cgroup_lives_from_its_limits_to_its_end)
{
	struct oci_resources resources = {0};
	struct cgroup_request request = {
		.manager = (enum cgroup_manager) _i,
		.id = _i ? "systemd-unit-test" : "cgroupfs-unit-test",
		.resources = &resources,
		.step_aside = true,
		.strict = getenv("CORACLE_CGROUPS") != NULL,
	};
	AUTO_CGROUP struct cgroup cgroup = {.fd = -1}, stored = {0};
	AUTO_JSON json_t *json = NULL;
	struct error err = {0};
	struct uints pids = {0};
	pid_t pid;
	int status;

	resources_of("{\"pids\":{\"limit\":40}}", &resources);
	ck_assert_msg(cgroup_make(&request, &cgroup, &err) == 0, "%s", err.text);
	fields_done(oci_resources_fields, &resources);
	/* nothing here is the caller's: that is told, and no failure */
	if (!cgroup.path && cgroup.v1.count == 0) {
		ck_assert_uint_ge(cgroup.warnings.count, 1);
		return;
	}
	pid = sleeper();
	ck_assert_msg(cgroup_adopt(&cgroup, pid, &err) == 0, "%s", err.text);
	/* as another process sees it later */
	json = json_write(cgroup_fields, &cgroup);
	ck_assert_int_eq(json_read(json, cgroup_fields, &stored, &err), 0);
	ck_assert_int_eq(cgroup_pids(&stored, &pids), 0);
	ck_assert_uint_eq(pids.count, 1);
	ck_assert_uint_eq(pids.items[0], (uint64_t) pid);
	free(pids.items);
	ck_assert_int_eq(pids_limit(&stored), 40);
	update(&stored, "{\"pids\":{\"limit\":33}}", true);
	ck_assert_int_eq(pids_limit(&stored), 33);
	update(&stored, "{\"pids\":{\"limit\":44},\"unified\":{\"no.such\":\"1\"}}", false);
	ck_assert_int_eq(pids_limit(&stored), 33);
	assert_frozen_and_thawed(&stored);
	/* also a frozen one can be killed */
	ck_assert_int_eq(cgroup_freeze(&stored, true, &err), 0);
	ck_assert_int_eq(cgroup_kill(&stored, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	cgroup_remove(&stored);
	ck_assert_int_eq(cgroup_pids(&stored, &pids), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cgroup");
	TCase *tcase = tcase_create("cgroup");

	tcase_add_test(tcase, hierarchies_of_a_hybrid_host_are_found);
	tcase_add_test(tcase, a_mount_of_a_part_shows_paths_below_it);
	tcase_add_loop_test(tcase, a_place_that_is_not_seen_is_left_out, 0, ARRAY_LEN(unusable));
	tcase_add_loop_test(tcase, resources_become_files, 0, ARRAY_LEN(conversions));
	tcase_add_test(tcase, limits_are_known_as_such);
	tcase_add_test(tcase, a_failed_update_puts_back_what_was_written);
	tcase_add_test(tcase, without_strict_each_failure_is_a_warning_and_the_rest_is_applied);
	tcase_add_test(tcase, no_swap_needs_no_swap_accounting);
	tcase_add_test(tcase, a_limit_below_what_is_used_is_refused_when_asked);
	tcase_add_test(tcase, weights_go_to_bfq_where_it_is);
	tcase_add_test(tcase, controllers_are_handed_on_only_without_members);
	tcase_add_test(tcase, directories_are_made_and_removed_below_the_mount_only);
	tcase_add_test(tcase, processors_and_memory_come_down_through_all_levels_that_have_none);
	tcase_add_test(tcase, figures_have_the_names_of_the_field);
	tcase_add_test(tcase, absent_controllers_have_no_figures);
	tcase_add_test(tcase, paths_that_climb_are_refused);
	tcase_add_test(tcase, disabled_is_no_cgroup);
	tcase_add_test(tcase, managers_have_names);
	suite_add_tcase(suite, tcase);
	/* tests/guest runs this one alone */
	tcase = tcase_create("cgroup_live");
	tcase_add_loop_test(tcase, a_cgroup_lives_from_its_limits_to_its_end, 0, CGROUP_DISABLED);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
