# SPDX-License-Identifier: Apache-2.0
"""Four kinds of process over a real broker and a real database: the main job, deaths while idle,
and what a compute process must not have."""
import collections
import os
import signal
from pathlib import Path

import pytest

from nova_lite.virt.simulation.world import World
from tests.fixtures.processes import TIME_SCALE
from tests.fixtures.servers import running


@pytest.fixture(scope='module', params=['mariadb', 'postgresql'])
def deployment(request, _rabbitmq, tmp_path_factory):
    database = request.getfixturevalue(f'_{request.param}')
    with running(_rabbitmq, database, tmp_path_factory.mktemp(request.param)) as deployed:
        yield deployed


@pytest.fixture(scope='module')
def flavor(deployment):
    return deployment.make_flavor()


@pytest.mark.parametrize('version, host', [('2.80', None), ('2.80', 'dst'), ('2.25', 'dst')])
def test_live_migration_when_asked_for_then_the_server_lives_on_the_other_host(
        deployment, flavor, version, host):
    uuid = deployment.boot(f'mover-{version}-{host}', 'src', flavor)
    response = deployment.live_migrate(uuid, host, version=version)
    assert (response.status_code, response.text) == (202, '')
    migration = deployment.wait_for_migration(uuid, 'completed')
    assert migration['source_compute'] == 'src'
    assert deployment.host_of(uuid) == migration['dest_compute'] != 'src'
    server = deployment.server(uuid)
    assert (server['status'], server['OS-EXT-STS:task_state']) == ('ACTIVE', None)


def test_live_migration_when_two_ask_at_once_then_one_wins_and_one_conflicts(deployment, flavor):
    from concurrent.futures import ThreadPoolExecutor
    uuid = deployment.boot('raced', 'src', flavor)
    with ThreadPoolExecutor(2) as pool:
        codes = sorted(future.result().status_code for future in [
            pool.submit(deployment.live_migrate, uuid) for _ in range(2)])
    assert codes == [202, 409]
    deployment.wait_for_migration(uuid, 'completed')


def test_live_migration_when_refused_in_the_sync_form_then_400_names_the_check(
        deployment, flavor):
    uuid = deployment.boot('refused', 'src', flavor)
    body = {'os-migrateLive': {'host': 'src', 'block_migration': False,
                               'disk_over_commit': False}}
    response = deployment.request('POST', f'/servers/{uuid}/action', body, version='2.6')
    assert response.status_code == 400
    assert 'current host' in response.json()['badRequest']['message']
    server = deployment.server(uuid)
    assert (server['status'], server['OS-EXT-STS:task_state']) == ('ACTIVE', None)


@pytest.mark.parametrize('name', ['api', 'conductor', 'scheduler', 'compute-src'])
@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_system_when_an_idle_process_ends_and_comes_back_then_it_works(
        deployment, flavor, name, number):
    uuid = deployment.boot(f'survivor-{name}', 'src', flavor)
    code = deployment.signal(name, number)
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    if name == 'compute-src':
        deployment.wait_for(lambda: not deployment.everything_is_up(), 'the service to be down')
    deployment.start(name)
    deployment.wait_for(lambda: deployment.is_ready(name), f'{name} to be ready')
    deployment.wait_for(deployment.everything_is_up, f'{name} to be back')
    assert deployment.live_migrate(uuid).status_code == 202
    deployment.wait_for_migration(uuid, 'completed')


def test_compute_when_told_to_stop_in_mid_copy_then_the_next_one_sees_it_through(
        deployment, flavor):
    world = World(str(deployment.directory / 'world'), TIME_SCALE)
    uuid = deployment.boot('handed-on', 'src', flavor)
    fault = world.script('live_migration@50', 'hang', uuid=uuid, times=1)
    assert deployment.live_migrate(uuid, 'dst').status_code == 202
    world.wait_hit(fault)
    # it does not wait for the copy, which goes on while nobody looks
    assert deployment.signal('compute-src', signal.SIGTERM) == 0
    assert deployment.migrations(uuid)[0]['status'] == 'running'
    world.release(fault)
    deployment.start('compute-src')
    deployment.wait_for_migration(uuid, 'completed')
    assert deployment.host_of(uuid) == 'dst'
    assert world.places(uuid) == {'dst': 'running'}


def test_compute_when_running_then_it_has_no_way_to_the_database(deployment):
    pid = deployment.processes['compute-src'].pid
    assert 'sqlalchemy' not in Path(f'/proc/{pid}/maps').read_text()
    assert not {Path(os.readlink(descriptor)).name for descriptor in
                Path(f'/proc/{pid}/fd').iterdir()} & {'nova.sqlite'}
    environment_and_arguments = Path(f'/proc/{pid}/cmdline').read_text()
    assert 'database.conf' not in environment_and_arguments
    for name in ('common.conf', 'compute-src.conf'):
        assert '[database]' not in (deployment.directory / name).read_text()


def _who_and_what(line):
    """(process, logger, message up to its reason) of a line of a log."""
    return *line.split()[2:5:2], line.partition('] ')[2].partition(':')[0]


def test_broker_when_it_dies_and_comes_back_then_it_is_waited_for_and_said_once(
        deployment, flavor, _rabbitmq):
    uuid = deployment.boot('patient', 'src', flavor)
    names = ('conductor', 'scheduler', 'compute-src')
    before = {name: deployment.whole_log(name) for name in names}
    _rabbitmq.kill()
    # who asks now is told so, and the server is not left waiting for ever
    assert deployment.live_migrate(uuid).status_code == 503
    assert deployment.server(uuid)['OS-EXT-STS:task_state'] is None
    deployment.signal('compute-src', signal.SIGKILL)
    deployment.start('compute-src')     # one that finds no broker at its start
    seen = len(before['compute-src'])
    deployment.wait_for(lambda: 'waiting for it' in deployment.whole_log('compute-src')[seen:],
                        'word of the missing broker')
    _rabbitmq.start()
    # after an outage of all nobody is called down for a while: the one that starts says itself
    # that it is there
    deployment.wait_for(lambda: 'compute ready' in deployment.whole_log('compute-src')[seen:],
                        'the compute that was started meanwhile', timeout=120)
    deployment.wait_for(deployment.everything_is_up, 'all services to be back', timeout=120)
    assert deployment.live_migrate(uuid).status_code == 202
    deployment.wait_for_migration(uuid, 'completed')
    for name in names:
        said = deployment.whole_log(name)[len(before[name]):]
        assert 'Traceback' not in said, said
        unreachable = [line for line in said.splitlines() if 'ECONNREFUSED' in line]
        ours = [line for line in unreachable if ' nova_lite.' in line]
        assert len(unreachable) - len(ours) <= 5, unreachable     # those of libraries
        assert all(times == 1 for times in collections.Counter(
            map(_who_and_what, ours)).values()), ours


def test_request_id_when_a_server_moves_then_is_in_every_log_and_in_the_action(
        deployment, flavor):
    uuid = deployment.boot('followed', 'src', flavor)
    before = {name: len(deployment.whole_log(name)) for name in deployment.processes}
    request = deployment.live_migrate(uuid).headers['x-openstack-request-id']
    destination = deployment.wait_for_migration(uuid, 'completed')['dest_compute']
    said = {name: deployment.whole_log(name)[seen:].splitlines()
            for name, seen in before.items()}
    computes = ('compute-src', f'compute-{destination}')
    for name in ('api', 'conductor', 'scheduler', *computes):
        assert any(request in line for line in said[name]), (name, said[name])
    for name in computes:       # in the threads that copy and watch too
        assert [line for line in said[name] if uuid in line and request not in line] == []
    steps = {'conductor_live_migrate_instance', 'compute_check_can_live_migrate_destination',
             'compute_live_migration', 'compute_post_live_migration_at_destination'}

    def action():
        return deployment.get(f'/servers/{uuid}/os-instance-actions/{request}')['instanceAction']

    assert action()['action'] == 'live-migration'
    # they are written beside the work, within a second
    deployment.wait_for(lambda: {event['event'] for event in action()['events']} >= steps,
                        'the events', 10)
