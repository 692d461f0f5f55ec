/* SPDX-License-Identifier: GPL-2.0-or-later */
/* path.h - pure operations on paths; nothing here looks at a file system */
#ifndef CORACLE_BASE_PATH_H
#define CORACLE_BASE_PATH_H

#include "coracle/base/base.h"

/* path_clean - owned lexical normal form as Go's path.Clean: no "//", "." or "a/..", no trailing slash */
char *path_clean(const char *path) NONNULL(1) MUST_USE;
/* path_join - owned, cleaned "base/more"; more is taken alone when absolute */
char *path_join(const char *base, const char *more) NONNULL(1, 2) MUST_USE;
/* path_is_below - path equals top or lies below it; both cleaned and absolute */
bool path_is_below(const char *path, const char *top) NONNULL(1, 2);
/* path_base - borrowed last component */
const char *path_base(const char *path) NONNULL(1);

#endif
