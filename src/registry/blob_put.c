/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blob_put.c - uploads (distribution-spec, Pushing blobs), each a small machine of exchanges
 *
 *   CHECK ─200─→ there already            SEND (PATCH) ──→ COMMIT (PUT ?digest) ─201─→ done
 *     └→ START (POST) ─201─→ mounted        └ broke ─→ ASK (GET: Range) ─→ SEND the rest
 *          └─202─→ SEND, or SINGLE (PUT with everything) when it is small    └ session gone ─→ START
 * A COMMIT whose answer got lost is asked for once more with CHECK.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/log.h"
#include "coracle/base/number.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "registry_private.h"

#define OCTETS "Content-Type: application/octet-stream"

enum step { STEP_CHECK, STEP_START, STEP_SINGLE, STEP_SEND, STEP_ASK, STEP_COMMIT, STEP_VERIFY };

struct upload {
	struct registry *registry;
	struct blob_put *put;
	enum step step;
	struct exchange *exchange;
	char *session;     /* owned URL of the upload; holds the registry's state: not for messages */
	uint64_t offset;   /* bytes that the registry has */
	bool mount;        /* still to be tried */
	unsigned failures; /* of sending in a row, without bytes that arrived */
};

static void next(struct upload *upload, enum step step);

static void finish(struct upload *upload, int result)
{
	struct blob_put *put = upload->put;

	put->result = result;
	put->finished = true;
	if (put->done)
		put->done(put, put->done_data);
}

static void succeed(struct upload *upload, enum blob_put_outcome outcome)
{
	upload->put->outcome = outcome;
	finish(upload, 0);
}

/* give_up - with what the last exchange says */
static void give_up(struct upload *upload)
{
	const struct exchange *exchange = upload->exchange;
	int r = exchange->result;

	if (r < 0)
		upload->put->err = exchange->err;
	else if (exchange->http.status / 100 == 2)
		r = error_set(&upload->put->err, ERROR_INVALID, "%s: the registry's answer to an upload makes no sense",
		              exchange->what);
	else
		r = failure_word(exchange, &upload->put->err);
	finish(upload, r);
}

static ssize_t read_blob(void *data, uint64_t offset, void *into, size_t size, struct error *err)
{
	const struct upload *upload = data;
	const struct blob_put *put = upload->put;

	offset += upload->offset;
	if (put->callbacks.read)
		return put->callbacks.read(put->callbacks.data, offset, into, size, err);
	size = (size_t) MIN((uint64_t) size, put->size - offset);
	(void) memcpy(into, (const char *) put->bytes + offset, size);
	return (ssize_t) size;
}

/* move - the session's URL after an answer; false when the answer names none that can be used */
static bool move(struct upload *upload)
{
	const struct http_request *http = &upload->exchange->http;
	const char *location = http_header(http, "location");
	char *url;

	if (!location || http_resolve(upload->registry->http, http->final_url, location, &url) < 0)
		return false;
	free(upload->session);
	upload->session = url;
	return true;
}

/* confirmed - bytes that "Range: 0-N" says are there; "0-0" is told for nothing and for one byte: nothing */
static uint64_t confirmed(const struct exchange *exchange)
{
	const char *range = http_header(&exchange->http, "range");
	uint64_t last;

	if (range && strncasecmp(range, "bytes=", 6) == 0)
		range += 6;
	if (!range || strncmp(range, "0-", 2) != 0 || number_parse_uint(range + 2, 1, UINT64_MAX - 1, &last) < 0)
		return 0;
	return last + 1;
}

static char *session_url(const struct upload *upload)
{
	AUTO_FREE char *digest = http_escape(upload->put->digest);

	return xprintf("%s%sdigest=%s", upload->session, strchr(upload->session, '?') ? "&" : "?", digest);
}

static char *start_url(const struct upload *upload, const char *uploads)
{
	const struct blob_put *put = upload->put;

	if (!upload->mount)
		return xstrdup(uploads);
	AUTO_FREE char *digest = http_escape(put->digest);
	AUTO_FREE char *from = http_escape(put->mount_from);

	return xprintf("%s?mount=%s&from=%s", uploads, digest, from);
}

static int step_url(const struct upload *upload, char **out, struct error *err)
{
	const struct blob_put *put = upload->put;
	AUTO_FREE char *blob = xprintf("blobs/%s", put->digest);
	AUTO_FREE char *uploads = NULL;
	int r;

	switch (upload->step) {
	case STEP_CHECK:
	case STEP_VERIFY:
		return registry_url(upload->registry, put->repository, blob, out, err);
	case STEP_START:
		r = registry_url(upload->registry, put->repository, "blobs/uploads/", &uploads, err);
		if (r < 0)
			return r;
		*out = start_url(upload, uploads);
		return 0;
	case STEP_SINGLE:
	case STEP_COMMIT:
		*out = session_url(upload);
		return 0;
	case STEP_SEND:
	case STEP_ASK:
		break;
	}
	*out = xstrdup(upload->session);
	return 0;
}

static void give_body(struct upload *upload, struct http_request *http)
{
	uint64_t size = upload->put->size;

	texts_add(&http->headers, OCTETS);
	http->callbacks.data = upload;
	http->callbacks.read = read_blob;
	http->send_size = size == HTTP_SIZE_UNKNOWN ? size : size - upload->offset;
	http->bulk = size > REGISTRY_BLOB_SINGLE_MAX;
	http->attempts = 1; /* another attempt is ours to make: only we know from where */
	if (upload->offset > 0 && size != HTTP_SIZE_UNKNOWN)
		texts_printf(&http->headers, "Content-Range: %" PRIu64 "-%" PRIu64, upload->offset, size - 1);
	if (upload->failures > 0)
		http->delay_ms = http_delay(upload->registry->http, upload->failures);
}

static void after_check(struct upload *upload, unsigned status)
{
	if (status / 100 == 2)
		succeed(upload, BLOB_PUT_EXISTED);
	else if (upload->exchange->result < 0 || status >= 500 || status == 429)
		give_up(upload);
	else if (upload->put->only_check) /* 404; and those that don't let one look may let one push */
		succeed(upload, BLOB_PUT_ABSENT);
	else
		next(upload, STEP_START);
}

static void after_start(struct upload *upload, unsigned status)
{
	const struct blob_put *put = upload->put;

	if (status == 201 && upload->mount) {
		succeed(upload, BLOB_PUT_MOUNTED);
	} else if (status / 100 == 2 && move(upload)) {
		upload->mount = false;
		upload->offset = 0;
		next(upload, put->size <= REGISTRY_BLOB_SINGLE_MAX && *put->digest ? STEP_SINGLE : STEP_SEND);
	} else if (upload->mount && upload->exchange->result == 0 && status / 100 == 4 && status != 429) {
		upload->mount = false;
		next(upload, STEP_START);
	} else {
		give_up(upload);
	}
}

/* send_again - whether what went wrong while sending may go better from where the registry is */
static bool send_again(struct upload *upload)
{
	const struct exchange *exchange = upload->exchange;
	unsigned status = exchange->http.status;
	bool transient = exchange->result < 0 ? exchange->http.failure == HTTP_FAILURE_BROKEN
	                                                 || exchange->http.failure == HTTP_FAILURE_CONNECT
	                                      : status >= 500 || status == 404 || status == 408 || status == 416
	                                                || status == 429;

	if (!transient || ++upload->failures >= http_attempts(upload->registry->http))
		return false;
	log_debug("registry: %s: the upload stopped (%s), going on", exchange->what,
	          exchange->result < 0 ? exchange->err.text : "by the registry");
	return true;
}

static void after_send(struct upload *upload, unsigned status)
{
	if (status / 100 == 2) {
		/* some name the session's next URL, some let the old one stand */
		(void) move(upload);
		next(upload, STEP_COMMIT);
	} else if (send_again(upload)) {
		next(upload, status == 404 ? STEP_START : STEP_ASK);
	} else {
		give_up(upload);
	}
}

static void after_ask(struct upload *upload, unsigned status)
{
	uint64_t there = confirmed(upload->exchange);
	uint64_t size = upload->put->size;

	if (status / 100 != 2 || there == 0 || (size != HTTP_SIZE_UNKNOWN && there > size)) {
		if (upload->exchange->result == 0 && status != 401 && status != 403)
			next(upload, STEP_START);
		else
			give_up(upload);
		return;
	}
	(void) move(upload);
	if (there > upload->offset)
		upload->failures = MIN(upload->failures, 1U);
	upload->offset = there;
	next(upload, there == size ? STEP_COMMIT : STEP_SEND);
}

static void after_single(struct upload *upload, unsigned status)
{
	if (status / 100 == 2)
		succeed(upload, BLOB_PUT_SENT);
	else if (send_again(upload))
		next(upload, STEP_START);
	else
		give_up(upload);
}

static void after_commit(struct upload *upload, unsigned status)
{
	if (status / 100 == 2)
		succeed(upload, BLOB_PUT_SENT);
	else if (upload->exchange->result == 0 && status == 404)
		next(upload, STEP_VERIFY);
	else
		give_up(upload);
}

static void exchanged(struct exchange *exchange UNUSED, void *data)
{
	struct upload *upload = data;
	unsigned status = upload->exchange->result < 0 ? 0 : upload->exchange->http.status;

	switch (upload->step) {
	case STEP_CHECK:
		after_check(upload, status);
		break;
	case STEP_START:
		after_start(upload, status);
		break;
	case STEP_SINGLE:
		after_single(upload, status);
		break;
	case STEP_SEND:
		after_send(upload, status);
		break;
	case STEP_ASK:
		after_ask(upload, status);
		break;
	case STEP_COMMIT:
		after_commit(upload, status);
		break;
	case STEP_VERIFY:
		if (status / 100 == 2)
			succeed(upload, BLOB_PUT_SENT);
		else
			give_up(upload);
		break;
	}
}

static void next(struct upload *upload, enum step step)
{
	static const enum http_method methods[] = {
		[STEP_CHECK] = HTTP_HEAD, [STEP_START] = HTTP_POST, [STEP_SINGLE] = HTTP_PUT, [STEP_SEND] = HTTP_PATCH,
		[STEP_ASK] = HTTP_GET, [STEP_COMMIT] = HTTP_PUT, [STEP_VERIFY] = HTTP_HEAD,
	};
	struct blob_put *put = upload->put;
	struct exchange *exchange;
	AUTO_FREE char *url = NULL;
	int r;

	if (step == STEP_COMMIT && !digest_is_valid(put->digest)) {
		finish(upload, error_set(&put->err, ERROR_INVALID, "%s/%s: a blob without a digest", upload->registry->host,
		                         put->repository));
		return;
	}
	upload->step = step;
	r = step_url(upload, &url, &put->err);
	if (r < 0) {
		finish(upload, r);
		return;
	}
	exchange_free(upload->exchange);
	exchange = exchange_new(upload->registry, methods[step], url, put->repository, *put->digest ? put->digest : NULL);
	upload->exchange = exchange;
	exchange_scope(exchange, REGISTRY_PUSH);
	if (step == STEP_START && upload->mount)
		texts_printf(&exchange->scopes, "repository:%s:pull", put->mount_from);
	if (step == STEP_SINGLE || step == STEP_SEND)
		give_body(upload, &exchange->http);
	if (step == STEP_COMMIT)
		texts_add(&exchange->http.headers, OCTETS);
	exchange->done = exchanged;
	exchange->done_data = upload;
	exchange_start(exchange);
}

void blob_put_start(struct registry *registry, struct blob_put *put)
{
	struct upload *upload = xcalloc(1, sizeof *upload);

	assert(!put->upload);
	assert(put->only_check || put->callbacks.read || put->size != HTTP_SIZE_UNKNOWN);
	put->upload = upload;
	put->finished = false;
	upload->registry = registry;
	upload->put = put;
	upload->mount = put->mount_from && *put->digest;
	if (*put->digest && !digest_is_valid(put->digest)) {
		finish(upload, error_set(&put->err, ERROR_INVALID, "%s/%s: \"%s\" is no digest", registry->host,
		                         put->repository, put->digest));
		return;
	}
	next(upload, put->check && *put->digest ? STEP_CHECK : STEP_START);
}

uint64_t blob_put_sent(const struct blob_put *put)
{
	const struct upload *upload = put->upload;
	bool sending = upload && upload->exchange && (upload->step == STEP_SINGLE || upload->step == STEP_SEND);

	if (!upload)
		return 0;
	return upload->offset + (sending ? upload->exchange->http.sent : 0);
}

void blob_put_resume(const struct blob_put *put)
{
	if (put->upload && put->upload->exchange)
		http_resume(put->upload->registry->http, &put->upload->exchange->http);
}

void blob_put_done(struct blob_put *put)
{
	struct upload *upload = TAKE_PTR(put->upload);

	if (!upload)
		return;
	exchange_free(upload->exchange);
	free(upload->session);
	free(upload);
}
