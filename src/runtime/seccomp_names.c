/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_names.c - words of seccomp profiles: OCI runtime-spec config-linux.md#seccomp */
#include "seccomp_names.h"

#include "coracle/runtime/seccomp.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

static const struct seccomp_arch archs[] = {
	{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, "amd64", {SCMP_ARCH_X86, SCMP_ARCH_X32}},
	{"SCMP_ARCH_X86", SCMP_ARCH_X86, "x86", {0}},
	{"SCMP_ARCH_X32", SCMP_ARCH_X32, "x32", {0}},
	{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, "arm64", {SCMP_ARCH_ARM}},
	{"SCMP_ARCH_ARM", SCMP_ARCH_ARM, "arm", {0}},
	{"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, "riscv64", {0}},
	{"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE, "ppc64le", {0}},
	{"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64, "ppc64", {SCMP_ARCH_PPC}},
	{"SCMP_ARCH_PPC", SCMP_ARCH_PPC, "ppc", {0}},
	{"SCMP_ARCH_S390X", SCMP_ARCH_S390X, "s390x", {SCMP_ARCH_S390}},
	{"SCMP_ARCH_S390", SCMP_ARCH_S390, "s390", {0}},
#ifdef SCMP_ARCH_LOONGARCH64
	{"SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64, "loong64", {0}},
#endif
	{"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS, "mips", {0}},
	{"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64, "mips64", {SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32}},
	{"SCMP_ARCH_MIPS64N32",
         SCMP_ARCH_MIPS64N32,
         "mips64n32",
         {SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64}},
	{"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL, "mipsel", {0}},
	{"SCMP_ARCH_MIPSEL64",
         SCMP_ARCH_MIPSEL64,
         "mipsel64",
         {SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32}},
	{"SCMP_ARCH_MIPSEL64N32",
         SCMP_ARCH_MIPSEL64N32,
         "mipsel64n32",
         {SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64}},
	{"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC, "parisc", {0}},
	{"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64, "parisc64", {SCMP_ARCH_PARISC}},
#ifdef SCMP_ARCH_M68K
	{"SCMP_ARCH_M68K", SCMP_ARCH_M68K, "m68k", {0}},
#endif
#ifdef SCMP_ARCH_SH
	{"SCMP_ARCH_SH", SCMP_ARCH_SH, "sh", {0}},
	{"SCMP_ARCH_SHEB", SCMP_ARCH_SHEB, "sheb", {0}},
#endif
};

struct word {
	const char *name;
	uint32_t value;
};

static const struct word actions[] = {
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
	{"SCMP_ACT_KILL", SCMP_ACT_KILL},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
};

static const struct word operators[] = {
	{"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT}, {"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
	{"SCMP_CMP_NE", SCMP_CMP_NE},
};

static const struct word flags[] = {
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	/* the process that loads the filter has one thread */
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

static const struct word errnos[] = {
	{"E2BIG", E2BIG},
	{"EACCES", EACCES},
	{"EAFNOSUPPORT", EAFNOSUPPORT},
	{"EAGAIN", EAGAIN},
	{"EBADF", EBADF},
	{"EBUSY", EBUSY},
	{"ECANCELED", ECANCELED},
	{"ECONNREFUSED", ECONNREFUSED},
	{"EEXIST", EEXIST},
	{"EFAULT", EFAULT},
	{"EFBIG", EFBIG},
	{"EINTR", EINTR},
	{"EINVAL", EINVAL},
	{"EIO", EIO},
	{"EISDIR", EISDIR},
	{"ELOOP", ELOOP},
	{"ENODATA", ENODATA},
	{"ENODEV", ENODEV},
	{"ENOENT", ENOENT},
	{"ENOEXEC", ENOEXEC},
	{"ENOMEM", ENOMEM},
	{"ENOSPC", ENOSPC},
	{"ENOSYS", ENOSYS},
	{"ENOTDIR", ENOTDIR},
	{"ENOTSUP", ENOTSUP},
	{"ENOTTY", ENOTTY},
	{"ENXIO", ENXIO},
	{"EOPNOTSUPP", EOPNOTSUPP},
	{"EPERM", EPERM},
	{"EPROTONOSUPPORT", EPROTONOSUPPORT},
	{"ERANGE", ERANGE},
	{"EROFS", EROFS},
	{"ESRCH", ESRCH},
	{"ETIMEDOUT", ETIMEDOUT},
};

static int find(const struct word *words, size_t count, const char *name, uint32_t *out)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i].name, name) == 0) {
			*out = words[i].value;
			return 0;
		}
	return -EINVAL;
}

const struct seccomp_arch *seccomp_arch_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(archs); i++)
		if (strcmp(archs[i].name, name) == 0)
			return &archs[i];
	return NULL;
}

const struct seccomp_arch *seccomp_arch_of(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_LEN(archs); i++)
		if (archs[i].token == token)
			return &archs[i];
	return NULL;
}

int seccomp_action_named(const char *name, unsigned data, uint32_t *out)
{
	uint32_t action = 0;
	int r = find(actions, ARRAY_LEN(actions), name, &action);

	if (r < 0)
		return r;
	if (action == SCMP_ACT_ERRNO(0))
		action = SCMP_ACT_ERRNO(data);
	if (action == SCMP_ACT_TRACE(0))
		action = SCMP_ACT_TRACE(data);
	*out = action;
	return 0;
}

int seccomp_operator_named(const char *name, enum scmp_compare *out)
{
	uint32_t value = 0;
	int r = find(operators, ARRAY_LEN(operators), name, &value);

	if (r < 0)
		return r;
	*out = (enum scmp_compare) value;
	return 0;
}

int seccomp_flag_named(const char *name, unsigned *out)
{
	return find(flags, ARRAY_LEN(flags), name, out);
}

int seccomp_errno_named(const char *name, unsigned *out)
{
	return find(errnos, ARRAY_LEN(errnos), name, out);
}

static void add_words(const struct word *words, size_t count, struct texts *out)
{
	for (size_t i = 0; i < count; i++)
		texts_add(out, words[i].name);
}

/* seccomp(2): a filter at address 0 is EFAULT, but only after the flags have been looked at. */
static bool kernel_takes(uint32_t flag)
{
	unsigned long all = flag;

	/* says how a listener waits, and is refused where there is none */
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		all |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, all, NULL) < 0 && errno == EFAULT;
}

void seccomp_words(enum seccomp_words which, struct texts *out)
{
	switch (which) {
	case SECCOMP_WORDS_ACTIONS:
		add_words(actions, ARRAY_LEN(actions), out);
		break;
	case SECCOMP_WORDS_OPERATORS:
		add_words(operators, ARRAY_LEN(operators), out);
		break;
	case SECCOMP_WORDS_ARCHS:
		for (size_t i = 0; i < ARRAY_LEN(archs); i++)
			texts_add(out, archs[i].name);
		break;
	case SECCOMP_WORDS_FLAGS:
		add_words(flags, ARRAY_LEN(flags), out);
		break;
	case SECCOMP_WORDS_FLAGS_HERE:
		for (size_t i = 0; i < ARRAY_LEN(flags); i++)
			if (flags[i].value == 0 || kernel_takes(flags[i].value))
				texts_add(out, flags[i].name);
		break;
	}
}
