/* SPDX-License-Identifier: GPL-2.0-or-later */
/* part.c - downloads that may be interrupted; see part.h */
#include "coracle/store/part.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/base/number.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "store_private.h"

#define PARTS       "parts"
#define MARK_SUFFIX ".mark"
#define MARK_EVERY  (64 << 20) /* bytes between two syncs: what a power cut costs at the most */
#define BOOT_ID     "/proc/sys/kernel/random/boot_id"
#define READ_BYTES  (256 * 1024)
#define MARK_MAX    256

static void part_path(const char *digest, const char *suffix, char into[static STORE_NAME_SIZE])
{
	(void) snprintf(into, STORE_NAME_SIZE, PARTS "/%s%s", digest_hex(digest), suffix);
}

/* --- marks: "BOOT-ID BYTES" --- */

static void write_mark(struct part *part, uint64_t length)
{
	AUTO_FREE char *boot = NULL, *text = NULL;
	char path[STORE_NAME_SIZE];

	/* without a mark nothing is lost but the download after a restart */
	if (file_read(AT_FDCWD, BOOT_ID, MARK_MAX, &boot, NULL) < 0)
		return;
	boot[strcspn(boot, "\n")] = '\0';
	text = xprintf("%s %llu\n", boot, (unsigned long long) length);
	part_path(part->digest, MARK_SUFFIX, path);
	if (file_write(part->store->fd, path, text, strlen(text), 0600, FILE_FAST) == 0)
		part->marked = length;
}

/* read_mark - the bytes that were put on disk; *same_boot: and all others are there too */
static uint64_t read_mark(const struct part *part, bool *same_boot)
{
	AUTO_FREE char *boot = NULL, *text = NULL;
	char path[STORE_NAME_SIZE];
	uint64_t length;
	char *space;

	*same_boot = false;
	part_path(part->digest, MARK_SUFFIX, path);
	if (file_read(part->store->fd, path, MARK_MAX, &text, NULL) < 0
	    || file_read(AT_FDCWD, BOOT_ID, MARK_MAX, &boot, NULL) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	space = strchr(text, ' ');
	if (!space || number_parse_uint(space + 1, 0, INT64_MAX, &length) < 0)
		return 0;
	*space = '\0';
	*same_boot = strcmp(text, boot) == 0;
	return length;
}

/* sync_part - what is there is on disk from now on, whatever happens to the machine */
static void sync_part(struct part *part)
{
	/* no mark is set that is not true; a full disk has told at the write already */
	if (part->offset > part->marked && fdatasync(part->fd) == 0)
		write_mark(part, part->offset);
}

/* --- the one that downloads --- */

static int take_lock(struct store *store, const char *path, enum lock_wait wait)
{
	int fd = lock_take(store->fd, path, LOCK_MODE_EXCLUSIVE, wait), made;

	if (fd != -ENOENT)
		return fd;
	/* a store from before there were parts */
	made = directory_make(store->fd, PARTS, 0700);
	return made < 0 ? made : lock_take(store->fd, path, LOCK_MODE_EXCLUSIVE, wait);
}

/* resume - what is there and may be used */
static int resume(struct part *part, struct error *err)
{
	uint64_t usable, marked, found;
	bool same_boot;
	struct stat st;

	if (fstat(part->fd, &st) < 0)
		return error_errno(err, errno, "look at the part of %.19s", part->digest);
	found = (uint64_t) st.st_size;
	marked = read_mark(part, &same_boot);
	usable = same_boot ? found : MIN(found, marked);
	part_find_gap(part->fd, usable, &part->gap, &part->gap_end);
	/* more than there can be: nobody knows what that is */
	if (usable > part->size || (part->gap == 0 && part->gap_end == usable))
		usable = part->gap = part->gap_end = 0;
	if (usable < found && ftruncate(part->fd, (off_t) usable) < 0)
		return error_errno(err, errno, "shorten the part of %.19s", part->digest);
	part->offset = usable;
	write_mark(part, MIN(marked, usable));
	return 0;
}

int part_open(struct store *store, const char *digest, uint64_t size, enum lock_wait wait, struct part *out,
              struct error *err)
{
	struct part part = {.store = store, .fd = -1, .size = size};
	char path[STORE_NAME_SIZE];
	int r;

	if (!digest_is_valid(digest))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a sha256 digest", digest);
	if (size > INT64_MAX)
		return error_set(err, ERROR_INVALID, "blob %.19s: its size is too large", digest);
	(void) snprintf(part.digest, sizeof part.digest, "%s", digest);
	part_path(digest, "", path);
	part.fd = take_lock(store, path, wait);
	if (part.fd == -EWOULDBLOCK)
		return part.fd;
	if (part.fd < 0)
		return error_errno(err, -part.fd, "open store/%s", path);
	r = resume(&part, err);
	if (r < 0) {
		part_close(&part);
		return r;
	}
	*out = part;
	return 0;
}

static int too_much(const struct part *part, struct error *err)
{
	(void) error_set(err, ERROR_INVALID, "more than the %llu bytes came that blob %.19s has",
	                 (unsigned long long) part->size, part->digest);
	return -EBADMSG;
}

/* write_at - *at counts what was written, in a failure too: it is right, and is kept */
static int write_at(const struct part *part, const void *bytes, size_t length, uint64_t *at, struct error *err)
{
	const char *next = bytes;

	while (length > 0) {
		ssize_t n = pwrite(part->fd, next, length, (off_t) *at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, n < 0 ? errno : EIO, "write blob %.19s", part->digest);
		next += n;
		length -= (size_t) n;
		*at += (uint64_t) n;
	}
	return 0;
}

int part_fill(struct part *part, const void *bytes, size_t length, struct error *err)
{
	uint64_t before = part->gap;
	int r;

	if (length > part->gap_end - part->gap)
		return too_much(part, err);
	r = write_at(part, bytes, length, &part->gap, err);
	part->filled += part->gap - before;
	if (part->gap == part->gap_end)
		part->gap = part->gap_end = 0;
	/* what is not on disk when the machine stops is a gap again */
	if (part->filled >= MARK_EVERY && fdatasync(part->fd) == 0)
		part->filled = 0;
	return r;
}

int part_write(struct part *part, const void *bytes, size_t length, struct error *err)
{
	int r;

	if (length > part->size - part->offset)
		return too_much(part, err);
	r = write_at(part, bytes, length, &part->offset, err);
	if (r < 0)
		return r;
	if (part->offset - part->marked >= MARK_EVERY && part->offset < part->size)
		sync_part(part);
	return 0;
}

int part_read(const struct part *part, struct error *err)
{
	char path[STORE_NAME_SIZE];
	int fd;

	part_path(part->digest, "", path);
	fd = openat(part->store->fd, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, "open store/%s", path) : fd;
}

static int wrong(const struct part *part, const char *actual, struct error *err)
{
	(void) error_set(err, ERROR_INVALID, "content is damaged: its digest is %s, it should be %s: fetch it again",
	                 actual, part->digest);
	return -EBADMSG;
}

int part_check(const struct part *part, struct error *err)
{
	AUTO_FREE char *buffer = xcalloc(1, READ_BYTES);
	char actual[DIGEST_TEXT_SIZE];
	struct digest *digest;
	uint64_t at = 0;

	if (part->offset != part->size || part->gap_end) {
		(void) error_set(err, ERROR_INVALID, "only %llu of %llu bytes of blob %.19s are there",
		                 (unsigned long long) (part->offset - (part->gap_end - part->gap)), (unsigned long long) part->size, part->digest);
		return -EBADMSG;
	}
	digest = digest_new(err);
	if (!digest)
		return -EOPNOTSUPP;
	while (at < part->size) {
		ssize_t n = pread(part->fd, buffer, (size_t) MIN(part->size - at, (uint64_t) READ_BYTES), (off_t) at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			digest_free(digest);
			return error_errno(err, n < 0 ? errno : EIO, "read blob %.19s", part->digest);
		}
		digest_add(digest, buffer, (size_t) n);
		at += (uint64_t) n;
	}
	digest_finish(digest, actual);
	return strcmp(actual, part->digest) == 0 ? 0 : wrong(part, actual, err);
}

static void remove_files(struct store *store, const char *digest)
{
	char path[STORE_NAME_SIZE];

	/* the mark first: without it a part is not trusted; what can't be removed is swept later */
	part_path(digest, MARK_SUFFIX, path);
	(void) unlinkat(store->fd, path, 0);
	part_path(digest, "", path);
	if (unlinkat(store->fd, path, 0) < 0 && errno != ENOENT)
		log_warning("remove store/%s: %s", path, strerror(errno));
}

void part_complete(struct part *part)
{
	part_abandon(part, PART_DROP);
}

void part_abandon(struct part *part, enum part_keep keep)
{
	if (part->fd < 0)
		return;
	if (keep == PART_DROP || part->offset == 0)
		remove_files(part->store, part->digest);
	else
		sync_part(part);
	/* without it, what is not on disk when the machine stops is a gap again */
	if (keep == PART_KEEP && part->filled)
		(void) fdatasync(part->fd);
	/* children that read the part hold the same lock: it is let go for them too */
	lock_release(TAKE_FD(part->fd));
}

void part_close(struct part *part)
{
	auto_close(&part->fd);
	part->fd = -1;
}

/* --- others --- */

int part_follow(struct store *store, const char *digest)
{
	AUTO_CLOSE int fd = -1;
	char path[STORE_NAME_SIZE];

	if (!digest_is_valid(digest))
		return -EINVAL;
	part_path(digest, "", path);
	fd = openat(store->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return -ESTALE;
	return errno == EWOULDBLOCK ? TAKE_FD(fd) : -errno;
}

int64_t part_progress(struct store *store, const char *digest)
{
	char path[STORE_NAME_SIZE];
	struct stat st;

	if (!digest_is_valid(digest))
		return -EINVAL;
	part_path(digest, "", path);
	return fstatat(store->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : st.st_size;
}

/* sweep_one - 0, or a negative errno; what somebody holds stays */
static int sweep_one(struct store *store, const char *digest, uint64_t older_seconds, uint64_t *freed)
{
	char path[STORE_NAME_SIZE];
	AUTO_CLOSE int fd = -1;
	struct stat st;
	uint64_t now = clock_now() / NS_PER_SECOND;

	part_path(digest, "", path);
	fd = openat(store->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* whoever held it may have removed it meanwhile: another part of that name is another's */
	if (st.st_nlink == 0)
		return 0;
	/* a time in the future is no reason to keep it for ever */
	if (older_seconds && (uint64_t) st.st_mtime + older_seconds > now && (uint64_t) st.st_mtime <= now)
		return 0;
	remove_files(store, digest);
	if (freed)
		*freed += (uint64_t) st.st_blocks * 512;
	return 0;
}

int part_sweep(struct store *store, uint64_t older_seconds, uint64_t *freed, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(store->fd, PARTS, &names), result = 0;

	if (r < 0)
		return r == -ENOENT ? 0 : error_errno(err, -r, "list store/" PARTS);
	if (freed)
		*freed = 0;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *digest = xprintf(DIGEST_PREFIX "%.64s", names.items[i]), *path = NULL;

		if (!digest_is_valid(digest))
			continue;
		if (names.items[i][64] == '\0') {
			r = sweep_one(store, digest, older_seconds, freed);
		} else {
			/* a mark whose part is gone */
			path = xprintf(PARTS "/%.64s", names.items[i]);
			if (file_exists(store->fd, path))
				continue;
			free(TAKE_PTR(path));
			path = xprintf(PARTS "/%s", names.items[i]);
			r = unlinkat(store->fd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
		}
		if (r < 0 && result == 0)
			result = error_errno(err, -r, "remove store/" PARTS "/%s", names.items[i]);
	}
	return result;
}
