/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts_security.c - options of run and create: what the container shares with the host and may do */
#include "run_opts.h"

#define NO_MAPS "not in this version; --userns keep-id gives the caller's own id"

const struct opt opts_security[] = {
	OPT_GROUP("Isolation"),
	OPT_TEXT(0, "pid", struct container_create, pid, "MODE", "processes: private, host or container:NAME",
	         .complete = "private|host"),
	OPT_TEXT(0, "ipc", struct container_create, ipc, "MODE",
	         "System V IPC and message queues: private, shareable, none, host or container:NAME",
	         .complete = "private|shareable|none|host"),
	OPT_TEXT(0, "uts", struct container_create, uts, "MODE", "host name: private, host or container:NAME",
	         .complete = "private|host"),
	OPT_TEXT(0, "userns", struct container_create, userns, "MODE",
	         "user ids: host (default: the user's own namespace), private, keep-id[:uid=N,gid=N], container:NAME",
	         .complete = "host|private|keep-id"),
	OPT_TEXT(0, "cgroupns", struct container_create, cgroupns, "MODE",
	         "view of cgroups: private (default), host or container:NAME", .complete = "private|host"),
	OPT_LIST(0, "cap-add", struct container_create, cap_add, "CAPABILITY", "add a capability, or all"),
	OPT_LIST(0, "cap-drop", struct container_create, cap_drop, "CAPABILITY", "take away a capability, or all"),
	OPT_FLAG(0, "privileged", struct container_create, privileged,
	         "all capabilities over the user namespace, all devices the user may open, no seccomp, nothing masked"),
	OPT_TEXTS(0, "security-opt", struct container_create, security_opts, "OPTION",
	          "seccomp=FILE|unconfined, no-new-privileges, mask=PATH, unmask=PATH|ALL, label=, apparmor="),
	OPT_TEXTS(0, "device", struct container_create, devices, "SOURCE[:TARGET][:rwm]",
	          "show a device of the host", .complete = "file"),
	OPT_LIST(0, "sysctl", struct container_create, sysctls, "NAME=VALUE",
	         "set a kernel parameter of the container's own namespaces"),
	OPT_TEXT(0, "personality", struct container_create, personality, "NAME", "LINUX or LINUX32",
	         .complete = "LINUX|LINUX32"),
	OPT_REFUSED(0, "device-cgroup-rule", "RULE", "the device controller takes root; --device shows single devices"),
	OPT_REFUSED(0, "gidmap", "MAP", NO_MAPS),
	OPT_REFUSED(0, "uidmap", "MAP", NO_MAPS),
	OPT_REFUSED(0, "subgidname", "NAME", NO_MAPS),
	OPT_REFUSED(0, "subuidname", "NAME", NO_MAPS),
	OPT_REFUSED(0, "gpus", "DEVICES", "CDI devices are not in this version; pass the nodes with --device"),
	OPT_REFUSED(0, "seccomp-policy", "POLICY", "profiles inside of images are not read; use --security-opt seccomp=FILE"),
	OPT_END,
};
