#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# table.py - medians of times.json as the tables of README.md: milliseconds, then ratios against what is aimed at
import json
import statistics
import sys

NONE, DEFAULT = 'coracle run, no network', 'coracle run, default network'
# ratio: (what, numerator, denominator, bound, True when the ratio must be at least the bound)
RATIOS = [
    ('run, no network : crun run', NONE, 'crun run', 0.6, False),
    ('run, no network : floor', NONE, 'floor', 2.0, False),
    ('podman run : run, no network', 'podman run, none', NONE, 12.0, True),
    ('podman run : run, default network', 'podman run, slirp4netns', DEFAULT, 6.0, True),
    ('bwrap : run, no network', 'bwrap', NONE, None, True),
    ('runtime run : crun run', 'coracle runtime run', 'crun run', 0.5, False),
    ('runtime run : crun run, both without seccomp', 'coracle runtime run, no seccomp', 'crun run, no seccomp', 0.8, False),
    ('runtime create, start, delete : crun', 'coracle runtime create, start, delete', 'crun create, start, delete', 0.5, False),
    ('runtime exec : crun exec', 'coracle runtime exec', 'crun exec', 0.6, False),
    ('exec : run, no network', 'coracle exec', NONE, 0.6, False),
]


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        data = json.load(file)
    medians = {name: statistics.median(times) * 1000 for name, times in data['times'].items()}
    print('\n| command | median ms | min ms | runs |\n|---|--:|--:|--:|')
    for name, times in sorted(data['times'].items(), key=lambda item: statistics.median(item[1])):
        print(f'| {name} | {medians[name]:.2f} | {min(times) * 1000:.2f} | {len(times)} |')
    print('\n| ratio of medians | here | aim |\n|---|--:|--:|')
    for what, above, below, bound, at_least in RATIOS:
        if above not in medians or below not in medians:
            print(f'| {what} | – | |')
            continue
        ratio = medians[above] / medians[below]
        aim = '' if bound is None else f'{"≥" if at_least else "≤"} {bound:g}'
        met = bound is None or (ratio >= bound if at_least else ratio <= bound)
        print(f'| {what} | {ratio:.2f}{"" if met else " (short)"} | {aim} |')
    env = next((value for name, value in medians.items() if name.startswith('env ')), 0.0)
    for name, value in medians.items():
        if name.startswith('coracle ps'):
            print(f'| {name}, less env | {max(value - env, 0):.2f} ms | ≤ 20 ms |')
    if 'coracle version' in medians:
        print(f'| coracle version | {medians["coracle version"]:.2f} ms | ≤ 2 ms |')
    if 'memory' in data:
        rows = data['memory']
        pss = sum(row.get('Pss', 0) for row in rows)
        private = sum(row.get('Private_Clean', 0) + row.get('Private_Dirty', 0) for row in rows)
        names = ', '.join(row['name'] for row in rows) or 'none of ours'
        print(f'| idle container, Pss of {names} | {pss} KiB ({private} private) | ≤ 1024 KiB |')
    print()


main()
