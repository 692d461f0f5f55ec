/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_config.c - "Config" of inspect: what runs, and as whom */
#include <string.h>

#include "inspect.h"
#include "object.h"

/* docker: null where the user and the image said nothing */
static json_t *words_or_null(const struct texts *words)
{
	return words->count ? texts_value(words) : json_null();
}

static bool is_attached(const struct record *record, const char *stream)
{
	return texts_has(&record->attach, stream);
}

static json_t *exposed_ports(const struct record *record)
{
	json_t *object = json_object();

	for (size_t i = 0; i < record->exposed.count; i++)
		object_set(object, record->exposed.items[i], json_object());
	LIST_EACH(struct record_port, port, &record->ports) {
		json_t *key = json_sprintf("%u/%s", (unsigned) port->container_port,
		                           port->protocol && *port->protocol ? port->protocol : "tcp");

		object_set(object, json_string_value(key), json_object());
		json_decref(key);
	}
	return object;
}

static json_t *volumes(const struct record *record)
{
	json_t *object = json_object();

	LIST_EACH(struct record_mount, mount, &record->mounts)
		if ((mount->anonymous || mount->from_image) && mount->target)
			object_set(object, mount->target, json_object());
	if (json_object_size(object))
		return object;
	json_decref(object);
	return json_null();
}

static json_t *health(const struct record_health *from)
{
	json_t *object = json_object();

	object_texts(object, "Test", &from->test);
	object_number(object, "Interval", from->interval);
	object_number(object, "Timeout", from->timeout);
	object_number(object, "StartPeriod", from->start_period);
	object_number(object, "Retries", from->retries);
	return object;
}

/* members that only podman has */
static void set_more(json_t *object, const struct record *record)
{
	object_pairs(object, "Annotations", &record->annotations);
	object_texts(object, "CreateCommand", &record->create_command);
	object_text(object, "Umask", record->umask && *record->umask ? record->umask : "0022");
	object_number(object, "Timeout", (int64_t) record->timeout);
	object_number(object, "StopTimeout", (int64_t) record->stop_timeout);
	object_bool(object, "SystemdMode", false);
	object_text(object, "sdNotifyMode", record->systemd_notify);
}

json_t *inspect_config(const struct container *container)
{
	const struct record *record = container->record;
	json_t *object = json_object();

	object_text(object, "Hostname", record->hostname);
	object_text(object, "Domainname", record->domainname);
	object_text(object, "User", record->user);
	object_bool(object, "AttachStdin", is_attached(record, "stdin"));
	object_bool(object, "AttachStdout", is_attached(record, "stdout"));
	object_bool(object, "AttachStderr", is_attached(record, "stderr"));
	object_set(object, "ExposedPorts", exposed_ports(record));
	object_bool(object, "Tty", record->tty);
	object_bool(object, "OpenStdin", record->interactive);
	object_bool(object, "StdinOnce", record->interactive && !record->detached);
	object_texts(object, "Env", &record->env);
	object_set(object, "Cmd", words_or_null(&record->command));
	if (record->health)
		object_set(object, "Healthcheck", health(record->health));
	object_text(object, "Image", record->image);
	object_set(object, "Volumes", volumes(record));
	object_text(object, "WorkingDir", record->working_dir);
	object_set(object, "Entrypoint", words_or_null(&record->entrypoint));
	object_set(object, "OnBuild", json_null());
	object_pairs(object, "Labels", &record->labels);
	object_text(object, "StopSignal", record->stop_signal);
	set_more(object, record);
	return object;
}
