/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remote.c - registries as the configuration files describe them, visited place by place; see remote.h */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/number.h"
#include "coracle/conf/auth.h"
#include "coracle/conf/policy.h"
#include "coracle/conf/registries.h"
#include "coracle/sys/process.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "progress.h"
#include "remote.h"

#define RETRY_MAX     100
#define RETRY_SECONDS 2
#define PARALLEL      6
#define NS_PER_MS     UINT64_C(1000000)

struct remote {
	const struct image_remote *options;
	const struct image_progress *progress;
	struct places places;
	struct registries registries;
	struct policy policy;
	struct containers_conf conf;
	struct http *http;
	struct remote *first; /* whose loop and signals these are; NULL: its own */
	int signal_fd;
	bool interrupted; /* and whoever called was told so */
	sigset_t old_mask;
};

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

/* retry_wait - nanoseconds; 0 is possible, when it was asked for */
static uint64_t retry_wait(const struct remote *remote)
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
	out->retry_ms = (unsigned) (retry_wait(remote) / NS_PER_MS);
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

/* --- places --- */

static int add_place(const struct remote *remote, const struct registries_endpoint *endpoint, struct list *out,
                     struct error *err)
{
	const struct opt_bool *verify = &remote->options->tls_verify;
	struct remote_place *place = list_add(out, sizeof *place);

	place->host = xstrdup(endpoint->host);
	place->path = xstrdup(endpoint->path);
	place->is_mirror = endpoint->is_mirror;
	place->insecure = verify->set ? !verify->value : endpoint->insecure;
	return certs_find(&remote->places, remote->options->cert_dir, place->host, &place->certs, err);
}

int remote_permits(const struct remote *remote, const struct reference *name, struct error *err)
{
	const struct registry_name full = {name->registry, name->path, name->tag, name->digest};

	return policy_check_registry(&remote->policy, &full, err);
}

static int find_places(const struct remote *remote, const struct reference *name, enum remote_use use,
                       struct list *out, struct error *err)
{
	const struct registry_name full = {name->registry, name->path, name->tag, name->digest};
	struct list endpoints = {0};
	int r = use == REMOTE_PULL ? remote_permits(remote, name, err) : 0;

	if (r >= 0)
		r = registries_endpoints(&remote->registries, &full, &endpoints, err);
	if (r >= 0) {
		LIST_EACH(struct registries_endpoint, endpoint, &endpoints) {
			if (use == REMOTE_PUSH && endpoint->is_mirror)
				continue;
			r = add_place(remote, endpoint, out, err);
			if (r < 0)
				break;
		}
	}
	registries_endpoints_done(&endpoints);
	return r < 0 ? r : 0;
}

static void places_free(struct list *places)
{
	LIST_EACH(struct remote_place, place, places) {
		free(place->host);
		free(place->path);
		certs_done(&place->certs);
	}
	free(places->items);
	*places = (struct list){0};
}

/* --- credentials --- */

struct asking {
	const struct remote *remote;
	const struct remote_place *place;
};

/* find_credentials - 1 with credentials, 0 without; --creds are for places that are no mirrors */
static int find_credentials(const struct asking *asking, struct auth *out, struct error *err)
{
	const struct remote *remote = asking->remote;
	const char *creds = remote->options->creds;
	const struct auth_options options = {
		.places = &remote->places,
		.file = remote->options->authfile,
		.helpers = &remote->registries.helpers,
	};
	const char *colon;

	if (!creds || asking->place->is_mirror)
		return auth_find(&options, asking->place->host, asking->place->path, out, err);
	colon = strchr(creds, ':');
	if (!colon || colon == creds)
		return error_set(err, ERROR_INVALID, "option --creds wants USER:PASSWORD");
	out->username = xstrndup(creds, (size_t) (colon - creds));
	out->password = xstrdup(colon + 1);
	out->source = xstrdup("option --creds");
	return 1;
}

static int give_credentials(void *data, UNUSED const char *host, UNUSED const char *repository,
                            struct registry_credentials *out, struct error *err)
{
	AUTO_AUTH struct auth auth = {0};
	int r = find_credentials(data, &auth, err);

	if (r >= 0)
		out->note = TAKE_PTR(auth.note);
	if (r <= 0)
		return r;
	out->source = TAKE_PTR(auth.source);
	out->user = TAKE_PTR(auth.username);
	out->password = TAKE_PTR(auth.password);
	out->identity_token = TAKE_PTR(auth.identity_token);
	return 0;
}

/* --- visits --- */

/* what is done, and where */
struct tour {
	struct remote *remote;
	enum remote_use use;
	remote_visit *visit;
	void *data;
};

/* visit_as - who we are: the pair-th certificate of the place, if it has that */
static int visit_as(const struct tour *tour, const struct remote_place *place, size_t pair,
                    const struct reference *name, struct error *err)
{
	struct asking asking = {.remote = tour->remote, .place = place};
	const struct registry_endpoint endpoint = {
		.host = place->host,
		.tls = {
			.ca_files = (const char *const *) place->certs.ca.items,
			.client_cert = pair < place->certs.client.count ? place->certs.client.items[pair] : NULL,
			.client_key = pair < place->certs.key.count ? place->certs.key.items[pair] : NULL,
			.insecure = place->insecure,
		},
		.credentials = give_credentials,
		.credentials_data = &asking,
	};
	struct registry *registry;
	int r = registry_new(tour->remote->http, &endpoint, &registry, err);

	if (r < 0)
		return r;
	r = tour->visit(tour->data, place, registry, name, err);
	registry_free(registry);
	return r;
}

/* is_final - another place would fail in the same way */
static bool is_final(int r, const struct error *err)
{
	return r == -EINTR || err->errnum == ENOSPC || err->errnum == EDQUOT || err->errnum == EROFS;
}

/* visit_place - with one certificate after the other, until one is not refused (containers-certs.d(5)) */
static int visit_place(const struct tour *tour, const struct remote_place *place, const struct reference *name,
                       struct error *err)
{
	struct error failure = {0};
	size_t pair = 0;
	int r;

	do {
		failure = (struct error){0};
		r = visit_as(tour, place, pair, name, &failure);
	} while (r < 0 && !is_final(r, &failure) && certs_try_other(&failure) && ++pair < place->certs.client.count);
	if (r < 0)
		*err = failure;
	return r;
}

static int visit_name(const struct tour *tour, const char *text, struct error *err)
{
	AUTO_REFERENCE struct reference name = {0};
	AUTO(places_free) struct list places = {0};
	int r = reference_parse(text, &name, err);

	if (r >= 0)
		r = find_places(tour->remote, &name, tour->use, &places, err);
	if (r < 0)
		return r;
	LIST_EACH(struct remote_place, place, &places) {
		struct error failure = {0};

		r = visit_place(tour, place, &name, &failure);
		if (r >= 0)
			return r;
		*err = failure;
		if (is_final(r, err))
			return r;
		if (place->is_mirror)
			progress_event(tour->remote->progress, IMAGE_PULL_NOTICE, err->text);
	}
	return r;
}

/* wait_again - before another attempt; -EINTR when a signal came */
static int wait_again(const struct remote *remote, uint64_t ns, struct error *err)
{
	const struct remote *owner = remote->first ? remote->first : remote;
	struct pollfd fd = {.fd = owner->signal_fd, .events = POLLIN};
	int r = poll(&fd, 1, (int) MIN(ns / 1000000, (uint64_t) INT32_MAX));

	return r > 0 ? error_errno(err, EINTR, "wait") : 0;
}

static int visit_patiently(const struct tour *tour, const char *name, struct error *err)
{
	uint64_t left = tour->remote->options->retry_whole ? remote_retries(tour->remote) : 0;
	uint64_t wait = retry_wait(tour->remote);

	for (;;) {
		int r = visit_name(tour, name, err);

		if (r >= 0 || left-- == 0 || err->kind != ERROR_SYSTEM || is_final(r, err))
			return r;
		progress_event(tour->remote->progress, IMAGE_PULL_NOTICE, err->text);
		r = wait_again(tour->remote, wait, err);
		if (r < 0)
			return r;
		wait = MIN(wait * 2, 86400 * NS_PER_SECOND);
	}
}

/* check_creds - a password that was typed is for one registry, not for each that a short name may mean */
static int check_creds(const struct remote *remote, const struct texts *names, struct error *err)
{
	size_t host = names->count ? strcspn(names->items[0], "/") + 1 : 0;

	for (size_t i = 1; remote->options->creds && i < names->count; i++)
		if (strncmp(names->items[i], names->items[0], host) != 0)
			return error_set(err, ERROR_INVALID, "option --creds: %zu registries would get them; give the full name, "
			                 "such as %.300s", names->count, names->items[0]);
	return 0;
}

int remote_each(struct remote *remote, const struct texts *names, enum remote_use use, remote_visit *visit,
                void *data, struct error *err)
{
	const struct tour tour = {.remote = remote, .use = use, .visit = visit, .data = data};
	AUTO_TEXTS struct texts failures = {0};
	AUTO_FREE char *joined = NULL;
	struct error failure = {0};
	int r = check_creds(remote, names, err);

	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; i < names->count; i++) {
		if (use == REMOTE_PULL)
			progress_event(remote->progress, IMAGE_PULL_TRYING, names->items[i]);
		r = visit_patiently(&tour, names->items[i], &failure);
		if (r >= 0)
			return r;
		if (r == -EINTR)
			(remote->first ? remote->first : remote)->interrupted = true;
		if (is_final(r, &failure))
			break;
		texts_add(&failures, failure.text);
	}
	if (failures.count < 2) {
		*err = failure;
		return r;
	}
	joined = texts_join(&failures, "; ");
	(void) error_set(err, failure.kind, "%zu registries were asked: %.1800s", failures.count, joined);
	return r;
}

int remote_one(struct remote *remote, const char *text, enum remote_use use, remote_visit *visit, void *data,
               struct error *err)
{
	AUTO_REFERENCE struct reference reference = {0};
	AUTO_TEXTS struct texts names = {0};
	int r = reference_parse(remote_text(text), &reference, err);

	if (r >= 0)
		r = remote_names(remote, &reference, &names, err);
	return r < 0 ? r : remote_each(remote, &names, use, visit, data, err);
}
