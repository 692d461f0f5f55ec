/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.c - Dockerfile words that change an image's configuration; see change.h */
#include "change.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/text.h"

#include <string.h>
#include <strings.h>

#define CHANGE_MAX_BYTES 65536

/* --- the two forms of arguments --- */

/* read_array - 1 when rest is a JSON list of strings, else 0 */
static int read_array(const char *rest, struct texts *out)
{
	struct error ignored = {0};
	AUTO_JSON json_t *json = *rest == '[' ? json_parse(rest, strlen(rest), &ignored) : NULL;
	size_t i;
	json_t *item;

	if (!json_is_array(json))
		return 0;
	json_array_foreach(json, i, item)
		if (!json_is_string(item))
			return 0;
	json_array_foreach(json, i, item)
		texts_add(out, json_string_value(item));
	return 1;
}

static void read_command(const char *rest, struct texts *out)
{
	struct texts words = {0};

	if (!read_array(rest, &words)) {
		texts_add(&words, "/bin/sh");
		texts_add(&words, "-c");
		texts_add(&words, rest);
	}
	texts_done(out);
	*out = words;
}

/* next_word - blanks separate, "..." '...' and backslash quote; 1, 0 at the end, -EINVAL without its closing quote */
static int next_word(const char **at, struct text *into)
{
	const char *c = *at + strspn(*at, " \t");
	char quote = '\0';

	text_clear(into);
	if (!*c)
		return 0;
	for (; *c && (quote || !strchr(" \t", *c)); c++) {
		if (quote == *c) {
			quote = '\0';
		} else if (!quote && (*c == '"' || *c == '\'')) {
			quote = *c;
		} else if (*c == '\\' && quote != '\'' && c[1]) {
			c++;
			(void) text_add_char(into, *c);
		} else {
			(void) text_add_char(into, *c);
		}
	}
	*at = c;
	return quote ? -EINVAL : 1;
}

static int read_words(const char *rest, struct texts *out)
{
	AUTO_TEXT struct text word = TEXT_INIT(CHANGE_MAX_BYTES);
	int r;

	while ((r = next_word(&rest, &word)) > 0)
		texts_add(out, text_string(&word));
	return r;
}

/* read_assignments - "A=b C=d", or the old "A b c" with one name */
static int read_assignments(const char *rest, struct texts *out)
{
	size_t key = strcspn(rest, " \t=");

	if (key == 0)
		return -EINVAL;
	if (rest[key] != '=') {
		const char *value = rest + key + strspn(rest + key, " \t");

		if (!*value)
			return -EINVAL;
		texts_printf(out, "%.*s=%s", (int) key, rest, value);
		return 0;
	}
	if (read_words(rest, out) < 0)
		return -EINVAL;
	for (size_t i = 0; i < out->count; i++)
		if (!strchr(out->items[i], '=') || out->items[i][0] == '=')
			return -EINVAL;
	return 0;
}

/* --- one function an instruction --- */

static int change_cmd(const char *rest, struct image_config_run *run)
{
	read_command(rest, &run->cmd);
	return 0;
}

static int change_entrypoint(const char *rest, struct image_config_run *run)
{
	read_command(rest, &run->entrypoint);
	return 0;
}

static int change_env(const char *rest, struct image_config_run *run)
{
	AUTO_TEXTS struct texts words = {0};

	if (read_assignments(rest, &words) < 0)
		return -EINVAL;
	for (size_t i = 0; i < words.count; i++)
		texts_env_set(&run->env, words.items[i]);
	return 0;
}

static int change_label(const char *rest, struct image_config_run *run)
{
	AUTO_TEXTS struct texts words = {0};

	if (read_assignments(rest, &words) < 0)
		return -EINVAL;
	for (size_t i = 0; i < words.count; i++)
		pairs_set_text(&run->labels, words.items[i]);
	return 0;
}

static void add_key(json_t **object, const char *key)
{
	if (!*object)
		*object = json_object();
	(void) json_object_set_new(*object, key, json_object());
}

static bool is_exposed_port(const char *word)
{
	AUTO_FREE char *port = xstrndup(word, strcspn(word, "/"));
	const char *protocol = word + strlen(port);
	char *dash = strchr(port, '-');
	uint64_t first, last;

	if (*protocol && strcmp(protocol, "/tcp") != 0 && strcmp(protocol, "/udp") != 0
	    && strcmp(protocol, "/sctp") != 0)
		return false;
	if (dash)
		*dash++ = '\0';
	if (number_parse_uint(port, 1, 65535, &first) < 0)
		return false;
	return !dash || number_parse_uint(dash, first, 65535, &last) == 0;
}

static int change_expose(const char *rest, struct image_config_run *run)
{
	AUTO_TEXTS struct texts words = {0};

	if (read_words(rest, &words) < 0 || words.count == 0)
		return -EINVAL;
	for (size_t i = 0; i < words.count; i++)
		if (!is_exposed_port(words.items[i]))
			return -EINVAL;
	for (size_t i = 0; i < words.count; i++) {
		AUTO_FREE char *key = strchr(words.items[i], '/') ? xstrdup(words.items[i])
		                                                  : xprintf("%s/tcp", words.items[i]);

		add_key(&run->exposed_ports, key);
	}
	return 0;
}

static int change_volume(const char *rest, struct image_config_run *run)
{
	AUTO_TEXTS struct texts words = {0};

	if (!read_array(rest, &words) && read_words(rest, &words) < 0)
		return -EINVAL;
	if (words.count == 0)
		return -EINVAL;
	for (size_t i = 0; i < words.count; i++)
		add_key(&run->volumes, words.items[i]);
	return 0;
}

static int change_stop_signal(const char *rest, struct image_config_run *run)
{
	text_replace(&run->stop_signal, rest);
	return 0;
}

static int change_user(const char *rest, struct image_config_run *run)
{
	text_replace(&run->user, rest);
	return 0;
}

static int change_work_dir(const char *rest, struct image_config_run *run)
{
	if (*rest == '/' || !run->working_dir) {
		AUTO_FREE char *full = xprintf("%s%s", *rest == '/' ? "" : "/", rest);

		text_replace(&run->working_dir, full);
	} else {
		AUTO_FREE char *full = xprintf("%s/%s", run->working_dir, rest);

		text_replace(&run->working_dir, full);
	}
	return 0;
}

static int change_on_build(const char *rest, struct image_config_run *run)
{
	texts_add(&run->on_build, rest);
	return 0;
}

static const struct instruction {
	const char *word;
	int (*apply)(const char *rest, struct image_config_run *run);
} instructions[] = {
	{"CMD", change_cmd},         {"ENTRYPOINT", change_entrypoint}, {"ENV", change_env},
	{"EXPOSE", change_expose},   {"LABEL", change_label},           {"ONBUILD", change_on_build},
	{"STOPSIGNAL", change_stop_signal}, {"USER", change_user},      {"VOLUME", change_volume},
	{"WORKDIR", change_work_dir},
};

int change_apply(const char *line, struct image_config_run *run, struct error *err)
{
	size_t length;
	const char *rest;

	line += strspn(line, " \t");
	length = strcspn(line, " \t=");
	rest = line + length;
	/* docker also takes CMD=... */
	rest += *rest == '=' ? 1 : 0;
	rest += strspn(rest, " \t");
	if (strlen(line) > CHANGE_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "change is longer than %d bytes", CHANGE_MAX_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++) {
		if (strlen(instructions[i].word) != length
		    || strncasecmp(instructions[i].word, line, length) != 0)
			continue;
		if (!*rest || instructions[i].apply(rest, run) < 0)
			return error_set(err, ERROR_INVALID, "change \"%.300s\": what follows %s is not valid",
			                 line, instructions[i].word);
		return 0;
	}
	return error_set(err, ERROR_INVALID,
	                 "change \"%.300s\": expected CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, "
	                 "STOPSIGNAL, USER, VOLUME or WORKDIR", line);
}
