/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts_resources.c - options of run and create: limits by cgroup and by process */
#include "run_opts.h"

#define NO_V1      "only cgroup v1 has it; this program uses v2"
#define NO_WINDOWS "a matter of Windows"
#define NO_IO      "not in this version; write it as --cgroup-conf 'io.max=MAJOR:MINOR rbps=N' where io is delegated"

const struct opt opts_resources[] = {
	OPT_GROUP("Limits (those by cgroup need a delegated subtree: see `doctor`)"),
	OPT_TEXT('m', "memory", struct container_create, memory, "SIZE", "memory at the most, such as 512m"),
	OPT_TEXT(0, "memory-reservation", struct container_create, memory_reservation, "SIZE",
	         "memory that is left to it when the host is short"),
	OPT_TEXT(0, "memory-swap", struct container_create, memory_swap, "SIZE",
	         "memory and swap together at the most; -1: any"),
	OPT_TEXT(0, "cpus", struct container_create, cpus, "NUMBER", "processors at the most, such as 1.5"),
	OPT_UINT('c', "cpu-shares", struct container_create, cpu_shares, "WEIGHT",
	         "share when processors are short (2..262144; 1024 is usual)"),
	OPT_UINT(0, "cpu-period", struct container_create, cpu_period, "MICROSECONDS", "period of the processor quota"),
	OPT_INT(0, "cpu-quota", struct container_create, cpu_quota, "MICROSECONDS",
	        "processor time in each period; -1: any"),
	OPT_TEXT(0, "cpuset-cpus", struct container_create, cpuset_cpus, "LIST", "run only on these, such as 0-3,6"),
	OPT_TEXT(0, "cpuset-mems", struct container_create, cpuset_mems, "LIST", "memory only of these nodes"),
	OPT_OPT_INT(0, "pids-limit", struct container_create, pids_limit, "N",
	            "processes at the most (default and -1: any)"),
	OPT_OPT_INT(0, "oom-score-adj", struct container_create, oom_score_adj, "N",
	            "how gladly the kernel kills it when memory is short (-1000..1000)"),
	OPT_UINT(0, "blkio-weight", struct container_create, blkio_weight, "WEIGHT",
	         "share of disk access (10..1000; 0: as usual)"),
	OPT_LIST(0, "cgroup-conf", struct container_create, cgroup_conf, "FILE=VALUE",
	         "write a file of the container's cgroup, such as memory.high=1G"),
	OPT_REFUSED(0, "cgroup-parent", "PATH", "not in this version; cgroups are made in the subtree that the session delegates"),
	OPT_TEXT(0, "cgroups", struct container_create, cgroups, "HOW",
	         "enabled (default) or no-conmon, which mean the same here", .complete = "enabled|no-conmon"),
	OPT_LIST(0, "ulimit", struct container_create, ulimits, "NAME=SOFT[:HARD]",
	         "a limit of getrlimit(2), such as nofile=1024:4096"),
	OPT_REFUSED(0, "blkio-weight-device", "DEVICE:WEIGHT", NO_IO),
	OPT_REFUSED(0, "device-read-bps", "DEVICE:RATE", NO_IO),
	OPT_REFUSED(0, "device-read-iops", "DEVICE:RATE", NO_IO),
	OPT_REFUSED(0, "device-write-bps", "DEVICE:RATE", NO_IO),
	OPT_REFUSED(0, "device-write-iops", "DEVICE:RATE", NO_IO),
	OPT_REFUSED(0, "cpu-rt-period", "MICROSECONDS", NO_V1),
	OPT_REFUSED(0, "cpu-rt-runtime", "MICROSECONDS", NO_V1),
	OPT_REFUSED(0, "memory-swappiness", "N", NO_V1),
	OPT_REFUSED(0, "oom-kill-disable", NULL, NO_V1),
	OPT_REFUSED(0, "rdt-class", "NAME", "the kernel lets only root use cache allocation"),
	OPT_IGNORED(0, "kernel-memory", "SIZE", "the kernel has given up this limit"),
	OPT_REFUSED(0, "cpu-count", "N", NO_WINDOWS),
	OPT_REFUSED(0, "cpu-percent", "N", NO_WINDOWS),
	OPT_REFUSED(0, "io-maxbandwidth", "SIZE", NO_WINDOWS),
	OPT_REFUSED(0, "io-maxiops", "N", NO_WINDOWS),
	OPT_END,
};
