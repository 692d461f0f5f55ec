/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kinds.c - which keys of docker's and podman's objects are maps, and which may be absent */
#include "coracle/format/template.h"

#define MAP_OF(key, of) {.name = (key), .type = TEMPLATE_MAP, .items = TEMPLATE_##of}
#define OPTIONAL(key, kind) {.name = (key), .type = TEMPLATE_##kind, .optional = true}
#define OPTIONAL_MAP(key, of) \
	{.name = (key), .type = TEMPLATE_MAP, .items = TEMPLATE_##of, .optional = true}
#define LIST_OF(key) {.name = (key), .type = TEMPLATE_LIST}

static const struct template_kind rows[] = {
	MAP_OF("Attributes", TEXT),
	MAP_OF("Data", TEXT),
	MAP_OF("Details", TEXT),
	MAP_OF("DriverOpts", TEXT),
	MAP_OF("IPAMOptions", TEXT),
	MAP_OF("Labels", TEXT),
	MAP_OF("LogConfig.Config", TEXT),
	MAP_OF("LogOpts", TEXT),
	MAP_OF("Networks", POINTER),
	MAP_OF("Options", TEXT),
	MAP_OF("PortBindings", LIST),
	MAP_OF("Ports", LIST),
	MAP_OF("Runtimes", POINTER),
	MAP_OF("Containers", POINTER),
	MAP_OF("Status", ANY),
	MAP_OF("containers", POINTER),
	MAP_OF("interfaces", POINTER),
	MAP_OF("ipam_options", TEXT),
	MAP_OF("labels", TEXT),
	MAP_OF("options", TEXT),
	OPTIONAL_MAP("Annotations", TEXT),
	OPTIONAL_MAP("AuxiliaryAddresses", TEXT),
	OPTIONAL_MAP("ExposedPorts", ANY),
	OPTIONAL_MAP("StorageOpt", TEXT),
	OPTIONAL_MAP("Sysctls", TEXT),
	OPTIONAL_MAP("Tmpfs", TEXT),
	OPTIONAL_MAP("Volumes", ANY),

	/* docker leaves these out, or gives null, when there is nothing to tell */
	OPTIONAL("Health", POINTER),
	OPTIONAL("HealthCheck", POINTER),
	OPTIONAL("Healthcheck", POINTER),
	OPTIONAL("ImageManifestDescriptor", POINTER),
	OPTIONAL("Init", POINTER),
	OPTIONAL("MemorySwappiness", POINTER),
	OPTIONAL("OomKillDisable", POINTER),
	OPTIONAL("PidsLimit", POINTER),
	OPTIONAL("SizeRootFs", POINTER),
	OPTIONAL("SizeRw", POINTER),
	OPTIONAL("StartupHealthCheck", POINTER),
	OPTIONAL("StopTimeout", POINTER),
	OPTIONAL("Config.Shell", LIST),
	OPTIONAL("OnBuild", LIST),
	OPTIONAL("Config.StopSignal", TEXT),
	OPTIONAL("Config.MacAddress", TEXT),
	OPTIONAL("Domainname", TEXT),
	OPTIONAL("Variant", TEXT),

	LIST_OF("Aliases"),
	LIST_OF("Binds"),
	LIST_OF("CapAdd"),
	LIST_OF("CapDrop"),
	LIST_OF("Cmd"),
	LIST_OF("DeviceRequests"),
	LIST_OF("Devices"),
	LIST_OF("Dns"),
	LIST_OF("DnsOptions"),
	LIST_OF("DnsSearch"),
	LIST_OF("Entrypoint"),
	LIST_OF("Env"),
	LIST_OF("ExecIDs"),
	LIST_OF("ExtraHosts"),
	LIST_OF("GroupAdd"),
	LIST_OF("Layers"),
	LIST_OF("Links"),
	LIST_OF("Mounts"),
	LIST_OF("RepoDigests"),
	LIST_OF("RepoTags"),
	LIST_OF("SecurityOpt"),
	LIST_OF("Ulimits"),
	LIST_OF("VolumesFrom"),
};

const struct template_kinds template_default_kinds = {.rows = rows, .count = ARRAY_LEN(rows)};
