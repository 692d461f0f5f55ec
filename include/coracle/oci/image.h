/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.h - the OCI image documents: index, manifest, configuration (image-spec 1.1) and docker's */
#ifndef CORACLE_OCI_IMAGE_H
#define CORACLE_OCI_IMAGE_H

#include "coracle/base/json.h"

#define OCI_DOCUMENT_MAX_BYTES (4 << 20) /* distribution-spec: registries may refuse manifests above 4 MiB */

struct platform { /* image-index.md */
	char *os, *architecture, *variant, *os_version;
};

struct descriptor { /* descriptor.md */
	char *media_type, *digest;
	int64_t size;
	struct texts urls; /* read, never used: foreign layers leak credentials */
	struct pairs annotations;
	struct platform *platform;
	char *artifact_type;
};

struct image_index {
	int64_t schema_version;
	char *media_type;
	struct list manifests; /* struct descriptor */
	struct pairs annotations;
};

struct image_manifest {
	int64_t schema_version;
	char *media_type;
	struct descriptor config;
	struct list layers; /* struct descriptor */
	struct pairs annotations;
};

struct healthcheck { /* docker's image configuration; durations in nanoseconds */
	struct texts test;
	int64_t interval, timeout, start_period, start_interval, retries;
};

struct image_config_run { /* config.md, "config" */
	char *user, *working_dir, *stop_signal;
	struct texts env, entrypoint, cmd, shell, on_build;
	json_t *exposed_ports, *volumes; /* objects whose keys count */
	struct pairs labels;
	struct healthcheck *healthcheck;
	bool args_escaped;
};

struct image_history {
	char *created, *created_by, *author, *comment;
	bool empty_layer;
};

struct image_rootfs {
	char *type;
	struct texts diff_ids;
};

struct image_config { /* config.md */
	char *created, *author, *architecture, *os, *variant;
	struct image_config_run config;
	struct image_rootfs rootfs;
	struct list history; /* struct image_history */
};

extern const struct field platform_fields[], descriptor_fields[], image_index_fields[],
	image_manifest_fields[], image_config_fields[], healthcheck_fields[];

/*
 * Each parses and validates: media types against content (both "layers" and "manifests" is refused,
 * CVE-2021-41190), digests well formed, sizes not negative, docker schema 1 refused by name, Env
 * entries without "=" dropped (CVE-2020-14370 kin). *out is zeroed by the caller; free with
 * fields_done(the table, out).
 */
int image_index_parse(const char *bytes, size_t length, struct image_index *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
int image_manifest_parse(const char *bytes, size_t length, struct image_manifest *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
int image_config_parse(const char *bytes, size_t length, struct image_config *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;

/* platform_host - static; "linux" and Go's name of this machine's architecture ("amd64", "arm64" with variant "v8") */
const struct platform *platform_host(void);
/* platform_parse - "linux/arm64/v8", "arm64", "linux/amd64"; normalised (x86_64 is amd64, aarch64 is arm64) */
int platform_parse(const char *text, struct platform *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* platform_matches - candidate runs on wanted; variant counts only when wanted names one */
bool platform_matches(const struct platform *candidate, const struct platform *wanted) NONNULL(1, 2);
/*
 * platform_rank - how well candidate fits, the greater the better; 0: it does not match
 *
 * The variant that is wanted (where none is named: the usual one of the architecture) comes before the older ones, the
 * newest of those first; what is newer than a usual one comes last, since only the user may know that it runs.
 */
unsigned platform_rank(const struct platform *candidate, const struct platform *wanted) NONNULL(1, 2);
/* platform_fits_better - candidate (NULL: none is named) has a higher rank than *rank, which it is then */
bool platform_fits_better(const struct platform *candidate, const struct platform *wanted, unsigned *rank) NONNULL(2, 3) MUST_USE;
void platform_done(struct platform *platform) NONNULL(1);
/* platform_text - owned "linux/arm64/v8" */
char *platform_text(const struct platform *platform) NONNULL(1) MUST_USE;

#endif
