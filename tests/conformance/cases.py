#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# cases.py - runs the cases of one suite one by one, each with a time limit, and leaves nothing of them behind
"""cases.py crun-suite|runc-suite DIRECTORY LOGS LIMIT [REGEX]

Prints a line a case: "ok|not ok|skip SUITE FILE CASE", with " # reason" behind it where there is one. The output of
a case goes to LOGS/SUITE/FILE/CASE.log. DIRECTORY was prepared by tests/conformance/run."""
import ctypes
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import sys
import termios
import time

PR_SET_CHILD_SUBREAPER = 36
OUTPUT_MAX = 1 << 22


def children():
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{int(entry)}/stat", encoding="ascii", errors="replace") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == os.getpid():
                    found.append(int(entry))
        except (ValueError, OSError):
            pass
    return found


def reap():
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def end_descendants():
    """What a case left running became a child of ours, because we are its subreaper."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        reap()
        left = children()
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.01)
    print(f"conformance: processes left that can't be ended: {children()}", file=sys.stderr)


def run(command, directory, environment, limit):
    """The output of command and whether it ended in time. It has a terminal, because cases ask for one."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.closerange(3, 64)
            os.chdir(directory)
            os.execvpe(command[0], command, environment)
        finally:
            os._exit(127)
    os.close(slave)
    output = bytearray()
    process = os.pidfd_open(child)
    poll = select.poll()
    poll.register(master, select.POLLIN)
    poll.register(process, select.POLLIN)
    deadline = time.monotonic() + limit
    ended = False
    while True:
        left = 0 if ended else deadline - time.monotonic()
        events = [fd for fd, _ in poll.poll(max(left, 0) * 1000)]
        if not events:
            break
        if process in events:
            ended = True
            poll.unregister(process)
        if master in events:
            try:
                data = os.read(master, 65536)
            except OSError:  # EIO: nobody holds the terminal any more
                data = b""
            if not data:
                poll.unregister(master)
            elif len(output) < OUTPUT_MAX:
                output += data
    os.close(process)
    end_descendants()
    os.close(master)
    return output.decode(errors="replace"), ended


def verdict(output, ended, limit):
    if not ended:
        return "not ok", f"no end after {limit} s"
    # What a case printed may stand before its result on the line.
    lines = re.findall(r"(not ok|ok) \d+ *(.*)$", output, re.MULTILINE)
    if not lines:
        return "not ok", "no result"
    status, rest = lines[-1]
    skipped = re.search(r"# ?skip *(.*)$", rest, re.IGNORECASE)
    if status == "ok" and skipped:
        return "skip", skipped.group(1).strip()
    return status, ""


def crun_cases(directory):
    for path in sorted(directory.glob("tests/test_*.py")):
        table = re.search(r"^all_tests = \{(.*?)^\}", path.read_text(), re.MULTILINE | re.DOTALL)
        for name in re.findall(r'^\s*"([^"]+)"\s*:', table.group(1) if table else "", re.MULTILINE):
            yield path.stem, name, ["/usr/bin/python3", str(path)], {"RUN_TESTS": name}


def runc_cases(directory):
    for path in sorted(directory.glob("tests/integration/*.bats")):
        for name in re.findall(r'^@test "((?:[^"\\]|\\.)*)"', path.read_text(), re.MULTILINE):
            escaped = re.sub(r"([][(){}.*+?^$|\\])", r"\\\1", name)
            yield path.stem, name, ["bats", "--tap", "--filter", f"^{escaped}$", str(path)], {}


def main():
    suite, directory, logs, limit = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
    wanted = re.compile(sys.argv[5] if len(sys.argv) > 5 else "")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Cases wait for processes to disappear, so no zombie may stay.
    signal.signal(signal.SIGCHLD, lambda *_: reap())
    cases = crun_cases if suite == "crun-suite" else runc_cases
    for file, name, command, environment in cases(directory):
        if not wanted.search(f"{suite} {file} {name}"):
            continue
        started = time.monotonic()
        output, ended = run(command, directory, {**os.environ, **environment}, limit)
        status, reason = verdict(output, ended, limit)
        print(f"{status} {suite} {file} {name}" + (f" # {reason}" if reason else ""), flush=True)
        log = logs / suite / file / (re.sub(r"[^\w.-]+", "_", name) + ".log")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{output}\n{status} after {time.monotonic() - started:.1f} s\n")


if __name__ == "__main__":
    main()
