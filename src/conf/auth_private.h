/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth_private.h - what finding and changing credentials share */
#ifndef CORACLE_SRC_CONF_AUTH_PRIVATE_H
#define CORACLE_SRC_CONF_AUTH_PRIVATE_H

#include "coracle/conf/auth.h"

#define AUTH_FILES_HELPER "containers-auth.json"        /* what registries.conf calls the auth files among helpers */
#define AUTH_HUB_URL      "https://index.docker.io/v1/" /* docker's key for Docker Hub */

/* auth_wipe - free a string that may be secret */
void auth_wipe(char **slot) NONNULL(1);
/* auth_is_hub - the host is one of Docker Hub's names */
bool auth_is_hub(const char *host, size_t length) NONNULL(1);
/* auth_is_key_of - the key of a file is the registry itself, in whatever spelling; legacy: of ~/.dockercfg */
bool auth_is_key_of(const char *key, bool legacy, const char *registry) NONNULL(1, 3);
/* auth_find_helper - the name that "credHelpers" has for the registry, borrowed; NULL: none */
const char *auth_find_helper(json_t *json, const char *registry) NONNULL(2);
/* auth_read_document - 1: read, the caller owns *out; 0: there is no such file; an empty one counts as {} */
int auth_read_document(const char *file, json_t **out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* auth_own_file - the file that the user names, borrowed; NULL: none */
const char *auth_own_file(const struct auth_options *options) NONNULL(1);
/* auth_find_in_files - auth_find without the helpers of registries.conf */
int auth_find_in_files(const struct auth_options *options, const char *registry, const char *path, struct auth *out,
                       struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
unsigned auth_seconds(const struct auth_options *options) NONNULL(1);

#endif
