/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_container_filter.c - which containers --filter lets through */
#include "coracle/base/alloc.h"

#include <check.h>
#include <string.h>

#include "../../src/container/filter.h"
#include "suite.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void set_filters(struct texts *words, const char *list)
{
	if (*list)
		texts_split(words, list, ' ');
}

/* The container that all rows of the table are about. */
static void fill(struct container *container, struct record *record, struct exit_record *last)
{
	struct record_port *port = list_add(&container->ports, sizeof *port);
	struct record_mount *mount = list_add(&record->mounts, sizeof *mount);

	text_replace(&container->id, ID);
	text_replace(&container->name, "web-1");
	text_replace(&container->network, "slirp4netns:mtu=1500");
	container->status = STATUS_EXITED;
	container->created_ns = UINT64_C(1700000000000000000);
	last->code = 3;
	container->exit = last;
	pairs_set(&container->labels, "app", "shop");
	pairs_set(&container->labels, "tier", "");
	texts_add(&container->volumes, "data");
	texts_add(&container->volumes, "/srv");
	*port = (struct record_port){NULL, 8080, 80, NULL};
	text_replace(&mount->target, "/var/data");
	texts_add(&record->exposed, "443/tcp");
	texts_add(&record->args, "nginx");
	text_replace(&record->restart.policy, "always");
	container->record = record;
}

static const struct {
	const char *words;
	bool matches;
} rows[] = {
	{"", true},
	{"name=web", true},
	{"name=^web-1$", true},
	{"name=^/web-1$", true},
	{"name=^eb", false},
	{"name=w.*1", true},
	{"name=WEB", false},
	{"id=0123", true},
	{"id=^0123", true},
	{"id=123", false},
	{"id=" ID, true},
	{"label=app", true},
	{"label=app=shop", true},
	{"label=app=sho", false},
	{"label=app=sh*", true},
	{"label=tier", true},
	{"label=tier=", true},
	{"label=nosuch", false},
	{"label!=nosuch", true},
	{"label!=app", false},
	{"label!=app=x", true},
	{"status=exited", true},
	{"status=stopped", true},
	{"status=running", false},
	{"status=removing", false},
	{"exited=3", true},
	{"exited=0", false},
	{"network=slirp4netns", true},
	{"network=bridge", true},
	{"network=host", false},
	{"volume=data", true},
	{"volume=/srv", true},
	{"volume=/var/data", true},
	{"volume=dat", false},
	{"publish=8080", true},
	{"publish=8080/udp", false},
	{"publish=80", false},
	{"publish=8000-8100/tcp", true},
	{"expose=80", true},
	{"expose=443/tcp", true},
	{"expose=8080", false},
	{"until=1700000001", true},
	{"until=1700000000", false},
	{"restart-policy=always", true},
	{"restart-policy=no", false},
	{"command=nginx", true},
	{"command=ngin", false},
	{"health=none", true},
	{"health=healthy", false},
	/* the same key: one of them */
	{"name=nosuch name=web", true},
	{"status=running status=exited", true},
	{"exited=1 exited=2", false},
	/* different keys: all */
	{"name=web status=running", false},
	{"name=nosuch name=web exited=3", true},
	{"name=nosuch exited=3 name=web", true},
	/* labels: all */
	{"label=app label=tier", true},
	{"label=app label=nosuch", false},
	{"label!=x label!=app", false},
};

START_TEST(lets_through)
{
	struct engine engine = {0};
	struct exit_record last = {0};
	struct record record = {0};
	struct container container = {0};
	AUTO_FILTERS struct filters filters = {0};
	AUTO_TEXTS struct texts words = {0};
	struct error err = {0};

	fill(&container, &record, &last);
	set_filters(&words, rows[_i].words);
	ck_assert_msg(filters_open(&engine, &words, &filters, &err) == 0, "%s", err.text);
	ck_assert_msg(filters_match(&filters, &container) == rows[_i].matches, "%s", rows[_i].words);
	container.record = NULL;
	container.exit = NULL;
	record_done(&record);
	container_done(&container);
}
END_TEST

/* A record that could not be read has next to nothing in it. */
START_TEST(survives_a_damaged_container)
{
	struct engine engine = {0};
	struct container container = {.id = (char[]){ID}, .status = STATUS_DAMAGED};
	AUTO_FILTERS struct filters filters = {0};
	AUTO_TEXTS struct texts words = {0};
	struct error err = {0};

	set_filters(&words, rows[_i].words);
	ck_assert_int_eq(filters_open(&engine, &words, &filters, &err), 0);
	(void) filters_match(&filters, &container);
}
END_TEST

static const struct {
	const char *word, *why;
} bad[] = {
	{"nosuch=x", "there are: ancestor, before, command, exited"},
	{"=x", "unknown"},
	{"", "unknown"},
	{"status", "--filter status=VALUE"},
	{"status=sleeping", "\"sleeping\" is not created, running"},
	{"exited=x", "exit code"},
	{"exited=-1", "exit code"},
	{"health=fine", "starting, healthy"},
	{"name=[", "regular expression"},
	{"publish=0-99999", "filter publish"},
	{"until=whenever", "a time such as"},
	{"pod=x", "no pods"},
	{"is-task=true", "no swarm tasks"},
};

START_TEST(says_what_is_wrong)
{
	struct engine engine = {0};
	AUTO_FILTERS struct filters filters = {0};
	AUTO_TEXTS struct texts words = {0};
	struct error err = {0};

	/* a good one before it is released */
	texts_add(&words, "name=x");
	texts_add(&words, bad[_i].word);
	ck_assert_int_lt(filters_open(&engine, &words, &filters, &err), 0);
	ck_assert_msg(strstr(err.text, bad[_i].why) != NULL, "%s", err.text);
	ck_assert_msg(strncmp(err.text, "filter ", 7) == 0, "%s", err.text);
	ck_assert_uint_eq(filters.count, 0);
}
END_TEST

START_TEST(asks_for_stopped_ones_and_whole_records_only_where_needed)
{
	static const struct {
		const char *words;
		bool all;
		enum state_depth depth;
	} needs[] = {
		{"name=x", false, STATE_SUMMARY},
		{"status=exited", true, STATE_SUMMARY},
		{"exited=0 name=x", true, STATE_SUMMARY},
		{"expose=80 name=x", false, STATE_FULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		struct engine engine = {0};
		AUTO_FILTERS struct filters filters = {0};
		AUTO_TEXTS struct texts words = {0};
		struct error err = {0};

		set_filters(&words, needs[i].words);
		ck_assert_int_eq(filters_open(&engine, &words, &filters, &err), 0);
		ck_assert_int_eq(filters.all, needs[i].all);
		ck_assert_int_eq(filters.depth, needs[i].depth);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("container_filter");
	TCase *tcase = tcase_create("container_filter");

	tcase_add_loop_test(tcase, lets_through, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tcase, survives_a_damaged_container, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tcase, says_what_is_wrong, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, asks_for_stopped_ones_and_whole_records_only_where_needed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
