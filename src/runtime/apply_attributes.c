/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_attributes.c - priorities, affinity, memory policy, labels, keyring and time offsets, in the child */
#include "apply.h"

int apply_timens(const struct op *op)
{
	(void) op;
	return -ENOSYS;
}

int apply_keyring(const struct op *op)
{
	(void) op;
	return -ENOSYS;
}

int apply_io_priority(const struct op *op)
{
	(void) op;
	return -ENOSYS;
}

int apply_scheduler(const struct plan *plan)
{
	(void) plan;
	return -ENOSYS;
}

int apply_affinity(const struct op *op)
{
	(void) op;
	return -ENOSYS;
}

int apply_memory_policy(const struct plan *plan)
{
	(void) plan;
	return -ENOSYS;
}

int apply_label(const struct op *op)
{
	(void) op;
	return -ENOSYS;
}
