/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_session.c - the login session, resource limits, libraries and an outer container */
#include "coracle/base/alloc.h"
#include "coracle/base/dl.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "probe_check.h"

#define FILES_WANTED 65536

static void check_runtime(const struct paths *paths, struct probe_result *out)
{
	const char *given = getenv("XDG_RUNTIME_DIR");
	AUTO_FREE char *usual = xprintf("/run/user/%u", (unsigned) getuid());
	AUTO_FREE char *name = probe_user();
	struct stat st;

	if (access(paths->runtime, F_OK) == 0 && access(paths->runtime, W_OK) < 0)
		probe_bad(out, PROBE_MISSING, "no container can be started",
		          xprintf("export CORACLE_RUNROOT=/tmp/coracle-run-%s", name), "%s: %s",
		          paths->runtime, strerror(errno));
	else if (given && *given == '/' && stat(given, &st) == 0 && st.st_uid == getuid())
		probe_ok(out, "%s", paths->runtime);
	else if (stat(usual, &st) == 0 && st.st_uid == getuid())
		probe_bad(out, PROBE_DEGRADED, "other programs may miss it; coracle finds its own way",
		          xprintf("export XDG_RUNTIME_DIR=%s", usual), "XDG_RUNTIME_DIR is %s; %s is used",
		          given && *given ? "not a directory of yours" : "not set", paths->runtime);
	else if (geteuid() == 0)
		probe_ok(out, "%s", paths->runtime);
	else
		probe_bad(out, PROBE_DEGRADED, "the state of running containers is kept in /tmp",
		          xprintf("sudo loginctl enable-linger %s, then log in anew", name),
		          "there is no %s; %s is used", usual, paths->runtime);
}

static void check_linger(const struct paths *paths, struct probe_result *out)
{
	AUTO_FREE char *name = probe_user();
	AUTO_FREE char *flag = xprintf("/var/lib/systemd/linger/%s", name);

	(void) paths;
	if (access("/run/systemd/system", F_OK) < 0)
		probe_ok(out, "no systemd here that would end them");
	else if (geteuid() == 0 || access(flag, F_OK) == 0)
		probe_ok(out, "they go on");
	else
		probe_bad(out, PROBE_DEGRADED, "systemd ends your containers when your last session ends",
		          xprintf("sudo loginctl enable-linger %s", name), "lingering is off for %s", name);
}

static void check_seccomp(const struct paths *paths, struct probe_result *out)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	(void) paths;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0)
		probe_ok(out, "the kernel filters system calls");
	else
		probe_bad(out, PROBE_DEGRADED, "containers start with --security-opt seccomp=unconfined only",
		          xstrdup("boot a kernel with CONFIG_SECCOMP_FILTER=y (zgrep SECCOMP /boot/config-$(uname -r))"),
		          "%s", strerror(errno));
}

static void check_files(const struct paths *paths, struct probe_result *out)
{
	AUTO_FREE char *name = probe_user();
	struct rlimit limit;

	(void) paths;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		probe_bad(out, PROBE_DEGRADED, "it is unknown whether this works", xstrdup("ulimit -Hn"), "%s",
		          strerror(errno));
	else if (limit.rlim_max < FILES_WANTED)
		probe_bad(out, PROBE_DEGRADED, "servers with many connections run out of files",
		          xprintf("echo '%s hard nofile 524288' | sudo tee /etc/security/limits.d/coracle.conf,"
		                  " then log in anew", name),
		          "at most %llu, %d are wanted", (unsigned long long) limit.rlim_max, FILES_WANTED);
	else
		probe_ok(out, "%llu, at most %llu", (unsigned long long) limit.rlim_cur,
		         (unsigned long long) limit.rlim_max);
}

static void check_library(const char *soname, const char *package, const char *effect,
                          struct probe_result *out)
{
	static const struct dl_symbol none[] = {{0}};
	struct error err = {0};

	if (dl_load(soname, package, none, &err) >= 0)
		probe_ok(out, "%s", soname);
	else
		probe_bad(out, PROBE_MISSING, effect, xprintf("sudo apt-get install %s", package), "%s", err.text);
}

static void check_archive(const struct paths *paths, struct probe_result *out)
{
	(void) paths;
	check_library("libarchive.so.13", "libarchive13", "images can't be imported or loaded", out);
}

static void check_crypto(const struct paths *paths, struct probe_result *out)
{
	(void) paths;
	check_library("libcrypto.so.3", "libssl3", "images can't be imported or loaded", out);
}

static void check_nested(const struct paths *paths, struct probe_result *out)
{
	static const char *const marks[] = {"/run/.containerenv", "/.dockerenv", "/run/systemd/container"};

	(void) paths;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (access(marks[i], F_OK) < 0)
			continue;
		probe_bad(out, PROBE_DEGRADED, "what the outer container forbids is missing in ours too",
		          xstrdup("start the outer one with --security-opt seccomp=unconfined --security-opt"
		                  " apparmor=unconfined --device /dev/fuse --device /dev/net/tun"),
		          "this is a container itself (%s)", marks[i]);
		return;
	}
	probe_ok(out, "no");
}

const struct probe_check probe_session_checks[] = {
	{"runtime", "runtime directory", check_runtime},
	{"linger", "containers after you log out", check_linger},
	{"seccomp", "seccomp, filter of system calls", check_seccomp},
	{"nofile", "open files", check_files},
	{"libarchive", "libarchive, reads images", check_archive},
	{"libcrypto", "libcrypto, checks images", check_crypto},
	{"nested", "inside another container", check_nested},
	{NULL, NULL, NULL},
};
