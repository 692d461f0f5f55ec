/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - the internal program coracle-monitor; see monitor.h */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"
#include "coracle/volume/volume.h"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LINGER_MS 2000 /* after a stop by the user */

static int read_request(struct monitor *monitor, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO_JSON json_t *json = NULL;
	size_t length;
	int r = file_read_fd(MONITOR_REQUEST_FD, 16 << 20, &text, &length);

	(void) close(MONITOR_REQUEST_FD);
	if (r < 0)
		return error_errno(err, -r, "the request of the monitor");
	json = json_parse(text, length, err);
	if (!json)
		return -EINVAL;
	r = json_read(json, monitor_start_fields, &monitor->start, err);
	monitor->record = &monitor->start.record;
	return r;
}

static void take_descriptors(struct monitor *monitor)
{
	monitor->sync_fd = MONITOR_SYNC_FD;
	for (int fd = MONITOR_SYNC_FD; fd <= MONITOR_STDIN_FD + 2; fd++)
		/* absent ones fail; there is nothing to protect then */
		(void) !fd_set_cloexec(fd, true);
}

/* The last word: nothing is told after it. */
static void tell_outcome(struct monitor *monitor, char kind, const struct error *err)
{
	monitor_tell(monitor, kind, err);
	if (monitor->sync_fd >= 0)
		(void) close(monitor->sync_fd);
	monitor->sync_fd = -1;
}

static void remove_anonymous_volumes(struct monitor *monitor)
{
	struct error ignored = {0};

	LIST_EACH(struct record_mount, mount, &monitor->record->mounts)
		if (mount->anonymous && mount->source)
			/* somebody may have removed it already */
			(void) !volume_remove(&monitor->paths, mount->source, &ignored);
}

static void remove_run(struct monitor *monitor)
{
	struct error err = {0};

	if (state_run_remove(&monitor->paths, monitor->record->id, &err) < 0)
		log_warning("%s", err.text);
}

static void clean_up(struct monitor *monitor)
{
	const struct record *record = monitor->record;
	struct error err = {0};

	if (monitor->has_network)
		network_stop(&monitor->network);
	log_file_close(&monitor->log);
	monitor_cgroup_remove(monitor);
	userns_withdraw(&monitor->paths);
	if (monitor->driver && monitor->driver->unmount) {
		struct driver_mount request = {
			.store = monitor->store,
			.layers = &record->layers,
			.container_fd = monitor->container_fd,
		};

		monitor->driver->unmount(&request);
	}
	if (record->auto_remove) {
		remove_anonymous_volumes(monitor);
		if (state_remove(&monitor->paths, record->id, record->name, &err) < 0)
			log_warning("%s", err.text);
	} else {
		remove_run(monitor);
	}
	if (monitor->alive_fd >= 0)
		(void) close(monitor->alive_fd);
}

/*
 * Everybody who is attached or waits hears the code when all is done: rm'ed, ports free, lock let go.
 * One that does not read (a stopped pipeline) is waited for: it holds nothing of the container.
 */
static void tell_clients(struct monitor *monitor, int32_t code)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (monitor->clients[i].used)
			client_end(monitor, &monitor->clients[i], code);
	for (;;) {
		struct pollfd fds[CLIENTS_MAX];
		struct client *whose[CLIENTS_MAX];
		nfds_t count = 0;

		for (int i = 0; i < CLIENTS_MAX; i++)
			if (monitor->clients[i].used) {
				whose[count] = &monitor->clients[i];
				fds[count++] = (struct pollfd){.fd = monitor->clients[i].fd, .events = POLLOUT};
			}
		if (count == 0 || (poll(fds, count, monitor->stopping ? LINGER_MS : -1) <= 0 && errno != EINTR))
			return;
		for (nfds_t i = 0; i < count; i++)
			if (fds[i].revents & POLLOUT)
				client_flush(monitor, whose[i]);
			else if (fds[i].revents)
				client_close(monitor, whose[i]);
	}
}

void monitor_finish(struct monitor *monitor, int code)
{
	/* who asks from now on hears at once that nobody listens, and looks at what is on disk */
	(void) close(monitor->control_fd);
	if (!monitor->record->auto_remove)
		monitor_write_exit(monitor, code, true, "");
	clean_up(monitor);
	tell_clients(monitor, code);
}

/* After the start the request, the specification and their JSON are needed no more in full. */
static int forget_pages(struct dl_phdr_info *info, size_t size, void *unused)
{
	uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);

	(void) size;
	(void) unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = (info->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			(void) madvise((void *) start, end - start, MADV_DONTNEED);
	}
	return 0;
}

/*
 * An idle monitor is cheap: free heap goes back, and the pages of code and constants are let go of;
 * the few that the loop needs come back from the page cache when it wakes.
 */
void monitor_save_memory(void)
{
#ifdef __GLIBC__ /* musl keeps next to nothing */
	(void) malloc_trim(0);
#endif
	(void) dl_iterate_phdr(forget_pages, NULL);
}

static int fail(struct monitor *monitor, const struct error *err)
{
	if (monitor->alive_fd >= 0) {
		if (!monitor->record->auto_remove && monitor->started[0])
			monitor_write_exit(monitor,
			                   err->kind == ERROR_NO_COMMAND       ? 127
			                   : err->kind == ERROR_NOT_EXECUTABLE ? 126
			                                                       : 125,
			                   true, err->text);
		clean_up(monitor);
	}
	tell_outcome(monitor, 'e', err);
	return 1;
}

int monitor_main(int argc, char **argv)
{
	static struct monitor monitor = {.network = NETWORK_INIT};
	struct error err = {0};
	int code;

	(void) argc;
	(void) argv;
	(void) prctl(PR_SET_NAME, MONITOR_PROGRAM);
	(void) umask(0022);
	monitor.alive_fd = monitor.control_fd = monitor.signal_fd = monitor.root_fd = -1;
	monitor.notify_fd = -1;
	monitor.cgroup.fd = monitor.userns_fd = monitor.container_fd = monitor.runtime_fd = -1;
	monitor.log.fd = -1;
	take_descriptors(&monitor);
	if (read_request(&monitor, &err) < 0)
		return fail(&monitor, &err);
	if (monitor.start.attach)
		(void) client_new(&monitor, MONITOR_ATTACH_FD, 0, monitor.start.wants_stdin);
	if (monitor_setup(&monitor, &err) < 0)
		return fail(&monitor, &err);
	tell_outcome(&monitor, 's', NULL);
	rebuild_watch(&monitor);
	monitor_save_memory();
	code = monitor_loop(&monitor);
	monitor_finish(&monitor, code);
	return 0;
}
