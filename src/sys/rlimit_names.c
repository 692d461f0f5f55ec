/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rlimit_names.c - resource limits by name, getrlimit(2); see names.h */
#include "coracle/sys/names.h"

#include <strings.h>
#include <sys/resource.h>

#define PREFIX        "RLIMIT_"
#define PREFIX_LENGTH (sizeof PREFIX - 1)

static const struct {
	int number;
	const char *name;
} limits[] = {
	{RLIMIT_AS, PREFIX "AS"},
	{RLIMIT_CORE, PREFIX "CORE"},
	{RLIMIT_CPU, PREFIX "CPU"},
	{RLIMIT_DATA, PREFIX "DATA"},
	{RLIMIT_FSIZE, PREFIX "FSIZE"},
	{RLIMIT_LOCKS, PREFIX "LOCKS"},
	{RLIMIT_MEMLOCK, PREFIX "MEMLOCK"},
	{RLIMIT_MSGQUEUE, PREFIX "MSGQUEUE"},
	{RLIMIT_NICE, PREFIX "NICE"},
	{RLIMIT_NOFILE, PREFIX "NOFILE"},
	{RLIMIT_NPROC, PREFIX "NPROC"},
	{RLIMIT_RSS, PREFIX "RSS"},
	{RLIMIT_RTPRIO, PREFIX "RTPRIO"},
	{RLIMIT_RTTIME, PREFIX "RTTIME"},
	{RLIMIT_SIGPENDING, PREFIX "SIGPENDING"},
	{RLIMIT_STACK, PREFIX "STACK"},
};

int rlimit_number(const char *name)
{
	if (strncasecmp(name, PREFIX, PREFIX_LENGTH) == 0)
		name += PREFIX_LENGTH;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (strcasecmp(name, limits[i].name + PREFIX_LENGTH) == 0)
			return limits[i].number;
	return -1;
}

const char *rlimit_name(int number)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].number == number)
			return limits[i].name;
	return NULL;
}
