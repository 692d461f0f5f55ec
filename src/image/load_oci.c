/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load_oci.c - OCI image layouts, as directory or archive; see load.h
 *
 * index.json lists images. Those that share a name (or all that have none) are the same image for
 * several platforms, and so are the entries of an index that it points to: one of them is taken,
 * unless the user asks for certain platforms.
 */
#include "load.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"

#include <ctype.h>
#include <string.h>

#include "make.h"
#include "media.h"
#include "name.h"

#define INDEX_MAX_DEPTH 4

/* read_blob - verified against the descriptor's size and digest */
static int read_blob(struct loading *loading, const struct descriptor *descriptor, char **out,
                     size_t *length, struct error *err)
{
	const char *digest = descriptor->digest ? descriptor->digest : "";
	AUTO_FREE char *path = xprintf("blobs/sha256/%s", digest_hex(digest));
	AUTO_FREE char *bytes = NULL;
	char actual[DIGEST_TEXT_SIZE];
	int r = bundle_read(loading->bundle, path, OCI_DOCUMENT_MAX_BYTES, &bytes, length, err);

	if (r >= 0)
		r = digest_bytes(bytes, *length, actual, err);
	if (r < 0)
		return r;
	if (strcmp(actual, digest) != 0 || *length != (size_t) descriptor->size)
		return error_set(err, ERROR_INVALID, "%s: content does not have this digest and size; "
		                 "the archive is damaged", path);
	*out = TAKE_PTR(bytes);
	return 0;
}

/* is_bare_tag - "latest", "12", "v1.2": what skopeo and umoci write behind the layout's own name */
static bool is_bare_tag(const char *text)
{
	if (strpbrk(text, "/:@"))
		return false;
	return strcmp(text, "latest") == 0 || isdigit((unsigned char) *text)
	       || (*text == 'v' && isdigit((unsigned char) text[1]));
}

static void add_name(struct loading *loading, const char *text, struct texts *names)
{
	AUTO_FREE char *own = NULL, *name = NULL;
	struct error ignored = {0};

	if (is_bare_tag(text) && loading->stem)
		own = xprintf("%s:%s", loading->stem, text);
	/* free text is allowed in this annotation: what is no name gives none */
	if (name_full(own ? own : text, NAME_LOCAL, &name, &ignored) >= 0 && !texts_has(names, name))
		texts_add(names, name);
}

static const char *name_annotation(const struct descriptor *descriptor)
{
	const char *name = pairs_get(&descriptor->annotations, "io.containerd.image.name");

	return name ? name
	            : pairs_get(&descriptor->annotations, "org.opencontainers.image.ref.name");
}

static int make_image(struct loading *loading, const struct image_manifest *manifest,
                      struct image_parts *parts, struct error *err)
{
	AUTO_FREE char *config = NULL, *id = NULL;
	int r = media_check(manifest, err);

	if (r >= 0)
		r = read_blob(loading, &manifest->config, &config, &parts->config_length, err);
	if (r < 0)
		return r;
	parts->config = config;
	LIST_EACH(struct descriptor, layer, &manifest->layers)
		texts_printf(&parts->layers, "blobs/sha256/%s", digest_hex(layer->digest));
	parts->blobs = &manifest->layers;
	r = image_make(loading->store, parts, &id, err);
	if (r < 0)
		return r;
	if (parts->names.count)
		texts_add_all(loading->loaded, &parts->names);
	else
		texts_add(loading->loaded, id);
	return 0;
}

static int load_manifest(struct loading *loading, const struct descriptor *descriptor, const char *name,
                         struct error *err)
{
	AUTO_IMAGE_PARTS struct image_parts parts = {.bundle = loading->bundle};
	struct image_manifest manifest = {0};
	AUTO_FREE char *bytes = NULL;
	int r = read_blob(loading, descriptor, &bytes, &parts.manifest_length, err);

	if (r >= 0)
		r = image_manifest_parse(bytes ? bytes : "", parts.manifest_length, &manifest, err);
	if (r < 0)
		return error_wrap(err, r, "image manifest %.19s", descriptor->digest);
	parts.manifest = bytes;
	if (name)
		add_name(loading, name, &parts.names);
	r = make_image(loading, &manifest, &parts, err);
	fields_done(image_manifest_fields, &manifest);
	return r < 0 ? error_wrap(err, r, "image %s", name ? name : descriptor->digest) : 0;
}

/* best_for - of choices the one that fits best, of equals the first; NULL: none is for that platform */
static const struct descriptor *best_for(const struct platform *wanted, const struct descriptor *const *choices,
                                         size_t count)
{
	const struct descriptor *best = NULL;
	unsigned rank = 0;

	for (size_t i = 0; i < count; i++)
		if (platform_fits_better(choices[i]->platform, wanted, &rank))
			best = choices[i];
	return best;
}

static int load_descriptor(struct loading *loading, const struct descriptor *descriptor, const char *name,
                           unsigned depth, struct error *err);

/* choices are one image for several platforms */
static int load_choice(struct loading *loading, const struct descriptor *const *choices, size_t count,
                       const char *name, unsigned depth, struct error *err)
{
	const struct texts *platforms = &loading->request->platforms;
	size_t taken = 0;

	for (size_t i = 0; i < (platforms->count ? platforms->count : 1); i++) {
		AUTO(platform_done) struct platform wanted = {0};
		const struct descriptor *best;
		int r = platforms->count ? platform_parse(platforms->items[i], &wanted, err) : 0;

		if (r < 0)
			return r;
		best = best_for(platforms->count ? &wanted : platform_host(), choices, count);
		if (!best)
			continue;
		r = load_descriptor(loading, best, taken ? NULL : name, depth, err);
		if (r < 0)
			return r;
		taken++;
	}
	if (taken)
		return 0;
	if (count == 1 && platforms->count == 0)
		return load_descriptor(loading, choices[0], name, depth, err);
	for (size_t i = 0; i < count; i++)
		if (!choices[i]->platform)
			return load_descriptor(loading, choices[i], name, depth, err);
	return error_set(err, ERROR_NOT_FOUND,
	                 "%s: none of its %zu images is for %s; name one with --platform",
	                 name ? name : "the archive", count,
	                 platforms->count ? platforms->items[0] : "this machine");
}

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* load_nested - one index is one image */
static int load_nested(struct loading *loading, const struct image_index *index, const char *name,
                       unsigned depth, struct error *err)
{
	AUTO_FREE const struct descriptor **choices =
		xcalloc(index->manifests.count + 1, sizeof(struct descriptor *));
	size_t count = 0;

	LIST_EACH(struct descriptor, descriptor, &index->manifests)
		if (media_is_image(descriptor))
			choices[count++] = descriptor;
	return load_choice(loading, choices, count, name, depth, err);
}

static int load_descriptor(struct loading *loading, const struct descriptor *descriptor, const char *name,
                           unsigned depth, struct error *err)
{
	struct image_index index = {0};
	AUTO_FREE char *bytes = NULL;
	size_t length;
	int r;

	if (!media_is_index(descriptor))
		return load_manifest(loading, descriptor, name, err);
	if (depth >= INDEX_MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "indexes nested too deeply");
	r = read_blob(loading, descriptor, &bytes, &length, err);
	if (r >= 0)
		r = image_index_parse(bytes ? bytes : "", length, &index, err);
	if (r < 0)
		return error_wrap(err, r, "image index %.19s", descriptor->digest);
	r = load_nested(loading, &index, name, depth + 1, err);
	fields_done(image_index_fields, &index);
	return r;
}

/* load_top - group index.json's entries by name */
static int load_top(struct loading *loading, const struct image_index *index, struct error *err)
{
	size_t total = index->manifests.count;
	AUTO_FREE bool *done = xcalloc(total + 1, sizeof *done);
	AUTO_FREE const struct descriptor **choices = xcalloc(total + 1, sizeof(struct descriptor *));
	size_t images = 0;

	for (size_t i = 0; i < total; i++) {
		const struct descriptor *first = LIST_AT(struct descriptor, &index->manifests, i);
		const char *name = name_annotation(first);
		size_t count = 0;
		int r;

		if (done[i] || !media_is_image(first))
			continue;
		for (size_t j = i; j < total; j++) {
			const struct descriptor *other = LIST_AT(struct descriptor, &index->manifests, j);

			/* without a platform it is an image of its own */
			if (done[j] || !media_is_image(other) || !is_same_name(name, name_annotation(other))
			    || (j != i && (!first->platform || !other->platform)))
				continue;
			done[j] = true;
			choices[count++] = other;
		}
		r = load_choice(loading, choices, count, name, 0, err);
		if (r < 0)
			return r;
		images++;
	}
	return images ? 0 : error_set(err, ERROR_INVALID, "index.json: names no image");
}

int load_oci(struct loading *loading, struct error *err)
{
	struct image_index index = {0};
	AUTO_FREE char *bytes = NULL;
	size_t length;
	int r = bundle_read(loading->bundle, "index.json", OCI_DOCUMENT_MAX_BYTES, &bytes, &length, err);

	if (r >= 0)
		r = image_index_parse(bytes ? bytes : "", length, &index, err);
	if (r < 0)
		return error_wrap(err, r, "index.json");
	r = load_top(loading, &index, err);
	fields_done(image_index_fields, &index);
	return r;
}
