/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create.c - a request becomes a container's record on disk; see create.h */
#include "create_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/container/container.h"
#include "coracle/volume/volume.h"

#include <fcntl.h>
#include <string.h>

const char *text_or(const char *a, const char *b)
{
	return a && *a ? a : b;
}

static int create_identity(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	struct record *record = making->record;
	char id[ID_LENGTH + 1];
	char now[CLOCK_TEXT_SIZE];

	id_random(id);
	record->version = 1;
	text_replace(&record->id, id);
	text_replace(&record->created, clock_rfc3339(clock_now(), now));
	if (request->name && *request->name) {
		if (!name_is_valid(request->name))
			return error_set(err, ERROR_INVALID,
			                 "name \"%s\": only letters, digits, \"_\", \".\" and \"-\" after a letter "
			                 "or digit, such as web-1",
			                 request->name);
		text_replace(&record->name, request->name);
	} else {
		record->name = name_generate(&making->engine->paths);
	}
	record->auto_remove = request->auto_remove;
	record->detached = request->detach;
	texts_add_all(&record->create_command, &request->create_command);
	text_replace(&record->cid_file, request->cid_file);
	text_replace(&record->pid_file, request->pid_file);
	text_replace(&record->pull_policy, request->pull);
	/* before any work: docker and podman refuse to overwrite it */
	if (request->cid_file && access(request->cid_file, F_OK) == 0)
		return error_set(err, ERROR_CONFLICT,
		                 "container ID file %s exists already: remove it or give another --cidfile",
		                 request->cid_file);
	return 0;
}

static int add_label_files(const struct container_create *request, struct texts *out, struct error *err)
{
	for (size_t i = 0; i < request->label_files.count; i++) {
		const char *path = request->label_files.items[i];
		AUTO_FREE char *text = NULL;
		size_t length;
		int r = file_read_stream(AT_FDCWD, path, 1 << 20, &text, &length);

		if (r < 0)
			return error_errno(err, -r, "--label-file %s", path);
		r = parse_env_file(text, length, path, NULL, out, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int create_labels(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	AUTO_TEXTS struct texts lines = {0};
	int r = add_label_files(request, &lines, err);

	if (r < 0)
		return r;
	texts_add_all(&lines, &request->labels);
	pairs_set_all(&making->record->labels, &making->image.config.labels);
	for (size_t i = 0; i < lines.count; i++) {
		if (lines.items[i][0] == '=' || lines.items[i][0] == '\0')
			return error_set(err, ERROR_INVALID, "label \"%s\" has no name, as in app=web",
			                 lines.items[i]);
		pairs_set_text(&making->record->labels, lines.items[i]);
	}
	for (size_t i = 0; i < request->annotations.count; i++) {
		if (!strchr(request->annotations.items[i], '=') || request->annotations.items[i][0] == '=')
			return error_set(err, ERROR_INVALID, "annotation \"%s\" is not KEY=VALUE",
			                 request->annotations.items[i]);
		pairs_set_text(&making->record->annotations, request->annotations.items[i]);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct making *making, struct error *err);
} steps[] = {
	{"identity", create_identity}, {"image", create_image},         {"labels", create_labels},
	{"process", create_process},   {"resources", create_resources}, {"isolation", create_isolation},
	{"network", create_network},   {"mounts", create_mounts},
};

static void unmake(struct making *making)
{
	struct error ignored = {0};

	for (size_t i = 0; i < making->made_volumes.count; i++)
		/* they are empty and new: nothing of the user's is lost */
		(void) !volume_remove(&making->engine->paths, making->made_volumes.items[i], &ignored);
}

int create_record(struct engine *engine, const struct container_create *request, struct record *record,
                  struct error *err)
{
	struct making making = {.engine = engine, .request = request, .record = record};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(steps) && r >= 0; i++)
		r = steps[i].run(&making, err);
	if (r < 0) {
		unmake(&making);
		record_done(record);
	}
	texts_done(&making.made_volumes);
	fields_done(image_config_fields, &making.image);
	return r;
}

static int write_cid_file(const char *path, const char *id, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return error_errno(err, errno, "container ID file %s", path);
	r = write_all(fd, id, strlen(id));
	return r < 0 ? error_errno(err, -r, "container ID file %s", path) : 0;
}

/* --replace: what has the name goes first */
static int replace_old(struct engine *engine, const char *name, struct error *err)
{
	struct container_remove remove = {.force = true, .ignore = true};

	if (!name || !*name)
		return error_set(err, ERROR_INVALID, "--replace needs --name");
	return container_remove(engine, name, &remove, NULL, err);
}

void create_undo(struct engine *engine, const struct record *record)
{
	struct error ignored = {0};

	LIST_EACH(struct record_mount, mount, &record->mounts)
		if (mount->anonymous && mount->source)
			/* as empty as it was made */
			(void) !volume_remove(&engine->paths, mount->source, &ignored);
}

static int claim(struct engine *engine, const struct container_create *request, const struct record *record,
                 struct error *err)
{
	int r = request->replace ? replace_old(engine, request->name, err) : 0;

	if (r >= 0)
		r = state_create(&engine->paths, record, err);
	if (r < 0 || !request->cid_file || !*request->cid_file)
		return r;
	r = write_cid_file(request->cid_file, record->id, err);
	if (r < 0) {
		struct error ignored = {0};

		(void) !state_remove(&engine->paths, record->id, record->name, &ignored);
	}
	return r;
}

/*
 * check_image - from here on whoever removes images sees that this container stands on its layers; one who was just
 * before has removed the record of the image already (store/gc.h)
 */
static int check_image(struct engine *engine, const struct record *record, struct error *err)
{
	struct store *store;
	struct error ignored = {0};

	if (!record->image_id || !*record->image_id)
		return 0;
	store = engine_store(engine, err);
	if (!store)
		return -EIO;
	if (image_record_exists(store, record->image_id))
		return 0;
	(void) !state_remove(&engine->paths, record->id, record->name, &ignored);
	return error_set(err, ERROR_NOT_FOUND, "image %s was removed meanwhile; get it with: coracle pull %s",
	                 record->image, record->image);
}

int create_finish(struct engine *engine, const struct container_create *request, const struct record *record,
                  struct error *err)
{
	int r = claim(engine, request, record, err);

	if (r >= 0)
		r = check_image(engine, record, err);
	if (r < 0)
		create_undo(engine, record);
	return r;
}

int container_create(struct engine *engine, const struct container_create *request, char **out_id,
                     struct error *err)
{
	AUTO_RECORD struct record record = {0};
	int r = create_record(engine, request, &record, err);

	if (r < 0)
		return r;
	r = create_finish(engine, request, &record, err);
	if (r < 0)
		return r;
	*out_id = xstrdup(record.id);
	return 0;
}
