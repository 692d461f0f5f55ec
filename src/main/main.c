/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - one binary: the command line, and internal programs by the name they are started under */
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/base/path.h"
#include "coracle/cli/command.h"
#include "coracle/monitor/monitor.h"

#include <jansson.h>
#include <locale.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct program {
	const char *name;
	int (*main)(int argc, char **argv);
} programs[] = {
	{MONITOR_PROGRAM, monitor_main},
	{"coracle-runtime", runtime_main},
};

/* Pipes, sockets and overlay layers are descriptors; select(2) and its 1024 are not used anywhere. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	/* The lower limit does too, for most of what we do. */
	(void) setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	const char *base = argc > 0 ? path_base(argv[0]) : "";

	if (fd_open_standard() < 0)
		return 125;
	/* jansson would read /dev/urandom for it; against crafted keys time and pid do as well */
	json_object_seed(((size_t) clock_monotonic() ^ ((size_t) getpid() << 20)) | 1);
	raise_descriptor_limit();
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (strcmp(base, programs[i].name) == 0)
			return programs[i].main(argc, argv);
	/* Widths of characters in tables; everything else stays as in the C locale. */
	(void) setlocale(LC_CTYPE, "");
	return cli_main(argc, argv);
}
