/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_change.c - write containers-policy.json(5): see policy.h */
#include "coracle/conf/policy.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "files.h"

/* check_scope - a scope that no image's name matches would be obeyed by nobody */
static int check_scope(const char *scope, struct error *err)
{
	const char *at = strncmp(scope, "*.", 2) == 0 ? scope + 2 : scope;
	size_t length = strlen(at);
	bool good = isalnum((unsigned char) *at) || (*at == '[' && at == scope);

	for (size_t i = 0; i < length && good; i++)
		good = (unsigned char) at[i] < 128 && (isalnum((unsigned char) at[i]) || strchr("._-:/@[]", at[i]));
	if (good && at[length - 1] != '/' && !strstr(at, "//") && (at == scope || !strpbrk(at, ":/@")))
		return 0;
	return error_set(err, ERROR_INVALID, "\"%.300s\" is not REGISTRY[/PATH[:TAG]], *.DOMAIN or default", scope);
}

/* target - owned path of the file that is written; symlinks resolved, so that they stay */
static int target(const struct places *places, const char *own, char **out, struct error *err)
{
	AUTO_FREE char *user = places->user ? xprintf("%s/policy.json", places->user) : NULL;
	AUTO_FREE char *system = xprintf("%s/policy.json", places->system);
	const char *file = own ? own : user;
	char resolved[PATH_MAX];

	if (!own && geteuid() == 0 && (!user || !files_has(user)))
		file = system;
	if (!file)
		return error_set(err, ERROR_NOT_FOUND, "no home directory is known for policy.json: set HOME, or give "
		                 "--signature-policy FILE");
	*out = xstrdup(realpath(file, resolved) ? resolved : file);
	return 0;
}

/* lock - a descriptor of the file's directory, which is made */
static int lock(const char *file, struct error *err)
{
	size_t length = strlen(file) - strlen(path_base(file));
	AUTO_FREE char *directory = length ? xstrndup(file, length) : xstrdup(".");
	int fd, r = directory_make(AT_FDCWD, directory, 0700);

	if (r < 0)
		return error_errno(err, -r, "cannot make %s", directory);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, "%s", directory);
	/* where a file system has no locks two changes at the same instant may lose one */
	while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	return fd;
}

/* read_current - the document that is changed */
static int read_current(const struct places *places, const char *own, struct policy *policy, struct error *err)
{
	int r = own && !files_has(own) ? 0 : policy_read(places, own, policy, err);

	if (r >= 0 && !policy->json)
		policy->json = json_pack("{s:[{s:s}]}", "default", "type", "insecureAcceptAnything");
	return r < 0 ? r : 0;
}

/* member - an object in an object, made where it is absent; borrowed */
static json_t *member(json_t *object, const char *key)
{
	json_t *found = json_object_get(object, key);

	if (!found) {
		found = json_object();
		(void) json_object_set_new(object, key, found);
	}
	return found;
}

static int write_document(const char *file, const json_t *json, struct error *err)
{
	AUTO_FREE char *bare = json_text(json, JSON_INDENT(4));
	AUTO_FREE char *text = xprintf("%s\n", bare);
	AUTO_POLICY struct policy check = {0};
	struct stat st;
	mode_t mode = stat(file, &st) == 0 ? st.st_mode & 0777 : 0644;
	int r = policy_parse(file, text, strlen(text), &check, err);

	if (r < 0)
		return r;
	r = file_write(AT_FDCWD, file, text, strlen(text), mode, FILE_DURABLE);
	return r < 0 ? error_errno(err, -r, "cannot write %s", file) : 0;
}

int policy_change(const struct places *places, const char *own, const char *scope, json_t *requirements, char **file,
                  struct error *err)
{
	AUTO_POLICY struct policy policy = {0};
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int locked = -1;
	int r = scope ? check_scope(scope, err) : 0;

	if (r >= 0)
		r = target(places, own, &path, err);
	if (r < 0 || !path)
		return r;
	locked = lock(path, err);
	if (locked < 0)
		return locked;
	r = read_current(places, own, &policy, err);
	if (r < 0)
		return r;
	if (scope)
		(void) json_object_set(member(member(policy.json, "transports"), "docker"), scope, requirements);
	else
		(void) json_object_set(policy.json, "default", requirements);
	r = write_document(path, policy.json, err);
	if (r >= 0)
		*file = TAKE_PTR(path);
	return r;
}
