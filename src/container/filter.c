/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - which containers a user wants to see; see filter.h */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/number.h"
#include "coracle/image/image.h"
#include "coracle/image/reference.h"
#include "coracle/parse/parse.h"

#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "words.h"

struct criterion {
	const struct filter *filter;
	const char *value;   /* borrowed from the user's words */
	regex_t pattern;     /* of name */
	char *text;          /* owned: an image's id, an id's beginning */
	char *layer;         /* owned: the uppermost layer of an image */
	uint64_t number;     /* a time, a code */
	struct texts ports;  /* "80/tcp" */
};

struct filter {
	const char *key;
	/* prepare - NULL: any value will do */
	int (*prepare)(struct engine *engine, struct criterion *criterion, struct error *err);
	bool (*match)(const struct criterion *criterion, const struct container *container);
	bool each;    /* several must all match: labels */
	bool full;    /* needs the whole record */
	bool stopped; /* asks for a state: implies --all */
};

static int bad_value(const struct criterion *criterion, const char *expected, struct error *err)
{
	return error_set(err, ERROR_INVALID, "filter %s: \"%.200s\" is not %s", criterion->filter->key,
	                 criterion->value, expected);
}

/* --- by name --- */

static int prepare_name(struct engine *engine, struct criterion *criterion, struct error *err)
{
	char reason[128];
	int r = regcomp(&criterion->pattern, criterion->value, REG_EXTENDED | REG_NOSUB);

	(void) engine;
	if (r == 0) {
		criterion->number = 1;
		return 0;
	}
	(void) regerror(r, &criterion->pattern, reason, sizeof reason);
	return error_set(err, ERROR_INVALID, "filter name: \"%.200s\" is no regular expression: %s",
	                 criterion->value, reason);
}

static bool match_name(const struct criterion *criterion, const struct container *container)
{
	const char *name = container->name ? container->name : "";
	AUTO_FREE char *docker = xprintf("/%s", name);

	return regexec(&criterion->pattern, name, 0, NULL, 0) == 0
	       || regexec(&criterion->pattern, docker, 0, NULL, 0) == 0;
}

/* A prefix; "^" and "$" of those who know it as a regular expression mean nothing more. */
static int prepare_id(struct engine *engine, struct criterion *criterion, struct error *err)
{
	const char *value = criterion->value + (*criterion->value == '^');

	(void) engine;
	(void) err;
	criterion->text = xstrndup(value, strcspn(value, "$"));
	return 0;
}

static bool match_id(const struct criterion *criterion, const struct container *container)
{
	return strncmp(container->id, criterion->text, strlen(criterion->text)) == 0;
}

/* --- by label --- */

static bool match_label(const struct criterion *criterion, const struct container *container)
{
	AUTO_FREE char *key = xstrndup(criterion->value, strcspn(criterion->value, "="));
	const char *value = strchr(criterion->value, '=');
	const char *have = pairs_get(&container->labels, key);

	return have && (!value || fnmatch(value + 1, have, 0) == 0 || strcmp(value + 1, have) == 0);
}

static bool match_no_label(const struct criterion *criterion, const struct container *container)
{
	return !match_label(criterion, container);
}

/* --- by state --- */

static const struct {
	const char *word;
	enum status status;
} states[] = {
	{"created", STATUS_CREATED},       {"configured", STATUS_CREATED}, {"initialized", STATUS_STARTING},
	{"running", STATUS_RUNNING},       {"restarting", STATUS_RESTARTING}, {"paused", STATUS_PAUSED},
	{"exited", STATUS_EXITED},         {"stopped", STATUS_EXITED},     {"damaged", STATUS_DAMAGED},
	/* states of docker and podman that no container is in here */
	{"dead", STATUS_DAMAGED},
};

static int prepare_status(struct engine *engine, struct criterion *criterion, struct error *err)
{
	(void) engine;
	if (strcmp(criterion->value, "removing") == 0 || strcmp(criterion->value, "stopping") == 0) {
		criterion->number = UINT64_MAX;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (strcmp(states[i].word, criterion->value) != 0)
			continue;
		criterion->number = states[i].status;
		return 0;
	}
	return bad_value(criterion, "created, running, restarting, paused, exited or damaged", err);
}

static bool match_status(const struct criterion *criterion, const struct container *container)
{
	enum status status = container->status;

	/* a container that starts is still "created" in the column */
	if (criterion->number == STATUS_CREATED && status == STATUS_STARTING)
		return true;
	return criterion->number == (uint64_t) status;
}

static int prepare_exited(struct engine *engine, struct criterion *criterion, struct error *err)
{
	(void) engine;
	if (number_parse_uint(criterion->value, 0, 255, &criterion->number) < 0)
		return bad_value(criterion, "an exit code from 0 to 255", err);
	return 0;
}

static bool match_exited(const struct criterion *criterion, const struct container *container)
{
	return container->status == STATUS_EXITED && container->exit
	       && (uint64_t) container->exit->code == criterion->number;
}

static int prepare_health(struct engine *engine, struct criterion *criterion, struct error *err)
{
	static const char *const words[] = {"starting", "healthy", "unhealthy", "none"};

	(void) engine;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], criterion->value) == 0)
			return 0;
	return bad_value(criterion, "starting, healthy, unhealthy or none", err);
}

static bool match_health(const struct criterion *criterion, const struct container *container)
{
	const struct record_health *health = container->record ? container->record->health : NULL;
	bool checked = health && health->test.count && strcmp(health->test.items[0], "NONE") != 0;

	const char *found = words_health(container);

	return strcmp(criterion->value, *found ? found : checked ? "starting" : "none") == 0;
}

/* --- by image --- */

static int prepare_ancestor(struct engine *engine, struct criterion *criterion, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record image = {0};
	struct error ignored = {0};

	(void) err;
	/* an image that is gone may still be the one a container was made of */
	if (image_find(engine, criterion->value, &image, NULL, &ignored) < 0)
		return 0;
	criterion->text = TAKE_PTR(image.id);
	if (image.layers.count)
		criterion->layer = xstrdup(image.layers.items[image.layers.count - 1]);
	return 0;
}

/* "docker.io/library/busybox:latest" is meant by "busybox" and "busybox:latest" */
static bool is_name_of(const char *image, const char *value)
{
	AUTO_FREE char *familiar = reference_familiar(image);
	const char *candidates[] = {image, familiar};

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		const char *candidate = candidates[i];
		size_t length = strlen(value);

		if (strncmp(candidate, value, length) == 0
		    && (candidate[length] == '\0' || strcmp(candidate + length, ":latest") == 0))
			return true;
	}
	return false;
}

static bool match_ancestor(const struct criterion *criterion, const struct container *container)
{
	if (!container->image || !*container->image)
		return false;
	if (is_name_of(container->image, criterion->value))
		return true;
	if (!criterion->text)
		return false;
	return (container->image_id && strcmp(container->image_id, criterion->text) == 0)
	       || (criterion->layer && container->record
	           && texts_has(&container->record->layers, criterion->layer));
}

/* --- by time --- */

static int prepare_container(struct engine *engine, struct criterion *criterion, struct error *err)
{
	AUTO_CONTAINER struct container container = {0};
	int r = state_find(&engine->paths, criterion->value, STATE_SUMMARY, &container, err);

	if (r < 0)
		return error_wrap(err, r, "filter %s", criterion->filter->key);
	criterion->number = container.created_ns;
	return 0;
}

static bool match_before(const struct criterion *criterion, const struct container *container)
{
	return container->created_ns < criterion->number;
}

static bool match_since(const struct criterion *criterion, const struct container *container)
{
	return container->created_ns > criterion->number;
}

static int prepare_until(struct engine *engine, struct criterion *criterion, struct error *err)
{
	(void) engine;
	if (clock_parse_point(criterion->value, clock_now(), &criterion->number) < 0)
		return bad_value(criterion, "a time such as 2026-01-31T12:00:00Z, 1700000000 or 10m", err);
	return 0;
}

/* --- by what they use --- */

static bool match_network(const struct criterion *criterion, const struct container *container)
{
	AUTO_FREE char *network = words_network(container->network);
	bool is_default = strcmp(network, "slirp4netns") == 0;

	return strcmp(network, criterion->value) == 0
	       || (container->network && strcmp(container->network, criterion->value) == 0)
	       || (is_default && (strcmp(criterion->value, "bridge") == 0
	                          || strcmp(criterion->value, "default") == 0));
}

static bool match_volume(const struct criterion *criterion, const struct container *container)
{
	if (texts_has(&container->volumes, criterion->value))
		return true;
	if (!container->record)
		return false;
	LIST_EACH(struct record_mount, mount, &container->record->mounts)
		if (mount->target && strcmp(mount->target, criterion->value) == 0)
			return true;
	return false;
}

static int prepare_ports(struct engine *engine, struct criterion *criterion, struct error *err)
{
	int r = parse_expose(criterion->value, &criterion->ports, err);

	(void) engine;
	return r < 0 ? error_wrap(err, r, "filter %s", criterion->filter->key) : 0;
}

static bool has_port(const struct criterion *criterion, uint64_t number, const char *protocol)
{
	char text[40];

	(void) snprintf(text, sizeof text, "%u/%.8s", (unsigned) number,
	                protocol && *protocol ? protocol : "tcp");
	return texts_has(&criterion->ports, text);
}

static bool match_publish(const struct criterion *criterion, const struct container *container)
{
	LIST_EACH(struct record_port, port, &container->ports)
		if (port->host_port && has_port(criterion, port->host_port, port->protocol))
			return true;
	return false;
}

static bool match_expose(const struct criterion *criterion, const struct container *container)
{
	LIST_EACH(struct record_port, port, &container->ports)
		if (has_port(criterion, port->container_port, port->protocol))
			return true;
	for (size_t i = 0; container->record && i < container->record->exposed.count; i++)
		if (texts_has(&criterion->ports, container->record->exposed.items[i]))
			return true;
	return false;
}

static bool match_restart(const struct criterion *criterion, const struct container *container)
{
	const char *policy = container->record ? container->record->restart.policy : NULL;

	return strcmp(policy && *policy ? policy : "no", criterion->value) == 0;
}

static bool match_command(const struct criterion *criterion, const struct container *container)
{
	const struct texts *args = container->record ? &container->record->args : NULL;

	return args && args->count && strcmp(args->items[0], criterion->value) == 0;
}

/* --- not here --- */

static int refuse(struct engine *engine, struct criterion *criterion, struct error *err)
{
	(void) engine;
	return error_set(err, ERROR_UNSUPPORTED, "filter %s: there are no %s here", criterion->filter->key,
	                 strcmp(criterion->filter->key, "pod") == 0 ? "pods" : "swarm tasks");
}

static const struct filter filters[] = {
	{.key = "ancestor", .prepare = prepare_ancestor, .match = match_ancestor, .full = true},
	{.key = "before", .prepare = prepare_container, .match = match_before},
	{.key = "command", .match = match_command, .full = true},
	{.key = "exited", .prepare = prepare_exited, .match = match_exited, .stopped = true},
	{.key = "expose", .prepare = prepare_ports, .match = match_expose, .full = true},
	{.key = "health", .prepare = prepare_health, .match = match_health, .full = true},
	{.key = "id", .prepare = prepare_id, .match = match_id},
	{.key = "label", .match = match_label, .each = true},
	{.key = "label!", .match = match_no_label, .each = true},
	{.key = "name", .prepare = prepare_name, .match = match_name},
	{.key = "network", .match = match_network},
	{.key = "publish", .prepare = prepare_ports, .match = match_publish},
	{.key = "restart-policy", .match = match_restart, .full = true},
	{.key = "since", .prepare = prepare_container, .match = match_since},
	{.key = "status", .prepare = prepare_status, .match = match_status, .stopped = true},
	{.key = "until", .prepare = prepare_until, .match = match_before},
	{.key = "volume", .match = match_volume, .full = true},
	{.key = "is-task", .prepare = refuse},
	{.key = "pod", .prepare = refuse},
};

static int find_filter(const char *word, struct criterion *out, struct error *err)
{
	const char *equals = strchr(word, '=');
	/* "label!=x" has the key "label!" */
	size_t length = equals ? (size_t) (equals - word) : strlen(word);
	AUTO_TEXTS struct texts valid = {0};
	AUTO_FREE char *list = NULL;

	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (strlen(filters[i].key) != length || strncmp(filters[i].key, word, length) != 0) {
			if (filters[i].match)
				texts_add(&valid, filters[i].key);
			continue;
		}
		if (!equals)
			return error_set(err, ERROR_INVALID, "filter %s: give it a value: --filter %s=VALUE", word, word);
		*out = (struct criterion){.filter = &filters[i], .value = equals + 1};
		return 0;
	}
	list = texts_join(&valid, ", ");
	return error_set(err, ERROR_INVALID, "filter \"%.*s\" is unknown; there are: %s", (int) MIN(length, 100u),
	                 word, list);
}

static int add_criterion(struct engine *engine, const char *word, struct filters *into, struct error *err)
{
	struct criterion criterion = {0};
	const struct filter *filter;
	int r = find_filter(word, &criterion, err);

	if (r < 0)
		return r;
	filter = criterion.filter;
	if (filter->prepare)
		r = filter->prepare(engine, &criterion, err);
	into->items = xrealloc(into->items, into->count + 1, sizeof *into->items);
	into->items[into->count++] = criterion;
	into->depth = filter->full ? STATE_FULL : into->depth;
	into->all = into->all || filter->stopped;
	return r;
}

int filters_open(struct engine *engine, const struct texts *words, struct filters *out, struct error *err)
{
	*out = (struct filters){.depth = STATE_SUMMARY};
	for (size_t i = 0; words && i < words->count; i++) {
		int r = add_criterion(engine, words->items[i], out, err);

		if (r < 0) {
			filters_close(out);
			return r;
		}
	}
	return 0;
}

void filters_close(struct filters *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct criterion *criterion = &list->items[i];

		/* number tells that the pattern was compiled */
		if (criterion->filter->match == match_name && criterion->number)
			regfree(&criterion->pattern);
		free(criterion->text);
		free(criterion->layer);
		texts_done(&criterion->ports);
	}
	free(list->items);
	*list = (struct filters){0};
}

/* Whether an earlier criterion with the same key has decided for this one too. */
static bool is_repeated(const struct filters *list, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (list->items[i].filter == list->items[index].filter)
			return true;
	return false;
}

static bool match_any(const struct filters *list, size_t first, const struct container *container)
{
	const struct filter *filter = list->items[first].filter;

	for (size_t i = first; i < list->count; i++)
		if (list->items[i].filter == filter && filter->match(&list->items[i], container))
			return true;
	return false;
}

bool filters_match(const struct filters *list, const struct container *container)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct filter *filter = list->items[i].filter;

		if (filter->each ? !filter->match(&list->items[i], container)
		                 : !is_repeated(list, i) && !match_any(list, i, container))
			return false;
	}
	return true;
}
