/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dl.h - heavy libraries are loaded on first use, so that a start does not pay for them */
#ifndef CORACLE_BASE_DL_H
#define CORACLE_BASE_DL_H

#include "coracle/base/error.h"

struct dl_symbol {
	const char *name;
	void *slot; /* address of a function pointer */
};
#define DL_SYMBOL(table, function) {.name = #function, .slot = &(table).function}

/*
 * dl_load - dlopen(3) soname once and fill every slot; rows end with a NULL name
 *
 * package  what to install when it is missing, for the message ("libarchive13")
 * Returns 0 or a negative errno. The library stays loaded.
 */
int dl_load(const char *soname, const char *package, const struct dl_symbol *symbols, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;

#endif
