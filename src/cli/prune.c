/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prune.c - see prune.h */
#include "prune.h"

#include "coracle/base/alloc.h"
#include "coracle/cli/command.h"
#include "coracle/container/container.h"
#include "coracle/format/human.h"
#include "coracle/sys/tree.h"

#include <string.h>

#include "volumes.h"

bool prune_ask(const char *question)
{
	char answer[16] = "";

	(void) printf("%s [y/N] ", question);
	(void) fflush(stdout);
	if (fgets(answer, sizeof answer, stdin))
		return answer[0] == 'y' || answer[0] == 'Y';
	print_line("%s", ""); /* nobody has typed the end of the line */
	return false;
}

bool prune_is_podman(void)
{
	return strcmp(print_program(), "podman") == 0;
}

void prune_print(const char *heading, const char *prefix, const struct texts *lines)
{
	if (lines->count == 0)
		return;
	print_line(prune_is_podman() ? "%s" : "%s:", heading);
	for (size_t i = 0; i < lines->count; i++)
		print_line("%s%s", prefix, lines->items[i]);
	if (!prune_is_podman())
		print_line("%s", "");
}

void prune_print_total(uint64_t bytes)
{
	char words[HUMAN_TEXT_SIZE];

	print_line("Total reclaimed space: %s", human_size_exact(bytes, words));
}

void prune_print_images(const struct image_pruned *pruned)
{
	AUTO_TEXTS struct texts lines = {0};

	for (size_t i = 0; i < pruned->untagged.count; i++)
		texts_printf(&lines, "untagged: %s", pruned->untagged.items[i]);
	for (size_t i = 0; i < pruned->deleted.count; i++)
		texts_printf(&lines, "deleted: %s", pruned->deleted.items[i]);
	prune_print("Deleted Images", "", &lines);
}

static void tell_kept(const struct store_collected *collected)
{
	if (collected->kept == STORE_KEPT_HELD)
		print_warning("another process is fetching or loading an image, so images and layers stay; "
		              "afterwards: %s image prune", print_program());
	if (collected->kept == STORE_KEPT_DAMAGED)
		print_warning("%s is damaged, what it needs is not known, so unused layers stay; see: %s image check",
		              collected->damaged, print_program());
}

int prune_images(struct engine *engine, const struct image_prune *request, struct image_pruned *out,
                 struct error *err)
{
	AUTO_PAIRS struct pairs used = {0};
	AUTO_TEXTS struct texts layers = {0};
	int r = container_images_used(engine, &used, &layers, err);

	if (r < 0)
		return r;
	r = image_prune(engine, request, &used, container_layers_used, engine, out, err);
	if (r >= 0)
		tell_kept(&out->collected);
	return r;
}

int prune_volumes(struct engine *engine, const struct volume_prune *request, struct texts *removed, uint64_t *bytes,
                  struct error *err)
{
	AUTO(volume_list_done) struct list volumes = {0};
	AUTO_TEXTS struct texts used = {0};
	int result = 0, r = volumes_find(engine, request->filters, &volumes, &used, err);

	if (r < 0)
		return r;
	LIST_EACH(const struct volume, volume, &volumes) {
		AUTO_FREE char *path = xprintf("volumes/%s/_data", volume->name);
		struct error failure = {0};
		uint64_t size;

		if (texts_has(&used, volume->name) || !(request->all || volume->anonymous))
			continue;
		size = tree_bytes(engine->paths.data_fd, path);
		r = request->dry_run ? 0 : volume_remove(&engine->paths, volume->name, &failure);
		if (r >= 0) {
			texts_add(removed, volume->name);
			*bytes += size;
		} else if (result == 0) {
			*err = failure;
			result = r;
		} else {
			print_error("%s", failure.text);
		}
	}
	return result;
}
