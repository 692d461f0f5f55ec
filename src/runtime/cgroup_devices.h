/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_devices.h - rules about devices and the program made of them */
#ifndef CORACLE_RUNTIME_CGROUP_DEVICES_H
#define CORACLE_RUNTIME_CGROUP_DEVICES_H

#include "coracle/oci/runtime.h"

#include <linux/bpf.h>

enum { /* the bits of BPF_DEVCG_ACC_* */
	DEVICE_MAKE = 1,
	DEVICE_READ = 2,
	DEVICE_WRITE = 4,
	DEVICE_ALL = 7,
};

struct device_rule {
	bool allow;
	char type;            /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: any */
	unsigned access;
};

struct device_program {
	struct bpf_insn *code; /* owned */
	size_t count;
};

/* device_rules - those of a specification and, behind them, those of every container; out->items is the caller's */
int device_rules(const struct list *from, struct list *out, struct error *err);
/* device_program - pure; for an empty list one that refuses everything */
void device_program(const struct list *rules, struct device_program *out);

#endif
