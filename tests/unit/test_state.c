/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_state.c - containers on disk: claimed, found, listed, judged by facts, removed */
#include "coracle/base/id.h"
#include "coracle/state/state.h"
#include "coracle/sys/lock.h"

#include "scratch.h"
#include "suite.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

struct place {
	struct scratch scratch;
	struct paths paths;
};

static void place_done(struct place *place)
{
	(void) close(place->paths.data_fd);
	(void) close(place->paths.runtime_fd);
	scratch_done(&place->scratch);
}
#define AUTO_PLACE AUTO(place_done)

static struct place place_new(void)
{
	struct place place = {.scratch = scratch_new()};

	ck_assert_int_eq(mkdirat(place.scratch.fd, "data", 0700), 0);
	ck_assert_int_eq(mkdirat(place.scratch.fd, "run", 0700), 0);
	place.paths = (struct paths){
		.data = (char *) (uintptr_t) "data",
		.runtime = (char *) (uintptr_t) "run",
		.data_fd = directory_open(place.scratch.fd, "data"),
		.runtime_fd = directory_open(place.scratch.fd, "run"),
	};
	return place;
}

static int create(const struct place *place, const char *id, const char *name, bool auto_remove,
                  const char *created, struct error *err)
{
	AUTO_RECORD struct record record = {
		.version = 1,
		.id = xstrdup(id),
		.name = xstrdup(name),
		.created = xstrdup(created),
		.image = xstrdup("busybox"),
		.auto_remove = auto_remove,
	};

	texts_add(&record.args, "sleep");
	texts_add(&record.args, "5");
	return state_create(&place->paths, &record, err);
}

static void made(const struct place *place, const char *id, const char *name)
{
	struct error err = {0};

	ck_assert_msg(create(place, id, name, false, "2026-01-01T00:00:00Z", &err) == 0, "%s", err.text);
}

/* The id that text finds, or NULL with *kind. */
static char *find(const struct place *place, const char *text, enum error_kind *kind)
{
	AUTO_CONTAINER struct container found = {0};
	struct error err = {0};
	int r = state_find(&place->paths, text, STATE_SUMMARY, &found, &err);

	*kind = err.kind;
	ck_assert_int_eq(r < 0, err.text[0] != '\0');
	return r < 0 ? NULL : TAKE_PTR(found.id);
}

static void write_data(const struct place *place, const char *id, const char *name, const char *text)
{
	AUTO_FREE char *path = xprintf("containers/%s/%s", id, name);

	ck_assert_int_eq(file_write(place->paths.data_fd, path, text, strlen(text), 0600, FILE_FAST), 0);
}

static enum status status_of(const struct place *place, const char *id, int64_t *code)
{
	AUTO_CONTAINER struct container found = {0};
	struct error err = {0};

	ck_assert_msg(state_find(&place->paths, id, STATE_FULL, &found, &err) == 0, "%s", err.text);
	*code = found.exit ? found.exit->code : -1;
	return found.status;
}

static int make_run(const struct place *place, const char *id)
{
	AUTO_FREE char *path = xprintf("containers/%s", id);
	AUTO_FREE char *alive = xprintf("containers/%s/alive", id);
	int fd;

	ck_assert_int_eq(directory_make(place->paths.runtime_fd, path, 0700), 0);
	fd = lock_take(place->paths.runtime_fd, alive, LOCK_MODE_EXCLUSIVE, LOCK_TRY);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static const struct {
	const char *text, *id; /* NULL: not found */
	enum error_kind kind;
} searches[] = {
	{"one", A, 0},
	{"/one", A, 0},
	{"two", B, 0},
	{A, A, 0},
	{"aa", A, 0},
	{"ab", B, 0},
	{"cccccccccccc", C, 0},
	/* a name wins over the beginning of an id */
	{"abba", C, 0},
	{"a", NULL, ERROR_CONFLICT},
	{"", NULL, ERROR_NOT_FOUND},
	{"/", NULL, ERROR_NOT_FOUND},
	{"b", NULL, ERROR_NOT_FOUND},
	{"on", NULL, ERROR_NOT_FOUND},
	{"ONE", NULL, ERROR_NOT_FOUND},
	{"AA", NULL, ERROR_NOT_FOUND},
	{"//one", NULL, ERROR_NOT_FOUND},
	{"../containers/" A, NULL, ERROR_NOT_FOUND},
	{".lock", NULL, ERROR_NOT_FOUND},
	{A "a", NULL, ERROR_NOT_FOUND},
};

START_TEST(finds_by_name_id_and_beginning)
{
	AUTO_PLACE struct place place = place_new();
	enum error_kind kind;

	made(&place, A, "one");
	made(&place, B, "two");
	made(&place, C, "abba");
	AUTO_FREE char *id = find(&place, searches[_i].text, &kind);

	if (searches[_i].id) {
		ck_assert_msg(id != NULL, "\"%s\"", searches[_i].text);
		ck_assert_str_eq(id, searches[_i].id);
	} else {
		ck_assert_msg(id == NULL, "\"%s\" found %s", searches[_i].text, id ? id : "");
		ck_assert_int_eq(kind, searches[_i].kind);
	}
}
END_TEST

START_TEST(a_name_in_use_is_refused_and_nothing_stays)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_TEXTS struct texts left = {0};
	struct error err = {0};

	made(&place, A, "one");
	ck_assert_int_lt(create(&place, B, "one", false, "2026-01-01T00:00:00Z", &err), 0);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "aaaaaaaaaaaa"));
	ck_assert_int_eq(directory_list(place.paths.data_fd, "containers", &left), 0);
	ck_assert_uint_eq(left.count, 1);
}
END_TEST

START_TEST(a_name_of_nobody_is_taken_over)
{
	AUTO_PLACE struct place place = place_new();
	enum error_kind kind;

	made(&place, B, "other");
	/* its maker died between claiming and putting the container in its place; "ab" also begins B */
	ck_assert_int_eq(symlinkat("../containers/" A, place.paths.data_fd, "names/ab"), 0);
	made(&place, C, "ab");
	AUTO_FREE char *id = find(&place, "ab", &kind);

	ck_assert_str_eq(id, C);
}
END_TEST

/* the writable layer of a run: what is left of a --rm container when its monitor was killed */
START_TEST(the_name_of_a_dead_temporary_container_is_free)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_CONTAINER struct container old = {0};
	struct error err = {0};
	enum error_kind kind;
	int64_t code;

	ck_assert_int_eq(create(&place, A, "one", true, "2026-01-01T00:00:00Z", &err), 0);
	ck_assert_int_eq(status_of(&place, A, &code), STATUS_CREATED);
	ck_assert_int_lt(create(&place, B, "one", true, "2026-01-01T00:00:00Z", &err), 0);
	ck_assert_int_eq(mkdirat(place.paths.data_fd, "containers/" A "/upper", 0700), 0);
	ck_assert_int_eq(status_of(&place, A, &code), STATUS_EXITED);
	ck_assert_int_eq(code, 255);
	ck_assert_int_eq(create(&place, B, "one", true, "2026-01-01T00:00:00Z", &err), 0);
	AUTO_FREE char *id = find(&place, "one", &kind);

	ck_assert_str_eq(id, B);
	/* removing the old one leaves the name with the new one */
	ck_assert_int_eq(state_remove(&place.paths, A, "one", &err), 0);
	free(id);
	id = find(&place, "one", &kind);
	ck_assert_str_eq(id, B);
	ck_assert_int_eq(state_find(&place.paths, A, STATE_SUMMARY, &old, &err), -ENOENT);
}
END_TEST

START_TEST(the_name_of_a_living_temporary_container_is_not)
{
	AUTO_PLACE struct place place = place_new();
	struct error err = {0};
	AUTO_CLOSE int alive = -1;

	ck_assert_int_eq(create(&place, A, "one", true, "2026-01-01T00:00:00Z", &err), 0);
	ck_assert_int_eq(mkdirat(place.paths.data_fd, "containers/" A "/upper", 0700), 0);
	alive = make_run(&place, A);
	ck_assert_int_lt(create(&place, B, "one", true, "2026-01-01T00:00:00Z", &err), 0);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
}
END_TEST

START_TEST(the_newest_is_first)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_CONTAINERS struct list list = {0};
	struct error err = {0};

	ck_assert_int_eq(create(&place, A, "old", false, "2026-01-01T00:00:00Z", &err), 0);
	ck_assert_int_eq(create(&place, B, "new", false, "2026-01-01T00:00:00.2Z", &err), 0);
	ck_assert_int_eq(create(&place, C, "middle", false, "2026-01-01T00:00:00.1Z", &err), 0);
	ck_assert_int_eq(mkdirat(place.paths.data_fd, "containers/.half", 0700), 0);
	ck_assert_int_eq(mkdirat(place.paths.data_fd, "containers/stray", 0700), 0);
	ck_assert_int_eq(state_list(&place.paths, STATE_ALL, STATE_SUMMARY, &list, &err), 0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(LIST_AT(struct container, &list, 0)->name, "new");
	ck_assert_str_eq(LIST_AT(struct container, &list, 1)->name, "middle");
	ck_assert_str_eq(LIST_AT(struct container, &list, 2)->name, "old");
	ck_assert_str_eq(LIST_AT(struct container, &list, 0)->command, "sleep 5");
}
END_TEST

START_TEST(an_empty_place_has_none)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_CONTAINERS struct list list = {0};
	struct error err = {0};

	ck_assert_int_eq(state_list(&place.paths, STATE_ALL, STATE_FULL, &list, &err), 0);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(only_the_living_can_be_listed)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_CONTAINERS struct list list = {0};
	struct error err = {0};
	AUTO_CLOSE int alive = -1;

	made(&place, A, "dead");
	made(&place, C, "lives");
	(void) close(make_run(&place, A));
	alive = make_run(&place, C);
	ck_assert_int_eq(state_list(&place.paths, STATE_LIVE, STATE_SUMMARY, &list, &err), 0);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(LIST_AT(struct container, &list, 0)->name, "lives");
}
END_TEST

static const struct {
	const char *exit, *run; /* texts of the files; NULL: absent */
	bool live;
	enum status status;
	int64_t code; /* -1: no record of an end */
} facts[] = {
	{NULL, NULL, false, STATUS_CREATED, -1},
	{NULL, NULL, true, STATUS_STARTING, -1},
	{NULL, "{\"bootId\":\"b\",\"monitorPid\":1,\"pid\":2}", true, STATUS_RUNNING, -1},
	{NULL, "{\"bootId\":\"b\",\"monitorPid\":1,\"pid\":0}", true, STATUS_STARTING, -1},
	{NULL, "{\"bootId\":\"b\",\"monitorPid\":1,\"pid\":0,\"restarting\":true}", true, STATUS_RESTARTING, -1},
	{NULL, "not json", true, STATUS_STARTING, -1},
	/* a monitor that was killed leaves its files: nothing runs without it */
	{NULL, "{\"bootId\":\"b\",\"monitorPid\":1,\"pid\":2}", false, STATUS_CREATED, -1},
	{"{\"code\":3,\"started\":\"s\",\"finished\":\"f\",\"error\":\"\"}", NULL, false, STATUS_EXITED, 3},
	{"{\"code\":0,\"started\":\"s\",\"finished\":\"f\",\"error\":\"\"}", NULL, false, STATUS_EXITED, 0},
	{"{\"code\":0,\"started\":\"s\",\"finished\":\"\",\"error\":\"\"}", NULL, false, STATUS_EXITED, 255},
	{"{\"code\":0,\"started\":\"s\"}", "{\"bootId\":\"b\",\"monitorPid\":1,\"pid\":2}", false, STATUS_EXITED, 255},
	{"{\"code\":0,\"started\":\"s\"}", "{\"bootId\":\"b\",\"monitorPid\":1,\"pid\":2}", true, STATUS_RUNNING, 0},
	{"{", NULL, false, STATUS_EXITED, 255},
	{"{\"code\":\"x\"}", NULL, false, STATUS_EXITED, 255},
	{"", NULL, false, STATUS_EXITED, 255},
};

START_TEST(the_status_follows_from_the_facts)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_CLOSE int alive = -1;
	int64_t code;

	made(&place, A, "one");
	alive = make_run(&place, A);
	if (facts[_i].exit)
		write_data(&place, A, "exit.json", facts[_i].exit);
	if (facts[_i].run)
		ck_assert_int_eq(file_write(place.paths.runtime_fd, "containers/" A "/run.json", facts[_i].run,
		                            strlen(facts[_i].run), 0600, FILE_FAST), 0);
	if (!facts[_i].live)
		(void) close(TAKE_FD(alive));
	ck_assert_int_eq(state_is_live(&place.paths, A), facts[_i].live);
	ck_assert_int_eq(status_of(&place, A, &code), facts[_i].status);
	ck_assert_int_eq(code, facts[_i].code);
}
END_TEST

static const struct {
	const char *record, *summary; /* texts of the files; NULL: as they were */
	enum status summary_status, full_status;
} damages[] = {
	{NULL, NULL, STATUS_CREATED, STATUS_CREATED},
	/* the summary is made from the record: its loss is none */
	{NULL, "{", STATUS_CREATED, STATUS_CREATED},
	{NULL, "", STATUS_CREATED, STATUS_CREATED},
	{NULL, "{\"name\":\"one\"}", STATUS_CREATED, STATUS_CREATED},
	{"{", NULL, STATUS_CREATED, STATUS_DAMAGED},
	{"{", "{", STATUS_DAMAGED, STATUS_DAMAGED},
	{"", "", STATUS_DAMAGED, STATUS_DAMAGED},
	{"[]", "[]", STATUS_DAMAGED, STATUS_DAMAGED},
	/* another container's record */
	{"{\"version\":1,\"id\":\"" B "\",\"name\":\"x\",\"created\":\"2026-01-01T00:00:00Z\"}", NULL,
	 STATUS_CREATED, STATUS_DAMAGED},
	{"{\"version\":1,\"id\":\"" A "\",\"name\":\"one\",\"created\":\"yesterday\"}", NULL, STATUS_CREATED,
	 STATUS_DAMAGED},
};

START_TEST(damage_is_told_not_hidden)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_CONTAINERS struct list list = {0};
	AUTO_CONTAINER struct container brief = {0}, full = {0};
	struct error err = {0};

	made(&place, A, "one");
	if (damages[_i].record)
		write_data(&place, A, "config.json", damages[_i].record);
	if (damages[_i].summary)
		write_data(&place, A, "summary.json", damages[_i].summary);
	ck_assert_int_eq(state_find(&place.paths, "one", STATE_SUMMARY, &brief, &err), 0);
	ck_assert_int_eq(brief.status, damages[_i].summary_status);
	ck_assert_int_eq(state_find(&place.paths, "one", STATE_FULL, &full, &err), 0);
	ck_assert_int_eq(full.status, damages[_i].full_status);
	ck_assert_int_eq(full.damage != NULL, full.status == STATUS_DAMAGED);
	ck_assert_int_eq(state_list(&place.paths, STATE_ALL, STATE_FULL, &list, &err), 0);
	ck_assert_uint_eq(list.count, 1);
	/* and it can be removed, with its name */
	ck_assert_int_eq(state_remove(&place.paths, A, full.name, &err), 0);
	ck_assert_int_ne(faccessat(place.paths.data_fd, "names/one", F_OK, AT_SYMLINK_NOFOLLOW), 0);
	made(&place, B, "one");
}
END_TEST

START_TEST(removal_leaves_nothing_and_can_be_repeated)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_TEXTS struct texts data = {0}, runtime = {0};
	struct error err = {0};

	made(&place, A, "one");
	(void) close(make_run(&place, A));
	ck_assert_int_eq(directory_make(place.paths.data_fd, "containers/" A "/upper/etc", 0700), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_msg(state_remove(&place.paths, A, "one", &err) == 0, "%s", err.text);
	ck_assert_int_eq(directory_list(place.paths.data_fd, "containers", &data), 0);
	ck_assert_int_eq(directory_list(place.paths.runtime_fd, "containers", &runtime), 0);
	ck_assert_uint_eq(data.count, 0);
	ck_assert_uint_eq(runtime.count, 0);
	ck_assert_int_eq(state_lock(&place.paths, A), -ENOENT);
}
END_TEST

START_TEST(a_removal_that_was_cut_short_is_finished)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_TEXTS struct texts left = {0};
	struct error err = {0};

	made(&place, A, "one");
	ck_assert_int_eq(directory_make(place.paths.data_fd, "containers/." A "/upper", 0700), 0);
	ck_assert_int_eq(directory_make(place.paths.runtime_fd, "containers/." A "/x", 0700), 0);
	ck_assert_msg(state_remove(&place.paths, A, "one", &err) == 0, "%s", err.text);
	ck_assert_int_eq(directory_list(place.paths.data_fd, "containers", &left), 0);
	ck_assert_uint_eq(left.count, 0);
}
END_TEST

START_TEST(sweeps_what_was_half_made_and_nothing_else)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_TEXTS struct texts left = {0};

	made(&place, A, "one");
	ck_assert_int_eq(directory_make(place.paths.data_fd, "containers/." B "/upper", 0700), 0);
	state_sweep(&place.paths);
	ck_assert_int_eq(directory_list(place.paths.data_fd, "containers", &left), 0);
	ck_assert_uint_eq(left.count, 1);
	ck_assert_str_eq(left.items[0], A);
}
END_TEST

START_TEST(looks_again)
{
	AUTO_PLACE struct place place = place_new();
	AUTO_CONTAINER struct container container = {0};
	struct error err = {0};
	int alive;

	made(&place, A, "one");
	ck_assert_int_eq(state_find(&place.paths, "one", STATE_SUMMARY, &container, &err), 0);
	alive = make_run(&place, A);
	ck_assert_int_eq(state_refresh(&place.paths, &container, &err), 0);
	ck_assert_int_eq(container.status, STATUS_STARTING);
	(void) close(alive);
	ck_assert_int_eq(state_refresh(&place.paths, &container, &err), 0);
	ck_assert_int_eq(container.status, STATUS_CREATED);
	ck_assert_int_eq(state_remove(&place.paths, A, "one", &err), 0);
	ck_assert_int_eq(state_refresh(&place.paths, &container, &err), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tcase = tcase_create("state");

	tcase_add_loop_test(tcase, finds_by_name_id_and_beginning, 0, ARRAY_LEN(searches));
	tcase_add_test(tcase, a_name_in_use_is_refused_and_nothing_stays);
	tcase_add_test(tcase, a_name_of_nobody_is_taken_over);
	tcase_add_test(tcase, the_name_of_a_dead_temporary_container_is_free);
	tcase_add_test(tcase, the_name_of_a_living_temporary_container_is_not);
	tcase_add_test(tcase, the_newest_is_first);
	tcase_add_test(tcase, an_empty_place_has_none);
	tcase_add_test(tcase, only_the_living_can_be_listed);
	tcase_add_loop_test(tcase, the_status_follows_from_the_facts, 0, ARRAY_LEN(facts));
	tcase_add_loop_test(tcase, damage_is_told_not_hidden, 0, ARRAY_LEN(damages));
	tcase_add_test(tcase, removal_leaves_nothing_and_can_be_repeated);
	tcase_add_test(tcase, a_removal_that_was_cut_short_is_finished);
	tcase_add_test(tcase, sweeps_what_was_half_made_and_nothing_else);
	tcase_add_test(tcase, looks_again);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
