/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_curl.c - libcurl on first use, and its URL parser (curl_url(3)) */
#include "coracle/base/alloc.h"
#include "coracle/base/dl.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http_private.h"

const struct curl_api *curl_api_load(struct error *err)
{
	static struct curl_api api;
	static bool ready;
#define CURL_ROW(function) DL_SYMBOL(api, function),
	static const struct dl_symbol symbols[] = {CURL_FUNCTIONS(CURL_ROW){0}};
#undef CURL_ROW
	struct error other = {0};

	if (ready)
		return &api;
	/* the flavours with GnuTLS and OpenSSL have one interface; either will do */
	if (dl_load("libcurl.so.4", "libcurl4", symbols, err) < 0
	    && dl_load("libcurl-gnutls.so.4", "libcurl3-gnutls", symbols, &other) < 0)
		return NULL;
	if (api.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void) error_set(err, ERROR_UNSUPPORTED, "libcurl can't be initialised: check its TLS library");
		return NULL;
	}
	ready = true;
	return &api;
}

static CURLU *parse(const struct curl_api *curl, const char *url, const char *location)
{
	const unsigned flags = CURLU_DISALLOW_USER;
	CURLU *handle = curl->curl_url();
	CURLUcode code = handle ? curl->curl_url_set(handle, CURLUPART_URL, url, flags) : CURLUE_OUT_OF_MEMORY;

	if (code == CURLUE_OK && location)
		code = curl->curl_url_set(handle, CURLUPART_URL, location, flags);
	if (code == CURLUE_OK)
		return handle;
	curl->curl_url_cleanup(handle);
	return NULL;
}

static char *get(const struct curl_api *curl, CURLU *handle, CURLUPart part, unsigned flags)
{
	char *foreign = NULL;
	char *own = NULL;

	if (curl->curl_url_get(handle, part, &foreign, flags) == CURLUE_OK)
		own = xstrdup(foreign);
	curl->curl_free(foreign);
	return own;
}

char *url_part(const struct curl_api *curl, const char *url, CURLUPart part, unsigned flags)
{
	CURLU *handle = parse(curl, url, NULL);
	char *text = handle ? get(curl, handle, part, flags) : NULL;

	curl->curl_url_cleanup(handle);
	return text;
}

char *url_resolve(const struct curl_api *curl, const char *base, const char *location)
{
	CURLU *handle = parse(curl, base, location);
	AUTO_FREE char *scheme = handle ? get(curl, handle, CURLUPART_SCHEME, 0) : NULL;
	char *url = NULL;

	if (scheme && (strcasecmp(scheme, "https") == 0 || strcasecmp(scheme, "http") == 0)) {
		(void) curl->curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0);
		url = get(curl, handle, CURLUPART_URL, 0);
	}
	curl->curl_url_cleanup(handle);
	return url;
}

bool url_same_origin(const struct curl_api *curl, const char *one, const char *other)
{
	static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		AUTO_FREE char *left = url_part(curl, one, parts[i], CURLU_DEFAULT_PORT);
		AUTO_FREE char *right = url_part(curl, other, parts[i], CURLU_DEFAULT_PORT);

		if (!left || !right || strcasecmp(left, right) != 0)
			return false;
	}
	return true;
}

char *url_for_log(const char *url)
{
	return xstrndup(url, strcspn(url, "?"));
}

char *http_escape(const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t size = 3 * strlen(text) + 1, used = 0;
	char *out = xcalloc(size, 1);

	for (const char *c = text; *c; c++) {
		if (strchr(plain, *c))
			out[used++] = *c;
		else
			used += (size_t) snprintf(out + used, size - used, "%%%02X", (unsigned) (unsigned char) *c);
	}
	return out;
}

int http_resolve(struct http *http, const char *base, const char *location, char **out)
{
	char *url = url_resolve(http->curl, base, location);

	if (!url)
		return -EINVAL;
	*out = url;
	return 0;
}

bool http_same_origin(struct http *http, const char *one, const char *other)
{
	return url_same_origin(http->curl, one, other);
}
