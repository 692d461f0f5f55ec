/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_mount.c - coracle image mount, unmount: images as directories (coracle-image-mount(1), coracle-image-unmount(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/digest.h"
#include "coracle/format/output.h"
#include "coracle/image/image.h"
#include "coracle/image/mount.h"

struct mount_request {
	bool all, force;
	char *format;
};

static const struct opt mount_opts[] = {
	OPT_FLAG('a', "all", struct mount_request, all, "all images"),
	OPT_TEXT(0, "format", struct mount_request, format, "TEMPLATE",
	         "json, table, or a template such as '{{.Mountpoint}}'"),
	OPT_END,
};

static const struct opt unmount_opts[] = {
	OPT_FLAG('a', "all", struct mount_request, all, "all that are mounted"),
	OPT_FLAG('f', "force", struct mount_request, force,
	         "also while a process is in it: it disappears now, and ends when that leaves"),
	OPT_END,
};

static void add_row(const struct image_mounted *mounted, json_t *rows, json_t *typed)
{
	json_t *row = json_object(), *object = json_object(), *names = json_array();

	for (size_t i = 0; i < mounted->names.count; i++)
		(void) json_array_append_new(names, json_string(mounted->names.items[i]));
	(void) json_object_set_new(row, "ID", json_stringn(digest_hex(mounted->id), 12));
	(void) json_object_set_new(row, "Name", mounted->names.count ? json_string(mounted->names.items[0])
	                                                            : json_stringn(digest_hex(mounted->id), 12));
	(void) json_object_set(row, "Repositories", names);
	(void) json_object_set_new(row, "Mountpoint", json_string(mounted->path));
	(void) json_array_append_new(rows, row);
	(void) json_object_set_new(object, "id", json_string(digest_hex(mounted->id)));
	(void) json_object_set_new(object, "Repositories", names);
	(void) json_object_set_new(object, "mountpoint", json_string(mounted->path));
	(void) json_array_append_new(typed, object);
}

static int print_mounts(const struct list *mounts, const char *format, struct error *err)
{
	AUTO_JSON json_t *rows = json_array();
	AUTO_JSON json_t *typed = json_array();
	struct output_list output = {
		.rows = rows,
		.typed = typed,
		.format = format,
		.table = "table {{.Name}}\t{{.Mountpoint}}",
		.no_heading = true,
	};

	LIST_EACH(struct image_mounted, mounted, mounts)
		add_row(mounted, rows, typed);
	return output_list(&output, stdout, err);
}

static int all_images(struct engine *engine, struct texts *out, struct error *err)
{
	AUTO(image_record_list_done) struct list records = {0};
	struct store *store = engine_store(engine, err);
	int r = store ? image_record_list(store, &records, err) : -EIO;

	LIST_EACH(struct image_record, record, &records)
		if (!record->damaged)
			texts_add(out, record->id);
	return r;
}

/* One failure does not keep the others from being mounted; the first decides the status. */
static int mount_names(struct engine *engine, const struct texts *names, struct list *mounts, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < names->count; i++) {
		struct image_mounted mounted = {0};
		struct error failure = {0};
		int r = image_mount(engine, names->items[i], &mounted, &failure);

		if (r >= 0)
			*(struct image_mounted *) list_add(mounts, sizeof mounted) = mounted;
		else if (result == 0)
			*err = failure;
		else
			print_error("image mount: %s", failure.text);
		result = result == 0 && r < 0 ? r : result;
	}
	return result;
}

static int mount_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct mount_request *request = data;
	AUTO_IMAGE_MOUNT_LIST struct list mounts = {0};
	AUTO_TEXTS struct texts names = {0};
	struct error failure = {0};
	int r = image_mount_check(err), printed;

	if (r >= 0 && request->all && operands->count)
		r = error_set(err, ERROR_INVALID, "names and --all exclude each other");
	if (r >= 0 && request->all)
		r = all_images(engine, &names, err);
	if (r < 0)
		return r;
	texts_add_all(&names, operands);
	if (!request->all && names.count == 0) {
		r = image_mount_list(engine, &mounts, err);
		return r < 0 ? r : print_mounts(&mounts, request->format, err);
	}
	r = mount_names(engine, &names, &mounts, err);
	/* a single one is its path alone, for $(coracle image mount x) */
	if (operands->count == 1 && !request->format) {
		LIST_EACH(struct image_mounted, mounted, &mounts)
			print_line("%s", mounted->path);
		return r;
	}
	printed = mounts.count || r >= 0 ? print_mounts(&mounts, request->format, &failure) : 0;
	if (r < 0 || printed >= 0)
		return r;
	*err = failure;
	return printed;
}

static int unmount_names(struct engine *engine, const struct texts *names, enum image_unmount how, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < names->count; i++) {
		AUTO_FREE char *id = NULL;
		struct error failure = {0};
		int r = image_unmount(engine, names->items[i], how, &id, &failure);

		if (r >= 0)
			print_line("%s", id ? digest_hex(id) : "");
		else if (result == 0)
			*err = failure;
		else
			print_error("image unmount: %s", failure.text);
		result = result == 0 && r < 0 ? r : result;
	}
	return result;
}

static int unmount_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct mount_request *request = data;
	AUTO_IMAGE_MOUNT_LIST struct list mounts = {0};
	AUTO_TEXTS struct texts names = {0};
	int r = image_mount_check(err);

	if (r < 0)
		return r;
	if (request->all == (operands->count > 0))
		return error_set(err, ERROR_INVALID, request->all ? "names and --all exclude each other"
		                                                  : "which image? give a name or an id, or --all");
	r = request->all ? image_mount_list(engine, &mounts, err) : 0;
	if (r < 0)
		return r;
	LIST_EACH(struct image_mounted, mounted, &mounts)
		texts_add(&names, mounted->id);
	texts_add_all(&names, operands);
	return unmount_names(engine, &names, request->force ? IMAGE_UNMOUNT_FORCE : IMAGE_UNMOUNT, err);
}

const struct command cmd_image_mount = {
	.name = "image mount",
	.group = "Images",
	.summary = "make images directories to look into; without names: list those that are",
	.operands = "[IMAGE...]",
	.complete = "image",
	.example = "coracle unshare sh -c 'ls $(coracle image mount debian:12)/etc'",
	.opts = mount_opts,
	.request_size = sizeof(struct mount_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = mount_run,
};

const struct command cmd_image_unmount = {
	.name = "image unmount",
	.aliases = "image umount",
	.group = "Images",
	.summary = "end what image mount began",
	.operands = "[IMAGE...]",
	.complete = "image",
	.opts = unmount_opts,
	.request_size = sizeof(struct mount_request),
	.max_operands = -1,
	.needs = NEEDS_ENGINE,
	.run = unmount_run,
};
