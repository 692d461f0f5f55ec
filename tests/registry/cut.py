#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# cut.py - a connection that breaks off, for ssh's ProxyCommand
#
#   python3 tests/registry/cut.py PORT send|fetch BYTES
#
# Standard input and output are connected with 127.0.0.1:PORT until so many bytes went that way.
import os
import socket
import sys
import threading

port, way, left = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
server = socket.create_connection(('127.0.0.1', port))


def carry(read, write, left):
    while left > 0 and (data := read(min(65536, left))):
        left -= len(data)
        while data:
            data = data[write(data):]
    os._exit(0)


def send(limit):
    carry(lambda size: os.read(0, size), server.send, limit)


threading.Thread(target=send, args=(left if way == 'send' else sys.maxsize,), daemon=True).start()
carry(server.recv, lambda data: os.write(1, data), left if way == 'fetch' else sys.maxsize)
