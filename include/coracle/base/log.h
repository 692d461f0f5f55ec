/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h - for developers; the user's words travel in struct error */
#ifndef CORACLE_BASE_LOG_H
#define CORACLE_BASE_LOG_H

#include "coracle/base/base.h"

enum log_level { LOG_LEVEL_NONE, LOG_LEVEL_WARNING, LOG_LEVEL_DEBUG };

/* log_open - fd stays the caller's; lines are "coracle: text"; default: nothing is logged */
void log_open(int fd, enum log_level level);
void log_debug(const char *format, ...) PRINTF(1, 2);
void log_warning(const char *format, ...) PRINTF(1, 2);

#endif
