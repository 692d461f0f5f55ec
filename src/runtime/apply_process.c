/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_process.c - ids, capabilities, working directory and execve of a plan, in the child */
#include "apply.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/root.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PASSWD_MAX (1 << 20)

void apply_death_signal(const struct plan *plan)
{
	if (!plan->survive || !plan->ready)
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The parent writes our maps, for which we must still be dumpable (proc(5), uid_map); then nobody else is let near. */
int apply_ids(const struct plan *plan, int sync_fd)
{
	char go;

	if (!plan->uid_map && plan->user_ns_fd < 0)
		return 0;
	if (plan->uid_map && recv(sync_fd, &go, 1, 0) != 1)
		_exit(125);
	(void) prctl(PR_SET_DUMPABLE, 0);
	/* where the maps have no 0 the caller stays who he is, with all capabilities */
	if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
		return -errno;
	(void) prctl(PR_SET_DUMPABLE, 0);
	apply_death_signal(plan);
	return 0;
}

/* netdevice(7); its addresses 127.0.0.1 and ::1 come with it */
int apply_loopback(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (fd < 0)
		return -errno;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static int write_oom_score(int score)
{
	char text[16];
	int length = snprintf(text, sizeof text, "%d", score);
	AUTO_CLOSE int fd = apply_open_proc("self/oom_score_adj", O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, (size_t) length) < 0 ? -errno : 0;
}

void apply_oom_score(struct plan *plan)
{
	if (plan->set_oom_score)
		plan->oom_result = write_oom_score(plan->oom_score_adj);
	plan->set_oom_score = false;
}

/* Exactly the groups that the specification names: inherited ones would let files be read by mistake (CVE-2022-2989). */
int apply_groups(const struct plan *plan)
{
	if (plan->keep_groups)
		return 0;
	if (setgroups(plan->group_count, plan->groups) == 0)
		return 0;
	/* a namespace with one id has setgroups(2) denied (user_namespaces(7)); with none asked for that is fine */
	return errno == EPERM && plan->group_count == 0 ? 0 : -errno;
}

int apply_gid(const struct plan *plan)
{
	return setresgid(plan->gid, plan->gid, plan->gid) < 0 ? -errno : 0;
}

int apply_uid(const struct plan *plan)
{
	/* the sets are applied after the uid has changed */
	if (prctl(PR_SET_KEEPCAPS, 1) < 0)
		return -errno;
	if (setresuid(plan->uid, plan->uid, plan->uid) < 0)
		return -errno;
	/* changing ids made us dumpable-by-default and forgot the death signal (prctl(2)) */
	(void) prctl(PR_SET_DUMPABLE, 0);
	apply_death_signal(plan);
	return 0;
}

int apply_make_cwd(const struct plan *plan)
{
	AUTO_CLOSE int fd = root_open(plan->root_fd, plan->cwd, O_PATH, 0);

	if (fd == -ENOENT)
		fd = root_make_directory(plan->root_fd, plan->cwd, 0755);
	return fd < 0 ? fd : 0;
}

/* CVE-2024-21626: a working directory outside of the root has no path from it. */
int apply_cwd(const struct plan *plan)
{
	char path[PATH_MAX];

	if (chdir(plan->cwd) < 0)
		return -errno;
	if (syscall(SYS_getcwd, path, sizeof path) < 0)
		return -errno;
	return path[0] == '/' ? 0 : -EXDEV;
}

int apply_capabilities(const struct plan *plan)
{
	int r = caps_apply(&plan->caps);

	(void) prctl(PR_SET_DUMPABLE, 0);
	apply_death_signal(plan);
	return r;
}

/* CVE-2019-5736: our own binary must not become a program of the container that it could then write to. */
static int check_program(const struct plan *plan, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return st.st_dev == plan->own_device && st.st_ino == plan->own_inode ? -EACCES : 0;
}

/* passwd(5): name:password:UID:GID:comment:directory:shell; NULL when no line has this uid */
static char *home_of(const char *passwd, uint32_t uid)
{
	AUTO_TEXTS struct texts lines = {0};

	texts_split(&lines, passwd, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		AUTO_TEXTS struct texts words = {0};
		uint64_t number;

		texts_split(&words, lines.items[i], ':');
		if (words.count >= 6 && number_parse_uint(words.items[2], 0, UINT32_MAX, &number) == 0 && number == uid)
			return xstrdup(words.items[5]);
	}
	return NULL;
}

int apply_home(struct plan *plan)
{
	AUTO_CLOSE int root = plan->root_fd >= 0 ? -1 : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *passwd = NULL;
	AUTO_FREE char *home = NULL;
	AUTO_FREE char *word = NULL;

	/* what can't be read tells nothing; a FIFO or a device in its place is not read (root.h) */
	if (root_read(plan->root_fd >= 0 ? plan->root_fd : root, "/etc/passwd", PASSWD_MAX, &passwd, NULL) == 0)
		home = home_of(passwd, plan->uid);
	word = xprintf("HOME=%s", home && *home ? home : "/");
	texts_env_set(&plan->env, word);
	return 0;
}

int apply_find(const struct plan *plan)
{
	int result = -ENOENT;

	for (size_t i = 0; i < plan->candidates.count; i++) {
		const char *path = plan->candidates.items[i];
		int r;

		/* a relative one is looked up from the working directory, which is not entered yet */
		if (path[0] != '/')
			return 0;
		r = check_program(plan, path);
		if (r >= 0)
			r = file_access(AT_FDCWD, path, X_OK);
		if (r == 0)
			return 0;
		if (r != -ENOENT && r != -ENOTDIR)
			result = r;
	}
	return result;
}

int apply_exec(const struct plan *plan)
{
	int result = -ENOENT;

	for (size_t i = 0; i < plan->candidates.count; i++) {
		const char *path = plan->candidates.items[i];
		int r = check_program(plan, path);

		if (r >= 0) {
			(void) execve(path, plan->argv.items,
			              plan->env.items ? plan->env.items : (char *[]){NULL});
			r = -errno;
		}
		/* as execvp(3): go on with the next directory, but remember what could not be executed */
		if (r != -ENOENT && r != -ENOTDIR)
			result = r;
		if (r != -ENOENT && r != -ENOTDIR && r != -EACCES && r != -EISDIR)
			break;
	}
	return result;
}
