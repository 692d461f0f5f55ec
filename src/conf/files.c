/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.c - find and read configuration files, with the path in every error */
#include "files.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

const char *files_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool files_has(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

int files_read(const char *path, char **out, size_t *length, struct error *err)
{
	int r;

	/* the usual way to ask for no configuration */
	if (!strcmp(path, "/dev/null")) {
		*out = xstrdup("");
		*length = 0;
		return 1;
	}
	r = file_read(AT_FDCWD, path, CONF_FILE_MAX_BYTES, out, length);
	/* a home that is a file or can't be entered holds no configuration */
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == -EFBIG)
		return error_set(err, ERROR_INVALID, "%s: larger than %u bytes", path, CONF_FILE_MAX_BYTES);
	return r < 0 ? error_errno(err, -r, "%s", path) : 1;
}

int files_drop_ins(const char *directory, struct texts *out, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	int r = directory_list(AT_FDCWD, directory, &names);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return error_errno(err, -r, "%s", directory);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = xprintf("%s/%s", directory, names.items[i]);
		size_t length = strlen(names.items[i]);
		struct stat st;

		if (length >= 5 && !strcmp(names.items[i] + length - 5, ".conf")
		    && !(stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
			texts_take(out, TAKE_PTR(path));
	}
	return 0;
}
