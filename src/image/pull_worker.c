/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pull_worker.c - the process that unpacks one layer while it arrives; see pull_private.h
 *
 * It is forked, because layer_unpack_stream runs threads, and the parent's loop must not wait for a disk. It
 * touches nothing of libcurl's. Its parent's death is its own.
 */
#include "coracle/store/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "apart.h"
#include "pull_private.h"

struct outcome {
	int result;
	struct error err;
};
_Static_assert(sizeof(struct outcome) <= PIPE_BUF, "is written at once");

/* what goes on in the worker while it unpacks */
struct working {
	_Atomic uint64_t *shared;
	int part_fd;
	uint64_t size, given;
	bool is_complete;
};

/* Not whether somebody still appends: whoever was killed does not, and the next one is to find what there was. */
static bool is_complete(struct working *working)
{
	struct stat st;

	if (!working->is_complete && fstat(working->part_fd, &st) == 0)
		working->is_complete = (uint64_t) st.st_size == working->size;
	return working->is_complete;
}

static void note_progress(void *context, uint64_t compressed, UNUSED uint64_t unpacked)
{
	struct working *working = context;

	*working->shared = compressed;
	if (compressed > PART_AHEAD && is_complete(working))
		part_give_back(working->part_fd, &working->given, compressed);
}

static _Noreturn void work_and_exit(const struct pull_work *work, int part_fd, int more_fd, int result_fd,
                                    _Atomic uint64_t *shared)
{
	struct layer_stream stream = LAYER_STREAM_INIT;
	struct outcome outcome = {0};
	struct layer_info info = {0};
	struct working working = {.shared = shared, .part_fd = part_fd, .size = work->part->size};

	stream.fd = part_fd;
	stream.more_fd = more_fd;
	stream.grows = work->grows;
	stream.ahead = PART_AHEAD;
	stream.length = work->part->size;
	stream.exact = true;
	stream.digest = work->part->digest;
	stream.parent = work->parent;
	stream.diff_id = work->diff_id;
	stream.progress = note_progress;
	stream.context = &working;
	outcome.result = layer_unpack_stream(work->store, &stream, &info, &outcome.err);
	apart_answer(result_fd, &outcome, sizeof outcome);
}

int pull_worker_start(struct pull_worker *worker, const struct pull_work *work, struct error *err)
{
	AUTO_CLOSE int part_fd = part_read(work->part, err);
	int more[2] = {-1, -1}, result_fd = -1;
	int r = part_fd < 0 ? part_fd : apart_counter(&worker->unpacked, err);
	pid_t pid;

	/* a socket, because writing to a pipe whose reader ended raises SIGPIPE */
	if (r >= 0 && work->grows && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, more) < 0)
		r = error_errno(err, errno, "socketpair");
	if (r < 0)
		return r;
	*worker->unpacked = 0;
	pid = apart_fork(SIGKILL, "start a process to unpack a layer", &result_fd, err);
	if (pid == 0) {
		if (more[1] >= 0)
			(void) close(more[1]);
		for (size_t i = 0; i < work->close_count; i++)
			(void) close(work->close_fds[i]);
		work_and_exit(work, part_fd, more[0], result_fd, worker->unpacked);
	}
	if (more[0] >= 0)
		(void) close(more[0]);
	if (pid < 0) {
		if (more[1] >= 0)
			(void) close(more[1]);
		return (int) pid;
	}
	worker->pid = pid;
	worker->result_fd = result_fd;
	worker->more_fd = more[1];
	return 0;
}

void pull_worker_grown(const struct pull_worker *worker)
{
	/* a full socket says it too; a worker that ended is found out by its result */
	if (worker->more_fd >= 0)
		(void) !send(worker->more_fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void pull_worker_no_more(struct pull_worker *worker)
{
	if (worker->more_fd >= 0)
		(void) close(worker->more_fd);
	worker->more_fd = -1;
}

int pull_worker_finish(struct pull_worker *worker, struct error *err)
{
	struct outcome outcome = {0};
	bool answered = apart_finish(worker->pid, worker->result_fd, &outcome, sizeof outcome, NULL);

	pull_worker_no_more(worker);
	worker->result_fd = -1;
	worker->pid = 0;
	if (!answered)
		return error_set(err, ERROR_SYSTEM, "the process that unpacked a layer ended; is memory short?");
	if (outcome.result < 0)
		*err = outcome.err;
	return outcome.result;
}

void pull_worker_stop(struct pull_worker *worker)
{
	struct error ignored = {0};

	if (worker->pid > 0) {
		(void) kill(worker->pid, SIGKILL);
		/* what it said or not does not count any more */
		(void) !pull_worker_finish(worker, &ignored);
	}
	apart_counter_done(&worker->unpacked);
}
