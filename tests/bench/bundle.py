#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# bundle.py - a config.json for crun with podman's defaults: bundle.py ROOTFS SUBUID COUNT SUBGID
import json
import os
import platform
import sys

PROFILES = ('/etc/containers/seccomp.json', '/usr/share/containers/seccomp.json')
CAPS = ['CAP_' + c for c in ('CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP '
                             'SETUID SYS_CHROOT').split()]
ARCH = {'x86_64': ('amd64', ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']),
        'aarch64': ('arm64', ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'])}


def seccomp():
    """The profile as podman hands it to the runtime: rules that the capabilities and the machine ask for."""
    path = next((p for p in PROFILES if os.path.exists(p)), None)
    if path is None:
        return None
    with open(path, encoding='utf-8') as file:
        profile = json.load(file)
    name, architectures = ARCH[platform.machine()]
    rules = []
    for rule in profile['syscalls']:
        includes, excludes = rule.get('includes') or {}, rule.get('excludes') or {}
        if includes.get('arches') and name not in includes['arches']:
            continue
        if includes.get('caps') and not set(includes['caps']) <= set(CAPS):
            continue
        if set(excludes.get('caps') or []) & set(CAPS) or name in (excludes.get('arches') or []):
            continue
        kept = {key: rule[key] for key in ('names', 'action', 'args', 'errnoRet') if rule.get(key) is not None}
        rules.append(kept)
    result = {'defaultAction': profile['defaultAction'], 'architectures': architectures, 'syscalls': rules}
    if 'defaultErrnoRet' in profile:
        result['defaultErrnoRet'] = profile['defaultErrnoRet']
    return result


def main():
    rootfs, subuid, count, subgid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    plain = ['nosuid', 'noexec', 'nodev']
    spec = {
        'ociVersion': '1.0.2',
        'process': {
            'terminal': False, 'user': {'uid': 0, 'gid': 0}, 'args': ['true'], 'cwd': '/',
            'env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root',
                    'HOSTNAME=bench', 'container=podman'],
            'capabilities': {kind: CAPS for kind in ('bounding', 'effective', 'permitted')},
            'noNewPrivileges': False,
        },
        'root': {'path': rootfs},
        'hostname': 'bench',
        'mounts': [
            {'destination': '/proc', 'type': 'proc', 'source': 'proc', 'options': plain},
            {'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs',
             'options': ['nosuid', 'strictatime', 'mode=755', 'size=65536k']},
            {'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options': plain + ['ro']},
            {'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts',
             'options': ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']},
            {'destination': '/dev/mqueue', 'type': 'mqueue', 'source': 'mqueue', 'options': plain},
            {'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': plain + ['ro']},
            {'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm',
             'options': plain + ['mode=1777', 'size=65536k']},
        ],
        'linux': {
            'uidMappings': [{'containerID': 0, 'hostID': os.getuid(), 'size': 1},
                            {'containerID': 1, 'hostID': subuid, 'size': count}],
            'gidMappings': [{'containerID': 0, 'hostID': os.getgid(), 'size': 1},
                            {'containerID': 1, 'hostID': subgid, 'size': count}],
            'namespaces': [{'type': kind} for kind in ('user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup')],
            'maskedPaths': ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list',
                            '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware',
                            '/sys/fs/selinux', '/sys/dev/block'],
            'readonlyPaths': ['/proc/asound', '/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys',
                              '/proc/sysrq-trigger'],
        },
    }
    profile = seccomp()
    if profile:
        spec['linux']['seccomp'] = profile
    json.dump(spec, sys.stdout, indent=1)


main()
