/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_seccomp.c - what a filter lets through, tried on the kernel and on an interpreter of BPF */
#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/runtime/seccomp.h"
#include "coracle/sys/caps.h"

#include <check.h>
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../../src/runtime/seccomp_shrink.h"
#include "suite.h"

#define DOCKER_CAPS UINT64_C(0xa80425fb) /* what docker and podman grant by default */
#define ADMIN_CAPS  (DOCKER_CAPS | CAPS_BIT(CAP_SYS_ADMIN))
#define UNKNOWN     1000 /* no such system call on any machine */

/* an interpreter of the instructions that libseccomp writes */
static uint32_t interpret(const struct sock_filter *code, size_t count,
                          const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *at = &code[pc];
		bool yes = false;

		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			ck_assert_uint_le(at->k + sizeof a, sizeof *data);
			(void) memcpy(&a, (const char *) data + at->k, sizeof a);
			continue;
		case BPF_RET | BPF_K:
			return at->k;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= at->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += at->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == at->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > at->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= at->k;
			break;
		default:
			ck_abort_msg("instruction %zu has code %x", pc, at->code);
		}
		pc += yes ? at->jt : at->jf;
	}
	ck_abort_msg("ran off the end");
}

static uint32_t ask(const struct seccomp_program *program, uint32_t arch, int number,
                    uint64_t first)
{
	struct seccomp_data data = {.nr = number, .arch = arch, .args = {first}};

	return interpret(program->filter, program->length, &data);
}

static void compile_default(uint64_t caps, struct seccomp_program *program)
{
	struct oci_seccomp *profile = seccomp_default(caps);
	struct error err = {0};

	ck_assert_msg(seccomp_compile(profile, program, &err) == 0, "%s", err.text);
	seccomp_profile_free(profile);
}

/* errno of a system call under the filter, in a child; 0: it succeeded */
static int try_call(const struct seccomp_program *program, long number, const long *args)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long r;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_program_load(program) < 0)
			_exit(255);
		r = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
		/* before _exit(2) a sanitizer calls what the filter forbids */
		for (;;)
			(void) syscall(SYS_exit_group, r < 0 ? errno : 0);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_ne(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

/* Where the kernel would answer otherwise than the filter the arguments make it do so. */
static const struct {
	const char *name;
	long number, args[6];
	int ordinary, admin; /* errno with DOCKER_CAPS, with ADMIN_CAPS */
} calls[] = {
	{"getpid", SYS_getpid, {0}, 0, 0},
	{"openat", SYS_openat, {-1}, EFAULT, EFAULT},
	{"chroot", SYS_chroot, {0}, EFAULT, EFAULT},
	{"ptrace", SYS_ptrace, {1, -1}, ESRCH, ESRCH},
	{"socket unix", SYS_socket, {AF_UNIX, SOCK_STREAM}, 0, 0},
	{"socket vsock", SYS_socket, {AF_VSOCK, SOCK_STREAM}, EPERM, EPERM},
	{"socket alg", SYS_socket, {AF_ALG, SOCK_SEQPACKET}, EPERM, EPERM},
	{"socket alg, high bits", SYS_socket, {AF_ALG | (1L << 32), SOCK_SEQPACKET}, EPERM, EPERM},
	{"personality asks", SYS_personality, {0xffffffff}, 0, 0},
	{"personality linux32", SYS_personality, {8}, 0, 0},
	{"personality no random", SYS_personality, {0x0040000}, EPERM, EPERM},
	{"mount", SYS_mount, {0}, EPERM, EFAULT},
	{"umount2", SYS_umount2, {0, -1}, EPERM, EINVAL},
	{"unshare user", SYS_unshare, {CLONE_NEWUSER}, EPERM, 0},
	{"unshare nothing", SYS_unshare, {0}, EPERM, 0},
	{"setns", SYS_setns, {-1}, EPERM, EBADF},
	{"clone user", SYS_clone, {CLONE_NEWUSER | CLONE_THREAD}, EPERM, EINVAL},
	{"clone", SYS_clone, {CLONE_THREAD}, EINVAL, EINVAL},
	{"clone3", SYS_clone3, {0}, ENOSYS, EINVAL},
	{"fsconfig", SYS_fsconfig, {-1}, EPERM, EINVAL},
	{"keyctl", SYS_keyctl, {-1}, EPERM, EPERM},
	{"add_key", SYS_add_key, {0}, EPERM, EPERM},
	{"request_key", SYS_request_key, {0}, EPERM, EPERM},
	{"userfaultfd", SYS_userfaultfd, {-1}, EPERM, EPERM},
	{"io_uring_setup", SYS_io_uring_setup, {0}, EPERM, EPERM},
	{"io_uring_enter", SYS_io_uring_enter, {-1}, EPERM, EPERM},
	{"kexec_load", SYS_kexec_load, {0}, EPERM, EPERM},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1}, EPERM, EPERM},
	{"finit_module", SYS_finit_module, {-1}, EPERM, EPERM},
	{"swapon", SYS_swapon, {0}, EPERM, EPERM},
	{"reboot", SYS_reboot, {0}, EPERM, EPERM},
	{"settimeofday", SYS_settimeofday, {0}, EPERM, EPERM},
	{"mbind", SYS_mbind, {1}, EPERM, EPERM},
	{"kcmp", SYS_kcmp, {-1, -1}, EPERM, EPERM},
	{"newer than the profile", UNKNOWN, {0}, ENOSYS, ENOSYS},
};

START_TEST(default_answers_as_it_should)
{
	AUTO(seccomp_program_done) struct seccomp_program program = {0};

	compile_default(DOCKER_CAPS, &program);
	ck_assert_msg(try_call(&program, calls[_i].number, calls[_i].args) == calls[_i].ordinary,
	              "%s", calls[_i].name);
}
END_TEST

START_TEST(capability_opens_what_it_guards)
{
	AUTO(seccomp_program_done) struct seccomp_program program = {0};

	compile_default(ADMIN_CAPS, &program);
	ck_assert_msg(try_call(&program, calls[_i].number, calls[_i].args) == calls[_i].admin, "%s",
	              calls[_i].name);
}
END_TEST

static const struct {
	int cap;
	const char *call;
} guarded[] = {
	{CAP_SYS_ADMIN, "mount"},
	{CAP_SYS_ADMIN, "setns"},
	{CAP_SYS_ADMIN, "bpf"},
	{CAP_BPF, "bpf"},
	{CAP_PERFMON, "perf_event_open"},
	{CAP_SYSLOG, "syslog"},
	{CAP_DAC_READ_SEARCH, "open_by_handle_at"},
	{CAP_SYS_BOOT, "reboot"},
	{CAP_SYS_CHROOT, "chroot"},
	{CAP_SYS_MODULE, "init_module"},
	{CAP_SYS_PACCT, "acct"},
	{CAP_SYS_PTRACE, "kcmp"},
	{CAP_SYS_PTRACE, "pidfd_getfd"},
	{CAP_SYS_RAWIO, "iopl"},
	{CAP_SYS_TIME, "clock_settime"},
	{CAP_SYS_TTY_CONFIG, "vhangup"},
	{CAP_SYS_NICE, "mbind"},
};

START_TEST(each_capability_opens_its_calls_only_with_it)
{
	AUTO(seccomp_program_done) struct seccomp_program without = {0}, with = {0};
	int number = seccomp_syscall_resolve_name(guarded[_i].call);

	if (number < 0)
		return; /* iopl on a machine without ports */
	compile_default(0, &without);
	compile_default(CAPS_BIT(guarded[_i].cap), &with);
	ck_assert_uint_eq(ask(&without, seccomp_arch_native(), number, 0), SCMP_ACT_ERRNO(EPERM));
	ck_assert_uint_eq(ask(&with, seccomp_arch_native(), number, 0), SCMP_ACT_ALLOW);
}
END_TEST

START_TEST(filters_the_32_bit_kin_too)
{
#ifdef __x86_64__
	AUTO(seccomp_program_done) struct seccomp_program program = {0};
	int umount = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, "umount");
	int getuid32 = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, "getuid32");
	int x32_ptrace = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X32, "ptrace");
	int x32_bpf = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X32, "bpf");

	compile_default(DOCKER_CAPS, &program);
	ck_assert_uint_eq(ask(&program, SCMP_ARCH_X86, umount, 0), SCMP_ACT_ERRNO(EPERM));
	ck_assert_uint_eq(ask(&program, SCMP_ARCH_X86, getuid32, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(&program, SCMP_ARCH_X86, UNKNOWN, 0), SCMP_ACT_ERRNO(ENOSYS));
	ck_assert_uint_eq(ask(&program, SCMP_ARCH_X86_64, x32_ptrace, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(&program, SCMP_ARCH_X86_64, x32_bpf, 0), SCMP_ACT_ERRNO(EPERM));
	ck_assert_uint_eq(ask(&program, SCMP_ARCH_X86_64, 0x40000000 + UNKNOWN, 0),
	                  SCMP_ACT_ERRNO(ENOSYS));
	ck_assert_uint_eq(ask(&program, SCMP_ARCH_ARM, 1, 0), SCMP_ACT_KILL);
#endif
}
END_TEST

START_TEST(default_is_small)
{
	AUTO(seccomp_program_done) struct seccomp_program program = {0};

	compile_default(DOCKER_CAPS, &program);
	ck_assert_uint_le(program.length, 450);
}
END_TEST

static struct seccomp_program export_raw(scmp_filter_ctx context)
{
	struct seccomp_program program = {0};
	AUTO_CLOSE int fd = memfd_create("raw", MFD_CLOEXEC);
	char *bytes = NULL;
	size_t length = 0;

	ck_assert_int_eq(seccomp_export_bpf(context, fd), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(file_read_fd(fd, 1 << 20, &bytes, &length), 0);
	program.filter = xmemdup(bytes, length);
	program.length = (unsigned short) (length / sizeof(struct sock_filter));
	free(bytes);
	return program;
}

/* pseudo-random, the same at each run */
static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

static scmp_filter_ctx make_random_filter(unsigned seed)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	const uint32_t actions[] = {SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(ENOSYS), SCMP_ACT_LOG};
	uint32_t action = SCMP_ACT_ALLOW;
	unsigned kind = 0;

	(void) seccomp_arch_add(context, SCMP_ARCH_X86_64);
	(void) seccomp_arch_add(context, SCMP_ARCH_X86);
	(void) seccomp_arch_add(context, SCMP_ARCH_X32);
	(void) seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, seed % 2 ? 2 : 1);
	for (int number = 0; number < 450; number++) {
		/* neighbours are alike, as in real profiles */
		if (next_random(&seed) % 6 == 0) {
			action = actions[next_random(&seed) % ARRAY_LEN(actions)];
			kind = next_random(&seed) % 8;
		}
		if (kind < 3)
			(void) seccomp_rule_add(context, action, number, 0);
		else if (kind == 3)
			(void) seccomp_rule_add(context, action, number, 2,
			                        SCMP_A0(SCMP_CMP_EQ, next_random(&seed) % 4),
			                        SCMP_A1(SCMP_CMP_MASKED_EQ, 3, 1));
		else if (kind == 4)
			(void) seccomp_rule_add(context, action, number, 1,
			                        SCMP_A0(SCMP_CMP_GT, next_random(&seed) % 4));
	}
	return context;
}

static void compare_on(const struct seccomp_program *a, const struct seccomp_program *b,
                       uint32_t arch, uint32_t first_number)
{
	struct seccomp_data data = {.arch = arch};

	for (uint32_t number = first_number; number < first_number + 600; number++)
		for (unsigned values = 0; values < 24; values++) {
			data.nr = (int) number;
			data.args[0] = values % 6;
			data.args[1] = values / 6;
			ck_assert_uint_eq(interpret(a->filter, a->length, &data),
			                  interpret(b->filter, b->length, &data));
		}
}

START_TEST(shrinks_without_changing_an_answer)
{
	scmp_filter_ctx context = make_random_filter((unsigned) _i);
	AUTO(seccomp_program_done) struct seccomp_program raw = export_raw(context);
	AUTO(seccomp_program_done) struct seccomp_program small = export_raw(context);
	const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, 0, 7};

	seccomp_shrink(&small);
	ck_assert_uint_lt(small.length, raw.length);
	for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
		compare_on(&raw, &small, archs[i], 0);
		compare_on(&raw, &small, archs[i], 0x40000000);
		compare_on(&raw, &small, archs[i], UINT32_MAX - 600);
	}
	seccomp_release(context);
}
END_TEST

START_TEST(shrinking_leaves_strange_programs_alone)
{
	static const struct sock_filter strange[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* the number */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
	};
	AUTO(seccomp_program_done)
	struct seccomp_program program = {.filter = xmemdup(strange, sizeof strange),
	                                  .length = ARRAY_LEN(strange)};

	seccomp_shrink(&program);
	ck_assert_uint_eq(program.length, ARRAY_LEN(strange));
	ck_assert_mem_eq(program.filter, strange, sizeof strange);
}
END_TEST

/* a profile file that needs every kind of condition; "%s" is one of the rows below */
#define PROFILE                                                                                    \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"archMap\":["                \
	"{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]}],"       \
	"\"syscalls\":[{\"names\":[\"exit_group\"],\"action\":\"SCMP_ACT_ALLOW\"},"                \
	"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ALLOW\",%s}]}"

#if defined(__x86_64__)
#define THIS_MACHINE "amd64"
#elif defined(__aarch64__)
#define THIS_MACHINE "arm64"
#else
#define THIS_MACHINE "unknown"
#endif

static const struct {
	const char *condition;
	bool allowed;
} conditions[] = {
	{"\"includes\":{},\"excludes\":{}", true},
	{"\"args\":null,\"includes\":null", true},
	{"\"includes\":{\"caps\":[\"CAP_CHOWN\"]}", true},
	{"\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}", false},
	{"\"includes\":{\"caps\":[\"CAP_OF_TOMORROW\"]}", false},
	{"\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", true},
	{"\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_CHOWN\"]}", false},
	{"\"includes\":{\"arches\":[\"" THIS_MACHINE "\",\"vax\"]}", true},
	{"\"includes\":{\"arches\":[\"vax\"]}", false},
	{"\"excludes\":{\"arches\":[\"" THIS_MACHINE "\"]}", false},
	{"\"excludes\":{\"arches\":[\"vax\"]}", true},
	{"\"includes\":{\"minKernel\":\"4.8\"}", true},
	{"\"includes\":{\"minKernel\":\"999.0\"}", false},
	{"\"excludes\":{\"minKernel\":\"4.8\"}", false},
};

START_TEST(profile_rules_hold_where_they_should)
{
	AUTO_FREE char *text = NULL;
	AUTO(seccomp_program_done) struct seccomp_program program = {0};
	struct error err = {0};
	struct oci_seccomp *profile;
	static const long none[6];
	size_t hole = (size_t) (strstr(PROFILE, "%s") - PROFILE);

	text = xprintf("%.*s%s%s", (int) hole, PROFILE, conditions[_i].condition,
	               &PROFILE[hole + 2]);
	profile = seccomp_read_profile(text, strlen(text), CAPS_BIT(CAP_CHOWN), &err);
	ck_assert_msg(profile != NULL, "%s", err.text);
	ck_assert_int_eq(seccomp_compile(profile, &program, &err), 0);
	seccomp_profile_free(profile);
	ck_assert_int_eq(try_call(&program, SYS_getppid, none), conditions[_i].allowed ? 0 : EPERM);
}
END_TEST

#define RULE(text) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{" text "}]}"

static const struct {
	const char *text, *error;
} bad[] = {
	{"{", "line 1: not JSON: string or '}' expected near end of file"},
	{"[]", "is not a JSON object"},
	{"{}", "\"defaultAction\" is missing"},
	{"{\"defaultAction\":\"ALLOW\"}", "\"defaultAction\" is unknown: \"ALLOW\""},
	{"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "\"defaultAction\" can't be SCMP_ACT_NOTIFY"},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":5000}",
         "5000 is no error number (0..4095)"},
	{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOTHING\"}",
         "the error \"ENOTHING\" is unknown; give its number as \"errnoRet\""},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_VAX\"]}",
         "\"architectures\"[0] is unknown: \"SCMP_ARCH_VAX\""},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],"
         "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\"}]}",
         "\"architectures\" and \"archMap\" exclude one another"},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"FAST\"]}",
         "\"flags\"[0] is unknown: \"FAST\""},
	{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "\"syscalls\" is not a list"},
	{RULE("\"names\":[\"read\"]"), "\"syscalls\"[0]: \"action\" is missing"},
	{RULE("\"names\":\"read\",\"action\":\"SCMP_ACT_TRAP\""),
         "\"syscalls\"[0]: \"names\" is not a list of strings"},
	{RULE("\"action\":\"SCMP_ACT_TRAP\""), "\"syscalls\"[0]: \"names\" is empty"},
	{RULE("\"names\":[\"read\"],\"action\":\"BLOCK\""),
         "\"syscalls\"[0]: \"action\" is unknown: \"BLOCK\""},
	{RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":6,"
              "\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"),
         "\"syscalls\"[0]: \"args\"[0]: \"index\" is not in 0..5"},
	{RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,"
              "\"value\":1,\"op\":\"==\"}]"),
         "\"syscalls\"[0]: \"args\"[0]: \"op\" is unknown: \"==\""},
	{RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"includes\":{\"minKernel\":"
              "\"x\"}"),
         "\"syscalls\"[0]: \"minKernel\" is not a version such as 4.8: \"x\""},
	{RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"includes\":{\"caps\":\"ALL\"}"),
         "\"syscalls\"[0]: \"includes\": \"caps\" is not a list of strings"},
};

START_TEST(tells_what_is_wrong_with_a_profile)
{
	struct seccomp_program program = {0};
	struct error err = {0};
	AUTO_FREE char *expected = xprintf("seccomp profile: %s", bad[_i].error);
	struct oci_seccomp *profile =
		seccomp_read_profile(bad[_i].text, strlen(bad[_i].text), 0, &err);

	if (profile)
		ck_assert_int_eq(seccomp_compile(profile, &program, &err), -EINVAL);
	ck_assert_str_eq(err.text, expected);
	ck_assert_ptr_null(program.filter);
	seccomp_profile_free(profile);
}
END_TEST

static void compile_text(const char *text, struct seccomp_program *program)
{
	struct error err = {0};
	struct oci_seccomp *profile = seccomp_read_profile(text, strlen(text), 0, &err);

	ck_assert_msg(profile != NULL, "%s", err.text);
	ck_assert_msg(seccomp_compile(profile, program, &err) == 0, "%s", err.text);
	seccomp_profile_free(profile);
}

START_TEST(honours_arguments_actions_and_errno)
{
	AUTO(seccomp_program_done) struct seccomp_program program = {0};
	uint32_t native = seccomp_arch_native();

	compile_text(
		"{\"defaultAction\":\"SCMP_ACT_LOG\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
		"\"syscalls\":[{\"names\":[\"kill\",\"no_such_call\"],\"action\":\"SCMP_ACT_"
	        "ERRNO\","
		"\"errnoRet\":5,\"args\":[{\"index\":0,\"value\":18446744073709551615,"
		"\"op\":\"SCMP_CMP_EQ\"}]},{\"name\":\"dup\",\"action\":\"SCMP_ACT_TRACE\","
		"\"errnoRet\":7},{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
		"{\"names\":[\"sync\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
		"{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		&program);
	ck_assert_uint_eq(ask(&program, native, SYS_kill, UINT64_MAX), SCMP_ACT_ERRNO(EIO));
	ck_assert_uint_eq(ask(&program, native, SYS_kill, UINT32_MAX), SCMP_ACT_LOG);
	ck_assert_uint_eq(ask(&program, native, SYS_dup, 0), SCMP_ACT_TRACE(7));
	ck_assert_uint_eq(ask(&program, native, SYS_getpid, 0), SCMP_ACT_KILL_PROCESS);
	/* an argument that is compared twice means either */
	ck_assert_uint_eq(ask(&program, native, SYS_sync, 1), SCMP_ACT_ERRNO(EPERM));
	ck_assert_uint_eq(ask(&program, native, SYS_sync, 2), SCMP_ACT_ERRNO(EPERM));
	ck_assert_uint_eq(ask(&program, native, SYS_sync, 3), SCMP_ACT_LOG);
	/* where the default is to allow, new calls are allowed */
	ck_assert_uint_eq(ask(&program, native, UNKNOWN, 0), SCMP_ACT_LOG);
	ck_assert_uint_eq(program.flags, SECCOMP_FILTER_FLAG_LOG);
	ck_assert(!program.notify);
}
END_TEST

START_TEST(notification_gives_a_listener)
{
	AUTO(seccomp_program_done) struct seccomp_program program = {0};
	int status;
	pid_t pid;

	compile_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
	             "{\"names\":[\"mknod\",\"mknodat\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
	             &program);
	ck_assert(program.notify);
	pid = fork();
	if (pid == 0) {
		int fd;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(1);
		fd = seccomp_program_load(&program);
		_exit(fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(loading_needs_a_privilege)
{
	AUTO(seccomp_program_done) struct seccomp_program program = {0};
	int status;
	pid_t pid;

	compile_default(DOCKER_CAPS, &program);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		_exit(seccomp_program_load(&program) == -EACCES ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(no_program_is_no_filter)
{
	static const struct seccomp_program none;

	ck_assert_int_eq(seccomp_program_load(&none), 0);
}
END_TEST

static char folder[64];
static int cache_fd = -1;

static void open_cache(void)
{
	(void) snprintf(folder, sizeof folder, "%s", "/tmp/coracle-seccomp-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	cache_fd = directory_open(AT_FDCWD, folder);
	ck_assert_int_ge(cache_fd, 0);
}

static void close_cache(void)
{
	(void) close(cache_fd);
	ck_assert_int_eq(tree_remove(AT_FDCWD, folder), 0);
}

/* the name of the only file; owned */
static char *only_file(void)
{
	AUTO_TEXTS struct texts names = {0};

	ck_assert_int_eq(directory_list(cache_fd, ".", &names), 0);
	ck_assert_uint_eq(names.count, 1);
	return xstrdup(names.items[0]);
}

static ino_t inode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(cache_fd, name, &st, 0), 0);
	return st.st_ino;
}

static void get(uint64_t caps, struct seccomp_program *program)
{
	struct error err = {0};

	ck_assert_msg(seccomp_cached_default(cache_fd, caps, program, &err) == 0, "%s", err.text);
}

static void assert_same(const struct seccomp_program *a, const struct seccomp_program *b)
{
	ck_assert_uint_gt(a->length, 0);
	ck_assert_uint_eq(a->length, b->length);
	ck_assert_mem_eq(a->filter, b->filter, a->length * sizeof *a->filter);
	ck_assert_uint_eq(a->flags, b->flags);
}

START_TEST(cache_serves_the_second_call)
{
	AUTO(seccomp_program_done) struct seccomp_program first = {0}, second = {0};
	AUTO_FREE char *name = NULL;
	ino_t inode;

	get(DOCKER_CAPS, &first);
	name = only_file();
	inode = inode_of(name);
	/* a capability that no rule names needs no second program */
	get(DOCKER_CAPS | CAPS_BIT(CAP_NET_ADMIN), &second);
	free(only_file());
	ck_assert_uint_eq(inode_of(name), inode);
	assert_same(&first, &second);
}
END_TEST

START_TEST(cache_tells_capabilities_apart)
{
	AUTO(seccomp_program_done) struct seccomp_program first = {0}, second = {0};
	AUTO_TEXTS struct texts names = {0};

	get(DOCKER_CAPS, &first);
	get(ADMIN_CAPS, &second);
	ck_assert_int_eq(directory_list(cache_fd, ".", &names), 0);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_uint_eq(ask(&first, seccomp_arch_native(), SYS_mount, 0), SCMP_ACT_ERRNO(EPERM));
	ck_assert_uint_eq(ask(&second, seccomp_arch_native(), SYS_mount, 0), SCMP_ACT_ALLOW);
}
END_TEST

enum damage {
	CUT_TO_NOTHING,
	CUT_HEADER,
	CUT_TAIL,
	APPENDED,
	MAGIC,
	COUNT,
	INSTRUCTION,
	KEY,
	DAMAGES
};

static void damage_file(const char *name, enum damage damage)
{
	AUTO_CLOSE int fd = openat(cache_fd, name, O_RDWR | O_CLOEXEC);
	off_t end = lseek(fd, 0, SEEK_END);
	off_t at = 0;
	char byte = 0;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(end, 200);
	switch (damage) {
	case CUT_TO_NOTHING:
	case CUT_HEADER:
		ck_assert_int_eq(ftruncate(fd, damage == CUT_HEADER ? 20 : 0), 0);
		return;
	case CUT_TAIL:
	case APPENDED:
		ck_assert_int_eq(ftruncate(fd, damage == CUT_TAIL ? end - 1 : end + 1), 0);
		return;
	case MAGIC:
		at = 0;
		break;
	case COUNT:
		at = 24;
		break;
	case INSTRUCTION:
		at = 100;
		break;
	case KEY: /* the version at its beginning, as after an update */
	case DAMAGES:
		at = end - 40;
		break;
	}
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
}

START_TEST(cache_replaces_what_is_damaged_or_stale)
{
	AUTO(seccomp_program_done) struct seccomp_program first = {0}, second = {0};
	AUTO_FREE char *name = NULL, *before = NULL, *after = NULL;
	size_t length = 0, again = 0;

	get(DOCKER_CAPS, &first);
	name = only_file();
	ck_assert_int_eq(file_read(cache_fd, name, 1 << 20, &before, &length), 0);
	damage_file(name, (enum damage) _i);
	get(DOCKER_CAPS, &second);
	assert_same(&first, &second);
	ck_assert_int_eq(file_read(cache_fd, name, 1 << 20, &after, &again), 0);
	ck_assert_uint_eq(again, length);
	ck_assert_mem_eq(before, after, length);
}
END_TEST

START_TEST(cache_that_cannot_be_written_is_no_error)
{
	AUTO(seccomp_program_done) struct seccomp_program first = {0}, second = {0}, third = {0};
	/* a folder in which nobody, not even root, makes files */
	AUTO_CLOSE int proc_fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = {0};

	get(DOCKER_CAPS, &first);
	ck_assert_int_eq(seccomp_cached_default(proc_fd, DOCKER_CAPS, &second, &err), 0);
	ck_assert_int_eq(seccomp_cached_default(-1, DOCKER_CAPS, &third, &err), 0);
	assert_same(&first, &second);
	assert_same(&first, &third);
}
END_TEST

START_TEST(cache_never_waits_for_a_fifo)
{
	AUTO(seccomp_program_done) struct seccomp_program first = {0}, second = {0};
	AUTO_FREE char *name = NULL;

	get(DOCKER_CAPS, &first);
	name = only_file();
	ck_assert_int_eq(unlinkat(cache_fd, name, 0), 0);
	ck_assert_int_eq(mkfifoat(cache_fd, name, 0600), 0);
	get(DOCKER_CAPS, &second);
	assert_same(&first, &second);
}
END_TEST

START_TEST(cache_keys_profiles_by_content)
{
	static const char *const texts[] = {
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"sync\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"comment\":\"a\"}]}",
		/* the same in other words */
		"{\"syscalls\":[{\"action\":\"SCMP_ACT_ERRNO\",\"names\":[\"sync\"],\"args\":null}]"
	        ","
		"\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"sync\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5}]}",
	};
	static const size_t files[] = {1, 1, 2};
	static const uint32_t answers[] = {
		SCMP_ACT_ERRNO(EPERM),
		SCMP_ACT_ERRNO(EPERM),
		SCMP_ACT_ERRNO(EIO),
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(seccomp_program_done) struct seccomp_program program = {0};
		AUTO_TEXTS struct texts names = {0};
		struct error err = {0};
		struct oci_seccomp *profile =
			seccomp_read_profile(texts[i], strlen(texts[i]), 0, &err);

		ck_assert_ptr_nonnull(profile);
		ck_assert_int_eq(seccomp_cached(cache_fd, profile, &program, &err), 0);
		seccomp_profile_free(profile);
		ck_assert_uint_eq(ask(&program, seccomp_arch_native(), SYS_sync, 0), answers[i]);
		ck_assert_int_eq(directory_list(cache_fd, ".", &names), 0);
		ck_assert_uint_eq(names.count, files[i]);
	}
}
END_TEST

static void add_filter_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, default_answers_as_it_should, 0, ARRAY_LEN(calls));
	tcase_add_loop_test(tcase, capability_opens_what_it_guards, 0, ARRAY_LEN(calls));
	tcase_add_loop_test(tcase, each_capability_opens_its_calls_only_with_it, 0,
	                    ARRAY_LEN(guarded));
	tcase_add_test(tcase, filters_the_32_bit_kin_too);
	tcase_add_test(tcase, default_is_small);
	tcase_add_loop_test(tcase, shrinks_without_changing_an_answer, 0, 6);
	tcase_add_test(tcase, shrinking_leaves_strange_programs_alone);
	tcase_add_loop_test(tcase, profile_rules_hold_where_they_should, 0, ARRAY_LEN(conditions));
	tcase_add_loop_test(tcase, tells_what_is_wrong_with_a_profile, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, honours_arguments_actions_and_errno);
	tcase_add_test(tcase, notification_gives_a_listener);
	tcase_add_test(tcase, loading_needs_a_privilege);
	tcase_add_test(tcase, no_program_is_no_filter);
}

int main(void)
{
	Suite *suite = suite_create("seccomp");
	TCase *tcase = tcase_create("filter"), *cache = tcase_create("cache");

	tcase_set_timeout(tcase, 60);
	add_filter_tests(tcase);
	tcase_add_checked_fixture(cache, open_cache, close_cache);
	tcase_add_test(cache, cache_serves_the_second_call);
	tcase_add_test(cache, cache_tells_capabilities_apart);
	tcase_add_loop_test(cache, cache_replaces_what_is_damaged_or_stale, 0, DAMAGES);
	tcase_add_test(cache, cache_that_cannot_be_written_is_no_error);
	tcase_add_test(cache, cache_never_waits_for_a_fifo);
	tcase_add_test(cache, cache_keys_profiles_by_content);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, cache);
	return suite_run(suite);
}
