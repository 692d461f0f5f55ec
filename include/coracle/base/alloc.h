/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alloc.h - allocation that ends the process on exhaustion; for small, bounded sizes only */
#ifndef CORACLE_BASE_ALLOC_H
#define CORACLE_BASE_ALLOC_H

#include "coracle/base/base.h"

#include <stdarg.h>

/* All results are owned by the caller and released with free(3); none is ever NULL. */
void *xcalloc(size_t count, size_t size) MUST_USE;
void *xrealloc(void *old, size_t count, size_t size) MUST_USE;
char *xstrdup(const char *s) MUST_USE NONNULL(1);
char *xstrndup(const char *s, size_t n) MUST_USE NONNULL(1);
void *xmemdup(const void *from, size_t size) MUST_USE;
char *xprintf(const char *format, ...) PRINTF(1, 2) MUST_USE;
char *xvprintf(const char *format, va_list args) PRINTF(1, 0) MUST_USE;

/* text_replace - free *slot and let it own a copy of value (NULL allowed) */
void text_replace(char **slot, const char *value) NONNULL(1);

#endif
