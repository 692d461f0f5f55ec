/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.c - health checks, run by the monitor itself: no timer unit, no daemon
 *
 * docker's rules: a success makes it healthy at once; so many failures in a row make it unhealthy;
 * failures during the start period do not count until the first success.
 */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/log.h"

#include <signal.h>
#include <string.h>

static bool has_check(const struct monitor *monitor)
{
	return monitor->record->health && monitor->record->health->test.count
	       && monitor->record->health->interval > 0;
}

void health_begin(struct monitor *monitor)
{
	if (!monitor->record->health)
		return;
	fields_done(health_fields, &monitor->health);
	text_replace(&monitor->health.status, "starting");
	monitor->health_session = 0;
	monitor->health_late = false;
	monitor->health_at = has_check(monitor)
	                             ? clock_monotonic() + (uint64_t) monitor->record->health->interval
	                             : 0;
}

uint64_t health_next(const struct monitor *monitor)
{
	if (monitor->sessions[0].ended)
		return 0;
	if (monitor->health_late)
		return 0;
	return monitor->health_session ? monitor->health_end : monitor->health_at;
}

/* {"CMD", program, argument...} or {"CMD-SHELL", line} */
static void check_command(const struct texts *test, struct texts *args)
{
	if (strcmp(test->items[0], "CMD-SHELL") == 0 && test->count > 1) {
		texts_add(args, "/bin/sh");
		texts_add(args, "-c");
		texts_add(args, test->items[1]);
		return;
	}
	for (size_t i = strcmp(test->items[0], "CMD") == 0; i < test->count; i++)
		texts_add(args, test->items[i]);
}

static void drop_oldest(struct list *log)
{
	struct health_check *first = LIST_AT(struct health_check, log, 0);

	free(first->start);
	free(first->end);
	free(first->output);
	(void) memmove(first, first + 1, (log->count - 1) * sizeof *first);
	log->count--;
}

static void judge(struct monitor *monitor, int64_t code, const char *output)
{
	const struct record_health *rules = monitor->record->health;
	struct health *health = &monitor->health;
	uint64_t running = clock_now() - monitor->started_ns;
	struct health_check *check;
	struct error ignored = {0};
	char now[CLOCK_TEXT_SIZE];

	if (health->log.count >= HEALTH_LOG_MAX)
		drop_oldest(&health->log);
	check = list_add(&health->log, sizeof *check);
	check->start = xstrdup(monitor->health_started);
	check->end = xstrdup(clock_rfc3339(clock_now(), now));
	check->exit_code = code;
	check->output = xstrdup(output);
	if (code == 0) {
		health->failing_streak = 0;
		text_replace(&health->status, "healthy");
	} else if (strcmp(health->status, "starting") != 0 || running >= (uint64_t) rules->start_period) {
		if (++health->failing_streak >= MAX(rules->retries, 1))
			text_replace(&health->status, "unhealthy");
	}
	(void) !monitor_write_run(monitor, false, &ignored);
}

void health_ended(struct monitor *monitor, const struct session *session)
{
	bool late = monitor->health_late;

	monitor->health_session = 0;
	monitor->health_late = false;
	monitor->health_at = clock_monotonic() + (uint64_t) monitor->record->health->interval;
	judge(monitor, late ? -1 : session->exit_code,
	      late ? "the check took longer than its timeout" : session->captured);
}

static void start_check(struct monitor *monitor)
{
	struct exec_request request = {0};
	struct error err = {0};
	uint64_t timeout = (uint64_t) monitor->record->health->timeout;
	int index;

	check_command(&monitor->record->health->test, &request.args);
	(void) clock_rfc3339(clock_now(), monitor->health_started);
	index = monitor_exec(monitor, NULL, &request, &err);
	texts_done(&request.args);
	if (index < 0) {
		monitor->health_at = clock_monotonic() + (uint64_t) monitor->record->health->interval;
		judge(monitor, err.kind == ERROR_NO_COMMAND ? 127 : 126, err.text);
		return;
	}
	monitor->health_session = index;
	monitor->health_at = 0;
	monitor->health_end = clock_monotonic() + (timeout ? timeout : 30 * NS_PER_SECOND);
	monitor->sessions[index].captured = xcalloc(1, HEALTH_OUTPUT_MAX + 1);
}

void health_tick(struct monitor *monitor, uint64_t now)
{
	if (!has_check(monitor) || monitor->sessions[0].ended || monitor->sessions[0].pid <= 0)
		return;
	if (monitor->health_session) {
		/* killed once; its end is noticed as that of any child */
		if (now >= monitor->health_end && !monitor->health_late
		    && !monitor->sessions[monitor->health_session].ended) {
			monitor->health_late = true;
			(void) kill(monitor->sessions[monitor->health_session].pid, SIGKILL);
		}
		return;
	}
	if (monitor->health_at && now >= monitor->health_at)
		start_check(monitor);
}
