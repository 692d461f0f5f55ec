/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_version.c - coracle version; opens nothing, since tools ask it again and again (coracle-version(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/format/output.h"
#include "machine.h"

#include <sys/utsname.h>

/* What clients compare with before they use a feature; docker's API of the commands that exist here. */
#define API_VERSION     "1.41"
#define API_MIN_VERSION "1.24"

struct version_request {
	char *format;
};

static const struct opt version_opts[] = {
	OPT_TEXT('f', "format", struct version_request, format, "TEMPLATE",
	         "json, or a template such as '{{.Server.Version}}'"),
	OPT_END,
};

static json_t *side(const struct utsname *names)
{
	const char *arch = machine_arch(names);
	AUTO_FREE char *both = xprintf("linux/%s", arch);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "Version", CORACLE_VERSION,
	                 "APIVersion", API_VERSION, "ApiVersion", API_VERSION, "GitCommit", "", "GoVersion",
	                 "", "Os", "linux", "Arch", arch, "OsArch", both, "BuiltTime", "", "Built", 0);
}

static json_t *make_server(const struct utsname *names)
{
	json_t *server = side(names);
	json_t *details = json_pack("{s:s, s:s, s:s, s:s, s:s}", "ApiVersion", API_VERSION, "Arch",
	                            machine_arch(names), "KernelVersion", names->release, "MinAPIVersion",
	                            API_MIN_VERSION, "Os", "linux");

	(void) json_object_set_new(server, "MinAPIVersion", json_string(API_MIN_VERSION));
	(void) json_object_set_new(server, "KernelVersion", json_string(names->release));
	(void) json_object_set_new(server, "Experimental", json_false());
	(void) json_object_set_new(server, "Platform", json_pack("{s:s}", "Name", "coracle"));
	(void) json_object_set_new(server, "Components",
	                           json_pack("[{s:s, s:s, s:o}]", "Name", "Engine", "Version",
	                                     CORACLE_VERSION, "Details", details));
	return server;
}

static int version_run(UNUSED struct engine *engine, void *data, UNUSED const struct texts *operands,
                       struct error *err)
{
	const struct version_request *request = data;
	AUTO_JSON json_t *object = json_object();
	struct utsname names;
	json_t *client;

	if (uname(&names) < 0)
		return error_errno(err, errno, "uname");
	if (!request->format || !*request->format) {
		print_line("Version:     %s", CORACLE_VERSION);
		print_line("API version: %s", API_VERSION);
		print_line("OS/Arch:     linux/%s", machine_arch(&names));
		print_line("Kernel:      %s", names.release);
		return 0;
	}
	client = side(&names);
	(void) json_object_set_new(client, "Context", json_string("default"));
	(void) json_object_set_new(object, "Client", client);
	(void) json_object_set_new(object, "Server", make_server(&names));
	return output_object(object, request->format, NULL, stdout, err);
}

const struct command cmd_version = {
	.name = "version",
	.group = "This program",
	.summary = "show the version",
	.opts = version_opts,
	.request_size = sizeof(struct version_request),
	.max_operands = 0,
	.needs = NEEDS_NOTHING,
	.run = version_run,
};
