/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c - images from archives and layout directories into the store */
#include "load.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"

#include <fcntl.h>
#include <string.h>

static int open_input(const char *input, struct error *err)
{
	int fd;

	if (!input || strcmp(input, "-") == 0) {
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (fd >= 0 && isatty(fd)) {
			(void) close(fd);
			return error_set(err, ERROR_INVALID,
			                 "standard input is a terminal; name an archive: coracle load -i FILE");
		}
	} else {
		fd = open(input, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	return fd < 0 ? error_errno(err, errno, "%s", input ? input : "standard input") : fd;
}

/* stem_of - owned "debian" of "/tmp/debian.tar.gz"; NULL for a pipe */
static char *stem_of(const char *input)
{
	AUTO_FREE char *clean = NULL;
	const char *base;

	if (!input || strcmp(input, "-") == 0)
		return NULL;
	clean = path_clean(input);
	base = path_base(clean);
	return xstrndup(base, strcspn(base, "."));
}

static int check_platforms(const struct texts *platforms, struct error *err)
{
	for (size_t i = 0; i < platforms->count; i++) {
		AUTO(platform_done) struct platform platform = {0};
		int r = platform_parse(platforms->items[i], &platform, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int load_bundle(struct loading *loading, struct error *err)
{
	if (bundle_has(loading->bundle, "manifest.json"))
		return load_docker(loading, err);
	if (bundle_has(loading->bundle, "index.json"))
		return load_oci(loading, err);
	return error_set(err, ERROR_INVALID,
	                 "neither manifest.json (docker save) nor index.json (OCI) is in it; for the tar "
	                 "of a root file system: coracle import FILE NAME");
}

int image_load(struct engine *engine, const struct image_load *request, struct texts *loaded,
               struct error *err)
{
	AUTO_FREE char *stem = stem_of(request->input);
	struct loading loading = {.request = request, .stem = stem, .loaded = loaded};
	AUTO_CLOSE int fd = -1;
	int r = check_platforms(&request->platforms, err);

	if (r < 0)
		return r;
	fd = open_input(request->input, err);
	if (fd < 0)
		return fd;
	loading.store = engine_store(engine, err);
	if (!loading.store)
		return -EIO;
	store_sweep(loading.store);
	r = bundle_open(loading.store, fd, &loading.bundle, err);
	if (r >= 0)
		r = load_bundle(&loading, err);
	bundle_close(loading.bundle);
	return r < 0 ? error_wrap(err, r, "%s", request->input ? request->input : "standard input") : 0;
}
