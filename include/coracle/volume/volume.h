/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volume.h - named and anonymous volumes: data/volumes/NAME/{_data,volume.json} */
#ifndef CORACLE_VOLUME_VOLUME_H
#define CORACLE_VOLUME_VOLUME_H

#include "coracle/base/json.h"
#include "coracle/conf/paths.h"

struct volume {
	char *name, *created; /* RFC 3339 */
	struct pairs labels, options;
	bool anonymous;
	bool filled;          /* image contents were copied in, or somebody used it: not again */
	char *driver;         /* "local" */
	char *mountpoint;     /* filled on reading: absolute path of _data */
	bool damaged;
};
extern const struct field volume_fields[];
void volume_done(struct volume *volume) NONNULL(1);
void volume_list_done(struct list *list) NONNULL(1);

/* volume_name_is_valid - [a-zA-Z0-9][a-zA-Z0-9_.-]* */
bool volume_name_is_valid(const char *name) NONNULL(1);
enum volume_make { VOLUME_MAKE_NEW, VOLUME_MAKE_ANY };
/* volume_create - name NULL: anonymous with a random one; VOLUME_MAKE_ANY: one that exists is fine; out as volume_read */
int volume_create(const struct paths *paths, const char *name, const struct pairs *labels,
                  const struct pairs *options, enum volume_make make, struct volume *out, struct error *err)
	NONNULL(1, 6, 7) MUST_USE;
int volume_read(const struct paths *paths, const char *name, struct volume *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
int volume_write(const struct paths *paths, const struct volume *volume, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* volume_list - list of struct volume, by name */
int volume_list(const struct paths *paths, struct list *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* volume_remove - [userns] all of it; -ENOENT when absent */
int volume_remove(const struct paths *paths, const char *name, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* volume_rows - array for output_list / inspect with docker's and podman's fields (formats.md "volume ls / inspect") */
json_t *volume_rows(const struct list *volumes) NONNULL(1) MUST_USE;
/* volume_matches - formats.md filters: name label label! dangling driver since until anonymous; used: names in use */
int volume_matches(const struct volume *volume, const struct texts *filters, const struct texts *used,
                   struct error *err) NONNULL(1, 2, 3, 4) MUST_USE;
/* volume_data_open - descriptor of _data */
int volume_data_open(const struct paths *paths, const char *name) NONNULL(1, 2) MUST_USE;

#endif
