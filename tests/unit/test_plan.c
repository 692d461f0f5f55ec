/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_plan.c - a specification becomes operations in the right order; what is dangerous is refused */
#include "../../src/runtime/plan_mounts.h"

#include "coracle/base/alloc.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "suite.h"

#define PROCESS "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0}}"

/* A plan from the members of a specification; on failure what was refused is in *err. */
static int build(const char *members, const struct runtime_request *more, struct oci_spec *spec,
                 struct plan **out, struct error *err)
{
	AUTO_FREE char *text = xprintf("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/r\",\"readonly\":true},%s}", members);
	struct runtime_request request = more ? *more : (struct runtime_request){.stdio = {-1, -1, -1}, .root_fd = -1, .cgroup_fd = -1};
	AUTO_JSON json_t *json = oci_json_parse(text, strlen(text), err);

	ck_assert_msg(json != NULL, "%s", err->text);
	ck_assert_msg(json_read(json, oci_spec_fields, spec, err) >= 0, "%s", err->text);
	request.spec = spec;
	*out = xcalloc(1, sizeof **out);
	return plan_build(&request, *out, err);
}

struct made {
	struct oci_spec spec;
	struct plan *plan;
	struct error err;
};

static void made_done(struct made *made)
{
	plan_free(made->plan);
	oci_spec_done(&made->spec);
}
#define AUTO_MADE AUTO(made_done)

static struct made make(const char *members)
{
	struct made made = {0};

	ck_assert_msg(build(members, NULL, &made.spec, &made.plan, &made.err) == 0, "%s", made.err.text);
	return made;
}

/* The place of the first operation of a type, with this target unless it is NULL; -1: none */
static int place(const struct plan *plan, enum op_type type, const char *target)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->ops[i].type == type
		    && (!target || (plan->ops[i].target && strcmp(plan->ops[i].target, target) == 0)))
			return (int) i;
	return -1;
}

static void in_order(const struct plan *plan, const enum op_type *types, size_t count)
{
	int last = -1;

	for (size_t i = 0; i < count; i++) {
		int here = place(plan, types[i], NULL);

		ck_assert_msg(here > last, "operation %zu (type %u) is at %d, after %d", i, (unsigned) types[i], here, last);
		last = here;
	}
}

#define FULL_PROCESS(more)                                                                                  \
	"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/w\",\"user\":{\"uid\":5,\"gid\":6,\"additionalGids\":[7]}," \
	"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"]},\"oomScoreAdj\":10,"                                \
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":20}]" more "}"
#define FULL_LINUX                                                                           \
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"}],"             \
	"\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},\"maskedPaths\":[\"/proc/kcore\"],"       \
	"\"readonlyPaths\":[\"/proc/sys\"]},"                                                  \
	"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}]"

START_TEST(privileges_go_in_order)
{
	static const enum op_type order[] = {
		OP_IDS, OP_ATTACH_ROOT, OP_MOUNT, OP_SYSCTL, OP_PIVOT, OP_STDIO, OP_READ_ONLY, OP_MASK,
		OP_MAKE_CWD, OP_ROOT_READ_ONLY, OP_OOM_SCORE, OP_RLIMIT, OP_READY, OP_BOUNDING, OP_GROUPS, OP_GID, OP_UID,
		OP_CWD,
		OP_CAPABILITIES, OP_NO_NEW_PRIVILEGES, OP_SECCOMP, OP_EXEC,
	};
	struct sock_filter filter[1] = {{0}};
	struct seccomp_program seccomp = {.filter = filter, .length = 1};
	struct runtime_request request = {
		.stdio = {-1, -1, -1}, .root_fd = -1, .cgroup_fd = -1, .seccomp = &seccomp};
	AUTO_MADE struct made made = {0};

	ck_assert_msg(build(FULL_PROCESS(",\"noNewPrivileges\":true") "," FULL_LINUX, &request, &made.spec,
	                    &made.plan, &made.err) == 0, "%s", made.err.text);
	in_order(made.plan, order, ARRAY_LEN(order));
	ck_assert_uint_eq(made.plan->ops[made.plan->count - 1].type, OP_EXEC);
}
END_TEST

/* seccomp(2): without no_new_privs loading needs CAP_SYS_ADMIN, which the sets may not have any more */
START_TEST(a_filter_without_no_new_privs_is_loaded_while_there_is_privilege)
{
	static const enum op_type order[] = {OP_READY, OP_SECCOMP, OP_BOUNDING, OP_UID, OP_CAPABILITIES, OP_EXEC};
	struct sock_filter filter[1] = {{0}};
	struct seccomp_program seccomp = {.filter = filter, .length = 1};
	struct runtime_request request = {
		.stdio = {-1, -1, -1}, .root_fd = -1, .cgroup_fd = -1, .seccomp = &seccomp};
	AUTO_MADE struct made made = {0};

	ck_assert_int_eq(build(FULL_PROCESS(""), &request, &made.spec, &made.plan, &made.err), 0);
	in_order(made.plan, order, ARRAY_LEN(order));
	ck_assert_int_eq(place(made.plan, OP_NO_NEW_PRIVILEGES, NULL), -1);
}
END_TEST

START_TEST(init_comes_just_before_the_program)
{
	struct runtime_request request = {.stdio = {-1, -1, -1}, .root_fd = -1, .cgroup_fd = -1, .init = true};
	AUTO_MADE struct made made = {0};

	ck_assert_int_eq(build(PROCESS, &request, &made.spec, &made.plan, &made.err), 0);
	ck_assert_int_eq(place(made.plan, OP_INIT, NULL), (int) made.plan->count - 2);
}
END_TEST

START_TEST(a_terminal_takes_the_place_of_pipes)
{
	AUTO_MADE struct made made =
		make("\"process\":{\"terminal\":true,\"args\":[\"sh\"],\"cwd\":\"/\",\"consoleSize\":{\"height\":3,\"width\":4}}");

	ck_assert_int_eq(place(made.plan, OP_STDIO, NULL), -1);
	ck_assert_int_gt(place(made.plan, OP_TERMINAL, NULL), place(made.plan, OP_PIVOT, NULL));
	ck_assert_uint_eq(made.plan->size.height, 3);
}
END_TEST

START_TEST(what_is_hidden_is_hidden_last)
{
	AUTO_MADE struct made made = make(PROCESS ",\"linux\":{\"maskedPaths\":[\"/proc/kcore\",\"/sys/firmware\"],"
	                                          "\"readonlyPaths\":[\"/proc/sys\"]}");
	int pivot = place(made.plan, OP_PIVOT, NULL);

	ck_assert_int_gt(place(made.plan, OP_MASK, "/proc/kcore"), pivot);
	ck_assert_int_gt(place(made.plan, OP_MASK, "/sys/firmware"), place(made.plan, OP_READ_ONLY, "/proc/sys"));
}
END_TEST

static const struct {
	const char *path, *command; /* path NULL: no PATH */
	const char *candidates;
} searches[] = {
	{"/a:/b", "sh", "/a/sh,/b/sh"},
	{"/a::/b", "sh", "/a/sh,./sh,/b/sh"},
	{"", "sh", "./sh"},
	{"/a", "/bin/sh", "/bin/sh"},
	{"/a", "./x", "./x"},
	{"/a", "bin/sh", "bin/sh"},
	{"/a", "", ""},
	{NULL, "sh", "/usr/local/sbin/sh,/usr/local/bin/sh,/usr/sbin/sh,/usr/bin/sh,/sbin/sh,/bin/sh"},
};

START_TEST(the_command_is_searched_in_the_containers_path)
{
	AUTO_FREE char *env = searches[_i].path ? xprintf("\"PATH=%s\"", searches[_i].path) : xstrdup("");
	AUTO_FREE char *text = xprintf("\"process\":{\"args\":[\"%s\"],\"cwd\":\"/\",\"env\":[%s]}",
	                               searches[_i].command, env);
	AUTO_MADE struct made made = make(text);
	AUTO_FREE char *found = texts_join(&made.plan->candidates, ",");

	ck_assert_str_eq(found, searches[_i].candidates);
}
END_TEST

START_TEST(capabilities_become_masks)
{
	AUTO_MADE struct made made =
		make("\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],"
		     "\"effective\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\",\"CAP_OF_TOMORROW\"],\"ambient\":[]}}");

	ck_assert(made.plan->set_caps);
	ck_assert_uint_eq(made.plan->caps.bounding, CAPS_BIT(0) | CAPS_BIT(5));
	ck_assert_uint_eq(made.plan->caps.effective, CAPS_BIT(5));
	ck_assert_uint_eq(made.plan->caps.permitted, CAPS_BIT(5));
	ck_assert_uint_eq(made.plan->caps.inheritable, 0);
	ck_assert_uint_eq(made.plan->caps.ambient, 0);
}
END_TEST

START_TEST(without_capabilities_they_are_left_alone)
{
	AUTO_MADE struct made made = make(PROCESS);

	ck_assert_int_eq(place(made.plan, OP_BOUNDING, NULL), -1);
	ck_assert_int_eq(place(made.plan, OP_CAPABILITIES, NULL), -1);
}
END_TEST

START_TEST(limits_keep_their_bits)
{
	AUTO_MADE struct made made =
		make("\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}]}");
	int at = place(made.plan, OP_RLIMIT, "RLIMIT_CORE");

	ck_assert_int_ge(at, 0);
	ck_assert_uint_eq(made.plan->ops[at].flags, RLIMIT_CORE);
	ck_assert(made.plan->ops[at].limit.rlim_cur == 0 && made.plan->ops[at].limit.rlim_max == RLIM_INFINITY);
}
END_TEST

START_TEST(a_user_namespace_has_its_maps)
{
	AUTO_MADE struct made made =
		make(PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"user\"}],"
		             "\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":10},{\"containerID\":10,\"hostID\":0,\"size\":1}],"
		             "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}");

	ck_assert_str_eq(made.plan->uid_map, "0 1 10\n10 0 1");
	ck_assert_str_eq(made.plan->gid_map, "0 0 1");
	ck_assert(made.plan->clone_flags & CLONE_NEWUSER);
}
END_TEST

START_TEST(mounts_are_always_the_containers_own)
{
	AUTO_MADE struct made made = make(PROCESS);

	ck_assert_uint_eq(made.plan->clone_flags, CLONE_NEWNS);
}
END_TEST

/* clone3(2) makes the namespace before the process is in its cgroup */
START_TEST(a_cgroup_namespace_is_made_inside_the_cgroup)
{
	static const char members[] = PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"cgroup\"}]}";
	struct runtime_request request = {.stdio = {-1, -1, -1}, .root_fd = -1, .cgroup_fd = 0};
	AUTO_MADE struct made without = make(members);
	AUTO_MADE struct made with = {0};

	ck_assert_int_eq(build(members, &request, &with.spec, &with.plan, &with.err), 0);
	ck_assert(!(with.plan->clone_flags & CLONE_NEWCGROUP));
	ck_assert_int_ge(place(with.plan, OP_CGROUPNS, NULL), 0);
	ck_assert(without.plan->clone_flags & CLONE_NEWCGROUP);
	ck_assert_int_eq(place(without.plan, OP_CGROUPNS, NULL), -1);
	ck_assert_uint_eq(with.plan->ops[place(with.plan, OP_CGROUPNS, NULL)].flags, 0);
}
END_TEST

/* version 1 knows no being born in a cgroup: one that is moved later would have the host's root for its own */
START_TEST(a_cgroup_namespace_waits_until_the_process_was_moved)
{
	static const char members[] = PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"cgroup\"}]}";
	struct runtime_request request = {.stdio = {-1, -1, -1}, .root_fd = -1, .cgroup_fd = -1, .moved_later = true};
	AUTO_MADE struct made made = {0};

	ck_assert_int_eq(build(members, &request, &made.spec, &made.plan, &made.err), 0);
	ck_assert(!(made.plan->clone_flags & CLONE_NEWCGROUP));
	ck_assert_uint_eq(made.plan->ops[place(made.plan, OP_CGROUPNS, NULL)].flags, 1);
}
END_TEST

START_TEST(a_namespace_with_a_path_is_joined)
{
	AUTO_MADE struct made made =
		make(PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"},"
		             "{\"type\":\"pid\",\"path\":\"/proc/self/ns/pid\"}]}");
	int at = place(made.plan, OP_JOIN, "/proc/self/ns/net");

	ck_assert_int_ge(at, 0);
	ck_assert_int_ge(made.plan->ops[at].fd, 0);
	ck_assert_uint_eq(made.plan->ops[at].flags, CLONE_NEWNET);
	ck_assert_uint_eq(made.plan->clone_flags, CLONE_NEWNS);
	ck_assert_int_ge(made.plan->pid_ns_fd, 0);
}
END_TEST

static const struct {
	const char *destination, *type, *options;
	uint64_t set, flags;
	bool no_symlink, in_proc;
	const char *data;
} mounts[] = {
	{"/proc", "proc", "\"nosuid\",\"noexec\"", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, true, true, NULL},
	{"/sys", "tmpfs", "\"ro\"", MOUNT_ATTR_RDONLY, 0, true, false, NULL},
	{"/dev/", "tmpfs", "\"mode=755\",\"size=1k\"", 0, 0, true, false, "mode=755,size=1k"},
	{"/dev/shm", "tmpfs", "\"mode=1777\",\"nosuid\"", MOUNT_ATTR_NOSUID, 0, false, false, "mode=1777"},
	{"/a/../../b", "tmpfs", "\"ro\",\"rw\"", 0, 0, false, false, NULL},
	{"/proc/uptime", "tmpfs", "\"ro\"", MOUNT_ATTR_RDONLY, 0, false, true, NULL},
	{"/x", "tmpfs", "\"sync\"", 0, MS_SYNCHRONOUS, false, false, NULL},
	{"/x", "tmpfs", "\"sync\",\"async\"", 0, 0, false, false, NULL},
	{"x/y", "tmpfs", "\"rro\",\"noatime\"", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME, 0, false, false, NULL},
	{"/x", "tmpfs", "\"noatime\",\"relatime\",\"rnosuid\",\"suid\"", 0, 0, false, false, NULL},
	{"/x", "tmpfs", "\"tmpcopyup-not\",\"\",\"a=b\"", 0, 0, false, false, "tmpcopyup-not,a=b"},
};

START_TEST(words_of_a_mount_become_flags)
{
	AUTO_FREE char *text =
		xprintf(PROCESS ",\"mounts\":[{\"destination\":\"%s\",\"type\":\"%s\",\"source\":\"x\",\"options\":[%s]}]",
	                mounts[_i].destination, mounts[_i].type, mounts[_i].options);
	AUTO_MADE struct made made = make(text);
	const struct op *op;

	op = &made.plan->ops[place(made.plan, OP_MOUNT, NULL)];
	ck_assert_uint_eq(op->set | (op->seal ? (uint64_t) MOUNT_ATTR_RDONLY : 0), mounts[_i].set);
	ck_assert_uint_eq(op->flags, mounts[_i].flags);
	ck_assert_int_eq(op->no_symlink, mounts[_i].no_symlink);
	ck_assert_int_eq(op->in_proc, mounts[_i].in_proc);
	if (mounts[_i].data)
		ck_assert_str_eq(op->data, mounts[_i].data);
	else
		ck_assert_ptr_null(op->data);
	ck_assert_ptr_null(strstr(op->target, ".."));
}
END_TEST

START_TEST(a_fresh_dev_has_devices_and_a_bound_one_its_own)
{
	AUTO_MADE struct made fresh = make(PROCESS ",\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"x\"}]");
	AUTO_MADE struct made other = make(PROCESS ",\"mounts\":[{\"destination\":\"/dev\",\"type\":\"devtmpfs\",\"source\":\"x\"}]");

	ck_assert_int_gt(place(fresh.plan, OP_DEVICE, "/dev/null"), place(fresh.plan, OP_MOUNT, "/dev"));
	ck_assert_int_ge(place(fresh.plan, OP_LINK, "/dev/stdin"), 0);
	ck_assert_int_eq(place(other.plan, OP_DEVICE, NULL), -1);
	ck_assert_int_eq(place(other.plan, OP_LINK, NULL), -1);
}
END_TEST

static const struct {
	const char *options;
	uint64_t set, clear, set_all, clear_all, propagation;
	bool recursive, shared;
} binds[] = {
	{"\"bind\"", 0, 0, 0, 0, 0, false, false},
	{"\"rbind\",\"rro\",\"noatime\"", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, MOUNT_ATTR_RDONLY, 0, 0, true, false},
	{"\"rbind\",\"rro\",\"rw\"", 0, MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY, 0, 0, true, false},
	{"\"rbind\",\"ro\",\"rrw\"", 0, 0, 0, MOUNT_ATTR_RDONLY, 0, true, false},
	{"\"bind\",\"suid\",\"nosuid\"", MOUNT_ATTR_NOSUID, 0, 0, 0, 0, false, false},
	{"\"rbind\",\"rstrictatime\",\"rnodev\"", 0, 0, MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODEV, MOUNT_ATTR__ATIME, 0,
	 true, false},
	{"\"rbind\",\"rslave\"", 0, 0, 0, 0, MS_SLAVE | MS_REC, true, false},
	{"\"rbind\",\"private\",\"shared\"", 0, 0, 0, 0, MS_SHARED, true, true},
};

/* The child clones before its ids change; only with a shared root does anything go back to the host. */
START_TEST(a_bind_is_opened_first_and_attached_in_its_place)
{
	AUTO_FREE char *text = xprintf(
		PROCESS ",\"mounts\":[{\"destination\":\"/t\",\"type\":\"tmpfs\",\"source\":\"x\"},"
		"{\"destination\":\"/t/b\",\"type\":\"none\",\"source\":\"/usr\",\"options\":[%s]}],"
		"\"linux\":{\"rootfsPropagation\":\"shared\"}", binds[_i].options);
	AUTO_MADE struct made made = make(text);
	int opened = place(made.plan, OP_OPEN, "/t/b"), attached = place(made.plan, OP_ATTACH, "/t/b");
	const struct op *op = &made.plan->ops[opened];

	ck_assert_int_eq(opened, 0);
	ck_assert_int_gt(attached, place(made.plan, OP_MOUNT, "/t"));
	ck_assert_uint_eq(op->flags, (uint64_t) attached);
	ck_assert_str_eq(op->source, "/usr");
	ck_assert_int_eq(op->fd, -1);
	ck_assert_uint_eq(op->set, binds[_i].set);
	ck_assert_uint_eq(op->clear, binds[_i].clear);
	ck_assert_uint_eq(op->set_all, binds[_i].set_all);
	ck_assert_uint_eq(op->clear_all, binds[_i].clear_all);
	ck_assert_uint_eq(made.plan->ops[attached].propagation, binds[_i].propagation);
	ck_assert_int_eq(op->recursive, binds[_i].recursive);
	ck_assert_int_eq(op->shared, binds[_i].shared);
}
END_TEST

START_TEST(the_root_of_a_path_is_opened_first)
{
	struct runtime_request request = {.stdio = {-1, -1, -1}, .root_fd = -1, .cgroup_fd = -1, .root_path = "/proc/self/cwd/.."};
	AUTO_MADE struct made made = {0};

	ck_assert_msg(build(PROCESS ",\"mounts\":[{\"destination\":\"/b\",\"type\":\"bind\",\"source\":\"/usr\"}]", &request,
	                    &made.spec, &made.plan, &made.err) == 0, "%s", made.err.text);
	ck_assert_int_eq(place(made.plan, OP_OPEN, "/"), 0);
	ck_assert_int_eq(place(made.plan, OP_OPEN, "/b"), 1);
	ck_assert_ptr_null(made.plan->ops[0].mount);
	ck_assert_ptr_null(strstr(made.plan->ops[0].source, "cwd"));
	made_done(&made);
	made = (struct made){0};
	request.root_path = "/dev/null";
	ck_assert_int_eq(build(PROCESS, &request, &made.spec, &made.plan, &made.err), -ENOTDIR);
	ck_assert_msg(strstr(made.err.text, "root file system /dev/null") != NULL, "%s", made.err.text);
}
END_TEST

START_TEST(devices_of_the_specification_take_the_place_of_default_ones)
{
	AUTO_MADE struct made made =
		make(PROCESS ",\"linux\":{\"devices\":[{\"type\":\"c\",\"path\":\"/dev//null\",\"major\":1,\"minor\":3,"
		             "\"fileMode\":384,\"uid\":7},{\"type\":\"p\",\"path\":\"/run/x\"}]}");
	int at = place(made.plan, OP_DEVICE, "/dev/null"), fifo = place(made.plan, OP_DEVICE, "/run/x");

	ck_assert_int_gt(at, place(made.plan, OP_DEVICE, "/dev/zero"));
	ck_assert_uint_eq(made.plan->ops[at].mode, S_IFCHR | 0600);
	ck_assert_uint_eq(made.plan->ops[at].flags, makedev(1, 3));
	ck_assert_uint_eq(made.plan->ops[at].uid, 7);
	ck_assert_uint_eq(made.plan->ops[fifo].mode, S_IFIFO | 0666);
}
END_TEST

/* crun(1), idmap mount options; ids 0 and 1 to 1000 of the container are 0 and 2 to 1001 of the host */
static const struct {
	const char *map;
	int result;
	const char *uids, *gids;
} idmaps[] = {
	{"uids=0-1-10#10-11-10;gids=0-100-10", 0, "0 1 10,10 11 10", "0 100 10"},
	{"uids=@1-3-10", 0, "1 4 10", ""},
	{"gids=@5-0-1#5-0-1", 0, "", "5 0 1,5 0 1"},
	{"uids=0-1-10;gids=+0-1-10", 0, "0 1 10", "0 1 10"},
	{"uids=+@0-1-10", -EINVAL, NULL, NULL},
	{"uids=@1-1001-1", -EINVAL, NULL, NULL},
	{"uids=0-1", -EINVAL, NULL, NULL},
	{"uids=0-1-0", -EINVAL, NULL, NULL},
	{"uids=0-1-2-3", -EINVAL, NULL, NULL},
	{"uids=0--1-2", -EINVAL, NULL, NULL},
	{"uids=0-1-4294967296", -EINVAL, NULL, NULL},
	{"uids=", -EINVAL, NULL, NULL},
	{"pids=0-1-2", -EINVAL, NULL, NULL},
	{"", -EINVAL, NULL, NULL},
};

START_TEST(mappings_of_an_option_are_absolute_or_the_containers)
{
	struct oci_id_mapping container[] = {{0, 0, 1}, {1, 2, 1000}};
	const struct list mappings = {.items = container, .count = ARRAY_LEN(container)};
	AUTO_TEXTS struct texts uids = {0};
	AUTO_TEXTS struct texts gids = {0};
	AUTO_FREE char *uid_lines = NULL;
	AUTO_FREE char *gid_lines = NULL;

	ck_assert_int_eq(idmap_read(idmaps[_i].map, &mappings, &mappings, &uids, &gids), idmaps[_i].result);
	if (idmaps[_i].result < 0)
		return;
	uid_lines = texts_join(&uids, ",");
	gid_lines = texts_join(&gids, ",");
	ck_assert_str_eq(uid_lines, idmaps[_i].uids);
	ck_assert_str_eq(gid_lines, idmaps[_i].gids);
}
END_TEST

START_TEST(sysctls_may_be_written_with_dots)
{
	AUTO_MADE struct made made = make(PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{"
	                                          "\"net.ipv4.ip_forward\":\"1\",\"net/ipv4/conf/eth0.1/x\":\"2\","
	                                          "\"net.ipv4.conf.eth1/1.x\":\"3\"}}");

	ck_assert_int_ge(place(made.plan, OP_SYSCTL, "net/ipv4/ip_forward"), 0);
	ck_assert_int_ge(place(made.plan, OP_SYSCTL, "net/ipv4/conf/eth0.1/x"), 0);
	ck_assert_int_ge(place(made.plan, OP_SYSCTL, "net/ipv4/conf/eth1.1/x"), 0);
}
END_TEST

static const struct {
	const char *namespaces, *name;
	bool allowed;
} sysctls[] = {
	{"{\"type\":\"ipc\"}", "kernel.msgmax", true},
	{"{\"type\":\"ipc\"}", "kernel/shmmax", true},
	{"{\"type\":\"ipc\"}", "fs.mqueue.queues_max", true},
	{"{\"type\":\"uts\"}", "kernel.domainname", true},
	{"{\"type\":\"pid\"}", "kernel.msgmax", false},
	{"{\"type\":\"ipc\",\"path\":\"/proc/self/ns/ipc\"}", "kernel.sem", false},
	{"{\"type\":\"pid\"}", "net.ipv4.ip_forward", false},
	{"{\"type\":\"pid\"}", "kernel.domainname", false},
	{"{\"type\":\"uts\"}", "kernel.hostname", false},
	{"{\"type\":\"ipc\"},{\"type\":\"network\"},{\"type\":\"uts\"}", "kernel.panic", false},
	{"{\"type\":\"ipc\"},{\"type\":\"network\"},{\"type\":\"uts\"}", "vm.swappiness", false},
	{"{\"type\":\"network\"}", "network.x", false},
};

START_TEST(sysctls_are_the_containers_own)
{
	AUTO_FREE char *members = xprintf(PROCESS ",\"linux\":{\"namespaces\":[%s],\"sysctl\":{\"%s\":\"1\"}}",
	                                  sysctls[_i].namespaces, sysctls[_i].name);
	AUTO_MADE struct made made = {0};
	int r = build(members, NULL, &made.spec, &made.plan, &made.err);

	if (sysctls[_i].allowed) {
		ck_assert_msg(r == 0, "%s", made.err.text);
	} else {
		ck_assert_int_lt(r, 0);
		ck_assert_ptr_nonnull(strstr(made.err.text, sysctls[_i].name));
	}
}
END_TEST

#define MOUNT(destination, type, options)                                                     \
	PROCESS ",\"mounts\":[{\"destination\":\"" destination "\",\"type\":\"" type           \
	        "\",\"source\":\"/nonexistent\",\"options\":[" options "]}]"

static const struct {
	const char *members;
	int result;
	const char *word; /* in the message */
} refused[] = {
	{"\"process\":{\"args\":[],\"cwd\":\"/\"}", -EINVAL, "command"},
	{"\"process\":{\"cwd\":\"/\"}", -EINVAL, "command"},
	{"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":4294967295,\"gid\":0}}", -EINVAL, "4294967294"},
	{"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":4294967296}}", -EINVAL, "4294967294"},
	{"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[4294967295]}}",
	 -EINVAL, "4294967294"},
	{"\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]}", -EINVAL,
	 "RLIMIT_X"},
	{PROCESS ",\"linux\":{\"personality\":{\"domain\":\"SUNOS\"}}", -EINVAL, "SUNOS"},
	{PROCESS ",\"linux\":{\"rootfsPropagation\":\"wild\"}", -EINVAL, "wild"},
	{PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"space\"}]}", -EINVAL, "space"},
	{PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/nonexistent\"}]}", -ENOENT, "/nonexistent"},
	{PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"user\"}]}", -EINVAL, "uidMappings"},
	{MOUNT("/", "tmpfs", ""), -EINVAL, "root"},
	{MOUNT("/..", "tmpfs", ""), -EINVAL, "root"},
	{MOUNT("/proc/self/attr", "tmpfs", ""), -EACCES, "/proc"},
	{MOUNT("/proc/sys", "tmpfs", ""), -EACCES, "/proc"},
	{MOUNT("/x/../proc/sys/", "tmpfs", ""), -EACCES, "/proc"},
	{MOUNT("//proc//1", "tmpfs", ""), -EACCES, "/proc"},
	{MOUNT("/proc", "tmpfs", ""), -EACCES, "/proc"},
	{MOUNT("/a", "", ""), -EINVAL, "type"},
	{MOUNT("/a", "bind", ""), -ENOENT, "/nonexistent"},
	{MOUNT("/a", "tmpfs", "\"idmap\""), -EOPNOTSUPP, "idmap"},
	{MOUNT("/a", "tmpfs", "\"src-nofollow\""), -EOPNOTSUPP, "src-nofollow"},
	{MOUNT("/a", "none", "\"bind\",\"src-nofollow\""), -ENOENT, "/nonexistent"},
	{PROCESS ",\"mounts\":[{\"destination\":\"/a\",\"source\":\"/usr\",\"options\":[\"bind\",\"mode=1\"]}]", -EINVAL, "mode=1"},
	{PROCESS ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/usr\",\"options\":[\"ridmap=uids=1-2\"]}]",
	 -EINVAL, "uids=1-2"},
	{PROCESS ",\"linux\":{\"devices\":[{\"type\":\"z\",\"path\":\"/dev/z\"}]}", -EINVAL, "\"z\""},
	{PROCESS ",\"linux\":{\"devices\":[{\"type\":\"c\",\"path\":\"/dev/..\",\"major\":1,\"minor\":3}]}", -EINVAL, "/dev/.."},
	{PROCESS ",\"linux\":{\"devices\":[{\"type\":\"c\",\"path\":\"/dev/z\",\"major\":-1,\"minor\":3}]}", -EINVAL, "number"},
	{PROCESS ",\"linux\":{\"mountLabel\":\"a\\\"b\"},\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\"}]", -EINVAL, "mountLabel"},
	{PROCESS ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\"}]", -EINVAL, "source"},
};

START_TEST(refuses_and_says_what)
{
	AUTO_MADE struct made made = {0};
	int r = build(refused[_i].members, NULL, &made.spec, &made.plan, &made.err);

	ck_assert_msg(r == refused[_i].result, "%s: %d, %s", refused[_i].members, r, made.err.text);
	ck_assert_msg(strstr(made.err.text, refused[_i].word) != NULL, "%s", made.err.text);
}
END_TEST

static const struct {
	enum op_type type;
	int errnum;
	enum error_kind kind;
	const char *word;
} reports[] = {
	{OP_EXEC, ENOENT, ERROR_NO_COMMAND, "not found in $PATH"},
	{OP_EXEC, ENOTDIR, ERROR_NO_COMMAND, "sh"},
	{OP_EXEC, EACCES, ERROR_NOT_EXECUTABLE, "sh"},
	{OP_EXEC, EISDIR, ERROR_NOT_EXECUTABLE, "directory"},
	{OP_EXEC, ENOEXEC, ERROR_NOT_EXECUTABLE, "exec format"},
	{OP_EXEC, ENOMEM, ERROR_NOT_EXECUTABLE, "sh"},
	{OP_CWD, EXDEV, ERROR_DENIED, "/w"},
	{OP_CWD, ENOENT, ERROR_NOT_FOUND, "/w"},
	{OP_UID, EINVAL, ERROR_UNSUPPORTED, "5:6"},
	{OP_RLIMIT, EPERM, ERROR_DENIED, "RLIMIT_NOFILE"},
	{OP_MOUNT, ELOOP, ERROR_DENIED, "/proc"},
	{OP_MASK, ENODEV, ERROR_SYSTEM, "/proc/kcore"},
};

START_TEST(words_what_the_child_reports)
{
	AUTO_MADE struct made made = make(FULL_PROCESS("") "," FULL_LINUX);
	struct report report = {.index = place(made.plan, reports[_i].type, NULL), .errnum = reports[_i].errnum};
	struct error err = {0};

	ck_assert_int_ge(report.index, 0);
	ck_assert_int_lt(plan_word(made.plan, &report, &err), 0);
	ck_assert_msg(strstr(err.text, reports[_i].word) != NULL, "%s", err.text);
	if (reports[_i].kind != ERROR_SYSTEM)
		ck_assert_msg(err.kind == reports[_i].kind, "kind %u: %s", (unsigned) err.kind, err.text);
}
END_TEST

START_TEST(a_report_of_nonsense_is_no_crash)
{
	AUTO_MADE struct made made = make(PROCESS);
	static const int32_t indices[] = {-1, -2147483647, 10000, 2147483647};

	for (size_t i = 0; i < ARRAY_LEN(indices); i++) {
		struct report report = {.index = indices[i], .errnum = EIO};
		struct error err = {0};

		ck_assert_int_lt(plan_word(made.plan, &report, &err), 0);
		ck_assert(err.text[0]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tcase = tcase_create("plan");

	tcase_add_test(tcase, privileges_go_in_order);
	tcase_add_test(tcase, a_filter_without_no_new_privs_is_loaded_while_there_is_privilege);
	tcase_add_test(tcase, init_comes_just_before_the_program);
	tcase_add_test(tcase, a_terminal_takes_the_place_of_pipes);
	tcase_add_test(tcase, what_is_hidden_is_hidden_last);
	tcase_add_loop_test(tcase, the_command_is_searched_in_the_containers_path, 0, ARRAY_LEN(searches));
	tcase_add_test(tcase, capabilities_become_masks);
	tcase_add_test(tcase, without_capabilities_they_are_left_alone);
	tcase_add_test(tcase, limits_keep_their_bits);
	tcase_add_test(tcase, a_user_namespace_has_its_maps);
	tcase_add_test(tcase, mounts_are_always_the_containers_own);
	tcase_add_test(tcase, a_cgroup_namespace_is_made_inside_the_cgroup);
	tcase_add_test(tcase, a_cgroup_namespace_waits_until_the_process_was_moved);
	tcase_add_test(tcase, a_namespace_with_a_path_is_joined);
	tcase_add_loop_test(tcase, words_of_a_mount_become_flags, 0, ARRAY_LEN(mounts));
	tcase_add_test(tcase, a_fresh_dev_has_devices_and_a_bound_one_its_own);
	tcase_add_loop_test(tcase, a_bind_is_opened_first_and_attached_in_its_place, 0, ARRAY_LEN(binds));
	tcase_add_test(tcase, the_root_of_a_path_is_opened_first);
	tcase_add_test(tcase, devices_of_the_specification_take_the_place_of_default_ones);
	tcase_add_loop_test(tcase, mappings_of_an_option_are_absolute_or_the_containers, 0, ARRAY_LEN(idmaps));
	tcase_add_test(tcase, sysctls_may_be_written_with_dots);
	tcase_add_loop_test(tcase, sysctls_are_the_containers_own, 0, ARRAY_LEN(sysctls));
	tcase_add_loop_test(tcase, refuses_and_says_what, 0, ARRAY_LEN(refused));
	tcase_add_loop_test(tcase, words_what_the_child_reports, 0, ARRAY_LEN(reports));
	tcase_add_test(tcase, a_report_of_nonsense_is_no_crash);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
