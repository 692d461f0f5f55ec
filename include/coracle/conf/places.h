/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.h - the directories in which the configuration files of the host and of the user lie */
#ifndef CORACLE_CONF_PLACES_H
#define CORACLE_CONF_PLACES_H

#include "coracle/base/base.h"

/* every member is owned and absolute; those marked * are NULL when no home or runtime directory is known */
struct places {
	char *vendor;        /* /usr/share/containers */
	char *system;        /* /etc/containers */
	char *docker;        /* /etc/docker */
	char *home;          /* * $HOME, else from passwd (as in paths.h) */
	char *user;          /* * $XDG_CONFIG_HOME/containers, else ~/.config/containers */
	char *user_docker;   /* * $XDG_CONFIG_HOME/docker, else ~/.config/docker */
	char *docker_config; /* * $DOCKER_CONFIG, else ~/.docker */
	char *runtime;       /* * $XDG_RUNTIME_DIR/containers */
	char *cache;         /* * $XDG_CACHE_HOME/containers, else ~/.cache/containers; root: /var/cache/containers */
};

/* places_find - from the environment; root is put before the directories of the host (tests), else "" */
void places_find(const char *root, struct places *out) NONNULL(1, 2);
void places_done(struct places *places) NONNULL(1);
#define AUTO_PLACES AUTO(places_done)

#endif
