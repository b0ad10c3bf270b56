# SPDX-License-Identifier: Apache-2.0
"""The lab itself: separate hosts, repair of whatever died, and no trace after it.

Guests are moved by libvirt alone here, so that a fault is the lab's and nobody else's.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import libvirt
import pytest

from nova_lite.lab import accel, daemons
from nova_lite.lab.command import LabError, run
from nova_lite.lab.image import BOOT, Image, kernel_release
from nova_lite.lab.lab import Lab
from nova_lite.lab.netns import NETNS_DIRECTORY
from tests.lab.memory import damage_one_page

COMMAND = [sys.executable, '-m', 'nova_lite.cmd.lab']


def pids(lab: Lab) -> dict[tuple[str, str], int | None]:
    return {(row['host'], row['kind']): row['pid'] for row in lab.processes()}


def traces(lab: Lab) -> list[str]:
    """What is there of a lab, anywhere on the machine."""
    found = [str(path) for path in NETNS_DIRECTORY.glob(f'{lab.state.prefix}-*')]
    found += [str(lab.state.path)] if lab.state.path.exists() else []
    found += [line for line in Path('/proc/self/mountinfo').read_text().splitlines()
              if str(lab.state.path) in line]
    for process in Path('/proc').glob('[0-9]*'):
        try:
            words = (process / 'cmdline').read_bytes().decode(errors='replace')
        except OSError:
            continue
        if str(lab.state.path) in words and int(process.name) != os.getpid():
            found.append(words)
    return found


def test_hosts_when_up_are_apart_and_reach_each_other(ground):
    for number, host in enumerate(ground.topology.computes, start=1):
        assert run(*host.cmd_prefix, 'hostname').stdout.strip() == f'compute{number}'
        assert list(host.netns.links()) == ['lo', 'eth0']
        for other in ground.topology.computes:
            address = f'qemu+tcp://{other.name}/system'
            assert run(*host.cmd_prefix, 'virsh', '-c', address, 'hostname'
                       ).stdout.strip() == other.name


def test_machine_when_the_lab_is_up_has_no_interface_of_it(ground):
    here = json.loads(run('ip', '-json', 'address').stdout)
    assert not [link['ifname'] for link in here if '10.77.0.' in json.dumps(link)
                or link['ifname'].startswith(('p1', 'br0', ground.state.prefix))]


def test_hosts_when_up_keep_no_other_hosts_network_alive(ground):
    for host in ground.topology.hosts:
        assert str(NETNS_DIRECTORY) not in Path(f'/proc/{host.pid}/mountinfo').read_text()


def test_database_when_up_is_out_of_reach_for_the_computes(ground):
    probe = 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)'
    compute = ground.topology.host('compute1')

    def reached(address: str, port: int) -> int:
        return run(*compute.cmd_prefix, sys.executable, '-c', probe, address, port,
                   check=False).returncode == 0

    assert reached('10.77.0.10', 5672)
    assert not reached('10.77.0.10', 3306)
    assert not reached('127.0.0.1', 3306)


def test_up_when_all_is_well_touches_nothing(ground):
    before = pids(ground)
    assert None not in before.values()
    ground.up()
    assert pids(ground) == before


@pytest.mark.parametrize('kind', ['libvirtd', 'storage', 'mariadb', 'rabbitmq'])
def test_up_when_a_daemon_was_killed_starts_it_and_no_other(ground, kind):
    before = pids(ground)
    victim = next(part for part in ground.topology.parts() if part.kind == kind)
    process = daemons.process(victim.daemon.pid)
    process.signal(signal.SIGKILL)
    assert process.wait(10)
    assert victim.row()['alive'] is False
    ground.up()
    after = pids(ground)
    assert after.pop((victim.host, kind)) not in (None, before.pop((victim.host, kind)))
    assert after == before


@pytest.mark.parametrize('image, storage, flags', [
    (Image('memory'), 'instances', 0),
    (Image('shared', disk=8), 'shared', 0),
    (Image('private', disk=8), 'instances', libvirt.VIR_MIGRATE_NON_SHARED_INC),
], ids=lambda value: getattr(value, 'name', ''))
def test_guest_when_it_migrates_ticks_on_with_nothing_lost(ground, raw, image, storage, flags):
    source, target, _ = ground.topology.computes
    guest = raw(image, storage)
    with guest.watch() as watch:
        guest.start(source)
        watch.wait_verified()
        guest.make_directory(target)
        guest.migrate(source, target, flags=flags)
        at_arrival = watch.last()
        verdict = watch.wait_verified()
        assert verdict.tick > at_arrival.tick
        assert watch.faults() == []
    where = {host: [known['uuid'] for known in found] for host, found in ground.guests().items()}
    assert guest.uuid in where[target.name] and guest.uuid not in where[source.name]


def test_guest_when_the_copy_takes_many_passes_loses_no_write(ground, raw):
    """The one that kills emulated guests before QEMU 9."""
    source, target, _ = ground.topology.computes
    guest = raw(Image('busy', dirty=64, rate=5))
    with guest.watch() as watch:
        guest.start(source)
        watch.wait(lambda record: record.last() and record.last().passes, 60, 'full memory')
        guest.make_directory(target)
        guest.migrate(source, target, bandwidth=20)
        watch.wait_verified()
        assert watch.record.host() == target.name
        assert watch.faults() == []


def test_guest_when_its_memory_is_damaged_says_so(ground, raw):
    guest = raw(Image('memory', dirty=8, rate=0))
    host = ground.topology.host('compute1')
    with guest.watch() as watch:
        guest.start(host)
        assert watch.wait_verified().bad == 0
        damage_one_page(guest.pid(host))
        watch.wait(lambda record: record.bad(), 30, 'complaint')
        assert watch.faults() == [f'{watch.record.bad()} comparisons of what it wrote failed']


def test_guest_when_its_disk_is_damaged_says_so(ground, raw):
    guest = raw(Image('disk', disk=8))
    host = ground.topology.host('compute1')
    with guest.watch() as watch:
        guest.start(host)
        assert watch.wait_verified().dbad == 0
        guest.damage_disk(host)
        watch.wait(lambda record: record.last().dbad, 60, 'complaint')
        assert watch.last().bad == 0


def test_guest_when_its_power_button_is_pressed_goes_down(ground, raw):
    guest = raw(Image('memory'))
    host = ground.topology.host('compute1')
    with guest.watch() as watch:
        guest.start(host)
        watch.wait_ticks(3)
    assert guest.shutdown(host, timeout=20)


def test_up_when_the_holder_of_a_host_died_keeps_its_guests(ground, raw):
    host = ground.topology.host('compute2')
    guest = raw(Image('memory'))
    with guest.watch() as watch:
        guest.start(host)
        watch.wait_ticks(3)
        before = pids(ground)
        holder = daemons.process(host.pid)
        holder.signal(signal.SIGKILL)
        assert holder.wait(10)
        assert not host.up()
        ground.up()
        assert host.up()
        assert pids(ground) == before
        watch.wait_ticks(10)
        assert watch.faults() == []


def test_up_when_libvirtd_was_killed_finds_the_running_guest_again(ground, raw):
    host = ground.topology.host('compute3')
    guest = raw(Image('memory'))
    with guest.watch() as watch:
        guest.start(host)
        watch.wait_ticks(3)
        process = daemons.process(ground.topology.libvirtd(host).pid)
        process.signal(signal.SIGKILL)
        assert process.wait(10)
        assert ground.guests()['compute3'] is None
        ground.up()
        assert [(known['uuid'], known['state']) for known in ground.guests()['compute3']] == [
            (guest.uuid, 'running')]
        watch.wait_ticks(10)
        assert watch.faults() == []


def test_restart_when_asked_for_one_host_restarts_it_there_only(ground):
    before = pids(ground)
    ground.restart('libvirtd', 'compute1')
    after = pids(ground)
    assert after.pop(('compute1', 'libvirtd')) not in (
        None, before.pop(('compute1', 'libvirtd')))
    assert after == before


@pytest.fixture
def other() -> Lab:
    """A second lab beside the first, not made yet."""
    directory = Path(tempfile.mkdtemp(prefix='two-'))
    lab = Lab(directory)
    yield lab
    lab.down()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.parametrize('seconds', [0.5, 3.5, 5])
def test_up_when_it_was_killed_half_way_goes_on_and_down_leaves_nothing(ground, other, seconds):
    before = pids(ground)
    words = ['--dir', str(other.state.path)]
    with subprocess.Popen([*COMMAND, 'up', '--hosts', '1', '--no-services', *words],
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as half:
        with pytest.raises(subprocess.TimeoutExpired):
            half.wait(seconds)
        half.kill()
    done = run(*COMMAND, 'up', '--hosts', '1', '--no-services', *words, timeout=120)
    assert '1 hosts up' in done.stdout
    shown = json.loads(run(*COMMAND, 'status', '--json', *words).stdout)
    assert shown['healthy'] is True
    assert shown['guests'] == {'compute1': []}
    assert traces(other)
    assert 'gone in' in run(*COMMAND, 'down', *words).stdout
    assert traces(other) == []
    assert 'there was no lab' in run(*COMMAND, 'down', *words).stdout
    assert pids(ground) == before


def test_down_when_up_was_killed_half_way_leaves_nothing(other):
    words = ['--dir', str(other.state.path)]
    with subprocess.Popen([*COMMAND, 'up', *words], stderr=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL) as half:
        with pytest.raises(subprocess.TimeoutExpired):
            half.wait(5)
        half.kill()
    assert traces(other)
    run(*COMMAND, 'down', *words)
    assert traces(other) == []


def test_up_when_more_hosts_are_wanted_adds_them_and_takes_none_away(other):
    other.up(hosts=1, with_services=False)
    before = pids(other)
    other.up(hosts=2)
    assert {place: pid for place, pid in pids(other).items() if place in before} == before
    first, second = other.topology.computes
    for here, there in ((first, second), (second, first)):
        run(*here.cmd_prefix, 'virsh', '-c', f'qemu+tcp://{there.name}/system', 'hostname')
    with pytest.raises(LabError, match='has 2 hosts: nova-lite-lab down'):
        other.up(hosts=1)


def test_probe_when_the_emulator_runs_a_guest_sees_it():
    assert accel.runs('tcg', timeout=20)
    kernel = BOOT / f'vmlinuz-{kernel_release()}'
    assert accel.boots('tcg', kernel, timeout=60)


def test_up_when_a_program_is_missing_says_so_in_one_line(tmp_path):
    done = subprocess.run([*COMMAND, 'up', '--dir', str(tmp_path / 'lab')], timeout=30,
                          env={'PATH': str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert 'bindfs' in done.stderr and 'apt-get install' in done.stderr
    assert not (tmp_path / 'lab').exists()
