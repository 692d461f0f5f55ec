/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_unpack.c - layers stay in their directory whatever the archive says */
#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/store/store.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "suite.h"
#include "tar_maker.h"

#define ARCHIVE_MAX (4 << 20)
#define CANARY      "canary"

static char folder[64];
static struct paths paths;
static struct store *store;

static void setup(void)
{
	struct error err = {0};

	(void) snprintf(folder, sizeof folder, "/tmp/coracle-unpack-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	paths.data_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(paths.data_fd, 0);
	ck_assert_msg(store_open(&paths, &store, &err) == 0, "%s", err.text);
	/* beside the store, in it, and beside the layer that is being made */
	ck_assert_int_eq(file_write(paths.data_fd, "canary", CANARY, 6, 0644, FILE_FAST), 0);
	ck_assert_int_eq(file_write(paths.data_fd, "store/canary", CANARY, 6, 0644, FILE_FAST), 0);
	ck_assert_int_eq(file_write(paths.data_fd, "store/tmp/.canary", CANARY, 6, 0644, FILE_FAST), 0);
}

static void teardown(void)
{
	store_close(store);
	(void) close(paths.data_fd);
	(void) !tree_remove(AT_FDCWD, folder);
}

static void check_canaries(void)
{
	static const char *const names[] = {"canary", "store/canary", "store/tmp/.canary"};
	AUTO_TEXTS struct texts outside = {0}, tmp = {0};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *text = NULL;
		struct stat st;

		ck_assert_int_eq(file_read(paths.data_fd, names[i], 100, &text, NULL), 0);
		ck_assert_str_eq(text, CANARY);
		ck_assert_int_eq(fstatat(paths.data_fd, names[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0644);
		ck_assert_uint_eq(st.st_nlink, 1);
	}
	ck_assert_int_eq(directory_list(paths.data_fd, ".", &outside), 0);
	ck_assert_uint_eq(outside.count, 2);
	/* nothing half made stays */
	ck_assert_int_eq(directory_list(paths.data_fd, "store/tmp", &tmp), 0);
	ck_assert_uint_eq(tmp.count, 1);
}

static int unpack(const struct tar_entry *entries, const char *parent, struct layer_info *info,
                  struct error *err)
{
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	AUTO_CLOSE int fd = -1;

	for (const struct tar_entry *entry = entries; entry->name; entry++)
		tar_add(&tar, entry);
	tar_end(&tar);
	fd = tar_memory(&tar);
	return layer_unpack(store, fd, parent, NULL, info, err);
}

/* unpacked - descriptor of the new layer's diff/ */
static int unpacked(const struct tar_entry *entries, const char *parent, char **chain_id)
{
	struct layer_info info = {0};
	struct error err = {0};
	AUTO_FREE char *path = NULL;
	int r = unpack(entries, parent, &info, &err), fd;

	ck_assert_msg(r == 0, "%s", err.text);
	path = xprintf("layers/%s/diff", digest_hex(info.chain_id));
	fd = directory_open(store_fd(store), path);
	ck_assert_int_ge(fd, 0);
	if (chain_id)
		*chain_id = xstrdup(info.chain_id);
	fields_done(layer_info_fields, &info);
	return fd;
}

static struct stat stat_of(int fd, const char *path)
{
	struct stat st;

	ck_assert_msg(fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", path, strerror(errno));
	return st;
}

static bool is_absent(int fd, const char *path)
{
	struct stat st;

	return fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static bool is_whiteout(int fd, const char *path)
{
	struct stat st = stat_of(fd, path);

	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

static void has_content(int fd, const char *path, const char *wanted)
{
	AUTO_FREE char *text = NULL;

	ck_assert_msg(file_read(fd, path, 1 << 20, &text, NULL) == 0, "%s", path);
	ck_assert_str_eq(text, wanted);
}

static char opaque_mark(int fd, const char *path)
{
	AUTO_FREE char *full = xprintf("/proc/self/fd/%d/%s", fd, path);
	char mark = '-';

	return lgetxattr(full, "user.overlay.opaque", &mark, 1) == 1 ? mark : '-';
}

/* --- refused --- */

static const struct refusal {
	const char *why;
	struct tar_entry entries[6];
	const char *words; /* of the message */
} refusals[] = {
	{"leads up", {{"../canary", '0', .content = "x"}}, "leads out"},
	{"leads up in the middle", {{"a/../../canary", '0', .content = "x"}}, "leads out"},
	{"leads up to a directory", {{"../evil/", '5'}}, "leads out"},
	{"hard link up", {{"x", '1', .link = "../canary"}}, "leads out"},
	{"hard link up by the middle", {{"x", '1', .link = "a/../../../canary"}}, "leads out"},
	{"hard link to an absolute file of the host", {{"x", '1', .link = "/etc/passwd"}}, "no file of this"},
	{"hard link to a directory", {{"d/", '5'}, {"x", '1', .link = "d"}}, "no file"},
	{"hard link to the root", {{"x", '1', .link = "./"}}, "no file"},
	{"hard link to a whiteout", {{".wh.gone", '0'}, {"x", '1', .link = "gone"}}, "deleted"},
	{"hard link to a whiteout's name", {{"x", '1', .link = ".wh.gone"}}, "no file"},
	{"hard link through a symlink up",
         {{"l", '2', .link = "../../.."}, {"x", '1', .link = "l/canary"}},
         "no file of this"},
	{"whiteout of nothing", {{".wh.", '0'}}, "must name a file"},
	{"whiteout of .", {{".wh..", '0'}}, "must name a file"},
	{"whiteout of ..", {{".wh...", '0'}}, "must name a file"},
	{"whiteout of .. below", {{"a/b/.wh...", '0'}}, "must name a file"},
	{"whiteout as a directory", {{".wh.x/y", '0', .content = "x"}}, "can't be a directory"},
	{"file as root", {{".", '0', .content = "x"}}, "root is not a directory"},
	{"symlink as root", {{".", '2', .link = "/"}}, "root is not a directory"},
	{"file in a file", {{"f", '0', .content = "x"}, {"f/g", '0', .content = "x"}}, "Not a directory"},
	{"file in a symlink to nowhere",
         {{"l", '2', .link = "/nowhere/at/all"}, {"l/g", '0', .content = "x"}},
         "No such file"},
	{"symlink loop", {{"l", '2', .link = "l"}, {"l/g", '0', .content = "x"}}, "symbolic links"},
};

START_TEST(refuses_and_leaves_nothing)
{
	struct layer_info info = {0};
	struct error err = {0};
	AUTO_TEXTS struct texts layers = {0};
	int r = unpack(refusals[_i].entries, NULL, &info, &err);

	ck_assert_msg(r < 0, "%s: accepted", refusals[_i].why);
	ck_assert_msg(strstr(err.text, refusals[_i].words), "%s: says: %s", refusals[_i].why, err.text);
	ck_assert_ptr_null(info.chain_id);
	ck_assert_int_eq(directory_list(store_fd(store), "layers", &layers), 0);
	ck_assert_uint_eq(layers.count, 0);
	check_canaries();
}
END_TEST

/* --- confined --- */

START_TEST(absolute_names_land_inside)
{
	static const struct tar_entry entries[] = {
		{"/etc/evil", '0', .content = "in"}, {"//./x//y", '0', .content = "y"}, {"a/../b", '0', .content = "b"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	has_content(fd, "etc/evil", "in");
	has_content(fd, "x/y", "y");
	has_content(fd, "b", "b");
	check_canaries();
}
END_TEST

START_TEST(symlinked_parents_stay_inside)
{
	static const struct tar_entry entries[] = {
		{"d/", '5'}, {"abs", '2', .link = "/d"}, {"abs/one", '0', .content = "1"},
		{"up", '2', .link = "../../../d"}, {"up/two", '0', .content = "2"},
		{"root", '2', .link = "/"}, {"root/canary", '0', .content = "mine"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	has_content(fd, "d/one", "1");
	has_content(fd, "d/two", "2");
	has_content(fd, "canary", "mine");
	check_canaries();
}
END_TEST

START_TEST(a_symlink_in_the_way_is_replaced_not_followed)
{
	static const struct tar_entry entries[] = {
		{"x", '2', .link = "/../../../canary"}, {"x", '0', .content = "mine"},
		{"y", '2', .link = "../canary"}, {"y", '6'},
		{"z", '2', .link = "/"}, {"z/", '5', .mode = 0700},
		{"w", '2', .link = "../canary"}, {".wh.w", '0'}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	has_content(fd, "x", "mine");
	ck_assert(S_ISFIFO(stat_of(fd, "y").st_mode));
	ck_assert(S_ISDIR(stat_of(fd, "z").st_mode));
	ck_assert(S_ISLNK(stat_of(fd, "w").st_mode));
	check_canaries();
}
END_TEST

START_TEST(whiteouts_through_symlinks_stay_inside)
{
	static const struct tar_entry entries[] = {
		{"d/", '5'}, {"l", '2', .link = "../../../../d"}, {"l/.wh.canary", '0'},
		{"l/.wh..wh..opq", '0'}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	ck_assert(is_whiteout(fd, "d/canary"));
	ck_assert_int_eq(opaque_mark(fd, "d"), 'y');
	check_canaries();
}
END_TEST

START_TEST(devices_are_left_out)
{
	static const struct tar_entry entries[] = {
		{"null", '3'}, {"disk", '4'}, {"dev/", '5'}, {"dev/sda", '4'}, {"keep", '0', .content = "k"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	ck_assert(is_absent(fd, "null"));
	ck_assert(is_absent(fd, "disk"));
	ck_assert(is_absent(fd, "dev/sda"));
	has_content(fd, "keep", "k");
}
END_TEST

START_TEST(aufs_bookkeeping_is_left_out)
{
	static const struct tar_entry entries[] = {
		{".wh..wh.plnk/", '5'}, {".wh..wh.plnk/1.2", '0', .content = "x"}, {".wh..wh.aufs", '0'}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);
	AUTO_TEXTS struct texts names = {0};

	ck_assert_int_eq(directory_list(fd, ".", &names), 0);
	ck_assert_uint_eq(names.count, 0);
}
END_TEST

static const char *const steering[] = {"user.overlay.opaque", "user.overlay.whiteout",
                                       "user.overlay.redirect", "user.fuseoverlayfs.opaque",
                                       "user.containers.override_stat", "trusted.overlay.opaque",
                                       "security.selinux", "security.ima"};

START_TEST(attributes_that_steer_us_are_dropped)
{
	AUTO_FREE char *key = xprintf("SCHILY.xattr.%s", steering[_i]);
	const struct tar_entry entries[] = {
		{"d/", '5', .pax_key = key, .pax_value = "y"}, {"f", '0', .content = "", .pax_key = key, .pax_value = "y"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);
	AUTO_FREE char *directory = xprintf("/proc/self/fd/%d/d", fd);
	AUTO_FREE char *file = xprintf("/proc/self/fd/%d/f", fd);
	char value[16];

	ck_assert_int_lt((int) lgetxattr(directory, steering[_i], value, sizeof value), 0);
	ck_assert_int_lt((int) lgetxattr(file, steering[_i], value, sizeof value), 0);
}
END_TEST

START_TEST(plain_attributes_are_kept)
{
	static const struct tar_entry entries[] = {
		{"f", '0', .content = "x", .pax_key = "SCHILY.xattr.user.mime", .pax_value = "text"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);
	AUTO_FREE char *file = xprintf("/proc/self/fd/%d/f", fd);
	char value[16] = {0};

	if (lgetxattr(file, "user.mime", value, sizeof value) < 0 && errno == EOPNOTSUPP)
		return; /* tmpfs before Linux 6.6 */
	ck_assert_str_eq(value, "text");
}
END_TEST

/* --- order --- */

START_TEST(the_last_entry_of_a_name_wins)
{
	static const struct tar_entry entries[] = {
		{"a", '0', .content = "one"}, {"a", '0', .content = "two"},
		{"d/x/y", '0', .content = "deep"}, {"d", '0', .content = "file now"},
		{"e", '0', .content = "file"}, {"e/", '5'}, {"e/f", '0', .content = "f"},
		{"s", '0', .content = "file"}, {"s", '2', .link = "a"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	has_content(fd, "a", "two");
	has_content(fd, "d", "file now");
	has_content(fd, "e/f", "f");
	ck_assert(S_ISLNK(stat_of(fd, "s").st_mode));
}
END_TEST

START_TEST(directories_may_come_after_their_contents)
{
	static const struct tar_entry entries[] = {
		{"d/e/f", '0', .content = "f", .mtime = 300}, {"d/e/", '5', .mode = 0700, .mtime = 200},
		{"d/", '5', .mode = 0711, .mtime = 100}, {"d/later", '0', .content = "l"}, {"./", '5', .mode = 0751, .mtime = 50}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	has_content(fd, "d/e/f", "f");
	ck_assert_uint_eq(stat_of(fd, "d").st_mode & 07777, 0711);
	ck_assert_uint_eq(stat_of(fd, "d/e").st_mode & 07777, 0700);
	ck_assert_int_eq(stat_of(fd, "d").st_mtime, 100);
	ck_assert_int_eq(stat_of(fd, "d/e").st_mtime, 200);
	ck_assert_int_eq(stat_of(fd, "d/e/f").st_mtime, 300);
	ck_assert_int_eq(stat_of(fd, ".").st_mtime, 50);
	ck_assert_uint_eq(stat_of(fd, ".").st_mode & 07777, 0751);
}
END_TEST

START_TEST(modes_are_kept_whatever_the_umask)
{
	static const struct tar_entry entries[] = {
		{"su", '0', .content = "x", .mode = 04755}, {"tmp/", '5', .mode = 01777}, {"sg", '0', .content = "x", .mode = 02711}, {"open", '0', .content = "x", .mode = 0666}, {0}};
	mode_t old = umask(077);
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	(void) umask(old);
	ck_assert_uint_eq(stat_of(fd, "su").st_mode & 07777, 04755);
	ck_assert_uint_eq(stat_of(fd, "tmp").st_mode & 07777, 01777);
	ck_assert_uint_eq(stat_of(fd, "sg").st_mode & 07777, 02711);
	ck_assert_uint_eq(stat_of(fd, "open").st_mode & 07777, 0666);
	ck_assert_uint_eq(stat_of(fd, ".").st_mode & 07777, 0755);
}
END_TEST

START_TEST(hard_links_share_one_file)
{
	static const struct tar_entry entries[] = {
		{"a", '0', .content = "x"}, {"b", '1', .link = "a"}, {"d/c", '1', .link = "/b"},
		{"a", '1', .link = "./a"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	ck_assert_uint_eq(stat_of(fd, "a").st_nlink, 3);
	ck_assert_uint_eq(stat_of(fd, "a").st_ino, stat_of(fd, "d/c").st_ino);
	has_content(fd, "b", "x");
}
END_TEST

/* --- layers upon layers --- */

START_TEST(whiteouts_hide_and_are_replaced)
{
	static const struct tar_entry entries[] = {
		{".wh.gone", '0'}, {"d/", '5'}, {"d/.wh.gone", '0'}, {"o/", '5'}, {"o/.wh..wh..opq", '0'},
		{"o/new", '0', .content = "n"}, {".wh.file", '0'}, {"file", '0', .content = "back"},
		{".wh.dir", '0'}, {"dir/f", '0', .content = "f"}, {"kept/", '5'}, {".wh.kept", '0'}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	ck_assert(is_whiteout(fd, "gone"));
	ck_assert(is_whiteout(fd, "d/gone"));
	ck_assert_int_eq(opaque_mark(fd, "o"), 'y');
	ck_assert_int_eq(opaque_mark(fd, "d"), '-');
	has_content(fd, "file", "back");
	/* both say: nothing of the layers below, but what this layer has */
	ck_assert_int_eq(opaque_mark(fd, "dir"), 'y');
	ck_assert_int_eq(opaque_mark(fd, "kept"), 'y');
}
END_TEST

START_TEST(an_opaque_root_hides_each_name_below)
{
	static const struct tar_entry below[] = {
		{"a", '0', .content = "a"}, {"d/", '5'}, {"d/x", '0', .content = "x"}, {"both/", '5'}, {0}};
	static const struct tar_entry above[] = {
		{".wh..wh..opq", '0'}, {"both/new", '0', .content = "n"}, {0}};
	AUTO_FREE char *parent = NULL;
	AUTO_CLOSE int lower = unpacked(below, NULL, &parent);
	AUTO_CLOSE int fd = unpacked(above, parent, NULL);

	ck_assert(is_whiteout(fd, "a"));
	ck_assert(is_whiteout(fd, "d"));
	ck_assert_int_eq(opaque_mark(fd, "both"), 'y');
	has_content(lower, "a", "a");
}
END_TEST

START_TEST(directories_that_are_only_passed_look_as_below)
{
	static const struct tar_entry below[] = {
		{"tmp/", '5', .mode = 01777, .mtime = 77}, {"deep/", '5', .mode = 0711}, {"deep/er/", '5', .mode = 0700}, {0}};
	static const struct tar_entry above[] = {
		{"tmp/new", '0', .content = "n"}, {"deep/er/.wh.x", '0'}, {"fresh/f", '0', .content = "f"}, {0}};
	AUTO_FREE char *parent = NULL;
	AUTO_CLOSE int lower = unpacked(below, NULL, &parent);
	AUTO_CLOSE int fd = unpacked(above, parent, NULL);

	ck_assert_int_ge(lower, 0);
	ck_assert_uint_eq(stat_of(fd, "tmp").st_mode & 07777, 01777);
	ck_assert_uint_eq(stat_of(fd, "deep").st_mode & 07777, 0711);
	ck_assert_uint_eq(stat_of(fd, "deep/er").st_mode & 07777, 0700);
	ck_assert_uint_eq(stat_of(fd, "fresh").st_mode & 07777, 0755);
}
END_TEST

START_TEST(a_hard_link_to_a_lower_file_becomes_a_copy)
{
	static const struct tar_entry one[] = {
		{"bin/", '5'}, {"bin/tool", '0', .content = "tool", .mode = 0755, .mtime = 9}, {"gone", '0', .content = "g"}, {0}};
	static const struct tar_entry two[] = {{".wh.gone", '0'}, {"other", '0', .content = "o"}, {0}};
	static const struct tar_entry three[] = {{"bin/alias", '1', .link = "bin/tool"}, {0}};
	static const struct tar_entry bad[] = {{"x", '1', .link = "gone"}, {0}};
	AUTO_FREE char *first = NULL, *second = NULL;
	AUTO_CLOSE int lowest = unpacked(one, NULL, &first);
	AUTO_CLOSE int middle = unpacked(two, first, &second);
	AUTO_CLOSE int fd = unpacked(three, second, NULL);
	struct layer_info info = {0};
	struct error err = {0};

	ck_assert_int_ge(middle, 0);
	has_content(fd, "bin/alias", "tool");
	ck_assert_uint_eq(stat_of(fd, "bin/alias").st_mode & 07777, 0755);
	ck_assert_int_eq(stat_of(fd, "bin/alias").st_mtime, 9);
	ck_assert_uint_eq(stat_of(lowest, "bin/tool").st_nlink, 1);
	ck_assert_int_lt(unpack(bad, second, &info, &err), 0);
}
END_TEST

/* --- the stream --- */

START_TEST(a_wrong_digest_leaves_nothing)
{
	static const struct tar_entry entry = {"a", '0', .content = "a"};
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	char digest[DIGEST_TEXT_SIZE];
	struct layer_info info = {0};
	struct error err = {0};
	AUTO_CLOSE int fd = -1;

	tar_add(&tar, &entry);
	tar_end(&tar);
	ck_assert_int_eq(digest_bytes(tar.data, tar.length, digest, &err), 0);
	/* what follows the end of the archive is part of the layer's digest */
	(void) text_add(&tar, "trailing");
	fd = tar_memory(&tar);
	ck_assert_int_eq(layer_unpack(store, fd, NULL, digest, &info, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
	ck_assert(!layer_exists(store, digest));
	check_canaries();
	ck_assert_int_eq(digest_bytes(tar.data, tar.length, digest, &err), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_msg(layer_unpack(store, fd, NULL, digest, &info, &err) == 0, "%s", err.text);
	ck_assert(layer_exists(store, digest));
	ck_assert_uint_eq(info.tar_size, tar.length);
	fields_done(layer_info_fields, &info);
}
END_TEST

static const char *const garbage[] = {"this is no archive", "\x1f\x8b\x08garbage", "BZh9", "\x28\xb5\x2f\xfd", ("\xfd" "7zXZ")};

START_TEST(garbage_is_refused_in_words)
{
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	struct layer_info info = {0};
	struct error err = {0};
	AUTO_CLOSE int fd = -1;

	(void) text_add(&tar, garbage[_i]);
	fd = tar_memory(&tar);
	ck_assert_int_lt(layer_unpack(store, fd, NULL, NULL, &info, &err), 0);
	ck_assert_msg(strstr(err.text, "archive"), "%s", err.text);
	check_canaries();
}
END_TEST

START_TEST(a_truncated_file_is_refused)
{
	static const struct tar_entry entry = {"a", '0', .content = "0123456789"};
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	struct layer_info info = {0};
	struct error err = {0};
	AUTO_CLOSE int fd = -1;

	tar_add(&tar, &entry);
	tar.length = 515;
	fd = tar_memory(&tar);
	ck_assert_int_lt(layer_unpack(store, fd, NULL, NULL, &info, &err), 0);
	check_canaries();
}
END_TEST

START_TEST(nothing_is_an_empty_layer)
{
	AUTO_TEXT struct text tar = TEXT_INIT(ARCHIVE_MAX);
	struct layer_info info = {0};
	struct error err = {0};
	AUTO_CLOSE int fd = tar_memory(&tar);

	ck_assert_msg(layer_unpack(store, fd, NULL, NULL, &info, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(info.files, 0);
	fields_done(layer_info_fields, &info);
}
END_TEST

START_TEST(the_same_layer_twice_is_one)
{
	static const struct tar_entry entries[] = {{"a", '0', .content = "a"}, {0}};
	AUTO_FREE char *first = NULL, *second = NULL;
	AUTO_CLOSE int one = unpacked(entries, NULL, &first);
	AUTO_CLOSE int two = unpacked(entries, NULL, &second);
	AUTO_TEXTS struct texts layers = {0};

	ck_assert_str_eq(first, second);
	ck_assert_uint_eq(stat_of(one, "a").st_ino, stat_of(two, "a").st_ino);
	ck_assert_int_eq(directory_list(store_fd(store), "layers", &layers), 0);
	ck_assert_uint_eq(layers.count, 1);
	check_canaries();
}
END_TEST

START_TEST(rest_of_a_cut_removal_is_replaced)
{
	static const struct tar_entry entries[] = {{"a", '0', .content = "a"}, {0}};
	AUTO_FREE char *chain_id = NULL, *record = NULL;
	AUTO_CLOSE int one = unpacked(entries, NULL, &chain_id);
	AUTO_CLOSE int two = -1;

	record = xprintf("layers/%s/layer.json", digest_hex(chain_id));
	ck_assert_int_ge(one, 0);
	ck_assert_int_eq(unlinkat(store_fd(store), record, 0), 0);
	ck_assert(!layer_exists(store, chain_id));
	two = unpacked(entries, NULL, NULL);
	has_content(two, "a", "a");
	ck_assert(layer_exists(store, chain_id));
}
END_TEST

START_TEST(names_in_any_bytes_survive)
{
	static const struct tar_entry entries[] = {
		{"latin-\xe9", '0', .content = "1"}, {"utf8-\xc3\xa9", '0', .content = "2"},
		{"x", '0', .content = "3", .pax_key = "path", .pax_value = "pax-\xc3\xa9"},
		{"new\nline", '0', .content = "4"}, {0}};
	AUTO_CLOSE int fd = unpacked(entries, NULL, NULL);

	has_content(fd, "latin-\xe9", "1");
	has_content(fd, "utf8-\xc3\xa9", "2");
	has_content(fd, "pax-\xc3\xa9", "3");
	has_content(fd, "new\nline", "4");
}
END_TEST

START_TEST(too_deep_is_refused)
{
	AUTO_TEXT struct text path = TEXT_INIT(4000);
	struct layer_info info = {0};
	struct error err = {0};
	struct tar_entry entries[] = {{"x", '0', .content = "3", .pax_key = "path"}, {0}};

	for (int i = 0; i < 300; i++)
		(void) text_add(&path, "d/");
	(void) text_add(&path, "f");
	entries[0].pax_value = text_string(&path);
	ck_assert_int_eq(unpack(entries, NULL, &info, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "deep"));
	check_canaries();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unpack");
	TCase *tcase = tcase_create("unpack");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, refuses_and_leaves_nothing, 0, ARRAY_LEN(refusals));
	tcase_add_test(tcase, absolute_names_land_inside);
	tcase_add_test(tcase, symlinked_parents_stay_inside);
	tcase_add_test(tcase, a_symlink_in_the_way_is_replaced_not_followed);
	tcase_add_test(tcase, whiteouts_through_symlinks_stay_inside);
	tcase_add_test(tcase, devices_are_left_out);
	tcase_add_test(tcase, aufs_bookkeeping_is_left_out);
	tcase_add_loop_test(tcase, attributes_that_steer_us_are_dropped, 0, ARRAY_LEN(steering));
	tcase_add_test(tcase, plain_attributes_are_kept);
	tcase_add_test(tcase, the_last_entry_of_a_name_wins);
	tcase_add_test(tcase, directories_may_come_after_their_contents);
	tcase_add_test(tcase, modes_are_kept_whatever_the_umask);
	tcase_add_test(tcase, hard_links_share_one_file);
	tcase_add_test(tcase, whiteouts_hide_and_are_replaced);
	tcase_add_test(tcase, an_opaque_root_hides_each_name_below);
	tcase_add_test(tcase, directories_that_are_only_passed_look_as_below);
	tcase_add_test(tcase, a_hard_link_to_a_lower_file_becomes_a_copy);
	tcase_add_test(tcase, a_wrong_digest_leaves_nothing);
	tcase_add_loop_test(tcase, garbage_is_refused_in_words, 0, ARRAY_LEN(garbage));
	tcase_add_test(tcase, a_truncated_file_is_refused);
	tcase_add_test(tcase, nothing_is_an_empty_layer);
	tcase_add_test(tcase, the_same_layer_twice_is_one);
	tcase_add_test(tcase, rest_of_a_cut_removal_is_replaced);
	tcase_add_test(tcase, names_in_any_bytes_survive);
	tcase_add_test(tcase, too_deep_is_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
