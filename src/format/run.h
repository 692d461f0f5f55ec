/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.h - one run of a template; private to format */
#ifndef CORACLE_FORMAT_RUN_H
#define CORACLE_FORMAT_RUN_H

#include "tree.h"

struct run {
	const struct template *template;
	const struct template_kinds *kinds;
	const struct template_caption *captions; /* not NULL: fields read as captions */
	struct text *out;
	struct error *err;
	struct value *slots;
	json_t *made;     /* array that owns what functions made; NULL until needed */
	size_t made_size; /* bytes, at most TEMPLATE_MADE_MAX */
	unsigned steps;
};

/* run_charge - account for bytes that a function is going to make; negative with err when too many */
int run_charge(struct run *run, size_t bytes) MUST_USE;
/* run_keep - the run owns json from now on; *out is it */
void run_keep(struct run *run, json_t *json, struct value *out);
/* run_keep_text - a string value with a copy of the bytes; accounts for them */
int run_keep_text(struct run *run, const char *bytes, size_t length, struct value *out) MUST_USE;

#endif
