/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_registries.c - registries.conf, certs.d and policy.json: which files count, and what they say of a name */
#include "scratch.h"
#include "suite.h"

#include "coracle/conf/certs.h"
#include "coracle/conf/policy.h"
#include "coracle/conf/registries.h"

static struct scratch scratch;
static struct places places;
static struct error err;

static void setup(void)
{
	AUTO_FREE char *home = NULL;

	(void) clearenv();
	/* Check asks for it before each test */
	(void) setenv("CK_FORK", "no", 1);
	scratch = scratch_new();
	home = xprintf("%s/home", scratch.path);
	(void) setenv("HOME", home, 1);
	/* another's home is not root's */
	ck_assert_int_eq(mkdir(home, 0700), 0);
	places_find(scratch.path, &places);
	free(places.cache);
	places.cache = xprintf("%s/cache", scratch.path);
	err = (struct error) {0};
}

static void teardown(void)
{
	places_done(&places);
	scratch_done(&scratch);
}

/* put - a file below the scratch directory, with its directories */
static void put(const char *path, const char *text)
{
	AUTO_FREE char *directory = xstrndup(path, strlen(path) - strlen(strrchr(path, '/')));

	ck_assert_int_eq(directory_make(scratch.fd, directory, 0700), 0);
	scratch_file(&scratch, path, text);
}

static void put_variable(const char *name, const char *path)
{
	AUTO_FREE char *value = xprintf("%s/%s", scratch.path, path);

	(void) setenv(name, value, 1);
}

static void add(struct registries *registries, const char *text)
{
	ck_assert_msg(registries_add(registries, "test.conf", text, strlen(text), &err) == 0, "%s", err.text);
}

/* endpoints - "mirror host path insecure", one after the other */
static char *endpoints(const struct registries *registries, const char *registry, const char *path, const char *digest)
{
	struct registry_name name = {registry, path, digest ? NULL : "latest", digest};
	AUTO(registries_endpoints_done) struct list list = {0};
	AUTO_TEXTS struct texts texts = {0};

	if (registries_endpoints(registries, &name, &list, &err) < 0)
		return xprintf("error: %s", err.text);
	LIST_EACH(struct registries_endpoint, endpoint, &list)
		texts_printf(&texts, "%s%s/%s%s", endpoint->is_mirror ? "m:" : "", endpoint->host, endpoint->path,
		             endpoint->insecure ? "!" : "");
	return texts_join(&texts, " ");
}

#define EXAMPLE \
	"unqualified-search-registries = [\"example.com\"]\n" \
	"[[registry]]\nprefix = \"example.com/foo\"\nlocation = \"internal.example.net/bar\"\n" \
	"[[registry.mirror]]\nlocation = \"mirror-0.local/for-foo\"\n" \
	"[[registry.mirror]]\nlocation = \"mirror-1.local/mirrors/foo\"\ninsecure = true\n" \
	"[[registry]]\nlocation = \"registry.com\"\n[[registry.mirror]]\nlocation = \"mirror.registry.com\"\n" \
	"[[registry]]\nprefix = \"example.com\"\nlocation = \"rest.example.com\"\ninsecure = true\n" \
	"[[registry]]\nprefix = \"example.com/foo/secret\"\nlocation = \"x\"\nblocked = true\n" \
	"[[registry]]\nprefix = \"*.wild.com\"\n[[registry.mirror]]\nlocation = \"cache:5000/w\"\n" \
	"[[registry]]\nprefix = \"*.deep.wild.com\"\ninsecure = true\n" \
	"[[registry]]\nlocation = \"pin.io\"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = \"pins\"\n" \
	"[[registry]]\nlocation = \"mix.io\"\n" \
	"[[registry.mirror]]\nlocation = \"all\"\npull-from-mirror = \"all\"\n" \
	"[[registry.mirror]]\nlocation = \"dig\"\npull-from-mirror = \"digest-only\"\n" \
	"[[registry.mirror]]\nlocation = \"tag\"\npull-from-mirror = \"tag-only\"\n" \
	"[[registry]]\nprefix = \"docker.io\"\nlocation = \"hub.local:5000/\"\n" \
	"[[registry]]\nprefix = \"up.io/a/b\"\nlocation = \"flat.io\"\n"

#define DIGEST "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char *registry, *path, *digest, *wanted;
} rewrites[] = {
	{"other.io", "a/b", NULL, "other.io/a/b"},
	{"example.com", "foo/image", NULL, "m:mirror-0.local/for-foo/image m:mirror-1.local/mirrors/foo/image! internal.example.net/bar/image"},
	{"example.com", "foo", NULL, "m:mirror-0.local/for-foo m:mirror-1.local/mirrors/foo! internal.example.net/bar"},
	{"example.com", "foobar/image", NULL, "rest.example.com/foobar/image!"},
	{"example.com", "image", NULL, "rest.example.com/image!"},
	{"example.com.evil.org", "image", NULL, "example.com.evil.org/image"},
	{"registry.com", "image", NULL, "m:mirror.registry.com/image registry.com/image"},
	{"a.wild.com", "x", NULL, "m:cache:5000/w/x a.wild.com/x"},
	{"a.b.wild.com:444", "x", NULL, "error: a.b.wild.com:444/x would be read from \"cache:5000/w:444/x\""},
	{"wild.com", "x", NULL, "wild.com/x"},
	{"evilwild.com", "x", NULL, "evilwild.com/x"},
	{"a.deep.wild.com", "x", NULL, "a.deep.wild.com/x!"},
	{"elsewhere.io", "a.wild.com/x", NULL, "elsewhere.io/a.wild.com/x"},
	{"pin.io", "x", NULL, "pin.io/x"},
	{"pin.io", "x", DIGEST, "m:pins/x pin.io/x"},
	{"mix.io", "x", NULL, "m:all/x m:tag/x mix.io/x"},
	{"mix.io", "x", DIGEST, "m:all/x m:dig/x mix.io/x"},
	{"docker.io", "library/debian", NULL, "hub.local:5000/library/debian"},
	{"up.io", "a/b/c", NULL, "flat.io/c"},
	{"up.io", "a/b", NULL, "error: up.io/a/b would be read from \"flat.io\""},
};

START_TEST(rewrites_names_by_the_longest_prefix)
{
	AUTO_REGISTRIES struct registries registries = {0};
	AUTO_FREE char *found = NULL;

	add(&registries, EXAMPLE);
	found = endpoints(&registries, rewrites[_i].registry, rewrites[_i].path, rewrites[_i].digest);
	if (!strncmp(rewrites[_i].wanted, "error:", 6))
		ck_assert_msg(!strncmp(found, rewrites[_i].wanted, strlen(rewrites[_i].wanted)), "%s", found);
	else
		ck_assert_str_eq(found, rewrites[_i].wanted);
}
END_TEST

START_TEST(refuses_what_is_blocked_and_says_where)
{
	AUTO_REGISTRIES struct registries registries = {0};
	struct registry_name name = {"example.com", "foo/secret/x", "1", NULL};
	struct list list = {0};

	add(&registries, EXAMPLE);
	ck_assert_int_eq(registries_endpoints(&registries, &name, &list, &err), -EACCES);
	ck_assert_str_eq(err.text, "example.com/foo/secret/x is blocked: the [[registry]] with prefix"
	                           " \"example.com/foo/secret\" in test.conf says blocked = true");
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

static const struct {
	const char *text, *error;
} wrong[] = {
	{"[registries.search]\nregistries = ['a.io']\n", "test.conf: [registries.search], [registries.insecure] and"},
	{"[[registry]]\nlocation = 'https://a.io'", "test.conf: location \"https://a.io\" has a scheme: write \"a.io\""},
	{"[[registry]]\nlocation = 'http://a.io'", "test.conf: location \"http://a.io\" has a scheme: write \"a.io\" and insecure"},
	{"[[registry]]\ninsecure = true", "test.conf: a [[registry]] has neither prefix nor location"},
	{"[[registry]]\nlocation = 'a b'", "test.conf: location \"a b\" is not HOST"},
	{"[[registry]]\nlocation = 'a.io:99999'", "test.conf: location \"a.io:99999\" is not HOST"},
	{"[[registry]]\nlocation = 'a.io/../b'", "test.conf: location \"a.io/../b\" is not HOST"},
	{"[[registry]]\nprefix = '*.a.io/x'\nlocation='b'", "test.conf: prefix \"*.a.io/x\" is not HOST"},
	{"[[registry]]\nprefix = 'x.*.io'\nlocation='b'", "test.conf: prefix \"x.*.io\" is not HOST"},
	{"[[registry]]\nlocation = '*.a.io'", "test.conf: location \"*.a.io\" is not HOST"},
	{"[[registry]]\nlocation = 'a'\n[[registry.mirror]]\n", "test.conf: a mirror of \"a\" has no location"},
	{"[[registry]]\nlocation = 'a'\n[[registry.mirror]]\nlocation='b'\npull-from-mirror='none'", "test.conf: pull-from-mirror = \"none\" of b:"},
	{"[[registry]]\nlocation = 'a'\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation='b'\npull-from-mirror='all'",
	 "test.conf: \"a\" has mirror-by-digest-only and its mirror b"},
	{"[[registry]]\nlocation = 'a'\ninsecure = 'yes'", "test.conf: \"registry\"[0]: \"insecure\" is not true or false"},
	{"unqualified-search-registries = ['a.io/b']", "test.conf: unqualified-search-registries: \"a.io/b\" is not HOST[:PORT]"},
	{"unqualified-search-registries = 'a.io'", "test.conf: \"unqualified-search-registries\""},
	{"short-name-mode = 'ask'", "test.conf: short-name-mode = \"ask\": it is"},
	{"[aliases]\n'x' = 'y'", "test.conf: aliases: \"x\" = \"y\" is not a full name"},
	{"[aliases]\n'x' = 'a.io/y:1'", "test.conf: aliases: \"x\" = \"a.io/y:1\" is not a full name"},
	{"[aliases]\n'x:1' = 'a.io/y'", "test.conf: aliases: \"x:1\" is not a short name"},
	{"a = 1\nb =", "test.conf: line 2: a value is missing"},
};

START_TEST(refuses_a_wrong_file_and_leaves_the_rest_alone)
{
	AUTO_REGISTRIES struct registries registries = {0};

	add(&registries, "unqualified-search-registries = ['kept.io']");
	ck_assert_int_lt(registries_add(&registries, "test.conf", wrong[_i].text, strlen(wrong[_i].text), &err), 0);
	ck_assert_msg(!strncmp(err.text, wrong[_i].error, strlen(wrong[_i].error)), "%s", err.text);
	ck_assert_uint_eq(registries.rows.count, 0);
	ck_assert_str_eq(registries.search.items[0], "kept.io");
}
END_TEST

/* candidates - joined by blanks */
static char *candidates(const struct registries *registries, const char *path, enum registry_origin *origin)
{
	AUTO_TEXTS struct texts out = {0};

	if (registries_candidates(registries, path, &out, origin, &err) < 0)
		return xprintf("error: %s", err.text);
	return texts_join(&out, " ");
}

static const struct {
	const char *conf, *path, *wanted;
	enum registry_origin origin;
} shorts[] = {
	{"", "debian", "docker.io/library/debian", REGISTRY_ORIGIN_DEFAULT},
	{"", "me/tool", "docker.io/me/tool", REGISTRY_ORIGIN_DEFAULT},
	{"unqualified-search-registries = ['a.io', 'docker.io', 'b:5000/']", "x", "a.io/x docker.io/library/x b:5000/x", REGISTRY_ORIGIN_SEARCH},
	{"unqualified-search-registries = []", "x", "error: x is a short name and unqualified-search-registries is empty in test.conf", 0},
	{"short-name-mode = 'enforcing'\nunqualified-search-registries = ['a.io', 'b.io']", "x", "error: x is a short name that may come from a.io, b.io", 0},
	{"short-name-mode = 'enforcing'\nunqualified-search-registries = ['a.io']", "x", "a.io/x", REGISTRY_ORIGIN_SEARCH},
	{"[aliases]\n'x' = 'q.io/n/x'\n'me/y' = 'docker.io/y'\n'gone' = ''", "x", "q.io/n/x", REGISTRY_ORIGIN_ALIAS},
	{"[aliases]\n'x' = 'q.io/n/x'\n'me/y' = 'docker.io/y'\n'gone' = ''", "me/y", "docker.io/library/y", REGISTRY_ORIGIN_ALIAS},
	{"[aliases]\n'x' = 'q.io/n/x'\n'me/y' = 'docker.io/y'\n'gone' = ''", "gone", "docker.io/library/gone", REGISTRY_ORIGIN_DEFAULT},
};

START_TEST(resolves_short_names)
{
	AUTO_REGISTRIES struct registries registries = {0};
	AUTO_FREE char *found = NULL;
	enum registry_origin origin = 0;

	add(&registries, shorts[_i].conf);
	found = candidates(&registries, shorts[_i].path, &origin);
	ck_assert_msg(!strncmp(found, shorts[_i].wanted, strlen(shorts[_i].wanted)), "%s", found);
	if (strncmp(found, "error", 5) != 0) {
		ck_assert_str_eq(found, shorts[_i].wanted);
		ck_assert_int_eq(origin, shorts[_i].origin);
	}
}
END_TEST

START_TEST(later_files_replace_rows_and_erase_aliases)
{
	AUTO_REGISTRIES struct registries registries = {0};
	AUTO_FREE char *first = NULL, *second = NULL, *gone = NULL;

	add(&registries, "[[registry]]\nlocation='a.io'\n[[registry.mirror]]\nlocation='m'\n[[registry]]\nprefix='a.io/'\nlocation='no.io'\n"
	                 "[[registry]]\nlocation='b.io'\n[aliases]\nx='a.io/x'\n");
	first = endpoints(&registries, "a.io", "x", NULL);
	ck_assert_str_eq(first, "m:m/x a.io/x");
	add(&registries, "[[registry]]\nprefix='a.io'\nlocation='c.io'\n[aliases]\nx=''\n");
	second = endpoints(&registries, "a.io", "x", NULL);
	ck_assert_str_eq(second, "c.io/x");
	ck_assert_uint_eq(registries.rows.count, 2);
	gone = candidates(&registries, "x", NULL);
	ck_assert_str_eq(gone, "docker.io/library/x");
}
END_TEST

static char *search(void)
{
	AUTO_REGISTRIES struct registries registries = {0};

	if (registries_read(&places, &registries, &err) < 0)
		return xprintf("error: %s", err.text);
	return candidates(&registries, "x/y", NULL);
}

#define SEARCH(host) "unqualified-search-registries = [\"" host "\"]\n"

START_TEST(reads_the_files_in_the_order_of_their_weight)
{
	static const struct {
		const char *path, *text, *wanted;
	} steps[] = {
		{"usr/share/containers/registries.conf", SEARCH("vendor"), "vendor/x/y"},
		{"etc/containers/registries.conf", SEARCH("etc"), "etc/x/y"},
		{"etc/containers/registries.conf.d/20-b.conf", SEARCH("etc-b"), "etc-b/x/y"},
		{"etc/containers/registries.conf.d/10-a.conf", SEARCH("etc-a"), "etc-b/x/y"},
		{"etc/containers/registries.conf.d/30-c.conf~", SEARCH("backup"), "etc-b/x/y"},
		{"etc/containers/registries.conf.d/40.conf/file", SEARCH("directory"), "etc-b/x/y"},
		{"home/.config/containers/registries.conf.d/05.conf", SEARCH("user-d"), "user-d/x/y"},
		/* the user's file stands for all of /etc, drop-ins too */
		{"home/.config/containers/registries.conf", "[[registry]]\nlocation='q'\n", "user-d/x/y"},
		{"home/.config/containers/registries.conf.d/05.conf", "", "docker.io/x/y"},
		{"home/.config/containers/registries.conf", SEARCH("user"), "user/x/y"},
		{"cache/short-name-aliases.conf", "[aliases]\n'x/y' = 'recorded.io/y'\n", "recorded.io/y"},
	};
	AUTO_FREE char *none = search();

	ck_assert_str_eq(none, "docker.io/x/y");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		AUTO_FREE char *found = NULL;

		put(steps[i].path, steps[i].text);
		found = search();
		ck_assert_str_eq(found, steps[i].wanted);
	}
}
END_TEST

START_TEST(variables_name_the_only_file_and_the_last_one)
{
	AUTO_FREE char *only = NULL, *last = NULL, *none = NULL, *missing = NULL;

	put("etc/containers/registries.conf", SEARCH("etc"));
	put("home/.config/containers/registries.conf.d/x.conf", SEARCH("drop-in"));
	put("own/only.conf", SEARCH("only"));
	put("own/last.conf", SEARCH("last"));
	put_variable("CONTAINERS_REGISTRIES_CONF", "own/only.conf");
	only = search();
	ck_assert_str_eq(only, "only/x/y");
	put_variable("CONTAINERS_REGISTRIES_CONF_OVERRIDE", "own/last.conf");
	last = search();
	ck_assert_str_eq(last, "last/x/y");
	(void) unsetenv("CONTAINERS_REGISTRIES_CONF_OVERRIDE");
	(void) setenv("CONTAINERS_REGISTRIES_CONF", "/dev/null", 1);
	none = search();
	ck_assert_str_eq(none, "docker.io/x/y");
	put_variable("CONTAINERS_REGISTRIES_CONF", "own/missing.conf");
	missing = search();
	ck_assert_ptr_nonnull(strstr(missing, "own/missing.conf: no such file"));
}
END_TEST

START_TEST(takes_the_certificates_of_the_first_directory)
{
	AUTO_CERTS struct certs certs = {0}, none = {0};

	ck_assert_int_eq(certs_find(&places, NULL, "a.io:5000", &none, &err), 0);
	ck_assert_ptr_null(none.directory);
	put("etc/docker/certs.d/a.io:5000/docker.crt", "");
	put("etc/containers/certs.d/a.io:5000/ca.crt", "");
	put("etc/containers/certs.d/a.io:5000/b.cert", "");
	put("etc/containers/certs.d/a.io:5000/b.key", "");
	put("etc/containers/certs.d/a.io:5000/readme", "");
	put("etc/containers/certs.d/a.io/other.crt", "");
	ck_assert_msg(certs_find(&places, NULL, "a.io:5000", &certs, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(certs.ca.count, 1);
	ck_assert_ptr_nonnull(strstr(certs.ca.items[0], "/etc/containers/certs.d/a.io:5000/ca.crt"));
	ck_assert_uint_eq(certs.client.count, 1);
	ck_assert_ptr_nonnull(strstr(certs.client.items[0], "/b.cert"));
	ck_assert_ptr_nonnull(strstr(certs.key.items[0], "/b.key"));
}
END_TEST

START_TEST(refuses_certificates_that_lack_their_half)
{
	struct certs certs = {0};
	AUTO_FREE char *own = xprintf("%s/missing", scratch.path);

	put("home/.config/containers/certs.d/a.io/b.cert", "");
	ck_assert_int_lt(certs_find(&places, NULL, "a.io", &certs, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "b.cert has no b.key"));
	put("home/.config/docker/certs.d/b.io/c.key", "");
	ck_assert_int_lt(certs_find(&places, NULL, "b.io", &certs, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "c.key has no c.cert"));
	ck_assert_int_lt(certs_find(&places, NULL, "../certs.d/b.io", &certs, &err), 0);
	ck_assert_int_eq(certs_find(&places, own, "c.io", &certs, &err), -ENOENT);
	ck_assert_ptr_null(certs.directory);
}
END_TEST

#define ACCEPT "[{\"type\":\"insecureAcceptAnything\"}]"
#define REJECT "[{\"type\":\"reject\"}]"
#define SIGNED "[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/k\"}]"
#define SCOPES \
	"{\"default\":" REJECT ",\"transports\":{\"docker\":{" \
	"\"a.io/ns/repo:good\":" ACCEPT ",\"a.io/ns/repo:1\":" REJECT ",\"a.io/ns/repo\":" SIGNED ",\"a.io/ns\":" ACCEPT \
	",\"a.io/ns/repo@" DIGEST "\":" ACCEPT ",\"*.w.io\":" ACCEPT ",\"x.w.io\":" REJECT ",\"p.io:5000\":" ACCEPT \
	",\"both.io\":[{\"type\":\"insecureAcceptAnything\"},{\"type\":\"sigstoreSigned\"}]},\"docker-archive\":{\"\":" ACCEPT "}}}"

static const struct {
	const char *registry, *path, *tag, *digest, *error; /* error NULL: accepted */
} scopes[] = {
	{"a.io", "ns/repo", "good", NULL, NULL},
	{"a.io", "ns/repo", "1", NULL, "rejects it"},
	{"a.io", "ns/repo", "2", NULL, "requires a signature (\"signedBy\""},
	{"a.io", "ns/repo", NULL, DIGEST, NULL},
	{"a.io", "ns/repo2", "1", NULL, NULL},
	{"a.io", "ns", "1", NULL, NULL},
	{"a.io", "other", "1", NULL, "a.io/other: test.json rejects it (\"reject\" for \"default\")"},
	{"y.w.io:80", "r", "1", NULL, NULL},
	{"z.y.w.io", "r", "1", NULL, NULL},
	{"x.w.io", "r", "1", NULL, "rejects it"},
	{"w.io", "r", "1", NULL, "rejects it"},
	{"p.io:5000", "r", "1", NULL, NULL},
	{"p.io", "r", "1", NULL, "rejects it"},
	{"both.io", "r", "1", NULL, "can't check"},
};

START_TEST(applies_the_most_specific_scope)
{
	AUTO_POLICY struct policy policy = {0};
	struct registry_name name = {scopes[_i].registry, scopes[_i].path, scopes[_i].tag, scopes[_i].digest};
	int r;

	ck_assert_msg(policy_parse("test.json", SCOPES, strlen(SCOPES), &policy, &err) == 0, "%s", err.text);
	r = policy_check_registry(&policy, &name, &err);
	ck_assert_int_eq(r, scopes[_i].error ? -EACCES : 0);
	if (scopes[_i].error)
		ck_assert_msg(strstr(err.text, scopes[_i].error) != NULL, "%s", err.text);
	ck_assert_int_eq(policy_check_transport(&policy, "docker-archive", &err), 0);
	ck_assert_int_eq(policy_check_transport(&policy, "oci-archive", &err), -EACCES);
}
END_TEST

static const char *const bad_policies[] = {
	"", "[]", "{}", "{\"default\":[]}", "{\"default\":[{}]}", "{\"default\":[{\"type\":\"acceptAnything\"}]}",
	"{\"default\":" ACCEPT ",\"more\":1}", "{\"default\":[{\"type\":\"reject\",\"keyPath\":\"x\"}]}",
	"{\"default\":" ACCEPT ",\"default\":" REJECT "}", "{\"default\":" ACCEPT ",\"transports\":{\"docker\":{\"\":[]}}}",
	"{\"default\":" ACCEPT ",\"transports\":[]}",
};

START_TEST(refuses_a_policy_that_is_not_understood)
{
	struct policy policy = {0};

	ck_assert_int_eq(policy_parse("test.json", bad_policies[_i], strlen(bad_policies[_i]), &policy, &err), -EINVAL);
	ck_assert_int_eq(strncmp(err.text, "test.json: ", 11), 0);
	ck_assert_ptr_null(policy.json);
}
END_TEST

START_TEST(reads_the_policy_of_the_user_before_the_hosts)
{
	AUTO_POLICY struct policy none = {0}, host = {0}, user = {0};
	struct registry_name name = {"a.io", "x", "1", NULL};

	ck_assert_int_eq(policy_read(&places, NULL, &none, &err), 0);
	ck_assert_int_eq(policy_check_registry(&none, &name, &err), 0);
	put("etc/containers/policy.json", "{\"default\":" REJECT "}");
	ck_assert_int_eq(policy_read(&places, NULL, &host, &err), 0);
	ck_assert_int_eq(policy_check_registry(&host, &name, &err), -EACCES);
	put("home/.config/containers/policy.json", "{\"default\":" ACCEPT "}");
	ck_assert_int_eq(policy_read(&places, NULL, &user, &err), 0);
	ck_assert_int_eq(policy_check_registry(&user, &name, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registries");
	TCase *tcase = tcase_create("registries");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, rewrites_names_by_the_longest_prefix, 0, ARRAY_LEN(rewrites));
	tcase_add_test(tcase, refuses_what_is_blocked_and_says_where);
	tcase_add_loop_test(tcase, refuses_a_wrong_file_and_leaves_the_rest_alone, 0, ARRAY_LEN(wrong));
	tcase_add_loop_test(tcase, resolves_short_names, 0, ARRAY_LEN(shorts));
	tcase_add_test(tcase, later_files_replace_rows_and_erase_aliases);
	tcase_add_test(tcase, reads_the_files_in_the_order_of_their_weight);
	tcase_add_test(tcase, variables_name_the_only_file_and_the_last_one);
	tcase_add_test(tcase, takes_the_certificates_of_the_first_directory);
	tcase_add_test(tcase, refuses_certificates_that_lack_their_half);
	tcase_add_loop_test(tcase, applies_the_most_specific_scope, 0, ARRAY_LEN(scopes));
	tcase_add_loop_test(tcase, refuses_a_policy_that_is_not_understood, 0, ARRAY_LEN(bad_policies));
	tcase_add_test(tcase, reads_the_policy_of_the_user_before_the_hosts);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
