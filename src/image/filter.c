/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - which images a user wants to see; see filter.h */
#include "filter.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/base/number.h"
#include "coracle/image/reference.h"

#include <fnmatch.h>
#include <string.h>

#include "name.h"

struct context {
	struct engine *engine;
	const struct image_record *record;
	const struct pairs *used;
	struct error *err;
};

/* is_wanted - value was checked before */
static int is_wanted(bool is, const char *value)
{
	bool wanted = true;

	(void) !number_parse_bool(value, &wanted);
	return is == wanted;
}

static int is_dangling(const struct context *context, const char *value)
{
	return is_wanted(context->record->names.count == 0, value);
}

/* label_matches - "key" or "key=value" */
static bool label_matches(const struct pairs *labels, const char *value)
{
	AUTO_FREE char *key = xstrndup(value, strcspn(value, "="));
	const char *have = pairs_get(labels, key);

	return have && (!strchr(value, '=') || strcmp(have, strchr(value, '=') + 1) == 0);
}

static int has_label(const struct context *context, const char *value)
{
	return label_matches(&context->record->labels, value);
}

static int lacks_label(const struct context *context, const char *value)
{
	return !label_matches(&context->record->labels, value);
}

static uint64_t created(const struct image_record *record)
{
	uint64_t ns = 0;

	/* no date or a broken one sorts as the oldest */
	if (record->created)
		(void) !clock_parse_rfc3339(record->created, &ns);
	return ns;
}

/* compare_created - *order below 0 when the record is older than the image that value names */
static int compare_created(const struct context *context, const char *value, int *order)
{
	AUTO_IMAGE_RECORD struct image_record other = {0};
	int r = image_find(context->engine, value, &other, NULL, context->err);
	uint64_t mine, its;

	if (r < 0)
		return r;
	mine = created(context->record);
	its = created(&other);
	*order = mine < its ? -1 : mine > its;
	return 0;
}

static int is_before(const struct context *context, const char *value)
{
	int order, r = compare_created(context, value, &order);

	return r < 0 ? r : order < 0;
}

static int is_since(const struct context *context, const char *value)
{
	int order, r = compare_created(context, value, &order);

	return r < 0 ? r : order > 0;
}

static int is_until(const struct context *context, const char *value)
{
	uint64_t point;

	if (clock_parse_point(value, clock_now(), &point) < 0)
		return 0;
	return created(context->record) < point;
}

static int has_id(const struct context *context, const char *value)
{
	const char *hex = strncmp(value, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0
	                          ? value + strlen(DIGEST_PREFIX)
	                          : value;

	return strncmp(digest_hex(context->record->id), hex, strlen(hex)) == 0;
}

static int has_digest(const struct context *context, const char *value)
{
	const struct image_record *record = context->record;
	size_t length = strlen(value);

	for (size_t i = 0; i < record->digests.count; i++) {
		const char *at = strchr(record->digests.items[i], '@');

		if (at && strncmp(at + 1, value, length) == 0)
			return true;
	}
	return record->manifest_digest && strncmp(record->manifest_digest, value, length) == 0;
}

static int is_read_only(const struct context *context, const char *value)
{
	return is_wanted(context->record->store != NULL, value);
}

static int is_used(const struct context *context, const char *value)
{
	return is_wanted(context->used && pairs_get(context->used, context->record->id), value);
}

static int is_manifest_list(const struct context *context, const char *value)
{
	return is_wanted(context->record->is_list, value);
}

/* an image without a name that others were built from: there are none here */
static int is_intermediate(const struct context *context UNUSED, const char *value)
{
	return is_wanted(false, value);
}

static bool fits(const char *name, const char *pattern)
{
	return fnmatch(pattern, name, FNM_PATHNAME) == 0;
}

bool image_name_matches(const char *full_name, const char *pattern)
{
	AUTO_FREE char *familiar = reference_familiar(full_name);
	AUTO_FREE char *repository = name_repository(full_name, NULL);
	AUTO_FREE char *familiar_repository = name_repository(familiar, NULL);
	const char *local = strncmp(full_name, "localhost/", 10) == 0 ? full_name + 10 : full_name;
	AUTO_FREE char *local_repository = name_repository(local, NULL);

	return fits(full_name, pattern) || fits(familiar, pattern) || fits(repository, pattern)
	       || fits(familiar_repository, pattern) || fits(local, pattern)
	       || fits(local_repository, pattern);
}

static int has_reference(const struct context *context, const char *value)
{
	for (size_t i = 0; i < context->record->names.count; i++)
		if (image_name_matches(context->record->names.items[i], value))
			return 1;
	return 0;
}

enum value { VALUE_ANY, VALUE_BOOL, VALUE_POINT };

static const struct rule {
	const char *key;
	enum value value;
	bool all; /* every one must match, not just one */
	int (*match)(const struct context *context, const char *value);
} rules[] = {
	{"dangling", VALUE_BOOL, false, is_dangling},
	{"label", VALUE_ANY, true, has_label},
	{"label!", VALUE_ANY, true, lacks_label},
	{"before", VALUE_ANY, false, is_before},
	{"since", VALUE_ANY, false, is_since},
	{"after", VALUE_ANY, false, is_since},
	{"until", VALUE_POINT, true, is_until},
	{"reference", VALUE_ANY, false, has_reference},
	{"id", VALUE_ANY, false, has_id},
	{"digest", VALUE_ANY, false, has_digest},
	{"readonly", VALUE_BOOL, false, is_read_only},
	{"containers", VALUE_BOOL, false, is_used},
	{"manifest", VALUE_BOOL, false, is_manifest_list},
	{"intermediate", VALUE_BOOL, false, is_intermediate},
};

/* rule_of - *value points behind the "=" */
static const struct rule *rule_of(const char *filter, const char **value)
{
	size_t length = strcspn(filter, "=");

	if (filter[length] != '=')
		return NULL;
	*value = filter + length + 1;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strlen(rules[i].key) == length && strncmp(rules[i].key, filter, length) == 0)
			return &rules[i];
	return NULL;
}

int image_filters_check(const struct texts *filters, struct error *err)
{
	for (size_t i = 0; i < filters->count; i++) {
		const char *value;
		const struct rule *rule = rule_of(filters->items[i], &value);
		bool truth;
		uint64_t point;

		if (!rule)
			return error_set(err, ERROR_INVALID,
			                 "invalid filter \"%.200s\": expected KEY=VALUE with before, containers, dangling, "
			                 "digest, id, label, label!, manifest, readonly, reference, since or until",
			                 filters->items[i]);
		if ((rule->value == VALUE_BOOL && number_parse_bool(value, &truth) < 0)
		    || (rule->value == VALUE_POINT && clock_parse_point(value, clock_now(), &point) < 0))
			return error_set(err, ERROR_INVALID, "invalid filter \"%.200s\": expected %s",
			                 filters->items[i],
			                 rule->value == VALUE_BOOL ? "true or false" : "a time or a duration");
	}
	return 0;
}

/* match_rule - all the filters with this rule's key; 1 also when there is none */
static int match_rule(const struct context *context, const struct texts *filters, const struct rule *rule)
{
	bool seen = false;

	for (size_t i = 0; i < filters->count; i++) {
		const char *value;
		int r;

		if (rule_of(filters->items[i], &value) != rule)
			continue;
		seen = true;
		r = rule->match(context, value);
		if (r < 0)
			return r;
		if (rule->all != (r > 0))
			return r > 0;
	}
	return rule->all || !seen;
}

bool image_filters_show_name(const struct texts *filters, const char *full_name)
{
	static const char key[] = "reference=";
	bool seen = false;

	for (size_t i = 0; i < filters->count; i++) {
		if (strncmp(filters->items[i], key, strlen(key)) != 0)
			continue;
		seen = true;
		if (image_name_matches(full_name, filters->items[i] + strlen(key)))
			return true;
	}
	return !seen;
}

int image_filters_match(struct engine *engine, const struct texts *filters, const struct pairs *used,
                        const struct image_record *record, struct error *err)
{
	const struct context context = {.engine = engine, .record = record, .used = used, .err = err};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		int r = match_rule(&context, filters, &rules[i]);

		if (r <= 0)
			return r;
	}
	return 1;
}
