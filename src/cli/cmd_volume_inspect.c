/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_volume_inspect.c - coracle volume inspect (coracle-volume-inspect(1)) */
#include "coracle/cli/command.h"

#include "coracle/format/output.h"
#include "volumes.h"

#include <string.h>

struct volume_inspect_request {
	char *format;
	bool all;
};

static const struct opt volume_inspect_opts[] = {
	OPT_FLAG('a', "all", struct volume_inspect_request, all, "all volumes"),
	OPT_TEXT('f', "format", struct volume_inspect_request, format, "TEMPLATE",
	         "json (default), or a template such as '{{.Mountpoint}}'"),
	OPT_END,
};

static int volume_inspect_run(struct engine *engine, void *data, const struct texts *operands,
                              struct error *err)
{
	const struct volume_inspect_request *request = data;
	AUTO(volume_list_done) struct list volumes = {0};
	AUTO_JSON json_t *rows = NULL;
	int result = 0;
	int r = 0;

	if (request->all == (operands->count > 0))
		return error_set(err, ERROR_INVALID,
		                 request->all ? "names and --all exclude each other"
		                              : "which volume? give a name, or --all");
	if (request->all)
		r = volume_list(&engine->paths, &volumes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < operands->count; i++) {
		struct volume volume = {0};
		struct error failure = {0};

		r = volume_read(&engine->paths, operands->items[i], &volume, &failure);
		if (r >= 0) {
			*(struct volume *) list_add(&volumes, sizeof volume) = volume;
		} else if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("volume inspect: %s", failure.text);
		}
	}
	rows = volume_rows(&volumes);
	if (volumes.count > 0 || !request->format || strcmp(request->format, "json") == 0) {
		struct error failure = {0};

		r = output_object(rows, request->format, NULL, stdout, &failure);
		if (r < 0 && result == 0) {
			*err = failure;
			result = r;
		}
	}
	return result;
}

const struct command cmd_volume_inspect = {
	.name = "volume inspect",
	.group = "Volumes",
	.summary = "show all that is known of volumes",
	.operands = "VOLUME...",
	.complete = "volume",
	.opts = volume_inspect_opts,
	.request_size = sizeof(struct volume_inspect_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = volume_inspect_run,
};
