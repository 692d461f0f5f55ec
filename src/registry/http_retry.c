/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_retry.c - what kind of failure this is, whether another attempt makes sense, and when; decides only */
#include "coracle/base/id.h"
#include "coracle/base/number.h"

#include <string.h>

#include "http_private.h"

#define DELAY_MAX_MS 30000

static const struct {
	CURLcode code;
	enum http_failure failure;
	bool retry;
} codes[] = {
	{CURLE_COULDNT_RESOLVE_PROXY, HTTP_FAILURE_CONNECT, false},
	{CURLE_COULDNT_RESOLVE_HOST, HTTP_FAILURE_CONNECT, false},
	{CURLE_COULDNT_CONNECT, HTTP_FAILURE_CONNECT, true},
	{CURLE_PROXY, HTTP_FAILURE_CONNECT, false},
	{CURLE_OPERATION_TIMEDOUT, HTTP_FAILURE_BROKEN, true},
	{CURLE_SSL_CONNECT_ERROR, HTTP_FAILURE_TLS, false},
	{CURLE_PEER_FAILED_VERIFICATION, HTTP_FAILURE_TLS, false},
	{CURLE_SSL_CIPHER, HTTP_FAILURE_TLS, false},
	{CURLE_SSL_ISSUER_ERROR, HTTP_FAILURE_TLS, false},
	{CURLE_SSL_INVALIDCERTSTATUS, HTTP_FAILURE_TLS, false},
	{CURLE_SEND_ERROR, HTTP_FAILURE_BROKEN, true},
	{CURLE_RECV_ERROR, HTTP_FAILURE_BROKEN, true},
	{CURLE_GOT_NOTHING, HTTP_FAILURE_BROKEN, true},
	{CURLE_PARTIAL_FILE, HTTP_FAILURE_BROKEN, true},
	{CURLE_SEND_FAIL_REWIND, HTTP_FAILURE_BROKEN, true},
	{CURLE_HTTP2, HTTP_FAILURE_BROKEN, true},
	{CURLE_HTTP2_STREAM, HTTP_FAILURE_BROKEN, true},
	{CURLE_WEIRD_SERVER_REPLY, HTTP_FAILURE_PROTOCOL, false},
	{CURLE_UNSUPPORTED_PROTOCOL, HTTP_FAILURE_PROTOCOL, false},
	{CURLE_BAD_CONTENT_ENCODING, HTTP_FAILURE_PROTOCOL, false},
	{CURLE_URL_MALFORMAT, HTTP_FAILURE_PROTOCOL, false},
};

static const struct {
	unsigned status;
	const char *words;
} statuses[] = {
	{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"}, {206, "Partial Content"},
	{301, "Moved Permanently"}, {302, "Found"}, {303, "See Other"}, {307, "Temporary Redirect"},
	{308, "Permanent Redirect"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
	{404, "Not Found"}, {405, "Method Not Allowed"}, {406, "Not Acceptable"},
	{407, "Proxy Authentication Required"}, {408, "Request Timeout"},
	{409, "Conflict"}, {410, "Gone"}, {411, "Length Required"}, {413, "Content Too Large"},
	{415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"}, {429, "Too Many Requests"},
	{500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
	{503, "Service Unavailable"}, {504, "Gateway Timeout"}, {507, "Insufficient Storage"},
};

enum http_failure retry_classify(CURLcode code, bool sending)
{
	if (code == CURLE_OPERATION_TIMEDOUT && !sending)
		return HTTP_FAILURE_CONNECT;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].failure;
	return HTTP_FAILURE_LOCAL;
}

bool retry_code(CURLcode code)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].retry;
	return false;
}

bool retry_status(unsigned status)
{
	if (status == 408 || status == 429)
		return true;
	return status >= 500 && status != 501 && status != 505 && status != 507;
}

const char *status_words(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].words;
	return "";
}

int64_t retry_after(const struct curl_api *curl, const char *value, time_t now)
{
	uint64_t seconds;
	time_t date;

	/* more digits than a number holds are a long time, too */
	if (value[0] && value[strspn(value, "0123456789")] == '\0') {
		if (number_parse_uint(value, 0, HTTP_WAIT_MAX_MS / 1000, &seconds) < 0)
			return HTTP_WAIT_MAX_MS;
		return (int64_t) seconds * 1000;
	}
	date = curl->curl_getdate(value, NULL);
	if (date < 0)
		return -1;
	if (date <= now)
		return 0;
	return date - now > HTTP_WAIT_MAX_MS / 1000 ? HTTP_WAIT_MAX_MS : (int64_t) (date - now) * 1000;
}

unsigned retry_delay(unsigned base, unsigned failures)
{
	uint64_t delay = base;

	for (unsigned i = 1; i < failures && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	delay = MIN(delay, (uint64_t) DELAY_MAX_MS);
	return (unsigned) (delay / 2) + id_random_number((unsigned) (delay - delay / 2) + 1);
}
