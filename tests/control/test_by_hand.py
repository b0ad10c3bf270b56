# SPDX-License-Identifier: Apache-2.0
"""What others do to a guest and its copy past nova-lite: virsh by hand, options that are bad."""
import shutil
import signal
import subprocess

import pytest

from nova_lite.compute.foreign_copies import ACTION
from nova_lite.lab.command import run
from nova_lite.migration import convergence
from tests.lab.control import LINK, assert_settled, decided, process_of, wait_copying, wait_until

SLOW = LINK // 2    # MiB/s


def virsh(lab, host, *words):
    return run('virsh', '-q', '-c', lab.topology.host(host).libvirt_uri, *words, timeout=60).stdout


def state_of(lab, host, server):
    return virsh(lab, host, 'domstate', server.id).strip()


def test_options_when_made_bad_during_a_copy_then_it_ends_with_its_record(lab, boot, options):
    """An unusable value at SIGHUP changes nothing about a copy that runs."""
    options.set(bandwidth=SLOW)
    server = boot(host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        server.live_migrate('compute2')
        wait_copying(server)
        lab.state.extra.write_text('[libvirt]\nlive_migration_downtime = 50\n'
                                   f'live_migration_bandwidth = {SLOW}\n')
        process_of(lab, 'compute', 'compute1').signal(signal.SIGHUP)
        migration, _ = server.wait_migrated(180)
        assert migration['status'] == 'completed', migration
        watch.wait_ticks(10, 'compute2')
    assert_settled(server, 'compute2')


def test_guest_when_changed_by_virsh_then_its_server_is_soon_shown_so(lab, boot):
    """Long before the next look of sync_power_state_interval."""
    server = boot(host='compute1')
    for act, status in (('suspend', 'PAUSED'), ('resume', 'ACTIVE'), ('destroy', 'SHUTOFF'),
                        ('start', 'ACTIVE')):
        virsh(lab, 'compute1', act, server.id)
        server.wait(lambda shown: shown['status'] == status, 8, status)


# libvirt itself keeps "virsh resume" waiting until a copy is over
@pytest.mark.parametrize('paused', [True])
def test_guest_when_suspended_or_resumed_by_virsh_during_its_copy_then_arrives_so(
        lab, boot, options, paused):
    options.set(bandwidth=SLOW)
    server = boot(host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        if not paused:
            assert server.action('pause')[0] == 202
            server.wait(lambda shown: shown['status'] == 'PAUSED', 30, 'PAUSED')
        server.live_migrate('compute2')
        wait_copying(server)
        virsh(lab, 'compute1', 'suspend' if paused else 'resume', server.id)
        kind = convergence.GUEST_PAUSED if paused else convergence.GUEST_RESUMED
        wait_until(lambda: kind in decided(server), 30, kind)
        migration, _ = server.wait_migrated(180)
        assert migration['status'] == 'completed', migration
        assert state_of(lab, 'compute2', server) == ('paused' if paused else 'running')
        server.wait(lambda shown: shown['status'] == ('PAUSED' if paused else 'ACTIVE'), 20,
                    'what the guest is')
        if paused:
            before = watch.record.last().tick
            assert watch.record.last().tick == before
            assert server.action('unpause')[0] == 202
        watch.wait_ticks(10, 'compute2')
        assert watch.record.bad() == 0


def test_copy_begun_by_virsh_when_the_host_looks_then_is_told_of_and_left_alone(lab, boot, busy):
    server = boot(busy, host='compute1')
    source = lab.topology.host('compute1')

    def actions():
        return [action['action'] for action in server.cloud.get(
            f'/servers/{server.id}/os-instance-actions')['instanceActions']]

    # who moves a guest by hand makes its directory over there by hand
    place = lab.topology.host('compute2').root / 'instances' / server.id
    place.mkdir()
    with server.watch() as watch:
        watch.wait_ticks(5)
        copy = subprocess.Popen(
            [*source.cmd_prefix, 'virsh', '-q', '-c', 'qemu:///system', 'migrate', '--live',
             '--p2p', '--persistent', '--undefinesource', '--bandwidth', str(SLOW), server.id,
             'qemu+tcp://compute2/system'], stderr=subprocess.PIPE, text=True)
        try:
            wait_until(lambda: ACTION in actions() or copy.poll() is not None, 150,
                       'what is told of it')
            assert copy.poll() is None, copy.stderr.read()
            assert server.action('os-stop')[0] == 202
            server.wait(lambda shown: shown['OS-EXT-STS:task_state'] is None, 30, 'no task')
            assert state_of(lab, 'compute1', server) == 'running'
            assert copy.poll() is None, copy.stderr.read()
        finally:
            run('virsh', '-q', '-c', source.libvirt_uri, 'domjobabort', server.id, timeout=30,
                check=False)
            copy.wait(30)
            copy.stderr.close()
            shutil.rmtree(place)
        watch.wait_ticks(10, 'compute1')
    assert state_of(lab, 'compute1', server) == 'running'
    assert server.host == 'compute1'
