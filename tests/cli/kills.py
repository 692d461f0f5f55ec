#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# kills.py - kill -9 at random moments, then ask whether anything was lost or made up: kills.py COUNT [SEED]
#
# Victims: the client, the monitor, init of the container, slirp4netns. Operations: run, run --rm, create and
# start, stop, rm -f, exec, restart. After each: ps -a works and is right, rm -f waits for no time-out, name and port are
# free, no process is left.
import json
import os
import random
import signal
import subprocess
import sys
import time

CORACLE = os.environ['CORACLE']
RUNTIME = os.environ['CORACLE_RUNROOT']
PORT = int(os.environ.get('KILL_PORT', '22871'))


def call(*arguments, timeout=180):
    return subprocess.run([CORACLE, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, check=False)


def begin(*arguments):
    return subprocess.Popen([CORACLE, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def running_facts():
    """run.json of every container that has one."""
    base = os.path.join(RUNTIME, 'containers')
    try:
        names = os.listdir(base)
    except OSError:
        return []
    facts = []
    for name in names:
        try:
            with open(os.path.join(base, name, 'run.json'), encoding='utf-8') as file:
                facts.append(json.load(file))
        except (OSError, ValueError):
            continue
    return facts


def own_children():
    """Processes of ours, by their program or as children of one: monitors before they wrote anything."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.stat(f'/proc/{pid}').st_uid != os.getuid() and not os.access(f'/proc/{pid}/environ', os.R_OK):
                continue
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                name = os.path.basename(file.read().split(b'\0')[0].decode(errors='replace'))
        except OSError:
            continue
        if name.startswith('coracle-'):
            found.append(int(pid))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def strike(victim, client):
    if victim == 'client':
        kill(client.pid)
        return
    for facts in running_facts():
        pid = {'monitor': facts.get('monitorPid'), 'init': facts.get('pid'), 'slirp4netns': facts.get('helperPid')}[victim]
        if pid:
            kill(int(pid))
    if victim == 'monitor':
        for pid in own_children():
            kill(pid)


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def check_truth(where):
    listed = call('ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.State}}')
    assert listed.returncode == 0, f'{where}: ps -a: {listed.stderr}'
    for line in listed.stdout.decode().splitlines():
        identity, state = line.split()
        assert state in ('created', 'running', 'exited', 'restarting', 'starting', 'removing'), f'{where}: {line}'
        shown = call('inspect', '--type', 'container', '-f', '{{.State.Status}} {{.State.Pid}}', identity)
        if shown.returncode != 0:
            continue  # it ended with --rm in between
        state, pid = shown.stdout.decode().split()
        # What is on its way to its end may be gone by the time we look: only a lie that lasts is one.
        end = time.monotonic() + 60
        while state == 'running' and not alive(pid):
            assert time.monotonic() < end, f'{where}: said to run, but process {pid} is not there'
            time.sleep(0.05)
            shown = call('inspect', '--type', 'container', '-f', '{{.State.Status}} {{.State.Pid}}', identity)
            state, pid = shown.stdout.decode().split() if shown.returncode == 0 else ('gone', '0')
    return listed.stdout.decode().splitlines()


def remove_all(where):
    names = call('ps', '-aq', '--no-trunc').stdout.decode().split()
    slow = 0.0
    for name in names:
        start = time.monotonic()
        assert call('version').returncode == 0, f'{where}: version'
        # what any command takes on this machine now
        usual = time.monotonic() - start
        start = time.monotonic()
        done = call('rm', '-f', '-t', '0', name)
        took = time.monotonic() - start - 20 * usual
        assert done.returncode == 0, f'{where}: rm -f: {done.stderr}'
        slow = max(slow, took)
    left = call('ps', '-aq').stdout
    assert left == b'', f'{where}: left: {left}'
    return slow


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    chance = random.Random(seed)
    print(f'seed {seed}')
    slow, slowest = 0, 0.0
    for turn in range(count):
        operation = chance.choice(['run', 'run --rm', 'run port', 'start', 'stop', 'rm', 'exec', 'restart', 'create'])
        victim = chance.choice(['client', 'client', 'monitor', 'init', 'slirp4netns'])
        where = f'turn {turn}, {operation}, {victim} (seed {seed})'
        name = f'kill{turn % 7}'
        network = 'none' if chance.random() < 0.6 and operation != 'run port' and victim != 'slirp4netns' else 'slirp4netns'
        base = ['--network', network, '--name', name]
        trap = ['busybox', 'sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.05; done']
        if operation in ('stop', 'rm', 'exec', 'restart'):
            made = call('run', '-d', *base, *trap)
            assert made.returncode == 0, f'{where}: run: {made.stderr}'
        elif operation == 'start':
            assert call('create', *base, *trap).returncode == 0, f'{where}: create'
        commands = {
            'run': ['run', '-d', *base, *trap], 'run --rm': ['run', '--rm', *base, 'busybox', 'sleep', '0.05'],
            'run port': ['run', '-d', '-p', f'127.0.0.1:{PORT}:80', *base, *trap], 'start': ['start', name],
            'stop': ['stop', '-t', '1', name], 'rm': ['rm', '-f', '-t', '0', name],
            'exec': ['exec', name, 'sleep', '0.03'], 'restart': ['restart', '-t', '1', name],
            'create': ['create', *base, *trap],
        }
        client = begin(*commands[operation])
        time.sleep(chance.random() ** 2 * 0.12)
        strike(victim, client)
        try:
            client.wait(120)
        except subprocess.TimeoutExpired:
            kill(client.pid)
            raise AssertionError(f'{where}: the client hangs') from None
        check_truth(where)
        took = remove_all(where)
        slowest = max(slowest, took)
        slow += took > 1.0
        # The name is free, and the port.
        again = call('run', '-d', '--name', name, '--network', 'none', 'busybox', 'true')
        assert again.returncode == 0, f'{where}: the name is not free: {again.stderr}'
        remove_all(where)
        if operation == 'run port':
            again = call('run', '-d', '--name', name, '-p', f'127.0.0.1:{PORT}:80', 'busybox', 'sleep', '5')
            assert again.returncode == 0, f'{where}: the port is not free: {again.stderr}'
            remove_all(where)
    end = time.monotonic() + 60
    while own_children() and time.monotonic() < end:
        time.sleep(0.05)
    left = own_children()
    assert not left, f'processes left: {left}'
    print(f'{count} kills; slowest rm -f {slowest:.2f} s above 20 commands, {slow} more than a second')
    # A busy machine may be late now and then; an engine that waits for a time-out is late each time.
    assert slow * 10 <= count, f'rm -f took too long {slow} times'


main()
