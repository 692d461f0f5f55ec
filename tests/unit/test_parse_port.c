/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_parse_port.c - -p, --expose, --device and --add-host are read as the peers do, or refused */
#include "coracle/base/alloc.h"
#include "coracle/base/text.h"
#include "coracle/parse/parse.h"

#include <check.h>
#include <string.h>

#include "suite.h"

struct good {
	const char *text, *is;
};

struct bad {
	const char *text, *why;
};

static void ports_done(struct list *ports)
{
	LIST_EACH(struct record_port, port, ports)
		fields_done(record_port_fields, port);
	free(ports->items);
	*ports = (struct list){0};
}

/* "IP|HOST>CONTAINER/PROTOCOL" of each port, with blanks between. */
static char *describe(const struct list *ports)
{
	AUTO_TEXT struct text text = TEXT_INIT(65536);

	LIST_EACH(const struct record_port, port, ports)
		ck_assert_int_eq(text_printf(&text, "%s%s|%u>%u/%s", text.length ? " " : "",
		                             port->host_ip, (unsigned) port->host_port,
		                             (unsigned) port->container_port, port->protocol), 0);
	return text_take(&text);
}

static const struct good published[] = {
	{"80", "|0>80/tcp"},
	{"1", "|0>1/tcp"},
	{"65535", "|0>65535/tcp"},
	{"080", "|0>80/tcp"},
	{"80/tcp", "|0>80/tcp"},
	{"53/udp", "|0>53/udp"},
	{"53/UDP", "|0>53/udp"},
	{":80", "|0>80/tcp"},
	{"::80", "|0>80/tcp"},
	{"8080:80", "|8080>80/tcp"},
	{"0:80", "|0>80/tcp"},
	{"8080:80/udp", "|8080>80/udp"},
	{":8080:80", "|8080>80/tcp"},
	{"127.0.0.1:8080:80", "127.0.0.1|8080>80/tcp"},
	{"127.0.0.1::80", "127.0.0.1|0>80/tcp"},
	{"127.0.0.1:0:80/udp", "127.0.0.1|0>80/udp"},
	{"0.0.0.0:8080:80", "0.0.0.0|8080>80/tcp"},
	{"[::1]:8080:80", "::1|8080>80/tcp"},
	{"[::]:8080:80/tcp", "::|8080>80/tcp"},
	{"[::1]::80", "::1|0>80/tcp"},
	{"[fe80::1:2]:53:53/udp", "fe80::1:2|53>53/udp"},
	{"::1:8080:80", "::1|8080>80/tcp"},
	{"80-82", "|0>80/tcp |0>81/tcp |0>82/tcp"},
	{"80-80", "|0>80/tcp"},
	{"8080-8082:80-82", "|8080>80/tcp |8081>81/tcp |8082>82/tcp"},
	{"127.0.0.1:8080-8081:80-81/udp", "127.0.0.1|8080>80/udp 127.0.0.1|8081>81/udp"},
	{"127.0.0.1::80-81", "127.0.0.1|0>80/tcp 127.0.0.1|0>81/tcp"},
	{"65534-65535:65534-65535", "|65534>65534/tcp |65535>65535/tcp"},
};

static const struct bad bad_published[] = {
	{"", "it is empty"},
	{"0", "\"0\" is not a port from 1 to 65535"},
	{"65536", "is not a port from 1 to 65535"},
	{"99999999999999999999", "is not a port"},
	{"-1", "\"\" is not a port"},
	{"+80", "\"+80\" is not a port"},
	{" 80", "\" 80\" is not a port"},
	{"80 ", "\"80 \" is not a port"},
	{"0x50", "is not a port"},
	{"http", "\"http\" is not a port"},
	{"80:", "\"\" is not a port"},
	{":", "\"\" is not a port"},
	{"::", "\"\" is not a port"},
	{"80/", "the protocol \"\""},
	{"/tcp", "\"\" is not a port"},
	{"80/icmp", "the protocol \"icmp\" is not tcp or udp"},
	{"80/sctp", "the protocol \"sctp\" is not tcp or udp"},
	{"80/tcp/udp", "the protocol \"tcp/udp\""},
	{"a:80", "\"a\" is not a port from 0"},
	{"65536:80", "\"65536\" is not a port from 0"},
	{"127.0.0.1:80", "\"127.0.0.1\" is not a port"},
	{"localhost:80:80", "\"localhost\" is not an IP address"},
	{"1.2.3:80:80", "is not an IP address"},
	{"1.2.3.4.5:80:80", "is not an IP address"},
	{"256.0.0.1:80:80", "is not an IP address"},
	{"[::1]:80", "the host's port is missing"},
	{"[127.0.0.1]:80:80", "is not an IP address"},
	{"[]:80:80", "the brackets hold no address"},
	{"[::1:80:80", "is not an IP address"},
	{"fe80::1%eth0:80:80", "is not an IP address"},
	{"1:2:3:4", "is not an IP address"},
	{"82-80", "the range 82-80 runs backwards"},
	{"80-", "\"\" is not a port"},
	{"80-81-82", "\"81-82\" is not a port"},
	{"8080-8081:80", "the host's range has 2 ports, the container's 1"},
	{"8080:80-81", "the host's range has 1 ports, the container's 2"},
	{"8080-8083:80-81", "make them equal"},
	{"0-1:80-81", "can't begin with port 0"},
	{"80\xff", "not UTF-8"},
};

START_TEST(reads_published)
{
	struct list ports = {0};
	struct error err = {0};
	int r = parse_publish(published[_i].text, &ports, &err);
	AUTO_FREE char *is = describe(&ports);

	ck_assert_msg(r == 0, "%s: %s", published[_i].text, err.text);
	ck_assert_str_eq(is, published[_i].is);
	ports_done(&ports);
}
END_TEST

START_TEST(refuses_published_and_leaves_output_alone)
{
	struct list ports = {0};
	struct error err = {0};
	AUTO_FREE char *is = NULL;

	ck_assert_int_eq(parse_publish("1:2", &ports, &err), 0);
	ck_assert_msg(parse_publish(bad_published[_i].text, &ports, &err) == -EINVAL,
	              "%s: is accepted", bad_published[_i].text);
	is = describe(&ports);
	ck_assert_str_eq(is, "|1>2/tcp");
	ck_assert_msg(strstr(err.text, bad_published[_i].why) != NULL, "%s: \"%s\" lacks \"%s\"",
	              bad_published[_i].text, err.text, bad_published[_i].why);
	ck_assert_ptr_nonnull(strstr(err.text, "127.0.0.1:8080:80/tcp"));
	ports_done(&ports);
}
END_TEST

START_TEST(publishes_all_ports_and_not_one_more)
{
	struct list ports = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_publish("1-65535:1-65535", &ports, &err), 0);
	ck_assert_uint_eq(ports.count, 65535);
	ck_assert_uint_eq(LIST_AT(struct record_port, &ports, 65534)->host_port, 65535);
	ck_assert_int_eq(parse_publish("1/udp", &ports, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 65535 ports"));
	ck_assert_uint_eq(ports.count, 65535);
	ports_done(&ports);
}
END_TEST

static const struct good exposed[] = {
	{"80", "80/tcp"},
	{"80/tcp", "80/tcp"},
	{"80/udp", "80/udp"},
	{"80/SCTP", "80/sctp"},
	{"80-82/udp", "80/udp 81/udp 82/udp"},
	{"65535", "65535/tcp"},
};

static const struct bad bad_exposed[] = {
	{"", "it is empty"},
	{"0", "is not a port from 1"},
	{"65536", "is not a port"},
	{"8080:80", "\"8080:80\" is not a port"},
	{"80/xyz", "is not tcp, udp or sctp"},
	{"90-80", "runs backwards"},
	{"http", "is not a port"},
	{"80,81", "is not a port"},
};

START_TEST(reads_exposed)
{
	AUTO_TEXTS struct texts out = {0};
	AUTO_FREE char *is = NULL;
	struct error err = {0};

	ck_assert_int_eq(parse_expose(exposed[_i].text, &out, &err), 0);
	is = texts_join(&out, " ");
	ck_assert_str_eq(is, exposed[_i].is);
}
END_TEST

START_TEST(refuses_exposed_and_leaves_output_alone)
{
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_expose(bad_exposed[_i].text, &out, &err), -EINVAL);
	ck_assert_uint_eq(out.count, 0);
	ck_assert_msg(strstr(err.text, bad_exposed[_i].why) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "8080/tcp"));
}
END_TEST

static const struct good devices[] = {
	{"/dev/fuse", "/dev/fuse /dev/fuse rwm"},
	{"/dev/fuse:r", "/dev/fuse /dev/fuse r"},
	{"/dev/fuse:mrw", "/dev/fuse /dev/fuse mrw"},
	{"/dev/fuse:/dev/x", "/dev/fuse /dev/x rwm"},
	{"/dev/fuse:/dev/x:rw", "/dev/fuse /dev/x rw"},
	{"/dev/snd/", "/dev/snd /dev/snd rwm"},
	{"/dev//a/../fuse", "/dev/fuse /dev/fuse rwm"},
};

static const struct bad bad_devices[] = {
	{"", "it is empty"},
	{"/", "is not a device"},
	{"dev/fuse", "is not an absolute path"},
	{"vendor.com/gpu=0", "is not an absolute path"},
	{"/dev/fuse:", "neither an absolute path nor"},
	{"/dev/fuse:rwx", "neither an absolute path nor"},
	{"/dev/fuse:rr", "each once"},
	{"/dev/fuse:dev", "neither an absolute path nor"},
	{"/dev/fuse:x:rw", "\"x\" is not an absolute path"},
	{"/dev/fuse:/dev/x:", "each once"},
	{"/dev/fuse:/dev/x:rwmr", "each once"},
	{"/dev/fuse:/dev/x:r:w", "more than two colons"},
	{":/dev/x", "\"\" is not an absolute path"},
};

START_TEST(reads_device)
{
	struct record_device device = {0};
	struct error err = {0};
	int r = parse_device(devices[_i].text, &device, &err);
	AUTO_FREE char *is = NULL;

	ck_assert_msg(r == 0, "%s: %s", devices[_i].text, err.text);
	is = xprintf("%s %s %s", device.source, device.target, device.permissions);
	ck_assert_str_eq(is, devices[_i].is);
	free(device.source);
	free(device.target);
	free(device.permissions);
}
END_TEST

START_TEST(refuses_device_and_leaves_output_alone)
{
	struct record_device device = {0};
	struct error err = {0};

	ck_assert_int_eq(parse_device(bad_devices[_i].text, &device, &err), -EINVAL);
	ck_assert_ptr_null(device.source);
	ck_assert_ptr_null(device.target);
	ck_assert_ptr_null(device.permissions);
	ck_assert_msg(strstr(err.text, bad_devices[_i].why) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "/dev/fuse:/dev/fuse:rwm"));
}
END_TEST

static const char *const hosts[] = {
	"db:10.0.0.1", "a;b;c:10.0.0.1", "db:::1", "db:[::1]", "db:fe80::1", "db:host-gateway",
	"my_db.example-1.com:127.0.0.1", "1:1.1.1.1", "db:[::ffff:1.2.3.4]",
};

static const struct bad bad_hosts[] = {
	{"", "it is empty"},
	{"db", "no colon"},
	{":10.0.0.1", "\"\" is not a host name"},
	{"db:", "\"\" is neither an IP address"},
	{"db;:10.0.0.1", "\"\" is not a host name"},
	{"-db:10.0.0.1", "is not a host name"},
	{"a b:10.0.0.1", "is not a host name"},
	{"a\nb:10.0.0.1", "is not a host name"},
	{"db:10.0.0", "is neither an IP address"},
	{"db:[10.0.0.1]", "is neither an IP address"},
	{"db:10.0.0.1\n", "is neither an IP address"},
	{"db:gateway", "is neither an IP address"},
	{"db:[]", "is neither an IP address"},
	{"db:[::1", "is neither an IP address"},
};

START_TEST(accepts_host)
{
	struct error err = {0};

	ck_assert_msg(parse_add_host(hosts[_i], &err) == 0, "%s: %s", hosts[_i], err.text);
}
END_TEST

START_TEST(refuses_host)
{
	struct error err = {0};

	ck_assert_int_eq(parse_add_host(bad_hosts[_i].text, &err), -EINVAL);
	ck_assert_msg(strstr(err.text, bad_hosts[_i].why) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "db.example:10.0.0.5"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_port");
	TCase *tcase = tcase_create("parse_port");

	tcase_add_loop_test(tcase, reads_published, 0, ARRAY_LEN(published));
	tcase_add_loop_test(tcase, refuses_published_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_published));
	tcase_add_test(tcase, publishes_all_ports_and_not_one_more);
	tcase_add_loop_test(tcase, reads_exposed, 0, ARRAY_LEN(exposed));
	tcase_add_loop_test(tcase, refuses_exposed_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_exposed));
	tcase_add_loop_test(tcase, reads_device, 0, ARRAY_LEN(devices));
	tcase_add_loop_test(tcase, refuses_device_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_devices));
	tcase_add_loop_test(tcase, accepts_host, 0, ARRAY_LEN(hosts));
	tcase_add_loop_test(tcase, refuses_host, 0, ARRAY_LEN(bad_hosts));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
