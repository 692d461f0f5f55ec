/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base.h - attributes, cleanup and small macros that every file uses */
#ifndef CORACLE_BASE_BASE_H
#define CORACLE_BASE_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_USE     __attribute__((warn_unused_result))
#define NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define UNUSED       __attribute__((unused))

static inline void auto_close(const int *slot)
{
	int saved = errno;

	/* close(2), NOTES: after EINTR the descriptor is gone; never retry. */
	if (*slot >= 0)
		(void) close(*slot);
	errno = saved;
}

static inline void auto_free(void *slot)
{
	void **pointer = slot;

	free(*pointer);
	*pointer = NULL;
}

#define AUTO(fn)   __attribute__((cleanup(fn)))
#define AUTO_FREE  AUTO(auto_free)
#define AUTO_CLOSE AUTO(auto_close)

/* TAKE - yield the value of a slot and leave "empty" behind, so that cleanup finds nothing */
#define TAKE(slot, empty)                          \
	__extension__({                            \
		__typeof__(slot) taken_ = (slot);  \
		(slot) = (empty);                  \
		taken_;                            \
	})
#define TAKE_PTR(p) TAKE(p, NULL)
#define TAKE_FD(fd) TAKE(fd, -1)

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
