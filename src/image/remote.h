/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remote.h - images in registries: which places a name means, how they are reached, tried again and interrupted
 *
 * Whoever talks to a registry opens one struct remote and does its work in a visit of a place. Configuration is
 * read once: registries.conf, certs.d, policy.json, containers.conf, credentials.
 */
#ifndef CORACLE_IMAGE_REMOTE_H
#define CORACLE_IMAGE_REMOTE_H

#include "coracle/conf/certs.h"
#include "coracle/conf/containers.h"
#include "coracle/image/image.h"
#include "coracle/image/reference.h"
#include "coracle/registry/registry.h"

struct remote;

struct remote_place {
	char *host, *path; /* owned; path as the host knows the repository */
	bool insecure, is_mirror;
	struct certs certs;
};

enum remote_use {
	REMOTE_PULL, /* mirrors first, then the location; policy.json is asked */
	REMOTE_PUSH, /* the location itself */
};

/*
 * remote_open - read the configuration; SIGINT, SIGTERM and SIGHUP (those not ignored) end what runs with -EINTR until
 * remote_close, where one that ended nothing takes its usual effect
 *
 * options   borrowed until remote_close
 * progress  for notices, such as waiting times and mirrors that fail; borrowed; may be NULL
 */
int remote_open(const struct image_remote *options, const struct image_progress *progress, struct remote **out,
                struct error *err) NONNULL(1, 3, 4) MUST_USE;
/* remote_open_beside - a second one with its own options, in the loop (struct http) and under the signals of first, which outlives it */
int remote_open_beside(struct remote *first, const struct image_remote *options, struct remote **out,
                       struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
void remote_close(struct remote *remote); /* NULL allowed */
static inline void remote_close_pointer(struct remote **remote) { remote_close(*remote); }
#define AUTO_REMOTE AUTO(remote_close_pointer)
struct http *remote_http(const struct remote *remote) NONNULL(1); /* borrowed */
/* remote_conf - containers.conf, for what a request leaves open; borrowed */
const struct containers_conf *remote_conf(const struct remote *remote) NONNULL(1);
/* remote_retries - how often errors of network and registry are tried again: as the options say, else containers.conf */
uint64_t remote_retries(const struct remote *remote) NONNULL(1);
/* remote_parallel - how many layers at once: image_parallel_copies of containers.conf, else 6; 1 to REMOTE_PARALLEL_MAX */
#define REMOTE_PARALLEL_MAX 32
size_t remote_parallel(const struct remote *remote) NONNULL(1);

/* remote_names - full names that reference may mean, each with tag or digest ("latest" where it has neither) */
int remote_names(const struct remote *remote, const struct reference *reference, struct texts *out,
                 struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

/* remote_registries - hosts that a name without registry is searched at; -EINVAL when the configuration has none */
int remote_registries(const struct remote *remote, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

/* remote_permits - policy.json for one name; the visits of REMOTE_PULL have asked for theirs already; 0 or -EACCES */
int remote_permits(const struct remote *remote, const struct reference *name, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

/* remote_visit - do the work at one place; name is a full one, borrowed; result as of remote_each */
typedef int remote_visit(void *data, const struct remote_place *place, struct registry *registry,
                         const struct reference *name, struct error *err);
/*
 * remote_each - visit the places of each name until a visit succeeds; failures of network and registry are tried
 * again where options->retry_whole says so
 *
 * Returns what the visit did (>= 0), or the error of the last place; -EINTR when a signal came; -EINVAL when names are of
 * several registries and there are options->creds, which only one of them shall get.
 */
int remote_each(struct remote *remote, const struct texts *names, enum remote_use use, remote_visit *visit,
                void *data, struct error *err) NONNULL(1, 2, 4, 6) MUST_USE;
/* remote_one - the same of what a user typed: "docker://" in front is allowed, short names go through remote_names */
int remote_one(struct remote *remote, const char *text, enum remote_use use, remote_visit *visit, void *data,
               struct error *err) NONNULL(1, 2, 4, 6) MUST_USE;
/* remote_reference - tag or digest to ask for; borrowed */
const char *remote_reference(const struct reference *name) NONNULL(1);
/* remote_text - what was typed without "docker://"; borrowed */
const char *remote_text(const char *typed) NONNULL(1);

#endif
