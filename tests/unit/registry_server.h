/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registry_server.h - tests/registry/lying.py (or docker-registry) as a child of a unit test */
#ifndef TESTS_REGISTRY_SERVER_H
#define TESTS_REGISTRY_SERVER_H

#include "coracle/base/id.h"
#include "coracle/base/number.h"
#include "coracle/base/spawn.h"
#include "coracle/base/text.h"
#include "coracle/registry/http.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

#include "scratch.h"

struct server {
	pid_t pid;
	int input;       /* closing it ends the server */
	unsigned port, other;
	char *log;       /* path */
	char *host;      /* "localhost:PORT" */
};

static inline char *tests_path(const char *name)
{
	const char *top = getenv("CORACLE_TESTS");

	return xprintf("%s/registry/%s", top ? top : "tests", name);
}

static inline struct server server_start(const struct scratch *scratch, const char *const *more)
{
	AUTO_FREE char *program = tests_path("lying.py");
	AUTO_TEXTS struct texts argv = {0};
	struct server server = {.log = xprintf("%s/log-%u", scratch->path, id_random_number(1000000))};
	struct error err = {0};
	int in[2], out[2];
	char line[64] = "";
	size_t used = 0;
	uint64_t port;

	texts_add(&argv, "python3");
	texts_add(&argv, program);
	texts_add(&argv, "--log");
	texts_add(&argv, server.log);
	for (; more && *more; more++)
		texts_add(&argv, *more);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	const struct spawn spawn = {.program = "python3", .argv = (const char *const *) argv.items,
	                            .stdio = {in[0], out[1], STDERR_FILENO}, .death_signal = SIGKILL};

	server.pid = spawn_start(&spawn, NULL, &err);
	ck_assert_msg(server.pid > 0, "%s", err.text);
	(void) close(in[0]);
	(void) close(out[1]);
	server.input = in[1];
	while (used + 1 < sizeof line && !strchr(line, '\n') && read(out[0], line + used, 1) == 1)
		used++;
	(void) close(out[0]);
	char *blank = strchr(line, ' '), *end = strchr(line, '\n');

	ck_assert_msg(blank && end, "lying.py did not start: \"%s\"", line);
	*blank = *end = '\0';
	ck_assert_int_eq(number_parse_uint(line, 1, 65535, &port), 0);
	server.port = (unsigned) port;
	ck_assert_int_eq(number_parse_uint(blank + 1, 1, 65535, &port), 0);
	server.other = (unsigned) port;
	server.host = xprintf("localhost:%u", server.port);
	return server;
}

static inline void server_stop(struct server *server)
{
	int status;

	(void) close(server->input);
	ck_assert_int_eq(spawn_wait(server->pid, &status), 0);
	free(server->log);
	free(server->host);
}
#define AUTO_SERVER AUTO(server_stop)

/* owned text of the requests so far */
static inline char *server_log(const struct server *server)
{
	char *text = NULL;
	int r = file_read(AT_FDCWD, server->log, 64 << 20, &text, NULL);

	return r < 0 ? xstrdup("") : text;
}

/* lines of the log that hold both words */
static inline unsigned server_saw(const struct server *server, const char *one, const char *other)
{
	AUTO_FREE char *log = server_log(server);
	AUTO_TEXTS struct texts lines = {0};
	unsigned count = 0;

	texts_split(&lines, log, '\n');
	for (size_t i = 0; i < lines.count; i++)
		if (strstr(lines.items[i], one) && strstr(lines.items[i], other))
			count++;
	return count;
}

/* owned certificates of tests/registry/certs.sh */
static inline void make_certs(const struct scratch *scratch)
{
	AUTO_FREE char *script = tests_path("certs.sh");
	const char *const argv[] = {"sh", script, scratch->path, NULL};
	struct error err = {0};

	ck_assert_int_eq(spawn_run(argv, 4096, NULL, &err), 0);
}

static inline void no_proxies(void)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
	                                    "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void) unsetenv(names[i]);
}

/* A body that is collected, and what it was told. */
struct sink {
	struct text bytes;
	uint64_t start;
	unsigned begun, pauses; /* pauses: refuse so often */
	int fail;               /* negative errno to answer */
};

static inline int sink_begin(void *data, struct http_request *request, struct error *err UNUSED)
{
	struct sink *sink = data;

	sink->begun++;
	sink->start = request->offset;
	return 0;
}

static inline int sink_write(void *data, const void *bytes, size_t length, struct error *err)
{
	struct sink *sink = data;

	if (sink->fail)
		return error_errno(err, -sink->fail, "the disk");
	if (sink->pauses > 0) {
		sink->pauses--;
		return HTTP_PAUSE;
	}
	ck_assert_int_eq(text_add_bytes(&sink->bytes, bytes, length), 0);
	return 0;
}

static inline void sink_done(struct sink *sink)
{
	text_done(&sink->bytes);
}
#define AUTO_SINK AUTO(sink_done)
#define SINK_INIT {.bytes = TEXT_INIT(64 << 20)}

#endif
