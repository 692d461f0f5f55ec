/* SPDX-License-Identifier: GPL-2.0-or-later */
/* size.c - how much a container has written; see size.h */
#include "size.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/image/image.h"
#include "coracle/sys/tree.h"

#include <fcntl.h>

static uint64_t image_size(struct engine *engine, const struct container *container)
{
	AUTO_IMAGE_RECORD struct image_record image = {0};
	struct error ignored = {0};
	struct store *store = engine_store(engine, &ignored);

	if (!store || !container->image_id || !*container->image_id
	    || image_record_read(store, container->image_id, &image, &ignored) < 0)
		return 0;
	return image.size;
}

void size_of(struct engine *engine, const struct container *container, struct size *out)
{
	AUTO_FREE char *path = xprintf("containers/%s", container->id);
	AUTO_CLOSE int fd = directory_open(engine->paths.data_fd, path);
	uint64_t image = image_size(engine, container);

	*out = (struct size){.total = image};
	if (fd < 0)
		return;
	/* the copy driver has no layer apart: the whole root, which holds the image */
	if (!file_exists(fd, "upper")) {
		out->total = MAX(image, tree_bytes(fd, "merged"));
		out->written = out->total - image;
		return;
	}
	out->written = tree_bytes(fd, "upper");
	out->total = image + out->written;
}
