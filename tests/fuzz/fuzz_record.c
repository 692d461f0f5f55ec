/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_record.c - a record that somebody has changed by hand: the quick reader agrees with the other one */
#include "coracle/base/scan.h"
#include "coracle/state/state.h"

#include <string.h>

#include "../../src/state/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct field *fields, void *fast, void *slow, const uint8_t *data, size_t size)
{
	struct error err = {0};
	AUTO_JSON json_t *json = json_parse((const char *) data, size, &err);
	bool read = json && json_read(json, fields, slow, &err) == 0;

	/* what the quick one takes, the other one takes too, and as the same */
	if (scan_json((const char *) data, size, fields, fast) == 0) {
		AUTO_JSON json_t *a = json_write(fields, fast);
		AUTO_JSON json_t *b = NULL;

		require(read);
		b = json_write(fields, slow);
		require(json_equal(a, b));
	}
	require(read || *err.text);
	fields_done(fields, fast);
	fields_done(fields, slow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record[2] = {0};
	struct container container[2] = {0};
	struct exit_record exit_record[2] = {0};
	struct run run[2] = {0};

	check(record_fields, &record[0], &record[1], data, size);
	check(summary_fields, &container[0], &container[1], data, size);
	check(exit_record_fields, &exit_record[0], &exit_record[1], data, size);
	check(run_fields, &run[0], &run[1], data, size);
	return 0;
}
