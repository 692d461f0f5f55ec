/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_network_files.c - hosts, resolv.conf, hostname, and the options behind "slirp4netns:" */
#include "coracle/base/alloc.h"
#include "coracle/network/network.h"

#include <check.h>
#include <string.h>

#include "../../src/network/slirp.h"
#include "suite.h"

static struct record record;
static struct network_files files;
static char *text;

static void setup(void)
{
	record = (struct record) {.id = xstrdup("0123456789abcdef"), .name = xstrdup("web")};
	files = (struct network_files) {
		.record = &record, .ip = "10.0.2.100", .gateway = "10.0.2.2", .dns = "10.0.2.3"};
	text = NULL;
}

static void teardown(void)
{
	free(record.id);
	free(record.name);
	free(record.hostname);
	free(record.domainname);
	texts_done(&record.dns);
	texts_done(&record.dns_search);
	texts_done(&record.dns_options);
	texts_done(&record.add_hosts);
	texts_done(&record.network_aliases);
	free(text);
}

static bool has_line(const char *line)
{
	const char *at = strstr(text, line);

	return at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n';
}

START_TEST(names_the_container_and_its_host)
{
	record.hostname = xstrdup("box");
	record.domainname = xstrdup("example.org");
	texts_add(&record.network_aliases, "www");
	text = network_hosts(&files);
	ck_assert(has_line("127.0.0.1\tlocalhost"));
	ck_assert(has_line("10.0.2.100\tbox.example.org box web www"));
	ck_assert(has_line("10.0.2.2\thost.docker.internal"));
	ck_assert(has_line("10.0.2.2\thost.containers.internal"));
}
END_TEST

static const struct {
	const char *word, *line;
} extras[] = {
	{"db:10.1.2.3", "10.1.2.3\tdb"},
	{"db:host-gateway", "10.0.2.2\tdb"},
	{"db:2001:db8::1", "2001:db8::1\tdb"},
	{"db:[2001:db8::1]", "2001:db8::1\tdb"},
	{"a;b:10.1.2.3", "10.1.2.3\ta b"},
	{"db=10.1.2.3", "10.1.2.3\tdb"},
};

START_TEST(adds_the_users_hosts)
{
	texts_add(&record.add_hosts, extras[_i].word);
	text = network_hosts(&files);
	ck_assert_msg(has_line(extras[_i].line), "%s", text);
}
END_TEST

START_TEST(lets_the_user_redefine_our_names)
{
	texts_add(&record.add_hosts, "host.docker.internal:10.9.9.9");
	text = network_hosts(&files);
	ck_assert(has_line("10.9.9.9\thost.docker.internal"));
	ck_assert(!has_line("10.0.2.2\thost.docker.internal"));
}
END_TEST

START_TEST(no_word_makes_a_line_of_its_own)
{
	texts_add(&record.add_hosts, "db\n6.6.6.6 evil:10.1.2.3");
	texts_add(&record.add_hosts, "db:10.1.2.3\n6.6.6.6 evil");
	texts_add(&record.dns_search, "x\nnameserver 6.6.6.6");
	texts_add(&record.dns, "1.1.1.1\noptions evil");
	text = network_hosts(&files);
	ck_assert_ptr_null(strstr(text, "6.6.6.6"));
	free(text);
	text = network_resolv_conf(&files, "");
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(knows_itself_without_a_network)
{
	files.ip = files.gateway = files.dns = "";
	text = network_hosts(&files);
	ck_assert(has_line("127.0.0.1\tweb"));
	ck_assert_ptr_null(strstr(text, "host.docker.internal"));
}
END_TEST

#define HOST_CONF "# made by hand\nnameserver 127.0.0.53\nnameserver 192.0.2.1\n" \
		  "domain old.example\nsearch a.example b.example\noptions edns0 trust-ad\n"

START_TEST(asks_the_forwarder)
{
	text = network_resolv_conf(&files, HOST_CONF);
	ck_assert_str_eq(text, "search a.example b.example\nnameserver 10.0.2.3\noptions edns0 trust-ad\n");
}
END_TEST

START_TEST(asks_the_hosts_servers_that_it_can_reach)
{
	files.dns = "";
	text = network_resolv_conf(&files, HOST_CONF);
	ck_assert(has_line("nameserver 192.0.2.1"));
	ck_assert_ptr_null(strstr(text, "127.0.0.53"));
}
END_TEST

START_TEST(leaves_the_hosts_file_as_it_is_on_the_hosts_network)
{
	files.host_network = true;
	text = network_resolv_conf(&files, HOST_CONF);
	ck_assert_str_eq(text, HOST_CONF);
}
END_TEST

START_TEST(options_replace_what_the_host_has)
{
	texts_add(&record.dns, "9.9.9.9");
	texts_add(&record.dns_search, ".");
	texts_add(&record.dns_options, "ndots:2");
	text = network_resolv_conf(&files, HOST_CONF);
	ck_assert_str_eq(text, "nameserver 9.9.9.9\noptions ndots:2\n");
}
END_TEST

START_TEST(takes_the_short_id_for_want_of_a_host_name)
{
	text = network_hostname(&files);
	ck_assert_str_eq(text, "0123456789ab\n");
	free(text);
	record.hostname = xstrdup("box");
	text = network_hostname(&files);
	ck_assert_str_eq(text, "box\n");
}
END_TEST

static const struct {
	const char *words, *ip, *gateway, *dns;
	uint64_t mtu;
	bool loopback;
} good[] = {
	{NULL, "10.0.2.100", "10.0.2.2", "10.0.2.3", 65520, false},
	{"", "10.0.2.100", "10.0.2.2", "10.0.2.3", 65520, false},
	{"cidr=192.168.7.0/24,mtu=1500", "192.168.7.100", "192.168.7.2", "192.168.7.3", 1500, false},
	{"cidr=10.0.2.128/25", "10.0.2.228", "10.0.2.130", "10.0.2.131", 65520, false},
	{"allow_host_loopback=true,port_handler=slirp4netns", "10.0.2.100", "10.0.2.2", "10.0.2.3", 65520, true},
};

START_TEST(reads_options)
{
	struct slirp_options options = {0};
	struct error err = {0};

	ck_assert_msg(slirp_options_parse(good[_i].words, &options, &err) == 0, "%s", err.text);
	ck_assert_str_eq(options.ip, good[_i].ip);
	ck_assert_str_eq(options.gateway, good[_i].gateway);
	ck_assert_str_eq(options.dns, good[_i].dns);
	ck_assert_uint_eq(options.mtu, good[_i].mtu);
	ck_assert_int_eq(options.host_loopback, good[_i].loopback);
}
END_TEST

static const char *const bad[] = {
	"mtu",      "mtu=",           "mtu=67",         "mtu=70000",    "cidr=10.0.2.0",  "cidr=10.0.2.0/26",
	"cidr=/24", "cidr=10.0.2.1/24", "cidr=fd00::/64", "enable_ipv6=2", "port_handler=rootlesskit",
	"colour=blue", ",", "outbound_addr=eth0",
};

START_TEST(refuses_and_leaves_output_alone)
{
	struct slirp_options options = {.mtu = 7};
	struct error err = {0};

	ck_assert_int_lt(slirp_options_parse(bad[_i], &options, &err), 0);
	ck_assert_uint_eq(options.mtu, 7);
	ck_assert_ptr_nonnull(strstr(err.text, "slirp4netns"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("network_files");
	TCase *tcase = tcase_create("network_files");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, names_the_container_and_its_host);
	tcase_add_loop_test(tcase, adds_the_users_hosts, 0, ARRAY_LEN(extras));
	tcase_add_test(tcase, lets_the_user_redefine_our_names);
	tcase_add_test(tcase, no_word_makes_a_line_of_its_own);
	tcase_add_test(tcase, knows_itself_without_a_network);
	tcase_add_test(tcase, asks_the_forwarder);
	tcase_add_test(tcase, asks_the_hosts_servers_that_it_can_reach);
	tcase_add_test(tcase, leaves_the_hosts_file_as_it_is_on_the_hosts_network);
	tcase_add_test(tcase, options_replace_what_the_host_has);
	tcase_add_test(tcase, takes_the_short_id_for_want_of_a_host_name);
	tcase_add_loop_test(tcase, reads_options, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_and_leaves_output_alone, 0, ARRAY_LEN(bad));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
