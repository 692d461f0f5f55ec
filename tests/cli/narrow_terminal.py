#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# narrow_terminal.py - run a program on a terminal of so many columns: lines that are drawn anew must not wrap there
#
#   python3 tests/cli/narrow_terminal.py COLUMNS PROGRAM ARGUMENT...
import fcntl
import os
import pty
import re
import struct
import sys
import termios


def main():
    columns, command = int(sys.argv[1]), sys.argv[2:]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for fd in range(3):
            os.dup2(theirs, fd)
        os.closerange(3, 256)
        os.execv(command[0], command)
    os.close(theirs)
    shown = b''
    try:
        while data := os.read(ours, 65536):
            shown += data
    except OSError:
        pass  # the other side has ended
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    drawn = re.findall(rb'\r([^\r\n\x1b]*)\x1b\[K', shown)
    if status != 0 or not drawn or max(map(len, drawn)) >= columns:
        sys.exit(f'status {status}, {shown!r}')


if __name__ == '__main__':
    main()
