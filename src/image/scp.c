/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scp.c - images from one machine to another; see scp.h
 *
 * ssh is started outside of the user namespace, with one end of a pipe; the other end is a save or load of our own, or
 * another ssh. When our end fails although the other side is there, ssh is ended first, before the pipe is closed: the
 * load at the other end never sees a stream that looks complete. When the other side is gone, its status is the reason.
 */
#include "coracle/image/scp.h"

#include "coracle/base/alloc.h"
#include "coracle/base/spawn.h"
#include "coracle/image/explore.h"
#include "coracle/image/save.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "name.h"
#include "scp_side.h"

#define DRAIN_BYTES 65536

struct scp {
	struct engine *engine;
	bool quiet;
	const struct image_progress *progress;
	struct scp_side from, to;
	char *name;        /* owned; full name that the image gets at the destination; NULL: it keeps its own */
	int read_end, write_end;
};

static void scp_done(struct scp *scp)
{
	scp_side_done(&scp->from);
	scp_side_done(&scp->to);
	free(scp->name);
	auto_close(&scp->read_end);
	auto_close(&scp->write_end);
}

static void close_end(int *end)
{
	auto_close(end);
	*end = -1;
}

/* --- the other machine --- */

static pid_t start_save(const struct scp *scp, struct error *err)
{
	AUTO_TEXTS struct texts argv = {0};

	scp_save_words(&scp->from, scp->name != NULL, scp->quiet, &argv);
	return spawn_start(&(struct spawn) {.program = "ssh", .argv = (const char *const *) argv.items,
	                                    .stdio = {-1, scp->write_end, STDERR_FILENO}, .death_signal = SIGTERM},
	                   NULL, err);
}

static pid_t start_load(const struct scp *scp, struct error *err)
{
	AUTO_TEXTS struct texts argv = {0};

	scp_load_words(&scp->to, scp->quiet, &argv);
	return spawn_start(&(struct spawn) {.program = "ssh", .argv = (const char *const *) argv.items,
	                                    .stdio = {scp->read_end, scp->quiet ? -1 : STDOUT_FILENO, STDERR_FILENO},
	                                    .death_signal = SIGTERM},
	                   NULL, err);
}

static int end_side(pid_t pid, const struct scp_side *side, struct error *err)
{
	int status, r = spawn_wait(pid, &status);

	if (r < 0)
		return error_errno(err, -r, "wait for ssh");
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_SYSTEM, "%s: ssh was ended by signal %d", side->host, WTERMSIG(status));
	if (WEXITSTATUS(status) == 255)
		return error_set(err, ERROR_SYSTEM, "%s: ssh failed; try: ssh %s%s%s%s%s%s true", side->host,
		                 side->port ? "-p " : "", side->port ? side->port : "", side->port ? " " : "",
		                 side->user ? side->user : "", side->user ? "@" : "", side->host);
	return WEXITSTATUS(status) == 0
	               ? 0
	               : error_set(err, ERROR_SYSTEM, "%s: the program there ended with status %d, for the reason above",
	                           side->host, WEXITSTATUS(status));
}

/* is_gone - nobody is at the other end of the pipe */
static bool is_gone(int end)
{
	struct pollfd fd = {.fd = end};

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR));
}

/* finish - r and err are those of our side; the other side's come first where it went away on its own */
static int finish(int r, pid_t pid, const struct scp_side *side, int *end, struct error *err)
{
	struct error other = {0};
	bool ours = r < 0 && !is_gone(*end);
	int ended;

	if (ours)
		/* not yet waited for: the number is still its own */
		(void) kill(pid, SIGTERM);
	close_end(end);
	ended = end_side(pid, side, &other);
	if (ended >= 0 || ours)
		return r;
	*err = other;
	return ended;
}

/* --- this machine is one side --- */

static int send_image(struct scp *scp, struct error *err)
{
	AUTO_FREE char *output = xprintf("/proc/self/fd/%d", scp->write_end);
	struct image_save request = {.output = output, .tag = scp->name, .quiet = scp->quiet};
	char digest[DIGEST_TEXT_SIZE];
	AUTO_TEXTS struct texts images = {0};
	pid_t pid;
	int r = image_exists(scp->engine, scp->from.image, err);

	if (r <= 0)
		return r < 0 ? r : error_set(err, ERROR_NOT_FOUND, "image not known: \"%.300s\"; get it with: coracle pull %.300s",
		                             scp->from.image, scp->from.image);
	texts_add(&images, scp->from.image);
	pid = start_load(scp, err);
	if (pid < 0)
		return (int) pid;
	close_end(&scp->read_end);
	r = engine_enter(scp->engine, err);
	if (r >= 0)
		r = image_save(scp->engine, &images, &request, scp->progress, digest, err);
	return finish(r, pid, &scp->to, &scp->write_end, err);
}

/* drain - what follows an archive's end, so that its writer does not fail */
static void drain(int fd)
{
	char buffer[4096];
	size_t left = DRAIN_BYTES;
	ssize_t n;

	while (left > 0 && ((n = read(fd, buffer, MIN(left, sizeof buffer))) > 0 || (n < 0 && errno == EINTR)))
		left -= n > 0 ? (size_t) n : 0;
}

static int load_image(struct scp *scp, struct texts *loaded, struct error *err)
{
	const struct image_load request = {.quiet = scp->quiet};
	int r = engine_enter(scp->engine, err);

	if (r >= 0 && dup2(scp->read_end, STDIN_FILENO) < 0)
		r = error_errno(err, errno, "pipe");
	if (r >= 0)
		r = image_load(scp->engine, &request, loaded, err);
	if (r >= 0)
		drain(STDIN_FILENO);
	return r;
}

static int receive_image(struct scp *scp, struct texts *loaded, struct error *err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = null < 0 ? error_errno(err, errno, "/dev/null") : start_save(scp, err);
	int r;

	if (pid < 0) {
		auto_close(&null);
		return (int) pid;
	}
	close_end(&scp->write_end);
	r = load_image(scp, loaded, err);
	if (r < 0)
		(void) error_wrap(err, r, "archive from %s", scp->from.host);
	/* our second descriptor of the pipe */
	(void) dup2(null, STDIN_FILENO);
	auto_close(&null);
	r = finish(r, pid, &scp->from, &scp->read_end, err);
	if (r < 0 || !scp->name)
		return r;
	for (size_t i = 0; i < loaded->count && r >= 0; i++)
		r = image_tag(scp->engine, loaded->items[i], scp->name, err);
	if (r >= 0) {
		texts_done(loaded);
		texts_add(loaded, scp->name);
	}
	return r;
}

/* --- or none --- */

static int relay_image(struct scp *scp, struct error *err)
{
	struct error from_err = {0}, to_err = {0};
	pid_t from = start_save(scp, err), to;
	int from_r, to_r;

	if (from < 0)
		return (int) from;
	to = start_load(scp, err);
	if (to < 0) {
		(void) kill(from, SIGTERM);
		(void) end_side(from, &scp->from, &from_err);
		return (int) to;
	}
	close_end(&scp->read_end);
	close_end(&scp->write_end);
	from_r = end_side(from, &scp->from, &from_err);
	to_r = end_side(to, &scp->to, &to_err);
	if (from_r < 0 && to_r < 0)
		return error_set(err, ERROR_SYSTEM, "%.400s; %.400s", from_err.text, to_err.text);
	if (from_r < 0 || to_r < 0)
		*err = from_r < 0 ? from_err : to_err;
	return from_r < 0 ? from_r : to_r;
}

static int parse_sides(struct scp *scp, const char *source, const char *destination, struct error *err)
{
	int r = scp_side_parse(source, &scp->from, err);

	if (r >= 0 && destination)
		r = scp_side_parse(destination, &scp->to, err);
	if (r >= 0 && scp->to.image)
		r = name_full(scp->to.image, NAME_LOCAL, &scp->name, err);
	if (r < 0)
		return r;
	if (!scp->from.image)
		return error_set(err, ERROR_INVALID, "\"%.300s\" names no image: %.300sIMAGE", source, source);
	if (!scp->from.host && !scp->to.host)
		return error_set(err, ERROR_INVALID, "neither side is another machine: HOST::IMAGE to fetch, IMAGE HOST:: to send; "
		                 "a further name here: coracle tag IMAGE NAME");
	if (scp->from.host && scp->to.host && scp->name)
		return error_set(err, ERROR_UNSUPPORTED, "between two other machines an image keeps its name; give it \"%.200s\" "
		                 "there with: ssh %s coracle tag %.200s %.200s", scp->to.image, scp->to.host, scp->from.image,
		                 scp->to.image);
	return 0;
}

int image_scp(struct engine *engine, const char *source, const char *destination, bool quiet,
              const struct image_progress *progress, struct texts *loaded, struct error *err)
{
	AUTO(scp_done) struct scp scp = {
		.engine = engine, .quiet = quiet, .progress = progress, .read_end = -1, .write_end = -1,
	};
	int ends[2];
	int r = parse_sides(&scp, source, destination, err);

	/* before there is a pipe: the process that holds the user namespace would keep its ends open */
	if (r >= 0 && !(scp.from.host && scp.to.host))
		r = engine_userns_begin(engine, err);
	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	scp.read_end = ends[0];
	scp.write_end = ends[1];
	if (scp.from.host && scp.to.host)
		return relay_image(&scp, err);
	return scp.from.host ? receive_image(&scp, loaded, err) : send_image(&scp, err);
}
