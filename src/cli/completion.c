/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * completion.c - scripts for bash, zsh and fish, from the rows
 *
 * What completes a value or an operand is a "kind": container, running, runtime-container (an id of
 * `coracle runtime`), image, volume, signal or command are asked for with `coracle __complete KIND PREFIX`,
 * "file" is the shell's own, "a|b|c" are the words, "-" is nothing.
 */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/text.h"

#include <string.h>

#define SCRIPT_MAX_BYTES (1u << 20)

static const char bash_code[] =
	"# bash completion of coracle; made by `coracle completion bash`\n"
	"_coracle_kind() {\n"
	"\tlocal row\n"
	"\tfor row in $rows; do\n"
	"\t\tif [[ \"$row\" == \"$1=\"* ]]; then kind=\"${row#*=}\"; return 0; fi\n"
	"\tdone\n"
	"\treturn 1\n"
	"}\n"
	"_coracle() {\n"
	"\tlocal line=\"${COMP_LINE:0:COMP_POINT}\" cur=\"\" command=\"\" kind=\"\" rows=\"\" group=\"\" skip=\"\" operand=operand i word row strip\n"
	"\tlocal -a words\n"
	"\tIFS=' ' read -ra words <<<\"$line\"\n"
	"\tif [[ \"$line\" != *[[:space:]] ]]; then cur=\"${words[-1]}\"; unset 'words[-1]'; fi\n"
	"\t_coracle_rows \"\"\n"
	"\tfor ((i = 1; i < ${#words[@]}; i++)); do\n"
	"\t\tword=\"${words[i]}\"\n"
	"\t\tif [[ -n \"$skip\" ]]; then skip=\"\"; continue; fi\n"
	"\t\tif [[ \"$word\" == -* ]]; then\n"
	"\t\t\tif _coracle_kind \"$word\"; then skip=1; fi\n"
	"\t\telif [[ -z \"$command\" || -n \"$group\" ]]; then\n"
	"\t\t\tcommand=\"${command:+$command }$word\"; group=\"\"\n"
	"\t\t\t_coracle_rows \"$command\"; state=\n"
	"\t\telse\n"
	"\t\t\toperand=later\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tkind=\"-\"\n"
	"\tif [[ -n \"$skip\" ]]; then\n"
	"\t\t_coracle_kind \"${words[-1]}\"\n"
	"\telif [[ \"$cur\" == --*=* ]]; then\n"
	"\t\t_coracle_kind \"${cur%%=*}\"; strip=\"${cur%%=*}=\"; cur=\"${cur#*=}\"\n"
	"\telif [[ \"$cur\" == -* ]]; then\n"
	"\t\tkind=\"\"; for row in $rows; do [[ \"$row\" == --* ]] && kind+=\"${kind:+|}${row%%=*}\"; done\n"
	"\t\tkind=\"${kind}|--help\"\n"
	"\telse\n"
	"\t\t_coracle_kind $operand || _coracle_kind operand\n"
	"\tfi\n"
	"\tcase \"$kind\" in\n"
	"\t-) COMPREPLY=() ;;\n"
	"\tfile) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	"\tcontainer|running|runtime-container|image|volume|signal|command)\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(\"${words[0]}\" __complete \"$kind\" \"$cur\" 2>/dev/null)\" -- \"$cur\")) ;;\n"
	"\t*) COMPREPLY=($(compgen -W \"${kind//|/ }\" -- \"$cur\")) ;;\n"
	"\tesac\n"
	"\t# bash itself breaks words at colons: give back only what follows the last one\n"
	"\tif [[ \"$cur\" == *:* && \"$COMP_WORDBREAKS\" == *:* ]]; then\n"
	"\t\tstrip=\"${cur%\"${cur##*:}\"}\"\n"
	"\t\tfor i in \"${!COMPREPLY[@]}\"; do COMPREPLY[i]=\"${COMPREPLY[i]#\"$strip\"}\"; done\n"
	"\tfi\n"
	"}\n"
	"complete -F _coracle coracle\n";

static const char zsh_code[] =
	"_coracle_words() {\n"
	"\tlocal -a found\n"
	"\tfound=(${(f)\"$(_call_program words coracle __complete $1 ${(q)PREFIX} 2>/dev/null)\"})\n"
	"\tcompadd -a found\n"
	"}\n"
	"_coracle() {\n"
	"\tlocal curcontext=\"$curcontext\" state state_descr line command\n"
	"\ttypeset -A opt_args\n"
	"\t_coracle_rows ''\n"
	"\t_arguments -C -s $rows '1: :->command' '*:: :->rest'\n"
	"\tcase $state in\n"
	"\tcommand) _coracle_names '' ;;\n"
	"\trest)\n"
	"\t\tcommand=$words[1]\n"
	"\t\tif _coracle_names \"$command\" check; then\n"
	"\t\t\t_coracle_rows \"$command\"\n"
	"\t\t\t_arguments -C -s $rows '1: :->command' '*:: :->rest'\n"
	"\t\t\tcase $state in\n"
	"\t\t\tcommand) _coracle_names \"$command\"; return ;;\n"
	"\t\t\trest) command=\"$command $words[1]\" ;;\n"
	"\t\t\t*) return ;;\n"
	"\t\t\tesac\n"
	"\t\tfi\n"
	"\t\t_coracle_rows \"$command\" && _arguments -s $rows ;;\n"
	"\tesac\n"
	"}\n"
	"if [[ $funcstack[1] == _coracle ]]; then _coracle \"$@\"; else compdef _coracle coracle; fi\n";

static const char fish_code[] =
	"# fish completion of coracle; made by `coracle completion fish`\n"
	"function __coracle_is\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -e words[1]\n"
	"\tset -l plain (string match -v -- '-*' $words)\n"
	"\tset -l wanted (string split ' ' -- $argv[1])\n"
	"\ttest \"$plain[1..\"(count $wanted)\"]\" = \"$argv[1]\"\n"
	"end\n"
	"function __coracle_bare\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -e words[1]\n"
	"\tset -l plain (string match -v -- '-*' $words)\n"
	"\tif test (count $argv) -eq 0\n"
	"\t\ttest (count $plain) -eq 0\n"
	"\telse\n"
	"\t\ttest (count $plain) -eq 1; and test \"$plain[1]\" = $argv[1]\n"
	"\tend\n"
	"end\n"
	"complete -c coracle -f\n";

static const char *const group_names[] = {"container", "image", "store", "volume", "system", "runtime"};

static bool is_asked_for(const char *kind)
{
	static const char *const kinds[] = {"container", "running", "runtime-container", "image", "volume", "signal", "command"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static const char *kind_of(const char *complete)
{
	return complete && *complete ? complete : "-";
}

/* --- names: each command under its own name and its aliases --- */
struct names {
	void (*visit)(const struct command *command, const char *name, void *data);
	void *data;
};

static void names_each(const struct names *names)
{
	for (const struct command *const *at = commands; *at; at++) {
		AUTO_TEXTS struct texts all = {0};

		if ((*at)->hidden)
			continue;
		texts_add(&all, (*at)->name);
		if ((*at)->aliases)
			texts_split(&all, (*at)->aliases, '|');
		for (size_t i = 0; i < all.count; i++)
			names->visit(*at, all.items[i], names->data);
	}
}

/* the last word of a name that belongs to group ("" for names of one word), NULL: another group's */
static const char *name_in_group(const char *name, const char *group)
{
	const char *space = strchr(name, ' ');
	size_t len = strlen(group);

	if (len == 0)
		return space ? NULL : name;
	return space && (size_t) (space - name) == len && memcmp(name, group, len) == 0 ? space + 1 : NULL;
}

/* text with c escaped by escape wherever it occurs in set */
static void add_escaped(struct text *out, const char *words, const char *set, const char *escape)
{
	for (; *words; words++) {
		if (strchr(set, *words))
			(void) text_add(out, escape);
		(void) text_add_char(out, *words);
	}
}

/* --- bash --- */
static int bash_row(const struct opt *row, void *data)
{
	struct text *out = data;

	if (row->type == OPT_TYPE_GROUP || row->hidden)
		return 0;
	if (row->name)
		(void) text_printf(out, " --%s", row->name);
	if (row->name && row->arg)
		(void) text_printf(out, "=%s", kind_of(row->complete));
	if (row->letter && row->arg)
		(void) text_printf(out, " -%c=%s", row->letter, kind_of(row->complete));
	return 0;
}

static void bash_command(const struct command *command, const char *name, void *data)
{
	struct text *out = data;

	(void) text_printf(out, "\t'%s') rows='operand=%s", name, kind_of(command->complete));
	if (command->order == OPTS_BEFORE_OPERANDS)
		(void) text_add(out, " later=file");
	(void) opts_each(command->opts, bash_row, out);
	(void) text_add(out, "' ;;\n");
}

struct word_list {
	struct text *out;
	const char *group;
};

static void bash_word(UNUSED const struct command *command, const char *name, void *data)
{
	const struct word_list *list = data;
	const char *word = name_in_group(name, list->group);

	if (word)
		(void) text_printf(list->out, "%s|", word);
}

static void bash_words(struct text *out, const char *group)
{
	struct word_list list = {.out = out, .group = group};

	(void) text_printf(out, "\t'%s') rows='operand=", group);
	names_each(&(struct names){.visit = bash_word, .data = &list});
}

static void bash_script(struct text *out)
{
	(void) text_add(out, "_coracle_rows() {\n\trows=\"\"\n\tcase \"$1\" in\n");
	bash_words(out, "");
	for (size_t i = 0; i < ARRAY_LEN(group_names); i++)
		(void) text_printf(out, "%s%s", group_names[i], i + 1 < ARRAY_LEN(group_names) ? "|" : "");
	(void) opts_each(global_opts, bash_row, out);
	(void) text_add(out, "' ;;\n");
	for (size_t i = 0; i < ARRAY_LEN(group_names); i++) {
		bash_words(out, group_names[i]);
		if (group_options(group_names[i]))
			(void) opts_each(group_options(group_names[i]), bash_row, out);
		else
			(void) text_add(out, "--help");
		(void) text_add(out, "'; group=1 ;;\n");
	}
	names_each(&(struct names){.visit = bash_command, .data = out});
	(void) text_add(out, "\tesac\n}\n");
	(void) text_add(out, bash_code);
}

/* --- zsh --- */
static void zsh_action(struct text *out, const char *kind)
{
	if (strcmp(kind, "file") == 0)
		(void) text_add(out, "_files");
	else if (is_asked_for(kind))
		(void) text_printf(out, "_coracle_words %s", kind);
	else if (strcmp(kind, "-") == 0)
		(void) text_add(out, " ");
	else
		for (const char *at = kind; *at; at++)
			(void) text_printf(out, "%s%c%s", at == kind ? "(" : "", *at == '|' ? ' ' : *at,
			                   at[1] ? "" : ")");
}

static void zsh_spec(struct text *out, const char *label, const struct opt *row)
{
	AUTO_TEXT struct text spec = TEXT_INIT(4000);
	bool repeats = row->type == OPT_TYPE_TEXTS || row->type == OPT_TYPE_LIST;

	(void) text_printf(&spec, "%s%s[", repeats ? "*" : "", label);
	add_escaped(&spec, row->help, "[]:", "\\");
	(void) text_add(&spec, "]");
	if (row->arg) {
		(void) text_add(&spec, ":");
		add_escaped(&spec, row->arg, ":", "\\");
		(void) text_add(&spec, ":");
		zsh_action(&spec, kind_of(row->complete));
	}
	(void) text_add(out, "\t\t'");
	for (const char *at = text_string(&spec); *at; at++)
		(void) text_printf(out, *at == '\'' ? "'\\'%c" : "%c", *at);
	(void) text_add(out, "'\n");
}

static int zsh_row(const struct opt *row, void *data)
{
	struct text *out = data;

	if (row->type == OPT_TYPE_GROUP || row->hidden || row->type == OPT_TYPE_REFUSED)
		return 0;
	if (row->name) {
		AUTO_FREE char *label = xprintf("--%s%s", row->name, row->arg ? "=" : "");

		zsh_spec(out, label, row);
	}
	if (row->letter) {
		AUTO_FREE char *label = xprintf("-%c%s", row->letter, row->arg ? "+" : "");

		zsh_spec(out, label, row);
	}
	return 0;
}

static void zsh_command(const struct command *command, const char *name, void *data)
{
	struct text *out = data;
	bool first_only = command->order == OPTS_BEFORE_OPERANDS;

	(void) text_printf(out, "\t'%s') rows=(\n", name);
	(void) opts_each(command->opts, zsh_row, out);
	(void) text_add(out, first_only ? "\t\t'1: :" : "\t\t'*: :");
	zsh_action(out, kind_of(command->complete));
	(void) text_add(out, first_only ? "' '*:: :_files') ;;\n" : "') ;;\n");
}

static void zsh_name(const struct command *command, const char *name, void *data)
{
	const struct word_list *list = data;
	const char *word = name_in_group(name, list->group);

	if (!word)
		return;
	(void) text_printf(list->out, " '%s:", word);
	add_escaped(list->out, command->summary, ":", "\\");
	(void) text_add(list->out, "'");
}

static void zsh_names(struct text *out, const char *group)
{
	struct word_list list = {.out = out, .group = group};

	(void) text_printf(out, "\t'%s') names=(", group);
	names_each(&(struct names){.visit = zsh_name, .data = &list});
	for (size_t i = 0; *group == '\0' && i < ARRAY_LEN(group_names); i++) {
		(void) text_printf(out, " '%s:", group_names[i]);
		add_escaped(out, group_summary(group_names[i]), ":", "\\");
		(void) text_add(out, "'");
	}
	(void) text_add(out, ") ;;\n");
}

static void zsh_script(struct text *out)
{
	(void) text_add(out, "#compdef coracle\n# zsh completion of coracle; made by `coracle completion zsh`\n"
	                     "_coracle_names() {\n\tlocal -a names\n\tcase \"$1\" in\n");
	zsh_names(out, "");
	for (size_t i = 0; i < ARRAY_LEN(group_names); i++)
		zsh_names(out, group_names[i]);
	(void) text_add(out, "\t*) return 1 ;;\n\tesac\n\t[[ -n \"$2\" ]] || _describe command names\n}\n"
	                     "_coracle_rows() {\n\ttypeset -ga rows\n\trows=()\n\tcase \"$1\" in\n\t'') rows=(\n");
	(void) opts_each(global_opts, zsh_row, out);
	(void) text_add(out, "\t\t) ;;\n");
	for (size_t i = 0; i < ARRAY_LEN(group_names); i++)
		if (group_options(group_names[i])) {
			(void) text_printf(out, "\t'%s') rows=(\n", group_names[i]);
			(void) opts_each(group_options(group_names[i]), zsh_row, out);
			(void) text_add(out, "\t\t) ;;\n");
		}
	names_each(&(struct names){.visit = zsh_command, .data = out});
	(void) text_add(out, "\t*) return 1 ;;\n\tesac\n}\n");
	(void) text_add(out, zsh_code);
}

/* --- fish --- */
static void fish_quoted(struct text *out, const char *words)
{
	(void) text_add(out, "'");
	add_escaped(out, words, "'\\", "\\");
	(void) text_add(out, "'");
}

static void fish_arguments(struct text *out, const char *kind)
{
	if (strcmp(kind, "file") == 0) {
		(void) text_add(out, " -F");
	} else if (is_asked_for(kind)) {
		(void) text_printf(out, " -a '(coracle __complete %s (commandline -ct) 2>/dev/null)'", kind);
	} else if (strcmp(kind, "-") != 0) {
		(void) text_add(out, " -a '");
		for (; *kind; kind++)
			(void) text_add_char(out, *kind == '|' ? ' ' : *kind);
		(void) text_add(out, "'");
	}
}

struct fish {
	struct text *out;
	const char *condition;
};

static int fish_row(const struct opt *row, void *data)
{
	const struct fish *fish = data;

	if (row->type == OPT_TYPE_GROUP || row->hidden || row->type == OPT_TYPE_REFUSED)
		return 0;
	(void) text_printf(fish->out, "complete -c coracle -n '%s'", fish->condition);
	if (row->name)
		(void) text_printf(fish->out, " -l %s", row->name);
	if (row->letter)
		(void) text_printf(fish->out, " -s %c", row->letter);
	if (row->arg) {
		(void) text_add(fish->out, " -r");
		fish_arguments(fish->out, kind_of(row->complete));
	}
	(void) text_add(fish->out, " -d ");
	fish_quoted(fish->out, row->help);
	(void) text_add(fish->out, "\n");
	return 0;
}

static void fish_command(const struct command *command, const char *name, void *data)
{
	struct text *out = data;
	const char *space = strchr(name, ' ');
	AUTO_FREE char *condition = xprintf("__coracle_is \"%s\"", name);
	struct fish fish = {.out = out, .condition = condition};

	(void) text_printf(out, "complete -c coracle -n '__coracle_bare%s%.*s' -a %s -d ", space ? " " : "",
	                   space ? (int) (space - name) : 0, name, space ? space + 1 : name);
	fish_quoted(out, command->summary);
	(void) text_add(out, "\n");
	if (command->complete) {
		(void) text_printf(out, "complete -c coracle -n '%s'", condition);
		fish_arguments(out, command->complete);
		(void) text_add(out, "\n");
	}
	(void) opts_each(command->opts, fish_row, &fish);
}

static void fish_script(struct text *out)
{
	struct fish fish = {.out = out, .condition = "__coracle_bare"};

	(void) text_add(out, fish_code);
	for (size_t i = 0; i < ARRAY_LEN(group_names); i++) {
		(void) text_printf(out, "complete -c coracle -n '__coracle_bare' -a %s -d ", group_names[i]);
		fish_quoted(out, group_summary(group_names[i]));
		(void) text_add(out, "\n");
	}
	(void) opts_each(global_opts, fish_row, &fish);
	for (size_t i = 0; i < ARRAY_LEN(group_names); i++) {
		AUTO_FREE char *condition = xprintf("__coracle_bare %s", group_names[i]);

		fish.condition = condition;
		if (group_options(group_names[i]))
			(void) opts_each(group_options(group_names[i]), fish_row, &fish);
	}
	names_each(&(struct names){.visit = fish_command, .data = out});
}

int completion_print(const char *shell, FILE *out, struct error *err)
{
	static const struct {
		const char *shell;
		void (*script)(struct text *out);
	} shells[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
	AUTO_TEXT struct text script = TEXT_INIT(SCRIPT_MAX_BYTES);

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (strcmp(shell, shells[i].shell) != 0)
			continue;
		shells[i].script(&script);
		if (fwrite(text_string(&script), 1, script.length, out) != script.length)
			return error_errno(err, errno, "writing the script");
		return 0;
	}
	return error_set(err, ERROR_INVALID, "no completion for the shell \"%.200s\": bash, zsh and fish are known",
	                 shell);
}
