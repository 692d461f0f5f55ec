/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_hidden.c - what completion scripts (__complete) and lints (__commands, __rows) ask */
#include "coracle/cli/command.h"

#include "coracle/container/container.h"
#include "coracle/image/image.h"
#include "coracle/lifecycle/lifecycle.h"
#include "coracle/sys/names.h"
#include "coracle/volume/volume.h"

#include <signal.h>
#include <string.h>

static const struct opt no_opts[] = {OPT_END};

static void print_match(const char *word, const char *prefix)
{
	if (strncmp(word, prefix, strlen(prefix)) == 0)
		print_line("%s", word);
}

static int complete_containers(struct engine *engine, const char *what, const char *prefix, struct error *err)
{
	AUTO_CONTAINERS struct list containers = {0};
	bool running = strcmp(what, "running") == 0;
	int r = state_list(&engine->paths, running ? STATE_LIVE : STATE_ALL, STATE_SUMMARY, &containers,
	                   err);

	if (r < 0)
		return r;
	LIST_EACH(const struct container, container, &containers) {
		if (running && container->status != STATUS_RUNNING && container->status != STATUS_RESTARTING)
			continue;
		if (container->name)
			print_match(container->name, prefix);
		/* ids only where somebody began to type one */
		if (*prefix && container->id)
			print_match(container->id, prefix);
	}
	return 0;
}

/* "docker.io/library/debian:12" is also what "debian:12" and "library/debian:12" stand for. */
static int complete_images(struct engine *engine, const char *prefix, struct error *err)
{
	AUTO_PAIRS struct pairs names = {0};
	struct store *store = engine_store(engine, err);
	int r = store ? ref_list(store, &names, err) : -EIO;

	if (r < 0)
		return r;
	print_match(IMAGE_HOST, prefix);
	for (size_t i = 0; i < names.count; i++) {
		static const char *const implied[] = {"", "docker.io/library/", "docker.io/", "localhost/"};
		const char *name = names.items[i].key;

		for (size_t j = 0; j < ARRAY_LEN(implied); j++)
			if (strncmp(name, implied[j], strlen(implied[j])) == 0)
				print_match(name + strlen(implied[j]), prefix);
	}
	return 0;
}

static int complete_volumes(struct engine *engine, const char *prefix, struct error *err)
{
	struct list volumes = {0};
	int r = volume_list(&engine->paths, &volumes, err);

	if (r < 0)
		return r;
	LIST_EACH(const struct volume, volume, &volumes)
		if (volume->name)
			print_match(volume->name, prefix);
	volume_list_done(&volumes);
	return 0;
}

static int complete_bundles(const char *prefix, struct error *err)
{
	struct lifecycle lifecycle = {.root_fd = -1};
	AUTO_TEXTS struct texts ids = {0};
	int r = lifecycle_open(NULL, &lifecycle, err);

	if (r >= 0)
		r = lifecycle_ids(&lifecycle, &ids, err);
	for (size_t i = 0; r >= 0 && i < ids.count; i++)
		print_match(ids.items[i], prefix);
	lifecycle_close(&lifecycle);
	return r;
}

static void complete_signals(const char *prefix)
{
	char room[16];

	for (int i = 1; i < SIGRTMIN; i++) {
		const char *name = signal_name(i, room);

		if (!name)
			continue;
		print_match(name, prefix);
		print_match(name + 3, prefix);
	}
}

static void complete_commands(const char *prefix)
{
	for (const struct command *const *at = commands; *at; at++)
		if (!(*at)->hidden && !strchr((*at)->name, ' '))
			print_match((*at)->name, prefix);
}

static int complete_stored(const char *what, const char *prefix, struct error *err)
{
	struct engine engine = {.paths = {.data_fd = -1, .runtime_fd = -1}};
	int r = engine_open(&engine, err);

	if (r >= 0 && strcmp(what, "image") == 0)
		r = complete_images(&engine, prefix, err);
	else if (r >= 0 && strcmp(what, "volume") == 0)
		r = complete_volumes(&engine, prefix, err);
	else if (r >= 0)
		r = complete_containers(&engine, what, prefix, err);
	engine_close(&engine);
	return r;
}

static int complete_run(UNUSED struct engine *engine, UNUSED void *request, const struct texts *operands,
                        struct error *err)
{
	static const char *const stored[] = {"container", "running", "image", "volume"};
	const char *what = operands->items[0];
	const char *prefix = operands->count > 1 ? operands->items[1] : "";

	for (size_t i = 0; i < ARRAY_LEN(stored); i++)
		if (strcmp(what, stored[i]) == 0)
			return complete_stored(what, prefix, err);
	if (strcmp(what, "runtime-container") == 0)
		return complete_bundles(prefix, err);
	if (strcmp(what, "signal") == 0)
		complete_signals(prefix);
	else if (strcmp(what, "command") == 0)
		complete_commands(prefix);
	return 0;
}

static int commands_run(UNUSED struct engine *engine, UNUSED void *request,
                        UNUSED const struct texts *operands, UNUSED struct error *err)
{
	for (const struct command *const *at = commands; *at; at++)
		if (!(*at)->hidden)
			print_line("%s", (*at)->name);
	return 0;
}

static const char *type_name(enum opt_type type)
{
	switch (type) {
	case OPT_TYPE_FLAG:
	case OPT_TYPE_OPT_FLAG:
		return "flag";
	case OPT_TYPE_TEXT:
	case OPT_TYPE_OPT_TEXT:
		return "text";
	case OPT_TYPE_TEXTS:
		return "texts";
	case OPT_TYPE_LIST:
		return "list";
	case OPT_TYPE_INT:
	case OPT_TYPE_OPT_INT:
		return "int";
	case OPT_TYPE_UINT:
	case OPT_TYPE_OPT_UINT:
		return "uint";
	case OPT_TYPE_REFUSED:
		return "refused";
	case OPT_TYPE_IGNORED:
		return "ignored";
	case OPT_TYPE_END:
	case OPT_TYPE_GROUP:
	case OPT_TYPE_INCLUDE:
		break;
	}
	return "";
}

struct rows_request {
	bool help;
};

static const struct opt rows_opts[] = {
	OPT_FLAG(0, "help-text", struct rows_request, help, "also the headings and the words of --help"),
	OPT_END,
};

static int print_row(const struct opt *row, void *data)
{
	const struct rows_request *request = data;

	if (row->type == OPT_TYPE_GROUP) {
		if (request->help)
			print_line("\t%s\t\tgroup\t", row->name);
		return 0;
	}
	(void) fprintf(stdout, "%.1s\t%s\t%s\t%s%s", row->letter ? (const char[]){row->letter, '\0'} : "",
	               row->name ? row->name : "", row->arg ? row->arg : "", row->hidden ? "hidden " : "",
	               type_name(row->type));
	print_line("%s%s", request->help ? "\t" : "", request->help ? row->help : "");
	return 0;
}

/* Without a command: the options in front of commands; with a group those in front of its commands. */
static int rows_run(UNUSED struct engine *engine, void *request, const struct texts *operands,
                    struct error *err)
{
	const struct command *command;
	size_t used = 0;

	if (operands->count == 0) {
		(void) opts_each(global_opts, print_row, request);
		return 0;
	}
	if (operands->count == 1 && group_options(operands->items[0])) {
		(void) opts_each(group_options(operands->items[0]), print_row, request);
		return 0;
	}
	command = command_find(operands->items, &used);
	if (!command || used != operands->count)
		return error_set(err, ERROR_INVALID, "there is no command \"%.200s\"", operands->items[0]);
	(void) opts_each(command->opts, print_row, request);
	return 0;
}

const struct command cmd_complete = {
	.name = "__complete",
	.group = "",
	.summary = "print words that fit",
	.opts = no_opts,
	.order = OPTS_BEFORE_OPERANDS,
	.min_operands = 1,
	.max_operands = 2,
	.needs = NEEDS_NOTHING, /* opens the engine where the words need it */
	.hidden = true,
	.run = complete_run,
};

const struct command cmd_commands = {
	.name = "__commands",
	.group = "",
	.summary = "print the names of all commands",
	.opts = no_opts,
	.needs = NEEDS_NOTHING,
	.hidden = true,
	.run = commands_run,
};

const struct command cmd_rows = {
	.name = "__rows",
	.group = "",
	.summary = "print the options of a command: LETTER, NAME, ARG, TYPE",
	.opts = rows_opts,
	.request_size = sizeof(struct rows_request),
	.max_operands = 2,
	.needs = NEEDS_NOTHING,
	.hidden = true,
	.run = rows_run,
};
