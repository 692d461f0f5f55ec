/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scp_side.h - the words that name one side of image scp, and the words that ssh(1) is started with */
#ifndef CORACLE_IMAGE_SCP_SIDE_H
#define CORACLE_IMAGE_SCP_SIDE_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"

/* every member is owned */
struct scp_side {
	char *host;        /* NULL: this machine */
	char *user, *port; /* NULL: what ssh takes */
	char *image;       /* NULL: none is named */
};

/*
 * scp_side_parse - [[USER@]HOST[:PORT]::][IMAGE]; *out untouched on failure
 *
 * Every word is of letters, digits and a few marks that neither ssh nor a shell takes for its own.
 */
int scp_side_parse(const char *text, struct scp_side *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void scp_side_done(struct scp_side *side) NONNULL(1);
#define AUTO_SCP_SIDE AUTO(scp_side_done)

/* scp_save_words - append ssh's argv that writes the image; unnamed: found by its id, so that it comes without a name */
void scp_save_words(const struct scp_side *side, bool unnamed, bool quiet, struct texts *argv) NONNULL(1, 4);
/* scp_load_words - append ssh's argv that reads an image */
void scp_load_words(const struct scp_side *side, bool quiet, struct texts *argv) NONNULL(1, 3);

#endif
