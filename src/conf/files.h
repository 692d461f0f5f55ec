/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.h - find and read configuration files */
#ifndef CORACLE_SRC_CONF_FILES_H
#define CORACLE_SRC_CONF_FILES_H

#include "coracle/base/json.h"

#define CONF_FILE_MAX_BYTES (1u << 20)

/* files_has - something is there */
bool files_has(const char *path) NONNULL(1);
/* files_read - 1: read, the caller owns *out; 0: there is no such file; or a negative errno, err begins with the path */
int files_read(const char *path, char **out, size_t *length, struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* files_drop_ins - append the paths of directory/NAME.conf (no directories) in the order of their names; absent: none */
int files_drop_ins(const char *directory, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* files_variable - the value of an environment variable; NULL when unset or empty */
const char *files_variable(const char *name) NONNULL(1);

#endif
