/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_setup.c - one attempt as libcurl wants to be told (curl_easy_setopt(3)) */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http_private.h"

#define CA_FILE_MAX   (4 << 20)
#define CA_FILES_MAX  (16 << 20)
#define RECEIVE_BYTES (256L * 1024)
#define SEND_BYTES    (256L * 1024)

static const char *const method_names[] = {
	[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
};
static const struct http_tls verify;

/* Options are set one after the other; the first that libcurl refuses counts. */
struct setup {
	const struct curl_api *curl;
	CURL *easy;
	CURLcode code;
};
#define SET(setup, option, value)                                                                       \
	do {                                                                                            \
		if ((setup)->code == CURLE_OK)                                                          \
			(setup)->code = (setup)->curl->curl_easy_setopt((setup)->easy, option, value); \
	} while (0)

static void add_line(struct setup *setup, struct http_transfer *transfer, const char *line)
{
	struct curl_slist *longer = setup->curl->curl_slist_append(transfer->lines, line);

	if (!longer)
		setup->code = CURLE_OUT_OF_MEMORY;
	else
		transfer->lines = longer;
}

static bool has_header(const struct http_request *request, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < request->headers.count; i++)
		if (strncasecmp(request->headers.items[i], name, length) == 0
		    && request->headers.items[i][length] == ':')
			return true;
	return false;
}

static void set_headers(struct setup *setup, struct http_transfer *transfer)
{
	const struct http_request *request = transfer->request;

	for (size_t i = 0; i < request->headers.count; i++)
		add_line(setup, transfer, request->headers.items[i]);
	/* neither waiting for "100 Continue" nor a form's type where none was asked for */
	add_line(setup, transfer, "Expect:");
	if (!has_header(request, "Content-Type"))
		add_line(setup, transfer, "Content-Type:");
	if (request->method == HTTP_GET && !transfer->whole && (request->received > 0 || request->end > 0)) {
		AUTO_FREE char *last = request->end ? xprintf("%" PRIu64, request->end - 1) : NULL;
		AUTO_FREE char *range = xprintf("Range: bytes=%" PRIu64 "-%s", request->received, last ? last : "");

		add_line(setup, transfer, range);
	}
	if (request->authorization && !transfer->away) {
		AUTO_FREE char *line = xprintf("Authorization: %s", request->authorization);

		add_line(setup, transfer, line);
		explicit_bzero(line, strlen(line));
	} else if (request->user && !transfer->away) {
		SET(setup, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
		SET(setup, CURLOPT_USERNAME, request->user);
		SET(setup, CURLOPT_PASSWORD, request->password ? request->password : "");
	}
	SET(setup, CURLOPT_HTTPHEADER, transfer->lines);
}

static void set_body(struct setup *setup, struct http_transfer *transfer)
{
	const struct http_request *request = transfer->request;
	bool unknown = request->send_size == HTTP_SIZE_UNKNOWN;

	if (request->method == HTTP_HEAD) {
		SET(setup, CURLOPT_NOBODY, 1L);
	} else if (request->callbacks.read) {
		SET(setup, CURLOPT_UPLOAD, 1L);
		SET(setup, CURLOPT_INFILESIZE_LARGE, unknown ? (curl_off_t) -1 : (curl_off_t) request->send_size);
		SET(setup, CURLOPT_READFUNCTION, body_read);
		SET(setup, CURLOPT_READDATA, transfer);
		SET(setup, CURLOPT_SEEKFUNCTION, body_seek);
		SET(setup, CURLOPT_SEEKDATA, transfer);
		SET(setup, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES);
	} else if (request->method != HTTP_GET && request->method != HTTP_DELETE) {
		SET(setup, CURLOPT_POSTFIELDSIZE_LARGE, unknown ? 0 : (curl_off_t) request->send_size);
		SET(setup, CURLOPT_POSTFIELDS, request->send_bytes ? request->send_bytes : "");
	}
	if (request->method != HTTP_GET && request->method != HTTP_HEAD)
		SET(setup, CURLOPT_CUSTOMREQUEST, method_names[request->method]);
}

static int add_ca_file(struct text *all, const char *path, struct error *err)
{
	AUTO_FREE char *bytes = NULL;
	size_t length;
	int r = file_read(AT_FDCWD, path, CA_FILE_MAX, &bytes, &length);

	if (r < 0)
		return error_errno(err, -r, "CA certificates in %s", path);
	if (text_add_bytes(all, bytes, length) < 0 || text_add_char(all, '\n') < 0)
		return error_set(err, ERROR_INVALID, "CA certificates in %s: more than %d bytes together with the others",
		                 path, CA_FILES_MAX);
	return 0;
}

/*
 * set_authorities - the system's, those that SSL_CERT_FILE and SSL_CERT_DIR name in their place (as other
 * programs of this field read them), and the server's own beside them.
 */
static int set_authorities(struct setup *setup, const struct http_tls *tls, struct error *err)
{
	AUTO_TEXT struct text all = TEXT_INIT(CA_FILES_MAX);
	const char *file = getenv("SSL_CERT_FILE"), *directory = getenv("SSL_CERT_DIR");
	int r = 0;

	if (directory && *directory)
		SET(setup, CURLOPT_CAPATH, directory);
	if (file && *file)
		SET(setup, CURLOPT_CAINFO, file);
	if (!tls->ca_files || !tls->ca_files[0])
		return 0;
	/* a blob replaces the bundle but not the directory: without a directory the bundle has to be part of it */
	if (!(file && *file)) {
		char *path = NULL;

#if LIBCURL_VERSION_NUM >= 0x075400
		(void) setup->curl->curl_easy_getinfo(setup->easy, CURLINFO_CAPATH, &path);
		if (path || (directory && *directory))
			path = NULL;
		else
			(void) setup->curl->curl_easy_getinfo(setup->easy, CURLINFO_CAINFO, &path);
#endif
		file = path;
	}
	if (file && *file)
		r = add_ca_file(&all, file, err);
	for (size_t i = 0; r == 0 && tls->ca_files[i]; i++)
		r = add_ca_file(&all, tls->ca_files[i], err);
	if (r == 0) {
		struct curl_blob blob = {.data = all.data, .len = all.length, .flags = CURL_BLOB_COPY};

		SET(setup, CURLOPT_CAINFO_BLOB, &blob);
	}
	return r;
}

static int set_tls(struct setup *setup, struct http_transfer *transfer)
{
	const struct http_tls *tls = transfer->request->tls ? transfer->request->tls : &verify;

	SET(setup, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	SET(setup, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
	SET(setup, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
	/* a client certificate says who we are: only the server it is meant for learns that */
	if (tls->client_cert && !transfer->away) {
		SET(setup, CURLOPT_SSLCERT, tls->client_cert);
		SET(setup, CURLOPT_SSLKEY, tls->client_key ? tls->client_key : tls->client_cert);
	}
	return tls->insecure ? 0 : set_authorities(setup, tls, &transfer->request->err);
}

/* A proxy elsewhere can't reach this host's loopback; nor do the peers ask it to. */
static void set_proxy(struct setup *setup, const char *url)
{
	AUTO_FREE char *host = url_part(setup->curl, url, CURLUPART_HOST, 0);

	if (host && (strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0))
		SET(setup, CURLOPT_PROXY, "");
	SET(setup, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_limits(struct setup *setup, const struct http_options *options)
{
	SET(setup, CURLOPT_CONNECTTIMEOUT, (long) (options->connect_seconds ? options->connect_seconds : 15));
	SET(setup, CURLOPT_LOW_SPEED_TIME, (long) (options->stall_seconds ? options->stall_seconds : 60));
	SET(setup, CURLOPT_LOW_SPEED_LIMIT, (long) (options->stall_bytes ? options->stall_bytes : 64));
	SET(setup, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
	SET(setup, CURLOPT_NOSIGNAL, 1L);
}

static void set_protocol(struct setup *setup, const struct http_request *request)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(setup, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(setup, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SET(setup, CURLOPT_FOLLOWLOCATION, 0L);
	SET(setup, CURLOPT_HTTP_VERSION, (long) (request->bulk ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Ctrl-C does not wait for the name server; libraries before 7.87 do, and that is all */
	if (setup->code == CURLE_OK)
		(void) setup->curl->curl_easy_setopt(setup->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
}

/* set_log - what libcurl says of TLS */
static void set_log(struct setup *setup, struct http_transfer *transfer)
{
	if (strncasecmp(transfer->url, "https:", 6) != 0)
		return;
	SET(setup, CURLOPT_DEBUGFUNCTION, body_debug);
	SET(setup, CURLOPT_DEBUGDATA, transfer);
	SET(setup, CURLOPT_VERBOSE, 1L);
}

void setup_answered(struct http_transfer *transfer)
{
	/* libcurl words every record of TLS otherwise */
	(void) transfer->http->curl->curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 0L);
	(void) transfer->http->curl->curl_easy_setopt(transfer->easy, CURLOPT_DEBUGFUNCTION, NULL);
}

void setup_done(struct http_transfer *transfer)
{
	const struct curl_api *curl = transfer->http->curl;

	if (transfer->easy) {
		(void) curl->curl_multi_remove_handle(transfer->http->multi, transfer->easy);
		curl->curl_easy_cleanup(transfer->easy);
	}
	/* the list may hold the Authorization line */
	for (struct curl_slist *line = transfer->lines; line; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl->curl_slist_free_all(transfer->lines);
	transfer->easy = NULL;
	transfer->lines = NULL;
}

int setup_attempt(struct http_transfer *transfer)
{
	struct http_request *request = transfer->request;
	struct setup setup = {.curl = transfer->http->curl, .easy = transfer->http->curl->curl_easy_init()};
	CURLMcode multi;
	int r;

	transfer->easy = setup.easy;
	if (!setup.easy)
		return error_errno(&request->err, ENOMEM, "libcurl");
	SET(&setup, CURLOPT_ERRORBUFFER, transfer->words);
	SET(&setup, CURLOPT_PRIVATE, transfer);
	SET(&setup, CURLOPT_URL, transfer->url);
	SET(&setup, CURLOPT_USERAGENT, "coracle/" CORACLE_VERSION);
	set_log(&setup, transfer);
	set_protocol(&setup, request);
	set_limits(&setup, &transfer->http->options);
	set_proxy(&setup, transfer->url);
	set_body(&setup, transfer);
	set_headers(&setup, transfer);
	SET(&setup, CURLOPT_HEADERFUNCTION, body_header);
	SET(&setup, CURLOPT_HEADERDATA, transfer);
	SET(&setup, CURLOPT_WRITEFUNCTION, body_write);
	SET(&setup, CURLOPT_WRITEDATA, transfer);
	r = set_tls(&setup, transfer);
	if (r < 0)
		return error_wrap(&request->err, r, "%s", transfer->name);
	if (setup.code != CURLE_OK)
		return error_set(&request->err, ERROR_UNSUPPORTED, "%s: libcurl can't do this: %s: upgrade libcurl4",
		                 transfer->name, setup.curl->curl_easy_strerror(setup.code));
	multi = setup.curl->curl_multi_add_handle(transfer->http->multi, setup.easy);
	if (multi != CURLM_OK)
		return error_set(&request->err, ERROR_SYSTEM, "%s: libcurl: %s", transfer->name,
		                 setup.curl->curl_multi_strerror(multi));
	return 0;
}
