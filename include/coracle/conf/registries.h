/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * registries.h - where images come from: containers-registries.conf(5), format version 2
 *
 * Which files count, the later ones overriding key by key ([[registry]] tables by their prefix):
 *   - $CONTAINERS_REGISTRIES_CONF (or the older $REGISTRIES_CONFIG_PATH): that file alone
 *   - else ~/.config/containers/registries.conf when there is one, then ~/.config/containers/registries.conf.d
 *   - else /etc/containers/registries.conf, else the one in /usr/share/containers; then registries.conf.d of
 *     /etc/containers, then of ~/.config/containers
 *   - last, always: $CONTAINERS_REGISTRIES_CONF_OVERRIDE
 * As in containers/image the tables match names without tag or digest: a prefix that has one never does.
 */
#ifndef CORACLE_CONF_REGISTRIES_H
#define CORACLE_CONF_REGISTRIES_H

#include "coracle/base/json.h"
#include "coracle/conf/places.h"

/* all texts are owned */
struct registry_mirror {
	char *location; /* host[:port][/path] */
	bool insecure;
	char *use;      /* NULL or "all", "digest-only", "tag-only" */
};

struct registries_row {
	char *prefix;   /* "host[:port][/path]" or "*.host" */
	char *location; /* NULL: as prefix */
	bool insecure;  /* plain HTTP, and certificates that don't verify, are allowed */
	bool blocked;
	bool mirror_by_digest_only;
	struct list mirrors; /* of struct registry_mirror */
	char *file;     /* where it is written */
};

enum short_name_mode {
	SHORT_NAME_MODE_PERMISSIVE, /* all search registries in turn; we never ask */
	SHORT_NAME_MODE_DISABLED,   /* the same, without podman's question */
	SHORT_NAME_MODE_ENFORCING,  /* more than one search registry is an error */
};

struct registries {
	struct list rows;     /* of struct registries_row */
	struct texts search;  /* host[:port] */
	char *search_file;    /* the file that says so; NULL: none does, docker.io is searched */
	enum short_name_mode mode;
	struct texts helpers; /* credential helpers; "containers-auth.json" stands for the auth files; none: these alone */
	struct pairs aliases; /* short name -> full name */
};

/* registries_read - all files; *out zeroed by the caller, to be freed also on failure */
int registries_read(const struct places *places, struct registries *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/*
 * registries_add - lay one file's text over what is there; path is for messages and kept
 *
 * *into is untouched on failure (-EINVAL, err begins with the path). Format version 1 is refused.
 */
int registries_add(struct registries *into, const char *path, const char *bytes, size_t length, struct error *err)
	NONNULL(1, 2, 3, 5) MUST_USE;
void registries_done(struct registries *registries) NONNULL(1);
#define AUTO_REGISTRIES AUTO(registries_done)

/* a full name; docker.io's images have their "library/"; tag or digest or both or none */
struct registry_name {
	const char *registry, *path, *tag, *digest;
};

/* where to ask; the name (and the tag of credentials, policies, the image) stays the one that was asked for */
struct registries_endpoint {
	char *host;     /* owned, host[:port]; "docker.io" is not yet registry-1.docker.io */
	char *path;     /* owned, the repository there */
	bool insecure;
	bool is_mirror; /* when it fails or has no such image the next one is tried */
};

/*
 * registries_endpoints - append mirrors in their order, then the primary location (list of struct registries_endpoint)
 *
 * Redirection and mirrors are for pulls; a push takes the last one if it follows locations at all.
 * Returns 0, -EACCES when the registry is blocked (err says by which file), -EINVAL for a location that gives no name.
 */
int registries_endpoints(const struct registries *registries, const struct registry_name *name, struct list *out,
                         struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
void registries_endpoints_done(struct list *endpoints) NONNULL(1);

enum registry_origin {
	REGISTRY_ORIGIN_DEFAULT, /* nothing is configured: docker.io */
	REGISTRY_ORIGIN_ALIAS,   /* [aliases] or short-name-aliases.conf; there is no other candidate */
	REGISTRY_ORIGIN_SEARCH,  /* unqualified-search-registries, in order */
};

/*
 * registries_candidates - append the full names ("docker.io/library/debian") that a short one may mean
 *
 * path    as typed, without tag or digest: "debian", "team/tool"
 * origin  out, may be NULL
 * Returns 0, -EINVAL when there is no registry to search or, in enforcing mode, more than one.
 */
int registries_candidates(const struct registries *registries, const char *path, struct texts *out,
                          enum registry_origin *origin, struct error *err) NONNULL(1, 2, 3, 5) MUST_USE;

#endif
