/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflate.c - what one core inflates and hashes, and what handing blocks on costs; the limits of a pull */

/*
 *   inflate LAYER.tar.gz [ROUNDS]
 *
 * One line a way: MB (10^6 bytes of uncompressed tar) a second, the best of ROUNDS. Libraries that are not
 * installed are left out. libdeflate wants the whole of the output at once, so it can't serve a stream; it
 * is here for comparison.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if __has_include(<isa-l/igzip_lib.h>)
#include <isa-l/igzip_lib.h>
#define HAVE_ISAL 1
#endif
#if __has_include(<zlib.h>)
#include <zlib.h>
#define HAVE_ZLIB 1
#endif

#define BLOCK   (256 * 1024)
#define STEP    (128 * 1024)

static unsigned char *input, *tar;
static size_t input_length, tar_length, tar_size;

static double now(void)
{
	struct timespec time;

	(void) clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static void *function(const char *library, const char *name)
{
	void *handle = dlopen(library, RTLD_NOW);

	return handle ? dlsym(handle, name) : NULL;
}
#define FIND(slot, library, name)                       \
	do {                                            \
		void *found = function(library, name);  \
		memcpy(&(slot), &found, sizeof found);  \
	} while (0)

/* --- inflate: each returns the bytes it made, 0: not here --- */

static size_t by_libarchive(void)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	const void *bytes;
	size_t length, sum = 0;
	la_int64_t offset;

	(void) archive_read_support_filter_gzip(archive);
	(void) archive_read_support_format_raw(archive);
	if (archive_read_open_memory(archive, input, input_length) != ARCHIVE_OK
	    || archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return 0;
	while (archive_read_data_block(archive, &bytes, &length, &offset) == ARCHIVE_OK) {
		/* the first round fills what the others work with */
		if (sum + length <= tar_size && tar_length == 0)
			memcpy(tar + sum, bytes, length);
		sum += length;
	}
	(void) archive_read_free(archive);
	return sum;
}

#if HAVE_ZLIB
static size_t by_zlib(void)
{
	static unsigned char out[BLOCK];
	int (*init)(z_streamp, int, const char *, int), (*run)(z_streamp, int), (*reset)(z_streamp), (*end)(z_streamp);
	z_stream stream = {0};
	size_t at = 0, sum = 0;

	FIND(init, "libz.so.1", "inflateInit2_");
	FIND(run, "libz.so.1", "inflate");
	FIND(reset, "libz.so.1", "inflateReset");
	FIND(end, "libz.so.1", "inflateEnd");
	if (!init || !run || !reset || !end || init(&stream, 31, ZLIB_VERSION, (int) sizeof stream) != Z_OK)
		return 0;
	while (at < input_length || stream.avail_in) {
		int r;

		if (!stream.avail_in) {
			size_t step = input_length - at < STEP ? input_length - at : STEP;

			stream.next_in = input + at;
			stream.avail_in = (unsigned) step;
			at += step;
		}
		stream.next_out = out;
		stream.avail_out = sizeof out;
		r = run(&stream, Z_NO_FLUSH);
		sum += sizeof out - stream.avail_out;
		if (r == Z_STREAM_END)
			(void) reset(&stream);
		else if (r != Z_OK)
			break;
	}
	(void) end(&stream);
	return sum;
}
#endif

#if HAVE_ISAL
static size_t by_isal(void)
{
	static struct inflate_state states[2]; /* a newer library's may be larger */
	static unsigned char out[BLOCK];
	struct inflate_state *state = states;
	void (*init)(struct inflate_state *), (*reset)(struct inflate_state *);
	int (*run)(struct inflate_state *);
	size_t at = 0, sum = 0;

	FIND(init, "libisal.so.2", "isal_inflate_init");
	FIND(reset, "libisal.so.2", "isal_inflate_reset");
	FIND(run, "libisal.so.2", "isal_inflate");
	if (!init || !reset || !run)
		return 0;
	init(state);
	state->crc_flag = ISAL_GZIP;
	do {
		if (!state->avail_in && at < input_length) {
			size_t step = input_length - at < STEP ? input_length - at : STEP;

			state->next_in = input + at;
			state->avail_in = (uint32_t) step;
			at += step;
		}
		state->next_out = out;
		state->avail_out = sizeof out;
		if (run(state) < 0)
			break;
		sum += sizeof out - state->avail_out;
		if (state->block_state == ISAL_BLOCK_FINISH && (at < input_length || state->avail_in)) {
			reset(state);
			state->crc_flag = ISAL_GZIP;
		}
	} while (at < input_length || state->avail_in || state->avail_out == 0);
	return sum;
}
#endif

static size_t by_libdeflate(void)
{
	void *(*make)(void);
	int (*run)(void *, const void *, size_t, void *, size_t, size_t *);
	static unsigned char *out;
	size_t sum = 0;
	void *state;

	FIND(make, "libdeflate.so.0", "libdeflate_alloc_decompressor");
	FIND(run, "libdeflate.so.0", "libdeflate_gzip_decompress");
	if (!make || !run)
		return 0;
	if (!out)
		out = malloc(tar_size);
	state = make();
	if (!out || !state || run(state, input, input_length, out, tar_size, &sum) != 0)
		return 0;
	return sum;
}

/* --- hash --- */

static size_t by_libcrypto(void)
{
	static const char library[] = "libcrypto.so.3";
	void *(*make)(void);
	const void *(*sha256)(void);
	int (*init)(void *, const void *, void *), (*add)(void *, const void *, size_t);
	void *context;

	FIND(make, library, "EVP_MD_CTX_new");
	FIND(sha256, library, "EVP_sha256");
	FIND(init, library, "EVP_DigestInit_ex");
	FIND(add, library, "EVP_DigestUpdate");
	if (!make || !sha256 || !init || !add)
		return 0;
	context = make();
	if (init(context, sha256(), NULL) != 1)
		return 0;
	for (size_t at = 0; at < tar_length; at += BLOCK)
		(void) add(context, tar + at, tar_length - at < BLOCK ? tar_length - at : BLOCK);
	return tar_length;
}

/* --- handing on --- */

/* by_pipe - between two processes */
static size_t by_pipe(void)
{
	static unsigned char into[BLOCK];
	int fds[2];
	ssize_t n;
	size_t sum = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return 0;
	(void) fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	pid = fork();
	if (pid == 0) {
		for (size_t at = 0; at < tar_length;) {
			n = write(fds[1], tar + at, tar_length - at < BLOCK ? tar_length - at : BLOCK);
			if (n <= 0)
				_exit(1);
			at += (size_t) n;
		}
		_exit(0);
	}
	(void) close(fds[1]);
	while ((n = read(fds[0], into, sizeof into)) > 0)
		sum += (size_t) n;
	(void) close(fds[0]);
	(void) waitpid(pid, NULL, 0);
	return sum;
}

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	size_t made, taken;
} ring = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

static void *take(void *data)
{
	size_t sum = 0;

	(void) data;
	while (sum < tar_length) {
		(void) pthread_mutex_lock(&ring.mutex);
		while (ring.taken == ring.made)
			(void) pthread_cond_wait(&ring.changed, &ring.mutex);
		(void) pthread_mutex_unlock(&ring.mutex);
		sum += BLOCK;
		(void) pthread_mutex_lock(&ring.mutex);
		ring.taken++;
		(void) pthread_cond_broadcast(&ring.changed);
		(void) pthread_mutex_unlock(&ring.mutex);
	}
	return NULL;
}

/* by_ring - between two threads, eight blocks, as src/store/ring.c does it: nothing is copied */
static size_t by_ring(void)
{
	pthread_t thread;
	size_t sum = 0;

	ring.made = ring.taken = 0;
	if (pthread_create(&thread, NULL, take, NULL) != 0)
		return 0;
	while (sum < tar_length) {
		(void) pthread_mutex_lock(&ring.mutex);
		while (ring.made - ring.taken >= 8)
			(void) pthread_cond_wait(&ring.changed, &ring.mutex);
		ring.made++;
		(void) pthread_cond_broadcast(&ring.changed);
		(void) pthread_mutex_unlock(&ring.mutex);
		sum += BLOCK;
	}
	(void) pthread_join(thread, NULL);
	return tar_length;
}

static void measure(const char *title, size_t (*run)(void), int rounds)
{
	double best = 0;
	size_t length = 0;

	for (int i = 0; i < rounds; i++) {
		double begin = now(), speed;

		length = run();
		speed = (double) length / 1e6 / (now() - begin);
		best = speed > best ? speed : best;
	}
	if (length == 0)
		(void) printf("%-24s not here\n", title);
	else
		(void) printf("%-24s %8.0f MB/s%s\n", title, best, length == tar_length ? "" : "  WRONG LENGTH");
}

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1, rounds = argc > 2 ? argv[2][0] - '0' : 3;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || rounds < 1) {
		(void) fprintf(stderr, "usage: inflate LAYER.tar.gz [ROUNDS]\n");
		return 2;
	}
	input = malloc((size_t) st.st_size);
	tar_size = (size_t) st.st_size * 20 + (1 << 20);
	tar = malloc(tar_size);
	if (!input || !tar)
		return 1;
	while (input_length < (size_t) st.st_size) {
		ssize_t n = read(fd, input + input_length, (size_t) st.st_size - input_length);

		if (n <= 0)
			return 1;
		input_length += (size_t) n;
	}
	tar_length = by_libarchive();
	if (tar_length == 0 || tar_length > tar_size) {
		(void) fprintf(stderr, "inflate: %s is not gzip, or larger than %zu bytes\n", argv[1], tar_size);
		return 1;
	}
	(void) printf("%zu bytes compressed, %zu bytes of tar\n", input_length, tar_length);
	measure("inflate libarchive", by_libarchive, rounds);
#if HAVE_ZLIB
	measure("inflate zlib", by_zlib, rounds);
#endif
#if HAVE_ISAL
	measure("inflate ISA-L", by_isal, rounds);
#endif
	measure("inflate libdeflate", by_libdeflate, rounds);
	measure("SHA-256 libcrypto", by_libcrypto, rounds);
	measure("pipe between processes", by_pipe, rounds);
	measure("ring between threads", by_ring, rounds);
	return 0;
}
