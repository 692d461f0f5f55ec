/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect_mounts.c - "Mounts" of inspect: bind mounts and volumes, as docker has it without tmpfs */
#include "coracle/base/alloc.h"

#include <string.h>

#include "inspect.h"
#include "object.h"

static const char *propagation_of(const struct record_mount *mount)
{
	static const char *const words[] = {"shared", "rshared", "slave", "rslave", "private", "rprivate"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (texts_has(&mount->options, words[i]))
			return words[i];
	return "rprivate";
}

static json_t *mount_value(const struct paths *paths, const struct record_mount *mount)
{
	bool is_volume = strcmp(mount->type, "volume") == 0;
	AUTO_FREE char *source = is_volume ? xprintf("%s/volumes/%s/_data", paths->data, mount->source)
	                                   : xstrdup(mount->source ? mount->source : "");
	json_t *object = json_object();

	object_text(object, "Type", mount->type);
	if (is_volume)
		object_text(object, "Name", mount->source);
	object_text(object, "Source", source);
	object_text(object, "Destination", mount->target);
	object_text(object, "Driver", is_volume ? "local" : "");
	object_text(object, "Mode", "");
	object_texts(object, "Options", &mount->options);
	object_bool(object, "RW", !mount->read_only);
	object_text(object, "Propagation", is_volume ? "" : propagation_of(mount));
	if (mount->subpath && *mount->subpath)
		object_text(object, "SubPath", mount->subpath);
	return object;
}

json_t *inspect_mounts(const struct paths *paths, const struct record *record)
{
	json_t *array = json_array();

	LIST_EACH(struct record_mount, mount, &record->mounts)
		if (mount->type && (strcmp(mount->type, "bind") == 0 || strcmp(mount->type, "volume") == 0))
			(void) json_array_append_new(array, mount_value(paths, mount));
	return array;
}
