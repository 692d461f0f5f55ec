/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_lifecycle_documents.c - features, the first specification and the log of the runtime command, read back */
#include "coracle/base/clock.h"
#include "coracle/lifecycle/default_spec.h"
#include "coracle/lifecycle/features.h"
#include "coracle/lifecycle/log.h"
#include "coracle/oci/runtime.h"
#include "coracle/runtime/seccomp.h"
#include "coracle/sys/caps.h"

#include "../../src/runtime/plan_mounts.h"
#include "scratch.h"
#include "suite.h"

#define CONFIG_HEAD "{\"ociVersion\":\"" OCI_RUNTIME_VERSION "\",\"root\":{\"path\":\"r\"},"

/* The member at a path such as "linux/seccomp/actions"; borrowed. */
static json_t *member(json_t *json, const char *path)
{
	AUTO_TEXTS struct texts names = {0};

	texts_split(&names, path, '/');
	for (size_t i = 0; i < names.count; i++) {
		json = json_object_get(json, names.items[i]);
		ck_assert_msg(json != NULL, "no %s", path);
	}
	return json;
}

static bool is_set(json_t *json, const char *path)
{
	json_t *value = member(json, path);

	ck_assert_msg(json_is_boolean(value), "%s", path);
	return json_is_true(value);
}

static const char *word_at(json_t *json, const char *path)
{
	const char *word = json_string_value(member(json, path));

	ck_assert_msg(word != NULL, "%s", path);
	return word;
}

static bool has_word(json_t *array, const char *word)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
		if (strcmp(json_string_value(item), word) == 0)
			return true;
	return false;
}

/* What is printed is what is read back. */
static json_t *printed(json_t *document)
{
	AUTO_JSON json_t *made = document;
	AUTO_FREE char *text = json_text(made, JSON_INDENT(2));
	struct error err = {0};
	json_t *again = json_parse(text, strlen(text), &err);

	ck_assert_msg(again != NULL, "%s", err.text);
	return again;
}

static void check_config(const char *config)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	struct error err = {0};

	ck_assert_msg(oci_spec_parse(config, strlen(config), &spec, &err) == 0, "%s: %s", config, err.text);
}

/* Every word of the list, put in the place of %s, is a configuration that we take. */
static void check_words(json_t *words, const char *format)
{
	json_t *item;
	size_t i;

	ck_assert_uint_gt(json_array_size(words), 0);
	json_array_foreach(words, i, item) {
		AUTO_FREE char *config = xstrdup(format), *full = NULL;
		char *place = strstr(config, "%s");

		*place = '\0';
		full = xprintf(CONFIG_HEAD "%s%s%s}", config, json_string_value(item), place + 2);
		check_config(full);
	}
}

START_TEST(versions_are_taken)
{
	AUTO_JSON json_t *json = printed(features_document());

	ck_assert_str_eq(word_at(json, "ociVersionMin"), "1.0.0");
	ck_assert_str_eq(word_at(json, "ociVersionMax"), OCI_RUNTIME_VERSION);
	check_config("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}");
	ck_assert_str_eq(json_string_value(json_object_get(member(json, "annotations"), "run.coracle.version")),
	                 CORACLE_VERSION);
	ck_assert_ptr_nonnull(strchr(json_string_value(json_object_get(member(json, "annotations"),
		"io.github.seccomp.libseccomp.version")), '.'));
}
END_TEST

START_TEST(listed_words_are_understood)
{
	AUTO_JSON json_t *json = printed(features_document());
	json_t *item;
	size_t i;

	ck_assert_uint_eq(json_array_size(member(json, "hooks")), 6);
	/* an unknown kind of hook would be no error: a bad path is, in a known one */
	json_array_foreach(member(json, "hooks"), i, item) {
		AUTO_FREE char *config = xprintf(CONFIG_HEAD "\"hooks\":{\"%s\":[{\"path\":\"relative\"}]}}",
		                                 json_string_value(item));
		AUTO_OCI_SPEC struct oci_spec spec = {0};
		struct error err = {0};

		ck_assert_int_eq(oci_spec_parse(config, strlen(config), &spec, &err), -EINVAL);
	}
	check_words(member(json, "linux/namespaces"), "\"linux\":{\"namespaces\":[{\"type\":\"%s\"}]}");
	json_array_foreach(member(json, "linux/memoryPolicy/modes"), i, item) {
		const char *mode = json_string_value(item);
		bool alone = strcmp(mode, "MPOL_DEFAULT") == 0 || strcmp(mode, "MPOL_LOCAL") == 0;
		AUTO_FREE char *config = xprintf(CONFIG_HEAD "\"linux\":{\"memoryPolicy\":{\"mode\":\"%s\"%s}}}",
		                                 mode, alone ? "" : ",\"nodes\":\"0\"");

		check_config(config);
	}
	check_words(member(json, "linux/memoryPolicy/flags"), "\"linux\":{\"memoryPolicy\":{\"mode\":"
	            "\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"%s\"]}}");
	ck_assert_uint_eq(json_array_size(member(json, "linux/namespaces")), 8);
	ck_assert_uint_eq(json_array_size(member(json, "linux/capabilities")), 41);
	json_array_foreach(member(json, "linux/capabilities"), i, item)
		ck_assert_int_eq(caps_number(json_string_value(item)), (int) i);
}
END_TEST

START_TEST(listed_mount_options_are_no_data)
{
	AUTO_JSON json_t *json = printed(features_document());
	json_t *item, *options = member(json, "mountOptions");
	size_t i;

	json_array_foreach(options, i, item) {
		AUTO_WORDS struct words words = WORDS_INIT;
		char *option[] = {(char *) (uintptr_t) json_string_value(item), NULL};
		char destination[] = "/x";
		struct oci_mount mount = {.destination = destination, .options = {.items = option, .count = 1}};
		struct error err = {0};

		ck_assert_int_eq(words_read(&mount, &words, &err), 0);
		ck_assert_msg(words.unknown == NULL, "%s", option[0]);
	}
	ck_assert(has_word(options, "rro"));
	ck_assert(has_word(options, "tmpcopyup"));
	ck_assert(!has_word(options, "size"));
}
END_TEST

static void check_profile(const char *format, const char *word)
{
	AUTO_FREE char *text = xstrdup(format), *full = NULL;
	char *place = strstr(text, "%s");
	struct seccomp_program program = {0};
	struct oci_seccomp profile = {0};
	AUTO_JSON json_t *json = NULL;
	struct error err = {0};

	*place = '\0';
	full = xprintf("%s%s%s", text, word, place + 2);
	json = json_parse(full, strlen(full), &err);
	ck_assert_msg(json && json_read(json, oci_seccomp_fields, &profile, &err) == 0, "%s", err.text);
	ck_assert_msg(seccomp_compile(&profile, &program, &err) == 0, "%s: %s", full, err.text);
	seccomp_program_done(&program);
	fields_done(oci_seccomp_fields, &profile);
}

START_TEST(listed_seccomp_words_compile)
{
	static const struct {
		const char *path, *format;
		size_t least;
	} lists[] = {
		{"linux/seccomp/actions", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
		 "[\"mkdir\"],\"action\":\"%s\"}]}", 9},
		{"linux/seccomp/operators", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
		 "[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"%s\"}]}]}", 7},
		{"linux/seccomp/archs", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"%s\"]}", 16},
		{"linux/seccomp/supportedFlags", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"%s\"]}", 2},
	};
	AUTO_JSON json_t *json = printed(features_document());
	json_t *item, *list = member(json, lists[_i].path);
	size_t i;

	ck_assert_uint_ge(json_array_size(list), lists[_i].least);
	json_array_foreach(list, i, item) {
		if (_i == 3)
			ck_assert(has_word(member(json, "linux/seccomp/knownFlags"), json_string_value(item)));
		check_profile(lists[_i].format, json_string_value(item));
	}
}
END_TEST

START_TEST(what_is_refused_is_not_claimed)
{
	AUTO_JSON json_t *json = printed(features_document());

	ck_assert(!is_set(json, "linux/intelRdt/enabled"));
	ck_assert(!is_set(json, "linux/netDevices/enabled"));
	ck_assert(is_set(json, "linux/mountExtensions/idmap/enabled"));
	ck_assert(is_set(json, "linux/seccomp/enabled"));
	ck_assert(is_set(json, "linux/apparmor/enabled"));
	ck_assert(is_set(json, "linux/selinux/enabled"));
	ck_assert(is_set(json, "linux/cgroup/v1"));
	ck_assert(is_set(json, "linux/cgroup/v2"));
	ck_assert(is_set(json, "linux/cgroup/systemd"));
	ck_assert(is_set(json, "linux/cgroup/systemdUser"));
	ck_assert(is_set(json, "linux/cgroup/rdma"));
	ck_assert(has_word(member(json, "potentiallyUnsafeConfigAnnotations"), "org.systemd.property."));
}
END_TEST

static void read_default(bool rootless, struct oci_spec *spec)
{
	AUTO_JSON json_t *json = default_spec(rootless);
	AUTO_FREE char *text = json_text(json, JSON_INDENT(4));
	struct error err = {0};

	ck_assert_msg(oci_spec_parse(text, strlen(text), spec, &err) == 0, "%s", err.text);
	ck_assert_msg(oci_spec_validate(spec, &err) == 0, "%s", err.text);
}

static const struct oci_mount *mount_on(const struct oci_spec *spec, const char *destination)
{
	LIST_EACH (const struct oci_mount, mount, &spec->mounts)
		if (strcmp(mount->destination, destination) == 0)
			return mount;
	return NULL;
}

static bool has_namespace(const struct oci_spec *spec, const char *type)
{
	LIST_EACH (const struct oci_namespace, ns, &spec->linux_->namespaces)
		if (strcmp(ns->type, type) == 0)
			return true;
	return false;
}

START_TEST(default_spec_is_valid)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	const struct oci_process *process;

	read_default(_i, &spec);
	process = spec.process;
	ck_assert_str_eq(spec.oci_version, "1.0.0");
	ck_assert_str_eq(spec.root->path, "rootfs");
	ck_assert(spec.root->readonly);
	ck_assert(process->terminal && process->no_new_privileges);
	ck_assert_uint_eq(process->args.count, 1);
	ck_assert_str_eq(process->args.items[0], "sh");
	ck_assert_uint_eq(process->capabilities->bounding.count, 3);
	ck_assert_uint_eq(process->capabilities->effective.count, 3);
	ck_assert_uint_eq(process->capabilities->permitted.count, 3);
	ck_assert_uint_eq(process->capabilities->inheritable.count, 0);
	ck_assert_uint_eq(process->capabilities->ambient.count, 0);
	ck_assert_uint_eq(process->rlimits.count, 1);
	ck_assert_uint_eq(LIST_AT(struct oci_rlimit, &process->rlimits, 0)->hard, 1024);
	ck_assert(texts_has(&spec.linux_->masked_paths, "/proc/kcore"));
	ck_assert(texts_has(&spec.linux_->readonly_paths, "/proc/sys"));
	ck_assert(has_namespace(&spec, "pid") && has_namespace(&spec, "mount"));
	ck_assert_str_eq(mount_on(&spec, "/proc")->type, "proc");
	ck_assert(texts_has(&mount_on(&spec, "/sys")->options, "ro"));
}
END_TEST

START_TEST(default_spec_for_root_has_all_namespaces)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};

	read_default(false, &spec);
	ck_assert(has_namespace(&spec, "network"));
	ck_assert(!has_namespace(&spec, "user"));
	ck_assert_uint_eq(spec.linux_->uid_mappings.count, 0);
	ck_assert_uint_eq(spec.linux_->resources->devices.count, 1);
	ck_assert(!LIST_AT(struct oci_device_rule, &spec.linux_->resources->devices, 0)->allow);
	ck_assert_str_eq(mount_on(&spec, "/sys")->type, "sysfs");
	ck_assert_ptr_nonnull(mount_on(&spec, "/sys/fs/cgroup"));
	ck_assert(texts_has(&mount_on(&spec, "/dev/pts")->options, "gid=5"));
}
END_TEST

START_TEST(default_spec_without_root_maps_one_id)
{
	AUTO_OCI_SPEC struct oci_spec spec = {0};
	const struct oci_id_mapping *uid, *gid;

	read_default(true, &spec);
	ck_assert(has_namespace(&spec, "user"));
	ck_assert(!has_namespace(&spec, "network"));
	ck_assert_uint_eq(spec.linux_->uid_mappings.count, 1);
	ck_assert_uint_eq(spec.linux_->gid_mappings.count, 1);
	uid = LIST_AT(struct oci_id_mapping, &spec.linux_->uid_mappings, 0);
	gid = LIST_AT(struct oci_id_mapping, &spec.linux_->gid_mappings, 0);
	ck_assert_uint_eq(uid->container_id, 0);
	ck_assert_uint_eq(uid->host_id, geteuid());
	ck_assert_uint_eq(uid->size, 1);
	ck_assert_uint_eq(gid->host_id, getegid());
	ck_assert_ptr_null(spec.linux_->resources);
	ck_assert_str_eq(mount_on(&spec, "/sys")->source, "/sys");
	ck_assert(texts_has(&mount_on(&spec, "/sys")->options, "rbind"));
	ck_assert_ptr_nonnull(mount_on(&spec, "/sys/fs/cgroup"));
	LIST_EACH (const struct oci_mount, mount, &spec.mounts)
		for (size_t i = 0; i < mount->options.count; i++)
			ck_assert_int_ne(strncmp(mount->options.items[i], "gid=", 4), 0);
}
END_TEST

struct captured {
	struct scratch scratch;
	char *path; /* of the log, owned */
	int saved;  /* standard error */
};

static struct captured capture(void)
{
	struct captured captured = {.scratch = scratch_new(), .saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
	int file = openat(captured.scratch.fd, "stderr", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	captured.path = xprintf("%s/log", captured.scratch.path);
	ck_assert_int_ge(captured.saved, 3);
	ck_assert_int_eq(dup2(file, STDERR_FILENO), STDERR_FILENO);
	(void) close(file);
	return captured;
}

static char *captured_file(const struct captured *captured, const char *name)
{
	char *text = NULL;

	ck_assert_int_eq(file_read(captured->scratch.fd, name, 1 << 20, &text, NULL), 0);
	return text;
}

static void captured_done(struct captured *captured)
{
	lifecycle_log_close();
	(void) dup2(captured->saved, STDERR_FILENO);
	(void) close(captured->saved);
	free(captured->path);
	scratch_done(&captured->scratch);
}
#define AUTO_CAPTURED AUTO(captured_done)

static void open_log(const struct captured *captured, const char *format, bool debug)
{
	struct error err = {0};

	ck_assert_msg(lifecycle_log_open(captured->path, format, debug ? LIFECYCLE_LOG_DEBUG : LIFECYCLE_LOG_WARNING, &err) == 0, "%s", err.text);
}

START_TEST(json_log_is_one_object_an_error)
{
	AUTO_CAPTURED struct captured captured = capture();
	AUTO_FREE char *log = NULL, *standard = NULL;
	AUTO_JSON json_t *json = NULL;
	struct error err = {0};
	struct stat st;
	uint64_t time, before = clock_now();

	open_log(&captured, "json", false);
	lifecycle_log(LIFECYCLE_LOG_WARNING, "a warning");
	lifecycle_log(LIFECYCLE_LOG_DEBUG, "a detail");
	lifecycle_log(LIFECYCLE_LOG_ERROR, "the \"name\" \\ \xff is wrong");
	log = captured_file(&captured, "log");
	ck_assert_ptr_eq(strchr(log, '\n'), log + strlen(log) - 1);
	json = json_parse(log, strlen(log), &err);
	ck_assert_msg(json != NULL, "%s", err.text);
	ck_assert_uint_eq(json_object_size(json), 3);
	ck_assert_str_eq(word_at(json, "msg"), "the \"name\" \\ ? is wrong");
	ck_assert_str_eq(word_at(json, "level"), "error");
	ck_assert_int_eq(clock_parse_rfc3339(word_at(json, "time"), &time), 0);
	ck_assert_uint_ge(time, before);
	ck_assert_uint_le(time, clock_now());
	ck_assert_int_eq(fstatat(captured.scratch.fd, "log", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	/* who looks at a terminal wants to see it too */
	standard = captured_file(&captured, "stderr");
	ck_assert_str_eq(standard, "coracle-runtime: the \"name\" \\ \xff is wrong\n");
}
END_TEST

START_TEST(log_is_appended_to_with_debug_all_of_it)
{
	AUTO_CAPTURED struct captured captured = capture();
	AUTO_FREE char *log = NULL;
	AUTO_TEXTS struct texts lines = {0};

	scratch_file(&captured.scratch, "log", "before\n");
	open_log(&captured, "json", true);
	lifecycle_log(LIFECYCLE_LOG_WARNING, "one");
	lifecycle_log(LIFECYCLE_LOG_DEBUG, "two");
	log = captured_file(&captured, "log");
	texts_split(&lines, log, '\n');
	ck_assert_uint_eq(lines.count, 4);
	ck_assert_str_eq(lines.items[0], "before");
	ck_assert_int_eq(strncmp(lines.items[1], "{\"msg\":\"one\",\"level\":\"warning\",\"time\":\"", 39), 0);
	ck_assert_int_eq(strncmp(lines.items[2], "{\"msg\":\"two\",\"level\":\"debug\",\"time\":\"", 37), 0);
}
END_TEST

START_TEST(text_log_quotes_the_message)
{
	AUTO_CAPTURED struct captured captured = capture();
	AUTO_FREE char *log = NULL;
	uint64_t time;
	char *end;

	open_log(&captured, _i ? "text" : NULL, false);
	lifecycle_log(LIFECYCLE_LOG_DEBUG, "nothing");
	lifecycle_log(LIFECYCLE_LOG_WARNING, "the \"name\"\nC:\\");
	log = captured_file(&captured, "log");
	ck_assert_int_eq(strncmp(log, "time=\"", 6), 0);
	end = strchr(log + 6, '"');
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	ck_assert_int_eq(clock_parse_rfc3339(log + 6, &time), 0);
	ck_assert_str_eq(end + 1, " level=warning msg=\"the \\\"name\\\"\\nC:\\\\\"\n");
}
END_TEST

START_TEST(without_a_file_lines_go_to_standard_error)
{
	AUTO_CAPTURED struct captured captured = capture();
	AUTO_FREE char *standard = NULL;
	struct error err = {0};

	ck_assert_int_eq(lifecycle_log_open(NULL, "json", LIFECYCLE_LOG_WARNING, &err), 0);
	lifecycle_log(LIFECYCLE_LOG_ERROR, "one");
	lifecycle_log(LIFECYCLE_LOG_WARNING, "two");
	lifecycle_log(LIFECYCLE_LOG_DEBUG, "three");
	standard = captured_file(&captured, "stderr");
	ck_assert_str_eq(standard, "coracle-runtime: one\ncoracle-runtime: two\n");
}
END_TEST

START_TEST(bad_logs_are_refused)
{
	AUTO_CAPTURED struct captured captured = capture();
	struct error err = {0};

	ck_assert_int_eq(lifecycle_log_open(NULL, "xml", LIFECYCLE_LOG_WARNING, &err), -EINVAL);
	ck_assert_str_eq(err.text, "--log-format \"xml\" is unknown: use text or json");
	scratch_file(&captured.scratch, "target", "");
	ck_assert_int_eq(symlinkat("target", captured.scratch.fd, "log"), 0);
	ck_assert_int_eq(lifecycle_log_open(captured.path, NULL, LIFECYCLE_LOG_WARNING, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "is a symbolic link"));
	ck_assert_int_eq(lifecycle_log_open("/nonexistent/log", NULL, LIFECYCLE_LOG_WARNING, &err), -ENOENT);
	ck_assert_str_eq(err.text, "--log /nonexistent/log: No such file or directory");
}
END_TEST

START_TEST(long_messages_stay_one_line)
{
	AUTO_CAPTURED struct captured captured = capture();
	AUTO_FREE char *message = xcalloc((1 << 20) + 1, 1), *log = NULL;
	AUTO_JSON json_t *json = NULL;
	struct error err = {0};

	(void) memset(message, _i ? '"' : 1, 1 << 20);
	open_log(&captured, "json", false);
	lifecycle_log(LIFECYCLE_LOG_ERROR, message);
	log = captured_file(&captured, "log");
	json = json_parse(log, strlen(log), &err);
	ck_assert_msg(json != NULL, "%s", err.text);
	lifecycle_log_close();
	ck_assert_int_eq(unlinkat(captured.scratch.fd, "log", 0), 0);
	open_log(&captured, "text", false);
	lifecycle_log(LIFECYCLE_LOG_ERROR, message);
	free(log);
	log = captured_file(&captured, "log");
	ck_assert_str_eq(log + strlen(log) - 2, "\"\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lifecycle_documents");
	TCase *tcase = tcase_create("lifecycle_documents");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, versions_are_taken);
	tcase_add_test(tcase, listed_words_are_understood);
	tcase_add_test(tcase, listed_mount_options_are_no_data);
	tcase_add_loop_test(tcase, listed_seccomp_words_compile, 0, 4);
	tcase_add_test(tcase, what_is_refused_is_not_claimed);
	tcase_add_loop_test(tcase, default_spec_is_valid, 0, 2);
	tcase_add_test(tcase, default_spec_for_root_has_all_namespaces);
	tcase_add_test(tcase, default_spec_without_root_maps_one_id);
	tcase_add_test(tcase, json_log_is_one_object_an_error);
	tcase_add_test(tcase, log_is_appended_to_with_debug_all_of_it);
	tcase_add_loop_test(tcase, text_log_quotes_the_message, 0, 2);
	tcase_add_test(tcase, without_a_file_lines_go_to_standard_error);
	tcase_add_test(tcase, bad_logs_are_refused);
	tcase_add_loop_test(tcase, long_messages_stay_one_line, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
