/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_cache.c - compiled filters on disk: compiling takes ten times as long as a container's
 * start */
/*
 * A cache file is a header, the program, and the key: text that holds all that the program was made
 * from (our version, libseccomp's, the machine, and the profile itself or the revision of our
 * default with the capabilities). The key is compared whole, so that neither an update nor two keys
 * of one hash can yield a wrong filter; a checksum finds what a full disk or a crash left.
 */
#include "coracle/runtime/seccomp.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf_common.h>
#include <string.h>

#include "seccomp_default.h"
#include "seccomp_hash.h"
#include "seccomp_names.h"

#define CACHE_MAGIC UINT64_C(0x3146504243434553) /* "SECCBPF1" */

struct header {
	uint64_t magic, checksum; /* of everything that follows the checksum */
	uint32_t flags, notify;
	uint32_t count, key_length;
};

static uint64_t checksum_of(const struct header *header, const void *body, size_t length)
{
	uint64_t hash = hash_add(HASH_START, &header->flags,
	                         sizeof *header - offsetof(struct header, flags));

	return hash_add(hash, body, length);
}

/* true: bytes are a whole, undamaged file for this key */
static bool read_program(const char *bytes, size_t length, const char *key, size_t key_length,
                         struct seccomp_program *out)
{
	struct header header;
	const char *body = bytes + sizeof header;
	size_t program_size;

	if (length < sizeof header)
		return false;
	(void) memcpy(&header, bytes, sizeof header);
	if (header.magic != CACHE_MAGIC || header.count == 0 || header.count > BPF_MAXINSNS ||
	    header.key_length != key_length)
		return false;
	program_size = header.count * sizeof(struct sock_filter);
	if (length != sizeof header + program_size + key_length ||
	    memcmp(body + program_size, key, key_length) != 0 ||
	    header.checksum != checksum_of(&header, body, length - sizeof header))
		return false;
	*out = (struct seccomp_program){
		.filter = xmemdup(body, program_size),
		.length = (unsigned short) header.count,
		.flags = header.flags,
		.notify = header.notify != 0,
	};
	return true;
}

/* open, one read, close: the reason for the cache is time */
static bool find(int cache_fd, const char *name, const char *key, size_t key_length,
                 struct seccomp_program *out)
{
	AUTO_CLOSE int fd = openat(cache_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t size =
		sizeof(struct header) + BPF_MAXINSNS * sizeof(struct sock_filter) + key_length;
	AUTO_FREE char *bytes = NULL;
	ssize_t n;

	if (fd < 0)
		return false;
	bytes = xrealloc(NULL, size, 1);
	n = read(fd, bytes, size);
	return n > 0 && read_program(bytes, (size_t) n, key, key_length, out);
}

/* Whatever prevents it (a read-only or full disk) only costs time at the next start. */
static void keep(int cache_fd, const char *name, const char *key, size_t key_length,
                 const struct seccomp_program *program)
{
	size_t program_size = program->length * sizeof *program->filter;
	size_t body_size = program_size + key_length;
	AUTO_FREE char *bytes = xcalloc(1, sizeof(struct header) + body_size);
	char *body = bytes + sizeof(struct header);
	struct header header = {
		.magic = CACHE_MAGIC,
		.flags = program->flags,
		.notify = program->notify,
		.count = program->length,
		.key_length = (uint32_t) key_length,
	};

	(void) memcpy(body, program->filter, program_size);
	(void) memcpy(body + program_size, key, key_length);
	header.checksum = checksum_of(&header, body, body_size);
	(void) memcpy(bytes, &header, sizeof header);
	(void) !file_write(cache_fd, name, bytes, sizeof header + body_size, 0600, FILE_FAST);
}

/* what every key begins with; owned */
static char *key_of(const char *what)
{
	const struct scmp_version *version = seccomp_version();

	return xprintf("coracle %s, libseccomp %u.%u.%u, machine %08" PRIx32 ", %s",
	               CORACLE_VERSION, version->major, version->minor, version->micro,
	               seccomp_arch_native(), what);
}

static int cached(int cache_fd, const char *what, const struct oci_seccomp *profile,
                  uint64_t bounding, struct seccomp_program *out, struct error *err)
{
	AUTO_FREE char *key = key_of(what);
	AUTO_FREE char *name = NULL;
	size_t key_length = strlen(key);
	int r;

	name = xprintf("seccomp-%016" PRIx64 ".bpf", hash_add(HASH_START, key, key_length));
	if (find(cache_fd, name, key, key_length, out))
		return 0;
	if (profile) {
		r = seccomp_compile(profile, out, err);
	} else {
		struct oci_seccomp *made = seccomp_default(bounding);

		r = seccomp_compile(made, out, err);
		seccomp_profile_free(made);
	}
	if (r >= 0 && cache_fd >= 0)
		keep(cache_fd, name, key, key_length, out);
	return r;
}

int seccomp_cached_default(int cache_fd, uint64_t bounding, struct seccomp_program *out,
                           struct error *err)
{
	uint64_t relevant = bounding & seccomp_default_caps();
	AUTO_FREE char *what = xprintf("default %016" PRIx64 " with capabilities %016" PRIx64,
	                               seccomp_default_revision(), relevant);

	return cached(cache_fd, what, NULL, relevant, out, err);
}

int seccomp_cached(int cache_fd, const struct oci_seccomp *profile, struct seccomp_program *out,
                   struct error *err)
{
	AUTO_JSON json_t *json = json_write(oci_seccomp_fields, profile);
	AUTO_FREE char *what = json_text(json, JSON_COMPACT | JSON_SORT_KEYS);

	return cached(cache_fd, what, profile, 0, out, err);
}
