/* SPDX-License-Identifier: GPL-2.0-or-later */
/* certs.c - certificate directories of registries: containers-certs.d(5) */
#include "coracle/conf/certs.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/log.h"

#include <fcntl.h>
#include <string.h>

#include "files.h"

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && !strcmp(name + length - end, suffix);
}

/* add_pair - NAME.cert with NAME.key */
static int add_pair(struct certs *out, const struct texts *names, const char *name, struct error *err)
{
	AUTO_FREE char *key = xprintf("%.*s.key", (int) (strlen(name) - 5), name);

	if (!texts_has(names, key))
		return error_set(err, ERROR_NOT_FOUND, "%s: %s has no %s (a certificate of an authority is named *.crt)",
		                 out->directory, name, key);
	texts_printf(&out->client, "%s/%s", out->directory, name);
	texts_printf(&out->key, "%s/%s", out->directory, key);
	return 0;
}

static int check_key(const struct certs *out, const struct texts *names, const char *name, struct error *err)
{
	AUTO_FREE char *cert = xprintf("%.*s.cert", (int) (strlen(name) - 4), name);

	if (texts_has(names, cert))
		return 0;
	return error_set(err, ERROR_NOT_FOUND, "%s: %s has no %s", out->directory, name, cert);
}

static int add_directory(struct certs *out, const struct texts *names, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < names->count && r == 0; i++) {
		const char *name = names->items[i];

		if (has_suffix(name, ".crt"))
			texts_printf(&out->ca, "%s/%s", out->directory, name);
		else if (has_suffix(name, ".cert"))
			r = add_pair(out, names, name, err);
		else if (has_suffix(name, ".key"))
			r = check_key(out, names, name, err);
	}
	return r;
}

/* read_directory - 1 when it is there */
static int read_directory(const char *path, struct certs *out, struct error *err)
{
	AUTO_TEXTS struct texts names = {0};
	AUTO_CERTS struct certs certs = {0};
	int r = directory_list(AT_FDCWD, path, &names);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return error_errno(err, -r, "%s", path);
	certs.directory = xstrdup(path);
	r = add_directory(&certs, &names, err);
	if (r < 0)
		return r;
	*out = certs;
	certs = (struct certs) {0};
	return 1;
}

int certs_find(const struct places *places, const char *own, const char *host, struct certs *out, struct error *err)
{
	const char *const tops[] = {places->user, places->user_docker, places->system, places->docker};
	int r = 0;

	if (own) {
		r = read_directory(own, out, err);
		return r == 0 ? error_set(err, ERROR_NOT_FOUND, "%s: no such directory of certificates", own) : r < 0 ? r : 0;
	}
	/* a host comes from references and redirections */
	if (!*host || *host == '.' || strchr(host, '/'))
		return error_set(err, ERROR_INVALID, "\"%s\" is not HOST[:PORT]", host);
	for (size_t i = 0; i < ARRAY_LEN(tops) && r == 0; i++) {
		AUTO_FREE char *path = tops[i] ? xprintf("%s/certs.d/%s", tops[i], host) : NULL;

		r = path ? read_directory(path, out, err) : 0;
		/* root's own directory is none of a user's business */
		if (r == -EACCES && i >= 2) {
			log_debug("%s", err->text);
			r = 0;
		}
	}
	return r < 0 ? r : 0;
}

bool certs_try_other(const struct error *err)
{
	return err->errnum != EINTR && (err->kind == ERROR_DENIED || err->kind == ERROR_SYSTEM);
}

void certs_done(struct certs *certs)
{
	free(certs->directory);
	texts_done(&certs->ca);
	texts_done(&certs->client);
	texts_done(&certs->key);
	*certs = (struct certs) {0};
}
