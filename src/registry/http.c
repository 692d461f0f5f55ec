/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.c - requests and the loop that drives them; see http.h */
#include "coracle/registry/http.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "http_private.h"

#define POLL_MAX_MS 60000

struct pipe_guard {
	sigset_t old;
	bool pending;
};

/* TLS libraries write(2) to sockets, and CURLOPT_NOSIGNAL leaves what follows to us: no SIGPIPE from here. */
static struct pipe_guard guard_pipe(void)
{
	struct pipe_guard guard = {.pending = false};
	sigset_t set;

	(void) sigpending(&set);
	guard.pending = sigismember(&set, SIGPIPE) == 1;
	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGPIPE);
	(void) pthread_sigmask(SIG_BLOCK, &set, &guard.old);
	return guard;
}

static void unguard_pipe(struct pipe_guard *guard)
{
	const struct timespec now = {0};
	int saved = errno;
	sigset_t set;

	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGPIPE);
	if (!guard->pending && sigismember(&guard->old, SIGPIPE) == 0)
		while (sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR)
			;
	(void) pthread_sigmask(SIG_SETMASK, &guard->old, NULL);
	errno = saved;
}
#define GUARD_PIPE AUTO(unguard_pipe) UNUSED struct pipe_guard guard = guard_pipe()

/* --- the loop --- */

static int collect(struct http *http, struct error *err)
{
	int running, left;
	CURLMcode code = http->curl->curl_multi_perform(http->multi, &running);
	CURLMsg *message;

	if (code != CURLM_OK)
		return error_set(err, ERROR_SYSTEM, "libcurl: %s", http->curl->curl_multi_strerror(code));
	while ((message = http->curl->curl_multi_info_read(http->multi, &left))) {
		CURLcode result = message->data.result;
		char *data = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void) http->curl->curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &data);
		attempt_ended((struct http_transfer *) (void *) data, result);
	}
	return 0;
}

/* wake - begin the attempts whose time has come; returns milliseconds until the next one, at most limit */
static int wake(struct http *http, int limit)
{
	uint64_t now = clock_monotonic(), soonest = now + (uint64_t) limit * NS_PER_MS;

	/* beginning may finish a request, and its done() may change the array: look again from the start */
	for (size_t i = 0; i < http->count; i++) {
		struct http_transfer *transfer = http->running[i]->transfer;

		if (!transfer->waiting)
			continue;
		if (transfer->wake_at <= now) {
			attempt_begin(transfer);
			i = SIZE_MAX;
			continue;
		}
		soonest = MIN(soonest, transfer->wake_at);
	}
	/* rounded up: not a millisecond too early, to be asked again at once */
	return (int) ((soonest - now + NS_PER_MS - 1) / NS_PER_MS);
}

static int wait_for_data(struct http *http, struct pollfd *fds, size_t count, int timeout_ms, struct error *err)
{
	AUTO_FREE struct curl_waitfd *waits = xcalloc(count + 1, sizeof *waits);
	struct pollfd interrupt = {.fd = http->options.interrupt_fd, .events = POLLIN};
	size_t used = 0;
	int numfds;
	CURLMcode code;

	for (size_t i = 0; i < count; i++) {
		if (fds[i].fd < 0)
			continue;
		waits[used].fd = fds[i].fd;
		waits[used++].events = (short) ((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0)
		                                | (fds[i].events & POLLPRI ? CURL_WAIT_POLLPRI : 0)
		                                | (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
	}
	if (interrupt.fd >= 0) {
		waits[used].fd = interrupt.fd;
		waits[used++].events = CURL_WAIT_POLLIN;
	}
	code = http->curl->curl_multi_poll(http->multi, waits, (unsigned) used, timeout_ms, &numfds);
	if (code != CURLM_OK)
		return error_set(err, ERROR_SYSTEM, "libcurl: %s", http->curl->curl_multi_strerror(code));
	/* libcurl tells neither hang-ups nor errors of foreign descriptors */
	if (count > 0 && poll(fds, (nfds_t) count, 0) < 0 && errno != EINTR)
		return error_errno(err, errno, "poll");
	if (interrupt.fd >= 0 && poll(&interrupt, 1, 0) > 0)
		return error_errno(err, EINTR, "stopped");
	return 0;
}

int http_poll(struct http *http, struct pollfd *fds, size_t count, int timeout_ms, struct error *err)
{
	GUARD_PIPE;
	int limit = timeout_ms < 0 ? POLL_MAX_MS : MIN(timeout_ms, POLL_MAX_MS);
	int r;

	http->finished = 0;
	http->paused = false;
	(void) wake(http, limit);
	r = collect(http, err);
	/* requests that were added or go on elsewhere since */
	limit = wake(http, limit);
	if (r == 0)
		r = wait_for_data(http, fds, count, http->finished || http->paused ? 0 : limit, err);
	if (r == 0)
		r = collect(http, err);
	return r < 0 ? r : (int) http->finished;
}

int http_run(struct http *http, struct http_request *request, struct error *err)
{
	int r = 0;

	http_add(http, request);
	while (!request->finished && r >= 0)
		r = http_poll(http, NULL, 0, -1, err);
	if (request->finished) {
		if (request->result < 0)
			*err = request->err;
		return request->result;
	}
	http_cancel(http, request);
	return r;
}

/* --- requests --- */

void http_add(struct http *http, struct http_request *request)
{
	struct http_transfer *transfer = xcalloc(1, sizeof *transfer);
	AUTO_FREE char *host = url_part(http->curl, request->url, CURLUPART_HOST, 0);

	assert(!request->transfer);
	transfer->http = http;
	transfer->request = request;
	transfer->url = xstrdup(request->url);
	transfer->name = xstrdup(request->name ? request->name : host ? host : "URL");
	transfer->waiting = true; /* http_poll begins: so that this may be called from everywhere */
	transfer->wake_at = request->delay_ms ? clock_monotonic() + request->delay_ms * NS_PER_MS : 0;
	request->transfer = transfer;
	request->finished = false;
	request->result = 0;
	if (!request->begun)
		request->received = request->offset;
	if (http->count == http->room) {
		http->room = http->room ? 2 * http->room : 8;
		http->running = xrealloc(http->running, http->room, sizeof *http->running);
	}
	http->running[http->count++] = request;
}

void http_rewind(struct http_request *request)
{
	request->begun = false;
	request->received = request->offset;
	request->sent = 0;
}

void http_resume(struct http *http, struct http_request *request)
{
	GUARD_PIPE;
	struct http_transfer *transfer = request->transfer;

	if (!transfer || !transfer->easy || !transfer->paused)
		return;
	transfer->paused = false;
	/* a failure inside comes with the next http_poll */
	(void) http->curl->curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

void http_cancel(struct http *http, struct http_request *request)
{
	GUARD_PIPE;

	if (!request->transfer)
		return;
	assert(request->transfer->http == http);
	transfer_unlink(request->transfer);
	request->result = -ECANCELED;
}

size_t http_running(const struct http *http)
{
	return http->count;
}

const char *http_header(const struct http_request *request, const char *name)
{
	return pairs_get(&request->answer, name);
}

static void wipe(char **slot)
{
	if (*slot)
		explicit_bzero(*slot, strlen(*slot));
	free(*slot);
	*slot = NULL;
}

void http_request_init(struct http_request *request, enum http_method method, const char *url)
{
	*request = (struct http_request){
		.method = method,
		.url = xstrdup(url),
		.size = HTTP_SIZE_UNKNOWN,
		.body = TEXT_INIT(HTTP_ERROR_MAX),
		.body_max = HTTP_ERROR_MAX,
	};
}

void http_request_done(struct http_request *request)
{
	assert(!request->transfer);
	wipe(&request->url);
	texts_done(&request->headers);
	wipe(&request->authorization);
	wipe(&request->user);
	wipe(&request->password);
	pairs_done(&request->answer);
	text_done(&request->body);
	wipe(&request->final_url);
	*request = (struct http_request){0};
}

void http_prepare(void)
{
	struct error ignored = {0};

	/* tried again by http_new */
	(void) curl_api_load(&ignored);
}

int http_new(const struct http_options *options, struct http **out, struct error *err)
{
	const struct curl_api *curl = curl_api_load(err);
	struct http *http;

	if (!curl)
		return -EOPNOTSUPP;
	http = xcalloc(1, sizeof *http);
	http->curl = curl;
	http->options = options ? *options : (struct http_options){.interrupt_fd = -1};
	http->multi = curl->curl_multi_init();
	if (!http->multi) {
		free(http);
		return error_errno(err, ENOMEM, "libcurl");
	}
	*out = http;
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->count > 0)
		http_cancel(http, http->running[http->count - 1]);
	GUARD_PIPE;
	(void) http->curl->curl_multi_cleanup(http->multi);
	free(http->running);
	free(http);
}
