/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save_layers.c - layers out of the store into the package, side by side; see save_private.h
 *
 * A layer is read and hashed by a process of its own, as many at a time as there are processors. Each has its
 * place in the package from the beginning on, so they don't wait for each other; they end in their order, so that
 * the same images make the same archive. Into a pipe, and compressed, they go one after the other.
 */
#include "coracle/base/alloc.h"
#include "coracle/store/compress.h"
#include "coracle/store/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "apart.h"
#include "save_private.h"

#define WORKERS_MAX 4

struct outcome {
	int result;
	uint64_t size;
	char digest[DIGEST_TEXT_SIZE], diff_id[DIGEST_TEXT_SIZE];
	struct error err;
};
_Static_assert(sizeof(struct outcome) <= PIPE_BUF, "is written at once");

/* one layer under way */
struct job {
	struct saving *saving;
	struct save_layer *layer;
	struct package_file file;
	struct digest *digest; /* of what is written, when that is not the tar */
	pid_t pid;             /* 0: none */
	int result_fd;
	bool begun, skipped;
};

char *save_layer_name(const struct saving *saving, const char *digest)
{
	switch (saving->format) {
	case SAVE_DOCKER_ARCHIVE:
		return save_docker_layer(digest);
	case SAVE_DOCKER_DIRECTORY:
		return xstrdup(digest_hex(digest));
	case SAVE_OCI_ARCHIVE:
	case SAVE_OCI_DIRECTORY:
		break;
	}
	return xprintf("blobs/sha256/%s", digest_hex(digest));
}

static int put(void *context, const void *bytes, size_t length, struct error *err)
{
	struct job *job = context;

	if (job->digest)
		digest_add(job->digest, bytes, length);
	return package_file_write(&job->file, bytes, length, err);
}

static int export_compressed(struct job *job, struct outcome *outcome)
{
	struct compressor *compressor = NULL;
	struct error *err = &outcome->err;
	int r;

	job->digest = digest_new(err);
	if (!job->digest)
		return -EOPNOTSUPP;
	r = compressor_new(COMPRESS_GZIP, COMPRESS_LEVEL_DEFAULT, put, job, &compressor, err);
	if (r >= 0)
		r = layer_export(job->saving->store, job->layer->chain_id, compressor_write, compressor,
		                 outcome->diff_id, err);
	if (r >= 0)
		r = compressor_finish(compressor, err);
	compressor_free(compressor);
	if (r >= 0)
		digest_finish(TAKE_PTR(job->digest), outcome->digest);
	digest_free(TAKE_PTR(job->digest));
	return r;
}

static void export(struct job *job, struct outcome *outcome)
{
	if (job->saving->compress) {
		outcome->result = export_compressed(job, outcome);
	} else {
		outcome->result = layer_export(job->saving->store, job->layer->chain_id, put, job, outcome->diff_id,
		                               &outcome->err);
		(void) memcpy(outcome->digest, outcome->diff_id, sizeof outcome->digest);
	}
	outcome->size = job->file.length;
}

/* --- processes --- */

static int start_worker(struct job *job, struct error *err)
{
	struct outcome outcome = {0};
	int fd;
	pid_t pid = apart_fork(SIGKILL, "start a process to read a layer", &fd, err);

	if (pid < 0)
		return (int) pid;
	if (pid == 0) {
		export(job, &outcome);
		apart_answer(fd, &outcome, sizeof outcome);
	}
	job->pid = pid;
	job->result_fd = fd;
	return 0;
}

static void finish_worker(struct job *job, struct outcome *outcome)
{
	bool answered = apart_finish(job->pid, job->result_fd, outcome, sizeof *outcome, NULL);

	job->pid = 0;
	if (answered)
		return;
	*outcome = (struct outcome) {0};
	outcome->result = error_set(&outcome->err, ERROR_SYSTEM,
	                            "the process that read a layer ended; is memory short?");
}

static void job_done(struct job *job)
{
	struct outcome ignored;

	if (job->pid > 0) {
		(void) kill(job->pid, SIGKILL);
		finish_worker(job, &ignored);
	}
	if (job->begun)
		package_file_done(&job->file);
	digest_free(job->digest);
}

/* --- jobs --- */

static int begin(struct job *job, bool apart, struct error *err)
{
	const struct saving *saving = job->saving;
	struct save_layer *layer = job->layer;
	bool is_known = !saving->compress && layer_can_export_same(saving->store, layer->chain_id);
	AUTO_FREE char *name = is_known ? save_layer_name(saving, layer->diff_id) : NULL;
	int r;

	if (is_known && package_has(&saving->package, name, layer->tar_size)) {
		(void) memcpy(layer->digest, layer->diff_id, sizeof layer->digest);
		(void) memcpy(layer->new_diff_id, layer->diff_id, sizeof layer->new_diff_id);
		layer->size = layer->tar_size;
		job->skipped = true;
		return 0;
	}
	r = package_file_begin(&job->saving->package, name, is_known ? layer->tar_size : PACKAGE_SIZE_UNKNOWN,
	                       &job->file, err);
	job->begun = r >= 0;
	return r >= 0 && apart ? start_worker(job, err) : r;
}

static int end(struct job *job, bool apart, struct error *err)
{
	struct save_layer *layer = job->layer;
	struct outcome outcome = {0};
	AUTO_FREE char *name = NULL;

	if (job->skipped)
		return 0;
	if (apart)
		finish_worker(job, &outcome);
	else
		export(job, &outcome);
	if (outcome.result < 0) {
		*err = outcome.err;
		return outcome.result;
	}
	job->file.length = layer->size = outcome.size;
	(void) memcpy(layer->digest, outcome.digest, sizeof layer->digest);
	(void) memcpy(layer->new_diff_id, outcome.diff_id, sizeof layer->new_diff_id);
	name = save_layer_name(job->saving, layer->digest);
	job->begun = false;
	return package_file_end(&job->file, name, err);
}

static size_t worker_count(const struct saving *saving)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	/* a compressor has threads of its own, and one alone needs no temporary files */
	if (saving->compress || package_is_stream(&saving->package) || saving->layers.count < 2 || processors < 2)
		return 1;
	return (size_t) MIN(processors, WORKERS_MAX);
}

int save_layers(struct saving *saving, struct error *err)
{
	size_t count = saving->layers.count, at_a_time = worker_count(saving), begun = 0;
	AUTO_FREE struct job *jobs = xcalloc(count + 1, sizeof *jobs);
	bool apart = at_a_time > 1;
	int r = 0;

	for (size_t ended = 0; r >= 0 && ended < count; ended++) {
		for (; r >= 0 && begun < count && begun < ended + at_a_time; begun++) {
			jobs[begun] = (struct job) {
				.saving = saving,
				.layer = LIST_AT(struct save_layer, &saving->layers, begun),
				.file = PACKAGE_FILE_INIT,
			};
			r = begin(&jobs[begun], apart, err);
		}
		if (r >= 0)
			r = end(&jobs[ended], apart, err);
	}
	for (size_t i = 0; i < begun; i++)
		job_done(&jobs[i]);
	return r;
}
