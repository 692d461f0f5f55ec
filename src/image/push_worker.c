/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * push_worker.c - the process that reads one layer and compresses it while it is sent; see push_private.h
 *
 * It is forked, because a compressor runs threads, and the parent's loop must not wait for them or a disk. It hashes
 * what it makes, so that the parent only moves bytes. It touches nothing of libcurl's. Its parent's death is its own.
 */
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/store/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "apart.h"
#include "push_private.h"

#define PIPE_BYTES (1 << 20) /* less where the system permits less */

struct outcome {
	int result;
	struct push_made made;
	struct error err;
};
_Static_assert(sizeof(struct outcome) <= PIPE_BUF, "is written at once");

/* working - what stands between the tar and the pipe */
struct working {
	int fd;
	uint64_t skip;
	uint64_t size;
	struct digest *digest; /* owned until finished */
	struct compressor *compressor;
	_Atomic uint64_t *read;
};

static int put_compressed(void *context, const void *bytes, size_t length, struct error *err)
{
	struct working *working = context;
	size_t skipped = (size_t) MIN(working->skip, (uint64_t) length);
	int r;

	digest_add(working->digest, bytes, length);
	working->size += length;
	working->skip -= skipped;
	r = write_all(working->fd, (const char *) bytes + skipped, length - skipped);
	return r < 0 ? error_errno(err, -r, "hand on a layer") : 0;
}

static int put_tar(void *context, const void *bytes, size_t length, struct error *err)
{
	struct working *working = context;

	(void) atomic_fetch_add_explicit(working->read, length, memory_order_relaxed);
	return compressor_write(working->compressor, bytes, length, err);
}

static int export_layer(struct working *working, const struct push_work *work, struct push_made *made,
                        struct error *err)
{
	int r;

	working->digest = digest_new(err);
	if (!working->digest)
		return -EOPNOTSUPP;
	r = compressor_new(work->kind, work->level, put_compressed, working, &working->compressor, err);
	if (r >= 0)
		r = layer_export(work->store, work->chain_id, put_tar, working, made->diff_id, err);
	if (r >= 0)
		r = compressor_finish(working->compressor, err);
	/* also after a failure: its threads are joined */
	compressor_free(working->compressor);
	digest_finish(working->digest, made->digest);
	made->size = working->size;
	return r < 0 ? r : 0;
}

static _Noreturn void work_and_exit(const struct push_work *work, int bytes_fd, int result_fd, _Atomic uint64_t *read)
{
	struct working working = {.fd = bytes_fd, .skip = work->skip, .read = read};
	struct outcome outcome = {0};

	outcome.result = export_layer(&working, work, &outcome.made, &outcome.err);
	apart_answer(result_fd, &outcome, sizeof outcome);
}

static void close_pipe(const int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void) close(fds[i]);
}

static int open_pipe(int bytes[2], struct error *err)
{
	if (pipe2(bytes, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	(void) !fcntl(bytes[1], F_SETPIPE_SZ, PIPE_BYTES);
	return fd_set_nonblocking(bytes[0], true) < 0 ? error_errno(err, errno, "pipe") : 0;
}

int push_worker_start(struct push_worker *worker, const struct push_work *work, struct error *err)
{
	int bytes[2] = {-1, -1}, result_fd = -1;
	pid_t pid;
	int r = apart_counter(&worker->read, err);

	if (r >= 0)
		r = open_pipe(bytes, err);
	if (r < 0) {
		close_pipe(bytes);
		return r;
	}
	*worker->read = 0;
	pid = apart_fork(SIGKILL, "start a process to compress a layer", &result_fd, err);
	if (pid < 0) {
		close_pipe(bytes);
		return (int) pid;
	}
	if (pid == 0) {
		(void) close(bytes[0]);
		work_and_exit(work, bytes[1], result_fd, worker->read);
	}
	(void) close(bytes[1]);
	worker->pid = pid;
	worker->bytes_fd = bytes[0];
	worker->result_fd = result_fd;
	return 0;
}

/* reap - true with an outcome */
static bool reap(struct push_worker *worker, struct outcome *outcome, int *status)
{
	bool answered = apart_finish(worker->pid, worker->result_fd, outcome, sizeof *outcome, status);

	worker->pid = 0;
	(void) close(worker->bytes_fd);
	worker->bytes_fd = worker->result_fd = -1;
	return answered;
}

int push_worker_finish(struct push_worker *worker, struct push_made *out, struct error *err)
{
	struct outcome outcome = {0};
	int status = 0;
	bool answered = reap(worker, &outcome, &status);

	if (!answered && WIFSIGNALED(status))
		return error_set(err, ERROR_SYSTEM, "the process that compressed a layer was ended by signal %d%s",
		                 WTERMSIG(status), WTERMSIG(status) == SIGKILL ? "; is memory short?" : "");
	if (!answered)
		return error_set(err, ERROR_SYSTEM, "the process that compressed a layer ended without a word");
	if (outcome.result < 0) {
		*err = outcome.err;
		return outcome.result;
	}
	*out = outcome.made;
	return 0;
}

void push_worker_stop(struct push_worker *worker)
{
	struct outcome ignored;

	if (worker->pid > 0) {
		(void) kill(worker->pid, SIGKILL);
		/* what it said or not does not count any more */
		(void) !reap(worker, &ignored, NULL);
	}
	apart_counter_done(&worker->read);
}
