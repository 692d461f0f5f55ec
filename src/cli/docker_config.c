/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docker_config.c - $DOCKER_CONFIG/config.json, else ~/.docker/config.json (docker(1), CONFIGURATION FILES) */
#include "docker_config.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"

#include <fcntl.h>

#define CONFIG_MAX_BYTES (1u << 20)

static char *config_path(void)
{
	const char *directory = getenv("DOCKER_CONFIG");
	const char *home = getenv("HOME");

	if (directory && *directory)
		return xprintf("%s/config.json", directory);
	return home && *home ? xprintf("%s/.docker/config.json", home) : NULL;
}

/* The file is another program's: what is wrong with it must not stop a container. */
char *docker_config_text(const char *key)
{
	AUTO_FREE char *path = config_path();
	AUTO_FREE char *bytes = NULL;
	AUTO_JSON json_t *config = NULL;
	const char *value;
	struct error err = {0};
	size_t length = 0;

	if (!path || file_read(AT_FDCWD, path, CONFIG_MAX_BYTES, &bytes, &length) < 0)
		return NULL;
	config = json_parse(bytes, length, &err);
	if (!config)
		log_debug("%s: %s", path, err.text);
	value = json_string_value(json_object_get(config, key));
	return value && *value ? xstrdup(value) : NULL;
}
