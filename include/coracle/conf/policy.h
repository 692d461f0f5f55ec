/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy.h - which images may be used at all: containers-policy.json(5) */
#ifndef CORACLE_CONF_POLICY_H
#define CORACLE_CONF_POLICY_H

#include "coracle/base/json.h"
#include "coracle/conf/places.h"
#include "coracle/conf/registries.h"

struct policy {
	char *file;   /* owned; NULL: there is no policy, everything is accepted, as with docker */
	json_t *json; /* owned */
};

/*
 * policy_read - own (--signature-policy; NULL: none), else ~/.config/containers/policy.json, else /etc/containers
 *
 * The file is read strictly, as its manual demands: an unknown key or type refuses it.
 */
int policy_read(const struct places *places, const char *own, struct policy *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
/* policy_parse - from bytes; file is for messages and kept */
int policy_parse(const char *file, const char *bytes, size_t length, struct policy *out, struct error *err)
	NONNULL(1, 2, 4, 5) MUST_USE;
void policy_done(struct policy *policy) NONNULL(1);
#define AUTO_POLICY AUTO(policy_done)

/*
 * policy_check_registry - may this image be pulled? Asked with the name as typed, before any rewriting to mirrors
 *
 * The most specific of these scopes of "docker" decides: name with digest, with tag, name, its parents, the host,
 * "*.domain", ""; else the default. All requirements there must be met. insecureAcceptAnything is; reject isn't;
 * signatures can't be checked by this version, so requiring one refuses. 0 or -EACCES with a line that says why.
 */
int policy_check_registry(const struct policy *policy, const struct registry_name *name, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* policy_check_transport - the same for what has no name: "docker-archive", "oci-archive", "oci", "dir", "tarball" */
int policy_check_transport(const struct policy *policy, const char *transport, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

/*
 * policy_change - write a file in which scope has these requirements instead of what it had; all else stays
 *
 * own           the file (NULL: ~/.config/containers/policy.json; for root, who has none there, /etc/containers)
 * scope         of "docker": REGISTRY[/PATH[:TAG]] or "*.DOMAIN"; NULL: the default
 * requirements  array of objects as in containers-policy.json(5); borrowed
 * file          out: owned path of the file that was written
 *
 * A file that is not there begins as a copy of the one that counts, else as one that accepts everything. It is replaced
 * by a rename, under a lock of its directory. Files that policy_read would refuse are left alone: -EINVAL.
 */
int policy_change(const struct places *places, const char *own, const char *scope, json_t *requirements, char **file,
                  struct error *err) NONNULL(1, 4, 5, 6) MUST_USE;

#endif
