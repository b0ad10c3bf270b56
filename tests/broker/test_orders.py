# SPDX-License-Identifier: Apache-2.0
"""Orders that a host never hears of: it stands still, it dies, and what the broker held for it is
gone. Real processes on a real broker and database, simulated hypervisor."""
import signal

import kombu
import pytest

from nova_lite.virt.simulation.world import World
from tests.fixtures.processes import IMAGE_ID, TIME_SCALE
from tests.fixtures.servers import running

# the order, the server in the end, its guest in the end
ORDERS = {'stop': ({'os-stop': None}, 'SHUTOFF', 'shutoff'),
          'pause': ({'pause': None}, 'PAUSED', 'paused'),
          'suspend': ({'suspend': None}, 'SUSPENDED', 'saved'),
          'reboot': ({'reboot': {'type': 'HARD'}}, 'ACTIVE', 'running')}
ENDS = {**{name: end for name, (_, *end) in ORDERS.items()}, 'boot': ['ACTIVE', 'running']}


@pytest.fixture(params=['mariadb', 'postgresql'])
def deployment(request, rabbitmq, tmp_path):
    database = request.getfixturevalue(request.param)
    with running(rabbitmq, database, tmp_path, hosts=('src',)) as deployed:
        yield deployed


def purge(transport_url, queue):
    """Throw away what the broker holds; how many messages that was."""
    with kombu.Connection(transport_url.replace('rabbit:', 'amqp:')) as link:
        return link.default_channel.queue_purge(queue)


def task_of(deployment, uuid):
    return deployment.server(uuid)['OS-EXT-STS:task_state']


def test_orders_when_the_host_dies_and_their_messages_are_lost_then_all_are_carried_out(
        deployment):
    flavor = deployment.make_flavor()
    world = World(str(deployment.directory / 'world'), TIME_SCALE)
    uuids = {name: deployment.boot(name, 'src', flavor) for name in ORDERS}
    born = world.guest('src', uuids['reboot']).boot_id
    deployment.signal('compute-src', signal.SIGSTOP)
    for name, (order, *_) in ORDERS.items():
        answer = deployment.request('POST', f'/servers/{uuids[name]}/action', order)
        assert answer.status_code == 202, answer.text
    answer = deployment.request('POST', '/servers', {'server': {
        'name': 'boot', 'imageRef': IMAGE_ID, 'flavorRef': flavor, 'networks': 'none',
        'availability_zone': 'nova:src'}})
    assert answer.status_code == 202, answer.text
    uuids['boot'] = answer.json()['server']['id']
    deployment.wait_for(lambda: task_of(deployment, uuids['boot']) == 'spawning',
                        'a host for the new server')
    deployment.signal('compute-src', signal.SIGKILL)
    lost = 0

    def nothing_is_left():
        """The broker gives back what it had sent to the dead one, a moment after it died."""
        nonlocal lost
        lost += purge(deployment.transport_url, 'compute.src')
        return lost >= len(uuids)

    deployment.wait_for(nothing_is_left, 'the messages')
    assert None not in {task_of(deployment, uuid) for uuid in uuids.values()}
    deployment.start('compute-src')
    for name, uuid in uuids.items():
        deployment.wait_for(lambda uuid=uuid: task_of(deployment, uuid) is None, name)
    ended = {name: [deployment.server(uuid)['status'], world.places(uuid).get('src')]
             for name, uuid in uuids.items()}
    assert ended == ENDS
    assert world.guest('src', uuids['reboot']).boot_id != born
    # and they are as free as before
    answer = deployment.request('POST', f'/servers/{uuids["stop"]}/action', {'os-start': None})
    assert answer.status_code == 202, answer.text
    deployment.wait_for(lambda: deployment.server(uuids['stop'])['status'] == 'ACTIVE', 'start')
