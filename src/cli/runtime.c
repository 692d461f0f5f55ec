/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime.c - `coracle runtime`, or a symlink coracle-runtime: the command line of an OCI runtime
 *
 * Options and output are those that crun, runc and the engines which call them know. Errors go to
 * standard error, or to --log in --log-format.
 */
#include "runtime.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/selfexec.h"
#include "coracle/lifecycle/log.h"
#include "coracle/sys/process.h"

#include <seccomp.h>
#include <string.h>

#define FAILURE 1 /* of crun and runc alike */

static struct globals {
	char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *criu;
	bool debug, systemd_cgroup, version;
} globals;

const struct opt runtime_opts[] = {
	OPT_TEXT(0, "root", struct globals, root, "DIR",
	         "keep the containers' states in DIR instead of $XDG_RUNTIME_DIR/coracle/oci", .complete = "file"),
	OPT_TEXT(0, "log", struct globals, log, "FILE", "write errors to FILE", .complete = "file"),
	OPT_TEXT(0, "log-format", struct globals, log_format, "FORMAT", "text (default) or json",
	         .complete = "text|json"),
	OPT_TEXT(0, "log-level", struct globals, log_level, "LEVEL", "debug, warning or error",
	         .complete = "debug|warning|error"),
	OPT_FLAG(0, "debug", struct globals, debug, "tell more"),
	OPT_TEXT(0, "cgroup-manager", struct globals, cgroup_manager, "NAME", "cgroupfs (default), systemd or disabled",
	         .complete = "cgroupfs|systemd|disabled"),
	OPT_FLAG(0, "systemd-cgroup", struct globals, systemd_cgroup, "the same as --cgroup-manager systemd"),
	OPT_TEXT(0, "rootless", struct globals, rootless, "WHICH",
	         "true: limits that can't be applied are warnings, false: errors; default: by who calls",
	         .complete = "true|false|auto"),
	OPT_FLAG('v', "version", struct globals, version, "print the version and stop"),
	OPT_IGNORED(0, "criu", "PATH", "checkpoints are not in this version"),
	OPT_END,
};

static void warn(const char *text)
{
	lifecycle_log(LIFECYCLE_LOG_WARNING, text);
}

static int choose_manager(enum cgroup_manager *out, struct error *err)
{
	*out = globals.systemd_cgroup ? CGROUP_SYSTEMD : CGROUP_CGROUPFS;
	if (!globals.cgroup_manager || cgroup_manager_parse(globals.cgroup_manager, out) >= 0)
		return 0;
	return error_set(err, ERROR_INVALID, "--cgroup-manager \"%.100s\" is not cgroupfs, systemd or disabled",
	                 globals.cgroup_manager);
}

int runtime_open(struct lifecycle *out, struct error *err)
{
	/* in a user namespace (podman's, say) root is none */
	bool rootless = geteuid() != 0 || !process_in_first_userns();
	int r;

	*out = (struct lifecycle){.root_fd = -1};
	if (globals.rootless && strcmp(globals.rootless, "auto") != 0
	    && number_parse_bool(globals.rootless, &rootless) < 0)
		return error_set(err, ERROR_INVALID, "--rootless \"%.100s\" is not true, false or auto", globals.rootless);
	r = lifecycle_open(globals.root, out, err);
	if (r < 0)
		return r;
	out->strict = !rootless;
	out->warn = warn;
	return choose_manager(&out->manager, err);
}

void runtime_print_json(const json_t *json)
{
	AUTO_FREE char *text = json_text(json, JSON_INDENT(2));

	print_line("%s", text);
}

int runtime_preserved(int64_t asked)
{
	const char *listen = getenv("LISTEN_FDS");
	int64_t more = 0;

	if (listen && number_parse_int(listen, 0, 1024, &more) < 0)
		more = 0;
	return (int) (asked + more);
}

static int set_log(struct error *err)
{
	static const char *const levels[] = {
		[LIFECYCLE_LOG_ERROR] = "error", [LIFECYCLE_LOG_WARNING] = "warning", [LIFECYCLE_LOG_DEBUG] = "debug"};
	size_t most = LIFECYCLE_LOG_WARNING;

	if (globals.log_level)
		for (most = 0; most < ARRAY_LEN(levels) && strcmp(levels[most], globals.log_level) != 0; most++)
			;
	if (most == ARRAY_LEN(levels))
		return error_set(err, ERROR_INVALID, "--log-level \"%.40s\" is not debug, warning or error", globals.log_level);
	return lifecycle_log_open(globals.log, globals.log_format, globals.debug ? LIFECYCLE_LOG_DEBUG : (enum lifecycle_log_level) most,
	                          err);
}

static int status_of(const struct command *command, const struct error *err)
{
	bool runs = strcmp(command->name, "runtime run") == 0 || strcmp(command->name, "runtime exec") == 0;

	if (runs && err->kind == ERROR_NO_COMMAND)
		return 127;
	if (runs && err->kind == ERROR_NOT_EXECUTABLE)
		return 126;
	return FAILURE;
}

static int execute(const struct command *command, char *const *argv)
{
	AUTO_TEXTS struct texts operands = {0};
	AUTO_FREE void *request = xcalloc(1, MAX(command->request_size, 1));
	struct error err = {0};
	bool help = false;
	int status = opts_parse(command->opts, command->order, argv, request, &operands, &help, &err);

	if (status >= 0 && help) {
		help_command(command, stdout);
	} else if (status >= 0 && operands.count < (size_t) command->min_operands) {
		status = error_set(&err, ERROR_INVALID, "too few words: coracle %s [OPTIONS] %s", command->name,
		                   command->operands);
	} else if (status >= 0 && command->max_operands >= 0 && operands.count > (size_t) command->max_operands) {
		status = error_set(&err, ERROR_INVALID, "\"%.200s\" is one word too many: coracle %s [OPTIONS] %s",
		                   operands.items[command->max_operands], command->name, command->operands);
	} else if (status >= 0) {
		status = command->run(NULL, request, &operands, &err);
	}
	if (status < 0) {
		lifecycle_log(LIFECYCLE_LOG_ERROR, err.text);
		status = status_of(command, &err);
	}
	if (print_finish() < 0 && status == 0)
		status = FAILURE;
	opts_done(command->opts, request);
	return status;
}

static int dispatch(char *const *words)
{
	char *both[] = {(char *) (uintptr_t) "runtime", words[0], NULL};
	size_t used = 0;
	const struct command *command = words[0] ? command_find(both, &used) : NULL;
	struct error err = {0};

	if (command)
		return execute(command, words + 1);
	if (!words[0]) {
		help_group("runtime", stdout);
		return print_finish() < 0 ? FAILURE : 0;
	}
	(void) error_set(&err, ERROR_INVALID, "unknown command \"%.200s\"; what there is: coracle runtime --help", words[0]);
	lifecycle_log(LIFECYCLE_LOG_ERROR, err.text);
	return FAILURE;
}

static void print_version(void)
{
	const struct scmp_version *library = seccomp_version();

	print_line("coracle-runtime version %s", CORACLE_VERSION);
	print_line("spec: %s", OCI_RUNTIME_VERSION);
	print_line("libseccomp: %u.%u.%u", library->major, library->minor, library->micro);
	print_line("+CAP +SECCOMP +SYSTEMD +APPARMOR +SELINUX");
}

int runtime_main(int argc, char **argv)
{
	AUTO_TEXTS struct texts operands = {0};
	char *none[] = {NULL};
	struct error err = {0};
	bool help = false;
	int status;

	(void) argc;
	/* the container must not come by a binary that its user could write (CVE-2019-5736) */
	if (selfexec_protect(argv, &err) < 0
	    || opts_parse(runtime_opts, OPTS_BEFORE_OPERANDS, argv[0] ? argv + 1 : none, &globals, &operands, &help,
	                  &err) < 0
	    || set_log(&err) < 0) {
		lifecycle_log(LIFECYCLE_LOG_ERROR, err.text);
		status = FAILURE;
	} else if (help) {
		help_group("runtime", stdout);
		status = print_finish() < 0 ? FAILURE : 0;
	} else if (globals.version) {
		print_version();
		status = print_finish() < 0 ? FAILURE : 0;
	} else {
		status = dispatch(operands.count ? operands.items : none);
	}
	opts_done(runtime_opts, &globals);
	return status;
}
