#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# store_check.py - what a store names must be there, and be what its name says: store_check.py STORE [FILE=SHA256...]
#
# Names lead to images, images to layers, configuration and manifest; blobs have their digest; a file FILE in any
# layer has that digest. Says what is wrong, and fails then. What nothing refers to may be there: a sweep takes it.
import hashlib
import json
import os
import sys

store, wanted = sys.argv[1], dict(word.split('=') for word in sys.argv[2:])
wrong = []


def path(*words):
    return os.path.join(store, *words)


def text(*words):
    with open(path(*words), 'rb') as file:
        return file.read()


def digest(*words):
    return hashlib.sha256(text(*words)).hexdigest()


for name in os.listdir(path('refs')):
    image = text('refs', name).decode().strip().removeprefix('sha256:')
    if not os.path.exists(path('images', image + '.json')):
        wrong.append(f'name {name}: no image {image}')
for name in os.listdir(path('images')):
    record = json.loads(text('images', name))
    for one in [record['id'], record['manifest']]:
        if not os.path.exists(path('blobs/sha256', one.removeprefix('sha256:'))):
            wrong.append(f'image {name}: no blob {one}')
    for layer in record['layers']:
        if not os.path.exists(path('layers', layer.removeprefix('sha256:'), 'layer.json')):
            wrong.append(f'image {name}: no layer {layer}')
for name in os.listdir(path('blobs/sha256')):
    if digest('blobs/sha256', name) != name:
        wrong.append(f'blob {name}: other bytes')
for name in os.listdir(path('layers')):
    info = json.loads(text('layers', name, 'layer.json'))
    if info.get('parent') and not os.path.exists(path('layers', info['parent'].removeprefix('sha256:'))):
        wrong.append(f'layer {name}: no layer {info["parent"]} below it')
    for file, sum_ in wanted.items():
        if os.path.exists(path('layers', name, 'diff', file)) and digest('layers', name, 'diff', file) != sum_:
            wrong.append(f'layer {name}: other bytes in {file}')
for line in wrong:
    print(line)
sys.exit(bool(wrong))
