/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.h - a container in the words of ps: docker's columns as text; pure */
#ifndef CORACLE_CONTAINER_WORDS_H
#define CORACLE_CONTAINER_WORDS_H

#include "coracle/base/text.h"
#include "coracle/state/state.h"

/* All results are owned by the caller. */

/* words_health - "starting", "healthy" or "unhealthy"; "" where nothing is checked; borrowed */
const char *words_health(const struct container *container) NONNULL(1);
/* words_status - "Up 2 minutes", "Exited (0) 3 minutes ago", "Created", "Damaged: reason" */
char *words_status(const struct container *container, uint64_t now) NONNULL(1) MUST_USE;
/* words_ports - "0.0.0.0:8080-8081->80-81/tcp, 53/udp"; neighbours are collapsed; host port 0 is not known yet */
char *words_ports(const struct list *ports) NONNULL(1) MUST_USE;
/* words_command - in Go's quotes, cut to 20 characters unless whole */
char *words_command(const char *command, bool whole) NONNULL(1) MUST_USE;
/* words_pairs - "k=v,k2=v2", sorted by key */
char *words_pairs(const struct pairs *pairs) NONNULL(1) MUST_USE;
/* words_cut - the first max characters (UTF-8), the last of them an ellipsis where something is missing */
char *words_cut(const char *text, size_t max) NONNULL(1) MUST_USE;
/* words_network - name of the network that a --network value stands for: "slirp4netns", "host", "none", "container:ID" */
char *words_network(const char *mode) MUST_USE;
/* words_time - nanoseconds of an RFC 3339 text; 0 for NULL, "" and what can't be read */
uint64_t words_time(const char *rfc3339);
/* words_started - when the last run began, borrowed, or NULL; words_finished - when it ended, NULL while it runs */
const char *words_started(const struct container *container) NONNULL(1);
const char *words_finished(const struct container *container) NONNULL(1);

#endif
