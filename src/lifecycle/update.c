/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update.c - limits of a container that exists; see lifecycle.h */
#include "lifecycle_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <string.h>

#define GROUP_FILE_MAX 4096

/*
 * Files of version 2 that hold two figures of the specification: the one that is not given stays as it is.
 * What can't be read is left to the defaults.
 */
static void keep_cpu(int dir_fd, struct oci_cpu *cpu)
{
	AUTO_FREE char *text = NULL;
	AUTO_TEXTS struct texts words = {0};
	uint64_t quota, period;

	if ((cpu->quota.set && cpu->quota.value != 0) == (cpu->period.set && cpu->period.value != 0)
	    || file_read(dir_fd, "cpu.max", GROUP_FILE_MAX, &text, NULL) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	texts_split(&words, text, ' ');
	if (words.count != 2)
		return;
	if (!(cpu->quota.set && cpu->quota.value != 0) && number_parse_uint(words.items[0], 1, INT64_MAX, &quota) >= 0)
		cpu->quota = (struct opt_int){.set = true, .value = (int64_t) quota};
	else if (!(cpu->period.set && cpu->period.value != 0)
	         && number_parse_uint(words.items[1], 1, UINT32_MAX, &period) >= 0)
		cpu->period = (struct opt_uint){.set = true, .value = period};
}

/* swap counts memory too: to tell it alone the limit of memory has to be known */
static void keep_memory(int dir_fd, struct oci_memory *memory)
{
	AUTO_FREE char *text = NULL;
	uint64_t limit;

	if (!memory->swap.set || memory->swap.value <= 0 || (memory->limit.set && memory->limit.value != 0)
	    || file_read(dir_fd, "memory.max", GROUP_FILE_MAX, &text, NULL) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (number_parse_uint(text, 1, INT64_MAX, &limit) >= 0)
		memory->limit = (struct opt_int){.set = true, .value = (int64_t) limit};
}

int lifecycle_update(struct lifecycle *lifecycle, const char *id, struct oci_resources *resources, struct error *err)
{
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};
	AUTO_CLOSE int lock = -1;
	int r = oci_resources_validate(resources, err);

	if (r < 0)
		return r;
	lock = lifecycle_lock(lifecycle, id, err);
	r = lock < 0 ? lock : lifecycle_load(lifecycle, id, &state, err);
	if (r < 0)
		return r;
	if (state.status == LIFECYCLE_STOPPED || state.status == LIFECYCLE_CREATING)
		return error_set(err, ERROR_CONFLICT, "container \"%s\" is not running", id);
	if (state.cgroup.v1.count == 0 && cgroup_open(&state.cgroup) >= 0) {
		if (resources->cpu)
			keep_cpu(state.cgroup.fd, resources->cpu);
		if (resources->memory)
			keep_memory(state.cgroup.fd, resources->memory);
	}
	r = cgroup_update(&state.cgroup, resources, err);
	return r < 0 ? error_wrap(err, r, "container \"%s\"", id) : 0;
}
