/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_remote.h - what a registry has under a name, without fetching layers */
#ifndef CORACLE_IMAGE_INSPECT_REMOTE_H
#define CORACLE_IMAGE_INSPECT_REMOTE_H

#include "coracle/image/image.h"

enum inspect_what {
	INSPECT_IMAGE,      /* an object with the keys of skopeo inspect and docker image inspect */
	INSPECT_CONFIG,     /* the configuration */
	INSPECT_RAW,        /* the manifest or index, the registry's own bytes */
	INSPECT_RAW_CONFIG, /* the configuration's own bytes */
};

struct image_inspect_remote {
	enum inspect_what what;
	char *platform; /* of an index; NULL: this machine's */
	bool no_tags;   /* do not ask for the tags of the repository */
	struct image_remote remote;
};

struct image_inspected {
	char *name;             /* owned; full, with tag or digest */
	json_t *object;         /* new reference; NULL for the raw ones */
	char *bytes;            /* owned; the raw ones */
	size_t length;
	char *media_type, *digest; /* owned; of what the name stands for: index or manifest */
};
void image_inspected_done(struct image_inspected *inspected) NONNULL(1);

/* image_inspect_remote - name may have "docker://" in front; *out zeroed by the caller */
int image_inspect_remote(const char *name, const struct image_inspect_remote *request, struct image_inspected *out,
                         struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;

#endif
