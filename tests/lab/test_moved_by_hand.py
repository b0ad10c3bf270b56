# SPDX-License-Identifier: Apache-2.0
"""A real guest that is not where its record says: found, never started twice, taken over.

An operator has moved it with virsh, or a copy that the record had given up came to its end.

Judged by what libvirt on every host says and by the guest's own ticks.
"""
import contextlib
import signal
import subprocess

import libvirt
import pytest

from tests.lab import control
from tests.lab.rawguest import connected

THIRD = 'compute3'


def host_of(lab, name):
    return next(host for host in lab.topology.computes if host.name == name)


def migrate_by_hand(lab, server, source, dest):
    """As virsh migrate --live --p2p: the source keeps its definition."""
    # the console's file needs its directory, which a migration of ours would have made
    (host_of(lab, dest).root / 'instances' / server.id).mkdir(parents=True, exist_ok=True)
    virsh = subprocess.run(
        ['virsh', '-c', host_of(lab, source).libvirt_uri, 'migrate', '--live', '--p2p', server.id,
         f'qemu+tcp://{dest}/system'], capture_output=True, text=True, timeout=120)
    assert virsh.returncode == 0, virsh.stderr


def states(lab, server):
    """Host to whether the guest is on there, for each host that knows it."""
    found = {}
    for host in lab.topology.computes:
        with connected(host) as libvirtd:
            for on, which in ((False, libvirt.VIR_CONNECT_LIST_DOMAINS_INACTIVE),
                              (True, libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)):
                if any(domain.UUIDString() == server.id
                       for domain in libvirtd.listAllDomains(which)):
                    found[host.name] = on
    return found


def is_refused_with_the_host_named(server, action, argument=None, host=THIRD):
    status, answer = server.action(action, argument)
    assert status == 409
    assert f'is on host {host} (running)' in answer['conflictingRequest']['message']


def reset_and_stop(server):
    assert server.action('os-resetState', {'state': 'active'})[0] == 202
    assert server.action('os-stop')[0] == 202
    server.wait(lambda shown: shown['status'] == 'SHUTOFF', 60, 'SHUTOFF')


def accept(server, host):
    """The files of other hosts stay, and the answer names them."""
    others = {server.host, *states(server.cloud.lab, server)} - {host}
    status, answer = server.cloud.request('POST', f'/servers/{server.id}/location',
                                          {'location': {'host': host}})
    assert status == 200
    remarks = answer['location']['remarks']
    assert [remark.split(' in ')[0] for remark in remarks] == [
        f'host {other} keeps the files' for other in sorted(others)]
    assert all(f'/instances/{server.id}: ' in remark for remark in remarks)
    shown = server.show()
    assert (shown['status'], server.host) == ('ACTIVE', host)
    assert states(server.cloud.lab, server) == {host: True}


def test_guest_when_migrated_by_hand_then_it_is_shown_not_started_twice_and_taken_over(lab, boot):
    server = boot(host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(10)
        migrate_by_hand(lab, server, 'compute1', THIRD)
        server.wait(lambda shown: shown['status'] == 'ERROR', 60, 'sign of the move by hand')
        assert f'is on host {THIRD} (running)' in server.show()['fault']['message']
        reset_and_stop(server)
        is_refused_with_the_host_named(server, 'os-start')
        is_refused_with_the_host_named(server, 'reboot', {'type': 'HARD'})
        assert states(lab, server) == {'compute1': False, THIRD: True}

        found = server.cloud.get(f'/servers/{server.id}/location')['location']
        assert {row['host']: row['guest'] for row in found['hosts']} == {
            'compute1': 'off (migrated)', 'compute2': 'absent', THIRD: 'running'}
        accept(server, THIRD)
        watch.wait_ticks(20)
        assert watch.faults() == []
        server.live_migrate('compute2')
        assert server.wait_migrated()[0]['status'] == 'completed'
        watch.wait_ticks(20)
        assert watch.faults() == []
        assert states(lab, server) == {'compute2': True}


@pytest.mark.parametrize('forgotten', [False, True])
def test_start_when_migrated_by_hand_a_moment_ago_is_refused(lab, boot, forgotten):
    """Before any look has found it: libvirt calls it off since it has migrated, and does not know
    that any more when it was restarted."""
    server = boot(host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(10)
        migrate_by_hand(lab, server, 'compute1', THIRD)
        if forgotten:
            lab.restart('libvirtd', 'compute1')
        status, answer = server.action('reboot', {'type': 'HARD'})
        assert status in (202, 409), answer
        server.wait(lambda shown: shown['OS-EXT-STS:task_state'] is None
                    and THIRD in shown.get('fault', {}).get('message', ''), 60, 'refusal')
        assert states(lab, server) == {'compute1': False, THIRD: True}
        watch.wait_ticks(20)
        assert watch.faults() == []


@pytest.fixture
def slow_copies(lab):
    options = control.Options(lab)
    options.set(bandwidth=1)
    yield
    options.write('')


@contextlib.contextmanager
def forced_down(cloud, host):
    """Its compute is dead, and an operator says that nothing runs on that host. Afterwards it is
    back."""
    [service] = [each for each in cloud.get('/os-services')['services']
                 if (each['binary'], each['host']) == ('nova-compute', host)]

    def say(down):
        path = f"/os-services/{service['id']}"
        assert cloud.request('PUT', path, {'forced_down': down})[0] == 200

    control.process_of(cloud.lab, 'compute', host).signal(signal.SIGKILL)
    say(True)
    try:
        yield
    finally:
        cloud.lab.restart('compute', host)
        say(False)
        cloud.lab.up()      # content when all services report


def test_guest_when_a_copy_that_was_given_up_arrives_then_it_is_not_started_twice(
        lab, cloud, slow_copies, boot):
    server = boot(host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(10)
        server.live_migrate('compute2')
        control.wait_copying(server)
        with forced_down(cloud, 'compute1'):
            assert server.wait_migrated()[0]['status'] == 'error'
            assert states(lab, server)['compute1']
            with connected(host_of(lab, 'compute1')) as libvirtd:
                libvirtd.lookupByUUIDString(server.id).migrateSetMaxSpeed(500)
            control.wait_until(lambda: states(lab, server) == {'compute2': True}, 60, 'arrival')
        server.wait(lambda shown: 'is on host compute2 (running)' in shown['fault']['message'],
                    150, 'sign of the guest that has arrived')
        reset_and_stop(server)
        is_refused_with_the_host_named(server, 'os-start', host='compute2')
        is_refused_with_the_host_named(server, 'reboot', {'type': 'HARD'}, 'compute2')
        assert states(lab, server) == {'compute2': True}
        accept(server, 'compute2')
        watch.wait_ticks(20)
        assert watch.faults() == []
