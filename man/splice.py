#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# splice.py - put shared pieces into a manual page: a line "@FILE@" becomes that file: splice.py PAGE OUTPUT [DEPFILE]
import os
import re
import sys


def main():
    page, output = sys.argv[1:3]
    folder = os.path.dirname(page)
    used = [page]

    def piece(match):
        used.append(os.path.join(folder, match.group(1)))
        with open(used[-1], encoding='utf-8') as file:
            return file.read().rstrip('\n') + '\n'

    with open(page, encoding='utf-8') as file:
        text = re.sub(r'^@(\S+)@$', piece, file.read(), flags=re.MULTILINE)
    with open(output, 'w', encoding='utf-8') as file:
        file.write(re.sub(r'\n{3,}', '\n\n', text))
    if len(sys.argv) > 3:
        with open(sys.argv[3], 'w', encoding='utf-8') as file:
            file.write(f'{output}: {" ".join(used)}\n')


main()
