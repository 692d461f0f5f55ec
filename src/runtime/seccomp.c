/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp.c - compiles profiles to BPF and loads them: seccomp(2), seccomp_rule_add(3) */
/*
 * libseccomp turns the profile into a program whose last word is the profile's default action. A
 * program that meets a call newer than the profile must not answer EPERM, though: libraries try the
 * new call and fall back to an old one only upon ENOSYS. So where the default is to fail we put a
 * few instructions in front: per architecture, a number above the highest that the profile names
 * (and libseccomp knows) answers ENOSYS; all else goes on to libseccomp's program, which begins by
 * loading what it needs and has only relative jumps.
 */
#include "coracle/runtime/seccomp.h"

#include "coracle/base/alloc.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"

#include <inttypes.h>
#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "seccomp_names.h"
#include "seccomp_shrink.h"

#define ARCHS_MAX   16
#define ARGS_MAX    6
#define X32_BIT     0x40000000U
#define ARM_PRIVATE 0x000f0000U /* breakpoint, cacheflush, set_tls... */
#define PROGRAM_MAX BPF_MAXINSNS

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

struct compiler {
	scmp_filter_ctx context; /* owned */
	uint32_t default_action;
	uint32_t archs[ARCHS_MAX];
	size_t archs_count;
	bool notify;
};

static void compiler_done(struct compiler *compiler)
{
	if (compiler->context)
		seccomp_release(compiler->context);
}

void seccomp_program_done(struct seccomp_program *program)
{
	free(program->filter);
	*program = (struct seccomp_program){0};
}

void seccomp_profile_free(struct oci_seccomp *profile)
{
	if (profile)
		fields_done(oci_seccomp_fields, profile);
	free(profile);
}

static int add_arch(struct compiler *compiler, uint32_t token)
{
	int r = seccomp_arch_add(compiler->context, token);

	/* another byte order: this kernel can't run it, so there is nothing to filter */
	if (r == -EDOM)
		return 0;
	if (r < 0 && r != -EEXIST)
		return r;
	for (size_t i = 0; i < compiler->archs_count; i++)
		if (compiler->archs[i] == token)
			return 0;
	if (compiler->archs_count == ARCHS_MAX)
		return -E2BIG;
	compiler->archs[compiler->archs_count++] = token;
	return 0;
}

static int add_archs(struct compiler *compiler, const struct texts *names, struct error *err)
{
	const struct seccomp_arch *native = seccomp_arch_of(seccomp_arch_native());
	int r = add_arch(compiler, seccomp_arch_native());

	for (size_t i = 0; r >= 0 && i < names->count; i++) {
		const struct seccomp_arch *arch = seccomp_arch_named(names->items[i]);

		if (!arch)
			return error_set(err, ERROR_INVALID,
			                 "\"architectures\"[%zu] is unknown: \"%.40s\"", i,
			                 names->items[i]);
		r = add_arch(compiler, arch->token);
	}
	for (size_t i = 0; r >= 0 && !names->count && native && i < SECCOMP_KIN_MAX; i++)
		if (native->kin[i])
			r = add_arch(compiler, native->kin[i]);
	return r < 0 ? error_errno(err, -r, "add an architecture to the system call filter") : 0;
}

static int parse_action(const char *name, const struct opt_uint *errno_ret, const char *key,
                        uint32_t *out, struct error *err)
{
	uint64_t data = errno_ret->set ? errno_ret->value : EPERM;

	if (data > SECCOMP_ERRNO_MAX)
		return error_set(err, ERROR_INVALID, "%" PRIu64 " is no error number (0..%d)", data,
		                 SECCOMP_ERRNO_MAX);
	if (seccomp_action_named(name, (unsigned) data, out) < 0)
		return error_set(err, ERROR_INVALID, "\"%s\" is unknown: \"%.40s\"", key, name);
	return 0;
}

static int parse_args(const struct list *args, struct scmp_arg_cmp *out, struct error *err)
{
	if (args->count > ARGS_MAX)
		return error_set(err, ERROR_INVALID, "\"args\" has more than %d entries", ARGS_MAX);
	for (size_t i = 0; i < args->count; i++) {
		const struct oci_seccomp_arg *arg = LIST_AT(struct oci_seccomp_arg, args, i);
		enum scmp_compare op = SCMP_CMP_EQ;

		if (arg->index >= ARGS_MAX)
			return error_set(err, ERROR_INVALID,
			                 "\"args\"[%zu]: \"index\" is not in 0..%d", i,
			                 ARGS_MAX - 1);
		if (seccomp_operator_named(arg->op, &op) < 0)
			return error_set(err, ERROR_INVALID,
			                 "\"args\"[%zu]: \"op\" is unknown: \"%.40s\"", i, arg->op);
		/* for MASKED_EQ the value is the mask and valueTwo what must remain */
		out[i] = (struct scmp_arg_cmp){
			.arg = (unsigned) arg->index,
			.op = op,
			.datum_a = arg->value,
			.datum_b = arg->value_two,
		};
	}
	return 0;
}

static bool compares_twice(const struct scmp_arg_cmp *args, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (args[i].arg == args[k].arg)
				return true;
	return false;
}

static int add_call(struct compiler *compiler, uint32_t action, const char *name,
                    const struct scmp_arg_cmp *args, size_t count)
{
	int number = seccomp_syscall_resolve_name(name);
	int r = 0;

	/* newer or older than libseccomp, or of a machine that it does not know */
	if (number == __NR_SCMP_ERROR)
		return 0;
	if (!compares_twice(args, count)) {
		r = seccomp_rule_add_array(compiler->context, action, number, (unsigned) count,
		                           args);
		return r == -EEXIST ? 0 : r;
	}
	/* libseccomp wants each argument once; profiles of old meant "or", as docker and podman do
	 */
	for (size_t i = 0; i < count; i++) {
		r = seccomp_rule_add_array(compiler->context, action, number, 1, &args[i]);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

static int add_rule(struct compiler *compiler, const struct oci_seccomp_rule *rule,
                    struct error *err)
{
	struct scmp_arg_cmp args[ARGS_MAX];
	uint32_t action = 0;
	int r = parse_action(rule->action, &rule->errno_ret, "action", &action, err);

	if (r >= 0)
		r = parse_args(&rule->args, args, err);
	if (r < 0)
		return r;
	if (rule->names.count == 0 && !rule->name)
		return error_set(err, ERROR_INVALID, "\"names\" is empty");
	/* libseccomp refuses a rule that only repeats the default */
	if (action == compiler->default_action)
		return 0;
	compiler->notify = compiler->notify || action == SCMP_ACT_NOTIFY;
	for (size_t i = 0; i < rule->names.count + (rule->name != NULL); i++) {
		const char *name = i < rule->names.count ? rule->names.items[i] : rule->name;

		r = add_call(compiler, action, name, args, rule->args.count);
		if (r < 0)
			return error_errno(err, -r, "system call \"%.60s\"", name);
	}
	return 0;
}

static int export_program(struct compiler *compiler, char **out, size_t *length, struct error *err)
{
	AUTO_CLOSE int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return error_errno(err, errno, "memfd_create");
	r = seccomp_export_bpf(compiler->context, fd);
	if (r < 0)
		return error_errno(err, -r, "compile the system call filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, errno, "read the system call filter");
	r = file_read_fd(fd, PROGRAM_MAX * sizeof(struct sock_filter), out, length);
	if (r == -EFBIG)
		return error_set(err, ERROR_INVALID,
		                 "the profile compiles to more than the %d instructions that the "
		                 "kernel takes; name fewer system calls or architectures",
		                 PROGRAM_MAX);
	return r < 0 ? error_errno(err, -r, "read the system call filter") : 0;
}

/* numbers from here up are a table of their own; 0: there is none */
static uint32_t second_table(uint32_t token)
{
	switch (token) {
	case SCMP_ARCH_X86_64:
		return X32_BIT; /* x32 calls arrive under x86_64's token with a bit set */
	case SCMP_ARCH_ARM:
		return ARM_PRIVATE;
	default:
		return 0;
	}
}

/* the highest number that the profile names; -1 when it names none of this architecture */
static int highest_known(const struct oci_seccomp *profile, uint32_t token)
{
	uint32_t end = second_table(token);
	int highest = -1;

	LIST_EACH (struct oci_seccomp_rule, rule, &profile->syscalls)
		for (size_t i = 0; i < rule->names.count + (rule->name != NULL); i++) {
			const char *name =
				i < rule->names.count ? rule->names.items[i] : rule->name;
			int number = seccomp_syscall_resolve_name_arch(token, name);

			if (end == 0 || number < 0 || (uint32_t) number < end)
				highest = MAX(highest, number);
		}
	return highest;
}

static bool fails_by_default(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		return action != SCMP_ACT_ERRNO(ENOSYS);
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	default:
		return false;
	}
}

enum { JUMP_TO_ENOSYS = 254, JUMP_TO_PROGRAM = 255 };

struct prologue {
	struct sock_filter code[ARCHS_MAX * 6 + 4];
	size_t count;
};

static void emit(struct prologue *prologue, unsigned code, uint32_t k, unsigned yes, unsigned no)
{
	prologue->code[prologue->count++] = (struct sock_filter){
		.code = (uint16_t) code,
		.jt = (uint8_t) yes,
		.jf = (uint8_t) no,
		.k = k,
	};
}

static void emit_limit(struct prologue *prologue, int highest)
{
	if (highest < 0)
		emit(prologue, BPF_JMP | BPF_JGE | BPF_K, 0, JUMP_TO_PROGRAM, JUMP_TO_PROGRAM);
	else
		emit(prologue, BPF_JMP | BPF_JGT | BPF_K, (uint32_t) highest, JUMP_TO_ENOSYS,
		     JUMP_TO_PROGRAM);
}

static void emit_arch(struct prologue *prologue, const struct oci_seccomp *profile, uint32_t token,
                      bool has_x32)
{
	uint32_t second = second_table(token);
	bool limits_second = has_x32 && token == SCMP_ARCH_X86_64;

	emit(prologue, BPF_JMP | BPF_JEQ | BPF_K, token, 0, second ? 4 : 2);
	emit(prologue, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (second) {
		emit(prologue, BPF_JMP | BPF_JGE | BPF_K, second, 0, 1);
		emit_limit(prologue, limits_second ? highest_known(profile, SCMP_ARCH_X32) : -1);
	}
	emit_limit(prologue, highest_known(profile, token));
}

static void resolve_jumps(struct prologue *prologue)
{
	for (size_t i = 0; i < prologue->count; i++) {
		struct sock_filter *at = &prologue->code[i];
		uint8_t to_program = (uint8_t) (prologue->count - i - 1);
		uint8_t *jumps[] = {&at->jt, &at->jf};

		for (size_t k = 0; k < ARRAY_LEN(jumps); k++)
			if (*jumps[k] == JUMP_TO_PROGRAM)
				*jumps[k] = to_program;
			else if (*jumps[k] == JUMP_TO_ENOSYS)
				*jumps[k] = (uint8_t) (to_program - 1);
	}
}

static void make_prologue(const struct compiler *compiler, const struct oci_seccomp *profile,
                          struct prologue *prologue)
{
	bool has_x32 = false;

	if (!fails_by_default(compiler->default_action))
		return;
	for (size_t i = 0; i < compiler->archs_count; i++)
		has_x32 = has_x32 || compiler->archs[i] == SCMP_ARCH_X32;
	emit(prologue, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	for (size_t i = 0; i < compiler->archs_count; i++)
		if (compiler->archs[i] != SCMP_ARCH_X32)
			emit_arch(prologue, profile, compiler->archs[i], has_x32);
	emit(prologue, BPF_JMP | BPF_JA, 1, 0, 0);
	emit(prologue, BPF_RET | BPF_K, SCMP_ACT_ERRNO(ENOSYS), 0, 0);
	resolve_jumps(prologue);
}

static int parse_flags(const struct texts *flags, bool notify, unsigned *out, struct error *err)
{
	unsigned all = notify ? (unsigned) SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;

	for (size_t i = 0; i < flags->count; i++) {
		unsigned flag = 0;

		if (seccomp_flag_named(flags->items[i], &flag) < 0)
			return error_set(err, ERROR_INVALID, "\"flags\"[%zu] is unknown: \"%.60s\"",
			                 i, flags->items[i]);
		/* without a listener the kernel refuses it, and there is nobody to wait for */
		if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notify)
			continue;
		all |= flag;
	}
	*out = all;
	return 0;
}

static int start_compiler(struct compiler *compiler, const struct oci_seccomp *profile,
                          struct error *err)
{
	int r = parse_action(profile->default_action, &profile->default_errno_ret, "defaultAction",
	                     &compiler->default_action, err);

	if (r < 0)
		return r;
	/* whoever answers notifications would have to answer its own */
	if (compiler->default_action == SCMP_ACT_NOTIFY)
		return error_set(err, ERROR_INVALID, "\"defaultAction\" can't be SCMP_ACT_NOTIFY");
	compiler->context = seccomp_init(compiler->default_action);
	if (!compiler->context)
		return error_set(err, ERROR_SYSTEM, "libseccomp can't make a filter");
	/* a binary tree: the kernel walks it for each call number when it loads the filter */
	(void) seccomp_attr_set(compiler->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return add_archs(compiler, &profile->architectures, err);
}

int seccomp_compile(const struct oci_seccomp *profile, struct seccomp_program *out,
                    struct error *err)
{
	AUTO(compiler_done) struct compiler compiler = {0};
	AUTO_FREE char *bytes = NULL;
	struct prologue prologue = {0};
	size_t length = 0, count;
	unsigned flags = 0;
	int r = start_compiler(&compiler, profile, err);

	for (size_t i = 0; r >= 0 && i < profile->syscalls.count; i++) {
		r = add_rule(&compiler, LIST_AT(struct oci_seccomp_rule, &profile->syscalls, i),
		             err);
		if (r < 0)
			r = error_wrap(err, r, "\"syscalls\"[%zu]", i);
	}
	if (r >= 0)
		r = parse_flags(&profile->flags, compiler.notify, &flags, err);
	if (r >= 0)
		r = export_program(&compiler, &bytes, &length, err);
	if (r < 0)
		return error_wrap(err, r, "seccomp profile");
	make_prologue(&compiler, profile, &prologue);
	count = prologue.count + length / sizeof(struct sock_filter);
	if (count > PROGRAM_MAX)
		return error_set(err, ERROR_INVALID,
		                 "seccomp profile: %zu instructions are more than the %d that the "
		                 "kernel takes",
		                 count, PROGRAM_MAX);
	out->filter = xcalloc(count, sizeof *out->filter);
	(void) memcpy(out->filter, prologue.code, prologue.count * sizeof *out->filter);
	(void) memcpy(out->filter + prologue.count, bytes, length);
	out->length = (unsigned short) count;
	out->flags = flags;
	out->notify = compiler.notify;
	seccomp_shrink(out);
	return 0;
}

int seccomp_program_load(const struct seccomp_program *program)
{
	struct sock_fprog arg = {.len = program->length, .filter = program->filter};
	unsigned flags = program->flags;
	long r;

	if (program->length == 0)
		return 0;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &arg);
	if (r < 0 && errno == EINVAL && (flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)) {
		/* Linux older than 5.19 lacks it; it only changes how a waiting process is killed
		 */
		flags &= ~(unsigned) SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &arg);
	}
	return r < 0 ? -errno : (int) r;
}
