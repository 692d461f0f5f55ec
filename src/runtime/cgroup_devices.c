/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup_devices.c - which devices a cgroup may use: a program for version 2 (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE),
 * files for version 1 (kernel Documentation/admin-guide/cgroup-v1/devices.rst)
 *
 * The last rule that fits a request decides, so the program asks them from the last to the first. Behind
 * those of the specification come the devices that every container has (config-linux.md#default-devices).
 */
#include "cgroup_private.h"

#include "coracle/base/alloc.h"

#include <inttypes.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "cgroup_devices.h"

#define RULES_MAX    1024
#define PROGRAMS_MAX 64

static const struct device_rule default_rules[] = {
	{true, 'c', -1, -1, DEVICE_MAKE},
	{true, 'b', -1, -1, DEVICE_MAKE},
	{true, 'c', 1, 3, DEVICE_ALL},   /* null */
	{true, 'c', 1, 5, DEVICE_ALL},   /* zero */
	{true, 'c', 1, 7, DEVICE_ALL},   /* full */
	{true, 'c', 1, 8, DEVICE_ALL},   /* random */
	{true, 'c', 1, 9, DEVICE_ALL},   /* urandom */
	{true, 'c', 5, 0, DEVICE_ALL},   /* tty */
	{true, 'c', 5, 1, DEVICE_ALL},   /* console */
	{true, 'c', 5, 2, DEVICE_ALL},   /* ptmx */
	{true, 'c', 136, -1, DEVICE_ALL}, /* pts */
};

static struct device_rule rule_of(const struct oci_device_rule *from)
{
	struct device_rule rule = {
		.allow = from->allow,
		.type = from->type && *from->type ? *from->type : 'a',
		.major = from->major.set ? from->major.value : -1,
		.minor = from->minor.set ? from->minor.value : -1,
	};

	for (const char *c = from->access && *from->access ? from->access : "rwm"; *c; c++)
		rule.access |= *c == 'r' ? DEVICE_READ : *c == 'w' ? DEVICE_WRITE : *c == 'm' ? DEVICE_MAKE : 0;
	return rule;
}

int device_rules(const struct list *from, struct list *out, struct error *err)
{
	struct device_rule *rule;

	if (from->count > RULES_MAX)
		return error_set(err, ERROR_INVALID, "resources.devices has more than %d rules", RULES_MAX);
	LIST_EACH(struct oci_device_rule, one, from) {
		rule = list_add(out, sizeof *rule);
		*rule = rule_of(one);
	}
	for (size_t i = 0; i < ARRAY_LEN(default_rules); i++) {
		rule = list_add(out, sizeof *rule);
		*rule = default_rules[i];
	}
	return 0;
}

static void emit(struct device_program *program, uint8_t code, unsigned to, unsigned from, int off, int32_t value)
{
	program->code[program->count++] = (struct bpf_insn){
		.code = code, .dst_reg = to & 15, .src_reg = from & 15, .off = (int16_t) off, .imm = value};
}

enum { RESULT = 0, CONTEXT = 1, TYPE = 2, ACCESS = 3, MAJOR = 4, MINOR = 5, SCRATCH = 6 };

/* Jumps over the rest of a rule are filled in behind it. */
static void skip_unless(struct device_program *program, unsigned reg, int32_t value)
{
	emit(program, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, value);
}

/* true: it fits every request, so that nothing behind it is ever reached */
static bool emit_rule(struct device_program *program, const struct device_rule *rule)
{
	size_t start = program->count;
	bool partly = (rule->access & DEVICE_ALL) != DEVICE_ALL;

	if (rule->type != 'a')
		skip_unless(program, TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (partly) {
		/* allowed: all that is asked for is in it; denied: any of it is */
		emit(program, BPF_ALU64 | BPF_MOV | BPF_X, SCRATCH, ACCESS, 0, 0);
		emit(program, BPF_ALU64 | BPF_AND | BPF_K, SCRATCH, 0, 0,
		     (int32_t) (rule->allow ? ~rule->access & DEVICE_ALL : rule->access));
		emit(program, BPF_JMP | (rule->allow ? BPF_JNE : BPF_JEQ) | BPF_K, SCRATCH, 0, 0, 0);
	}
	if (rule->major >= 0)
		skip_unless(program, MAJOR, (int32_t) rule->major);
	if (rule->minor >= 0)
		skip_unless(program, MINOR, (int32_t) rule->minor);
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, rule->allow);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = start; i < program->count; i++) {
		uint8_t code = program->code[i].code;

		if (BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_EXIT)
			program->code[i].off = (int16_t) (program->count - i - 1);
	}
	return program->count == start + 2;
}

void device_program(const struct list *rules, struct device_program *out)
{
	bool ended = false;

	out->count = 0;
	out->code = xcalloc(rules->count * 9 + 8, sizeof *out->code);
	/* the low half of access_type is the type, the high half what is asked for */
	emit(out, BPF_LDX | BPF_W | BPF_MEM, TYPE, CONTEXT, 0, 0);
	emit(out, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
	emit(out, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(out, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	emit(out, BPF_LDX | BPF_W | BPF_MEM, MAJOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(out, BPF_LDX | BPF_W | BPF_MEM, MINOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	for (size_t i = rules->count; i-- > 0 && !ended;)
		ended = emit_rule(out, LIST_AT(struct device_rule, rules, i));
	if (!ended) {
		emit(out, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, 0);
		emit(out, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
}

static int bpf(int command, union bpf_attr *attr, size_t size)
{
	long r = syscall(SYS_bpf, command, attr, size);

	return r < 0 ? -errno : (int) r;
}

static int load(const struct device_program *program)
{
	union bpf_attr attr = {0};

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t) (uintptr_t) program->code;
	attr.insn_cnt = (uint32_t) program->count;
	attr.license = (uint64_t) (uintptr_t) "GPL";
	return bpf(BPF_PROG_LOAD, &attr, sizeof attr);
}

/* The programs that were there before; a group below systemd's scope has none but ours. */
static size_t query(int dir_fd, uint32_t ids[PROGRAMS_MAX])
{
	union bpf_attr attr = {0};

	attr.query.target_fd = (uint32_t) dir_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t) (uintptr_t) ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	return bpf(BPF_PROG_QUERY, &attr, sizeof attr) < 0 ? 0 : attr.query.prog_cnt;
}

static int attach(int command, int dir_fd, int program_fd)
{
	union bpf_attr attr = {0};

	attr.target_fd = (uint32_t) dir_fd;
	attr.attach_bpf_fd = (uint32_t) program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = command == BPF_PROG_ATTACH ? BPF_F_ALLOW_MULTI : 0;
	return bpf(command, &attr, sizeof attr);
}

static int apply_v2(int dir_fd, const struct list *rules)
{
	struct device_program program;
	uint32_t before[PROGRAMS_MAX];
	size_t count = query(dir_fd, before);
	AUTO_CLOSE int fd = -1;
	int r;

	device_program(rules, &program);
	fd = load(&program);
	free(program.code);
	r = fd < 0 ? fd : attach(BPF_PROG_ATTACH, dir_fd, fd);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		union bpf_attr attr = {0};
		AUTO_CLOSE int old = -1;

		attr.prog_id = before[i];
		old = bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof attr);
		/* one that stays makes it stricter, not laxer */
		if (old >= 0)
			(void) !attach(BPF_PROG_DETACH, dir_fd, old);
	}
	return r;
}

static char *text_v1(const struct device_rule *rule)
{
	char access[4] = "";
	size_t used = 0;
	AUTO_FREE char *major = rule->major < 0 ? xstrdup("*") : xprintf("%" PRId64, rule->major);
	AUTO_FREE char *minor = rule->minor < 0 ? xstrdup("*") : xprintf("%" PRId64, rule->minor);

	if (rule->access & DEVICE_READ)
		access[used++] = 'r';
	if (rule->access & DEVICE_WRITE)
		access[used++] = 'w';
	if (rule->access & DEVICE_MAKE)
		access[used] = 'm';
	return xprintf("%c %s:%s %s", rule->type, major, minor, access);
}

static int apply_v1(int dir_fd, const struct list *rules)
{
	LIST_EACH(struct device_rule, rule, rules) {
		AUTO_FREE char *text = text_v1(rule);
		int r = group_write(dir_fd, rule->allow ? "devices.allow" : "devices.deny", text);

		if (r < 0)
			return r;
	}
	return 0;
}

int devices_apply(const struct group *group, const struct oci_resources *resources, struct error *err)
{
	struct list rules = {0};
	int dir_fd = group_dir(group, "devices"), r;

	/* rootless: the nodes that are not bound into /dev are out of reach anyway */
	if (resources->devices.count == 0 || geteuid() != 0 || dir_fd < 0)
		return 0;
	r = device_rules(&resources->devices, &rules, err);
	if (r >= 0) {
		r = dir_fd == group->unified ? apply_v2(dir_fd, &rules) : apply_v1(dir_fd, &rules);
		if (r == -EPERM || r == -EACCES || r == -ENOSYS)
			r = 0;
		if (r < 0)
			(void) error_errno(err, -r, "device rules of the cgroup");
	}
	free(rules.items);
	return r;
}
