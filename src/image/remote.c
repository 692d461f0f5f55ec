/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remote.c - the configuration of registries, read once: names, times, signals; see remote.h */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/number.h"
#include "coracle/sys/process.h"

#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "progress.h"
#include "remote_private.h"

#define RETRY_MAX     100
#define RETRY_SECONDS 2
#define PARALLEL      6
#define NS_PER_MS     UINT64_C(1000000)

/* --- signals --- */

static int catch_signals(struct remote *remote, struct error *err)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	uint64_t ignored = process_ignored_signals();
	sigset_t set;

	(void) sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		if (!(ignored & (UINT64_C(1) << (ending[i] - 1))))
			(void) sigaddset(&set, ending[i]);
	remote->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (remote->signal_fd < 0)
		return error_errno(err, errno, "signalfd");
	(void) sigprocmask(SIG_BLOCK, &set, &remote->old_mask);
	return 0;
}

/*
 * release_signals - the one that ended us is taken: whoever called cleans up and exits as usual. One that came when
 * nothing waited for the network any more takes its usual effect now.
 */
static void release_signals(struct remote *remote)
{
	struct signalfd_siginfo info;

	if (remote->signal_fd < 0)
		return;
	while (remote->interrupted && read(remote->signal_fd, &info, sizeof info) > 0)
		continue;
	(void) close(remote->signal_fd);
	(void) sigprocmask(SIG_SETMASK, &remote->old_mask, NULL);
}

/* --- open and close --- */

static bool is_time(const char *text)
{
	uint64_t ignored;

	return number_parse_uint(text, 0, 86400, &ignored) >= 0 || clock_parse_duration(text, &ignored) >= 0;
}

static int check_options(const struct image_remote *options, const struct containers_conf *conf, struct error *err)
{
	if (options->retry.set && options->retry.value > RETRY_MAX)
		return error_set(err, ERROR_INVALID, "option --retry: %d at the most", RETRY_MAX);
	if (options->retry_delay && !is_time(options->retry_delay))
		return error_set(err, ERROR_INVALID, "option --retry-delay: \"%.100s\" is no time, such as 5s",
		                 options->retry_delay);
	if (conf->retry_delay && *conf->retry_delay && !is_time(conf->retry_delay))
		return error_set(err, ERROR_INVALID, "containers.conf: retry_delay \"%.100s\" is no time, such as 5s",
		                 conf->retry_delay);
	return 0;
}

static int read_configuration(struct remote *remote, struct error *err)
{
	int r;

	places_find("", &remote->places);
	r = containers_conf_read_kind(&remote->places, CONF_CONTAINERS, &remote->conf, err);
	if (r >= 0)
		r = check_options(remote->options, &remote->conf, err);
	if (r >= 0)
		r = registries_read(&remote->places, &remote->registries, err);
	if (r >= 0)
		r = policy_read(&remote->places, remote->options->signature_policy, &remote->policy, err);
	return r;
}

static void notice(void *data, const char *line)
{
	const struct remote *remote = data;

	progress_event(remote->progress, IMAGE_PULL_NOTICE, line);
}

static const char *retry_delay_text(const struct remote *remote)
{
	const char *given = remote->options->retry_delay;

	if (given)
		return given;
	return remote->conf.retry_delay && *remote->conf.retry_delay ? remote->conf.retry_delay : NULL;
}

uint64_t remote_retry_wait(const struct remote *remote)
{
	const char *delay = retry_delay_text(remote);
	uint64_t value = 0;

	if (!delay)
		return RETRY_SECONDS * NS_PER_SECOND;
	if (number_parse_uint(delay, 0, 86400, &value) >= 0)
		return value * NS_PER_SECOND;
	/* checked by check_options */
	return clock_parse_duration(delay, &value) < 0 ? RETRY_SECONDS * NS_PER_SECOND : value;
}

static void set_retry(const struct remote *remote, struct http_options *out)
{
	const struct opt_int *conf = &remote->conf.retry;

	if (remote->options->retry.set || (conf->set && conf->value >= 0))
		out->attempts = (unsigned) remote_retries(remote) + 1;
	if (!retry_delay_text(remote))
		return;
	out->retry_ms = (unsigned) (remote_retry_wait(remote) / NS_PER_MS);
	out->retry_steady = true;
}

static int open_loop(struct remote *remote, struct error *err)
{
	struct http_options options = {.notice = notice, .notice_data = remote};
	int r = catch_signals(remote, err);

	if (r < 0)
		return r;
	options.interrupt_fd = remote->signal_fd;
	if (!remote->options->retry_whole)
		set_retry(remote, &options);
	return http_new(&options, &remote->http, err);
}

int remote_open(const struct image_remote *options, const struct image_progress *progress, struct remote **out,
                struct error *err)
{
	struct remote *remote = xcalloc(1, sizeof *remote);
	int r;

	remote->options = options;
	remote->progress = progress;
	remote->signal_fd = -1;
	r = read_configuration(remote, err);
	if (r >= 0)
		r = open_loop(remote, err);
	if (r < 0)
		remote_close(remote);
	else
		*out = remote;
	return r;
}

int remote_open_beside(struct remote *first, const struct image_remote *options, struct remote **out,
                       struct error *err)
{
	struct remote *remote = xcalloc(1, sizeof *remote);
	int r;

	remote->options = options;
	remote->progress = first->progress;
	remote->signal_fd = -1;
	remote->first = first;
	remote->http = first->http;
	r = read_configuration(remote, err);
	if (r < 0)
		remote_close(remote);
	else
		*out = remote;
	return r;
}

void remote_close(struct remote *remote)
{
	if (!remote)
		return;
	if (!remote->first)
		http_free(remote->http);
	containers_conf_done(&remote->conf);
	policy_done(&remote->policy);
	registries_done(&remote->registries);
	places_done(&remote->places);
	release_signals(remote);
	free(remote);
}

struct http *remote_http(const struct remote *remote)
{
	return remote->http;
}

const struct containers_conf *remote_conf(const struct remote *remote)
{
	return &remote->conf;
}

uint64_t remote_retries(const struct remote *remote)
{
	const struct opt_int *conf = &remote->conf.retry;

	if (remote->options->retry.set)
		return remote->options->retry.value;
	return conf->set && conf->value > 0 ? (uint64_t) MIN(conf->value, (int64_t) RETRY_MAX) : 0;
}

size_t remote_parallel(const struct remote *remote)
{
	const struct opt_int *conf = &remote->conf.image_parallel_copies;

	return conf->set && conf->value > 0 ? (size_t) MIN(conf->value, (int64_t) REMOTE_PARALLEL_MAX) : PARALLEL;
}

/* --- names --- */

const char *remote_reference(const struct reference *name)
{
	return name->digest ? name->digest : name->tag;
}

const char *remote_text(const char *typed)
{
	static const char docker[] = "docker://";

	return strncmp(typed, docker, sizeof docker - 1) == 0 ? typed + sizeof docker - 1 : typed;
}

/* with_rest - owned: name with the tag and digest of reference, "latest" where it has neither */
static char *with_rest(const char *name, const struct reference *reference)
{
	const char *tag = reference->tag ? reference->tag : reference->digest ? NULL : "latest";

	return xprintf("%s%s%s%s%s", name, tag ? ":" : "", tag ? tag : "", reference->digest ? "@" : "",
	               reference->digest ? reference->digest : "");
}

int remote_names(const struct remote *remote, const struct reference *reference, struct texts *out,
                 struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r;

	if (reference->registry) {
		reference_candidates(reference, out);
		return 0;
	}
	r = registries_candidates(&remote->registries, reference->path, &names, NULL, err);
	for (size_t i = 0; r >= 0 && i < names.count; i++)
		texts_take(out, with_rest(names.items[i], reference));
	return r;
}

int remote_registries(const struct remote *remote, struct texts *out, struct error *err)
{
	const struct registries *registries = &remote->registries;

	if (registries->search_file && registries->search.count == 0)
		return error_set(err, ERROR_INVALID, "%s names no registry to search: give the registry in front, such "
		                 "as docker.io/", registries->search_file);
	texts_add_all(out, &registries->search);
	if (out->count == 0)
		texts_add(out, "docker.io");
	return 0;
}
