/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_volume.c - volumes are there whole or not at all, and a damaged one stays manageable */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/volume/volume.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "suite.h"

static char folder[] = "/tmp/coracle-volume-XXXXXX";
static struct paths paths;
static struct error err;

static void setup(void)
{
	(void) memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	paths = (struct paths){.data = folder, .data_fd = directory_open(AT_FDCWD, folder)};
	ck_assert_int_ge(paths.data_fd, 0);
	err = (struct error){0};
}

static void teardown(void)
{
	(void) close(paths.data_fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, folder), 0);
}

static bool exists(const char *path)
{
	struct stat st;

	return fstatat(paths.data_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void put(const char *path, const char *text)
{
	ck_assert_int_eq(file_write(paths.data_fd, path, text, strlen(text), 0600, FILE_FAST), 0);
}

static void make(const char *name)
{
	AUTO(volume_done) struct volume volume = {0};
	int r = volume_create(&paths, name, NULL, NULL, VOLUME_MAKE_NEW, &volume, &err);

	ck_assert_msg(r == 0, "%s: %s", name, err.text);
}

/* Names of the list with blanks between; "!" behind damaged ones. */
static char *listed(void)
{
	struct list list = {0};
	AUTO_TEXTS struct texts names = {0};

	ck_assert_int_eq(volume_list(&paths, &list, &err), 0);
	LIST_EACH(const struct volume, volume, &list)
		texts_printf(&names, "%s%s", volume->name, volume->damaged ? "!" : "");
	volume_list_done(&list);
	return texts_join(&names, " ");
}

static void assert_listed(const char *is)
{
	AUTO_FREE char *names = listed();

	ck_assert_str_eq(names, is);
}

START_TEST(creates_and_reads_back)
{
	AUTO(volume_done) struct volume made = {0};
	AUTO(volume_done) struct volume read = {0};
	AUTO_PAIRS struct pairs labels = {0}, options = {0};
	AUTO_FREE char *mountpoint = xprintf("%s/volumes/web/_data", folder);
	struct stat st;
	mode_t umask_before = umask(077);

	pairs_set(&labels, "a", "1");
	pairs_set(&options, "o", "x");
	ck_assert_int_eq(volume_create(&paths, "web", &labels, &options, VOLUME_MAKE_NEW, &made,
	                               &err), 0);
	(void) umask(umask_before);
	ck_assert_int_eq(volume_read(&paths, "web", &read, &err), 0);
	ck_assert_str_eq(read.name, "web");
	ck_assert_str_eq(read.created, made.created);
	ck_assert_str_eq(read.driver, "local");
	ck_assert_str_eq(pairs_get(&read.labels, "a"), "1");
	ck_assert_str_eq(pairs_get(&read.options, "o"), "x");
	ck_assert_str_eq(read.mountpoint, mountpoint);
	ck_assert_str_eq(made.mountpoint, mountpoint);
	ck_assert(!read.anonymous && !read.filled && !read.damaged);
	ck_assert_int_eq(stat(mountpoint, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert(!exists("volumes/.new"));
}
END_TEST

START_TEST(refuses_to_make_one_twice_unless_any_will_do)
{
	AUTO(volume_done) struct volume volume = {0};
	AUTO_PAIRS struct pairs labels = {0};

	make("web");
	put("volumes/web/_data/file", "kept");
	pairs_set(&labels, "late", "1");
	ck_assert_int_eq(volume_create(&paths, "web", NULL, NULL, VOLUME_MAKE_NEW, &volume, &err),
	                 -EEXIST);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "exists already"));
	ck_assert_ptr_null(volume.name);
	ck_assert_int_eq(volume_create(&paths, "web", &labels, NULL, VOLUME_MAKE_ANY, &volume, &err),
	                 0);
	ck_assert_str_eq(volume.name, "web");
	ck_assert_ptr_null(pairs_get(&volume.labels, "late"));
	ck_assert(exists("volumes/web/_data/file"));
}
END_TEST

START_TEST(names_anonymous_ones_itself)
{
	AUTO(volume_done) struct volume first = {0};
	AUTO(volume_done) struct volume second = {0};

	ck_assert_int_eq(volume_create(&paths, NULL, NULL, NULL, VOLUME_MAKE_ANY, &first, &err), 0);
	ck_assert_int_eq(volume_create(&paths, NULL, NULL, NULL, VOLUME_MAKE_ANY, &second, &err), 0);
	ck_assert_uint_eq(strlen(first.name), 64);
	ck_assert(first.anonymous);
	ck_assert_str_ne(first.name, second.name);
}
END_TEST

static const char *const bad_names[] = {
	"", ".", "..", ".new", ".old-x", "-a", "_a", "a/b", "/", "a b", "a\n", "../x", "a/../b",
	"\xc3\xa9",
};

START_TEST(refuses_names_that_lead_elsewhere)
{
	AUTO(volume_done) struct volume volume = {0};
	const char *name = bad_names[_i];

	ck_assert(!volume_name_is_valid(name));
	ck_assert_int_eq(volume_create(&paths, name, NULL, NULL, VOLUME_MAKE_ANY, &volume, &err),
	                 -EINVAL);
	ck_assert_int_eq(volume_read(&paths, name, &volume, &err), -EINVAL);
	ck_assert_int_eq(volume_remove(&paths, name, &err), -EINVAL);
	ck_assert_int_eq(volume_data_open(&paths, name), -EINVAL);
	ck_assert(!exists("volumes"));
}
END_TEST

START_TEST(bounds_names)
{
	char name[242];

	(void) memset(name, 'a', sizeof name);
	name[241] = '\0';
	ck_assert(!volume_name_is_valid(name));
	name[240] = '\0';
	ck_assert(volume_name_is_valid(name));
	make(name);
	ck_assert_int_eq(volume_remove(&paths, name, &err), 0);
	assert_listed("");
}
END_TEST

START_TEST(lists_by_name)
{
	assert_listed("");
	make("b");
	make("C");
	make("a");
	assert_listed("C a b");
}
END_TEST

START_TEST(removes_all_of_it)
{
	make("web");
	put("volumes/web/_data/file", "x");
	ck_assert_int_eq(mkdirat(paths.data_fd, "volumes/web/_data/closed", 0), 0);
	ck_assert_int_eq(volume_remove(&paths, "web", &err), 0);
	ck_assert(!exists("volumes/web"));
	ck_assert(!exists("volumes/.old-web"));
	ck_assert_int_eq(volume_remove(&paths, "web", &err), -ENOENT);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "no such volume: web"));
}
END_TEST

START_TEST(says_that_one_is_absent)
{
	AUTO(volume_done) struct volume volume = {0};

	ck_assert_int_eq(volume_read(&paths, "web", &volume, &err), -ENOENT);
	ck_assert_int_eq(volume_remove(&paths, "web", &err), -ENOENT);
	ck_assert_int_eq(volume_data_open(&paths, "web"), -ENOENT);
	volume.name = xstrdup("web");
	ck_assert_int_eq(volume_write(&paths, &volume, &err), -ENOENT);
	ck_assert(!exists("volumes/web"));
}
END_TEST

START_TEST(writes_changes)
{
	AUTO(volume_done) struct volume volume = {0};
	AUTO(volume_done) struct volume again = {0};

	make("web");
	ck_assert_int_eq(volume_read(&paths, "web", &volume, &err), 0);
	volume.filled = true;
	ck_assert_int_eq(volume_write(&paths, &volume, &err), 0);
	ck_assert_int_eq(volume_read(&paths, "web", &again, &err), 0);
	ck_assert(again.filled);
	ck_assert_str_eq(again.created, volume.created);
}
END_TEST

static const char *const damages[] = {
	"", "{", "{}", "[]", "null", "{\"name\":\"web\"}", "{\"name\":7,\"created\":\"x\"}",
	"{\"name\":\"web\",\"created\":\"yesterday\"}",
	"{\"name\":\"web\",\"created\":\"2026-01-01T00:00:00Z\",\"labels\":[]}",
	"{\"name\":\"web\",\"created\":\"2026-01-01T00:00:00Z\"} trailing",
};

START_TEST(lists_a_damaged_one_and_lets_it_be_removed)
{
	AUTO(volume_done) struct volume volume = {0};

	make("other");
	make("web");
	put("volumes/web/volume.json", damages[_i]);
	assert_listed("other web!");
	ck_assert_int_lt(volume_read(&paths, "web", &volume, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "volume web is damaged"));
	ck_assert_ptr_nonnull(strstr(err.text, "coracle volume rm"));
	ck_assert_ptr_null(volume.name);
	ck_assert_int_lt(volume_create(&paths, "web", NULL, NULL, VOLUME_MAKE_ANY, &volume, &err), 0);
	ck_assert_int_eq(volume_remove(&paths, "web", &err), 0);
	assert_listed("other");
}
END_TEST

START_TEST(lists_one_without_its_file_as_damaged)
{
	make("web");
	ck_assert_int_eq(unlinkat(paths.data_fd, "volumes/web/volume.json", 0), 0);
	assert_listed("web!");
}
END_TEST

START_TEST(goes_by_the_directory_not_by_the_name_inside)
{
	AUTO(volume_done) struct volume volume = {0};

	make("web");
	ck_assert_int_eq(renameat(paths.data_fd, "volumes/web", paths.data_fd, "volumes/moved"), 0);
	assert_listed("moved");
	ck_assert_int_eq(volume_read(&paths, "moved", &volume, &err), 0);
	ck_assert_str_eq(volume.name, "moved");
}
END_TEST

START_TEST(passes_over_what_a_killed_process_left)
{
	make("a");
	ck_assert_int_eq(directory_make(paths.data_fd, "volumes/.new/_data/x", 0700), 0);
	ck_assert_int_eq(directory_make(paths.data_fd, "volumes/.old-gone/_data/x", 0700), 0);
	ck_assert_int_eq(directory_make(paths.data_fd, "volumes/.old-a/_data/x", 0700), 0);
	put("volumes/stray-file", "");
	assert_listed("a");
	make("b");
	ck_assert(!exists("volumes/.new"));
	ck_assert(!exists("volumes/b/_data/x"));
	ck_assert_int_eq(volume_remove(&paths, "a", &err), 0);
	ck_assert(!exists("volumes/.old-a"));
	ck_assert(!exists("volumes/.old-gone"));
	assert_listed("b");
}
END_TEST

static _Noreturn void churn(void)
{
	struct error ignored;

	for (unsigned i = 0;; i++) {
		AUTO_FREE char *name = xprintf("v%u", i % 3);
		AUTO(volume_done) struct volume volume = {0};

		(void) !volume_create(&paths, name, NULL, NULL, VOLUME_MAKE_ANY, &volume, &ignored);
		(void) !volume_remove(&paths, name, &ignored);
	}
}

/* Each round kills at another moment; whatever that is, no listed volume is a half one. */
START_TEST(survives_kill_at_any_moment)
{
	for (unsigned round = 0; round < 40; round++) {
		struct list list = {0};
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			churn();
		(void) usleep(500 + round * 97);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		ck_assert_int_eq(volume_list(&paths, &list, &err), 0);
		LIST_EACH(const struct volume, volume, &list) {
			AUTO_CLOSE int fd = volume_data_open(&paths, volume->name);

			ck_assert_msg(!volume->damaged, "%s is damaged", volume->name);
			ck_assert_int_ge(fd, 0);
		}
		volume_list_done(&list);
		make("after");
		ck_assert_int_eq(volume_remove(&paths, "after", &err), 0);
		ck_assert(!exists("volumes/.new"));
		ck_assert(!exists("volumes/.old-v0"));
	}
}
END_TEST

START_TEST(makes_one_only_when_many_try)
{
	int won = 0;

	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			AUTO(volume_done) struct volume volume = {0};

			_exit(volume_create(&paths, "web", NULL, NULL, VOLUME_MAKE_NEW, &volume,
			                    &err) == 0);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status));
		won += WEXITSTATUS(status);
	}
	ck_assert_int_eq(won, 1);
}
END_TEST

START_TEST(shows_dockers_and_podmans_fields)
{
	static const char *const keys[] = {
		"CreatedAt", "Driver", "Labels", "Mountpoint", "Name", "Options", "Scope",
		"Anonymous", "MountCount", "NeedsChown", "NeedsCopyUp", "UID", "GID",
	};
	struct list list = {0};
	const json_t *row;

	make("web");
	ck_assert_int_eq(volume_list(&paths, &list, &err), 0);
	AUTO_JSON json_t *rows = volume_rows(&list);

	volume_list_done(&list);
	ck_assert_uint_eq(json_array_size(rows), 1);
	row = json_array_get(rows, 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		ck_assert_msg(json_object_get(row, keys[i]) != NULL, "%s is missing", keys[i]);
	ck_assert_str_eq(json_string_value(json_object_get(row, "Name")), "web");
	ck_assert_str_eq(json_string_value(json_object_get(row, "Scope")), "local");
}
END_TEST

static const struct {
	const char *filters; /* blanks between */
	int matches;
} filters[] = {
	{"", 1},
	{"name=web", 1},
	{"name=we", 1},
	{"name=^web-data$", 1},
	{"name=^data", 0},
	{"name=x", 0},
	{"name=x name=web", 1},
	{"label=a", 1},
	{"label=a=1", 1},
	{"label=a=2", 0},
	{"label=b", 0},
	{"label=a label=c=", 1},
	{"label=a label=b", 0},
	{"label!=a", 0},
	{"label!=b", 1},
	{"label!=a=2", 1},
	{"dangling=true", 0},
	{"dangling=false", 1},
	{"dangling=1", 0},
	{"driver=local", 1},
	{"driver=nfs", 0},
	{"driver=nfs driver=local", 1},
	{"scope=local", 1},
	{"scope=global", 0},
	{"opt=o", 1},
	{"opt=o=y", 0},
	{"anonymous=false", 1},
	{"anonymous=true", 0},
	{"until=2026-01-01T00:00:00Z", 0},
	{"until=2026-01-03T00:00:00Z", 1},
	{"since=2026-01-01T00:00:00Z", 1},
	{"since=2026-01-03T00:00:00Z", 0},
	{"name=web label=a dangling=false", 1},
	{"name=web label=b dangling=false", 0},
	{"colour=blue", -EINVAL},
	{"name", -EINVAL},
	{"name=x dangling=maybe", -EINVAL},
	{"name=[", -EINVAL},
	{"until=never", -EINVAL},
};

START_TEST(filters_volumes)
{
	AUTO(volume_done) struct volume volume = {
		.name = xstrdup("web-data"),
		.created = xstrdup("2026-01-02T00:00:00Z"),
		.driver = xstrdup("local"),
	};
	AUTO_TEXTS struct texts wanted = {0}, used = {0};

	pairs_set(&volume.labels, "a", "1");
	pairs_set(&volume.labels, "c", "");
	pairs_set(&volume.options, "o", "x");
	texts_add(&used, "web-data");
	if (*filters[_i].filters)
		texts_split(&wanted, filters[_i].filters, ' ');
	ck_assert_int_eq(volume_matches(&volume, &wanted, &used, &err), filters[_i].matches);
	ck_assert_int_eq(*err.text != '\0', filters[_i].matches < 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volume");
	TCase *tcase = tcase_create("volume");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, creates_and_reads_back);
	tcase_add_test(tcase, refuses_to_make_one_twice_unless_any_will_do);
	tcase_add_test(tcase, names_anonymous_ones_itself);
	tcase_add_loop_test(tcase, refuses_names_that_lead_elsewhere, 0, ARRAY_LEN(bad_names));
	tcase_add_test(tcase, bounds_names);
	tcase_add_test(tcase, lists_by_name);
	tcase_add_test(tcase, removes_all_of_it);
	tcase_add_test(tcase, says_that_one_is_absent);
	tcase_add_test(tcase, writes_changes);
	tcase_add_loop_test(tcase, lists_a_damaged_one_and_lets_it_be_removed, 0,
	                    ARRAY_LEN(damages));
	tcase_add_test(tcase, lists_one_without_its_file_as_damaged);
	tcase_add_test(tcase, goes_by_the_directory_not_by_the_name_inside);
	tcase_add_test(tcase, passes_over_what_a_killed_process_left);
	tcase_add_test(tcase, survives_kill_at_any_moment);
	tcase_add_test(tcase, makes_one_only_when_many_try);
	tcase_add_test(tcase, shows_dockers_and_podmans_fields);
	tcase_add_loop_test(tcase, filters_volumes, 0, ARRAY_LEN(filters));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
