/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_words.c - the words of -v, --mount and --tmpfs; see mount_words.h */
#include "mount_words.h"

#include "coracle/base/alloc.h"
#include "coracle/base/number.h"
#include "coracle/base/path.h"
#include "coracle/volume/volume.h"

#include <limits.h>
#include <string.h>

#include "parse_refuse.h"

#define TMPFS  MOUNT_KIND_TMPFS
#define VOLUME MOUNT_KIND_VOLUME
#define DIRS   (MOUNT_KIND_BIND | VOLUME)
#define FILES  (DIRS | TMPFS)
#define ANY    (FILES | MOUNT_KIND_DEVPTS)

enum word_effect {
	WORD_EFFECT_NONE, /* the default, or without meaning here */
	WORD_EFFECT_OPTION, /* goes to mount(8)'s words */
	WORD_EFFECT_READ_ONLY,
	WORD_EFFECT_CHOWN,
	WORD_EFFECT_COPY,
	WORD_EFFECT_NO_COPY,
};

struct word {
	const char *text;
	enum word_group group;
	unsigned kinds; /* enum mount_kind bits it may be used with */
	enum word_effect effect;
};

/* podman-run(1) --volume, --mount, --tmpfs; docker's consistency words say something on macOS only */
static const struct word words[] = {
	{"ro", WORD_GROUP_ACCESS, ANY, WORD_EFFECT_READ_ONLY},
	{"rw", WORD_GROUP_ACCESS, ANY, WORD_EFFECT_NONE},
	{"z", WORD_GROUP_LABEL, DIRS, WORD_EFFECT_NONE},
	{"Z", WORD_GROUP_LABEL, DIRS, WORD_EFFECT_NONE},
	{"U", WORD_GROUP_OWNER, FILES, WORD_EFFECT_CHOWN},
	{"copy", WORD_GROUP_COPY, VOLUME, WORD_EFFECT_COPY},
	{"nocopy", WORD_GROUP_COPY, VOLUME, WORD_EFFECT_NO_COPY},
	{"tmpcopyup", WORD_GROUP_COPY, TMPFS, WORD_EFFECT_COPY},
	{"notmpcopyup", WORD_GROUP_COPY, TMPFS, WORD_EFFECT_NO_COPY},
	{"shared", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"rshared", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"slave", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"rslave", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"private", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"rprivate", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"unbindable", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"runbindable", WORD_GROUP_PROPAGATION, FILES, WORD_EFFECT_OPTION},
	{"bind", WORD_GROUP_RECURSION, DIRS, WORD_EFFECT_OPTION},
	{"rbind", WORD_GROUP_RECURSION, DIRS, WORD_EFFECT_OPTION},
	{"suid", WORD_GROUP_SUID, FILES, WORD_EFFECT_OPTION},
	{"nosuid", WORD_GROUP_SUID, FILES, WORD_EFFECT_OPTION},
	{"dev", WORD_GROUP_DEV, FILES, WORD_EFFECT_OPTION},
	{"nodev", WORD_GROUP_DEV, FILES, WORD_EFFECT_OPTION},
	{"exec", WORD_GROUP_EXEC, FILES, WORD_EFFECT_OPTION},
	{"noexec", WORD_GROUP_EXEC, FILES, WORD_EFFECT_OPTION},
	{"sync", WORD_GROUP_SYNC, TMPFS, WORD_EFFECT_OPTION},
	{"async", WORD_GROUP_SYNC, TMPFS, WORD_EFFECT_OPTION},
	{"dirsync", WORD_GROUP_SYNC, TMPFS, WORD_EFFECT_OPTION},
	{"atime", WORD_GROUP_TIME, TMPFS, WORD_EFFECT_OPTION},
	{"noatime", WORD_GROUP_TIME, TMPFS, WORD_EFFECT_OPTION},
	{"relatime", WORD_GROUP_TIME, TMPFS, WORD_EFFECT_OPTION},
	{"strictatime", WORD_GROUP_TIME, TMPFS, WORD_EFFECT_OPTION},
	{"diratime", WORD_GROUP_DIRECTORY_TIME, TMPFS, WORD_EFFECT_OPTION},
	{"nodiratime", WORD_GROUP_DIRECTORY_TIME, TMPFS, WORD_EFFECT_OPTION},
	{"consistent", WORD_GROUP_CONSISTENCY, DIRS, WORD_EFFECT_NONE},
	{"cached", WORD_GROUP_CONSISTENCY, DIRS, WORD_EFFECT_NONE},
	{"delegated", WORD_GROUP_CONSISTENCY, DIRS, WORD_EFFECT_NONE},
};

static const struct refused {
	const char *text, *why;
} refused[] = {
	{"O", "\"O\" needs an overlay over the source, which is not supported; mount it read-only"},
	{"idmap", "\"idmap\" needs privileges that a user does not have; let \"U\" change the owner"},
};

enum setting_form {
	SETTING_FORM_SIZE, /* also a percentage of memory, tmpfs(5) */
	SETTING_FORM_COUNT,
	SETTING_FORM_MODE,
	SETTING_FORM_ID,
};

static const struct setting {
	const char *key;
	unsigned kinds;
	enum setting_form form;
} settings[] = {
	{"size", TMPFS, SETTING_FORM_SIZE},
	{"nr_blocks", TMPFS, SETTING_FORM_COUNT},
	{"nr_inodes", TMPFS, SETTING_FORM_COUNT},
	{"mode", TMPFS | MOUNT_KIND_DEVPTS, SETTING_FORM_MODE},
	{"uid", TMPFS | MOUNT_KIND_DEVPTS, SETTING_FORM_ID},
	{"gid", TMPFS | MOUNT_KIND_DEVPTS, SETTING_FORM_ID},
};

static const char *kind_name(enum mount_kind kind)
{
	switch (kind) {
	case MOUNT_KIND_BIND:
		return "bind";
	case MOUNT_KIND_VOLUME:
		return "volume";
	case MOUNT_KIND_TMPFS:
		return "tmpfs";
	case MOUNT_KIND_DEVPTS:
		return "devpts";
	case MOUNT_KIND_NONE:
		break;
	}
	return "";
}

void mount_reader_done(struct mount_reader *reader)
{
	fields_done(record_mount_fields, &reader->mount);
}

void mount_reader_kind(struct mount_reader *reader, enum mount_kind kind)
{
	reader->kind = kind;
	reader->mount.copy_up = (kind & (VOLUME | TMPFS)) != 0;
	text_replace(&reader->mount.type, kind_name(kind));
	if (!reader->mount.source)
		reader->mount.source = xstrdup("");
	reader->mount.anonymous = kind == MOUNT_KIND_VOLUME;
}

int mount_reader_source(struct mount_reader *reader, const char *source, const char *cwd,
                        struct error *err)
{
	AUTO_FREE char *path = NULL;

	if (*source == '\0')
		return error_set(err, ERROR_INVALID, "the source is empty; name it");
	if (reader->kind == MOUNT_KIND_VOLUME) {
		if (!volume_name_is_valid(source))
			return error_set(err, ERROR_INVALID,
			                 "\"%.200s\" is not a volume's name (letters, digits, \"_.-\"), "
			                 "and a directory begins with \"/\" or \"./\"",
			                 source);
		text_replace(&reader->mount.source, source);
		reader->mount.anonymous = false;
		return 0;
	}
	path = path_join(cwd, source);
	if (*path != '/' || strlen(path) >= PATH_MAX)
		return error_set(err, ERROR_INVALID,
		                 "the source is not an absolute path of less than %d bytes", PATH_MAX);
	free(reader->mount.source);
	reader->mount.source = TAKE_PTR(path);
	return 0;
}

int mount_reader_target(struct mount_reader *reader, const char *target, struct error *err)
{
	AUTO_FREE char *path = path_clean(target);

	if (*target != '/')
		return error_set(err, ERROR_INVALID,
		                 "the path in the container, \"%.200s\", does not begin with \"/\"",
		                 target);
	if (strcmp(path, "/") == 0)
		return error_set(err, ERROR_INVALID,
		                 "the container's root itself can't be covered; mount below it");
	if (strlen(path) >= PATH_MAX)
		return error_set(err, ERROR_INVALID,
		                 "the path in the container has %d bytes or more; shorten it",
		                 PATH_MAX);
	free(reader->mount.target);
	reader->mount.target = TAKE_PTR(path);
	return 0;
}

static const struct word *word_find(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i].text) == 0)
			return &words[i];
	return NULL;
}

static void word_apply(const struct word *word, struct record_mount *mount)
{
	switch (word->effect) {
	case WORD_EFFECT_NONE:
		break;
	case WORD_EFFECT_OPTION:
		texts_add(&mount->options, word->text);
		break;
	case WORD_EFFECT_READ_ONLY:
		mount->read_only = true;
		break;
	case WORD_EFFECT_CHOWN:
		mount->chown = true;
		break;
	case WORD_EFFECT_COPY:
	case WORD_EFFECT_NO_COPY:
		mount->copy_up = word->effect == WORD_EFFECT_COPY;
		break;
	}
}

int mount_reader_word(struct mount_reader *reader, const char *text, struct error *err)
{
	const struct word *word = word_find(text);

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (strcmp(text, refused[i].text) == 0)
			return error_set(err, ERROR_UNSUPPORTED, "%s", refused[i].why);
	if (!word)
		return error_set(err, ERROR_INVALID, "\"%.100s\" is not an option of a mount", text);
	if (!(word->kinds & (unsigned) reader->kind))
		return error_set(err, ERROR_INVALID, "\"%s\" has no meaning for a %s mount", text,
		                 kind_name(reader->kind));
	if (reader->given[word->group] && strcmp(reader->given[word->group], text) == 0)
		return error_set(err, ERROR_INVALID, "\"%s\" is given twice", text);
	if (reader->given[word->group])
		return error_set(err, ERROR_INVALID, "\"%s\" and \"%s\" exclude each other",
		                 reader->given[word->group], text);
	reader->given[word->group] = word->text;
	word_apply(word, &reader->mount);
	return 0;
}

static const struct setting *setting_find(const char *key, enum mount_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (strcmp(key, settings[i].key) == 0 && settings[i].kinds & (unsigned) kind)
			return &settings[i];
	return NULL;
}

/* The kernel knows neither "1.5g" nor "64MB": what is kept is plain bytes. */
static char *setting_value(const struct setting *setting, const char *value, struct error *err)
{
	size_t length = strlen(value);
	uint64_t number = 0;
	unsigned mode = 0;
	uint32_t id = 0;
	int r;

	switch (setting->form) {
	case SETTING_FORM_SIZE:
		if (length > 1 && length < 8 && value[length - 1] == '%') {
			AUTO_FREE char *percent = xstrndup(value, length - 1);

			if (number_parse_uint(percent, 0, 100, &number) == 0)
				return xprintf("%u%%", (unsigned) number);
		}
		__attribute__((fallthrough));
	case SETTING_FORM_COUNT:
		if (number_parse_size(value, &number) == 0)
			return xprintf("%llu", (unsigned long long) number);
		(void) error_set(err, ERROR_INVALID, "\"%.100s\" is not a size such as 64m", value);
		break;
	case SETTING_FORM_MODE:
		if (number_parse_octal(value, 07777, &mode) == 0)
			return xprintf("%o", mode);
		(void) error_set(err, ERROR_INVALID, "\"%.100s\" is not an octal mode such as 1777",
		                 value);
		break;
	case SETTING_FORM_ID:
		r = parse_id(value, &id, err);
		if (r > 0)
			return xprintf("%u", id);
		if (r == 0)
			(void) error_set(err, ERROR_INVALID, "%s=\"%.100s\" is not a number",
			                 setting->key, value);
		break;
	}
	return NULL;
}

int mount_reader_setting(struct mount_reader *reader, const char *key, const char *value,
                         struct error *err)
{
	const struct setting *setting = setting_find(key, reader->kind);
	AUTO_FREE char *kept = NULL;

	if (!setting)
		return error_set(err, ERROR_INVALID, "\"%.100s=\" is not an option of a %s mount", key,
		                 kind_name(reader->kind));
	if (texts_env_get(&reader->mount.options, key))
		return error_set(err, ERROR_INVALID, "\"%s=\" is given twice", key);
	kept = setting_value(setting, value, err);
	if (!kept)
		return -EINVAL;
	texts_printf(&reader->mount.options, "%s=%s", key, kept);
	return 0;
}
