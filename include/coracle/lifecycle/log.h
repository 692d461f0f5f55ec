/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h - where the errors of the runtime command go: --log, --log-format, --log-level, --debug */
#ifndef CORACLE_LIFECYCLE_LOG_H
#define CORACLE_LIFECYCLE_LOG_H

#include "coracle/base/error.h"

enum lifecycle_log_level { LIFECYCLE_LOG_ERROR, LIFECYCLE_LOG_WARNING, LIFECYCLE_LOG_DEBUG };

/*
 * lifecycle_log_open - once, by main(); before it lines go to standard error
 *
 * path    appended to, made 0600; no symlink; NULL: standard error
 * format  of the file: "text" or "json"; NULL: text
 * most    lines up to this level; before it up to LIFECYCLE_LOG_WARNING
 */
int lifecycle_log_open(const char *path, const char *format, enum lifecycle_log_level most, struct error *err)
	NONNULL(4) MUST_USE;
/*
 * lifecycle_log - one line
 *
 * In a file: {"msg":"...","level":"error","time":"..."}, as podman and containerd read it, or
 * time="..." level=error msg="...". On standard error: "coracle-runtime: text", errors also when there is a file.
 * A JSON file has warnings only with LIFECYCLE_LOG_DEBUG: podman reads all of it as one object and takes the user's words from there.
 */
void lifecycle_log(enum lifecycle_log_level level, const char *text) NONNULL(2);
/* lifecycle_log_close - back to standard error */
void lifecycle_log_close(void);

#endif
