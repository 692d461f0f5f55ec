#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# images.py - pull, push, load, save and lists of images beside podman, skopeo and umoci: images.py CORACLE INFLATE OUT
"""
Called by tests/bench/run --images as an ordinary user. In each round every peer gets a store of its own that was never
used; stores are removed when all rounds are over, and not between them: for a minute ext4 steps over each inode that
was just removed when it makes a new one, so that who came after a removal would pay for it.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import layers

ROUNDS = int(os.environ.get('BENCH_IMAGE_ROUNDS', '3'))
MANY = int(os.environ.get('BENCH_MANY', '1000'))
ONLY = os.environ.get('BENCH_ONLY', '')
SHORT_RUNS = 15
LIMIT_SECONDS = 300
ROUND_BYTES = 6 << 30
WORK = os.path.join(os.path.expanduser('~'), 'bench-images')
PODMAN = ('podman', '--log-level', 'error', '--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs',
          '--events-backend', 'none')


class Failed(Exception):
    pass


def timed(argv, env=None, **how):
    """seconds on the clock, and of the processor, its own and its children's"""
    with open(os.path.join(WORK, 'output'), 'w+', encoding='utf-8', errors='replace') as output:
        how = {'stdout': output, **how}
        begin = time.monotonic()
        process = subprocess.Popen(argv, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stderr=output, **how)
        signal.alarm(LIMIT_SECONDS)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            signal.alarm(0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise Failed((output.read().strip().splitlines() or [f'ended with {process.returncode}'])[-1])
    return seconds, usage.ru_utime + usage.ru_stime


class Registry:
    """docker-registry on a free port of the loopback"""

    def __init__(self, name):
        self.root = os.path.join(WORK, name)
        self.process = None
        self.start()

    def start(self):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        os.makedirs(self.root, exist_ok=True)
        settings = f'{self.root}.yml'
        with open(settings, 'w', encoding='ascii') as file:
            file.write('version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n'
                       f'storage: {{filesystem: {{rootdirectory: "{self.root}"}}}}\n'
                       f'http: {{addr: "127.0.0.1:{self.port}"}}\n')
        # it takes every variable REGISTRY_... for configuration
        env = {key: value for key, value in os.environ.items() if not key.startswith('REGISTRY_')}
        self.process = subprocess.Popen(['docker-registry', 'serve', settings], env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/v2/', timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise SystemExit('images: docker-registry does not answer')

    def anew(self):
        """empty, and without anything it remembers"""
        self.stop()
        self.root += '+'
        self.start()

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def name(self, image):
        return f'localhost:{self.port}/bench/{image}'

    def sent(self):
        """bytes of all blobs that it holds"""
        return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(self.root)
                   for name in names if name == 'data')


class Bench:
    def __init__(self, coracle, inflate):
        self.coracle, self.inflate = coracle, inflate
        self.times, self.left_out, self.notes, self.stores = {}, set(), {}, 0
        self.registry = Registry('registry')
        self.target = None
        self.image = None

    def store(self, kind):
        self.stores += 1
        path = os.path.join(WORK, 'stores', f'{kind}{self.stores}')
        os.makedirs(path)
        return path

    def ours(self, store, *argv):
        return [self.coracle, *argv], {'CORACLE_ROOT': store}

    def podman(self, store, *argv):
        return [*PODMAN, '--root', store, '--runroot', os.path.join(os.environ['XDG_RUNTIME_DIR'], 'bench-images'), *argv], {}

    def add(self, name, argv, env=None, **how):
        """one time of a row; a row that can't be measured here is left out with the reason, and not tried again"""
        if name in self.left_out or ONLY not in name:
            return False
        os.sync()
        try:
            times = timed(argv, env, **how)
        except (Failed, FileNotFoundError) as failure:
            print(f'left out: {name}: {failure}', file=sys.stderr)
            self.left_out.add(name)
            self.times.pop(name, None)
            return False
        self.times.setdefault(name, []).append(times)
        return True

    # --- what is compared ---

    def pull_round(self):
        image = self.registry.name('image:1')
        ours = self.store('coracle')
        self.add('coracle pull', *self.ours(ours, 'pull', '-q', '--tls-verify=false', image))
        self.add('podman pull', *self.podman(self.store('podman'), 'pull', '-q', '--tls-verify=false', image))
        both = self.store('umoci')
        self.add('skopeo copy + umoci unpack', ['sh', '-c', 'cd "$1" && skopeo copy -q --src-tls-verify=false '
                 'docker://"$2" oci:oci:1 && umoci unpack --rootless --image oci:1 bundle', 'sh', both, image])
        return ours

    def load_round(self):
        archive = os.path.join(WORK, 'image.tar')
        stores = self.store('coracle'), self.store('podman')
        self.add('coracle load', *self.ours(stores[0], 'load', '-q', '-i', archive))
        self.add('podman load', *self.podman(stores[1], 'load', '-q', '-i', archive))
        return stores

    def save_round(self, stores):
        name, out = 'localhost/bench/archive:1', os.path.join(WORK, 'saved.tar')
        for who, (argv, env) in (('coracle', self.ours(stores[0], 'save', '-o', out, name)),
                                 ('podman', self.podman(stores[1], 'save', '-q', '-o', out, name))):
            if os.path.exists(out):
                os.unlink(out)
            if self.add(f'{who} save', argv, env):
                self.notes.setdefault('saved', {})[who] = os.path.getsize(out)

    def push_round(self, stores):
        name = 'localhost/bench/archive:1'
        for who, command in (('coracle', self.ours), ('podman', self.podman)):
            if self.target:
                self.target.anew()
            else:
                self.target = Registry('target')
            argv, env = command(stores[who == 'podman'], 'push', '-q', '--tls-verify=false', name, self.target.name('new:1'))
            if self.add(f'{who} push', argv, env):
                self.notes.setdefault('pushed', {})[who] = self.target.sent()

    def short_rows(self, pulled):
        """commands of milliseconds, one after the other in each run"""
        image = self.registry.name('image:1')
        many = self.store('coracle')
        rows = [('coracle pull, all layers here', *self.ours(pulled, 'pull', '-q', '--tls-verify=false', image)),
                ('curl, the same requests', self.curl_argv(), None)]
        archive = os.path.join(WORK, 'many.tar')
        layers.make_many(archive, MANY)
        try:
            timed(*self.ours(many, 'load', '-q', '-i', archive))
        except Failed as failure:
            print(f'left out: {MANY} images: {failure}', file=sys.stderr)
        else:
            rows += [(f'coracle {command}, {MANY} images', *self.ours(many, *command.split()))
                     for command in ('images', 'images -q', 'ps')]
            rows.append((f'coracle image inspect, {MANY} images', *self.ours(many, 'image', 'inspect', 'localhost/many/image5:1')))
        for _ in range(SHORT_RUNS):
            for row in rows:
                self.add(*row)

    def curl_argv(self):
        """all layers and the configuration are known by their digests: what is left to ask for is the manifest

        --tls-verify=false: TLS is tried first, by podman too
        """
        where = f'://localhost:{self.registry.port}/v2/bench/image/manifests/1'
        options = ['-s', '-k', '-o', '/dev/null', '-H', 'Accept: application/vnd.oci.image.manifest.v1+json']
        return ['curl', *options, 'https' + where, '--next', '--fail', *options, 'http' + where]

    def limits(self):
        """MB of tar a second on one core"""
        output = subprocess.run([self.inflate, self.image['blob'], '2'], check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            words = line.split()
            if words[-1] == 'MB/s':
                self.notes.setdefault('limits', {})[' '.join(words[:-2])] = float(words[-2])

    def run(self):
        self.image = layers.make_layout(WORK)
        self.notes['image'] = self.image
        subprocess.run(['skopeo', 'copy', '-q', '--dest-tls-verify=false', f'oci:{WORK}/layout:1',
                        'docker://' + self.registry.name('image:1')], check=True, stderr=subprocess.DEVNULL)
        pulled = None
        for i in range(ROUNDS):
            if shutil.disk_usage(WORK).free < ROUND_BYTES:
                raise SystemExit(f'images: less than {ROUND_BYTES >> 30} GiB are free for a round')
            pulled = self.pull_round()
            stores = self.load_round()
            self.save_round(stores)
            self.push_round(stores)
            print(f'images: round {i + 1} of {ROUNDS}', file=sys.stderr)
        self.short_rows(pulled)
        if self.inflate and os.path.exists(self.inflate):
            self.limits()

    def end(self):
        self.registry.stop()
        if self.target:
            self.target.stop()


def remove_all():
    """files of other ids are removed by who maps them; nothing is started that stays"""
    if not os.path.isdir(WORK):
        return
    if shutil.which('podman'):
        subprocess.run(['podman', 'unshare', 'rm', '-rf', WORK], check=False, capture_output=True)
        pause = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'libpod', 'tmp', 'pause.pid')
        if os.path.exists(pause):
            with open(pause, encoding='ascii') as file:
                os.kill(int(file.read()), signal.SIGTERM)
            os.unlink(pause)
    shutil.rmtree(WORK, ignore_errors=True)


def too_long(_number, _frame):
    raise SystemExit(f'images: a command took more than {LIMIT_SECONDS} seconds')


def main():
    coracle, inflate, out = sys.argv[1:4]
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    remove_all()
    os.makedirs(WORK)
    bench = Bench(coracle, inflate)
    try:
        bench.run()
        with open(out, 'w', encoding='ascii') as file:
            json.dump({'times': bench.times, 'notes': bench.notes}, file, indent=1)
    finally:
        bench.end()
        remove_all()


if __name__ == '__main__':
    main()
