#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# banned.py - functions that no file may call, each with what to use instead
import os
import re
import sys

BANNED = {
    'strcpy': 'text or xprintf', 'stpcpy': 'text or xprintf', 'strcat': 'text', 'strncat': 'text',
    'strncpy': 'text, or memcpy with a checked length', 'sprintf': 'snprintf, checked, or xprintf',
    'vsprintf': 'vsnprintf, checked', 'strtok': 'texts_split', 'strtok_r': 'texts_split',
    'atoi': 'base/number', 'atol': 'base/number', 'atoll': 'base/number', 'atof': 'base/number',
    'scanf': 'base/number', 'gets': 'fgets', 'system': 'base/spawn',
    'popen': 'base/spawn', 'tmpnam': 'O_TMPFILE or mkostemp', 'tempnam': 'O_TMPFILE', 'mktemp': 'mkostemp',
    'tmpfile': 'memfd_create', 'alloca': 'xcalloc', 'strdupa': 'xstrdup', 'strndupa': 'xstrndup',
    'gethostbyname': 'getaddrinfo', 'asctime': 'strftime', 'ctime': 'strftime', 'gmtime': 'gmtime_r',
    'localtime': 'localtime_r', 'readdir_r': 'readdir', 'usleep': 'nanosleep', 'sleep': 'a timer or a wait',
    'daemon': 'base/selfexec', 'bzero': 'memset', 'setjmp': 'nothing', 'longjmp': 'nothing',
}
NUMBERS = ('strtol', 'strtoul', 'strtoll', 'strtoull', 'strtoimax', 'strtoumax')
WAITING = ('sleep', 'usleep')  # a test may stand in for somebody who waits
# C without comments, strings and characters keeps its line numbers.
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(list(BANNED) + list(NUMBERS)) + r')\s*\(')


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def main():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    only = set(sys.argv[1:])  # paths from the top; none: all files
    bad, count = [], 0
    for base in ('src', 'include', 'tests/unit', 'tests/fuzz'):
        for folder, _, names in os.walk(os.path.join(top, base)):
            for name in sorted(names):
                if not name.endswith(('.c', '.h')):
                    continue
                path = os.path.join(folder, name)
                where = os.path.relpath(path, top)
                if only and where not in only:
                    continue
                count += 1
                with open(path, encoding='utf-8') as file:
                    code = NOISE.sub(blank, file.read())
                for call in CALL.finditer(code):
                    function = call.group(1)
                    if function in NUMBERS and where == 'src/base/number.c':
                        continue
                    if function in WAITING and where.startswith('tests/'):
                        continue
                    line = code.count('\n', 0, call.start()) + 1
                    bad.append(f'{where}:{line}: {function}: use {BANNED.get(function, "base/number")}')
    print('\n'.join(bad) if bad else f'{count} files call none of them')
    return 1 if bad else 0


sys.exit(main())
