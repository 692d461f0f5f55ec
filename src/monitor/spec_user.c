/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec_user.c - who the process is: names resolved in the container's own files */
#include "monitor_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/parse/parse.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <string.h>

#define ACCOUNTS_MAX_BYTES (8 << 20)

/* CVE-2024-9676 kin: through root_read(), so a FIFO or a symlink out of the root does no harm; absent is fine */
static char *read_accounts(int root_fd, const char *path)
{
	char *text = NULL;

	if (root_read(root_fd, path, ACCOUNTS_MAX_BYTES, &text, NULL) < 0)
		return NULL;
	return text;
}

static int add_groups(const struct texts *wanted, const char *group_file, struct oci_process *process,
                      struct error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		uint32_t gid;
		int r;

		if (strcmp(wanted->items[i], "keep-groups") == 0)
			continue;
		r = parse_group(wanted->items[i], group_file, &gid, err);
		if (r < 0)
			return r;
		uints_add(&process->user.additional_gids, gid);
	}
	return 0;
}

/* user_namespaces(7): a namespace that was made without privilege has given setgroups(2) up */
static bool has_groups(const struct monitor *monitor)
{
	AUTO_FREE char *word = NULL;

	if (monitor->userns_rung == USERNS_RANGE)
		return true;
	if (monitor->userns_rung == USERNS_SINGLE)
		return false;
	return file_read(AT_FDCWD, "/proc/self/setgroups", 64, &word, NULL) < 0 || strncmp(word, "deny", 4) != 0;
}

int spec_user(struct monitor *monitor, int root_fd, const char *text, const struct texts *groups,
              struct oci_process *process, char **home, struct error *err)
{
	AUTO_FREE char *passwd = NULL;
	AUTO_FREE char *group = NULL;
	struct user user = {0};
	int r;

	AUTO_FREE char *own = NULL;

	if (monitor->keep_id) {
		keep_id_account(monitor);
		/* who keeps the ids is who the process is, unless somebody else was asked for */
		if (!text || !*text)
			text = own = xprintf("%llu:%llu", (unsigned long long) monitor->keep_uid,
			                     (unsigned long long) monitor->keep_gid);
	}
	passwd = read_accounts(root_fd, "/etc/passwd");
	group = read_accounts(root_fd, "/etc/group");
	r = parse_user(text && *text ? text : "0", passwd, group, &user, err);
	if (r < 0)
		return r;
	process->user.uid = user.uid;
	process->user.gid = user.gid;
	/* CVE-2022-2989: the primary group too is among the supplementary ones */
	if (has_groups(monitor)) {
		uints_add(&process->user.additional_gids, user.gid);
		for (size_t i = 0; i < user.group_count; i++)
			if (user.groups[i] != user.gid)
				uints_add(&process->user.additional_gids, user.groups[i]);
		r = add_groups(groups, group, process, err);
	} else if (groups->count && !texts_has(groups, "keep-groups")) {
		monitor_warn(monitor, "--group-add is not applied: this user has one id only; see: coracle doctor");
	}
	*home = user.home ? xstrdup(user.home) : NULL;
	user_done(&user);
	return r;
}
