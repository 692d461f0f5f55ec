/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_unshare.c - coracle unshare: a command in the user namespace of our containers (coracle-unshare(1))
 *
 * This process becomes the command. Its identity is left in the environment for those that keep mounts of
 * fuse-overlayfs (src/image/mount_keeper.c): they end with it instead of keeping the mount namespace for ever.
 */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/image/mount.h"
#include "coracle/sys/process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct opt unshare_opts[] = {
	OPT_REFUSED(0, "rootless-netns", NULL, "there is no network that containers share in this version"),
	OPT_END,
};

static const char *shell(void)
{
	const char *wish = getenv("SHELL");

	return wish && *wish == '/' ? wish : "/bin/sh";
}

static int set_environment(const struct engine *engine, struct error *err)
{
	const char *data = engine->paths.data ? engine->paths.data : "";
	const char *runtime = engine->paths.runtime ? engine->paths.runtime : "";
	AUTO_FREE char *self = xprintf("%d.%" PRIu64, (int) getpid(), process_start_time(getpid()));

	/* inside the caller is root: our own two keep a nested coracle where this one is */
	if (setenv("CONTAINERS_GRAPHROOT", data, 1) < 0 || setenv("CONTAINERS_RUNROOT", runtime, 1) < 0
	    || setenv("CORACLE_ROOT", data, 1) < 0 || setenv("CORACLE_RUNROOT", runtime, 1) < 0
	    || setenv(IMAGE_MOUNT_OWNER, self, 1) < 0)
		return error_errno(err, errno, "setenv");
	return 0;
}

static int unshare_run(struct engine *engine, UNUSED void *request, const struct texts *operands, struct error *err)
{
	AUTO_TEXTS struct texts words = {0};
	int r = set_environment(engine, err);

	if (r < 0)
		return r;
	texts_add_all(&words, operands);
	if (words.count == 0)
		texts_add(&words, shell());
	(void) execvp(words.items[0], words.items);
	return error_set(err, errno == ENOENT ? ERROR_NO_COMMAND : ERROR_NOT_EXECUTABLE, "%.300s: %s", words.items[0],
	                 strerror(errno));
}

const struct command cmd_unshare = {
	.name = "unshare",
	.group = "This program",
	.summary = "run a command, or a shell, as root of the user namespace of your containers",
	.operands = "[COMMAND [ARG...]]",
	.complete = "file",
	.example = "coracle unshare cat /proc/self/uid_map\n"
	           "coracle unshare rm -rf directory-of-a-container",
	.opts = unshare_opts,
	.max_operands = -1,
	.order = OPTS_BEFORE_OPERANDS,
	.needs = NEEDS_USERNS,
	.run = unshare_run,
};
