/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_tar_split.c - a layer comes out as the tar that went in, whoever made it; and streams that arrive in pieces */
#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/spawn.h"
#include "coracle/store/stream.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../src/store/isal.h"
#include "suite.h"
#include "tar_maker.h"

#define ARCHIVE_MAX (64 << 20)

static char folder[64];
static struct paths paths;
static struct store *store;

static void setup(void)
{
	struct error err = {0};

	(void) snprintf(folder, sizeof folder, "/tmp/coracle-split-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	paths.data_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_msg(store_open(&paths, &store, &err) == 0, "%s", err.text);
}

static void teardown(void)
{
	store_close(store);
	(void) close(paths.data_fd);
	(void) !tree_remove(AT_FDCWD, folder);
}

/* --- helpers --- */

static int collect(void *context, const void *bytes, size_t length, struct error *err)
{
	return text_add_bytes(context, bytes, length) < 0 ? error_errno(err, EFBIG, "collect") : 0;
}

static char *unpack_bytes(const char *bytes, size_t length)
{
	AUTO_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);
	struct layer_info info = {0};
	struct error err = {0};
	char *chain_id;

	ck_assert_int_eq(write_all(fd, bytes, length), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_msg(layer_unpack(store, fd, NULL, NULL, &info, &err) == 0, "%s", err.text);
	chain_id = xstrdup(info.chain_id);
	fields_done(layer_info_fields, &info);
	return chain_id;
}

/* comes_back - export(unpack(tar)) == tar, and by recording */
static void comes_back(const char *bytes, size_t length)
{
	AUTO_FREE char *chain_id = unpack_bytes(bytes, length);
	AUTO_TEXT struct text out = TEXT_INIT(ARCHIVE_MAX);
	char diff_id[DIGEST_TEXT_SIZE];
	struct error err = {0};
	int r;

	ck_assert(layer_can_export_same(store, chain_id));
	r = layer_export(store, chain_id, collect, &out, diff_id, &err);
	ck_assert_msg(r == LAYER_EXPORTED_SAME, "%d %s", r, err.text);
	ck_assert_uint_eq(out.length, length);
	ck_assert(length == 0 || memcmp(out.data, bytes, length) == 0);
}

static char *layer_file(const char *chain_id, const char *name)
{
	return xprintf("store/layers/%s/%s", digest_hex(chain_id), name);
}

static struct text tar_of(const struct tar_entry *entries)
{
	struct text tar = TEXT_INIT(ARCHIVE_MAX);

	for (const struct tar_entry *entry = entries; entry->name; entry++)
		tar_add(&tar, entry);
	tar_end(&tar);
	return tar;
}

/* --- archives of other programs --- */

/* run in an empty directory; writes the tar to ../t.tar; exit 77: the program isn't here */
static const char tree[] =
	"set -e; umask 022; mkdir -p d/e/f empty; echo hello > d/file; printf '' > d/zero; ln d/file d/link; "
	"ln -s file d/symlink; mkfifo d/fifo; head -c 70000 /dev/urandom > d/random; head -c 512 /dev/urandom > d/block; "
	"head -c 511 /dev/urandom > d/less; head -c 513 /dev/urandom > d/more; chmod 4755 d/more; "
	"[ $(id -u) != 0 ] || chmod 000 d/less; "
	"truncate -s 3M d/sparse; printf x | dd of=d/sparse bs=1 seek=1000000 conv=notrunc 2>/dev/null; "
	"truncate -s 1M d/hole; i=0; while [ $i -lt 30 ]; do echo $i > d/e/f/$i; i=$((i + 1)); done; ";
static const char names[] =
	"n=$(printf '%0120d' 0); mkdir -p $n/$n; echo long > $n/$n/$n; ln -s $n/$n/$n $n/symlink; ln $n/$n/$n $n/hard; "
	"printf 'a' > \"$(printf 'n\\303\\244me \\377')\"; setfattr -n user.test -v value d/file 2>/dev/null || :; ";

static const struct recipe {
	const char *title, *names, *command;
} recipes[] = {
	{"GNU v7", "", "rm d/fifo; tar --format=v7 -cf ../t.tar ."},
	{"GNU oldgnu", names, "tar --format=oldgnu -cf ../t.tar ."},
	{"GNU ustar", "", "tar --format=ustar -cf ../t.tar ."},
	{"GNU gnu", names, "tar --format=gnu -cf ../t.tar ."},
	{"GNU gnu sparse", names, "tar --format=gnu -S -cf ../t.tar ."},
	{"GNU posix", names, "tar --format=posix -cf ../t.tar ."},
	{"GNU posix sparse 0.0", names, "tar --format=posix -S --sparse-version=0.0 -cf ../t.tar ."},
	{"GNU posix sparse 0.1", names, "tar --format=posix -S --sparse-version=0.1 -cf ../t.tar ."},
	{"GNU posix sparse 1.0", names, "tar --format=posix -S --sparse-version=1.0 -cf ../t.tar ."},
	{"GNU attributes", names, "tar --format=posix --xattrs --xattrs-include='*' --acls -cf ../t.tar ."},
	{"GNU absolute", "", "tar -P --transform='s,^\\.,/x,' -cf ../t.tar ."},
	{"GNU blocking factor", "", "tar -b 2000 -cf ../t.tar ."},
	{"GNU concatenated", "", "tar -b 1 -cf ../t.tar d/file; tar -cf ../u.tar d/random; cat ../u.tar >> ../t.tar"},
	{"GNU appended, replacing", "", "tar -cf ../t.tar d; echo other > d/file; rm d/link d/e/f/1; mkdir d/e/f/1; "
	                                "rm -r empty; echo x > empty; tar -rf ../t.tar ."},
	{"GNU volume label", "", "tar -V label -cf ../t.tar ."},
	{"bsdtar pax", names, "command -v bsdtar >/dev/null || exit 77; bsdtar --format pax -cf ../t.tar ."},
	{"bsdtar ustar", "", "command -v bsdtar >/dev/null || exit 77; bsdtar --format ustar -cf ../t.tar ."},
	{"bsdtar gnutar", names, "command -v bsdtar >/dev/null || exit 77; bsdtar --format gnutar -cf ../t.tar ."},
	{"bsdtar v7", "", "command -v bsdtar >/dev/null || exit 77; rm d/fifo; bsdtar --format v7 -cf ../t.tar ."},
	{"busybox", "", "command -v busybox >/dev/null || exit 77; busybox tar -cf ../t.tar ."},
	{"python pax", names, "command -v python3 >/dev/null || exit 77; "
	                      "python3 -c 'import tarfile as t; t.open(\"../t.tar\", \"w\", format=t.PAX_FORMAT).add(\".\")'"},
	{"python gnu", names, "command -v python3 >/dev/null || exit 77; "
	                      "python3 -c 'import tarfile as t; t.open(\"../t.tar\", \"w\", format=t.GNU_FORMAT).add(\".\")'"},
	{"python ustar", "", "command -v python3 >/dev/null || exit 77; "
	                     "python3 -c 'import tarfile as t; t.open(\"../t.tar\", \"w\", format=t.USTAR_FORMAT).add(\".\")'"},
	{"many small files", "", "i=0; while [ $i -lt 2000 ]; do echo $i > d/$i; i=$((i + 1)); done; tar -cf ../t.tar ."},
	{"no padding at the end", "", "tar -cf - d | head -c 100000 > ../u.tar; tar -b 1 -cf ../t.tar d/e"},
};

START_TEST(what_other_programs_pack_comes_back)
{
	const struct recipe *recipe = &recipes[_i];
	AUTO_FREE char *script = xprintf("mkdir %s/in; cd %s/in; %s%s %s", folder, folder, tree, recipe->names,
	                                 recipe->command);
	const char *const argv[] = {"sh", "-c", script, NULL};
	AUTO_FREE char *output = NULL, *bytes = NULL;
	struct error err = {0};
	size_t length;
	int r = spawn_run(argv, 10000, &output, &err);

	if (r == 77)
		return;
	ck_assert_msg(r == 0, "%s: %s %s", recipe->title, output, err.text);
	ck_assert_int_eq(file_read(paths.data_fd, "t.tar", ARCHIVE_MAX, &bytes, &length), 0);
	comes_back(bytes, length);
}
END_TEST

/* --- archives made here --- */

static const struct tar_entry odd[][8] = {
	{{0}},
	{{"f", '0', .content = "one"}, {"f", '0', .content = "other"}, {"f", '0', .content = "three"}, {0}},
	{{"f", '0', .content = "one"}, {"f", '5'}, {"f/g", '0', .content = "below"}, {0}},
	{{"d", '5'}, {"d/f", '0', .content = "one"}, {"d", '0', .content = "other"}, {0}},
	{{"a", '0', .content = "one"}, {"b", '1', .link = "a"}, {"a", '0', .content = "other"}, {0}},
	{{"a", '0', .content = "one"}, {"b", '1', .link = "a"}, {"b", '0', .content = "other"}, {0}},
	{{"r", '5'}, {"l", '2', .link = "r"}, {"l/f", '0', .content = "one"}, {0}},
	/* the path that it was written through leads elsewhere at the end */
	{{"r", '5'}, {"l", '2', .link = "r"}, {"l/f", '0', .content = "one"}, {"l", '5'}, {"l/f", '0', .content = "two"}, {0}},
	{{"dev", '3'}, {"f", '0', .content = "one"}, {"g", '4'}, {0}},
	{{"d/.wh.f", '0'}, {"d/.wh..wh..opq", '0'}, {".wh..wh.aufs", '0', .content = "skipped"}, {"d/f", '0', .content = "x"}, {0}},
	{{"f", '0', .content = "one", .pax_key = "SCHILY.xattr.user.x", .pax_value = "y"}, {0}},
	{{"f", '7', .content = "contiguous"}, {"g", '\0', .content = "old"}, {0}},
};

START_TEST(odd_archives_come_back)
{
	AUTO_TEXT struct text tar = tar_of(odd[_i]);

	comes_back(tar.data, tar.length);
}
END_TEST

START_TEST(what_follows_the_end_comes_back)
{
	static const struct tar_entry entries[] = {{"f", '0', .content = "one"}, {0}};
	AUTO_TEXT struct text tar = tar_of(entries);
	AUTO_FREE char *much = xcalloc(20, 1 << 20);

	(void) memset(much, 'x', (size_t) 20 << 20);
	(void) text_add_bytes(&tar, much, (size_t) 20 << 20);
	comes_back(tar.data, tar.length);
}
END_TEST

START_TEST(too_much_that_is_replaced_is_exported_anew)
{
	AUTO_FREE char *much = xcalloc(1, (20 << 20) + 1), *chain_id = NULL;
	AUTO_TEXT struct text tar = {.max = (size_t) 256 << 20}, out = {.max = (size_t) 64 << 20};
	struct tar_entry entry = {"f", '0'};
	char diff_id[DIGEST_TEXT_SIZE];
	struct error err = {0};

	(void) memset(much, 'x', 20 << 20);
	entry.content = much;
	for (int i = 0; i < 5; i++)
		tar_add(&tar, &entry);
	tar_end(&tar);
	chain_id = unpack_bytes(tar.data, tar.length);
	ck_assert(!layer_can_export_same(store, chain_id));
	ck_assert_int_eq(layer_export(store, chain_id, collect, &out, diff_id, &err), LAYER_EXPORTED_ANEW);
	ck_assert_uint_eq(out.length, (20 << 20) + 512 + 1024);
}
END_TEST

/* --- changed in the store --- */

static const struct change {
	const char *title, *command, *word;
} changes[] = {
	{"content", "printf other > diff/f", "\"f\" was changed"},
	{"shorter", "truncate -s 1 diff/f", "\"f\" was shortened"},
	{"removed", "rm diff/f", "\"f\" was removed"},
	{"directory", "rm diff/f; mkdir diff/f", "\"f\" was replaced"},
	{"symlink", "rm diff/f; ln -s /etc/passwd diff/f", "\"f\" was removed"},
	{"FIFO", "rm diff/f; mkfifo diff/f", "\"f\" was replaced"},
	{"recording cut off", "truncate -s 30 tar.split", "damaged"},
	{"recording empty", "truncate -s 0 tar.split", "damaged"},
	{"recording of something else", "echo other > tar.split", "damaged"},
};

START_TEST(changes_in_the_store_are_noticed)
{
	static const struct tar_entry entries[] = {{"f", '0', .content = "first"}, {0}};
	AUTO_TEXT struct text tar = tar_of(entries), out = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *chain_id = unpack_bytes(tar.data, tar.length), *script = NULL;
	char diff_id[DIGEST_TEXT_SIZE] = "untouched";
	struct error err = {0};
	int r;

	script = xprintf("cd %s/store/layers/%s && %s", folder, digest_hex(chain_id), changes[_i].command);
	r = spawn_run((const char *const[]){"sh", "-c", script, NULL}, 1000, NULL, &err);
	ck_assert_int_eq(r, 0);
	ck_assert_int_lt(layer_export(store, chain_id, collect, &out, diff_id, &err), 0);
	ck_assert_msg(strstr(err.text, changes[_i].word) != NULL, "%s: %s", changes[_i].title, err.text);
}
END_TEST

/* --- without a recording --- */

START_TEST(without_a_recording_the_tar_is_always_the_same)
{
	AUTO_FREE char *script = xprintf("mkdir %s/in; cd %s/in; %s%s rm d/fifo; mkdir o; touch d/.wh.gone o/.wh..wh..opq; "
	                                 "tar --format=gnu -cf ../t.tar .", folder, folder, tree, names);
	AUTO_TEXT struct text first = TEXT_INIT(ARCHIVE_MAX), second = TEXT_INIT(ARCHIVE_MAX);
	AUTO_FREE char *bytes = NULL, *chain_id = NULL, *again = NULL, *split = NULL, *list = NULL, *wanted = NULL;
	char diff_id[DIGEST_TEXT_SIZE], other[DIGEST_TEXT_SIZE];
	struct error err = {0};
	size_t length;

	ck_assert_int_eq(spawn_run((const char *const[]){"sh", "-c", script, NULL}, 1000, NULL, &err), 0);
	ck_assert_int_eq(file_read(paths.data_fd, "t.tar", ARCHIVE_MAX, &bytes, &length), 0);
	chain_id = unpack_bytes(bytes, length);
	split = layer_file(chain_id, "tar.split");
	ck_assert_int_eq(unlinkat(paths.data_fd, split, 0), 0);
	ck_assert(!layer_can_export_same(store, chain_id));
	ck_assert_int_eq(layer_export(store, chain_id, collect, &first, diff_id, &err), LAYER_EXPORTED_ANEW);
	/* what is made anew says the same: unpacked and made anew once more it is the same tar */
	again = unpack_bytes(first.data, first.length);
	ck_assert_str_eq(again, diff_id);
	free(split);
	split = layer_file(again, "tar.split");
	ck_assert_int_eq(unlinkat(paths.data_fd, split, 0), 0);
	ck_assert_int_eq(layer_export(store, again, collect, &second, other, &err), LAYER_EXPORTED_SAME);
	ck_assert_str_eq(other, diff_id);
	/* and another program reads it */
	ck_assert_int_eq(file_write(paths.data_fd, "a.tar", first.data, first.length, 0600, FILE_FAST), 0);
	free(script);
	script = xprintf("cd %s && tar -tf a.tar", folder);
	ck_assert_msg(spawn_run((const char *const[]){"sh", "-c", script, NULL}, 100000, &list, &err) == 0, "%s", list);
	ck_assert_ptr_nonnull(strstr(list, "d/.wh.gone\n"));
	ck_assert_ptr_nonnull(strstr(list, "o/.wh..wh..opq\n"));
	/* the same files, by name, content, mode, owner and time, as in the original */
	free(script);
	script = xprintf("cd %s && mkdir x y && tar --exclude='*.wh.*' -xpf t.tar -C x && tar --exclude='*.wh.*' -xpf a.tar -C y && "
	                 "touch -d @0 x y && diff -r --no-dereference x y && "
	                 "(cd x; find . -printf '%%p %%m %%U %%s %%T@ %%l %%n\\n' | grep -v '/[oed] \\|^. \\|wh' | sort) > l1 && "
	                 "(cd y; find . -printf '%%p %%m %%U %%s %%T@ %%l %%n\\n' | grep -v '/[oed] \\|^. \\|wh' | sort) > l2 && "
	                 "diff l1 l2", folder);
	ck_assert_msg(spawn_run((const char *const[]){"sh", "-c", script, NULL}, 10000, &wanted, &err) == 0, "%s", wanted);
}
END_TEST

/* --- streams --- */

struct feeder {
	const char *bytes;
	size_t length, step;
	int fd, more_fd; /* closed at the end */
	pthread_t thread;
};

static void *feed(void *data)
{
	struct feeder *feeder = data;

	for (size_t at = 0; at < feeder->length; at += feeder->step) {
		ck_assert_int_eq(write_all(feeder->fd, feeder->bytes + at, MIN(feeder->step, feeder->length - at)), 0);
		if (feeder->more_fd >= 0)
			ck_assert_int_eq(write_all(feeder->more_fd, "m", 1), 0);
	}
	(void) close(feeder->fd);
	if (feeder->more_fd >= 0)
		(void) close(feeder->more_fd);
	return NULL;
}

/* compressed - the tree of a layer, packed and then compressed by a command */
static char *compressed(const char *command, size_t *length, char digest[static DIGEST_TEXT_SIZE])
{
	AUTO_FREE char *script = xprintf("rm -rf %s/in; mkdir %s/in; cd %s/in; %s tar -cf ../t.tar d/e d/file d/random d/link empty && cd .. && %s", folder, folder,
	                                 folder, tree, command);
	struct error err = {0};
	char *bytes = NULL;
	int r = spawn_run((const char *const[]){"sh", "-c", script, NULL}, 1000, NULL, &err);

	if (r == 77)
		return NULL;
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(file_read(paths.data_fd, "t.z", ARCHIVE_MAX, &bytes, length), 0);
	ck_assert_int_eq(digest_bytes(bytes, *length, digest, &err), 0);
	return bytes;
}

static const char *const compressors[] = {
	"cat t.tar > t.z",
	"gzip -c t.tar > t.z",
	"gzip -1c t.tar > t.z; head -c 5000 /dev/zero >> t.z",
	/* members */
	"head -c 30000 t.tar | gzip -c > t.z; tail -c +30001 t.tar | gzip -9c >> t.z; printf '' | gzip -c >> t.z",
	"split -b 301 t.tar p.; for p in p.*; do gzip -c $p; rm $p; done > t.z",
	"command -v zstd >/dev/null || exit 77; zstd -qc t.tar > t.z",
	"command -v xz >/dev/null || exit 77; xz -0c t.tar > t.z",
	"command -v bzip2 >/dev/null || exit 77; bzip2 -c t.tar > t.z",
};
static const size_t steps[] = {1 << 20, 65536, 4099, 61, 7};

START_TEST(streams_in_pieces_become_layers)
{
	const char *compressor = compressors[(size_t) _i / ARRAY_LEN(steps)];
	size_t length = 0, step = steps[(size_t) _i % ARRAY_LEN(steps)];
	char digest[DIGEST_TEXT_SIZE], diff_id[DIGEST_TEXT_SIZE];
	AUTO_FREE char *bytes = compressed(compressor, &length, digest), *tar = NULL;
	struct layer_stream stream = LAYER_STREAM_INIT;
	struct feeder feeder = {.bytes = bytes, .length = length, .step = step, .more_fd = -1};
	AUTO_TEXT struct text out = TEXT_INIT(ARCHIVE_MAX);
	struct layer_info info = {0};
	struct error err = {0};
	size_t tar_length;
	int pipe_fds[2];

	/* a byte at a time takes long where there are many */
	if (!bytes || length / step > 100000)
		return;
	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	feeder.fd = pipe_fds[1];
	ck_assert_int_eq(pthread_create(&feeder.thread, NULL, feed, &feeder), 0);
	stream.fd = pipe_fds[0];
	stream.length = length;
	stream.exact = true;
	stream.digest = digest;
	ck_assert_msg(layer_unpack_stream(store, &stream, &info, &err) == 0, "%s: %s", compressor, err.text);
	(void) pthread_join(feeder.thread, NULL);
	(void) close(pipe_fds[0]);
	ck_assert_int_eq(file_read(paths.data_fd, "t.tar", ARCHIVE_MAX, &tar, &tar_length), 0);
	ck_assert_int_eq(layer_export(store, info.chain_id, collect, &out, diff_id, &err), LAYER_EXPORTED_SAME);
	ck_assert_uint_eq(out.length, tar_length);
	ck_assert_int_eq(memcmp(out.data, tar, tar_length), 0);
	fields_done(layer_info_fields, &info);
}
END_TEST

static const struct growth { size_t step; bool tells, all; } growths[] = {
	{1000, true, true}, {1000, false, true}, {50000, true, true}, {50000, false, true}, {1000, true, false}, {1000, false, false},
};

START_TEST(a_growing_file_is_followed)
{
	const struct growth *growth = &growths[_i];
	size_t length = 0;
	char digest[DIGEST_TEXT_SIZE];
	AUTO_FREE char *bytes = compressed("gzip -c t.tar > t.z", &length, digest);
	struct layer_stream stream = LAYER_STREAM_INIT;
	struct feeder feeder = {.bytes = bytes, .length = growth->all ? length : length - 1, .step = growth->step, .more_fd = -1};
	struct layer_info info = {0};
	struct error err = {0};
	int pipe_fds[2] = {-1, -1}, r;

	ck_assert_int_eq(file_write(paths.data_fd, "grows", "", 0, 0600, FILE_FAST), 0);
	feeder.fd = openat(paths.data_fd, "grows", O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(flock(feeder.fd, LOCK_EX), 0);
	if (growth->tells) {
		ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
		feeder.more_fd = pipe_fds[1];
	}
	stream.fd = openat(paths.data_fd, "grows", O_RDONLY | O_CLOEXEC);
	stream.more_fd = pipe_fds[0];
	stream.grows = true;
	stream.length = length;
	stream.exact = true;
	stream.digest = digest;
	ck_assert_int_eq(pthread_create(&feeder.thread, NULL, feed, &feeder), 0);
	r = layer_unpack_stream(store, &stream, &info, &err);
	(void) pthread_join(feeder.thread, NULL);
	ck_assert_msg(r == (growth->all ? 0 : -EPIPE), "%d %s", r, err.text);
	ck_assert(growth->all == (info.chain_id && layer_exists(store, info.chain_id)));
	fields_done(layer_info_fields, &info);
	(void) close(stream.fd);
	if (growth->tells)
		(void) close(pipe_fds[0]);
}
END_TEST

/* what is done to good bytes, and what is said then */
static const struct lie {
	const char *title;
	enum { LIE_DIGEST, LIE_FLIP, LIE_SHORT, LIE_LONG_SIZE, LIE_DIFF_ID, LIE_TAIL } kind;
	int wanted;
} lies[] = {
	{"another digest", LIE_DIGEST, -EBADMSG},
	{"a wrong byte", LIE_FLIP, -EBADMSG},
	{"too short", LIE_SHORT, -EBADMSG},
	{"shorter than said", LIE_LONG_SIZE, -EBADMSG},
	{"another diff id", LIE_DIFF_ID, -EINVAL},
	{"something behind the gzip data", LIE_TAIL, -EINVAL},
};

START_TEST(lies_are_found_out)
{
	const struct lie *lie = &lies[_i];
	size_t length = 0;
	char digest[DIGEST_TEXT_SIZE];
	AUTO_FREE char *bytes = compressed(lie->kind == LIE_TAIL ? "gzip -c t.tar > t.z; printf x >> t.z" : "gzip -c t.tar > t.z",
	                                   &length, digest);
	AUTO_CLOSE int fd = memfd_create("layer", MFD_CLOEXEC);
	struct layer_stream stream = LAYER_STREAM_INIT;
	AUTO_TEXTS struct texts left = {0}, made = {0};
	struct layer_info info = {0};
	struct isal_api isal;
	struct error err = {0};

	/* libarchive passes it over */
	if (lie->kind == LIE_TAIL && !isal_load(&isal))
		return;
	stream.length = length;
	stream.exact = true;
	stream.digest = digest;
	switch (lie->kind) {
	case LIE_DIGEST: digest[10] = digest[10] == '0' ? '1' : '0'; break;
	case LIE_FLIP: bytes[length / 2] ^= 1; break;
	case LIE_SHORT: length -= 1; break;
	case LIE_LONG_SIZE: stream.length += 10; break;
	case LIE_DIFF_ID: stream.diff_id = digest; break;
	case LIE_TAIL: break;
	default: break;
	}
	ck_assert_int_eq(write_all(fd, bytes, length), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	stream.fd = fd;
	ck_assert_msg(layer_unpack_stream(store, &stream, &info, &err) == lie->wanted, "%s: %s", lie->title, err.text);
	ck_assert_ptr_null(info.chain_id);
	ck_assert_int_eq(directory_list(store_fd(store), "tmp", &left), 0);
	ck_assert_uint_eq(left.count, 0);
	ck_assert_int_eq(directory_list(store_fd(store), "layers", &made), 0);
	ck_assert_uint_eq(made.count, 0);
}
END_TEST

START_TEST(a_bad_entry_does_not_wait_for_the_rest)
{
	static const struct tar_entry entries[] = {{"../f", '0', .content = "one"}, {0}};
	AUTO_TEXT struct text tar = tar_of(entries);
	struct layer_stream stream = LAYER_STREAM_INIT;
	struct layer_info info = {0};
	struct error err = {0};
	int pipe_fds[2];

	/* the writing end stays open: nothing more will ever come */
	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write_all(pipe_fds[1], tar.data, tar.length), 0);
	stream.fd = pipe_fds[0];
	ck_assert_int_eq(layer_unpack_stream(store, &stream, &info, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, ".."));
	(void) close(pipe_fds[0]);
	(void) close(pipe_fds[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tar_split");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, what_other_programs_pack_comes_back, 0, ARRAY_LEN(recipes));
	tcase_add_loop_test(tcase, odd_archives_come_back, 0, ARRAY_LEN(odd));
	tcase_add_test(tcase, what_follows_the_end_comes_back);
	tcase_add_test(tcase, too_much_that_is_replaced_is_exported_anew);
	tcase_add_loop_test(tcase, changes_in_the_store_are_noticed, 0, ARRAY_LEN(changes));
	tcase_add_test(tcase, without_a_recording_the_tar_is_always_the_same);
	tcase_add_loop_test(tcase, streams_in_pieces_become_layers, 0, ARRAY_LEN(compressors) * ARRAY_LEN(steps));
	tcase_add_loop_test(tcase, a_growing_file_is_followed, 0, ARRAY_LEN(growths));
	tcase_add_loop_test(tcase, lies_are_found_out, 0, ARRAY_LEN(lies));
	tcase_add_test(tcase, a_bad_entry_does_not_wait_for_the_rest);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
