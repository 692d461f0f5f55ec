/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ref.c - names of images: one small file a name, written last, so that it commits a load or a tag */
#include "coracle/store/store.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/store/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "shared_private.h"
#include "store_private.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	       || (c && strchr("._:@-[]", c));
}

int name_escape(const char *name, char into[static STORE_FILE_MAX + 1])
{
	size_t used = 0;

	if (!*name)
		return -EINVAL;
	for (const char *c = name; *c; c++) {
		bool plain = is_plain(*c) && !(c == name && *c == '.');
		int n = snprintf(into + used, STORE_FILE_MAX + 1 - used, plain ? "%c" : "%%%02X",
		                 (unsigned char) *c);

		if (n < 0 || used + (size_t) n > STORE_FILE_MAX)
			return -ENAMETOOLONG;
		used += (size_t) n;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *name_unescape(const char *file)
{
	AUTO_FREE char *name = xcalloc(strlen(file) + 1, 1);
	char *to = name;

	for (const char *c = file; *c; c++) {
		int high, low;

		if (*c != '%') {
			*to++ = *c;
			continue;
		}
		high = hex_digit(c[1]);
		low = high < 0 ? -1 : hex_digit(c[2]);
		if (low < 0 || high + low == 0)
			return NULL;
		*to++ = (char) (high * 16 + low);
		c += 2;
	}
	return *name ? TAKE_PTR(name) : NULL;
}

static int path_of(const char *name, char into[static 5 + STORE_FILE_MAX + 1])
{
	(void) memcpy(into, "refs/", 5);
	return name_escape(name, into + 5);
}

static int read_id(int fd, const char *path, char **out)
{
	AUTO_FREE char *text = NULL;
	int r = file_read(fd, path, 2 * DIGEST_TEXT_SIZE, &text, NULL);

	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	if (!digest_is_valid(text))
		return -EBADMSG;
	*out = TAKE_PTR(text);
	return 0;
}

int ref_write(struct store *store, const char *name, const char *image_id, struct error *err)
{
	char file[STORE_FILE_MAX + 1];
	int r;

	if (!digest_is_valid(image_id))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not an image id", image_id);
	r = name_escape(name, file);
	if (r < 0)
		return error_errno(err, -r, "image name \"%.300s\"", name);
	r = store_publish_file(store, "refs", file, image_id, strlen(image_id));
	return r < 0 ? error_errno(err, -r, "write name %s", name) : 0;
}

int ref_read(struct store *store, const char *name, char **out_image_id)
{
	char path[5 + STORE_FILE_MAX + 1];

	int r;

	/* a name that can't be a file can't have been written */
	if (path_of(name, path) < 0)
		return -ENOENT;
	r = read_id(store->fd, path, out_image_id);
	for (size_t i = 0; r == -ENOENT;) {
		const struct store *shared = store_shared_next(store, &i);

		if (!shared)
			break;
		r = read_id(shared->fd, path, out_image_id);
	}
	return r;
}

int ref_remove(struct store *store, const char *name, struct error *err)
{
	char path[5 + STORE_FILE_MAX + 1];
	int r = path_of(name, path);

	if (r < 0)
		return error_errno(err, -r, "image name \"%.300s\"", name);
	if (unlinkat(store->fd, path, 0) < 0)
		return error_errno(err, errno, "remove name %s", name);
	return 0;
}

static void list_one(int refs_fd, const char *file, struct pairs *out)
{
	AUTO_FREE char *name = name_unescape(file);
	AUTO_FREE char *id = NULL;

	if (!name)
		return;
	if (read_id(refs_fd, file, &id) < 0) {
		/* one damaged name must not hide the others */
		log_warning("store/refs/%s is damaged", file);
		return;
	}
	/* file names are unique, so pairs_set's search for the key would be wasted on each */
	out->items = xrealloc(out->items, out->count + 1, sizeof *out->items);
	out->items[out->count++] = (struct pair){.key = TAKE_PTR(name), .value = TAKE_PTR(id)};
}

int ref_list(struct store *store, struct pairs *out, struct error *err)
{
	AUTO_CLOSE int fd = directory_open(store->fd, "refs");
	AUTO_TEXTS struct texts files = {0};
	int r = fd < 0 ? fd : directory_list(fd, ".", &files);

	if (r < 0)
		return error_errno(err, -r, "list store/refs");
	for (size_t i = 0; i < files.count; i++)
		list_one(fd, files.items[i], out);
	return 0;
}

int ref_list_damaged(struct store *store, struct texts *out, struct error *err)
{
	AUTO_CLOSE int fd = directory_open(store->fd, "refs");
	AUTO_TEXTS struct texts files = {0};
	int r = fd < 0 ? fd : directory_list(fd, ".", &files);

	if (r < 0)
		return error_errno(err, -r, "list store/refs");
	for (size_t i = 0; i < files.count; i++) {
		AUTO_FREE char *name = name_unescape(files.items[i]);
		AUTO_FREE char *id = NULL;

		if (name && read_id(fd, files.items[i], &id) < 0)
			texts_take(out, TAKE_PTR(name));
	}
	return 0;
}
