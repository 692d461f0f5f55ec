/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest_file.c - --digestfile of the commands that send or copy images; see digest_file.h */
#include "digest_file.h"

#include "coracle/base/file.h"

#include <fcntl.h>
#include <string.h>

int digest_file_write(const char *path, const char *digest, const char *what, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	int r;

	if (!path)
		return 0;
	if (!*digest)
		return error_set(err, ERROR_UNSUPPORTED, "%.300s is complete, but it has no manifest whose digest could be "
		                 "written to %.300s", what, path);
	/* not by a rename: it may be /dev/stdout */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	r = fd < 0 ? -errno : write_all(fd, digest, strlen(digest));
	return r < 0 ? error_errno(err, -r, "%.300s is complete, but its digest %s could not be written to %.300s", what,
	                           digest, path) : 0;
}
