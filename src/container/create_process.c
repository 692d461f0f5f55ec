/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create_process.c - what a new container runs: command, environment, user, stop, restart, log, health */
#include "create_private.h"
#include "environment.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/number.h"
#include "coracle/sys/names.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define LOG_SIZE     (UINT64_C(16) << 20)
#define LOG_FILES    3
#define STOP_SECONDS 10

static const char *const proxies[] = {
	"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY",
};

/* docker: a given entrypoint also does away with the image's CMD */
static int merge_command(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	const struct image_config_run *image = &making->image.config;
	struct record *record = making->record;

	if (request->entrypoint.set) {
		if (request->entrypoint.value && *request->entrypoint.value) {
			int r = parse_entrypoint(request->entrypoint.value, &record->entrypoint, err);

			if (r < 0)
				return r;
		}
	} else {
		texts_add_all(&record->entrypoint, &image->entrypoint);
	}
	if (request->args.count)
		texts_add_all(&record->command, &request->args);
	else if (!request->entrypoint.set)
		texts_add_all(&record->command, &image->cmd);
	texts_add_all(&record->args, &record->entrypoint);
	texts_add_all(&record->args, &record->command);
	if (record->args.count == 0 && record->host_image)
		texts_add(&record->args, text_or(getenv("SHELL"), "/bin/sh"));
	if (record->args.count == 0)
		return error_set(err, ERROR_INVALID,
		                 "image %s names no command and none was given: coracle run %s COMMAND",
		                 request->image, request->image);
	return 0;
}

/* -e KEY=value, -e KEY (the caller's value, nothing when unset), -e 'PRE*' */
static void set_variable(struct texts *env, const char *text)
{
	size_t length = strlen(text);

	if (strchr(text, '=')) {
		texts_env_set(env, text);
		return;
	}
	if (length && text[length - 1] == '*') {
		for (char **item = environ; item && *item; item++)
			if (strncmp(*item, text, length - 1) == 0)
				texts_env_set(env, *item);
		return;
	}
	if (getenv(text)) {
		AUTO_FREE char *assignment = xprintf("%s=%s", text, getenv(text));

		texts_env_set(env, assignment);
	}
}

static void unset_variable(struct texts *env, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], key, length) == 0 && env->items[i][length] == '=') {
			texts_remove(env, i);
			return;
		}
	}
}

static int merge_environment(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	const struct texts *image = &making->image.config.env;
	struct texts *env = &making->record->env;
	int r;

	if (!request->unset_env_all) {
		texts_env_set(env, DEFAULT_PATH);
		texts_env_set(env, "container=coracle");
		for (size_t i = 0; i < request->default_env.count; i++)
			if (strchr(request->default_env.items[i], '='))
				texts_env_set(env, request->default_env.items[i]);
		for (size_t i = 0; i < image->count; i++)
			/* CVE-2020-14370 kin: an image can't ask for a variable of the host */
			if (strchr(image->items[i], '='))
				texts_env_set(env, image->items[i]);
	}
	for (size_t i = 0; i < request->unset_env.count; i++)
		unset_variable(env, request->unset_env.items[i]);
	if (!request->http_proxy.set || request->http_proxy.value)
		for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
			set_variable(env, proxies[i]);
	if (request->env_host)
		for (char **item = environ; item && *item; item++)
			texts_env_set(env, *item);
	r = environment_read_files(&request->env_files, env, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < request->env.count; i++) {
		if (request->env.items[i][0] == '=' || !request->env.items[i][0])
			return error_set(err, ERROR_INVALID, "environment variable \"%s\" has no name, as in KEY=value",
			                 request->env.items[i]);
		set_variable(env, request->env.items[i]);
	}
	if (request->timezone && *request->timezone) {
		AUTO_FREE char *zone = xprintf("TZ=%s", request->timezone);

		texts_env_set(env, zone);
	}
	return 0;
}

static int set_user(struct making *making, UNUSED struct error *err)
{
	/* empty means the image's, as with docker and podman; names are resolved in the mounted root */
	text_replace(&making->record->user, text_or(making->request->user, making->image.config.user));
	return 0;
}

static int set_stop(struct making *making, struct error *err)
{
	const char *wanted = text_or(making->request->stop_signal, text_or(making->image.config.stop_signal, "SIGTERM"));
	int number = signal_number(wanted);
	char buffer[16];
	struct opt_int timeout = making->request->stop_timeout;

	if (number < 0)
		return error_set(err, ERROR_INVALID, "stop signal \"%s\" is unknown, as in SIGTERM or 15", wanted);
	text_replace(&making->record->stop_signal, signal_name(number, buffer));
	if (timeout.set && timeout.value < -1)
		return error_set(err, ERROR_INVALID, "--stop-timeout %lld: give seconds, or -1 for no limit",
		                 (long long) timeout.value);
	making->record->stop_timeout =
		!timeout.set ? STOP_SECONDS : timeout.value < 0 ? UINT32_MAX : (uint64_t) timeout.value;
	making->record->timeout = making->request->timeout;
	return 0;
}

static int set_restart(struct making *making, struct error *err)
{
	const char *text = making->request->restart;
	int r = parse_restart(text_or(text, "no"), &making->record->restart, err);

	if (r < 0)
		return r;
	if (making->request->auto_remove && strcmp(making->record->restart.policy, "no") != 0)
		return error_set(err, ERROR_INVALID, "--rm and --restart %s exclude each other", text);
	return 0;
}

static int set_log(struct making *making, struct error *err)
{
	static const char *const known[] = {"json-file", "k8s-file", "none", "passthrough"};
	const struct container_create *request = making->request;
	struct record *record = making->record;
	const char *driver = text_or(request->log_driver, "json-file");
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		found = found || strcmp(known[i], driver) == 0;
	if (!found)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "log driver \"%s\" is not supported: json-file, k8s-file, none or passthrough", driver);
	if (strcmp(driver, "passthrough") == 0 && (request->tty || request->detach))
		return error_set(err, ERROR_INVALID, "log driver passthrough can't go with --tty or --detach");
	text_replace(&record->log_driver, driver);
	record->log_max_size = LOG_SIZE;
	record->log_max_files = LOG_FILES;
	for (size_t i = 0; i < request->log_opts.count; i++) {
		int r = parse_log_opt(request->log_opts.items[i], record, err);

		if (r < 0)
			return r;
	}
	if (record->log_tag && *record->log_tag && strcmp(driver, "json-file") != 0)
		return error_set(err, ERROR_UNSUPPORTED, "--log-opt tag: the log driver %s has no place for it", driver);
	return 0;
}

static int parse_interval(const char *option, const char *text, int64_t preset, int64_t *out, struct error *err)
{
	uint64_t ns;

	*out = preset;
	if (!text || !*text)
		return 0;
	if (strcmp(text, "disable") == 0) {
		*out = 0;
		return 0;
	}
	if (clock_parse_duration(text, &ns) < 0)
		return error_set(err, ERROR_INVALID, "%s \"%s\" is not a duration such as 30s or 1m30s", option, text);
	*out = (int64_t) ns;
	return 0;
}

static int set_health(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	const struct healthcheck *image = making->image.config.healthcheck;
	const int64_t second = (int64_t) NS_PER_SECOND;
	struct record_health *health;
	int r;

	if (request->no_healthcheck || (request->health_cmd && strcmp(request->health_cmd, "none") == 0))
		return 0;
	if (!request->health_cmd && (!image || image->test.count == 0 || strcmp(image->test.items[0], "NONE") == 0))
		return 0;
	health = making->record->health = xcalloc(1, sizeof *health);
	if (request->health_cmd) {
		if (request->health_cmd[0] == '[') {
			texts_add(&health->test, "CMD");
			r = parse_entrypoint(request->health_cmd, &health->test, err);
			if (r < 0)
				return r;
		} else {
			texts_add(&health->test, "CMD-SHELL");
			texts_add(&health->test, request->health_cmd);
		}
	} else {
		texts_add_all(&health->test, &image->test);
	}
	r = parse_interval("--health-interval", request->health_interval,
	                   image && image->interval ? image->interval : 30 * second, &health->interval, err);
	if (r >= 0)
		r = parse_interval("--health-timeout", request->health_timeout,
		                   image && image->timeout ? image->timeout : 30 * second, &health->timeout, err);
	if (r >= 0)
		r = parse_interval("--health-start-period", request->health_start_period,
		                   image ? image->start_period : 0, &health->start_period, err);
	health->retries = request->health_retries.set ? (int64_t) request->health_retries.value
	                  : image && image->retries   ? image->retries
	                                              : 3;
	return r;
}

int create_process(struct making *making, struct error *err)
{
	static int (*const parts[])(struct making *, struct error *) = {
		merge_command, merge_environment, set_user, set_stop, set_restart, set_log, set_health,
	};
	const struct container_create *request = making->request;
	struct record *record = making->record;
	const char *cwd = text_or(request->working_dir, text_or(making->image.config.working_dir, "/"));
	unsigned mask;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int r = parts[i](making, err);

		if (r < 0)
			return r;
	}
	if (*cwd != '/')
		return error_set(err, ERROR_INVALID, "working directory \"%s\" is not absolute, as in /work", cwd);
	text_replace(&record->working_dir, cwd);
	texts_add_all(&record->groups, &request->groups);
	texts_add_all(&record->attach, &request->attach);
	record->tty = request->tty;
	record->interactive = request->interactive;
	record->init = request->init;
	if (request->init_path && *request->init_path)
		return error_set(err, ERROR_UNSUPPORTED, "--init-path: the init is built in and no other can be given");
	if (request->umask && number_parse_octal(request->umask, 0777, &mask) < 0)
		return error_set(err, ERROR_INVALID, "--umask \"%s\" is not octal, as in 0022", request->umask);
	text_replace(&record->umask, request->umask);
	if (request->personality && *request->personality) {
		if (strcasecmp(request->personality, "LINUX") != 0 && strcasecmp(request->personality, "LINUX32") != 0)
			return error_set(err, ERROR_INVALID, "--personality \"%s\" is neither LINUX nor LINUX32",
			                 request->personality);
		text_replace(&record->personality,
		             strcasecmp(request->personality, "LINUX") == 0 ? "LINUX" : "LINUX32");
	}
	return 0;
}
