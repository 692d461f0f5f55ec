/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer.c - unpacked layers: names by chain id, and their records */
#include "coracle/store/store.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/file.h"
#include "coracle/base/id.h"
#include "coracle/base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "shared_private.h"
#include "store_private.h"

#define LAYER_RECORD_MAX_BYTES 65536

const struct field layer_info_fields[] = {
	FIELD_TEXT("chainId", struct layer_info, chain_id, .required = true),
	FIELD_TEXT("diffId", struct layer_info, diff_id, .required = true),
	FIELD_TEXT("parent", struct layer_info, parent),
	FIELD_UINT("size", struct layer_info, size, .keep = true),
	FIELD_UINT("files", struct layer_info, files, .keep = true),
	FIELD_UINT("tarSize", struct layer_info, tar_size, .keep = true),
	FIELD_TEXT("created", struct layer_info, created),
	FIELD_END,
};

static int layer_path(const char *chain_id, const char *more, char into[static STORE_NAME_SIZE],
                      struct error *err)
{
	if (!digest_is_valid(chain_id))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a layer's chain id", chain_id);
	(void) snprintf(into, STORE_NAME_SIZE, "layers/%s%s", digest_hex(chain_id), more);
	return 0;
}

bool layer_is_here(const struct store *store, const char *chain_id)
{
	char path[STORE_NAME_SIZE];
	struct error ignored = {0};

	return layer_path(chain_id, "/layer.json", path, &ignored) == 0
	       && file_exists(store->fd, path);
}

bool layer_exists(struct store *store, const char *chain_id)
{
	return store_of_layer(store, chain_id) != NULL;
}

int layer_read(struct store *store, const char *chain_id, struct layer_info *out, struct error *err)
{
	char path[STORE_NAME_SIZE];
	struct layer_info info = {0};
	const struct store *place;
	int r = layer_path(chain_id, "/layer.json", path, err);

	if (r < 0)
		return r;
	place = store_of_layer(store, chain_id);
	r = file_read_json(place ? place->fd : store->fd, path, LAYER_RECORD_MAX_BYTES, layer_info_fields, &info, err);
	if (r < 0)
		return error_wrap(err, r, "layer %.12s", digest_hex(chain_id));
	if (strcmp(info.chain_id, chain_id) != 0 || (info.parent && !digest_is_valid(info.parent))) {
		fields_done(layer_info_fields, &info);
		return error_set(err, ERROR_INVALID, "layer %.12s: store/%s is damaged",
		                 digest_hex(chain_id), path);
	}
	*out = info;
	return 0;
}

int layer_chain_id(const char *parent, const char *diff_id, char *into, struct error *err)
{
	AUTO_FREE char *both = NULL;

	if (!digest_is_valid(diff_id) || (parent && !digest_is_valid(parent)))
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a sha256 digest",
		                 digest_is_valid(diff_id) ? parent : diff_id);
	if (!parent) {
		(void) memcpy(into, diff_id, strlen(diff_id) + 1);
		return 0;
	}
	both = xprintf("%s %s", parent, diff_id);
	return digest_bytes(both, strlen(both), into, err);
}
