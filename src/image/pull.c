/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull.c - an image from its registry: names, manifest, configuration, layers, and then image_make
 *
 * Source: OCI distribution-spec "Pull", image-spec image-index.md; registries.conf and policy by pull_config.c.
 */
#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/number.h"
#include "coracle/registry/registry.h"
#include "coracle/sys/process.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "make.h"
#include "media.h"
#include "pull_private.h"

#define RETRY_MAX     100
#define RETRY_SECONDS 2

struct pull {
	struct engine *engine;
	struct store *store;
	const struct image_pull *request;
	const struct image_progress *progress;
	struct pull_config *config;
	struct platform platform; /* wanted; without architecture: this machine's */
	struct http *http;
	struct list *out;
	int signal_fd;
	sigset_t old_mask;
};

/* what one place says about one tag */
struct found {
	struct pull *pull;
	const struct pull_place *place;
	struct registry *registry;
	const struct reference *name; /* full, with tag or digest */
	struct registry_manifest manifest;
	char digest[DIGEST_TEXT_SIZE]; /* of what the name stands for there: an index or a manifest */
	struct image_manifest parsed;
	struct image_config config;
	char *config_bytes;
	size_t config_length;
};

static void found_done(struct found *found)
{
	registry_manifest_done(&found->manifest);
	fields_done(image_manifest_fields, &found->parsed);
	fields_done(image_config_fields, &found->config);
	free(found->config_bytes);
}

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

/* --- signals --- */

static int catch_signals(struct pull *pull, struct error *err)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	uint64_t ignored = process_ignored_signals();
	sigset_t set;

	(void) sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		if (!(ignored & (UINT64_C(1) << (ending[i] - 1))))
			(void) sigaddset(&set, ending[i]);
	pull->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (pull->signal_fd < 0)
		return error_errno(err, errno, "signalfd");
	(void) sigprocmask(SIG_BLOCK, &set, &pull->old_mask);
	return 0;
}

/* release_signals - the one that ended us is taken: whoever called cleans up and exits as usual */
static void release_signals(struct pull *pull)
{
	struct signalfd_siginfo info;

	if (pull->signal_fd < 0)
		return;
	while (read(pull->signal_fd, &info, sizeof info) > 0)
		continue;
	(void) close(pull->signal_fd);
	(void) sigprocmask(SIG_SETMASK, &pull->old_mask, NULL);
}

/* --- manifest and configuration --- */

static const char *reference_of(const struct reference *name)
{
	return name->digest ? name->digest : name->tag;
}

static bool is_index(const struct registry_manifest *manifest)
{
	struct descriptor descriptor = {.media_type = manifest->media_type};

	return media_is_index(&descriptor);
}

static const struct platform *wanted_platform(const struct pull *pull)
{
	return pull->platform.architecture ? &pull->platform : platform_host();
}

static int tell_platforms(const struct found *found, const struct image_index *index, struct error *err)
{
	AUTO_FREE char *wanted = platform_text(wanted_platform(found->pull));
	AUTO_TEXTS struct texts there = {0};
	AUTO_FREE char *joined = NULL;

	LIST_EACH(struct descriptor, descriptor, &index->manifests)
		if (media_is_image(descriptor) && descriptor->platform)
			texts_take(&there, platform_text(descriptor->platform));
	joined = texts_join(&there, ", ");
	return error_set(err, ERROR_NOT_FOUND, "there is no image for %s, only for: %.1000s", wanted,
	                 there.count ? joined : "nothing that is named");
}

/* choose - the first fit is the index's preference (image-index.md); NULL: none */
static const struct descriptor *choose(const struct found *found, const struct image_index *index)
{
	const struct descriptor *only = NULL;
	size_t images = 0;

	LIST_EACH(struct descriptor, descriptor, &index->manifests) {
		if (!media_is_image(descriptor))
			continue;
		if (descriptor->platform
		    && platform_matches(descriptor->platform, wanted_platform(found->pull)))
			return descriptor;
		only = descriptor;
		images++;
	}
	return images == 1 && !only->platform ? only : NULL;
}

static int follow_index(struct found *found, struct error *err)
{
	struct registry_manifest manifest = {0};
	struct image_index index = {0};
	const struct descriptor *chosen;
	int r = image_index_parse(found->manifest.bytes, found->manifest.length, &index, err);

	if (r < 0)
		return error_wrap(err, r, "image index %.19s", found->digest);
	chosen = choose(found, &index);
	if (!chosen)
		r = tell_platforms(found, &index, err);
	else if (media_is_index(chosen))
		r = error_set(err, ERROR_UNSUPPORTED, "an index inside an index is not followed");
	else
		r = registry_manifest_get(found->registry, found->place->path, chosen->digest, REGISTRY_PULL,
		                          &manifest, err);
	if (r >= 0 && is_index(&manifest))
		r = error_set(err, ERROR_UNSUPPORTED, "an index inside an index is not followed");
	fields_done(image_index_fields, &index);
	if (r < 0) {
		registry_manifest_done(&manifest);
		return r;
	}
	registry_manifest_done(&found->manifest);
	found->manifest = manifest;
	return 0;
}

static int read_manifest(struct found *found, struct error *err)
{
	int r = registry_manifest_get(found->registry, found->place->path, reference_of(found->name), REGISTRY_PULL,
	                              &found->manifest, err);

	if (r < 0)
		return r;
	memcpy(found->digest, found->manifest.digest, sizeof found->digest);
	r = is_index(&found->manifest) ? follow_index(found, err) : 0;
	if (r < 0)
		return r;
	r = image_manifest_parse(found->manifest.bytes, found->manifest.length, &found->parsed, err);
	if (r < 0)
		return error_wrap(err, r, "image manifest %.19s", found->manifest.digest);
	return media_check(&found->parsed, err);
}

/* check_platform - an image that was asked for by platform must be for it; create looks again at the others */
static int check_platform(const struct found *found, struct error *err)
{
	const struct platform *wanted = &found->pull->platform;
	const struct platform is = {
		.os = found->config.os,
		.architecture = found->config.architecture,
		.variant = found->config.variant,
	};

	if (!wanted->architecture || !is.architecture || !is.os || platform_matches(&is, wanted))
		return 0;
	return error_set(err, ERROR_NOT_FOUND, "the image is for %s/%s, not for %s/%s", is.os, is.architecture,
	                 wanted->os, wanted->architecture);
}

static int read_config(struct found *found, struct error *err)
{
	const struct descriptor *descriptor = &found->parsed.config;
	struct error ignored = {0};
	int r = blob_read(found->pull->store, descriptor->digest, OCI_DOCUMENT_MAX_BYTES, &found->config_bytes,
	                  &found->config_length, &ignored);

	if (r < 0) {
		pull_event(found->pull->progress, IMAGE_PULL_CONFIG, descriptor->digest);
		r = registry_blob_read(found->registry, found->place->path, descriptor->digest, REGISTRY_PULL,
		                       OCI_DOCUMENT_MAX_BYTES, &found->config_bytes, &found->config_length, err);
	}
	if (r < 0)
		return r;
	if ((uint64_t) descriptor->size != found->config_length)
		return error_set(err, ERROR_INVALID, "configuration %.19s has %zu bytes, not %" PRId64
		                 " as the manifest says", descriptor->digest, found->config_length,
		                 descriptor->size);
	r = image_config_parse(found->config_bytes, found->config_length, &found->config, err);
	if (r < 0)
		return error_wrap(err, r, "image configuration %.19s", descriptor->digest);
	if (found->config.rootfs.diff_ids.count != found->parsed.layers.count)
		return error_set(err, ERROR_INVALID, "the image has %zu layers, its configuration names %zu",
		                 found->parsed.layers.count, found->config.rootfs.diff_ids.count);
	return check_platform(found, err);
}

/* --- into the store --- */

static char *name_in_store(const struct reference *name)
{
	if (name->digest)
		return xprintf("%s/%s@%s", name->registry, name->path, name->digest);
	return reference_text(name);
}

/* is_whole - the image with this very manifest is in the store with all its layers */
static bool is_whole(const struct found *found)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	struct error ignored = {0};
	struct store *store = found->pull->store;

	if (image_record_read(store, found->parsed.config.digest, &record, &ignored) < 0 || !record.manifest_digest
	    || strcmp(record.manifest_digest, found->manifest.digest) != 0)
		return false;
	for (size_t i = 0; i < record.layers.count; i++)
		if (!layer_exists(store, record.layers.items[i]))
			return false;
	return true;
}

static int bring(struct found *found, char *name, struct error *err)
{
	AUTO_IMAGE_PARTS struct image_parts parts = {0};
	AUTO_FREE char *id = NULL;
	const struct pull_layers layers = {
		.store = found->pull->store,
		.registry = found->registry,
		.repository = found->place->path,
		.descriptors = &found->parsed.layers,
		.diff_ids = &found->config.rootfs.diff_ids,
		.progress = found->pull->progress,
	};
	int r = pull_layers(&layers, err);

	if (r < 0)
		return r;
	pull_event(found->pull->progress, IMAGE_PULL_WRITING, name);
	parts.config = found->config_bytes;
	parts.config_length = found->config_length;
	parts.manifest = found->manifest.bytes;
	parts.manifest_length = found->manifest.length;
	texts_add(&parts.names, name);
	return image_make(found->pull->store, &parts, &id, err);
}

static void add_pulled(const struct found *found, const char *id, const char *name, bool changed)
{
	struct image_pulled *pulled = list_add(found->pull->out, sizeof *pulled);

	pulled->id = xstrdup(id);
	pulled->name = xstrdup(name);
	pulled->digest = xstrdup(found->digest);
	pulled->changed = changed;
}

static int pull_one(struct pull *pull, const struct pull_place *place, struct registry *registry,
                    const struct reference *reference, struct error *err)
{
	AUTO(found_done) struct found found = {.pull = pull, .place = place, .registry = registry, .name = reference};
	AUTO_FREE char *name = name_in_store(reference);
	AUTO_FREE char *before = NULL;
	AUTO_CLOSE int hold = -1;
	const char *id;
	bool changed;
	int r = read_manifest(&found, err);

	if (r < 0)
		return r;
	pull_event(pull->progress, IMAGE_PULL_FOUND, name);
	hold = store_hold(pull->store, err);
	if (hold < 0)
		return hold;
	id = found.parsed.config.digest;
	changed = ref_read(pull->store, name, &before) < 0 || strcmp(before, id) != 0;
	if (!is_whole(&found)) {
		r = read_config(&found, err);
		if (r >= 0)
			r = bring(&found, name, err);
	} else if (changed) {
		r = ref_write(pull->store, name, id, err);
	}
	if (r >= 0)
		add_pulled(&found, id, name, changed);
	return r;
}

/* --- places and names --- */

struct asking {
	const struct pull *pull;
	const struct pull_place *place;
};

static int give_credentials(void *data, UNUSED const char *host, UNUSED const char *repository,
                            struct registry_credentials *out, struct error *err)
{
	const struct asking *asking = data;
	AUTO_AUTH struct auth auth = {0};
	int r = pull_config_credentials(asking->pull->config, asking->place, &auth, err);

	if (r <= 0)
		return r;
	out->user = TAKE_PTR(auth.username);
	out->password = TAKE_PTR(auth.password);
	out->identity_token = TAKE_PTR(auth.identity_token);
	return 0;
}

static int pull_tags(struct pull *pull, const struct pull_place *place, struct registry *registry,
                     const struct reference *name, struct error *err)
{
	AUTO_TEXTS struct texts tags = {0};
	int r = registry_tags(registry, place->path, &tags, err);

	if (r >= 0 && tags.count == 0)
		r = error_set(err, ERROR_NOT_FOUND, "%s/%s has no tags", place->host, place->path);
	for (size_t i = 0; r >= 0 && i < tags.count; i++) {
		struct reference one = *name; /* borrows */

		one.tag = tags.items[i];
		r = pull_one(pull, place, registry, &one, err);
		if (r < 0)
			(void) error_wrap(err, r, "tag %s", one.tag);
	}
	return r;
}

static int pull_from(struct pull *pull, const struct pull_place *place, const struct reference *name,
                     struct error *err)
{
	struct asking asking = {.pull = pull, .place = place};
	const char *cert = place->certs.client.count ? place->certs.client.items[0] : NULL;
	const char *key = place->certs.key.count ? place->certs.key.items[0] : NULL;
	const struct registry_endpoint endpoint = {
		.host = place->host,
		.tls = {
			.ca_files = (const char *const *) place->certs.ca.items,
			.client_cert = cert,
			.client_key = key,
			.insecure = place->insecure,
		},
		.credentials = give_credentials,
		.credentials_data = &asking,
	};
	struct registry *registry;
	int r = registry_new(pull->http, &endpoint, &registry, err);

	if (r < 0)
		return r;
	r = pull->request->all_tags ? pull_tags(pull, place, registry, name, err)
	                            : pull_one(pull, place, registry, name, err);
	registry_free(registry);
	return r;
}

/* is_final - another place would fail in the same way */
static bool is_final(int r, const struct error *err)
{
	return r == -EINTR || err->errnum == ENOSPC || err->errnum == EDQUOT || err->errnum == EROFS;
}

static int pull_name(struct pull *pull, const char *text, struct error *err)
{
	AUTO_REFERENCE struct reference name = {0};
	AUTO(pull_places_done) struct list places = {0};
	int r = reference_parse(text, &name, err);

	if (r >= 0)
		r = pull_config_places(pull->config, &name, &places, err);
	if (r < 0)
		return r;
	LIST_EACH(struct pull_place, place, &places) {
		struct error failure = {0};

		r = pull_from(pull, place, &name, &failure);
		if (r >= 0)
			return r;
		*err = failure;
		if (is_final(r, err))
			return r;
		if (place->is_mirror)
			pull_event(pull->progress, IMAGE_PULL_NOTICE, err->text);
	}
	return r;
}

static uint64_t retry_wait(const struct image_pull *request)
{
	uint64_t value = 0;

	if (!request->retry_delay)
		return RETRY_SECONDS * NS_PER_SECOND;
	if (number_parse_uint(request->retry_delay, 0, 86400, &value) >= 0)
		return value * NS_PER_SECOND;
	/* checked by check_request */
	return clock_parse_duration(request->retry_delay, &value) < 0 ? RETRY_SECONDS * NS_PER_SECOND : value;
}

/* wait_again - before another attempt; -EINTR when a signal came */
static int wait_again(struct pull *pull, uint64_t ns, struct error *err)
{
	struct pollfd fd = {.fd = pull->signal_fd, .events = POLLIN};
	int r = poll(&fd, 1, (int) MIN(ns / 1000000, (uint64_t) INT32_MAX));

	return r > 0 ? error_errno(err, EINTR, "wait") : 0;
}

static int pull_patiently(struct pull *pull, const char *name, struct error *err)
{
	uint64_t wait = retry_wait(pull->request);
	uint64_t left = pull->request->retry.set ? pull->request->retry.value : 0;

	for (;;) {
		int r = pull_name(pull, name, err);

		if (r >= 0 || left-- == 0 || err->kind != ERROR_SYSTEM || is_final(r, err))
			return r;
		pull_event(pull->progress, IMAGE_PULL_NOTICE, err->text);
		r = wait_again(pull, wait, err);
		if (r < 0)
			return r;
		wait *= 2;
	}
}

static int pull_names(struct pull *pull, const struct texts *names, struct error *err)
{
	AUTO_TEXTS struct texts failures = {0};
	AUTO_FREE char *joined = NULL;
	struct error failure = {0};
	int r = -ENOENT;

	for (size_t i = 0; i < names->count; i++) {
		pull_event(pull->progress, IMAGE_PULL_TRYING, names->items[i]);
		r = pull_patiently(pull, names->items[i], &failure);
		if (r >= 0)
			return r;
		if (is_final(r, &failure))
			break;
		texts_add(&failures, failure.text);
	}
	if (failures.count < 2) {
		*err = failure;
		return r;
	}
	joined = texts_join(&failures, "; ");
	(void) error_set(err, failure.kind, "%zu registries were asked: %.1800s", failures.count, joined);
	return r;
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
	uint64_t ignored;

	if (!is_policy(request, "always") && !is_policy(request, "missing") && !is_policy(request, "never")
	    && !is_policy(request, "newer"))
		return error_set(err, ERROR_INVALID, "policy \"%.100s\" is not always, missing, never or newer",
		                 request->policy);
	if (request->all_tags && (reference->tag || reference->digest))
		return error_set(err, ERROR_INVALID, "all tags are asked for: give the name without tag and digest");
	if (request->retry.set && request->retry.value > RETRY_MAX)
		return error_set(err, ERROR_INVALID, "option --retry: %d at the most", RETRY_MAX);
	if (request->retry_delay && number_parse_uint(request->retry_delay, 0, 86400, &ignored) < 0
	    && clock_parse_duration(request->retry_delay, &ignored) < 0)
		return error_set(err, ERROR_INVALID, "option --retry-delay: \"%.100s\" is no time, such as 5s",
		                 request->retry_delay);
	return 0;
}

/* take_local - 1 when policy is content with what is in the store */
static int take_local(struct engine *engine, const char *name, struct list *out, struct error *err)
{
	AUTO_IMAGE_RECORD struct image_record record = {0};
	AUTO_FREE char *full = NULL;
	struct image_pulled *pulled;
	int r = image_find(engine, name, &record, &full, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	pulled = list_add(out, sizeof *pulled);
	pulled->id = xstrdup(record.id);
	pulled->name = full ? TAKE_PTR(full) : xstrdup(name);
	pulled->digest = xstrdup(record.manifest_digest ? record.manifest_digest : record.id);
	return 1;
}

static void notice(void *data, const char *line)
{
	const struct pull *pull = data;

	pull_event(pull->progress, IMAGE_PULL_NOTICE, line);
}

static int pull_all(struct pull *pull, const struct reference *reference, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	struct http_options options = {.notice = notice, .notice_data = pull};
	int r = read_platform(pull->request, &pull->platform, err);

	if (r >= 0)
		r = pull_config_read(pull->request, &pull->config, err);
	if (r >= 0)
		r = pull_config_names(pull->config, reference, &names, err);
	if (r >= 0)
		r = catch_signals(pull, err);
	if (r < 0)
		return r;
	options.interrupt_fd = pull->signal_fd;
	r = http_new(&options, &pull->http, err);
	if (r >= 0) {
		store_sweep(pull->store);
		r = pull_names(pull, &names, err);
	}
	if (r == -EINTR) {
		r = error_set(err, ERROR_SYSTEM, "interrupted; what was downloaded is kept for the next pull");
		err->errnum = EINTR;
		r = -EINTR;
	}
	return r;
}

static void pull_done(struct pull *pull)
{
	http_free(pull->http);
	pull_config_free(pull->config);
	platform_done(&pull->platform);
	release_signals(pull);
}

int image_pull(struct engine *engine, const char *name, const struct image_pull *request,
               const struct image_progress *progress, struct list *out, struct error *err)
{
	static const char docker[] = "docker://";
	const char *text = strncmp(name, docker, sizeof docker - 1) == 0 ? name + sizeof docker - 1 : name;
	AUTO(pull_done) struct pull pull = {
		.engine = engine,
		.store = engine_store(engine, err),
		.request = request,
		.progress = progress,
		.out = out,
		.signal_fd = -1,
	};
	AUTO_REFERENCE struct reference reference = {0};
	struct error ignored = {0};
	int r = pull.store ? reference_parse(text, &reference, err) : -EIO;

	if (r >= 0)
		r = check_request(request, &reference, err);
	if (r < 0)
		return r;
	if (is_policy(request, "missing") || is_policy(request, "never")) {
		r = take_local(engine, text, out, is_policy(request, "never") ? err : &ignored);
		if (r > 0)
			return 0;
		if (is_policy(request, "never"))
			return r < 0 ? r : error_set(err, ERROR_NOT_FOUND, "image %.300s is not here, and the "
			                             "policy is never to fetch it", text);
	}
	r = pull_all(&pull, &reference, err);
	/* as podman: an image that is here will do when the registry can't be asked */
	if (r < 0 && r != -EINTR && is_policy(request, "newer") && take_local(engine, text, out, &ignored) > 0) {
		pull_event(progress, IMAGE_PULL_NOTICE, err->text);
		return 0;
	}
	return r < 0 ? r : 0;
}
