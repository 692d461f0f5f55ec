/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth_helper.h - docker-credential-NAME programs */
#ifndef CORACLE_SRC_CONF_AUTH_HELPER_H
#define CORACLE_SRC_CONF_AUTH_HELPER_H

#include "coracle/base/json.h"

/* each waits at most seconds; -ENOENT with err when the program is not installed */

/*
 * auth_helper_get - 1: found (owned; the username "<token>" says identity token), 0: it has none, or a negative errno:
 * -EINTR when stop_fd (-1: none) became readable, and it is ended
 */
int auth_helper_get(const char *name, const char *server, unsigned seconds, int stop_fd, char **username, char **secret,
                    struct error *err) NONNULL(1, 2, 5, 6, 7) MUST_USE;
int auth_helper_store(const char *name, const char *server, const char *username, const char *secret, unsigned seconds,
                      struct error *err) NONNULL(1, 2, 3, 4, 6) MUST_USE;
/* auth_helper_erase - 1: erased, 0: it had none */
int auth_helper_erase(const char *name, const char *server, unsigned seconds, struct error *err)
	NONNULL(1, 2, 4) MUST_USE;
/* auth_helper_list - the servers it has credentials for */
int auth_helper_list(const char *name, unsigned seconds, struct texts *servers, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;

#endif
