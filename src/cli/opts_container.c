/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts_container.c - options of run and create: the process, its name, its files, its image, its log */
#include "opts_remote.h"
#include "run_opts.h"

#include "coracle/cli/command.h"

#include <string.h>

#define NO_POD    "there are no pods in this version"
#define NO_HEALTH "not in this version; the plain --health options are"
#define NO_PASSWD "/etc/passwd and /etc/group of the image are left as they are in this version"

const struct opt opts_process[] = {
	OPT_GROUP("Process"),
	OPT_FLAG('i', "interactive", struct container_create, interactive, "keep standard input open"),
	OPT_FLAG('t', "tty", struct container_create, tty, "give the process a terminal"),
	OPT_TEXTS('e', "env", struct container_create, env, "NAME[=VALUE]",
	          "set a variable; without a value: as it is here; NAME* takes all that begin so"),
	OPT_TEXTS(0, "env-file", struct container_create, env_files, "FILE",
	          "read variables from a file of NAME=VALUE lines", .complete = "file"),
	OPT_FLAG(0, "env-host", struct container_create, env_host, "pass on all variables of this shell"),
	OPT_TEXTS(0, "unsetenv", struct container_create, unset_env, "NAME",
	          "take away a variable that the image or the default sets"),
	OPT_FLAG(0, "unsetenv-all", struct container_create, unset_env_all,
	         "start from no variables but those of --env"),
	OPT_OPT_FLAG(0, "http-proxy", struct container_create, http_proxy,
	             "pass on http_proxy, https_proxy, ftp_proxy and no_proxy (default true)"),
	OPT_TEXT('w', "workdir", struct container_create, working_dir, "DIR",
	         "directory to start in; made when absent"),
	OPT_OPT_TEXT(0, "entrypoint", struct container_create, entrypoint, "COMMAND",
	             "instead of the image's; a word or a JSON array of words; \"\" for none"),
	OPT_TEXT('u', "user", struct container_create, user, "USER[:GROUP]",
	         "run as this user and group: names of the image or numbers"),
	OPT_LIST(0, "group-add", struct container_create, groups, "GROUP",
	         "further groups: names of the image or numbers; keep-groups: those of the caller"),
	OPT_TEXT(0, "umask", struct container_create, umask, "MODE", "file mode creation mask (default 0022)"),
	OPT_TEXT(0, "tz", struct container_create, timezone, "ZONE",
	         "time zone, such as Europe/Berlin, or \"local\" for the host's"),
	OPT_FLAG(0, "init", struct container_create, init,
	         "let a small init be process 1, which reaps and passes on signals"),
	OPT_TEXT(0, "init-path", struct container_create, init_path, "FILE",
	         "the init for --init; there is only the built-in one", .complete = "file"),
	OPT_LIST('a', "attach", struct container_create, attach, "STREAM",
	         "connect only these of stdin, stdout, stderr", .complete = "stdin|stdout|stderr"),
	OPT_TEXT(0, "stop-signal", struct container_create, stop_signal, "SIGNAL",
	         "what stop sends first (default SIGTERM or the image's)", .complete = "signal"),
	OPT_OPT_INT(0, "stop-timeout", struct container_create, stop_timeout, "SECONDS",
	            "how long stop waits before SIGKILL (default 10; -1: for ever)"),
	OPT_UINT(0, "timeout", struct container_create, timeout, "SECONDS", "kill it after this time"),
	OPT_TEXT(0, "restart", struct container_create, restart, "POLICY",
	         "start again when it ends: no, always, unless-stopped, on-failure[:N]; for as long as the session lives",
	         .complete = "no|always|unless-stopped|on-failure"),
	OPT_TEXT(0, "systemd", struct container_create, systemd, "MODE",
	         "prepare for systemd as the command; only false can be had in this version",
	         .complete = "false|true"),
	OPT_REFUSED(0, "env-merge", "NAME=VALUE", "not in this version; give the whole value with --env"),
	OPT_REFUSED(0, "preserve-fd", "FD", "descriptors can't be passed on in this version"),
	OPT_REFUSED(0, "preserve-fds", "N", "descriptors can't be passed on in this version"),
	OPT_REFUSED(0, "sdnotify", "MODE", "not in this version; NOTIFY_SOCKET is not passed on"),
	OPT_IGNORED(0, "passwd", NULL, NO_PASSWD),
	OPT_REFUSED(0, "passwd-entry", "LINE", NO_PASSWD),
	OPT_REFUSED(0, "group-entry", "LINE", NO_PASSWD),
	OPT_REFUSED(0, "hostuser", "NAME", NO_PASSWD),
	OPT_END,
};

const struct opt opts_identity[] = {
	OPT_GROUP("Container"),
	OPT_TEXT(0, "name", struct container_create, name, "NAME",
	         "call it so; without: an adjective and a noun"),
	OPT_FLAG(0, "rm", struct container_create, auto_remove,
	         "remove it and its anonymous volumes when it ends"),
	OPT_FLAG(0, "replace", struct container_create, replace,
	         "first remove the container that has the same --name"),
	OPT_TEXT(0, "cidfile", struct container_create, cid_file, "FILE",
	         "write its id to a new file", .complete = "file"),
	OPT_TEXT(0, "pidfile", struct container_create, pid_file, "FILE",
	         "write the number of its process to a file", .complete = "file"),
	OPT_TEXTS('l', "label", struct container_create, labels, "NAME[=VALUE]", "attach a label"),
	OPT_TEXTS(0, "label-file", struct container_create, label_files, "FILE",
	          "read labels from a file of NAME=VALUE lines", .complete = "file"),
	OPT_TEXTS(0, "annotation", struct container_create, annotations, "NAME=VALUE",
	          "attach an annotation, as OCI runtimes know them"),
	OPT_REFUSED(0, "conmon-pidfile", "FILE", "there is no conmon; --pidfile has the container's process"),
	OPT_REFUSED(0, "pod", "NAME", NO_POD),
	OPT_REFUSED(0, "pod-id-file", "FILE", NO_POD),
	OPT_REFUSED(0, "requires", "CONTAINER", "not in this version; start the other one first"),
	OPT_REFUSED(0, "runtime", "NAME", "containers are started by coracle itself, not by another runtime"),
	OPT_REFUSED(0, "use-api-socket", NULL, "there is no API socket"),
	OPT_IGNORED(0, "isolation", "NAME", "a matter of Windows"),
	OPT_END,
};

const struct opt opts_files[] = {
	OPT_GROUP("Files"),
	OPT_TEXTS('v', "volume", struct container_create, volumes, "[SOURCE:]DIR[:OPTIONS]",
	          "show a directory of the host, or a volume, at DIR; options ro, rw, U, z, Z, nocopy, nosuid, nodev, noexec, rslave...",
	          .complete = "volume"),
	OPT_TEXTS(0, "mount", struct container_create, mounts, "type=TYPE,...",
	          "the same in words: type=bind|volume|tmpfs, source=, target=, readonly..."),
	OPT_TEXTS(0, "tmpfs", struct container_create, tmpfs, "DIR[:OPTIONS]",
	          "an empty directory in memory; options size=, mode=, ro, noexec..."),
	OPT_TEXTS(0, "volumes-from", struct container_create, volumes_from, "CONTAINER[:OPTIONS]",
	          "the volumes of another container", .complete = "container"),
	OPT_TEXT(0, "image-volume", struct container_create, image_volume, "HOW",
	         "what the image's VOLUMEs become: anonymous (default), tmpfs or ignore",
	         .complete = "anonymous|bind|tmpfs|ignore"),
	OPT_TEXT(0, "volume-driver", struct container_create, volume_driver, "NAME",
	         "driver of the volumes that are made; only local exists", .complete = "local"),
	OPT_FLAG(0, "read-only", struct container_create, read_only, "forbid writing to the root file system"),
	OPT_OPT_FLAG(0, "read-only-tmpfs", struct container_create, read_only_tmpfs,
	             "with --read-only: keep /run, /tmp and /var/tmp writable, in memory (default true)"),
	OPT_TEXT(0, "shm-size", struct container_create, shm_size, "SIZE", "size of /dev/shm (default 64m)"),
	OPT_FLAG(0, "rootfs", struct container_create, rootfs,
	         "the first operand is a directory with a root file system, not an image"),
	OPT_REFUSED(0, "chrootdirs", "DIR", "not in this version"),
	OPT_REFUSED(0, "secret", "NAME", "there are no secrets in this version; use --volume FILE:/run/secrets/NAME:ro"),
	OPT_REFUSED(0, "shm-size-systemd", "SIZE", "there is no systemd mode in this version"),
	OPT_REFUSED(0, "storage-opt", "NAME=VALUE", "a size for one container needs project quotas, which only root can set"),
	OPT_END,
};

const struct opt opts_image[] = {
	OPT_GROUP("Image"),
	OPT_TEXT(0, "pull", struct container_create, pull, "POLICY",
	         "when to download: missing (default), never, always, newer",
	         .complete = "missing|never|always|newer"),
	OPT_TEXT(0, "platform", struct container_create, platform, "OS/ARCH[/VARIANT]",
	         "insist on an image for this platform"),
	OPT_TEXT(0, "arch", struct container_create, arch, "ARCH", "insist on an image for this architecture"),
	OPT_TEXT(0, "os", struct container_create, os, "OS", "insist on an image for this system"),
	OPT_TEXT(0, "variant", struct container_create, variant, "VARIANT",
	         "insist on an image for this variant of the architecture"),
	OPT_TEXT(0, "override-arch", struct container_create, arch, "ARCH", "the same as --arch", .hidden = true),
	OPT_TEXT(0, "override-os", struct container_create, os, "OS", "the same as --os", .hidden = true),
	OPT_TEXT(0, "override-variant", struct container_create, variant, "VARIANT",
	         "the same as --variant", .hidden = true),
	OPT_FLAG('q', "quiet", struct container_create, quiet, "do not tell how a download goes on"),
	OPTS_REMOTE(struct container_create, remote),
	OPTS_RETRY(struct container_create, remote),
	OPT_TEXT(0, "signature-policy", struct container_create, remote.signature_policy, "FILE",
	         "this policy.json instead of the configured one", .complete = "file"),
	OPT_IGNORED(0, "disable-content-trust", NULL, "content trust of docker's kind is not checked"),
	OPT_REFUSED(0, "decryption-key", "KEY", "encrypted images are not in this version"),
	OPT_END,
};

const struct opt opts_logging[] = {
	OPT_GROUP("Log and health"),
	OPT_TEXT(0, "log-driver", struct container_create, log_driver, "NAME",
	         "where output goes: json-file (default), k8s-file, none or passthrough",
	         .complete = "json-file|k8s-file|none|passthrough"),
	OPT_TEXTS(0, "log-opt", struct container_create, log_opts, "NAME=VALUE",
	          "max-size=, max-file=, tag= or path= of the log"),
	OPT_TEXT(0, "health-cmd", struct container_create, health_cmd, "COMMAND",
	         "command that tells whether it is well; recorded, but not run in this version"),
	OPT_TEXT(0, "health-interval", struct container_create, health_interval, "DURATION",
	         "time between two checks (default 30s)"),
	OPT_TEXT(0, "health-timeout", struct container_create, health_timeout, "DURATION",
	         "time that a check may take (default 30s)"),
	OPT_TEXT(0, "health-start-period", struct container_create, health_start_period, "DURATION",
	         "time after the start in which failed checks do not count"),
	OPT_OPT_UINT(0, "health-retries", struct container_create, health_retries, "N",
	             "failed checks in a row that make it unhealthy (default 3)"),
	OPT_FLAG(0, "no-healthcheck", struct container_create, no_healthcheck, "no check, whatever the image says"),
	OPT_TEXT(0, "healthcheck-command", struct container_create, health_cmd, "COMMAND",
	         "the same as --health-cmd", .hidden = true),
	OPT_TEXT(0, "healthcheck-interval", struct container_create, health_interval, "DURATION",
	         "the same as --health-interval", .hidden = true),
	OPT_TEXT(0, "healthcheck-timeout", struct container_create, health_timeout, "DURATION",
	         "the same as --health-timeout", .hidden = true),
	OPT_TEXT(0, "healthcheck-start-period", struct container_create, health_start_period, "DURATION",
	         "the same as --health-start-period", .hidden = true),
	OPT_OPT_UINT(0, "healthcheck-retries", struct container_create, health_retries, "N",
	             "the same as --health-retries", .hidden = true),
	OPT_REFUSED(0, "health-log-destination", "DIR", NO_HEALTH),
	OPT_REFUSED(0, "health-max-log-count", "N", NO_HEALTH),
	OPT_REFUSED(0, "health-max-log-size", "N", NO_HEALTH),
	OPT_REFUSED(0, "health-on-failure", "ACTION", NO_HEALTH),
	OPT_REFUSED(0, "health-start-interval", "DURATION", NO_HEALTH),
	OPT_REFUSED(0, "health-startup-cmd", "COMMAND", NO_HEALTH),
	OPT_REFUSED(0, "health-startup-interval", "DURATION", NO_HEALTH),
	OPT_REFUSED(0, "health-startup-retries", "N", NO_HEALTH),
	OPT_REFUSED(0, "health-startup-success", "N", NO_HEALTH),
	OPT_REFUSED(0, "health-startup-timeout", "DURATION", NO_HEALTH),
	OPT_END,
};

/* podman's "no-conmon" concerns a process that does not exist here. */
static int check_cgroups(const char *how, struct error *err)
{
	if (!how || strcmp(how, "enabled") == 0 || strcmp(how, "no-conmon") == 0)
		return 0;
	if (strcmp(how, "disabled") == 0 || strcmp(how, "split") == 0)
		return error_set(err, ERROR_UNSUPPORTED, "option --cgroups: \"%s\" is not in this version; use enabled",
		                 how);
	return error_set(err, ERROR_INVALID, "option --cgroups: \"%.200s\" is not enabled or no-conmon", how);
}

static int check_pull(const char *policy, struct error *err)
{
	static const char *const policies[] = {"missing", "never", "always", "newer"};

	for (size_t i = 0; policy && i < ARRAY_LEN(policies); i++)
		if (strcmp(policy, policies[i]) == 0)
			return 0;
	if (!policy)
		return 0;
	return error_set(err, ERROR_INVALID, "option --pull: \"%.200s\" is not missing, never, always or newer",
	                 policy);
}

static int check_attach(const struct container_create *typed, struct error *err)
{
	static const char *const streams[] = {"stdin", "stdout", "stderr"};

	for (size_t i = 0; i < typed->attach.count; i++) {
		const char *word = typed->attach.items[i];
		size_t known = 0;

		while (known < ARRAY_LEN(streams) && strcasecmp(word, streams[known]) != 0)
			known++;
		if (known == ARRAY_LEN(streams))
			return error_set(err, ERROR_INVALID,
			                 "option --attach: \"%.200s\" is not stdin, stdout or stderr", word);
	}
	if (typed->attach.count && typed->detach)
		return error_set(err, ERROR_INVALID, "options --attach and --detach exclude each other");
	return 0;
}

/* "true" is podman's default and means: when the command is systemd. It is no error to say so. */
static int check_systemd(const char *mode, struct error *err)
{
	if (!mode || strcmp(mode, "false") == 0 || strcmp(mode, "true") == 0)
		return 0;
	if (strcmp(mode, "always") == 0)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "option --systemd: there is no systemd mode in this version; use --systemd=false");
	return error_set(err, ERROR_INVALID, "option --systemd: \"%.200s\" is not true, false or always",
	                 mode);
}

int run_request(const struct container_create *typed, const struct texts *operands,
                struct container_create *out, struct error *err)
{
	int r = check_attach(typed, err);

	if (r >= 0)
		r = check_systemd(typed->systemd, err);
	if (r >= 0)
		r = check_cgroups(typed->cgroups, err);
	if (r >= 0)
		r = check_pull(typed->pull, err);
	if (r < 0)
		return r;
	if (typed->volume_driver && strcmp(typed->volume_driver, "local") != 0)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "option --volume-driver: there is no driver \"%.200s\", only local",
		                 typed->volume_driver);
	*out = *typed;
	out->image = operands->items[0];
	if (operands->count > 1)
		out->args = (struct texts){.items = operands->items + 1, .count = operands->count - 1};
	return 0;
}

/* In the order in which --help shows them. */
const struct opt opts_container[] = {
	OPT_INCLUDE(opts_identity),
	OPT_INCLUDE(opts_process),
	OPT_INCLUDE(opts_image),
	OPT_INCLUDE(opts_files),
	OPT_INCLUDE(opts_network),
	OPT_INCLUDE(opts_security),
	OPT_INCLUDE(opts_resources),
	OPT_INCLUDE(opts_logging),
	OPT_END,
};
