/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.h - signals and resource limits by name */
#ifndef CORACLE_SYS_NAMES_H
#define CORACLE_SYS_NAMES_H

#include "coracle/base/base.h"

/* signal_number - "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3", "SIGRTMAX-1"; -1 when unknown; 0 is refused */
int signal_number(const char *name) NONNULL(1);
/* signal_name - "SIGTERM", "SIGRTMIN+3" (into holds the latter); NULL when there is no such signal */
const char *signal_name(int number, char into[static 16]);
/* rlimit_number - "nofile" or "RLIMIT_NOFILE" to RLIMIT_NOFILE; -1 when unknown */
int rlimit_number(const char *name) NONNULL(1);
/* rlimit_name - "RLIMIT_NOFILE"; static */
const char *rlimit_name(int number);

#endif
