/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.h - the two kinds of image archives */
#ifndef CORACLE_IMAGE_LOAD_H
#define CORACLE_IMAGE_LOAD_H

#include "coracle/image/image.h"
#include "coracle/store/bundle.h"

struct loading {
	struct store *store;
	struct bundle *bundle;
	const struct image_load *request;
	const char *stem;     /* name of the archive without folder and suffix; NULL: from a pipe */
	struct texts *loaded; /* names, or ids where there is none */
};

/* load_docker - manifest.json of `docker save`: image spec v1.2, moby image/spec/spec.md */
int load_docker(struct loading *loading, struct error *err) NONNULL(1, 2) MUST_USE;
/* load_oci - index.json and blobs/: image-layout.md */
int load_oci(struct loading *loading, struct error *err) NONNULL(1, 2) MUST_USE;

#endif
