/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create_isolation.c - namespaces, capabilities, security options, devices, sysctls of a new container */
#include "create_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/runtime/seccomp.h"
#include "coracle/sys/caps.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* "container:NAME" is kept as the full id, so that a later rename or reuse of the name changes nothing. */
static int resolve_container(struct making *making, const char *name, char **out, struct error *err)
{
	AUTO_CONTAINER struct container other = {0};
	int r = state_find(&making->engine->paths, name, STATE_SUMMARY, &other, err);

	if (r < 0)
		return r;
	*out = xprintf("container:%s", other.id);
	return 0;
}

static int set_mode(struct making *making, const char *option, const char *text, const char *preset,
                    const char *const *words, char **out, struct error *err)
{
	if (!text || !*text) {
		*out = xstrdup(preset);
		return 0;
	}
	if (strncmp(text, "container:", 10) == 0)
		return resolve_container(making, text + 10, out, err);
	if (strncmp(text, "ns:/", 4) == 0) {
		*out = xstrdup(text);
		return 0;
	}
	for (; *words; words++) {
		if (strcmp(text, *words) == 0) {
			*out = xstrdup(text);
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID, "%s \"%s\": private, host or container:NAME", option, text);
}

static int set_namespaces(struct making *making, struct error *err)
{
	static const char *const pid[] = {"private", "host", NULL};
	static const char *const ipc[] = {"private", "shareable", "none", "host", NULL};
	static const char *const cgroup[] = {"private", "host", NULL};
	const struct container_create *request = making->request;
	struct record *record = making->record;
	int r = set_mode(making, "--pid", request->pid, "private", pid, &record->pid_mode, err);

	if (r >= 0)
		r = set_mode(making, "--ipc", request->ipc, "private", ipc, &record->ipc_mode, err);
	if (r >= 0)
		r = set_mode(making, "--uts", request->uts, "private", pid, &record->uts_mode, err);
	if (r >= 0)
		r = set_mode(making, "--cgroupns", request->cgroupns, "private", cgroup, &record->cgroupns_mode, err);
	return r;
}

static int set_userns(struct making *making, struct error *err)
{
	const char *mode = text_or(making->request->userns, text_or(getenv("PODMAN_USERNS"), ""));

	if (strcmp(mode, "") == 0 || strcmp(mode, "host") == 0 || strcmp(mode, "private") == 0
	    || strcmp(mode, "keep-id") == 0 || strncmp(mode, "keep-id:", 8) == 0) {
		text_replace(&making->record->userns_mode, mode);
		return 0;
	}
	if (strncmp(mode, "container:", 10) == 0)
		return resolve_container(making, mode + 10, &making->record->userns_mode, err);
	return error_set(err, ERROR_UNSUPPORTED,
	                 "--userns %s is not supported: host, private, keep-id or container:NAME", mode);
}

static int check_capabilities(const struct texts *names, const char *option, struct error *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcasecmp(names->items[i], "all") != 0 && strcasecmp(names->items[i], "cap_all") != 0
		    && caps_number(names->items[i]) < 0)
			return error_set(err, ERROR_INVALID,
			                 "%s %s: no such capability, as in NET_ADMIN or ALL; see capabilities(7)",
			                 option, names->items[i]);
	return 0;
}

static int read_seccomp(struct making *making, const char *path, struct error *err)
{
	struct record *record = making->record;
	struct oci_seccomp *profile;
	AUTO_FREE char *text = NULL;
	size_t length;
	int r;

	if (strcmp(path, "unconfined") == 0) {
		text_replace(&record->seccomp, "unconfined");
		return 0;
	}
	if (strcmp(path, "default") == 0 || strcmp(path, "builtin") == 0)
		return 0;
	r = file_read(AT_FDCWD, path, 4 << 20, &text, &length);
	if (r < 0)
		return error_errno(err, -r, "seccomp profile %s", path);
	profile = seccomp_read_profile(text, length, caps_all(), err);
	if (!profile)
		return error_wrap(err, -EINVAL, "seccomp profile %s", path);
	seccomp_profile_free(profile);
	text_replace(&record->seccomp, text);
	text_replace(&record->seccomp_path, path);
	return 0;
}

static bool has_selinux(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

static bool has_apparmor(void)
{
	return access("/sys/kernel/security/apparmor/profiles", F_OK) == 0;
}

static int set_security_option(struct making *making, const char *text, struct error *err)
{
	struct record *record = making->record;
	size_t key = strcspn(text, "=:");
	const char *value = text[key] ? text + key + 1 : "";
	AUTO_FREE char *name = xstrndup(text, key);

	if (strcmp(name, "no-new-privileges") == 0) {
		if (*value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return error_set(err, ERROR_INVALID, "--security-opt %s: true or false", text);
		record->no_new_privileges = strcmp(value, "false") != 0;
		return 0;
	}
	if (strcmp(name, "seccomp") == 0)
		return read_seccomp(making, value, err);
	if (strcmp(name, "mask") == 0) {
		texts_add(&record->mask, value);
		return 0;
	}
	if (strcmp(name, "unmask") == 0) {
		texts_add(&record->unmask, value);
		return 0;
	}
	if (strcmp(name, "systempaths") == 0 && strcmp(value, "unconfined") == 0) {
		texts_add(&record->unmask, "ALL");
		return 0;
	}
	if (strcmp(name, "label") == 0) {
		if (has_selinux() && strcmp(value, "disable") != 0)
			return error_set(err, ERROR_UNSUPPORTED, "--security-opt %s: SELinux labels are not supported", text);
		return 0;
	}
	if (strcmp(name, "apparmor") == 0) {
		if (has_apparmor() && strcmp(value, "unconfined") != 0)
			return error_set(err, ERROR_UNSUPPORTED, "--security-opt %s: AppArmor profiles are not supported", text);
		return 0;
	}
	return error_set(err, ERROR_INVALID,
	                 "--security-opt \"%s\" is unknown: seccomp=, no-new-privileges, mask=, unmask=, label=, apparmor=",
	                 text);
}

static void add_device(struct record *record, const char *source, const char *target, const char *permissions)
{
	struct record_device *device = list_add(&record->devices, sizeof *device);

	device->source = xstrdup(source);
	device->target = xstrdup(target);
	device->permissions = xstrdup(permissions);
}

/* docker: a directory stands for the devices in it */
static int add_device_directory(struct record *record, const struct record_device *parsed, struct error *err)
{
	DIR *dir = opendir(parsed->source);

	if (!dir)
		return error_errno(err, errno, "--device %s", parsed->source);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		AUTO_FREE char *source = xprintf("%s/%s", parsed->source, entry->d_name);
		AUTO_FREE char *target = xprintf("%s/%s", parsed->target, entry->d_name);
		struct stat st;

		if (stat(source, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
			add_device(record, source, target, parsed->permissions);
	}
	(void) closedir(dir);
	return 0;
}

static int set_device(struct making *making, const char *text, struct error *err)
{
	struct record_device parsed = {0};
	struct stat st;
	int r = parse_device(text, &parsed, err);

	if (r < 0)
		return r;
	if (stat(parsed.source, &st) < 0)
		r = error_errno(err, errno, "--device %s", parsed.source);
	else if (S_ISDIR(st.st_mode))
		r = add_device_directory(making->record, &parsed, err);
	else if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		r = error_set(err, ERROR_INVALID, "--device %s: not a device", parsed.source);
	else
		add_device(making->record, parsed.source, parsed.target, parsed.permissions);
	free(parsed.source);
	free(parsed.target);
	free(parsed.permissions);
	return r;
}

int create_isolation(struct making *making, struct error *err)
{
	const struct container_create *request = making->request;
	struct record *record = making->record;
	int r = set_namespaces(making, err);

	if (r >= 0)
		r = set_userns(making, err);
	if (r >= 0 && request->default_capabilities)
		r = check_capabilities(request->default_capabilities, "containers.conf: default_capabilities", err);
	if (r >= 0)
		r = check_capabilities(&request->cap_add, "--cap-add", err);
	if (r >= 0)
		r = check_capabilities(&request->cap_drop, "--cap-drop", err);
	if (r < 0)
		return r;
	if (request->default_capabilities)
		texts_add_all(&record->default_capabilities, request->default_capabilities);
	if (request->default_capabilities && record->default_capabilities.count == 0)
		texts_add(&record->default_capabilities, "none");
	texts_add_all(&record->cap_add, &request->cap_add);
	texts_add_all(&record->cap_drop, &request->cap_drop);
	record->privileged = request->privileged;
	record->read_only = request->read_only;
	record->read_only_tmpfs = !request->read_only_tmpfs.set || request->read_only_tmpfs.value;
	texts_add_all(&record->security_options, &request->security_opts);
	for (size_t i = 0; i < request->security_opts.count && r >= 0; i++)
		r = set_security_option(making, request->security_opts.items[i], err);
	for (size_t i = 0; i < request->devices.count && r >= 0; i++)
		r = set_device(making, request->devices.items[i], err);
	for (size_t i = 0; i < request->sysctls.count && r >= 0; i++)
		r = parse_sysctl(request->sysctls.items[i], &record->sysctls, err);
	return r;
}
