#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# seccompagent.py - answers the system calls that a seccomp filter hands to user space; x86-64 only
"""seccompagent -socketfile SOCKET [-pid-file FILE]

Each connection brings one container process state (JSON) and the descriptors that its "fds" names. The one named
seccompFd is served: mkdir makes PATH-METADATA in the caller's root, chmod and its kin fail with ENOMEDIUM, everything
else goes on in the kernel. seccomp_unotify(2); OCI runtime-spec config-linux.md#containerprocessstate"""
import argparse
import array
import errno
import fcntl
import json
import os
import select
import socket
import struct
import sys
import threading

NOTIFICATION = struct.Struct("=QII iIQ 6Q")  # id, pid, flags, then struct seccomp_data
RESPONSE = struct.Struct("=QqiI")            # id, val, error, flags
IOCTL_RECEIVE = 0xC0502100
IOCTL_SEND = 0xC0182101
IOCTL_ID_VALID = 0x40082102
CONTINUE = 1
MKDIR, FAIL = 83, (90, 91, 268)  # chmod, fchmod, fchmodat


def read_string(pid, address):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return os.fsdecode(memory.read(4096).split(b"\0", 1)[0])


def make_directory(pid, path, mode, metadata):
    """One component below the parent directory, which is opened inside the caller's root."""
    base = f"/proc/{pid}/root" if path.startswith("/") else f"/proc/{pid}/cwd"
    parent, name = os.path.split(path.rstrip("/"))
    names = [part for part in parent.split("/") if part not in ("", ".")]
    if ".." in names:
        raise OSError(errno.EINVAL, "a path with .. is not for this agent")
    at = os.open(base, os.O_PATH | os.O_CLOEXEC)
    try:
        for part in names:
            below = os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        os.mkdir(f"{name}-{metadata}", mode & 0o7777, dir_fd=at)
    finally:
        os.close(at)


def answer(listener, metadata, request):
    identity, pid, _, number, _, _, *arguments = NOTIFICATION.unpack(request)
    if number in FAIL:
        return RESPONSE.pack(identity, -1, -errno.ENOMEDIUM, 0)
    if number != MKDIR:
        return RESPONSE.pack(identity, 0, 0, CONTINUE)
    try:
        path = read_string(pid, arguments[0])
        fcntl.ioctl(listener, IOCTL_ID_VALID, struct.pack("=Q", identity))
        make_directory(pid, path, arguments[1], metadata)
    except OSError:
        return RESPONSE.pack(identity, -1, -errno.ENOSYS, 0)
    return RESPONSE.pack(identity, 0, 0, 0)


def serve(listener, metadata):
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        events = poll.poll()
        if events[0][1] & select.POLLIN == 0:  # the last process with the filter has gone
            break
        try:
            request = fcntl.ioctl(listener, IOCTL_RECEIVE, bytes(NOTIFICATION.size))
            fcntl.ioctl(listener, IOCTL_SEND, answer(listener, metadata, request))
        except OSError as problem:
            if problem.errno not in (errno.ENOENT, errno.EINTR):
                raise
    os.close(listener)


def accept(connection):
    """The listener descriptor and the metadata, or None."""
    size = array.array("i").itemsize
    data, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(8 * size))
    received = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            received.frombytes(content[:len(content) - len(content) % size])
    try:
        state = json.loads(data)
        names = state["fds"]
        index = names.index("seccompFd")
        if names.count("seccompFd") != 1 or index >= len(received):
            raise ValueError("fds does not fit what was sent")
    except (ValueError, KeyError, TypeError) as problem:
        print(f"seccompagent: {problem}", file=sys.stderr)
        for fd in received:
            os.close(fd)
        return None
    for i, fd in enumerate(received):
        if i != index:
            os.close(fd)
    return received[index], os.path.basename(state.get("metadata", ""))


def main():
    parser = argparse.ArgumentParser(prog="seccompagent", description=__doc__.splitlines()[2])
    parser.add_argument("-socketfile", required=True)
    parser.add_argument("-pid-file")
    options = parser.parse_args()
    try:
        os.unlink(options.socketfile)
    except FileNotFoundError:
        pass
    if options.pid_file:
        with open(options.pid_file, "w", encoding="ascii") as file:
            print(os.getpid(), file=file)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options.socketfile)
    listener.listen(64)
    while True:
        connection, _ = listener.accept()
        with connection:
            accepted = accept(connection)
        if accepted:
            threading.Thread(target=serve, args=accepted, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
