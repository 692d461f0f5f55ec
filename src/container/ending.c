/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ending.c - hear of a container's end when it comes; see ending.h */
#include "coracle/monitor/monitor.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "ending.h"

#define CONNECT_TRIES      2000
#define CONNECT_PAUSE_NS   5000000 /* with the tries above: ten seconds */

/* A monitor that has just begun lives before it listens; one that ends stops listening before it is gone. */
int ending_open(const struct paths *paths, const char *id, struct error *err)
{
	const struct timespec pause = {.tv_nsec = CONNECT_PAUSE_NS};
	int r = -ESRCH;

	for (int i = 0; i < CONNECT_TRIES; i++) {
		json_t *request = json_object();

		(void) json_object_set_new(request, "op", json_string("wait"));
		r = monitor_call(paths, id, request, err);
		if (r != -ESRCH || !state_is_live(paths, id))
			return r;
		(void) nanosleep(&pause, NULL);
	}
	return error_set(err, ERROR_CONFLICT,
	                 "the monitor of container %.12s does not answer; end it with: coracle rm -f %.12s", id, id);
}

bool ending_read(int fd, int64_t *code)
{
	char frame[64]; /* nothing but FRAME_EXIT is for us: the rest of a longer one is dropped */

	for (;;) {
		ssize_t n = recv(fd, frame, sizeof frame, 0);
		int32_t value;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (frame[0] != FRAME_EXIT || (size_t) n < 1 + sizeof value)
			continue;
		(void) memcpy(&value, frame + 1, sizeof value);
		*code = value;
		return true;
	}
}
