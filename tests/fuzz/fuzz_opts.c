/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_opts.c - the words of a `run` command line, one a line */
#include "coracle/base/texts.h"
#include "coracle/cli/opts.h"

#include <string.h>

/* src/cli/run_opts.h */
extern const struct opt opts_process[], opts_identity[], opts_files[], opts_image[], opts_logging[];
extern const struct opt opts_network[], opts_security[], opts_resources[];

static const struct opt rows[] = {
	OPT_INCLUDE(opts_identity), OPT_INCLUDE(opts_process),  OPT_INCLUDE(opts_image),
	OPT_INCLUDE(opts_files),    OPT_INCLUDE(opts_network),  OPT_INCLUDE(opts_security),
	OPT_INCLUDE(opts_resources), OPT_INCLUDE(opts_logging), OPT_END,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *input = strndup((const char *) data, size);
	AUTO_TEXTS struct texts words = {0};
	AUTO_TEXTS struct texts operands = {0};
	struct container_create request = {0};
	struct error err = {0};
	bool help = false;
	int r;

	if (!input)
		return 0;
	texts_split(&words, input, '\n');
	r = opts_parse(rows, OPTS_BEFORE_OPERANDS, words.items, &request, &operands, &help, &err);
	if (r < 0 && err.text[0] == '\0')
		abort(); /* every failure has words */
	opts_done(rows, &request);
	return 0;
}
