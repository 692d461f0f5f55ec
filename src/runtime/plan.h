/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.h - the operations that make a container, in order; built by the parent, walked by the child */
#ifndef CORACLE_RUNTIME_PLAN_H
#define CORACLE_RUNTIME_PLAN_H

#include "coracle/oci/runtime.h"
#include "coracle/runtime/runtime.h"
#include "coracle/sys/caps.h"

#include <sched.h>
#include <sys/resource.h>

enum op_type {
	OP_OPEN,        /* clone source for the OP_ATTACH flags names by index, or for the root; before the ids change */
	OP_TIMENS,      /* a new time namespace, entered, whose offsets are data (time_namespaces(7)); flags: nobody else sees us yet */
	OP_IDS,         /* new user namespace: wait for the maps, become root in it */
	OP_JOIN,        /* setns(2): fd, flags */
	OP_KEYRING,     /* a new session keyring named data (session-keyring(7)) */
	OP_CGROUPNS,    /* a cgroup namespace whose root is the cgroup that the process was born in */
	OP_NETNS,       /* hand the network namespace to the parent, for slirp4netns */
	OP_LOOPBACK,    /* the new network namespace has a loopback interface that is up */
	OP_HOSTNAME, OP_DOMAINNAME,
	OP_ATTACH_ROOT, /* move the detached root onto this namespace's / */
	OP_MOUNT,       /* a new file system at target: source = type, data, flags MS_*, set/clear */
	OP_ATTACH,      /* the clone fd at target */
	OP_COPY_UP,     /* a tmpfs at target that begins with what is there */
	OP_DEVICE,      /* bind of the host's device source at target */
	OP_LINK,        /* symlink source at target, unless something is there */
	OP_TERMINAL,    /* new pty from /dev/pts, its master to the parent, /dev/console */
	OP_SYSCTL,      /* write data to /proc/sys/target */
	OP_SEAL,        /* the mount at target becomes read-only: all in it is made */
	OP_HOOKS,       /* tell the parent, wait for the state as JSON: prestart and createRuntime hooks run there */
	OP_HOOK,        /* run a hook here: createContainer before OP_PIVOT, startContainer after OP_READY */
	OP_PIVOT,
	OP_MASK,        /* hide the file or directory target */
	OP_READ_ONLY,   /* bind target onto itself, read-only */
	OP_ROOT_READ_ONLY,
	OP_ROOT_PROPAGATION,
	OP_STDIO,
	OP_OOM_SCORE,
	OP_RLIMIT,      /* flags = resource */
	OP_PERSONALITY,
	OP_IO_PRIORITY, /* flags = class and level as ioprio_set(2) wants them */
	OP_SCHEDULER,   /* sched_setattr(2) with plan->scheduler */
	OP_AFFINITY,    /* sched_setaffinity(2) with data, a list such as 0-3,5; NULL: all that the cgroup allows */
	OP_MEMORY_POLICY, /* set_mempolicy(2) with plan->memory_policy */
	OP_LABEL,       /* AppArmor profile or SELinux context for execve: data to /proc/thread-self/attr/ target, else source */
	OP_HOME,        /* HOME, which the environment lacks, from the container's /etc/passwd */
	OP_FIND,        /* the program is there and can be executed: told at create already */
	OP_READY,       /* tell the parent, wait at the gate */
	OP_BOUNDING,
	OP_GROUPS, OP_GID, OP_UID,
	OP_UMASK,
	OP_MAKE_CWD,    /* the working directory is made when it is missing, as docker does */
	OP_CWD,
	OP_CAPABILITIES,
	OP_NO_NEW_PRIVILEGES,
	OP_SECCOMP,
	OP_INIT,        /* fork; the parent of the program stays as reaper */
	OP_EXEC,
};

struct op {
	enum op_type type;
	const char *target, *source, *data; /* owned by the plan's texts */
	const char *from;    /* OP_MOUNT: the source of the file system */
	uint64_t flags;      /* MS_*, CLONE_NEW*, resource */
	uint64_t set, clear; /* MOUNT_ATTR_* */
	uint64_t set_all, clear_all; /* the same for all mounts below too */
	uint64_t propagation;
	bool recursive;
	bool directory;      /* the target is made as a directory (else as a file) when it is missing */
	bool in_proc;        /* the target may lie in a proc file system */
	bool no_symlink;     /* the target must not be a symlink: /proc, /sys, /dev; OP_DEVICE, OP_LINK: /dev above it */
	bool nofollow;       /* a symlink at the target is itself covered; OP_OPEN: one at the source itself bound */
	bool shared;         /* OP_OPEN: the clone stays a peer of the source */
	bool own_namespace;  /* OP_MOUNT: the namespace that the type shows is the container's */
	bool optional;       /* failure is passed over */
	bool seal;           /* OP_MOUNT: writable until everything is in it, then OP_SEAL */
	bool joined;         /* OP_JOIN: done already, on the way to the user namespace */
	int fd;
	unsigned mode;       /* OP_DEVICE: type and permissions; flags = number */
	uint32_t uid, gid;
	struct rlimit limit;
	const struct oci_hook *hook; /* of the specification */
	const struct oci_mount *mount; /* OP_OPEN: of the specification; NULL: the root */
};

#define LONG_BITS (8 * sizeof(unsigned long))

struct scheduler_attributes { /* struct sched_attr of sched_setattr(2), for which not every C library has a name */
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
	uint32_t util_min, util_max;
};

struct memory_policy { /* set_mempolicy(2) */
	int mode; /* with its flags */
	bool has_nodes;
	unsigned long nodes[OCI_NODES_MAX / LONG_BITS];
};

struct plan {
	struct op *ops;
	size_t count;
	struct texts strings; /* owned: what ops point at */
	struct texts argv, env, candidates;
	uint64_t clone_flags;
	char *uid_map, *gid_map; /* owned; to write for a new user namespace */
	int pid_ns_fd;        /* pid namespace to be born in, -1 */
	int user_ns_fd;       /* user namespace to be born in, -1 */
	int root_fd;
	int stdio[3];
	bool give_stdio, terminal, in_container; /* in_container: an exec */
	struct oci_box size;
	int cgroup_fd;
	uint32_t uid, gid;
	gid_t *groups;
	size_t group_count;
	bool keep_groups;
	mode_t umask;
	const char *cwd;
	struct caps_sets caps;
	bool set_caps;
	bool no_new_privileges;
	struct seccomp_program seccomp; /* borrowed instructions */
	bool have_seccomp;
	int ns_dir_fd;        /* with gate_fd: our own /proc/self/ns, opened while /proc is the host's */
	int gate_fd;          /* listening socket to wait at for the start; -1: the sync socket */
	int preserve;         /* descriptors 3 to 2+preserve stay open for the program */
	bool survive;         /* outlives who made it, once it is ready */
	bool moved_later;     /* OP_CGROUPNS waits until the parent has moved us into cgroups of version 1 */
	bool ready;           /* said so: who made it is listened to, or its death is no matter any more */
	bool no_pivot;        /* move the root mount and chroot(2): for a root on the initial ramfs */
	bool reachable;       /* nobody hostile can see us: dumpable while hooks of the caller look at our namespaces */
	char *state;          /* with hooks: room for two states as JSON, "creating" and, after its NUL, "created" */
	const char *keyring;  /* name of a new session keyring, NULL */
	const char *root_path; /* with root_fd -1 */
	bool root_in_place;    /* the root is attached at root_path until pivot_root */
	int oom_score_adj;
	bool set_oom_score;
	int oom_result;       /* of apply_oom_score_early, for OP_OOM_SCORE */
	unsigned long personality;
	struct scheduler_attributes scheduler;
	struct memory_policy memory_policy;
	const char *initial_cpus; /* exec: where the process that enters the container runs; NULL */
	uint64_t root_propagation;
	bool no_mknod;        /* devices are bound from the host: mknod(2) is for real root */
	int dir_mask_fd;      /* an empty read-only tmpfs, made by the child */
	uint64_t own_device, own_inode; /* our binary: never to be executed inside (CVE-2019-5736) */
	uint64_t ignored_signals; /* process_ignored_signals */
};

/* one byte with a descriptor, before a report */
#define RUNTIME_MARK_TERMINAL 'T'
#define RUNTIME_MARK_NETNS    'N'
#define RUNTIME_MARK_LISTENER 'S' /* of the seccomp filter; the child waits for an answer of one byte */
#define RUNTIME_MARK_HOOKS    'H' /* without a descriptor: the hooks of the runtime's side may run */

#define RUNTIME_STATES_MAX 65536 /* bytes of both states */

/* at the gate: "g" starts, "n" is answered with one message of as many descriptors as there are names (-1: none) */
#define RUNTIME_ASK_NAMESPACES 'n'
extern const struct namespace_name {
	const char *name; /* below /proc/PID/ns */
	uint64_t flag;
} namespace_names[RUNTIME_NAMESPACES]; /* in the order in which they are entered */

struct report { /* child to parent; one message */
	int32_t index;  /* of the operation */
	int32_t errnum; /* 0: ready */
	int32_t type;   /* enum op_type, for who has no plan */
	int32_t detail; /* OP_HOOK: the hook's wait status */
};

struct op *plan_add(struct plan *plan, enum op_type type);
const char *plan_keep(struct plan *plan, const char *text);
int plan_build(const struct runtime_request *request, struct plan *plan, struct error *err);
int plan_build_exec(const struct runtime_exec *request, struct plan *plan, struct error *err);
/*
 * plan_opens - the sources of binds and the root at root_path, to be opened and cloned before OP_IDS
 * plan_mounts - attach them, mount what is new, devices; plan_opens comes before
 * plan_word_mount - err from a failure of one of these operations; 0: there is nothing special to say
 */
int plan_opens(const struct oci_spec *spec, struct plan *plan, struct error *err);
int plan_mounts(const struct oci_spec *spec, struct plan *plan, struct error *err);
int plan_word_mount(const struct op *op, int errnum, struct error *err);
/*
 * plan_host - refuse what only the host's root could do; a new time namespace: after plan_opens, before OP_IDS
 * plan_attributes - keyring, priorities, memory policy: before OP_READY, after the limits
 * plan_attributes_late - CPU affinity of an exec, labels: after OP_READY and the hooks, before seccomp and ids
 * plan_word_attribute - err from a failure of one of these operations; 0: there is nothing special to say
 */
int plan_host(const struct oci_linux *linux_, struct plan *plan, struct error *err);
int plan_attributes(const struct oci_process *process, const struct oci_linux *linux_, struct plan *plan,
                    struct error *err);
int plan_attributes_late(const struct oci_process *process, struct plan *plan, struct error *err);
int plan_word_attribute(const struct op *op, int errnum, struct error *err);
int plan_sysctls(const struct oci_linux *linux_, struct plan *plan, struct error *err);
/* plan_hooks - OP_HOOK for each; created: they get the second state */
void plan_hooks(const struct list *hooks, bool created, struct plan *plan);
int plan_process(const struct oci_process *process, const struct oci_hooks *hooks,
                 const struct oci_linux *linux_, struct plan *plan, struct error *err);
/* plan_word - err from a report of the child */
int plan_word(const struct plan *plan, const struct report *report, struct error *err);
void plan_free(struct plan *plan);

/* plan_apply - in the child: never returns */
_Noreturn void plan_apply(struct plan *plan, int sync_fd);

#endif
