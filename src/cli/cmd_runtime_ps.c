/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runtime_ps.c - coracle runtime ps: the processes of a container (coracle-runtime-ps(1)) */
#include "runtime.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/spawn.h"

#include <string.h>

#define PS_MAX_BYTES (64 << 20)

struct ps_request {
	char *format;
};

static const struct opt ps_opts[] = {
	OPT_TEXT('f', "format", struct ps_request, format, "FORMAT", "table (default) or json", .complete = "table|json"),
	OPT_END,
};

static bool is_format(const char *word)
{
	return word && (strcmp(word, "table") == 0 || strcmp(word, "json") == 0);
}

/*
 * What follows the id is for ps(1), where -f is another option: as ours it counts only with a word that is
 * a format. Returns how many words were ours.
 */
static size_t take_late_format(char *const *words, struct ps_request *request)
{
	size_t used = 0;

	for (; words[used]; used++) {
		if ((strcmp(words[used], "-f") == 0 || strcmp(words[used], "--format") == 0) && is_format(words[used + 1]))
			text_replace(&request->format, words[++used]);
		else if (strncmp(words[used], "--format=", 9) == 0)
			text_replace(&request->format, words[used] + 9);
		else
			break;
	}
	if (words[used] && strcmp(words[used], "--") == 0)
		used++;
	return used;
}

static bool has_pid(const struct uints *pids, const char *word)
{
	uint64_t pid;

	if (number_parse_uint(word, 1, INT32_MAX, &pid) < 0)
		return false;
	for (size_t i = 0; i < pids->count; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

/* A column of ps(1): numbers end below the end of its head; one that is pushed aside is found by its number. */
struct column {
	size_t field; /* from 0 */
	size_t end;   /* bytes up to the end of its head */
};

/* The field of a line with this number, from 0; owned, NULL: there are fewer */
static char *field_of(const char *line, size_t number)
{
	for (;; number--) {
		size_t length;

		line += strspn(line, " \t");
		length = strcspn(line, " \t");
		if (length == 0)
			return NULL;
		if (number == 0)
			return xstrndup(line, length);
		line += length;
	}
}

/* The number that ends there; owned, NULL: something else does */
static char *number_before(const char *line, size_t end)
{
	size_t start = end;

	if (strnlen(line, end) < end || (line[end] && line[end] != ' '))
		return NULL;
	while (start > 0 && line[start - 1] >= '0' && line[start - 1] <= '9')
		start--;
	return start < end && (start == 0 || line[start - 1] == ' ') ? xstrndup(line + start, end - start) : NULL;
}

static int find_column(const char *header, struct column *out)
{
	const char *at = header + strspn(header, " \t");

	for (size_t i = 0; *at; i++) {
		size_t length = strcspn(at, " \t");

		if (length == 3 && memcmp(at, "PID", 3) == 0) {
			*out = (struct column){.field = i, .end = (size_t) (at - header) + length};
			return 0;
		}
		at += length;
		at += strspn(at, " \t");
	}
	return -ENOENT;
}

static bool is_listed(const char *line, const struct column *column, const struct uints *pids)
{
	AUTO_FREE char *word = number_before(line, column->end);

	if (!word)
		word = field_of(line, column->field);
	return word && has_pid(pids, word);
}

static int print_lines(const char *text, const struct uints *pids, struct error *err)
{
	AUTO_TEXTS struct texts lines = {0};
	struct column column;

	texts_split(&lines, text, '\n');
	if (find_column(lines.items[0], &column) < 0)
		return error_set(err, ERROR_INVALID, "ps: its output has no column PID; ask for it: ps ID -o pid,...");
	print_line("%s", lines.items[0]);
	for (size_t i = 1; i < lines.count; i++)
		if (is_listed(lines.items[i], &column, pids))
			print_line("%s", lines.items[i]);
	return 0;
}

static int print_table(char *const *args, const struct uints *pids, struct error *err)
{
	static char *const usual[] = {(char *) (uintptr_t) "-ef", NULL};
	AUTO_TEXTS struct texts argv = {0};
	AUTO_FREE char *program = spawn_find("ps"), *output = NULL;
	int status;

	/* small hosts have none; the numbers are what is sure */
	if (!program && !args[0]) {
		print_line("PID");
		for (size_t i = 0; i < pids->count; i++)
			print_line("%llu", (unsigned long long) pids->items[i]);
		return 0;
	}
	texts_add(&argv, "ps");
	for (char *const *at = args[0] ? args : usual; *at; at++)
		texts_add(&argv, *at);
	status = spawn_run((const char *const *) argv.items, PS_MAX_BYTES, &output, err);
	if (status < 0)
		return status;
	if (status > 0) {
		output[strcspn(output, "\n")] = '\0';
		return error_set(err, ERROR_INVALID, "ps ended with status %d: %.300s", status, output);
	}
	return print_lines(output, pids, err);
}

static void print_json(const struct uints *pids)
{
	AUTO_JSON json_t *json = json_array();
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < pids->count; i++)
		(void) json_array_append_new(json, json_integer((json_int_t) pids->items[i]));
	text = json_text(json, JSON_COMPACT);
	print_line("%s", text);
}

static int ps_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	struct ps_request *request = data;
	AUTO_LIFECYCLE struct lifecycle lifecycle = {.root_fd = -1};
	char *const *args = operands->items + 1;
	struct uints pids = {0};
	int r;

	(void) engine;
	args += take_late_format(args, request);
	if (request->format && !is_format(request->format))
		return error_set(err, ERROR_INVALID, "--format \"%.100s\" is not table or json", request->format);
	r = runtime_open(&lifecycle, err);
	if (r >= 0)
		r = lifecycle_processes(&lifecycle, operands->items[0], &pids, err);
	if (r >= 0 && request->format && strcmp(request->format, "json") == 0)
		print_json(&pids);
	else if (r >= 0)
		r = print_table(args, &pids, err);
	free(pids.items);
	return r;
}

const struct command cmd_runtime_ps = {
	.name = "runtime ps",
	.group = "OCI runtime",
	.summary = "list the processes of a container",
	.operands = "ID [PS-ARGUMENT...]",
	.complete = "runtime-container",
	.example = "coracle runtime ps web\ncoracle runtime ps web -o pid,user,args\ncoracle runtime ps --format json web",
	.opts = ps_opts,
	.order = OPTS_BEFORE_OPERANDS,
	.request_size = sizeof(struct ps_request),
	.min_operands = 1,
	.max_operands = -1,
	.run = ps_run,
};
