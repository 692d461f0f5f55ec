/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime.h - from a runtime specification and a mounted root to a process
 *
 * Theory of operation. runtime_spawn() turns the specification into a plan (an array of operations,
 * built and checked in the parent, where memory may be allocated and errors worded), clones the
 * process into its namespaces and returns at once. The child walks the plan with nothing but system
 * calls, stops at a gate and says so on the sync socket; a failure travels back as {operation, errno}.
 * runtime_wait_ready() waits for that; between it and runtime_start() the caller connects the network.
 * runtime_start() opens the gate: the child executes the program. End of file on the sync socket
 * (close-on-exec) means that execve(2) worked.
 *
 * The caller has no threads. It is inside the user namespace of the container, in a mount namespace of its
 * own (the engine's monitor), or outside of one that the specification makes or joins (the OCI command
 * line): then with caller_maps it writes the maps of the new one itself and says runtime_mapped().
 *
 * A container that is created now and started by another process later (survive, gate_fd) waits at a
 * listening socket: runtime_created() lets go of it, runtime_knock() is the other process's way to
 * runtime_start(). Until runtime_created() the death of the caller ends the child.
 */
#ifndef CORACLE_RUNTIME_RUNTIME_H
#define CORACLE_RUNTIME_RUNTIME_H

#include "coracle/oci/runtime.h"
#include "coracle/runtime/seccomp.h"

#include <sys/types.h>

struct runtime_request {
	const struct oci_spec *spec;
	int root_fd;       /* the root: a detached mount, or a directory that is a mount point */
	int stdio[3];      /* descriptors for 0..2 when there is no terminal; -1: /dev/null */
	bool give_stdio;   /* they are pipes of ours: chown them to the user so that /dev/stdout can be reopened */
	const struct seccomp_program *seccomp; /* NULL: none */
	int cgroup_fd;     /* directory of the cgroup to be born in, -1: none */
	bool moved_later;  /* the caller moves it into further cgroups, then runtime_moved: its cgroup namespace is made only then */
	bool init;         /* PID 1 is our own reaper and the program its child */
	bool keep_groups;  /* leave the supplementary groups of the caller */
	bool want_netns;   /* netns_fd below is wanted: runtime_wait_netns */
	const char *root_path; /* with root_fd -1: the directory, bound by the child itself */
	bool caller_maps;  /* the caller writes the id maps of a new user namespace, then runtime_mapped */
	bool survive;      /* the process outlives its maker */
	int gate_fd;       /* above 2: listening socket to wait at, see runtime_created */
	int preserve;      /* descriptors 3 to 2+preserve of ours stay open for the program */
	bool no_pivot;     /* MS_MOVE and chroot(2) instead of pivot_root(2) */
	const char *keyring; /* name of a new session keyring; NULL: the caller's stays */
};

struct runtime_process {
	pid_t pid;
	int pidfd;
	int sync_fd;
	int terminal_fd;   /* master of the pty when process.terminal, after runtime_wait_ready */
	int netns_fd;      /* the network namespace, after runtime_wait_netns */
	struct plan *plan; /* for wording errors */
	/*
	 * on_listener - hand the listener of an SCMP_ACT_NOTIFY filter to its agent; called within
	 * runtime_start while the process waits; NULL: such a filter is refused
	 */
	int (*on_listener)(void *data, int fd, struct error *err);
	void *listener_data;
};

int runtime_spawn(const struct runtime_request *request, struct runtime_process *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* runtime_wait_netns - until the child has handed over its network namespace; long before it is ready */
int runtime_wait_netns(struct runtime_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
int runtime_wait_ready(struct runtime_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
/* runtime_why - a step with the child failed with r and err: if the child has said why it gave up, that instead */
int runtime_why(struct runtime_process *process, int r, struct error *err) NONNULL(1, 3) MUST_USE;
/* runtime_mapped - the id maps of the new user namespace are written (caller_maps) */
int runtime_mapped(struct runtime_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
/* runtime_moved - it is in all of its cgroups (moved_later) */
int runtime_moved(struct runtime_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
/* runtime_has_hooks - prestart, createRuntime, createContainer or startContainer: runtime_wait_hooks has to be called */
bool runtime_has_hooks(const struct oci_spec *spec) NONNULL(1);
/*
 * runtime_wait_hooks - until the mounts stand and the root is not yet moved: where prestart and createRuntime hooks run
 * runtime_hooks_done - they did; the states as JSON (status "creating" and "created") are for the hooks inside
 */
int runtime_wait_hooks(struct runtime_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
int runtime_hooks_done(struct runtime_process *process, const char *creating, const char *created, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* runtime_created - after runtime_wait_ready with gate_fd: the process waits for runtime_knock from now on, whoever dies */
int runtime_created(struct runtime_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
/*
 * runtime_knock - from another process: connect to the socket that is the gate
 *
 * dir_fd, name  where the socket is; spec: the same specification (for words)
 * Then runtime_start(out). -ECONNREFUSED or -ENOENT: nobody waits there.
 */
int runtime_knock(int dir_fd, const char *name, const struct oci_spec *spec, struct runtime_process *out,
                  struct error *err) NONNULL(2, 3, 4, 5) MUST_USE;
/* runtime_start - ERROR_NO_COMMAND and ERROR_NOT_EXECUTABLE tell the exit status 127 and 126 */
int runtime_start(struct runtime_process *process, struct error *err) NONNULL(1, 2) MUST_USE;
/* runtime_abort - kill what was spawned, reap it; runtime_process_done - let go of descriptors and the plan only */
void runtime_abort(struct runtime_process *process) NONNULL(1);
void runtime_process_done(struct runtime_process *process) NONNULL(1);

struct runtime_exec {
	int pidfd;          /* of the container's init */
	uint64_t namespaces; /* runtime_namespaces of its specification */
	const struct oci_process *process;
	const struct oci_linux *linux_; /* of its specification: personality and memory policy hold for all its processes; NULL: none */
	int stdio[3];
	bool give_stdio;
	const struct seccomp_program *seccomp;
	int cgroup_fd;
	bool keep_groups;
	bool survive;
	int preserve;
	const int *namespace_fds; /* of runtime_gate_namespaces: entered instead of those of pidfd; NULL: none */
};
#define RUNTIME_NAMESPACES 8
/*
 * runtime_gate_namespaces - those of a container that waits at its gate, which lets nobody but itself open them
 *
 * dir_fd, name  as for runtime_knock
 * fds           out: RUNTIME_NAMESPACES descriptors for runtime_exec, -1 where there is none; the caller closes them
 */
int runtime_gate_namespaces(int dir_fd, const char *name, int *fds, struct error *err) NONNULL(2, 3, 4) MUST_USE;
/* runtime_namespaces - CLONE_NEW* of every namespace that the specification makes or joins: what exec has to enter */
uint64_t runtime_namespaces(const struct oci_spec *spec) NONNULL(1);
/* runtime_exec - a further process in the namespaces of a container; then runtime_wait_ready and runtime_start as above */
int runtime_exec(const struct runtime_exec *request, struct runtime_process *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;

#endif
