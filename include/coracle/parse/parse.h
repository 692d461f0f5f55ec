/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse.h - option values in docker's and podman's grammars; pure, bounded, fuzzed */
#ifndef CORACLE_PARSE_PARSE_H
#define CORACLE_PARSE_PARSE_H

#include "coracle/state/record.h"

/*
 * All take the text as typed and fill *out (zeroed by the caller, or a list to append to); on failure
 * *out is as before and err says what is wrong with which text, with an example of the right form.
 */

/* [SOURCE:]TARGET[:OPTIONS]; SOURCE absolute or ./relative (made absolute with cwd), or a volume name; none: anonymous volume.
 * Options ro rw z Z (accepted without SELinux) U nocopy copy O(refused: needs an overlay) and propagation, nosuid/suid nodev/dev noexec/exec rbind bind. */
int parse_volume(const char *text, const char *cwd, struct record_mount *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* type=bind|volume|tmpfs,source=,src=,target=,destination=,dst=,readonly[=bool],ro,rw,bind-propagation=,bind-nonrecursive,
 * volume-nocopy,volume-subpath=,volume-opt(refused),tmpfs-size=,tmpfs-mode=,U,chown=, relabel=, idmap (refused), notmpcopyup/tmpcopyup; CSV quoting as docker's */
int parse_mount(const char *text, const char *cwd, struct record_mount *out, struct error *err)
	NONNULL(1, 2, 3, 4) MUST_USE;
/* /path[:OPTIONS]: size=, mode=, uid=, gid=, ro, rw, exec, noexec, suid..., tmpcopyup */
int parse_tmpfs(const char *text, struct record_mount *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* [[IP:][HOSTPORT]:]CONTAINERPORT[/PROTOCOL]; ranges a-b; [v6]: brackets; appends one record_port a port; at most 65535 */
int parse_publish(const char *text, struct list *ports, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* PORT[-PORT][/PROTOCOL]: appends "80/tcp" */
int parse_expose(const char *text, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* /dev/x[:/dev/y][:rwm]; a directory is expanded by the caller */
int parse_device(const char *text, struct record_device *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* name=soft[:hard]; "host" is refused with words; -1 and "unlimited" are infinity */
int parse_ulimit(const char *text, struct record_ulimit *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* no, always, unless-stopped, on-failure[:N] */
int parse_restart(const char *text, struct record_restart *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* HOST[;HOST...]:IP, IP may be v6 in or without brackets, or "host-gateway" */
int parse_add_host(const char *text, struct error *err) NONNULL(1, 2) MUST_USE;
/*
 * A file of KEY=value lines (docker's --env-file and --label-file): '#' comments, blank lines, no
 * quotes; KEY alone takes the value from lookup(KEY) (NULL: the line is dropped). Appends to out.
 */
int parse_env_file(const char *bytes, size_t length, const char *file_name,
                   const char *(*lookup)(const char *key), struct texts *out, struct error *err)
	NONNULL(1, 3, 5, 6) MUST_USE;
/*
 * --entrypoint: a JSON array of strings, or one word; "" clears
 */
int parse_entrypoint(const char *text, struct texts *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* name=value with a namespaced name (net.*, kernel.msg* sem shm*, fs.mqueue.*, user.*...): others are refused with the reason */
int parse_sysctl(const char *text, struct pairs *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;
/* json-file and k8s-file options max-size, max-file, tag, path into record */
int parse_log_opt(const char *text, struct record *out, struct error *err) NONNULL(1, 2, 3) MUST_USE;

/*
 * --user: [USER|UID][:GROUP|GID] against the texts of /etc/passwd and /etc/group (NULL when absent)
 *
 * CVE-2021-43784 kin: '', ':', '1:', '-1', '4294967296', '0x0', '1000 ', 'name:0' each get the right
 * answer or an error; numbers are 0..4294967294.
 */
struct user {
	uint32_t uid, gid;
	char *home, *name;        /* owned; from passwd; "/" and NULL when unknown */
	uint32_t groups[256];     /* supplementary groups from /etc/group when no group was given */
	size_t group_count;
};
int parse_user(const char *text, const char *passwd, const char *group, struct user *out, struct error *err)
	NONNULL(1, 4, 5) MUST_USE;
/* parse_group - a name or number of --group-add */
int parse_group(const char *text, const char *group, uint32_t *out, struct error *err)
	NONNULL(1, 3, 4) MUST_USE;
void user_done(struct user *user) NONNULL(1);

#endif
