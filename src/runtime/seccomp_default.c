/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_default.c - our default profile: what a container may ask of the kernel */
/*
 * An allow-list; what is not on it answers EPERM, and what is newer than it ENOSYS (seccomp.c).
 * Calls that a capability of the container already guards are allowed with that capability only,
 * so that the kernel code behind them can't be reached without it. A name that a machine or
 * libseccomp does not have is passed over, so no row asks for an architecture.
 *
 * Left out on purpose, among others: keyctl, add_key and request_key (keys know no namespaces),
 * io_uring_* (a second door to most calls, which no filter sees), userfaultfd (a tool of kernel
 * exploits), kexec_*, swapon, nfsservctl, pivot_root, mount and friends without CAP_SYS_ADMIN.
 */
#include "coracle/runtime/seccomp.h"

#include "coracle/base/alloc.h"
#include "coracle/sys/caps.h"

#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>

#include "seccomp_default.h"
#include "seccomp_hash.h"
#include "seccomp_names.h"

/* AF_ALG and AF_VSOCK leave the container's namespaces: the kernel's crypto and the hypervisor */
#define FIRST_DENIED_FAMILY 38 /* AF_ALG */
static const unsigned allowed_families[] = {39, 41, 42, 43, 44, 45};

static const unsigned allowed_personalities[] = {
	PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26, 0xffffffff /* only asks */,
};

/* CLONE_NEWTIME lies in the bits of the exit signal and means nothing to clone(2) */
#define CLONE_NAMESPACES                                                                           \
	((uint32_t) CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |  \
	 CLONE_NEWPID | CLONE_NEWNET)
#if defined(__s390__)
#define CLONE_FLAGS_ARGUMENT 1
#else
#define CLONE_FLAGS_ARGUMENT 0
#endif

/* Words between blanks. */
static const char files[] =
	"access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 "
	"faccessat faccessat2 fadvise64 fadvise64_64 arm_fadvise64_64 fallocate fchdir fchmod "
	"fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync flock fstat fstat64 "
	"fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents "
	"getdents64 ioctl lchown lchown32 link linkat listmount _llseek lseek lstat lstat64 mkdir "
	"mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2 pipe pipe2 pread64 "
	"preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename "
	"renameat renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs statfs64 statmount "
	"statx symlink symlinkat sync sync_file_range sync_file_range2 arm_sync_file_range syncfs "
	"tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes "
	"vmsplice write writev cachestat";
static const char attributes[] =
	"fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr "
	"listxattrat llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr "
        "setxattrat";
static const char events[] =
	"epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
	"epoll_wait_old eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init "
        "inotify_init1 "
	"inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 "
	"io_setup io_submit poll ppoll ppoll_time64 pselect6 pselect6_time64 select _newselect "
	"signalfd signalfd4";
static const char memory[] =
	"brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 "
	"mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc "
	"pkey_free pkey_mprotect process_mrelease remap_file_pages";
static const char sockets[] =
	"accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom "
	"recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown "
	"socketcall socketpair";
static const char messages[] =
	"futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list "
	"set_robust_list ipc mq_getsetattr mq_notify mq_open mq_timedreceive "
        "mq_timedreceive_time64 "
	"mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget "
        "semop "
	"semtimedop semtimedop_time64 shmat shmctl shmdt shmget";
static const char processes[] =
	"capget capset execve execveat exit exit_group fork getegid getegid32 geteuid geteuid32 "
	"getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority "
        "getresgid "
	"getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid getuid getuid32 "
	"ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset landlock_restrict_self "
	"pidfd_open pidfd_send_signal prctl prlimit64 process_vm_readv process_vm_writev ptrace "
	"rseq seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups "
        "setgroups32 "
	"setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 "
	"setreuid setreuid32 setrlimit setsid setuid setuid32 ugetrlimit vfork wait4 waitid "
        "waitpid";
static const char scheduling[] =
	"getcpu sched_getaffinity sched_getattr sched_getparam sched_get_priority_max "
	"sched_get_priority_min sched_getscheduler sched_rr_get_interval "
	"sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam "
	"sched_setscheduler sched_yield";
static const char signals[] =
	"alarm kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask "
	"rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
	"rt_tgsigqueueinfo sigaction sigaltstack signal sigpending sigprocmask sigreturn "
        "sigsuspend "
	"tgkill tkill";
static const char clocks[] =
	"adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime "
	"clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep "
	"setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
	"timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 "
	"timerfd_settime timerfd_settime64 times";
static const char machine[] =
	"arch_prctl breakpoint cacheflush get_thread_area getrandom modify_ldt riscv_flush_icache "
	"riscv_hwprobe s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr set_thread_area "
	"set_tid_address set_tls swapcontext sysinfo syscall uname uretprobe";

static const char administration[] =
	"bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie "
	"lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount "
	"open_tree perf_event_open pivot_root quotactl quotactl_fd setdomainname sethostname setns "
	"syslog umount umount2 unshare";

static const struct allowance {
	const char *names;
	uint64_t caps; /* any of them; 0: always allowed */
} allowances[] = {
	{files, 0},
	{attributes, 0},
	{events, 0},
	{memory, 0},
	{sockets, 0},
	{messages, 0},
	{processes, 0},
	{scheduling, 0},
	{signals, 0},
	{clocks, 0},
	{machine, 0},
	{administration, CAPS_BIT(CAP_SYS_ADMIN)},
	{"open_by_handle_at", CAPS_BIT(CAP_DAC_READ_SEARCH)},
	{"reboot", CAPS_BIT(CAP_SYS_BOOT)},
	{"chroot", CAPS_BIT(CAP_SYS_CHROOT)},
	{"delete_module finit_module init_module", CAPS_BIT(CAP_SYS_MODULE)},
	{"acct", CAPS_BIT(CAP_SYS_PACCT)},
	{"kcmp pidfd_getfd process_madvise", CAPS_BIT(CAP_SYS_PTRACE)},
	{"ioperm iopl", CAPS_BIT(CAP_SYS_RAWIO)},
	{"clock_settime clock_settime64 settimeofday stime", CAPS_BIT(CAP_SYS_TIME)},
	{"vhangup", CAPS_BIT(CAP_SYS_TTY_CONFIG)},
	{"get_mempolicy mbind set_mempolicy set_mempolicy_home_node", CAPS_BIT(CAP_SYS_NICE)},
	{"syslog", CAPS_BIT(CAP_SYSLOG)},
	{"bpf", CAPS_BIT(CAP_BPF)},
	{"perf_event_open", CAPS_BIT(CAP_PERFMON)},
};

static struct oci_seccomp_rule *add_rule(struct oci_seccomp *profile, const char *names,
                                         const char *action)
{
	struct oci_seccomp_rule *rule = list_add(&profile->syscalls, sizeof *rule);

	texts_split(&rule->names, names, ' ');
	rule->action = xstrdup(action);
	return rule;
}

static void add_condition(struct oci_seccomp *profile, const char *name, unsigned index,
                          const char *op, uint64_t value)
{
	struct oci_seccomp_rule *rule = add_rule(profile, name, "SCMP_ACT_ALLOW");
	struct oci_seccomp_arg *arg = list_add(&rule->args, sizeof *arg);

	arg->index = index;
	arg->op = xstrdup(op);
	arg->value = value;
}

static void add_values(struct oci_seccomp *profile)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed_personalities); i++)
		add_condition(profile, "personality", 0, "SCMP_CMP_EQ", allowed_personalities[i]);
	add_condition(profile, "socket", 0, "SCMP_CMP_LT", FIRST_DENIED_FAMILY);
	for (size_t i = 0; i < ARRAY_LEN(allowed_families); i++)
		add_condition(profile, "socket", 0, "SCMP_CMP_EQ", allowed_families[i]);
}

static void add_clone(struct oci_seccomp *profile)
{
	struct oci_seccomp_rule *rule;

	/* the mask is the value, and 0 (valueTwo) must remain of the flags */
	add_condition(profile, "clone", CLONE_FLAGS_ARGUMENT, "SCMP_CMP_MASKED_EQ",
	              CLONE_NAMESPACES);
	/* its flags lie in memory, out of a filter's sight; upon ENOSYS libraries take clone */
	rule = add_rule(profile, "clone3", "SCMP_ACT_ERRNO");
	rule->errno_ret = (struct opt_uint){.set = true, .value = ENOSYS};
}

static void add_architectures(struct oci_seccomp *profile)
{
	const struct seccomp_arch *native = seccomp_arch_of(seccomp_arch_native());

	if (!native)
		return;
	texts_add(&profile->architectures, native->name);
	for (size_t i = 0; i < SECCOMP_KIN_MAX && native->kin[i]; i++) {
		const struct seccomp_arch *kin = seccomp_arch_of(native->kin[i]);

		if (kin)
			texts_add(&profile->architectures, kin->name);
	}
}

uint64_t seccomp_default_caps(void)
{
	uint64_t caps = 0;

	for (size_t i = 0; i < ARRAY_LEN(allowances); i++)
		caps |= allowances[i].caps;
	return caps;
}

uint64_t seccomp_default_revision(void)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < ARRAY_LEN(allowances); i++) {
		hash = hash_add(hash, allowances[i].names, strlen(allowances[i].names));
		hash = hash_add(hash, &allowances[i].caps, sizeof allowances[i].caps);
	}
	hash = hash_add(hash, allowed_families, sizeof allowed_families);
	return hash_add(hash, allowed_personalities, sizeof allowed_personalities);
}

struct oci_seccomp *seccomp_default(uint64_t bounding)
{
	struct oci_seccomp *profile = xcalloc(1, sizeof *profile);

	profile->default_action = xstrdup("SCMP_ACT_ERRNO");
	profile->default_errno_ret = (struct opt_uint){.set = true, .value = EPERM};
	add_architectures(profile);
	for (size_t i = 0; i < ARRAY_LEN(allowances); i++)
		if (allowances[i].caps == 0 || (allowances[i].caps & bounding))
			(void) add_rule(profile, allowances[i].names, "SCMP_ACT_ALLOW");
	add_values(profile);
	if (!(bounding & CAPS_BIT(CAP_SYS_ADMIN)))
		add_clone(profile);
	return profile;
}
