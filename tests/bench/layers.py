#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# layers.py - an image for tests/bench/images.py: three layers, about 450 MB, as OCI layout, as archive; and 1,000 tiny ones
"""
The lowest layer is of this machine's own /usr: programs, libraries, documents as any distribution has them. The second is
a tree of 20,000 small files, the third one large file of which half compresses. Numbers come from a fixed seed.
"""
import hashlib
import io
import json
import os
import random
import subprocess
import tarfile

USR = (('bin', 60 << 20), ('lib', 120 << 20), ('share', 70 << 20))
SMALL_FILES, LARGE_BYTES = 20000, 150 << 20
ANY_TIME = '2024-01-01T00:00:00Z'


def plain(info):
    info.uid = info.gid = 0
    info.uname = info.gname = ''
    info.mtime = int(info.mtime)
    return info


def add_usr(tar):
    for folder, most in USR:
        have = 0
        for path, names, files in os.walk('/usr/' + folder):
            names.sort()
            tar.add(path, path[1:], recursive=False, filter=plain)
            for name in sorted(files):
                file = os.path.join(path, name)
                if not os.access(file, os.R_OK) or not (os.path.islink(file) or os.path.isfile(file)):
                    continue
                size = os.lstat(file).st_size
                # one compiler's or browser's library must not be all there is
                if size > 8 << 20 or have + size > most:
                    continue
                have += size
                tar.add(file, file[1:], recursive=False, filter=plain)
            if have > most - (1 << 20):
                break


def add_bytes(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(data), 0o644, 1700000000
    tar.addfile(info, io.BytesIO(data))


def add_folder(tar, name):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, 1700000000
    tar.addfile(info)


def add_small(tar):
    chance = random.Random(1)
    words = [('%x' % chance.getrandbits(40)).encode() for _ in range(5000)]
    for i in range(SMALL_FILES):
        if i % 50 == 0:
            add_folder(tar, f'small/{i // 50:03}')
        data = b' '.join(chance.choice(words) for _ in range(chance.randrange(20, 400)))
        add_bytes(tar, f'small/{i // 50:03}/{i:05}.txt', data)


def add_large(tar):
    chance = random.Random(2)
    half = [(b'a line that says what many lines say, number %d\n' % (i % 1000)) * 1300 for i in range(64)]
    data = b''.join(chance.randbytes(65536) if i % 2 else half[i % 64][:65536].ljust(65536) for i in range(LARGE_BYTES >> 16))
    add_bytes(tar, 'large', data)


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def configuration(diff_ids, number=0):
    return json.dumps({
        'architecture': {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(os.uname().machine, os.uname().machine), 'os': 'linux',
        'created': ANY_TIME, 'config': {'Cmd': ['true'], 'Labels': {'number': str(number)}},
        'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + diff_id for diff_id in diff_ids]},
        'history': [{'created': ANY_TIME, 'created_by': 'bench'} for _ in diff_ids],
    }).encode()


def make_layout(work):
    """work/layout: the OCI layout, gzip -6; work/image.tar: docker-archive; returns (tar bytes, gzip bytes, largest blob)"""
    blobs = os.path.join(work, 'layout', 'blobs', 'sha256')
    os.makedirs(blobs)
    tars, packing = [], []
    for i, add in enumerate((add_usr, add_small, add_large)):
        path = os.path.join(work, f'{i}.tar')
        with tarfile.open(path, 'w', format=tarfile.GNU_FORMAT) as tar:
            add(tar)
        tars.append(path)
        with open(path + '.gz', 'wb') as out:
            packing.append(subprocess.Popen(['gzip', '-6', '-n', '-c', path], stdout=out))
    if any(process.wait() for process in packing):
        raise SystemExit('images: gzip ended badly')
    diff_ids, layers = [digest_of(path) for path in tars], []
    for path in tars:
        digest, size = digest_of(path + '.gz'), os.path.getsize(path + '.gz')
        os.rename(path + '.gz', os.path.join(blobs, digest))
        layers.append({'mediaType': 'application/vnd.oci.image.layer.v1.tar+gzip', 'digest': 'sha256:' + digest, 'size': size})
    config = configuration(diff_ids)

    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), 'wb') as file:
            file.write(data)
        return {'digest': 'sha256:' + digest, 'size': len(data)}

    manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'layers': layers,
                'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', **put(config)}}
    descriptor = {'mediaType': manifest['mediaType'], **put(json.dumps(manifest).encode()),
                  'annotations': {'org.opencontainers.image.ref.name': '1'}}
    with open(os.path.join(work, 'layout', 'oci-layout'), 'w', encoding='ascii') as file:
        json.dump({'imageLayoutVersion': '1.0.0'}, file)
    with open(os.path.join(work, 'layout', 'index.json'), 'w', encoding='ascii') as file:
        json.dump({'schemaVersion': 2, 'manifests': [descriptor]}, file)
    with tarfile.open(os.path.join(work, 'image.tar'), 'w', format=tarfile.GNU_FORMAT) as tar:
        names = [f'{diff_id}.tar' for diff_id in diff_ids]
        for path, name in zip(tars, names):
            tar.add(path, name, filter=plain)
        add_bytes(tar, 'config.json', config)
        add_bytes(tar, 'manifest.json', json.dumps([{
            'Config': 'config.json', 'RepoTags': ['localhost/bench/archive:1'], 'Layers': names}]).encode())
    unpacked = sum(os.path.getsize(path) for path in tars)
    for path in tars:
        os.unlink(path)
    return {'tar': unpacked, 'gzip': sum(layer['size'] for layer in layers),
            'blob': os.path.join(blobs, layers[0]['digest'][7:]), 'layers': [layer['digest'] for layer in layers]}


def make_many(path, count):
    """one docker-archive of so many images with a name each, upon one layer"""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode='w', format=tarfile.GNU_FORMAT) as tar:
        add_bytes(tar, 'hello', b'hello\n')
    diff_id, images = hashlib.sha256(layer.getvalue()).hexdigest(), []
    with tarfile.open(path, 'w', format=tarfile.GNU_FORMAT) as tar:
        add_bytes(tar, 'layer.tar', layer.getvalue())
        for i in range(count):
            add_bytes(tar, f'{i}.json', configuration([diff_id], i))
            images.append({'Config': f'{i}.json', 'RepoTags': [f'localhost/many/image{i}:1'], 'Layers': ['layer.tar']})
        add_bytes(tar, 'manifest.json', json.dumps(images).encode())
