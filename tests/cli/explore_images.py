#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""explore_images.py DIRECTORY - docker archives with known layers, for explore.bats and image_mount.bats

one two three  share their lowest layers: one is base, two base and changes, three has another on top; history as
               docker writes it, with a step that has no layer, a tab and an escape sequence
same           two layers, the second with the same files again: nothing changed
kinds          a second layer in which only one thing of each file is different
plain          one layer and no history at all
foreign        for s390x
deep           directories as deep as a layer may have them, the lowest changed
"""
import hashlib
import io
import json
import sys
import tarfile

WHEN = 1700000000
NAME = 'docker.io/library/%s:latest'


def file(name, content='', **members):
    return (name, tarfile.REGTYPE, content.encode(), members)


def directory(name, **members):
    return (name, tarfile.DIRTYPE, b'', {'mode': 0o755, **members})


def symlink(name, target, **members):
    return (name, tarfile.SYMTYPE, b'', {'linkname': target, **members})


def layer(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT, encoding='utf-8', errors='surrogateescape') as tar:
        for name, kind, content, members in entries:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.mtime, info.mode = kind, len(content), WHEN, 0o644
            for key, value in members.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def image(path, name, layers, history=None, architecture='amd64'):
    blobs = [layer(entries) for entries in layers]
    config = {'architecture': architecture, 'os': 'linux', 'created': '2024-01-02T03:04:05Z', 'config': {'Cmd': ['sh']},
              'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(blob).hexdigest() for blob in blobs]}}
    if history is not None:
        config['history'] = history
    config = json.dumps(config).encode()
    files = {hashlib.sha256(config).hexdigest() + '.json': config}
    names = [hashlib.sha256(blob).hexdigest() + '/layer.tar' for blob in blobs]
    manifest = [{'Config': next(iter(files)), 'RepoTags': [NAME % name], 'Layers': names}]
    files.update(zip(names, blobs), **{'manifest.json': json.dumps(manifest).encode()})
    with tarfile.open('%s/%s.tar' % (path, name), 'w') as tar:
        for member, content in files.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


BASE = [directory('etc'), file('etc/passwd', 'root:x:0:0::/:/bin/sh\n'), file('etc/gone', 'x'), file('etc/same', 'same'),
        directory('opaque'), file('opaque/lower', 'x'), directory('opaque/sub'), file('opaque/sub/f', 'f'),
        directory('dir'), file('dir/in', 'x'), file('file', 'f'), directory('becomes'), file('becomes/in', 'x'),
        file('keep/a/b/c', 'deep'), file('keep/untouched/x', 'x')]
CHANGES = [file('etc/.wh.gone'), file('etc/same', 'same'), file('etc/new', 'n'), directory('opaque'),
           file('opaque/.wh..wh..opq'), file('opaque/upper', 'u'), file('.wh.dir'), directory('file'),
           file('file/x', 'in it'), file('becomes', 'a file'), file('keep/a/b/c', 'changed')]
ODD = [file('etc/odd\x1b[31m\nname'), file('etc/latin\udce9'), file('etc/back\\slash'), file('etc/ünïcode')]
STEPS = [{'created': '2024-01-01T00:00:00Z', 'created_by': 'ADD base in /'},
         {'created': '2024-01-01T00:00:01Z', 'created_by': 'ENV\tA=b ' + 'x' * 60, 'empty_layer': True},
         {'created': '2024-01-01T00:00:02Z', 'created_by': 'RUN \x1b[31mred', 'comment': 'buildkit'},
         {'created': '2024-01-01T00:00:03Z', 'created_by': 'COPY odd /etc'}]
KINDS = {'content': {}, 'mode': {'mode': 0o600}, 'owner': {'uid': 7}, 'time': {'mtime': WHEN + 1}, 'size': {},
         'xattr': {'pax_headers': {'SCHILY.xattr.user.a': 'b'}}}
DEEP = '/'.join(['d'] * 199)


def main():
    path = sys.argv[1]
    image(path, 'one', [BASE], STEPS[:1])
    image(path, 'two', [BASE, CHANGES], STEPS[:3])
    image(path, 'three', [BASE, CHANGES, ODD], STEPS)
    image(path, 'same', [BASE, BASE])
    image(path, 'kinds', [[file(name, 'aaaa') for name in KINDS] + [symlink('link', 'one'), directory('closed')],
                          [file(name, {'content': 'bbbb', 'size': 'aaaaa'}.get(name, 'aaaa'), **members)
                           for name, members in KINDS.items()]
                          + [symlink('link', 'two'), directory('closed', mode=0o700)]])
    image(path, 'plain', [BASE])
    image(path, 'foreign', [BASE], STEPS[:1], 's390x')
    image(path, 'deep', [[file(DEEP + '/x', 'a')], [file(DEEP + '/x', 'b')]])


main()
