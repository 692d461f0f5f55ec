/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_shrink.c - the same filter in fewer instructions: quicker to load at each start */
/*
 * libseccomp compares every call number by itself: over a thousand instructions, of which the
 * kernel checks, translates and walks each while a container waits. But allowed numbers stand in
 * long runs.
 *
 * A program decides by architecture and number first, and only then looks at arguments. So we ask
 * the given program, by running it, what becomes of each architecture and each interval of numbers
 * between the constants that it compares with: it returns a value, or begins to load an argument at
 * some place. Neighbours of one outcome make one range; a binary tree of ">=" finds the range; what
 * follows the loading of an argument is copied as it stands.
 */
#include "seccomp_shrink.h"

#include "coracle/base/alloc.h"

#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#define ARCHS_MAX 16
#define PART_MAX  120 /* as many comparisons and leaves stay within reach of a jump (255) */

enum held { HELD_NOTHING, HELD_ARCH, HELD_NUMBER };

/* what a call comes to: the program returns value, or looks at an argument at instruction value */
struct outcome {
	bool returns;
	uint32_t value;
};

struct range {
	uint32_t start;
	struct outcome outcome;
};

struct constants {
	uint32_t items[ARCHS_MAX];
	size_t count;
	bool too_many;
};

/* a jump's target: an instruction of the new program, a leaf, or an instruction of the old one */
enum target_kind { TARGET_STEP, TARGET_LEAF, TARGET_OLD };
struct target {
	enum target_kind kind;
	uint32_t index;
};

struct step {
	uint16_t code;
	uint32_t k;
	struct target yes, no;
};

struct builder {
	const struct sock_filter *old;
	size_t old_count;
	struct step *steps; /* owned, room for max */
	size_t count, max;
	uint32_t *leaves; /* owned: where each leaf landed */
	size_t leaves_count;
	uint32_t *copied; /* owned: where each old instruction landed */
	bool *wanted;     /* owned: old instructions to copy */
	bool failed;
};

static void builder_done(struct builder *builder)
{
	free(builder->steps);
	free(builder->leaves);
	free(builder->copied);
	free(builder->wanted);
}

static bool jumps(const struct sock_filter *at, uint32_t held)
{
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return held == at->k;
	case BPF_JGT:
		return held > at->k;
	default:
		return held >= at->k;
	}
}

static bool is_comparison(const struct sock_filter *at)
{
	return BPF_CLASS(at->code) == BPF_JMP && BPF_SRC(at->code) == BPF_K &&
	       (BPF_OP(at->code) == BPF_JEQ || BPF_OP(at->code) == BPF_JGT ||
	        BPF_OP(at->code) == BPF_JGE);
}

static void note(struct constants *seen, uint32_t value)
{
	for (size_t i = 0; i < seen->count; i++)
		if (seen->items[i] == value)
			return;
	if (seen->count == ARCHS_MAX)
		seen->too_many = true;
	else
		seen->items[seen->count++] = value;
}

/* run the program up to its outcome; false: it does what we do not follow */
static bool run(const struct sock_filter *code, size_t count, uint32_t arch, uint32_t number,
                struct constants *archs, struct outcome *out)
{
	enum held kind = HELD_NOTHING;
	uint32_t held = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *at = &code[pc];

		if (at->code == (BPF_LD | BPF_W | BPF_ABS)) {
			if (at->k != offsetof(struct seccomp_data, arch) &&
			    at->k != offsetof(struct seccomp_data, nr)) {
				*out = (struct outcome){.value = (uint32_t) pc};
				return true;
			}
			kind = at->k == offsetof(struct seccomp_data, arch) ? HELD_ARCH
			                                                    : HELD_NUMBER;
			held = kind == HELD_ARCH ? arch : number;
		} else if (at->code == (BPF_RET | BPF_K)) {
			*out = (struct outcome){.returns = true, .value = at->k};
			return true;
		} else if (at->code == (BPF_JMP | BPF_JA)) {
			pc += at->k;
		} else if (is_comparison(at) && kind != HELD_NOTHING) {
			/* an architecture is this one or it is not; nothing is "greater" */
			if (kind == HELD_ARCH && BPF_OP(at->code) != BPF_JEQ)
				return false;
			if (kind == HELD_ARCH)
				note(archs, at->k);
			pc += jumps(at, held) ? at->jt : at->jf;
		} else {
			return false;
		}
	}
	return false;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

/* every number at which the outcome may change; owned, sorted, with repeats */
static uint32_t *find_edges(const struct sock_filter *code, size_t count, size_t *edges_count)
{
	uint32_t *edges = xcalloc(2 * count + 1, sizeof *edges);
	size_t used = 1; /* the first is 0 */

	for (size_t i = 0; i < count; i++)
		if (is_comparison(&code[i])) {
			edges[used++] = code[i].k;
			if (code[i].k < UINT32_MAX)
				edges[used++] = code[i].k + 1;
		}
	qsort(edges, used, sizeof *edges, compare_numbers);
	*edges_count = used;
	return edges;
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return a->returns == b->returns && a->value == b->value;
}

/* ranges has room for one an edge; 0 when the program can't be followed */
static size_t find_ranges(const struct builder *builder, uint32_t arch, const uint32_t *edges,
                          size_t edges_count, struct constants *archs, struct range *ranges)
{
	size_t count = 0;

	for (size_t i = 0; i < edges_count; i++) {
		struct outcome outcome = {0};

		if (!run(builder->old, builder->old_count, arch, edges[i], archs, &outcome))
			return 0;
		if (count == 0 || !is_same(&outcome, &ranges[count - 1].outcome))
			ranges[count++] = (struct range){.start = edges[i], .outcome = outcome};
	}
	return count;
}

static struct target to_step(size_t index)
{
	return (struct target){.kind = TARGET_STEP, .index = (uint32_t) index};
}

static size_t add(struct builder *builder, unsigned code, uint32_t k)
{
	size_t at = builder->count;

	if (at == builder->max) {
		builder->failed = true;
		return 0;
	}
	builder->steps[builder->count++] = (struct step){
		.code = (uint16_t) code,
		.k = k,
		.yes = to_step(at + 1),
		.no = to_step(at + 1),
	};
	return at;
}

/* ranges that share leaves behind their tree */
struct part {
	size_t first_leaf;
	struct outcome outcomes[PART_MAX];
	size_t outcomes_count;
};

static struct target leaf_of(struct part *part, const struct outcome *outcome)
{
	size_t i = 0;

	while (i < part->outcomes_count && !is_same(&part->outcomes[i], outcome))
		i++;
	if (i == part->outcomes_count)
		part->outcomes[part->outcomes_count++] = *outcome;
	return (struct target){.kind = TARGET_LEAF, .index = (uint32_t) (part->first_leaf + i)};
}

static struct target add_tree(struct builder *builder, struct part *part,
                              const struct range *ranges, size_t count)
{
	size_t middle = count / 2, at;
	struct target left, right;

	if (count == 1)
		return leaf_of(part, &ranges[0].outcome);
	at = add(builder, BPF_JMP | BPF_JGE | BPF_K, ranges[middle].start);
	left = add_tree(builder, part, ranges, middle);
	right = add_tree(builder, part, ranges + middle, count - middle);
	builder->steps[at].no = left;
	builder->steps[at].yes = right;
	return to_step(at);
}

/* a tree with its leaves behind it */
static void add_part(struct builder *builder, const struct range *ranges, size_t count)
{
	struct part part = {.first_leaf = builder->leaves_count};

	/* each leaf is a step, so this also keeps their number below the steps' */
	if (builder->failed)
		return;
	(void) add_tree(builder, &part, ranges, count);
	builder->leaves_count += part.outcomes_count;
	for (size_t i = 0; i < part.outcomes_count; i++) {
		const struct outcome *outcome = &part.outcomes[i];
		size_t at = outcome->returns ? add(builder, BPF_RET | BPF_K, outcome->value)
		                             : add(builder, BPF_JMP | BPF_JA, 0);

		builder->leaves[part.first_leaf + i] = (uint32_t) at;
		if (!outcome->returns) {
			builder->steps[at].yes =
				(struct target){.kind = TARGET_OLD, .index = outcome->value};
			builder->wanted[outcome->value] = true;
		}
	}
}

static void add_ranges(struct builder *builder, const struct range *ranges, size_t count)
{
	size_t middle = count / 2, compare, jump;

	if (count <= PART_MAX) {
		add_part(builder, ranges, count);
		return;
	}
	/* too far for a comparison's jump */
	compare = add(builder, BPF_JMP | BPF_JGE | BPF_K, ranges[middle].start);
	jump = add(builder, BPF_JMP | BPF_JA, 0);
	builder->steps[compare].no = to_step(jump + 1);
	add_ranges(builder, ranges, middle);
	builder->steps[jump].yes = to_step(builder->count);
	add_ranges(builder, ranges + middle, count - middle);
}

static void copy_rest(struct builder *builder)
{
	for (size_t i = 0; i < builder->old_count; i++) {
		const struct sock_filter *old = &builder->old[i];
		uint32_t next = (uint32_t) i + 1;
		size_t at;

		if (!builder->wanted[i])
			continue;
		at = add(builder, old->code, old->k);
		builder->copied[i] = (uint32_t) at;
		if (BPF_CLASS(old->code) == BPF_RET)
			continue;
		builder->steps[at].yes = (struct target){.kind = TARGET_OLD, .index = next};
		builder->steps[at].no = builder->steps[at].yes;
		if (old->code == (BPF_JMP | BPF_JA)) {
			builder->steps[at].yes.index = next + old->k;
			builder->steps[at].no.index = next + old->k;
		} else if (BPF_CLASS(old->code) == BPF_JMP) {
			builder->steps[at].yes.index = next + old->jt;
			builder->steps[at].no.index = next + old->jf;
		}
		/* all jumps go forward, so one pass finds all that can be reached */
		builder->wanted[builder->steps[at].yes.index] = true;
		builder->wanted[builder->steps[at].no.index] = true;
	}
}

static uint32_t resolve(const struct builder *builder, struct target target)
{
	switch (target.kind) {
	case TARGET_LEAF:
		return builder->leaves[target.index];
	case TARGET_OLD:
		return builder->copied[target.index];
	case TARGET_STEP:
		break;
	}
	return target.index;
}

/* owned; NULL when a jump is too long */
static struct sock_filter *assemble(const struct builder *builder)
{
	AUTO_FREE struct sock_filter *code = xcalloc(builder->count, sizeof *code);

	for (size_t i = 0; i < builder->count; i++) {
		const struct step *step = &builder->steps[i];
		uint32_t yes = resolve(builder, step->yes) - (uint32_t) i - 1;
		uint32_t no = resolve(builder, step->no) - (uint32_t) i - 1;

		code[i] = (struct sock_filter){.code = step->code, .k = step->k};
		if (step->code == (BPF_JMP | BPF_JA)) {
			code[i].k = yes;
		} else if (BPF_CLASS(step->code) == BPF_JMP) {
			if (yes > UINT8_MAX || no > UINT8_MAX)
				return NULL;
			code[i].jt = (uint8_t) yes;
			code[i].jf = (uint8_t) no;
		} else if (BPF_CLASS(step->code) != BPF_RET && yes != 0) {
			return NULL; /* a plain instruction goes on to the next */
		}
	}
	return TAKE_PTR(code);
}

/* one architecture: "is it this one?", then its numbers */
static bool add_arch(struct builder *builder, uint32_t arch, const uint32_t *edges,
                     size_t edges_count, struct range *ranges)
{
	struct constants ignored = {0};
	size_t count = find_ranges(builder, arch, edges, edges_count, &ignored, ranges);
	size_t compare, jump;

	if (count == 0)
		return false;
	compare = add(builder, BPF_JMP | BPF_JEQ | BPF_K, arch);
	jump = add(builder, BPF_JMP | BPF_JA, 0);
	builder->steps[compare].yes = to_step(jump + 1);
	builder->steps[compare].no = to_step(jump);
	(void) add(builder, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	add_ranges(builder, ranges, count);
	builder->steps[jump].yes = to_step(builder->count);
	return !builder->failed;
}

static bool build(struct builder *builder)
{
	size_t edges_count = 0;
	AUTO_FREE uint32_t *edges = find_edges(builder->old, builder->old_count, &edges_count);
	AUTO_FREE struct range *ranges = xcalloc(edges_count, sizeof *ranges);
	struct constants archs = {0};
	struct outcome other;

	/* What the program does not name (0 is no architecture) fails all its comparisons with one.
	 */
	if (find_ranges(builder, 0, edges, edges_count, &archs, ranges) != 1 || archs.too_many)
		return false;
	other = ranges[0].outcome;
	(void) add(builder, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	if (!other.returns)
		return false;
	for (size_t i = 0; i < archs.count; i++)
		if (archs.items[i] == 0 ||
		    !add_arch(builder, archs.items[i], edges, edges_count, ranges))
			return false;
	(void) add(builder, BPF_RET | BPF_K, other.value);
	copy_rest(builder);
	return !builder->failed;
}

void seccomp_shrink(struct seccomp_program *program)
{
	AUTO(builder_done)
	struct builder builder = {
		.old = program->filter,
		.old_count = program->length,
		.max = program->length,
	};
	struct sock_filter *code = NULL;

	if (program->length == 0)
		return;
	builder.steps = xcalloc(builder.max, sizeof *builder.steps);
	builder.leaves = xcalloc(builder.max + PART_MAX, sizeof *builder.leaves);
	builder.copied = xcalloc(builder.old_count + 1, sizeof *builder.copied);
	builder.wanted = xcalloc(builder.old_count + 1, sizeof *builder.wanted);
	if (build(&builder))
		code = assemble(&builder);
	if (!code)
		return;
	free(program->filter);
	program->filter = code;
	program->length = (unsigned short) builder.count;
}
