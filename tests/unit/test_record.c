/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record.c - what is written of a container is read back, member by member */
#include "coracle/base/alloc.h"
#include "coracle/state/state.h"

#include <check.h>
#include <string.h>

#include "suite.h"

/* Every member of the rows gets a value of its own, so that two rows for one member would show. */
static void fill(const struct field *fields, void *owner, unsigned *next)
{
	for (const struct field *field = fields; field->type; field++) {
		void *slot = (char *) owner + field->offset;
		unsigned value = ++*next;

		switch (field->type) {
		case FIELD_TYPE_TEXT:
			*(char **) slot = xprintf("text %u", value);
			break;
		case FIELD_TYPE_BOOL:
			*(bool *) slot = true;
			break;
		case FIELD_TYPE_INT:
			*(int64_t *) slot = -(int64_t) value;
			break;
		case FIELD_TYPE_UINT:
			*(uint64_t *) slot = value;
			break;
		case FIELD_TYPE_OPT_INT:
			*(struct opt_int *) slot = (struct opt_int){true, -(int64_t) value};
			break;
		case FIELD_TYPE_TEXTS:
			texts_printf(slot, "item %u", value);
			texts_add(slot, "");
			break;
		case FIELD_TYPE_PAIRS: {
			AUTO_FREE char *key = xprintf("key %u", value);

			pairs_set(slot, key, "value");
			pairs_set(slot, "empty", "");
			break;
		}
		case FIELD_TYPE_STRUCT:
			fill(field->items, slot, next);
			break;
		case FIELD_TYPE_STRUCT_PTR:
			*(void **) slot = xcalloc(1, field->item_size);
			fill(field->items, *(void **) slot, next);
			break;
		case FIELD_TYPE_LIST:
			fill(field->items, list_add(slot, field->item_size), next);
			fill(field->items, list_add(slot, field->item_size), next);
			break;
		case FIELD_TYPE_OPT_BOOL:
		case FIELD_TYPE_OPT_UINT:
		case FIELD_TYPE_UINTS:
		case FIELD_TYPE_RAW:
		case FIELD_TYPE_END:
			ck_abort_msg("%s: a kind of row that this test does not fill", field->name);
		}
	}
}

static const struct {
	const char *name;
	const struct field *fields;
	size_t size;
} tables[] = {
	{"record", record_fields, sizeof(struct record)},
	{"mount", record_mount_fields, sizeof(struct record_mount)},
	{"port", record_port_fields, sizeof(struct record_port)},
	{"exit", exit_record_fields, sizeof(struct exit_record)},
	{"run", run_fields, sizeof(struct run)},
};

START_TEST(round_trip_keeps_every_member)
{
	AUTO_FREE void *before = xcalloc(1, tables[_i].size);
	AUTO_FREE void *after = xcalloc(1, tables[_i].size);
	struct error err = {0};
	unsigned next = 0;
	int r;

	fill(tables[_i].fields, before, &next);
	AUTO_JSON json_t *json = json_write(tables[_i].fields, before);
	AUTO_FREE char *text = json_text(json, JSON_COMPACT);
	AUTO_JSON json_t *parsed = json_parse(text, strlen(text), &err);

	ck_assert_msg(parsed != NULL, "%s", err.text);
	r = json_read(parsed, tables[_i].fields, after, &err);
	ck_assert_msg(r == 0, "%s: %s", tables[_i].name, err.text);
	AUTO_JSON json_t *again = json_write(tables[_i].fields, after);

	ck_assert_int_eq(json_equal(json, again), 1);
	fields_done(tables[_i].fields, before);
	fields_done(tables[_i].fields, after);
}
END_TEST

/* Rows that overlap, or a member that no row covers, leave bytes that nobody filled. */
START_TEST(rows_cover_the_whole_struct_once)
{
	AUTO_FREE unsigned char *covered = xcalloc(tables[_i].size + 1, 1);
	size_t gap = 0;

	for (const struct field *field = tables[_i].fields; field->type; field++) {
		size_t size = field->type == FIELD_TYPE_BOOL                                   ? 1
		              : field->type == FIELD_TYPE_TEXT || field->type == FIELD_TYPE_INT ||
		                                field->type == FIELD_TYPE_UINT ||
		                                field->type == FIELD_TYPE_STRUCT_PTR
		                      ? 8
		              : field->type == FIELD_TYPE_STRUCT
		                      ? (strcmp(field->name, "restart") == 0
		                                 ? sizeof(struct record_restart)
		                                 : sizeof(struct record_resources))
		                      : 16;

		for (size_t i = field->offset; i < field->offset + size; i++) {
			ck_assert_msg(!covered[i], "%s: byte %zu is covered twice", field->name, i);
			covered[i] = 1;
		}
	}
	/* what may stay uncovered is padding behind bools: less than 8 bytes in a row */
	for (size_t i = 0; i < tables[_i].size; i++) {
		gap = covered[i] ? 0 : gap + 1;
		ck_assert_msg(gap < 8, "%s: no row covers byte %zu", tables[_i].name, i);
	}
}
END_TEST

START_TEST(keeps_texts_that_are_compared)
{
	AUTO_RECORD struct record record = {.version = 1};
	AUTO_RECORD struct record back = {0};
	struct error err = {0};

	text_replace(&record.id, "x");
	AUTO_JSON json_t *json = json_write(record_fields, &record);

	ck_assert_int_eq(json_read(json, record_fields, &back, &err), 0);
	ck_assert_pstr_eq(back.id, "x");
	ck_assert_pstr_eq(back.image, "");
	ck_assert_pstr_eq(back.user, "");
	ck_assert_pstr_eq(back.seccomp, "");
	ck_assert_pstr_eq(back.restart.policy, "");
	ck_assert_ptr_null(back.health);
	ck_assert_ptr_null(back.rootfs);
	ck_assert(!back.resources.oom_score_adj.set);
}
END_TEST

static const struct {
	const char *json, *why;
} damaged[] = {
	{"{}", "\"version\" is missing"},
	{"[]", "is not a JSON object"},
	{"{\"version\":1,\"id\":7,\"name\":\"n\",\"created\":\"c\"}", "\"id\" is not a string"},
	{"{\"version\":1,\"id\":\"i\",\"created\":\"c\"}", "\"name\" is missing"},
	{"{\"version\":1,\"id\":\"i\",\"name\":\"n\",\"created\":\"c\",\"ports\":[{\"hostPort\":-1}]}",
	 "\"ports\"[0]: \"hostPort\" is not"},
	{"{\"version\":1,\"id\":\"i\",\"name\":\"n\",\"created\":\"c\",\"mounts\":[{},{\"readOnly\":0}]}",
	 "\"mounts\"[1]: \"readOnly\" is not true or false"},
	{"{\"version\":1,\"id\":\"i\",\"name\":\"n\",\"created\":\"c\",\"resources\":[]}",
	 "\"resources\" is not an object"},
};

START_TEST(says_what_is_damaged)
{
	struct record record = {0};
	struct error err = {0};
	AUTO_JSON json_t *json = json_parse(damaged[_i].json, strlen(damaged[_i].json), &err);

	ck_assert_ptr_nonnull(json);
	ck_assert_int_eq(json_read(json, record_fields, &record, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, damaged[_i].why) != NULL, "%s", err.text);
	ck_assert_ptr_null(record.id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");

	tcase_add_loop_test(tcase, round_trip_keeps_every_member, 0, ARRAY_LEN(tables));
	tcase_add_loop_test(tcase, rows_cover_the_whole_struct_once, 0, ARRAY_LEN(tables));
	tcase_add_test(tcase, keeps_texts_that_are_compared);
	tcase_add_loop_test(tcase, says_what_is_damaged, 0, ARRAY_LEN(damaged));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
