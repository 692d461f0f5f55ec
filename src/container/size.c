/* SPDX-License-Identifier: GPL-2.0-or-later */
/* size.c - how much a container has written; see size.h */
#include "size.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/image/image.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 200 /* a descriptor a level; what lies deeper is not counted */

static uint64_t add_tree(int parent_fd, const char *name, unsigned depth)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t sum = 0;

	if (!directory) {
		if (fd >= 0)
			(void) close(fd);
		return 0;
	}
	while ((entry = readdir(directory))) {
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
		    || fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
			sum += (uint64_t) st.st_size;
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			sum += add_tree(fd, entry->d_name, depth + 1);
	}
	(void) closedir(directory);
	return sum;
}

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
	if (faccessat(fd, "upper", F_OK, 0) < 0) {
		out->total = MAX(image, add_tree(fd, "merged", 0));
		out->written = out->total - image;
		return;
	}
	out->written = add_tree(fd, "upper", 0);
	out->total = image + out->written;
}
