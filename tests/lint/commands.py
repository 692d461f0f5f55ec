#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# commands.py - every src/cli/cmd_*.c is in the table, helps, and completes: commands.py CORACLE
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEFINED = re.compile(r'^const struct command (cmd_\w+) = \{(.*?)^\};', re.MULTILINE | re.DOTALL)


def read(*parts):
    with open(os.path.join(TOP, *parts), encoding='utf-8') as file:
        return file.read()


def run(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=20, check=False)


def main():
    coracle, bad = sys.argv[1], []
    table = set(re.findall(r'&(cmd_\w+)', read('src', 'cli', 'commands.c')))
    defined = {}
    for path in glob.glob(os.path.join(TOP, 'src', 'cli', 'cmd_*.c')):
        names = DEFINED.findall(read('src', 'cli', os.path.basename(path)))
        if not names:
            bad.append(f'src/cli/{os.path.basename(path)}: defines no command')
        for variable, body in names:
            defined[variable] = body
    bad += [f'src/cli/commands.c: {name} is not in the table' for name in sorted(set(defined) - table)]
    bad += [f'src/cli/commands.c: {name} is defined nowhere' for name in sorted(table - set(defined))]
    names = run(coracle, '__commands').stdout.decode().split('\n')[:-1]
    top_help = run(coracle, '--help').stdout.decode()
    completions = {}
    for shell in ('bash', 'zsh', 'fish'):
        done = run(coracle, 'completion', shell)
        completions[shell] = done.stdout.decode()
        if done.returncode != 0:
            bad.append(f'completion {shell}: {completions[shell]}')
    check = subprocess.run(['bash', '-n'], input=completions['bash'].encode(), stderr=subprocess.PIPE, check=False)
    if check.returncode != 0:
        bad.append(f'completion bash: {check.stderr.decode()}')
    for name in names:
        first = name.split()[0]
        if not re.search(rf'^\s+{re.escape(first)}\b', top_help, re.MULTILINE):
            bad.append(f'coracle --help does not list {first}')
        done = run(coracle, *name.split(), '--help')
        if done.returncode != 0 or name not in done.stdout.decode():
            bad.append(f'{name} --help: status {done.returncode}: {done.stdout.decode()[:200]}')
        for shell, text in completions.items():
            if not re.search(rf'\b{re.escape(name.split()[-1])}\b', text):
                bad.append(f'completion {shell} does not know {name}')
    print('\n'.join(bad) if bad else f'{len(names)} commands are in the table, --help and completions')
    return 1 if bad else 0


sys.exit(main())
