/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_containers_conf.c - containers.conf and storage.conf: which files count, key by key */
#include "scratch.h"
#include "suite.h"

#include "coracle/conf/containers.h"

static struct scratch scratch;
static struct places places;
static struct error err;

static void setup(void)
{
	AUTO_FREE char *home = NULL;

	(void) clearenv();
	/* Check asks for it before each test */
	(void) setenv("CK_FORK", "no", 1);
	scratch = scratch_new();
	home = xprintf("%s/home", scratch.path);
	(void) setenv("HOME", home, 1);
	ck_assert_int_eq(mkdir(home, 0700), 0);
	places_find(scratch.path, &places);
	err = (struct error) {0};
}

static void teardown(void)
{
	places_done(&places);
	scratch_done(&scratch);
}

static void put(const char *path, const char *text)
{
	AUTO_FREE char *directory = xstrndup(path, strlen(path) - strlen(strrchr(path, '/')));

	ck_assert_int_eq(directory_make(scratch.fd, directory, 0700), 0);
	scratch_file(&scratch, path, text);
}

static void put_variable(const char *name, const char *path)
{
	AUTO_FREE char *value = xprintf("%s/%s", scratch.path, path);

	(void) setenv(name, value, 1);
}

static void read_all(struct containers_conf *conf)
{
	ck_assert_msg(containers_conf_read(&places, conf, &err) == 0, "%s", err.text);
}

static void expect_texts(const struct conf_texts *texts, const char *wanted)
{
	AUTO_FREE char *joined = texts_join(&texts->texts, " ");

	ck_assert(texts->set);
	ck_assert_str_eq(joined, wanted);
}

START_TEST(nothing_is_set_without_files)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};

	read_all(&conf);
	ck_assert(!conf.default_capabilities.set && !conf.init.set && !conf.pids_limit.set);
	ck_assert_ptr_null(conf.cgroup_manager);
	ck_assert_ptr_null(conf.storage_driver);
}
END_TEST

START_TEST(reads_each_kind_of_key)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};

	put("etc/containers/containers.conf",
	    "[containers]\ndefault_capabilities = [\"CHOWN\", 'NET_RAW',]\ndefault_ulimits = [\"nofile=1:2\"]\nenv = []\n"
	    "init = true\nhttp_proxy = false\npids_limit = 0\nlog_size_max = -1\nlog_driver = \"k8s-file\"\ntz = 'local'\n"
	    "unknown = 1\n[engine]\ncgroup_manager = \"cgroupfs\"\nenv = ['A=b']\nimage_parallel_copies = 8\n"
	    "[engine.runtimes]\ncrun = ['/x']\n[network]\ndefault_rootless_network_cmd = \"slirp4netns\"\n");
	put("etc/containers/storage.conf", "[storage]\ndriver = \"vfs\"\ngraphroot = '/x'\n[storage.options]\nadditionalimagestores = ['/a', '/b']\n");
	read_all(&conf);
	expect_texts(&conf.default_capabilities, "CHOWN NET_RAW");
	expect_texts(&conf.default_ulimits, "nofile=1:2");
	expect_texts(&conf.env, "");
	expect_texts(&conf.engine_env, "A=b");
	ck_assert(conf.init.set && conf.init.value);
	ck_assert(conf.http_proxy.set && !conf.http_proxy.value);
	ck_assert(conf.pids_limit.set && conf.pids_limit.value == 0);
	ck_assert(conf.log_size_max.set && conf.log_size_max.value == -1);
	ck_assert(conf.image_parallel_copies.value == 8);
	ck_assert(!conf.env_host.set && !conf.volumes.set);
	ck_assert_str_eq(conf.log_driver, "k8s-file");
	ck_assert_str_eq(conf.tz, "local");
	ck_assert_str_eq(conf.cgroup_manager, "cgroupfs");
	ck_assert_str_eq(conf.default_rootless_network_cmd, "slirp4netns");
	ck_assert_str_eq(conf.storage_driver, "vfs");
	expect_texts(&conf.additional_image_stores, "/a /b");
}
END_TEST

START_TEST(later_files_override_key_by_key)
{
	static const char *const files[] = {
		"usr/share/containers/containers.conf", "usr/share/containers/containers.conf.d/a.conf",
		"etc/containers/containers.conf", "etc/containers/containers.conf.d/a.conf",
		"etc/containers/containers.conf.d/b.conf", "home/.config/containers/containers.conf",
		"home/.config/containers/containers.conf.d/0.conf",
	};

	put("usr/share/containers/containers.conf", "[containers]\numask = '0077'\n");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_CONTAINERS_CONF struct containers_conf conf = {0};
		AUTO_FREE char *text = xprintf("[containers]\ntz = '%zu'\n%s", i, i ? "" : "umask = '0077'\n");
		AUTO_FREE char *number = xprintf("%zu", i);

		put(files[i], text);
		read_all(&conf);
		ck_assert_str_eq(conf.tz, number);
		ck_assert_str_eq(conf.umask, "0077");
	}
}
END_TEST

START_TEST(arrays_are_replaced_or_appended_to)
{
	static const struct {
		const char *text, *wanted;
	} steps[] = {
		{"[containers]\nenv = ['a', 'b']", "a b"},
		{"[containers]\nenv = ['c']", "c"},
		{"[containers]\nenv = ['d', {append=true}]", "c d"},
		{"[containers]\nenv = ['e']", "c d e"},
		{"[containers]\ntz = 'x'", "c d e"},
		{"[containers]\nenv = ['f', {append=false}]", "f"},
		{"[containers]\nenv = []", ""},
	};
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		ck_assert_msg(containers_conf_add(&conf, CONF_CONTAINERS, "x", steps[i].text, strlen(steps[i].text), &err) == 0,
		              "%s", err.text);
		expect_texts(&conf.env, steps[i].wanted);
	}
}
END_TEST

static const struct {
	enum conf_kind kind;
	const char *text, *error;
} wrong[] = {
	{CONF_CONTAINERS, "[containers]\ntz = 'no'\npids_limit = '5'", "x.conf: pids_limit of [containers] is not a whole number"},
	{CONF_CONTAINERS, "[containers]\ninit = 1", "x.conf: init of [containers] is not true or false"},
	{CONF_CONTAINERS, "[containers]\ntz = 1", "x.conf: tz of [containers] is not a string"},
	{CONF_CONTAINERS, "[containers]\nenv = 'a'", "x.conf: env of [containers] is not an array of strings"},
	{CONF_CONTAINERS, "[containers]\nenv = ['a', 1]", "x.conf: env of [containers] is not an array of strings"},
	{CONF_CONTAINERS, "[containers]\nenv = ['a', {more=true}]", "x.conf: env of [containers] is not an array of strings"},
	{CONF_STORAGE, "[storage.options]\nadditionalimagestores = '/a'", "x.conf: additionalimagestores of [storage.options] is not"},
	{CONF_STORAGE, "[storage\n", "x.conf: line 1: "},
};

START_TEST(refuses_the_wrong_type_and_changes_nothing)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};

	ck_assert_int_eq(containers_conf_add(&conf, wrong[_i].kind, "x.conf", wrong[_i].text, strlen(wrong[_i].text), &err), -EINVAL);
	ck_assert_msg(!strncmp(err.text, wrong[_i].error, strlen(wrong[_i].error)), "%s", err.text);
	ck_assert_ptr_null(conf.tz);
}
END_TEST

START_TEST(variables_name_the_only_file_and_the_last_one)
{
	AUTO_CONTAINERS_CONF struct containers_conf only = {0}, both = {0}, none = {0};

	put("etc/containers/containers.conf", "[containers]\ntz = 'etc'\numask = '1'\n");
	put("home/.config/containers/containers.conf", "[containers]\ntz = 'user'\n");
	put("own/only.conf", "[containers]\ntz = 'only'\nnetns = 'host'\n");
	put("own/last.conf", "[containers]\ntz = 'last'\n");
	put_variable("CONTAINERS_CONF", "own/only.conf");
	read_all(&only);
	ck_assert_str_eq(only.tz, "only");
	ck_assert_ptr_null(only.umask);
	put_variable("CONTAINERS_CONF_OVERRIDE", "own/last.conf");
	read_all(&both);
	ck_assert_str_eq(both.tz, "last");
	ck_assert_str_eq(both.netns, "host");
	put_variable("CONTAINERS_CONF", "own/missing.conf");
	ck_assert_int_eq(containers_conf_read(&places, &none, &err), -ENOENT);
}
END_TEST

START_TEST(storage_of_the_host_stands_for_the_vendors)
{
	AUTO_CONTAINERS_CONF struct containers_conf vendor = {0}, host = {0}, user = {0}, own = {0};

	put("usr/share/containers/storage.conf", "[storage]\ndriver = 'overlay'\n[storage.options]\nadditionalimagestores = ['/vendor']\n");
	read_all(&vendor);
	expect_texts(&vendor.additional_image_stores, "/vendor");
	put("etc/containers/storage.conf", "[storage]\ndriver = 'vfs'\n");
	read_all(&host);
	ck_assert_str_eq(host.storage_driver, "vfs");
	ck_assert(!host.additional_image_stores.set);
	put("home/.config/containers/storage.conf", "[storage.options]\nadditionalimagestores = ['/user']\n");
	read_all(&user);
	ck_assert_str_eq(user.storage_driver, "vfs");
	expect_texts(&user.additional_image_stores, "/user");
	put("own/storage.conf", "[storage]\ndriver = 'btrfs'\n");
	put_variable("CONTAINERS_STORAGE_CONF", "own/storage.conf");
	read_all(&own);
	ck_assert_str_eq(own.storage_driver, "btrfs");
	ck_assert(!own.additional_image_stores.set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("containers_conf");
	TCase *tcase = tcase_create("containers_conf");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nothing_is_set_without_files);
	tcase_add_test(tcase, reads_each_kind_of_key);
	tcase_add_test(tcase, later_files_override_key_by_key);
	tcase_add_test(tcase, arrays_are_replaced_or_appended_to);
	tcase_add_loop_test(tcase, refuses_the_wrong_type_and_changes_nothing, 0, ARRAY_LEN(wrong));
	tcase_add_test(tcase, variables_name_the_only_file_and_the_last_one);
	tcase_add_test(tcase, storage_of_the_host_stands_for_the_vendors);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
