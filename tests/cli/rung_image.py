#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# rung_image.py - images (docker-archive) for rungs.bats and stores.bats: rung_image.py OUT NAME KIND ROOT PROBE
#
# KIND  changes  three layers: files of all kinds, then removals, an opaque directory, replacements, renames
#       deep     128 layers: each changes, adds and removes something
# ROOT  a directory with a root file system, the first layer's base; PROBE: a static program for it
import hashlib
import io
import json
import os
import sys
import tarfile

T = 946684799  # 1999-12-31


class Layer:
    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode='w', format=tarfile.PAX_FORMAT)

    def add(self, name, data=None, kind=tarfile.REGTYPE, mode=0o644, uid=0, gid=0, link='', xattrs=None):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.uid, info.gid, info.linkname, info.mtime = kind, mode, uid, gid, link, T
        for key, value in (xattrs or {}).items():
            info.pax_headers['SCHILY.xattr.' + key] = value
        if data is not None:
            info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data) if data is not None else None)

    def dir(self, name, **more):
        self.add(name, kind=tarfile.DIRTYPE, mode=more.pop('mode', 0o755), **more)

    def done(self):
        self.tar.close()
        return self.bytes.getvalue()


def base(root, probe):
    layer = Layer()
    for folder, folders, files in os.walk(root):
        for name in sorted(folders) + sorted(files):
            path = os.path.join(folder, name)
            info = layer.tar.gettarinfo(path, os.path.relpath(path, root))
            info.uid = info.gid = 0
            info.uname = info.gname = ''
            info.mtime = T
            layer.tar.addfile(info, open(path, 'rb') if info.isreg() else None)
    with open(probe, 'rb') as file:
        layer.add('bin/probe', file.read(), mode=0o755)
    return layer


def changes(root, probe):
    one = base(root, probe)
    one.dir('d')
    for name in 'gone', 'replaced', 'linked-a', 'kept':
        one.add(f'd/{name}', f'{name}\n'.encode())
    one.add('d/linked-b', kind=tarfile.LNKTYPE, link='d/linked-a')
    one.dir('opaque')
    one.add('opaque/below', b'below\n')
    one.dir('tree')
    one.dir('tree/deep')
    one.add('tree/deep/file', b'deep\n')
    one.add('becomes-directory', b'file\n')
    one.dir('becomes-file')
    one.add('becomes-file/x', b'x\n')
    one.dir('removed')
    one.add('removed/x', b'x\n')
    one.add('setuid', b'#!/bin/sh\n', mode=0o4755)
    one.add('setgid', b'#!/bin/sh\n', mode=0o2755, gid=42)
    one.add('owned', b'owned\n', uid=1000, gid=100, mode=0o600)
    one.add('secret', b'secret\n', gid=42, mode=0o640)
    one.dir('closed', mode=0o700, uid=1000, gid=1000)
    one.add('closed/in', b'in\n', mode=0o400, uid=1000, gid=1000)
    one.dir('sticky', mode=0o1777)
    one.add('attr', b'attr\n', xattrs={'user.colour': 'green', 'user.empty': ''})
    one.add('fifo', kind=tarfile.FIFOTYPE, mode=0o622)
    one.add('symlink', kind=tarfile.SYMTYPE, link='d/kept')
    one.add('dangling', kind=tarfile.SYMTYPE, link='/no/where')
    one.add('d/name with blank', b'blank\n')
    one.add('many/a/b/c/file', b'c\n')
    two = Layer()
    two.add('d/.wh.gone', b'')
    two.add('d/replaced', b'replaced by two\n', uid=7, gid=8, mode=0o751)
    two.dir('opaque')
    two.add('opaque/.wh..wh..opq', b'')
    two.add('opaque/above', b'above\n')
    two.add('.wh.becomes-directory', b'')
    two.dir('becomes-directory')
    two.add('becomes-directory/in', b'in\n')
    two.add('.wh.becomes-file', b'')
    two.add('becomes-file', b'now a file\n')
    two.add('.wh.removed', b'')
    # a directory that was renamed is gone here and new there
    two.add('.wh.tree', b'')
    two.dir('tree2')
    two.dir('tree2/deep')
    two.add('tree2/deep/file', b'deep\n')
    two.add('d/linked-c', kind=tarfile.LNKTYPE, link='d/linked-a')
    two.add('many/a/b/.wh.c', b'')
    three = Layer()
    # what the second layer took away is there again, as something else
    three.add('d/gone', kind=tarfile.SYMTYPE, link='kept')
    three.dir('removed', mode=0o711)
    three.add('removed/new', b'new\n')
    three.add('tree2/deep/.wh.file', b'')
    return [one, two, three]


def deep(root, probe):
    layers = [base(root, probe)]
    layers[0].add('counter', b'0\n')
    for i in range(1, 128):
        layer = Layer()
        layer.add('counter', f'{i}\n'.encode())
        layer.add(f'deep/{i % 40}/of-{i}', f'{i}\n'.encode())
        if i > 1:
            layer.add(f'deep/{(i - 1) % 40}/.wh.of-{i - 1}', b'')
        layers.append(layer)
    return layers


def main():
    out, name, kind, root, probe = sys.argv[1:]
    blobs = [layer.done() for layer in {'changes': changes, 'deep': deep}[kind](root, probe)]
    digests = [hashlib.sha256(blob).hexdigest() for blob in blobs]
    config = json.dumps({
        'architecture': {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(os.uname().machine, os.uname().machine),
        'os': 'linux', 'created': '2000-01-01T00:00:00Z', 'config': {'Cmd': ['sh'], 'Env': ['PATH=/bin']},
        'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + digest for digest in digests]},
    }).encode()
    names = {f'{digest}.tar': blob for digest, blob in zip(digests, blobs)}
    config_name = hashlib.sha256(config).hexdigest() + '.json'
    names[config_name] = config
    names['manifest.json'] = json.dumps([{
        'Config': config_name, 'RepoTags': [name], 'Layers': [f'{digest}.tar' for digest in digests]}]).encode()
    with tarfile.open(out, 'w') as tar:
        for member, data in names.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


main()
