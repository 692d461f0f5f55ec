/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.c - directories of configuration files, from the environment (XDG Base Directory Specification) */
#include "coracle/conf/places.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"
#include "coracle/conf/paths.h"
#include "coracle/sys/process.h"

/* user_directory - owned "$variable/name" when that is absolute, else "home/usual/name", else NULL */
static char *user_directory(const char *variable, const char *home, const char *usual, const char *name)
{
	const char *value = getenv(variable);

	if (value && *value == '/')
		return path_join(value, name);
	return home && usual ? xprintf("%s/%s/%s", home, usual, name) : NULL;
}

void places_find(const char *root, struct places *out)
{
	AUTO_PATHS struct paths paths = {.data_fd = -1, .runtime_fd = -1};
	const char *docker = getenv("DOCKER_CONFIG");

	paths_guess(&paths);
	*out = (struct places) {
		.vendor = xprintf("%s/usr/share/containers", root),
		.system = xprintf("%s/etc/containers", root),
		.docker = xprintf("%s/etc/docker", root),
	};
	out->home = TAKE_PTR(paths.home);
	out->user = user_directory("XDG_CONFIG_HOME", out->home, ".config", "containers");
	out->user_docker = user_directory("XDG_CONFIG_HOME", out->home, ".config", "docker");
	out->runtime = user_directory("XDG_RUNTIME_DIR", NULL, NULL, "containers");
	/* not in a user namespace where root is merely mapped */
	out->cache = geteuid() == 0 && process_in_first_userns()
	                     ? xprintf("%s/var/cache/containers", root)
	                     : user_directory("XDG_CACHE_HOME", out->home, ".cache", "containers");
	if (docker && *docker)
		out->docker_config = path_clean(docker);
	else
		out->docker_config = out->home ? xprintf("%s/.docker", out->home) : NULL;
}

void places_done(struct places *places)
{
	free(places->vendor);
	free(places->system);
	free(places->docker);
	free(places->home);
	free(places->user);
	free(places->user_docker);
	free(places->docker_config);
	free(places->runtime);
	free(places->cache);
	*places = (struct places) {0};
}
