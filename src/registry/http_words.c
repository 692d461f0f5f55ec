/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_words.c - a transfer without an answer in one line for the user; decides only */
#include "coracle/base/alloc.h"

#include <string.h>

#include "http_private.h"

void words_hear(struct http_transfer *transfer, const char *line, size_t length)
{
	/* what is shown of a certificate is indented, and anybody's words */
	if (length == 0 || length >= sizeof transfer->alert || *line == ' ' || !memmem(line, length, " alert ", 7))
		return;
	(void) memcpy(transfer->alert, line, length);
	transfer->alert[length] = '\0';
	transfer->alert[strcspn(transfer->alert, "\r\n")] = '\0';
}

static const char *what_was_said(const struct http_transfer *transfer)
{
	return transfer->alert[0] ? transfer->alert : transfer->words;
}

bool words_is_alert(const struct http_transfer *transfer, CURLcode code)
{
	return (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_SSL_CONNECT_ERROR)
	       && strstr(what_was_said(transfer), " alert ");
}

bool words_is_broken_handshake(const struct http_transfer *transfer, CURLcode code)
{
	/* of OpenSSL, and of GnuTLS */
	static const char *const endings[] = {"Connection reset", "Broken pipe", "SSL_ERROR_SYSCALL", "unexpected eof",
	                                      "non-properly terminated", "pull function", "push function"};

	if (code != CURLE_SSL_CONNECT_ERROR || words_is_alert(transfer, code))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (strstr(transfer->words, endings[i]))
			return true;
	return false;
}

/* is_refused - because of our certificate, or because there is none (RFC 8446 §6.2) */
static bool is_refused(const struct http_transfer *transfer, CURLcode code)
{
	const char *said = what_was_said(transfer);

	return words_is_alert(transfer, code)
	       && (strstr(said, "certificate") || strstr(said, "unknown ca") || strstr(said, "access denied"));
}

int words_failure(struct http_transfer *transfer, CURLcode code, enum http_failure failure)
{
	struct error *err = &transfer->request->err;
	const char *said = words_is_alert(transfer, code) ? what_was_said(transfer) : transfer->words;
	const char *words = *said ? said : transfer->http->curl->curl_easy_strerror(code);
	AUTO_FREE char *host = url_part(transfer->http->curl, transfer->url, CURLUPART_HOST, 0);
	const char *at = transfer->away && host ? host : "", *led = *at ? " leads to " : "";
	const char *name = transfer->name;

	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return error_set(err, ERROR_SYSTEM, "%s%s%s: host name not found (%s): check the name and the network",
		                 name, led, at, words);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return error_set(err, ERROR_DENIED, "%s%s%s: its TLS certificate can't be verified (%s): put its CA's "
		                 "certificate into /etc/containers/certs.d/HOST/ca.crt", name, led, at, words);
	if (is_refused(transfer, code))
		return error_set(err, ERROR_DENIED, "%s%s%s: wants another certificate of ours (%s): put it as NAME.cert with "
		                 "NAME.key into /etc/containers/certs.d/HOST", name, led, at, words);
	if (code == CURLE_SSL_CONNECT_ERROR && strstr(words, "wrong version number"))
		return error_set(err, ERROR_SYSTEM, "%s%s%s: answers without TLS: --tls-verify=false, or insecure = true "
		                 "in registries.conf, permits that", name, led, at);
	switch (failure) {
	case HTTP_FAILURE_CONNECT:
		return error_set(err, ERROR_SYSTEM, "%s%s%s: no connection (%s): check that it runs, and proxy and "
		                 "firewall", name, led, at, words);
	case HTTP_FAILURE_TLS:
		return error_set(err, ERROR_SYSTEM, "%s%s%s: TLS: %s", name, led, at, words);
	case HTTP_FAILURE_BROKEN:
		return error_set(err, ERROR_SYSTEM, "%s%s%s: the transfer broke off (%s): try again", name, led, at, words);
	case HTTP_FAILURE_PROTOCOL:
		return error_set(err, ERROR_INVALID, "%s%s%s: not a well-formed answer (%s)", name, led, at, words);
	case HTTP_FAILURE_NONE:
	case HTTP_FAILURE_CALLBACK:
	case HTTP_FAILURE_LOCAL:
		break;
	}
	return error_set(err, ERROR_SYSTEM, "%s%s%s: %s", name, led, at, words);
}
