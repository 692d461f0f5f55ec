/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_mount.c - mounts by descriptor, in namespaces of their own; options by name; tables of mounts */
#include "coracle/sys/mount.h"

#include "coracle/base/text.h"
#include "coracle/sys/mountinfo.h"

#include "scratch.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#include "suite.h"

static int open_path(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static unsigned long flags_of(const char *path)
{
	struct statvfs vfs;

	CHECK(statvfs(path, &vfs) == 0);
	return vfs.f_flag;
}

/* a tmpfs with "sub" on dir */
static void mount_tmpfs(const char *dir)
{
	static const struct mount_option options[] = {{"size", "64k"}, {"mode", "0711"}};
	int fd = mount_new("tmpfs", options, 2, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	int target = open_path(dir);
	struct stat st;

	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(mkdirat(fd, "sub", 0700) == 0); /* usable before it is attached */
	CHECK(mount_attach(fd, target) == 0);
	CHECK(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0711);
	(void) close(fd);
	(void) close(target);
}

static void new_body(const void *dir)
{
	CHECK(chdir("/") == 0);
	mount_tmpfs(dir);
	CHECK((flags_of(dir) & (ST_NOSUID | ST_NODEV | ST_RDONLY)) == (ST_NOSUID | ST_NODEV));
}

static void new_failures_body(const void *dir)
{
	static const struct mount_option unknown[] = {{"no-such-key", NULL}};
	static char longer[300];
	struct mount_option too_long = {"mode", longer};

	(void) dir;
	(void) memset(longer, '0', sizeof longer - 1);
	CHECK(mount_new("no-such-type", NULL, 0, 0) == -ENODEV);
	CHECK(mount_new("tmpfs", unknown, 1, 0) == -EINVAL);
	CHECK(mount_new("tmpfs", &too_long, 1, 0) == -ENOSYS);
}

/* as mount(2) takes them: empty words, values with commas */
static void text_body(const void *dir)
{
	static char many[400];
	int fd = mount_new_text("tmpfs", "name", ",mode=0711,,size=\"64k\",", MOUNT_ATTR_RDONLY);
	int target = open_path(dir);
	struct stat st;

	CHECK(fd >= 0 && mount_attach(fd, target) == 0);
	CHECK(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0711 && (flags_of(dir) & ST_RDONLY));
	CHECK(mount_new_text("tmpfs", NULL, "mode=\"0,1\"", 0) == -EINVAL);
	for (size_t i = 0; i < 65; i++)
		(void) memcpy(many + 4 * i, "a=b,", 4);
	CHECK(mount_new_text("tmpfs", NULL, many, 0) == -E2BIG);
	fd = mount_new_text("tmpfs", NULL, NULL, 0);
	CHECK(fd >= 0);
	(void) close(fd);
}

/* What came from a more privileged namespace is locked: nothing is cleared, all else is set. */
static void locked_body(const void *dir)
{
	int fd;

	mount_tmpfs(dir);
	CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
	fd = open_path(dir);
	CHECK(mount_set(fd, 0, MOUNT_ATTR_NOSUID, 0, false) == -EPERM);
	CHECK(mount_set_allowed(fd, MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME, MOUNT_ATTR_NOSUID | MOUNT_ATTR__ATIME, false) == 0);
	CHECK((flags_of(dir) & (ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME)) == (ST_NOSUID | ST_NODEV | ST_NOEXEC));
	CHECK(mount_set_allowed(fd, 0, MOUNT_ATTR_NOEXEC, false) == 0 && !(flags_of(dir) & ST_NOEXEC));
}

static void chroot_body(const void *dir)
{
	int fd;
	struct stat st;

	mount_tmpfs(dir);
	fd = open_path(dir);
	CHECK(mount_chroot(fd) == 0);
	CHECK(stat("/sub", &st) == 0 && stat("sub", &st) == 0);
	CHECK(stat("/usr", &st) == -1 && stat("../usr", &st) == -1 && stat("../../usr", &st) == -1);
	/* the classic way out of a chroot: a second one below, and up from above it */
	CHECK(chroot("sub") == 0 && chdir("../../../..") == 0);
	CHECK(stat("sub", &st) == 0 && stat("usr", &st) == -1);
}

static void set_body(const void *dir)
{
	int fd;

	mount_tmpfs(dir);
	fd = open_path(dir);
	CHECK(mount_set(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, MS_PRIVATE,
	                false) == 0);
	CHECK((flags_of(dir) & (ST_RDONLY | ST_NOATIME)) == (ST_RDONLY | ST_NOATIME));
	CHECK(mkdirat(fd, "x", 0700) == -1 && errno == EROFS);
	CHECK(mount_set(fd, 0, MOUNT_ATTR_RDONLY, 0, false) == 0);
	CHECK((flags_of(dir) & (ST_RDONLY | ST_NOATIME)) == ST_NOATIME);
}

static void clone_body(const void *dir)
{
	AUTO_FREE char *sub = xprintf("%s/sub", (const char *) dir);
	int from, to, tree;

	mount_tmpfs(dir);
	from = open_path(dir);
	tree = mount_clone(from, true);
	CHECK(tree >= 0);
	CHECK(mount_set(tree, MOUNT_ATTR_RDONLY, 0, 0, true) == 0);
	to = open_path(sub);
	CHECK(mount_attach(tree, to) == 0);
	CHECK(flags_of(sub) & ST_RDONLY);
	CHECK(!(flags_of(dir) & ST_RDONLY));
}

static void old_body(const void *dir)
{
	int fd = open_path(dir);

	CHECK(mount_at(fd, "tmpfs", NULL, MS_NOEXEC, "size=64k") == 0);
	CHECK(flags_of(dir) & ST_NOEXEC);
	CHECK(mount_at(fd, "no-such-type", NULL, 0, NULL) == -ENODEV);
}

static void pivot_body(const void *dir)
{
	int fd;
	struct stat st;

	mount_tmpfs(dir);
	fd = open_path(dir);
	CHECK(mount_pivot(fd) == 0);
	CHECK(stat("/sub", &st) == 0 && stat("sub", &st) == 0);
	CHECK(stat("/proc", &st) == -1 && stat("../usr", &st) == -1);
}

static void (*const bodies[])(const void *) = {
	new_body, new_failures_body, text_body, set_body, locked_body, clone_body, old_body, pivot_body, chroot_body,
};

START_TEST(mounts_by_descriptor)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();

	in_namespaces(bodies[_i], scratch.path);
}
END_TEST

static const struct {
	const char *name;
	uint64_t add, clear, propagation;
	bool recursive, bind;
} words[] = {
	{"defaults", 0, 0, 0, false, false},
	{"ro", MOUNT_ATTR_RDONLY, 0, 0, false, false},
	{"rro", MOUNT_ATTR_RDONLY, 0, 0, true, false},
	{"rw", 0, MOUNT_ATTR_RDONLY, 0, false, false},
	{"rnosuid", MOUNT_ATTR_NOSUID, 0, 0, true, false},
	{"exec", 0, MOUNT_ATTR_NOEXEC, 0, false, false},
	{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, 0, false, false},
	{"rrelatime", 0, MOUNT_ATTR__ATIME, 0, true, false},
	{"rslave", 0, 0, MS_SLAVE, true, false},
	{"unbindable", 0, 0, MS_UNBINDABLE, false, false},
	{"bind", 0, 0, 0, false, true},
	{"rbind", 0, 0, 0, true, true},
};

START_TEST(options_are_found_by_name)
{
	const struct mount_flag *flag = mount_flag_find(words[_i].name);

	ck_assert_ptr_nonnull(flag);
	ck_assert_uint_eq(flag->add, words[_i].add);
	ck_assert_uint_eq(flag->clear, words[_i].clear);
	ck_assert_uint_eq(flag->propagation, words[_i].propagation);
	ck_assert_int_eq(flag->recursive, words[_i].recursive);
	ck_assert_int_eq(flag->bind, words[_i].bind);
}
END_TEST

START_TEST(option_names_are_unique_and_counted)
{
	size_t count = mount_flag_count();

	ck_assert_uint_gt(count, 50);
	for (size_t i = 0; i < count; i++)
		ck_assert_ptr_eq(mount_flag_find(mount_flag_at(i)->name), mount_flag_at(i));
	ck_assert_ptr_null(mount_flag_at(count));
	ck_assert_ptr_null(mount_flag_find("size=64k"));
	ck_assert_uint_eq(mount_flag_find("sync")->super, MS_SYNCHRONOUS);
	ck_assert_uint_eq(mount_flag_find("async")->super_clear, MS_SYNCHRONOUS);
}
END_TEST

/* --- tables of mounts --- */

static const struct {
	const char *text, *found; /* id parent root point type options, of each line */
} tables[] = {
	{"", ""},
	{"31 23 0:28 / /sys rw,nosuid shared:9 master:1 - tmpfs none rw,mode=755\n"
	 "18446744073709551615 0 0:33 /other / rw - cgroup - rw,pids\n",
	 "31 23 / /sys tmpfs rw,mode=755;18446744073709551615 0 /other / cgroup rw,pids;"},
	/* blanks, tabs, newlines and backslashes; what is no number of a byte stays */
	{"1 2 0:1 /a\\040b /c\\011d\\012e\\134040 rw - x y z", "1 2 /a b /c\td\ne\\040 x z;"},
	{"1 2 0:1 / /\\777\\000\\8\\04 rw - x y z", "1 2 / /\\777\\000\\8\\04 x z;"},
	/* "-" is an option of ours before it, and a source behind it */
	{"1 2 0:1 / /- rw -\n", "1 2 / /-  ;"},
	{"1 2 0:1 / /- rw - - - -\n", "1 2 / /- - -;"},
	/* cut off, or no table */
	{"1 2 0:1 / /a", "1 2 / /a  ;"},
	{"1 2 0:1 /\n1 2\n\n \n    \\\nx 2 0:1 / /a rw - x y z\n1 -2 0:1 / /a rw - x y z\n3 4 0:1 / /b", "3 4 / /b  ;"},
	{"18446744073709551616 2 0:1 / /a rw - x y z\n", ""},
};

START_TEST(tables_are_taken_apart)
{
	AUTO_FREE char *text = xstrdup(tables[_i].text);
	AUTO_TEXT struct text found = TEXT_INIT(1000);
	struct mountinfo mount;

	for (char *rest = text; mountinfo_next(&rest, &mount);)
		(void) text_printf(&found, "%" PRIu64 " %" PRIu64 " %s %s %s %s;", mount.id, mount.parent, mount.root, mount.point, mount.type,
		            mount.options);
	ck_assert_str_eq(text_string(&found), tables[_i].found);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mount");
	TCase *tcase = tcase_create("mount");

	tcase_add_loop_test(tcase, mounts_by_descriptor, 0, ARRAY_LEN(bodies));
	tcase_add_loop_test(tcase, options_are_found_by_name, 0, ARRAY_LEN(words));
	tcase_add_test(tcase, option_names_are_unique_and_counted);
	tcase_add_loop_test(tcase, tables_are_taken_apart, 0, ARRAY_LEN(tables));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
