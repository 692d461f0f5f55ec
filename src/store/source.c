/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.c - bytes of a layer as they arrive; see source.h */
#include "source.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOOK_MILLISECONDS 20 /* where nobody tells that the file has grown */

int source_open(struct source *source, const struct layer_stream *stream, struct error *err)
{
	*source = (struct source){.stream = stream, .left = stream->length};
	source->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return source->cancel_fd < 0 ? error_errno(err, errno, "eventfd") : 0;
}

void source_close(struct source *source)
{
	auto_close(&source->cancel_fd);
	source->cancel_fd = -1;
}

void source_cancel(struct source *source)
{
	uint64_t one = 1;

	/* it can't be full: it is written once */
	(void) !write(source->cancel_fd, &one, sizeof one);
}

/* wait_for - fd (or -1: only the time) is readable; 0, or -ECANCELED */
static int wait_for(struct source *source, int fd, int milliseconds)
{
	struct pollfd polls[] = {{.fd = source->cancel_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	int r;

	do {
		r = poll(polls, ARRAY_LEN(polls), milliseconds);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return polls[0].revents ? -ECANCELED : 0;
}

/* wait_more - after the end of the file was read: 0 when it is worth another look */
static int wait_more(struct source *source)
{
	char ignored[4096];
	ssize_t n;
	int r;

	if (source->stream->more_fd < 0) {
		/* the lock goes with whoever appends; what it wrote until then is there to be read */
		if (flock(source->stream->fd, LOCK_SH | LOCK_NB) == 0) {
			(void) flock(source->stream->fd, LOCK_UN);
			source->more_ended = true;
			return 0;
		}
		return wait_for(source, -1, LOOK_MILLISECONDS);
	}
	r = wait_for(source, source->stream->more_fd, -1);
	if (r < 0)
		return r;
	n = read(source->stream->more_fd, ignored, sizeof ignored);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return -errno;
	source->more_ended = n == 0;
	return 0;
}

/* room_ahead - bytes that may be read before the file is complete */
static uint64_t room_ahead(const struct source *source)
{
	const struct layer_stream *stream = source->stream;
	uint64_t had = stream->length - source->left;

	if (!stream->grows || !stream->ahead || source->more_ended)
		return UINT64_MAX;
	return had < stream->ahead ? stream->ahead - had : 0;
}

ssize_t source_read(struct source *source, void *into, size_t size)
{
	uint64_t most = MIN(source->left, (uint64_t) size);

	while (most) {
		size_t want = (size_t) MIN(most, room_ahead(source));
		ssize_t n;
		int r;

		if (!want) {
			r = wait_more(source);
			if (r < 0)
				return r;
			continue;
		}
		/* poll(2) finds a regular file always readable */
		r = wait_for(source, source->stream->fd, -1);
		if (r < 0)
			return r;
		n = read(source->stream->fd, into, want);
		if (n > 0) {
			source->left -= (uint64_t) n;
			return n;
		}
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n < 0)
			continue;
		if (!source->stream->grows)
			return 0;
		if (source->more_ended)
			return -EPIPE;
		r = wait_more(source);
		if (r < 0)
			return r;
	}
	return 0;
}
