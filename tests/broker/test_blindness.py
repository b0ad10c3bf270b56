# SPDX-License-Identifier: Apache-2.0
"""Wrong clocks, and a database or broker that was away: nobody who lives is given up for it."""
import glob
import signal
import time

import pytest
import sqlalchemy as sa

from nova_lite.virt.simulation.world import World
from tests.fixtures.processes import TIME_SCALE
from tests.fixtures.servers import running

LOST_HOST_TIMEOUT = 15
OUTAGE = 20.0       # s, more than that and more than service_down_time


@pytest.fixture(scope='module')
def deployment(_rabbitmq, _mariadb, tmp_path_factory):
    with running(_rabbitmq, _mariadb, tmp_path_factory.mktemp('blindness'), overrides={
            'DEFAULT': {'lost_host_timeout': LOST_HOST_TIMEOUT}}) as deployed:
        yield deployed


@pytest.fixture(scope='module')
def flavor(deployment):
    return deployment.make_flavor()


@pytest.fixture
def world(deployment):
    return World(str(deployment.directory / 'world'), TIME_SCALE)


def held(deployment, world, flavor, step, name):
    """A server on its way from src to dst that is held at ``step``; and what holds it."""
    uuid = deployment.boot(name, 'src', flavor)
    fault = world.script(step, 'hang', uuid=uuid, times=1)
    assert deployment.live_migrate(uuid, 'dst').status_code == 202
    world.wait_hit(fault)
    return uuid, fault


def heartbeats(deployment):
    """How many a conductor has sent: it looks after silent hosts as often."""
    engine = sa.create_engine(deployment.database_url)
    with engine.connect() as connection:
        found = connection.execute(sa.text(
            "SELECT report_count FROM services WHERE binary = 'nova-conductor'"
            if engine.dialect.name != 'mysql' else
            "SELECT report_count FROM services WHERE `binary` = 'nova-conductor'")).scalar()
    engine.dispose()
    return found


def let_it_look(deployment):
    before = heartbeats(deployment)
    deployment.wait_for(lambda: heartbeats(deployment) >= before + 4, 'looks of the conductor')


def assert_moved(deployment, world, uuid):
    migration = deployment.wait_for_migration(uuid, 'completed')
    deployment.wait_for(lambda: deployment.server(uuid)['OS-EXT-STS:task_state'] is None, 'end')
    assert deployment.host_of(uuid) == 'dst' and world.places(uuid) == {'dst': 'running'}
    engine = sa.create_engine(deployment.database_url)
    with engine.connect() as connection:
        claims = connection.execute(sa.text(
            'SELECT consumer_uuid, host FROM claims WHERE consumer_uuid IN (:server, :migration)'),
            {'server': uuid, 'migration': migration['uuid']}).all()
    engine.dispose()
    assert [tuple(claim) for claim in claims] == [(uuid, 'dst')]


@pytest.mark.parametrize('off', [300, -300])
def test_conductor_when_its_clock_is_five_minutes_off_then_healthy_moves_complete(
        deployment, world, flavor, off):
    library, = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
    deployment.signal('conductor', signal.SIGTERM)
    deployment.more_environment['conductor'] = {
        'LD_PRELOAD': library, 'FAKETIME': f'{off:+}s', 'FAKETIME_DONT_FAKE_MONOTONIC': '1'}
    try:
        deployment.start('conductor')
        deployment.wait_for(deployment.everything_is_up, 'all services to be up')
        uuid, fault = held(deployment, world, flavor, 'live_migration@50', f'clock{off}')
        let_it_look(deployment)
        assert deployment.everything_is_up()
        skew = {row['binary']: row['clock_skew'] for row in deployment.services()
                if row['host'] in ('controller', 'src')}
        assert abs(skew['nova-conductor'] - off) < 60 and abs(skew['nova-compute']) < 60
        world.release(fault)
        assert_moved(deployment, world, uuid)
        assert 'is its time service running?' in deployment.whole_log('conductor')
    finally:
        del deployment.more_environment['conductor']
        deployment.signal('conductor', signal.SIGTERM)
        deployment.start('conductor')
        deployment.wait_for(deployment.everything_is_up, 'all services to be up')


def test_database_when_it_was_away_for_longer_than_a_host_may_be_then_copies_complete(
        deployment, world, flavor, _mariadb):
    uuid, fault = held(deployment, world, flavor, 'live_migration@50', 'database')
    _mariadb.kill()
    time.sleep(OUTAGE)
    _mariadb.start()
    deployment.wait_for(deployment.everything_is_up, 'all services to be back', timeout=120)
    let_it_look(deployment)
    world.release(fault)
    assert_moved(deployment, world, uuid)


@pytest.mark.timeout(300)
def test_broker_when_it_was_away_for_longer_than_a_host_may_be_then_an_accepted_move_completes(
        deployment, world, flavor, _rabbitmq):
    uuid, fault = held(deployment, world, flavor, 'check_can_live_migrate_destination', 'broker')
    _rabbitmq.kill()
    time.sleep(OUTAGE)
    _rabbitmq.start()
    world.release(fault)
    deployment.wait_for_migration(uuid, 'completed', timeout=120)
    assert_moved(deployment, world, uuid)
