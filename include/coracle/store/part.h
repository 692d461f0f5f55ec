/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * part.h - downloads of blobs that may be interrupted: store/parts/HEX, kept over a reboot
 *
 * Whoever downloads a blob holds the lock (flock(2)) of its part; another process waits or follows.
 * The kernel lets go when the holder and the children that inherited the descriptor are gone.
 *
 * What can be trusted of a part that is found: all of it while the machine has not been restarted
 * since (a killed process tears no write), else as far as it was known to be on disk. HEX.mark holds
 * both facts: the boot id and that length. Whoever reads the part hashes it from its first byte
 * (layer_unpack_stream, or part_check), so a damaged part is found out at the end and dropped.
 *
 * So that a large layer does not lie on disk twice, compressed and unpacked, its reader stays at most PART_AHEAD
 * bytes ahead while the download runs (what came is wanted again should it be killed), and gives back what it has
 * worked up afterwards: holes at the beginning of the file (fallocate(2)). Killed there, it leaves a part with a gap:
 * the next one fetches the gap only. lseek(2) (SEEK_HOLE) finds it, nothing has to be written down beforehand.
 */
#ifndef CORACLE_STORE_PART_H
#define CORACLE_STORE_PART_H

#include "coracle/base/digest.h"
#include "coracle/store/store.h"
#include "coracle/sys/lock.h"

#define PART_UNIT  (4 << 20)            /* of what is given back: no file system's blocks are larger */
#define PART_AHEAD (64 * (1 << 20) - 2 * PART_UNIT) /* with a unit that is not given back yet: 64 MiB */

struct part {
	struct store *store; /* borrowed */
	int fd;              /* O_RDWR, locked; -1: not open. Write to it through part_write and part_fill */
	uint64_t size;       /* bytes that the blob has */
	uint64_t offset;     /* up to here bytes are there, but for the gap: ask the registry for the rest from here */
	uint64_t gap, gap_end; /* first byte that is missing before offset, and the first after it that is not; 0, 0: none */
	uint64_t marked;     /* bytes known to be on disk */
	uint64_t filled;     /* bytes of a gap that are not known to be on disk */
	char digest[DIGEST_TEXT_SIZE];
};
#define PART_INIT {.fd = -1}

/*
 * part_open - become the one that downloads this blob
 *
 * wait  LOCK_WAIT: until whoever downloads it has ended; then look again whether the blob is still
 *       wanted (layer_exists) before anything is fetched. LOCK_TRY: -EWOULDBLOCK at once, without words
 * out   zeroed or PART_INIT; release with part_complete, part_abandon or part_close
 * A part that is longer than size, or was not on disk when the machine stopped, is shortened.
 */
int part_open(struct store *store, const char *digest, uint64_t size, enum lock_wait wait, struct part *out,
              struct error *err) NONNULL(1, 2, 5, 6) MUST_USE;
/* part_write - append; more than size bytes in all are refused (-EBADMSG) */
int part_write(struct part *part, const void *bytes, size_t length, struct error *err) NONNULL(1, 4) MUST_USE;
/* part_fill - the next bytes of the gap; both ends are 0 afterwards when it is closed */
int part_fill(struct part *part, const void *bytes, size_t length, struct error *err) NONNULL(1, 4) MUST_USE;
/* part_read - a descriptor of its own at byte 0 for whoever reads it (and gives back); the caller closes it */
int part_read(const struct part *part, struct error *err) NONNULL(1, 2) MUST_USE;
/*
 * part_give_back - by the reader of a part that is complete: the disk space of what lies before "end"
 *
 * fd     of part_read
 * given  in and out, 0 at first: how far it went. Whole units only; where the file system can't, nothing happens
 */
void part_give_back(int fd, uint64_t *given, uint64_t end) NONNULL(2);
/* part_check - read it all: -EBADMSG unless length and digest are right */
int part_check(const struct part *part, struct error *err) NONNULL(1, 2) MUST_USE;
/* part_complete - its content lives on elsewhere: remove it and let go */
void part_complete(struct part *part) NONNULL(1);

enum part_keep { PART_KEEP, PART_DROP };
/* part_abandon - let go; PART_KEEP: put on disk first, for the next one to go on; PART_DROP: content was wrong */
void part_abandon(struct part *part, enum part_keep keep) NONNULL(1);
/* part_close - only let go, as a crash would; fine on a part that is not open */
void part_close(struct part *part) NONNULL(1);
#define AUTO_PART AUTO(part_close)

/*
 * part_follow - read what another process is downloading; at byte 0, O_RDONLY; the caller closes it
 *
 * For layer_stream.fd with .grows and no more_fd. -ENOENT: there is no such part; -ESTALE: nobody holds it.
 */
int part_follow(struct store *store, const char *digest) NONNULL(1, 2) MUST_USE;
/* part_progress - bytes of a part that are there now (somebody else's, to be shown); -ENOENT: none */
int64_t part_progress(struct store *store, const char *digest) NONNULL(1, 2) MUST_USE;
/*
 * part_sweep - remove parts that nobody holds and that are older than this many seconds (0: all)
 *
 * freed  out, may be NULL: bytes that were on disk. Needs no free space. 0 or the first negative errno.
 */
int part_sweep(struct store *store, uint64_t older_seconds, uint64_t *freed, struct error *err)
	NONNULL(1, 4) MUST_USE;

#endif
