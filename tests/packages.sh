# SPDX-License-Identifier: GPL-2.0-or-later
# packages.sh - which Debian packages a step needs, and how to get them; sourced by quickstart and check

packages_build='gcc libc6-dev meson ninja-build pkg-config libjansson-dev libseccomp-dev libcap-dev libarchive-dev libcurl4-openssl-dev libssl-dev
	libisal-dev zlib1g-dev'
packages_run='uidmap slirp4netns fuse-overlayfs libarchive13 libcurl4 busybox-static'
packages_test='bats busybox-static buildah check clang clang-tidy codespell cppcheck curl docker-registry e2fsprogs file git
	jq libarchive-tools libcap2-bin libclang-rt-14-dev libisal2 netcat-openbsd openssh-server openssl podman procps python3 scdoc skopeo strace tmux umoci util-linux
	xz-utils zstd'
packages_guest='cpio e2fsprogs lz4 mmdebstrap qemu-system-x86 squashfs-tools'
packages_bench='podman crun bubblewrap hyperfine busybox-static python3 curl docker-registry libisal2 skopeo umoci'

# packages_missing PACKAGE... - those that dpkg does not hold, on one line
packages_missing()
{
	for package in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
		installed) ;;
		*) printf '%s ' "$package" ;;
		esac
	done
}

# As root, with packages as words: apt-get. Tests start what they need themselves: while it runs, no service starts
# (openssh-server's would let others log in).
packages_apt='
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap "rm -f $policy" EXIT
	trap "exit 1" HUP INT TERM
	printf "#!/bin/sh\nexit 101\n" >$policy && chmod 0755 $policy
fi
apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"'

# packages_install PACKAGE... - install what is missing; 1 when that can't be done, with what to type
packages_install()
{
	if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
		packages_check_tools
		return
	fi
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" = 0 ]; then
		as_root=env
	elif command -v sudo >/dev/null 2>&1; then
		as_root='sudo env'
	else
		echo "missing packages: as root, apt-get install $missing" >&2
		return 1
	fi
	echo "installing: $missing"
	# One update at most, and none when the lists on the machine will do.
	for attempt in have-lists fresh-lists; do
		if [ $attempt = fresh-lists ]; then
			$as_root DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 update </dev/null || return 1
		fi
		# shellcheck disable=SC2086 # lists of words
		if $as_root DEBIAN_FRONTEND=noninteractive sh -c "$packages_apt" - $missing </dev/null >"${TMPDIR:-/tmp}/coracle-apt.$$" 2>&1; then
			rm -f "${TMPDIR:-/tmp}/coracle-apt.$$"
			return 0
		fi
	done
	tail -n 20 "${TMPDIR:-/tmp}/coracle-apt.$$" >&2
	rm -f "${TMPDIR:-/tmp}/coracle-apt.$$"
	return 1
}

# packages_check_tools - elsewhere than on Debian: name what is absent by what it is called everywhere
packages_check_tools()
{
	absent=
	for tool in cc meson ninja pkg-config newuidmap slirp4netns; do
		command -v "$tool" >/dev/null 2>&1 || absent="$absent $tool"
	done
	for library in jansson libseccomp libcap libarchive libcrypto libcurl; do
		pkg-config --exists "$library" 2>/dev/null || absent="$absent $library(headers)"
	done
	[ -n "$absent" ] || return 0
	cat >&2 <<-END
	This is not Debian, so nothing was installed. Please install these with your distribution's tool and run this again:
	   $absent
	Fedora:  dnf install gcc meson ninja-build pkgconf jansson-devel libseccomp-devel libcap-devel libarchive-devel libcurl-devel openssl-devel shadow-utils slirp4netns fuse-overlayfs busybox
	Arch:    pacman -S gcc meson ninja pkgconf jansson libseccomp libcap libarchive curl openssl shadow slirp4netns fuse-overlayfs busybox
	Alpine:  apk add gcc musl-dev meson ninja pkgconf jansson-dev libseccomp-dev libcap-dev libarchive-dev curl-dev openssl-dev shadow-subids slirp4netns fuse-overlayfs busybox-static
	END
	return 1
}

# user_make NAME - an account with 65,536 subordinate ids; 0 also when it stood already
user_make()
{
	if ! id "$1" >/dev/null 2>&1; then
		useradd --create-home --shell /bin/sh "$1" || return 1
	fi
	for file in /etc/subuid /etc/subgid; do
		grep -q "^$1:" $file 2>/dev/null && continue
		# useradd gives ranges where login.defs asks for it; else take what follows the last one
		start=$(awk -F: 'BEGIN { top = 100000 } $2 + $3 > top { top = $2 + $3 } END { print top }' \
			/etc/subuid /etc/subgid 2>/dev/null)
		echo "$1:${start:-100000}:65536" >>$file || return 1
	done
}

# user_runtime NAME - the directory that a log-in would give the user
user_runtime()
{
	runtime=/run/user/$(id -u "$1")
	[ -d "$runtime" ] && [ "$(stat -c %u "$runtime")" = "$(id -u "$1")" ] && return 0
	mkdir -p "$runtime" && chown "$1:" "$runtime" && chmod 0700 "$runtime"
}

# user_run NAME COMMAND... - as a log-in of that user, with a clean environment
user_run()
{
	user=$1
	shift
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all --reset-env \
		env -i HOME="$(getent passwd "$user" | cut -d: -f6)" USER="$user" LOGNAME="$user" SHELL=/bin/sh \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" \
		XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" "$@"
}
