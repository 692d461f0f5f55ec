/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec_security.c - capabilities, masked and read-only paths */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/sys/caps.h"

#include <string.h>
#include <strings.h>

/* What podman grants by default; each only over what the user namespace owns. */
static const char *const default_capabilities[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE",
	"CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
};

/* What the kernel tells about the whole machine, and what reaches into it. */
static const char *const masked_paths[] = {
	"/proc/acpi",       "/proc/asound",     "/proc/interrupts",  "/proc/kcore",
	"/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list", "/proc/timer_stats", "/sys/dev/block",   "/sys/devices/virtual/powercap",
	"/sys/firmware",    "/sys/fs/selinux",
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static bool is_all(const char *name)
{
	return strcasecmp(name, "all") == 0 || strcasecmp(name, "cap_all") == 0;
}

static uint64_t default_mask(const struct record *record)
{
	const struct texts *given = &record->default_capabilities;
	uint64_t mask = 0;

	for (size_t i = 0; i < ARRAY_LEN(default_capabilities) && given->count == 0; i++)
		mask |= CAPS_BIT(caps_number(default_capabilities[i]));
	for (size_t i = 0; i < given->count; i++) {
		int number = caps_number(given->items[i]);

		if (is_all(given->items[i]))
			mask = caps_all();
		else if (number >= 0)
			mask |= CAPS_BIT(number);
	}
	return mask;
}

uint64_t spec_bounding(const struct record *record, struct error *err)
{
	uint64_t mask;

	(void) err;
	mask = record->privileged ? caps_all() : default_mask(record);
	/* ALL first, single names after it, so that "--cap-drop all --cap-add chown" is what it says */
	for (size_t i = 0; i < record->cap_add.count; i++)
		if (is_all(record->cap_add.items[i]))
			mask = caps_all();
	for (size_t i = 0; i < record->cap_drop.count; i++)
		if (is_all(record->cap_drop.items[i]))
			mask = 0;
	for (size_t i = 0; i < record->cap_add.count; i++) {
		int number = caps_number(record->cap_add.items[i]);

		if (number >= 0)
			mask |= CAPS_BIT(number);
	}
	for (size_t i = 0; i < record->cap_drop.count; i++) {
		int number = caps_number(record->cap_drop.items[i]);

		if (number >= 0)
			mask &= ~CAPS_BIT(number);
	}
	return mask & caps_all();
}

static void add_names(uint64_t mask, struct texts *out)
{
	for (int i = 0; i <= caps_last(); i++)
		/* one that is newer than our table has no name yet */
		if (mask & CAPS_BIT(i) && caps_name(i))
			texts_add(out, caps_name(i));
}

/*
 * The inheritable set is empty (CVE-2022-29162). Root has all of the bounding set; another user none,
 * but for what was asked for by name, which stays across execve as ambient.
 */
void spec_capabilities(const struct record *record, uint64_t bounding, bool root_user,
                       struct oci_capabilities *caps)
{
	uint64_t asked = 0;

	for (size_t i = 0; i < record->cap_add.count; i++) {
		int number = caps_number(record->cap_add.items[i]);

		if (number >= 0)
			asked |= CAPS_BIT(number);
	}
	asked &= bounding;
	add_names(bounding, &caps->bounding);
	add_names(root_user ? bounding : asked, &caps->effective);
	add_names(root_user ? bounding : asked, &caps->permitted);
	if (!root_user) {
		/* capabilities(7): ambient ones must be inheritable as well */
		add_names(asked, &caps->inheritable);
		add_names(asked, &caps->ambient);
	}
}

static bool is_unmasked(const struct record *record, const char *path)
{
	for (size_t i = 0; i < record->unmask.count; i++) {
		AUTO_TEXTS struct texts paths = {0};

		texts_split(&paths, record->unmask.items[i], ':');
		for (size_t k = 0; k < paths.count; k++) {
			const char *one = paths.items[k];
			size_t length = strlen(one);

			if (strcasecmp(one, "all") == 0 || strcmp(one, path) == 0)
				return true;
			if (length && one[length - 1] == '*' && strncmp(one, path, length - 1) == 0)
				return true;
		}
	}
	return false;
}

static void spec_masks(const struct record *record, struct oci_linux *linux_)
{
	if (!record->privileged) {
		for (size_t i = 0; i < ARRAY_LEN(masked_paths); i++)
			if (!is_unmasked(record, masked_paths[i]))
				texts_add(&linux_->masked_paths, masked_paths[i]);
		for (size_t i = 0; i < ARRAY_LEN(readonly_paths); i++)
			if (!is_unmasked(record, readonly_paths[i]))
				texts_add(&linux_->readonly_paths, readonly_paths[i]);
	}
	for (size_t i = 0; i < record->mask.count; i++)
		texts_split(&linux_->masked_paths, record->mask.items[i], ':');
}

int spec_security(const struct monitor *monitor, struct oci_spec *spec, struct error *err)
{
	const struct record *record = monitor->record;
	struct oci_process *process = spec->process;

	process->capabilities = xcalloc(1, sizeof *process->capabilities);
	spec_capabilities(record, spec_bounding(record, err), process->user.uid == 0, process->capabilities);
	spec_masks(record, spec->linux_);
	return 0;
}
