#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# man.py - option rows and manual pages name the same options, both ways: man.py CORACLE
#
# The rows come from `coracle __rows COMMAND`, the pages from the build directory that the program lies in
# (roff, after shared paragraphs were put in) or, where that has none, from man/*.scd.
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What every command knows without a row of its own.
EVERYWHERE = {'--help', '-h'}
SECTION = re.compile(r'^(?:\.SH\s+"?([^"\n]*)"?|#+ (.*))$')
ROFF = re.compile(r'\\f[BIRP]|\\&|\\%')


def ask(coracle, *words):
    return subprocess.run([coracle, *words], check=True, stdout=subprocess.PIPE, timeout=20).stdout.decode()


def pages(coracle):
    build = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(coracle))))
    found = {}
    for path in sorted(glob.glob(os.path.join(TOP, 'man', '*.[157].scd'))):
        found[os.path.basename(path)[:-len('.scd')]] = path
    for path in sorted(glob.glob(os.path.join(build, 'man', '*.[157]'))):
        found[os.path.basename(path)] = path
    return found


def options_of(path):
    """Options that a page defines: those that begin a line of a section about options."""
    section, found = '', set()
    with open(path, encoding='utf-8') as file:
        for line in file:
            heading = SECTION.match(line.rstrip())
            if heading:
                section = (heading.group(1) or heading.group(2)).upper()
                continue
            if 'OPTION' not in section:
                continue
            text = ROFF.sub('', line.strip())
            text = text.replace('\\-', '-').replace('*', '').replace('\\', '')
            text = re.sub(r'(?<![a-z0-9])_|_(?![a-z0-9])', '', text)
            if not text.startswith('-'):
                continue
            # "-e, --env KEY=VALUE" defines both; what comes after a value is prose.
            for word in re.split(r',\s*', text):
                option = re.match(r'(--[a-z0-9][a-z0-9-]*|-[A-Za-z0-9])(?=$|[\s=\[])', word)
                if not option:
                    break
                found.add(option.group(1))
    return found


def rows_of(coracle, command):
    needed, known = set(), set(EVERYWHERE)
    for line in ask(coracle, '__rows', *command.split()).splitlines():
        letter, name, _, kind = (line.split('\t') + [''] * 4)[:4]
        if kind.endswith('group'):
            continue
        names = ({'-' + letter} if letter else set()) | ({'--' + name} if name else set())
        known |= names
        # Refused and ignored ones are told by --help; a page may leave them out.
        if not kind.startswith('hidden') and not kind.endswith(('refused', 'ignored')):
            needed |= names
    return needed, known


def compare(coracle, command, page, path):
    defined = options_of(path)
    needed, known = rows_of(coracle, command)
    return ([f'{page}: {option} is not described' for option in sorted(needed - defined)]
            + [f'{page}: describes {option}, which {command or "coracle"} does not have'
               for option in sorted(defined - known)])


def main():
    coracle = sys.argv[1]
    found, bad, count = pages(coracle), [], 0
    for command in ask(coracle, '__commands').splitlines():
        page = 'coracle-' + command.replace(' ', '-') + '.1'
        count += 1
        if page not in found:
            bad.append(f'{command}: no page man/{page}.scd')
            continue
        bad += compare(coracle, command, page, found[page])
    # Options in front of commands: of the program and of the groups that have some.
    for command in ('', 'runtime'):
        page = f'coracle-{command}.1' if command else 'coracle.1'
        count += 1
        if page in found:
            bad += compare(coracle, command, page, found[page])
        else:
            bad.append(f'no page man/{page}.scd')
    if not any(re.match(r'coracle.*\.5$', page) for page in found):
        bad.append('no page of section 5 about the files')
    print('\n'.join(bad) if bad else f'{count} commands and their pages agree')
    return 1 if bad else 0


sys.exit(main())
