#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# memory_peak.py - run a command, and print the most KiB that it and its descendants held at a time
#
#   python3 tests/cli/memory_peak.py COMMAND [ARGUMENT...]
#
# Adds the peaks (VmHWM) of the processes that live at the same time, though they share pages: it never says too little.
import subprocess
import sys
import time


def family(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
            children = file.read().split()
    except OSError:
        children = []
    return [pid] + [one for child in children for one in family(child)]


def peak(pid):
    try:
        with open(f'/proc/{pid}/status', encoding='utf-8', errors='replace') as file:
            return sum(int(line.split()[1]) for line in file if line.startswith('VmHWM:'))
    except OSError:
        return 0


def main():
    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        most = max(most, sum(peak(pid) for pid in family(str(child.pid))))
        time.sleep(0.002)
    print(most)
    sys.exit(child.returncode)


main()
