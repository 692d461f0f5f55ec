/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_toml.c - TOML of any bytes: a tree that can be printed, or an error with its line */
#include "coracle/base/alloc.h"
#include "coracle/conf/containers.h"
#include "coracle/conf/toml.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CONTAINERS_CONF struct containers_conf conf = {0};
	struct error err = {0};
	AUTO_JSON json_t *json = toml_parse((const char *) data, size, &err);
	AUTO_FREE char *text = NULL;

	if (json) {
		text = json_text(json, JSON_COMPACT);
		require(json_is_object(json) && *text == '{');
	} else {
		require(err.kind == ERROR_INVALID && (!strncmp(err.text, "line ", 5) || size > TOML_MAX_BYTES));
	}
	for (int kind = CONF_CONTAINERS; kind <= CONF_STORAGE; kind++)
		require(containers_conf_add(&conf, (enum conf_kind) kind, "file", (const char *) data, size, &err) == 0
		        || !strncmp(err.text, "file: ", 6));
	return 0;
}
