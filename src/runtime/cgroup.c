/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup.c - a container's cgroup made, by which manager and where; see cgroup.h */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"
#include "coracle/base/path.h"

#include <fcntl.h>
#include <string.h>

#include "cgroup_bus.h"

const struct field cgroup_fields[] = {
	FIELD_TEXT("manager", struct cgroup, manager),
	FIELD_TEXT("path", struct cgroup, path),
	FIELD_TEXT("scope", struct cgroup, scope),
	FIELD_PAIRS("v1", struct cgroup, v1),
	FIELD_BOOL("shared", struct cgroup, shared),
	FIELD_END,
};

static const char *const manager_names[] = {
	[CGROUP_CGROUPFS] = "cgroupfs", [CGROUP_SYSTEMD] = "systemd", [CGROUP_DISABLED] = "disabled"};

bool cgroup_has_limits(const struct oci_resources *resources)
{
	AUTO_SETTINGS struct list settings = {0};
	struct error ignored = {0};

	return resources && (settings_v2(resources, &settings, &ignored) < 0 || settings.count > 0);
}

/* The root of the hierarchy may have members and hand on its controllers; it alone has no type. */
static bool is_top(const struct hierarchy *unified, const char *home)
{
	AUTO_FREE char *path = xprintf("%s%s/cgroup.type", unified->mount, home);

	return access(path, F_OK) < 0;
}

/*
 * Where groups of our choice are made: below the caller's own cgroup, for root at the top. The cgroup of a
 * command that was started from one that stepped aside is the one above.
 */
static char *home_of(const struct hierarchy *unified)
{
	size_t length = strlen(unified->own);
	size_t tail = strlen("/" ENGINE_GROUP);
	AUTO_FREE char *top = xprintf("%s/cgroup.subtree_control", unified->mount);

	if (is_top(unified, "/") && access(top, W_OK) == 0)
		return xstrdup("/");
	if (length >= tail && strcmp(unified->own + length - tail, "/" ENGINE_GROUP) == 0)
		length -= tail;
	return xstrndup(length ? unified->own : "/", length ? length : 1);
}

static char *below(const char *home, const char *leaf)
{
	return xprintf("%s/%s", strcmp(home, "/") == 0 ? "" : home, leaf);
}

/* So that the cgroup has no members and may hand on its controllers to its children. */
static void step_aside(const struct hierarchy *unified, const char *home, pid_t move_too)
{
	AUTO_FREE char *path = below(home, ENGINE_GROUP);
	AUTO_CLOSE int fd = -1;

	/* one that stays keeps the controllers off, which the limit that needs them will tell */
	if (strcmp(unified->own, path) != 0) {
		fd = group_make(unified->mount, path);
		if (fd >= 0)
			(void) !group_move(fd, getpid());
	}
	if (move_too > 0 && fd >= 0)
		(void) !group_move(fd, move_too);
}

bool cgroup_holds(const char *path, const char *own)
{
	return strcmp(path, "/") == 0 || strcmp(path, own) == 0 || path_is_below(own, path);
}

/* Who moves a process has to be allowed to write to the common ancestor (cgroups(7), "Delegation containment"). */
static bool is_reachable(const struct hierarchy *unified, const char *path)
{
	size_t common = 0;
	AUTO_FREE char *file = NULL;

	for (size_t i = 0;; i++) {
		bool ends = unified->own[i] == '\0' || path[i] == '\0';

		if ((unified->own[i] == '/' || unified->own[i] == '\0') && (path[i] == '/' || path[i] == '\0'))
			common = i;
		if (ends || unified->own[i] != path[i])
			break;
	}
	file = xprintf("%s%.*s/cgroup.procs", unified->mount, (int) common, path);
	return file_access(AT_FDCWD, file, W_OK) == 0;
}

static int make_unified(const struct cgroup_request *request, const struct hierarchy *unified, const char *wanted,
                        const char *leaf, struct cgroup *out)
{
	AUTO_FREE char *home = home_of(unified);
	AUTO_FREE char *path = wanted && *wanted == '/' ? xstrdup(wanted) : below(home, wanted ? wanted : leaf);
	int fd;

	if (request->step_aside && cgroup_has_limits(request->resources) && !is_top(unified, home))
		step_aside(unified, home, request->move_too);
	if (cgroup_holds(path, unified->own))
		return -EBUSY;
	fd = is_reachable(unified, path) ? group_make(unified->mount, path) : -EACCES;
	/* where the specification's is not ours to make, one below the caller's own may be */
	if (fd < 0 && wanted && *wanted == '/') {
		free(path);
		path = below(home, path_base(wanted));
		fd = group_make(unified->mount, path);
	}
	if (fd < 0)
		return fd;
	out->fd = fd;
	out->path = TAKE_PTR(path);
	return 0;
}

static void make_v1(const struct hierarchy *hierarchy, const char *wanted, const char *leaf, struct cgroup *out)
{
	AUTO_FREE char *path = wanted && *wanted == '/' ? xstrdup(wanted) : below(hierarchy->own, wanted ? wanted : leaf);
	AUTO_CLOSE int fd = -1;

	if (strncmp(hierarchy->controllers, "name=", 5) == 0 || cgroup_holds(path, hierarchy->own))
		return;
	fd = group_make(hierarchy->mount, path);
	if (fd < 0 && wanted && *wanted == '/') {
		free(path);
		path = below(hierarchy->own, path_base(wanted));
		fd = group_make(hierarchy->mount, path);
	}
	/* one that the caller may not write to is left out */
	if (fd < 0 || file_access(fd, "cgroup.procs", W_OK) < 0)
		return;
	if (cgroup_has_word(hierarchy->controllers, "cpuset", ","))
		group_inherit_cpuset(fd);
	pairs_set(&out->v1, hierarchy->controllers, path);
}

static const char *why_not(const struct cgroup_host *host, int r)
{
	if (host->hierarchies.count == 0)
		return "cgroups are not mounted on /sys/fs/cgroup";
	if (!cgroup_host_get(host, "") || host->hierarchies.count > 1)
		return "this host has cgroup v1; as root boot with systemd.unified_cgroup_hierarchy=1";
	if (r == -EACCES || r == -EPERM || r == -EROFS || r == -ENOENT)
		return "its cgroup is not delegated to you; run: systemd-run --user --scope -p Delegate=yes coracle ...";
	return strerror(-r);
}

static int make_by_hand(const struct cgroup_request *request, const struct cgroup_host *host, struct cgroup *out,
                        struct error *err)
{
	const struct hierarchy *unified = cgroup_host_get(host, "");
	const char *wanted = request->path && *request->path ? request->path : NULL;
	AUTO_FREE char *leaf = xprintf("coracle-%.12s", request->id);
	int r = unified ? make_unified(request, unified, wanted, leaf, out) : -ENOENT;

	LIST_EACH(struct hierarchy, hierarchy, &host->hierarchies)
		if (hierarchy != unified)
			make_v1(hierarchy, wanted, leaf, out);
	if (out->path || out->v1.count || !cgroup_has_limits(request->resources))
		return 0;
	if (request->strict)
		return error_set(err, ERROR_UNSUPPORTED, "the limits asked for can't be applied: %s", why_not(host, r));
	texts_printf(&out->warnings, "the limits asked for are not applied: %s", why_not(host, r));
	return 0;
}

static int make_scope(const struct cgroup_request *request, const struct cgroup_host *host, struct cgroup *out,
                      struct error *err)
{
	const struct hierarchy *unified = cgroup_host_get(host, "");
	struct error why = {0};
	int r = unified ? scope_make(request, unified, out, &why)
	                : error_set(&why, ERROR_UNSUPPORTED, "%s", why_not(host, 0));

	if (r >= 0)
		return 0;
	/* words that are wrong are no matter of what the host can do */
	if (request->strict || why.kind == ERROR_INVALID) {
		*err = why;
		return error_wrap(err, r, "cgroup manager systemd");
	}
	texts_printf(&out->warnings, "no scope of systemd: %s", why.text);
	return make_by_hand(request, host, out, err);
}

static int check_path(const char *path, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};

	texts_split(&parts, path ? path : "", '/');
	return texts_has(&parts, "..") ? error_set(err, ERROR_INVALID, "cgroupsPath \"%s\" has \"..\"", path) : 0;
}

static int limit(const struct cgroup_request *request, struct cgroup *out, struct error *err)
{
	AUTO_GROUP struct group group = {.unified = -1};

	if (!request->resources || (!out->path && out->v1.count == 0))
		return 0;
	group_open(out, &group);
	return limits_apply(&group, request->resources, request->strict ? NULL : &out->warnings, err);
}

int cgroup_manager_parse(const char *name, enum cgroup_manager *out)
{
	for (size_t i = 0; i < ARRAY_LEN(manager_names); i++)
		if (strcmp(name, manager_names[i]) == 0) {
			*out = (enum cgroup_manager) i;
			return 0;
		}
	return -EINVAL;
}

const char *cgroup_manager_name(enum cgroup_manager manager)
{
	return manager_names[manager];
}

/* Others in the caller's cgroup, such as a shell, keep its controllers from being handed on. */
static bool has_strangers(int dir_fd)
{
	AUTO_FREE char *list = group_read(dir_fd, "cgroup.procs");
	AUTO_TEXTS struct texts lines = {0};
	uint64_t pid;

	texts_split(&lines, list ? list : "", '\n');
	for (size_t i = 0; i < lines.count; i++)
		if (number_parse_uint(lines.items[i], 1, INT32_MAX, &pid) >= 0 && (pid_t) pid != getpid()
		    && (pid_t) pid != getppid())
			return true;
	return false;
}

enum cgroup_manager cgroup_manager_default(const struct oci_resources *resources)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};
	const struct hierarchy *unified;
	AUTO_FREE char *home = NULL, *path = NULL;
	AUTO_CLOSE int fd = -1;

	cgroup_host_find(&host);
	unified = cgroup_host_get(&host, "");
	/* version 1 has no delegation, and a scope would be of no use for limits */
	if (!unified || host.hierarchies.count > 1)
		return CGROUP_CGROUPFS;
	home = home_of(unified);
	path = xprintf("%s%s", unified->mount, home);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && file_access(fd, ".", W_OK) == 0 && file_access(fd, "cgroup.procs", W_OK) == 0
	    && !(cgroup_has_limits(resources) && has_strangers(fd)))
		return CGROUP_CGROUPFS;
	return bus_answers() ? CGROUP_SYSTEMD : CGROUP_CGROUPFS;
}

int cgroup_make(const struct cgroup_request *request, struct cgroup *out, struct error *err)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};
	struct cgroup made = {.fd = -1};
	int r = check_path(request->path, err);

	if (r < 0)
		return r;
	made.manager = xstrdup(manager_names[request->manager]);
	if (request->manager != CGROUP_DISABLED) {
		cgroup_host_find(&host);
		r = request->manager == CGROUP_SYSTEMD ? make_scope(request, &host, &made, err)
		                                       : make_by_hand(request, &host, &made, err);
		if (r >= 0)
			r = limit(request, &made, err);
		if (r >= 0 && request->give && made.fd >= 0)
			group_give(made.fd, request->uid, request->gid);
	}
	if (r < 0) {
		cgroup_remove(&made);
		cgroup_done(&made);
		return r;
	}
	*out = made;
	return 0;
}

void cgroup_done(struct cgroup *cgroup)
{
	if (cgroup->fd > 0)
		(void) close(cgroup->fd);
	fields_done(cgroup_fields, cgroup);
	texts_done(&cgroup->warnings);
	*cgroup = (struct cgroup){.fd = -1};
}
