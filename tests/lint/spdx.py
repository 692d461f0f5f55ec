#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# spdx.py - every source says its licence first, and C files then what they are for
import os
import re
import sys

LICENCE = 'SPDX-License-Identifier: GPL-2.0-or-later'
SKIP = ('build', '.git', 'corpus')


def scripts(top):
    for folder, folders, names in os.walk(top):
        folders[:] = [f for f in folders if not f.startswith(SKIP) and f != '__pycache__']
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                continue
            if name.endswith(('.c', '.h', '.py', '.sh', '.bash', '.bats')):
                yield path
            elif '.' not in name:
                with open(path, 'rb') as file:
                    if file.read(2) == b'#!':
                        yield path


def main():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    only = set(sys.argv[1:])  # paths from the top; none: all files
    bad, count = [], 0
    for path in scripts(top):
        where = os.path.relpath(path, top)
        if only and where not in only:
            continue
        with open(path, encoding='utf-8', errors='replace') as file:
            lines = [file.readline() for _ in range(4)]
        count += 1
        if not any(LICENCE in line for line in lines[:2]):
            bad.append(f'{where}: the first lines lack "{LICENCE}"')
        name = os.path.basename(path)
        if not any(re.search(re.escape(name) + r'[^-\n]* - \S', line) for line in lines):
            bad.append(f'{where}: the first lines lack "{name} - what it is for"')
    print('\n'.join(bad) if bad else f'{count} files say their licence and purpose')
    return 1 if bad else 0


sys.exit(main())
