/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.c - whether a port of this host can be had, and who is in the way (proc_net(5), ip(7)) */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/texts.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "slirp.h"

#define TABLE_MAX     (4 << 20)
#define PORT_START    "/proc/sys/net/ipv4/ip_unprivileged_port_start"
#define PROCESSES_MAX 4096

/* port_bind - a socket that has the port as slirp4netns would have it; the port is out when it was 0 */
static int port_bind(const char *protocol, const char *host_ip, unsigned port, unsigned *out)
{
	bool tcp = strcmp(protocol, "tcp") == 0;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	socklen_t length = sizeof address;
	AUTO_CLOSE int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	const int one = 1;

	if (fd < 0)
		return -errno;
	if (inet_pton(AF_INET, host_ip, &address.sin_addr) != 1)
		return -EINVAL;
	if (tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *) &address, length) < 0 || (tcp && listen(fd, 1) < 0)
	    || getsockname(fd, (struct sockaddr *) &address, &length) < 0)
		return -errno;
	*out = ntohs(address.sin_port);
	return 0;
}

int port_free(const char *protocol, const char *host_ip)
{
	unsigned port = 0;
	int r = port_bind(protocol, host_ip, 0, &port);

	return r < 0 ? r : (int) port;
}

/* table_inode - the socket that has this local port in /proc/net/{tcp,udp}; 0: none */
static uint64_t table_inode(const char *path, unsigned port, bool tcp)
{
	AUTO_FREE char *table = NULL;
	AUTO_TEXTS struct texts lines = {0};

	if (file_read(AT_FDCWD, path, TABLE_MAX, &table, NULL) < 0)
		return 0;
	texts_split(&lines, table, '\n');
	for (size_t i = 1; i < lines.count; i++) {
		unsigned local = 0, state = 0;
		unsigned long inode = 0;

		if (sscanf(lines.items[i], " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u %lu", &local,
		           &state, &inode) != 3)
			continue;
		if (local == port && (!tcp || state == 0x0a /* TCP_LISTEN */))
			return inode;
	}
	return 0;
}

static bool process_has(const char *pid, const char *link)
{
	AUTO_FREE char *path = xprintf("/proc/%s/fd", pid);
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		char target[64];
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		found = strcmp(target, link) == 0;
	}
	(void) closedir(dir);
	return found;
}

/* port_owner - owned "NAME (pid N)", or NULL when it is another user's */
static char *port_owner(const char *protocol, unsigned port)
{
	bool tcp = strcmp(protocol, "tcp") == 0;
	uint64_t inode = table_inode(tcp ? "/proc/net/tcp" : "/proc/net/udp", port, tcp);
	AUTO_FREE char *link = NULL;
	AUTO_TEXTS struct texts pids = {0};

	if (!inode)
		inode = table_inode(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", port, tcp);
	if (!inode || directory_list(AT_FDCWD, "/proc", &pids) < 0)
		return NULL;
	link = xprintf("socket:[%llu]", (unsigned long long) inode);
	for (size_t i = 0; i < pids.count && i < PROCESSES_MAX; i++) {
		AUTO_FREE char *name = NULL, *path = NULL;
		uint64_t pid;

		if (number_parse_uint(pids.items[i], 1, INT32_MAX, &pid) < 0
		    || !process_has(pids.items[i], link))
			continue;
		path = xprintf("/proc/%s/comm", pids.items[i]);
		if (file_read(AT_FDCWD, path, 64, &name, NULL) < 0)
			return NULL;
		name[strcspn(name, "\n")] = '\0';
		return xprintf("%s (pid %s)", name, pids.items[i]);
	}
	return NULL;
}

int port_explain(const char *protocol, const char *host_ip, unsigned port, struct error *err)
{
	AUTO_FREE char *start = NULL, *owner = NULL;
	unsigned got;
	int r = port_bind(protocol, host_ip, port, &got);

	switch (-r) {
	case EACCES:
		if (file_read(AT_FDCWD, PORT_START, 16, &start, NULL) < 0)
			start = xstrdup("1024");
		start[strcspn(start, "\n")] = '\0';
		return error_set(err, ERROR_DENIED,
		                 "port %u of the host is below %s, where root's ports end: take another, or"
		                 " sudo sysctl net.ipv4.ip_unprivileged_port_start=%u", port, start, port);
	case EADDRINUSE:
		owner = port_owner(protocol, port);
		return error_set(err, ERROR_CONFLICT, "port %u/%s of the host (%s) is in use by %s; see who:"
		                 " sudo ss -%snlp sport = :%u", port, protocol, host_ip,
		                 owner ? owner : "another user's program",
		                 strcmp(protocol, "tcp") == 0 ? "t" : "u", port);
	case EADDRNOTAVAIL:
		return error_set(err, ERROR_INVALID, "%s is no address of this host; see: ip -4 address", host_ip);
	case EINVAL:
		return error_set(err, ERROR_INVALID, "\"%s\" is not an IPv4 address", host_ip);
	case 0:
		return error_set(err, ERROR_SYSTEM, "slirp4netns refused port %u/%s of %s", port, protocol,
		                 host_ip);
	default:
		return error_errno(err, -r, "port %u/%s of %s", port, protocol, host_ip);
	}
}
