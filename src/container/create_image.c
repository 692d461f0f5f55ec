/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create_image.c - the image of a new container: from the store, "host:", or a directory */
#include "create_private.h"

#include "coracle/base/alloc.h"
#include "coracle/image/image.h"
#include "coracle/image/manifest.h"
#include "coracle/image/reference.h"
#include "coracle/store/driver.h"
#include "coracle/store/shared.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int use_directory(struct making *making, struct error *err)
{
	char path[PATH_MAX];
	struct stat st;

	if (!realpath(making->request->image, path))
		return error_errno(err, errno, "--rootfs %s", making->request->image);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INVALID, "--rootfs %s: not a directory", path);
	text_replace(&making->record->rootfs, path);
	return 0;
}

static int wanted_platform(const struct container_create *request, struct platform *out, struct error *err)
{
	AUTO_FREE char *text = NULL;

	if (request->platform && *request->platform)
		return platform_parse(request->platform, out, err);
	if (!request->arch && !request->os && !request->variant) {
		const char *preset = getenv("DOCKER_DEFAULT_PLATFORM");

		return preset && *preset ? platform_parse(preset, out, err) : 0;
	}
	text = xprintf("%s/%s%s%s", text_or(request->os, "linux"),
	               text_or(request->arch, platform_host()->architecture), request->variant ? "/" : "",
	               request->variant ? request->variant : "");
	return platform_parse(text, out, err);
}

static struct platform platform_of(const struct image_config *config)
{
	return (struct platform){.os = config->os, .architecture = config->architecture, .variant = config->variant};
}

/* An image for another machine would only fail later with "exec format error". */
static int check_platform(const struct making *making, struct error *err)
{
	struct platform wanted = {0};
	struct platform found = platform_of(&making->image);
	int r = wanted_platform(making->request, &wanted, err);

	if (r < 0)
		return r;
	if (wanted.architecture && found.architecture && !platform_matches(&found, &wanted))
		r = error_set(err, ERROR_UNSUPPORTED, "image %s is for %s/%s, not for %s/%s",
		              making->request->image, found.os, found.architecture, wanted.os,
		              wanted.architecture);
	else if (!wanted.architecture && found.architecture && *found.architecture
	         && strcmp(found.architecture, platform_host()->architecture) != 0)
		r = error_set(err, ERROR_UNSUPPORTED,
		              "image %s is for %s, this machine is %s; to try all the same (binfmt_misc): "
		              "--platform %s/%s",
		              making->request->image, found.architecture, platform_host()->architecture,
		              text_or(found.os, "linux"), found.architecture);
	platform_done(&wanted);
	return r;
}

static int pull(const struct making *making, const char *image, char **full, struct error *err)
{
	const struct container_create *request = making->request;
	const struct image_pull pull = {
		.platform = request->platform,
		.os = request->os,
		.arch = request->arch,
		.variant = request->variant,
		/* what is here was looked at already */
		.policy = request->pull && strcmp(request->pull, "newer") == 0 ? request->pull : NULL,
		.quiet = request->quiet,
		.remote = request->remote,
	};

	return image_pull_apart(image, &pull, request->progress, full, err);
}

static bool is_name(const char *image)
{
	AUTO_REFERENCE struct reference reference = {0};
	struct error ignored = {0};

	return strncmp(image, "sha256:", 7) != 0 && reference_parse(image, &reference, &ignored) >= 0;
}

/* name_of_listed - 1 with the name (owned) of a list's image for the platform, where a list is called so; else 0 */
static int name_of_listed(const struct making *making, char **out, struct error *err)
{
	AUTO(platform_done) struct platform wanted = {0};
	int r = wanted_platform(making->request, &wanted, err);

	return r < 0 ? r : manifest_image(making->engine, making->request->image, &wanted, out, err);
}

static int read_config(struct making *making, const struct image_record *found, struct error *err)
{
	int r = making->have_image ? 0 : image_read_config(making->engine, found, &making->image, err);

	making->have_image = r >= 0;
	return r;
}

/* is_wanted - 1: no platform was asked for, or the image is for that one; 0: it is not */
static int is_wanted(struct making *making, const struct image_record *found, struct error *err)
{
	AUTO(platform_done) struct platform wanted = {0};
	struct platform is;
	int r = wanted_platform(making->request, &wanted, err);

	if (r < 0 || !wanted.architecture)
		return r < 0 ? r : 1;
	r = read_config(making, found, err);
	if (r < 0)
		return r;
	is = platform_of(&making->image);
	if (!is.os || !is.architecture || platform_matches(&is, &wanted))
		return 1;
	/* another image's will take its place */
	fields_done(image_config_fields, &making->image);
	making->have_image = false;
	return 0;
}

/*
 * find_here - 1 with the image; 0: to be fetched, *image is what
 *
 * An image for another platform than the one that was asked for is as good as none, as for docker; one that no registry
 * knows is refused later, with both platforms named.
 */
static int find_here(struct making *making, const char **image, char **listed, struct image_record *found,
                     char **name, struct error *err)
{
	const char *policy = making->request->pull ? making->request->pull : "missing";
	int r = image_find(making->engine, *image, found, name, err);

	if (r == -ENOENT && is_name(*image)) {
		r = name_of_listed(making, listed, err);
		if (r < 0)
			return r;
		if (*listed)
			*image = *listed;
		r = image_find(making->engine, *image, found, name, err);
	}
	if (r == -ENOENT)
		return strcmp(policy, "never") == 0 || !is_name(*image) ? r : 0;
	if (r < 0 || strcmp(policy, "missing") != 0 || !*name || strncmp(*name, "localhost/", strlen("localhost/")) == 0)
		return r < 0 ? r : 1;
	r = is_wanted(making, found, err);
	if (r != 0)
		return r;
	image_record_done(found);
	free(TAKE_PTR(*name));
	return 0;
}

static int find_or_pull(struct making *making, struct image_record *found, char **name, struct error *err)
{
	const char *policy = making->request->pull, *image = making->request->image;
	bool ask = policy && (strcmp(policy, "always") == 0 || strcmp(policy, "newer") == 0);
	AUTO_FREE char *full = NULL, *listed = NULL;
	int r = ask ? 0 : find_here(making, &image, &listed, found, name, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = pull(making, image, &full, err);
	return r < 0 ? r : image_find(making->engine, full, found, name, err);
}

/* The monitor, whose environment is its own, makes the root with it. */
static int wish_driver(struct record *record, struct error *err)
{
	AUTO_DRIVER_WISH struct driver_wish wish = {0};
	int r = driver_wish_read(&wish, err);

	if (r >= 0)
		text_replace(&record->driver, wish.name);
	return r;
}

int create_image(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	AUTO_IMAGE_RECORD struct image_record found = {0};
	AUTO_FREE char *name = NULL;
	int r;

	if (!request->image || !*request->image)
		return error_set(err, ERROR_INVALID, "no image given, such as host: or a name from: coracle images");
	text_replace(&making->record->image, request->image);
	if (request->rootfs)
		return use_directory(making, err);
	if (strcmp(request->image, IMAGE_HOST) == 0) {
		making->record->host_image = true;
		return 0;
	}
	r = find_or_pull(making, &found, &name, err);
	if (r < 0)
		return r;
	if (name)
		text_replace(&making->record->image, name);
	text_replace(&making->record->image_id, found.id);
	texts_add_all(&making->record->layers, &found.layers);
	if (found.elsewhere || found.store)
		store_places(making->engine->store, &making->engine->paths, &found.layers, &making->record->stores);
	r = wish_driver(making->record, err);
	if (r < 0)
		return r;
	r = read_config(making, &found, err);
	return r < 0 ? r : check_platform(making, err);
}
