/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.c - the table of all commands, in the order of --help */
#include "coracle/cli/command.h"

extern const struct command cmd_run, cmd_create, cmd_start, cmd_exec;
extern const struct command cmd_attach, cmd_stop, cmd_restart, cmd_kill;
extern const struct command cmd_wait, cmd_rm, cmd_ps, cmd_logs;
extern const struct command cmd_inspect, cmd_container_inspect, cmd_images, cmd_load;
extern const struct command cmd_pull, cmd_push, cmd_login, cmd_logout, cmd_save, cmd_image_copy;
extern const struct command cmd_import, cmd_tag, cmd_untag, cmd_rmi;
extern const struct command cmd_history, cmd_image_tree, cmd_image_diff, cmd_image_exists;
extern const struct command cmd_image_mount, cmd_image_unmount, cmd_image_scp, cmd_image_trust, cmd_unshare;
extern const struct command cmd_search, cmd_image_tags, cmd_manifest_create, cmd_manifest_add;
extern const struct command cmd_manifest_annotate, cmd_manifest_inspect, cmd_manifest_remove;
extern const struct command cmd_manifest_rm, cmd_manifest_exists, cmd_manifest_push, cmd_buildx_imagetools;
extern const struct command cmd_image_inspect, cmd_volume_create, cmd_volume_ls, cmd_volume_inspect;
extern const struct command cmd_volume_rm, cmd_volume_prune, cmd_doctor, cmd_info;
extern const struct command cmd_store_create, cmd_store_add, cmd_store_ls, cmd_store_rm;
extern const struct command cmd_version, cmd_completion, cmd_help, cmd_complete;
extern const struct command cmd_commands, cmd_rows;
extern const struct command cmd_container_prune;
extern const struct command cmd_image_prune;
extern const struct command cmd_system_prune;
extern const struct command cmd_system_df;
extern const struct command cmd_image_check;
extern const struct command cmd_system_check;
extern const struct command cmd_runtime_create, cmd_runtime_start, cmd_runtime_run, cmd_runtime_exec;
extern const struct command cmd_runtime_state, cmd_runtime_list, cmd_runtime_kill, cmd_runtime_delete;
extern const struct command cmd_runtime_pause, cmd_runtime_resume, cmd_runtime_spec, cmd_runtime_features;
extern const struct command cmd_runtime_ps, cmd_runtime_update, cmd_runtime_events;

const struct command *const commands[] = {
	&cmd_run,
	&cmd_create,
	&cmd_start,
	&cmd_exec,
	&cmd_attach,
	&cmd_stop,
	&cmd_restart,
	&cmd_kill,
	&cmd_wait,
	&cmd_rm,
	&cmd_ps,
	&cmd_logs,
	&cmd_inspect,
	&cmd_container_inspect,
	&cmd_container_prune,
	&cmd_images,
	&cmd_pull,
	&cmd_push,
	&cmd_login,
	&cmd_logout,
	&cmd_load,
	&cmd_save,
	&cmd_image_copy,
	&cmd_import,
	&cmd_tag,
	&cmd_untag,
	&cmd_rmi,
	&cmd_image_inspect,
	&cmd_image_prune,
	&cmd_image_check,
	&cmd_history,
	&cmd_image_tree,
	&cmd_image_diff,
	&cmd_image_exists,
	&cmd_image_mount,
	&cmd_image_unmount,
	&cmd_image_scp,
	&cmd_image_trust,
	&cmd_search,
	&cmd_image_tags,
	&cmd_manifest_create,
	&cmd_manifest_add,
	&cmd_manifest_annotate,
	&cmd_manifest_inspect,
	&cmd_manifest_push,
	&cmd_manifest_remove,
	&cmd_manifest_rm,
	&cmd_manifest_exists,
	&cmd_buildx_imagetools,
	&cmd_store_create,
	&cmd_store_add,
	&cmd_store_ls,
	&cmd_store_rm,
	&cmd_volume_create,
	&cmd_volume_ls,
	&cmd_volume_inspect,
	&cmd_volume_rm,
	&cmd_volume_prune,
	&cmd_doctor,
	&cmd_unshare,
	&cmd_info,
	&cmd_system_df,
	&cmd_system_check,
	&cmd_system_prune,
	&cmd_runtime_create,
	&cmd_runtime_start,
	&cmd_runtime_run,
	&cmd_runtime_exec,
	&cmd_runtime_state,
	&cmd_runtime_list,
	&cmd_runtime_ps,
	&cmd_runtime_kill,
	&cmd_runtime_delete,
	&cmd_runtime_pause,
	&cmd_runtime_resume,
	&cmd_runtime_update,
	&cmd_runtime_events,
	&cmd_runtime_spec,
	&cmd_runtime_features,
	&cmd_version,
	&cmd_completion,
	&cmd_help,
	&cmd_complete,
	&cmd_commands,
	&cmd_rows,
	NULL,
};

const char *const commands_missing[] = {
	"artifact", "auto-update", "build", "builder", "buildx bake", "buildx build", "buildx create", "buildx ls", "checkpoint", "commit",
	"compose", "config", "container checkpoint", "container cleanup", "container clone",
	"container commit", "container cp", "container diff", "container exists",
	"container export", "container init", "container mount", "container pause",
	"container port", "container rename", "container restore",
	"container runlabel", "container stats", "container top", "container umount",
	"container unmount", "container unpause", "container update", "context", "cp", "diff",
	"events", "export", "farm", "generate", "healthcheck", "image build", "init", "kube", "machine",
	"mount", "network", "node", "pause", "plugin", "pod", "port", "quadlet",
	"rename", "secret", "service", "stack", "stats", "swarm",
	"system connection", "system events", "system migrate",
	"system renumber", "system reset", "system service", "top", "trust",
	"umount", "unmount", "unpause", "update", "volume exists", "volume export",
	"volume import", "volume mount", "volume reload", "volume unmount", "volume update",
	NULL,
};
