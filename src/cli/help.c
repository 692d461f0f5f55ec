/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help.c - --help of the program, of groups and of commands, from the rows */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/text.h"
#include "coracle/sys/tty.h"

#include <string.h>

#define HELP_COLUMN 34 /* where explanations begin */
#define HELP_WIDTH  96

static const struct {
	const char *name, *summary;
} groups[] = {
	{"container", "containers: run, start, stop, rm, prune, ps, logs, exec..."},
	{"image", "images: ls, pull, push, copy, load, save, tag, rm, prune, check, history, tree, diff, mount..."},
	{"manifest", "manifest lists, one name for several platforms: create, add, annotate, inspect, push, rm..."},
	{"buildx", "of docker buildx: imagetools inspect"},
	{"store", "image stores that are shared: create, add, ls, rm"},
	{"volume", "volumes: create, ls, inspect, rm, prune"},
	{"system", "this machine and this store: info, df, check, prune"},
	{"runtime", "OCI runtime for other engines: create, start, run, exec, state, kill, delete..."},
};

/* headings of coracle --help, in the order in which a person looks for things */
static const char *const headings[] = {
	"Containers", "Look", "Images", "Registries", "Shared image stores",
	"Volumes", "OCI runtime", "This program",
};

const char *group_summary(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			return groups[i].summary;
	return NULL;
}

const struct opt *group_options(const char *name)
{
	return strcmp(name, "runtime") == 0 ? runtime_opts : NULL;
}

static size_t screen_width(FILE *out)
{
	struct tty_size size = {0};

	if (isatty(fileno(out)) && tty_get_size(fileno(out), &size) >= 0 && size.columns > HELP_COLUMN + 20)
		return MIN((size_t) size.columns, HELP_WIDTH);
	return HELP_WIDTH;
}

/* words from column on, broken at blanks; used is where the line stands already */
static void print_wrapped(FILE *out, const char *words, size_t used, size_t column)
{
	size_t width = screen_width(out);
	bool first = true;

	while (*words) {
		size_t len = strcspn(words, " ");

		if (used < column || (!first && used + 1 + len > width)) {
			if (!first || used > column)
				(void) fprintf(out, "\n%*s", (int) column, "");
			else
				(void) fprintf(out, "%*s", (int) (column - used), "");
			used = column;
		} else if (!first) {
			(void) putc(' ', out);
			used++;
		}
		(void) fprintf(out, "%.*s", (int) len, words);
		used += len;
		words += len;
		words += strspn(words, " ");
		first = false;
	}
	(void) putc('\n', out);
}

static void print_entry(FILE *out, const char *label, const char *words)
{
	int used = fprintf(out, "  %s", label);

	if (used < 0)
		return;
	if (used + 2 > HELP_COLUMN) {
		(void) putc('\n', out);
		used = 0;
	}
	print_wrapped(out, words, (size_t) used, HELP_COLUMN);
}

/* "-e, --env NAME[=VALUE]"; owned */
static char *option_label(const struct opt *row)
{
	AUTO_TEXT struct text label = TEXT_INIT(400);

	if (row->letter)
		(void) text_printf(&label, "-%c%s", row->letter, row->name ? ", " : "");
	else
		(void) text_add(&label, "    ");
	if (row->name)
		(void) text_printf(&label, "--%s", row->name);
	if (row->arg)
		(void) text_printf(&label, " %s", row->arg);
	return text_take(&label);
}

struct printer {
	FILE *out;
	enum opt_type only; /* REFUSED or IGNORED: these alone; END: all others */
	bool any;
};

static int print_row(const struct opt *row, void *data)
{
	struct printer *printer = data;
	AUTO_FREE char *label = NULL;
	bool other = row->type == OPT_TYPE_REFUSED || row->type == OPT_TYPE_IGNORED;

	if (row->hidden || (printer->only == OPT_TYPE_END ? other : row->type != printer->only))
		return 0;
	if (row->type == OPT_TYPE_GROUP) {
		(void) fprintf(printer->out, "%s%s:\n", printer->any ? "\n" : "", row->name);
		printer->any = true;
		return 0;
	}
	if (!printer->any)
		(void) fprintf(printer->out, "%s:\n",
		               printer->only == OPT_TYPE_END       ? "Options"
		               : printer->only == OPT_TYPE_REFUSED ? "\nRefused"
		                                                   : "\nAccepted without effect");
	printer->any = true;
	label = option_label(row);
	print_entry(printer->out, label, row->help);
	return 0;
}

static int print_name(const struct opt *row, void *data)
{
	struct printer *printer = data;

	if (row->type == printer->only && !row->hidden) {
		(void) fprintf(printer->out, "%s--%s", printer->any ? ", " : "", row->name);
		printer->any = true;
	}
	return 0;
}

static void print_options(const struct opt *rows, FILE *out)
{
	static const enum opt_type parts[] = {OPT_TYPE_END, OPT_TYPE_IGNORED, OPT_TYPE_REFUSED};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct printer printer = {.out = out, .only = parts[i]};

		(void) opts_each(rows, print_row, &printer);
	}
}

/* Commands under one heading; those with two words show as such. */
static void print_commands(const char *heading, FILE *out)
{
	(void) fprintf(out, "\n%s:\n", heading);
	for (const struct command *const *at = commands; *at; at++) {
		const struct command *command = *at;

		if (command->hidden || strcmp(command->group, heading) != 0)
			continue;
		/* "container inspect" and "image inspect" are narrower forms of "inspect" */
		if (strstr(command->name, " inspect") && strcmp(heading, "Volumes") != 0)
			continue;
		(void) fprintf(out, "  %-18s  %s\n", command->name, command->summary);
	}
}

void help_top(FILE *out)
{
	const char *program = print_program();
	struct printer options = {.out = out};
	struct printer ignored = {.out = out, .only = OPT_TYPE_IGNORED};

	(void) fprintf(out,
	               "%s: containers for an ordinary user, without a daemon\n\n"
	               "  %s [OPTIONS] COMMAND ...\n"
	               "  %s COMMAND --help          what a command takes\n"
	               "  %s run --rm host: ls /     a first container, with nothing downloaded\n",
	               program, program, program, program);
	for (size_t i = 0; i < ARRAY_LEN(headings); i++)
		print_commands(headings[i], out);
	(void) fputs("\nGroups, with the same commands as docker and podman know them:\n", out);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		(void) fprintf(out, "  %-18s  %s\n", groups[i].name, groups[i].summary);
	(void) putc('\n', out);
	(void) opts_each(global_opts, print_row, &options);
	/* why, says coracle(1): the list would bury the rest */
	(void) fputs("\nAccepted without effect: ", out);
	(void) opts_each(global_opts, print_name, &ignored);
	(void) putc('\n', out);
}

void help_group(const char *group, FILE *out)
{
	size_t len = strlen(group);
	const struct opt *options = group_options(group);

	(void) fprintf(out, "%s %s %sCOMMAND ...\n\n", print_program(), group, options ? "[OPTIONS] " : "");
	for (const struct command *const *at = commands; *at; at++) {
		AUTO_TEXTS struct texts names = {0};

		if ((*at)->hidden)
			continue;
		command_names(*at, &names);
		/* the first name that belongs to the group */
		for (size_t i = 0; i < names.count; i++) {
			const char *name = names.items[i];

			if (strncmp(name, group, len) != 0 || name[len] != ' ')
				continue;
			(void) fprintf(out, "  %-18s  %s\n", name + len + 1, (*at)->summary);
			break;
		}
	}
	if (options) {
		(void) fprintf(out, "\n  %s %s COMMAND --help  what a command takes\n\n", print_program(), group);
		print_options(options, out);
	}
}

static void print_lines(FILE *out, const char *title, const char *text)
{
	AUTO_TEXTS struct texts lines = {0};

	(void) fprintf(out, "\n%s:\n", title);
	texts_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++)
		(void) fprintf(out, "  %s\n", lines.items[i]);
}

void help_command(const struct command *command, FILE *out)
{
	(void) fprintf(out, "%s %s [OPTIONS]%s%s\n\n  %s\n", print_program(), command->name,
	               command->operands ? " " : "", command->operands ? command->operands : "",
	               command->summary);
	if (command->aliases) {
		AUTO_TEXTS struct texts names = {0};
		AUTO_FREE char *joined = NULL;

		texts_split(&names, command->aliases, '|');
		joined = texts_join(&names, ", ");
		(void) fprintf(out, "  also: %s\n", joined);
	}
	if (command->example)
		print_lines(out, "Examples", command->example);
	if (command->opts->type != OPT_TYPE_END) {
		(void) putc('\n', out);
		print_options(command->opts, out);
	}
}
