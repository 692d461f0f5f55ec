/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth.h - credentials of registries: containers-auth.json(5), docker's config.json, credential helpers
 *
 * Files, the first with credentials for the name counts: --authfile or $REGISTRY_AUTH_FILE, else
 * $XDG_RUNTIME_DIR/containers/auth.json; then ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json
 * (~/.docker/config.json), ~/.dockercfg. In a file: the helper that "credHelpers" names for the host, else the
 * most specific of HOST/NAMESPACE/REPO ... HOST, HOST as a URL, else the helper of "credsStore".
 * Names are docker.io's as "docker.io"; the files' https://index.docker.io/v1/ and its kin are found for it.
 *
 * Errors name files, hosts and helpers, never what is secret in them.
 */
#ifndef CORACLE_CONF_AUTH_H
#define CORACLE_CONF_AUTH_H

#include "coracle/base/error.h"
#include "coracle/base/json.h"
#include "coracle/conf/places.h"

#define AUTH_HELPER_SECONDS 120 /* it may ask for a password in a window of its own */

struct auth_options {
	const struct places *places;
	const char *file;            /* --authfile; NULL: none */
	const struct texts *helpers; /* credential-helpers of registries.conf; NULL or none: the files alone */
	unsigned helper_seconds;     /* 0: AUTH_HELPER_SECONDS */
	const int *interrupt_fd;     /* while readable auth_find ends a helper, with -EINTR; never read from; NULL: none */
};

/* all owned; wiped by auth_done */
struct auth {
	char *username;       /* NULL: anonymous */
	char *password;
	char *identity_token; /* a refresh token for the registry's token service, instead of the password */
	char *source;         /* the file or helper */
	char *note;           /* why there may be none: a helper that isn't installed; to be said beside a 401 */
};

/*
 * auth_find - credentials for registry ("host[:port]") and, below it, path (NULL: the registry itself)
 *
 * Returns 1 when there are some, 0 when not (*out then has at most a note), or a negative errno: a file
 * that isn't what it should be, a helper that failed or took too long.
 */
int auth_find(const struct auth_options *options, const char *registry, const char *path, struct auth *out,
              struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
/* auth_file_find - the same from the bytes of one file, helpers not asked; file is for messages */
int auth_file_find(const char *file, const char *bytes, size_t length, const char *registry, const char *path,
                   struct auth *out, struct error *err) NONNULL(1, 2, 4, 6, 7) MUST_USE;
void auth_done(struct auth *auth) NONNULL(1);
#define AUTO_AUTH AUTO(auth_done)

/*
 * auth_store - remember credentials (login): by the first helper in options, else by the helper that the file names
 * for the registry, else in the file (the first of the list above; without XDG_RUNTIME_DIR ~/.config/containers/auth.json)
 *
 * key     host[:port] or host[:port]/namespace...
 * source  out, may be NULL: owned, where it was put
 * The file is replaced atomically as 0600, other keys are kept; its directory is made as 0700.
 */
int auth_store(const struct auth_options *options, const char *key, const char *username, const char *password,
               char **source, struct error *err) NONNULL(1, 2, 3, 4, 6) MUST_USE;
/*
 * auth_erase - forget them (logout), at the same places; key NULL: all that are in the file and its helpers
 *
 * Returns 0, or -ENOENT when there were none; err then says where others (docker's) still are.
 */
int auth_erase(const struct auth_options *options, const char *key, char **source, struct error *err)
	NONNULL(1, 4) MUST_USE;

#endif
