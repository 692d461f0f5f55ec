/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse_user.c - --user and --group-add against an image's passwd(5) and group(5)
 *
 * The files are untrusted. What consists of digits is always a number, so that an image can't give
 * the account "1000" the id 0; a line that says no valid id for the name wanted is an error, never
 * id 0; lines about others are skipped when they are damaged.
 */
#include "coracle/parse/parse.h"

#include "coracle/base/alloc.h"

#include <string.h>

#include "parse_refuse.h"

#define USER_TEXT_MAX 512
#define FIELDS_MAX    7 /* of passwd(5) */

/* row - one line cut at its colons; the last field holds what is left; borrowed from the file */
struct row {
	struct {
		const char *start;
		size_t length;
	} fields[FIELDS_MAX];
	size_t count;
};

static void row_split(const char *line, size_t length, struct row *row)
{
	const char *end = line + length;

	row->count = 0;
	for (;;) {
		size_t left = (size_t) (end - line);
		const char *colon = row->count + 1 < FIELDS_MAX ? memchr(line, ':', left) : NULL;

		row->fields[row->count].start = line;
		row->fields[row->count++].length = colon ? (size_t) (colon - line) : left;
		if (!colon)
			return;
		line = colon + 1;
	}
}

/* row_next - the next line with at least min fields, from *at on; false at the end */
static bool row_next(const char **at, size_t min, struct row *row)
{
	while (**at) {
		const char *line = *at;
		size_t length = strcspn(line, "\n");

		*at = line + length + (line[length] == '\n');
		/* "+" and "-" lines are directives of nsswitch's compat mode */
		if (strchr("#+-", *line) || length == 0)
			continue;
		row_split(line, length, row);
		if (row->count >= min)
			return true;
	}
	return false;
}

static bool row_is(const struct row *row, size_t field, const char *text)
{
	return row->fields[field].length == strlen(text) &&
	       memcmp(row->fields[field].start, text, row->fields[field].length) == 0;
}

static bool row_id(const struct row *row, size_t field, uint32_t *out)
{
	struct error ignored = {0};
	char digits[24] = "";

	if (row->fields[field].length >= sizeof digits)
		return false;
	(void) memcpy(digits, row->fields[field].start, row->fields[field].length);
	return parse_id(digits, out, &ignored) > 0;
}

static int user_from_row(const struct row *row, struct user *user, struct error *err)
{
	if (!row_id(row, 2, &user->uid) || !row_id(row, 3, &user->gid))
		return error_set(err, ERROR_INVALID,
		                 "its line in the image's /etc/passwd has no valid ids; give numbers");
	user->name = xstrndup(row->fields[0].start, row->fields[0].length);
	if (row->count > 5 && row->fields[5].length > 0 && *row->fields[5].start == '/')
		user->home = xstrndup(row->fields[5].start, row->fields[5].length);
	return 0;
}

static int user_find_name(const char *name, const char *passwd, struct user *user,
                          struct error *err)
{
	struct row row;

	while (passwd && row_next(&passwd, 4, &row))
		if (row_is(&row, 0, name))
			return user_from_row(&row, user, err);
	return error_set(err, ERROR_NOT_FOUND,
	                 "the image's /etc/passwd has no user \"%.100s\"; give a number", name);
}

/* A number needs no line: its group is 0 then, and its home "/". */
static int user_find_id(uint32_t uid, const char *passwd, struct user *user, struct error *err)
{
	struct row row;
	uint32_t id;

	while (passwd && row_next(&passwd, 4, &row))
		if (row_id(&row, 2, &id) && id == uid)
			return user_from_row(&row, user, err);
	user->uid = uid;
	return 0;
}

/* Whether name is among the comma-separated members, the fourth field of group(5). */
static bool row_has_member(const struct row *row, const char *name)
{
	const char *at = row->fields[3].start;
	const char *end = at + row->fields[3].length;
	size_t length = strlen(name);

	for (;;) {
		const char *comma = memchr(at, ',', (size_t) (end - at));
		size_t size = (size_t) ((comma ? comma : end) - at);

		if (size == length && length > 0 && memcmp(at, name, length) == 0)
			return true;
		if (!comma)
			return false;
		at = comma + 1;
	}
}

static bool user_has_group(const struct user *user, uint32_t gid)
{
	for (size_t i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			return true;
	return user->gid == gid;
}

static int user_add_groups(struct user *user, const char *group, struct error *err)
{
	struct row row;
	uint32_t gid;

	while (user->name && group && row_next(&group, 4, &row)) {
		if (!row_has_member(&row, user->name) || !row_id(&row, 2, &gid) ||
		    user_has_group(user, gid))
			continue;
		if (user->group_count == ARRAY_LEN(user->groups))
			return error_set(err, ERROR_INVALID,
			                 "the image's /etc/group puts the user into more than %zu groups; "
			                 "name one, which drops the others",
			                 ARRAY_LEN(user->groups));
		user->groups[user->group_count++] = gid;
	}
	return 0;
}

static int group_find(const char *name, const char *group, uint32_t *out, struct error *err)
{
	struct row row;
	int r = parse_id(name, out, err);

	if (r != 0)
		return r < 0 ? r : 0;
	while (group && row_next(&group, 3, &row)) {
		if (!row_is(&row, 0, name))
			continue;
		if (row_id(&row, 2, out))
			return 0;
		return error_set(err, ERROR_INVALID,
		                 "the line of \"%.100s\" in the image's /etc/group has no valid id; "
		                 "give a number",
		                 name);
	}
	return error_set(err, ERROR_NOT_FOUND,
	                 "the image's /etc/group has no group \"%.100s\"; give a number", name);
}

static int read_user(char *text, const char *passwd, const char *group, struct user *user,
                     struct error *err)
{
	char *colon = strchr(text, ':');
	uint32_t uid = 0;
	int r;

	if (colon) {
		*colon = '\0';
		if (strchr(colon + 1, ':'))
			return error_set(err, ERROR_INVALID, "it has more than one colon");
	}
	/* no user means the first one, as no --user does */
	r = *text ? parse_id(text, &uid, err) : 1;
	if (r < 0)
		return r;
	r = r > 0 ? user_find_id(uid, passwd, user, err) : user_find_name(text, passwd, user, err);
	if (r < 0)
		return r;
	if (colon && colon[1])
		return group_find(colon + 1, group, &user->gid, err);
	return user_add_groups(user, group, err);
}

void user_done(struct user *user)
{
	free(user->home);
	free(user->name);
	*user = (struct user){0};
}

int parse_user(const char *text, const char *passwd, const char *group, struct user *out,
               struct error *err)
{
	AUTO_FREE char *copy = xstrndup(text, USER_TEXT_MAX + 1);
	AUTO(user_done) struct user user = {0};
	int r = strlen(copy) > USER_TEXT_MAX
	                ? error_set(err, ERROR_INVALID, "it is longer than %d bytes", USER_TEXT_MAX)
	                : read_user(copy, passwd, group, &user, err);

	if (r < 0)
		return parse_refuse(err, r, "user", text, "1000:1000");
	if (!user.home)
		user.home = xstrdup("/");
	*out = TAKE(user, (struct user){0});
	return 0;
}

int parse_group(const char *text, const char *group, uint32_t *out, struct error *err)
{
	uint32_t gid = 0;
	int r = parse_text(text, USER_TEXT_MAX, err);

	if (r == 0)
		r = group_find(text, group, &gid, err);
	if (r < 0)
		return parse_refuse(err, r, "group", text, "1000");
	*out = gid;
	return 0;
}
