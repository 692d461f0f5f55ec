/* SPDX-License-Identifier: GPL-2.0-or-later */
/* blob_get.c - blobs out of a registry, many at a time (distribution-spec, Pulling blobs) */
#include "coracle/base/alloc.h"
#include "coracle/base/number.h"

#include <assert.h>
#include <string.h>

#include "registry_private.h"

#define BULK_BYTES (1 << 20)

static int blob_exchange(struct registry *registry, enum http_method method, const char *repository, const char *digest,
                         enum registry_actions actions, struct exchange **out, struct error *err)
{
	AUTO_FREE char *more = xprintf("blobs/%s", digest);
	AUTO_FREE char *url = NULL;
	int r = reference_check(registry, repository, digest, err);

	if (r == 0 && !strchr(digest, ':'))
		r = error_set(err, ERROR_INVALID, "%s/%s: a blob is asked for by its digest", registry->host, repository);
	if (r == 0)
		r = registry_url(registry, repository, more, &url, err);
	if (r < 0)
		return r;
	*out = exchange_new(registry, method, url ? url : "", repository, digest);
	exchange_scope(*out, actions);
	return 0;
}

static void finish(struct blob_get *get, int result)
{
	get->result = result;
	get->finished = true;
	if (get->done)
		get->done(get, get->done_data);
}

static void exchanged(struct exchange *exchange, void *data)
{
	struct blob_get *get = data;
	int r = exchange->result;

	if (r < 0)
		get->err = exchange->err;
	else if (exchange->http.status != 200 && exchange->http.status != 206)
		r = failure_word(exchange, &get->err);
	finish(get, r);
}

void blob_get_start(struct registry *registry, struct blob_get *get)
{
	int r;

	assert(!get->exchange);
	get->finished = false;
	r = blob_exchange(registry, HTTP_GET, get->repository, get->digest, get->actions, &get->exchange, &get->err);
	if (r < 0) {
		finish(get, r);
		return;
	}
	get->exchange->http.callbacks = get->callbacks;
	get->exchange->http.offset = get->offset;
	get->exchange->http.end = get->end;
	get->exchange->http.size = get->size;
	/* those that take long get connections of their own: they don't wait for each other, and a reader that
	 * pauses leaves the bytes at the sender instead of in libcurl's window */
	get->exchange->http.bulk = get->size > BULK_BYTES;
	get->exchange->done = exchanged;
	get->exchange->done_data = get;
	exchange_start(get->exchange);
}

uint64_t blob_get_received(const struct blob_get *get)
{
	return get->exchange ? get->exchange->http.received : 0;
}

void blob_get_resume(const struct blob_get *get)
{
	if (get->exchange)
		http_resume(get->exchange->registry->http, &get->exchange->http);
}

void blob_get_done(struct blob_get *get)
{
	exchange_free(TAKE_PTR(get->exchange));
}

int registry_blob_read(struct registry *registry, const char *repository, const char *digest,
                       enum registry_actions actions, size_t max, char **out, size_t *length, struct error *err)
{
	AUTO_EXCHANGE struct exchange *exchange = NULL;
	char computed[DIGEST_TEXT_SIZE];
	int r = blob_exchange(registry, HTTP_GET, repository, digest, actions, &exchange, err);

	if (r < 0)
		return r;
	exchange->http.body_max = max;
	r = exchange_run(exchange, err);
	if (r == 0 && exchange->http.status != 200)
		r = failure_word(exchange, err);
	if (r == 0)
		r = digest_bytes(text_string(&exchange->http.body), exchange->http.body.length, computed, err);
	if (r < 0)
		return r;
	if (strcmp(computed, digest) != 0)
		return error_set(err, ERROR_INVALID, "%s: the registry sent other bytes (%s): try another registry or mirror",
		                 exchange->what, computed);
	*length = exchange->http.body.length;
	*out = text_take(&exchange->http.body);
	return 0;
}

int registry_blob_head(struct registry *registry, const char *repository, const char *digest,
                       enum registry_actions actions, uint64_t *size, struct error *err)
{
	AUTO_EXCHANGE struct exchange *exchange = NULL;
	const char *length;
	int r = blob_exchange(registry, HTTP_HEAD, repository, digest, actions, &exchange, err);

	if (r == 0)
		r = exchange_run(exchange, err);
	if (r < 0)
		return r;
	if (exchange->http.status == 404)
		return 0;
	if (exchange->http.status / 100 != 2)
		return failure_word(exchange, err);
	length = http_header(&exchange->http, "content-length");
	if (size && (!length || number_parse_uint(length, 0, UINT64_MAX - 1, size) < 0))
		*size = HTTP_SIZE_UNKNOWN;
	return 1;
}
