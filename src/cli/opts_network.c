/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts_network.c - options of run and create: network, ports and names */
#include "run_opts.h"

#define NO_ADDRESS "the network of each container has the same fixed address, 10.0.2.100"

const struct opt opts_network[] = {
	OPT_GROUP("Network"),
	OPT_TEXTS(0, "network", struct container_create, networks, "MODE",
	          "slirp4netns[:OPTIONS] (default), private, none, host or container:NAME",
	          .complete = "none|host|private|slirp4netns"),
	OPT_TEXTS(0, "net", struct container_create, networks, "MODE", "the same as --network", .hidden = true,
	          .complete = "none|host|private|slirp4netns"),
	OPT_LIST('p', "publish", struct container_create, publish, "[[IP:]PORT:]PORT[/PROTOCOL]",
	         "open a port of the host for one of the container; ranges a-b, tcp or udp"),
	OPT_FLAG('P', "publish-all", struct container_create, publish_all,
	         "open a free port of the host for each exposed one"),
	OPT_LIST(0, "expose", struct container_create, expose, "PORT[/PROTOCOL]", "say that it listens there"),
	OPT_TEXT('h', "hostname", struct container_create, hostname, "NAME",
	         "name of the machine inside (default: 12 digits of the id)"),
	OPT_TEXT(0, "domainname", struct container_create, domainname, "NAME", "NIS domain name inside"),
	OPT_LIST(0, "add-host", struct container_create, add_hosts, "NAME:IP",
	         "add a line to /etc/hosts; the address may be host-gateway"),
	OPT_FLAG(0, "no-hosts", struct container_create, no_hosts, "leave the image's /etc/hosts alone"),
	OPT_FLAG(0, "no-hostname", struct container_create, no_hostname, "leave the image's /etc/hostname alone"),
	OPT_LIST(0, "dns", struct container_create, dns, "IP", "name server instead of the host's"),
	OPT_LIST(0, "dns-search", struct container_create, dns_search, "DOMAIN", "search this domain; \".\" for none"),
	OPT_LIST(0, "dns-option", struct container_create, dns_options, "OPTION", "an option of resolv.conf(5)"),
	OPT_LIST(0, "dns-opt", struct container_create, dns_options, "OPTION", "the same as --dns-option",
	         .hidden = true),
	OPT_LIST(0, "network-alias", struct container_create, network_aliases, "NAME",
	         "a further name; it stands in the container's own /etc/hosts"),
	OPT_LIST(0, "net-alias", struct container_create, network_aliases, "NAME", "the same as --network-alias",
	         .hidden = true),
	OPT_REFUSED(0, "ip", "IPV4", NO_ADDRESS),
	OPT_REFUSED(0, "ip6", "IPV6", NO_ADDRESS),
	OPT_REFUSED(0, "mac-address", "ADDRESS", NO_ADDRESS),
	OPT_REFUSED(0, "hosts-file", "FILE", "not in this version; use --add-host, or --no-hosts and --volume FILE:/etc/hosts"),
	OPT_REFUSED(0, "link", "CONTAINER", "links are of the past; use --network container:NAME"),
	OPT_REFUSED(0, "link-local-ip", "IP", "there is one interface with one address in this version"),
	OPT_END,
};
