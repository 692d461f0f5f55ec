/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_spec.c - coracle runtime spec and features: documents (coracle-runtime-spec(1)) */
#include "runtime.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/lifecycle/default_spec.h"
#include "coracle/lifecycle/features.h"

#include <fcntl.h>
#include <string.h>

struct spec_request {
	char *bundle;
	bool rootless;
};

static const struct opt spec_opts[] = {
	OPT_TEXT('b', "bundle", struct spec_request, bundle, "DIR", "write it there; default: the working directory",
	         .complete = "file"),
	OPT_FLAG(0, "rootless", struct spec_request, rootless, "for a caller with one id only"),
	OPT_END,
};

static int spec_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct spec_request *request = data;
	AUTO_FREE char *path = path_join(request->bundle ? request->bundle : ".", "config.json");
	AUTO_JSON json_t *json = default_spec(request->rootless);
	AUTO_FREE char *text = json_text(json, JSON_INDENT(2));
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	(void) engine;
	(void) operands;
	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_CONFLICT, "%s exists already: remove it first, or choose a --bundle DIR", path);
	if (fd < 0)
		return error_errno(err, errno, "%s", path);
	if (write_all(fd, text, strlen(text)) < 0 || write_all(fd, "\n", 1) < 0) {
		(void) error_errno(err, errno, "write %s", path);
		(void) unlink(path);
		return -EIO;
	}
	return 0;
}

static int features_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	AUTO_JSON json_t *json = features_document();

	(void) engine;
	(void) data;
	(void) operands;
	(void) err;
	runtime_print_json(json);
	return 0;
}

static const struct opt no_opts[] = {OPT_END};

const struct command cmd_runtime_spec = {
	.name = "runtime spec",
	.group = "OCI runtime",
	.summary = "write a config.json to begin with",
	.operands = "",
	.example = "coracle runtime spec --rootless --bundle /srv/web",
	.opts = spec_opts,
	.request_size = sizeof(struct spec_request),
	.max_operands = 0,
	.run = spec_run,
};

const struct command cmd_runtime_features = {
	.name = "runtime features",
	.group = "OCI runtime",
	.summary = "print what this runtime can do as JSON",
	.operands = "",
	.example = "coracle runtime features",
	.opts = no_opts,
	.max_operands = 0,
	.run = features_run,
};
