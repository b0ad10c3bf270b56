# SPDX-License-Identifier: Apache-2.0
"""The rest of a server's life, through all services, and what a migration has to respect of it."""
from nova_lite.migration import power_state
from nova_lite.virt.simulation import state

# action, the states that it ends in, and what the guest is then
LIFE = [('os-stop', 'stopped', state.SHUTOFF, power_state.SHUTDOWN),
        ('os-start', 'active', state.RUNNING, power_state.RUNNING),
        ('pause', 'paused', state.PAUSED, power_state.PAUSED),
        ('unpause', 'active', state.RUNNING, power_state.RUNNING),
        ('suspend', 'suspended', state.SAVED, power_state.SHUTDOWN),
        ('resume', 'active', state.RUNNING, power_state.RUNNING)]


def test_server_when_it_is_acted_on_then_guest_and_record_agree(cloud):
    server = cloud.boot('dst', disk=True)
    for action, vm_state, guest, power in LIFE:
        assert server.act(action).status == 202, action
        server.wait(lambda server: server.states() == (vm_state, None), vm_state)
        assert cloud.world.places(server.uuid) == {'dst': guest}
        assert server.record.power_state == power
    assert cloud.api.delete(f'/servers/{server.uuid}').status == 204
    cloud.bell.wait_for(
        lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404, 'deleted')
    assert cloud.world.places(server.uuid) == {}
    assert cloud.claims_of(server) == set()
    assert cloud.world.files(server.uuid) == {}


def test_server_when_it_is_suspended_then_its_counter_goes_on_afterwards(cloud):
    server = cloud.boot('src')
    born = cloud.world.guest('src', server.uuid).boot_id
    for action, vm_state in (('suspend', 'suspended'), ('resume', 'active')):
        server.act(action)
        server.wait(lambda server: server.states() == (vm_state, None), vm_state)
    assert cloud.world.guest('src', server.uuid).boot_id == born


def test_boot_when_the_hypervisor_fails_then_error_and_nothing_is_left(cloud):
    server = cloud.order(host='src', metadata={'sim:fail': 'spawn'})
    server.wait(lambda server: server.states() == ('error', None), 'ERROR')
    assert 'simulated failure of spawn' in server.fault.details
    assert cloud.world.places(server.uuid) == {}
    assert cloud.claims_of(server) == set()


def test_boot_when_no_host_has_room_then_error_with_the_reason(cloud):
    cloud.leave_room('src', 100)
    server = cloud.order(host='src')
    server.wait(lambda server: server.states() == ('error', None), 'ERROR')
    assert 'No valid host' in server.show()['fault']['message']
    assert cloud.claims_of(server) == set()


def test_lock_when_an_administrator_moves_the_server_then_it_stays_locked(cloud):
    server = cloud.boot('src')
    assert server.act('lock').status == 202
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    assert server.show()['locked']
