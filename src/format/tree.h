/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.h - a parsed template; private to format */
#ifndef CORACLE_FORMAT_TREE_H
#define CORACLE_FORMAT_TREE_H

#include "value.h"

#define TREE_ARGS_MAX 32 /* arguments of one call */

struct run;

/* function - a row of the table in functions.c */
struct function {
	const char *name;
	/* NULL: "and" and "or", which the evaluator does since they stop early */
	int (*call)(struct run *run, const struct value *args, size_t count, struct value *out);
	size_t min_args, max_args;
	bool in_captions; /* also called while captions are made; else its first argument stands */
};

const struct function *function_find(const char *name, size_t length);

/* One ".Name" of a chain. */
struct field_name {
	struct field_name *next;
	const char *name;
	size_t begin; /* in the template's text */
};

enum operand_type {
	OPERAND_DOT,
	OPERAND_NIL,
	OPERAND_CONSTANT,
	OPERAND_VARIABLE,
	OPERAND_FUNCTION,
	OPERAND_PIPE, /* in parentheses */
};

struct operand {
	enum operand_type type;
	struct operand *next;
	size_t begin, end; /* in the template's text, for messages */
	json_t *constant;  /* borrowed from the template */
	size_t slot;       /* VARIABLE */
	const struct function *function;
	struct pipe *pipe;
	struct field_name *fields;
};

struct command {
	struct command *next;
	struct operand *operands; /* at least one */
	size_t count;
	size_t begin, end;
};

struct pipe {
	struct command *commands; /* at least one */
	size_t slots[2];          /* variables that are declared or assigned */
	size_t slot_count;
};

enum node_type { NODE_TEXT, NODE_ACTION, NODE_IF, NODE_RANGE, NODE_WITH, NODE_BREAK, NODE_CONTINUE };

struct node {
	enum node_type type;
	struct node *next;
	const char *text; /* NODE_TEXT; borrowed from the template */
	size_t length;
	struct pipe *pipe;
	struct node *body, *otherwise;
};

struct template {
	char *text; /* owned */
	struct node *nodes;
	size_t slot_count; /* variables alive at the same time; slot 0 is "$" */
	json_t *constants; /* array */
	void **blocks;     /* all of the nodes, operands... */
	size_t block_count;
};

/* tree_locate - put "template parsing error: template: :LINE:COLUMN" before the line; returns r */
int tree_locate(const struct template *template, size_t begin, struct error *err, int r);

#endif
