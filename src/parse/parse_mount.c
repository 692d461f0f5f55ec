/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_mount.c - the value of --mount: key=value pairs between commas; podman-run(1) */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/text.h"

#include <string.h>
#include <strings.h>

#include "mount_words.h"
#include "parse_refuse.h"

/*
 * The text is one line of comma-separated values (RFC 4180): a field in double quotes may hold
 * commas, and a doubled quote stands for one. So a path with a comma is "source=/a,b".
 */
static int csv_split(const char *at, struct texts *fields, struct error *err)
{
	for (;; at++) {
		AUTO_TEXT struct text field = TEXT_INIT(PARSE_TEXT_MAX);

		if (*at == '"') {
			for (at++; *at && (at[0] != '"' || at[1] == '"'); at++) {
				at += *at == '"';
				(void) text_add_char(&field, *at);
			}
			if (*at != '"')
				return error_set(err, ERROR_INVALID, "a double quote is not closed");
			at++;
			if (*at && *at != ',')
				return error_set(err, ERROR_INVALID,
				                 "a closing double quote is not followed by a comma");
		} else {
			size_t length = strcspn(at, ",\"");

			if (at[length] == '"')
				return error_set(err, ERROR_INVALID,
				                 "a double quote must enclose the whole field");
			(void) text_add_bytes(&field, at, length);
			at += length;
		}
		texts_take(fields, text_take(&field));
		if (*at == '\0')
			return 0;
	}
}

enum key_action {
	KEY_ACTION_NONE,       /* understood and without effect here */
	KEY_ACTION_TYPE,       /* read before all others */
	KEY_ACTION_SOURCE,
	KEY_ACTION_TARGET,
	KEY_ACTION_SUBPATH,
	KEY_ACTION_DRIVER,
	KEY_ACTION_WORD,       /* true: the word .word; false: .otherwise, or nothing */
	KEY_ACTION_WORD_VALUE, /* the value is a word out of .allowed */
	KEY_ACTION_SETTING,    /* the kernel's setting .word */
	KEY_ACTION_REFUSE,     /* .word says why, unless the value is false */
};

#define ANY_KIND                                                                                   \
	(MOUNT_KIND_BIND | MOUNT_KIND_VOLUME | MOUNT_KIND_TMPFS | MOUNT_KIND_DEVPTS)
#define PROPAGATIONS " shared rshared slave rslave private rprivate unbindable runbindable "

struct key {
	const char *text;
	enum key_action action;
	unsigned kinds;
	const char *word, *otherwise;
	const char *allowed; /* words with a blank on both sides */
};

static const struct key keys[] = {
	{"type", KEY_ACTION_TYPE, ANY_KIND},
	{"source", KEY_ACTION_SOURCE, MOUNT_KIND_BIND | MOUNT_KIND_VOLUME},
	{"src", KEY_ACTION_SOURCE, MOUNT_KIND_BIND | MOUNT_KIND_VOLUME},
	{"target", KEY_ACTION_TARGET, ANY_KIND},
	{"destination", KEY_ACTION_TARGET, ANY_KIND},
	{"dst", KEY_ACTION_TARGET, ANY_KIND},
	{"readonly", KEY_ACTION_WORD, ANY_KIND, "ro", "rw"},
	{"ro", KEY_ACTION_WORD, ANY_KIND, "ro", "rw"},
	{"rw", KEY_ACTION_WORD, ANY_KIND, "rw", "ro"},
	{"readwrite", KEY_ACTION_WORD, ANY_KIND, "rw", "ro"},
	{"u", KEY_ACTION_WORD, ANY_KIND, "U"},
	{"chown", KEY_ACTION_WORD, ANY_KIND, "U"},
	{"suid", KEY_ACTION_WORD, ANY_KIND, "suid", "nosuid"},
	{"nosuid", KEY_ACTION_WORD, ANY_KIND, "nosuid", "suid"},
	{"dev", KEY_ACTION_WORD, ANY_KIND, "dev", "nodev"},
	{"nodev", KEY_ACTION_WORD, ANY_KIND, "nodev", "dev"},
	{"exec", KEY_ACTION_WORD, ANY_KIND, "exec", "noexec"},
	{"noexec", KEY_ACTION_WORD, ANY_KIND, "noexec", "exec"},
	{"bind-propagation", KEY_ACTION_WORD_VALUE, MOUNT_KIND_BIND, .allowed = PROPAGATIONS},
	{"bind-nonrecursive", KEY_ACTION_WORD, MOUNT_KIND_BIND, "bind", "rbind"},
	{"relabel", KEY_ACTION_NONE, MOUNT_KIND_BIND | MOUNT_KIND_VOLUME,
	 .allowed = " shared private z Z "},
	{"consistency", KEY_ACTION_NONE, MOUNT_KIND_BIND | MOUNT_KIND_VOLUME,
	 .allowed = " default consistent cached delegated "},
	{"volume-nocopy", KEY_ACTION_WORD, MOUNT_KIND_VOLUME, "nocopy", "copy"},
	{"volume-subpath", KEY_ACTION_SUBPATH, MOUNT_KIND_VOLUME},
	{"subpath", KEY_ACTION_SUBPATH, MOUNT_KIND_VOLUME},
	{"volume-driver", KEY_ACTION_DRIVER, MOUNT_KIND_VOLUME},
	{"volume-opt", KEY_ACTION_REFUSE, ANY_KIND,
	 "\"volume-opt\" is not supported; make the volume first with coracle volume create"},
	{"volume-label", KEY_ACTION_REFUSE, ANY_KIND,
	 "\"volume-label\" is not supported; make the volume first with coracle volume create "
	 "--label"},
	{"tmpfs-size", KEY_ACTION_SETTING, MOUNT_KIND_TMPFS, "size"},
	{"tmpfs-mode", KEY_ACTION_SETTING, MOUNT_KIND_TMPFS, "mode"},
	{"tmpcopyup", KEY_ACTION_WORD, MOUNT_KIND_TMPFS, "tmpcopyup", "notmpcopyup"},
	{"notmpcopyup", KEY_ACTION_WORD, MOUNT_KIND_TMPFS, "notmpcopyup", "tmpcopyup"},
	{"mode", KEY_ACTION_SETTING, MOUNT_KIND_DEVPTS, "mode"},
	{"uid", KEY_ACTION_SETTING, MOUNT_KIND_DEVPTS, "uid"},
	{"gid", KEY_ACTION_SETTING, MOUNT_KIND_DEVPTS, "gid"},
	{"idmap", KEY_ACTION_REFUSE, ANY_KIND,
	 "\"idmap\" needs privileges that a user does not have; let \"U\" change the owner"},
	{"bind-recursive", KEY_ACTION_REFUSE, ANY_KIND,
	 "\"bind-recursive\" is not supported; use \"bind-nonrecursive\""},
};

static const struct {
	const char *text;
	enum mount_kind kind;
} types[] = {
	{"bind", MOUNT_KIND_BIND},
	{"volume", MOUNT_KIND_VOLUME},
	{"tmpfs", MOUNT_KIND_TMPFS},
	{"devpts", MOUNT_KIND_DEVPTS},
};

struct assignment {
	const struct key *key;
	const char *value; /* NULL: only the key was given */
};

static const struct key *key_find(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcasecmp(text, keys[i].text) == 0)
			return &keys[i];
	return NULL;
}

/* Cuts the field at its "=". */
static int assignment_read(char *field, struct assignment *out, struct error *err)
{
	char *equals = strchr(field, '=');

	if (equals)
		*equals = '\0';
	*out = (struct assignment){.key = key_find(field), .value = equals ? equals + 1 : NULL};
	if (!out->key)
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not a key of a mount", field);
	if (!out->value && out->key->action != KEY_ACTION_WORD &&
	    out->key->action != KEY_ACTION_REFUSE)
		return error_set(err, ERROR_INVALID, "\"%s\" needs a value", out->key->text);
	return 0;
}

static int kind_read(const struct assignment *assignments, size_t count, enum mount_kind *out,
                     struct error *err)
{
	const char *type = NULL;

	for (size_t i = 0; i < count; i++) {
		if (assignments[i].key->action != KEY_ACTION_TYPE)
			continue;
		if (type)
			return error_set(err, ERROR_INVALID, "\"type\" is given twice");
		type = assignments[i].value;
	}
	*out = MOUNT_KIND_VOLUME;
	if (!type)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(type, types[i].text) == 0) {
			*out = types[i].kind;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID,
	                 "the type \"%.100s\" is not bind, volume, tmpfs or devpts", type);
}

static int truth_read(const struct assignment *assignment, bool *out, struct error *err)
{
	*out = true;
	if (assignment->value && number_parse_bool(assignment->value, out) < 0)
		return error_set(err, ERROR_INVALID, "%s=\"%.100s\" is not true or false",
		                 assignment->key->text, assignment->value);
	return 0;
}

static int word_read(struct mount_reader *reader, const struct assignment *assignment,
                     struct error *err)
{
	const struct key *key = assignment->key;
	bool truth;
	int r = truth_read(assignment, &truth, err);

	if (r < 0)
		return r;
	if (!truth && !key->otherwise)
		return 0;
	return mount_reader_word(reader, truth ? key->word : key->otherwise, err);
}

static int allowed_check(const struct assignment *assignment, struct error *err)
{
	AUTO_FREE char *word = xprintf(" %s ", assignment->value);

	if (strchr(assignment->value, ' ') || !strstr(assignment->key->allowed, word))
		return error_set(err, ERROR_INVALID, "%s=\"%.100s\" is none of:%.*s",
		                 assignment->key->text, assignment->value,
		                 (int) strlen(assignment->key->allowed) - 1,
		                 assignment->key->allowed);
	return 0;
}

/* Below the volume: neither absolute nor with "..", so that nothing can lead out of it. */
static int subpath_read(struct mount_reader *reader, const char *value, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};

	texts_split(&parts, value, '/');
	if (*value == '\0' || *value == '/' || texts_has(&parts, ".."))
		return error_set(err, ERROR_INVALID,
		                 "the path in the volume, \"%.200s\", is not a relative one without "
		                 "\"..\"",
		                 value);
	text_replace(&reader->mount.subpath, value);
	return 0;
}

static int assignment_apply(struct mount_reader *reader, const struct assignment *assignment,
                            const char *cwd, struct error *err)
{
	const struct key *key = assignment->key;
	bool truth;
	int r;

	if (key->action == KEY_ACTION_REFUSE) {
		if (assignment->value && number_parse_bool(assignment->value, &truth) == 0 && !truth)
			return 0;
		return error_set(err, ERROR_UNSUPPORTED, "%s", key->word);
	}
	if (!(key->kinds & (unsigned) reader->kind))
		return error_set(err, ERROR_INVALID, "\"%s\" has no meaning for a %s mount",
		                 key->text, reader->mount.type);
	r = key->allowed ? allowed_check(assignment, err) : 0;
	if (r < 0)
		return r;
	switch (key->action) {
	case KEY_ACTION_SOURCE:
		if (*reader->mount.source)
			return error_set(err, ERROR_INVALID, "the source is given twice");
		if (reader->kind == MOUNT_KIND_VOLUME && *assignment->value == '\0')
			return 0;
		return mount_reader_source(reader, assignment->value, cwd, err);
	case KEY_ACTION_TARGET:
		if (reader->mount.target)
			return error_set(err, ERROR_INVALID, "the target is given twice");
		return mount_reader_target(reader, assignment->value, err);
	case KEY_ACTION_SUBPATH:
		return subpath_read(reader, assignment->value, err);
	case KEY_ACTION_DRIVER:
		if (strcmp(assignment->value, "local") == 0)
			return 0;
		return error_set(err, ERROR_UNSUPPORTED, "the only volume driver is \"local\"");
	case KEY_ACTION_WORD:
		return word_read(reader, assignment, err);
	case KEY_ACTION_WORD_VALUE:
		return mount_reader_word(reader, assignment->value, err);
	case KEY_ACTION_SETTING:
		return mount_reader_setting(reader, key->word, assignment->value, err);
	case KEY_ACTION_NONE:
	case KEY_ACTION_TYPE:
	case KEY_ACTION_REFUSE:
		break;
	}
	return 0;
}

static int read_mount(struct mount_reader *reader, const char *text, const char *cwd,
                      struct error *err)
{
	AUTO_TEXTS struct texts fields = {0};
	AUTO_FREE struct assignment *assignments = NULL;
	enum mount_kind kind = MOUNT_KIND_BIND;
	int r = parse_text(text, PARSE_TEXT_MAX, err);

	if (r == 0)
		r = csv_split(text, &fields, err);
	if (r < 0)
		return r;
	assignments = xcalloc(fields.count, sizeof *assignments);
	for (size_t i = 0; i < fields.count; i++) {
		r = assignment_read(fields.items[i], &assignments[i], err);
		if (r < 0)
			return r;
	}
	r = kind_read(assignments, fields.count, &kind, err);
	if (r < 0)
		return r;
	mount_reader_kind(reader, kind);
	for (size_t i = 0; i < fields.count; i++) {
		r = assignment_apply(reader, &assignments[i], cwd, err);
		if (r < 0)
			return r;
	}
	if (!reader->mount.target)
		return error_set(err, ERROR_INVALID, "it has no target=");
	if (kind == MOUNT_KIND_BIND && *reader->mount.source == '\0')
		return error_set(err, ERROR_INVALID, "a bind mount needs source=");
	return 0;
}

int parse_mount(const char *text, const char *cwd, struct record_mount *out, struct error *err)
{
	AUTO_MOUNT_READER struct mount_reader reader = {0};
	int r = read_mount(&reader, text, cwd, err);

	if (r < 0)
		return parse_refuse(err, r, "mount", text,
		                    "type=bind,source=./data,target=/data,readonly");
	*out = TAKE(reader.mount, (struct record_mount){0});
	return 0;
}
