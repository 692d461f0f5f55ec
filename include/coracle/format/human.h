/* SPDX-License-Identifier: GPL-2.0-or-later */
/* human.h - durations and sizes in the words that docker and podman use */
#ifndef CORACLE_FORMAT_HUMAN_H
#define CORACLE_FORMAT_HUMAN_H

#include "coracle/base/base.h"

#define HUMAN_TEXT_SIZE 48

/* Each fills the caller's buffer and returns it. */

/* human_duration - "Less than a second", "About a minute", "3 weeks" */
char *human_duration(uint64_t ns, char into[static HUMAN_TEXT_SIZE]) NONNULL(2);
/* human_ago - "2 minutes ago", from two clock_now() times; a time in the future counts as now */
char *human_ago(uint64_t then_ns, uint64_t now_ns, char into[static HUMAN_TEXT_SIZE]) NONNULL(3);

/* human_size - powers of 1000, 3 significant digits, docker's look: "7.79MB" */
char *human_size(uint64_t bytes, char into[static HUMAN_TEXT_SIZE]) NONNULL(2);
/* human_size_blank - the same with podman's blank: "7.79 MB" (images, history) */
char *human_size_blank(uint64_t bytes, char into[static HUMAN_TEXT_SIZE]) NONNULL(2);
/* human_size_exact - powers of 1000, 4 significant digits: "25.28GB" (podman stats, system df) */
char *human_size_exact(uint64_t bytes, char into[static HUMAN_TEXT_SIZE]) NONNULL(2);
/* human_size_iec - powers of 1024, 4 significant digits: "12.3MiB" (docker stats) */
char *human_size_iec(uint64_t bytes, char into[static HUMAN_TEXT_SIZE]) NONNULL(2);

#endif
