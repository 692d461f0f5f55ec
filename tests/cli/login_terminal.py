#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# login_terminal.py - log in as a person at a terminal would: login_terminal.py REGISTRY [WRAPPER...] CORACLE
import os
import pty
import signal
import sys


def main():
    signal.alarm(120)
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[2], sys.argv[2:] + ['login', '--tls-verify=false', sys.argv[1]])
    seen = b''
    for question, answer in ((b'Username', b'ann\n'), (b'Password', b'correct horse\n'), (b'Succeeded', b'')):
        while question not in seen:
            try:
                seen += os.read(fd, 4096)
            except OSError:  # EIO: nobody has the terminal any longer
                print(seen)
                return 1
        os.write(fd, answer)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if b'horse' in seen:
        print('the password was shown')
        return 1
    return status


sys.exit(main())
