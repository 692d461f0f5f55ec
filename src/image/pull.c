/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull.c - images from their registries: the request, the policy, the names and tags
 *
 * registries.conf and policy.json are remote.c's.
 */
#include "coracle/base/alloc.h"

#include <string.h>

#include "digests.h"
#include "name.h"
#include "pull_private.h"

void image_pulled_done(struct list *pulled)
{
	LIST_EACH(struct image_pulled, one, pulled) {
		free(one->id);
		free(one->name);
		free(one->digest);
	}
	free(pulled->items);
	*pulled = (struct list){0};
}

static int pull_tags(struct pull *pull, const struct remote_place *place, struct registry *registry,
                     const struct reference *name, struct error *err)
{
	AUTO_TEXTS struct texts tags = {0};
	int r = registry_tags(registry, place->path, &tags, err), result = 0;

	if (r >= 0 && tags.count == 0)
		r = error_set(err, ERROR_NOT_FOUND, "%s/%s has no tags", place->host, place->path);
	if (r < 0)
		return r;
	for (size_t i = 0; i < tags.count; i++) {
		struct reference one = *name; /* borrows */
		struct error failure = {0};

		one.tag = tags.items[i];
		r = remote_permits(pull->remote, &one, &failure);
		if (r >= 0)
			r = pull_image(pull, place, registry, &one, &failure);
		if (r >= 0)
			continue;
		(void) error_wrap(&failure, r, "tag %s", one.tag);
		/* the first one decides, the others are told; what stops us now would stop us at each */
		if (result < 0 && r != -EINTR)
			progress_event(pull->progress, IMAGE_PULL_NOTICE, failure.text);
		else
			*err = failure;
		result = result < 0 && r != -EINTR ? result : r;
		if (r == -EINTR || failure.kind == ERROR_SYSTEM)
			break;
	}
	return result;
}

static int pull_place(void *data, const struct remote_place *place, struct registry *registry,
                      const struct reference *name, struct error *err)
{
	struct pull *pull = data;

	return pull->request->all_tags ? pull_tags(pull, place, registry, name, err)
	                               : pull_image(pull, place, registry, name, err);
}

/* --- the request --- */

static int read_platform(const struct image_pull *request, struct platform *out, struct error *err)
{
	const char *preset = getenv("DOCKER_DEFAULT_PLATFORM");
	AUTO_FREE char *text = NULL;

	if (request->platform && *request->platform && (request->os || request->arch))
		return error_set(err, ERROR_INVALID, "--platform says what --os and --arch say: give one of them");
	if (request->platform && *request->platform)
		return platform_parse(request->platform, out, err);
	if (!request->os && !request->arch && !request->variant)
		return preset && *preset ? platform_parse(preset, out, err) : 0;
	text = xprintf("%s/%s%s%s", request->os ? request->os : "linux",
	               request->arch ? request->arch : platform_host()->architecture, request->variant ? "/" : "",
	               request->variant ? request->variant : "");
	return platform_parse(text, out, err);
}

static bool is_policy(const struct image_pull *request, const char *word)
{
	return strcmp(request->policy ? request->policy : "always", word) == 0;
}

static int check_request(const struct image_pull *request, const struct reference *reference, struct error *err)
{
	if (!is_policy(request, "always") && !is_policy(request, "missing") && !is_policy(request, "never")
	    && !is_policy(request, "newer"))
		return error_set(err, ERROR_INVALID, "policy \"%.100s\" is not always, missing, never or newer",
		                 request->policy);
	if (request->all_tags && (reference->tag || reference->digest))
		return error_set(err, ERROR_INVALID, "all tags are asked for: give the name without tag and digest");
	return 0;
}

/* check_local - a record knows no variant */
static int check_local(const struct image_record *record, const struct platform *wanted, const char *name,
                       struct error *err)
{
	const struct platform is = {.os = record->os, .architecture = record->architecture};
	const struct platform plain = {.os = wanted->os, .architecture = wanted->architecture};

	if (!wanted->architecture || !is.architecture || !is.os || platform_matches(&is, &plain))
		return 0;
	return error_set(err, ERROR_NOT_FOUND, "%.300s: the image that is here is for %s/%s, not for %s/%s", name, is.os,
	                 is.architecture, wanted->os, wanted->architecture);
}

/* take_local - 1 when policy is content with what is in the store */
static int take_local(struct engine *engine, const char *name, const struct platform *wanted, struct list *out,
                      struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *full = NULL;
	struct image_pulled *pulled;
	const char *digest;
	int r = image_find(engine, name, &record, &full, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = check_local(&record, wanted, name, err);
	if (r < 0)
		return r;
	pulled = list_add(out, sizeof *pulled);
	pulled->id = xstrdup(record.id);
	pulled->name = full ? TAKE_PTR(full) : xstrdup(name);
	digest = digests_of(&record, pulled->name);
	pulled->digest = xstrdup(digest ? digest : record.id);
	return 1;
}

static int pull_all(struct pull *pull, const struct reference *reference, struct error *err)
{
	AUTO_REMOTE struct remote *remote = NULL;
	AUTO_TEXTS struct texts names = {0};
	int r = remote_open(&pull->request->remote, pull->progress, &remote, err);
	if (r >= 0)
		r = remote_names(remote, reference, &names, err);
	/* the helpers that write the id maps had until now; who did not begin expects to find all here */
	if (r >= 0 && pull->engine->userns)
		r = pull_enter(pull, err);
	if (r < 0)
		return r;
	pull->remote = remote;
	pull->parallel = remote_parallel(remote);
	r = remote_each(remote, &names, REMOTE_PULL, pull_place, pull, err);
	if (r == -EINTR) {
		r = error_set(err, ERROR_SYSTEM, "interrupted; what was downloaded is kept for the next pull");
		err->errnum = EINTR;
		r = -EINTR;
	}
	return r;
}

static void pull_done(struct pull *pull)
{
	platform_done(&pull->platform);
}

/* check_source - podman's other transports have commands of their own here */
static int check_source(const char *text, struct error *err)
{
	size_t length = name_transport(text);

	return length ? error_set(err, ERROR_UNSUPPORTED, "images are pulled from registries only, not from %.*s: coracle image "
	                          "copy %.300s NAME, or coracle load", (int) length, text, text) : 0;
}

int image_pull(struct engine *engine, const char *name, const struct image_pull *request,
               const struct image_progress *progress, struct list *out, struct error *err)
{
	AUTO(pull_done) struct pull pull = {
		.engine = engine,
		.store = engine_store(engine, err),
		.request = request,
		.progress = progress,
		.out = out,
	};
	AUTO_REFERENCE struct reference reference = {0};
	const char *text = remote_text(name);
	struct error ignored = {0};
	int r = pull.store ? check_source(text, err) : -EIO;

	if (r >= 0)
		r = reference_parse(text, &reference, err);
	if (r >= 0)
		r = check_request(request, &reference, err);
	if (r >= 0)
		r = read_platform(request, &pull.platform, err);
	if (r < 0)
		return r;
	if (is_policy(request, "missing") || is_policy(request, "never")) {
		r = take_local(engine, text, &pull.platform, out, is_policy(request, "never") ? err : &ignored);
		if (r > 0)
			return 0;
		if (is_policy(request, "never"))
			return r < 0 ? r : error_set(err, ERROR_NOT_FOUND, "image %.300s is not here, and the "
			                             "policy is never to fetch it", text);
	}
	r = pull_all(&pull, &reference, err);
	/* as podman: an image that is here will do when the registry can't be asked */
	if (r < 0 && r != -EINTR && is_policy(request, "newer") && take_local(engine, text, &pull.platform, out, &ignored) > 0) {
		progress_event(progress, IMAGE_PULL_NOTICE, err->text);
		return 0;
	}
	return r < 0 ? r : 0;
}
