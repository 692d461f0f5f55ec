/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * registry.h - the distribution protocol: manifests, blobs, tags of one registry host
 *
 * struct registry is a host with the way to reach it; many can share one struct http, which drives them all.
 * Manifests, lists and searches are plain calls that come back when done. Blobs go side by side: fill a
 * struct blob_get or blob_put, start it, and call http_poll() until its "finished" is true.
 *
 * Who we are is found out on the way: after a 401 the registry's challenge is answered by Basic, or by a
 * token of its service (Bearer), which is kept for the host and scope until it expires, and fetched anew when
 * a 401 comes half-way. Credentials are asked for once, by callback. They go to the registry's own scheme,
 * host and port and to the token service that it names (over https unless the registry itself is plain), and
 * stand in no message and no log.
 *
 * Errors are worded once: "quay.io/team/app:1: manifest unknown"; kinds: NOT_FOUND, DENIED (with the hint to
 * log in), UNSUPPORTED, INVALID (bytes that are not what was asked for), SYSTEM (network, rate limits, 5xx).
 * Source: OCI distribution-spec 1.1, docker's token authentication specification.
 */
#ifndef CORACLE_REGISTRY_REGISTRY_H
#define CORACLE_REGISTRY_REGISTRY_H

#include "coracle/base/digest.h"
#include "coracle/base/json.h"
#include "coracle/registry/http.h"

#define REGISTRY_BLOB_SINGLE_MAX (1 << 20) /* blobs up to this size are sent in one PUT */
#define REGISTRY_LIST_MAX        1000000   /* tags or repositories of one listing */

struct registry;

struct registry_credentials { /* all owned; NULL: none. identity_token (a refresh token) comes first */
	char *user, *password, *identity_token;
	char *source; /* the file or helper they are from, for messages; NULL: not to be told */
	char *note;   /* why there may be none, for messages */
};
void registry_credentials_done(struct registry_credentials *credentials) NONNULL(1); /* wipes */

struct registry_endpoint {
	const char *host;    /* "docker.io", "localhost:5000", "[::1]:5000"; docker.io is asked at registry-1.docker.io */
	const char *login_host; /* what "coracle login" is to be told in messages; NULL: host */
	struct http_tls tls; /* insecure: https is tried unverified, then http */
	/*
	 * credentials - fill *out when there are any; 0 (also for none) or a negative errno with err
	 * repository is what is asked for ("library/debian"), NULL for the host itself. NULL: anonymous.
	 */
	int (*credentials)(void *data, const char *host, const char *repository, struct registry_credentials *out,
	                   struct error *err);
	void *credentials_data;
};

/* registry_new - nothing is sent yet; http stays the caller's and must outlive it; strings are copied, tls' too */
int registry_new(struct http *http, const struct registry_endpoint *endpoint, struct registry **out,
                 struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* registry_free - no call of it may be running; NULL allowed */
void registry_free(struct registry *registry);
/* registry_host - borrowed, as given */
const char *registry_host(const struct registry *registry) NONNULL(1);
/* registry_http - borrowed */
struct http *registry_http(const struct registry *registry) NONNULL(1);

/*
 * registry_ping - GET /v2/ with credentials: for login, and to settle how an insecure host is spoken to
 * -EACCES (ERROR_DENIED) when the credentials are refused or wanted and not there.
 */
int registry_ping(struct registry *registry, struct error *err) NONNULL(1, 2) MUST_USE;

/*
 * The paths below are "repository" as the host knows it (a rewritten location's prefix included), "reference" is a
 * tag or a digest ("sha256:..."). Characters that no name may have are -EINVAL. "actions" is what the token shall
 * permit: REGISTRY_PULL for reading, REGISTRY_PUSH (implies pull) through a whole push, so that one token does.
 */
enum registry_actions { REGISTRY_PULL, REGISTRY_PUSH };

struct registry_manifest {
	char *bytes;      /* owned; NUL-terminated; NULL after a head */
	size_t length;
	char *media_type; /* owned; without parameters */
	char digest[DIGEST_TEXT_SIZE]; /* of the bytes; after a head what the registry says, "" when nothing */
};
void registry_manifest_done(struct registry_manifest *manifest) NONNULL(1);

/*
 * registry_manifest_get - OCI or docker manifest or index, at most OCI_DOCUMENT_MAX_BYTES
 *
 * By digest: the bytes have it. By tag: they have the one of Docker-Content-Digest, where that is sent.
 * Docker schema 1 is refused by name (-EOPNOTSUPP). *out zeroed by the caller.
 */
int registry_manifest_get(struct registry *registry, const char *repository, const char *reference,
                          enum registry_actions actions, struct registry_manifest *out, struct error *err)
	NONNULL(1, 2, 3, 5, 6) MUST_USE;
/* registry_manifest_head - digest, media type and length only; a registry that gives no digest leaves it "" */
int registry_manifest_head(struct registry *registry, const char *repository, const char *reference,
                           enum registry_actions actions, struct registry_manifest *out, struct error *err)
	NONNULL(1, 2, 3, 5, 6) MUST_USE;
/* registry_manifest_put - bytes, length and media_type of manifest; the registry's digest must be ours */
int registry_manifest_put(struct registry *registry, const char *repository, const char *reference,
                          const struct registry_manifest *manifest, struct error *err)
	NONNULL(1, 2, 3, 4, 5) MUST_USE;
/* registry_manifest_delete - by digest or tag, where the registry permits it */
int registry_manifest_delete(struct registry *registry, const char *repository, const char *reference,
                             struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* registry_tags - all of them, page by page (Link), in the registry's order; what is no tag is left out */
int registry_tags(struct registry *registry, const char *repository, struct texts *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* registry_catalog - repositories, at most limit (0: REGISTRY_LIST_MAX) */
int registry_catalog(struct registry *registry, size_t limit, struct texts *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;

struct registry_found {
	char *name, *description; /* owned; description may be NULL */
	uint64_t stars;
	bool official, automated;
};
/*
 * registry_search - /v1/search (docker.io: at index.docker.io), else names of the catalog that contain term
 * out  zeroed list of struct registry_found, release with registry_search_done; limit 0: 25
 */
int registry_search(struct registry *registry, const char *term, size_t limit, struct list *out, struct error *err)
	NONNULL(1, 2, 4, 5) MUST_USE;
void registry_search_done(struct list *found) NONNULL(1);

/* --- blobs, side by side --- */

/*
 * blob_get - bytes from "offset" on, up to "end", to callbacks.begin and callbacks.write (see http.h)
 *
 * In begin, request->offset says where the bytes really start: 0 when Range was ignored, and then everything comes.
 * The bytes' digest is the receiver's to check: only it knows those before offset. More or fewer bytes than
 * size are an error here. What breaks goes on by itself, without the receiver's noticing.
 */
struct blob_get {
	/* in; borrowed until finished */
	const char *repository, *digest;
	enum registry_actions actions;
	uint64_t offset;
	uint64_t end;  /* the first byte that is not wanted; 0: all */
	uint64_t size; /* of the descriptor; HTTP_SIZE_UNKNOWN only where there is none */
	struct http_callbacks callbacks;
	void (*done)(struct blob_get *get, void *data); /* called when finished; NULL: nobody */
	void *done_data;
	/* out */
	bool finished;
	int result; /* 0 or negative errno with err */
	struct error err;

	struct exchange *exchange; /* private */
};
/*
 * blob_get_start - never fails: what is wrong is in result once finished (which may be so on return)
 * An insecure host that was not spoken to yet is probed first, and that waits.
 */
void blob_get_start(struct registry *registry, struct blob_get *get) NONNULL(1, 2);
/* blob_get_received - bytes there are, offset included, for progress; also before the start (0) */
uint64_t blob_get_received(const struct blob_get *get) NONNULL(1);
void blob_get_resume(const struct blob_get *get) NONNULL(1); /* after HTTP_PAUSE */
/* blob_get_done - release; stops it, without calling done, when it runs; needed after every start */
void blob_get_done(struct blob_get *get) NONNULL(1);
/* registry_blob_read - a small blob (a configuration) in memory, at most max bytes, digest checked */
int registry_blob_read(struct registry *registry, const char *repository, const char *digest,
                       enum registry_actions actions, size_t max, char **out, size_t *length, struct error *err)
	NONNULL(1, 2, 3, 6, 7, 8) MUST_USE;
/* registry_blob_head - 1: is there (its size in *size, may be NULL; HTTP_SIZE_UNKNOWN when not told), 0: not */
int registry_blob_head(struct registry *registry, const char *repository, const char *digest,
                       enum registry_actions actions, uint64_t *size, struct error *err)
	NONNULL(1, 2, 3, 6) MUST_USE;

/*
 * blob_put - upload: (HEAD) → POST, mounted from another repository where that works → PATCH → PUT with digest
 *
 * A PATCH that breaks goes on from what the registry says that it has (Range of the session); a session that
 * is gone begins anew. Both need a read callback that can go back; else -ESPIPE from there ends it.
 * A blob that is not there and can't be mounted may become another one: when size is unknown, the read callback may
 * also replace a digest that was given.
 */
enum blob_put_outcome {
	BLOB_PUT_SENT,
	BLOB_PUT_EXISTED,
	BLOB_PUT_MOUNTED,
	BLOB_PUT_ABSENT, /* only with only_check */
};

struct blob_put {
	/* in; borrowed until finished */
	const char *repository;
	char digest[DIGEST_TEXT_SIZE]; /* may be filled by the read callback before it returns 0, with size unknown */
	uint64_t size;                 /* HTTP_SIZE_UNKNOWN: until read returns 0 */
	const void *bytes;             /* the blob, when callbacks.read is NULL */
	struct http_callbacks callbacks; /* data and read */
	const char *mount_from;        /* repository of the same registry; NULL: none; needs digest */
	bool check;                    /* ask first whether it is there; needs digest */
	bool only_check;               /* and ask nothing else; with check; no read callback, no size needed */
	void (*done)(struct blob_put *put, void *data);
	void *done_data;
	/* out */
	bool finished;
	int result;
	struct error err;
	enum blob_put_outcome outcome;

	struct upload *upload; /* private */
};
void blob_put_start(struct registry *registry, struct blob_put *put) NONNULL(1, 2);
uint64_t blob_put_sent(const struct blob_put *put) NONNULL(1);
void blob_put_resume(const struct blob_put *put) NONNULL(1); /* after HTTP_READ_PAUSE */
void blob_put_done(struct blob_put *put) NONNULL(1);

#endif
