#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# merge.py - hyperfine's rounds as one list of seconds a command
import json
import sys

times = {}
for path in sys.argv[1:]:
    with open(path, encoding='utf-8') as file:
        for result in json.load(file)['results']:
            times.setdefault(result['command'], []).extend(result['times'])
json.dump({'times': times}, sys.stdout, indent=1)
