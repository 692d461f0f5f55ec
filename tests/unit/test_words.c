/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_words.c - a container in the words of ps */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"

#include <check.h>
#include <string.h>

#include "../../src/container/words.h"
#include "suite.h"

#define NOW (UINT64_C(1800000000) * NS_PER_SECOND)

static char *at(unsigned seconds_ago)
{
	char text[CLOCK_TEXT_SIZE];

	return xstrdup(clock_rfc3339(NOW - seconds_ago * NS_PER_SECOND, text));
}

static const struct {
	enum status status;
	bool ran, runs;
	unsigned started, finished; /* seconds ago; 0: not */
	int64_t code;
	const char *words;
} states[] = {
	{STATUS_CREATED, false, false, 0, 0, 0, "Created"},
	{STATUS_STARTING, false, true, 0, 0, 0, "Created"},
	{STATUS_RUNNING, false, true, 120, 0, 0, "Up 2 minutes"},
	{STATUS_RUNNING, true, true, 3, 50, 1, "Up 3 seconds"},
	{STATUS_RUNNING, false, true, 0, 0, 0, "Up Less than a second"},
	{STATUS_PAUSED, false, true, 7200, 0, 0, "Up 2 hours (Paused)"},
	{STATUS_EXITED, true, false, 300, 180, 0, "Exited (0) 3 minutes ago"},
	{STATUS_EXITED, true, false, 300, 5, 137, "Exited (137) 5 seconds ago"},
	{STATUS_RESTARTING, true, true, 300, 5, 1, "Restarting (1) 5 seconds ago"},
	{STATUS_DAMAGED, false, false, 0, 0, 0, "Damaged: torn"},
};

START_TEST(tells_the_status)
{
	struct exit_record last = {.code = states[_i].code};
	struct run run = {0};
	struct container container = {
		.status = states[_i].status,
		.exit = states[_i].ran ? &last : NULL,
		.run = states[_i].runs ? &run : NULL,
		.damage = (char[]){"torn"},
	};
	AUTO_FREE char *started = states[_i].started ? at(states[_i].started) : NULL;
	AUTO_FREE char *finished = states[_i].finished ? at(states[_i].finished) : NULL;

	run.started = started;
	last.started = started;
	last.finished = finished;
	AUTO_FREE char *words = words_status(&container, NOW);

	ck_assert_str_eq(words, states[_i].words);
}
END_TEST

#define PORTS 6

static const struct {
	struct record_port ports[PORTS];
	size_t count;
	const char *words;
} ports[] = {
	{.words = ""},
	{{{(char[]){""}, 8080, 80, (char[]){"tcp"}}}, 1, "0.0.0.0:8080->80/tcp"},
	{{{(char[]){"127.0.0.1"}, 8080, 80, (char[]){"udp"}}}, 1, "127.0.0.1:8080->80/udp"},
	{{{(char[]){"::1"}, 8080, 80, (char[]){"tcp"}}}, 1, "[::1]:8080->80/tcp"},
	/* not chosen yet */
	{{{(char[]){""}, 0, 80, (char[]){"tcp"}}, {(char[]){""}, 0, 81, (char[]){"tcp"}}}, 2, "80-81/tcp"},
	{{{(char[]){""}, 9002, 92, (char[]){"tcp"}},
	  {(char[]){""}, 9000, 90, (char[]){"tcp"}},
	  {(char[]){""}, 9001, 91, (char[]){"tcp"}}},
	 3,
	 "0.0.0.0:9000-9002->90-92/tcp"},
	/* neighbours inside, not outside; another protocol; another address */
	{{{(char[]){""}, 9000, 90, (char[]){"tcp"}}, {(char[]){""}, 9005, 91, (char[]){"tcp"}}},
	 2,
	 "0.0.0.0:9000->90/tcp, 0.0.0.0:9005->91/tcp"},
	{{{(char[]){""}, 53, 53, (char[]){"udp"}}, {(char[]){""}, 54, 54, (char[]){"tcp"}}},
	 2,
	 "0.0.0.0:54->54/tcp, 0.0.0.0:53->53/udp"},
	{{{(char[]){"10.0.0.1"}, 80, 80, (char[]){"tcp"}}, {(char[]){"10.0.0.2"}, 81, 81, (char[]){"tcp"}}},
	 2,
	 "10.0.0.1:80->80/tcp, 10.0.0.2:81->81/tcp"},
	/* members that a damaged record lacks */
	{{{NULL, 80, 80, NULL}}, 1, "0.0.0.0:80->80/tcp"},
};

START_TEST(collapses_neighbouring_ports)
{
	struct record_port copy[PORTS];
	struct list list = {.items = copy, .count = ports[_i].count};

	(void) memcpy(copy, ports[_i].ports, sizeof copy);
	AUTO_FREE char *words = words_ports(&list);

	ck_assert_str_eq(words, ports[_i].words);
	ck_assert_mem_eq(copy, ports[_i].ports, sizeof copy);
}
END_TEST

static const struct {
	const char *command, *cut, *whole;
} commands[] = {
	{"", "\"\"", "\"\""},
	{"sleep 100", "\"sleep 100\"", "\"sleep 100\""},
	{"12345678901234567890", "\"12345678901234567890\"", "\"12345678901234567890\""},
	{"123456789012345678901", "\"1234567890123456789\xe2\x80\xa6\"", "\"123456789012345678901\""},
	{"echo \"a\"\t\n\x1b", "\"echo \\\"a\\\"\\t\\n\\x1b\"", "\"echo \\\"a\\\"\\t\\n\\x1b\""},
	/* characters are counted, not bytes */
	{"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
	 "\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"",
	 "\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\""},
};

START_TEST(quotes_and_cuts_the_command)
{
	AUTO_FREE char *cut = words_command(commands[_i].command, false);
	AUTO_FREE char *whole = words_command(commands[_i].command, true);

	ck_assert_str_eq(cut, commands[_i].cut);
	ck_assert_str_eq(whole, commands[_i].whole);
}
END_TEST

START_TEST(sorts_labels_by_key)
{
	AUTO_PAIRS struct pairs pairs = {0};

	AUTO_FREE char *none = words_pairs(&pairs);
	ck_assert_str_eq(none, "");
	pairs_set(&pairs, "b", "2");
	pairs_set(&pairs, "a", "");
	AUTO_FREE char *words = words_pairs(&pairs);
	ck_assert_str_eq(words, "a=,b=2");
}
END_TEST

static const struct {
	const char *mode, *name;
} networks[] = {
	{NULL, "slirp4netns"},   {"", "slirp4netns"},     {"private", "slirp4netns"},
	{"host", "host"},        {"none", "none"},        {"slirp4netns:mtu=1500", "slirp4netns"},
	{"container:x", "container:x"},
};

START_TEST(names_the_network)
{
	AUTO_FREE char *name = words_network(networks[_i].mode);

	ck_assert_str_eq(name, networks[_i].name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *tcase = tcase_create("words");

	tcase_add_loop_test(tcase, tells_the_status, 0, ARRAY_LEN(states));
	tcase_add_loop_test(tcase, collapses_neighbouring_ports, 0, ARRAY_LEN(ports));
	tcase_add_loop_test(tcase, quotes_and_cuts_the_command, 0, ARRAY_LEN(commands));
	tcase_add_test(tcase, sorts_labels_by_key);
	tcase_add_loop_test(tcase, names_the_network, 0, ARRAY_LEN(networks));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
