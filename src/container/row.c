/* SPDX-License-Identifier: GPL-2.0-or-later */
/* row.c - one container as ps shows it; see row.h */
#include "row.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/digest.h"
#include "coracle/format/human.h"

#include <stdio.h>
#include <string.h>

#include "object.h"
#include "words.h"

#define ID_WIDTH    12
#define MOUNT_WIDTH 15

/* what a new reference to a text that is made for it looks like */
static void set_made(json_t *object, const char *key, char *owned)
{
	object_text(object, key, owned);
	free(owned);
}

/* Whole seconds, as docker prints a time: "2026-11-21 21:18:10 +0000 UTC" */
static void set_time(json_t *object, const char *key, uint64_t ns)
{
	char text[CLOCK_TEXT_SIZE];

	object_text(object, key, ns ? clock_go(ns - ns % NS_PER_SECOND, text) : "");
}

static char *image_words(const struct row *row)
{
	const struct container *container = row->container;
	const char *image = container->image && *container->image ? container->image : container->image_id;

	if (!image)
		return xstrdup("");
	if (strncmp(image, "sha256:", 7) == 0)
		return row->no_trunc ? xstrdup(image) : xprintf("%.12s", image + 7);
	return xstrdup(image);
}

static char *mounts_words(const struct row *row, unsigned *volumes)
{
	const struct texts *sources = &row->container->volumes;
	AUTO_TEXTS struct texts shown = {0};

	*volumes = 0;
	for (size_t i = 0; i < sources->count; i++) {
		const char *source = sources->items[i];

		if (!*source)
			continue;
		*volumes += *source != '/';
		texts_take(&shown, row->no_trunc ? xstrdup(source) : words_cut(source, MOUNT_WIDTH));
	}
	return texts_join(&shown, ",");
}

static char *size_words(const struct size *size)
{
	char written[HUMAN_TEXT_SIZE], total[HUMAN_TEXT_SIZE];

	return xprintf("%s (virtual %s)", human_size(size->written, written), human_size(size->total, total));
}

/* Members that podman's templates know and docker's do not; numbers stay numbers. */
static void set_extras(json_t *object, const struct container *container)
{
	uint64_t started = words_time(words_started(container));
	uint64_t finished = words_time(words_finished(container));

	object_text(object, "ImageID", container->image_id);
	object_number(object, "Created", (int64_t) (container->created_ns / NS_PER_SECOND));
	object_number(object, "Pid", container->run ? container->run->pid : 0);
	object_number(object, "ExitCode", container->exit && !container->run ? container->exit->code : 0);
	object_bool(object, "Exited", container->status == STATUS_EXITED);
	object_number(object, "StartedAt", (int64_t) (started / NS_PER_SECOND));
	object_number(object, "ExitedAt", (int64_t) (finished / NS_PER_SECOND));
	object_bool(object, "AutoRemove", container->auto_remove);
	object_number(object, "Restarts", container->run    ? container->run->restarts
	                                  : container->exit ? container->exit->restarts
	                                                    : 0);
}

/* The columns of the default table. */
static json_t *brief_words(const struct row *row, char age[static HUMAN_TEXT_SIZE])
{
	const struct container *container = row->container;
	json_t *object = json_object();
	char id[ID_WIDTH + 1];

	(void) snprintf(id, sizeof id, "%s", container->id);
	object_text(object, "ID", row->no_trunc ? container->id : id);
	set_made(object, "Image", image_words(row));
	set_made(object, "Command", words_command(container->command ? container->command : "", row->no_trunc));
	(void) human_ago(container->created_ns, row->now, age);
	object_text(object, "RunningFor", container->created_ns ? age : "");
	set_made(object, "Status", words_status(container, row->now));
	set_made(object, "Ports", words_ports(&container->ports));
	object_text(object, "Names", container->name);
	if (row->size)
		set_made(object, "Size", size_words(row->size));
	return object;
}

json_t *row_words(const struct row *row)
{
	const struct container *container = row->container;
	char age[HUMAN_TEXT_SIZE];
	json_t *object = brief_words(row, age);
	unsigned volumes;

	if (row->brief)
		return object;
	set_time(object, "CreatedAt", container->created_ns);
	object_text(object, "CreatedHuman", container->created_ns ? age : "");
	object_text(object, "State", status_name(container->status));
	object_text(object, "HealthStatus", words_health(container));
	if (!row->size)
		object_text(object, "Size", "0B");
	set_made(object, "Labels", words_pairs(&container->labels));
	set_made(object, "Mounts", mounts_words(row, &volumes));
	set_made(object, "LocalVolumes", xprintf("%u", volumes));
	set_made(object, "Networks", words_network(container->network));
	object_text(object, "Platform", "linux");
	set_extras(object, container);
	return object;
}

/* --- podman's --- */

static json_t *mount_targets(const struct record *record)
{
	json_t *array = json_array();

	if (record)
		LIST_EACH(struct record_mount, mount, &record->mounts)
			array_text(array, mount->target);
	return array;
}

static json_t *ports_value(const struct list *ports)
{
	json_t *array = json_array();

	LIST_EACH(struct record_port, port, ports) {
		json_t *object = json_object();

		object_text(object, "host_ip", port->host_ip);
		object_number(object, "container_port", (int64_t) port->container_port);
		object_number(object, "host_port", (int64_t) port->host_port);
		object_number(object, "range", 1);
		object_text(object, "protocol", port->protocol);
		(void) json_array_append_new(array, object);
	}
	return array;
}

static json_t *one_text(const char *text)
{
	json_t *array = json_array();

	if (text && *text)
		array_text(array, text);
	return array;
}

static json_t *networks_value(const struct container *container)
{
	AUTO_FREE char *network = words_network(container->network);

	return one_text(network);
}

static json_t *size_value(const struct size *size)
{
	json_t *object;

	if (!size)
		return json_null();
	object = json_object();
	object_number(object, "rootFsSize", (int64_t) size->total);
	object_number(object, "rwSize", (int64_t) size->written);
	return object;
}

json_t *row_typed(const struct row *row)
{
	const struct container *container = row->container;
	const struct record *record = container->record;
	json_t *object = json_object();
	char age[HUMAN_TEXT_SIZE];

	object_set(object, "Command", record ? texts_value(&record->args) : one_text(container->command));
	object_text(object, "CreatedAt", human_ago(container->created_ns, row->now, age));
	object_text(object, "CIDFile", record ? record->cid_file : NULL);
	object_text(object, "Id", container->id);
	object_text(object, "Image", container->image);
	object_bool(object, "IsInfra", false);
	object_pairs(object, "Labels", &container->labels);
	object_set(object, "Mounts", mount_targets(record));
	object_set(object, "Names", one_text(container->name));
	object_set(object, "Namespaces", json_object());
	object_set(object, "Networks", networks_value(container));
	object_text(object, "Pod", "");
	object_text(object, "PodName", "");
	object_set(object, "Ports", ports_value(&container->ports));
	object_set(object, "Size", size_value(row->size));
	object_text(object, "State", status_name(container->status));
	set_made(object, "Status", words_status(container, row->now));
	set_extras(object, container);
	if (container->image_id && digest_is_valid(container->image_id))
		object_text(object, "ImageID", digest_hex(container->image_id));
	if (container->damage)
		object_text(object, "Damage", container->damage);
	return object;
}
