/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference.h - names of images: [HOST[:PORT]/]PATH[:TAG][@DIGEST] (distribution-spec, docker's grammar) */
#ifndef CORACLE_IMAGE_REFERENCE_H
#define CORACLE_IMAGE_REFERENCE_H

#include "coracle/base/error.h"
#include "coracle/base/texts.h"

struct reference {
	char *registry; /* "docker.io", "localhost:5000"; NULL when the text names none */
	char *path;     /* "library/debian" */
	char *tag;      /* NULL when none */
	char *digest;   /* "sha256:..." or NULL */
};

/* reference_parse - text as typed; *out untouched on failure */
int reference_parse(const char *text, struct reference *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
void reference_done(struct reference *reference) NONNULL(1);
#define AUTO_REFERENCE AUTO(reference_done)
/* reference_text - owned "registry/path[:tag][@digest]" of what is there */
char *reference_text(const struct reference *reference) NONNULL(1) MUST_USE;
/* reference_candidates - full names ("docker.io/library/debian:latest", "localhost/debian:latest") to try in this order */
void reference_candidates(const struct reference *reference, struct texts *out) NONNULL(1, 2);
/* reference_familiar - owned docker-style short form: no "docker.io/", no "library/" */
char *reference_familiar(const char *full_name) NONNULL(1) MUST_USE;

#endif
