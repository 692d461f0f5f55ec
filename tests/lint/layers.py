#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# layers.py - which module may include which: the table of src/README.md, enforced
#
# A row lists every module whose public headers (include/coracle/MODULE/) the files of a module may
# include; using one module does not allow what that module uses. Private headers (src/MODULE/*.h) are
# for the module alone. When a row has to grow, change it here and say why in src/README.md.
import os
import re
import sys

MAY_USE = {
    'base': '',
    'sys': 'base',
    'oci': 'base',
    'format': 'base',
    'conf': 'base sys',
    'userns': 'base sys conf',
    'state': 'base sys oci conf',
    'store': 'base sys oci conf',
    'network': 'base sys oci conf state',
    'volume': 'base sys conf',
    'registry': 'base sys oci conf',
    'parse': 'base sys state volume',
    'runtime': 'base sys oci',
    'lifecycle': 'base sys oci conf userns runtime',
    'engine': 'base sys oci conf userns state store network volume',
    'image': 'base sys oci conf store registry engine',
    'monitor': 'base sys oci conf userns state store network volume parse runtime engine',
    'container': 'base sys oci format conf userns state store network volume parse engine image monitor',
    'cli': 'base sys oci format conf userns runtime lifecycle state store network volume registry parse engine image monitor container',
    'main': '*',
}
# Single headers beyond the rows, each with its reason.
EXCEPT = {
    # (module, header): 'why'
    ('container', 'runtime/seccomp.h'): 'a profile is checked when the container is made, not when it starts',
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def sources(top):
    for base in ('src', 'include/coracle'):
        for folder, _, names in os.walk(os.path.join(top, base)):
            for name in sorted(names):
                if name.endswith(('.c', '.h')):
                    path = os.path.join(folder, name)
                    yield path, os.path.relpath(path, os.path.join(top, base)).split(os.sep)[0]


def main():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    only = set(sys.argv[1:])  # paths from the top; none: all files
    order = list(MAY_USE)
    bad = []
    for row, uses in MAY_USE.items():
        for used in uses.split():
            if used != '*' and order.index(used) >= order.index(row):
                bad.append(f'tests/lint/layers.py: {row} may not use {used}, which stands above it')
    count = 0
    for path, module in sources(top):
        where = os.path.relpath(path, top)
        if only and where not in only:
            continue
        count += 1
        if module not in MAY_USE:
            bad.append(f'{where}: no row for the module {module}')
            continue
        with open(path, encoding='utf-8') as file:
            text = file.read()
        for header in INCLUDE.findall(text):
            if header.startswith('coracle/'):
                used = header.split('/')[1]
                allowed = used == module or MAY_USE[module] == '*' or used in MAY_USE[module].split()
                if not allowed and (module, header[len('coracle/'):]) not in EXCEPT:
                    bad.append(f'{where}: {module} may not use {used} ("{header}")')
                if not os.path.exists(os.path.join(top, 'include', header)):
                    bad.append(f'{where}: there is no include/{header}')
            elif where.startswith('include/'):
                bad.append(f'{where}: a public header includes the private "{header}"')
            elif not os.path.exists(os.path.join(top, 'src', module, header)):
                # Generated headers lie in the build directory and belong to the module that makes them.
                if not header.endswith('.gen.h'):
                    bad.append(f'{where}: "{header}" is not a header of {module}')
    print('\n'.join(bad) if bad else f'{count} files keep to the layers')
    return 1 if bad else 0


sys.exit(main())
