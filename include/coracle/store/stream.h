/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - layers from a stream of bytes that is still arriving, and back to the very tar they came from
 *
 * layer_unpack_stream runs its stages at the same time: read and hash the compressed bytes, inflate, hash
 * the tar, unpack. The first three are threads of the calling process, the fourth is the caller; all
 * are joined before it returns, in success and failure. Call it from a process that has no other
 * threads and that will not clone a container while it runs: a forked worker, or a command.
 *
 * Why threads: a pipe between forked stages hands on 2.7 GB/s where SHA-256 makes 1.4 GB/s and ISA-L inflates
 * 0.44 GB/s a core (tests/bench/inflate.c, two cores), and the tar would pass through two of them, to its hash and to
 * its entries: a fifth of both cores for copying. A ring of blocks in memory copies nothing.
 * ISA-L (libisal2, loaded when it is there) inflates twice as fast as zlib; libdeflate is faster still, but
 * wants the whole output at once. Memory: about 3 MiB a stream, plus the libraries.
 */
#ifndef CORACLE_STORE_STREAM_H
#define CORACLE_STORE_STREAM_H

#include "coracle/base/digest.h"
#include "coracle/store/store.h"

struct layer_stream {
	int fd; /* pipe, socket or file, read from its position; stays the caller's */
	/*
	 * fd is a file to which somebody appends (a part, see part.h): this one becomes readable when there
	 * is more (what can be read from it is read and thrown away) and ends (end of file) when nobody
	 * appends any longer. A pipe whose writing end the downloader alone holds. -1 with grows: the file
	 * is looked at 50 times a second, until nobody holds its lock (flock(2)) any longer. A forked worker
	 * closes what it inherited of both, the writing end and part.fd, or it waits for itself.
	 */
	int more_fd;
	bool grows;
	uint64_t ahead;      /* bytes that are read at the most while it grows; 0: all that come */
	uint64_t length;     /* bytes that must come (with more of them in fd, they stay there); UINT64_MAX: to the end */
	bool exact;          /* fewer bytes than length are an error, -EBADMSG; else length is only a limit */
	const char *digest;  /* of these bytes, compressed as they are; NULL: any */
	const char *parent;  /* chain id below; NULL: none */
	const char *diff_id; /* of the uncompressed tar; NULL: any */
	/* called by the calling thread about four times a MiB; NULL: not wanted */
	void (*progress)(void *context, uint64_t compressed, uint64_t unpacked);
	void *context;
};
#define LAYER_STREAM_INIT {.fd = -1, .more_fd = -1, .length = UINT64_MAX}

/*
 * layer_unpack_stream - [userns] as layer_unpack, from bytes that are still arriving
 *
 * The layer becomes visible, by one rename, only when length and digest of what came and the diff id of
 * what it holds are right. Nothing else is written to disk. Returns 0 or a negative errno:
 *   -EBADMSG  what came is not what digest and length say: throw the part away and fetch again; this is
 *             found out (the rest is read) before any complaint about a damaged archive
 *   -EPIPE    the file stopped growing before it was complete: a later call may go on
 *   -EINVAL   the bytes are as promised, but they are no good layer: fetching again won't help
 *   others    of system calls, such as -ENOSPC
 */
int layer_unpack_stream(struct store *store, const struct layer_stream *stream, struct layer_info *out,
                        struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

/* layer_write - takes the next bytes of a tar; 0 or a negative errno, with err filled, which ends the export */
typedef int layer_write(void *context, const void *bytes, size_t length, struct error *err);

enum layer_exported {
	LAYER_EXPORTED_SAME, /* bit for bit what was unpacked: its digest was found to be the diff id */
	LAYER_EXPORTED_ANEW, /* a tar made from the files: it has a digest of its own, see diff_id */
};
/*
 * layer_can_export_same - the layer's recording (tar.split, src/store/tar_split.h) is there
 *
 * Says what layer_export is going to try, without reading the layer.
 */
bool layer_can_export_same(struct store *store, const char *chain_id) NONNULL(1, 2);
/*
 * layer_export - [userns] the uncompressed tar of a layer
 *
 * write    called for each block
 * diff_id  out: digest of what was written
 * Returns enum layer_exported, or a negative errno. -EBADMSG: files of the layer were changed, so
 * that its digest is not the diff id any more; what was written is worthless (err names the file
 * when it can be told). Layers without a recording (unpacked by an older version, or with more
 * replaced entries than recording allows) give LAYER_EXPORTED_ANEW: names sorted bytewise, pax headers where
 * ustar has no room, hard links, whiteouts as ".wh." entries; the same layer always gives the same bytes.
 */
int layer_export(struct store *store, const char *chain_id, layer_write *write, void *context,
                 char diff_id[static DIGEST_TEXT_SIZE], struct error *err) NONNULL(1, 2, 3, 5, 6) MUST_USE;
/* layer_export_fd - the same into a descriptor */
int layer_export_fd(struct store *store, const char *chain_id, int fd, char diff_id[static DIGEST_TEXT_SIZE],
                    struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;

#endif
