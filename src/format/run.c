/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run.c - evaluates a parsed template over a value; see tree.h
 *
 * Recursion follows the tree, whose depth the parser bounds; TEMPLATE_STEPS_MAX bounds nested
 * ranges, the maximum of the output and TEMPLATE_MADE_MAX bound memory.
 */
#include "run.h"

#include "coracle/base/alloc.h"

#include <ctype.h>
#include <string.h>

#include "print.h"

#define AT_MAX 200 /* bytes of the template that a message quotes */

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

int run_charge(struct run *run, size_t bytes)
{
	if (bytes > TEMPLATE_MADE_MAX - run->made_size)
		return error_set(run->err, ERROR_INVALID, "the template makes more than %zu bytes",
		                 TEMPLATE_MADE_MAX);
	run->made_size += bytes;
	return 0;
}

void run_keep(struct run *run, json_t *json, struct value *out)
{
	if (!run->made)
		run->made = json_array();
	(void) json_array_append_new(run->made, json);
	*out = (struct value){.json = json};
}

int run_keep_text(struct run *run, const char *bytes, size_t length, struct value *out)
{
	int r = run_charge(run, length + 1);

	if (r >= 0)
		run_keep(run, json_stringn_nocheck(bytes, length), out);
	return r;
}

/* The place goes before the reason that err holds already. */
static int located(struct run *run, size_t begin, size_t from, size_t to)
{
	const char *text = run->template->text;
	int length = (int) MIN(to - from, AT_MAX);
	int r = error_wrap(run->err, -EINVAL, "executing \"\" at <%.*s>", length, text + from);

	return tree_locate(run->template, begin, run->err, r);
}

static int fail(struct run *run, const struct operand *operand, const char *why)
{
	(void) error_set(run->err, ERROR_INVALID, "%s", why);
	return located(run, operand->begin, operand->begin, operand->end);
}

static int count_step(struct run *run, const struct operand *operand)
{
	if (++run->steps <= TEMPLATE_STEPS_MAX)
		return 0;
	return fail(run, operand, "the template takes too many steps");
}

/* "CreatedHuman": CREATED HUMAN */
static int split_caption(struct run *run, const char *name, struct value *out)
{
	AUTO_TEXT struct text made = TEXT_INIT(2 * TEMPLATE_TEXT_MAX);

	for (size_t i = 0; name[i]; i++) {
		if (i && isupper((unsigned char) name[i]) && islower((unsigned char) name[i - 1]))
			(void) text_add_char(&made, ' ');
		(void) text_add_char(&made, (char) toupper((unsigned char) name[i]));
	}
	return run_keep_text(run, text_string(&made), made.length, out);
}

static int get_caption(struct run *run, const char *name, struct value *out)
{
	const struct template_caption *row = run->captions;

	while (row->field && strcmp(row->field, name) != 0)
		row++;
	return row->field ? run_keep_text(run, row->caption, strlen(row->caption), out)
	                  : split_caption(run, name, out);
}

static int get_field(struct run *run, const struct operand *operand,
                     const struct field_name *field, struct value *value)
{
	struct value child;

	if (run->captions)
		return get_caption(run, field->name, value);
	if (!value->json)
		return 0; /* "no value" has any field, and it is "no value" */
	if (value->type == TEMPLATE_MAP) {
		json_t *json = json_object_get(value->json, field->name);

		*value = json ? value_key(run->kinds, value, field->name, json)
		              : (struct value){0};
		return 0;
	}
	if (json_is_object(value->json)) {
		if (value_field(run->kinds, value, field->name, &child)
		    || value_absent(run->kinds, value, field->name, &child)) {
			*value = child;
			return 0;
		}
	} else if (json_is_null(value->json) && value->type <= TEMPLATE_POINTER) {
		(void) error_set(run->err, ERROR_INVALID, "nil pointer evaluating interface {}.%s",
		                 field->name);
		return located(run, field->begin, operand->begin, operand->end);
	}
	(void) error_set(run->err, ERROR_INVALID, "can't evaluate field %s in type %s", field->name,
	                 value_type_name(value));
	return located(run, field->begin, operand->begin, operand->end);
}

/* The value of key in docker's "k=v,k2=v2". */
static int label_of_text(struct run *run, const char *labels, const char *key, struct value *out)
{
	size_t key_length = strlen(key);

	while (*labels) {
		const char *end = strchrnul(labels, ',');

		if (strncmp(labels, key, key_length) == 0 && labels[key_length] == '=') {
			labels += key_length + 1;
			return run_keep_text(run, labels, (size_t) (end - labels), out);
		}
		labels = *end ? end + 1 : end;
	}
	return run_keep_text(run, "", 0, out);
}

/* The column's caption is the last part of the label's name. */
static int label_caption(struct run *run, const char *key, struct value *out)
{
	const char *dot = strrchr(key, '.');
	AUTO_FREE char *caption = xstrdup(dot ? dot + 1 : key);

	for (char *c = caption; *c; c++)
		*c = *c == '-' || *c == '_' ? ' ' : (char) toupper((unsigned char) *c);
	return run_keep_text(run, caption, strlen(caption), out);
}

static int get_label(struct run *run, const struct operand *operand, const struct value *object,
                     const struct value *key, struct value *out)
{
	struct value labels = {0};
	const char *name = json_string_value(key->json);
	json_t *label;
	int r;

	if (!name)
		return fail(run, operand, "wrong type for value; expected string");
	if (run->captions) {
		r = label_caption(run, name, out);
	} else {
		if (json_is_object(object->json))
			(void) value_field(run->kinds, object, "Labels", &labels);
		label = json_object_get(labels.json, name);
		if (json_is_string(label)) {
			*out = (struct value){.json = label};
			return 0;
		}
		r = label_of_text(run, json_is_string(labels.json) ? json_string_value(labels.json) : "",
		                  name, out);
	}
	return r < 0 ? located(run, operand->begin, operand->begin, operand->end) : 0;
}

static int eval_pipe(struct run *run, const struct pipe *pipe, const struct value *dot,
                     struct value *out);

static int call_function(struct run *run, const struct function *function,
                         const struct value *args, size_t count, size_t begin, size_t end,
                         struct value *out)
{
	int r;

	if (count < function->min_args || count > function->max_args) {
		(void) error_set(run->err, ERROR_INVALID,
		                 "wrong number of args for %s: want %s%zu got %zu", function->name,
		                 function->min_args == function->max_args ? "" : "at least ",
		                 function->min_args, count);
		return located(run, begin, begin, end);
	}
	if (run->captions && !function->in_captions) {
		*out = args[0];
		return 0;
	}
	r = function->call(run, args, count, out);
	if (r >= 0)
		return 0;
	(void) error_wrap(run->err, r, "error calling %s", function->name);
	return located(run, begin, begin, end);
}

/* Everything but the fields that follow. */
static int eval_base(struct run *run, const struct operand *operand, const struct value *dot,
                     struct value *out)
{
	switch (operand->type) {
	case OPERAND_DOT:
		*out = *dot;
		return 0;
	case OPERAND_NIL:
		*out = (struct value){.json = json_null()};
		return 0;
	case OPERAND_CONSTANT:
		*out = (struct value){.json = operand->constant};
		return 0;
	case OPERAND_VARIABLE:
		*out = run->slots[operand->slot];
		return 0;
	case OPERAND_FUNCTION:
		if (!operand->function->call)
			return fail(run, operand, "wrong number of args: want at least 1 got 0");
		return call_function(run, operand->function, NULL, 0, operand->begin, operand->end,
		                     out);
	case OPERAND_PIPE:
		return eval_pipe(run, operand->pipe, dot, out);
	}
	return 0;
}

static int eval_operand(struct run *run, const struct operand *operand, const struct value *dot,
                        struct value *out)
{
	int r = eval_base(run, operand, dot, out);

	for (const struct field_name *field = operand->fields; r >= 0 && field; field = field->next)
		r = get_field(run, operand, field, out);
	return r;
}

/* .Label is the one method; its receiver is all before it. */
static const struct field_name *label_method(const struct operand *operand)
{
	const struct field_name *field = operand->fields;

	while (field && field->next)
		field = field->next;
	return field && strcmp(field->name, "Label") == 0 ? field : NULL;
}

static int eval_label(struct run *run, const struct operand *operand,
                      const struct field_name *method, const struct value *dot,
                      const struct value *key, struct value *out)
{
	struct value object = {0};
	int r = eval_base(run, operand, dot, &object);

	for (const struct field_name *f = operand->fields; r >= 0 && f != method; f = f->next)
		r = get_field(run, operand, f, &object);
	return r < 0 ? r : get_label(run, operand, &object, key, out);
}

/* "and" and "or" evaluate no more than they need, and yield the value that decided. */
static int eval_logic(struct run *run, const struct command *command, const struct value *dot,
                      const struct value *final, struct value *out)
{
	bool stop = command->operands->function->name[0] == 'o';
	const struct operand *operand = command->operands->next;
	int r;

	if (!operand && !final)
		return fail(run, command->operands, "wrong number of args: want at least 1 got 0");
	for (; operand; operand = operand->next) {
		r = eval_operand(run, operand, dot, out);
		if (r < 0 || value_is_true(out) == stop)
			return r;
	}
	if (final)
		*out = *final;
	return 0;
}

/* final is the value of the command before in the pipeline, or NULL. */
static int eval_command(struct run *run, const struct command *command, const struct value *dot,
                        const struct value *final, struct value *out)
{
	const struct operand *first = command->operands;
	const struct field_name *method;
	struct value args[TREE_ARGS_MAX + 1];
	size_t count = 0;
	int r = count_step(run, first);

	if (r < 0)
		return r;
	if (command->count == 1 && !final && first->type != OPERAND_FUNCTION)
		return eval_operand(run, first, dot, out);
	if (first->type == OPERAND_FUNCTION && !first->function->call)
		return eval_logic(run, command, dot, final, out);
	method = label_method(first);
	if (first->type != OPERAND_FUNCTION && !(method && command->count + !!final == 2)) {
		(void) error_set(run->err, ERROR_INVALID, "can't give argument to non-function %.*s",
		                 (int) MIN(first->end - first->begin, AT_MAX),
		                 run->template->text + first->begin);
		return located(run, first->begin, first->begin, first->end);
	}
	for (const struct operand *operand = first->next; operand; operand = operand->next) {
		args[count] = (struct value){0};
		r = eval_operand(run, operand, dot, &args[count++]);
		if (r < 0)
			return r;
	}
	if (final)
		args[count++] = *final;
	if (method)
		return eval_label(run, first, method, dot, &args[0], out);
	return call_function(run, first->function, args, count, command->begin, command->end, out);
}

/* The value, not yet assigned to the pipe's variables. */
static int eval_commands(struct run *run, const struct pipe *pipe, const struct value *dot,
                         struct value *out)
{
	struct value value = {0};

	for (const struct command *command = pipe->commands; command; command = command->next) {
		struct value result = {0};
		int r = eval_command(run, command, dot, command == pipe->commands ? NULL : &value,
		                     &result);

		if (r < 0)
			return r;
		value = result;
	}
	*out = value;
	return 0;
}

static int eval_pipe(struct run *run, const struct pipe *pipe, const struct value *dot,
                     struct value *out)
{
	int r = eval_commands(run, pipe, dot, out);

	for (size_t i = 0; r >= 0 && i < pipe->slot_count; i++)
		run->slots[pipe->slots[i]] = *out;
	return r;
}

static int run_nodes(struct run *run, const struct node *nodes, const struct value *dot);

static const struct operand *place_of(const struct node *node)
{
	return node->pipe->commands->operands;
}

static int too_long(struct run *run, const struct node *node)
{
	(void) error_set(run->err, ERROR_INVALID, "output too long or nested too deeply");
	if (!node->pipe)
		return error_wrap(run->err, -EINVAL, "template parsing error");
	return located(run, place_of(node)->begin, place_of(node)->begin, place_of(node)->end);
}

static int run_action(struct run *run, const struct node *node, const struct value *dot)
{
	struct value value = {0};
	int r = eval_pipe(run, node->pipe, dot, &value);

	if (r < 0 || node->pipe->slot_count)
		return r;
	return print_value(run->out, run->kinds, &value) < 0 ? too_long(run, node) : 0;
}

/* One turn; FLOW_BREAK ends the range, FLOW_CONTINUE is used up here. */
static int run_turn(struct run *run, const struct node *node, const struct value *key,
                    const struct value *item)
{
	const struct pipe *pipe = node->pipe;
	int r = count_step(run, place_of(node));

	if (r < 0)
		return r;
	if (pipe->slot_count == 1) {
		run->slots[pipe->slots[0]] = *item;
	} else if (pipe->slot_count == 2) {
		run->slots[pipe->slots[0]] = *key;
		run->slots[pipe->slots[1]] = *item;
	}
	r = run_nodes(run, node->body, item);
	return r == FLOW_CONTINUE ? FLOW_ON : r;
}

static int range_list(struct run *run, const struct node *node, const struct value *list)
{
	size_t count = json_array_size(list->json);
	int r = FLOW_ON;

	for (size_t i = 0; r == FLOW_ON && i < count; i++) {
		struct value item = value_item(list, json_array_get(list->json, i)), key = {0};

		if (node->pipe->slot_count == 2)
			run_keep(run, json_integer((json_int_t) i), &key);
		r = run_turn(run, node, &key, &item);
	}
	return r == FLOW_BREAK ? FLOW_ON : r;
}

static int range_map(struct run *run, const struct node *node, const struct value *map)
{
	AUTO_FREE const char **keys = value_sorted_keys(map);
	size_t count = json_object_size(map->json);
	int r = FLOW_ON;

	for (size_t i = 0; r == FLOW_ON && i < count; i++) {
		struct value key = {0};
		struct value item =
			value_key(run->kinds, map, keys[i], json_object_get(map->json, keys[i]));

		if (node->pipe->slot_count == 2)
			run_keep(run, json_string_nocheck(keys[i]), &key);
		r = run_turn(run, node, &key, &item);
	}
	return r == FLOW_BREAK ? FLOW_ON : r;
}

static int run_range(struct run *run, const struct node *node, const struct value *dot)
{
	struct value value = {0};
	int r = eval_commands(run, node->pipe, dot, &value);

	if (r < 0)
		return r;
	if (run->captions) {
		r = run_turn(run, node, &value, &value);
		return r == FLOW_BREAK ? FLOW_ON : r;
	}
	if (value_is_null(&value) || value_length(&value) == 0)
		if (!json_is_string(value.json))
			return run_nodes(run, node->otherwise, dot);
	if (json_is_array(value.json))
		return range_list(run, node, &value);
	if (value_is_map(&value))
		return range_map(run, node, &value);
	(void) error_set(run->err, ERROR_INVALID, "range can't iterate over a %s",
	                 value_type_name(&value));
	return located(run, place_of(node)->begin, place_of(node)->begin, place_of(node)->end);
}

static int run_branch(struct run *run, const struct node *node, const struct value *dot)
{
	struct value value = {0};
	int r = eval_pipe(run, node->pipe, dot, &value);

	if (r < 0)
		return r;
	if (!value_is_true(&value))
		return run_nodes(run, node->otherwise, dot);
	return run_nodes(run, node->body, node->type == NODE_WITH ? &value : dot);
}

/* FLOW_*, or a negative errno */
static int run_nodes(struct run *run, const struct node *nodes, const struct value *dot)
{
	int r = FLOW_ON;

	for (const struct node *node = nodes; r == FLOW_ON && node; node = node->next) {
		switch (node->type) {
		case NODE_TEXT:
			if (text_add_bytes(run->out, node->text, node->length) < 0)
				r = too_long(run, node);
			break;
		case NODE_ACTION:
			r = run_action(run, node, dot);
			break;
		case NODE_IF:
		case NODE_WITH:
			r = run_branch(run, node, dot);
			break;
		case NODE_RANGE:
			r = run_range(run, node, dot);
			break;
		case NODE_BREAK:
			return FLOW_BREAK;
		case NODE_CONTINUE:
			return FLOW_CONTINUE;
		}
	}
	return r;
}

static int run_template(struct run *run, const struct value *root)
{
	/* most templates have only "$" */
	struct value few[4] = {0};
	AUTO_FREE struct value *many = NULL;
	int r;

	run->slots = few;
	if (run->template->slot_count > ARRAY_LEN(few))
		run->slots = many = xcalloc(run->template->slot_count, sizeof *many);
	run->slots[0] = *root;
	r = run_nodes(run, run->template->nodes, root);
	json_decref(run->made);
	run->slots = NULL;
	return r < 0 ? r : 0;
}

int template_run(const struct template *template, const json_t *data,
                 const struct template_kinds *kinds, struct text *out, struct error *err)
{
	struct value root = value_root(data);
	struct run run = {
		.template = template,
		.kinds = kinds ? kinds : &template_default_kinds,
		.out = out,
		.err = err,
	};

	return run_template(&run, &root);
}

int template_run_captions(const struct template *template, const struct template_caption *captions,
                          struct text *out, struct error *err)
{
	AUTO_JSON json_t *empty = json_string("");
	struct value root = value_root(empty);
	struct run run = {
		.template = template,
		.kinds = &template_default_kinds,
		.captions = captions,
		.out = out,
		.err = err,
	};

	return run_template(&run, &root);
}
