/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name.h - full names from what users and archives say */
#ifndef CORACLE_IMAGE_NAME_H
#define CORACLE_IMAGE_NAME_H

#include "coracle/image/reference.h"

enum name_home {
	NAME_LOCAL, /* a name without registry is this machine's: localhost/NAME */
	NAME_HUB,   /* it is docker's: docker.io/library/NAME */
};
/* name_full - owned "registry/path:tag"; a digest is refused */
int name_full(const char *text, enum name_home home, char **out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
/* name_repository - owned part of a full name before tag and digest; tag (may be NULL) gets an owned tag or NULL */
char *name_repository(const char *full, char **tag) NONNULL(1) MUST_USE;
/*
 * name_transport - length of the word when text is TRANSPORT:PLACE with one of podman's that is no registry ("dir",
 * "oci-archive"...), else 0; "oci:1" is an image's name as long as there is no file "1" (containers-transports(5))
 */
size_t name_transport(const char *text) NONNULL(1) MUST_USE;

#endif
