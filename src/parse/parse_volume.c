/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_volume.c - the values of -v and --tmpfs; podman-run(1) */
#include "coracle/parse/parse.h"

#include <string.h>

#include "mount_words.h"
#include "parse_refuse.h"

static int add_words(struct mount_reader *reader, const char *text, struct error *err)
{
	AUTO_TEXTS struct texts options = {0};

	texts_split(&options, text, ',');
	for (size_t i = 0; i < options.count; i++) {
		char *equals = strchr(options.items[i], '=');
		int r;

		if (equals) {
			*equals = '\0';
			r = mount_reader_setting(reader, options.items[i], equals + 1, err);
		} else {
			r = mount_reader_word(reader, options.items[i], err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* A source is a path when it looks like one; "data/x" is neither a path nor a name, as with docker. */
static bool is_path(const char *source)
{
	return *source == '/' || *source == '.';
}

static int read_volume(struct mount_reader *reader, const char *text, const char *cwd,
                       struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};
	const char *source;
	int r = parse_text(text, PARSE_TEXT_MAX, err);

	if (r < 0)
		return r;
	texts_split(&parts, text, ':');
	if (parts.count > 3)
		return error_set(err, ERROR_INVALID,
		                 "it has more than two colons; --mount takes paths with colons");
	source = parts.count > 1 ? parts.items[0] : NULL;
	mount_reader_kind(reader, source && is_path(source) ? MOUNT_KIND_BIND : MOUNT_KIND_VOLUME);
	reader->mount.make_source = reader->kind == MOUNT_KIND_BIND;
	r = source ? mount_reader_source(reader, source, cwd, err) : 0;
	if (r < 0)
		return r;
	r = mount_reader_target(reader, parts.items[source ? 1 : 0], err);
	if (r < 0)
		return r;
	return parts.count == 3 ? add_words(reader, parts.items[2], err) : 0;
}

static int read_tmpfs(struct mount_reader *reader, const char *text, struct error *err)
{
	AUTO_TEXTS struct texts parts = {0};
	int r = parse_text(text, PARSE_TEXT_MAX, err);

	if (r < 0)
		return r;
	texts_split(&parts, text, ':');
	if (parts.count > 2)
		return error_set(err, ERROR_INVALID, "it has more than one colon");
	mount_reader_kind(reader, MOUNT_KIND_TMPFS);
	r = mount_reader_target(reader, parts.items[0], err);
	if (r < 0)
		return r;
	return parts.count == 2 && *parts.items[1] ? add_words(reader, parts.items[1], err) : 0;
}

int parse_volume(const char *text, const char *cwd, struct record_mount *out, struct error *err)
{
	AUTO_MOUNT_READER struct mount_reader reader = {0};
	int r = read_volume(&reader, text, cwd, err);

	if (r < 0)
		return parse_refuse(err, r, "volume", text, "./data:/data:ro");
	*out = TAKE(reader.mount, (struct record_mount){0});
	return 0;
}

int parse_tmpfs(const char *text, struct record_mount *out, struct error *err)
{
	AUTO_MOUNT_READER struct mount_reader reader = {0};
	int r = read_tmpfs(&reader, text, err);

	if (r < 0)
		return parse_refuse(err, r, "tmpfs", text, "/run:size=64m,mode=755");
	*out = TAKE(reader.mount, (struct record_mount){0});
	return 0;
}
