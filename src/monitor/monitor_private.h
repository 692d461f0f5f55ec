/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor_private.h - what the files of the monitor share */
#ifndef CORACLE_MONITOR_PRIVATE_H
#define CORACLE_MONITOR_PRIVATE_H

#include "coracle/monitor/monitor.h"
#include "coracle/network/network.h"
#include "coracle/runtime/cgroup.h"
#include "coracle/runtime/runtime.h"
#include "coracle/store/driver.h"

#define CLIENTS_MAX  64
#define SESSIONS_MAX 64 /* the container's own and its execs */

/* the request that travels in the sealed memfd */
struct monitor_start {
	char *data, *runtime;
	bool attach, wants_stdin, passthrough;
	uint64_t rows, columns;
	struct record record;
};
extern const struct field monitor_start_fields[];

enum { /* descriptors that the monitor is born with */
	MONITOR_REQUEST_FD = 3,
	MONITOR_SYNC_FD = 4,
	MONITOR_ATTACH_FD = 5,
	MONITOR_STDIN_FD = 6, /* passthrough: 6, 7, 8 */
};

/* from the monitor to the front end: warnings, then one outcome */
struct outcome {
	char kind; /* 'w' a warning in err.text, 'e' failed, 's' started */
	struct error err;
};

/* --- log.c --- */
struct log {
	int fd;
	int dir_fd;          /* borrowed */
	char *name;          /* owned; relative to dir_fd or absolute */
	bool json;
	const char *tag;     /* borrowed of the record; NULL: none */
	uint64_t size, max_size;
	unsigned max_files;
	struct { char *data; size_t length; } partial[2]; /* unfinished lines of stdout, stderr */
	bool failed;
};
int log_file_open(struct log *log, int dir_fd, const struct record *record, struct error *err);
void log_file_write(struct log *log, int stream, const char *bytes, size_t length);
void log_file_close(struct log *log);

/* --- session.c: a process with its streams --- */
struct session {
	bool used, ended;
	pid_t pid;
	int pidfd;
	int exit_code;
	bool tty;
	int in, out, err;    /* our ends; tty: in == out == master; -1: closed */
	char *pending;       /* they; owned */
	size_t pending_length, pending_at;
	bool end_of_stdin;   /* close in once pending is written */
	bool stdin_once;     /* the first client's end closes stdin */
	struct log *log;     /* NULL for execs */
	char id[65];         /* of an exec session */
	bool hang_up;        /* the client's death ends it (exec -t) */
	uint64_t quiet_until; /* monotonic: a pty that nobody has open is not read before; 0: read */
	struct runtime_process process;
	char *captured;      /* a health check: its output, HEALTH_OUTPUT_MAX + 1 bytes; owned */
	size_t captured_length;
};

struct client {
	bool used;
	int fd;
	int session;         /* index, -1: waits for the container's end only */
	bool wants_stdin;
	bool asked;          /* its request has been read */
	char *pending;       /* one frame that the socket did not take; owned */
	size_t pending_length;
	bool ends;           /* FRAME_EXIT with code goes out behind the pending frame, then it is closed */
	int32_t code;
};

struct monitor {
	struct paths paths;
	struct monitor_start start;
	struct record *record;       /* = &start.record */
	int container_fd;            /* data/containers/ID */
	int runtime_fd;              /* runtime/containers/ID */
	int alive_fd;                /* the lock */
	int control_fd;
	int signal_fd;
	int notify_fd;               /* inotify of the runtime directory */
	uint64_t rebuild_at;         /* monotonic: try again to make it; 0: it is there */
	int sync_fd;                 /* -1 once the outcome was told */
	int userns_fd;
	int32_t userns_rung;
	struct id_range gids[USERNS_RANGES_MAX]; /* the groups that exist in it */
	int gid_count;
	bool keep_id;                /* --userns keep-id: a namespace below the shared one */
	uint64_t keep_uid, keep_gid, uid_total, gid_total;
	struct store *store;
	const struct driver *driver;
	int root_fd;
	bool root_spent;             /* it was moved into the container itself */
	struct cgroup cgroup;
	struct oci_spec spec;
	struct seccomp_program seccomp;
	struct log log;
	struct network network;
	bool has_network;
	struct list ports;           /* struct record_port, host ports filled */
	struct session sessions[SESSIONS_MAX];
	struct client clients[CLIENTS_MAX];
	char buffer[FRAME_MAX_BYTES];
	uint64_t started_ns;         /* CLOCK_REALTIME */
	char started[48];
	int64_t restarts;
	bool stopping;               /* by the user: no restart */
	uint64_t kill_at;            /* monotonic; 0: never */
	uint64_t timeout_at;         /* --timeout */
	uint64_t restart_at;
	uint64_t restart_delay;
	uint64_t drain_until;        /* monotonic: slow readers of a stopped container lose the rest then */
	struct health health;        /* while the record has a check */
	uint64_t health_at;          /* monotonic: the next check; 0: none */
	uint64_t health_end;         /* monotonic: the running one takes too long then */
	int health_session;          /* of the running check, 0: none */
	bool health_late;            /* it was killed for its lateness */
	char health_started[48];
};

/* --- spec*.c --- */
/* spec_has_gid - that group exists in the user namespace; after monitor_spec has read its map */
bool spec_has_gid(const struct monitor *monitor, uint64_t gid);
int monitor_spec(struct monitor *monitor, struct error *err);
int spec_mounts(struct monitor *monitor, struct oci_spec *spec, struct error *err);
int spec_security(const struct monitor *monitor, struct oci_spec *spec, struct error *err);
uint64_t spec_bounding(const struct record *record, struct error *err);
int spec_user(struct monitor *monitor, int root_fd, const char *text, const struct texts *groups,
              struct oci_process *process, char **home, struct error *err);
void spec_capabilities(const struct record *record, uint64_t bounding, bool root_user,
                       struct oci_capabilities *caps);
int spec_volumes(struct monitor *monitor, const struct oci_process *process, struct error *err);
int spec_limits(struct monitor *monitor, struct oci_spec *spec, struct error *err);

/* --- root.c --- */
int monitor_mount_root(struct monitor *monitor, struct error *err);
int monitor_mark_root(struct monitor *monitor, struct error *err);

/* --- keep_id.c --- */
int keep_id_prepare(struct monitor *monitor, struct error *err);
void keep_id_spec(const struct monitor *monitor, struct oci_linux *linux_);
char *keep_id_uids(const struct monitor *monitor);
char *keep_id_gids(const struct monitor *monitor);
void keep_id_account(struct monitor *monitor);

/* --- setup.c: the ordered steps --- */
int monitor_setup(struct monitor *monitor, struct error *err);
/* monitor_run_once - start the program; the network and the ports with it */
int monitor_run_once(struct monitor *monitor, struct error *err);
/* monitor_network - slirp4netns and the published ports for the running init */
int monitor_network(struct monitor *monitor, struct error *err);
/* monitor_tell - one struct outcome to the front end, which may be gone: the container runs on all the same */
void monitor_tell(struct monitor *monitor, char kind, const struct error *err);
void monitor_warn(struct monitor *monitor, const char *format, ...) PRINTF(2, 3);

/* --- clients.c, control.c, exec.c, loop.c --- */
int session_new(struct monitor *monitor);
int session_pipes(struct session *session, bool tty, bool interactive, int child[3], struct error *err);
void session_close(struct session *session);
void session_read(struct monitor *monitor, int index, int stream);
void session_feed(struct session *session, const char *bytes, size_t length);
void session_flush(struct session *session);
int client_new(struct monitor *monitor, int fd, int session, bool wants_stdin);
void client_send(struct monitor *monitor, struct client *client, char type, const void *bytes, size_t length);
/* client_flush - what waits for room in the socket; the client may be closed by it */
void client_flush(struct monitor *monitor, struct client *client);
/* client_end - tell it the exit code behind everything else, then close it */
void client_end(struct monitor *monitor, struct client *client, int32_t code);
void client_close(struct monitor *monitor, struct client *client);
void client_read(struct monitor *monitor, struct client *client);
bool session_is_held_up(const struct monitor *monitor, int session);
/* session_next - when the next quiet one is to be read again, 0: none */
uint64_t session_next(const struct monitor *monitor);
int control_listen(struct monitor *monitor, struct error *err);
void control_accept(struct monitor *monitor);
/* control_signal - a signal that the user sends: some say that there is to be no restart */
void control_signal(struct monitor *monitor, int signal_number);
void control_request(struct monitor *monitor, struct client *client, const char *bytes, size_t length);
/* monitor_exec - client NULL: nobody is attached; the index of the session */
int monitor_exec(struct monitor *monitor, struct client *client, const struct exec_request *request,
                 struct error *err);
void monitor_signal(struct monitor *monitor, int signal_number);
/* monitor_loop - until the container has ended for good; its exit code */
int monitor_loop(struct monitor *monitor);
void monitor_save_memory(void);
void monitor_finish(struct monitor *monitor, int code);
int monitor_write_run(struct monitor *monitor, bool restarting, struct error *err);
void monitor_write_exit(struct monitor *monitor, int64_t code, bool ended, const char *error);

/* --- health.c --- */
void health_begin(struct monitor *monitor);
void health_tick(struct monitor *monitor, uint64_t now);
/* health_ended - the check in this session has ended; the session is closed by the caller */
void health_ended(struct monitor *monitor, const struct session *session);
uint64_t health_next(const struct monitor *monitor);

/* --- rebuild.c --- */
void rebuild_watch(struct monitor *monitor);
/* rebuild_check - look whether the runtime directory is still there, make it again when not */
void rebuild_check(struct monitor *monitor);

/* --- cgroup.c --- */
int monitor_cgroup_make(struct monitor *monitor, struct error *err);
/* monitor_cgroup_adopt - a process that was just started, on hosts where it can't be born in its cgroup */
void monitor_cgroup_adopt(struct monitor *monitor, pid_t pid);
void monitor_cgroup_remove(struct monitor *monitor);

#endif
