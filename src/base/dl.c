/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dl.c - heavy libraries on first use; see dl.h */
#include "coracle/base/dl.h"

#include <dlfcn.h>
#include <string.h>

int dl_load(const char *soname, const char *package, const struct dl_symbol *symbols,
            struct error *err)
{
	/*
	 * dlopen(3): a library that is loaded already is only counted once more. RTLD_LAZY: of libcurl's thirty
	 * libraries only what is called gets looked up, which takes a third off.
	 */
	void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);

	if (!library)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "%s can't be loaded: install the package %s (%s)", soname, package,
		                 dlerror());
	for (const struct dl_symbol *symbol = symbols; symbol->name; symbol++) {
		void *address = dlsym(library, symbol->name);

		if (!address)
			return error_set(err, ERROR_UNSUPPORTED,
			                 "%s has no %s: upgrade the package %s", soname,
			                 symbol->name, package);
		/* ISO C has no cast from an object to a function pointer; POSIX has equal sizes */
		(void) memcpy(symbol->slot, &address, sizeof address);
	}
	return 0;
}
