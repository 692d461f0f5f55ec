#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime_attack.py - what disturbs an OCI runtime from outside: runtime_attack.py CASE ARGUMENT...
#
#   swap STOP A B          exchanges A and B as fast as it can while STOP exists (renameat2(2), RENAME_EXCHANGE)
#   deaf SOCKET            listens, with a full queue, and never accepts
#   closing SOCKET         accepts and closes at once
#   mute SOCKET            accepts, takes what comes, never says a word
#   killer SIGNAL MAX N COMMAND...
#                          N times: starts the command and sends it the signal after up to MAX milliseconds
#
# Called by runtime_security.bats; ends by itself after ten minutes.
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time


def swap(stop, first, second):
    libc = ctypes.CDLL(None, use_errno=True)
    first, second = first.encode(), second.encode()
    print('swapping', flush=True)
    while os.path.exists(stop):
        for _ in range(200):
            libc.renameat2(-100, first, -100, second, 2)


def deaf(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(0)
    full = []
    try:
        while True:
            full.append(socket.socket(socket.AF_UNIX))
            full[-1].setblocking(False)
            full[-1].connect(path)
    except BlockingIOError:
        pass
    print('listening', flush=True)
    signal.pause()


def serve(path, mute):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(5)
    print('listening', flush=True)
    kept = []
    while True:
        connection, _ = server.accept()
        if mute:
            kept.append((connection, socket.recv_fds(connection, 65536, 8)))
            print('took', flush=True)
        else:
            connection.close()


def killer(number, maximum, count, *command):
    random.seed(5)
    for _ in range(int(count)):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(random.random() * float(maximum) / 1000)
        process.send_signal(getattr(signal, number))
        process.wait()


signal.alarm(600)
case, *rest = sys.argv[1:]
if case == 'swap':
    swap(*rest)
elif case == 'deaf':
    deaf(rest[0])
elif case in ('closing', 'mute'):
    serve(rest[0], case == 'mute')
elif case == 'killer':
    killer(*rest)
else:
    sys.exit(f'no such case: {case}')
