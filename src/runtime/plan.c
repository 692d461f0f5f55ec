/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.c - from a runtime specification to an ordered list of operations; see plan.h */
#include "plan.h"

#include "coracle/base/alloc.h"
#include "coracle/base/path.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct {
	const char *type;
	uint64_t flag;
} namespaces[] = {
	{"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET},
	{"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},  {"cgroup", CLONE_NEWCGROUP},
	{"time", 0x80 /* CLONE_NEWTIME */},
};

struct op *plan_add(struct plan *plan, enum op_type type)
{
	if ((plan->count & (plan->count - 1)) == 0)
		plan->ops = xrealloc(plan->ops, plan->count ? 2 * plan->count : 1, sizeof *plan->ops);
	plan->ops[plan->count] = (struct op){.type = type, .fd = -1};
	return &plan->ops[plan->count++];
}

const char *plan_keep(struct plan *plan, const char *text)
{
	texts_add(&plan->strings, text);
	return plan->strings.items[plan->strings.count - 1];
}

static uint64_t namespace_flag(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		if (strcmp(namespaces[i].type, type) == 0)
			return namespaces[i].flag;
	return 0;
}

uint64_t runtime_namespaces(const struct oci_spec *spec)
{
	uint64_t flags = CLONE_NEWNS;

	if (spec->linux_)
		LIST_EACH(struct oci_namespace, wanted, &spec->linux_->namespaces)
			flags |= namespace_flag(wanted->type);
	return flags;
}

static char *map_text(const struct list *mappings)
{
	AUTO_TEXTS struct texts lines = {0};

	LIST_EACH(struct oci_id_mapping, mapping, mappings)
		texts_printf(&lines, "%" PRIu64 " %" PRIu64 " %" PRIu64, mapping->container_id,
		             mapping->host_id, mapping->size);
	return texts_join(&lines, "\n");
}

static int plan_namespaces(const struct oci_linux *linux_, struct plan *plan, struct error *err)
{
	LIST_EACH(struct oci_namespace, wanted, &linux_->namespaces) {
		uint64_t flag = namespace_flag(wanted->type);
		struct op *op;
		int fd;

		if (flag == 0)
			return error_set(err, ERROR_INVALID, "unknown namespace type \"%s\"", wanted->type);
		if ((!wanted->path || !*wanted->path) && flag == CLONE_NEWCGROUP
		    && (plan->cgroup_fd >= 0 || plan->moved_later)) {
			/* clone3(2) takes the parent's cgroup for the root, not the one to be born in */
			plan_add(plan, OP_CGROUPNS)->flags = plan->moved_later;
			continue;
		}
		if (!wanted->path || !*wanted->path) {
			/* a time namespace is made by OP_TIMENS */
			plan->clone_flags |= strcmp(wanted->type, "time") == 0 ? 0 : flag;
			continue;
		}
		fd = open(wanted->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_errno(err, errno, "%s namespace %s", wanted->type, wanted->path);
		if (flag == CLONE_NEWPID || flag == CLONE_NEWUSER) {
			*(flag == CLONE_NEWPID ? &plan->pid_ns_fd : &plan->user_ns_fd) = fd;
			continue;
		}
		op = plan_add(plan, OP_JOIN);
		op->fd = fd;
		op->flags = flag;
		op->target = plan_keep(plan, wanted->path);
	}
	if (plan->clone_flags & CLONE_NEWUSER) {
		if (linux_->uid_mappings.count == 0 || linux_->gid_mappings.count == 0)
			return error_set(err, ERROR_INVALID, "a new user namespace needs uidMappings and gidMappings");
		plan->uid_map = map_text(&linux_->uid_mappings);
		plan->gid_map = map_text(&linux_->gid_mappings);
	}
	/* the mounts of a container must never be the caller's own */
	plan->clone_flags |= CLONE_NEWNS;
	return 0;
}

static void plan_masks(const struct oci_linux *linux_, struct plan *plan)
{
	for (size_t i = 0; i < linux_->readonly_paths.count; i++) {
		struct op *op = plan_add(plan, OP_READ_ONLY);

		op->target = plan_keep(plan, linux_->readonly_paths.items[i]);
	}
	for (size_t i = 0; i < linux_->masked_paths.count; i++) {
		struct op *op = plan_add(plan, OP_MASK);

		op->target = plan_keep(plan, linux_->masked_paths.items[i]);
	}
}

static uint64_t propagation_of(const char *word)
{
	const struct mount_flag *flag = mount_flag_find(word);

	return flag ? flag->propagation : 0;
}

static void plan_names(const struct oci_spec *spec, struct plan *plan)
{
	if (spec->hostname && *spec->hostname)
		plan_add(plan, OP_HOSTNAME)->data = plan_keep(plan, spec->hostname);
	if (spec->domainname && *spec->domainname)
		plan_add(plan, OP_DOMAINNAME)->data = plan_keep(plan, spec->domainname);
}

bool runtime_has_hooks(const struct oci_spec *spec)
{
	const struct oci_hooks *hooks = spec->hooks;

	return hooks && (hooks->prestart.count || hooks->create_runtime.count || hooks->create_container.count
	                 || hooks->start_container.count);
}

void plan_hooks(const struct list *hooks, bool created, struct plan *plan)
{
	LIST_EACH(struct oci_hook, hook, hooks) {
		struct op *op = plan_add(plan, OP_HOOK);

		op->hook = hook;
		op->target = hook->path;
		op->flags = created;
	}
}

static void find_own_binary(struct plan *plan)
{
	struct stat st;

	if (stat("/proc/self/exe", &st) == 0) {
		plan->own_device = st.st_dev;
		plan->own_inode = st.st_ino;
	}
}

static struct plan *begin(struct plan *plan, const int *stdio, bool give, int cgroup_fd,
                          const struct seccomp_program *seccomp)
{
	(void) memset(plan, 0, sizeof *plan);
	plan->pid_ns_fd = plan->user_ns_fd = plan->root_fd = plan->dir_mask_fd = plan->gate_fd = plan->ns_dir_fd = -1;
	(void) memcpy(plan->stdio, stdio, sizeof plan->stdio);
	plan->give_stdio = give;
	plan->cgroup_fd = cgroup_fd;
	if (seccomp && seccomp->length) {
		plan->seccomp = *seccomp;
		plan->have_seccomp = true;
	}
	plan->ignored_signals = process_ignored_signals();
	/* asked for here, once: the child finds it in its memory */
	(void) caps_last();
	find_own_binary(plan);
	return plan;
}

static int word_unmapped(const struct plan *plan, struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED,
	                 "user %u:%u does not exist in the user namespace: not enough subordinate ids; see: coracle doctor",
	                 plan->uid, plan->gid);
}

static bool is_mapped(const struct list *mappings, uint64_t id)
{
	LIST_EACH(struct oci_id_mapping, mapping, mappings)
		if (id >= mapping->container_id && id - mapping->container_id < mapping->size)
			return true;
	return false;
}

/* Told at create, not when the program is started. */
static int check_mapped(const struct oci_linux *linux_, const struct plan *plan, struct error *err)
{
	bool mapped = is_mapped(&linux_->uid_mappings, plan->uid) && is_mapped(&linux_->gid_mappings, plan->gid);

	for (size_t i = 0; i < plan->group_count; i++)
		mapped = mapped && is_mapped(&linux_->gid_mappings, plan->groups[i]);
	return mapped ? 0 : word_unmapped(plan, err);
}

int plan_build(const struct runtime_request *request, struct plan *plan, struct error *err)
{
	static const struct oci_linux none;
	const struct oci_spec *spec = request->spec;
	const struct oci_linux *linux_ = spec->linux_ ? spec->linux_ : &none;
	int r;

	(void) begin(plan, request->stdio, request->give_stdio, request->cgroup_fd, request->seccomp);
	plan->root_fd = request->root_fd;
	plan->keep_groups = request->keep_groups;
	plan->root_path = request->root_path;
	plan->survive = request->survive;
	plan->moved_later = request->moved_later;
	plan->preserve = request->preserve;
	plan->no_pivot = request->no_pivot;
	plan->keyring = request->keyring;
	plan->gate_fd = request->gate_fd > STDERR_FILENO ? request->gate_fd : -1;
	if (spec->process) {
		plan->terminal = spec->process->terminal;
		plan->size = spec->process->console_size;
	}
	r = plan_opens(spec, plan, err);
	if (r >= 0)
		r = plan_host(linux_, plan, err);
	if (r < 0)
		return r;
	(void) plan_add(plan, OP_IDS);
	r = plan_namespaces(linux_, plan, err);
	if (r < 0)
		return r;
	if (request->want_netns)
		(void) plan_add(plan, OP_NETNS);
	if (plan->clone_flags & CLONE_NEWNET)
		plan_add(plan, OP_LOOPBACK)->optional = true;
	plan_names(spec, plan);
	(void) plan_add(plan, OP_ATTACH_ROOT);
	r = plan_mounts(spec, plan, err);
	if (r < 0)
		return r;
	r = plan_sysctls(linux_, plan, err);
	if (r < 0)
		return r;
	if (runtime_has_hooks(spec)) {
		/* these may mount for the container, by the path that the bundle says */
		plan->root_in_place = spec->hooks->create_container.count > 0;
		plan->state = xcalloc(1, RUNTIME_STATES_MAX);
		(void) plan_add(plan, OP_HOOKS);
		plan->reachable = (plan->clone_flags & CLONE_NEWPID) != 0;
		plan_hooks(&spec->hooks->create_container, false, plan);
	}
	(void) plan_add(plan, OP_PIVOT);
	if (plan->terminal)
		(void) plan_add(plan, OP_TERMINAL);
	else
		(void) plan_add(plan, OP_STDIO);
	plan_masks(linux_, plan);
	if (spec->process) {
		struct op *make = plan_add(plan, OP_MAKE_CWD);

		/* before the root is read-only; where it can't be made, OP_CWD will tell */
		make->optional = true;
		make->target = plan_keep(plan, spec->process->cwd ? spec->process->cwd : "/");
	}
	if (spec->root && spec->root->readonly)
		(void) plan_add(plan, OP_ROOT_READ_ONLY);
	if (linux_->rootfs_propagation && *linux_->rootfs_propagation) {
		plan->root_propagation = propagation_of(linux_->rootfs_propagation);
		if (plan->root_propagation == 0)
			return error_set(err, ERROR_INVALID, "\"rootfsPropagation\" can't be \"%s\"",
			                 linux_->rootfs_propagation);
		(void) plan_add(plan, OP_ROOT_PROPAGATION);
	}
	/* one without a process can be created, not started (runtime-spec runtime.md#start) */
	if (!spec->process) {
		(void) plan_add(plan, OP_READY);
		return 0;
	}
	r = plan_process(spec->process, spec->hooks, linux_, plan, err);
	if (r >= 0 && plan->uid_map)
		r = check_mapped(linux_, plan, err);
	if (r < 0)
		return r;
	if (request->init)
		(void) plan_add(plan, OP_INIT);
	(void) plan_add(plan, OP_EXEC);
	return 0;
}

int plan_build_exec(const struct runtime_exec *request, struct plan *plan, struct error *err)
{
	static const struct oci_linux none;
	int r;

	(void) begin(plan, request->stdio, request->give_stdio, request->cgroup_fd, request->seccomp);
	plan->in_container = true;
	plan->survive = request->survive;
	plan->preserve = request->preserve;
	plan->keep_groups = request->keep_groups;
	plan->terminal = request->process->terminal;
	plan->size = request->process->console_size;
	if (plan->terminal)
		(void) plan_add(plan, OP_TERMINAL);
	else
		(void) plan_add(plan, OP_STDIO);
	r = plan_process(request->process, NULL, request->linux_ ? request->linux_ : &none, plan, err);
	if (r < 0)
		return r;
	(void) plan_add(plan, OP_EXEC);
	return 0;
}

static const char *const op_words[] = {
	[OP_OPEN] = "open",
	[OP_IDS] = "become root in the user namespace",
	[OP_JOIN] = "join namespace",
	[OP_TIMENS] = "set the offsets of the time namespace",
	[OP_KEYRING] = "make a session keyring",
	[OP_CGROUPNS] = "make a cgroup namespace",
	[OP_NETNS] = "hand over the network namespace",
	[OP_LOOPBACK] = "bring the loopback interface up",
	[OP_HOSTNAME] = "set the host name",
	[OP_DOMAINNAME] = "set the domain name",
	[OP_ATTACH_ROOT] = "attach the root file system",
	[OP_MOUNT] = "mount",
	[OP_ATTACH] = "mount",
	[OP_COPY_UP] = "tmpfs with contents",
	[OP_DEVICE] = "device",
	[OP_LINK] = "symlink",
	[OP_TERMINAL] = "make a terminal",
	[OP_SYSCTL] = "sysctl",
	[OP_SEAL] = "make read-only the mount",
	[OP_HOOKS] = "wait for the hooks",
	[OP_HOOK] = "hook",
	[OP_PIVOT] = "pivot_root",
	[OP_MASK] = "mask",
	[OP_READ_ONLY] = "make read-only",
	[OP_ROOT_READ_ONLY] = "make the root read-only",
	[OP_ROOT_PROPAGATION] = "set the propagation of the root",
	[OP_STDIO] = "connect standard input and output",
	[OP_OOM_SCORE] = "set the OOM score",
	[OP_RLIMIT] = "set the resource limit",
	[OP_PERSONALITY] = "set the personality",
	[OP_IO_PRIORITY] = "set the I/O priority",
	[OP_SCHEDULER] = "set the scheduler",
	[OP_AFFINITY] = "set the CPU affinity",
	[OP_MEMORY_POLICY] = "set the memory policy",
	[OP_LABEL] = "set the security label",
	[OP_HOME] = "find the home directory",
	[OP_FIND] = "find the program",
	[OP_READY] = "wait for the start",
	[OP_BOUNDING] = "drop capabilities",
	[OP_GROUPS] = "set the groups",
	[OP_GID] = "set the group id",
	[OP_UID] = "set the user id",
	[OP_UMASK] = "set the umask",
	[OP_MAKE_CWD] = "make the working directory",
	[OP_CWD] = "working directory",
	[OP_CAPABILITIES] = "set the capabilities",
	[OP_NO_NEW_PRIVILEGES] = "set no_new_privs",
	[OP_SECCOMP] = "load the seccomp filter",
	[OP_INIT] = "start the init process",
	[OP_EXEC] = "execute",
};

static int word_exec(const struct plan *plan, int errnum, struct error *err)
{
	const char *command = plan->argv.items[0];

	if (errnum == ENOENT || errnum == ENOTDIR)
		return error_set(err, ERROR_NO_COMMAND,
		                 strchr(command, '/') ? "%s: no such file or directory in the container"
		                                      : "%s: executable file not found in $PATH of the container",
		                 command);
	if (errnum == ENOEXEC)
		return error_set(err, ERROR_NOT_EXECUTABLE,
		                 "%s: not a program for this machine (exec format error)", command);
	if (errnum == EACCES || errnum == EISDIR)
		return error_set(err, ERROR_NOT_EXECUTABLE,
		                 "%s: permission denied: a directory, or without execute permission", command);
	(void) error_errno(err, errnum, "%s: can't be executed", command);
	err->kind = ERROR_NOT_EXECUTABLE;
	return -errnum;
}

static int word_hook(const char *what, const char *path, int status, struct error *err)
{
	return WIFSIGNALED(status)
	               ? error_set(err, ERROR_SYSTEM, "%s%s: killed by signal %d", what, path, WTERMSIG(status))
	               : error_set(err, ERROR_SYSTEM, "%s%s: ended with status %d", what, path, WEXITSTATUS(status));
}

int plan_word(const struct plan *plan, const struct report *report, struct error *err)
{
	const struct op *op;
	const char *name;
	int r;

	/* who knocked at the gate has no operations, only the command's name */
	if (plan->count == 0 && report->type == OP_EXEC)
		return word_exec(plan, report->errnum, err);
	if (plan->count == 0 && report->type == OP_HOOK && report->errnum == ECHILD)
		return word_hook("startContainer hook", "", report->detail, err);
	if (plan->count == 0 && report->type >= 0 && report->type <= OP_EXEC)
		return error_errno(err, report->errnum, "%s", op_words[report->type]);
	if (report->index < 0 || (size_t) report->index >= plan->count)
		return error_errno(err, report->errnum, "set up the container");
	op = &plan->ops[report->index];
	if (op->type == OP_HOOK && report->errnum == ECHILD)
		return word_hook(op->flags ? "startContainer hook " : "createContainer hook ", op->hook->path, report->detail, err);
	name = op->target ? op->target : op->data;
	if (op->type == OP_EXEC || op->type == OP_FIND)
		return word_exec(plan, report->errnum, err);
	r = plan_word_mount(op, report->errnum, err);
	if (r >= 0)
		r = plan_word_attribute(op, report->errnum, err);
	if (r < 0)
		return r;
	if (op->type == OP_CWD && report->errnum == EXDEV)
		return error_set(err, ERROR_DENIED, "working directory %s leads out of the container", plan->cwd);
	if (report->errnum == EXDEV && name)
		return error_set(err, ERROR_DENIED, "%s leads into /proc by a symlink of the image: refused", name);
	if (op->type == OP_CWD)
		return error_errno(err, report->errnum, "working directory %s", plan->cwd);
	if (op->no_symlink && report->errnum == ELOOP)
		return error_set(err, ERROR_DENIED, "the image has a symlink in place of %s: refused", name);
	if ((op->type == OP_GROUPS || op->type == OP_GID || op->type == OP_UID) && report->errnum == EINVAL)
		return word_unmapped(plan, err);
	if (op->type == OP_MOUNT && report->errnum == EPERM
	    && (strcmp(op->source, "proc") == 0 || strcmp(op->source, "sysfs") == 0))
		return error_set(err, ERROR_DENIED,
		                 "mount %s: not permitted, because the container that we are in hides parts of its "
		                 "own; start that one with --security-opt unmask=ALL or --privileged, or this one "
		                 "with --pid host --network host",
		                 name);
	if (op->type == OP_SYSCTL && (report->errnum == EACCES || report->errnum == EPERM))
		return error_set(err, ERROR_DENIED, "sysctl %s: not permitted without root of the host%s", name,
		                 strcmp(name, "kernel/domainname") == 0 ? "; use the member \"domainname\" instead" : "");
	if (op->type == OP_RLIMIT && report->errnum == EPERM)
		return error_set(err, ERROR_DENIED,
		                 "resource limit %s: above the hard limit of this session, which only root "
		                 "can raise",
		                 name);
	return error_errno(err, report->errnum, name ? "%s %s" : "%s", op_words[op->type], name);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->ops[i].fd >= 0)
			(void) close(plan->ops[i].fd);
	if (plan->pid_ns_fd >= 0)
		(void) close(plan->pid_ns_fd);
	if (plan->user_ns_fd >= 0)
		(void) close(plan->user_ns_fd);
	free(plan->state);
	free(plan->ops);
	texts_done(&plan->strings);
	texts_done(&plan->argv);
	texts_done(&plan->env);
	texts_done(&plan->candidates);
	free(plan->uid_map);
	free(plan->gid_map);
	free(plan->groups);
	free(plan);
}
