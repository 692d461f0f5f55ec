/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_line.h - one line of a container's log file; pure, fuzzed */
#ifndef CORACLE_CONTAINER_LOG_LINE_H
#define CORACLE_CONTAINER_LOG_LINE_H

#include "coracle/base/base.h"

enum log_format {
	LOG_JSON, /* json-file: {"log":"text\n","stream":"stdout","time":"..."} */
	LOG_K8S,  /* k8s-file, CRI: TIME STREAM F|P TEXT */
};

struct log_entry {
	uint64_t time;     /* nanoseconds since 1970 */
	int stream;        /* 1: standard output, 2: standard error */
	bool whole;        /* the text ends a line; false: the next entry of this stream goes on with it */
	const char *bytes; /* borrowed from the line; without the newline; may be any bytes */
	size_t length;
};

/*
 * log_line_parse - what one line says
 *
 * line    length bytes without the newline; overwritten: escapes are resolved in place
 * Returns 0, or -EINVAL for a damaged line.
 */
int log_line_parse(enum log_format format, char *line, size_t length, struct log_entry *out)
	NONNULL(2, 4) MUST_USE;

#endif
