#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# images_table.py - what images.py measured as tables: seconds, ratios against what is aimed at, and the machine's limits
import json
import statistics
import sys

# (what, numerator, denominator, bound, True when the ratio must be at least the bound)
RATIOS = [
    ('podman pull : pull', 'podman pull', 'coracle pull', 2, True),
    ('skopeo copy + umoci unpack : pull', 'skopeo copy + umoci unpack', 'coracle pull', 1.5, True),
    ('podman push : push', 'podman push', 'coracle push', 1.5, True),
    ('podman load : load', 'podman load', 'coracle load', 2, True),
    ('podman save : save', 'podman save', 'coracle save', 2, True),
    ('pull, all layers here : its requests by curl', 'coracle pull, all layers here', 'curl, the same requests', 1.2, False),
]


def megabytes(count):
    return f'{count / 1e6:.0f} MB'


def print_limits(notes, clock):
    limits, image = notes.get('limits'), notes['image']
    if not limits:
        return
    inflate = max((value for name, value in limits.items() if name in ('inflate ISA-L', 'inflate zlib')), default=0)
    sha = limits.get('SHA-256 libcrypto', 0)
    print('\nlimits of one core: ' + ', '.join(f'{name} {value:.0f} MB/s' for name, value in sorted(limits.items())))
    if inflate and sha and 'coracle pull' in clock:
        ideal = image['tar'] / 1e6 / inflate
        hashing = (image['tar'] + image['gzip']) / 1e6 / sha
        print(f'pull of {megabytes(image["tar"])} ({megabytes(image["gzip"])} sent): inflating alone takes {ideal:.2f} s of one core, '
              f'hashing {hashing:.2f} s; the pull {clock["coracle pull"]:.2f} s: {100 * ideal / clock["coracle pull"]:.0f} % of the '
              'speed of inflating on one core')
    for what in ('pushed', 'saved'):
        if what in notes:
            print(f'{what}: ' + ', '.join(f'{who} {megabytes(size)}' for who, size in notes[what].items()))


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        data = json.load(file)
    clock = {name: statistics.median(time[0] for time in times) for name, times in data['times'].items()}
    used = {name: statistics.median(time[1] for time in times) for name, times in data['times'].items()}
    print('\n| command | median ms | min ms | processor ms | runs |\n|---|--:|--:|--:|--:|')
    for name, times in sorted(data['times'].items(), key=lambda item: clock[item[0]]):
        print(f'| {name} | {clock[name] * 1000:.1f} | {min(time[0] for time in times) * 1000:.1f} '
              f'| {used[name] * 1000:.1f} | {len(times)} |')
    print('\n| ratio of medians | here | aim | of processor time |\n|---|--:|--:|--:|')
    for what, above, below, bound, at_least in RATIOS:
        if above not in clock or below not in clock:
            print(f'| {what} | – | | |')
            continue
        ratio = clock[above] / clock[below]
        met = ratio >= bound if at_least else ratio <= bound
        print(f'| {what} | {ratio:.2f}{"" if met else " (short)"} | {"≥" if at_least else "≤"} {bound:g} '
              f'| {used[above] / used[below]:.2f} |')
    for name, value in clock.items():
        if name.startswith('coracle images, '):
            print(f'| {name[8:]} | {value * 1000:.1f} ms{"" if value <= 0.05 else " (short)"} | ≤ 50 ms | |')
    print_limits(data['notes'], clock)
    print()


main()
