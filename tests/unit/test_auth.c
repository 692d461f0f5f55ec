/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_auth.c - credentials in files and with helpers: what is found where, what is written, what is never told */
#include "scratch.h"
#include "suite.h"

#include "coracle/conf/auth.h"

static struct scratch scratch;
static struct places places;
static struct auth_options options;
static struct error err;

/* "user:secret", "team:secret", "hub:secret", "old:secret" */
#define USER "dXNlcjpzZWNyZXQ="
#define TEAM "dGVhbTpzZWNyZXQ="
#define HUBU "aHViOnNlY3JldA=="
#define OLD  "b2xkOnNlY3JldA=="

/* put - a file below the scratch directory, with its directories */
static void put(const char *path, const char *text, mode_t mode)
{
	AUTO_FREE char *directory = xstrndup(path, strlen(path) - strlen(strrchr(path, '/')));

	ck_assert_int_eq(directory_make(scratch.fd, directory, 0700), 0);
	ck_assert_int_eq(file_write(scratch.fd, path, text, strlen(text), mode, FILE_FAST), 0);
}

/* a helper that keeps one entry in files beside it */
static const char helper[] =
	"#!/bin/sh\n"
	"cd \"$(dirname \"$0\")\" || exit 9\n"
	"echo \"$1\" >> calls\n"
	"case $1 in\n"
	"get) read -r server\n"
	"  case $server in\n"
	"  slow.io) exec sleep 60;;\n"
	"  daemon.io) sleep 100 2>/dev/null & echo '{\"ServerURL\":\"x\",\"Username\":\"d\",\"Secret\":\"s\"}'; exit 0;;\n"
	"  token.io) echo '{\"ServerURL\":\"x\",\"Username\":\"<token>\",\"Secret\":\"refresh\"}';;\n"
	"  junk.io) echo 'topsecret';;\n"
	"  broken.io) echo 'the keychain is locked'; exit 1;;\n"
	"  leaky.io) echo '{\"Secret\":\"topsecret\"}'; exit 1;;\n"
	"  *) if [ -e stored ] && grep -qF \"\\\"$server\\\"\" stored; then cat stored; else\n"
	"     echo 'credentials not found in native keychain'; exit 1; fi;;\n"
	"  esac;;\n"
	"store) cat > stored;;\n"
	"erase) read -r server; if [ -e stored ]; then rm stored; else echo 'credentials not found in native keychain'; exit 1; fi;;\n"
	"list) if [ -e stored ]; then echo '{\"a.io\":\"user\"}'; else echo '{}'; fi;;\n"
	"esac\n";

static void setup(void)
{
	AUTO_FREE char *home = NULL, *run = NULL, *path = NULL;

	(void) clearenv();
	/* Check asks for it before each test */
	(void) setenv("CK_FORK", "no", 1);
	scratch = scratch_new();
	home = xprintf("%s/home", scratch.path);
	run = xprintf("%s/run", scratch.path);
	path = xprintf("%s/bin:/usr/bin:/bin", scratch.path);
	ck_assert_int_eq(mkdir(home, 0700), 0);
	ck_assert_int_eq(mkdir(run, 0700), 0);
	(void) setenv("HOME", home, 1);
	(void) setenv("XDG_RUNTIME_DIR", run, 1);
	(void) setenv("PATH", path, 1);
	put("bin/docker-credential-test", helper, 0755);
	places_find(scratch.path, &places);
	options = (struct auth_options) {.places = &places};
	err = (struct error) {0};
}

static void teardown(void)
{
	places_done(&places);
	scratch_done(&scratch);
}

/* find - "USER:PASSWORD", "token:TOKEN", "none" or "error: ..."; nobody's error tells a secret */
static char *find(const char *registry, const char *path)
{
	AUTO_AUTH struct auth auth = {0};
	int r = auth_find(&options, registry, path, &auth, &err);

	ck_assert_ptr_null(strstr(err.text, "secret"));
	if (r < 0)
		return xprintf("error: %s", err.text);
	if (r == 0)
		return auth.note ? xprintf("none, %s", auth.note) : xstrdup("none");
	ck_assert_ptr_nonnull(auth.source);
	return auth.identity_token ? xprintf("token:%s", auth.identity_token) : xprintf("%s:%s", auth.username, auth.password);
}

static void expect(const char *registry, const char *path, const char *wanted)
{
	AUTO_FREE char *found = find(registry, path);

	ck_assert_str_eq(found, wanted);
}

/* expect_part - for errors, which have paths in them */
static void expect_part(const char *registry, const char *path, const char *wanted)
{
	AUTO_FREE char *found = find(registry, path);

	ck_assert_msg(strstr(found, wanted) != NULL, "%s", found);
}

#define AUTHS(entries) "{\"auths\":{" entries "}}"
#define ENTRY(key, auth) "\"" key "\":{\"auth\":\"" auth "\"}"

static const struct {
	const char *file, *text, *registry, *path, *wanted;
} lookups[] = {
	{"a.json", AUTHS(ENTRY("a.io", USER)), "a.io", "x/y", "user:secret"},
	{"a.json", AUTHS(ENTRY("a.io", USER)), "a.io:5000", "x/y", NULL},
	{"a.json", AUTHS(ENTRY("a.io:5000", USER)), "a.io:5000", NULL, "user:secret"},
	{"a.json", AUTHS(ENTRY("a.io", USER) "," ENTRY("a.io/x", TEAM)), "a.io", "x/y", "team:secret"},
	{"a.json", AUTHS(ENTRY("a.io", USER) "," ENTRY("a.io/x/y", TEAM)), "a.io", "x/y", "team:secret"},
	{"a.json", AUTHS(ENTRY("a.io", USER) "," ENTRY("a.io/x/y", TEAM)), "a.io", "x/yy", "user:secret"},
	{"a.json", AUTHS(ENTRY("a.io/x", TEAM)), "a.io", "z", NULL},
	{"a.json", AUTHS(ENTRY("a.io/x", TEAM)), "a.io", NULL, NULL},
	{"a.json", AUTHS(ENTRY("https://a.io", USER)), "a.io", "x", "user:secret"},
	{"a.json", AUTHS(ENTRY("http://a.io/v2/", USER)), "a.io", "x", "user:secret"},
	{"a.json", AUTHS(ENTRY("https://index.docker.io/v1/", HUBU)), "docker.io", "library/x", "hub:secret"},
	{"a.json", AUTHS(ENTRY("docker.io", HUBU)), "docker.io", "library/x", "hub:secret"},
	{"a.json", AUTHS(ENTRY("https://evil.io/docker.io", HUBU)), "docker.io", "library/x", NULL},
	{"a.json", AUTHS(ENTRY("docker.io.evil.io", HUBU)), "docker.io", "library/x", NULL},
	{"a.json", AUTHS("\"a.io\":{\"auth\":\"" USER "\",\"identitytoken\":\"tok\"}"), "a.io", "x", "token:tok"},
	{"a.json", AUTHS("\"a.io\":{\"username\":\"u\",\"password\":\"p:q\"}"), "a.io", "x", "u:p:q"},
	{"a.json", AUTHS("\"a.io\":{}"), "a.io", "x", NULL},
	{"a.json", AUTHS("\"a.io\":null"), "a.io", "x", NULL},
	{"a.json", AUTHS(ENTRY("a.io", "dTpwOnE")), "a.io", "x", "u:p:q"},
	{"a.json", AUTHS(ENTRY("a.io", "dTo=")), "a.io", "x", "u:"},
	{"a.json", AUTHS(ENTRY("a.io", "!!")), "a.io", "x", "error: a.json: \"auth\" of \"a.io\" is not base64"},
	{"a.json", AUTHS(ENTRY("a.io", "dQ==")), "a.io", "x", "error: a.json: \"auth\" of \"a.io\" is not base64"},
	{"a.json", AUTHS(ENTRY("a.io", "dTpw=")), "a.io", "x", "error: a.json: \"auth\" of \"a.io\" is not base64"},
	{"a.json", AUTHS(ENTRY("a.io", "OnA=")), "a.io", "x", "error: a.json: \"auth\" of \"a.io\" is not base64"},
	{"a.json", "{\"auths\":[]}", "a.io", "x", "error: a.json: \"auths\" is not an object"},
	{"a.json", "{\"auths\":{\"a.io\":{\"auth\":\"" USER, "a.io", "x", "error: a.json: "},
	{".dockercfg", "{" ENTRY("https://index.docker.io/v1/", OLD) "}", "docker.io", "library/x", "old:secret"},
	{".dockercfg", "{" ENTRY("a.io/v1", OLD) "}", "a.io", "x", "old:secret"},
	{".dockercfg", "{" ENTRY("a.io/x", OLD) "}", "b.io", "x", NULL},
};

START_TEST(finds_the_most_specific_key_of_a_file)
{
	AUTO_AUTH struct auth auth = {0};
	const char *wanted = lookups[_i].wanted;
	int r = auth_file_find(lookups[_i].file, lookups[_i].text, strlen(lookups[_i].text), lookups[_i].registry,
	                       lookups[_i].path, &auth, &err);
	AUTO_FREE char *found = r < 0 ? xprintf("error: %s", err.text)
	                        : auth.identity_token ? xprintf("token:%s", auth.identity_token)
	                        : r ? xprintf("%s:%s", auth.username, auth.password) : NULL;

	if (!wanted) {
		ck_assert_msg(r == 0, "%s", found);
		ck_assert_ptr_null(auth.username);
		return;
	}
	ck_assert_ptr_nonnull(found);
	ck_assert_msg(!strncmp(found, wanted, strlen(wanted)), "%s", found);
	if (r < 0)
		ck_assert_ptr_null(strstr(err.text, USER));
	else
		ck_assert_str_eq(auth.source, lookups[_i].file);
}
END_TEST

START_TEST(asks_the_files_in_their_order)
{
	static const char *const files[] = {
		"home/.dockercfg", "home/.docker/config.json", "home/.config/containers/auth.json", "run/containers/auth.json",
	};

	expect("a.io", "x", "none");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		static const char *const auths[] = {OLD, HUBU, TEAM, USER};
		static const char *const wanted[] = {"old:secret", "hub:secret", "team:secret", "user:secret"};
		AUTO_FREE char *text = i == 0 ? xprintf("{\"a.io\":{\"auth\":\"%s\"}}", auths[i])
		                              : xprintf("{\"auths\":{\"a.io\":{\"auth\":\"%s\"}}}", auths[i]);

		put(files[i], text, 0600);
		expect("a.io", "x", wanted[i]);
	}
}
END_TEST

START_TEST(a_file_that_the_user_names_is_the_only_one)
{
	AUTO_FREE char *own = xprintf("%s/own/auth.json", scratch.path), *variable = xprintf("%s/own/env.json", scratch.path);

	put("home/.docker/config.json", AUTHS(ENTRY("a.io", OLD)), 0600);
	put("own/env.json", AUTHS(ENTRY("b.io", USER)), 0600);
	(void) setenv("REGISTRY_AUTH_FILE", variable, 1);
	expect("a.io", "x", "none");
	expect("b.io", "x", "user:secret");
	options.file = own;
	expect_part("b.io", "x", "own/auth.json: no such file of credentials");
	put("own/auth.json", AUTHS(ENTRY("b.io", TEAM)), 0600);
	expect("b.io", "x", "team:secret");
}
END_TEST

START_TEST(a_broken_file_is_an_error)
{
	put("home/.docker/config.json", "{\"auths\":{\"a.io\":{\"auth\":\"secret\"", 0600);
	expect_part("a.io", "x", "error: ");
	expect_part("a.io", "x", "home/.docker/config.json: ");
	put("home/.docker/config.json", "", 0600);
	expect("a.io", "x", "none");
}
END_TEST

START_TEST(asks_the_helper_that_a_file_names)
{
	put("home/.docker/config.json", "{\"auths\":{" ENTRY("token.io", USER) "},\"credHelpers\":{\"token.io\":\"test\",\"none.io\":\"test\","
	    "\"junk.io\":\"test\",\"broken.io\":\"test\",\"leaky.io\":\"test\",\"gone.io\":\"absent\",\"bad.io\":\"../sh\"}}", 0600);
	expect("token.io", "x", "token:refresh");
	expect("none.io", "x", "none");
	expect("other.io", "x", "none");
	expect_part("junk.io", "x", "docker-credential-test get: the answer for junk.io is not JSON");
	expect_part("broken.io", "x", "get failed for broken.io with status 1: the keychain is locked");
	expect_part("leaky.io", "x", "get failed for leaky.io with status 1");
	expect_part("gone.io", "x", "docker-credential-absent is not installed");
	expect_part("bad.io", "x", "\"../sh\" is not the name of a credential helper");
}
END_TEST

START_TEST(does_without_the_default_helper_but_remembers_why)
{
	put("home/.docker/config.json", "{\"auths\":{\"a.io\":{}," ENTRY("b.io", USER) "},\"credsStore\":\"absent\"}", 0600);
	expect("b.io", "x", "user:secret");
	expect_part("a.io", "x", "none, ");
	expect_part("a.io", "x", "credsStore: docker-credential-absent is not installed");
	put("home/.docker/config.json", "{\"credsStore\":\"test\"}", 0600);
	expect("token.io", "x", "token:refresh");
	expect("a.io", "x", "none");
}
END_TEST

START_TEST(waits_for_a_helper_only_so_long)
{
	put("home/.docker/config.json", "{\"credHelpers\":{\"slow.io\":\"test\",\"daemon.io\":\"test\"}}", 0600);
	options.helper_seconds = 1;
	expect_part("slow.io", "x", "get gave no answer within 1 seconds");
	options.helper_seconds = 60;
	/* the answer counts when the program has ended, whoever keeps the pipe */
	expect("daemon.io", "x", "d:s");
}
END_TEST

/* shows - the file's text has these words in it */
static bool shows(const char *path, const char *words)
{
	AUTO_FREE char *text = NULL;

	ck_assert_int_eq(file_read(scratch.fd, path, 1 << 16, &text, NULL), 0);
	return strstr(text, words) != NULL;
}

START_TEST(stores_and_erases_in_the_first_file_and_keeps_the_rest)
{
	AUTO_FREE char *source = NULL, *erased = NULL;
	struct stat st;

	ck_assert_msg(auth_store(&options, "a.io", "user", "se:cret", &source, &err) == 0, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(source, "/run/containers/auth.json"));
	ck_assert_int_eq(fstatat(scratch.fd, "run/containers/auth.json", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(fstatat(scratch.fd, "run/containers", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	expect("a.io", "x", "user:se:cret");
	put("run/containers/auth.json", "{\"more\":{\"x\":[1]},\"auths\":{" ENTRY("b.io", TEAM) "}}", 0644);
	ck_assert_int_eq(auth_store(&options, "a.io/ns", "user", "secret", NULL, &err), 0);
	expect("a.io", "ns/x", "user:secret");
	expect("a.io", "x", "none");
	expect("b.io", "x", "team:secret");
	ck_assert(shows("run/containers/auth.json", "\"more\""));
	ck_assert_int_eq(fstatat(scratch.fd, "run/containers/auth.json", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(auth_erase(&options, "a.io/ns", &erased, &err), 0);
	expect("a.io", "ns/x", "none");
	expect("b.io", "x", "team:secret");
	ck_assert_int_eq(auth_erase(&options, NULL, NULL, &err), 0);
	expect("b.io", "x", "none");
	ck_assert(shows("run/containers/auth.json", "\"more\""));
	ck_assert_int_eq(auth_erase(&options, NULL, NULL, &err), -ENOENT);
}
END_TEST

START_TEST(erases_every_spelling_and_says_where_else_one_is_logged_in)
{
	put("run/containers/auth.json", AUTHS(ENTRY("https://index.docker.io/v1/", HUBU) "," ENTRY("docker.io/me", USER)), 0600);
	ck_assert_int_eq(auth_erase(&options, "docker.io", NULL, &err), 0);
	ck_assert(!shows("run/containers/auth.json", "index.docker.io"));
	ck_assert(shows("run/containers/auth.json", "docker.io/me"));
	put("home/.docker/config.json", AUTHS(ENTRY("c.io", OLD)), 0600);
	ck_assert_int_eq(auth_erase(&options, "c.io", NULL, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "not logged in to c.io by this program"));
	ck_assert_ptr_nonnull(strstr(err.text, ".docker/config.json"));
	expect("c.io", "x", "old:secret");
	ck_assert_int_eq(auth_erase(&options, "d.io", NULL, &err), -ENOENT);
	ck_assert_str_eq(err.text, "not logged in to d.io");
}
END_TEST

START_TEST(keeps_symlinks_and_speaks_dockers_language_in_its_file)
{
	AUTO_FREE char *link = xprintf("%s/own/config.json", scratch.path);
	struct stat st;

	put("own/real.json", "{\"psFormat\":\"x\"}", 0600);
	ck_assert_int_eq(symlinkat("real.json", scratch.fd, "own/config.json"), 0);
	options.file = link;
	ck_assert_msg(auth_store(&options, "docker.io", "user", "secret", NULL, &err) == 0, "%s", err.text);
	ck_assert(shows("own/real.json", "https://index.docker.io/v1/"));
	ck_assert(shows("own/real.json", "psFormat"));
	ck_assert_int_eq(fstatat(scratch.fd, "own/config.json", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISLNK(st.st_mode));
	expect("docker.io", "library/x", "user:secret");
}
END_TEST

START_TEST(gives_credentials_to_helpers_instead_of_files)
{
	AUTO_TEXTS struct texts helpers = {0};
	AUTO_FREE char *source = NULL;

	put("run/containers/auth.json", "{\"credHelpers\":{\"a.io\":\"test\"}}", 0600);
	ck_assert_msg(auth_store(&options, "a.io", "user", "secret", &source, &err) == 0, "%s", err.text);
	ck_assert_str_eq(source, "docker-credential-test");
	ck_assert(!shows("run/containers/auth.json", "auths"));
	expect("a.io", "x", "user:secret");
	ck_assert_int_eq(auth_erase(&options, "a.io", NULL, &err), 0);
	expect("a.io", "x", "none");
	ck_assert_int_eq(auth_erase(&options, "a.io", NULL, &err), -ENOENT);
	/* the helpers of registries.conf; the files are not asked unless named among them */
	put("run/containers/auth.json", AUTHS(ENTRY("b.io", TEAM)), 0600);
	texts_add(&helpers, "test");
	options.helpers = &helpers;
	expect("b.io", "x", "none");
	ck_assert_int_eq(auth_store(&options, "a.io", "user", "secret", NULL, &err), 0);
	expect("a.io", "x", "user:secret");
	texts_add(&helpers, "containers-auth.json");
	expect("b.io", "x", "team:secret");
	ck_assert_int_eq(auth_erase(&options, NULL, NULL, &err), 0);
	expect("a.io", "x", "none");
	expect("b.io", "x", "none");
}
END_TEST

START_TEST(refuses_names_that_can_not_be_stored)
{
	ck_assert_int_eq(auth_store(&options, "a.io", "us:er", "secret", NULL, &err), -EINVAL);
	ck_assert_ptr_null(strstr(err.text, "secret"));
	ck_assert_int_eq(auth_store(&options, "a.io", "", "secret", NULL, &err), -EINVAL);
	put("run/containers/auth.json", "[]", 0600);
	ck_assert_int_eq(auth_store(&options, "a.io", "user", "secret", NULL, &err), -EINVAL);
	ck_assert(shows("run/containers/auth.json", "[]"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("auth");
	TCase *tcase = tcase_create("auth");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, finds_the_most_specific_key_of_a_file, 0, ARRAY_LEN(lookups));
	tcase_add_test(tcase, asks_the_files_in_their_order);
	tcase_add_test(tcase, a_file_that_the_user_names_is_the_only_one);
	tcase_add_test(tcase, a_broken_file_is_an_error);
	tcase_add_test(tcase, asks_the_helper_that_a_file_names);
	tcase_add_test(tcase, does_without_the_default_helper_but_remembers_why);
	tcase_add_test(tcase, waits_for_a_helper_only_so_long);
	tcase_add_test(tcase, stores_and_erases_in_the_first_file_and_keeps_the_rest);
	tcase_add_test(tcase, erases_every_spelling_and_says_where_else_one_is_logged_in);
	tcase_add_test(tcase, keeps_symlinks_and_speaks_dockers_language_in_its_file);
	tcase_add_test(tcase, gives_credentials_to_helpers_instead_of_files);
	tcase_add_test(tcase, refuses_names_that_can_not_be_stored);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
