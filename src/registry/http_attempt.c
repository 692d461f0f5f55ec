/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_attempt.c - a request from attempt to attempt: redirects, answers, what broke, and when to try again; see http.h */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/log.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "http_private.h"

#define ATTEMPTS          4
#define ATTEMPTS_CONNECT  2     /* what does not listen now won't for long */
#define ATTEMPTS_TIMEOUT  1     /* what does not answer has been waited for already */
#define PROGRESS_BYTES    65536 /* so much between two failures, and they don't count as "in a row" */
#define RETRY_MS          1000

/* --- the end of a request --- */

void transfer_unlink(struct http_transfer *transfer)
{
	struct http *http = transfer->http;
	size_t i = 0;

	while (http->running[i] != transfer->request)
		i++;
	(void) memmove(&http->running[i], &http->running[i + 1], (http->count - i - 1) * sizeof *http->running);
	http->count--;
	transfer->request->transfer = NULL;
	setup_done(transfer);
	free(transfer->url);
	free(transfer->name);
	free(transfer);
}

static void finish(struct http_transfer *transfer, int result)
{
	struct http *http = transfer->http;
	struct http_request *request = transfer->request;

	free(request->final_url);
	request->final_url = TAKE_PTR(transfer->url);
	request->result = result;
	request->finished = true;
	if (result == 0)
		request->failure = HTTP_FAILURE_NONE;
	transfer_unlink(transfer);
	http->finished++;
	if (request->done)
		request->done(http, request, request->done_data);
}

static void fail(struct http_transfer *transfer, enum http_failure failure, int r)
{
	transfer->request->failure = failure;
	finish(transfer, r);
}

/* --- an attempt --- */

void attempt_begin(struct http_transfer *transfer)
{
	struct http_request *request = transfer->request;
	int r;

	setup_done(transfer);
	transfer->waiting = transfer->paused = transfer->answered = transfer->failed = transfer->enough
		= transfer->misplaced = false;
	transfer->header_bytes = 0;
	transfer->skip = transfer->position = 0;
	transfer->words[0] = transfer->alert[0] = '\0';
	/* what lies in memory begins anew; what was handed on counts on */
	if (!request->callbacks.write) {
		request->begun = false;
		request->received = request->offset;
	}
	transfer->before = request->received;
	text_clear(&request->body);
	pairs_done(&request->answer);
	request->status = 0;
	request->failure = HTTP_FAILURE_NONE;
	if (strncasecmp(transfer->url, "https:", 6) != 0
	    && (request->plain_refused || strncasecmp(transfer->url, "http:", 5) != 0)) {
		fail(transfer, HTTP_FAILURE_PROTOCOL,
		     error_set(&request->err, ERROR_INVALID, "%s: not an https URL", transfer->name));
		return;
	}
	r = setup_attempt(transfer);
	if (r < 0)
		fail(transfer, HTTP_FAILURE_LOCAL, r);
}

/* from_start - the next attempt asks the first URL again: where it led to may hold for a while only */
static void from_start(struct http_transfer *transfer)
{
	free(transfer->url);
	transfer->url = xstrdup(transfer->request->url);
	transfer->away = false;
	transfer->redirects = 0;
}

static void tell(const struct http_transfer *transfer, const char *why, unsigned delay)
{
	const struct http_options *options = &transfer->http->options;
	AUTO_FREE char *wait = delay < 1000 ? xprintf("%u ms", delay) : xprintf("%u s", (delay + 500) / 1000);
	AUTO_FREE char *line = xprintf("%s: %s, trying again in %s", transfer->name, why, wait);

	log_debug("http: %s", line);
	if (options->notice)
		options->notice(options->notice_data, line);
}

unsigned http_attempts(const struct http *http)
{
	return http->options.attempts ? http->options.attempts : ATTEMPTS;
}

unsigned http_delay(const struct http *http, unsigned failures)
{
	const struct http_options *options = &http->options;

	return options->retry_steady ? options->retry_ms : retry_delay(options->retry_ms ? options->retry_ms : RETRY_MS, failures);
}

/* again - whether another attempt was scheduled */
static bool again(struct http_transfer *transfer, unsigned most, const char *why)
{
	const struct http_request *request = transfer->request;
	const char *after = http_header(request, "retry-after");
	int64_t asked = -1;
	unsigned delay;

	if (request->received >= transfer->before + PROGRESS_BYTES)
		transfer->failures = 0;
	transfer->failures++;
	if (transfer->failures >= MIN(most, request->attempts ? request->attempts : http_attempts(transfer->http)))
		return false;
	delay = http_delay(transfer->http, transfer->failures);
	if (after)
		asked = retry_after(transfer->http->curl, after, time(NULL));
	/* everybody was told the same second: spread a little */
	if (asked >= 0)
		delay = MIN((unsigned) asked + delay / 4, HTTP_WAIT_MAX_MS);
	tell(transfer, why, delay);
	setup_done(transfer);
	from_start(transfer);
	transfer->waiting = true;
	transfer->wake_at = clock_monotonic() + delay * NS_PER_MS;
	return true;
}

/* --- its outcome --- */

/* attempts_after - how many make sense where the user has not said how many to make */
static unsigned attempts_after(const struct http_transfer *transfer, enum http_failure failure, CURLcode code)
{
	if (failure != HTTP_FAILURE_CONNECT || transfer->http->options.attempts)
		return UINT32_MAX;
	return code == CURLE_OPERATION_TIMEDOUT ? ATTEMPTS_TIMEOUT : ATTEMPTS_CONNECT;
}

static void broke(struct http_transfer *transfer, CURLcode code)
{
	curl_off_t sending = 0;
	long tunnel = 0; /* what a proxy answered to CONNECT */
	enum http_failure failure;

	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &sending);
	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (tunnel / 100 == 4 && !retry_status((unsigned) tunnel)) {
		fail(transfer, HTTP_FAILURE_CONNECT,
		     error_set(&transfer->request->err, ERROR_DENIED, "%s: refused by the proxy (%ld %s): check https_proxy, "
		               "no_proxy and the rights there", transfer->name, tunnel, status_words((unsigned) tunnel)));
		return;
	}
	bool cut = words_is_broken_handshake(transfer, code);

	failure = words_is_alert(transfer, code) ? HTTP_FAILURE_TLS
	          : cut ? HTTP_FAILURE_CONNECT : retry_classify(code, sending > 0);
	int r = words_failure(transfer, code, failure);

	if (failure == HTTP_FAILURE_TLS || !(cut || retry_code(code))
	    || !again(transfer, attempts_after(transfer, failure, code),
	              transfer->words[0] ? transfer->words : "the connection broke"))
		fail(transfer, failure, r);
}

static bool is_redirect(const struct http_request *request)
{
	if (request->status == 307 || request->status == 308)
		return true;
	if (request->method != HTTP_GET && request->method != HTTP_HEAD)
		return false;
	return request->status == 301 || request->status == 302 || request->status == 303;
}

static void follow(struct http_transfer *transfer, const char *location)
{
	struct http_request *request = transfer->request;
	const struct curl_api *curl = transfer->http->curl;
	AUTO_FREE char *url = url_resolve(curl, transfer->url, location);
	int r = 0;

	if (!url)
		r = error_set(&request->err, ERROR_INVALID, "%s: redirects to what is no http or https URL", transfer->name);
	else if (++transfer->redirects > HTTP_REDIRECTS_MAX)
		r = error_set(&request->err, ERROR_INVALID, "%s: more than %d redirects, one after the other",
		              transfer->name, HTTP_REDIRECTS_MAX);
	else if (strncasecmp(transfer->url, "https:", 6) == 0 && strncasecmp(url, "https:", 6) != 0)
		r = error_set(&request->err, ERROR_DENIED, "%s: redirects from https to http, which is refused",
		              transfer->name);
	else if (!url_same_origin(curl, request->url, url))
		transfer->away = true;
	if (r == 0 && transfer->away && request->send_secret)
		r = error_set(&request->err, ERROR_DENIED, "%s: redirects a secret to another host, which is refused",
		              transfer->name);
	if (r < 0) {
		fail(transfer, HTTP_FAILURE_PROTOCOL, r);
		return;
	}
	free(transfer->url);
	transfer->url = TAKE_PTR(url);
	attempt_begin(transfer);
}

static void answered(struct http_transfer *transfer)
{
	struct http_request *request = transfer->request;
	const char *location = http_header(request, "location");
	AUTO_FREE char *shown = url_for_log(transfer->url);
	long version = 0;

	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
	log_debug("http: %s: %u%s", shown, request->status, version == CURL_HTTP_VERSION_2_0 ? " (HTTP/2)" : "");
	if (location && is_redirect(request)) {
		AUTO_FREE char *copy = xstrdup(location); /* the headers are those of the next answer soon */

		follow(transfer, copy);
		return;
	}
	if (retry_status(request->status)) {
		AUTO_FREE char *why = xprintf("%u %s", request->status, status_words(request->status));

		if (again(transfer, UINT32_MAX, why))
			return;
	}
	if (request->method == HTTP_GET && request->status / 100 == 2 && request->callbacks.write
	    && http_end(request) != HTTP_SIZE_UNKNOWN && request->received < http_end(request)) {
		broke(transfer, CURLE_PARTIAL_FILE);
		return;
	}
	finish(transfer, 0);
}

/* is_range_refused - though there is something there; whoever can't give a part may give it all */
static bool is_range_refused(const struct http_transfer *transfer)
{
	const struct http_request *request = transfer->request;

	return !transfer->whole && request->method == HTTP_GET && request->callbacks.write
	       && (transfer->misplaced || (transfer->answered && request->status == 416 && request->received > 0));
}

void attempt_ended(struct http_transfer *transfer, CURLcode code)
{
	struct http_request *request = transfer->request;

	if (is_range_refused(transfer)) {
		log_debug("http: %s: no part of it is to be had, asking for all of it", transfer->name);
		transfer->whole = true;
		attempt_begin(transfer);
	} else if (transfer->failed) {
		finish(transfer, transfer->errnum);
	} else if (code == CURLE_OK || transfer->enough) {
		answered(transfer);
	} else if (transfer->answered && request->status / 100 == 2 && request->callbacks.write
	           && request->received == http_end(request)) {
		answered(transfer); /* everything is there, however the connection ended */
	} else if (transfer->answered && request->status >= 400 && !retry_status(request->status)) {
		answered(transfer); /* a server that says no while we send may close at once */
	} else {
		broke(transfer, code);
	}
}
