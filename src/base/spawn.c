/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spawn.c - run a program of the host; see spawn.h */
#include "coracle/base/spawn.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/text.h"

#include "child.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Looked through after PATH: an ordinary user's PATH often lacks the sbin directories. */
static const char *const more_directories[] = {
	"/usr/local/sbin", "/usr/local/bin",     "/usr/sbin",       "/usr/bin",
	"/sbin",           "/bin",               "/usr/libexec/podman", "/usr/lib/podman",
};

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       file_access(AT_FDCWD, path, X_OK) == 0;
}

static char *find_in(const char *directory, size_t length, const char *name)
{
	AUTO_FREE char *path = NULL;

	/* a relative entry would make the answer depend on the working directory */
	if (length == 0 || *directory != '/')
		return NULL;
	path = xprintf("%.*s/%s", (int) length, directory, name);
	return is_program(path) ? TAKE_PTR(path) : NULL;
}

char *spawn_find(const char *name)
{
	const char *at = getenv("PATH");
	char *found = NULL;

	if (!*name || strchr(name, '/'))
		return *name == '/' && is_program(name) ? xstrdup(name) : NULL;
	while (at && *at && !found) {
		size_t length = strcspn(at, ":");

		found = find_in(at, length, name);
		at += length;
		at += *at == ':';
	}
	for (size_t i = 0; i < ARRAY_LEN(more_directories) && !found; i++)
		found = find_in(more_directories[i], strlen(more_directories[i]), name);
	return found;
}

pid_t spawn_start(const struct spawn *spawn, int *pidfd, struct error *err)
{
	AUTO_FREE char *found = NULL;
	const char *what = spawn->program ? spawn->program : spawn->argv[0];
	struct child child = {
		.path = spawn->program,
		.exec_fd = spawn->exec_fd,
		.argv = spawn->argv,
		.envp = spawn->envp,
		.stdio = {spawn->stdio[0], spawn->stdio[1], spawn->stdio[2]},
		.keep = spawn->keep,
		.keep_count = spawn->keep_count,
		.death_signal = spawn->death_signal,
		.new_session = spawn->new_session,
	};

	if (spawn->exec_fd_set) {
		child.path = NULL;
	} else if (!strchr(what, '/')) {
		found = spawn_find(what);
		if (!found)
			return error_set(err, ERROR_NOT_FOUND,
			                 "%s: cannot execute: not found in PATH or the sbin "
			                 "directories: install it", what);
		child.path = found;
	} else {
		child.path = what;
	}
	return child_start(&child, what, pidfd, err);
}

int spawn_wait(pid_t pid, int *status)
{
	int value;

	while (waitpid(pid, &value, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*status = value;
	return 0;
}

/* Read to the end of file, so that the program never blocks; what exceeds the maximum is dropped. */
static int collect(int fd, struct text *output)
{
	char buffer[4096];

	for (;;) {
		ssize_t n = read(fd, buffer, sizeof buffer);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		(void) text_add_bytes(output, buffer,
		                      MIN((size_t) n, output->max - output->length));
	}
}

static int exit_status(pid_t pid, struct error *err)
{
	int status, r = spawn_wait(pid, &status);

	if (r < 0)
		return error_errno(err, -r, "wait for process %d", (int) pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int spawn_run(const char *const *argv, size_t max_output, char **output, struct error *err)
{
	AUTO_TEXT struct text text = TEXT_INIT(max_output);
	struct spawn spawn = {.program = argv[0], .argv = argv, .stdio = {-1, -1, -1}};
	int ends[2] = {-1, -1};
	AUTO_CLOSE int from = -1;
	pid_t pid;
	int status, r = 0;

	if (output && pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "%s: pipe", argv[0]);
	from = ends[0];
	spawn.stdio[1] = spawn.stdio[2] = ends[1];
	pid = spawn_start(&spawn, NULL, err);
	if (ends[1] >= 0)
		(void) close(ends[1]);
	if (pid < 0)
		return pid;
	if (output)
		r = collect(from, &text);
	status = exit_status(pid, err);
	if (status < 0)
		return status;
	if (r < 0)
		return error_errno(err, -r, "%s: read its output", argv[0]);
	if (output)
		*output = text_take(&text);
	return status;
}
