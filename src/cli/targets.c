/* SPDX-License-Identifier: GPL-2.0-or-later */
/* targets.c - which containers a command is about, and doing something to each */
#include "targets.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/cli/command.h"

#include <fcntl.h>
#include <string.h>

#define CID_FILE_MAX_BYTES 4096

static int read_cid_file(const char *path, struct texts *out, struct error *err)
{
	AUTO_FREE char *text = NULL;
	int r = file_read(AT_FDCWD, path, CID_FILE_MAX_BYTES, &text, NULL);

	if (r < 0)
		return error_errno(err, -r, "--cidfile %s", path);
	text[strcspn(text, "\n")] = '\0';
	if (*text == '\0')
		return error_set(err, ERROR_INVALID, "--cidfile %s: the file is empty", path);
	texts_add(out, text);
	return 0;
}

int targets_find(struct engine *engine, const struct targets *targets, struct texts *out, struct error *err)
{
	bool filtered = targets->filters && targets->filters->count;
	bool filed = targets->cid_files && targets->cid_files->count;
	bool chosen = targets->all || targets->latest || filtered;

	if (targets->operands->count && chosen)
		return error_set(err, ERROR_INVALID,
		                 "names and --all, --latest or --filter exclude each other");
	if (targets->all && targets->latest)
		return error_set(err, ERROR_INVALID, "--all and --latest exclude each other");
	if (!targets->operands->count && !chosen && !filed)
		return error_set(err, ERROR_INVALID,
		                 "which container? give a name or an id; `%s ps -a` lists them",
		                 print_program());
	texts_add_all(out, targets->operands);
	for (size_t i = 0; filed && i < targets->cid_files->count; i++) {
		int r = read_cid_file(targets->cid_files->items[i], out, err);

		if (r < 0)
			return r;
	}
	if (!chosen)
		return 0;
	return container_select(engine, filtered ? targets->filters : NULL,
	                        targets->with_stopped || targets->latest, targets->latest, out, err);
}

int targets_each(struct engine *engine, const struct texts *names, const char *command, targets_act *act,
                 const void *request, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < names->count; i++) {
		struct error failure = {0};
		int r = act(engine, names->items[i], request, &failure);

		if (r == 0)
			print_line("%s", names->items[i]);
		if (r >= 0)
			continue;
		if (result == 0) {
			*err = failure;
			result = r;
			continue;
		}
		if (err->kind == ERROR_NOT_FOUND && failure.kind != ERROR_NOT_FOUND) {
			struct error first = *err;

			*err = failure;
			result = r;
			failure = first;
		}
		print_error("%s: %s", command, failure.text);
	}
	return result;
}
