/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_body.c - what libcurl calls: headers and body of an answer, the body to be sent; all of it is bounded */
#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http_private.h"

/* fail - the transfer ends with the request's err, which is filled */
static void fail(struct http_transfer *transfer, enum http_failure failure, int r)
{
	transfer->failed = true;
	transfer->errnum = r;
	transfer->request->failure = failure;
}

/* range_start - first byte of "bytes 100-199/200"; HTTP_SIZE_UNKNOWN when it is not of that form */
static uint64_t range_start(const char *value)
{
	uint64_t start;

	if (!value || strncasecmp(value, "bytes ", 6) != 0)
		return HTTP_SIZE_UNKNOWN;
	AUTO_FREE char *digits = xstrndup(value + 6, strcspn(value + 6, "-"));

	return number_parse_uint(digits, 0, UINT64_MAX - 1, &start) < 0 ? HTTP_SIZE_UNKNOWN : start;
}

/* place_body - where the body that comes begins, and what of it is known already */
static int place_body(struct http_transfer *transfer, uint64_t *start)
{
	struct http_request *request = transfer->request;
	uint64_t want = request->received;
	bool first = !request->begun;

	*start = 0;
	if (request->status == 206) {
		bool asked = !transfer->whole && (want > 0 || request->end > 0);

		*start = range_start(http_header(request, "content-range"));
		transfer->misplaced = asked && *start != want;
		if (!asked || *start != want)
			return error_set(&request->err, ERROR_INVALID,
			                 "%s: sent another part of the file than the one asked for", transfer->name);
	} else if (want > 0 && first) {
		request->offset = 0;
		request->received = 0;
	} else if (want > 0) {
		transfer->skip = want;
	}
	return 0;
}

/* begin_body - a 2xx answer to a GET is about to be handed on */
static int begin_body(struct http_transfer *transfer)
{
	struct http_request *request = transfer->request;
	const struct http_callbacks *callbacks = &request->callbacks;
	curl_off_t length = -1;
	uint64_t start;
	int r = place_body(transfer, &start);

	if (r < 0)
		return r;
	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (request->size != HTTP_SIZE_UNKNOWN && length >= 0 && start + (uint64_t) length != request->size
	    && start + (uint64_t) length != http_end(request))
		return error_set(&request->err, ERROR_INVALID, "%s: offers %" PRIu64 " bytes where %" PRIu64 " belong",
		                 transfer->name, start + (uint64_t) length, request->size);
	if (request->begun)
		return 0;
	request->begun = true;
	r = callbacks->begin ? callbacks->begin(callbacks->data, request, &request->err) : 0;
	if (r < 0)
		fail(transfer, HTTP_FAILURE_CALLBACK, r);
	return r;
}

static int end_headers(struct http_transfer *transfer)
{
	struct http_request *request = transfer->request;
	long status = 0;
	int r = 0;

	(void) transfer->http->curl->curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	request->status = (unsigned) status;
	if (status < 200) /* 100 Continue, 103 Early Hints: the answer is still to come */
		return 0;
	transfer->answered = true;
	setup_answered(transfer);
	if (status / 100 == 2 && request->method == HTTP_GET)
		r = begin_body(transfer);
	if (r < 0 && !transfer->failed)
		fail(transfer, HTTP_FAILURE_PROTOCOL, r);
	return r;
}

static void keep_header(struct http_request *request, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);

	if (!colon || colon == line || memchr(line, '\0', length))
		return;
	AUTO_FREE char *name = xstrndup(line, (size_t) (colon - line));
	const char *value = colon + 1, *end = line + length;

	for (char *c = name; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char) (*c - 'A' + 'a');
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && strchr(" \t\r\n", end[-1]))
		end--;
	const char *before = pairs_get(&request->answer, name);
	AUTO_FREE char *joined = before ? xprintf("%s, %.*s", before, (int) (end - value), value)
	                                : xstrndup(value, (size_t) (end - value));

	pairs_set(&request->answer, name, joined);
}

size_t body_header(char *line, size_t size, size_t count, void *data)
{
	struct http_transfer *transfer = data;
	struct http_request *request = transfer->request;
	size_t length = size * count;

	if (transfer->answered) /* trailers */
		return length;
	transfer->header_bytes += length;
	if (transfer->header_bytes > HTTP_HEADERS_MAX) {
		fail(transfer, HTTP_FAILURE_PROTOCOL,
		     error_set(&request->err, ERROR_INVALID, "%s: headers of more than %d bytes", transfer->name,
		               HTTP_HEADERS_MAX));
		return 0;
	}
	if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
		pairs_done(&request->answer);
	else if (strspn(line, "\r\n") >= length)
		return end_headers(transfer) < 0 ? 0 : length;
	else
		keep_header(request, line, length);
	return length;
}

/* keep_body - in memory: errors are cut off, what was asked for must fit */
static size_t keep_body(struct http_transfer *transfer, const char *bytes, size_t length)
{
	struct http_request *request = transfer->request;
	bool good = request->status / 100 == 2;

	request->body.max = good ? request->body_max : HTTP_ERROR_MAX;
	if (request->body.length + length <= request->body.max) {
		(void) text_add_bytes(&request->body, bytes, length);
		if (good)
			request->received += length;
		return length;
	}
	if (!good) {
		(void) text_add_bytes(&request->body, bytes, request->body.max - request->body.length);
		transfer->enough = true;
		return 0;
	}
	fail(transfer, HTTP_FAILURE_PROTOCOL,
	     error_set(&request->err, ERROR_INVALID, "%s: an answer of more than %zu bytes", transfer->name,
	               request->body_max));
	return 0;
}

size_t body_write(char *bytes, size_t size, size_t count, void *data)
{
	struct http_transfer *transfer = data;
	struct http_request *request = transfer->request;
	const struct http_callbacks *callbacks = &request->callbacks;
	size_t length = size * count;
	size_t known = (size_t) MIN(transfer->skip, (uint64_t) length), fresh = length - known;
	int r = 0;

	if (!callbacks->write || request->status / 100 != 2)
		return keep_body(transfer, bytes, length);
	/* the size may be anything up to 2^64-1: compare without adding */
	if (request->size != HTTP_SIZE_UNKNOWN && fresh > request->size - request->received) {
		fail(transfer, HTTP_FAILURE_PROTOCOL,
		     error_set(&request->err, ERROR_INVALID, "%s: sends more than the %" PRIu64 " bytes that belong there",
		               transfer->name, request->size));
		return 0;
	}
	if (request->end)
		fresh = (size_t) MIN((uint64_t) fresh, request->end - request->received);
	if (fresh)
		r = callbacks->write(callbacks->data, bytes + known, fresh, &request->err);
	if (r == HTTP_PAUSE) {
		transfer->paused = transfer->http->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (r < 0) {
		fail(transfer, HTTP_FAILURE_CALLBACK, r);
		return 0;
	}
	transfer->skip -= known;
	request->received += fresh;
	/* the server ignores Range, or its end */
	transfer->enough = known + fresh < length;
	return transfer->enough ? 0 : length;
}

size_t body_read(char *into, size_t size, size_t count, void *data)
{
	struct http_transfer *transfer = data;
	struct http_request *request = transfer->request;
	const struct http_callbacks *callbacks = &request->callbacks;
	ssize_t n = callbacks->read(callbacks->data, transfer->position, into, size * count, &request->err);

	if (n == HTTP_READ_PAUSE) {
		transfer->paused = transfer->http->paused = true;
		return CURL_READFUNC_PAUSE;
	}
	if (n == 0 && request->send_size != HTTP_SIZE_UNKNOWN && transfer->position < request->send_size)
		n = error_set(&request->err, ERROR_INVALID,
		              "%s: the file to be sent ended after %" PRIu64 " of %" PRIu64 " bytes", transfer->name,
		              transfer->position, request->send_size);
	if (n < 0) {
		fail(transfer, HTTP_FAILURE_CALLBACK, (int) n);
		return CURL_READFUNC_ABORT;
	}
	transfer->position += (uint64_t) n;
	request->sent = transfer->position;
	return (size_t) n;
}

int body_debug(CURL *easy UNUSED, curl_infotype type, char *bytes, size_t length, void *data)
{
	if (type == CURLINFO_TEXT)
		words_hear(data, bytes, length);
	return 0;
}

int body_seek(void *data, curl_off_t offset, int origin)
{
	struct http_transfer *transfer = data;

	/*
	 * libcurl sends a request again by itself when a connection that was used before dies. A PATCH adds to what
	 * is there, and some of it may have arrived: only its sender knows how to go on.
	 */
	if (transfer->request->method == HTTP_PATCH && (uint64_t) offset < transfer->position)
		return CURL_SEEKFUNC_FAIL;
	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	transfer->position = (uint64_t) offset;
	return CURL_SEEKFUNC_OK;
}
