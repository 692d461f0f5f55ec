/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rung_probe.c - what busybox can't do, for rungs.bats: sockets, extended attributes, a tree's listing without its noise */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static int make_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof address) < 0;
}

static unsigned sum(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned value = 5381;

	for (int c; file && (c = getc(file)) != EOF;)
		value = value * 33 + (unsigned) c;
	if (file)
		fclose(file);
	return value;
}

static void print_attributes(const char *path)
{
	char names[4096], value[256];
	ssize_t length = llistxattr(path, names, sizeof names);

	for (char *name = names; name < names + (length > 0 ? length : 0); name += strlen(name) + 1) {
		ssize_t n = lgetxattr(path, name, value, sizeof value);

		if (strncmp(name, "user.", 5) == 0)
			printf(" %s=%.*s", name, (int) (n > 0 ? n : 0), value);
	}
}

/* a directory's size and number of links are the file system's own */
static int show(const char *path, const struct stat *st, int type, struct FTW *where)
{
	char target[256] = "";

	(void) where;
	if (type == FTW_NS)
		return 1;
	printf("%s %o %u:%u", path, st->st_mode, st->st_uid, st->st_gid);
	if (S_ISREG(st->st_mode))
		printf(" size=%lld links=%u sum=%u", (long long) st->st_size, (unsigned) st->st_nlink, sum(path));
	if (S_ISLNK(st->st_mode) && readlink(path, target, sizeof target - 1) > 0)
		printf(" -> %s", target);
	/* what the test made has a time of its own */
	if (!S_ISDIR(st->st_mode) && st->st_mtime < 1000000000)
		printf(" time=%lld", (long long) st->st_mtime);
	print_attributes(path);
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "socket") == 0)
		return make_socket(argv[2]);
	if (argc == 5 && strcmp(argv[1], "set") == 0)
		return lsetxattr(argv[2], argv[3], argv[4], strlen(argv[4]), 0) < 0;
	if (argc == 4 && strcmp(argv[1], "remove") == 0)
		return lremovexattr(argv[2], argv[3]) < 0;
	if (argc >= 3 && strcmp(argv[1], "list") == 0) {
		for (int i = 2; i < argc; i++)
			if (nftw(argv[i], show, 20, FTW_PHYS) != 0)
				return 1;
		return 0;
	}
	return 2;
}
