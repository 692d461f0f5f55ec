/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_hooks.c - hooks: what they get, how long they may take, what is said when they fail */
#include "coracle/runtime/hooks.h"

#include "coracle/base/clock.h"

#include "scratch.h"

#include <poll.h>
#include <signal.h>

#include "suite.h"

#define STATE     "{\"ociVersion\":\"1.2.0\",\"id\":\"one\"}"
#define BIG_STATE (1 << 20)

static void add_words(struct texts *texts, const char *const *words)
{
	for (; words && *words; words++)
		texts_add(texts, *words);
}

static struct oci_hook *add_hook(struct list *hooks, const char *path, const char *const *args,
                                 const char *const *env)
{
	struct oci_hook *hook = list_add(hooks, sizeof *hook);

	hook->path = xstrdup(path);
	add_words(&hook->args, args);
	add_words(&hook->env, env);
	return hook;
}

static struct oci_hook *add_script(struct list *hooks, const char *script)
{
	const char *const args[] = {"sh", "-c", script, NULL};

	return add_hook(hooks, "/bin/sh", args, NULL);
}

static void hooks_done(struct list *hooks)
{
	LIST_EACH (struct oci_hook, hook, hooks)
		fields_done(oci_hook_fields, hook);
	free(hooks->items);
}
#define AUTO_HOOKS AUTO(hooks_done)

/* What the hooks wrote to standard output, which is a file meanwhile. */
static char *output_of(const struct list *hooks, const char *state)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_CLOSE int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	AUTO_CLOSE int file = openat(scratch.fd, "output", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct error err = {0};
	char *text = NULL;
	int r;

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
	r = hooks_run(hooks, "createRuntime", state, &err);
	ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_int_eq(file_read(scratch.fd, "output", 4 << 20, &text, NULL), 0);
	return text;
}

START_TEST(state_arrives_on_standard_input)
{
	AUTO_HOOKS struct list hooks = {0};
	AUTO_FREE char *output = NULL;

	(void) add_hook(&hooks, "/bin/cat", NULL, NULL);
	(void) add_hook(&hooks, "/bin/cat", NULL, NULL); /* the second has all of it too */
	output = output_of(&hooks, STATE);
	ck_assert_str_eq(output, STATE STATE);
}
END_TEST

START_TEST(arguments_and_environment_are_exact)
{
	static const char *const args[] = {"its name", "-c", "tr '\\0' '|' </proc/$$/cmdline; "
		"tr '\\0' '|' </proc/$$/environ", "", "a b", NULL};
	static const char *const env[] = {"PATH=/bin:/usr/bin", "X=1", NULL};
	AUTO_HOOKS struct list hooks = {0};
	AUTO_FREE char *output = NULL;

	ck_assert_int_eq(setenv("CORACLE_TEST_LEAK", "1", 1), 0);
	(void) add_hook(&hooks, "/bin/sh", args, env);
	output = output_of(&hooks, STATE);
	ck_assert_str_eq(output, "its name|-c|tr '\\0' '|' </proc/$$/cmdline; tr '\\0' '|' "
	                         "</proc/$$/environ||a b|PATH=/bin:/usr/bin|X=1|");
}
END_TEST

START_TEST(without_args_and_env_there_is_the_path_alone)
{
	AUTO_HOOKS struct list hooks = {0};
	AUTO_FREE char *output = NULL;

	ck_assert_int_eq(setenv("CORACLE_TEST_LEAK", "1", 1), 0);
	(void) add_hook(&hooks, "/usr/bin/env", NULL, NULL);
	output = output_of(&hooks, STATE);
	ck_assert_str_eq(output, "");
}
END_TEST

START_TEST(gets_no_descriptor_and_no_blocked_or_ignored_signal)
{
	AUTO_HOOKS struct list hooks = {0};
	AUTO_FREE char *script = NULL, *output = NULL;
	int leak = open("/dev/null", O_RDONLY); /* inheritable on purpose */
	sigset_t mask;

	ck_assert_int_ge(leak, 3);
	(void) sigemptyset(&mask);
	(void) sigaddset(&mask, SIGUSR1);
	(void) sigprocmask(SIG_BLOCK, &mask, NULL);
	(void) signal(SIGUSR2, SIG_IGN);
	(void) signal(SIGCHLD, SIG_IGN); /* or else we would learn no status */
	script = xprintf("test -e /proc/$$/fd/%d && echo leak; exec grep -E '^Sig(Blk|Ign)' /proc/self/status",
	                 leak);
	(void) add_script(&hooks, script);
	output = output_of(&hooks, STATE);
	ck_assert(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
	(void) signal(SIGUSR2, SIG_DFL);
	(void) sigprocmask(SIG_UNBLOCK, &mask, NULL);
	(void) close(leak);
	ck_assert_str_eq(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}
END_TEST

START_TEST(need_not_read_a_big_state)
{
	AUTO_HOOKS struct list hooks = {0};
	AUTO_FREE char *state = xcalloc(BIG_STATE + 1, 1), *output = NULL;

	(void) memset(state, 'x', BIG_STATE);
	(void) add_hook(&hooks, "/bin/true", NULL, NULL);
	(void) add_script(&hooks, "exec 0<&-; exit 0");
	(void) add_script(&hooks, "wc -c");
	output = output_of(&hooks, state);
	ck_assert_str_eq(output, "1048576\n");
}
END_TEST

START_TEST(timeout_kills_a_hook_and_its_children)
{
	AUTO_HOOKS struct list hooks = {0};
	struct error err = {0};
	struct pollfd gone;
	uint64_t start = clock_monotonic();
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	/* whoever lives holds the writing end as its standard output */
	struct oci_hook *hook = add_script(&hooks, "sleep 600 & sleep 600 & trap '' TERM INT HUP; wait; wait");
	int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	hook->timeout = (struct opt_int){.set = true, .value = 1};
	ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	(void) close(ends[1]);
	int r = hooks_run(&hooks, "poststart", STATE, &err);

	ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	(void) close(saved);
	ck_assert_int_lt(r, 0);
	ck_assert_str_eq(err.text, "poststart hook /bin/sh: killed, because it took longer than its "
	                           "\"timeout\" of 1 s");
	ck_assert_uint_ge(clock_monotonic() - start, NS_PER_SECOND);
	ck_assert_uint_lt(clock_monotonic() - start, 30 * NS_PER_SECOND);
	gone = (struct pollfd){.fd = ends[0], .events = POLLIN};
	ck_assert_int_eq(poll(&gone, 1, 10000), 1);
	ck_assert_int_eq(gone.revents, POLLHUP);
	(void) close(ends[0]);
}
END_TEST

START_TEST(ends_within_its_timeout)
{
	AUTO_HOOKS struct list hooks = {0};
	struct oci_hook *hook = add_script(&hooks, "exit 7");
	int status = 0;

	hook->timeout = (struct opt_int){.set = true, .value = INT64_MAX};
	ck_assert_int_eq(hook_execute(hook, STATE, &status), 0);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	hook->timeout.value = 3600;
	status = 0;
	ck_assert_int_eq(hook_execute(hook, STATE, &status), 0);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

static const struct {
	const char *path, *script, *words;
	int result;
} failures[] = {
	{"/bin/sh", "exit 3", "createRuntime hook /bin/sh: ended with status 3", -EIO},
	{"/bin/sh", "kill -9 $$", "createRuntime hook /bin/sh: ended by signal 9 (SIGKILL)", -EIO},
	{"/nonexistent/hook", "", "createRuntime hook /nonexistent/hook: cannot execute: No such file or directory",
	 -ENOENT},
	{"/etc/passwd", "", "createRuntime hook /etc/passwd: cannot execute: Permission denied", -EACCES},
};

START_TEST(first_failure_is_worded_and_stops)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *before = xprintf("echo >%s/before", scratch.path);
	AUTO_FREE char *after = xprintf("echo >%s/after", scratch.path);
	const char *const args[] = {"hook", "-c", failures[_i].script, NULL};
	AUTO_HOOKS struct list hooks = {0};
	struct error err = {0};

	(void) add_script(&hooks, before);
	(void) add_hook(&hooks, failures[_i].path, args, NULL);
	(void) add_script(&hooks, after);
	ck_assert_int_eq(hooks_run(&hooks, "createRuntime", STATE, &err), failures[_i].result);
	ck_assert_str_eq(err.text, failures[_i].words);
	ck_assert(scratch_has(&scratch, "before"));
	ck_assert(!scratch_has(&scratch, "after"));
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
}
END_TEST

START_TEST(run_in_order)
{
	AUTO_HOOKS struct list hooks = {0};
	AUTO_FREE char *output = NULL;

	(void) add_script(&hooks, "sleep 0.1; echo one");
	(void) add_script(&hooks, "echo two");
	(void) add_script(&hooks, "echo three");
	output = output_of(&hooks, STATE);
	ck_assert_str_eq(output, "one\ntwo\nthree\n");
}
END_TEST

START_TEST(warnings_go_on)
{
	AUTO_SCRATCH struct scratch scratch = scratch_new();
	AUTO_FREE char *last = xprintf("echo >%s/last", scratch.path);
	AUTO_HOOKS struct list hooks = {0};
	AUTO_TEXTS struct texts warnings = {0};

	(void) add_script(&hooks, "exit 1");
	(void) add_hook(&hooks, "/nonexistent/hook", NULL, NULL);
	(void) add_script(&hooks, last);
	hooks_warn(&hooks, "poststop", STATE, &warnings);
	ck_assert_uint_eq(warnings.count, 2);
	ck_assert_str_eq(warnings.items[0], "poststop hook /bin/sh: ended with status 1");
	ck_assert_str_eq(warnings.items[1],
	                 "poststop hook /nonexistent/hook: cannot execute: No such file or directory");
	ck_assert(scratch_has(&scratch, "last"));
}
END_TEST

START_TEST(own_process_group)
{
	AUTO_HOOKS struct list hooks = {0};
	AUTO_FREE char *output = NULL;

	(void) add_script(&hooks, "read pid name state parent group rest </proc/$$/stat; test $pid = $group && echo own");
	output = output_of(&hooks, STATE);
	ck_assert_str_eq(output, "own\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks");
	TCase *tcase = tcase_create("hooks");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, state_arrives_on_standard_input);
	tcase_add_test(tcase, arguments_and_environment_are_exact);
	tcase_add_test(tcase, without_args_and_env_there_is_the_path_alone);
	tcase_add_test(tcase, gets_no_descriptor_and_no_blocked_or_ignored_signal);
	tcase_add_test(tcase, need_not_read_a_big_state);
	tcase_add_test(tcase, timeout_kills_a_hook_and_its_children);
	tcase_add_test(tcase, ends_within_its_timeout);
	tcase_add_loop_test(tcase, first_failure_is_worded_and_stops, 0, ARRAY_LEN(failures));
	tcase_add_test(tcase, run_in_order);
	tcase_add_test(tcase, warnings_go_on);
	tcase_add_test(tcase, own_process_group);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
