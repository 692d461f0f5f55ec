/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_network.c - what a network of a container's own needs */
#include "coracle/base/alloc.h"
#include "coracle/base/spawn.h"

#include <fcntl.h>
#include <string.h>

#include "probe_check.h"

static const char network_effect[] = "containers have no network of their own; --network host and none work";

static void check_tun(const struct paths *paths, struct probe_result *out)
{
	/* nothing is made by opening it (tun.rst of the kernel) */
	AUTO_CLOSE int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	(void) paths;
	if (fd >= 0)
		probe_ok(out, "opens");
	else
		probe_bad(out, PROBE_MISSING, network_effect,
		          xstrdup(errno == EACCES || errno == EPERM ? "sudo chmod 666 /dev/net/tun"
		                                                    : "sudo modprobe tun; inside another container:"
		                                                      " start that one with --device /dev/net/tun"),
		          "%s", strerror(errno));
}

static void check_slirp(const struct paths *paths, struct probe_result *out)
{
	AUTO_FREE char *program = spawn_find("slirp4netns"), *words = NULL;
	struct error err = {0};
	int r;

	(void) paths;
	if (!program) {
		probe_bad(out, PROBE_MISSING, network_effect, xstrdup("sudo apt-get install slirp4netns"),
		          "not installed");
		return;
	}
	r = spawn_run((const char *const[]) {program, "--version", NULL}, 500, &words, &err);
	if (words)
		words[strcspn(words, "\n")] = '\0';
	if (r == 0)
		probe_ok(out, "%s", words && *words ? words : program);
	else
		probe_bad(out, PROBE_MISSING, network_effect,
		          xstrdup("sudo apt-get install --reinstall slirp4netns"), "%s: %s", program,
		          r < 0 ? err.text : "fails");
}

static void check_ports(const struct paths *paths, struct probe_result *out)
{
	long long start = probe_number("/proc/sys/net/ipv4/ip_unprivileged_port_start", 1024);

	(void) paths;
	/* for root too: slirp4netns works inside the user namespace */
	if (start <= 1)
		probe_ok(out, "every port can be published");
	else
		probe_ok(out, "ports from %lld on can be published; for lower ones: sudo sysctl -w"
		         " net.ipv4.ip_unprivileged_port_start=80", start);
}

const struct probe_check probe_network_checks[] = {
	{"tun", "/dev/net/tun, a container's network device", check_tun},
	{"slirp4netns", "slirp4netns, a container's network", check_slirp},
	{"ports", "published ports", check_ports},
	{NULL, NULL, NULL},
};
