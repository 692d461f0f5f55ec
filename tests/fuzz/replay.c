/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c - gives every file of the folders named to the fuzz target, as a plain program */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *bytes = malloc(1 << 20);
	size_t size;

	if (!file || !bytes) {
		perror(path);
		return -1;
	}
	size = fread(bytes, 1, 1 << 20, file);
	/* an exact-size copy, so that the address sanitizer sees a read past the end */
	bytes = realloc(bytes, size ? size : 1);
	(void) LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return fclose(file);
}

static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	int count = 0;

	if (!dir) {
		perror(folder);
		return -1;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		(void) snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (replay_file(path) < 0) {
			(void) closedir(dir);
			return -1;
		}
		count++;
	}
	(void) closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = replay_folder(argv[i]);

		if (count < 0)
			return 1;
		total += count;
	}
	/* a corpus that vanished must not pass */
	if (total == 0) {
		(void) fprintf(stderr, "no corpus file found\n");
		return 1;
	}
	(void) printf("%d inputs replayed\n", total);
	return 0;
}
