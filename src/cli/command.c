/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - from argv to a command's run(), and from its error to an exit status */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/log.h"

#include <string.h>
#include <sys/statvfs.h>

#define DISK_FULL_BYTES (1u << 20)

struct globals {
	bool version, debug;
	char *root, *runroot, *log_level, *storage_driver, *cgroup_manager;
};

#define REMOTE  "there is no server to connect to: containers run as children of this program"
#define HELPERS "the place of this program's parts is not configurable"
#define NO_FILE "no configuration file of docker is needed here; credentials come by `login`"

const struct opt global_opts[] = {
	OPT_TEXT(0, "root", struct globals, root, "DIR", "keep images and containers in DIR instead of ~/.local/share/coracle",
	         .complete = "file"),
	OPT_TEXT(0, "runroot", struct globals, runroot, "DIR",
	         "keep what does not survive a reboot in DIR instead of $XDG_RUNTIME_DIR/coracle", .complete = "file"),
	OPT_TEXT(0, "storage-driver", struct globals, storage_driver, "NAME",
	         "make root file systems with overlay, fuse-overlayfs or vfs; default: the first that works",
	         .complete = "overlay|fuse-overlayfs|vfs"),
	OPT_TEXT(0, "cgroup-manager", struct globals, cgroup_manager, "NAME",
	         "make cgroups with cgroupfs, systemd or not at all (disabled); default: what the session lets",
	         .complete = "cgroupfs|systemd|disabled"),
	OPT_TEXT('l', "log-level", struct globals, log_level, "LEVEL",
	         "what to tell on standard error: debug, info, warn, error", .complete = "debug|info|warn|error"),
	OPT_FLAG('D', "debug", struct globals, debug, "the same as --log-level debug"),
	OPT_FLAG('v', "version", struct globals, version, "print the version and stop"),
	OPT_IGNORED(0, "config", "DIR", NO_FILE),
	OPT_IGNORED('c', "context", "NAME", REMOTE),
	OPT_IGNORED('H', "host", "SOCKET", REMOTE),
	OPT_IGNORED(0, "events-backend", "NAME", "there is no journal of events in this version"),
	OPT_IGNORED(0, "conmon", "PATH", HELPERS),
	OPT_IGNORED(0, "network-cmd-path", "PATH", HELPERS),
	OPT_IGNORED(0, "network-config-dir", "DIR", "there are no named networks in this version"),
	OPT_IGNORED(0, "syslog", NULL, "messages go to standard error only"),
	OPT_IGNORED(0, "tmpdir", "DIR", "temporary files live beside what they become"),
	OPT_REFUSED(0, "cdi-spec-dir", "DIR", "CDI devices are not in this version; pass the nodes with run --device"),
	OPT_REFUSED(0, "connection", "NAME", REMOTE),
	OPT_REFUSED(0, "hooks-dir", "DIR", "OCI hooks are not in this version"),
	OPT_REFUSED(0, "identity", "FILE", REMOTE),
	OPT_REFUSED(0, "imagestore", "DIR", "images can't be kept apart from containers; --root moves both"),
	OPT_REFUSED(0, "module", "FILE", "further files of containers.conf are named with $CONTAINERS_CONF_OVERRIDE"),
	OPT_REFUSED(0, "namespace", "NAME", "views of the store are made with --root"),
	OPT_REFUSED(0, "noout", NULL, "redirect standard output to /dev/null"),
	OPT_REFUSED(0, "out", "FILE", "redirect standard output to the file"),
	OPT_REFUSED('r', "remote", NULL, REMOTE),
	OPT_REFUSED(0, "runtime", "PROGRAM", "containers are started by coracle itself, not by another runtime"),
	OPT_REFUSED(0, "runtime-flag", "FLAG", "containers are started by coracle itself, not by another runtime"),
	OPT_REFUSED(0, "ssh", "MODE", REMOTE),
	OPT_REFUSED(0, "storage-opt", "NAME=VALUE", "the storage drivers have no options"),
	OPT_REFUSED(0, "tls", NULL, REMOTE),
	OPT_REFUSED(0, "tls-ca", "FILE", REMOTE),
	OPT_REFUSED(0, "tls-cert", "FILE", REMOTE),
	OPT_REFUSED(0, "tls-details", "FILE", REMOTE),
	OPT_REFUSED(0, "tls-key", "FILE", REMOTE),
	OPT_REFUSED(0, "tlscacert", "FILE", REMOTE),
	OPT_REFUSED(0, "tlscert", "FILE", REMOTE),
	OPT_REFUSED(0, "tlskey", "FILE", REMOTE),
	OPT_REFUSED(0, "tlsverify", NULL, REMOTE),
	OPT_REFUSED(0, "transient-store", NULL, "a store in memory is made with --root on a tmpfs"),
	OPT_REFUSED(0, "url", "URL", REMOTE),
	OPT_REFUSED(0, "volumepath", "DIR", "volumes live below --root"),
	OPT_END,
};

/* "rm" in "container rm|container remove" */
static bool has_alias(const char *aliases, const char *name, size_t len)
{
	for (const char *at = aliases; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == len && memcmp(at, name, len) == 0)
			return true;
	return false;
}

static const struct command *find(const char *name)
{
	size_t len = strlen(name);

	for (const struct command *const *at = commands; *at; at++)
		if (strcmp((*at)->name, name) == 0 || has_alias((*at)->aliases, name, len))
			return *at;
	return NULL;
}

const struct command *command_find(char *const *argv, size_t *used)
{
	const struct command *command;

	*used = 0;
	if (!argv[0])
		return NULL;
	*used = 1;
	if (!group_summary(argv[0]))
		return strchr(argv[0], ' ') ? NULL : find(argv[0]);
	if (!argv[1] || argv[1][0] == '-')
		return NULL;

	AUTO_FREE char *both = xprintf("%s %s", argv[0], argv[1]);

	command = find(both);
	if (command)
		*used = 2;
	return command;
}

void command_names(const struct command *command, struct texts *out)
{
	texts_add(out, command->name);
	if (command->aliases)
		texts_split(out, command->aliases, '|');
}

/* The names that fit behind group, or without one those of one word; owned array of owned strings. */
static void names_collect(const char *group, struct texts *out)
{
	size_t group_len = group ? strlen(group) : 0;

	for (const struct command *const *at = commands; *at; at++) {
		AUTO_TEXTS struct texts names = {0};

		if ((*at)->hidden)
			continue;
		command_names(*at, &names);
		for (size_t i = 0; i < names.count; i++) {
			const char *name = names.items[i];
			const char *space = strchr(name, ' ');

			if (!group && !space)
				texts_add(out, name);
			else if (group && space && (size_t) (space - name) == group_len
			         && memcmp(name, group, group_len) == 0)
				texts_add(out, space + 1);
		}
	}
	for (size_t i = 0; !group && commands_missing[i]; i++)
		texts_add(out, commands_missing[i]);
}

static bool is_missing(const char *name)
{
	for (size_t i = 0; commands_missing[i]; i++)
		if (strcmp(commands_missing[i], name) == 0)
			return true;
	return false;
}

static void tell_unknown(const char *group, const char *word)
{
	AUTO_TEXTS struct texts names = {0};
	AUTO_FREE char *full = group ? xprintf("%s %s", group, word) : xstrdup(word);
	const char *close;

	if (is_missing(full)) {
		print_error("\"%s\" is not in this version; what there is: %s --help", full,
		            print_program());
		return;
	}
	names_collect(group, &names);
	close = names.count ? nearest(word, (const char *const *) names.items, names.count) : NULL;
	if (close)
		print_error("unknown command \"%.200s\"; did you mean \"%s%s%s\"?", full,
		            group ? group : "", group ? " " : "", close);
	else
		print_error("unknown command \"%.200s\"; what there is: %s %s%s--help", full,
		            print_program(), group ? group : "", group ? " " : "");
}

/* docker's own messages of use have 1, except where an option is wrong. */
static int usage_status(void)
{
	return print_is_docker() ? 1 : 125;
}

/* exitcodes: section 1.2; docker tells templates that can't be parsed from those that can't be run. */
static int docker_status(const struct command *command, const struct error *err)
{
	if (strncmp(err->text, "template parsing error", 22) == 0)
		return strstr(err->text, "executing \"\" at") ? 1 : 64;
	if (strcmp(command->name, "run") == 0 || strcmp(command->name, "create") == 0)
		return 125;
	return 1;
}

int error_status(const struct command *command, const struct error *err)
{
	if (err->kind == ERROR_NOT_EXECUTABLE)
		return 126;
	if (err->kind == ERROR_NO_COMMAND)
		return 127;
	/* by ctrl-C, as a shell has it */
	if (err->errnum == EINTR)
		return 130;
	if (command && print_is_docker())
		return docker_status(command, err);
	if (command && err->kind == ERROR_NOT_FOUND && command->absent_status)
		return command->absent_status;
	if (command && err->kind == ERROR_CONFLICT && command->conflict_status)
		return command->conflict_status;
	return 125;
}

static int prepare(const struct command *command, struct engine *engine, struct error *err)
{
	int r;

	if (command->needs == NEEDS_NOTHING)
		return 0;
	r = engine_open(engine, err);
	if (r >= 0 && command->needs == NEEDS_USERNS)
		r = engine_enter(engine, err);
	return r;
}

enum disk { DISK_USABLE, DISK_FULL, DISK_READ_ONLY };

static enum disk disk_state(const char *path)
{
	struct statvfs fs;

	if (!path || statvfs(path, &fs) < 0)
		return DISK_USABLE;
	if (fs.f_flag & ST_RDONLY)
		return DISK_READ_ONLY;
	/* file systems without a fixed number of inodes tell 0 of 0 */
	return (uint64_t) fs.f_bavail * fs.f_frsize < DISK_FULL_BYTES || (fs.f_files > 0 && fs.f_favail == 0)
	               ? DISK_FULL
	               : DISK_USABLE;
}

/* What mends a disk, where one of ours is to blame; "" else: the container may have written elsewhere. */
static const char *disk_hint(const struct engine *engine, const struct error *err)
{
	if (err->errnum != ENOSPC && err->errnum != EDQUOT && err->errnum != EROFS)
		return "";
	switch (disk_state(engine->paths.data)) {
	case DISK_FULL:
		return "; make room: coracle rm CONTAINER, coracle rmi IMAGE; or take another disk: export"
		       " CORACLE_ROOT=DIR";
	case DISK_READ_ONLY:
		return "; take a directory that can be written: export CORACLE_ROOT=DIR";
	case DISK_USABLE:
		break;
	}
	return disk_state(engine->paths.runtime) == DISK_USABLE
	               ? ""
	               : "; take a directory that can be written: export CORACLE_RUNROOT=DIR";
}

static int execute(const struct command *command, void *request, const struct texts *operands)
{
	struct engine engine = {.paths = {.data_fd = -1, .runtime_fd = -1}};
	struct error err = {0};
	int status = prepare(command, &engine, &err);
	int r;

	if (status >= 0)
		status = command->run(&engine, request, operands, &err);
	if (status < 0) {
		print_error("%s: %s%s", command->name, err.text, disk_hint(&engine, &err));
		status = error_status(command, &err);
	}
	r = print_finish();
	/* who could not write has said so already */
	if (r < 0 && status == 0) {
		print_error("%s: standard output: %s", command->name, strerror(-r));
		err = (struct error){0};
		status = error_status(command, &err);
	}
	if (command->needs != NEEDS_NOTHING)
		engine_close(&engine);
	return status;
}

/* finish_help - the status of what only printed help or a version */
static int finish_help(void)
{
	int r = print_finish();

	if (r >= 0)
		return 0;
	print_error("standard output: %s", strerror(-r));
	return usage_status();
}

static bool count_is_wrong(const struct command *command, size_t count)
{
	return count < (size_t) command->min_operands
	       || (command->max_operands >= 0 && count > (size_t) command->max_operands);
}

static void tell_count(const struct command *command, const struct texts *operands)
{
	const char *more = command->operands ? " " : "", *names = command->operands ? command->operands : "";

	if (operands->count < (size_t) command->min_operands)
		print_error("%s: too few words: %s %s [OPTIONS]%s%s", command->name, print_program(),
		            command->name, more, names);
	else
		print_error("%s: \"%.200s\" is one word too many: %s %s [OPTIONS]%s%s", command->name,
		            operands->items[command->max_operands], print_program(), command->name, more,
		            names);
}

static int parse_and_execute(const struct command *command, char *const *argv,
                             const struct texts *typed)
{
	AUTO_TEXTS struct texts operands = {0};
	AUTO_FREE void *request = xcalloc(1, MAX(command->request_size, 1));
	struct error err = {0};
	bool help = false;
	int status;

	if (opts_parse(command->opts, command->order, argv, request, &operands, &help, &err) < 0) {
		print_error("%s: %s (%s %s --help)", command->name, err.text, print_program(),
		            command->name);
		status = 125;
	} else if (help) {
		help_command(command, stdout);
		status = finish_help();
	} else if (count_is_wrong(command, operands.count)) {
		tell_count(command, &operands);
		status = usage_status();
	} else {
		if (command->argv_member)
			*(struct texts *) (void *) ((char *) request + command->argv_member) = *typed;
		status = execute(command, request, &operands);
	}
	opts_done(command->opts, request);
	return status;
}

static bool is_manager(const char *name)
{
	return strcmp(name, "cgroupfs") == 0 || strcmp(name, "systemd") == 0 || strcmp(name, "disabled") == 0;
}

static int set_globals(const struct globals *globals, struct error *err)
{
	static const char *const levels[] = {"trace", "debug", "info", "warn", "warning",
	                                     "error", "fatal", "panic"};
	const char *level = globals->debug ? "debug" : globals->log_level;
	size_t i = 0;

	while (level && i < ARRAY_LEN(levels) && strcmp(level, levels[i]) != 0)
		i++;
	if (i == ARRAY_LEN(levels))
		return error_set(err, ERROR_INVALID,
		                 "option --log-level: \"%.200s\" is not debug, info, warn or error",
		                 level);
	if (globals->cgroup_manager && !is_manager(globals->cgroup_manager))
		return error_set(err, ERROR_INVALID,
		                 "option --cgroup-manager: \"%.200s\" is not cgroupfs, systemd or disabled",
		                 globals->cgroup_manager);
	if (level && i < 2)
		log_open(STDERR_FILENO, LOG_LEVEL_DEBUG);
	if ((globals->root && setenv("CORACLE_ROOT", globals->root, 1) < 0)
	    || (globals->runroot && setenv("CORACLE_RUNROOT", globals->runroot, 1) < 0)
	    || (globals->storage_driver && setenv("STORAGE_DRIVER", globals->storage_driver, 1) < 0)
	    || (globals->cgroup_manager && setenv("CORACLE_CGROUP_MANAGER", globals->cgroup_manager, 1) < 0))
		return error_errno(err, errno, "setenv");
	return 0;
}

static int dispatch(char **words, const struct texts *typed)
{
	size_t used = 0;
	const struct command *command;

	/* a command line of its own: options in front of its commands, its own exit statuses */
	if (words[0] && strcmp(words[0], "runtime") == 0)
		return runtime_main(0, words);
	command = command_find(words, &used);
	if (command)
		return parse_and_execute(command, words + used, typed);
	if (!words[0]) {
		help_top(stdout);
		return finish_help();
	}
	if (!group_summary(words[0])) {
		tell_unknown(NULL, words[0]);
		return usage_status();
	}
	if (words[1] && words[1][0] != '-') {
		tell_unknown(words[0], words[1]);
		return usage_status();
	}
	if (words[1] && strcmp(words[1], "--help") != 0 && strcmp(words[1], "-h") != 0) {
		print_error("%s: unknown option \"%.200s\"", words[0], words[1]);
		return 125;
	}
	help_group(words[0], stdout);
	return finish_help();
}

int cli_main(int argc, char **argv)
{
	AUTO_TEXTS struct texts operands = {0};
	struct texts typed = {.items = argv, .count = argc > 0 ? (size_t) argc : 0};
	struct globals globals = {0};
	struct error err = {0};
	char *none[] = {NULL};
	bool help = false;
	int status;

	print_set_program(argc > 0 ? argv[0] : NULL);
	if (opts_parse(global_opts, OPTS_BEFORE_OPERANDS, argc > 0 ? argv + 1 : none, &globals,
	               &operands, &help, &err) < 0
	    || set_globals(&globals, &err) < 0) {
		print_error("%s (%s --help)", err.text, print_program());
		status = 125;
	} else if (help) {
		help_top(stdout);
		status = finish_help();
	} else if (globals.version) {
		print_line("%s version %s", print_program(), CORACLE_VERSION);
		status = finish_help();
	} else {
		status = dispatch(operands.count ? operands.items : none, &typed);
	}
	opts_done(global_opts, &globals);
	return status;
}
