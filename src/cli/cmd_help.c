/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_help.c - coracle help COMMAND, for those who type it so */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"

static const struct opt help_opts[] = {OPT_END};

static int help_run(UNUSED struct engine *engine, UNUSED void *request, const struct texts *operands,
                    struct error *err)
{
	const struct command *command;
	size_t used = 0;

	if (operands->count == 0) {
		help_top(stdout);
		return 0;
	}
	command = command_find(operands->items, &used);
	if (command && used == operands->count) {
		help_command(command, stdout);
		return 0;
	}
	if (operands->count == 1 && group_summary(operands->items[0])) {
		help_group(operands->items[0], stdout);
		return 0;
	}
	return error_set(err, ERROR_INVALID, "there is no command \"%.200s%s%.200s\"", operands->items[0],
	                 operands->count > 1 ? " " : "", operands->count > 1 ? operands->items[1] : "");
}

const struct command cmd_help = {
	.name = "help",
	.group = "This program",
	.summary = "tell what a command takes",
	.operands = "[COMMAND]",
	.complete = "command",
	.opts = help_opts,
	.max_operands = 2,
	.needs = NEEDS_NOTHING,
	.run = help_run,
};
