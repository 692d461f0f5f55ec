#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# recvtty.py - a receiver of pseudo-terminals that runtimes send to --console-socket: drops or relays what they say
"""recvtty [-m|--mode single|null] [--pid-file FILE] [--no-stdin] SOCKET

A runtime connects to SOCKET and sends one message with the master side of a pseudo-terminal as SCM_RIGHTS.
null takes any number of them; single takes one and relays it."""
import argparse
import array
import os
import socket
import sys
import termios
import threading


def receive(connection):
    room = socket.CMSG_SPACE(array.array("i").itemsize)
    _, ancillary, _, _ = connection.recvmsg(4096, room)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS and len(data) >= 4:
            return array.array("i", data[:4])[0]
    raise OSError("no descriptor in the message")


def copy(source, sink):
    while True:
        try:
            data = os.read(source, 65536)
        except OSError:  # EIO: the last holder of the other side has gone
            return
        if not data:
            return
        while sink is not None and data:
            data = data[os.write(sink, data):]


def drop(connection):
    with connection:
        try:
            master = receive(connection)
        except OSError:
            return
    copy(master, None)
    os.close(master)


def single(listener, no_stdin):
    connection, _ = listener.accept()
    listener.close()
    with connection:
        master = receive(connection)
    attributes = termios.tcgetattr(master)
    attributes[1] &= ~termios.ONLCR
    termios.tcsetattr(master, termios.TCSANOW, attributes)
    if not no_stdin:
        threading.Thread(target=copy, args=(0, master), daemon=True).start()
    copy(master, 1)


def main():
    parser = argparse.ArgumentParser(prog="recvtty", description=__doc__.splitlines()[2])
    parser.add_argument("-m", "--mode", choices=["single", "null"], default="single")
    parser.add_argument("--pid-file")
    parser.add_argument("--no-stdin", action="store_true")
    parser.add_argument("socket")
    options = parser.parse_args()

    if options.pid_file:
        with open(options.pid_file, "w", encoding="ascii") as file:
            print(os.getpid(), file=file)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options.socket)
    listener.listen(64)
    if options.mode == "single":
        single(listener, options.no_stdin)
        return 0
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=drop, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
