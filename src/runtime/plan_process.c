/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_process.c - the process of a specification (runtime-spec config.md#process) */
#include "plan.h"

#include "coracle/base/alloc.h"
#include "coracle/sys/names.h"

#include <signal.h>
#include <string.h>
#include <sys/personality.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* execvp(3): a name with a slash is taken as it is, else each directory of the container's PATH is tried */
static void plan_candidates(struct plan *plan)
{
	const char *command = plan->argv.items[0];
	const char *path = texts_env_get(&plan->env, "PATH");
	AUTO_TEXTS struct texts folders = {0};

	if (strchr(command, '/') || !*command) {
		texts_add(&plan->candidates, command);
		return;
	}
	texts_split(&folders, path ? path : DEFAULT_PATH, ':');
	for (size_t i = 0; i < folders.count; i++)
		texts_printf(&plan->candidates, "%s/%s", *folders.items[i] ? folders.items[i] : ".",
		             command);
}

static uint64_t capability_mask(const struct texts *names)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->count; i++) {
		int number = caps_number(names->items[i]);

		/* one that this kernel does not have can't be given; runc warns, the outcome is the same */
		if (number >= 0 && number <= caps_last())
			mask |= CAPS_BIT(number);
	}
	return mask;
}

static void plan_capabilities(const struct oci_capabilities *caps, struct plan *plan)
{
	if (!caps)
		return;
	plan->set_caps = true;
	plan->caps = (struct caps_sets){
		.bounding = capability_mask(&caps->bounding),
		.effective = capability_mask(&caps->effective),
		.inheritable = capability_mask(&caps->inheritable),
		.permitted = capability_mask(&caps->permitted),
		.ambient = capability_mask(&caps->ambient),
	};
}

static int plan_rlimits(const struct oci_process *process, struct plan *plan, struct error *err)
{
	LIST_EACH(struct oci_rlimit, limit, &process->rlimits) {
		int resource = rlimit_number(limit->type);
		struct op *op;

		if (resource < 0)
			return error_set(err, ERROR_INVALID, "unknown resource limit \"%s\"", limit->type);
		op = plan_add(plan, OP_RLIMIT);
		op->flags = (uint64_t) resource;
		op->target = plan_keep(plan, limit->type);
		op->limit = (struct rlimit){.rlim_cur = limit->soft, .rlim_max = limit->hard};
	}
	return 0;
}

static int plan_personality(const struct oci_linux *linux_, struct plan *plan, struct error *err)
{
	if (!linux_->personality || !linux_->personality->domain)
		return 0;
	if (strcmp(linux_->personality->domain, "LINUX") == 0)
		plan->personality = PER_LINUX;
	else if (strcmp(linux_->personality->domain, "LINUX32") == 0)
		plan->personality = PER_LINUX32;
	else
		return error_set(err, ERROR_INVALID, "personality \"%s\" is neither LINUX nor LINUX32",
		                 linux_->personality->domain);
	(void) plan_add(plan, OP_PERSONALITY);
	return 0;
}

/* the last number means "no change" to setresuid(2) */
static bool is_id(uint64_t number)
{
	return number < UINT32_MAX;
}

static int plan_user(const struct oci_user *user, struct plan *plan, struct error *err)
{
	bool valid = is_id(user->uid) && is_id(user->gid);

	for (size_t i = 0; i < user->additional_gids.count; i++)
		valid = valid && is_id(user->additional_gids.items[i]);
	if (!valid)
		return error_set(err, ERROR_INVALID, "an id of the user is above 4294967294");
	plan->uid = (uint32_t) user->uid;
	plan->gid = (uint32_t) user->gid;
	plan->groups = xcalloc(user->additional_gids.count, sizeof *plan->groups);
	plan->group_count = user->additional_gids.count;
	for (size_t i = 0; i < plan->group_count; i++)
		plan->groups[i] = (gid_t) user->additional_gids.items[i];
	plan->umask = user->umask.set ? (mode_t) user->umask.value & 0777 : 0022;
	return 0;
}

/*
 * The order is that of privilege: limits and groups while there is CAP_SYS_RESOURCE and CAP_SETGID,
 * the bounding set while there is CAP_SETPCAP, the uid after the gid, the capability sets after the
 * uid (PR_SET_KEEPCAPS), no_new_privs and seccomp last. With no_new_privs absent the filter needs
 * CAP_SYS_ADMIN, so it is then loaded before the sets shrink.
 */
int plan_process(const struct oci_process *process, const struct oci_hooks *hooks,
                 const struct oci_linux *linux_, struct plan *plan, struct error *err)
{
	int r;

	if (process->args.count == 0)
		return error_set(err, ERROR_INVALID, "there is no command to run: give one after the image");
	texts_add_all(&plan->argv, &process->args);
	texts_add_all(&plan->env, &process->env);
	plan_candidates(plan);
	r = plan_user(&process->user, plan, err);
	if (r < 0)
		return r;
	plan_capabilities(process->capabilities, plan);
	plan->cwd = plan_keep(plan, process->cwd && *process->cwd ? process->cwd : "/");
	plan->no_new_privileges = process->no_new_privileges;
	if (process->oom_score_adj.set) {
		plan->oom_score_adj = (int) process->oom_score_adj.value;
		plan->set_oom_score = true;
		(void) plan_add(plan, OP_OOM_SCORE);
	}
	r = plan_rlimits(process, plan, err);
	if (r >= 0)
		r = plan_personality(linux_, plan, err);
	if (r >= 0)
		r = plan_attributes(process, linux_, plan, err);
	if (r < 0)
		return r;
	(void) plan_add(plan, OP_UMASK);
	if (!texts_env_get(&plan->env, "HOME") || !*texts_env_get(&plan->env, "HOME"))
		(void) plan_add(plan, OP_HOME);
	/* hooks that run later may still bring the program */
	if (plan->gate_fd >= 0 && !(hooks && hooks->start_container.count))
		(void) plan_add(plan, OP_FIND);
	(void) plan_add(plan, OP_READY);
	r = plan_attributes_late(process, plan, err);
	if (r < 0)
		return r;
	if (plan->have_seccomp && !plan->no_new_privileges)
		(void) plan_add(plan, OP_SECCOMP);
	if (plan->set_caps)
		(void) plan_add(plan, OP_BOUNDING);
	(void) plan_add(plan, OP_GROUPS);
	(void) plan_add(plan, OP_GID);
	(void) plan_add(plan, OP_UID);
	(void) plan_add(plan, OP_CWD);
	if (plan->set_caps)
		(void) plan_add(plan, OP_CAPABILITIES);
	if (plan->no_new_privileges) {
		(void) plan_add(plan, OP_NO_NEW_PRIVILEGES);
	}
	/* what startContainer hooks may do is what the program may */
	if (plan->have_seccomp && plan->no_new_privileges)
		(void) plan_add(plan, OP_SECCOMP);
	if (hooks)
		plan_hooks(&hooks->start_container, true, plan);
	return 0;
}
