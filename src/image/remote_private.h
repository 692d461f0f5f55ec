/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remote_private.h - what remote.c has read and remote_visit.c goes by */
#ifndef CORACLE_IMAGE_REMOTE_PRIVATE_H
#define CORACLE_IMAGE_REMOTE_PRIVATE_H

#include "coracle/conf/policy.h"
#include "coracle/conf/registries.h"

#include <signal.h>

#include "remote.h"

struct remote {
	const struct image_remote *options;
	const struct image_progress *progress;
	struct places places;
	struct registries registries;
	struct policy policy;
	struct containers_conf conf;
	struct http *http;
	struct remote *first; /* whose loop and signals these are; NULL: its own */
	int signal_fd;
	bool interrupted; /* and whoever called was told so */
	sigset_t old_mask;
};

/* remote_retry_wait - nanoseconds before another visit; 0 is possible, when it was asked for */
uint64_t remote_retry_wait(const struct remote *remote) NONNULL(1);

#endif
