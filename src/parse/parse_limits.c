/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_limits.c - the values of --ulimit, --restart and --sysctl; podman-run(1) */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <string.h>

#include "parse_refuse.h"

/* getrlimit(2) */
static const struct {
	const char *name, *constant;
} limits[] = {
	{"as", "RLIMIT_AS"},
	{"core", "RLIMIT_CORE"},
	{"cpu", "RLIMIT_CPU"},
	{"data", "RLIMIT_DATA"},
	{"fsize", "RLIMIT_FSIZE"},
	{"locks", "RLIMIT_LOCKS"},
	{"memlock", "RLIMIT_MEMLOCK"},
	{"msgqueue", "RLIMIT_MSGQUEUE"},
	{"nice", "RLIMIT_NICE"},
	{"nofile", "RLIMIT_NOFILE"},
	{"nproc", "RLIMIT_NPROC"},
	{"rss", "RLIMIT_RSS"},
	{"rtprio", "RLIMIT_RTPRIO"},
	{"rttime", "RLIMIT_RTTIME"},
	{"sigpending", "RLIMIT_SIGPENDING"},
	{"stack", "RLIMIT_STACK"},
};

static const char *limit_constant(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (strlen(limits[i].name) == length && memcmp(limits[i].name, name, length) == 0)
			return limits[i].constant;
	return NULL;
}

static int read_limit(const char *text, int64_t *out, struct error *err)
{
	if (strcmp(text, "unlimited") == 0) {
		*out = -1;
		return 0;
	}
	if (number_parse_int(text, -1, INT64_MAX, out) < 0)
		return error_set(err, ERROR_INVALID,
		                 "\"%.40s\" is not a number from 0 up, -1 or \"unlimited\"", text);
	return 0;
}

static int read_ulimit(const char *text, struct record_ulimit *limit, struct error *err)
{
	const char *equals = strchr(text, '=');
	const char *constant;
	AUTO_TEXTS struct texts values = {0};
	int r = parse_text(text, 256, err);

	if (r < 0)
		return r;
	if (strcmp(text, "host") == 0)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "\"host\" is not supported: limits not named are the caller's anyway");
	if (!equals)
		return error_set(err, ERROR_INVALID, "it has no \"=\"");
	constant = limit_constant(text, (size_t) (equals - text));
	if (!constant)
		return error_set(err, ERROR_INVALID, "\"%.*s\" is not the name of a limit",
		                 (int) MIN(equals - text, 40), text);
	texts_split(&values, equals + 1, ':');
	if (values.count > 2)
		return error_set(err, ERROR_INVALID, "it has more than one colon");
	r = read_limit(values.items[0], &limit->soft, err);
	if (r == 0)
		r = read_limit(values.items[values.count - 1], &limit->hard, err);
	if (r < 0)
		return r;
	/* -1 is the highest of all, so compare as the kernel does */
	if ((uint64_t) limit->soft > (uint64_t) limit->hard)
		return error_set(err, ERROR_INVALID, "the soft limit is above the hard one");
	limit->name = xstrdup(constant);
	return 0;
}

int parse_ulimit(const char *text, struct record_ulimit *out, struct error *err)
{
	struct record_ulimit limit = {0};
	int r = read_ulimit(text, &limit, err);

	if (r < 0)
		return parse_refuse(err, r, "ulimit", text, "nofile=1024:4096");
	*out = limit;
	return 0;
}

static int read_restart(const char *text, struct record_restart *restart, struct error *err)
{
	static const char *const policies[] = {"no", "always", "unless-stopped", "on-failure"};
	size_t length = strcspn(text, ":");
	int r = parse_text(text, 64, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		if (strlen(policies[i]) != length || memcmp(policies[i], text, length) != 0)
			continue;
		if (text[length] && strcmp(policies[i], "on-failure") != 0)
			return error_set(err, ERROR_INVALID, "only on-failure takes a count");
		if (text[length] &&
		    number_parse_uint(text + length + 1, 0, INT32_MAX, &restart->retries) < 0)
			return error_set(err, ERROR_INVALID, "\"%.40s\" is not a count of restarts",
			                 text + length + 1);
		restart->policy = xstrdup(policies[i]);
		return 0;
	}
	return error_set(err, ERROR_INVALID,
	                 "\"%.*s\" is not no, always, unless-stopped or on-failure[:COUNT]",
	                 (int) MIN(length, 40), text);
}

int parse_restart(const char *text, struct record_restart *out, struct error *err)
{
	struct record_restart restart = {0};
	int r = read_restart(text, &restart, err);

	if (r < 0)
		return parse_refuse(err, r, "restart policy", text, "on-failure:5");
	*out = restart;
	return 0;
}

/* namespaces(7): what a container has of its own; a name that ends with "." stands for all below. */
static const char *const sysctls[] = {
	"fs.mqueue.",
	"kernel.domainname",
	"kernel.msgmax",
	"kernel.msgmnb",
	"kernel.msgmni",
	"kernel.sem",
	"kernel.shm_rmid_forced",
	"kernel.shmall",
	"kernel.shmmax",
	"kernel.shmmni",
	"net.",
	"user.",
};

static bool sysctl_is_namespaced(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(sysctls); i++) {
		size_t length = strlen(sysctls[i]);

		if (sysctls[i][length - 1] == '.' ? strncmp(name, sysctls[i], length) == 0
		                                  : strcmp(name, sysctls[i]) == 0)
			return true;
	}
	return false;
}

/* Components between dots become directories of /proc/sys: none may be empty. */
static bool sysctl_is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || name[0] == '.' || name[length - 1] == '.' || strstr(name, ".."))
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                         "0123456789._-")] == '\0';
}

static int read_sysctl(const char *text, struct pairs *out, struct error *err)
{
	const char *equals = strchr(text, '=');
	AUTO_FREE char *name = NULL;
	int r = parse_text(text, 4096, err);

	if (r < 0)
		return r;
	if (!equals)
		return error_set(err, ERROR_INVALID, "it has no \"=\"");
	name = xstrndup(text, (size_t) (equals - text));
	if (!sysctl_is_name(name))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a name", name);
	if (strcmp(name, "kernel.hostname") == 0)
		return error_set(err, ERROR_INVALID, "the host name is set by --hostname");
	if (!sysctl_is_namespaced(name))
		return error_set(err, ERROR_DENIED,
		                 "\"%.100s\" is one for the whole machine, not for a container "
		                 "(net.*, user.*, fs.mqueue.*, kernel.msg*, kernel.sem and kernel.shm* "
		                 "are)",
		                 name);
	for (const char *c = equals + 1; *c; c++)
		if ((unsigned char) *c < ' ' && *c != '\t')
			return error_set(err, ERROR_INVALID, "the value holds a control character");
	if (equals[1] == '\0')
		return error_set(err, ERROR_INVALID, "the value is empty");
	pairs_set(out, name, equals + 1);
	return 0;
}

int parse_sysctl(const char *text, struct pairs *out, struct error *err)
{
	int r = read_sysctl(text, out, err);

	return r < 0 ? parse_refuse(err, r, "sysctl", text, "net.ipv4.ip_forward=1") : 0;
}
