#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# memory.py - what an idle detached container costs: memory of coracle's own processes of a user, into times.json
import json
import os
import pwd
import sys

FIELDS = ('Pss', 'Private_Clean', 'Private_Dirty')


def own_processes(uid):
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.stat(f'/proc/{pid}').st_uid not in (uid, 0):
                continue
            with open(f'/proc/{pid}/status', encoding='utf-8') as file:
                status = file.read()
            if f'\nUid:\t{uid}\t' not in status:
                continue
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                name = os.path.basename(file.read().split(b'\0')[0].decode(errors='replace'))
            if name.startswith('coracle') or 'coracle' in os.path.basename(os.readlink(f'/proc/{pid}/exe')):
                yield pid, name
        except OSError:
            continue


def main():
    uid = pwd.getpwnam(sys.argv[1]).pw_uid
    found = []
    for pid, name in own_processes(uid):
        row = {'name': name}
        with open(f'/proc/{pid}/smaps_rollup', encoding='utf-8') as file:
            for line in file:
                key, _, value = line.partition(':')
                if key in FIELDS:
                    row[key] = int(value.split()[0])
        found.append(row)
    with open(sys.argv[2], encoding='utf-8') as file:
        data = json.load(file)
    data['memory'] = found
    with open(sys.argv[2], 'w', encoding='utf-8') as file:
        json.dump(data, file, indent=1)


main()
