/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_attributes.c - priorities, affinity, memory policy, keyring, clocks and labels, read back from inside */
#include "coracle/runtime/runtime.h"

#include "coracle/sys/mount.h"
#include "coracle/sys/process.h"

#include "../../src/runtime/apply.h"
#include "scratch.h"

#include <linux/keyctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>

#include "suite.h"

#define OUTPUT_MAX 65536

struct row {
	const char *script;
	const char *process;     /* further members of the process, with a comma in front */
	const char *linux_;      /* further members of "linux", with a comma in front */
	const char *namespaces;  /* further namespaces, with a comma in front */
	const char *output;      /* exactly */
	const char *word;        /* when it is refused: in the message */
	enum error_kind kind;
	bool numa;               /* only on a kernel that has memory policies */
};

#define IO(class, level)  ",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_" class "\",\"priority\":" level "}"
#define SCHEDULER(policy) ",\"scheduler\":{\"policy\":\"SCHED_" policy "}"
#define MEMORY(mode)      ",\"memoryPolicy\":{\"mode\":\"MPOL_" mode "}"
#define OFFSETS(text)     ",\"timeOffsets\":{" text "}"
#define TIME              ",{\"type\":\"time\"}"
#define NEW_USER          ",{\"type\":\"user\"}"
#define MAPS                                                                                   \
	",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}],"                      \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"
/* nice value and policy, proc_pid_stat(5) */
#define SCHEDULED   "cut -d ' ' -f 19,41 /proc/self/stat"
#define POLICY_LINE "head -n 1 /proc/self/numa_maps | cut -d ' ' -f 2"

static const struct row rows[] = {
	{.script = "ionice", .process = IO("BE", "7"), .output = "best-effort: prio 7\n"},
	{.script = "ionice", .process = IO("BE", "0"), .output = "best-effort: prio 0\n"},
	{.script = "ionice", .process = IO("IDLE", "0"), .output = "idle\n"},
	{.script = ":", .process = IO("RT", "4"), .word = "I/O priority IOPRIO_CLASS_RT: needs root", .kind = ERROR_DENIED},

	{.script = SCHEDULED, .process = SCHEDULER("OTHER\",\"nice\":7"), .output = "7 0\n"},
	{.script = SCHEDULED, .process = SCHEDULER("BATCH\",\"nice\":3"), .output = "3 3\n"},
	{.script = SCHEDULED, .process = SCHEDULER("IDLE\""), .output = "0 5\n"},
	{.script = ":", .process = SCHEDULER("FIFO\",\"priority\":10"),
	 .word = "scheduler SCHED_FIFO: not permitted", .kind = ERROR_DENIED},
	{.script = ":", .process = SCHEDULER("OTHER\",\"nice\":-5"),
	 .word = "scheduler SCHED_OTHER: not permitted", .kind = ERROR_DENIED},
	{.script = ":", .process = SCHEDULER("ISO\""),
	 .word = "scheduler SCHED_ISO: this kernel does not have", .kind = ERROR_UNSUPPORTED},
	/* the affinity is for what is executed later, not for the first process */
	{.script = "test $(nproc) -ge 1", .process = ",\"execCPUAffinity\":{\"final\":\"8191\"}", .output = ""},

	{.script = POLICY_LINE, .linux_ = MEMORY("BIND\",\"nodes\":\"0\""), .output = "bind:0\n", .numa = true},
	{.script = POLICY_LINE, .linux_ = MEMORY("BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\"]"),
	 .output = "bind=static:0\n", .numa = true},
	{.script = POLICY_LINE, .linux_ = MEMORY("INTERLEAVE\",\"nodes\":\"0-1023\""), .output = "interleave:0\n", .numa = true},
	{.script = POLICY_LINE, .linux_ = MEMORY("PREFERRED\",\"nodes\":\"0\""), .output = "prefer:0\n", .numa = true},
	{.script = POLICY_LINE, .linux_ = MEMORY("LOCAL\""), .output = "local\n", .numa = true},
	{.script = POLICY_LINE, .linux_ = MEMORY("DEFAULT\""), .output = "default\n", .numa = true},
	{.script = ":", .linux_ = MEMORY("BIND\",\"nodes\":\"1023\""), .word = "none of the nodes",
	 .kind = ERROR_INVALID, .numa = true},

	/* clocks */
	{.script = "tr -s ' ' </proc/self/timens_offsets", .namespaces = TIME,
	 .linux_ = OFFSETS("\"monotonic\":{\"secs\":1000,\"nanosecs\":5},\"boottime\":{\"secs\":2000000}"),
	 .output = "monotonic 1000 5\nboottime 2000000 0\n"},
	{.script = "read up rest </proc/uptime; test ${up%.*} -gt 2000000", .namespaces = TIME,
	 .linux_ = OFFSETS("\"boottime\":{\"secs\":2000000}"), .output = ""},
	{.script = "read up rest </proc/uptime; test ${up%.*} -gt 2000000", .namespaces = TIME NEW_USER,
	 .linux_ = OFFSETS("\"boottime\":{\"secs\":2000000}") MAPS, .output = ""},
	{.script = "read up rest </proc/uptime; test ${up%.*} -lt 2000000", .namespaces = TIME, .output = ""},
	{.script = "test $(readlink /proc/self/ns/time) = $(readlink /proc/self/ns/time_for_children)", .namespaces = TIME,
	 .output = ""},
	{.script = ":", .namespaces = TIME, .linux_ = OFFSETS("\"boottime\":{\"secs\":-2000000000}"),
	 .word = "would let a clock", .kind = ERROR_INVALID},

	/* labels; with the modules on the host these are none that it knows */
	{.script = ":", .process = ",\"apparmorProfile\":\"no-such\"", .word = "AppArmor profile no-such"},
	{.script = ":", .process = ",\"selinuxLabel\":\"no:such:l:s0\"", .word = "SELinux label no:such:l:s0"},
	{.script = "echo runs", .process = ",\"apparmorProfile\":\"unconfined\"", .output = "runs\n"},
	{.script = "echo runs", .process = ",\"apparmorProfile\":\"\",\"selinuxLabel\":\"\"", .output = "runs\n"},

	/* for the host's root alone */
	{.script = ":", .linux_ = ",\"intelRdt\":{\"closID\":\"x\"}", .word = "intelRdt", .kind = ERROR_UNSUPPORTED},
	{.script = ":", .linux_ = ",\"netDevices\":{\"eth0\":{}}", .word = "netDevices", .kind = ERROR_UNSUPPORTED},
	{.script = "echo runs", .linux_ = ",\"intelRdt\":{},\"netDevices\":{}", .output = "runs\n"},
};

static void make_image(int root)
{
	static const char *const applets[] = {
		"sh", "cat", "cut", "echo", "grep", "head", "ionice", "nproc", "readlink", "sleep", "test", "tr",
	};
	AUTO_FREE char *busybox = NULL;
	size_t length;

	CHECK(root >= 0 && directory_make(root, "bin", 0755) == 0);
	CHECK(file_read(AT_FDCWD, "/bin/busybox", 64 << 20, &busybox, &length) == 0);
	CHECK(file_write(root, "bin/busybox", busybox, length, 0755, FILE_FAST) == 0);
	for (size_t i = 0; i < ARRAY_LEN(applets); i++) {
		AUTO_FREE char *path = xprintf("bin/%s", applets[i]);

		CHECK(symlinkat("busybox", root, path) == 0);
	}
}

static void make_spec(const struct row *row, struct oci_spec *spec)
{
	AUTO_FREE char *text = xprintf(
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"/\"},"
		"\"process\":{\"cwd\":\"/\",\"env\":[\"PATH=/bin\"],\"args\":[\"sh\",\"-c\"]%s},"
		"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}],"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"}%s]%s}}",
		row->process ? row->process : "", row->namespaces ? row->namespaces : "",
		row->linux_ ? row->linux_ : "");
	struct error err = {0};

	if (oci_spec_parse(text, strlen(text), spec, &err) < 0) {
		fprintf(stderr, "# row %d: %s\n", (int) (row - rows), err.text);
		_exit(1);
	}
	texts_add(&spec->process->args, row->script);
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

static void check_row(const void *argument)
{
	const struct row *row = argument;
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1};
	struct runtime_process process = {0};
	AUTO_FREE char *output = NULL;
	struct error err = {0};
	int ends[2], r, status;

	/* without one the limits that follow would be those of the machine that runs the tests */
	CHECK(setrlimit(RLIMIT_NICE, &(struct rlimit){0, 0}) == 0);
	CHECK(setrlimit(RLIMIT_RTPRIO, &(struct rlimit){0, 0}) == 0);
	make_image(root);
	make_spec(row, &spec);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	request.stdio[0] = -1;
	request.stdio[1] = request.stdio[2] = ends[1];
	r = run(&request, &process, &err);
	(void) close(ends[1]);
	if (row->word) {
		if (r >= 0 || !strstr(err.text, row->word) || (row->kind && err.kind != row->kind)) {
			fprintf(stderr, "# row %d: %d, kind %u, \"%s\"\n", (int) (row - rows), r, (unsigned) err.kind, err.text);
			_exit(1);
		}
		return;
	}
	if (r < 0) {
		fprintf(stderr, "# row %d: %s\n", (int) (row - rows), err.text);
		_exit(1);
	}
	CHECK(file_read_fd(ends[0], OUTPUT_MAX, &output, NULL) == 0);
	CHECK(waitpid(process.pid, &status, 0) == process.pid);
	if (strcmp(output, row->output) != 0 || (!*row->output && status != 0)) {
		fprintf(stderr, "# row %d: status %d, \"%s\"\n", (int) (row - rows), status, output);
		_exit(1);
	}
	runtime_process_done(&process);
}

START_TEST(gives_what_is_asked_for_or_refuses)
{
	if (rows[_i].numa && syscall(SYS_get_mempolicy, NULL, NULL, 0ul, NULL, 0ul) < 0)
		return;
	in_namespaces(check_row, &rows[_i]);
}
END_TEST

/* What files of /proc do not tell. */
static void check_scheduler(const void *unused)
{
	static const struct row row = {
		.script = "sleep 60; :",
		.process = SCHEDULER("BATCH\",\"nice\":2,\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]")};
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1, .stdio = {-1, -1, -1}};
	struct runtime_process process = {0};
	struct scheduler_attributes found = {0};
	struct error err = {0};

	(void) unused;
	make_image(root);
	make_spec(&row, &spec);
	CHECK(run(&request, &process, &err) == 0);
	CHECK(syscall(SYS_sched_getattr, process.pid, &found, (unsigned) sizeof found, 0u) == 0);
	CHECK(found.policy == 3 && found.nice == 2 && found.flags == 1);
	/* ours are as they were */
	CHECK(syscall(SYS_sched_getattr, 0, &found, (unsigned) sizeof found, 0u) == 0);
	CHECK(found.policy == 0 && found.flags == 0);
	runtime_abort(&process);
}

START_TEST(flags_of_the_scheduler_arrive)
{
	in_namespaces(check_scheduler, NULL);
}
END_TEST

static bool session_is(const char *name)
{
	char text[256] = "";
	const char *found;

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof text - 1) < 0)
		return false;
	found = strrchr(text, ';');
	return found && strcmp(found + 1, name) == 0;
}

/* Keys of the caller are in a session keyring that the container does not get. */
static void check_keyring(const void *unused)
{
	AUTO_FREE char *name = xprintf("attributes-%d-%ld", (int) getpid(), (long) time(NULL));
	AUTO_FREE char *script = xprintf("grep -q %s /proc/keys", name);
	struct row row = {.script = script};
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {
		.spec = &spec, .root_fd = root, .cgroup_fd = -1, .stdio = {-1, -1, -1}, .keyring = name};
	struct runtime_process process = {0};
	struct op op = {.data = name};
	struct error err = {0};
	int status;

	(void) unused;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "callers-own") < 0)
		return;
	make_image(root);
	make_spec(&row, &spec);
	CHECK(run(&request, &process, &err) == 0);
	CHECK(waitpid(process.pid, &status, 0) == process.pid && status == 0);
	runtime_process_done(&process);
	CHECK(session_is("callers-own"));
	CHECK(apply_keyring(&op) == 0);
	CHECK(session_is(name));
}

START_TEST(a_session_keyring_of_its_own)
{
	in_namespaces(check_keyring, NULL);
}
END_TEST

/* --- what is executed in a container later --- */

#define LIST_LINE "grep Cpus_allowed_list /proc/self/status | cut -f 2"

struct exec_row {
	const char *script;
	const char *process; /* further members, with a comma in front */
	const char *output;  /* NULL: what the container's first process prints */
	const char *word;
};

static const struct exec_row exec_rows[] = {
	/* the caller runs on the CPU 0 alone */
	{.script = LIST_LINE, .output = "0\n"},
	{.script = LIST_LINE, .process = ",\"execCPUAffinity\":{\"initial\":\"0\"}"},
	{.script = LIST_LINE, .process = ",\"execCPUAffinity\":{\"initial\":\"0,5-9\",\"final\":\"0\"}", .output = "0\n"},
	{.script = LIST_LINE, .process = ",\"execCPUAffinity\":{\"final\":\"0-8191\"}"},
	{.script = ":", .process = ",\"execCPUAffinity\":{\"final\":\"8191\"}", .word = "none of the CPUs 8191"},
	{.script = ":", .process = ",\"execCPUAffinity\":{\"initial\":\"8191\"}", .word = "from the CPUs 8191"},
	{.script = "ionice", .process = IO("BE", "6"), .output = "best-effort: prio 6\n"},
	{.script = SCHEDULED, .process = SCHEDULER("OTHER\",\"nice\":4"), .output = "4 0\n"},
	{.script = ":", .process = ",\"apparmorProfile\":\"no-such\"", .word = "AppArmor profile no-such"},
	{.script = ":", .process = ",\"selinuxLabel\":\"no:such:l:s0\"", .word = "SELinux label no:such:l:s0"},
	{.script = "tr -s ' ' </proc/self/timens_offsets | grep boot", .output = "boottime 2000000 0\n"},
};

static void check_exec(const void *argument)
{
	static const struct row first = {
		.script = LIST_LINE "; sleep 60", .namespaces = TIME,
		.linux_ = OFFSETS("\"boottime\":{\"secs\":2000000}")};
	const struct exec_row *row = argument;
	AUTO_FREE char *text = xprintf("{\"cwd\":\"/\",\"env\":[\"PATH=/bin\"],\"args\":[\"sh\",\"-c\",\"%s\"]%s}",
	                               row->script, row->process ? row->process : "");
	char list[4096] = "";
	const char *wanted = row->output ? row->output : list;
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	AUTO_CLOSE int root = mount_new("tmpfs", NULL, 0, 0);
	struct runtime_request request = {.spec = &spec, .root_fd = root, .cgroup_fd = -1, .stdio = {-1, -1, -1}};
	struct runtime_exec exec = {.cgroup_fd = -1, .stdio = {-1, -1, -1}};
	struct runtime_process process = {0}, second = {0};
	struct oci_process inside = {0};
	AUTO_FREE char *output = NULL;
	struct error err = {0};
	int ends[2], r, status;

	make_image(root);
	make_spec(&first, &spec);
	CHECK(apply_cpus(NULL) == 0);
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	request.stdio[1] = ends[1];
	CHECK(run(&request, &process, &err) == 0);
	CHECK(read(ends[0], list, sizeof list - 1) > 0);
	(void) close(ends[0]);
	(void) close(ends[1]);
	CHECK(apply_cpus("0") == 0);
	if (oci_process_parse(text, strlen(text), &inside, &err) < 0) {
		fprintf(stderr, "# %s\n", err.text);
		_exit(1);
	}
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	exec.pidfd = process.pidfd;
	exec.namespaces = runtime_namespaces(&spec);
	exec.process = &inside;
	exec.stdio[1] = exec.stdio[2] = ends[1];
	r = runtime_exec(&exec, &second, &err);
	if (r >= 0) {
		r = runtime_wait_ready(&second, &err);
		if (r >= 0)
			r = runtime_start(&second, &err);
		if (r < 0)
			runtime_abort(&second);
	}
	(void) close(ends[1]);
	if (row->word ? r >= 0 || !strstr(err.text, row->word) : r < 0) {
		fprintf(stderr, "# row %d: %d \"%s\"\n", (int) (row - exec_rows), r, err.text);
		_exit(1);
	}
	if (!row->word) {
		CHECK(file_read_fd(ends[0], OUTPUT_MAX, &output, NULL) == 0);
		CHECK(waitpid(second.pid, &status, 0) == second.pid);
		if (strcmp(output, wanted) != 0) {
			fprintf(stderr, "# row %d: \"%s\"\n", (int) (row - exec_rows), output);
			_exit(1);
		}
		runtime_process_done(&second);
	}
	runtime_abort(&process);
	oci_process_done(&inside);
}

START_TEST(gives_it_to_what_is_executed_later)
{
	in_namespaces(check_exec, &exec_rows[_i]);
}
END_TEST

/* --- a /proc that is not the kernel's own (CVE-2019-16884, CVE-2025-52881) --- */

static void check_genuine(const void *unused)
{
	AUTO_CLOSE int fd = apply_open_proc("thread-self/attr/exec", O_WRONLY);

	(void) unused;
	CHECK(fd >= 0);
}

static void make_fake(void)
{
	AUTO_CLOSE int tmpfs = mount_new("tmpfs", NULL, 0, 0);
	AUTO_CLOSE int proc = open("/proc", O_PATH | O_DIRECTORY);

	CHECK(tmpfs >= 0 && directory_make(tmpfs, "thread-self/attr", 0755) == 0);
	CHECK(file_write(tmpfs, "thread-self/attr/exec", "", 0, 0666, FILE_FAST) == 0);
	CHECK(mount_attach(tmpfs, proc) == 0);
}

static void check_tmpfs(const void *unused)
{
	(void) unused;
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	make_fake();
	CHECK(open("/proc/thread-self/attr/exec", O_WRONLY) >= 0);
	/* a proc of one's own is not to be had in this pid namespace */
	CHECK(apply_open_proc("thread-self/attr/exec", O_WRONLY) == -ENODEV);
}

/* a directory of proc at /proc: its files have other names */
static void check_subdirectory(const void *unused)
{
	(void) unused;
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("/proc/self", "/proc", NULL, MS_BIND, NULL) == 0);
	CHECK(open("/proc/attr/exec", O_WRONLY) >= 0);
	CHECK(apply_open_proc("attr/exec", O_WRONLY) == -ENODEV);
}

/* another file of proc over the one that is written to */
static void check_covered(const void *unused)
{
	AUTO_FREE char *path = xprintf("/proc/%d/attr/exec", (int) getpid());

	(void) unused;
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("/proc/self/comm", path, NULL, MS_BIND, NULL) == 0);
	CHECK(open("/proc/self/attr/exec", O_WRONLY) >= 0);
	CHECK(apply_open_proc("self/attr/exec", O_WRONLY) == -EXDEV);
	/* a magic link leads out of it */
	CHECK(apply_open_proc("self/root/etc/passwd", O_RDONLY) == -ELOOP);
	CHECK(apply_open_proc("self/../../etc/passwd", O_RDONLY) == -EXDEV);
}

static void (*const proc_checks[])(const void *) = {check_genuine, check_tmpfs, check_subdirectory, check_covered};

START_TEST(writes_only_to_the_kernels_own_proc)
{
	in_namespaces(proc_checks[_i], NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attributes");
	TCase *tcase = tcase_create("attributes");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, gives_what_is_asked_for_or_refuses, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, a_session_keyring_of_its_own);
	tcase_add_test(tcase, flags_of_the_scheduler_arrive);
	tcase_add_loop_test(tcase, gives_it_to_what_is_executed_later, 0, ARRAY_LEN(exec_rows));
	tcase_add_loop_test(tcase, writes_only_to_the_kernels_own_proc, 0, ARRAY_LEN(proc_checks));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
