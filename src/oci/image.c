/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.c - OCI image-spec documents (image-index.md, manifest.md, config.md), read and checked */
#include "coracle/oci/image.h"

#include "coracle/base/digest.h"

#include <string.h>

const struct field descriptor_fields[] = {
	FIELD_TEXT("mediaType", struct descriptor, media_type),
	FIELD_TEXT("digest", struct descriptor, digest, .required = true),
	FIELD_INT("size", struct descriptor, size, .required = true, .keep = true),
	FIELD_TEXTS("urls", struct descriptor, urls),
	FIELD_PAIRS("annotations", struct descriptor, annotations),
	FIELD_STRUCT_PTR("platform", struct descriptor, platform, struct platform,
	                 platform_fields),
	FIELD_TEXT("artifactType", struct descriptor, artifact_type),
	FIELD_END,
};

const struct field image_index_fields[] = {
	FIELD_INT("schemaVersion", struct image_index, schema_version, .required = true),
	FIELD_TEXT("mediaType", struct image_index, media_type),
	FIELD_LIST("manifests", struct image_index, manifests, struct descriptor, descriptor_fields,
	           .required = true, .keep = true),
	FIELD_PAIRS("annotations", struct image_index, annotations),
	FIELD_END,
};

const struct field image_manifest_fields[] = {
	FIELD_INT("schemaVersion", struct image_manifest, schema_version, .required = true),
	FIELD_TEXT("mediaType", struct image_manifest, media_type),
	FIELD_STRUCT("config", struct image_manifest, config, struct descriptor, descriptor_fields,
	             .required = true),
	FIELD_LIST("layers", struct image_manifest, layers, struct descriptor, descriptor_fields,
	           .required = true, .keep = true),
	FIELD_PAIRS("annotations", struct image_manifest, annotations),
	FIELD_END,
};

const struct field healthcheck_fields[] = {
	FIELD_TEXTS("Test", struct healthcheck, test),
	FIELD_INT("Interval", struct healthcheck, interval),
	FIELD_INT("Timeout", struct healthcheck, timeout),
	FIELD_INT("StartPeriod", struct healthcheck, start_period),
	FIELD_INT("StartInterval", struct healthcheck, start_interval),
	FIELD_INT("Retries", struct healthcheck, retries),
	FIELD_END,
};

static const struct field run_fields[] = {
	FIELD_TEXT("User", struct image_config_run, user),
	FIELD_RAW("ExposedPorts", struct image_config_run, exposed_ports),
	FIELD_TEXTS("Env", struct image_config_run, env),
	FIELD_TEXTS("Entrypoint", struct image_config_run, entrypoint),
	FIELD_TEXTS("Cmd", struct image_config_run, cmd),
	FIELD_STRUCT_PTR("Healthcheck", struct image_config_run, healthcheck, struct healthcheck,
	                 healthcheck_fields),
	FIELD_BOOL("ArgsEscaped", struct image_config_run, args_escaped),
	FIELD_RAW("Volumes", struct image_config_run, volumes),
	FIELD_TEXT("WorkingDir", struct image_config_run, working_dir),
	FIELD_TEXTS("OnBuild", struct image_config_run, on_build),
	FIELD_PAIRS("Labels", struct image_config_run, labels),
	FIELD_TEXT("StopSignal", struct image_config_run, stop_signal),
	FIELD_TEXTS("Shell", struct image_config_run, shell),
	FIELD_END,
};

static const struct field rootfs_fields[] = {
	FIELD_TEXT("type", struct image_rootfs, type),
	FIELD_TEXTS("diff_ids", struct image_rootfs, diff_ids, .keep = true),
	FIELD_END,
};

static const struct field history_fields[] = {
	FIELD_TEXT("created", struct image_history, created),
	FIELD_TEXT("created_by", struct image_history, created_by),
	FIELD_TEXT("author", struct image_history, author),
	FIELD_TEXT("comment", struct image_history, comment),
	FIELD_BOOL("empty_layer", struct image_history, empty_layer),
	FIELD_END,
};

const struct field image_config_fields[] = {
	FIELD_TEXT("created", struct image_config, created),
	FIELD_TEXT("author", struct image_config, author),
	FIELD_TEXT("architecture", struct image_config, architecture),
	FIELD_TEXT("variant", struct image_config, variant),
	FIELD_TEXT("os", struct image_config, os),
	FIELD_STRUCT("config", struct image_config, config, struct image_config_run, run_fields),
	FIELD_STRUCT("rootfs", struct image_config, rootfs, struct image_rootfs, rootfs_fields,
	             .required = true),
	FIELD_LIST("history", struct image_config, history, struct image_history, history_fields),
	FIELD_END,
};

static json_t *document_parse(const char *bytes, size_t length, struct error *err)
{
	json_t *json;

	if (length > OCI_DOCUMENT_MAX_BYTES) {
		(void) error_set(err, ERROR_INVALID, "is larger than %d bytes",
		                 OCI_DOCUMENT_MAX_BYTES);
		return NULL;
	}
	json = json_parse(bytes, length, err);
	if (json && !json_is_object(json)) {
		(void) error_set(err, ERROR_INVALID, "is not a JSON object");
		json_decref(json);
		return NULL;
	}
	return json;
}

static bool has_value(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return value && !json_is_null(value);
}

/*
 * One document must not be both an index and a manifest: two programs would see two different
 * images behind one digest (CVE-2021-41190).
 */
static int check_kind(const json_t *json, const char *wanted, const char *unwanted, struct error *err)
{
	const char *type = json_string_value(json_object_get(json, "mediaType"));
	bool is_index_type, is_manifest_type;

	if (json_integer_value(json_object_get(json, "schemaVersion")) == 1
	    || has_value(json, "fsLayers"))
		return error_set(err, ERROR_UNSUPPORTED,
		                 "docker image manifest schema 1 is not supported (deprecated since "
		                 "2017); push the image again with a current docker or skopeo");
	if (has_value(json, wanted) && has_value(json, unwanted))
		return error_set(err, ERROR_INVALID, "holds both \"%s\" and \"%s\"", wanted, unwanted);
	if (has_value(json, "manifests") && has_value(json, "config"))
		return error_set(err, ERROR_INVALID, "holds both \"manifests\" and \"config\"");
	if (!type)
		return 0;
	is_index_type = strstr(type, ".image.index.") || strstr(type, ".manifest.list.");
	is_manifest_type = strstr(type, ".image.manifest.") || strstr(type, ".distribution.manifest.v");
	if ((strcmp(wanted, "layers") == 0 && is_index_type)
	    || (strcmp(wanted, "manifests") == 0 && is_manifest_type))
		return error_set(err, ERROR_INVALID, "media type %s does not fit the content", type);
	return 0;
}

static int check_descriptor(const struct descriptor *descriptor, struct error *err)
{
	if (!digest_is_valid(descriptor->digest))
		return error_set(err, ERROR_INVALID, "\"%s\" is not a sha256 digest",
		                 descriptor->digest);
	if (descriptor->size < 0)
		return error_set(err, ERROR_INVALID, "%s has a negative size", descriptor->digest);
	return 0;
}

static int check_descriptors(const struct list *list, const char *key, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		int r = check_descriptor(LIST_AT(struct descriptor, list, i), err);

		if (r < 0)
			return error_wrap(err, r, "\"%s\"[%zu]", key, i);
	}
	return 0;
}

int image_index_parse(const char *bytes, size_t length, struct image_index *out, struct error *err)
{
	AUTO_JSON json_t *json = document_parse(bytes, length, err);
	struct image_index index = {0};
	int r;

	if (!json)
		return -EINVAL;
	r = check_kind(json, "manifests", "layers", err);
	if (r < 0)
		return r;
	r = json_read(json, image_index_fields, &index, err);
	if (r < 0)
		return r;
	r = check_descriptors(&index.manifests, "manifests", err);
	if (r < 0) {
		fields_done(image_index_fields, &index);
		return r;
	}
	*out = index;
	return 0;
}

int image_manifest_parse(const char *bytes, size_t length, struct image_manifest *out, struct error *err)
{
	AUTO_JSON json_t *json = document_parse(bytes, length, err);
	struct image_manifest manifest = {0};
	int r;

	if (!json)
		return -EINVAL;
	r = check_kind(json, "layers", "manifests", err);
	if (r < 0)
		return r;
	r = json_read(json, image_manifest_fields, &manifest, err);
	if (r < 0)
		return r;
	r = check_descriptor(&manifest.config, err);
	if (r < 0)
		(void) error_wrap(err, r, "\"config\"");
	else
		r = check_descriptors(&manifest.layers, "layers", err);
	if (r < 0) {
		fields_done(image_manifest_fields, &manifest);
		return r;
	}
	*out = manifest;
	return 0;
}

/*
 * A bare name in an image's Env would take the engine's own value where a peer hands it to execve
 * by way of getenv(3) (CVE-2020-14370 and its kin).
 */
static void drop_bare_environment(struct texts *env)
{
	struct texts kept = {0};

	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (equals && equals != env->items[i])
			texts_add(&kept, env->items[i]);
	}
	texts_done(env);
	*env = kept;
}

static int check_keys(const json_t *json, const char *key, struct error *err)
{
	if (json && !json_is_object(json))
		return error_set(err, ERROR_INVALID, "\"config\": \"%s\" is not an object", key);
	return 0;
}

static int check_config(const struct image_config *config, struct error *err)
{
	const struct texts *diff_ids = &config->rootfs.diff_ids;
	int r = check_keys(config->config.exposed_ports, "ExposedPorts", err);

	if (r >= 0)
		r = check_keys(config->config.volumes, "Volumes", err);
	if (r < 0)
		return r;
	if (config->rootfs.type && strcmp(config->rootfs.type, "layers") != 0)
		return error_set(err, ERROR_INVALID, "\"rootfs\": \"type\" is not \"layers\"");
	for (size_t i = 0; i < diff_ids->count; i++)
		if (!digest_is_valid(diff_ids->items[i]))
			return error_set(err, ERROR_INVALID,
			                 "\"rootfs\": \"diff_ids\"[%zu]: \"%s\" is not a sha256 digest",
			                 i, diff_ids->items[i]);
	return 0;
}

int image_config_parse(const char *bytes, size_t length, struct image_config *out, struct error *err)
{
	AUTO_JSON json_t *json = document_parse(bytes, length, err);
	struct image_config config = {0};
	int r;

	if (!json)
		return -EINVAL;
	r = json_read(json, image_config_fields, &config, err);
	if (r < 0)
		return r;
	r = check_config(&config, err);
	if (r < 0) {
		fields_done(image_config_fields, &config);
		return r;
	}
	drop_bare_environment(&config.config.env);
	*out = config;
	return 0;
}
