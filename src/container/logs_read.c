/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logs_read.c - the entries of a container's log in their order; see logs_read.h */
#include "logs_read.h"

#include "coracle/base/alloc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 1000 /* NAME.999 is the oldest that is looked for */
#define SCANS_MAX 100

static struct log_file open_file(const struct log_reader *reader, unsigned number)
{
	AUTO_FREE char *path = number ? xprintf("%s.%u", reader->name, number) : xstrdup(reader->name);
	struct log_file file = {.fd = -1};
	struct stat st;

	/* O_NONBLOCK: what stands there may be no file of ours (log-opt path=) */
	file.fd = openat(reader->dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (file.fd < 0)
		return file;
	if (fstat(file.fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void) close(file.fd);
		file.fd = -1;
		errno = EINVAL;
		return file;
	}
	file.device = st.st_dev;
	file.inode = st.st_ino;
	return file;
}

static bool is_same(const struct log_file *a, const struct log_file *b)
{
	return a->inode == b->inode && a->device == b->device;
}

static void files_add(struct log_reader *reader, struct log_file file)
{
	reader->files = xrealloc(reader->files, reader->count + 1, sizeof *reader->files);
	reader->files[reader->count++] = file;
}

static void files_forget(struct log_reader *reader)
{
	for (size_t i = 0; i < reader->count; i++)
		(void) close(reader->files[i].fd);
	free(reader->files);
	reader->files = NULL;
	reader->count = 0;
}

/*
 * Newest first, until the file that is being read or there are no more. A rotation moves the oldest
 * first (monitor/log.c), so that the scan may meet one file twice and one gap, and leaves none out.
 */
static int scan(struct log_reader *reader)
{
	unsigned gaps = 0;

	for (unsigned i = 0; i < FILES_MAX && gaps < 2; i++) {
		struct log_file file = open_file(reader, i);

		/* more files than may be open: the oldest are left out */
		if (file.fd < 0 && errno == EMFILE && i > 0)
			break;
		if (file.fd < 0 && errno != ENOENT)
			return -errno;
		gaps = file.fd < 0 ? gaps + 1 : 0;
		if (file.fd < 0)
			continue;
		if (reader->current.fd >= 0 && is_same(&file, &reader->current)) {
			(void) close(file.fd);
			break;
		}
		if (reader->count && is_same(&file, &reader->files[reader->count - 1]))
			(void) close(file.fd);
		else
			files_add(reader, file);
	}
	return 0;
}

/* The newest file is still the one that the scan began with: at most one rotation has begun since. */
static bool is_steady(const struct log_reader *reader)
{
	const struct log_file *first = reader->count ? &reader->files[0] : &reader->current;
	struct stat st;

	return first->fd >= 0 && fstatat(reader->dir_fd, reader->name, &st, AT_SYMLINK_NOFOLLOW) == 0
	       && st.st_ino == first->inode && st.st_dev == first->device;
}

static int open_later(struct log_reader *reader)
{
	int r = scan(reader);

	for (int i = 0; r >= 0 && i < SCANS_MAX && !is_steady(reader); i++) {
		files_forget(reader);
		r = scan(reader);
	}
	return r;
}

static bool advance(struct log_reader *reader)
{
	if (reader->count == 0)
		return false;
	if (reader->current.fd >= 0)
		(void) close(reader->current.fd);
	reader->current = reader->files[--reader->count];
	/* a file that ends within a line was cut: a crash, a full disk */
	if (reader->end > reader->at || reader->overlong)
		reader->damaged++;
	reader->at = reader->end = 0;
	reader->overlong = false;
	return true;
}

int log_reader_open(struct log_reader *reader, int dir_fd, const char *name, enum log_format format,
                    struct error *err)
{
	int r;

	*reader = (struct log_reader){.dir_fd = dir_fd, .name = name, .format = format, .current.fd = -1};
	r = open_later(reader);
	if (r < 0) {
		log_reader_close(reader);
		return error_errno(err, -r, "log file %s", name);
	}
	reader->buffer = xcalloc(1, LOG_BUFFER_BYTES);
	(void) advance(reader);
	return 0;
}

void log_reader_close(struct log_reader *reader)
{
	files_forget(reader);
	free(reader->buffer);
	if (reader->current.fd >= 0)
		(void) close(reader->current.fd);
	*reader = (struct log_reader) LOG_READER_INIT;
}

bool log_range_has(const struct log_range *range, const struct log_entry *entry)
{
	return (!range->since || entry->time >= range->since) && (!range->until || entry->time <= range->until);
}

/* --- forward --- */

/* 1 a line stands at buffer[at]; 0 none is complete */
static int find_line(struct log_reader *reader, size_t *length)
{
	char *newline = memchr(reader->buffer + reader->at, '\n', reader->end - reader->at);

	if (!newline)
		return 0;
	*length = (size_t) (newline - (reader->buffer + reader->at));
	return 1;
}

/* More of the current file: > 0 bytes came, 0 its end as of now. */
static int fill(struct log_reader *reader)
{
	ssize_t n;

	if (reader->current.fd < 0)
		return 0;
	if (reader->at) {
		(void) memmove(reader->buffer, reader->buffer + reader->at, reader->end - reader->at);
		reader->end -= reader->at;
		reader->at = 0;
	}
	if (reader->end == LOG_BUFFER_BYTES) {
		/* no line of ours is that long: its rest is passed over too */
		reader->overlong = true;
		reader->end = 0;
	}
	do {
		n = read(reader->current.fd, reader->buffer + reader->end, LOG_BUFFER_BYTES - reader->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reader->end += (size_t) n;
	return (int) n;
}

/* The current file has been read to its end: is another one written to now? */
static int next_file(struct log_reader *reader, bool *drained)
{
	int r;

	if (reader->count == 0) {
		r = open_later(reader);
		/* what was written between our last look and the rotation comes first */
		if (r >= 0 && reader->count && reader->current.fd >= 0) {
			*drained = false;
			return 1;
		}
		if (r < 0)
			return r;
	}
	*drained = false;
	return advance(reader);
}

int log_reader_next(struct log_reader *reader, struct log_entry *out)
{
	bool drained = false;

	for (;;) {
		size_t length;
		char *line;
		int r;

		if (!find_line(reader, &length)) {
			r = fill(reader);
			if (r < 0)
				return r;
			if (r > 0)
				continue;
			/* files behind this one are known: it was rotated away and its end is final */
			if (reader->count && reader->current.fd >= 0 && !drained) {
				drained = true;
				continue;
			}
			r = next_file(reader, &drained);
			if (r <= 0)
				return r;
			continue;
		}
		line = reader->buffer + reader->at;
		reader->at += length + 1;
		if (!reader->overlong && log_line_parse(reader->format, line, length, out) >= 0)
			return 1;
		reader->overlong = false;
		reader->damaged++;
	}
}

bool log_reader_rest(const struct log_reader *reader)
{
	return reader->end > reader->at || reader->overlong;
}

/* --- backward --- */

struct back {
	int fd;
	off_t before; /* bytes of the file that are not in the buffer yet */
	char *buffer;
	size_t at, end;
};

static bool back_fill(struct back *back)
{
	size_t room;
	ssize_t n;

	if (back->before == 0)
		return false;
	if (back->at == 0) {
		size_t length = back->end;

		/* a line that does not fit is damaged; its end is dropped */
		if (length == LOG_BUFFER_BYTES)
			length = 0;
		(void) memmove(back->buffer + LOG_BUFFER_BYTES - length, back->buffer, length);
		back->at = LOG_BUFFER_BYTES - length;
		back->end = LOG_BUFFER_BYTES;
	}
	room = MIN(MIN(back->at, (size_t) 65536), (size_t) back->before);
	n = pread(back->fd, back->buffer + back->at - room, room, back->before - (off_t) room);
	if (n != (ssize_t) room)
		return false;
	back->at -= room;
	back->before -= (off_t) room;
	return true;
}

/* The line before; *offset is where it begins in the file. The buffer ends behind its newline. */
static bool back_line(struct back *back, char **line, size_t *length, off_t *offset)
{
	for (;;) {
		char *newline = back->end - back->at > 1
		                        ? memrchr(back->buffer + back->at, '\n', back->end - back->at - 1)
		                        : NULL;
		size_t begin = newline ? (size_t) (newline - back->buffer) + 1 : back->at;

		if (!newline && back_fill(back))
			continue;
		if (begin >= back->end)
			return false;
		*line = back->buffer + begin;
		*length = back->end - begin - 1;
		*offset = back->before + (off_t) (begin - back->at);
		back->end = begin;
		return true;
	}
}

static bool back_open(struct back *back, int fd)
{
	struct stat st;
	char *newline = NULL;

	if (fstat(fd, &st) < 0)
		return false;
	back->fd = fd;
	back->before = st.st_size;
	back->at = back->end = LOG_BUFFER_BYTES;
	/* the last line may be in the making */
	while (!newline && back_fill(back))
		newline = memrchr(back->buffer + back->at, '\n', back->end - back->at);
	if (newline)
		back->end = (size_t) (newline - back->buffer) + 1;
	return newline != NULL;
}

struct count {
	uint64_t wanted, seen;
	bool open[3]; /* by stream: a later entry is there, which a partial one belongs to */
};

/* Whether the entry, met from the end, still belongs to the wanted lines. */
static bool count_entry(struct count *count, const struct log_entry *entry)
{
	bool begins = entry->whole || !count->open[entry->stream];

	if (begins && count->seen == count->wanted)
		return false;
	count->seen += begins;
	count->open[entry->stream] = true;
	return true;
}

/* Returns true when the wanted lines begin in this file, at *start. */
static bool tail_file(const struct log_reader *reader, int fd, char *buffer, const struct log_range *range,
                      struct count *count, off_t *start)
{
	struct back back = {.buffer = buffer};
	struct log_entry entry;
	size_t length;
	off_t offset;
	char *line;

	*start = 0;
	if (!back_open(&back, fd))
		return false;
	while (back_line(&back, &line, &length, &offset)) {
		off_t behind = offset + (off_t) length + 1;

		if (log_line_parse(reader->format, line, length, &entry) < 0)
			continue;
		if (range->until && entry.time > range->until)
			continue;
		if ((range->since && entry.time < range->since) || !count_entry(count, &entry)) {
			*start = behind;
			return true;
		}
	}
	return false;
}

void log_reader_tail(struct log_reader *reader, uint64_t lines, const struct log_range *range)
{
	AUTO_FREE char *buffer = xcalloc(1, LOG_BUFFER_BYTES);
	struct count count = {.wanted = lines};
	off_t start = 0;

	/* files[0] is the newest; the current one comes before all of them */
	for (size_t i = 0; i <= reader->count; i++) {
		int fd = i < reader->count ? reader->files[i].fd : reader->current.fd;

		if (fd < 0 || !tail_file(reader, fd, buffer, range, &count, &start))
			continue;
		while (reader->count > i)
			(void) advance(reader);
		/* a regular file: can't fail */
		(void) lseek(fd, start, SEEK_SET);
		return;
	}
}
