/* SPDX-License-Identifier: GPL-2.0-or-later */
/* create.c - from a bundle to a process that waits at its gate; see lifecycle.h */
#include "lifecycle_private.h"

#include "coracle/base/alloc.h"
#include "coracle/base/clock.h"
#include "coracle/base/fd.h"
#include "coracle/base/file.h"
#include "coracle/base/path.h"
#include "coracle/base/spawn.h"
#include "coracle/runtime/console.h"
#include "coracle/runtime/hooks.h"
#include "coracle/runtime/listener.h"
#include "coracle/sys/caps.h"
#include "coracle/sys/lock.h"
#include "coracle/sys/process.h"
#include "coracle/userns/userns.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define FULL_BYTES (64u << 10)

/* --- the bundle --- */

static int read_config(const char *bundle, const char *config, int dir_fd, struct oci_spec *spec, struct error *err)
{
	AUTO_FREE char *path = path_join(bundle, config ? config : CONFIG_FILE);
	AUTO_FREE char *bytes = NULL;
	size_t length = 0;
	int r = file_read(AT_FDCWD, path, OCI_CONFIG_MAX_BYTES, &bytes, &length);

	if (r < 0)
		return error_errno(err, -r, "%s", path);
	r = oci_spec_parse(bytes, length, spec, err);
	if (r < 0)
		return error_wrap(err, r, "%s", path);
	/* later changes of the bundle's file have no effect (runtime.md#create) */
	r = file_write(dir_fd, CONFIG_FILE, bytes, length, 0600, FILE_FAST);
	return r < 0 ? error_errno(err, -r, "write " CONFIG_FILE) : 0;
}

static void add_mappings(struct list *list, const struct id_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct oci_id_mapping *mapping = list_add(list, sizeof *mapping);

		mapping->container_id = ranges[i].inside;
		mapping->host_id = ranges[i].outside;
		mapping->size = ranges[i].count;
	}
}

/* Who has no privilege gets a user namespace, asked for or not: nothing else works without one. */
static void add_userns(struct oci_spec *spec)
{
	struct userns_mapping own;
	struct oci_namespace *added;

	if (!spec->linux_)
		spec->linux_ = xcalloc(1, sizeof *spec->linux_);
	if ((runtime_namespaces(spec) & CLONE_NEWUSER) || caps_has(21 /* CAP_SYS_ADMIN */))
		return;
	userns_own_ranges(&own);
	added = list_add(&spec->linux_->namespaces, sizeof *added);
	added->type = xstrdup("user");
	if (spec->linux_->uid_mappings.count == 0)
		add_mappings(&spec->linux_->uid_mappings, own.uids, own.uid_count);
	if (spec->linux_->gid_mappings.count == 0)
		add_mappings(&spec->linux_->gid_mappings, own.gids, own.gid_count);
}

static int find_root(struct creation *creation, struct error *err)
{
	const struct oci_root *root = creation->spec.root;
	AUTO_FREE char *path = NULL;
	char resolved[PATH_MAX];
	struct stat st;

	if (!root || !root->path || !*root->path)
		return error_set(err, ERROR_INVALID, CONFIG_FILE ": \"root\" has no \"path\"");
	path = path_join(creation->state.bundle, root->path);
	if (!realpath(path, resolved))
		return error_errno(err, errno, "root file system %s", path);
	if (stat(resolved, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INVALID, "root file system %s: not a directory", path);
	creation->state.rootfs = xstrdup(resolved);
	return 0;
}

static int find_bundle(const char *bundle, char **out, struct error *err)
{
	char resolved[PATH_MAX];

	if (!realpath(bundle ? bundle : ".", resolved))
		return error_errno(err, errno, "bundle %s", bundle ? bundle : ".");
	*out = xstrdup(resolved);
	return 0;
}

static char *owner_name(void)
{
	const struct passwd *entry = getpwuid(geteuid());

	return entry ? xstrdup(entry->pw_name) : xprintf("%u", (unsigned) geteuid());
}

/* --- the container's directory --- */

static int word_claim(const struct lifecycle *lifecycle, const char *id, int errnum, struct error *err)
{
	AUTO_LIFECYCLE_STATE struct lifecycle_state state = {.cgroup.fd = -1};

	if (errnum != EEXIST)
		return error_errno(err, errnum, "%s/%s", lifecycle->root, id);
	/* what is something else's, which delete would not touch; or gone just now */
	if (lifecycle_load(lifecycle, id, &state, err) < 0 && err->kind == ERROR_NOT_FOUND
	    && file_exists(lifecycle->root_fd, id))
		return -EEXIST;
	return error_set(err, ERROR_CONFLICT, "container \"%s\" exists already; to be rid of it: delete --force %s", id, id);
}

static int claim(struct lifecycle *lifecycle, const char *id, struct creation *creation, struct error *err)
{
	int r = lifecycle_id_check(id, err);

	if (r < 0)
		return r;
	if (mkdirat(lifecycle->root_fd, id, 0700) < 0)
		return word_claim(lifecycle, id, errno, err);
	creation->claimed = true;
	creation->state.id = xstrdup(id);
	creation->dir_fd = directory_open(lifecycle->root_fd, id);
	if (creation->dir_fd < 0)
		return error_errno(err, -creation->dir_fd, "%s/%s", lifecycle->root, id);
	creation->lock_fd = lock_take(creation->dir_fd, "lock", LOCK_MODE_EXCLUSIVE, LOCK_WAIT);
	/* until now anybody could delete it; what has its name then is not ours to take back */
	if (creation->lock_fd == -ENOENT || !lifecycle_is_directory(lifecycle, id, creation->dir_fd)) {
		creation->claimed = false;
		return error_set(err, ERROR_CONFLICT, "container \"%s\" was deleted while it was being created", id);
	}
	return creation->lock_fd < 0 ? error_errno(err, -creation->lock_fd, "%s/%s/lock", lifecycle->root, id) : 0;
}

static int listen_gate(struct creation *creation, struct error *err)
{
	struct sockaddr_un address = fd_socket_address(creation->dir_fd, GATE_SOCKET);

	creation->gate_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (creation->gate_fd < 0)
		return error_errno(err, errno, "socket");
	if (bind(creation->gate_fd, (const struct sockaddr *) &address, sizeof address) < 0
	    || listen(creation->gate_fd, 4) < 0)
		return error_errno(err, errno, "socket " GATE_SOCKET);
	return 0;
}

/* --- filter, listener, terminal --- */

int lifecycle_filter(const struct lifecycle *lifecycle, const struct oci_seccomp *profile,
                     struct seccomp_program *out, struct error *err)
{
	AUTO_CLOSE int cache = -1;

	if (!profile)
		return 0;
	(void) !directory_make(lifecycle->root_fd, ".cache", 0700);
	cache = directory_open(lifecycle->root_fd, ".cache");
	return seccomp_cached(cache, profile, out, err);
}

int lifecycle_listener(void *data, int fd, struct error *err)
{
	const struct listener_request *request = data;
	AUTO_FREE char *text = NULL;

	if (!request->profile || !request->profile->listener_path || !*request->profile->listener_path)
		return error_set(err, ERROR_INVALID,
		                 "the seccomp profile has SCMP_ACT_NOTIFY, but no \"listenerPath\" to send the listener to");
	text = lifecycle_state_text(request->state, request->status);
	return runtime_listener_send(request->profile->listener_path, request->profile->listener_metadata, text,
	                             request->pid, fd, err);
}

int lifecycle_terminal_check(bool terminal, bool detached, const char *console_socket, struct error *err)
{
	if (terminal && detached && !console_socket)
		return error_set(err, ERROR_INVALID,
		                 "\"terminal\" is true, so somebody has to hold it: use --console-socket PATH");
	if (!terminal && console_socket)
		return error_set(err, ERROR_INVALID, "--console-socket: there is no terminal (\"terminal\" is false)");
	return 0;
}

int lifecycle_terminal(const char *console_socket, struct runtime_process *process, struct error *err)
{
	int r;

	if (!console_socket)
		return 0;
	r = console_send(console_socket, process->terminal_fd, "/dev/pts/0", err);
	(void) close(process->terminal_fd);
	process->terminal_fd = -1;
	return r;
}

/* --- the process --- */

/* A cgroup that was there before, with processes of others in it */
static int check_shared(struct lifecycle *lifecycle, const char *path, struct cgroup *cgroup, struct error *err)
{
	struct uints members = {0};

	if (!path || !*path)
		return 0;
	cgroup->shared = cgroup_pids(cgroup, &members) >= 0 && members.count;
	free(members.items);
	/* born into a frozen one, the process would never speak */
	if (cgroup_is_frozen(cgroup)) {
		cgroup->shared = true;
		return error_set(err, ERROR_CONFLICT, "container's cgroup unexpectedly frozen: %s; thaw it, or choose another",
		                 path);
	}
	if (cgroup->shared && lifecycle->warn)
		lifecycle->warn("container's cgroup is not empty: what is in it shares the container's limits");
	return 0;
}

static int make_cgroup(struct lifecycle *lifecycle, struct creation *creation, struct error *err)
{
	const struct oci_linux *linux_ = creation->spec.linux_;
	struct cgroup_request request = {
		.manager = lifecycle->manager,
		.path = linux_->cgroups_path,
		.id = creation->state.id,
		.resources = linux_->resources,
		.annotations = &creation->spec.annotations,
		.strict = lifecycle->strict,
		/* in our own cgroup: we make room, so that its controllers can be handed on */
		.step_aside = !linux_->cgroups_path || *linux_->cgroups_path != '/',
	};
	struct cgroup *cgroup = &creation->state.cgroup;
	int r = cgroup_make(&request, cgroup, err);

	if (r >= 0)
		r = check_shared(lifecycle, linux_->cgroups_path, cgroup, err);
	for (size_t i = 0; lifecycle->warn && i < cgroup->warnings.count; i++)
		lifecycle->warn(cgroup->warnings.items[i]);
	return r;
}

static int to_ranges(const struct list *mappings, struct id_range *out, size_t *count, struct error *err)
{
	*count = 0;
	LIST_EACH(struct oci_id_mapping, mapping, mappings) {
		if (*count == USERNS_RANGES_MAX)
			return error_set(err, ERROR_UNSUPPORTED, "more than %d id mappings", USERNS_RANGES_MAX);
		out[(*count)++] = (struct id_range){mapping->container_id, mapping->host_id, mapping->size};
	}
	return 0;
}

static bool makes_userns(const struct oci_linux *linux_)
{
	LIST_EACH(struct oci_namespace, wanted, &linux_->namespaces)
		if (strcmp(wanted->type, "user") == 0)
			return !wanted->path || !*wanted->path;
	return false;
}

/* newuidmap and newgidmap run while the state is written */
static int map_ids(struct creation *creation, struct error *err)
{
	const struct oci_linux *linux_ = creation->spec.linux_;
	struct userns_mapping mapping;
	struct error unfinished = {0};
	int r, other;

	if (!makes_userns(linux_))
		return lifecycle_state_write(creation->dir_fd, &creation->state, err);
	r = to_ranges(&linux_->uid_mappings, mapping.uids, &mapping.uid_count, err);
	if (r >= 0)
		r = to_ranges(&linux_->gid_mappings, mapping.gids, &mapping.gid_count, err);
	if (r < 0)
		return r;
	r = userns_map_begin(&mapping, creation->process.pid, err);
	if (r >= 0)
		r = lifecycle_state_write(creation->dir_fd, &creation->state, err);
	other = userns_map_finish(&mapping, r < 0 ? &unfinished : err);
	if (r < 0 || other < 0)
		return runtime_why(&creation->process, r < 0 ? r : other, err);
	return runtime_mapped(&creation->process, err);
}

static int run_hooks(struct creation *creation, struct error *err)
{
	const struct oci_hooks *hooks = creation->spec.hooks;
	AUTO_FREE char *creating = NULL;
	AUTO_FREE char *created = NULL;
	int r;

	if (!runtime_has_hooks(&creation->spec))
		return 0;
	r = runtime_wait_hooks(&creation->process, err);
	if (r < 0)
		return r;
	creating = lifecycle_state_text(&creation->state, LIFECYCLE_CREATING);
	created = lifecycle_state_text(&creation->state, LIFECYCLE_CREATED);
	r = hooks_run(&hooks->prestart, "prestart", creating, err);
	if (r >= 0)
		r = hooks_run(&hooks->create_runtime, "createRuntime", creating, err);
	return r < 0 ? r : runtime_hooks_done(&creation->process, creating, created, err);
}

static int spawn(struct lifecycle *lifecycle, const struct lifecycle_create *request, struct creation *creation,
                 struct error *err)
{
	struct runtime_request spawn_request = {
		.spec = &creation->spec,
		.root_fd = -1,
		.root_path = creation->state.rootfs,
		.stdio = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO},
		.give_stdio = true,
		.seccomp = &creation->filter,
		.keep_groups = creation->state.keep_groups,
		.caller_maps = true,
		.survive = true,
		.gate_fd = creation->gate_fd,
		.preserve = request->preserve,
		.no_pivot = request->no_pivot,
		.keyring = request->no_new_keyring ? NULL : creation->state.id,
	};
	int r = lifecycle_filter(lifecycle, creation->spec.linux_->seccomp, &creation->filter, err);

	if (r >= 0)
		r = make_cgroup(lifecycle, creation, err);
	if (r < 0)
		return r;
	spawn_request.cgroup_fd = creation->state.cgroup.fd;
	spawn_request.moved_later = creation->state.cgroup.v1.count > 0;
	r = runtime_spawn(&spawn_request, &creation->process, err);
	if (r < 0)
		return r;
	creation->spawned = true;
	creation->state.pid = creation->process.pid;
	creation->state.pid_start = process_start_time(creation->process.pid);
	creation->listener = (struct listener_request){
		.profile = creation->spec.linux_->seccomp,
		.state = &creation->state,
		.status = LIFECYCLE_CREATING,
		.pid = creation->process.pid,
	};
	creation->process.on_listener = lifecycle_listener;
	creation->process.listener_data = &creation->listener;
	r = map_ids(creation, err);
	if (r >= 0)
		r = cgroup_adopt(&creation->state.cgroup, creation->process.pid, err);
	if (r >= 0)
		r = runtime_moved(&creation->process, err);
	if (r >= 0)
		r = run_hooks(creation, err);
	if (r >= 0)
		r = runtime_wait_ready(&creation->process, err);
	if (r >= 0)
		r = lifecycle_terminal(request->console_socket, &creation->process, err);
	return r;
}

/* sd_listen_fds(3): the program finds the descriptors that were passed on, and is process 1 */
static void pass_listen_fds(struct oci_spec *spec)
{
	const char *count = getenv("LISTEN_FDS");
	AUTO_FREE char *word = count ? xprintf("LISTEN_FDS=%s", count) : NULL;

	if (!word || !spec->process || !*count || strspn(count, "0123456789") != strlen(count))
		return;
	texts_env_set(&spec->process->env, word);
	texts_env_set(&spec->process->env, "LISTEN_PID=1");
}

static int prepare(struct lifecycle *lifecycle, const struct lifecycle_create *request, bool gate,
                   struct creation *creation, struct error *err)
{
	struct lifecycle_state *state = &creation->state;
	char now[CLOCK_TEXT_SIZE];
	const char *keep_groups;
	int r = find_bundle(request->bundle, &state->bundle, err);

	if (r >= 0)
		r = claim(lifecycle, request->id, creation, err);
	if (r >= 0)
		r = read_config(state->bundle, request->config, creation->dir_fd, &creation->spec, err);
	if (r < 0)
		return r;
	r = lifecycle_terminal_check(creation->spec.process && creation->spec.process->terminal,
	                             gate || request->detach, request->console_socket, err);
	if (r < 0)
		return r;
	add_userns(&creation->spec);
	pass_listen_fds(&creation->spec);
	r = notify_prepare(lifecycle, request->id, creation->dir_fd, &creation->spec, err);
	if (r < 0)
		return r;
	state->oci_version = xstrdup(creation->spec.oci_version);
	state->created = xstrdup(clock_rfc3339(clock_now(), now));
	state->owner = owner_name();
	state->namespaces = runtime_namespaces(&creation->spec);
	pairs_set_all(&state->annotations, &creation->spec.annotations);
	keep_groups = pairs_get(&state->annotations, "run.oci.keep_original_groups");
	state->keep_groups = keep_groups && strcmp(keep_groups, "1") == 0;
	return find_root(creation, err);
}

/* What mends a full disk, where it is the one of the states */
static void tell_full(const struct lifecycle *lifecycle, struct error *err)
{
	struct error told = *err;
	struct statvfs fs;

	if ((err->errnum == ENOSPC || err->errnum == EDQUOT) && fstatvfs(lifecycle->root_fd, &fs) == 0
	    && (uint64_t) fs.f_bavail * fs.f_frsize < FULL_BYTES)
		(void) error_set(err, told.kind, "%.*s; make room in %s, or take another directory with --root DIR",
		                   (int) sizeof told.text / 2, told.text, lifecycle->root);
}

int creation_make(struct lifecycle *lifecycle, const struct lifecycle_create *request, bool gate,
                  struct creation *creation, struct error *err)
{
	int r;

	*creation = (struct creation){
		.state.cgroup.fd = -1,
		.process = {.pidfd = -1, .sync_fd = -1, .terminal_fd = -1, .netns_fd = -1},
		.dir_fd = -1,
		.lock_fd = -1,
		.gate_fd = -1,
	};
	r = prepare(lifecycle, request, gate, creation, err);
	if (r >= 0 && gate)
		r = listen_gate(creation, err);
	if (r >= 0)
		r = spawn(lifecycle, request, creation, err);
	if (r >= 0 && request->pid_file)
		r = lifecycle_pid_file(request->pid_file, creation->process.pid, err);
	if (r < 0) {
		tell_full(lifecycle, err);
		creation_undo(lifecycle, creation);
	}
	return r;
}

void lifecycle_destroy(struct lifecycle *lifecycle, struct lifecycle_state *state, const struct oci_hooks *hooks)
{
	AUTO_TEXTS struct texts warnings = {0};
	int r;

	cgroup_remove(&state->cgroup);
	r = lifecycle_forget(lifecycle, state->id);
	if (r < 0)
		texts_printf(&warnings, "%s/%s: %s", lifecycle->root, state->id, strerror(-r));
	if (hooks && hooks->poststop.count) {
		AUTO_FREE char *text = lifecycle_state_text(state, LIFECYCLE_STOPPED);

		hooks_warn(&hooks->poststop, "poststop", text, &warnings);
	}
	for (size_t i = 0; lifecycle->warn && i < warnings.count; i++)
		lifecycle->warn(warnings.items[i]);
}

void creation_undo(struct lifecycle *lifecycle, struct creation *creation)
{
	if (creation->spawned) {
		runtime_abort(&creation->process);
		lifecycle_destroy(lifecycle, &creation->state, creation->spec.hooks);
	} else if (creation->claimed) {
		cgroup_remove(&creation->state.cgroup);
		(void) !lifecycle_forget(lifecycle, creation->state.id);
	}
	creation_done(creation);
}

void creation_done(struct creation *creation)
{
	runtime_process_done(&creation->process);
	seccomp_program_done(&creation->filter);
	oci_spec_done(&creation->spec);
	lifecycle_state_done(&creation->state);
	if (creation->dir_fd >= 0)
		(void) close(creation->dir_fd);
	lock_release(creation->lock_fd);
	creation->lock_fd = -1;
	if (creation->gate_fd >= 0)
		(void) close(creation->gate_fd);
}

int lifecycle_create(struct lifecycle *lifecycle, const struct lifecycle_create *request, struct error *err)
{
	struct creation creation;
	int r = creation_make(lifecycle, request, true, &creation, err);

	if (r < 0)
		return r;
	r = runtime_created(&creation.process, err);
	if (r < 0)
		creation_undo(lifecycle, &creation);
	else
		creation_done(&creation);
	return r;
}
