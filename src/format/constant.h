/* SPDX-License-Identifier: GPL-2.0-or-later */
/* constant.h - Go's literals as JSON values; private to format */
#ifndef CORACLE_FORMAT_CONSTANT_H
#define CORACLE_FORMAT_CONSTANT_H

#include <jansson.h>

#include "lex.h"

/* constant_parse - a new reference for a NUMBER, CHARACTER, STRING or RAW token; NULL with err */
json_t *constant_parse(const char *text, const struct token *token, struct error *err);

#endif
