/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cgroup_words.c - properties of units as GVariant text; device rules as a program, run by a small machine */
#include "../../src/runtime/cgroup_bus.h"
#include "../../src/runtime/cgroup_devices.h"

#include "scratch.h"
#include "suite.h"

static const struct {
	const char *text, *type, *values;
} good[] = {
	{"5", "i", "5"},
	{"-5", "i", "-5"},
	{"uint64 123456789", "t", "123456789"},
	{"uint64 18446744073709551615", "t", "18446744073709551615"},
	{"@t 7", "t", "7"},
	{"byte 0xff", "y", "255"},
	{"int64 -9223372036854775808", "x", "-9223372036854775808"},
	{"true", "b", "true"},
	{"boolean false", "b", "false"},
	{"'inactive-or-failed'", "s", "inactive-or-failed"},
	{"\"it's\"", "s", "it's"},
	{"'a\\'b\\\\'", "s", "a'b\\"},
	{"  'x'  ", "s", "x"},
	{"1.5", "d", "1.5"},
	{"double 2", "d", "2"},
	{"objectpath '/a'", "o", "/a"},
	{"['a', 'b']", "as", "a|b"},
	{"[uint32 1, 2]", "au", "1|2"},
	{"@as []", "as", ""},
	{"@au [1,2,3]", "au", "1|2|3"},
};

START_TEST(values_are_read)
{
	AUTO_PROPERTY struct property property = {0};
	char type[] = {'?', '?', '\0'};
	AUTO_FREE char *values = NULL;

	ck_assert_int_eq(property_parse(good[_i].text, &property), 0);
	(void) snprintf(type, sizeof type, "%s%c", property.array ? "a" : "", property.type);
	values = texts_join(&property.values, "|");
	ck_assert_str_eq(type, good[_i].type);
	ck_assert_str_eq(values, good[_i].values);
}
END_TEST

static const char *const bad[] = {
	"",         "infinity",  "'open",          "[]",        "[1, 'a']",  "5 6",        "byte 256",
	"uint32 -1", "int16 32768", "int64 -9223372036854775809", "@q 65536", "['a'", "['a' 'b']", "uint64",
	"true 'x'", "{'a': 1}",  "(1, 2)",         "@s 5",      "99999999999", "'\\u0041'", "boolean 1", "0x",
};

START_TEST(other_words_are_refused_and_leave_output_alone)
{
	struct property property = {0};

	ck_assert_int_eq(property_parse(bad[_i], &property), -EINVAL);
	ck_assert_int_eq(property.type, 0);
	ck_assert_uint_eq(property.values.count, 0);
}
END_TEST

/* --- device rules --- */

/* The few instructions that are used; what the program answers, -1 for one that is wrong */
static int run(const struct device_program *program, unsigned type, unsigned access, uint32_t major, uint32_t minor)
{
	uint64_t reg[16] = {0};
	const uint32_t context[3] = {access << 16 | type, major, minor};

	for (size_t at = 0; at < program->count; at++) {
		const struct bpf_insn *one = &program->code[at];
		uint64_t *to = &reg[one->dst_reg];

		switch (one->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			if (one->src_reg != 1 || one->off < 0 || one->off > 8)
				return -1;
			*to = context[one->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*to = reg[one->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*to = (uint64_t) one->imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*to &= (uint64_t) one->imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			*to >>= one->imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			at += *to != (uint64_t) one->imm ? (size_t) one->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += *to == (uint64_t) one->imm ? (size_t) one->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int) reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

#define C BPF_DEVCG_DEV_CHAR
#define B BPF_DEVCG_DEV_BLOCK
#define R DEVICE_READ
#define W DEVICE_WRITE
#define M DEVICE_MAKE

static const struct {
	const char *rules; /* "allow type major minor access", by ';' */
	unsigned type, access;
	uint32_t major, minor;
	int want;
} questions[] = {
	{"", C, R, 1, 3, 0},
	{"1 c 1 3 rwm", C, R | W, 1, 3, 1},
	{"1 c 1 3 rwm", C, R, 1, 4, 0},
	{"1 c 1 3 rwm", B, R, 1, 3, 0},
	{"1 c 1 -1 r", C, R, 1, 99, 1},
	{"1 c 1 -1 r", C, R | W, 1, 99, 0},
	{"1 a -1 -1 rwm", B, R | W | M, 7, 7, 1},
	{"1 a -1 -1 rwm; 0 b 8 0 w", B, R, 8, 0, 1},
	{"1 a -1 -1 rwm; 0 b 8 0 w", B, W, 8, 0, 0},
	{"1 a -1 -1 rwm; 0 b 8 0 w", B, R | W, 8, 0, 0},
	{"1 c 1 3 rwm; 0 a -1 -1 rwm", C, R, 1, 3, 0},
	{"0 a -1 -1 rwm; 1 c 1 3 rwm", C, R, 1, 3, 1},
	{"0 c 1 3 rwm; 1 c -1 -1 m", C, M, 1, 3, 1},
};

static void rules_of(const char *text, struct list *out)
{
	AUTO_TEXTS struct texts lines = {0};

	texts_split(&lines, text, ';');
	for (size_t i = 0; i < lines.count; i++) {
		struct device_rule rule = {0};
		int allow = 0, major = 0, minor = 0;
		char access[4] = "";

		if (sscanf(lines.items[i], " %d %c %d %d %3s", &allow, &rule.type, &major, &minor, access) != 5)
			continue;
		rule.allow = allow;
		rule.major = major;
		rule.minor = minor;
		for (const char *c = access; *c; c++)
			rule.access |= *c == 'r' ? R : *c == 'w' ? W : M;
		*(struct device_rule *) list_add(out, sizeof rule) = rule;
	}
}

START_TEST(the_last_rule_that_fits_decides)
{
	struct list rules = {0};
	struct device_program program = {0};

	rules_of(questions[_i].rules, &rules);
	device_program(&rules, &program);
	ck_assert_int_eq(run(&program, questions[_i].type, questions[_i].access, questions[_i].major, questions[_i].minor),
	                 questions[_i].want);
	free(program.code);
	free(rules.items);
}
END_TEST

START_TEST(default_devices_come_last)
{
	struct list from = {0}, rules = {0};
	struct device_program program = {0};
	struct error err = {0};
	struct oci_device_rule *all = list_add(&from, sizeof *all);

	*all = (struct oci_device_rule){.allow = false};
	ck_assert_int_eq(device_rules(&from, &rules, &err), 0);
	device_program(&rules, &program);
	ck_assert_int_eq(run(&program, C, R | W, 1, 3), 1);     /* null */
	ck_assert_int_eq(run(&program, C, R | W, 136, 5), 1);   /* a terminal */
	ck_assert_int_eq(run(&program, B, M, 8, 0), 1);         /* to make a node is not to open it */
	ck_assert_int_eq(run(&program, B, R, 8, 0), 0);
	ck_assert_int_eq(run(&program, C, R, 1, 1), 0);         /* mem */
	free(program.code);
	free(rules.items);
	free(from.items);
}
END_TEST

START_TEST(nothing_stands_behind_a_rule_for_everything)
{
	struct list rules = {0};
	struct device_program program = {0};

	/* the kernel refuses a program with instructions that are never reached */
	rules_of("1 c 1 3 rwm; 0 a -1 -1 rwm", &rules);
	device_program(&rules, &program);
	ck_assert_uint_eq(program.count, 8);
	free(program.code);
	free(rules.items);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cgroup_words");
	TCase *tcase = tcase_create("cgroup_words");

	tcase_add_loop_test(tcase, values_are_read, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, other_words_are_refused_and_leave_output_alone, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, the_last_rule_that_fits_decides, 0, ARRAY_LEN(questions));
	tcase_add_test(tcase, default_devices_come_last);
	tcase_add_test(tcase, nothing_stands_behind_a_rule_for_everything);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
