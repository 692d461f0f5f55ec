/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_driver.c - layers become one root; the host's root stays as it is */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/spawn.h"
#include "coracle/store/driver.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "../../src/store/overlay.h"
#include "suite.h"

static const char low[] = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char top[] = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

struct place {
	char path[64];
	struct paths paths;
	struct store *store;
	int container_fd;
	struct texts layers;
	struct error err;
};

/* CHECK - inside the child that mounts: the line of the first failure becomes its exit status */
#define CHECK(condition)                                                              \
	do {                                                                          \
		if (!(condition)) {                                                   \
			(void) fprintf(stderr, "# line %d: %s (%s; %s)\n", __LINE__,  \
			               #condition, strerror(errno), place->err.text); \
			return 1;                                                     \
		}                                                                     \
	} while (0)

static bool put(int dir_fd, const char *path, const char *content)
{
	int r = file_write(dir_fd, path, content, strlen(content), 0644, FILE_FAST);

	errno = -r;
	return r == 0;
}

static bool holds(int dir_fd, const char *path, const char *content)
{
	AUTO_FREE char *text = NULL;

	return file_read(dir_fd, path, 4096, &text, NULL) >= 0 && strcmp(text, content) == 0;
}

static bool is_there(int dir_fd, const char *path)
{
	return faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int become_root_inside(uid_t uid, gid_t gid)
{
	AUTO_FREE char *uids = xprintf("0 %u 1", (unsigned) uid), *gids = xprintf("0 %u 1", (unsigned) gid);
	const char *const maps[][2] = {
		{"/proc/self/setgroups", "deny"}, {"/proc/self/uid_map", uids}, {"/proc/self/gid_map", gids}};

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		AUTO_CLOSE int fd = open(maps[i][0], O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write_all(fd, maps[i][1], strlen(maps[i][1])) < 0)
			return -EPERM;
	}
	return 0;
}

/* run_inside - 0 when body was content in a user and mount namespace of its own */
static int run_inside(struct place *place, int (*body)(struct place *place))
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int status;
	pid_t pid;

	(void) fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (become_root_inside(uid, gid) < 0)
			_exit(77);
		_exit(body(place));
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(spawn_wait(pid, &status), 0);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) != 77, "this test needs user namespaces");
	return WEXITSTATUS(status);
}

static void place_make(struct place *place)
{
	const char *base = getenv("TMPDIR");
	struct error err = {0};

	*place = (struct place) {.paths.data_fd = -1, .paths.runtime_fd = -1};
	/* not on /tmp at once: a tmpfs without extended attributes cannot hold an upper directory */
	(void) snprintf(place->path, sizeof place->path, "%s/coracle-test.XXXXXX", base ? base : "/var/tmp");
	ck_assert_ptr_nonnull(mkdtemp(place->path));
	place->paths.data = xstrdup(place->path);
	place->paths.runtime = xprintf("%s/run", place->path);
	ck_assert_int_eq(mkdir(place->paths.runtime, 0700), 0);
	place->paths.data_fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place->paths.runtime_fd = open(place->paths.runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(store_open(&place->paths, &place->store, &err), 0);
	ck_assert_int_eq(directory_make(place->paths.data_fd, "container", 0700), 0);
	place->container_fd = directory_open(place->paths.data_fd, "container");
	ck_assert_int_ge(place->container_fd, 0);
}

static void place_done(struct place *place)
{
	store_close(place->store);
	(void) close(place->container_fd);
	(void) close(place->paths.data_fd);
	(void) close(place->paths.runtime_fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, place->path), 0);
	texts_done(&place->layers);
	free(place->paths.data);
	free(place->paths.runtime);
}

static int layer_fd(struct place *place, const char *id)
{
	AUTO_FREE char *path = xprintf("layers/%s/diff", id + strlen("sha256:"));
	int fd;

	ck_assert_int_eq(directory_make(store_fd(place->store), path, 0755), 0);
	fd = directory_open(store_fd(place->store), path);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* a lower layer with files, and one above that replaces, removes, links and hides */
static int make_layers(struct place *place)
{
	AUTO_CLOSE int below = layer_fd(place, low), above = layer_fd(place, top);
	AUTO_FREE char *hidden = xprintf("/proc/self/fd/%d/hidden", above);

	CHECK(put(below, "both", "low"));
	CHECK(put(below, "low", "low"));
	CHECK(put(below, "gone", "low"));
	CHECK(directory_make(below, "hidden/old", 0755) == 0);
	CHECK(directory_make(below, "merged", 0755) == 0);
	CHECK(put(below, "merged/low", "low"));
	CHECK(symlinkat("/nowhere", below, "link") == 0);
	CHECK(put(above, "both", "top"));
	CHECK(linkat(above, "both", above, "twin", 0) == 0);
	CHECK(mknodat(above, "gone", S_IFCHR, makedev(0, 0)) == 0);
	CHECK(directory_make(above, "hidden", 0750) == 0);
	CHECK(setxattr(hidden, "user.overlay.opaque", "y", 1, 0) == 0);
	CHECK(put(above, "hidden/new", "top"));
	CHECK(directory_make(above, "merged", 0755) == 0);
	CHECK(put(above, "merged/top", "top"));
	CHECK(fchmod(above, 0751) == 0);
	texts_add(&place->layers, low);
	texts_add(&place->layers, top);
	return 0;
}

static int sees_layers(struct place *place, int root)
{
	struct stat st, twin;

	CHECK(holds(root, "both", "top"));
	CHECK(holds(root, "low", "low"));
	CHECK(!is_there(root, "gone"));
	CHECK(!is_there(root, "hidden/old"));
	CHECK(holds(root, "hidden/new", "top"));
	CHECK(holds(root, "merged/low", "low") && holds(root, "merged/top", "top"));
	CHECK(is_there(root, "link"));
	CHECK(fstatat(root, "both", &st, 0) == 0 && fstatat(root, "twin", &twin, 0) == 0);
	CHECK(st.st_ino == twin.st_ino);
	CHECK(fstat(root, &st) == 0 && (st.st_mode & 07777) == 0751);
	return 0;
}

static const struct driver *const kinds[] = {&driver_overlay, &driver_copy, &driver_fuse};
static const struct driver *kind;

static int joins_layers_body(struct place *place)
{
	struct driver_mount request = {
		.store = place->store, .layers = &place->layers, .container_fd = place->container_fd};
	AUTO_CLOSE int root = -1, lower = layer_fd(place, low);

	CHECK(make_layers(place) == 0);
	root = kind->mount(&request, &place->err);
	CHECK(root >= 0);
	CHECK(sees_layers(place, root) == 0);
	CHECK(put(root, "low", "mine"));
	CHECK(holds(root, "low", "mine") && holds(lower, "low", "low"));
	CHECK(unlinkat(root, "both", 0) == 0 && !is_there(root, "both"));
	if (kind->unmount)
		kind->unmount(&request);
	return 0;
}

/* what the container wrote is there at its next start, in another mount namespace */
static int starts_again_body(struct place *place)
{
	struct driver_mount request = {
		.store = place->store, .layers = &place->layers, .container_fd = place->container_fd};
	AUTO_CLOSE int root = -1;

	texts_add(&place->layers, low);
	texts_add(&place->layers, top);
	root = kind->mount(&request, &place->err);
	CHECK(root >= 0);
	CHECK(holds(root, "low", "mine") && !is_there(root, "both"));
	if (kind->unmount)
		kind->unmount(&request);
	return 0;
}

static bool can_run(const struct driver *driver)
{
	/* the program is optional */
	return driver != &driver_fuse || access("/dev/fuse", R_OK | W_OK) == 0;
}

START_TEST(joins_layers_and_keeps_what_is_written)
{
	struct place place;

	kind = kinds[_i];
	if (!can_run(kind))
		return;
	place_make(&place);
	ck_assert_int_eq(run_inside(&place, joins_layers_body), 0);
	ck_assert_int_eq(run_inside(&place, starts_again_body), 0);
	place_done(&place);
}
END_TEST

static int is_read_only_body(struct place *place)
{
	struct driver_mount request = {.store = place->store,
	                               .layers = &place->layers,
	                               .container_fd = place->container_fd,
	                               .read_only = true};
	AUTO_CLOSE int root = -1;

	CHECK(make_layers(place) == 0);
	root = kind->mount(&request, &place->err);
	CHECK(root >= 0);
	CHECK(holds(root, "both", "top") && !is_there(root, "gone"));
	CHECK(mkdirat(root, "new", 0755) < 0 && errno == EROFS);
	CHECK(!is_there(place->container_fd, "upper"));
	if (kind->unmount)
		kind->unmount(&request);
	return 0;
}

START_TEST(writes_nothing_when_read_only)
{
	struct place place;

	kind = kinds[_i];
	if (!can_run(kind))
		return;
	place_make(&place);
	ck_assert_int_eq(run_inside(&place, is_read_only_body), 0);
	place_done(&place);
}
END_TEST

static int takes_any_number_body(struct place *place)
{
	static const bool read_only[] = {false, true};

	for (size_t count = 0; count < 2; count++) {
		for (size_t i = 0; i < ARRAY_LEN(read_only); i++) {
			struct driver_mount request = {.store = place->store,
			                               .layers = &place->layers,
			                               .container_fd = place->container_fd,
			                               .read_only = read_only[i]};
			AUTO_CLOSE int root = driver_overlay.mount(&request, &place->err);

			CHECK(root >= 0);
			CHECK((mkdirat(root, "new", 0755) == 0 || errno == EEXIST) == !read_only[i]);
		}
		(void) close(layer_fd(place, low));
		texts_add(&place->layers, low);
	}
	return 0;
}

START_TEST(mounts_no_layer_and_one_layer)
{
	struct place place;

	place_make(&place);
	ck_assert_int_eq(run_inside(&place, takes_any_number_body), 0);
	place_done(&place);
}
END_TEST

static int many_layers_body(struct place *place)
{
	struct driver_mount request = {
		.store = place->store, .layers = &place->layers, .container_fd = place->container_fd};
	AUTO_CLOSE int root = -1;

	for (unsigned i = 0; i < 127; i++) {
		AUTO_FREE char *id = xprintf("sha256:%064x", i);
		AUTO_FREE char *name = xprintf("file%u", i);
		AUTO_CLOSE int fd = layer_fd(place, id);

		CHECK(put(fd, name, id));
		texts_add(&place->layers, id);
	}
	root = driver_overlay.mount(&request, &place->err);
	CHECK(root >= 0);
	CHECK(is_there(root, "file0") && is_there(root, "file126"));
	return 0;
}

START_TEST(mounts_as_many_layers_as_an_image_may_have)
{
	struct place place;

	place_make(&place);
	ck_assert_int_eq(run_inside(&place, many_layers_body), 0);
	place_done(&place);
}
END_TEST

static const struct {
	const char *id, *words;
} wrong[] = {
	{low, "layer aaaaaaaaaaaa is missing"},
	{"sha256:../../../../etc", "not the id of a layer"},
	{"", "not the id of a layer"},
};

START_TEST(names_the_layer_that_is_missing)
{
	struct place place;
	struct driver_mount request;

	place_make(&place);
	texts_add(&place.layers, wrong[_i].id);
	request = (struct driver_mount) {
		.store = place.store, .layers = &place.layers, .container_fd = place.container_fd};
	ck_assert_int_lt(driver_overlay.mount(&request, &place.err), 0);
	ck_assert_msg(strstr(place.err.text, wrong[_i].words) != NULL, "%s", place.err.text);
	place_done(&place);
}
END_TEST

START_TEST(remembers_which_driver_works)
{
	const struct driver *driver;
	struct place place;

	place_make(&place);
	driver = driver_choose(place.store, &place.paths, "vfs", &place.err);
	ck_assert_ptr_eq(driver, &driver_copy);
	ck_assert(is_there(place.paths.runtime_fd, "driver.copy"));
	driver = driver_choose(place.store, &place.paths, NULL, &place.err);
	ck_assert_msg(driver != NULL, "%s", place.err.text);
	ck_assert(is_there(place.paths.runtime_fd, "driver.any"));
	ck_assert_ptr_eq(driver_choose(place.store, &place.paths, NULL, &place.err), driver);
	ck_assert_ptr_null(driver_choose(place.store, &place.paths, "zfs", &place.err));
	ck_assert_str_eq(place.err.text,
	                 "unknown storage driver \"zfs\": use overlay, fuse-overlayfs or copy");
	place_done(&place);
}
END_TEST

START_TEST(passes_over_an_answer_of_another_store)
{
	struct place place;

	place_make(&place);
	ck_assert(put(place.paths.runtime_fd, "driver.copy", "overlay ffffffff"));
	ck_assert_ptr_eq(driver_choose(place.store, &place.paths, "copy", &place.err), &driver_copy);
	ck_assert(put(place.paths.runtime_fd, "driver.copy", "garbage"));
	ck_assert_ptr_eq(driver_choose(place.store, &place.paths, "copy", &place.err), &driver_copy);
	place_done(&place);
}
END_TEST

/* fill - files until there is room for none */
static int fill(int dir_fd)
{
	for (int i = 0; i < 1000; i++) {
		char name[16];
		AUTO_CLOSE int fd = -1;

		(void) snprintf(name, sizeof name, "fill%d", i);
		fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return errno == ENOSPC ? i : -errno;
	}
	return -EIO;
}

static int full_body(struct place *place)
{
	AUTO_FREE char *small = xprintf("%s/container", place->path);
	struct paths paths = place->paths;
	AUTO_PAIRS struct pairs tried = {0};
	const struct driver *driver;
	struct store *store = NULL;
	int files;

	CHECK(mount("none", small, "tmpfs", 0, "nr_inodes=40") == 0);
	paths.data = small;
	paths.data_fd = open(small, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(paths.data_fd >= 0 && store_open(&paths, &store, &place->err) == 0);
	files = fill(paths.data_fd);
	CHECK(files > 0);
	CHECK(driver_choose(store, &paths, "", &place->err) == &driver_copy);
	CHECK(!is_there(paths.runtime_fd, "driver.any"));
	CHECK(driver_choose(store, &paths, "overlay", &place->err) == NULL);
	for (int i = 0; i < files; i++) {
		char name[16];

		(void) snprintf(name, sizeof name, "fill%d", i);
		CHECK(unlinkat(paths.data_fd, name, 0) == 0);
	}
	driver = driver_choose(store, &paths, "", &place->err);
	CHECK(driver && is_there(paths.runtime_fd, "driver.any"));
	CHECK(driver == driver_explain(store, &paths, "", &tried, &place->err));
	store_close(store);
	(void) close(paths.data_fd);
	return 0;
}

START_TEST(does_not_remember_what_a_full_disk_left)
{
	struct place place;

	place_make(&place);
	ck_assert_int_eq(run_inside(&place, full_body), 0);
	place_done(&place);
}
END_TEST

static struct store *swept;

static int sweep_and_try(int dir_fd)
{
	store_sweep(swept);
	return mkdirat(dir_fd, "made", 0700) < 0 ? -errno : 0;
}

START_TEST(a_sweep_leaves_the_place_of_a_probe)
{
	struct place place;

	place_make(&place);
	swept = place.store;
	ck_assert_int_eq(overlay_probe_in_child(place.store, sweep_and_try), 0);
	place_done(&place);
}
END_TEST

static int host_body(struct place *place)
{
	static const char *const empty[] = {"dev", "proc", "run", "sys", "tmp"};
	AUTO_CLOSE int root = host_mount(place->container_fd, &place->err);
	struct stat st;

	CHECK(root >= 0);
	CHECK(is_there(root, "etc/passwd") && is_there(root, "usr/bin/env"));
	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		AUTO_TEXTS struct texts names = {0};

		CHECK(directory_list(root, empty[i], &names) == 0 && names.count == 0);
	}
	CHECK(fstatat(root, "tmp", &st, 0) == 0 && (st.st_mode & 07777) == 01777);
	CHECK(put(root, "etc/coracle-test", "x"));
	CHECK(put(root, "usr/coracle-test", "x"));
	CHECK(put(root, "root/coracle-test", "x"));
	CHECK(put(root, "tmp/coracle-test", "x"));
	CHECK(put(root, "coracle-test", "x"));
	CHECK(holds(root, "etc/coracle-test", "x"));
	return 0;
}

START_TEST(shows_the_host_and_leaves_it_alone)
{
	static const char *const paths[] = {"/etc/coracle-test", "/usr/coracle-test",
	                                    "/root/coracle-test", "/tmp/coracle-test", "/coracle-test"};
	struct place place;

	place_make(&place);
	for (int i = 0; i < 2; i++) /* the second time as a start again */
		ck_assert_int_eq(run_inside(&place, host_body), 0);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		ck_assert(!is_there(AT_FDCWD, paths[i]));
	place_done(&place);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("driver");
	TCase *tcase = tcase_create("driver");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, joins_layers_and_keeps_what_is_written, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(tcase, writes_nothing_when_read_only, 0, ARRAY_LEN(kinds));
	tcase_add_test(tcase, mounts_no_layer_and_one_layer);
	tcase_add_test(tcase, mounts_as_many_layers_as_an_image_may_have);
	tcase_add_loop_test(tcase, names_the_layer_that_is_missing, 0, ARRAY_LEN(wrong));
	tcase_add_test(tcase, remembers_which_driver_works);
	tcase_add_test(tcase, passes_over_an_answer_of_another_store);
	tcase_add_test(tcase, does_not_remember_what_a_full_disk_left);
	tcase_add_test(tcase, a_sweep_leaves_the_place_of_a_probe);
	tcase_add_test(tcase, shows_the_host_and_leaves_it_alone);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
