/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_registry.c - the distribution protocol against a registry that lies, and against Debian's docker-registry */
#include "coracle/registry/registry.h"

#include "coracle/base/log.h"
#include "coracle/oci/image.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <sys/mman.h>

#include "registry_server.h"
#include "suite.h"

#define ZEROS "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static struct scratch scratch;

/* Who is asked for credentials, and what is answered. */
struct keyring {
	const char *user, *password, *identity_token;
	unsigned asked;
	int fail;
};

static int answer(void *data, const char *host UNUSED, const char *repository UNUSED,
                  struct registry_credentials *out, struct error *err)
{
	struct keyring *keyring = data;

	keyring->asked++;
	if (keyring->fail)
		return error_set(err, ERROR_SYSTEM, "the helper is broken");
	text_replace(&out->user, keyring->user);
	text_replace(&out->password, keyring->password);
	text_replace(&out->identity_token, keyring->identity_token);
	return 0;
}

struct fixture {
	struct server server;
	struct http *http;
	struct registry *registry;
	struct keyring keyring;
};

/* ca NULL: insecure */
static struct registry *registry_at(struct http *http, const char *host, struct keyring *keyring, const char *ca)
{
	const char *const files[] = {ca, NULL};
	const struct registry_endpoint endpoint = {
		.host = host, .tls = {.insecure = !ca, .ca_files = files}, .credentials = answer, .credentials_data = keyring};
	struct registry *registry = NULL;
	struct error err = {0};

	ck_assert_msg(registry_new(http, &endpoint, &registry, &err) == 0, "%s", err.text);
	return registry;
}

static void setup(struct fixture *fixture, const char *const *options)
{
	const struct http_options http = {.interrupt_fd = -1, .retry_ms = 20};
	struct error err = {0};

	*fixture = (struct fixture){.server = server_start(&scratch, options)};
	ck_assert_int_eq(http_new(&http, &fixture->http, &err), 0);
	fixture->registry = registry_at(fixture->http, fixture->server.host, &fixture->keyring, NULL);
}

static void fixture_done(struct fixture *fixture)
{
	registry_free(fixture->registry);
	http_free(fixture->http);
	server_stop(&fixture->server);
}
#define FIXTURE(options) AUTO(fixture_done) struct fixture f; setup(&f, options)
#define AUTO_MANIFEST    AUTO(registry_manifest_done)

static const char *const basic[] = {"--auth", "basic", NULL};
static const char *const bearer[] = {"--auth", "bearer", NULL};
static const char *const bearer_short[] = {"--auth", "bearer", "--token-seconds", "2", NULL};

static const struct keyring tester = {.user = "tester", .password = "s3cret-word"};

/* descriptors of the image that the lying registry holds in any repository */
static void image_of(const struct fixture *f, const char *repository, struct image_manifest *out)
{
	AUTO_MANIFEST struct registry_manifest manifest = {0};
	struct error err = {0};

	ck_assert_msg(registry_manifest_get(f->registry, repository, "latest", REGISTRY_PULL, &manifest, &err) == 0, "%s",
	              err.text);
	ck_assert_msg(image_manifest_parse(manifest.bytes, manifest.length, out, &err) == 0, "%s", err.text);
}

static void image_done(struct image_manifest *image)
{
	fields_done(image_manifest_fields, image);
}
#define AUTO_IMAGE AUTO(image_done)

static void drive(const struct fixture *f, const bool *finished)
{
	struct error err = {0};

	for (unsigned i = 0; !*finished && i < 100000; i++)
		ck_assert_msg(http_poll(f->http, NULL, 0, -1, &err) >= 0, "%s", err.text);
	ck_assert(*finished);
}

START_TEST(a_manifest_by_tag_and_by_digest)
{
	FIXTURE(NULL);
	AUTO_MANIFEST struct registry_manifest tagged = {0}, pinned = {0}, head = {0};
	struct error err = {0};

	ck_assert_msg(registry_manifest_get(f.registry, "good/app", "1.0", REGISTRY_PULL, &tagged, &err) == 0, "%s", err.text);
	ck_assert_str_eq(tagged.media_type, "application/vnd.oci.image.manifest.v1+json");
	ck_assert_uint_eq(strlen(tagged.bytes), tagged.length);
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/app", tagged.digest, REGISTRY_PULL, &pinned, &err), 0);
	ck_assert_str_eq(pinned.bytes, tagged.bytes);
	ck_assert_int_eq(registry_manifest_head(f.registry, "good/app", "1.0", REGISTRY_PULL, &head, &err), 0);
	ck_assert_str_eq(head.digest, tagged.digest);
	ck_assert_uint_eq(head.length, tagged.length);
	ck_assert_ptr_null(head.bytes);
	ck_assert_uint_eq(f.keyring.asked, 0);
}
END_TEST

static const struct {
	const char *repository, *reference;
	enum error_kind kind;
	const char *words;
} refused[] = {
	{"wrong-header/app", "latest", ERROR_INVALID, "promises " ZEROS},
	{"wrong-bytes/app", ZEROS, ERROR_INVALID, "other bytes"},
	{"wrong-bytes/app", "latest", ERROR_INVALID, "promises"},
	{"html/app", "latest", ERROR_INVALID, "not a manifest"},
	{"schema1/app", "latest", ERROR_UNSUPPORTED, "Docker schema 1"},
	{"huge/app", "latest", ERROR_INVALID, "more than 4194304 bytes"},
	{"endless/app", "latest", ERROR_INVALID, "more than 4194304 bytes"},
	{"good/app", "missing", ERROR_NOT_FOUND, "good/app:missing: manifest unknown"},
	{"good/app", ZEROS, ERROR_NOT_FOUND, "good/app@" ZEROS ": manifest unknown"},
	{"html-error/app", "latest", ERROR_NOT_FOUND, "not found in the registry"},
	{"denied/app", "latest", ERROR_DENIED, "try coracle login localhost:"},
	{"limited-always/app", "latest", ERROR_SYSTEM, "you have reached your pull rate limit"},
	{"down/app", "latest", ERROR_SYSTEM, "503 Service Unavailable"},
	{"good/../app", "latest", ERROR_INVALID, "no name of a repository"},
	{"good/app?x", "latest", ERROR_INVALID, "no name of a repository"},
	{"good/app", "la/test", ERROR_INVALID, "no tag"},
	{"good/app", "../x", ERROR_INVALID, "no tag"},
	{"good/app", "sha512:00", ERROR_UNSUPPORTED, "not a digest that is known here"},
};

START_TEST(refuses_and_leaves_output_alone)
{
	FIXTURE(NULL);
	struct registry_manifest manifest = {0};
	struct error err = {0};

	ck_assert_int_lt(registry_manifest_get(f.registry, refused[_i].repository, refused[_i].reference, REGISTRY_PULL,
	                                       &manifest, &err), 0);
	ck_assert_msg(err.kind == refused[_i].kind, "%u: %s", err.kind, err.text);
	ck_assert_msg(strstr(err.text, refused[_i].words) != NULL, "%s", err.text);
	ck_assert_msg(strncmp(err.text, f.server.host, strlen(f.server.host)) == 0, "%s", err.text);
	ck_assert_ptr_null(manifest.bytes);
	ck_assert_ptr_null(manifest.media_type);
	ck_assert_str_eq(manifest.digest, "");
}
END_TEST

static const struct {
	const char *const *server;
	struct keyring keyring;
	int result;
	const char *words;
} logins[] = {
	{NULL, {0}, 0, NULL},
	{basic, {.user = "tester", .password = "s3cret-word"}, 0, NULL},
	{basic, {.user = "tester", .password = "other-word"}, -EACCES, "user name or password refused"},
	{basic, {0}, -EACCES, "coracle login localhost:"},
	{basic, {.fail = 1}, -EIO, "the helper is broken"},
	{bearer, {.user = "tester", .password = "s3cret-word"}, 0, NULL},
	{bearer, {.user = "tester", .password = "other-word"}, -EACCES, "user name or password refused"},
	{bearer, {.identity_token = "refresh-me-again"}, 0, NULL},
	{bearer, {.identity_token = "other-word"}, -EACCES, "refused"},
};

START_TEST(logs_in)
{
	FIXTURE(logins[_i].server);
	struct error err = {0};

	f.keyring = logins[_i].keyring;
	int r = registry_ping(f.registry, &err);

	ck_assert_msg(r == logins[_i].result, "%d: %s", r, err.text);
	ck_assert_uint_eq(f.keyring.asked, logins[_i].server ? 1 : 0);
	if (logins[_i].words)
		ck_assert_msg(strstr(err.text, logins[_i].words) != NULL, "%s", err.text);
	ck_assert_ptr_null(strstr(err.text, "other-word"));
}
END_TEST

START_TEST(a_token_is_kept_for_its_scope)
{
	FIXTURE(bearer);
	AUTO_MANIFEST struct registry_manifest one = {0}, two = {0}, other = {0};
	struct error err = {0};

	f.keyring = tester;
	ck_assert_msg(registry_manifest_get(f.registry, "good/app", "1.0", REGISTRY_PULL, &one, &err) == 0, "%s", err.text);
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/app", "1.1", REGISTRY_PULL, &two, &err), 0);
	ck_assert_uint_eq(server_saw(&f.server, "/token?", "Basic "), 1);
	ck_assert_uint_eq(server_saw(&f.server, "manifests/1.1", "Bearer "), 1);
	ck_assert_uint_eq(server_saw(&f.server, "manifests/1.1", "GET"), 1); /* no 401 in between */
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/other", "1.1", REGISTRY_PULL, &other, &err), 0);
	ck_assert_uint_eq(server_saw(&f.server, "/token?", "Basic "), 2);
	/* the password goes to the token service only, the token to the registry only */
	ck_assert_uint_eq(server_saw(&f.server, "/v2/", "Basic "), 0);
	ck_assert_uint_eq(server_saw(&f.server, "/token", "Bearer "), 0);
}
END_TEST

START_TEST(one_token_does_for_a_push)
{
	FIXTURE(bearer);
	struct error err = {0};

	/* the challenge of a HEAD asks for pull alone, which is part of what a push has */
	f.keyring = tester;
	ck_assert_int_eq(registry_blob_head(f.registry, "good/app", ZEROS, REGISTRY_PUSH, NULL, &err), 0);
	ck_assert_int_eq(registry_blob_head(f.registry, "good/app", ZEROS, REGISTRY_PUSH, NULL, &err), 0);
	ck_assert_uint_eq(server_saw(&f.server, "/token?", "Basic "), 1);
	ck_assert_uint_eq(server_saw(&f.server, "/token?", "pull%2Cpush"), 1);
}
END_TEST

START_TEST(a_token_that_expired_is_fetched_anew)
{
	FIXTURE(bearer_short);
	AUTO_MANIFEST struct registry_manifest one = {0}, two = {0}, worn = {0}, again = {0};
	struct error err = {0};

	f.keyring = tester;
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/app", "1.0", REGISTRY_PULL, &one, &err), 0);
	(void) sleep(2);
	ck_assert_msg(registry_manifest_get(f.registry, "good/app", "1.1", REGISTRY_PULL, &two, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(server_saw(&f.server, "manifests/1.1", "GET"), 1);
	/* sooner than announced: a 401 in the middle */
	ck_assert_msg(registry_manifest_get(f.registry, "expire/app", "1.0", REGISTRY_PULL, &worn, &err) == 0, "%s", err.text);
	ck_assert_msg(registry_manifest_get(f.registry, "expire/app", "1.1", REGISTRY_PULL, &again, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(server_saw(&f.server, "expire/app/manifests/1.1", "GET"), 2);
}
END_TEST

START_TEST(anonymous_tokens_do_for_public_repositories)
{
	FIXTURE(bearer);
	AUTO_MANIFEST struct registry_manifest open = {0}, closed = {0};
	struct error err = {0};

	ck_assert_msg(registry_manifest_get(f.registry, "public/app", "1.0", REGISTRY_PULL, &open, &err) == 0, "%s", err.text);
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/app", "1.0", REGISTRY_PULL, &closed, &err), -EACCES);
	ck_assert_msg(strstr(err.text, "coracle login") != NULL, "%s", err.text);
	/* a fresh token that is refused is not tried again and again */
	ck_assert_uint_eq(server_saw(&f.server, "good/app/manifests", "GET"), 1);
}
END_TEST

static const char *const ways[] = {"good/app", "cut-once/app", "cut-once-no-range/app", "elsewhere/app", "expire-cut/app"};

START_TEST(blobs_come_side_by_side)
{
	FIXTURE(bearer);
	AUTO_IMAGE struct image_manifest image = {0};
	struct blob_get gets[6] = {0};
	struct sink sinks[6];

	f.keyring = tester;
	image_of(&f, ways[_i], &image);
	for (size_t i = 0; i < ARRAY_LEN(gets); i++) {
		const struct descriptor *layer = LIST_AT(struct descriptor, &image.layers, i % 2);

		sinks[i] = (struct sink) SINK_INIT;
		gets[i].repository = ways[_i];
		gets[i].digest = layer->digest;
		gets[i].size = (uint64_t) layer->size;
		gets[i].callbacks = (struct http_callbacks){.data = &sinks[i], .begin = sink_begin, .write = sink_write};
		blob_get_start(f.registry, &gets[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(gets); i++) {
		char digest[DIGEST_TEXT_SIZE];
		struct error err = {0};

		drive(&f, &gets[i].finished);
		ck_assert_msg(gets[i].result == 0, "%s", gets[i].err.text);
		ck_assert_uint_eq(blob_get_received(&gets[i]), gets[i].size);
		ck_assert_int_eq(digest_bytes(sinks[i].bytes.data, sinks[i].bytes.length, digest, &err), 0);
		ck_assert_str_eq(digest, gets[i].digest);
		blob_get_done(&gets[i]);
		sink_done(&sinks[i]);
	}
	/* nobody but the registry sees the token */
	AUTO_FREE char *other = xprintf("\"port\": %u", f.server.other);

	ck_assert_uint_eq(server_saw(&f.server, other, "Bearer "), 0);
}
END_TEST

START_TEST(small_blobs_are_checked_and_looked_for)
{
	FIXTURE(NULL);
	AUTO_IMAGE struct image_manifest image = {0};
	AUTO_FREE char *bytes = NULL;
	char *none = NULL;
	size_t length = 0;
	uint64_t size = 0;
	struct error err = {0};

	image_of(&f, "good/app", &image);
	ck_assert_int_eq(registry_blob_read(f.registry, "good/app", image.config.digest, REGISTRY_PULL, 10000, &bytes, &length,
	                                    &err), 0);
	ck_assert_int_eq((int64_t) length, image.config.size);
	ck_assert_int_eq(registry_blob_read(f.registry, "wrong-bytes/app", image.config.digest, REGISTRY_PULL, 10000, &none,
	                                    &length, &err), -EINVAL);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(registry_blob_read(f.registry, "good/app", image.config.digest, REGISTRY_PULL, 10, &none, &length,
	                                    &err), -EINVAL);
	ck_assert_int_eq(registry_blob_head(f.registry, "good/app", image.config.digest, REGISTRY_PULL, &size, &err), 1);
	ck_assert_int_eq((int64_t) size, image.config.size);
	ck_assert_int_eq(registry_blob_head(f.registry, "good/app", ZEROS, REGISTRY_PULL, &size, &err), 0);
}
END_TEST

struct source {
	char *bytes;
	uint64_t size, most; /* most: furthest byte asked for */
	unsigned pauses, back; /* back: how often it went back */
	char *digest;        /* filled at the end, when not NULL */
	const char *digest_of_all;
};

static ssize_t source_read(void *data, uint64_t offset, void *into, size_t size, struct error *err UNUSED)
{
	struct source *source = data;

	if (source->pauses > 0) {
		source->pauses--;
		return HTTP_READ_PAUSE;
	}
	if (offset < source->most)
		source->back++;
	size = (size_t) MIN((uint64_t) size, source->size - offset);
	(void) memcpy(into, source->bytes + offset, size);
	source->most = MAX(source->most, offset + size);
	if (size == 0 && source->digest)
		(void) memcpy(source->digest, source->digest_of_all, DIGEST_TEXT_SIZE);
	return (ssize_t) size;
}

static const struct {
	const char *repository;
	size_t size;
	bool unknown, memory, mount, check;
	enum blob_put_outcome outcome;
	unsigned patches; /* requests */
} uploads[] = {
	{"good/app", 1000, false, true, false, false, BLOB_PUT_SENT, 0},
	{"good/app", 0, false, true, false, false, BLOB_PUT_SENT, 0},
	{"good/app", 3000000, false, true, false, false, BLOB_PUT_SENT, 1},
	{"good/app", 3000000, false, false, false, false, BLOB_PUT_SENT, 1},
	{"good/app", 3000000, true, false, false, false, BLOB_PUT_SENT, 1},
	{"upload-cut/app", 3000000, false, false, false, false, BLOB_PUT_SENT, 2},
	{"upload-gone/app", 3000000, false, false, false, false, BLOB_PUT_SENT, 2},
	{"upload-elsewhere/app", 3000000, false, false, false, false, BLOB_PUT_SENT, 1},
	{"good/app", 1000, false, true, true, false, BLOB_PUT_SENT, 0}, /* not there to be mounted */
	{"mount-refused/app", 1000, false, true, true, true, BLOB_PUT_SENT, 0},
};

START_TEST(uploads_arrive)
{
	FIXTURE(bearer);
	size_t size = uploads[_i].size;
	AUTO_FREE char *bytes = xcalloc(size + 1, 1);
	char digest[DIGEST_TEXT_SIZE];
	struct source source = {.bytes = bytes, .size = size, .digest_of_all = digest};
	struct blob_put put = {.repository = uploads[_i].repository, .size = uploads[_i].unknown ? HTTP_SIZE_UNKNOWN : size,
	                       .mount_from = uploads[_i].mount ? "good/from" : NULL, .check = uploads[_i].check};
	struct error err = {0};
	uint64_t there = 0;

	f.keyring = tester;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char) (i * 7 + i / 251);
	ck_assert_int_eq(digest_bytes(bytes, size, digest, &err), 0);
	if (uploads[_i].unknown)
		source.digest = put.digest;
	else
		(void) memcpy(put.digest, digest, sizeof digest);
	if (uploads[_i].memory) {
		put.bytes = bytes;
	} else {
		source.pauses = 2;
		put.callbacks = (struct http_callbacks){.data = &source, .read = source_read};
	}
	blob_put_start(f.registry, &put);
	for (unsigned i = 0; !put.finished && i < 100000; i++) {
		ck_assert_int_ge(http_poll(f.http, NULL, 0, 10, &err), 0);
		blob_put_resume(&put);
	}
	ck_assert(put.finished);
	AUTO_FREE char *seen = server_log(&f.server);

	ck_assert_msg(put.result == 0, "%s\n%s", put.err.text, seen);
	ck_assert_int_eq(put.outcome, uploads[_i].outcome);
	blob_put_done(&put);
	ck_assert_int_eq(registry_blob_head(f.registry, "good/app", digest, REGISTRY_PUSH, &there, &err), 1);
	ck_assert_uint_eq(there, size);
	AUTO_FREE char *other = xprintf("\"port\": %u", f.server.other);

	ck_assert_uint_eq(server_saw(&f.server, "\"method\": \"PATCH\"", "/uploads/"), uploads[_i].patches);
	ck_assert_uint_eq(server_saw(&f.server, other, "Bearer "), 0);
	if (strncmp(uploads[_i].repository, "upload-cut", 10) == 0)
		ck_assert_uint_eq(server_saw(&f.server, "\"content-range\": \"1500000-2999999\"", "PATCH"), 1);
}
END_TEST

START_TEST(what_is_there_is_not_sent)
{
	FIXTURE(bearer);
	AUTO_IMAGE struct image_manifest image = {0};
	struct blob_put there = {.repository = "good/app", .check = true, .bytes = "x", .size = 1};
	struct blob_put mounted = {.repository = "good/new", .mount_from = "good/app", .bytes = "x", .size = 1};
	struct blob_put wrong = {.repository = "good/new", .bytes = "x", .size = 1, .digest = ZEROS};

	f.keyring = tester;
	image_of(&f, "good/app", &image);
	(void) memcpy(there.digest, image.config.digest, DIGEST_TEXT_SIZE);
	(void) memcpy(mounted.digest, image.config.digest, DIGEST_TEXT_SIZE);
	blob_put_start(f.registry, &there);
	blob_put_start(f.registry, &mounted);
	blob_put_start(f.registry, &wrong);
	drive(&f, &there.finished);
	drive(&f, &mounted.finished);
	drive(&f, &wrong.finished);
	ck_assert_msg(there.result == 0, "%s", there.err.text);
	ck_assert_int_eq(there.outcome, BLOB_PUT_EXISTED);
	ck_assert_msg(mounted.result == 0, "%s", mounted.err.text);
	ck_assert_int_eq(mounted.outcome, BLOB_PUT_MOUNTED);
	ck_assert_int_eq(wrong.result, -EINVAL);
	ck_assert_msg(strstr(wrong.err.text, "did not match") != NULL, "%s", wrong.err.text);
	ck_assert_ptr_null(strstr(wrong.err.text, "secret-state"));
	blob_put_done(&there);
	blob_put_done(&mounted);
	blob_put_done(&wrong);
}
END_TEST

START_TEST(manifests_are_pushed)
{
	FIXTURE(bearer);
	AUTO_MANIFEST struct registry_manifest manifest = {0}, back = {0};
	struct error err = {0};

	f.keyring = tester;
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/app", "1.0", REGISTRY_PUSH, &manifest, &err), 0);
	ck_assert_msg(registry_manifest_put(f.registry, "good/copy", "mine", &manifest, &err) == 0, "%s", err.text);
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/copy", "mine", REGISTRY_PULL, &back, &err), 0);
	ck_assert_str_eq(back.digest, manifest.digest);
	ck_assert_str_eq(back.media_type, manifest.media_type);
	ck_assert_int_eq(registry_manifest_put(f.registry, "wrong-header/copy", "mine", &manifest, &err), -EINVAL);
}
END_TEST

START_TEST(lists_go_over_all_pages_and_end)
{
	FIXTURE(NULL);
	AUTO_TEXTS struct texts tags = {0}, repositories = {0}, odd = {0}, looping = {0}, none = {0};
	struct list found = {0}, matches = {0};
	struct error err = {0};

	ck_assert_int_eq(registry_tags(f.registry, "good/app", &tags, &err), 0);
	AUTO_FREE char *joined = texts_join(&tags, " ");

	ck_assert_str_eq(joined, "1.0 1.1 2.0 latest next");
	ck_assert_int_eq(registry_tags(f.registry, "escapes/app", &odd, &err), 0);
	AUTO_FREE char *good = texts_join(&odd, " ");

	ck_assert_str_eq(good, joined);
	ck_assert_int_eq(registry_tags(f.registry, "pages-loop/app", &looping, &err), 0);
	ck_assert_uint_lt(looping.count, 10);
	ck_assert_int_eq(registry_tags(f.registry, "pages-elsewhere/app", &none, &err), -EINVAL);
	ck_assert_uint_eq(none.count, 0);
	ck_assert_int_eq(registry_catalog(f.registry, 3, &repositories, &err), 0);
	ck_assert_uint_eq(repositories.count, 3);
	ck_assert_int_eq(registry_search(f.registry, "debian", 0, &found, &err), 0);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(LIST_AT(struct registry_found, &found, 0)->name, "library/debian");
	ck_assert_uint_eq(LIST_AT(struct registry_found, &found, 0)->stars, 7);
	/* no index there: by the names of the catalog */
	ck_assert_int_eq(registry_search(f.registry, "team", 0, &matches, &err), 0);
	ck_assert_uint_eq(matches.count, 2);
	registry_search_done(&found);
	registry_search_done(&matches);
}
END_TEST

START_TEST(hosts_are_checked_and_secrets_kept_out_of_logs)
{
	FIXTURE(bearer);
	AUTO_CLOSE int log = memfd_create("log", MFD_CLOEXEC);
	static const char *const hosts[] = {"", "a b", "a/b", "user@host", "host?x", "host#x", "h\nx"};
	const struct registry_endpoint hub = {.host = "docker.io"};
	AUTO_MANIFEST struct registry_manifest manifest = {0};
	AUTO_FREE char *lines = NULL;
	struct registry *registry = NULL;
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		const struct registry_endpoint endpoint = {.host = hosts[i]};

		ck_assert_int_eq(registry_new(f.http, &endpoint, &registry, &err), -EINVAL);
	}
	ck_assert_int_eq(registry_new(f.http, &hub, &registry, &err), 0);
	ck_assert_str_eq(registry_host(registry), "docker.io");
	registry_free(registry);
	f.keyring = tester;
	log_open(log, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(registry_manifest_get(f.registry, "good/app", "1.0", REGISTRY_PULL, &manifest, &err), 0);
	log_open(-1, LOG_LEVEL_NONE);
	ck_assert_int_eq(lseek(log, 0, SEEK_SET), 0);
	ck_assert_int_eq(file_read_fd(log, 1 << 20, &lines, NULL), 0);
	ck_assert_ptr_nonnull(strstr(lines, "answering a challenge"));
	ck_assert_ptr_null(strstr(lines, "s3cret-word"));
	ck_assert_ptr_null(strstr(lines, "token-"));
	ck_assert_ptr_null(strstr(lines, "tester"));
}
END_TEST

/* --- Debian's docker-registry --- */

/* below what the kernel gives to whoever connects: ip(7), ip_local_port_range */
static unsigned free_port(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};

	for (;;) {
		unsigned port = 10000 + id_random_number(22000);

		address.sin_port = htons((uint16_t) port);
		if (bind(fd, (struct sockaddr *) &address, sizeof address) == 0)
			return port;
	}
}

START_TEST(docker_registry_takes_and_gives)
{
	bool secure = _i == 1; /* it offers HTTP/2 then */
	AUTO_FREE char *ca = xprintf("%s/ca.crt", scratch.path);
	AUTO_FREE char *pair = secure ? xprintf(", tls: {certificate: %s/server.cert, key: %s/server.key}", scratch.path,
	                                        scratch.path) : xstrdup("");
	AUTO_CLOSE int log = memfd_create("log", MFD_CLOEXEC);
	AUTO_FREE char *lines = NULL;
	AUTO_FREE char *program = spawn_find("docker-registry");
	unsigned port = free_port();
	AUTO_FREE char *config = xprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/data-%d}}\n"
	                                 "http: {addr: \"127.0.0.1:%u\"%s}\n", scratch.path, _i, port, pair);
	AUTO_FREE char *path = xprintf("%s/config.yml", scratch.path), *host = xprintf("localhost:%u", port);
	const struct http_options options = {.interrupt_fd = -1, .retry_ms = 50};
	struct keyring nobody = {0};
	struct http *http = NULL;
	struct error err = {0};
	int status, r = -1;

	if (!program) {
		ck_assert_msg(!getenv("CORACLE_MUST_RUN"), "docker-registry is missing: install the package of this name");
		return;
	}
	ck_assert_int_eq(file_write(scratch.fd, "config.yml", config, strlen(config), 0600, FILE_FAST), 0);
	const char *const argv[] = {program, "serve", path, NULL};
	const struct spawn spawn = {.program = program, .argv = argv, .stdio = {-1, -1, -1}, .death_signal = SIGKILL};
	pid_t pid = spawn_start(&spawn, NULL, &err);

	ck_assert_msg(pid > 0, "%s", err.text);
	ck_assert_int_eq(http_new(&options, &http, &err), 0);
	/* it takes a moment until it listens; what an insecure host speaks is settled once, so ask a new one each time */
	struct registry *registry = NULL;

	log_open(log, LOG_LEVEL_DEBUG);
	for (int i = 0; i < 1000 && r < 0; i++) {
		registry_free(registry);
		registry = registry_at(http, host, &nobody, secure ? ca : NULL);
		r = registry_ping(registry, &err);
	}
	ck_assert_msg(r == 0, "%s", err.text);

	size_t size = 3000000;
	AUTO_FREE char *bytes = xcalloc(size, 1);
	char digests[2][DIGEST_TEXT_SIZE];
	struct blob_put puts[3] = {0};
	struct source source = {.bytes = bytes, .size = size, .digest_of_all = digests[0]};

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char) (i * 13 + i / 199);
	ck_assert_int_eq(digest_bytes(bytes, size, digests[0], &err), 0);
	ck_assert_int_eq(digest_bytes("{}", 2, digests[1], &err), 0);
	puts[0] = (struct blob_put){.repository = "team/app", .size = HTTP_SIZE_UNKNOWN,
	                            .callbacks = {.data = &source, .read = source_read}};
	source.digest = puts[0].digest;
	puts[1] = (struct blob_put){.repository = "team/app", .size = 2, .bytes = "{}", .check = true};
	(void) memcpy(puts[1].digest, digests[1], DIGEST_TEXT_SIZE);
	for (size_t i = 0; i < 2; i++)
		blob_put_start(registry, &puts[i]);
	for (size_t i = 0; i < 2; i++) {
		while (!puts[i].finished)
			ck_assert_int_ge(http_poll(http, NULL, 0, -1, &err), 0);
		ck_assert_msg(puts[i].result == 0, "%s", puts[i].err.text);
		ck_assert_int_eq(puts[i].outcome, BLOB_PUT_SENT);
		blob_put_done(&puts[i]);
	}
	puts[2] = (struct blob_put){.repository = "team/second", .size = size, .bytes = bytes, .check = true,
	                            .mount_from = "team/app"};
	(void) memcpy(puts[2].digest, digests[0], DIGEST_TEXT_SIZE);
	blob_put_start(registry, &puts[2]);
	while (!puts[2].finished)
		ck_assert_int_ge(http_poll(http, NULL, 0, -1, &err), 0);
	ck_assert_msg(puts[2].result == 0, "%s", puts[2].err.text);
	ck_assert_int_eq(puts[2].outcome, BLOB_PUT_MOUNTED);
	blob_put_done(&puts[2]);

	AUTO_FREE char *text = xprintf("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	                               "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
	                               "\"digest\":\"%s\",\"size\":2},\"layers\":[{\"mediaType\":"
	                               "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":%zu}]}",
	                               digests[1], digests[0], size);
	char type[] = "application/vnd.oci.image.manifest.v1+json";
	const struct registry_manifest manifest = {.bytes = text, .length = strlen(text), .media_type = type};
	AUTO_MANIFEST struct registry_manifest back = {0};

	r = registry_manifest_put(registry, "team/app", "1", &manifest, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_int_eq(registry_manifest_get(registry, "team/app", "1", REGISTRY_PULL, &back, &err), 0);
	ck_assert_str_eq(back.bytes, text);
	ck_assert_str_eq(back.media_type, type);
	AUTO_TEXTS struct texts tags = {0}, repositories = {0};

	ck_assert_int_eq(registry_tags(registry, "team/app", &tags, &err), 0);
	ck_assert_uint_eq(tags.count, 1);
	ck_assert_int_eq(registry_catalog(registry, 0, &repositories, &err), 0);
	ck_assert(texts_has(&repositories, "team/app"));
	AUTO_SINK struct sink sink = SINK_INIT;
	struct blob_get get = {.repository = "team/app", .digest = digests[0], .size = size, .offset = size - 100,
	                       .callbacks = {.data = &sink, .begin = sink_begin, .write = sink_write}};

	blob_get_start(registry, &get);
	while (!get.finished)
		ck_assert_int_ge(http_poll(http, NULL, 0, -1, &err), 0);
	ck_assert_msg(get.result == 0, "%s", get.err.text);
	ck_assert_uint_eq(sink.start, size - 100);
	ck_assert_mem_eq(sink.bytes.data, bytes + size - 100, 100);
	blob_get_done(&get);
	ck_assert_int_eq(registry_manifest_get(registry, "team/app", "nope", REGISTRY_PULL, &back, &err), -ENOENT);
	registry_free(registry);
	http_free(http);
	log_open(-1, LOG_LEVEL_NONE);
	ck_assert_int_eq(lseek(log, 0, SEEK_SET), 0);
	ck_assert_int_eq(file_read_fd(log, 1 << 20, &lines, NULL), 0);
	ck_assert_msg((strstr(lines, "200 (HTTP/2)") != NULL) == secure, "%s", lines);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(spawn_wait(pid, &status), 0);
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
	Suite *suite = suite_create("registry");
	TCase *tcase = tcase_create("protocol");

	tcase_add_unchecked_fixture(tcase, prepare, tidy);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_manifest_by_tag_and_by_digest);
	tcase_add_loop_test(tcase, refuses_and_leaves_output_alone, 0, ARRAY_LEN(refused));
	tcase_add_loop_test(tcase, logs_in, 0, ARRAY_LEN(logins));
	tcase_add_test(tcase, a_token_is_kept_for_its_scope);
	tcase_add_test(tcase, one_token_does_for_a_push);
	tcase_add_test(tcase, a_token_that_expired_is_fetched_anew);
	tcase_add_test(tcase, anonymous_tokens_do_for_public_repositories);
	tcase_add_loop_test(tcase, blobs_come_side_by_side, 0, ARRAY_LEN(ways));
	tcase_add_test(tcase, small_blobs_are_checked_and_looked_for);
	tcase_add_loop_test(tcase, uploads_arrive, 0, ARRAY_LEN(uploads));
	tcase_add_test(tcase, what_is_there_is_not_sent);
	tcase_add_test(tcase, manifests_are_pushed);
	tcase_add_test(tcase, lists_go_over_all_pages_and_end);
	tcase_add_test(tcase, hosts_are_checked_and_secrets_kept_out_of_logs);
	tcase_add_loop_test(tcase, docker_registry_takes_and_gives, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
