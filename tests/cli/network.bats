#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# network.bats - none, host, private with slirp4netns, ports, names

load helper

setup()
{
	need slirp4netns /dev/net/tun nc curl
	[ -w /dev/net/tun ] || skip "/dev/net/tun is closed to this user: chmod 0666 /dev/net/tun"
}

# udp_echo FILE: a static program that answers datagrams at port 9 with what they hold (Debian's busybox has no nc -u)
udp_echo()
{
	gcc -static -x c - -o "$1" <<-'END'
	#include <arpa/inet.h>
	#include <sys/socket.h>
	int main(void)
	{
		struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
		socklen_t length = sizeof a;
		char bytes[2048];
		ssize_t n;
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (bind(fd, (struct sockaddr *) &a, sizeof a) < 0)
			return 1;
		while ((n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *) &a, &length)) >= 0)
			sendto(fd, bytes, (size_t) n, 0, (struct sockaddr *) &a, length);
		return 2;
	}
	END
}

@test "none has a loopback that is up and nothing else" {
	runs run --rm --network none busybox sh -c 'ls /sys/class/net; ip addr show lo | grep -c "127.0.0.1"'
	is $'lo\n1'
}

@test "host is the host's network" {
	runs run --rm --network host busybox readlink /proc/self/ns/net
	is "$(readlink /proc/self/ns/net)"
	runs run --rm --net=host busybox hostname
	[ -n "$output" ]
}

@test "the default is a private network with a way out" {
	runs run --rm busybox sh -c 'ip route; ip addr'
	has 'default via 10\.0\.2\.2'
	has '10\.0\.2\.100'
	[ "$(c run --rm busybox readlink /proc/self/ns/net)" != "$(readlink /proc/self/ns/net)" ]
}

@test "a container reaches a server on the host's other address" {
	address=$(hostname -I | cut -d' ' -f1)
	[ -n "$address" ] || skip "the host has no address besides the loopback"
	port=$(free_port)
	mkdir -p "$WORK/www"
	echo served >"$WORK/www/index.html"
	python3 -m http.server --bind "$address" --directory "$WORK/www" "$port" >/dev/null 2>&1 3>&- &
	server=$!
	soon 5 curl -m 20 -s "http://$address:$port/"
	run --separate-stderr c run --rm busybox wget -q -O - "http://$address:$port/"
	kill $server
	is served
}

@test "the host's loopback is out of reach by default" {
	port=$(free_port)
	python3 -m http.server --bind 127.0.0.1 --directory "$WORK" "$port" >/dev/null 2>&1 3>&- &
	server=$!
	soon 5 curl -m 20 -s "http://127.0.0.1:$port/"
	run --separate-stderr c run --rm busybox wget -q -T 3 -O - "http://10.0.2.2:$port/"
	kill $server
	[ "$status" != 0 ]
}

@test "-p publishes a TCP port" {
	port=$(free_port)
	runs run -d --name web -p "$port:80" busybox sh -c 'echo hello >/index.html; exec httpd -f -p 80 -h /'
	soon 5 curl -m 20 -sf "http://127.0.0.1:$port/"
	is hello "$(curl -m 20 -s "http://127.0.0.1:$port/")"
	runs ps --format '{{.Ports}}'
	has "0.0.0.0:$port->80/tcp"
	runs inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' web
	is "$port"
}

@test "-p with an address, a chosen port, a range and UDP" {
	port=$(free_port)
	runs run -d --name a -p "127.0.0.1:$port:80" busybox httpd -f -p 80
	soon 5 curl -m 20 -s -o /dev/null "http://127.0.0.1:$port/"
	runs ps --format '{{.Ports}}'
	is "127.0.0.1:$port->80/tcp"
	runs rm -f -t 0 a
	runs run -d --name b -p 80 busybox httpd -f -p 80
	chosen=$(c inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' b)
	[ "$chosen" -gt 0 ]
	soon 5 curl -m 20 -s -o /dev/null "http://127.0.0.1:$chosen/"
	runs rm -f -t 0 b
	port=$(free_port 3)
	runs run -d --name r -p "$port-$((port + 2)):80-82" busybox sh -c 'httpd -p 81; exec httpd -f -p 82'
	soon 5 curl -m 20 -s -o /dev/null "http://127.0.0.1:$((port + 1))/"
	soon 5 curl -m 20 -s -o /dev/null "http://127.0.0.1:$((port + 2))/"
	runs rm -f -t 0 r
	udp_echo "$WORK/echo"
	runs run -d --name u -v "$WORK/echo:/echo:ro" -p "$port:9/udp" busybox /echo
	soon 10 bash -c "echo datagram | nc -u -w 1 127.0.0.1 $port | grep -q datagram"
	address=$(hostname -I | cut -d' ' -f1)
	[ -z "$address" ] || soon 10 bash -c "echo datagram | nc -u -w 1 $address $port | grep -q datagram"
}

@test "-P publishes what is exposed" {
	image_from exposed 'EXPOSE 80/tcp' </dev/null
	runs run -d --name x -P exposed httpd -f -p 80
	port=$(c inspect -f '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' x)
	soon 5 curl -m 20 -s -o /dev/null "http://127.0.0.1:$port/"
}

@test "a port that is taken is named, and free again when its container has gone" {
	port=$(free_port)
	runs run -d --name first -p "$port:80" busybox httpd -f -p 80
	run --separate-stderr c run -d --name second -p "$port:80" busybox httpd -f -p 80
	[ "$status" = 125 ] || [ "$status" = 126 ]
	has "$port" "$stderr"
	c rm -f -t 0 second >/dev/null 2>&1 || true
	runs rm -f -t 0 first
	runs run -d --name third -p "$port:80" busybox httpd -f -p 80
	soon 5 curl -m 20 -s -o /dev/null "http://127.0.0.1:$port/"
}

@test "ports that are none are refused" {
	for port in x 80:x 70000 80:70000 1-3:1-2 80/nosuch 1.2.3:80:80 ::: 80,,81; do
		run --separate-stderr c run --rm -p "$port" busybox true
		[ "$status" = 125 ] || { echo "accepted -p '$port' (status $status)"; return 1; }
	done
}

@test "a port below 1024 says what mends it" {
	limit=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	[ "$limit" -gt 81 ] || skip "any user may bind low ports here"
	run --separate-stderr c run --rm -p 81:80 busybox true
	[ "$status" != 0 ]
	has 'ip_unprivileged_port_start' "$stderr"
}

@test "slirp4netns ends with the container" {
	runs run -d --name x busybox sleep 100
	pid=$(c inspect -f '{{.State.Pid}}' x)
	soon 5 pgrep -u "$(id -u)" slirp4netns
	runs rm -f -t 0 x
	soon 5 bash -c '! pgrep -u "$(id -u)" -f "slirp4netns.*$CORACLE_RUNROOT" && ! pgrep -P 1 -u "$(id -u)" slirp4netns'
}

@test "/etc/hosts, hostname and resolv.conf are the container's own" {
	runs run --rm -h box --add-host db:1.2.3.4 --add-host six:::1 --add-host up:host-gateway --dns 9.9.9.9 --dns-search example.org --dns-option ndots:3 busybox sh -c 'cat /etc/hosts /etc/hostname /etc/resolv.conf'
	has '^127\.0\.0\.1[[:space:]]+localhost'
	has '^10\.0\.2\.100[[:space:]].*box'
	has '^1\.2\.3\.4[[:space:]]+db'
	has '^::1[[:space:]]+six'
	has '^10\.0\.2\.2[[:space:]]+up'
	has '^box$'
	has '^nameserver 9\.9\.9\.9$'
	has '^search example\.org$'
	has '^options .*ndots:3'
}

@test "they are writable, and the image's files stay as they were" {
	runs run --rm busybox sh -c 'echo "5.6.7.8 late" >>/etc/hosts && grep late /etc/hosts'
	has late
	gives 1 run --rm busybox grep late /etc/hosts
}

@test "--no-hosts leaves the image's file" {
	image_from hosts <<<'echo "7.7.7.7 image" >etc/hosts'
	runs run --rm --no-hosts hosts cat /etc/hosts
	is "7.7.7.7 image"
}

@test "container:NAME shares the network" {
	runs run -d --name server busybox sh -c 'echo shared >/index.html; exec httpd -f -p 8080 -h /'
	soon 5 c exec server wget -q -O /dev/null http://127.0.0.1:8080/
	runs run --rm --network container:server busybox wget -q -O - http://127.0.0.1:8080/
	is shared
	is "$(c exec server readlink /proc/self/ns/net)" "$(c run --rm --network container:server busybox readlink /proc/self/ns/net)"
	run --separate-stderr c run --rm --network container:nosuch busybox true
	[ "$status" = 125 ]
	has nosuch "$stderr"
}

@test "container:NAME is joined when others have come and gone, and with an init in it" {
	runs run -d --name first busybox sleep 100
	runs run -d --name second --init busybox sleep 100
	runs run --rm busybox true
	runs rm -f -t 0 first
	runs run -d --name third busybox sleep 100
	for name in second third; do
		is "$(c exec $name readlink /proc/self/ns/net)" "$(c run --rm --network container:$name busybox readlink /proc/self/ns/net)"
	done
}

@test "networks that are none are refused" {
	refuses 125 'nosuchnetwork' run --rm --network nosuchnetwork busybox true
}

@test "names resolve through the host's servers" {
	grep -q '^nameserver' /etc/resolv.conf || skip "the host has no name server"
	runs run --rm busybox cat /etc/resolv.conf
	has '^nameserver 10\.0\.2\.3$|^nameserver '
}
