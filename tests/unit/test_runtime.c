/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_runtime.c - a process is really made: what it sees, what it must not see, what is refused */
#include "coracle/runtime/runtime.h"

#include "coracle/base/fd.h"
#include "coracle/sys/mount.h"
#include "coracle/sys/process.h"

#include "scratch.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "suite.h"

#define OUTPUT_MAX 65536

/* How the image is spoilt before the start. */
enum image { IMAGE_PLAIN, IMAGE_PROC_LINK, IMAGE_DEV_LINK, IMAGE_SYS_LINK, IMAGE_LINK_TO_PROC };

struct row {
	const char *args[4];
	const char *cwd;         /* NULL: / */
	const char *more;        /* further members of the process, with a comma in front */
	const char *mount;       /* a further mount, with a comma in front */
	const char *linux_;      /* further members of "linux", with a comma in front */
	bool no_network;         /* without a network namespace of its own */
	bool no_pivot;
	enum image image;
	bool init;
	int code;                /* when it is to run */
	const char *output;      /* exactly, or its beginning with a "*" at the end; NULL: whatever */
	const char *word;        /* when it is to be refused: in the message */
	enum error_kind kind;    /* 0: any */
};

#define SH(script) {"/bin/sh", "-c", script}
#define QUIET(script) SH("exec 2>/dev/null; " script)
#define BIND(destination, source, options)                                                                     \
	",{\"destination\":\"" destination "\",\"type\":\"none\",\"source\":\"" source                          \
	"\",\"options\":[\"bind\"" options "]}"
#define NEW(destination, type, options)                                                                        \
	",{\"destination\":\"" destination "\",\"type\":\"" type "\",\"source\":\"none\",\"options\":[" options "]}"
#define DEVICE(type, path, major, minor)                                                                       \
	",\"devices\":[{\"type\":\"" type "\",\"path\":\"" path "\",\"major\":" #major ",\"minor\":" #minor   \
	",\"fileMode\":416}]"
#define HIDE(masked, read_only) ",\"maskedPaths\":[\"" masked "\"],\"readonlyPaths\":[\"" read_only "\"]"
#define HIDDEN HIDE("/proc/meminfo\",\"/sys/firmware\",\"/proc/not/there", "/proc/sys")

static const struct row rows[] = {
	{.args = SH("exit 7"), .code = 7},
	{.args = SH("kill -9 $$"), .init = true, .code = 137},
	{.args = {"echo", "found in PATH"}, .output = "found in PATH\n"},
	/* what is there */
	{.args = SH("stat -f -c %T /proc; echo $$; hostname"), .output = "proc\n1\ncontainer\n"},
	{.args = SH("stat -c %t:%T /dev/null /dev/zero /dev/full"), .output = "1:3\n1:5\n1:7\n"},
	{.args = SH("readlink /dev/stdout; readlink /dev/fd"), .output = "/proc/self/fd/1\n/proc/self/fd\n"},
	{.args = SH("pwd"), .cwd = "/made/for/it", .output = "/made/for/it\n"},
	{.args = SH("cat /proc/net/dev | grep -c :"), .output = "1\n"},
	/* what is hidden */
	{.args = SH("stat -c %t:%T /proc/meminfo; head -c 1 /proc/meminfo | wc -c"), .output = "1:3\n0\n"},
	{.args = SH("ls /sys/firmware | wc -l"), .output = "0\n"},
	{.args = SH("echo 1 > /proc/sys/vm/drop_caches"), .code = 1},
	{.args = SH("ls /host-canary"), .code = 1},
	/* descriptors: the caller has left one without close-on-exec, and one of a directory of the host */
	{.args = SH("ls /proc/1/fd; :"), .output = "0\n1\n2\n"},
	{.args = SH("ls /proc/2/fd; :"), .init = true, .output = "0\n1\n2\n"},
	{.args = SH("cat /proc/1/exe > /tmp/copy"), .init = true, .code = 1},
	{.args = SH("grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | tr -d '\\n\\t'"),
	 .more = ",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"],\"effective\":[\"CAP_CHOWN\"],\"permitted\":[\"CAP_CHOWN\"]}",
	 .output = "CapInh:0000000000000000CapPrm:0000000000000001CapEff:0000000000000001"
	           "CapBnd:0000000000000001CapAmb:0000000000000000"},
	{.args = SH("grep NoNewPrivs /proc/self/status"), .more = ",\"noNewPrivileges\":true", .output = "NoNewPrivs:\t1\n"},
	{.args = SH("ulimit -n"), .more = ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":50,\"hard\":60}]",
	 .output = "50\n"},
	{.args = SH("umask"), .output = "0022\n"},
	/* signals that the caller ignores work in the program */
	{.args = {"grep", "SigIgn", "/proc/self/status"}, .output = "SigIgn:\t0000000000000000\n"},
	/* out of the root by a descriptor (CVE-2024-21626) */
	{.args = SH("pwd"), .cwd = "/proc/self/fd/40", .word = "/proc/self/fd/40"},
	{.args = SH("pwd"), .cwd = "/proc/self/fd/41/..", .word = "working directory"},
	{.args = {"/proc/self/fd/41/bin/busybox", "true"}, .word = "no such file", .kind = ERROR_NO_COMMAND},
	/* our own binary (CVE-2019-5736) */
	{.args = {"/proc/self/exe"}, .word = "/proc/self/exe", .kind = ERROR_NOT_EXECUTABLE},
	/* images that would bend our mounts */
	{.args = SH("echo bad"), .image = IMAGE_PROC_LINK, .word = "symlink", .kind = ERROR_DENIED},
	{.args = SH("echo bad"), .image = IMAGE_DEV_LINK, .word = "symlink", .kind = ERROR_DENIED},
	{.args = SH("echo bad"), .image = IMAGE_SYS_LINK, .word = "symlink", .kind = ERROR_DENIED},
	{.args = SH("echo bad"), .image = IMAGE_LINK_TO_PROC, .word = "/proc", .kind = ERROR_DENIED,
	 .mount = ",{\"destination\":\"/link/self/attr\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"},
	{.args = SH("stat -f -c %T /link/sub"), .output = "tmpfs\n",
	 .mount = ",{\"destination\":\"/link/sub\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"},
	/* binds; /mnt of the caller has two tmpfs, a file and a symlink to it */
	{.args = SH("echo more >> /b; cat /b"), .mount = BIND("/b", "/mnt/file", ""), .output = "textmore\n"},
	{.args = SH("cat /b/c"), .mount = BIND("b/c", "/mnt/file", ""), .output = "text"},
	{.args = SH("ls /b/sub | wc -l; grep -c ' /b/sub ' /proc/self/mountinfo"), .mount = BIND("/b", "/mnt", ""),
	 .output = "0\n0\n", .code = 1},
	{.args = SH("ls /b/sub | wc -l"), .mount = BIND("/b", "/mnt", ",\"rbind\""), .output = "1\n"},
	{.args = SH("grep -c ' /b[a-z/]* ro,nosuid,noexec' /proc/self/mountinfo"),
	 .mount = BIND("/b", "/mnt", ",\"rbind\",\"rro\",\"rnosuid\",\"rnoexec\""), .output = "2\n"},
	{.args = QUIET("echo > /b/x || echo > /b/sub/x && echo below"), .mount = BIND("/b", "/mnt", ",\"rbind\",\"ro\""),
	 .output = "below\n"},
	{.args = QUIET("echo > /b/sub/x || echo > /b/x && echo above"),
	 .mount = BIND("/b", "/mnt", ",\"rbind\",\"rro\",\"rw\""), .output = "above\n"},
	{.args = SH("grep -c ' /b rw,noatime' /proc/self/mountinfo"), .mount = BIND("/b", "/mnt", ",\"noatime\""),
	 .output = "1\n"},
	/* the caller's /usr came from a more privileged namespace: what it has locked is no failure */
	{.args = SH("test -d /b/bin && echo bound"),
	 .mount = BIND("/b", "/usr", ",\"rbind\",\"rsuid\",\"rdev\",\"rexec\",\"rrw\",\"strictatime\""), .output = "bound\n"},
	{.args = SH("grep -c ' /b .* shared:' /proc/self/mountinfo"), .mount = BIND("/b", "/mnt", ",\"shared\""),
	 .output = "1\n"},
	{.args = SH("grep ' /b ' /proc/self/mountinfo | grep -c -E 'shared:|master:'"),
	 .mount = BIND("/b", "/mnt", ",\"private\""), .output = "0\n", .code = 1},
	{.args = SH("readlink /b"), .mount = BIND("/b", "/mnt/link", ",\"copy-symlink\""), .output = "file\n"},
	{.args = SH("readlink /b"), .mount = BIND("/b", "/mnt/link", ",\"src-nofollow\""), .output = "file\n"},
	{.args = SH("cat /b"), .mount = BIND("/b", "/mnt/link", ""), .output = "text"},
	{.args = SH("test -L /link || cat /link"), .mount = BIND("/link", "/mnt/file", ",\"dest-nofollow\""), .output = "text"},
	{.args = SH("echo bad"), .mount = BIND("/bin/sh", "/mnt/link", ",\"copy-symlink\""), .word = "copy-symlink"},
	{.args = SH("echo bad"), .mount = BIND("/b", "/mnt", ",\"nosuch\""), .word = "\"nosuch\"", .kind = ERROR_INVALID},
	{.args = SH("echo bad"), .mount = BIND("/proc", "/mnt", ""), .word = "only proc", .kind = ERROR_DENIED},
	{.args = SH("echo bad"), .mount = BIND("/b", "/mnt/none", ""), .word = "/mnt/none", .kind = ERROR_NOT_FOUND},
	{.args = SH("echo bad"), .mount = BIND("/b", "/usr", ",\"idmap=uids=0-0-1;gids=0-0-1\""), .word = "can't be mapped"},
	{.args = SH("echo bad"), .mount = BIND("/b", "/usr", ",\"idmap=uids=0-0\""), .word = "idmap=uids=0-0", .kind = ERROR_INVALID},
	{.args = SH("echo bad"), .mount = BIND("/b", "/usr", ",\"idmap\""), .word = "uidMappings", .kind = ERROR_INVALID},
	/* new file systems */
	{.args = SH("cat /etc/plain; grep -c ' /etc ro' /proc/self/mountinfo; stat -c %a /etc"),
	 .mount = NEW("/etc", "tmpfs", "\"tmpcopyup\",\"ro\""), .output = "text1\n755\n"},
	{.args = SH("stat -c %a /etc; ls /etc"), .mount = NEW("/etc", "tmpfs", "\"tmpcopyup\",\"mode=0711\",\"size=1m\""),
	 .output = "711\nplain\n"},
	{.args = SH("grep -c ' /b .*shared:' /proc/self/mountinfo"), .mount = NEW("/b", "tmpfs", "\"shared\",\"size=4k\""),
	 .output = "1\n"},
	/* group 5 is not mapped here */
	{.args = SH("test -c /p/ptmx && echo there"), .mount = NEW("/p", "devpts", "\"newinstance\",\"gid=5\",\"mode=0620\""),
	 .output = "there\n"},
	{.args = SH("stat -f -c %t /q"), .mount = NEW("/q", "mqueue", "\"nosuid\""), .output = "19800202\n"},
	{.args = SH("ls /sys/fs/cgroup && echo > /sys/fs/cgroup/x"), .mount = NEW("/sys/fs/cgroup", "cgroup", "\"ro\""), .code = 1},
	{.args = SH("ls /sys/fs/cgroup && echo > /sys/fs/cgroup/x"), .mount = NEW("/sys/fs/cgroup", "cgroup2", "\"ro\""), .code = 1},
	{.args = SH("grep -c ' /sys ro,nosuid' /proc/self/mountinfo"), .no_network = true, .output = "1\n"},
	{.args = SH("echo bad"), .mount = NEW("/b", "tmpfs", "\"nosuch=1\""), .word = "nosuch=1", .kind = ERROR_INVALID},
	{.args = SH("echo bad"), .mount = NEW("/b", "nosuchfs", ""), .word = "nosuchfs", .kind = ERROR_UNSUPPORTED},
	/* devices */
	{.args = SH("stat -c %t:%T /made/null /made/fifo; test -p /made/fifo && echo pipe"),
	 .linux_ = DEVICE("c", "/made/null", 1, 3) , .word = "/made/null"},
	{.args = SH("test -p /made/fifo && stat -c %a /made/fifo"), .linux_ = DEVICE("p", "/made/fifo", 0, 0), .output = "640\n"},
	{.args = SH("stat -c %t:%T /dev/null"), .linux_ = DEVICE("c", "/dev/null", 1, 3), .output = "1:3\n"},
	{.args = SH("echo bad"), .linux_ = DEVICE("c", "/dev/null", 1, 5), .word = "c 1:5", .kind = ERROR_DENIED},
	{.args = SH("echo bad"), .linux_ = DEVICE("b", "/dev/null", 1, 3), .word = "b 1:3", .kind = ERROR_DENIED},
	{.args = SH("echo bad"), .linux_ = DEVICE("x", "/dev/null", 1, 3), .word = "\"x\"", .kind = ERROR_INVALID},
	/* hidden in every order; the row's list is the second */
	{.args = QUIET("ls /etc | wc -l; echo > /etc/x"), .linux_ = HIDE("/etc\",\"/etc/plain\",\"/etc", "/etc\",\"/etc/plain"),
	 .output = "0\n", .code = 1},
	{.args = QUIET("ls /tmp | wc -l; echo > /tmp/x"), .linux_ = HIDE("/link", "/tmp"), .output = "0\n", .code = 1},
	{.args = QUIET("echo > /etc/x || cat /etc/plain | wc -c"),
	 .linux_ = HIDE("/etc/plain", "/etc\",\"/etc"), .output = "0\n"},
	/* chroot(2) in pivot_root's place: the caller's / stays below, out of reach */
	{.args = QUIET("ls -d /mnt /../mnt /usr || echo gone; readlink /proc/self/root"), .no_pivot = true, .output = "gone\n/\n"},
	/* commands that are none */
	{.args = {"no-such-command"}, .word = "no-such-command", .kind = ERROR_NO_COMMAND},
	{.args = {"/bin/none"}, .word = "/bin/none", .kind = ERROR_NO_COMMAND},
	{.args = {"/bin"}, .word = "/bin", .kind = ERROR_NOT_EXECUTABLE},
	{.args = {"/etc/plain"}, .word = "/etc/plain", .kind = ERROR_NOT_EXECUTABLE},
	{.args = {"/bin/garbage"}, .word = "exec format", .kind = ERROR_NOT_EXECUTABLE},
	{.args = {"no-such-command"}, .init = true, .word = "no-such-command", .kind = ERROR_NO_COMMAND},
	{.args = SH("pwd"), .cwd = "/etc/plain", .word = "working directory"},
	/* init passes the code on, and reaps */
	{.args = SH("exit 9"), .init = true, .code = 9},
	{.args = SH("(sleep 0 &); sleep 0.1; cat /proc/[0-9]*/status | grep -c zombie"), .init = true, .output = "0\n", .code = 1},
};

static void make_image(int root, enum image image)
{
	static const char *const applets[] = {
		"sh", "stat", "hostname", "readlink", "cat", "grep", "head", "wc", "ls", "tr", "echo", "sleep",
	};
	AUTO_FREE char *busybox = NULL;
	size_t length;

	CHECK(directory_make(root, "bin", 0755) == 0 && directory_make(root, "etc", 0755) == 0);
	CHECK(file_read(AT_FDCWD, "/bin/busybox", 64 << 20, &busybox, &length) == 0);
	CHECK(file_write(root, "bin/busybox", busybox, length, 0755, FILE_FAST) == 0);
	for (size_t i = 0; i < ARRAY_LEN(applets); i++) {
		AUTO_FREE char *path = xprintf("bin/%s", applets[i]);

		CHECK(symlinkat("busybox", root, path) == 0);
	}
	CHECK(file_write(root, "etc/plain", "text", 4, 0644, FILE_FAST) == 0);
	CHECK(file_write(root, "bin/garbage", "\1\2\3\4", 4, 0755, FILE_FAST) == 0);
	CHECK(directory_make(root, "tmp", 0755) == 0);
	if (image == IMAGE_PROC_LINK)
		CHECK(symlinkat("/tmp", root, "proc") == 0);
	if (image == IMAGE_DEV_LINK)
		CHECK(symlinkat("/tmp", root, "dev") == 0);
	if (image == IMAGE_SYS_LINK)
		CHECK(symlinkat("tmp", root, "sys") == 0);
	CHECK(symlinkat(image == IMAGE_LINK_TO_PROC ? "/proc" : "/tmp", root, "link") == 0);
}

static void make_spec(const struct row *row, struct oci_spec *spec)
{
	AUTO_FREE char *text = xprintf(
		"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/\"},\"hostname\":\"container\","
		"\"process\":{\"cwd\":\"%s\",\"env\":[\"PATH=/bin\"]%s},"
		"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"mode=755\"]},"
		"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"newinstance\"]},"
		"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"ro\"]}%s],"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"ipc\"},"
		"{\"type\":\"uts\"},{\"type\":\"cgroup\"}%s]%s}}",
		row->cwd ? row->cwd : "/", row->more ? row->more : "", row->mount ? row->mount : "",
		row->no_network ? "" : ",{\"type\":\"network\"}", row->linux_ ? row->linux_ : HIDDEN);
	struct error err = {0};
	AUTO_JSON json_t *json = json_parse(text, strlen(text), &err);

	CHECK(json != NULL);
	CHECK(json_read(json, oci_spec_fields, spec, &err) >= 0);
	for (size_t i = 0; i < ARRAY_LEN(row->args) && row->args[i]; i++)
		texts_add(&spec->process->args, row->args[i]);
}

static int run(const struct runtime_request *request, struct runtime_process *process, struct error *err)
{
	int r = runtime_spawn(request, process, err);

	if (r < 0)
		return r;
	r = runtime_wait_ready(process, err);
	if (r >= 0)
		r = runtime_start(process, err);
	if (r < 0)
		runtime_abort(process);
	return r;
}

static bool matches(const char *wanted, const char *found)
{
	size_t length = strlen(wanted);

	if (length && wanted[length - 1] == '*')
		return strncmp(wanted, found, length - 1) == 0;
	return strcmp(wanted, found) == 0;
}

static void check_ended(const struct row *row, struct runtime_process *process, int from)
{
	AUTO_FREE char *output = NULL;
	int status = 0;

	CHECK(file_read_fd(from, OUTPUT_MAX, &output, NULL) == 0);
	CHECK(waitpid(process->pid, &status, 0) == process->pid);
	if (row->output && !matches(row->output, output)) {
		fprintf(stderr, "# row %d: wanted \"%s\", got \"%s\"\n", (int) (row - rows), row->output, output);
		_exit(1);
	}
	if ((!row->output || row->code) && process_exit_code(status) != row->code) {
		fprintf(stderr, "# row %d: wanted %d, got %d\n", (int) (row - rows), row->code,
		        process_exit_code(status));
		_exit(1);
	}
	runtime_process_done(process);
}

/* What the rows bind from. */
static void make_sources(void)
{
	CHECK(mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0);
	CHECK(file_write(AT_FDCWD, "/mnt/file", "text", 4, 0644, FILE_FAST) == 0);
	CHECK(symlink("file", "/mnt/link") == 0 && mkdir("/mnt/sub", 0755) == 0);
	CHECK(mount("tmpfs", "/mnt/sub", "tmpfs", 0, NULL) == 0);
	CHECK(file_write(AT_FDCWD, "/mnt/sub/inner", "text", 4, 0644, FILE_FAST) == 0);
}

static void check_row(const void *argument)
{
	const struct row *row = argument;
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1, .init = row->init,
	                                  .give_stdio = true, .no_pivot = row->no_pivot};
	struct runtime_process process = {0};
	struct error err = {0};
	int ends[2], r;

	CHECK(root >= 0);
	make_image(root, row->image);
	make_spec(row, &spec);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	make_sources();
	CHECK(open("/", O_RDONLY | O_DIRECTORY) >= 0 && dup2(open("/", O_RDONLY | O_DIRECTORY), 40) == 40);
	CHECK(dup3(open("/usr", O_RDONLY | O_DIRECTORY), 41, O_CLOEXEC) == 41);
	CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR && signal(SIGSYS, SIG_IGN) != SIG_ERR);
	CHECK(signal(SIGRTMIN + 3, SIG_IGN) != SIG_ERR);
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	request.stdio[0] = -1;
	request.stdio[1] = request.stdio[2] = ends[1];
	r = run(&request, &process, &err);
	(void) close(ends[1]);
	if (row->word) {
		if (r >= 0 || !strstr(err.text, row->word) || (row->kind && err.kind != row->kind)) {
			fprintf(stderr, "# row %d: %d, kind %u, \"%s\"\n", (int) (row - rows), r,
			        (unsigned) err.kind, err.text);
			_exit(1);
		}
		/* nothing is left of it */
		CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
		return;
	}
	if (r < 0) {
		fprintf(stderr, "# row %d: %s\n", (int) (row - rows), err.text);
		_exit(1);
	}
	check_ended(row, &process, ends[0]);
}

START_TEST(runs_or_refuses)
{
	in_namespaces(check_row, &rows[_i]);
}
END_TEST

/* The program has not begun before it is told to, and ends with who made it. */
static void check_gate(const void *unused)
{
	static const struct row row = {.args = SH("echo begun")};
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1, .stdio = {-1, -1, -1}};
	struct runtime_process process = {0};
	struct error err = {0};
	siginfo_t info = {0};

	(void) unused;
	make_image(root, IMAGE_PLAIN);
	make_spec(&row, &spec);
	CHECK(runtime_spawn(&request, &process, &err) == 0);
	CHECK(runtime_wait_ready(&process, &err) == 0);
	CHECK(waitid(P_PID, (id_t) process.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0);
	/* the other end of the gate is gone: it leaves without having run anything */
	(void) close(process.sync_fd);
	process.sync_fd = -1;
	CHECK(waitid(P_PID, (id_t) process.pid, &info, WEXITED) == 0);
	CHECK(info.si_code == CLD_EXITED && info.si_status == 125);
	runtime_process_done(&process);
}

/* It makes no cgroup namespace before it is told that it is in all of its cgroups. */
static void check_moved(const void *unused)
{
	static const struct row row = {.args = SH("readlink /proc/self/ns/cgroup")};
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1, .moved_later = true,
	                                  .stdio = {-1, -1, -1}};
	struct runtime_process process = {0};
	struct error err = {0};
	siginfo_t info = {0};

	(void) unused;
	make_image(root, IMAGE_PLAIN);
	make_spec(&row, &spec);
	CHECK(runtime_spawn(&request, &process, &err) == 0);
	(void) shutdown(process.sync_fd, SHUT_WR);
	CHECK(waitid(P_PID, (id_t) process.pid, &info, WEXITED) == 0);
	CHECK(info.si_code == CLD_EXITED && info.si_status == 125);
	CHECK(runtime_wait_ready(&process, &err) < 0);
	runtime_process_done(&process);
	CHECK(runtime_spawn(&request, &process, &err) == 0);
	CHECK(runtime_moved(&process, &err) == 0);
	CHECK(runtime_wait_ready(&process, &err) == 0);
	runtime_abort(&process);
}

START_TEST(waits_to_be_moved)
{
	in_namespaces(check_moved, NULL);
}
END_TEST

START_TEST(waits_at_the_gate)
{
	in_namespaces(check_gate, NULL);
}
END_TEST

static void check_exec(const void *unused)
{
	static const struct row row = {.args = SH("sleep 20")};
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1, .stdio = {-1, -1, -1}};
	struct runtime_process process = {0}, second = {0};
	struct runtime_exec exec = {.namespaces = 0, .cgroup_fd = -1, .stdio = {-1, -1, -1}};
	struct oci_process inside = {0};
	AUTO_FREE char *output = NULL;
	struct error err = {0};
	int ends[2], status;

	(void) unused;
	make_image(root, IMAGE_PLAIN);
	make_spec(&row, &spec);
	CHECK(run(&request, &process, &err) == 0);
	texts_add(&inside.args, "sh");
	texts_add(&inside.args, "-c");
	texts_add(&inside.args, "hostname; pwd; ls /proc/self/fd | wc -l; exit 4");
	texts_add(&inside.env, "PATH=/bin");
	inside.cwd = xstrdup("/etc");
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	exec.pidfd = process.pidfd;
	exec.namespaces = runtime_namespaces(&spec);
	exec.process = &inside;
	exec.stdio[1] = ends[1];
	CHECK(runtime_exec(&exec, &second, &err) == 0);
	CHECK(runtime_wait_ready(&second, &err) == 0);
	CHECK(runtime_start(&second, &err) == 0);
	(void) close(ends[1]);
	CHECK(file_read_fd(ends[0], OUTPUT_MAX, &output, NULL) == 0);
	/* ls has one more open, for the directory */
	CHECK(strcmp(output, "container\n/etc\n4\n") == 0);
	CHECK(waitpid(second.pid, &status, 0) == second.pid && process_exit_code(status) == 4);
	runtime_process_done(&second);
	/* the end of the first process is that of the container: nothing enters it any more */
	CHECK(kill(process.pid, SIGKILL) == 0);
	CHECK(waitid(P_PID, (id_t) process.pid, &(siginfo_t){0}, WEXITED | WNOWAIT) == 0);
	CHECK(runtime_exec(&exec, &second, &err) < 0 && err.text[0]);
	runtime_abort(&process);
	fields_done(oci_process_fields, &inside);
}

START_TEST(enters_a_container_until_it_ends)
{
	in_namespaces(check_exec, NULL);
}
END_TEST

static void write_at(pid_t pid, const char *file, const char *text)
{
	AUTO_FREE char *path = xprintf("/proc/%d/%s", (int) pid, file);

	write_file(path, text);
}

/*
 * The caller stays outside of the user namespace and owns no mounts: root and binds are opened by the child
 * with the caller's rights (a directory that nobody else may enter), cloned with its own.
 */
static void check_outside(const char *directory)
{
	static const char text[] =
		"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/\",\"readonly\":true},"
		"\"process\":{\"cwd\":\"/\",\"env\":[\"PATH=/bin\"],\"args\":[\"sh\",\"-c\",\"cat /b/file; "
		"echo > /x || echo > /b/x || stat -c %%u /b/file\"]},"
		"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/b\",\"type\":\"bind\",\"source\":\"%s/secret\",\"options\":[\"rbind\",\"ro\"]}],"
		"\"linux\":{\"namespaces\":[{\"type\":\"user\"},{\"type\":\"mount\"},{\"type\":\"pid\"}],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}]}}";
	AUTO_FREE char *json_text = xprintf(text, directory, geteuid(), getegid());
	AUTO_FREE char *root_path = xprintf("%s/link", directory);
	AUTO_FREE char *file = xprintf("%s/secret/file", directory);
	AUTO_FREE char *output = NULL;
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};
	AUTO_JSON json_t *json = json_parse(json_text, strlen(json_text), &err);
	struct runtime_request request = {.spec = &spec, .root_fd = -1, .root_path = root_path, .cgroup_fd = -1,
	                                  .caller_maps = true, .stdio = {-1, -1, -1}};
	struct runtime_process process = {0};
	AUTO_CLOSE int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int root = -1;
	int ends[2], r;

	CHECK(mkdirat(at, "root", 0755) == 0 && symlinkat("root", at, "link") == 0 && mkdirat(at, "secret", 0700) == 0);
	CHECK(file_write(AT_FDCWD, file, "late ", 5, 0600, FILE_FAST) == 0);
	root = openat(at, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_image(root, IMAGE_PLAIN);
	CHECK(json && json_read(json, oci_spec_fields, &spec, &err) >= 0);
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	request.stdio[1] = ends[1];
	r = runtime_spawn(&request, &process, &err);
	if (r >= 0) {
		AUTO_FREE char *uids = xprintf("0 %u 1", geteuid());
		AUTO_FREE char *gids = xprintf("0 %u 1", getegid());

		write_at(process.pid, "setgroups", "deny");
		write_at(process.pid, "uid_map", uids);
		write_at(process.pid, "gid_map", gids);
		r = runtime_mapped(&process, &err);
	}
	if (r >= 0)
		r = runtime_wait_ready(&process, &err);
	if (r >= 0)
		r = runtime_start(&process, &err);
	if (r < 0)
		fprintf(stderr, "# %s\n", err.text);
	CHECK(r >= 0);
	(void) close(ends[1]);
	CHECK(file_read_fd(ends[0], OUTPUT_MAX, &output, NULL) == 0);
	CHECK(strcmp(output, "late 0\n") == 0);
	CHECK(waitpid(process.pid, NULL, 0) == process.pid);
	runtime_process_done(&process);
}

START_TEST(is_made_from_outside_of_its_user_namespace)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		check_outside(scratch.path);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void check_terminal(const void *unused)
{
	static const struct row row = {
		.args = SH("tty; stty size 2>/dev/null; test /dev/console -ef /dev/pts/0 && echo same"),
		.more = ",\"terminal\":true,\"consoleSize\":{\"height\":12,\"width\":34}"};
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1, .stdio = {-1, -1, -1}};
	struct runtime_process process = {0};
	struct error err = {0};
	char output[4096] = "";
	size_t length = 0;
	int status;
	ssize_t n;

	(void) unused;
	make_image(root, IMAGE_PLAIN);
	CHECK(symlinkat("busybox", root, "bin/tty") == 0 && symlinkat("busybox", root, "bin/stty") == 0);
	make_spec(&row, &spec);
	CHECK(run(&request, &process, &err) == 0);
	CHECK(process.terminal_fd >= 0 && fd_set_nonblocking(process.terminal_fd, false) == 0);
	/* EIO when the last that had it open is gone */
	while (length < sizeof output - 1
	       && (n = read(process.terminal_fd, output + length, sizeof output - 1 - length)) > 0)
		length += (size_t) n;
	CHECK(strcmp(output, "/dev/pts/0\r\n12 34\r\nsame\r\n") == 0);
	CHECK(waitpid(process.pid, &status, 0) == process.pid);
	runtime_process_done(&process);
}

START_TEST(a_terminal_is_the_containers_own)
{
	in_namespaces(check_terminal, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime");
	TCase *tcase = tcase_create("runtime");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, runs_or_refuses, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, waits_to_be_moved);
	tcase_add_test(tcase, waits_at_the_gate);
	tcase_add_test(tcase, enters_a_container_until_it_ends);
	tcase_add_test(tcase, is_made_from_outside_of_its_user_namespace);
	tcase_add_test(tcase, a_terminal_is_the_containers_own);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
