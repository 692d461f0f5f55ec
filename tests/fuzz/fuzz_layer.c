/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_layer.c - arbitrary bytes as a layer, beside a canary
 *
 * Runs as anybody: without root all files become the caller's. The store is made once, in a
 * directory of its own; whatever the bytes say, nothing else in that directory may change.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/coracle-fuzz-layer-XXXXXX";
static struct paths paths;
static struct store *store;

static void clean(void)
{
	store_close(store);
	(void) !tree_remove(AT_FDCWD, folder);
}

static void prepare(void)
{
	struct error err = {0};

	if (!mkdtemp(folder))
		abort();
	paths.data_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file_write(paths.data_fd, "canary", "canary", 6, 0644, FILE_FAST) < 0
	    || store_open(&paths, &store, &err) < 0)
		abort();
	(void) atexit(clean);
}

static void check_canary(void)
{
	AUTO_FREE char *text = NULL;
	AUTO_TEXTS struct texts names = {0};
	struct stat st;

	if (file_read(paths.data_fd, "canary", 100, &text, NULL) < 0 || strcmp(text, "canary") != 0
	    || fstatat(paths.data_fd, "canary", &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_nlink != 1
	    || (st.st_mode & 07777) != 0644)
		abort();
	if (directory_list(paths.data_fd, ".", &names) < 0 || names.count != 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("layer", MFD_CLOEXEC);
	AUTO_TEXTS struct texts tmp = {0};
	struct layer_info info = {0};
	struct texts none = {0};
	struct error err = {0};
	int r;

	if (!store)
		prepare();
	if (fd < 0 || write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	r = layer_unpack(store, fd, NULL, NULL, &info, &err);
	if (r < 0 && !*err.text)
		abort();
	fields_done(layer_info_fields, &info);
	check_canary();
	if (layer_remove_unused(store, NULL, &none, &err) < 0)
		abort();
	/* neither success nor failure leaves anything behind */
	if (directory_list(store_fd(store), "tmp", &tmp) < 0 || tmp.count != 0)
		abort();
	texts_done(&tmp);
	if (directory_list(store_fd(store), "layers", &tmp) < 0 || tmp.count != 0)
		abort();
	return 0;
}
