/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse.c - templates into trees; see tree.h
 *
 * Variables become slots while parsing: a declaration takes the next slot, the end of a block gives
 * its slots back. All nodes are blocks that the template owns, so that freeing needs no recursion;
 * parsing does recurse, by blocks and parentheses, at most TEMPLATE_DEPTH_MAX deep.
 */
#include "coracle/base/alloc.h"

#include <string.h>

#include "constant.h"
#include "lex.h"
#include "tree.h"

struct variable {
	const char *name; /* with its dollar; borrowed from the text */
	size_t length;
};

struct parser {
	struct template *template;
	struct error *err;
	const char *text;
	size_t at;
	struct token token; /* the one after "at" was moved behind it */
	bool trim_left;     /* the text that follows loses its leading blanks */
	struct variable *variables;
	size_t variable_count, variable_size;
	unsigned depth, ranges;
};

/* How a list of nodes ended. */
enum stop { STOP_EOF, STOP_END, STOP_ELSE };

int tree_locate(const struct template *template, size_t begin, struct error *err, int r)
{
	size_t line = 1, column = begin;

	for (size_t i = 0; i < begin; i++) {
		if (template->text[i] == '\n') {
			line++;
			column = begin - i - 1;
		}
	}
	return error_wrap(err, r, "template parsing error: template: :%zu:%zu", line, column);
}

static void *new_block(struct parser *p, size_t size)
{
	struct template *template = p->template;

	if ((template->block_count & (template->block_count + 1)) == 0)
		template->blocks = xrealloc(template->blocks, 2 * (template->block_count + 1),
		                            sizeof *template->blocks);
	template->blocks[template->block_count] = xcalloc(1, size);
	return template->blocks[template->block_count++];
}

static int fail_at(struct parser *p, size_t begin, const char *format, ...) PRINTF(3, 4);

static int fail_at(struct parser *p, size_t begin, const char *format, ...)
{
	va_list args;
	char *line;
	int r;

	va_start(args, format);
	line = xvprintf(format, args);
	va_end(args);
	r = error_set(p->err, ERROR_INVALID, "%s", line);
	free(line);
	return tree_locate(p->template, begin, p->err, r);
}

static int unexpected(struct parser *p, const char *where)
{
	if (p->token.type == TOKEN_CLOSE)
		return fail_at(p, p->token.begin, "unexpected end of the action in %s", where);
	return fail_at(p, p->token.begin, "unexpected <%.*s> in %s",
	               (int) MIN(p->token.length, 100), p->text + p->token.begin, where);
}

/* Blanks separate arguments, so they are tokens. */
static int next(struct parser *p)
{
	p->token = lex_next(p->text, p->at, p->err);
	if (p->token.type == TOKEN_ERROR)
		return tree_locate(p->template, p->token.begin, p->err, -EINVAL);
	p->at = p->token.begin + p->token.length;
	return 0;
}

static int next_non_space(struct parser *p)
{
	int r = next(p);

	return r >= 0 && p->token.type == TOKEN_SPACE ? next(p) : r;
}

static bool token_is(const struct parser *p, const char *word)
{
	return p->token.type == TOKEN_WORD && strlen(word) == p->token.length
	       && strncmp(p->text + p->token.begin, word, p->token.length) == 0;
}

static size_t add_variable(struct parser *p, const char *name, size_t length)
{
	if (p->variable_count == p->variable_size) {
		p->variable_size = p->variable_size ? p->variable_size * 2 : 8;
		p->variables = xrealloc(p->variables, p->variable_size, sizeof *p->variables);
	}
	p->variables[p->variable_count++] = (struct variable){name, length};
	p->template->slot_count = MAX(p->template->slot_count, p->variable_count);
	return p->variable_count - 1;
}

static int find_variable(struct parser *p, const struct token *name, size_t *slot)
{
	for (size_t i = p->variable_count; i-- > 0;) {
		if (p->variables[i].length == name->length
		    && strncmp(p->variables[i].name, p->text + name->begin, name->length) == 0) {
			*slot = i;
			return 0;
		}
	}
	return fail_at(p, name->begin, "undefined variable \"%.*s\"", (int) MIN(name->length, 100),
	               p->text + name->begin);
}

static void add_field(struct parser *p, struct operand *operand, struct field_name ***tail)
{
	struct field_name *field = new_block(p, sizeof *field);
	char *name = new_block(p, p->token.length);

	(void) memcpy(name, p->text + p->token.begin + 1, p->token.length - 1);
	field->name = name;
	field->begin = p->token.begin;
	**tail = field;
	*tail = &field->next;
	operand->end = p->at;
}

static int parse_pipe(struct parser *p, enum token_type close, bool range, const char *where,
                      struct pipe **out);

static int parse_word(struct parser *p, struct operand *operand)
{
	if (token_is(p, "true") || token_is(p, "false")) {
		operand->type = OPERAND_CONSTANT;
		operand->constant = json_boolean(token_is(p, "true"));
		return 0;
	}
	if (token_is(p, "nil")) {
		operand->type = OPERAND_NIL;
		return 0;
	}
	operand->type = OPERAND_FUNCTION;
	operand->function = function_find(p->text + p->token.begin, p->token.length);
	if (operand->function)
		return 0;
	return fail_at(p, p->token.begin, "function \"%.*s\" not defined",
	               (int) MIN(p->token.length, 100), p->text + p->token.begin);
}

static int parse_constant(struct parser *p, struct operand *operand)
{
	operand->type = OPERAND_CONSTANT;
	operand->constant = constant_parse(p->text, &p->token, p->err);
	if (!operand->constant)
		return tree_locate(p->template, p->token.begin, p->err, -EINVAL);
	(void) json_array_append_new(p->template->constants, operand->constant);
	return 0;
}

static int parse_parenthesis(struct parser *p, struct operand *operand)
{
	int r;

	if (++p->depth > TEMPLATE_DEPTH_MAX)
		return fail_at(p, p->token.begin, "more than %d levels", TEMPLATE_DEPTH_MAX);
	operand->type = OPERAND_PIPE;
	r = parse_pipe(p, TOKEN_RIGHT, false, "parenthesized pipeline", &operand->pipe);
	p->depth--;
	return r;
}

/* The token is the operand's first; afterwards it is the one behind the operand. */
static int parse_operand(struct parser *p, struct operand **out)
{
	struct operand *operand = new_block(p, sizeof *operand);
	struct field_name **tail = &operand->fields;
	bool can_chain = true;
	int r = 0;

	operand->begin = p->token.begin;
	operand->end = p->at;
	switch (p->token.type) {
	case TOKEN_DOT:
		operand->type = OPERAND_DOT;
		can_chain = false;
		break;
	case TOKEN_FIELD:
		operand->type = OPERAND_DOT;
		add_field(p, operand, &tail);
		break;
	case TOKEN_VARIABLE:
		operand->type = OPERAND_VARIABLE;
		r = find_variable(p, &p->token, &operand->slot);
		break;
	case TOKEN_WORD:
		r = parse_word(p, operand);
		can_chain = false;
		break;
	case TOKEN_NUMBER:
	case TOKEN_CHARACTER:
	case TOKEN_STRING:
	case TOKEN_RAW:
		r = parse_constant(p, operand);
		can_chain = false;
		break;
	case TOKEN_LEFT:
		r = parse_parenthesis(p, operand);
		operand->end = p->at;
		break;
	case TOKEN_ERROR:
	case TOKEN_CLOSE:
	case TOKEN_SPACE:
	case TOKEN_PIPE:
	case TOKEN_COMMA:
	case TOKEN_DECLARE:
	case TOKEN_ASSIGN:
	case TOKEN_RIGHT:
		return unexpected(p, "operand");
	}
	if (r >= 0)
		r = next(p);
	while (r >= 0 && p->token.type == TOKEN_FIELD) {
		if (!can_chain)
			return fail_at(p, p->token.begin, "unexpected . after term \"%.*s\"",
			               (int) MIN(operand->end - operand->begin, 100),
			               p->text + operand->begin);
		add_field(p, operand, &tail);
		r = next(p);
	}
	if (r >= 0)
		*out = operand;
	return r;
}

/* The token is the command's first; afterwards it is "|" or the one that closes the pipe. */
static int parse_command(struct parser *p, enum token_type close, bool first,
                         struct command **out)
{
	struct command *command = new_block(p, sizeof *command);
	struct operand **tail = &command->operands;

	command->begin = p->token.begin;
	for (;;) {
		int r = parse_operand(p, tail);

		if (r < 0)
			return r;
		command->end = (*tail)->end;
		tail = &(*tail)->next;
		if (++command->count > TREE_ARGS_MAX)
			return fail_at(p, command->begin, "more than %d arguments", TREE_ARGS_MAX - 1);
		if (p->token.type == TOKEN_SPACE)
			r = next(p);
		else if (p->token.type != close && p->token.type != TOKEN_PIPE)
			return unexpected(p, "operand");
		if (r < 0)
			return r;
		if (p->token.type == close || p->token.type == TOKEN_PIPE)
			break;
	}
	/* later commands take the value of the one before as their last argument */
	if (!first
	    && (command->operands->type == OPERAND_CONSTANT
	        || command->operands->type == OPERAND_NIL
	        || (command->operands->type == OPERAND_DOT && !command->operands->fields)))
		return fail_at(p, command->begin, "non executable command in pipeline");
	if (command->operands->type == OPERAND_NIL)
		return fail_at(p, command->begin, "nil is not a command");
	*out = command;
	return 0;
}

/*
 * "$x :=", "$x =", and for range "$k, $v :="; names is empty when there is none, and the token is
 * then where it was. The names are declared only behind the pipe, which may use the outer ones.
 */
static int parse_names(struct parser *p, bool range, struct token names[static 2], size_t *count,
                       bool *declares)
{
	struct token token = p->token;
	size_t at = p->at;
	int r;

	*count = 0;
	if (p->token.type != TOKEN_VARIABLE)
		return 0;
	names[(*count)++] = p->token;
	r = next_non_space(p);
	if (r >= 0 && range && p->token.type == TOKEN_COMMA) {
		r = next_non_space(p);
		if (r >= 0 && p->token.type != TOKEN_VARIABLE)
			return unexpected(p, "range");
		if (r >= 0) {
			names[(*count)++] = p->token;
			r = next_non_space(p);
		}
		if (r >= 0 && p->token.type != TOKEN_DECLARE && p->token.type != TOKEN_ASSIGN)
			return unexpected(p, "range");
	}
	if (r < 0)
		return r;
	*declares = p->token.type == TOKEN_DECLARE;
	if (*declares || p->token.type == TOKEN_ASSIGN)
		return next_non_space(p);
	*count = 0;
	p->token = token;
	p->at = at;
	return 0;
}

/* "at" is behind what opened the pipe; afterwards behind what closed it. */
static int parse_pipe(struct parser *p, enum token_type close, bool range, const char *where,
                      struct pipe **out)
{
	struct pipe *pipe = new_block(p, sizeof *pipe);
	struct command **tail = &pipe->commands;
	struct token names[2] = {0};
	bool declares = false;
	int r = next_non_space(p);

	if (r >= 0)
		r = parse_names(p, range, names, &pipe->slot_count, &declares);
	if (r < 0)
		return r;
	if (p->token.type == close)
		return fail_at(p, p->token.begin, "missing value for %s", where);
	for (;;) {
		r = parse_command(p, close, tail == &pipe->commands, tail);
		if (r < 0)
			return r;
		if (p->token.type == close)
			break;
		tail = &(*tail)->next;
		r = next_non_space(p);
		if (r < 0)
			return r;
		if (p->token.type == close)
			return fail_at(p, p->token.begin, "missing value for %s", where);
	}
	for (size_t i = 0; r >= 0 && i < pipe->slot_count; i++) {
		if (declares)
			pipe->slots[i] =
				add_variable(p, p->text + names[i].begin, names[i].length);
		else
			r = find_variable(p, &names[i], &pipe->slots[i]);
	}
	if (r >= 0)
		*out = pipe;
	return r;
}

static struct node *add_node(struct parser *p, enum node_type type, struct node ***tail)
{
	struct node *node = new_block(p, sizeof *node);

	node->type = type;
	**tail = node;
	*tail = &node->next;
	return node;
}

/* The text up to the next action; false at the end of the template. */
static bool parse_text(struct parser *p, struct node ***tail)
{
	size_t begin = p->at, end, length = 0;
	const char *open = strstr(p->text + begin, "{{");
	bool trim_right = false;

	end = open ? (size_t) (open - p->text) : begin + strlen(p->text + begin);
	if (open)
		(void) lex_open(p->text, end, &length, &trim_right);
	p->at = end + length;
	while (p->trim_left && begin < end && lex_is_space(p->text[begin]))
		begin++;
	while (trim_right && begin < end && lex_is_space(p->text[end - 1]))
		end--;
	p->trim_left = false;
	if (begin < end) {
		struct node *node = add_node(p, NODE_TEXT, tail);

		node->text = p->text + begin;
		node->length = end - begin;
	}
	return open != NULL;
}

/* A comment fills its action; 1 when there was one. */
static int parse_comment(struct parser *p)
{
	size_t at = p->at, begin = p->at;
	const char *end;
	int r;

	while (lex_is_space(p->text[at]))
		at++;
	/* only a trim marker may have blanks before the comment */
	if ((at != begin && p->text[begin - 1] != '-') || strncmp(p->text + at, "/*", 2) != 0)
		return 0;
	end = strstr(p->text + at + 2, "*/");
	if (!end)
		return fail_at(p, at, "unclosed comment");
	p->at = (size_t) (end + 2 - p->text);
	r = next(p);
	if (r < 0)
		return r;
	if (p->token.type != TOKEN_CLOSE)
		return fail_at(p, at, "comment ends before closing delimiter");
	p->trim_left = p->token.trim;
	return 1;
}

static int expect_close(struct parser *p, const char *where)
{
	int r = next_non_space(p);

	if (r < 0)
		return r;
	if (p->token.type != TOKEN_CLOSE)
		return unexpected(p, where);
	p->trim_left = p->token.trim;
	return 0;
}

static int parse_nodes(struct parser *p, struct node **out, enum stop *stop);
static int parse_block(struct parser *p, enum node_type type, struct node *node);

/* Behind {{else: closed, or "else if" and "else with", which share our {{end}}. */
static int parse_else(struct parser *p, struct node *node)
{
	enum stop stop = STOP_EOF;
	size_t at = p->at;
	int r = next_non_space(p);

	if (r >= 0 && (token_is(p, "if") || token_is(p, "with")) && node->type != NODE_RANGE) {
		struct node **tail = &node->otherwise;
		enum node_type type = token_is(p, "if") ? NODE_IF : NODE_WITH;

		return parse_block(p, type, add_node(p, type, &tail));
	}
	p->at = at;
	if (r >= 0)
		r = expect_close(p, "{{else}}");
	if (r >= 0)
		r = parse_nodes(p, &node->otherwise, &stop);
	if (r >= 0 && stop != STOP_END)
		return stop == STOP_ELSE ? fail_at(p, p->token.begin, "expected end; found {{else}}")
		                         : fail_at(p, p->at, "unexpected EOF");
	return r;
}

/* "at" is behind the word; reads up to its {{end}}. */
static int parse_block(struct parser *p, enum node_type type, struct node *node)
{
	static const char *const words[] = {[NODE_IF] = "if", [NODE_RANGE] = "range", [NODE_WITH] = "with"};
	size_t variables = p->variable_count;
	enum stop stop = STOP_EOF;
	int r;

	if (++p->depth > TEMPLATE_DEPTH_MAX)
		return fail_at(p, p->token.begin, "more than %d levels", TEMPLATE_DEPTH_MAX);
	node->type = type;
	r = parse_pipe(p, TOKEN_CLOSE, type == NODE_RANGE, words[type], &node->pipe);
	if (r < 0)
		return r;
	p->trim_left = p->token.trim;
	p->ranges += type == NODE_RANGE;
	r = parse_nodes(p, &node->body, &stop);
	p->ranges -= type == NODE_RANGE;
	if (r >= 0 && stop == STOP_EOF)
		return fail_at(p, p->at, "unexpected EOF");
	if (r >= 0 && stop == STOP_ELSE)
		r = parse_else(p, node);
	p->variable_count = variables;
	p->depth--;
	return r;
}

static int parse_jump(struct parser *p, enum node_type type, struct node ***tail)
{
	const char *word = type == NODE_BREAK ? "{{break}}" : "{{continue}}";

	if (p->ranges == 0)
		return fail_at(p, p->token.begin, "%s outside {{range}}", word);
	(void) add_node(p, type, tail);
	return expect_close(p, word);
}

/* Between "{{" and "}}"; 1 when the list of nodes ends here, with stop set. */
static int parse_action(struct parser *p, struct node ***tail, enum stop *stop)
{
	size_t at = p->at;
	struct node *node;
	int r = parse_comment(p);

	if (r != 0)
		return MIN(r, 0);
	r = next_non_space(p);
	if (r < 0)
		return r;
	if (token_is(p, "if"))
		return parse_block(p, NODE_IF, add_node(p, NODE_IF, tail));
	if (token_is(p, "range"))
		return parse_block(p, NODE_RANGE, add_node(p, NODE_RANGE, tail));
	if (token_is(p, "with"))
		return parse_block(p, NODE_WITH, add_node(p, NODE_WITH, tail));
	if (token_is(p, "break"))
		return parse_jump(p, NODE_BREAK, tail);
	if (token_is(p, "continue"))
		return parse_jump(p, NODE_CONTINUE, tail);
	if (token_is(p, "else")) {
		*stop = STOP_ELSE;
		return 1;
	}
	if (token_is(p, "end")) {
		*stop = STOP_END;
		r = expect_close(p, "{{end}}");
		return r < 0 ? r : 1;
	}
	if (token_is(p, "define") || token_is(p, "template") || token_is(p, "block"))
		return fail_at(p, p->token.begin, "{{%.*s}} is not supported", (int) p->token.length,
		               p->text + p->token.begin);
	p->at = at;
	node = add_node(p, NODE_ACTION, tail);
	r = parse_pipe(p, TOKEN_CLOSE, false, "command", &node->pipe);
	p->trim_left = p->token.trim;
	return r;
}

static int parse_nodes(struct parser *p, struct node **out, enum stop *stop)
{
	struct node **tail = out;

	*stop = STOP_EOF;
	while (parse_text(p, &tail)) {
		int r = parse_action(p, &tail, stop);

		if (r != 0)
			return MIN(r, 0);
	}
	return 0;
}

static int parse_template(struct parser *p)
{
	enum stop stop = STOP_EOF;
	int r;

	(void) add_variable(p, "$", 1);
	r = parse_nodes(p, &p->template->nodes, &stop);
	if (r >= 0 && stop != STOP_EOF)
		return fail_at(p, p->token.begin, "unexpected {{%s}}",
		               stop == STOP_ELSE ? "else" : "end");
	return r;
}

struct template *template_parse(const char *text, struct error *err)
{
	size_t length = strnlen(text, TEMPLATE_TEXT_MAX + 1);
	AUTO_TEMPLATE struct template *template = NULL;
	struct parser parser = {.err = err};
	int r;

	if (length > TEMPLATE_TEXT_MAX) {
		(void) error_set(err, ERROR_INVALID,
		                 "template parsing error: template: longer than %zu bytes",
		                 TEMPLATE_TEXT_MAX);
		return NULL;
	}
	template = xcalloc(1, sizeof *template);
	template->text = xstrndup(text, length);
	template->constants = json_array();
	parser.template = template;
	parser.text = template->text;
	r = parse_template(&parser);
	free(parser.variables);
	return r < 0 ? NULL : TAKE_PTR(template);
}

void template_free(struct template *template)
{
	if (!template)
		return;
	for (size_t i = 0; i < template->block_count; i++)
		free(template->blocks[i]);
	free(template->blocks);
	json_decref(template->constants);
	free(template->text);
	free(template);
}
