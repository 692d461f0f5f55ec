/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify.c - what a container says with sd_notify(3) reaches who called us
 *
 * With NOTIFY_SOCKET in our environment the container finds a directory at that path with a socket "notify"
 * of ours in it: who is another user in there could not write to the caller's own. Whoever starts the
 * program listens at it and hands on what concerns the service; process ids and descriptors of the
 * container mean nothing outside.
 */
#include "lifecycle_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/path.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#define MESSAGE_MAX 4096
#define DIRECTORY   "notify"
#define SOCKET      DIRECTORY "/notify"

static const char *callers_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	/* "@" begins a name in the abstract name space (sd_notify(3)) */
	return path && (*path == '/' || *path == '@') ? path : NULL;
}

int notify_prepare(const struct lifecycle *lifecycle, const char *id, int dir_fd, struct oci_spec *spec,
                   struct error *err)
{
	const char *path = callers_socket();
	/* an abstract name has no directory */
	AUTO_FREE char *at = path ? xstrdup(*path == '@' ? "/run/notify" : path) : NULL;
	AUTO_FREE char *word = NULL;
	struct oci_mount *mount;

	if (!at || !spec->process)
		return 0;
	if (mkdirat(dir_fd, DIRECTORY, 0755) < 0 || fchmodat(dir_fd, DIRECTORY, 0755, 0) < 0)
		return error_errno(err, errno, "%s/%s/" DIRECTORY, lifecycle->root, id);
	word = xprintf("NOTIFY_SOCKET=%s/notify", at);
	texts_env_set(&spec->process->env, word);
	mount = list_add(&spec->mounts, sizeof *mount);
	mount->destination = xstrdup(at);
	mount->type = xstrdup("bind");
	mount->source = xprintf("%s/%s/" DIRECTORY, lifecycle->root, id);
	texts_split(&mount->options, "bind,ro,nosuid,nodev,noexec", ',');
	return 0;
}

int notify_listen(int dir_fd, struct error *err)
{
	struct sockaddr_un address = fd_socket_address(dir_fd, SOCKET);
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (!callers_socket() || fstatat(dir_fd, DIRECTORY, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void) unlinkat(dir_fd, SOCKET, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0
	    || fchmodat(dir_fd, SOCKET, 0666, 0) < 0)
		return error_errno(err, errno, "socket " SOCKET);
	return TAKE_FD(fd);
}

static bool is_for_caller(const char *line)
{
	static const char *const words[] = {
		"READY=1", "RELOADING=1", "STOPPING=1", "STATUS=", "ERRNO=", "BUSERROR=", "EXIT_STATUS=", "WATCHDOG=",
		"WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC=", "MONOTONIC_USEC=",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strncmp(line, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static void send_on(const char *text)
{
	const char *path = callers_socket();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || length == 0 || length >= sizeof address.sun_path)
		return;
	(void) memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	/* nobody listens any more: nobody wants to know */
	(void) !sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *) &address,
	               (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + (*path != '@')));
}

bool notify_forward(int fd)
{
	char message[MESSAGE_MAX + 1];
	bool ready = false;
	ssize_t n;

	while ((n = recv(fd, message, MESSAGE_MAX, MSG_DONTWAIT)) > 0) {
		AUTO_TEXTS struct texts lines = {0}, kept = {0};
		AUTO_FREE char *text = NULL;

		message[n] = '\0';
		texts_split(&lines, message, '\n');
		for (size_t i = 0; i < lines.count; i++)
			if (is_for_caller(lines.items[i]))
				texts_add(&kept, lines.items[i]);
		ready = ready || texts_has(&kept, "READY=1");
		text = texts_join(&kept, "\n");
		if (kept.count)
			send_on(text);
	}
	return ready;
}

void notify_wait(int fd, int pidfd)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};

	while (fd >= 0 && !fds[1].revents)
		if (poll(fds, 2, -1) > 0 && fds[0].revents && notify_forward(fd))
			return;
}
