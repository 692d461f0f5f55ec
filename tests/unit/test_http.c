/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_http.c - requests against a server that lies: bodies, redirects, retries, TLS, limits, many at once */
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/base/json.h"

#include <inttypes.h>
#include <sys/eventfd.h>

#include "../../src/registry/http_private.h"
#include "registry_server.h"
#include "suite.h"

static struct scratch scratch;

struct fixture {
	struct server server;
	struct http *http;
	struct text notices;
};

static void note(void *data, const char *line)
{
	struct text *notices = data;

	ck_assert_int_eq(text_printf(notices, "%s\n", line), 0);
}

static struct http *client(struct text *notices, int interrupt_fd, unsigned stall_seconds)
{
	const struct http_options options = {
		.interrupt_fd = interrupt_fd, .stall_seconds = stall_seconds, .stall_bytes = 50, .retry_ms = 20,
		.notice = notices ? note : NULL, .notice_data = notices,
	};
	struct error err = {0};
	struct http *http = NULL;

	ck_assert_msg(http_new(&options, &http, &err) == 0, "%s", err.text);
	return http;
}

static void setup(struct fixture *fixture, const char *const *options)
{
	*fixture = (struct fixture){.notices = TEXT_INIT(10000)};
	fixture->server = server_start(&scratch, options);
	fixture->http = client(&fixture->notices, -1, 100);
}

static void fixture_done(struct fixture *fixture)
{
	http_free(fixture->http);
	server_stop(&fixture->server);
	text_done(&fixture->notices);
}
#define FIXTURE(options) AUTO(fixture_done) struct fixture f; setup(&f, options)
#define AUTO_REQUEST     AUTO(http_request_done)

static struct http_request get(const struct fixture *f, const char *path)
{
	AUTO_FREE char *url = xprintf("http://%s%s", f->server.host, path);
	struct http_request request;

	http_request_init(&request, HTTP_GET, url);
	return request;
}

static char *manifest_path(const char *lie)
{
	return xprintf("/v2/%s/app/manifests/latest", lie);
}

/* owned path of the big layer in a repository; *size and *digest are the descriptor's */
static char *layer_path(const struct fixture *f, const char *lie, uint64_t *size)
{
	AUTO_REQUEST struct http_request request = get(f, "/v2/good/app/manifests/latest");
	struct error err = {0};

	ck_assert_int_eq(http_run(f->http, &request, &err), 0);
	AUTO_JSON json_t *json = json_parse(request.body.data, request.body.length, &err);
	const json_t *layer = json_array_get(json_object_get(json, "layers"), 1);

	ck_assert_ptr_nonnull(layer);
	*size = (uint64_t) json_integer_value(json_object_get(layer, "size"));
	return xprintf("/v2/%s/app/blobs/%s", lie, json_string_value(json_object_get(layer, "digest")));
}

static void same_digest(const struct sink *sink, const char *path)
{
	char digest[DIGEST_TEXT_SIZE];
	struct error err = {0};

	ck_assert_int_eq(digest_bytes(sink->bytes.data, sink->bytes.length, digest, &err), 0);
	ck_assert_str_eq(digest, strrchr(path, '/') + 1);
}

static void into_sink(struct http_request *request, struct sink *sink, uint64_t size)
{
	request->callbacks = (struct http_callbacks){.data = sink, .begin = sink_begin, .write = sink_write};
	request->size = size;
}

START_TEST(a_body_in_memory_with_its_headers)
{
	FIXTURE(NULL);
	AUTO_REQUEST struct http_request request = get(&f, "/v2/good/app/manifests/latest");
	struct error err = {0};

	texts_add(&request.headers, "X-Mine: yes");
	ck_assert_int_eq(http_run(f.http, &request, &err), 0);
	ck_assert_uint_eq(request.status, 200);
	ck_assert_str_eq(http_header(&request, "content-type"), "application/vnd.oci.image.manifest.v1+json");
	ck_assert_ptr_null(http_header(&request, "Content-Type"));
	ck_assert_ptr_nonnull(strstr(request.body.data, "schemaVersion"));
	ck_assert_uint_eq(server_saw(&f.server, "\"x-mine\": \"yes\"", "coracle/"), 1);
	ck_assert_uint_eq(http_running(f.http), 0);
}
END_TEST

START_TEST(an_answer_that_says_no_is_an_answer)
{
	FIXTURE(NULL);
	AUTO_REQUEST struct http_request request = get(&f, "/v2/good/app/manifests/missing");
	AUTO_REQUEST struct http_request page = get(&f, "/v2/html-error/app/manifests/latest");
	struct error err = {0};

	ck_assert_int_eq(http_run(f.http, &request, &err), 0);
	ck_assert_uint_eq(request.status, 404);
	ck_assert_ptr_nonnull(strstr(request.body.data, "MANIFEST_UNKNOWN"));
	/* however much of it there is */
	ck_assert_int_eq(http_run(f.http, &page, &err), 0);
	ck_assert_uint_eq(page.status, 404);
	ck_assert_uint_eq(page.body.length, HTTP_ERROR_MAX);
}
END_TEST

static const struct {
	const char *lie;
	enum http_failure failure;
	const char *words;
} lies[] = {
	{"huge", HTTP_FAILURE_PROTOCOL, "more than 4194304 bytes"},
	{"endless", HTTP_FAILURE_PROTOCOL, "more than 4194304 bytes"},
	{"many-headers", HTTP_FAILURE_PROTOCOL, "headers of more than"},
};

START_TEST(what_is_too_long_is_refused)
{
	FIXTURE(NULL);
	AUTO_FREE char *path = manifest_path(lies[_i].lie);
	AUTO_REQUEST struct http_request request = get(&f, path);
	struct error err = {0};

	request.body_max = 4 << 20;
	ck_assert_int_lt(http_run(f.http, &request, &err), 0);
	ck_assert_int_eq(request.failure, lies[_i].failure);
	ck_assert_msg(strstr(err.text, lies[_i].words) != NULL, "%s", err.text);
	ck_assert_msg(strncmp(err.text, "localhost: ", 11) == 0, "%s", err.text);
}
END_TEST

static const char *const blob_lies[] = {"good", "cut-once", "cut-once-no-range", "elsewhere"};

START_TEST(a_blob_arrives_whole_and_once)
{
	FIXTURE(NULL);
	AUTO_SINK struct sink sink = SINK_INIT;
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, blob_lies[_i], &size);
	AUTO_REQUEST struct http_request request = get(&f, path);
	struct error err = {0};

	into_sink(&request, &sink, size);
	ck_assert_msg(http_run(f.http, &request, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(request.received, size);
	ck_assert_uint_eq(sink.begun, 1);
	same_digest(&sink, path);
	/* the second half alone was asked for */
	ck_assert_uint_eq(server_saw(&f.server, "\"range\": \"bytes=", "cut-once"), strncmp(blob_lies[_i], "cut", 3) == 0);
}
END_TEST

static const struct {
	const char *lie, *words;
} bad_blobs[] = {
	{"cut", "broke off"},
	{"longer", "bytes where"},
	{"shorter", "bytes where"},
	{"endless", "sends more than the"},
	{"slow", "broke off"},
	{"loop", "more than 10 redirects"},
	{"to-file", "no http or https URL"},
};

START_TEST(a_blob_that_never_gets_right_is_an_error)
{
	FIXTURE(NULL);
	AUTO_SINK struct sink sink = SINK_INIT;
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, bad_blobs[_i].lie, &size);
	AUTO_REQUEST struct http_request request = get(&f, path);
	struct error err = {0};

	into_sink(&request, &sink, size);
	request.attempts = 2;
	if (strcmp(bad_blobs[_i].lie, "slow") == 0) { /* who has no patience with honest servers may be wrong about them */
		http_free(f.http);
		f.http = client(&f.notices, -1, 2);
	}
	ck_assert_int_lt(http_run(f.http, &request, &err), 0);
	ck_assert_msg(strstr(err.text, bad_blobs[_i].words) != NULL, "%s", err.text);
	ck_assert_uint_le(sink.bytes.length, size);
}
END_TEST

START_TEST(a_download_goes_on_from_an_offset)
{
	FIXTURE(NULL);
	AUTO_SINK struct sink sink = SINK_INIT, all = SINK_INIT, other = SINK_INIT;
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, "good", &size);
	AUTO_FREE char *ignoring = layer_path(&f, "no-range", &size);
	AUTO_FREE char *wrong = layer_path(&f, "part-always", &size);
	AUTO_REQUEST struct http_request request = get(&f, path), whole = get(&f, ignoring), lying = get(&f, wrong);
	struct error err = {0};

	into_sink(&request, &sink, size);
	request.offset = size - 7;
	ck_assert_int_eq(http_run(f.http, &request, &err), 0);
	ck_assert_uint_eq(sink.start, size - 7);
	ck_assert_uint_eq(sink.bytes.length, 7);
	/* Range ignored: told before the first byte */
	into_sink(&whole, &all, size);
	whole.offset = size - 7;
	ck_assert_int_eq(http_run(f.http, &whole, &err), 0);
	ck_assert_uint_eq(all.start, 0);
	same_digest(&all, path);
	/* who can't but send another part is not believed */
	into_sink(&lying, &other, size);
	lying.offset = 100;
	ck_assert_int_lt(http_run(f.http, &lying, &err), 0);
	ck_assert_msg(strstr(err.text, "another part") != NULL, "%s", err.text);
	ck_assert_uint_eq(other.bytes.length, 0);
}
END_TEST

static const char *const no_parts[] = {"wrong-range", "range-refused"};

START_TEST(who_gives_no_part_is_asked_for_everything)
{
	FIXTURE(NULL);
	AUTO_SINK struct sink all = SINK_INIT, piece = SINK_INIT;
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, no_parts[_i], &size);
	AUTO_REQUEST struct http_request whole = get(&f, path), middle = get(&f, path);
	struct error err = {0};

	into_sink(&whole, &all, size);
	whole.offset = size - 7;
	ck_assert_msg(http_run(f.http, &whole, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(whole.status, 200);
	ck_assert_uint_eq(all.start, 0);
	ck_assert_uint_eq(all.begun, 1);
	same_digest(&all, path);
	into_sink(&middle, &piece, size);
	middle.offset = 100;
	middle.end = 200;
	ck_assert_msg(http_run(f.http, &middle, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(piece.start, 0);
	ck_assert_uint_eq(piece.bytes.length, 200);
	/* a part, and then all of it */
	ck_assert_uint_eq(server_saw(&f.server, strrchr(path, '/'), "\"range\""), 2);
	ck_assert_uint_eq(server_saw(&f.server, strrchr(path, '/'), "GET"), 4);
}
END_TEST

static const char *const range_lies[] = {"good", "no-range", "cut-once", "cut-once-no-range"};

START_TEST(a_piece_from_the_beginning_or_the_middle_ends_where_it_shall)
{
	FIXTURE(NULL);
	AUTO_SINK struct sink front = SINK_INIT, middle = SINK_INIT, all = SINK_INIT;
	uint64_t size;
	AUTO_FREE char *honest = layer_path(&f, "good", &size);
	AUTO_FREE char *path = layer_path(&f, range_lies[_i], &size);
	AUTO_REQUEST struct http_request first = get(&f, path), second = get(&f, path), whole = get(&f, honest);
	struct error err = {0};

	into_sink(&whole, &all, size);
	ck_assert_int_eq(http_run(f.http, &whole, &err), 0);
	into_sink(&first, &front, size);
	first.end = 200000;
	ck_assert_msg(http_run(f.http, &first, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(first.received, 200000);
	ck_assert_uint_eq(front.start, 0);
	ck_assert_uint_eq(front.bytes.length, 200000);
	ck_assert_int_eq(memcmp(front.bytes.data, all.bytes.data, 200000), 0);
	ck_assert_uint_ge(server_saw(&f.server, "bytes=0-199999", range_lies[_i]), 1);
	into_sink(&second, &middle, size);
	second.offset = 100;
	second.end = 250001;
	ck_assert_msg(http_run(f.http, &second, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(second.received, 250001);
	ck_assert_uint_eq(middle.start + middle.bytes.length, 250001);
	ck_assert_int_eq(memcmp(middle.bytes.data, all.bytes.data + middle.start, middle.bytes.length), 0);
}
END_TEST

START_TEST(a_sink_may_pause_and_fail)
{
	FIXTURE(NULL);
	AUTO_SINK struct sink sink = SINK_INIT, full = SINK_INIT;
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, "good", &size);
	AUTO_REQUEST struct http_request request = get(&f, path), failing = get(&f, path);
	struct error err = {0};
	unsigned polls = 0;

	sink.pauses = 3;
	into_sink(&request, &sink, size);
	http_add(f.http, &request);
	while (!request.finished && polls++ < 10000) {
		ck_assert_int_ge(http_poll(f.http, NULL, 0, 5, &err), 0);
		http_resume(f.http, &request);
	}
	ck_assert_int_eq(request.result, 0);
	ck_assert_uint_eq(sink.pauses, 0);
	same_digest(&sink, path);

	full.fail = -ENOSPC;
	into_sink(&failing, &full, size);
	ck_assert_int_eq(http_run(f.http, &failing, &err), -ENOSPC);
	ck_assert_int_eq(failing.failure, HTTP_FAILURE_CALLBACK);
	ck_assert_int_eq(err.errnum, ENOSPC);
	ck_assert_ptr_nonnull(strstr(err.text, "the disk"));
}
END_TEST

static const struct {
	const char *lie;
	unsigned status, least_ms;
	const char *notice;
} troubles[] = {
	{"flaky", 200, 0, "500 Internal Server Error, trying again in"},
	{"down", 503, 0, "503 Service Unavailable, trying again in"},
	{"limited", 200, 1000, "429 Too Many Requests, trying again in 1 s"},
	{"limited-date", 200, 900, "429 Too Many Requests, trying again in"},
	{"limited-always", 429, 0, "429 Too Many Requests, trying again in"},
	{"denied", 403, 0, NULL},
};

START_TEST(passing_trouble_is_waited_for)
{
	FIXTURE(NULL);
	AUTO_FREE char *path = manifest_path(troubles[_i].lie);
	AUTO_REQUEST struct http_request request = get(&f, path);
	struct error err = {0};
	uint64_t before = clock_monotonic(), took;

	ck_assert_int_eq(http_run(f.http, &request, &err), 0);
	took = (clock_monotonic() - before) / 1000000;
	ck_assert_uint_eq(request.status, troubles[_i].status);
	/* seconds that are taken for milliseconds, and the reverse */
	ck_assert_msg(took >= troubles[_i].least_ms && took <= 100 * 1000, "%" PRIu64 " ms", took);
	if (troubles[_i].notice)
		ck_assert_msg(strstr(text_string(&f.notices), troubles[_i].notice) != NULL, "%s", text_string(&f.notices));
	else
		ck_assert_uint_eq(f.notices.length, 0);
	ck_assert_uint_le(server_saw(&f.server, path, "GET"), 5);
}
END_TEST

START_TEST(authorization_stays_with_the_server_it_is_for)
{
	FIXTURE(NULL);
	AUTO_SINK struct sink sink = SINK_INIT, basic = SINK_INIT;
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, "elsewhere", &size);
	AUTO_FREE char *other = xprintf("\"port\": %u", f.server.other);
	AUTO_REQUEST struct http_request request = get(&f, path), named = get(&f, path);
	struct error err = {0};

	into_sink(&request, &sink, size);
	request.authorization = xstrdup("Bearer secret-token");
	ck_assert_int_eq(http_run(f.http, &request, &err), 0);
	into_sink(&named, &basic, size);
	named.user = xstrdup("ann");
	named.password = xstrdup("secret-word");
	ck_assert_int_eq(http_run(f.http, &named, &err), 0);
	ck_assert_uint_eq(server_saw(&f.server, "authorization", "Bearer secret-token"), 1);
	ck_assert_uint_eq(server_saw(&f.server, "authorization", "Basic "), 1);
	ck_assert_uint_eq(server_saw(&f.server, other, "/elsewhere/"), 2);
	ck_assert_uint_eq(server_saw(&f.server, other, "authorization"), 0);
}
END_TEST

START_TEST(bodies_are_sent_from_memory_and_by_callback)
{
	FIXTURE(NULL);
	AUTO_REQUEST struct http_request start = get(&f, "/v2/good/app/blobs/uploads/");
	struct error err = {0};
	char *session = NULL;

	start.method = HTTP_POST;
	ck_assert_int_eq(http_run(f.http, &start, &err), 0);
	ck_assert_uint_eq(start.status, 202);
	ck_assert_int_eq(http_resolve(f.http, start.final_url, http_header(&start, "location"), &session), 0);
	AUTO_REQUEST struct http_request patch;

	http_request_init(&patch, HTTP_PATCH, session);
	patch.send_bytes = "abcdef";
	patch.send_size = 6;
	ck_assert_int_eq(http_run(f.http, &patch, &err), 0);
	ck_assert_uint_eq(patch.status, 202);
	ck_assert_str_eq(http_header(&patch, "range"), "0-5");
	ck_assert_uint_eq(server_saw(&f.server, "PATCH", "\"sent\": 6"), 1);
	ck_assert_uint_eq(server_saw(&f.server, "PATCH", "x-www-form-urlencoded"), 0);
	ck_assert_uint_eq(server_saw(&f.server, "PATCH", "expect"), 0);
	free(session);
}
END_TEST

START_TEST(many_run_side_by_side_and_can_be_cancelled)
{
	FIXTURE(NULL);
	struct http_request requests[6];
	struct sink sinks[6];
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, "good", &size);
	AUTO_FREE char *slow = layer_path(&f, "slow", &size);
	AUTO_REQUEST struct http_request crawling = get(&f, slow);
	AUTO_SINK struct sink drops = SINK_INIT;
	struct error err = {0};
	unsigned finished = 0;

	into_sink(&crawling, &drops, size);
	http_add(f.http, &crawling);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		sinks[i] = (struct sink) SINK_INIT;
		requests[i] = get(&f, path);
		requests[i].bulk = i % 2;
		into_sink(&requests[i], &sinks[i], size);
		http_add(f.http, &requests[i]);
	}
	ck_assert_uint_eq(http_running(f.http), ARRAY_LEN(requests) + 1);
	while (finished < ARRAY_LEN(requests)) {
		int r = http_poll(f.http, NULL, 0, -1, &err);

		ck_assert_int_ge(r, 0);
		finished += (unsigned) r;
	}
	ck_assert(!crawling.finished);
	http_cancel(f.http, &crawling);
	ck_assert_int_eq(crawling.result, -ECANCELED);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		ck_assert_int_eq(requests[i].result, 0);
		same_digest(&sinks[i], path);
		sink_done(&sinks[i]);
		http_request_done(&requests[i]);
	}
	ck_assert_uint_eq(http_running(f.http), 0);
}
END_TEST

START_TEST(foreign_descriptors_and_interruption_end_the_wait)
{
	FIXTURE(NULL);
	AUTO_CLOSE int stop = eventfd(0, EFD_CLOEXEC);
	struct http *http = client(NULL, stop, 100);
	uint64_t size;
	AUTO_FREE char *path = layer_path(&f, "slow", &size);
	AUTO_REQUEST struct http_request request = get(&f, path), second = get(&f, path);
	AUTO_SINK struct sink sink = SINK_INIT;
	struct error err = {0};
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	struct pollfd mine = {.fd = fds[0], .events = POLLIN};

	(void) close(fds[1]); /* a hang-up is told as poll(2) does */
	ck_assert_int_eq(http_poll(http, &mine, 1, 5000, &err), 0);
	ck_assert_int_eq(mine.revents, POLLHUP);
	(void) close(fds[0]);
	into_sink(&request, &sink, size);
	http_add(http, &request);
	ck_assert_int_ge(http_poll(http, NULL, 0, 10, &err), 0);
	ck_assert_int_eq(eventfd_write(stop, 1), 0);
	int r = 0;

	for (int i = 0; i < 1000 && r >= 0; i++)
		r = http_poll(http, NULL, 0, 1000, &err);
	ck_assert_int_eq(r, -EINTR);
	/* run cancels its own, others stay */
	ck_assert_int_eq(http_run(http, &second, &err), -EINTR);
	ck_assert_uint_eq(http_running(http), 1);
	http_free(http);
}
END_TEST

static const struct {
	const char *pem, *ca, *client;
	bool insecure, wants_client;
	enum http_failure failure;
	const char *words;
} tls[] = {
	{"server.pem", "ca.crt", NULL, false, false, HTTP_FAILURE_NONE, NULL},
	{"server.pem", NULL, NULL, false, false, HTTP_FAILURE_TLS, "can't be verified"},
	{"other.pem", "ca.crt", NULL, false, false, HTTP_FAILURE_TLS, "can't be verified"},
	{"old.pem", "ca.crt", NULL, false, false, HTTP_FAILURE_TLS, "expired"},
	{"other.pem", NULL, NULL, true, false, HTTP_FAILURE_NONE, NULL},
	{"server.pem", "missing.crt", NULL, false, false, HTTP_FAILURE_LOCAL, "missing.crt"},
	{"server.pem", "ca.crt", "client", false, true, HTTP_FAILURE_NONE, NULL},
};

START_TEST(certificates_are_verified)
{
	AUTO_FREE char *pem = xprintf("%s/%s", scratch.path, tls[_i].pem);
	AUTO_FREE char *authority = xprintf("%s/ca.crt", scratch.path);
	AUTO_FREE char *ca = tls[_i].ca ? xprintf("%s/%s", scratch.path, tls[_i].ca) : NULL;
	AUTO_FREE char *cert = xprintf("%s/client.cert", scratch.path), *key = xprintf("%s/client.key", scratch.path);
	const char *const options[] = {"--tls", pem, tls[_i].wants_client ? "--client-ca" : NULL, authority, NULL};
	FIXTURE(options);
	AUTO_FREE char *url = xprintf("https://%s/v2/good/app/manifests/latest", f.server.host);
	const char *const files[] = {ca, NULL};
	const struct http_tls how = {.ca_files = ca ? files : NULL, .insecure = tls[_i].insecure,
	                             .client_cert = tls[_i].client ? cert : NULL, .client_key = tls[_i].client ? key : NULL};
	AUTO_REQUEST struct http_request request;
	struct error err = {0};

	http_request_init(&request, HTTP_GET, url);
	request.tls = &how;
	request.plain_refused = true;
	int r = http_run(f.http, &request, &err);

	ck_assert_msg((r == 0) == (tls[_i].failure == HTTP_FAILURE_NONE), "%s", err.text);
	ck_assert_int_eq(request.failure, tls[_i].failure);
	if (tls[_i].words)
		ck_assert_msg(strstr(err.text, tls[_i].words) != NULL, "%s", err.text);
}
END_TEST

START_TEST(an_alert_is_told_though_libcurl_complained_before)
{
	struct http *http = client(NULL, -1, 0);
	struct http_request request = {0};
	char name[] = "host", url[] = "https://host/";
	struct http_transfer transfer = {.http = http, .request = &request, .name = name, .url = url};
	static const char *const lines[] = {
		"  Trying 127.0.0.1:443...\n", " subject: CN=an alert certificate\n", "TLSv1.3 (IN), TLS alert, certificate required (628):\n",
	};
	static const char alert[] = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0\n";

	(void) snprintf(transfer.words, sizeof transfer.words, "getpeername() failed with errno 107: not connected");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		words_hear(&transfer, lines[i], strlen(lines[i]));
	ck_assert(!words_is_alert(&transfer, CURLE_RECV_ERROR));
	words_hear(&transfer, alert, strlen(alert));
	ck_assert(words_is_alert(&transfer, CURLE_RECV_ERROR));
	ck_assert(!words_is_alert(&transfer, CURLE_PARTIAL_FILE));
	ck_assert_int_lt(words_failure(&transfer, CURLE_RECV_ERROR, HTTP_FAILURE_TLS), 0);
	ck_assert_int_eq(request.err.kind, ERROR_DENIED);
	ck_assert_msg(strstr(request.err.text, "wants another certificate of ours") != NULL, "%s", request.err.text);
	ck_assert_ptr_null(strstr(request.err.text, "getpeername"));
	/* with words of another failure it has nothing to do */
	ck_assert_int_lt(words_failure(&transfer, CURLE_PARTIAL_FILE, HTTP_FAILURE_BROKEN), 0);
	ck_assert_msg(strstr(request.err.text, "getpeername") != NULL, "%s", request.err.text);
	http_free(http);
}
END_TEST

START_TEST(a_connection_that_ends_before_tls_is_tried_again)
{
	AUTO_FREE char *pem = xprintf("%s/server.pem", scratch.path), *ca = xprintf("%s/ca.crt", scratch.path);
	const char *const once[] = {"--tls", pem, "--resets", "1", NULL};
	const char *const always[] = {"--tls", pem, "--resets", "100", NULL};
	const char *const files[] = {ca, NULL};
	const struct http_tls how = {.ca_files = files};
	struct error err = {0};

	for (int i = 0; i < 2; i++) {
		FIXTURE(i == 0 ? once : always);
		AUTO_FREE char *url = xprintf("https://%s/v2/good/app/manifests/latest", f.server.host);
		AUTO_REQUEST struct http_request request;

		http_request_init(&request, HTTP_GET, url);
		request.tls = &how;
		int r = http_run(f.http, &request, &err);

		ck_assert_msg((r == 0) == (i == 0), "%d: %s", i, err.text);
		ck_assert_int_eq(request.failure, i == 0 ? HTTP_FAILURE_NONE : HTTP_FAILURE_CONNECT);
		ck_assert_ptr_nonnull(strstr(text_string(&f.notices), "trying again"));
	}
}
END_TEST

START_TEST(tls_is_not_left_by_a_redirect_nor_skipped)
{
	AUTO_FREE char *pem = xprintf("%s/server.pem", scratch.path), *ca = xprintf("%s/ca.crt", scratch.path);
	const char *const options[] = {"--tls", pem, NULL};
	FIXTURE(options);
	const char *const files[] = {ca, NULL};
	const struct http_tls how = {.ca_files = files};
	AUTO_FREE char *url = xprintf("https://%s/v2/good/app/manifests/latest", f.server.host);
	AUTO_REQUEST struct http_request first, request, plain;
	struct error err = {0};

	http_request_init(&first, HTTP_GET, url);
	first.tls = &how;
	ck_assert_int_eq(http_run(f.http, &first, &err), 0);
	AUTO_JSON json_t *json = json_parse(first.body.data, first.body.length, &err);
	const char *digest = json_string_value(json_object_get(json_object_get(json, "config"), "digest"));
	AUTO_FREE char *blob = xprintf("https://%s/v2/to-plain/app/blobs/%s", f.server.host, digest);

	http_request_init(&request, HTTP_GET, blob);
	request.tls = &how;
	ck_assert_int_lt(http_run(f.http, &request, &err), 0);
	ck_assert_msg(strstr(err.text, "from https to http") != NULL, "%s", err.text);
	http_request_init(&plain, HTTP_GET, "http://localhost/");
	plain.plain_refused = true;
	ck_assert_int_lt(http_run(f.http, &plain, &err), 0);
	ck_assert_int_eq(plain.failure, HTTP_FAILURE_PROTOCOL);
	ck_assert_uint_eq(server_saw(&f.server, "/elsewhere/", "GET"), 0);
}
END_TEST

START_TEST(plain_servers_and_nobody_are_told_apart)
{
	FIXTURE(NULL);
	AUTO_FREE char *url = xprintf("https://%s/v2/", f.server.host);
	AUTO_REQUEST struct http_request request, nobody;
	struct error err = {0};

	http_request_init(&request, HTTP_GET, url);
	ck_assert_int_lt(http_run(f.http, &request, &err), 0);
	ck_assert_int_eq(request.failure, HTTP_FAILURE_TLS);
	ck_assert_msg(strstr(err.text, "without TLS") != NULL, "%s", err.text);
	http_request_init(&nobody, HTTP_GET, "http://localhost:1/");
	ck_assert_int_lt(http_run(f.http, &nobody, &err), 0);
	ck_assert_int_eq(nobody.failure, HTTP_FAILURE_CONNECT);
	ck_assert_msg(strstr(err.text, "no connection") != NULL, "%s", err.text);
}
END_TEST

START_TEST(a_proxy_is_used_but_not_for_this_host)
{
	FIXTURE(NULL);
	AUTO_FREE char *proxy = xprintf("http://ann:proxy-word@127.0.0.1:%u", f.server.port);
	AUTO_REQUEST struct http_request far, near = get(&f, "/v2/good/app/manifests/2.0"), spared;
	struct error err = {0};

	http_request_init(&far, HTTP_GET, "http://registry.test/v2/good/app/manifests/1.0");
	http_request_init(&spared, HTTP_GET, "http://spared.test/v2/good/app/manifests/1.1");
	ck_assert_int_eq(setenv("http_proxy", proxy, 1), 0);
	ck_assert_int_eq(setenv("no_proxy", "spared.test", 1), 0);
	int r = http_run(f.http, &far, &err);
	int direct = http_run(f.http, &near, &err);
	int none = http_run(f.http, &spared, &err);

	no_proxies();
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(far.status, 200);
	ck_assert_int_eq(direct, 0);
	ck_assert_int_lt(none, 0);
	ck_assert_ptr_null(strstr(err.text, "proxy-word"));
	ck_assert_uint_eq(server_saw(&f.server, "manifests/1.0", "\"host\": \"registry.test\""), 1);
	ck_assert_uint_eq(server_saw(&f.server, "manifests/2.0", "proxy-"), 0);
	ck_assert_uint_eq(server_saw(&f.server, "manifests/1.1", "GET"), 0);
}
END_TEST

START_TEST(urls_are_escaped_resolved_and_compared)
{
	struct http *http = client(NULL, -1, 0);
	AUTO_FREE char *escaped = http_escape("a b/c:d?e=f&g%é~");
	char *url = NULL;

	ck_assert_str_eq(escaped, "a%20b%2Fc%3Ad%3Fe%3Df%26g%25%C3%A9~");
	ck_assert_int_eq(http_resolve(http, "https://h:5000/v2/x?y", "/v2/z?a=b", &url), 0);
	ck_assert_str_eq(url, "https://h:5000/v2/z?a=b");
	free(TAKE_PTR(url));
	ck_assert_int_eq(http_resolve(http, "https://h/", "ftp://h/x", &url), -EINVAL);
	ck_assert_int_eq(http_resolve(http, "https://h/", "https://u:p@h/x", &url), -EINVAL);
	ck_assert_ptr_null(url);
	ck_assert(http_same_origin(http, "https://H/x", "https://h:443/y?z"));
	ck_assert(!http_same_origin(http, "https://h/x", "http://h/x"));
	ck_assert(!http_same_origin(http, "https://h/x", "https://h:444/x"));
	ck_assert(!http_same_origin(http, "https://h/x", "https://h.evil/x"));
	ck_assert(!http_same_origin(http, "nonsense", "nonsense"));
	http_free(http);
}
END_TEST

static void prepare(void)
{
	no_proxies();
	scratch = scratch_new();
	make_certs(&scratch);
}

static void tidy(void)
{
	scratch_done(&scratch);
}

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *tcase = tcase_create("requests");

	tcase_add_unchecked_fixture(tcase, prepare, tidy);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_body_in_memory_with_its_headers);
	tcase_add_test(tcase, an_answer_that_says_no_is_an_answer);
	tcase_add_loop_test(tcase, what_is_too_long_is_refused, 0, ARRAY_LEN(lies));
	tcase_add_loop_test(tcase, a_blob_arrives_whole_and_once, 0, ARRAY_LEN(blob_lies));
	tcase_add_loop_test(tcase, a_blob_that_never_gets_right_is_an_error, 0, ARRAY_LEN(bad_blobs));
	tcase_add_test(tcase, a_download_goes_on_from_an_offset);
	tcase_add_loop_test(tcase, a_piece_from_the_beginning_or_the_middle_ends_where_it_shall, 0,
	                    ARRAY_LEN(range_lies));
	tcase_add_loop_test(tcase, who_gives_no_part_is_asked_for_everything, 0, ARRAY_LEN(no_parts));
	tcase_add_test(tcase, a_sink_may_pause_and_fail);
	tcase_add_loop_test(tcase, passing_trouble_is_waited_for, 0, ARRAY_LEN(troubles));
	tcase_add_test(tcase, authorization_stays_with_the_server_it_is_for);
	tcase_add_test(tcase, bodies_are_sent_from_memory_and_by_callback);
	tcase_add_test(tcase, many_run_side_by_side_and_can_be_cancelled);
	tcase_add_test(tcase, foreign_descriptors_and_interruption_end_the_wait);
	tcase_add_loop_test(tcase, certificates_are_verified, 0, ARRAY_LEN(tls));
	tcase_add_test(tcase, an_alert_is_told_though_libcurl_complained_before);
	tcase_add_test(tcase, a_connection_that_ends_before_tls_is_tried_again);
	tcase_add_test(tcase, tls_is_not_left_by_a_redirect_nor_skipped);
	tcase_add_test(tcase, plain_servers_and_nobody_are_told_apart);
	tcase_add_test(tcase, a_proxy_is_used_but_not_for_this_host);
	tcase_add_test(tcase, urls_are_escaped_resolved_and_compared);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
