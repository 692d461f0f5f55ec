/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_completion.c - coracle completion SHELL: the completion script (coracle-completion(1)) */
#include "coracle/cli/command.h"

#include <string.h>

struct completion_request {
	char *file;
};

static const struct opt completion_opts[] = {
	OPT_TEXT('f', "file", struct completion_request, file, "FILE", "write it to a file", .complete = "file"),
	OPT_IGNORED(0, "no-desc", NULL, "bash shows no descriptions, zsh and fish may be told not to"),
	OPT_END,
};

static int completion_run(UNUSED struct engine *engine, void *data, const struct texts *operands,
                          struct error *err)
{
	const struct completion_request *request = data;
	FILE *out;
	int r;

	if (!request->file)
		return completion_print(operands->items[0], stdout, err);
	out = fopen(request->file, "we");
	if (!out)
		return error_errno(err, errno, "%s", request->file);
	r = completion_print(operands->items[0], out, err);
	if (fclose(out) != 0 && r >= 0)
		r = error_errno(err, errno, "%s", request->file);
	return r;
}

const struct command cmd_completion = {
	.name = "completion",
	.group = "This program",
	.summary = "print the completion script of a shell",
	.operands = "bash|zsh|fish",
	.complete = "bash|zsh|fish",
	.example = "coracle completion bash > ~/.local/share/bash-completion/completions/coracle",
	.opts = completion_opts,
	.request_size = sizeof(struct completion_request),
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_NOTHING,
	.run = completion_run,
};
