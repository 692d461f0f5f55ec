/* SPDX-License-Identifier: GPL-2.0-or-later */
/* features.c - the features document: OCI runtime-spec 1.3 features.md; see features.h */
#include "coracle/lifecycle/features.h"

#include "coracle/base/alloc.h"
#include "coracle/oci/runtime.h"
#include "coracle/runtime/seccomp.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/mount.h"

#include <seccomp.h>

#define VERSION_MIN "1.0.0"

struct enabled { bool enabled; };
struct cgroup_features { bool v1, v2, systemd, systemd_user, rdma; };
struct mount_extensions { struct enabled idmap; };
struct memory_policy_features { struct texts modes, flags; };

struct seccomp_features {
	bool enabled;
	struct texts actions, operators, archs, known_flags, supported_flags;
};

struct linux_features {
	struct texts namespaces, capabilities;
	struct cgroup_features cgroup;
	struct seccomp_features seccomp;
	struct enabled apparmor, selinux, intel_rdt, net_devices;
	struct memory_policy_features memory_policy;
	struct mount_extensions mount_extensions;
};

struct features {
	char *version_min, *version_max;
	struct texts hooks, mount_options;
	struct linux_features linux_; /* "linux" is a macro of old compilers */
	struct pairs annotations;
	struct texts unsafe_annotations;
};

static const struct field enabled_fields[] = {
	FIELD_BOOL("enabled", struct enabled, enabled, .keep = true),
	FIELD_END,
};

static const struct field cgroup_features_fields[] = {
	FIELD_BOOL("v1", struct cgroup_features, v1, .keep = true),
	FIELD_BOOL("v2", struct cgroup_features, v2, .keep = true),
	FIELD_BOOL("systemd", struct cgroup_features, systemd, .keep = true),
	FIELD_BOOL("systemdUser", struct cgroup_features, systemd_user, .keep = true),
	FIELD_BOOL("rdma", struct cgroup_features, rdma, .keep = true),
	FIELD_END,
};

static const struct field seccomp_features_fields[] = {
	FIELD_BOOL("enabled", struct seccomp_features, enabled, .keep = true),
	FIELD_TEXTS("actions", struct seccomp_features, actions, .keep = true),
	FIELD_TEXTS("operators", struct seccomp_features, operators, .keep = true),
	FIELD_TEXTS("archs", struct seccomp_features, archs, .keep = true),
	FIELD_TEXTS("knownFlags", struct seccomp_features, known_flags, .keep = true),
	FIELD_TEXTS("supportedFlags", struct seccomp_features, supported_flags, .keep = true),
	FIELD_END,
};

static const struct field memory_policy_features_fields[] = {
	FIELD_TEXTS("modes", struct memory_policy_features, modes),
	FIELD_TEXTS("flags", struct memory_policy_features, flags),
	FIELD_END,
};

static const struct field mount_extensions_fields[] = {
	FIELD_STRUCT("idmap", struct mount_extensions, idmap, struct enabled, enabled_fields, .keep = true),
	FIELD_END,
};

static const struct field linux_features_fields[] = {
	FIELD_TEXTS("namespaces", struct linux_features, namespaces),
	FIELD_TEXTS("capabilities", struct linux_features, capabilities),
	FIELD_STRUCT("cgroup", struct linux_features, cgroup, struct cgroup_features, cgroup_features_fields),
	FIELD_STRUCT("seccomp", struct linux_features, seccomp, struct seccomp_features, seccomp_features_fields),
	FIELD_STRUCT("apparmor", struct linux_features, apparmor, struct enabled, enabled_fields, .keep = true),
	FIELD_STRUCT("selinux", struct linux_features, selinux, struct enabled, enabled_fields, .keep = true),
	FIELD_STRUCT("intelRdt", struct linux_features, intel_rdt, struct enabled, enabled_fields, .keep = true),
	FIELD_STRUCT("memoryPolicy", struct linux_features, memory_policy, struct memory_policy_features,
	             memory_policy_features_fields),
	FIELD_STRUCT("mountExtensions", struct linux_features, mount_extensions, struct mount_extensions,
	             mount_extensions_fields),
	FIELD_STRUCT("netDevices", struct linux_features, net_devices, struct enabled, enabled_fields, .keep = true),
	FIELD_END,
};

static const struct field features_fields[] = {
	FIELD_TEXT("ociVersionMin", struct features, version_min),
	FIELD_TEXT("ociVersionMax", struct features, version_max),
	FIELD_TEXTS("hooks", struct features, hooks),
	FIELD_TEXTS("mountOptions", struct features, mount_options),
	FIELD_STRUCT("linux", struct features, linux_, struct linux_features, linux_features_fields),
	FIELD_PAIRS("annotations", struct features, annotations),
	FIELD_TEXTS("potentiallyUnsafeConfigAnnotations", struct features, unsafe_annotations),
	FIELD_END,
};

static const char *const hooks[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};

/* beside the words of mount_flag.c; runtime/mount_words.c reads them */
static const char *const mount_words[] = {
	"tmpcopyup", "copy-symlink", "dest-nofollow", "src-nofollow", "idmap", "ridmap",
};

static const char *const namespaces[] = {
	"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts",
};

static const char *const memory_modes[] = {
	"MPOL_DEFAULT",   "MPOL_BIND",           "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
	"MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL",
};

static const char *const memory_flags[] = {
	"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES",
};

/* what lets whoever writes config.json reach further than its other members do; "." at the end: a prefix */
static const char *const unsafe_annotations[] = {
	"org.systemd.property.", "run.oci.keep_original_groups", "run.oci.systemd.subgroup",
};

static void add_all(struct texts *texts, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		texts_add(texts, words[i]);
}

static void fill_linux(struct linux_features *features)
{
	struct seccomp_features *seccomp = &features->seccomp;

	add_all(&features->namespaces, namespaces, ARRAY_LEN(namespaces));
	for (int i = 0; caps_name(i); i++)
		texts_add(&features->capabilities, caps_name(i));
	features->cgroup = (struct cgroup_features){true, true, true, true, true};
	seccomp->enabled = true;
	seccomp_words(SECCOMP_WORDS_ACTIONS, &seccomp->actions);
	seccomp_words(SECCOMP_WORDS_OPERATORS, &seccomp->operators);
	seccomp_words(SECCOMP_WORDS_ARCHS, &seccomp->archs);
	seccomp_words(SECCOMP_WORDS_FLAGS, &seccomp->known_flags);
	seccomp_words(SECCOMP_WORDS_FLAGS_HERE, &seccomp->supported_flags);
	features->apparmor.enabled = features->selinux.enabled = true;
	features->mount_extensions.idmap.enabled = true;
	add_all(&features->memory_policy.modes, memory_modes, ARRAY_LEN(memory_modes));
	add_all(&features->memory_policy.flags, memory_flags, ARRAY_LEN(memory_flags));
	/* intelRdt and netDevices are for the host's root; plan_attributes.c refuses them */
}

json_t *features_document(void)
{
	const struct scmp_version *libseccomp = seccomp_version();
	struct features features = {
		.version_min = xstrdup(VERSION_MIN),
		.version_max = xstrdup(OCI_RUNTIME_VERSION),
	};
	AUTO_FREE char *version = NULL;
	json_t *json;

	add_all(&features.hooks, hooks, ARRAY_LEN(hooks));
	for (size_t i = 0; i < mount_flag_count(); i++)
		texts_add(&features.mount_options, mount_flag_at(i)->name);
	add_all(&features.mount_options, mount_words, ARRAY_LEN(mount_words));
	fill_linux(&features.linux_);
	pairs_set(&features.annotations, "run.coracle.version", CORACLE_VERSION);
	if (libseccomp) {
		version = xprintf("%u.%u.%u", libseccomp->major, libseccomp->minor, libseccomp->micro);
		pairs_set(&features.annotations, "io.github.seccomp.libseccomp.version", version);
	}
	add_all(&features.unsafe_annotations, unsafe_annotations, ARRAY_LEN(unsafe_annotations));
	json = json_write(features_fields, &features);
	fields_done(features_fields, &features);
	return json;
}
