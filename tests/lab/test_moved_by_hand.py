# SPDX-License-Identifier: Apache-2.0
"""A real guest that an operator moves with virsh: found, never started twice, taken over.

Judged by what libvirt on every host says and by the guest's own ticks.
"""
import subprocess

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
            found |= {host.name: bool(domain.isActive()) for domain in libvirtd.listAllDomains()
                      if domain.UUIDString() == server.id}
    return found


def is_refused_with_the_host_named(server, action, argument=None):
    status, answer = server.action(action, argument)
    assert status == 409
    assert f'is on host {THIRD} (running)' in answer['conflictingRequest']['message']


def test_guest_when_migrated_by_hand_then_it_is_shown_not_started_twice_and_taken_over(lab, boot):
    server = boot(host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(10)
        migrate_by_hand(lab, server, 'compute1', THIRD)
        server.wait(lambda shown: shown['status'] == 'ERROR', 60, 'sign of the move by hand')
        assert f'is on host {THIRD} (running)' in server.show()['fault']['message']
        assert server.action('os-resetState', {'state': 'active'})[0] == 202
        assert server.action('os-stop')[0] == 202
        server.wait(lambda shown: shown['status'] == 'SHUTOFF', 60, 'SHUTOFF')
        is_refused_with_the_host_named(server, 'os-start')
        is_refused_with_the_host_named(server, 'reboot', {'type': 'HARD'})
        assert states(lab, server) == {'compute1': False, THIRD: True}

        path = f'/servers/{server.id}/location'
        found = server.cloud.get(path)['location']
        assert {row['host']: row['guest'] for row in found['hosts']} == {
            'compute1': 'off (migrated)', 'compute2': 'absent', THIRD: 'running'}
        status, answer = server.cloud.request('POST', path, {'location': {'host': THIRD}})
        assert status == 200 and answer['location']['remarks'] == []
        shown = server.show()
        assert (shown['status'], server.host) == ('ACTIVE', THIRD)
        assert states(lab, server) == {THIRD: True}
        watch.wait_ticks(20)
        assert watch.faults() == []
        server.live_migrate('compute2')
        assert server.wait_migrated()[0]['status'] == 'completed'
        watch.wait_ticks(20)
        assert watch.faults() == []
        assert states(lab, server) == {'compute2': True}


def test_start_when_migrated_by_hand_a_moment_ago_is_refused_by_libvirts_own_word(lab, boot):
    """Before any look has found it: libvirt calls it off since it has migrated."""
    server = boot(host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(10)
        migrate_by_hand(lab, server, 'compute1', THIRD)
        status, answer = server.action('reboot', {'type': 'HARD'})
        assert status in (202, 409), answer
        server.wait(lambda shown: shown['OS-EXT-STS:task_state'] is None
                    and THIRD in shown.get('fault', {}).get('message', ''), 60, 'refusal')
        assert states(lab, server) == {'compute1': False, THIRD: True}
        watch.wait_ticks(20)
        assert watch.faults() == []
