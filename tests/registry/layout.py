# SPDX-License-Identifier: GPL-2.0-or-later
# layout.py - OCI image layouts as the tests need them: images of given layers, and indexes of such images
import gzip
import hashlib
import io
import json
import os
import platform
import tarfile

HERE = {'x86_64': 'amd64', 'aarch64': 'arm64'}[platform.machine()]
OCI = 'application/vnd.oci.image.'


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def read(name):
    with open(name, 'rb') as file:
        return file.read()


def write(name, data):
    with open(name, 'wb') as file:
        file.write(data)


def layer_of(name, text):
    """A layer, not compressed, with one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return out.getvalue()


class Layout:
    """A layout in the new directory top; each method that makes a blob gives its descriptor."""

    def __init__(self, top, indent=None):
        self.top, self.indent = top, indent
        os.makedirs(top + '/blobs/sha256')

    def text(self, value):
        return json.dumps(value, indent=self.indent).encode()

    def blob(self, kind, data):
        name = digest(data)
        write(f'{self.top}/blobs/sha256/{name[7:]}', data)
        return {'mediaType': OCI + kind, 'digest': name, 'size': len(data)}

    def image(self, layers, config, arch=HERE, fields=(), annotations=None):
        """layers: their bytes, not compressed; config: what a container gets; fields: more of the image's configuration"""
        document = {'architecture': arch, 'os': 'linux', 'config': config,
                    'rootfs': {'type': 'layers', 'diff_ids': [digest(data) for data in layers]}, **dict(fields)}
        manifest = {'schemaVersion': 2, 'mediaType': OCI + 'manifest.v1+json',
                    'config': self.blob('config.v1+json', self.text(document)),
                    'layers': [self.blob('layer.v1.tar+gzip', gzip.compress(data, mtime=0)) for data in layers]}
        if annotations:
            manifest['annotations'] = annotations
        return self.blob('manifest.v1+json', self.text(manifest))

    def instance(self, arch, layers, config, annotations=None, fields=()):
        """An image as it stands in an index: with its platform."""
        found = {**self.image(layers, config, arch, fields), 'platform': {'os': 'linux', 'architecture': arch}}
        if annotations:
            found['annotations'] = annotations
        return found

    def index(self, instances, annotations=None):
        document = {'schemaVersion': 2, 'mediaType': OCI + 'index.v1+json', 'manifests': instances}
        if annotations:
            document['annotations'] = annotations
        return self.blob('index.v1+json', self.text(document))

    def finish(self, descriptor):
        """Name it "it", and write what makes a directory a layout."""
        entry = {**descriptor, 'annotations': {'org.opencontainers.image.ref.name': 'it'}}
        write(self.top + '/index.json', self.text({'schemaVersion': 2, 'manifests': [entry]}))
        write(self.top + '/oci-layout', self.text({'imageLayoutVersion': '1.0.0'}))
