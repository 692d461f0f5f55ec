/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hosts.c - /etc/hosts, /etc/resolv.conf and /etc/hostname of a container (hosts(5), resolv.conf(5)) */
#include "coracle/base/alloc.h"
#include "coracle/base/text.h"
#include "coracle/network/network.h"

#include <string.h>

#define FILE_MAX (1 << 20)

static const char localhost_lines[] = "127.0.0.1\tlocalhost\n"
				      "::1\tlocalhost ip6-localhost ip6-loopback\n"
				      "fe00::0\tip6-localnet\n"
				      "ff00::0\tip6-mcastprefix\n"
				      "ff02::1\tip6-allnodes\n"
				      "ff02::2\tip6-allrouters\n";

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static const char *hostname(const struct record *record)
{
	return or_empty(record->hostname && *record->hostname ? record->hostname : NULL);
}

/*
 * Additions to a text return -E2BIG once it is full, and the text then ends at a line that fits.
 * Records are bounded far below FILE_MAX, so these functions pass over it.
 */
static void add(struct text *out, const char *s)
{
	(void) text_add(out, s);
}

/* add_line - "ADDRESS\tnames\n"; line breaks in a name must not make another line */
static void add_line(struct text *out, const char *address, const char *names)
{
	if (!*address || !*names || strpbrk(address, "\r\n") || strpbrk(names, "\r\n"))
		return;
	(void) text_printf(out, "%s\t%s\n", address, names);
}

/* add_extra - "name:address" of --add-host; "a;b:address" names both; [address] is IPv6 */
static void add_extra(struct text *out, const char *word, const char *gateway)
{
	const char *colon = strchr(word, ':'), *from;
	AUTO_FREE char *names = NULL, *address = NULL;
	size_t length;

	if (!colon)
		colon = strchr(word, '=');
	if (!colon)
		return;
	names = xstrndup(word, (size_t) (colon - word));
	for (char *c = names; *c; c++)
		if (*c == ';')
			*c = ' ';
	from = colon + 1;
	length = strlen(from);
	if (length >= 2 && from[0] == '[' && from[length - 1] == ']')
		address = xstrndup(from + 1, length - 2);
	else
		address = xstrdup(strcmp(from, "host-gateway") == 0 ? gateway : from);
	add_line(out, address, names);
}

static bool names_extra(const struct texts *extras, const char *name)
{
	for (size_t i = 0; i < extras->count; i++) {
		size_t length = strcspn(extras->items[i], ":=");

		if (strlen(name) == length && strncmp(extras->items[i], name, length) == 0)
			return true;
	}
	return false;
}

/* own_names - "host.domain host name aliases", each once */
static char *own_names(const struct record *record)
{
	AUTO_TEXTS struct texts names = {0};
	const char *host = hostname(record);

	if (*host && record->domainname && *record->domainname)
		texts_printf(&names, "%s.%s", host, record->domainname);
	if (*host)
		texts_add(&names, host);
	if (record->name && *record->name && !texts_has(&names, record->name))
		texts_add(&names, record->name);
	for (size_t i = 0; i < record->network_aliases.count; i++)
		if (!texts_has(&names, record->network_aliases.items[i]))
			texts_add(&names, record->network_aliases.items[i]);
	return texts_join(&names, " ");
}

char *network_hosts(const struct network_files *files)
{
	static const char *const host_names[] = {"host.containers.internal", "host.docker.internal"};
	const struct record *record = files->record;
	const char *ip = or_empty(files->ip), *gateway = or_empty(files->gateway);
	AUTO_TEXT struct text out = TEXT_INIT(FILE_MAX);
	AUTO_FREE char *names = own_names(record);

	if (!*gateway && files->host_network)
		gateway = "127.0.0.1";
	add(&out, localhost_lines);
	/* the first line with a name wins, so the user's come before ours */
	for (size_t i = 0; i < record->add_hosts.count; i++)
		add_extra(&out, record->add_hosts.items[i], gateway);
	for (size_t i = 0; i < ARRAY_LEN(host_names); i++)
		if (!names_extra(&record->add_hosts, host_names[i]))
			add_line(&out, gateway, host_names[i]);
	add_line(&out, *ip ? ip : "127.0.0.1", names);
	return text_take(&out);
}

/* is_loopback - a server of the host that a network namespace of its own cannot reach */
static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* take_host - the values behind a key in the host's resolv.conf; the last line counts for search */
static void take_host(const char *host, const char *key, bool last_only, struct texts *out)
{
	AUTO_TEXTS struct texts lines = {0};
	size_t length = strlen(key);

	texts_split(&lines, host, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " \t\r");

		if (strncmp(line, key, length) != 0 || !strchr(" \t", line[length]) || !line[length])
			continue;
		if (last_only)
			texts_done(out);
		for (line += length; *line;) {
			AUTO_FREE char *word = NULL;
			size_t blank = strspn(line, " \t\r"), size = strcspn(line + blank, " \t\r");

			word = xstrndup(line + blank, size);
			if (size && *word != '#' && *word != ';')
				texts_add(out, word);
			line += blank + size;
		}
	}
}

static void add_words(struct text *out, const char *key, const struct texts *words)
{
	AUTO_FREE char *joined = texts_join(words, " ");

	if (*joined && !strpbrk(joined, "\r\n"))
		(void) text_printf(out, "%s %s\n", key, joined);
}

static void servers(const struct network_files *files, const char *host, struct texts *out)
{
	AUTO_TEXTS struct texts found = {0};

	if (files->record->dns.count) {
		texts_add_all(out, &files->record->dns);
	} else if (files->dns && *files->dns && !files->host_network) {
		texts_add(out, files->dns);
	} else {
		take_host(host, "nameserver", false, &found);
		for (size_t i = 0; i < found.count; i++)
			if (files->host_network || !is_loopback(found.items[i]))
				texts_add(out, found.items[i]);
	}
}

char *network_resolv_conf(const struct network_files *files, const char *host_resolv_conf)
{
	const struct record *record = files->record;
	const char *host = or_empty(host_resolv_conf);
	AUTO_TEXT struct text out = TEXT_INIT(FILE_MAX);
	AUTO_TEXTS struct texts addresses = {0}, search = {0}, options = {0};

	if (files->host_network && !record->dns.count && !record->dns_search.count
	    && !record->dns_options.count)
		return xstrdup(host);
	servers(files, host, &addresses);
	if (record->dns_search.count) {
		/* "." alone: no search at all (docker-run(1), --dns-search) */
		if (!texts_has(&record->dns_search, "."))
			texts_add_all(&search, &record->dns_search);
	} else {
		take_host(host, "domain", true, &search);
		take_host(host, "search", true, &search);
	}
	if (record->dns_options.count)
		texts_add_all(&options, &record->dns_options);
	else
		take_host(host, "options", true, &options);
	add_words(&out, "search", &search);
	for (size_t i = 0; i < addresses.count; i++)
		if (!strpbrk(addresses.items[i], "\r\n"))
			(void) text_printf(&out, "nameserver %s\n", addresses.items[i]);
	add_words(&out, "options", &options);
	return text_take(&out);
}

char *network_hostname(const struct network_files *files)
{
	const struct record *record = files->record;
	const char *host = hostname(record);

	if (*host)
		return xprintf("%s\n", host);
	return xprintf("%.12s\n", or_empty(record->id));
}
