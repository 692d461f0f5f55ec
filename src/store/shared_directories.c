/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared_directories.c - directories of layers in stores for everybody that must not lose owner and mode; see shared_private.h */
#include "shared_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "overlay.h"
#include "store_private.h"

#define FILE_MAX_BYTES (4 << 20)

struct special { char *path; struct stat st; };

static void add_file(const struct driver_mount *request, size_t layer, int root_fd, struct list *out)
{
	AUTO_FREE char *text = NULL;
	AUTO_TEXTS struct texts paths = {0};
	char name[OVERLAY_LAYER_SIZE], file[STORE_NAME_SIZE];

	overlay_layer_path(request->layers->items[layer], name);
	(void) snprintf(file, sizeof file, "%.*s" SHARED_DIRECTORIES, (int) (strlen(name) - strlen("diff")), name);
	/* a layer of an ordinary store has none, and needs none */
	if (file_read(overlay_layer_store(request, layer), file, FILE_MAX_BYTES, &text, NULL) < 0 || !*text)
		return;
	texts_split(&paths, text, '\n');
	for (size_t i = 0; i < paths.count; i++) {
		AUTO_CLOSE int fd = root_open(root_fd, paths.items[i], O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		struct special *special;
		struct stat st;

		/* an upper layer may have taken it away */
		if (fd < 0 || fstat(fd, &st) < 0)
			continue;
		special = list_add(out, sizeof *special);
		*special = (struct special){xstrdup(paths.items[i]), st};
	}
}

static int set_again(int root_fd, const struct special *special)
{
	const struct timespec times[2] = {special->st.st_atim, special->st.st_mtim};
	AUTO_CLOSE int fd = root_open(root_fd, special->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

	if (fd < 0)
		return fd;
	/* the first of them copies it up */
	if (fchown(fd, special->st.st_uid, special->st.st_gid) < 0 || fchmod(fd, special->st.st_mode & 07777) < 0
	    || futimens(fd, times) < 0)
		return -errno;
	return 0;
}

void shared_keep_directories(const struct driver_mount *request, int root_fd)
{
	struct list all = {0};

	/* what they look like, before the first is touched: that copies up those above it, too */
	for (size_t i = 0; i < request->layers->count; i++)
		add_file(request, i, root_fd, &all);
	LIST_EACH(struct special, special, &all) {
		int r = set_again(root_fd, special);

		if (r < 0)
			log_warning("directory /%s: %s", special->path, strerror(-r));
		free(special->path);
	}
	free(all.items);
}
