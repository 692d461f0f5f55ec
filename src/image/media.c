/* SPDX-License-Identifier: GPL-2.0-or-later */
/* media.c - media types of what an index and a manifest point to; see media.h */
#include "media.h"

#include "coracle/base/alloc.h"

#include <string.h>

bool media_is_index(const struct descriptor *descriptor)
{
	const char *type = descriptor->media_type ? descriptor->media_type : "";

	return strstr(type, ".image.index.") || strstr(type, ".manifest.list.");
}

bool media_is_image(const struct descriptor *descriptor)
{
	const struct platform *platform = descriptor->platform;

	if (pairs_get(&descriptor->annotations, "vnd.docker.reference.type"))
		return false;
	if (platform && platform->os && strcmp(platform->os, "unknown") == 0)
		return false;
	return media_is_index(descriptor) || !descriptor->media_type
	       || strstr(descriptor->media_type, ".image.manifest.")
	       || strstr(descriptor->media_type, ".distribution.manifest.v2");
}

static void tell_platforms(const struct image_index *index, const struct platform *wanted, struct error *err)
{
	AUTO_FREE char *text = platform_text(wanted);
	AUTO_TEXTS struct texts there = {0};
	AUTO_FREE char *joined = NULL;

	LIST_EACH(struct descriptor, descriptor, &index->manifests)
		if (media_is_image(descriptor) && descriptor->platform)
			texts_take(&there, platform_text(descriptor->platform));
	joined = texts_join(&there, ", ");
	(void) error_set(err, ERROR_NOT_FOUND, "there is no image for %s, only for: %.1000s; choose with --platform", text,
	                 there.count ? joined : "nothing that is named");
}

const struct descriptor *media_choose(const struct image_index *index, const struct platform *wanted, struct error *err)
{
	const struct descriptor *only = NULL, *best = NULL;
	unsigned rank = 0;
	size_t images = 0;

	LIST_EACH(struct descriptor, descriptor, &index->manifests) {
		if (!media_is_image(descriptor))
			continue;
		if (platform_fits_better(descriptor->platform, wanted, &rank))
			best = descriptor;
		only = descriptor;
		images++;
	}
	if (best)
		return best;
	if (images == 1 && only && !only->platform)
		return only;
	tell_platforms(index, wanted, err);
	return NULL;
}

int media_check(const struct image_manifest *manifest, struct error *err)
{
	const char *type = manifest->config.media_type ? manifest->config.media_type : "";

	if (*type && !strstr(type, ".oci.image.config.") && !strstr(type, ".docker.container.image."))
		return error_set(err, ERROR_UNSUPPORTED,
		                 "is an artifact of type %s, not a container image", type);
	LIST_EACH(struct descriptor, layer, &manifest->layers) {
		type = layer->media_type ? layer->media_type : "";
		if (*type && !strstr(type, ".tar"))
			return error_set(err, ERROR_UNSUPPORTED, "a layer is of type %s", type);
		if (strstr(type, "+encrypted"))
			return error_set(err, ERROR_UNSUPPORTED,
			                 "is encrypted; decrypt it first: skopeo copy --decryption-key");
	}
	return 0;
}
