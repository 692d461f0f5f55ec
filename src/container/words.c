/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.c - a container in the words of ps; see words.h */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/format/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

#define WORDS_MAX_BYTES (1 << 20)
#define COMMAND_WIDTH   20

uint64_t words_time(const char *rfc3339)
{
	uint64_t ns = 0;

	return rfc3339 && clock_parse_rfc3339(rfc3339, &ns) >= 0 ? ns : 0;
}

const char *words_started(const struct container *container)
{
	if (container->run && container->run->started && *container->run->started)
		return container->run->started;
	return container->exit && container->exit->started && *container->exit->started
	               ? container->exit->started
	               : NULL;
}

const char *words_finished(const struct container *container)
{
	const struct exit_record *last = container->exit;

	return last && last->finished && *last->finished && container->status != STATUS_RUNNING
	                       && container->status != STATUS_PAUSED
	               ? last->finished
	               : NULL;
}

static char *up(const struct container *container, uint64_t now, const char *behind)
{
	uint64_t started = words_time(words_started(container));
	char age[HUMAN_TEXT_SIZE];

	return xprintf("Up %s%s", human_duration(started && started < now ? now - started : 0, age), behind);
}

static char *ended(const struct container *container, uint64_t now, const char *word)
{
	char ago[HUMAN_TEXT_SIZE];

	return xprintf("%s (%" PRId64 ") %s", word, container->exit ? container->exit->code : 0,
	               human_ago(words_time(words_finished(container)), now, ago));
}

const char *words_health(const struct container *container)
{
	const struct health *health = container->run ? container->run->health : NULL;

	return health && health->status ? health->status : "";
}

static const char *health_words(const char *health)
{
	return strcmp(health, "healthy") == 0     ? " (healthy)"
	       : strcmp(health, "unhealthy") == 0 ? " (unhealthy)"
	       : strcmp(health, "starting") == 0  ? " (health: starting)"
	                                          : "";
}

char *words_status(const struct container *container, uint64_t now)
{
	switch (container->status) {
	case STATUS_CREATED:
	case STATUS_STARTING:
		break;
	case STATUS_RUNNING:
		return up(container, now, health_words(words_health(container)));
	case STATUS_PAUSED:
		return up(container, now, " (Paused)");
	case STATUS_RESTARTING:
		return ended(container, now, "Restarting");
	case STATUS_EXITED:
		return ended(container, now, "Exited");
	case STATUS_DAMAGED:
		return xprintf("Damaged: %s", container->damage ? container->damage : "unknown");
	}
	return xstrdup("Created");
}

static int compare_ports(const void *a, const void *b)
{
	const struct record_port *x = a, *y = b;
	int order = strcmp(x->protocol ? x->protocol : "", y->protocol ? y->protocol : "");

	if (order == 0)
		order = strcmp(x->host_ip ? x->host_ip : "", y->host_ip ? y->host_ip : "");
	if (order)
		return order;
	if (x->container_port != y->container_port)
		return x->container_port < y->container_port ? -1 : 1;
	return x->host_port < y->host_port ? -1 : x->host_port > y->host_port;
}

static bool is_next(const struct record_port *first, const struct record_port *port, uint64_t steps)
{
	return strcmp(first->protocol ? first->protocol : "", port->protocol ? port->protocol : "") == 0
	       && strcmp(first->host_ip ? first->host_ip : "", port->host_ip ? port->host_ip : "") == 0
	       && port->container_port == first->container_port + steps
	       && port->host_port == (first->host_port ? first->host_port + steps : 0);
}

static void add_range(struct text *out, uint64_t first, uint64_t count)
{
	if (count > 1)
		(void) text_printf(out, "%" PRIu64 "-%" PRIu64, first, first + count - 1);
	else
		(void) text_printf(out, "%" PRIu64, first);
}

static void add_ports(struct text *out, const struct record_port *first, uint64_t count)
{
	const char *ip = first->host_ip && *first->host_ip ? first->host_ip : "0.0.0.0";

	if (out->length)
		(void) text_add(out, ", ");
	if (first->host_port) {
		(void) text_printf(out, strchr(ip, ':') ? "[%s]:" : "%s:", ip);
		add_range(out, first->host_port, count);
		(void) text_add(out, "->");
	}
	add_range(out, first->container_port, count);
	(void) text_printf(out, "/%s", first->protocol && *first->protocol ? first->protocol : "tcp");
}

char *words_ports(const struct list *ports)
{
	AUTO_TEXT struct text out = TEXT_INIT(WORDS_MAX_BYTES);
	AUTO_FREE struct record_port *sorted = NULL;

	if (ports->count == 0)
		return xstrdup("");
	/* a shallow copy: the texts stay the list's */
	sorted = xmemdup(ports->items, ports->count * sizeof *sorted);
	qsort(sorted, ports->count, sizeof *sorted, compare_ports);
	for (size_t i = 0, count; i < ports->count; i += count) {
		for (count = 1; i + count < ports->count; count++)
			if (!is_next(&sorted[i], &sorted[i + count], count))
				break;
		add_ports(&out, &sorted[i], count);
	}
	return text_take(&out);
}

static bool is_continuation(char c)
{
	return ((unsigned char) c & 0xc0) == 0x80;
}

char *words_cut(const char *text, size_t max)
{
	size_t characters = 0, end = 0;

	for (size_t i = 0; text[i]; i++) {
		if (is_continuation(text[i]))
			continue;
		if (++characters == max)
			end = i;
		if (characters > max)
			return xprintf("%.*s\xe2\x80\xa6", (int) end, text);
	}
	return xstrdup(text);
}

/* Go's strconv.Quote for what occurs in commands */
static char *quote(const char *text)
{
	AUTO_TEXT struct text out = TEXT_INIT(WORDS_MAX_BYTES);

	(void) text_add_char(&out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;

		if (c == '"' || c == '\\')
			(void) text_printf(&out, "\\%c", c);
		else if (c == '\n')
			(void) text_add(&out, "\\n");
		else if (c == '\r')
			(void) text_add(&out, "\\r");
		else if (c == '\t')
			(void) text_add(&out, "\\t");
		else if (c < ' ' || c == 0x7f)
			(void) text_printf(&out, "\\x%02x", c);
		else
			(void) text_add_char(&out, *text);
	}
	(void) text_add_char(&out, '"');
	return text_take(&out);
}

char *words_command(const char *command, bool whole)
{
	AUTO_FREE char *cut = NULL;

	if (whole)
		return quote(command);
	cut = words_cut(command, COMMAND_WIDTH);
	return quote(cut);
}

static int compare_pairs(const void *a, const void *b)
{
	return strcmp(((const struct pair *) a)->key, ((const struct pair *) b)->key);
}

char *words_pairs(const struct pairs *pairs)
{
	AUTO_TEXT struct text out = TEXT_INIT(WORDS_MAX_BYTES);
	AUTO_FREE struct pair *sorted = NULL;

	if (pairs->count == 0)
		return xstrdup("");
	sorted = xmemdup(pairs->items, pairs->count * sizeof *sorted);
	qsort(sorted, pairs->count, sizeof *sorted, compare_pairs);
	for (size_t i = 0; i < pairs->count; i++)
		(void) text_printf(&out, "%s%s=%s", i ? "," : "", sorted[i].key, sorted[i].value);
	return text_take(&out);
}

char *words_network(const char *mode)
{
	static const char *const whole[] = {"host", "none"};

	if (!mode || !*mode)
		return xstrdup("slirp4netns");
	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (strcmp(mode, whole[i]) == 0)
			return xstrdup(mode);
	return xstrdup(strncmp(mode, "container:", 10) == 0 ? mode : "slirp4netns");
}
