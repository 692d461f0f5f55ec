/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_compress.c - what is compressed is read back by gzip, zlib and zstd, and is the same each time */
#include "coracle/store/compress.h"

#include "coracle/base/alloc.h"
#include "coracle/base/spawn.h"
#include "coracle/base/text.h"

#include "scratch.h"
#include "suite.h"

#define BLOCK     (256 << 10) /* of compress_private.h: the sizes around it are the interesting ones */
#define PLAIN_MAX (9 * BLOCK)

static unsigned char *plain;

static void setup(void)
{
	uint64_t noise = 88172645463325252u;

	plain = xcalloc(1, PLAIN_MAX);
	for (size_t i = 0; i < PLAIN_MAX; i++) {
		noise ^= noise << 13;
		noise ^= noise >> 7;
		noise ^= noise << 17;
		/* words that repeat, then a stretch that can't be compressed */
		plain[i] = i % (5 * BLOCK) < 3 * BLOCK ? (unsigned char) ("layers of words "[noise % 7 + i % 8])
		                                       : (unsigned char) noise;
	}
}

static void teardown(void)
{
	free(plain);
}

static int gather(void *context, const void *bytes, size_t length, struct error *err)
{
	return text_add_bytes(context, bytes, length) < 0 ? error_set(err, ERROR_INVALID, "too much") : 0;
}

/* compressed - plain's first length bytes, given in pieces */
static void compressed(enum compression kind, int level, size_t length, size_t piece, struct text *out)
{
	AUTO_COMPRESSOR struct compressor *compressor = NULL;
	struct error err = {0};
	int r = compressor_new(kind, level, gather, out, &compressor, &err);

	ck_assert_msg(r == 0, "%s", err.text);
	for (size_t i = 0; i < length; i += piece) {
		r = compressor_write(compressor, plain + i, MIN(piece, length - i), &err);
		ck_assert_msg(r == 0, "%s", err.text);
	}
	r = compressor_finish(compressor, &err);
	ck_assert_msg(r == 0, "%s", err.text);
}

/* reads_back - by a program that gets the file PACKED, and gives what is compared with PLAIN */
static void reads_back(const struct text *packed, size_t length, const char *program)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *line = xprintf("cd %s && %s >got && cmp got plain", scratch.path, program);
	const char *const argv[] = {"sh", "-c", line, NULL};
	AUTO_FREE char *output = NULL;
	struct error err = {0};

	ck_assert_int_eq(file_write(scratch.fd, "packed", packed->data, packed->length, 0644, FILE_FAST), 0);
	ck_assert_int_eq(file_write(scratch.fd, "plain", plain, length, 0644, FILE_FAST), 0);
	ck_assert_msg(spawn_run(argv, 4096, &output, &err) == 0, "%s %s", err.text, output);
}

static const char *reader(enum compression kind)
{
	return kind == COMPRESS_NONE ? "cat packed" : kind == COMPRESS_GZIP ? "gzip -dc <packed" : "zstd -dcq <packed";
}

static const size_t sizes[] = {0, 1, 100, 65535, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 8 * BLOCK + 77};

START_TEST(is_read_back_whatever_its_size)
{
	for (enum compression kind = COMPRESS_NONE; kind <= COMPRESS_ZSTD; kind++) {
		AUTO_TEXT struct text packed = TEXT_INIT(2 * PLAIN_MAX);

		compressed(kind, COMPRESS_LEVEL_DEFAULT, sizes[_i], 100000, &packed);
		reads_back(&packed, sizes[_i], reader(kind));
	}
}
END_TEST

static const struct { enum compression kind; int level; } levels[] = {
	{COMPRESS_GZIP, 0}, {COMPRESS_GZIP, 1}, {COMPRESS_GZIP, 2}, {COMPRESS_GZIP, 3}, {COMPRESS_GZIP, 4},
	{COMPRESS_GZIP, 6}, {COMPRESS_GZIP, 9}, {COMPRESS_ZSTD, 1}, {COMPRESS_ZSTD, 9}, {COMPRESS_ZSTD, 19},
};

START_TEST(is_read_back_at_each_level)
{
	AUTO_TEXT struct text packed = TEXT_INIT(2 * PLAIN_MAX);

	compressed(levels[_i].kind, levels[_i].level, PLAIN_MAX, 70001, &packed);
	reads_back(&packed, PLAIN_MAX, reader(levels[_i].kind));
	if (levels[_i].level == 0)
		ck_assert_uint_gt(packed.length, PLAIN_MAX);
	else
		ck_assert_uint_lt(packed.length, PLAIN_MAX * 3 / 4);
}
END_TEST

START_TEST(gzip_is_one_member_that_zlib_reads_to_its_end)
{
	AUTO_TEXT struct text packed = TEXT_INIT(2 * PLAIN_MAX);

	compressed(COMPRESS_GZIP, _i ? 5 : COMPRESS_LEVEL_DEFAULT, PLAIN_MAX, PLAIN_MAX, &packed);
	reads_back(&packed, PLAIN_MAX,
	           "python3 -c 'import sys, zlib; d = zlib.decompressobj(31);"
	           " sys.stdout.buffer.write(d.decompress(open(\"packed\", \"rb\").read()));"
	           " sys.exit(not d.eof or len(d.unused_data))'");
}
END_TEST

START_TEST(pieces_do_not_change_the_bytes)
{
	static const size_t pieces[] = {1, 13, 4096, BLOCK, 300000, PLAIN_MAX};
	enum compression kind = _i ? COMPRESS_ZSTD : COMPRESS_GZIP;
	AUTO_TEXT struct text first = TEXT_INIT(2 * PLAIN_MAX);

	compressed(kind, COMPRESS_LEVEL_DEFAULT, PLAIN_MAX, 50000, &first);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		AUTO_TEXT struct text again = TEXT_INIT(2 * PLAIN_MAX);

		compressed(kind, COMPRESS_LEVEL_DEFAULT, PLAIN_MAX, pieces[i], &again);
		ck_assert_mem_eq(again.data, first.data, MIN(again.length, first.length));
		ck_assert_uint_eq(again.length, first.length);
	}
}
END_TEST

START_TEST(one_processor_makes_the_same_bytes_as_two)
{
	cpu_set_t before, one;
	AUTO_TEXT struct text first = TEXT_INIT(2 * PLAIN_MAX), again = TEXT_INIT(2 * PLAIN_MAX);
	enum compression kind = _i ? COMPRESS_ZSTD : COMPRESS_GZIP;

	ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	compressed(kind, COMPRESS_LEVEL_DEFAULT, PLAIN_MAX, 50000, &first);
	ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
	compressed(kind, COMPRESS_LEVEL_DEFAULT, PLAIN_MAX, 50000, &again);
	ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
	ck_assert_uint_eq(again.length, first.length);
	ck_assert_mem_eq(again.data, first.data, first.length);
}
END_TEST

static int refuse_later(void *context, UNUSED const void *bytes, UNUSED size_t length, struct error *err)
{
	unsigned *left = context;

	return (*left)-- ? 0 : error_set(err, ERROR_CONFLICT, "the other side is gone");
}

START_TEST(failure_of_the_receiver_ends_it)
{
	enum compression kind = _i % 2 ? COMPRESS_ZSTD : COMPRESS_GZIP;
	unsigned left = (unsigned) _i / 2;
	AUTO_COMPRESSOR struct compressor *compressor = NULL;
	struct error err = {0};
	int r = compressor_new(kind, COMPRESS_LEVEL_DEFAULT, refuse_later, &left, &compressor, &err);

	ck_assert_int_eq(r, 0);
	for (int i = 0; r >= 0 && i < 8; i++)
		r = compressor_write(compressor, plain, PLAIN_MAX, &err);
	ck_assert_int_lt(r, 0);
	ck_assert_str_eq(err.text, "the other side is gone");
}
END_TEST

START_TEST(names_and_levels_are_checked)
{
	enum compression kind = COMPRESS_NONE;
	struct error err = {0};

	ck_assert_int_eq(compress_parse("zstd", &kind, &err), 0);
	ck_assert_int_eq(kind, COMPRESS_ZSTD);
	ck_assert_int_eq(compress_parse("uncompressed", &kind, &err), 0);
	ck_assert_int_eq(kind, COMPRESS_NONE);
	ck_assert_int_eq(compress_parse("zstd:chunked", &kind, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "zstd:chunked"));
	ck_assert_int_eq(compress_parse("lzma", &kind, &err), -EINVAL);
	ck_assert_int_eq(compress_level_check(COMPRESS_GZIP, 9, &err), 0);
	ck_assert_int_eq(compress_level_check(COMPRESS_GZIP, 10, &err), -EINVAL);
	ck_assert_int_eq(compress_level_check(COMPRESS_GZIP, -1, &err), -EINVAL);
	ck_assert_int_eq(compress_level_check(COMPRESS_ZSTD, 0, &err), -EINVAL);
	ck_assert_int_eq(compress_level_check(COMPRESS_ZSTD, 22, &err), 0);
	ck_assert_int_eq(compress_level_check(COMPRESS_NONE, 1, &err), -EINVAL);
	ck_assert_int_eq(compress_level_check(COMPRESS_NONE, COMPRESS_LEVEL_DEFAULT, &err), 0);
	ck_assert_ptr_null(compress_media_type(COMPRESS_ZSTD, true));
	ck_assert_str_eq(compress_media_type(COMPRESS_GZIP, true), "application/vnd.docker.image.rootfs.diff.tar.gzip");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compress");
	TCase *tcase = tcase_create("compress");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, is_read_back_whatever_its_size, 0, ARRAY_LEN(sizes));
	tcase_add_loop_test(tcase, is_read_back_at_each_level, 0, ARRAY_LEN(levels));
	tcase_add_loop_test(tcase, gzip_is_one_member_that_zlib_reads_to_its_end, 0, 2);
	tcase_add_loop_test(tcase, pieces_do_not_change_the_bytes, 0, 2);
	tcase_add_loop_test(tcase, one_processor_makes_the_same_bytes_as_two, 0, 2);
	tcase_add_loop_test(tcase, failure_of_the_receiver_ends_it, 0, 8);
	tcase_add_test(tcase, names_and_levels_are_checked);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
