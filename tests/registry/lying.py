#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# lying.py - a small registry in memory that tells the truth or lies, as the repository's name asks for
#
#   python3 tests/registry/lying.py [--tls server.pem [--client-ca ca.crt] [--abrupt | --resets N]] [--auth basic|bearer] [--log FILE]
#
# It prints one line, "PORT OTHER", on its standard output once it listens on 127.0.0.1, and ends with its
# standard input. OTHER is a second port, "elsewhere", where redirects lead to and the token service is. Requests
# are written to FILE, a JSON object a line: port, method, path, headers (names in lower case), sent (bytes of body).
#
# Every repository holds the same image under every tag (a small layer, and --layers of --layer-bytes bytes), and what
# was pushed to it. The first word of the repository's name says how it is served; LIES below has the list:
# "good/app" honestly, "wrong-bytes/app" with other bytes, and so on; "wrong-bytes-layer/app" lies about blobs of more
# than 100,000 bytes only. Users: tester, with s3cret-word; the refresh
# token is refresh-me-again. Anonymous tokens permit to pull public/... only.
#
# As a proxy (http_proxy=http://127.0.0.1:PORT) it serves whatever host is asked for itself.
import argparse
import base64
import email.utils
import gzip
import http.server
import json
import random
import re
import select
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True  # beside the sources
from layout import HERE, OCI, digest as digest_of, layer_of as layer

LIES = {
    'good': 'no lie; so is every other word that is not in this list',
    'public': 'no lie, and open to anonymous tokens',
    'wrong-header': 'Docker-Content-Digest is of something else',
    'wrong-bytes': 'manifests and blobs have the right length and other bytes',
    'html': 'manifests are a web page, with status 200',
    'schema1': 'manifests are of Docker schema 1',
    'huge': 'manifests of 5 MiB',
    'nested': 'an index in an index in an index, a hundred times',
    'both': 'an index that is an image manifest, too',
    'wide': 'an index of 5000 images',
    'odd-index': 'an index whose images have odd digests and sizes',
    'escapes': 'tags, and descriptions of searches for it, that write to the terminal',
    'cut': 'a blob stops half-way, each time from its beginning',
    'cut-once': 'a blob stops half-way once; Range works',
    'cut-once-no-range': 'a blob stops half-way once; Range is ignored',
    'no-range': 'Range is ignored',
    'wrong-range': '206 with another range than the one asked for',
    'part-always': 'the same, and 206 where no range is asked for, too',
    'range-refused': '416 for each range',
    'longer': 'blobs are longer than the manifest says, by Content-Length',
    'shorter': 'blobs are shorter than the manifest says, by Content-Length',
    'late-end': 'parts of blobs come without length, and their end half a second late',
    'endless': 'manifests and blobs come without length and without end',
    'bomb': 'a layer of 40 KB that becomes 40 MB',
    'slow': 'blobs come at ten bytes a second',
    'halts': 'five eighths of a blob come, and nothing for a minute after them',
    'flaky': '500 twice for each path, then the truth',
    'down': '503 always',
    'half-down': '503 for manifests; the tags are told',
    'limited': '429 with Retry-After: 1 once for each path',
    'limited-date': '429 with a date two seconds ahead in Retry-After, once for each path',
    'limited-always': '429 always, in JSON',
    'denied': '403 always, in JSON',
    'html-error': '404 with a web page of 1 MiB',
    'many-headers': 'answers with 200 KiB of headers',
    'elsewhere': 'blobs are redirected to the other port',
    'loop': 'blobs are redirected to themselves',
    'to-file': 'blobs are redirected to file:///etc/passwd',
    'to-plain': 'blobs are redirected to http:, other port',
    'expire': 'every token is refused from its second use on',
    'expire-cut': 'a blob stops half-way once, and its token is refused for the rest',
    'upload-cut': 'the first PATCH of all is taken half and cut off',
    'upload-gone': 'the same, and the session is forgotten',
    'upload-down': '500 for each PATCH',
    'upload-slow': 'bodies are taken at about 300 KB a second',
    'upload-wrong': '400 for what is to be committed: its digest is another',
    'upload-elsewhere': 'sessions are at the other port',
    'mount-refused': '405 for a POST with mount',
    'read-only': '405 for everything that changes something',
    'manifest-refused': '400 for manifests that are put',
    'pages-loop': 'the list of tags has a next page, always',
    'pages-elsewhere': 'the next page of tags is at the other port',
}
USER, PASSWORD, REFRESH = 'tester', 's3cret-word', 'refresh-me-again'


class Store:
    """What all repositories hold, what was pushed, and what was told already."""

    def __init__(self, layer_bytes, layers):
        self.lock = threading.Lock()
        self.blobs, self.manifests, self.uploads, self.tokens, self.counts = {}, {}, {}, {}, {}
        noise = random.Random(1)
        tars = [layer('hello', b'hello\n')]
        for i in range(layers):
            # randbytes() has a limit of 256 MiB
            pieces = [noise.randbytes(min(1 << 26, layer_bytes - at)) for at in range(0, layer_bytes, 1 << 26)]
            tars.append(layer(f'noise{i}' if i else 'noise', b''.join(pieces)))
        self.image = self.hold(tars)
        self.bomb = None

    def hold(self, tars):
        """Blobs of an image with these layers; its manifest is the result."""
        config = json.dumps({
            'architecture': HERE, 'os': 'linux', 'config': {'Cmd': ['/hello']},
            'rootfs': {'type': 'layers', 'diff_ids': [digest_of(tar) for tar in tars]}}).encode()
        # noise does not get smaller; where there is much of it, don't try
        packed = [gzip.compress(tar, 1 if len(tar) < 50000000 else 0, mtime=0) for tar in tars]
        for data in [config] + packed:
            self.blobs[digest_of(data)] = data
        return json.dumps({
            'schemaVersion': 2, 'mediaType': OCI + 'manifest.v1+json',
            'config': {'mediaType': OCI + 'config.v1+json', 'digest': digest_of(config), 'size': len(config)},
            'layers': [{'mediaType': OCI + 'layer.v1.tar+gzip', 'digest': digest_of(data), 'size': len(data)}
                       for data in packed]}).encode()

    def count(self, *key):
        with self.lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]


class Cut(Exception):
    """The connection shall end here."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 60

    def log_message(self, *args):
        pass

    # --- answers
    def answer(self, status, body=b'', headers=(), length=True):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length and status != 204:
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def answer_error(self, status, code, message, headers=()):
        body = json.dumps({'errors': [{'code': code, 'message': message}]}).encode()
        self.answer(status, body, [('Content-Type', 'application/json'), *headers])

    def url(self, path, port=None, scheme=None):
        port = port or self.server.server_address[1]
        host = self.headers.get('Host', 'localhost').rsplit(':', 1)[0]
        return f'{scheme or self.server.scheme}://{host}:{port}{path}'

    # --- requests
    def take_body(self):
        data = bytearray()
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            while True:
                size = int(self.rfile.readline().split(b';')[0], 16)
                data += self.rfile.read(size)
                self.rfile.readline()
                if self.lie == 'upload-slow':
                    time.sleep(size / 300000)
                if size == 0:
                    return bytes(data)
                if len(data) > 30000 and self.cuts_upload():
                    self.cut_upload(data)
        left = int(self.headers.get('Content-Length', 0))
        if self.cuts_upload():
            self.cut_upload(self.rfile.read(left // 2))
        return self.rfile.read(left)

    def cuts_upload(self):
        return (self.command == 'PATCH' and self.lie in ('upload-cut', 'upload-gone')
                and self.store.count('PATCH', self.lie) == 1)

    def cut_upload(self, data):
        session = urllib.parse.urlsplit(self.path).path.rsplit('/', 1)[1]
        if self.lie == 'upload-gone':
            self.store.uploads.pop(session, None)
        else:
            self.store.uploads[session] += data
        raise Cut

    def once(self):
        return self.store.count(self.command, self.path) == 1

    def handle_one(self):
        self.store = self.server.store
        if self.path.startswith('http://'):  # we are a proxy
            split = urllib.parse.urlsplit(self.path)
            self.path = split.path + ('?' + split.query if split.query else '')
        self.split = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(self.split.query))
        found = re.match(r'/v2/(.+)/(manifests|blobs|tags|referrers)/(.+)$', self.split.path)
        self.repository = found.group(1) if found else ''
        self.lie = self.repository.split('/')[0]
        self.body = b''
        self.close_connection = False
        try:
            self.body = self.take_body()
            self.record()
            self.route(found)
        except Cut:
            self.record()
            self.close_connection = True
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

    def record(self):
        if self.server.log:
            line = json.dumps({'port': self.server.server_address[1], 'method': self.command, 'path': self.path,
                               'headers': {key.lower(): value for key, value in self.headers.items()},
                               'sent': len(self.body)})
            with self.store.lock:
                self.server.log.write(line + '\n')
                self.server.log.flush()

    def route(self, found):
        path = self.split.path
        if path == '/token':
            return self.token()
        if path.startswith('/elsewhere/'):
            return self.send_blob(self.store.blobs[path.rsplit('/', 1)[1]])
        if path == '/v1/search':
            return self.search()
        if self.server.elsewhere and path.startswith('/v2/') and '/blobs/uploads/' not in path:
            return self.answer_error(404, 'NAME_UNKNOWN', 'this is elsewhere')
        if not path.startswith('/v2/'):
            return self.answer_error(404, 'NOT_FOUND', 'no such path')
        if not self.server.elsewhere and not self.permitted():
            return None
        if path == '/v2/':
            return self.answer(200, b'{}')
        if path == '/v2/_catalog':
            return self.page('repositories', ['good/app', 'public/app', 'team/tool', 'team/other'], path)
        if not found:
            return self.answer_error(404, 'NAME_INVALID', 'no such path')
        if self.trouble():
            return None
        kind, rest = found.group(2), found.group(3)
        if kind == 'manifests':
            return self.manifest(rest)
        if kind == 'tags':
            return self.tags(path)
        if rest.startswith('uploads/'):
            return self.upload(rest[len('uploads/'):])
        return self.blob(rest)

    def trouble(self):
        """Answers that have nothing to do with what was asked for."""
        lie, key = self.lie, (self.command, self.path)
        if lie == 'flaky' and self.store.count(*key) <= 2:
            self.answer(500, b'oops')
        elif lie == 'down' or (lie == 'half-down' and '/manifests/' in self.path):
            self.answer(503, b'oops')
        elif lie == 'read-only' and self.command not in ('GET', 'HEAD'):
            self.answer_error(405, 'UNSUPPORTED', 'this registry is read-only')
        elif lie == 'upload-down' and self.command == 'PATCH':
            self.answer(500, b'oops')
        elif lie == 'limited' and self.store.count(*key) == 1:
            self.answer_error(429, 'TOOMANYREQUESTS', 'slow down', [('Retry-After', '1')])
        elif lie == 'limited-date' and self.store.count(*key) == 1:
            self.answer_error(429, 'TOOMANYREQUESTS', 'slow down',
                              [('Retry-After', email.utils.formatdate(time.time() + 2, usegmt=True))])
        elif lie == 'limited-always':
            self.answer_error(429, 'TOOMANYREQUESTS', 'you have reached your pull rate limit')
        elif lie == 'denied':
            self.answer_error(403, 'DENIED', 'requested access to the resource is denied')
        elif lie == 'html-error':
            self.answer(404, b'<html>' + b'x' * (1 << 20), [('Content-Type', 'text/html')])
        elif lie == 'many-headers':
            self.answer(200, b'', [(f'X-Header-{i}', 'x' * 1000) for i in range(90)])
        else:
            return False
        return True

    # --- who is it
    def permitted(self):
        auth = self.server.auth
        given = self.headers.get('Authorization', '')
        if not auth:
            return True
        if auth == 'basic':
            wanted = 'Basic ' + base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
            if given == wanted:
                return True
            self.answer_error(401, 'UNAUTHORIZED', 'authentication required',
                              [('WWW-Authenticate', 'Negotiate'), ('WWW-Authenticate', 'Basic realm="test, with a comma"')])
            return False
        actions = 'pull' if self.command in ('GET', 'HEAD') else 'pull,push'
        scope = f'repository:{self.repository}:{actions}' if self.repository else ''
        if self.split.path == '/v2/_catalog':
            scope = 'registry:catalog:*'
        if self.token_permits(given, scope):
            return True
        challenge = f'Bearer realm="{self.url("/token", self.server.other)}",service="registry.test"'
        if scope:
            challenge += f',scope="{scope}"'
        self.answer_error(401, 'UNAUTHORIZED', 'authentication required', [('WWW-Authenticate', challenge)])
        return False

    def token_permits(self, given, scope):
        with self.store.lock:
            token = self.store.tokens.get(given[len('Bearer '):])
            if not token or token['end'] < time.monotonic():
                return False
            token['uses'] += 1
            if self.lie == 'expire' and token['uses'] > 1:
                return False
            if self.path == token.get('spent') and 'Range' in self.headers:
                return False
        if not scope:
            return True
        kind, name, actions = scope.split(':')
        for have in token['scopes']:
            if have.split(':')[:2] == [kind, name] and set(actions.split(',')) <= set(have.split(':')[2].split(',')):
                return True
        return False

    def token_lie(self):
        """--token-lie: what a token service says that can't be trusted."""
        lie, kind = self.server.token_lie, [('Content-Type', 'application/json')]
        if lie == 'endless':
            return self.endless(kind)
        if lie == 'elsewhere':
            return self.answer(307, b'', [('Location', self.url(self.path, self.server.other))])
        if lie == 'down':
            return self.answer(503, b'oops')
        answers = {'html': b'<html>Please log in</html>', 'none': b'{}', 'lines': b'{"token": "x\\r\\nX-Evil: yes"}',
                   'number': b'{"token": 7}', 'wrong': b'{"token": "of-no-use"}'}
        return self.answer(200, answers[lie], kind)

    def token(self):
        # redirected once, from elsewhere to here
        if self.server.token_lie and (self.server.elsewhere or self.server.token_lie != 'elsewhere'):
            return self.token_lie()
        scopes = [value for key, value in urllib.parse.parse_qsl(self.split.query) if key == 'scope']
        known = False
        if self.command == 'POST':
            form = dict(urllib.parse.parse_qsl(self.body.decode()))
            scopes = form.get('scope', '').split()
            if form.get('grant_type') != 'refresh_token' or form.get('refresh_token') != REFRESH:
                return self.answer(401, b'{"details":"incorrect refresh token"}')
            known = True
        elif 'Authorization' in self.headers:
            wanted = 'Basic ' + base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
            if self.headers['Authorization'] != wanted:
                return self.answer(401, b'{"details":"incorrect username or password"}')
            known = True
        if not known:
            scopes = [scope for scope in scopes if scope.startswith('repository:public/') and scope.endswith(':pull')]
        name = f'token-{random.SystemRandom().getrandbits(64):x}'
        with self.store.lock:
            self.store.tokens[name] = {'scopes': scopes, 'uses': 0,
                                       'end': time.monotonic() + self.server.token_seconds}
        key = 'access_token' if self.command == 'POST' else 'token'
        answer = {key: name, 'expires_in': self.server.token_seconds}
        return self.answer(200, json.dumps(answer).encode(), [('Content-Type', 'application/json')])

    # --- what it holds
    def find_manifest(self, reference):
        with self.store.lock:
            pushed = self.store.manifests.get((self.repository, reference))
        if pushed:
            return pushed
        if self.lie == 'nested':
            # innermost first; far more levels than any image has
            data = json.dumps({'schemaVersion': 2, 'mediaType': OCI + 'index.v1+json', 'manifests': []}).encode()
            for _ in range(100):
                with self.store.lock:
                    self.store.manifests[(self.repository, digest_of(data))] = (OCI + 'index.v1+json', data)
                data = json.dumps({'schemaVersion': 2, 'mediaType': OCI + 'index.v1+json', 'manifests': [{
                    'mediaType': OCI + 'index.v1+json', 'digest': digest_of(data), 'size': len(data),
                    'platform': {'os': 'linux', 'architecture': HERE}}]}).encode()
            return OCI + 'index.v1+json', data
        if self.lie in ('both', 'wide', 'odd-index') and ':' not in reference:
            return OCI + 'index.v1+json', self.odd_index()
        if reference == 'missing' or (':' in reference and reference != digest_of(self.store.image)
                                      and self.lie != 'wrong-bytes'):
            return None
        if self.lie == 'bomb':
            with self.store.lock:
                if not self.store.bomb:
                    self.store.bomb = self.store.hold([layer('zeros', bytes(40000000))])
            return OCI + 'manifest.v1+json', self.store.bomb
        if self.lie == 'schema1':
            return ('application/vnd.docker.distribution.manifest.v1+prettyjws',
                    json.dumps({'schemaVersion': 1, 'name': 'app', 'tag': 'latest', 'fsLayers': []}).encode())
        if self.lie == 'html':
            return 'text/html', b'<html><body>Please log in to this hotel\'s network</body></html>'
        if self.lie == 'huge':
            return OCI + 'manifest.v1+json', self.store.image + b' ' * (5 << 20)
        return OCI + 'manifest.v1+json', self.store.image

    def odd_index(self):
        image = json.loads(self.store.image)
        one = {'mediaType': OCI + 'manifest.v1+json', 'digest': digest_of(self.store.image),
               'size': len(self.store.image), 'platform': {'os': 'linux', 'architecture': HERE}}
        index = {'schemaVersion': 2, 'mediaType': OCI + 'index.v1+json', 'manifests': [one]}
        if self.lie == 'both':
            index['layers'] = image['layers']
        elif self.lie == 'wide':
            index['manifests'] = [{**one, 'digest': f'sha256:{i:064x}'} for i in range(5000)]
        else:
            index['manifests'] = [{**one, 'digest': 'sha256:../../../../etc/passwd', 'size': -1}]
        return json.dumps(index).encode()

    def manifest(self, reference):
        if self.command == 'PUT' and self.lie == 'manifest-refused':
            return self.answer_error(400, 'MANIFEST_INVALID', 'manifest invalid')
        if self.command == 'PUT':
            kind = self.headers.get('Content-Type')
            digest = digest_of(self.body)
            with self.store.lock:
                for key in (reference, digest):
                    self.store.manifests[(self.repository, key)] = (kind, self.body)
            told = digest if self.lie != 'wrong-header' else 'sha256:' + '0' * 64
            return self.answer(201, b'', [('Docker-Content-Digest', told), ('Location', self.path)])
        found = self.find_manifest(reference)
        if self.command == 'DELETE':
            return self.answer(202 if found else 404)
        if not found:
            return self.answer_error(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
        kind, data = found
        headers = [('Content-Type', kind), ('Docker-Content-Digest', digest_of(data))]
        if self.lie == 'wrong-header':
            headers[1] = ('Docker-Content-Digest', 'sha256:' + '0' * 64)
        if self.lie == 'wrong-bytes':
            data = data.replace(b'2', b'3', 1)
        if self.lie == 'endless':
            return self.endless(headers)
        return self.answer(200, data, headers)

    def endless(self, headers=()):
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Connection', 'close')
        self.end_headers()
        self.close_connection = True
        while True:
            self.wfile.write(b'{' + b' ' * 65535)

    def lie_about(self, data):
        lie, only, _ = self.lie.partition('-layer')
        return lie if not only or len(data) > 100000 else 'good'

    def blob(self, digest):
        data = self.store.blobs.get(digest)
        if data is None:
            return self.answer_error(404, 'BLOB_UNKNOWN', 'blob unknown to registry')
        lie = self.lie_about(data)
        target = {'elsewhere': self.url(f'/elsewhere/{digest}', self.server.other),
                  'to-plain': self.url(f'/elsewhere/{digest}', self.server.other, 'http'),
                  'loop': self.path, 'to-file': 'file:///etc/passwd'}.get(lie)
        if target:
            return self.answer(307, b'', [('Location', target)])
        if lie == 'wrong-bytes':
            data = bytes([data[0] ^ 1]) + data[1:]
        elif lie == 'longer':
            data += b'more'
        elif lie == 'shorter':
            data = data[:-1]
        elif lie == 'endless' and self.command == 'GET':
            return self.endless()
        return self.send_blob(data, digest)

    def send_blob(self, data, digest=''):
        lie, start, end = self.lie_about(data), 0, len(data)
        wanted = re.match(r'bytes=(\d+)-(\d*)$', self.headers.get('Range', ''))
        ignored = ('no-range', 'cut', 'cut-once-no-range')
        if wanted and lie not in ignored and self.command == 'GET':
            start, end = int(wanted.group(1)), min(int(wanted.group(2) or end) + 1, end)
            if start >= end or lie == 'range-refused':
                return self.answer(416)
        shown = start + 1 if lie in ('wrong-range', 'part-always') else start
        body = data[start:end]
        partial = len(body) < len(data) or lie == 'part-always'
        self.send_response(206 if partial else 200)
        self.send_header('Content-Type', 'application/octet-stream')
        late = lie == 'late-end' and partial
        self.send_header(*(('Transfer-Encoding', 'chunked') if late else ('Content-Length', str(len(body)))))
        if digest:
            self.send_header('Docker-Content-Digest', digest)
        if partial:
            self.send_header('Content-Range', f'bytes {shown}-{end - 1}/{len(data)}')
        self.end_headers()
        if self.command == 'HEAD':
            return None
        if lie == 'cut' or (lie in ('cut-once', 'cut-once-no-range', 'expire-cut') and self.once()):
            self.wfile.write(body[:len(body) // 2])
            if lie == 'expire-cut':
                with self.store.lock:
                    token = self.store.tokens.get(self.headers.get('Authorization', '')[len('Bearer '):])
                    if token:
                        token['spent'] = self.path
            raise Cut
        if lie == 'halts':
            self.wfile.write(body[:len(body) * 5 // 8])
            self.wfile.flush()
            select.select([self.connection], [], [], 60)  # until the client has gone
            raise Cut
        if late:
            self.wfile.write(b'%x\r\n%s\r\n' % (len(body), body))
            self.wfile.flush()
            time.sleep(0.5)
            self.wfile.write(b'0\r\n\r\n')
            return None
        step, pause = (10, 1) if lie == 'slow' else (len(body) or 1, 0)
        for i in range(0, len(body), step):
            self.wfile.write(body[i:i + step])
            self.wfile.flush()
            time.sleep(pause)
        return None

    def page(self, key, names, path):
        last = self.query.get('last', '')
        rest = names[names.index(last) + 1:] if last in names else names
        count = min(int(self.query.get('n', 2)), 2)  # small pages
        headers = [('Content-Type', 'application/json')]
        if self.lie == 'pages-loop':
            rest, count = names, 2
        if len(rest) > count or self.lie == 'pages-loop':
            port = self.server.other if self.lie == 'pages-elsewhere' else None
            target = f'{path}?n={count}&last={urllib.parse.quote(rest[count - 1])}'
            target = self.url(target, port) if port else target
            headers.append(('Link', f'<{target}>; rel="next"'))
        self.answer(200, json.dumps({'name': self.repository, key: rest[:count]}).encode(), headers)

    def tags(self, path):
        with self.store.lock:
            pushed = [tag for name, tag in self.store.manifests if name == self.repository and ':' not in tag]
        odd = ['\x1b[2Jgone', 'a\nb', '\u009b31m', '../up', 'x' * 129, digest_of(b'')] if self.lie == 'escapes' else []
        self.page('tags', odd + ['1.0', '1.1', '2.0', 'latest', 'next'] + pushed, path)

    def search(self):
        if self.query.get('q') == 'catalog-only' or self.query.get('q') == 'team':
            return self.answer(404)
        return self.answer(200, json.dumps({'num_results': 1, 'results': [{
            'name': 'library/' + self.query.get('q', ''), 'star_count': 7,
            'description': 'a \x1b[31mred\n\tone \u009b1m' if self.query.get('q') == 'escapes' else 'found',
            'is_official': True, 'is_automated': False}]}).encode())

    # --- what is pushed
    def upload(self, session):
        uploads, port = self.store.uploads, None
        if self.lie == 'upload-elsewhere':
            port = self.server.other
        if self.command == 'POST' and not session:
            mount = self.query.get('mount')
            if mount and self.lie == 'mount-refused':
                return self.answer_error(405, 'UNSUPPORTED', 'no mounts here')
            if mount and mount in self.store.blobs and self.query.get('from', '').startswith(('good', 'public')):
                return self.answer(201, b'', [('Location', f'/v2/{self.repository}/blobs/{mount}')])
            session = f'{self.store.count("session"):08d}'
            uploads[session] = b''
        elif session not in uploads:
            return self.answer_error(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
        path = f'/v2/{self.repository}/blobs/uploads/{session}?state=secret-state'
        headers = [('Location', self.url(path, port) if port else path)]
        if self.command == 'PATCH':
            wanted = self.headers.get('Content-Range')
            if wanted and int(wanted.split('-')[0]) != len(uploads[session]):
                return self.answer(416, b'', headers)
            uploads[session] += self.body
        if self.command == 'PUT':
            data = uploads.pop(session) + self.body
            if digest_of(data) != self.query.get('digest') or self.lie == 'upload-wrong':
                return self.answer_error(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
            self.store.blobs[digest_of(data)] = data
            return self.answer(201, b'', [('Location', f'/v2/{self.repository}/blobs/{digest_of(data)}')])
        headers.append(('Range', f'0-{max(len(uploads[session]) - 1, 0)}'))
        return self.answer(204 if self.command == 'GET' else 202, b'', headers)


class Relay(socketserver.BaseRequestHandler):
    """Keeps a TLS alert of the server behind it to itself, and resets the connection instead."""

    def handle(self):
        with self.server.lock:
            self.server.resets -= 1
            resets = self.server.resets >= 0
        if resets:
            self.request.recv(1)
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.request.close()
            return
        with socket.create_connection(self.server.behind) as behind:
            threading.Thread(target=self.copy, args=(self.request, behind), daemon=True).start()
            held = b''
            while True:
                # an alert of TLS 1.3 is one record of 24 bytes, and the last word
                behind.settimeout(0.3 if held else None)
                try:
                    data = behind.recv(65536)
                except TimeoutError:
                    self.request.sendall(held)
                    held = b''
                    continue
                if not data:
                    break
                held += data
                if len(held) > 24:
                    self.request.sendall(held)
                    held = b''
        if held:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.request.shutdown(socket.SHUT_RD)  # the other thread has it, too
        self.request.close()

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side has ended


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the tests


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--tls', metavar='PEM', help='key and certificate; plain HTTP without')
    parser.add_argument('--client-ca', metavar='PEM', help='ask for client certificates of this authority')
    parser.add_argument('--abrupt', action='store_true', help='reset the connection where TLS has an alert to tell')
    parser.add_argument('--resets', type=int, default=0, help='so many connections at first, before TLS has begun')
    parser.add_argument('--auth', choices=['basic', 'bearer'])
    parser.add_argument('--token-seconds', type=int, default=300)
    parser.add_argument('--token-lie', choices=['endless', 'elsewhere', 'down', 'html', 'none', 'lines', 'number', 'wrong'])
    parser.add_argument('--layer-bytes', type=int, default=300000)
    parser.add_argument('--layers', type=int, default=1, help='of --layer-bytes each')
    parser.add_argument('--log', metavar='FILE')
    options = parser.parse_args()
    store = Store(options.layer_bytes, options.layers)
    log = open(options.log, 'a', encoding='utf-8') if options.log else None
    servers = [Server(('127.0.0.1', 0), Handler) for _ in range(2)]
    for server, other in (servers, servers[::-1]):
        server.store, server.log, server.auth = store, log, options.auth
        server.other, server.elsewhere = other.server_address[1], server is servers[1]
        server.token_seconds, server.token_lie = options.token_seconds, options.token_lie
        server.scheme = 'https' if options.tls else 'http'
        if options.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.tls)
            if options.client_ca and not server.elsewhere:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(options.client_ca)
            # the handshake belongs into the connection's thread, not before accept(2) returns
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = [server.server_address[1] for server in servers]
    if options.abrupt or options.resets:
        relay = Server(('127.0.0.1', 0), Relay)
        relay.lock, relay.resets = threading.Lock(), options.resets
        relay.behind = servers[0].server_address
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        ports[0] = relay.server_address[1]
    print(*ports, flush=True)
    sys.stdin.read()


if __name__ == '__main__':
    main()
