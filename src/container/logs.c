/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logs.c - a container's output from its log, as it came, and on until the container ends */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/text.h"
#include "coracle/container/container.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

#include "ending.h"
#include "logs_read.h"

#define OUTPUT_BYTES   (64 << 10)
#define OUTPUT_MOST    (OUTPUT_BYTES + LOG_BUFFER_BYTES + 4096)
#define COLOURS        6 /* 31 (red) to 36 (cyan), ECMA-48 SGR */
#define TIME_TEXT_SIZE 40
#define STREAMS        2
#define UNWATCHED_MS   200

struct output {
	const struct container_logs *request;
	char *prefix;         /* owned: name and details, before each line */
	struct text pending;  /* bytes for stream */
	int stream;           /* the descriptor that they are for */
	bool inside[STREAMS]; /* the last entry of the stream did not end its line */
};

static int output_flush(struct output *output, struct error *err)
{
	int r = write_all(output->stream, text_string(&output->pending), output->pending.length);

	text_clear(&output->pending);
	return r < 0 ? error_errno(err, -r, "write standard %s", output->stream == 1 ? "output" : "error") : 0;
}

/* Go's RFC3339Nano with all nine digits, as docker prints it, so that columns stay aligned */
static void add_time(struct text *out, uint64_t ns)
{
	time_t seconds = (time_t) (ns / NS_PER_SECOND);
	char text[TIME_TEXT_SIZE];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return;
	(void) text_printf(out, "%s.%09" PRIu64 "Z ", text, ns % NS_PER_SECOND);
}

static int output_add(struct output *output, const struct log_entry *entry, struct error *err)
{
	bool *inside = &output->inside[entry->stream - 1];
	int r = 0;

	/* the other stream's bytes go first: on one terminal the order is that of the log */
	if (output->pending.length >= OUTPUT_BYTES || entry->stream != output->stream)
		r = output_flush(output, err);
	output->stream = entry->stream;
	if (!*inside) {
		(void) text_add(&output->pending, output->prefix);
		if (output->request->timestamps)
			add_time(&output->pending, entry->time);
	}
	(void) text_add_bytes(&output->pending, entry->bytes, entry->length);
	if (entry->whole)
		(void) text_add_char(&output->pending, '\n');
	*inside = !entry->whole;
	return r;
}

static char *make_prefix(const struct container *container, const struct container_logs *request)
{
	AUTO_TEXT struct text out = TEXT_INIT(4096);
	const char *tag = container->record->log_tag;
	unsigned sum = 0;

	for (const char *c = container->id; *c; c++)
		sum += (unsigned char) *c;
	if (request->names && request->color)
		(void) text_printf(&out, "\033[%um%s\033[0m ", 31 + sum % COLOURS, container->name);
	else if (request->names)
		(void) text_printf(&out, "%s ", container->name);
	if (request->details && tag && *tag)
		(void) text_printf(&out, "tag=%s ", tag);
	return text_take(&out);
}

struct wanted {
	struct log_range range;
	bool all;
	uint64_t tail;
};

static int parse_point(const char *option, const char *text, uint64_t *out, struct error *err)
{
	if (!text || !*text)
		return 0;
	if (clock_parse_point(text, clock_now(), out) < 0)
		return error_set(err, ERROR_INVALID,
		                 "option --%s: \"%.200s\" is no time such as 2026-01-31T12:00:00Z, 1700000000 or 10m",
		                 option, text);
	/* 0 is "no bound" */
	*out = MAX(*out, UINT64_C(1));
	return 0;
}

static int parse_wanted(const struct container_logs *request, struct wanted *out, struct error *err)
{
	const char *tail = request->tail;
	int r = parse_point("since", request->since, &out->range.since, err);

	if (r >= 0)
		r = parse_point("until", request->until, &out->range.until, err);
	if (r < 0)
		return r;
	out->all = !tail || !*tail || strcmp(tail, "all") == 0 || strcmp(tail, "-1") == 0;
	if (!out->all && number_parse_uint(tail, 0, UINT64_MAX, &out->tail) < 0)
		return error_set(err, ERROR_INVALID, "option --tail: \"%.200s\" is not a number of lines or all", tail);
	return 0;
}

/* What has been written so far; 1: the log goes on beyond --until. */
static int copy(struct log_reader *reader, const struct wanted *wanted, struct output *output,
                struct error *err)
{
	struct log_entry entry;
	int r, flushed;
	bool past = false;

	while ((r = log_reader_next(reader, &entry)) > 0) {
		past = wanted->range.until && entry.time > wanted->range.until;
		if (past)
			break;
		if (!log_range_has(&wanted->range, &entry))
			continue;
		r = output_add(output, &entry, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return error_errno(err, -r, "log file %s", reader->name);
	flushed = output_flush(output, err);
	return flushed < 0 ? flushed : past;
}

/* A line of the log is one inotify event; the directory's also tell of rotation. */
static int watch_open(int dir_fd, const char *name)
{
	char path[64];
	AUTO_FREE char *parent = NULL;
	AUTO_CLOSE int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	const char *slash = strrchr(name, '/');

	if (fd < 0)
		return -errno;
	(void) snprintf(path, sizeof path, "/proc/self/fd/%d", dir_fd);
	if (slash)
		parent = *name == '/' ? xstrndup(name, (size_t) (slash - name) + 1)
		                      : xprintf("%s/%.*s", path, (int) (slash - name), name);
	if (inotify_add_watch(fd, parent ? parent : path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void watch_drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof events) > 0)
		continue;
}

/* Milliseconds; without a watch (the user has used up his) the files are looked at now and then. */
static int follow_timeout(const struct wanted *wanted, int watch_fd)
{
	uint64_t now = clock_now(), until = wanted->range.until;
	uint64_t most = watch_fd < 0 ? UNWATCHED_MS : 3600000;

	if (!until && watch_fd >= 0)
		return -1;
	if (!until)
		return UNWATCHED_MS;
	return until <= now ? 0 : (int) MIN((until - now) / 1000000 + 1, most);
}

/*
 * Whether the container has ended is asked before the log is read: what the log holds then is all. The
 * watch is older than the first reading, so that nothing is slept through.
 */
static int follow(struct log_reader *reader, int watch_fd, int ending_fd, const struct wanted *wanted,
                  struct output *output, struct error *err)
{
	struct pollfd fds[] = {{.fd = watch_fd, .events = POLLIN}, {.fd = ending_fd, .events = POLLIN}};

	for (;;) {
		int timeout = follow_timeout(wanted, watch_fd);
		int r;

		if (poll(fds, ARRAY_LEN(fds), timeout) < 0 && errno != EINTR)
			return error_errno(err, errno, "poll");
		if (fds[0].revents)
			watch_drain(watch_fd);
		r = copy(reader, wanted, output, err);
		if (r != 0)
			return MIN(r, 0);
		/* a frame or the end of the connection; or --until has passed */
		if (fds[1].revents || timeout == 0)
			return 0;
	}
}

static int print_log(struct engine *engine, const struct container *container, int dir_fd, const char *name,
                     enum log_format format, const struct wanted *wanted, struct output *output,
                     struct error *err)
{
	AUTO_LOG_READER struct log_reader reader = LOG_READER_INIT;
	AUTO_CLOSE int ending_fd = -1;
	AUTO_CLOSE int watch_fd = -1;
	struct error ignored = {0};
	int r;

	if (output->request->follow) {
		ending_fd = ending_open(&engine->paths, container->id, &ignored);
		/* one that has ended is not followed */
		if (ending_fd < 0 && ending_fd != -ESRCH)
			return *err = ignored, ending_fd;
		if (ending_fd >= 0)
			watch_fd = watch_open(dir_fd, name);
	}
	r = log_reader_open(&reader, dir_fd, name, format, err);
	if (r < 0)
		return r;
	if (!wanted->all)
		log_reader_tail(&reader, wanted->tail, &wanted->range);
	r = copy(&reader, wanted, output, err);
	if (r == 0 && ending_fd >= 0)
		r = follow(&reader, watch_fd, ending_fd, wanted, output, err);
	return r < 0 ? r : (int) MIN(reader.damaged, (size_t) INT32_MAX);
}

static int log_of(const struct container *container, const char **name, enum log_format *format,
                  struct error *err)
{
	const struct record *record = container->record;
	const char *driver = record->log_driver ? record->log_driver : "";

	if (strcmp(driver, "json-file") == 0)
		*format = LOG_JSON;
	else if (strcmp(driver, "k8s-file") == 0)
		*format = LOG_K8S;
	else
		return error_set(err, ERROR_UNSUPPORTED,
		                 "container %s has the log driver %s, which keeps no output", container->name, driver);
	*name = record->log_path && *record->log_path ? record->log_path
	        : *format == LOG_JSON                 ? "log.json"
	                                              : "log";
	return 0;
}

int container_logs(struct engine *engine, const char *name, const struct container_logs *request,
                   struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	struct output output = {.request = request, .stream = 1, .pending = TEXT_INIT(OUTPUT_MOST)};
	struct wanted wanted = {0};
	enum log_format format = LOG_JSON;
	const char *file = NULL;
	AUTO_CLOSE int dir_fd = -1;
	int r = state_find(&engine->paths, name, STATE_FULL, &container, err);

	if (r < 0)
		return r;
	if (!container.record)
		return error_set(err, ERROR_SYSTEM, "container %.12s is damaged: %s; remove it with: coracle rm -f %.12s",
		                 container.id, container.damage ? container.damage : "unknown", container.id);
	r = parse_wanted(request, &wanted, err);
	if (r >= 0)
		r = log_of(&container, &file, &format, err);
	if (r < 0)
		return r;
	AUTO_FREE char *directory = xprintf("containers/%s", container.id);

	dir_fd = directory_open(engine->paths.data_fd, directory);
	if (dir_fd < 0)
		return error_errno(err, -dir_fd, "%s/%s", engine->paths.data, directory);
	output.prefix = make_prefix(&container, request);
	r = print_log(engine, &container, dir_fd, file, format, &wanted, &output, err);
	text_done(&output.pending);
	free(output.prefix);
	return r;
}
