/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state_summary.c - reading one container's files and computing its status */
#include "summary.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/scan.h"
#include "coracle/sys/lock.h"
#include "coracle/sys/process.h"

#include <stdio.h>
#include <string.h>


const struct field summary_fields[] = {
	FIELD_TEXT("name", struct container, name),
	FIELD_TEXT("image", struct container, image),
	FIELD_TEXT("imageId", struct container, image_id),
	FIELD_TEXT("command", struct container, command),
	FIELD_TEXT("created", struct container, created, .required = true),
	FIELD_TEXT("network", struct container, network),
	FIELD_PAIRS("labels", struct container, labels),
	FIELD_LIST("ports", struct container, ports, struct record_port, record_port_fields),
	FIELD_TEXTS("volumes", struct container, volumes),
	FIELD_BOOL("autoRemove", struct container, auto_remove),
	FIELD_END,
};

static const struct field ports_only[] = {
	FIELD_LIST("ports", struct container, ports, struct record_port, record_port_fields),
	FIELD_END,
};

static const char *const status_names[] = {
	[STATUS_CREATED] = "created",       [STATUS_STARTING] = "created",
	[STATUS_RUNNING] = "running",       [STATUS_RESTARTING] = "restarting",
	[STATUS_PAUSED] = "paused",         [STATUS_EXITED] = "exited",
	[STATUS_DAMAGED] = "damaged",
};

const char *status_name(enum status status)
{
	return status_names[status];
}

static void copy_ports(const struct list *from, struct list *into)
{
	LIST_EACH(struct record_port, port, from) {
		struct record_port *copy = list_add(into, sizeof *copy);

		*copy = *port;
		copy->host_ip = port->host_ip ? xstrdup(port->host_ip) : NULL;
		copy->protocol = port->protocol ? xstrdup(port->protocol) : NULL;
	}
}

void summary_fill(const struct record *record, struct container *container)
{
	fields_done(summary_fields, container);
	text_replace(&container->name, record->name);
	text_replace(&container->image, record->image);
	text_replace(&container->image_id, record->image_id);
	text_replace(&container->created, record->created);
	text_replace(&container->network, record->network);
	container->command = texts_join(&record->args, " ");
	pairs_set_all(&container->labels, &record->labels);
	copy_ports(&record->ports, &container->ports);
	LIST_EACH(struct record_mount, mount, &record->mounts)
		if (mount->source)
			texts_add(&container->volumes, mount->source);
	container->auto_remove = record->auto_remove;
}

static void set_damaged(struct container *container, const char *why)
{
	container->status = STATUS_DAMAGED;
	text_replace(&container->damage, why);
}

static int read_record(const struct paths *paths, struct container *container, struct error *err)
{
	AUTO_FREE char *path = xprintf("containers/%s/" RECORD_FILE, container->id);
	struct record *record = xcalloc(1, sizeof *record);
	int r = scan_file(paths->data_fd, path, RECORD_MAX_BYTES, record_fields, record, err);

	if (r == -ENOENT)
		(void) error_errno(err, ENOENT, "%s", path);
	if (r >= 0 && (!record->id || strcmp(record->id, container->id) != 0 || !record->name))
		r = error_set(err, ERROR_INVALID, "%s: is not the record of this container", path);
	if (r < 0) {
		record_done(record);
		free(record);
		return r;
	}
	summary_fill(record, container);
	container->record = record;
	return 0;
}

void summary_read(const struct paths *paths, struct container *container, enum state_depth depth)
{
	struct error err = {0};
	int r = -1;

	if (depth == STATE_SUMMARY) {
		char path[128];

		(void) snprintf(path, sizeof path, "containers/%s/" SUMMARY_FILE, container->id);
		r = scan_file(paths->data_fd, path, SUMMARY_MAX_BYTES, summary_fields, container, &err);
	}
	/* a summary can be made again from the record, so its loss is no damage */
	if (r < 0)
		r = read_record(paths, container, &err);
	if (r < 0) {
		set_damaged(container, err.text);
		return;
	}
	if (clock_parse_rfc3339(container->created, &container->created_ns) < 0)
		set_damaged(container, "its time of creation can't be read");
}

static struct exit_record *read_exit(const struct paths *paths, const char *id)
{
	char path[128];
	struct error ignored = {0};
	struct exit_record *found = xcalloc(1, sizeof *found);
	int r;

	(void) snprintf(path, sizeof path, "containers/%s/" EXIT_FILE, id);
	r = scan_file(paths->data_fd, path, SUMMARY_MAX_BYTES, exit_record_fields, found, &ignored);
	if (r == -ENOENT) {
		free(found);
		return NULL;
	}
	if (r < 0) {
		fields_done(exit_record_fields, found);
		*found = (struct exit_record){.code = 255};
		found->error = xstrdup("the record of its end can't be read");
	}
	return found;
}

static struct run *read_run(const struct paths *paths, const char *id)
{
	char path[128];
	struct error ignored = {0};
	struct run *run = xcalloc(1, sizeof *run);

	(void) snprintf(path, sizeof path, "containers/%s/" RUN_FILE, id);
	if (scan_file(paths->runtime_fd, path, SUMMARY_MAX_BYTES, run_fields, run, &ignored) < 0) {
		free(run);
		return NULL;
	}
	return run;
}

static void forget(struct container *container)
{
	if (container->exit) {
		fields_done(exit_record_fields, container->exit);
		free(container->exit);
		container->exit = NULL;
	}
	if (container->run) {
		fields_done(run_fields, container->run);
		free(container->run);
		container->run = NULL;
	}
}

/*
 * A --rm container writes no record of its run, since it is gone with it. What a run leaves when its
 * monitor was killed is a writable layer and run.json; asked before: one that starts now has them too.
 */
static bool has_run(const struct paths *paths, const struct container *container)
{
	char path[128];
	bool left;

	if (!container->auto_remove)
		return false;
	(void) snprintf(path, sizeof path, "containers/%s/upper", container->id);
	left = file_exists(paths->data_fd, path);
	if (!left) {
		(void) snprintf(path, sizeof path, "containers/%s/" RUN_FILE, container->id);
		left = file_exists(paths->runtime_fd, path);
	}
	return left && !state_is_live(paths, container->id);
}

void state_look(const struct paths *paths, struct container *container, bool live)
{
	forget(container);
	container->exit = read_exit(paths, container->id);
	if (container->status == STATUS_DAMAGED)
		return;
	if (live) {
		struct run *run = container->run = read_run(paths, container->id);

		if (!run)
			container->status = STATUS_STARTING;
		else if (run->restarting)
			container->status = STATUS_RESTARTING;
		else
			container->status = run->pid > 0 ? STATUS_RUNNING : STATUS_STARTING;
		if (run && run->ports.count) {
			fields_done(ports_only, container);
			copy_ports(&run->ports, &container->ports);
		}
		return;
	}
	if (!container->exit && has_run(paths, container)) {
		container->exit = xcalloc(1, sizeof *container->exit);
		text_replace(&container->exit->started, container->created);
	}
	if (!container->exit) {
		container->status = STATUS_CREATED;
		return;
	}
	container->status = STATUS_EXITED;
	if (!container->exit->finished || !*container->exit->finished) {
		/* kill -9 of the monitor or a reboot: what ran is dead, its code is not known */
		container->exit->code = 255;
		text_replace(&container->exit->finished, container->exit->started);
		text_replace(&container->exit->error,
		             "ended without a record: its monitor was killed or the machine restarted");
	}
}

void container_done(struct container *container)
{
	forget(container);
	if (container->record) {
		record_done(container->record);
		free(container->record);
	}
	fields_done(summary_fields, container);
	free(container->id);
	free(container->damage);
	(void) memset(container, 0, sizeof *container);
}

void container_list_done(struct list *list)
{
	LIST_EACH(struct container, container, list)
		container_done(container);
	free(list->items);
	*list = (struct list){0};
}
