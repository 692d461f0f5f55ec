/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_login.c - coracle login: remember credentials that a registry accepts (coracle-login(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/text.h"
#include "coracle/conf/auth.h"
#include "coracle/conf/certs.h"
#include "coracle/registry/registry.h"
#include "credentials.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

#define PASSWORD_MAX_BYTES 16384 /* tokens of cloud registries have thousands */
#define ANSWER_MAX_BYTES   4096

struct login {
	char *username, *password;
	bool password_stdin, get_login, verbose;
	char *authfile, *cert_dir;
	struct opt_bool tls_verify;
};

static const struct opt login_opts[] = {
	OPT_TEXT('u', "username", struct login, username, "NAME", "who; else it is asked for"),
	OPT_TEXT('p', "password", struct login, password, "PASSWORD",
	         "others see it in ps: better --password-stdin or to be asked; - reads standard input"),
	OPT_FLAG(0, "password-stdin", struct login, password_stdin, "read the password from standard input"),
	OPT_FLAG(0, "get-login", struct login, get_login, "print who is logged in, and ask nobody"),
	OPT_TEXT(0, "authfile", struct login, authfile, "FILE", "keep them in this file", .complete = "file"),
	OPT_TEXT(0, "compat-auth-file", struct login, authfile, "FILE",
	         "keep them in this file, of docker's kind: the same", .complete = "file"),
	OPT_TEXT(0, "cert-dir", struct login, cert_dir, "DIR",
	         "certificates for the registry: *.crt authorities, *.cert and *.key ours", .complete = "file"),
	OPT_OPT_FLAG(0, "tls-verify", struct login, tls_verify,
	             "want https with a certificate that verifies (default true)"),
	OPT_FLAG('v', "verbose", struct login, verbose, "say where they are kept"),
	OPT_REFUSED(0, "secret", "NAME", "there are no secrets in this version: --password-stdin < FILE"),
	OPT_END,
};

/* --- questions --- */

/* read_line - wait for a line or a signal that ends us; -EINTR then */
static ssize_t read_line(int fd, int signal_fd, char *into, size_t size)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};

	while (poll(fds, ARRAY_LEN(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	return fds[1].revents ? -EINTR : read(fd, into, size);
}

/* ask - owned answer from the terminal; hidden: nothing is shown while it is typed */
static int ask(const char *question, bool hidden, char **out, struct error *err)
{
	AUTO_CLOSE int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	AUTO_CLOSE int signal_fd = -1;
	char answer[ANSWER_MAX_BYTES];
	struct termios saved, silent;
	sigset_t ending, old;
	ssize_t n;

	if (fd < 0 || tcgetattr(fd, &saved) < 0)
		return error_set(err, ERROR_INVALID,
		                 "there is no terminal to ask on: give -u NAME and --password-stdin < FILE");
	silent = saved;
	silent.c_lflag &= (tcflag_t) ~(ECHO);
	silent.c_lflag |= ECHONL;
	/* a signal must not leave a terminal behind that shows nothing */
	(void) sigemptyset(&ending);
	(void) sigaddset(&ending, SIGINT);
	(void) sigaddset(&ending, SIGTERM);
	(void) sigaddset(&ending, SIGHUP);
	(void) sigaddset(&ending, SIGQUIT);
	(void) sigaddset(&ending, SIGTSTP);
	signal_fd = signalfd(-1, &ending, SFD_CLOEXEC);
	if (signal_fd < 0)
		return error_errno(err, errno, "signalfd");
	(void) sigprocmask(SIG_BLOCK, &ending, &old);
	/* first of all: who answers at once must neither be shown nor lost */
	if (hidden)
		(void) tcsetattr(fd, TCSAFLUSH, &silent);
	(void) !write_all(fd, question, strlen(question));
	n = read_line(fd, signal_fd, answer, sizeof answer - 1);
	if (hidden)
		(void) tcsetattr(fd, TCSAFLUSH, &saved);
	/* a signal takes its effect here */
	(void) sigprocmask(SIG_SETMASK, &old, NULL);
	if (n <= 0)
		return error_set(err, ERROR_INVALID, "no answer");
	answer[n] = '\0';
	answer[strcspn(answer, "\r\n")] = '\0';
	*out = xstrdup(answer);
	explicit_bzero(answer, sizeof answer);
	return 0;
}

static int read_stdin(char **out, struct error *err)
{
	AUTO_TEXT struct text text = TEXT_INIT(PASSWORD_MAX_BYTES);
	char buffer[ANSWER_MAX_BYTES];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, "password on standard input");
		if (text_add_bytes(&text, buffer, (size_t) n) < 0)
			return error_set(err, ERROR_INVALID, "the password on standard input is longer than %d bytes",
			                 PASSWORD_MAX_BYTES);
	}
	explicit_bzero(buffer, sizeof buffer);
	*out = text_take(&text);
	(*out)[strcspn(*out, "\r\n")] = '\0';
	return **out ? 0 : error_set(err, ERROR_INVALID, "standard input held no password");
}

/* --- the work --- */

static int get_login(const struct auth_options *options, const char *host, const char *path, struct error *err)
{
	AUTO_AUTH struct auth auth = {0};
	int r = auth_find(options, host, path, &auth, err);

	if (r == 0)
		return error_set(err, ERROR_NOT_FOUND, "nobody is logged in to %s: coracle login %s", host, host);
	if (r > 0)
		print_line("%s", auth.username ? auth.username : "<token>");
	return r < 0 ? r : 0;
}

static int read_words(const struct login *request, const char *host, char **user, char **password,
                      struct error *err)
{
	bool from_stdin = request->password_stdin || (request->password && strcmp(request->password, "-") == 0);
	AUTO_FREE char *question = xprintf("Username for %s: ", host);
	int r = 0;

	if (request->password && request->password_stdin)
		return error_set(err, ERROR_INVALID, "--password and --password-stdin: give one of them");
	if (from_stdin && !request->username)
		return error_set(err, ERROR_INVALID, "a password on standard input needs --username");
	if (request->username)
		*user = xstrdup(request->username);
	else
		r = ask(question, false, user, err);
	if (r < 0)
		return r;
	if (from_stdin)
		return read_stdin(password, err);
	if (request->password) {
		*password = xstrdup(request->password);
		return 0;
	}
	return ask("Password: ", true, password, err);
}

struct words {
	const char *user, *password, *identity_token; /* borrowed */
};

static int give_credentials(void *data, UNUSED const char *host, UNUSED const char *repository,
                            struct registry_credentials *out, UNUSED struct error *err)
{
	const struct words *words = data;

	out->user = words->user ? xstrdup(words->user) : NULL;
	out->password = words->password ? xstrdup(words->password) : NULL;
	out->identity_token = words->identity_token ? xstrdup(words->identity_token) : NULL;
	return 0;
}

static int ping(const struct registry_endpoint *endpoint, struct error *err)
{
	static const struct http_options options = {.interrupt_fd = -1};
	struct registry *registry = NULL;
	struct http *http = NULL;
	int r = http_new(&options, &http, err);

	if (r >= 0)
		r = registry_new(http, endpoint, &registry, err);
	if (r >= 0)
		r = registry_ping(registry, err);
	registry_free(registry);
	http_free(http);
	return r;
}

/* check - does the registry take them? One certificate after the other is tried, as remote_visit.c does. */
static int check(const struct login *request, const struct places *places, const char *host,
                 const struct words *words, struct error *err)
{
	AUTO_CERTS struct certs certs = {0};
	struct registry_endpoint endpoint = {
		.host = host,
		.credentials = give_credentials,
		.credentials_data = (void *) (uintptr_t) words,
	};
	struct error failure = {0};
	size_t pair = 0;
	int r = certs_find(places, request->cert_dir, host, &certs, err);

	if (r < 0)
		return r;
	endpoint.tls.ca_files = (const char *const *) certs.ca.items;
	endpoint.tls.insecure = request->tls_verify.set ? !request->tls_verify.value
	                                                : credentials_insecure(places, host);
	do {
		endpoint.tls.client_cert = pair < certs.client.count ? certs.client.items[pair] : NULL;
		endpoint.tls.client_key = pair < certs.key.count ? certs.key.items[pair] : NULL;
		failure = (struct error){0};
		r = ping(&endpoint, &failure);
	} while (r < 0 && certs_try_other(&failure) && ++pair < certs.client.count);
	if (r < 0)
		*err = failure;
	return r;
}

static void wipe(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
}

/* kept - 1 when the registry takes what is kept already, 0 when somebody has to be asked */
static int kept(const struct login *request, const struct auth_options *options, const char *key,
                const char *host, struct error *err)
{
	AUTO_AUTH struct auth auth = {0};
	struct error why = {0};
	int r;

	if (request->username || request->password || request->password_stdin)
		return 0;
	r = auth_find(options, host, key[strlen(host)] ? key + strlen(host) + 1 : NULL, &auth, err);
	if (r <= 0)
		return r;
	r = check(request, options->places, host, &(struct words){auth.username, auth.password, auth.identity_token}, &why);
	if (r < 0 && why.kind == ERROR_DENIED) {
		print_warning("the credentials in %s are not taken any longer", auth.source);
		return 0;
	}
	if (r < 0) {
		*err = why;
		return r;
	}
	if (print_is_docker())
		print_line("Authenticating with existing credentials... [Username: %s]\n\nLogin Succeeded",
		           auth.username ? auth.username : "<token>");
	else
		print_line("Authenticating with existing credentials for %s\n"
		           "Existing credentials are valid. Already logged in to %s", key, key);
	return 1;
}

static int login(const struct login *request, const struct auth_options *options, const char *key,
                 const char *host, struct error *err)
{
	AUTO_FREE char *user = NULL, *source = NULL;
	AUTO(wipe) char *password = NULL;
	struct words words;
	int r = kept(request, options, key, host, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = read_words(request, host, &user, &password, err);
	if (r < 0)
		return r;
	words = (struct words){user ? user : "", password ? password : "", NULL};
	r = check(request, options->places, host, &words, err);
	if (r >= 0)
		r = auth_store(options, key, words.user, words.password, &source, err);
	if (r < 0)
		return r;
	if (request->verbose)
		print_line("Used: %s", source);
	print_line(print_is_docker() ? "Login Succeeded" : "Login Succeeded!");
	return 0;
}

static int login_run(UNUSED struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct login *request = data;
	AUTO_PLACES struct places places = {0};
	AUTO_TEXTS struct texts helpers = {0};
	AUTO_FREE char *key = credentials_key(operands->count ? operands->items[0] : NULL);
	AUTO_FREE char *host = xstrndup(key, strcspn(key, "/"));
	struct auth_options options = {.places = &places, .file = request->authfile, .helpers = &helpers};
	int r;

	places_find("", &places);
	r = credentials_helpers(&places, &helpers, err);
	if (r < 0)
		return r;
	if (request->get_login)
		return get_login(&options, host, key[strlen(host)] ? key + strlen(host) + 1 : NULL, err);
	return login(request, &options, key, host, err);
}

const struct command cmd_login = {
	.name = "login",
	.group = "Registries",
	.summary = "remember credentials for a registry",
	.operands = "[REGISTRY]",
	.example = "coracle login quay.io\n"
	           "coracle login -u ann --password-stdin registry.example:5000 < token",
	.opts = login_opts,
	.request_size = sizeof(struct login),
	.max_operands = 1,
	.run = login_run,
};
