/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.h - what this machine is, in the words of images and of docker */
#ifndef CORACLE_CLI_MACHINE_H
#define CORACLE_CLI_MACHINE_H

#include "coracle/base/base.h"

#include <sys/utsname.h>

/* machine_arch - GOARCH of the kernel's machine ("amd64" for x86_64); borrowed from names where unknown */
const char *machine_arch(const struct utsname *names) NONNULL(1);
struct machine_memory { uint64_t total, available, swap_total, swap_free; }; /* bytes */
/* machine_memory_read - from /proc/meminfo; zeros where it can't be read */
struct machine_memory machine_memory_read(void);
/* machine_release - owned value of a key of os-release(5), such as PRETTY_NAME; NULL when absent */
char *machine_release(const char *key) NONNULL(1) MUST_USE;

#endif
