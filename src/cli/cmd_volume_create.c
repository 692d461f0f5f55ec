/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_volume_create.c - coracle volume create (coracle-volume-create(1)) */
#include "coracle/cli/command.h"

#include "coracle/volume/volume.h"

#include <string.h>

#define NO_CLUSTER "cluster volumes belong to Swarm, which is out of scope"
#define NO_OWNER   "a volume belongs to root inside of containers; -v NAME:DIR:U gives it to the container's user"

struct volume_create_request {
	char *driver, *name;
	struct texts labels, options;
	bool ignore;
};

static const struct opt volume_create_opts[] = {
	OPT_TEXT('d', "driver", struct volume_create_request, driver, "NAME", "only local exists", .complete = "local"),
	OPT_TEXTS('l', "label", struct volume_create_request, labels, "NAME[=VALUE]", "attach a label"),
	OPT_TEXTS('o', "opt", struct volume_create_request, options, "NAME=VALUE",
	          "an option of the driver; see coracle-volume-create(1)"),
	OPT_FLAG(0, "ignore", struct volume_create_request, ignore, "a volume that exists is no error"),
	OPT_TEXT(0, "name", struct volume_create_request, name, "NAME", "the name, as older scripts for docker give it"),
	OPT_REFUSED(0, "uid", "UID", NO_OWNER),
	OPT_REFUSED(0, "gid", "GID", NO_OWNER),
	OPT_REFUSED(0, "availability", "WORD", NO_CLUSTER),
	OPT_REFUSED(0, "group", "NAME", NO_CLUSTER),
	OPT_REFUSED(0, "limit-bytes", "SIZE", NO_CLUSTER),
	OPT_REFUSED(0, "required-bytes", "SIZE", NO_CLUSTER),
	OPT_REFUSED(0, "scope", "WORD", NO_CLUSTER),
	OPT_REFUSED(0, "secret", "NAME=VALUE", NO_CLUSTER),
	OPT_REFUSED(0, "sharing", "WORD", NO_CLUSTER),
	OPT_REFUSED(0, "topology-preferred", "TOPOLOGY", NO_CLUSTER),
	OPT_REFUSED(0, "topology-required", "TOPOLOGY", NO_CLUSTER),
	OPT_REFUSED(0, "type", "WORD", NO_CLUSTER),
	OPT_END,
};

static void set_all(struct pairs *pairs, const struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		pairs_set_text(pairs, texts->items[i]);
}

static int volume_create_run(struct engine *engine, void *data, const struct texts *operands,
                             struct error *err)
{
	const struct volume_create_request *request = data;
	AUTO_PAIRS struct pairs labels = {0};
	AUTO_PAIRS struct pairs options = {0};
	AUTO(volume_done) struct volume volume = {0};
	/* docker creates what exists once more; podman refuses */
	bool any = request->ignore || print_is_docker();
	const char *name = operands->count ? operands->items[0] : request->name;
	int r;

	if (request->driver && strcmp(request->driver, "local") != 0)
		return error_set(err, ERROR_UNSUPPORTED, "option --driver: there is no driver \"%.200s\", only local",
		                 request->driver);
	if (request->name && operands->count)
		return error_set(err, ERROR_INVALID, "the name is given twice: leave --name away");
	set_all(&labels, &request->labels);
	set_all(&options, &request->options);
	r = volume_create(&engine->paths, name, &labels, &options,
	                  any ? VOLUME_MAKE_ANY : VOLUME_MAKE_NEW, &volume, err);
	if (r < 0)
		return r;
	print_line("%s", volume.name);
	return 0;
}

const struct command cmd_volume_create = {
	.name = "volume create",
	.group = "Volumes",
	.summary = "make a volume",
	.operands = "[NAME]",
	.opts = volume_create_opts,
	.request_size = sizeof(struct volume_create_request),
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = volume_create_run,
};
