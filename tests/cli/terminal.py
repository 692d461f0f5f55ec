#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# terminal.py - run -it and exec -it on a pseudo-terminal: terminal.py CASE (called by terminal.bats)
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

CORACLE = os.environ['CORACLE']


class Terminal:
    """A client on a pty of ours: what a person in front of a terminal does and sees."""

    def __init__(self, *arguments, rows=33, columns=111):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns, quiet=True)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b''

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.client = subprocess.Popen([CORACLE, *arguments], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                       preexec_fn=own_terminal, close_fds=True)

    def resize(self, rows, columns, quiet=False):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        if not quiet:
            os.kill(self.client.pid, signal.SIGWINCH)

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                pass

    def expect(self, pattern, seconds=120):
        end = time.monotonic() + seconds
        while not re.search(pattern.encode(), self.seen):
            if time.monotonic() > end:
                raise AssertionError(f'no {pattern!r} in {self.seen!r}')
            self.read(0.05)
        found = re.search(pattern.encode(), self.seen)
        self.seen = self.seen[found.end():]
        return found.group(0).decode()

    def end(self, seconds=120):
        stop = time.monotonic() + seconds
        while self.client.poll() is None:
            assert time.monotonic() < stop, f'the client did not end; {self.seen!r}'
            self.read(0.05)
        self.read(0.1)
        return self.client.returncode

    def expect_size(self, size):
        """The shell is asked until it has heard of the new size."""
        self.type('while [ "$(stty size)" != "%s" ]; do sleep 0.05; done; stty size\n' % size)
        self.expect(r'\n%s\r' % size)

    def sleep_until_interrupted(self):
        # the word is not in what is typed, so it is not its echo
        self.type('(echo be""gun; exec sleep 1000)\n')
        self.expect('begun')
        # a shell that is just starting a program minds the signal when that program has ended
        for attempt in range(60):
            self.type('\x03')
            try:
                self.expect('# ', 2)
                return
            except AssertionError:
                assert attempt < 59, f'not interrupted; {self.seen!r}'

    def restored(self):
        return termios.tcgetattr(self.slave) == self.before


def coracle(*arguments):
    return subprocess.run([CORACLE, *arguments], stdout=subprocess.PIPE, check=True, timeout=180).stdout.decode().strip()


def shell(*options):
    terminal = Terminal('run', '-it', '--name', 'term', *options, 'busybox', 'sh')
    terminal.expect('# ')
    return terminal


def size_before_exec():
    terminal = Terminal('run', '-it', '--rm', 'busybox', 'stty', 'size')
    terminal.expect('33 111')
    assert terminal.end() == 0


def resize():
    terminal = shell()
    terminal.resize(50, 90)
    terminal.expect_size('50 90')
    terminal.type('exit 7\n')
    assert terminal.end() == 7


def raw_restored_at_exit():
    terminal = shell()
    assert not terminal.restored(), 'not raw while attached'
    terminal.type('exit\n')
    assert terminal.end() == 0
    assert terminal.restored()


def raw_restored_after_signal():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        terminal = Terminal('run', '-it', '--rm', 'busybox', 'sh')
        terminal.expect('# ')
        terminal.client.send_signal(number)
        terminal.end()
        assert terminal.restored(), f'raw after signal {number}'
        assert terminal.client.returncode != 0


def raw_restored_when_killed_elsewhere():
    terminal = shell()
    coracle('kill', 'term')
    assert terminal.end() == 137
    assert terminal.restored()


def detach():
    terminal = shell()
    terminal.type('echo ready\n')
    terminal.expect('ready\r\n')
    terminal.type('\x10\x11')
    assert terminal.end() == 0
    assert terminal.restored()
    assert coracle('inspect', '-f', '{{.State.Running}}', 'term') == 'true'
    again = Terminal('attach', 'term')
    again.type('echo a-$((40 + 2))\n')
    again.expect('a-42')
    again.type('exit 3\n')
    assert again.end() == 3


def detach_keys_other():
    terminal = shell('--detach-keys', 'ctrl-x,q')
    terminal.type('\x10\x11')
    time.sleep(0.3)
    assert terminal.client.poll() is None
    terminal.type('\x18q')
    assert terminal.end() == 0
    assert coracle('inspect', '-f', '{{.State.Running}}', 'term') == 'true'


def detach_prefix_passes():
    terminal = Terminal('run', '-it', '--rm', 'busybox', 'sh', '-c', 'stty raw -echo; echo go; head -c 2 | od -An -tx1')
    terminal.expect('go')
    terminal.type('\x10a')
    terminal.expect('10 61')
    assert terminal.end() == 0


def control_c():
    terminal = shell()
    terminal.sleep_until_interrupted()
    terminal.type('echo st-$?\n')
    terminal.expect('st-130')
    terminal.type('exit\n')
    terminal.end()


def end_of_input():
    terminal = shell()
    terminal.type('\x04')
    assert terminal.end() == 0


def job_control():
    terminal = shell()
    terminal.type('sleep 100 &\njobs; echo d\n')
    terminal.expect('Running')
    terminal.type('exit\n')
    terminal.end()


def is_a_terminal():
    terminal = Terminal('run', '-it', '--rm', 'busybox', 'sh', '-c', 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; echo $TERM')
    terminal.expect('/dev/(pts/0|console)')
    terminal.expect('all')
    terminal.expect('xterm')
    assert terminal.end() == 0


def exec_size_and_status():
    coracle('run', '-d', '--name', 'term', 'busybox', 'sleep', '100')
    terminal = Terminal('exec', '-it', 'term', 'sh', rows=21, columns=77)
    terminal.expect('# ')
    terminal.type('stty size\n')
    terminal.expect('21 77')
    terminal.resize(44, 55)
    terminal.expect_size('44 55')
    terminal.type('exit 9\n')
    assert terminal.end() == 9
    assert terminal.restored()


def exec_detach():
    coracle('run', '-d', '--name', 'term', 'busybox', 'sleep', '100')
    terminal = Terminal('exec', '-it', 'term', 'sh')
    terminal.expect('# ')
    terminal.type('\x10\x11')
    assert terminal.end() == 0
    assert terminal.restored()


def much_output():
    terminal = Terminal('run', '-it', '--rm', 'busybox', 'sh', '-c', 'seq 20000; echo finished')
    terminal.expect('20000\r\nfinished')
    assert terminal.end() == 0


def slow_reader_and_paste():
    terminal = shell()
    text = 'x' * 3000
    terminal.type('stty -echo; echo re""ady; while read -r line; do echo got ${#line}; done\n')
    terminal.expect('ready')
    for _ in range(5):
        terminal.type(text + '\n')
    for _ in range(5):
        terminal.expect('got 3000')
    terminal.type('\x04')
    terminal.expect('# ')
    terminal.type('exit\n')
    terminal.end()


def hang_up():
    terminal = shell()
    os.close(terminal.slave)
    os.close(terminal.master)
    terminal.client.wait(120)
    coracle('rm', '-f', '-t', '0', 'term')


# --- coracle runtime: the bundle is in $BUNDLE (runtime.bats)

def runtime_run():
    terminal = Terminal('runtime', 'run', '--bundle', os.environ['BUNDLE'], 'tty-run')
    terminal.expect('# ')
    assert not terminal.restored(), 'not raw while it runs'
    terminal.type('stty size; tty\n')
    terminal.expect('33 111')
    terminal.expect('/dev/(pts/0|console)')
    terminal.resize(44, 55)
    terminal.expect_size('44 55')
    terminal.sleep_until_interrupted()
    terminal.type('echo still-$((1 + 1)); exit 5\n')
    terminal.expect('still-2')
    assert terminal.end() == 5
    assert terminal.restored()


def runtime_exec():
    terminal = Terminal('runtime', 'exec', '--tty', 'tty-exec', 'sh')
    terminal.expect('# ')
    terminal.type('stty size; tty\n')
    terminal.expect('33 111')
    terminal.expect('/dev/(pts/[0-9]|console)')
    terminal.type('exit 6\n')
    assert terminal.end() == 6
    assert terminal.restored()


def runtime_killed():
    for number in (signal.SIGTERM, signal.SIGKILL):
        terminal = Terminal('runtime', 'run', '--bundle', os.environ['BUNDLE'], 'tty-kill')
        terminal.expect('# ')
        # a shell at its prompt does not mind SIGTERM
        terminal.type('echo be""gun; exec sleep 1000\n')
        terminal.expect('begun')
        coracle('runtime', 'kill', 'tty-kill', str(int(number)))
        if number == signal.SIGTERM:
            # the first process of a pid namespace does not mind what it has no handler for
            time.sleep(0.3)
            assert terminal.client.poll() is None
            coracle('runtime', 'kill', 'tty-kill', 'KILL')
        assert terminal.end() == 137
        assert terminal.restored()


def main():
    cases = {name.replace('_', '-'): value for name, value in globals().items()
             if callable(value) and name not in ('main', 'coracle', 'shell', 'Terminal')}
    cases[sys.argv[1]]()


main()
