# SPDX-License-Identifier: Apache-2.0
"""What can be wrong before a migration, made to happen: each a function of (cloud, server) that
puts right at the end of the test what would disturb the next one."""
import oslo_messaging as messaging

from nova_lite import objects
from nova_lite.migration import vm_states
from nova_lite.scheduler import filters
from nova_lite.virt.simulation import faults

CHECK_DESTINATION = 'check_can_live_migrate_destination'
CHECK_SOURCE = 'check_can_live_migrate_source'


def nothing(cloud, server):
    """Nothing is wrong with cloud or server."""


def all_of(*situations):
    def arrange(cloud, server):
        for situation in situations:
            situation(cloud, server)
    return arrange


# -- the server -------------------------------------------------------------------------------
def gone(cloud, server):
    cloud.api.delete(f'/servers/{server.uuid}')
    cloud.bell.wait_for(
        lambda: cloud.api.request('GET', f'/servers/{server.uuid}').status == 404, 'deleted')


def locked(cloud, server):
    assert server.act('lock').status == 202


def acted(action, vm_state):
    """After ``action`` the server is in ``vm_state``."""
    def arrange(cloud, server):
        assert server.act(action).status == 202
        server.wait(lambda server: server.states() == (vm_state, None), vm_state)
    return arrange


def in_error(cloud, server):
    assert server.act('os-resetState', {'state': 'error'}).status == 202


def never_launched(cloud, server):
    """A build that failed, and an operator who calls the result active."""
    order = cloud.world.script('spawn')
    server.uuid = cloud.order('src').uuid
    server.wait(lambda server: server.states()[0] == vm_states.ERROR, 'failed build')
    cloud.world.release(order)
    assert server.act('os-resetState', {'state': 'active'}).status == 202


def deaf(cloud, host):
    """It does not act on what it hears of its guests, as one that was down when others changed
    them: so an order finds the record wrong."""
    servers = cloud.compute(host).servers
    hears = servers.sync_changed
    servers.sync_changed = lambda ctxt, uuids, is_elsewhere: set()
    cloud.at_end(lambda: setattr(servers, 'sync_changed', hears))


def off_but_called_active(cloud, server):
    """power_state says otherwise than vm_state."""
    deaf(cloud, 'src')
    acted('os-stop', vm_states.STOPPED)(cloud, server)
    assert server.act('os-resetState', {'state': 'active'}).status == 202


def on_the_move(cloud, server):
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)

    def end():
        cloud.world.release(order)
        assert server.wait_status().status == 'completed'
    cloud.at_end(end)


# -- services and their records ---------------------------------------------------------------
def down(host):
    """The compute service of ``host`` does not run, as far as anybody knows."""
    def arrange(cloud, server):
        service = objects.Service.get_by_host_and_binary(cloud.ctxt, host, 'nova-compute')
        path = f'/os-services/{service.uuid}'
        cloud.api.request('PUT', path, {'forced_down': True})
        cloud.at_end(lambda: cloud.api.request('PUT', path, {'forced_down': False}))
    return arrange


def service_without_node(cloud, server):
    """Host ghost has a service that has not reported any resources."""
    ghost = objects.Service.register(cloud.ctxt, 'ghost', 'nova-compute', 'compute')
    cloud.at_end(ghost.destroy)


def said_to_be_on(host):
    """The server's record names ``host``."""
    def arrange(cloud, server):
        record = server.record
        record.host = host
        record.save()
        cloud.at_end(lambda: _put_back(server))
    return arrange


def _put_back(server):
    record = server.record
    record.host = 'src'
    record.save()


def scheduler_breaks(cloud, server):
    """An error of no known class in the scheduler, as it is seen over a broker."""
    def broken(*args):
        raise messaging.RemoteError('ZeroDivisionError', 'simulated failure of the scheduler')
    whole, filters.first_refusal = filters.first_refusal, broken
    cloud.at_end(lambda: setattr(filters, 'first_refusal', whole))


# -- hosts ------------------------------------------------------------------------------------
def host_is(host='dst', **settings):
    """``host`` has other hardware."""
    return lambda cloud, server: cloud.configure(host, **settings)


def little_memory(*hosts):
    def arrange(cloud, server):
        for host in hosts:
            cloud.leave_room(host, 100)
    return arrange


def hypervisor_off(host):
    def arrange(cloud, server):
        cloud.world.stop_hypervisor(host)
        cloud.at_end(lambda: cloud.world.start_hypervisor(host))
    return arrange


def shared_storage(cloud, server):
    """src and dst see the same directory; the server is one that was made there."""
    for host in ('src', 'dst'):
        cloud.configure(host, storage='shared')
    server.uuid = cloud.boot('src', disk=True).uuid


def options(**values):
    return lambda cloud, server: cloud.options.set(**values)


def workaround(name):
    return lambda cloud, server: cloud.options.set('workarounds', **{name: True})


# -- drivers ----------------------------------------------------------------------------------
def driver(step, action=faults.FAIL, **narrowed):
    """The driver fails, refuses or hangs at ``step``."""
    def arrange(cloud, server):
        cloud.world.script(step, action, uuid=server.uuid, **narrowed)
    return arrange


def dst_is_best(cloud, server):
    """The scheduler's first choice."""
    cloud.configure('dst', memory_mb=100000, vcpus=64, local_gb=2000)
