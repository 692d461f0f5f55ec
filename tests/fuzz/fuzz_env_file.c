/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_env_file.c - env files, label files and --entrypoint of any bytes */
#include "coracle/base/alloc.h"
#include "coracle/parse/parse.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static const char *lookup(const char *key)
{
	return strlen(key) % 2 ? "value" : NULL;
}

static void check_file(const char *bytes, size_t size, const char *(*with)(const char *key))
{
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};
	int r = parse_env_file(bytes, size, "file", with, &out, &err);

	require(r < 0 ? *err.text && out.count == 0 : true);
	for (size_t i = 0; i < out.count; i++) {
		size_t key = strcspn(out.items[i], "=");

		require(key > 0 && strcspn(out.items[i], " \t\n") >= key);
		require(!strchr(out.items[i], '\n'));
		require(!with || out.items[i][key] == '=');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *) data, size);
	AUTO_TEXTS struct texts out = {0};
	struct error err = {0};

	check_file((const char *) data, size, lookup);
	check_file((const char *) data, size, NULL);
	require(parse_entrypoint(text, &out, &err) == 0 || (*err.text && out.count == 0));
	return 0;
}
