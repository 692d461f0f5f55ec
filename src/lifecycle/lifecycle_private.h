/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lifecycle_private.h - what the files of this module share */
#ifndef CORACLE_LIFECYCLE_PRIVATE_H
#define CORACLE_LIFECYCLE_PRIVATE_H

#include "coracle/lifecycle/lifecycle.h"
#include "coracle/runtime/runtime.h"

#define STATE_FILE  "state.json"
#define CONFIG_FILE "config.json"
#define GATE_SOCKET "start"

/* lifecycle_lock - held while a container is created, started, changed or deleted; descriptor or negative errno with err */
int lifecycle_lock(const struct lifecycle *lifecycle, const char *id, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* lifecycle_lock_try - the same without waiting: -EBUSY when another command holds it */
int lifecycle_lock_try(const struct lifecycle *lifecycle, const char *id, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* lifecycle_is_directory - dir_fd is the directory that has the name now: it was not deleted and made anew */
bool lifecycle_is_directory(const struct lifecycle *lifecycle, const char *id, int dir_fd) NONNULL(1, 2) MUST_USE;
/* lifecycle_forget - remove the container's directory, whose lock is held */
int lifecycle_forget(const struct lifecycle *lifecycle, const char *id) NONNULL(1, 2) MUST_USE;
int lifecycle_open_directory(const struct lifecycle *lifecycle, const char *id, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/* lifecycle_state_text - owned JSON for hooks and agents, with this status */
char *lifecycle_state_text(const struct lifecycle_state *state, enum lifecycle_status status) NONNULL(1) MUST_USE;
int lifecycle_state_write(int dir_fd, const struct lifecycle_state *state, struct error *err)
	NONNULL(2, 3) MUST_USE;
/* lifecycle_destroy - the process is gone: cgroup, directory, poststop hooks */
void lifecycle_destroy(struct lifecycle *lifecycle, struct lifecycle_state *state, const struct oci_hooks *hooks)
	NONNULL(1, 2);
/* lifecycle_pid_file - atomically, one number without newline */
int lifecycle_pid_file(const char *path, pid_t pid, struct error *err) NONNULL(1, 3) MUST_USE;
/* lifecycle_listener - the on_listener of runtime_process; data is struct listener_request */
struct listener_request {
	const struct oci_seccomp *profile;
	const struct lifecycle_state *state;
	enum lifecycle_status status;
	pid_t pid;
};
int lifecycle_listener(void *data, int fd, struct error *err) NONNULL(1, 3) MUST_USE;
/* lifecycle_filter - the specification's filter, compiled or from the cache of ROOT */
int lifecycle_filter(const struct lifecycle *lifecycle, const struct oci_seccomp *profile,
                     struct seccomp_program *out, struct error *err) NONNULL(1, 3, 4) MUST_USE;
/* lifecycle_terminal - where the master of a new terminal goes; 0 or negative errno */
int lifecycle_terminal(const char *console_socket, struct runtime_process *process, struct error *err)
	NONNULL(2, 3) MUST_USE;
/* lifecycle_terminal_check - terminal and console socket fit together */
int lifecycle_terminal_check(bool terminal, bool detached, const char *console_socket, struct error *err)
	NONNULL(4) MUST_USE;

/* --- wait.c --- */
/* wait_begin - block the signals that wait_foreground takes; before the program is started */
void wait_begin(bool subreaper);
/* wait_end - the program could not be started: as it was, if it was begun */
void wait_end(void);
/* wait_foreground - relay signals, with a master >= 0 the terminal, and with notify_fd >= 0 what it tells, until pid ends; its exit status 0..255 */
int wait_foreground(pid_t pid, int master, int notify_fd);

/* --- notify.c --- */
/* notify_prepare - with NOTIFY_SOCKET in our environment: the directory, its mount and the variable */
int notify_prepare(const struct lifecycle *lifecycle, const char *id, int dir_fd, struct oci_spec *spec,
                   struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
/* notify_listen - the socket, before the program starts; -1 without err when there is nobody to tell */
int notify_listen(int dir_fd, struct error *err) NONNULL(2) MUST_USE;
/* notify_forward - hand on what came; true when the program said that it is ready */
bool notify_forward(int fd);
/* notify_wait - forward until it is ready or has ended; returns at once with fd -1 */
void notify_wait(int fd, int pidfd);

/* --- create.c --- */
struct creation {
	struct oci_spec spec;
	struct lifecycle_state state;
	struct seccomp_program filter;
	struct runtime_process process;
	struct listener_request listener;
	int dir_fd, lock_fd, gate_fd;
	bool claimed, spawned;
};
/* creation_make - until the process is ready at its gate, which with gate is the socket; on failure nothing is left */
int creation_make(struct lifecycle *lifecycle, const struct lifecycle_create *request, bool gate,
                  struct creation *creation, struct error *err) NONNULL(1, 2, 4, 5) MUST_USE;
/* creation_undo - kill, take all back */
void creation_undo(struct lifecycle *lifecycle, struct creation *creation) NONNULL(1, 2);
void creation_done(struct creation *creation) NONNULL(1);

#endif
