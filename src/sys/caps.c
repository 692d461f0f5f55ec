/* SPDX-License-Identifier: GPL-2.0-or-later */
/* caps.c - capability sets as 64-bit masks, capabilities(7); see caps.h */
#include "coracle/sys/caps.h"

#include <linux/capability.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define CAPS_MAX 63 /* two 32-bit words in capset(2) */

static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};
_Static_assert(ARRAY_LEN(names) == 41, "CAP_CHECKPOINT_RESTORE is 40");

int caps_number(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i] + 4) == 0)
			return (int) i;
	return -1;
}

const char *caps_name(int number)
{
	return number >= 0 && (size_t) number < ARRAY_LEN(names) ? names[number] : NULL;
}

int caps_last(void)
{
	static int known; /* the kernel does not change under us: asked once */
	int last = (int) ARRAY_LEN(names) - 1;

	if (known)
		return known;
	/* PR_CAPBSET_READ(2const): EINVAL tells a number that the kernel does not know */
	while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
		last--;
	while (last < CAPS_MAX && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	known = last;
	return last;
}

uint64_t caps_all(void)
{
	return UINT64_MAX >> (63 - caps_last());
}

int caps_drop_bounding(uint64_t keep)
{
	int last = caps_last();

	for (int i = 0; i <= last; i++) {
		/* dropping what is not there is no error, asking first would be a call more */
		if (!(keep & CAPS_BIT(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return -errno;
	}
	return 0;
}

static int set_ambient(uint64_t ambient)
{
	int last = caps_last();

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (int i = 0; i <= last; i++)
		if (ambient & CAPS_BIT(i) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return -errno;
	return 0;
}

int caps_apply(const struct caps_sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (unsigned i = 0; i < 2; i++) {
		data[i].effective = (uint32_t) (sets->effective >> 32 * i);
		data[i].permitted = (uint32_t) (sets->permitted >> 32 * i);
		data[i].inheritable = (uint32_t) (sets->inheritable >> 32 * i);
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	return set_ambient(sets->ambient);
}

bool caps_has(int number)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (number < 0 || number > CAPS_MAX || syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[number / 32].effective >> number % 32 & 1;
}
