/* SPDX-License-Identifier: GPL-2.0-or-later */
/* environment.c - environment files of create, run and exec; see environment.h */
#include "environment.h"

#include "coracle/base/file.h"
#include "coracle/parse/parse.h"

#include <fcntl.h>
#include <stdlib.h>

#define ENV_FILE_MAX_BYTES (4 << 20)

static const char *host_variable(const char *key)
{
	return getenv(key);
}

int environment_read_files(const struct texts *files, struct texts *env, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		AUTO_TEXTS struct texts lines = {0};
		AUTO_FREE char *text = NULL;
		size_t length;
		int r = file_read_stream(AT_FDCWD, files->items[i], ENV_FILE_MAX_BYTES, &text, &length);

		if (r < 0)
			return error_errno(err, -r, "--env-file %s", files->items[i]);
		r = parse_env_file(text, length, files->items[i], host_variable, &lines, err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < lines.count; k++)
			texts_env_set(env, lines.items[k]);
	}
	return 0;
}
