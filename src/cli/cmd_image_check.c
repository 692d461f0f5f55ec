/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_check.c - coracle image check, system check: is the store what it should be (coracle-image-check(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/container/container.h"
#include "coracle/format/human.h"
#include "coracle/image/check.h"
#include "coracle/store/gc.h"
#include "progress.h"

#include <inttypes.h>
#include <string.h>

#define DAMAGED_STATUS 1

struct check_request {
	bool quick, repair;
};

static const struct opt image_check_opts[] = {
	OPT_FLAG('q', "quick", struct check_request, quick, "only whether everything is there, not every byte"),
	OPT_FLAG('r', "repair", struct check_request, repair, "fetch again what is damaged, from where the image came"),
	OPT_END,
};

static const struct opt system_check_opts[] = {
	OPT_INCLUDE(image_check_opts),
	OPT_REFUSED('f', "force", NULL, "what can't be fetched again is named, with the command that removes it"),
	OPT_IGNORED('m', "max", "DURATION", "what belongs to no image is no damage, whatever its age: coracle image prune"),
	OPT_END,
};

static bool is_about(const struct image_damage *damage, const char *id, const char *name)
{
	return id ? damage->id && strcmp(damage->id, id) == 0 : damage->name && strcmp(damage->name, name) == 0;
}

/* merge - all that is damaged of one image */
static void merge(const struct image_checked *checked, const char *id, const char *name, struct image_damage *out)
{
	LIST_EACH(const struct image_damage, damage, &checked->damages) {
		if (!is_about(damage, id, name))
			continue;
		for (size_t i = 0; i < damage->layers.count; i++)
			if (!texts_has(&out->layers, damage->layers.items[i]))
				texts_add(&out->layers, damage->layers.items[i]);
		for (size_t i = 0; i < damage->blobs.count; i++)
			if (!texts_has(&out->blobs, damage->blobs.items[i]))
				texts_add(&out->blobs, damage->blobs.items[i]);
		out->record = out->record || damage->record;
	}
}

struct mending {
	struct engine *engine;
	const struct check_request *request;
	struct pairs live;
	struct progress progress;
};

/* check_again - 1 when something is still damaged, and then it is in out */
static int check_again(const struct mending *mending, const char *id, struct image_checked *out, struct error *err)
{
	struct image_check one = {.depth = mending->request->quick ? CHECK_QUICK : CHECK_FULL};
	struct error absent = {0};
	int r;

	texts_add(&one.names, id);
	r = image_check(mending->engine, &one, out, &absent);
	texts_done(&one.names);
	if (r == -ENOENT) /* its place was taken by another image */
		return 0;
	if (r < 0) {
		*err = absent;
		return r;
	}
	return out->damages.count > 0;
}

static int repair(struct mending *mending, const struct image_damage *about, struct error *err)
{
	struct image_damage all = {.id = about->id, .name = about->name, .is_list = about->is_list}; /* borrows both */
	AUTO(image_checked_done) struct image_checked before = {0}, after = {0};
	int r = 1;

	/* anew: a layer of this image may have been mended with another one */
	if (about->id)
		r = check_again(mending, about->id, &before, err);
	if (r <= 0)
		return r;
	merge(&before, about->id, about->name, &all);
	r = image_repair(mending->engine, &all, &mending->live, &mending->progress.callbacks, err);
	texts_done(&all.layers);
	texts_done(&all.blobs);
	if (r >= 0 && about->id)
		r = check_again(mending, about->id, &after, err);
	if (r > 0)
		return error_set(err, ERROR_CONFLICT, "it is still damaged: %.1000s",
		                 LIST_AT(struct image_damage, &after.damages, 0)->text);
	return r;
}

static bool is_first(const struct image_checked *checked, const struct image_damage *damage)
{
	LIST_EACH(const struct image_damage, other, &checked->damages)
		if (is_about(other, damage->id, damage->name))
			return other == damage;
	return true;
}

/* repair_all - the number of those that stay damaged */
static int repair_all(struct engine *engine, const struct check_request *request, const struct image_checked *checked,
                      uint64_t *left, struct error *err)
{
	struct mending mending = {.engine = engine, .request = request};
	int r = container_layers_live(engine, &mending.live, err);

	*left = 0;
	progress_init(&mending.progress, false);
	LIST_EACH(const struct image_damage, damage, &checked->damages) {
		AUTO_FREE char *called = damage->id ? xprintf("image %.12s", damage->id + strlen("sha256:"))
		                                    : xprintf("%s %s", damage->is_list ? "manifest list" : "name",
		                                              damage->name);
		struct error failure = {0};

		if (r < 0)
			break;
		if (!is_first(checked, damage))
			continue;
		if (repair(&mending, damage, &failure) < 0) {
			print_error("%s can't be repaired: %s", called, failure.text);
			++*left;
		} else {
			print_line("repaired: %s", called);
		}
		if (failure.errnum == EINTR) {
			*err = failure;
			r = -EINTR;
		}
	}
	pairs_done(&mending.live);
	return r;
}

/* tell_garbage - no damage, but somebody who looks after the store wants to know */
static void tell_garbage(struct engine *engine)
{
	struct store_collected garbage = {0};
	struct error ignored = {0};
	struct store *store = engine_store(engine, &ignored);
	char words[HUMAN_TEXT_SIZE];

	if (!store || store_count_garbage(store, container_layers_used, engine, &garbage, &ignored) < 0
	    || garbage.bytes == 0)
		return;
	print_line("%s belong to no image: %s image prune", human_size_exact(garbage.bytes, words), print_program());
}

static int check_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct check_request *request = data;
	const struct image_check check = {
		.names = *operands, /* borrows */
		.depth = request->quick ? CHECK_QUICK : CHECK_FULL,
	};
	AUTO(image_checked_done) struct image_checked checked = {0};
	uint64_t left;
	int r = image_check(engine, &check, &checked, err);

	if (r < 0)
		return r;
	LIST_EACH(const struct image_damage, damage, &checked.damages)
		print_line("%s", damage->text);
	left = checked.damages.count;
	if (left && request->repair)
		r = repair_all(engine, request, &checked, &left, err);
	else if (left)
		print_line("to fetch again what is damaged: %s image check --repair", print_program());
	if (r < 0)
		return r;
	if (operands->count == 0)
		tell_garbage(engine);
	print_line("%" PRIu64 " image%s, %" PRIu64 " layer%s checked: %s", checked.images, checked.images == 1 ? "" : "s",
	           checked.layers, checked.layers == 1 ? "" : "s",
	           left                    ? "damaged"
	           : checked.damages.count ? "repaired"
	                                   : "no damage");
	return left ? DAMAGED_STATUS : 0;
}

const struct command cmd_image_check = {
	.name = "image check",
	.group = "Images",
	.summary = "verify the layers and documents of images, and repair them",
	.operands = "[IMAGE...]",
	.complete = "image",
	.example = "coracle image check --repair",
	.opts = image_check_opts,
	.request_size = sizeof(struct check_request),
	.max_operands = -1,
	.needs = NEEDS_USERNS,
	.run = check_run,
};

const struct command cmd_system_check = {
	.name = "system check",
	.group = "This program",
	.summary = "verify all images, layers and names, and repair them",
	.example = "coracle system check --quick",
	.opts = system_check_opts,
	.request_size = sizeof(struct check_request),
	.max_operands = 0,
	.needs = NEEDS_USERNS,
	.run = check_run,
};
