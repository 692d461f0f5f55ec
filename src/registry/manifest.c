/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.c - manifests and indexes by tag or digest (distribution-spec, Pulling/Pushing manifests) */
#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/oci/image.h"

#include <string.h>

#include "registry_private.h"

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker.distribution.manifest."

static const char *const accepted[] = {
	OCI "index.v1+json", OCI "manifest.v1+json", DOCKER "list.v2+json", DOCKER "v2+json",
};
/* What says nothing about the document */
static const char *const vague[] = {"", "application/json", "text/plain", "application/octet-stream"};

void registry_manifest_done(struct registry_manifest *manifest)
{
	free(manifest->bytes);
	free(manifest->media_type);
	*manifest = (struct registry_manifest){0};
}

/* owned media type without parameters, in lower case */
static char *content_type(const struct exchange *exchange)
{
	const char *value = http_header(&exchange->http, "content-type");
	char *type = value ? xstrndup(value, strcspn(value, "; ,\t")) : xstrdup("");

	for (char *c = type; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char) (*c - 'A' + 'a');
	return type;
}

static bool is_schema_1(const char *type)
{
	return strncmp(type, DOCKER "v1+", strlen(DOCKER "v1+")) == 0;
}

/* settle_type - what the document is: the header, unless it is vague, then what stands in the document */
static int settle_type(const struct exchange *exchange, char **type, struct error *err)
{
	const struct text *body = &exchange->http.body;
	struct error why = {0};
	AUTO_JSON json_t *json = json_parse(text_string(body), body->length, &why);
	const char *inside = json_string_value(json_object_get(json, "mediaType"));
	const json_t *version = json_object_get(json, "schemaVersion");
	bool known = true;

	for (size_t i = 0; i < ARRAY_LEN(vague); i++)
		if (strcmp(*type, vague[i]) == 0)
			known = false;
	if (!json_is_object(json))
		return error_set(err, ERROR_INVALID, "%s: not a manifest: %s", exchange->what,
		                 json ? "no JSON object" : why.text);
	if (is_schema_1(*type) || (json_is_integer(version) && json_integer_value(version) == 1))
		return error_set(err, ERROR_UNSUPPORTED, "%s: a manifest of Docker schema 1, which is not read any more: push "
		                 "the image anew with a current tool", exchange->what);
	if (known)
		return 0;
	if (!inside)
		inside = json_object_get(json, "manifests") ? OCI "index.v1+json" : OCI "manifest.v1+json";
	text_replace(type, inside);
	return 0;
}

static int check_digest(const struct exchange *exchange, const char *reference, struct registry_manifest *manifest,
                        struct error *err)
{
	const char *told = http_header(&exchange->http, "docker-content-digest");
	int r = digest_bytes(text_string(&exchange->http.body), exchange->http.body.length, manifest->digest, err);

	if (r < 0)
		return r;
	if (digest_is_valid(reference) && strcmp(reference, manifest->digest) != 0)
		return error_set(err, ERROR_INVALID, "%s: the registry sent other bytes (%s): try another registry or mirror",
		                 exchange->what, manifest->digest);
	if (!digest_is_valid(reference) && told && digest_is_valid(told) && strcmp(told, manifest->digest) != 0)
		return error_set(err, ERROR_INVALID, "%s: the registry promises %s but its bytes are %s", exchange->what, told,
		                 manifest->digest);
	return 0;
}

static int manifest_exchange(struct registry *registry, enum http_method method, const char *repository,
                             const char *reference, enum registry_actions actions, struct exchange **out,
                             struct error *err)
{
	AUTO_FREE char *more = xprintf("manifests/%s", reference);
	AUTO_FREE char *url = NULL;
	struct exchange *exchange;
	int r = reference_check(registry, repository, reference, err);

	if (r == 0)
		r = registry_url(registry, repository, more, &url, err);
	if (r < 0)
		return r;
	exchange = exchange_new(registry, method, url ? url : "", repository, reference);
	exchange_scope(exchange, actions);
	exchange->http.body_max = OCI_DOCUMENT_MAX_BYTES;
	if (method == HTTP_GET || method == HTTP_HEAD) {
		for (size_t i = 0; i < ARRAY_LEN(accepted); i++)
			texts_printf(&exchange->http.headers, "Accept: %s", accepted[i]);
		/* schema 1 too: to be refused by its name and not by a "not found" */
		texts_add(&exchange->http.headers, "Accept: " DOCKER "v1+prettyjws");
	}
	*out = exchange;
	return 0;
}

/* manifest_run - until a 2xx answer */
static int manifest_run(struct exchange *exchange, struct error *err)
{
	int r = exchange_run(exchange, err);

	if (r == 0 && exchange->http.status / 100 != 2)
		r = failure_word(exchange, err);
	return r;
}

int registry_manifest_get(struct registry *registry, const char *repository, const char *reference,
                          enum registry_actions actions, struct registry_manifest *out, struct error *err)
{
	AUTO_EXCHANGE struct exchange *exchange = NULL;
	AUTO(registry_manifest_done) struct registry_manifest manifest = {0};
	int r = manifest_exchange(registry, HTTP_GET, repository, reference, actions, &exchange, err);

	if (r == 0)
		r = manifest_run(exchange, err);
	if (r < 0)
		return r;
	manifest.media_type = content_type(exchange);
	r = check_digest(exchange, reference, &manifest, err);
	if (r == 0)
		r = settle_type(exchange, &manifest.media_type, err);
	if (r < 0)
		return r;
	manifest.length = exchange->http.body.length;
	manifest.bytes = text_take(&exchange->http.body);
	*out = manifest;
	manifest = (struct registry_manifest){0};
	return 0;
}

int registry_manifest_head(struct registry *registry, const char *repository, const char *reference,
                           enum registry_actions actions, struct registry_manifest *out, struct error *err)
{
	AUTO_EXCHANGE struct exchange *exchange = NULL;
	const char *digest, *length;
	uint64_t bytes = 0;
	int r = manifest_exchange(registry, HTTP_HEAD, repository, reference, actions, &exchange, err);

	if (r == 0)
		r = manifest_run(exchange, err);
	if (r < 0)
		return r;
	digest = http_header(&exchange->http, "docker-content-digest");
	length = http_header(&exchange->http, "content-length");
	if (digest && digest_is_valid(digest))
		(void) memcpy(out->digest, digest, strlen(digest) + 1);
	if (length && number_parse_uint(length, 0, OCI_DOCUMENT_MAX_BYTES, &bytes) == 0)
		out->length = (size_t) bytes;
	out->media_type = content_type(exchange);
	return 0;
}

int registry_manifest_put(struct registry *registry, const char *repository, const char *reference,
                          const struct registry_manifest *manifest, struct error *err)
{
	AUTO_EXCHANGE struct exchange *exchange = NULL;
	char digest[DIGEST_TEXT_SIZE];
	const char *told;
	int r = manifest_exchange(registry, HTTP_PUT, repository, reference, REGISTRY_PUSH, &exchange, err);

	if (r < 0)
		return r;
	texts_printf(&exchange->http.headers, "Content-Type: %s", manifest->media_type);
	exchange->http.send_bytes = manifest->bytes;
	exchange->http.send_size = manifest->length;
	r = manifest_run(exchange, err);
	if (r < 0)
		return r;
	r = digest_bytes(manifest->bytes, manifest->length, digest, err);
	told = http_header(&exchange->http, "docker-content-digest");
	if (r == 0 && told && digest_is_valid(told) && strcmp(told, digest) != 0)
		r = error_set(err, ERROR_INVALID, "%s: the registry took %s for %s", exchange->what, digest, told);
	return r;
}

int registry_manifest_delete(struct registry *registry, const char *repository, const char *reference, struct error *err)
{
	AUTO_EXCHANGE struct exchange *exchange = NULL;
	int r = manifest_exchange(registry, HTTP_DELETE, repository, reference, REGISTRY_PUSH, &exchange, err);

	if (r < 0)
		return r;
	texts_done(&exchange->scopes);
	texts_printf(&exchange->scopes, "repository:%s:delete,pull,push", repository);
	return manifest_run(exchange, err);
}
