/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slirp.c - slirp4netns(1): the network of a container in user space
 *
 * It is the long pole of a start with a network, so it is started as soon as the network namespace
 * exists and waited for as late as possible. From spawn to ready, medians of 15 on a machine with two
 * cores: 4.0 ms plain, 4.4 with --enable-sandbox, 4.6 with --enable-seccomp, 5.1 with both, 5.4 with
 * IPv6 too; about 2 ms of each are dynamic linking. Both protections stay on for their 1 ms: the
 * program parses packets that a container made.
 *
 * Nested in another container the sandbox (a mount namespace) or seccomp may be refused. Then the
 * program ends early, and network_wait() tries the next rung without them.
 */
#include "coracle/network/network.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/base/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "slirp.h"

#define READY_TIMEOUT_MS 10000
#define WORDS_MAX        4096

static const struct {
	bool sandbox, seccomp;
} rungs[] = {{true, true}, {false, true}, {false, false}};

/* slirp_arguments - what is the same on every rung; the descriptors' numbers follow at each start */
static void slirp_arguments(const struct network_request *request, const struct slirp_options *options,
                            struct texts *out)
{
	AUTO_FREE char *socket = xprintf("%s/" SLIRP_SOCKET, request->runtime_path);

	texts_add(out, SLIRP_PROGRAM);
	texts_add(out, "--configure");
	texts_printf(out, "--mtu=%u", (unsigned) options->mtu);
	texts_printf(out, "--cidr=%s", options->cidr);
	if (!options->host_loopback)
		texts_add(out, "--disable-host-loopback");
	if (options->ipv6)
		texts_add(out, "--enable-ipv6");
	if (*options->outbound)
		texts_printf(out, "--outbound-addr=%s", options->outbound);
	if (request->userns_path)
		texts_printf(out, "--userns-path=%s", request->userns_path);
	if (strlen(socket) < sizeof ((struct sockaddr_un *) 0)->sun_path)
		texts_printf(out, "--api-socket=%s", socket);
	else
		texts_printf(out, "--api-socket=/proc/self/fd/%d/" SLIRP_SOCKET, request->runtime_fd);
	texts_add(out, "--netns-type=path");
	texts_add(out, request->netns_path);
	texts_add(out, "tap0");
}

/* words_open - a file for its last words that cannot grow without bound */
static int words_open(void)
{
	AUTO_CLOSE int fd = memfd_create("slirp4netns", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, WORDS_MAX) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* slirp_spawn - on the present rung; replaces the descriptors of *network only when it was started */
static int slirp_spawn(struct network *network, struct error *err)
{
	AUTO_TEXTS struct texts argv = {0};
	int ready[2], leave[2], pidfd = -1;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_errno(err, errno, "pipe");
	if (pipe2(leave, O_CLOEXEC) < 0) {
		int r = error_errno(err, errno, "pipe");

		(void) close(ready[0]);
		(void) close(ready[1]);
		return r;
	}
	texts_add(&argv, network->arguments.items[0]);
	texts_printf(&argv, "--ready-fd=%d", ready[1]);
	texts_printf(&argv, "--exit-fd=%d", leave[0]);
	if (rungs[network->rung].sandbox)
		texts_add(&argv, "--enable-sandbox");
	if (rungs[network->rung].seccomp)
		texts_add(&argv, "--enable-seccomp");
	for (size_t i = 1; i < network->arguments.count; i++)
		texts_add(&argv, network->arguments.items[i]);
	pid = spawn_start(
		&(struct spawn) {
			.program = SLIRP_PROGRAM,
			.argv = (const char *const *) argv.items,
			.stdio = {-1, -1, network->words_fd},
			.keep = (const int[]) {ready[1], leave[0], network->runtime_fd},
			.keep_count = 3,
			.death_signal = SIGKILL,
		},
		&pidfd, err);
	(void) close(ready[1]);
	(void) close(leave[0]);
	if (pid < 0) {
		(void) close(ready[0]);
		(void) close(leave[1]);
		return pid;
	}
	network->pid = pid;
	network->pidfd = pidfd;
	network->ready_fd = ready[0];
	network->exit_fd = leave[1];
	return 0;
}

int network_check(struct error *err)
{
	AUTO_FREE char *program = spawn_find(SLIRP_PROGRAM);
	AUTO_CLOSE int fd = -1;

	if (!program)
		return error_set(err, ERROR_NOT_FOUND,
		                 "slirp4netns is not installed: sudo apt-get install slirp4netns");
	/* nothing is made by opening it */
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENODEV)
		return error_set(err, ERROR_NOT_FOUND, "/dev/net/tun is missing: sudo modprobe tun");
	if (errno == EACCES)
		return error_set(err, ERROR_DENIED,
		                 "/dev/net/tun may not be opened: sudo chmod 666 /dev/net/tun");
	return error_errno(err, errno, "/dev/net/tun (sudo modprobe tun; sudo chmod 666 /dev/net/tun)");
}

int network_start(const struct network_request *request, struct network *out, struct error *err)
{
	struct network network = NETWORK_INIT;
	struct slirp_options options;
	struct error missing = {0};
	int r = slirp_options_parse(request->options, &options, err);

	if (r < 0)
		return r;
	network.runtime_fd = request->runtime_fd;
	network.words_fd = words_open();
	if (network.words_fd < 0)
		return error_errno(err, -network.words_fd, "memfd");
	(void) snprintf(network.ip, sizeof network.ip, "%s", options.ip);
	(void) snprintf(network.gateway, sizeof network.gateway, "%s", options.gateway);
	(void) snprintf(network.dns, sizeof network.dns, "%s", options.dns);
	(void) snprintf(network.mtu, sizeof network.mtu, "%u", (unsigned) options.mtu);
	/* one that a killed monitor left would be in the way of the new one */
	(void) unlinkat(request->runtime_fd, SLIRP_SOCKET, 0);
	slirp_arguments(request, &options, &network.arguments);
	r = slirp_spawn(&network, err);
	if (r < 0) {
		/* a check before each start would cost time: look for the cause only now */
		int cause = network_check(&missing);

		if (cause < 0) {
			*err = missing;
			r = cause;
		}
		network_stop(&network);
		return r;
	}
	*out = network;
	return 0;
}

static void slirp_end(struct network *network, int options)
{
	int status;

	auto_close(&network->exit_fd);
	auto_close(&network->ready_fd);
	network->exit_fd = network->ready_fd = -1;
	if (network->pid > 0) {
		/* it holds nothing that an orderly end would save; our child, so the pid is still its own */
		(void) kill(network->pid, SIGKILL);
		/* ECHILD: reaped by the caller's loop already */
		while (waitpid(network->pid, &status, options) < 0 && errno == EINTR)
			;
	}
	auto_close(&network->pidfd);
	network->pidfd = -1;
	network->pid = 0;
}

/* slirp_words - its last line on standard error, into words */
static const char *slirp_words(int fd, char *words)
{
	ssize_t length = pread(fd, words, WORDS_MAX - 1, 0);
	char *end, *last;

	words[length > 0 ? length : 0] = '\0';
	end = words + strlen(words);
	while (end > words && end[-1] == '\n')
		*--end = '\0';
	last = strrchr(words, '\n');
	return last ? last + 1 : words;
}

/* slirp_ready - 1 when it is ready, 0 when it has ended, negative errno (-ETIMEDOUT) */
static int slirp_ready(const struct network *network)
{
	struct pollfd poll_fd = {.fd = network->ready_fd, .events = POLLIN};
	uint64_t end = clock_monotonic() + READY_TIMEOUT_MS / 1000 * NS_PER_SECOND;
	char byte;

	for (;;) {
		uint64_t now = clock_monotonic();
		int r = now < end ? poll(&poll_fd, 1, (int) ((end - now) / 1000000) + 1) : 0;

		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			return read(network->ready_fd, &byte, 1) == 1 ? 1 : 0;
	}
}

int network_wait(struct network *network, struct error *err)
{
	char words[WORDS_MAX];

	for (;;) {
		int r = slirp_ready(network);
		const char *last;

		if (r > 0)
			return 0;
		if (r < 0)
			return error_errno(err, -r, "slirp4netns did not bring the network up in 10 seconds");
		slirp_end(network, 0);
		last = slirp_words(network->words_fd, words);
		r = network_check(err);
		if (r < 0)
			return r;
		if ((size_t) network->rung + 1 == ARRAY_LEN(rungs))
			return error_set(err, ERROR_SYSTEM, "slirp4netns ended early: %s; --network host or none"
			                 " do without it", *last ? last : "it gave no reason");
		log_debug("slirp4netns: %s; again with less of a sandbox", last);
		network->rung++;
		/* its words of this try alone count */
		(void) memset(words, 0, sizeof words);
		if (pwrite(network->words_fd, words, sizeof words, 0) < 0
		    || lseek(network->words_fd, 0, SEEK_SET) < 0)
			log_debug("slirp4netns: old words stay: %s", strerror(errno));
		r = slirp_spawn(network, err);
		if (r < 0)
			return r;
	}
}

void network_stop(struct network *network)
{
	int status;

	slirp_end(network, network->has_ports ? 0 : WNOHANG);
	if (network->relay > 0) {
		(void) kill(network->relay, SIGKILL);
		(void) !spawn_wait(network->relay, &status);
	}
	network->relay = 0;
	auto_close(&network->words_fd);
	network->words_fd = -1;
	texts_done(&network->arguments);
}
