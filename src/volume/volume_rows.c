/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volume_rows.c - volumes as volume ls and inspect show and filter them */
#include "coracle/volume/volume.h"

#include "coracle/base/clock.h"
#include "coracle/base/number.h"

#include <regex.h>
#include <string.h>

static json_t *pairs_object(const struct pairs *pairs)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pairs->count; i++)
		(void) json_object_set_new(object, pairs->items[i].key,
		                           json_string(pairs->items[i].value));
	return object;
}

/* docker's fields in docker's spelling; podman's further ones after them */
static json_t *volume_row(const struct volume *volume)
{
	json_t *row = json_object();

	(void) json_object_set_new(row, "CreatedAt",
	                           json_string(volume->created ? volume->created : ""));
	(void) json_object_set_new(row, "Driver",
	                           json_string(volume->driver ? volume->driver : "local"));
	(void) json_object_set_new(row, "Labels", pairs_object(&volume->labels));
	(void) json_object_set_new(row, "Mountpoint",
	                           json_string(volume->mountpoint ? volume->mountpoint : ""));
	(void) json_object_set_new(row, "Name", json_string(volume->name));
	(void) json_object_set_new(row, "Options", pairs_object(&volume->options));
	(void) json_object_set_new(row, "Scope", json_string("local"));
	if (volume->damaged)
		(void) json_object_set_new(row, "Status", json_pack("{s:b}", "Damaged", 1));
	(void) json_object_set_new(row, "Anonymous", json_boolean(volume->anonymous));
	(void) json_object_set_new(row, "NeedsCopyUp", json_boolean(!volume->filled));
	(void) json_object_set_new(row, "NeedsChown", json_false());
	(void) json_object_set_new(row, "MountCount", json_integer(0));
	(void) json_object_set_new(row, "UID", json_integer(0));
	(void) json_object_set_new(row, "GID", json_integer(0));
	return row;
}

json_t *volume_rows(const struct list *volumes)
{
	json_t *rows = json_array();

	LIST_EACH(const struct volume, volume, volumes)
		(void) json_array_append_new(rows, volume_row(volume));
	return rows;
}

/* Each test answers 1, 0, or a negative errno with err. */
struct subject {
	const struct volume *volume;
	const struct texts *used;
};

static int test_name(const struct subject *subject, const char *value, struct error *err)
{
	regex_t regex;
	int matches;

	if (regcomp(&regex, value, REG_EXTENDED | REG_NOSUB) != 0)
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a regular expression", value);
	matches = regexec(&regex, subject->volume->name, 0, NULL, 0) == 0;
	regfree(&regex);
	return matches;
}

static int pairs_match(const struct pairs *pairs, const char *value)
{
	const char *equals = strchr(value, '=');

	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->items[i];
		size_t length = equals ? (size_t) (equals - value) : strlen(value);

		if (strlen(pair->key) == length && memcmp(pair->key, value, length) == 0)
			return !equals || strcmp(pair->value, equals + 1) == 0;
	}
	return 0;
}

static int test_label(const struct subject *subject, const char *value, struct error *err UNUSED)
{
	return pairs_match(&subject->volume->labels, value);
}

static int test_no_label(const struct subject *subject, const char *value, struct error *err UNUSED)
{
	return !pairs_match(&subject->volume->labels, value);
}

static int test_option(const struct subject *subject, const char *value, struct error *err UNUSED)
{
	return pairs_match(&subject->volume->options, value);
}

static int test_truth(bool fact, const char *value, struct error *err)
{
	bool wanted;

	if (number_parse_bool(value, &wanted) < 0)
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not true or false", value);
	return fact == wanted;
}

static int test_dangling(const struct subject *subject, const char *value, struct error *err)
{
	return test_truth(!texts_has(subject->used, subject->volume->name), value, err);
}

static int test_anonymous(const struct subject *subject, const char *value, struct error *err)
{
	return test_truth(subject->volume->anonymous, value, err);
}

static int test_driver(const struct subject *subject, const char *value, struct error *err UNUSED)
{
	return strcmp(subject->volume->driver ? subject->volume->driver : "local", value) == 0;
}

static int test_scope(const struct subject *subject UNUSED, const char *value,
                      struct error *err UNUSED)
{
	return strcmp(value, "local") == 0;
}

/* A damaged volume has no time: it is neither before nor after. */
static int compare_time(const struct volume *volume, const char *value, int *out, struct error *err)
{
	uint64_t point, created = 0;

	if (clock_parse_point(value, clock_now(), &point) < 0)
		return error_set(err, ERROR_INVALID,
		                 "\"%.100s\" is not a time, as in 2026-01-31T12:00:00Z or 24h", value);
	if (!volume->created || clock_parse_rfc3339(volume->created, &created) < 0)
		*out = 0;
	else
		*out = (created > point) - (created < point);
	return 0;
}

static int test_since(const struct subject *subject, const char *value, struct error *err)
{
	int order;
	int r = compare_time(subject->volume, value, &order, err);

	return r < 0 ? r : order > 0;
}

static int test_until(const struct subject *subject, const char *value, struct error *err)
{
	int order;
	int r = compare_time(subject->volume, value, &order, err);

	return r < 0 ? r : order < 0;
}

enum combine { COMBINE_ANY, COMBINE_ALL };

static const struct filter {
	const char *key;
	enum combine combine; /* how several of one key go together */
	int (*test)(const struct subject *subject, const char *value, struct error *err);
} filters_known[] = {
	{"name", COMBINE_ANY, test_name},
	{"label", COMBINE_ALL, test_label},
	{"label!", COMBINE_ALL, test_no_label},
	{"dangling", COMBINE_ANY, test_dangling},
	{"driver", COMBINE_ANY, test_driver},
	{"since", COMBINE_ANY, test_since},
	{"after", COMBINE_ANY, test_since},
	{"until", COMBINE_ANY, test_until},
	{"anonymous", COMBINE_ANY, test_anonymous},
	{"opt", COMBINE_ANY, test_option},
	{"scope", COMBINE_ANY, test_scope},
};

/* filter_value - the value when text is "KEY=value", else NULL; "label!=x" is the key "label!" */
static const char *filter_value(const struct filter *filter, const char *text)
{
	size_t length = strlen(filter->key);

	return strncmp(text, filter->key, length) == 0 && text[length] == '=' ? text + length + 1
	                                                                      : NULL;
}

static int filters_check(const struct texts *filters, struct error *err)
{
	for (size_t i = 0; i < filters->count; i++) {
		bool known = false;

		for (size_t k = 0; k < ARRAY_LEN(filters_known) && !known; k++)
			known = filter_value(&filters_known[k], filters->items[i]) != NULL;
		if (!known)
			return error_set(err, ERROR_INVALID,
			                 "filter \"%.100s\": volumes are filtered by name, label, "
			                 "label!, dangling, driver, since, until, anonymous, opt or "
			                 "scope, as in dangling=true",
			                 filters->items[i]);
	}
	return 0;
}

static int filter_matches(const struct filter *filter, const struct subject *subject,
                          const struct texts *filters, struct error *err)
{
	bool asked = false, any = false, all = true;

	for (size_t i = 0; i < filters->count; i++) {
		const char *value = filter_value(filter, filters->items[i]);
		int r = value ? filter->test(subject, value, err) : 0;

		if (r < 0)
			return error_wrap(err, r, "filter \"%.100s\"", filters->items[i]);
		if (value) {
			asked = true;
			any = any || r;
			all = all && r;
		}
	}
	return !asked || (filter->combine == COMBINE_ANY ? any : all);
}

int volume_matches(const struct volume *volume, const struct texts *filters,
                   const struct texts *used, struct error *err)
{
	const struct subject subject = {.volume = volume, .used = used};
	int r = filters_check(filters, err);
	bool matches = true;

	if (r < 0)
		return r;
	/* all of them, so that a wrong value is told whatever the others say */
	for (size_t k = 0; k < ARRAY_LEN(filters_known); k++) {
		r = filter_matches(&filters_known[k], &subject, filters, err);
		if (r < 0)
			return r;
		matches = matches && r;
	}
	return matches;
}
