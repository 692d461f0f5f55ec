#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# proxy.py - an HTTP proxy for tests: whatever host is asked for is on 127.0.0.1
#
#   python3 tests/registry/proxy.py [--user NAME:PASSWORD] [--refuse] --log FILE
#
# It prints its port on its standard output once it listens, and ends with its standard input. Each request is a JSON
# object a line in FILE: method, target, headers (names in lower case). CONNECT and absolute URLs are served.
import argparse
import base64
import json
import select
import socket
import socketserver
import sys
import threading
import urllib.parse


class Handler(socketserver.StreamRequestHandler):
    def refuse(self, status):
        self.wfile.write(f'HTTP/1.1 {status}\r\nContent-Length: 0\r\nProxy-Authenticate: Basic realm="proxy"\r\n'
                         'Connection: close\r\n\r\n'.encode())

    def handle(self):
        line = self.rfile.readline().decode().strip()
        if not line:
            return
        method, target, _ = line.split(' ', 2)
        headers = {}
        while (head := self.rfile.readline().decode().strip()):
            key, value = head.split(':', 1)
            headers[key.lower()] = value.strip()
        with self.server.lock:
            self.server.log.write(json.dumps({'method': method, 'target': target, 'headers': headers}) + '\n')
            self.server.log.flush()
        if self.server.options.user:
            wanted = 'Basic ' + base64.b64encode(self.server.options.user.encode()).decode()
            if headers.get('proxy-authorization') != wanted:
                return self.refuse('407 Proxy Authentication Required')
        if self.server.options.refuse:
            return self.refuse('403 Forbidden')
        split = urllib.parse.urlsplit(target if '://' in target else '//' + target)
        with socket.create_connection(('127.0.0.1', split.port or 80)) as server:
            if method == 'CONNECT':
                self.wfile.write(b'HTTP/1.1 200 Connection established\r\n\r\n')
            else:
                path = split.path + ('?' + split.query if split.query else '')
                headers['connection'] = 'close'
                lines = [f'{method} {path} HTTP/1.1'] + [f'{key}: {value}' for key, value in headers.items()
                                                         if not key.startswith('proxy-')]
                server.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
            self.pump(server)

    def pump(self, server):
        waiting = self.rfile.peek(1) if select.select([self.connection], [], [], 0)[0] else b''
        if waiting:
            server.sendall(self.rfile.read1(len(waiting)))
        while True:
            for one in select.select([self.connection, server], [], [], 60)[0]:
                data = one.recv(65536)
                if not data:
                    return
                (server if one is self.connection else self.connection).sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the tests


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--user', metavar='NAME:PASSWORD', help='407 without')
    parser.add_argument('--refuse', action='store_true', help='403 always')
    parser.add_argument('--log', metavar='FILE', required=True)
    options = parser.parse_args()
    server = Server(('127.0.0.1', 0), Handler)
    server.options, server.lock = options, threading.Lock()
    server.log = open(options.log, 'a', encoding='utf-8')
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main()
