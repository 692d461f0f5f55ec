#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime_agent.py - the other side of sockets that an OCI runtime speaks to: runtime_agent.py CASE SOCKET [ARGUMENT...]
#
#   console SOCKET         takes the master of a terminal, prints what came with it and what the program writes
#   deaf SOCKET            listens, with a full queue, and never accepts
#   notify SOCKET ERRNO N  a seccomp agent: prints the process state, answers N system calls with ERRNO
#
# Called by runtime.bats and runtime_config.bats; ends by itself after ten minutes.
import array
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import termios
import time

# linux/seccomp.h: _IOWR('!', 0, struct seccomp_notif), _IOWR('!', 1, struct seccomp_notif_resp)
NOTIF = struct.Struct('=QII' + 'iIQ6Q')
RESPONSE = struct.Struct('=QqiI')
NOTIF_RECV = 3 << 30 | NOTIF.size << 16 | ord('!') << 8 | 0
NOTIF_SEND = 3 << 30 | RESPONSE.size << 16 | ord('!') << 8 | 1


def listen(path, backlog=5):
    """What is at path takes connections from its first moment on."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path + '~')
    server.listen(backlog)
    os.rename(path + '~', path)
    return server


def take(server):
    """One connection: all of its bytes, and its descriptors."""
    connection, _ = server.accept()
    data, fds, _, _ = socket.recv_fds(connection, 65536, 8)
    connection.settimeout(30)
    try:
        while chunk := connection.recv(65536):
            data += chunk
    except TimeoutError:
        pass
    return data, fds


def console(path):
    data, fds = take(listen(path))
    print(f'name={data.decode()} fds={len(fds)}', flush=True)
    rows, columns, _, _ = struct.unpack('HHHH', fcntl.ioctl(fds[0], termios.TIOCGWINSZ, bytes(8)))
    print(f'tty={os.isatty(fds[0])} size={rows}x{columns}', flush=True)
    try:
        while chunk := os.read(fds[0], 4096):
            sys.stdout.write(chunk.decode().replace('\r\n', '\n'))
            sys.stdout.flush()
    except OSError:
        pass
    print('end', flush=True)


def deaf(path):
    server = listen(path, 0)
    waiting = []
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(path)
        except BlockingIOError:
            break
        waiting.append(client)
    print('full', flush=True)
    time.sleep(600)
    server.close()


def notify(path, errnum, count):
    data, fds = take(listen(path))
    print(json.dumps({'fds': len(fds), 'state': json.loads(data)}), flush=True)
    for _ in range(int(count)):
        request = array.array('B', bytes(NOTIF.size))
        fcntl.ioctl(fds[0], NOTIF_RECV, request, True)
        identity, pid, _, number, *_ = NOTIF.unpack(request.tobytes())
        fcntl.ioctl(fds[0], NOTIF_SEND, RESPONSE.pack(identity, 0, -int(errnum), 0))
        print(json.dumps({'call': number, 'pid': pid}), flush=True)


signal.alarm(600)
{'console': console, 'deaf': deaf, 'notify': notify}[sys.argv[1]](*sys.argv[2:])
