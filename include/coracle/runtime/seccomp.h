/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp.h - system call filters: profiles, compiled programs and their cache */
#ifndef CORACLE_RUNTIME_SECCOMP_H
#define CORACLE_RUNTIME_SECCOMP_H

#include "coracle/oci/runtime.h"

#include <linux/filter.h>

struct seccomp_program {
	struct sock_filter *filter; /* owned */
	unsigned short length;      /* instructions; 0: no filter */
	unsigned flags;             /* SECCOMP_FILTER_FLAG_* */
	bool notify;                /* an action is SCMP_ACT_NOTIFY: load returns a listener */
};
void seccomp_program_done(struct seccomp_program *program) NONNULL(1);

enum seccomp_words {
	SECCOMP_WORDS_ACTIONS,
	SECCOMP_WORDS_OPERATORS,
	SECCOMP_WORDS_ARCHS,
	SECCOMP_WORDS_FLAGS,
	SECCOMP_WORDS_FLAGS_HERE, /* those that the running kernel takes */
};
/* seccomp_words - append the words that a profile may use */
void seccomp_words(enum seccomp_words which, struct texts *out) NONNULL(2);

/* seccomp_default - our default profile (an allow-list in effect like docker's) for these bounding capabilities; owned by the caller */
struct oci_seccomp *seccomp_default(uint64_t bounding) MUST_USE;
/*
 * seccomp_read_profile - docker's and podman's profile file: archMap, includes/excludes by caps, arches, minKernel
 * The result has only rules that hold for these bounding capabilities and this machine.
 */
struct oci_seccomp *seccomp_read_profile(const char *bytes, size_t length, uint64_t bounding, struct error *err)
	NONNULL(1, 4) MUST_USE;
void seccomp_profile_free(struct oci_seccomp *profile);
/*
 * seccomp_compile - with libseccomp; unknown system calls are passed over, calls newer than the
 * profile knows answer ENOSYS where its default is to fail
 *
 * Every architecture of the profile (or the native one and its 32-bit kin), flags, defaultErrnoRet, all actions and comparisons.
 */
int seccomp_compile(const struct oci_seccomp *profile, struct seccomp_program *out, struct error *err)
	NONNULL(1, 2, 3) MUST_USE;
/*
 * seccomp_cached_default - the compiled default profile for these bounding capabilities from cache_fd
 * (a directory), compiled and stored there when absent, stale or damaged
 *
 * The cache file begins with a header that names version, architecture, libseccomp version and the
 * capabilities; a cache directory that can't be written is no error.
 */
int seccomp_cached_default(int cache_fd, uint64_t bounding, struct seccomp_program *out, struct error *err)
	NONNULL(3, 4) MUST_USE;
/* seccomp_cached - the same for any profile, keyed by its canonical JSON */
int seccomp_cached(int cache_fd, const struct oci_seccomp *profile, struct seccomp_program *out, struct error *err)
	NONNULL(2, 3, 4) MUST_USE;
/*
 * seccomp_program_load - in the child, last but one before execve: async-signal-safe; listener descriptor or 0, or negative errno
 *
 * -EACCES: neither no_new_privs nor CAP_SYS_ADMIN. (seccomp_load is a name of libseccomp.)
 */
int seccomp_program_load(const struct seccomp_program *program) NONNULL(1) MUST_USE;

#endif
