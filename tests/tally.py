#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# tally.py - counts tests for tests/check: lines "verdict<TAB>name<TAB>reason" from TAP, and their sum
import json
import os
import re
import sys

LINE = re.compile(r'^(not )?ok\b\s*(\d+)?\s*-?\s*(.*)$')
DIRECTIVE = re.compile(r'\s+#\s*(skip|todo)\b\s*(.*)$', re.IGNORECASE)


def tap(text, prefix=''):
    """The verdicts of a TAP stream, and whether it held as many as its plan says."""
    verdicts, planned = [], None
    for line in text.splitlines():
        plan = re.match(r'^1\.\.(\d+)', line)
        if plan:
            planned = int(plan.group(1))
            continue
        found = LINE.match(line)
        if not found:
            continue
        name = prefix + found.group(3)
        directive = DIRECTIVE.search(name)
        if directive and directive.group(1).lower() == 'skip':
            verdicts.append(('skip', name[:directive.start()], directive.group(2).strip('() ')))
        else:
            verdicts.append(('fail' if found.group(1) else 'pass', name, ''))
    return verdicts, planned is None or planned == len(verdicts)


def meson(path):
    """One line a subtest of every test that `meson test` ran last; a program that died is one failure."""
    verdicts = []
    with open(path, encoding='utf-8') as log:
        for line in log:
            test = json.loads(line)
            name, result = test['name'].split(' / ')[-1], test['result']
            inner, complete = tap(test.get('stdout') or '', name + ': ')
            if not inner and result == 'SKIP':
                reason = (test.get('stderr') or test.get('stdout') or 'no reason given').strip().splitlines()[-1]
                verdicts.append(('skip', name, reason))
                continue
            if not inner:
                verdicts.append(('pass' if result == 'OK' else 'fail', name, ''))
                continue
            verdicts += inner
            if result not in ('OK', 'SKIP') and not any(v[0] == 'fail' for v in inner) or not complete:
                verdicts.append(('fail', f'{name}: ended with {result.lower()}', ''))
    return verdicts


def show(verdicts):
    for verdict in verdicts:
        print('\t'.join(part.replace('\t', ' ') for part in verdict))


def total(directory, must_run):
    counts = {'pass': 0, 'fail': 0, 'skip': 0}
    notes, rows = [], []
    for folder, _, names in sorted(os.walk(directory)):
        for name in sorted(names):
            if name.startswith('.'):
                continue
            path = os.path.join(folder, name)
            suite = os.path.relpath(path, directory)
            here = {'pass': 0, 'fail': 0, 'skip': 0}
            with open(path, encoding='utf-8', errors='replace') as lines:
                for line in lines:
                    verdict, test, reason = (line.rstrip('\n').split('\t') + ['', ''])[:3]
                    if verdict == 'skip':
                        notes.append(f'skipped: {suite}: {test}: {reason or "no reason given"}')
                        if must_run:
                            verdict = 'fail'
                    elif verdict == 'fail':
                        notes.append(f'failed: {suite}: {test}')
                    here[verdict] += 1
            for verdict, count in here.items():
                counts[verdict] += count
            rows.append(f'{suite:22} {here["pass"]:5} passed {here["fail"]:4} failed {here["skip"]:4} skipped')
    print('\n== summary')
    print('\n'.join(rows + notes))
    if must_run:
        print('(CORACLE_MUST_RUN: what was skipped counts as failed)')
    print(f'{counts["pass"]} passed, {counts["fail"]} failed, {counts["skip"]} skipped')
    return 1 if counts['fail'] or not counts['pass'] else 0


def main():
    what = sys.argv[1]
    if what == 'meson':
        show(meson(sys.argv[2]))
    elif what == 'tap':
        text = sys.stdin.read()
        verdicts, complete = tap(text)
        if not complete or (sys.argv[2] != '0' and not any(v[0] == 'fail' for v in verdicts)):
            verdicts.append(('fail', f'the file ended early, status {sys.argv[2]}', ''))
        show(verdicts)
    elif what == 'sum':
        return total(sys.argv[2], len(sys.argv) > 3 and sys.argv[3] not in ('', '0'))
    return 0


sys.exit(main())
