/* SPDX-License-Identifier: GPL-2.0-or-later */
/* events.c - figures of a container's cgroup, and what happens to it; see lifecycle.h */
#include "lifecycle_private.h"

#include "coracle/base/clock.h"

#include <fcntl.h>
#include <poll.h>

#define STEP_MS 1000 /* version 1 tells of an end for lack of memory only those who ask */

static json_t *event_make(const char *type, const char *id, json_t *data)
{
	json_t *event = json_object();

	(void) json_object_set_new(event, "type", json_string(type));
	(void) json_object_set_new(event, "id", json_string(id));
	if (data)
		(void) json_object_set_new(event, "data", data);
	return event;
}

static int load_running(const struct lifecycle *lifecycle, const char *id, struct lifecycle_state *out,
                        struct error *err)
{
	int r = lifecycle_load(lifecycle, id, out, err);

	if (r < 0)
		return r;
	if (out->status == LIFECYCLE_STOPPED || out->status == LIFECYCLE_CREATING)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is not running", id);
	return 0;
}

static int stats_event(struct lifecycle_state *state, json_t **out, struct error *err)
{
	json_t *data = cgroup_stats(&state->cgroup, err);

	if (!data)
		return error_wrap(err, -EOPNOTSUPP, "container \"%s\"", state->id);
	*out = event_make("stats", state->id, data);
	return 0;
}

static int tell_stats(struct lifecycle_state *state, const struct lifecycle_watch *watch, struct error *err)
{
	AUTO_JSON json_t *event = NULL;
	int r = stats_event(state, &event, err);

	return r < 0 ? r : watch->tell(event, watch->data, err);
}

/* One event for each; the figure of a cgroup that is gone is no news. */
static int tell_kills(struct lifecycle_state *state, const struct lifecycle_watch *watch, int64_t *seen,
                      struct error *err)
{
	int64_t now = cgroup_oom_kills(&state->cgroup);
	int r = 0;

	for (; r >= 0 && *seen < now; ++*seen) {
		AUTO_JSON json_t *event = event_make("oom", state->id, NULL);

		r = watch->tell(event, watch->data, err);
	}
	return r;
}

int lifecycle_stats(const struct lifecycle *lifecycle, const char *id, json_t **out, struct error *err)
{
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	int r = load_running(lifecycle, id, &state, err);

	return r < 0 ? r : stats_event(&state, out, err);
}

int lifecycle_events(const struct lifecycle *lifecycle, const char *id, const struct lifecycle_watch *watch,
                     struct error *err)
{
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO_JSON json_t *first = NULL;
	AUTO_CLOSE int pidfd = -1, memory = -1;
	struct pollfd fds[2];
	uint64_t next;
	int64_t kills;
	int r = load_running(lifecycle, id, &state, err);

	/* whether there are any is told at once, not after the interval */
	if (r >= 0)
		r = stats_event(&state, &first, err);
	if (r >= 0)
		r = pidfd = lifecycle_pidfd(&state, err);
	if (r < 0)
		return r;
	/* cgroup-v2: a change of an events file is POLLPRI */
	if (cgroup_open(&state.cgroup) >= 0)
		memory = openat(state.cgroup.fd, "memory.events", O_RDONLY | O_CLOEXEC);
	kills = MAX(cgroup_oom_kills(&state.cgroup), 0);
	fds[0] = (struct pollfd){.fd = pidfd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = memory, .events = POLLPRI};
	next = clock_monotonic() + watch->interval_ns;
	for (;;) {
		uint64_t now = clock_monotonic();
		uint64_t left_ms = next > now ? (next - now + 999999) / 1000000 : 0;

		(void) poll(fds, 2, (int) MIN(left_ms, (uint64_t) STEP_MS));
		r = tell_kills(&state, watch, &kills, err);
		if (r < 0 || fds[0].revents)
			return r < 0 ? r : 0;
		if (clock_monotonic() < next)
			continue;
		next += watch->interval_ns;
		r = tell_stats(&state, watch, err);
		if (r < 0)
			return r;
	}
}
