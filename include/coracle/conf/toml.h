/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml.h - TOML 1.0 text as a JSON tree, so that the same field tables read both */
#ifndef CORACLE_CONF_TOML_H
#define CORACLE_CONF_TOML_H

#include "coracle/base/json.h"

#define TOML_MAX_BYTES  (1u << 20)
#define TOML_MAX_LEVELS 32 /* of arrays and inline tables in each other, and of the parts of one key */

/*
 * toml_parse - a new reference to the object that is the document, or NULL with err "line 3: ..."
 *
 * bytes   untrusted, need no NUL; more than TOML_MAX_BYTES are refused
 *
 * Tables become objects, arrays of tables arrays of objects, integers and floats numbers. What JSON has no
 * type for is a string: dates and times as they were written, and "inf", "-inf", "nan". A NUL in a
 * string (backslash-u0000) is refused, since everybody after us reads C strings.
 * Source: toml.io/en/v1.0.0.
 */
json_t *toml_parse(const char *bytes, size_t length, struct error *err) NONNULL(1, 3) MUST_USE;

#endif
