/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.c - the container's output on disk: json-file (docker's) or k8s-file (CRI's), rotated
 *
 * A line is one entry; a line longer than LINE_MAX_BYTES is cut into partial entries, as docker and
 * CRI do. A full disk loses log lines, never the container: the first failure is remembered.
 */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES 16384

int log_file_open(struct log *log, int dir_fd, const struct record *record, struct error *err)
{
	struct stat st;

	*log = (struct log){.fd = -1, .dir_fd = dir_fd};
	if (strcmp(record->log_driver, "json-file") != 0 && strcmp(record->log_driver, "k8s-file") != 0)
		return 0;
	log->json = strcmp(record->log_driver, "json-file") == 0;
	log->name = xstrdup(record->log_path && *record->log_path ? record->log_path
	                    : log->json                           ? "log.json"
	                                                          : "log");
	log->tag = record->log_tag && *record->log_tag ? record->log_tag : NULL;
	log->max_size = record->log_max_size;
	log->max_files = (unsigned) record->log_max_files;
	log->fd = openat(dir_fd, log->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log->fd < 0)
		return error_errno(err, errno, "log file %s", log->name);
	if (fstat(log->fd, &st) == 0)
		log->size = (uint64_t) st.st_size;
	log->partial[0].data = xcalloc(1, LINE_MAX_BYTES);
	log->partial[1].data = xcalloc(1, LINE_MAX_BYTES);
	return 0;
}

/* log.json becomes log.json.1, that .2, and so on; the oldest goes */
static void rotate(struct log *log)
{
	for (unsigned i = log->max_files; i-- > 0;) {
		AUTO_FREE char *from = i ? xprintf("%s.%u", log->name, i) : xstrdup(log->name);
		AUTO_FREE char *to = xprintf("%s.%u", log->name, i + 1);

		if (i + 1 >= log->max_files)
			(void) unlinkat(log->dir_fd, from, 0);
		else
			(void) renameat(log->dir_fd, from, log->dir_fd, to);
	}
	(void) close(log->fd);
	log->fd = openat(log->dir_fd, log->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	log->size = 0;
}

static void add_escaped(struct text *out, const char *bytes, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	size_t plain = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char) bytes[i];

		if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f)
			continue;
		(void) text_add_bytes(out, bytes + plain, i - plain);
		plain = i + 1;
		if (c == '"' || c == '\\') {
			(void) text_add_char(out, '\\');
			(void) text_add_char(out, (char) c);
		} else if (c == '\n') {
			(void) text_add(out, "\\n");
		} else if (c == '\r') {
			(void) text_add(out, "\\r");
		} else if (c == '\t') {
			(void) text_add(out, "\\t");
		} else {
			(void) text_add(out, "\\u00");
			(void) text_add_char(out, hex[c >> 4]);
			(void) text_add_char(out, hex[c & 15]);
		}
	}
	(void) text_add_bytes(out, bytes + plain, length - plain);
}

static void add_entry(struct log *log, struct text *out, int stream, const char *line, size_t length,
                      bool whole, const char *now)
{
	const char *name = stream ? "stderr" : "stdout";

	if (log->json) {
		(void) text_add(out, "{\"log\":\"");
		add_escaped(out, line, length);
		(void) text_add(out, whole ? "\\n\",\"stream\":\"" : "\",\"stream\":\"");
		(void) text_add(out, name);
		(void) text_add(out, "\",\"time\":\"");
		(void) text_add(out, now);
		if (log->tag) {
			(void) text_add(out, "\",\"attrs\":{\"tag\":\"");
			add_escaped(out, log->tag, strlen(log->tag));
			(void) text_add(out, "\"}}\n");
			return;
		}
		(void) text_add(out, "\"}\n");
		return;
	}
	(void) text_add(out, now);
	(void) text_add_char(out, ' ');
	(void) text_add(out, name);
	(void) text_add(out, whole ? " F " : " P ");
	(void) text_add_bytes(out, line, length);
	(void) text_add_char(out, '\n');
}

static void put(struct log *log, struct text *out)
{
	int r;

	if (out->length == 0)
		return;
	if (log->max_size && log->size && log->size + out->length > log->max_size)
		rotate(log);
	r = log->fd < 0 ? -EBADF : write_all(log->fd, out->data, out->length);
	if (r < 0 && !log->failed) {
		log->failed = true;
		log_warning("log %s: %s: lines are lost", log->name, strerror(-r));
	} else if (r >= 0) {
		log->failed = false;
		log->size += out->length;
	}
	text_clear(out);
}

void log_file_write(struct log *log, int stream, const char *bytes, size_t length)
{
	AUTO_TEXT struct text out = TEXT_INIT(16 << 20);
	char now[CLOCK_TEXT_SIZE];

	if (log->fd < 0 && !log->name)
		return;
	(void) clock_rfc3339(clock_now(), now);
	while (length) {
		const char *newline = memchr(bytes, '\n', length);
		size_t n = newline ? (size_t) (newline - bytes) : length;
		size_t *kept = &log->partial[stream].length;
		char *line = log->partial[stream].data;

		if (newline && *kept == 0 && n <= LINE_MAX_BYTES) {
			add_entry(log, &out, stream, bytes, n, true, now);
		} else {
			size_t room = LINE_MAX_BYTES - *kept;

			if (n > room) {
				n = room;
				newline = NULL;
			}
			(void) memcpy(line + *kept, bytes, n);
			*kept += n;
			if (newline || *kept == LINE_MAX_BYTES) {
				add_entry(log, &out, stream, line, *kept, newline != NULL, now);
				*kept = 0;
			}
		}
		n += newline != NULL;
		bytes += n;
		length -= n;
		/* entries are never split over two files */
		if (log->max_size && log->size + out.length > log->max_size)
			put(log, &out);
	}
	put(log, &out);
}

void log_file_close(struct log *log)
{
	char now[CLOCK_TEXT_SIZE];

	if (!log->name)
		return;
	(void) clock_rfc3339(clock_now(), now);
	for (int stream = 0; stream < 2; stream++) {
		AUTO_TEXT struct text out = TEXT_INIT(1 << 20);

		if (log->partial[stream].length) {
			add_entry(log, &out, stream, log->partial[stream].data,
			          log->partial[stream].length, false, now);
			log->partial[stream].length = 0;
			put(log, &out);
		}
		free(log->partial[stream].data);
		log->partial[stream].data = NULL;
	}
	if (log->fd >= 0)
		(void) close(log->fd);
	free(log->name);
	*log = (struct log){.fd = -1};
}
