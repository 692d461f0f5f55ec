/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.h - one struct a command; the table of all is in cli/commands.c */
#ifndef CORACLE_CLI_COMMAND_H
#define CORACLE_CLI_COMMAND_H

#include "coracle/cli/opts.h"
#include "coracle/engine/engine.h"

#include <stdio.h>

enum command_needs {
	NEEDS_NOTHING = 0,
	NEEDS_ENGINE = 1, /* engine_open before run */
	NEEDS_USERNS = 3, /* and engine_enter: the process works inside the user namespace */
};

struct command {
	const char *name;     /* "run"; "container ls" for one in a group */
	const char *aliases;  /* further full names, separated by '|': "container run" */
	const char *group;    /* heading in coracle --help */
	const char *summary;  /* "run a command in a new container" */
	const char *operands; /* "IMAGE [COMMAND [ARG...]]" */
	const char *complete; /* what completes the operands: as struct opt's */
	const char *example;  /* lines for --help and the man page, NULL: none */
	const struct opt *opts;
	size_t request_size;
	int min_operands, max_operands; /* max -1: any number */
	enum opts_order order;
	enum command_needs needs;
	size_t argv_member; /* offset of a struct texts in the request that shows argv as typed (borrowed); 0: none */
	/* exit status where the error is ERROR_NOT_FOUND or ERROR_CONFLICT (rm: 1 and 2); 0: 125 as for all others */
	int absent_status, conflict_status;
	/*
	 * run - do it and print; returns the exit status 0..255 when it ran, or a negative errno with err.
	 * The caller prints "coracle: NAME: text" and maps err to the documented exit code (error_status).
	 */
	int (*run)(struct engine *engine, void *request, const struct texts *operands, struct error *err);
	bool hidden;
};

extern const struct command *const commands[]; /* NULL-terminated */

/* commands of docker and podman that do not exist here yet: named in the error for an unknown command; NULL-terminated */
extern const char *const commands_missing[];
extern const struct opt global_opts[]; /* in front of the command's name */

/* cli_main - the whole front end; returns the exit status; argv[0] may be coracle, docker or podman */
int cli_main(int argc, char **argv);

/* runtime_main - the command line of an OCI runtime (coracle-runtime(1)); argv[0] is not looked at, argc neither */
int runtime_main(int argc, char **argv);
extern const struct opt runtime_opts[]; /* in front of its commands */

/* error_status - 125, or 126/127 for ERROR_NOT_EXECUTABLE/ERROR_NO_COMMAND, or the command's own (rm: 1 absent, 2 in use) */
int error_status(const struct command *command, const struct error *err) NONNULL(2);

/* --- print.c: the only place that writes to standard output and error --- */
/* print_set_program - from argv[0]: "docker" and "podman" are kept, all else is "coracle" */
void print_set_program(const char *argv0);
const char *print_program(void); /* static */
bool print_is_docker(void);      /* called as docker: its exit statuses, its looks */
void print_line(const char *format, ...) PRINTF(1, 2);
/* print_error - "coracle: text" (or docker's/podman's name when called so) on standard error, one line */
void print_error(const char *format, ...) PRINTF(1, 2);
void print_warning(const char *format, ...) PRINTF(1, 2);
/* print_finish - flush; -errno when standard output could not be written (full disk) */
int print_finish(void) MUST_USE;

/* --- help and completion, from the rows --- */
void help_top(FILE *out);                              /* coracle --help: grouped as a person looks for things */
void help_group(const char *group, FILE *out);         /* coracle container --help */
void help_command(const struct command *command, FILE *out);
int completion_print(const char *shell, FILE *out, struct error *err) MUST_USE; /* bash, zsh, fish */
/* group_summary - what a group of commands ("container", "volume") is for; NULL when there is no such group; static */
const char *group_summary(const char *name) NONNULL(1);
/* group_options - the rows in front of a group's commands; NULL: it has none; static */
const struct opt *group_options(const char *name) NONNULL(1);
/* command_names - append its name and its aliases */
void command_names(const struct command *command, struct texts *out) NONNULL(1, 2);
/* command_find - by the leading words of argv ("container", "ls"); *used words consumed; NULL when unknown */
const struct command *command_find(char *const *argv, size_t *used) NONNULL(1, 2);

#endif
