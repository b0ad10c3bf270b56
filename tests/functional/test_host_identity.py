# SPDX-License-Identifier: Apache-2.0
"""A compute has its host's name to itself, from before it does anything until it is replaced."""
import oslo_messaging as messaging
import pytest

from nova_lite import exception, rpc, service
from nova_lite.cmd import compute
from nova_lite.compute.host_identity import HostIdentity
from nova_lite.db import models, session

HOST = 'third'


def row():
    table = models.Service.__table__
    with session.reader() as s:
        return s.execute(table.select().where(
            table.c.host == HOST, table.c.binary == 'nova-compute', table.c.deleted == 0)).one()


@pytest.fixture
def machine(cloud, tmp_path):
    """Computes of machines with that name, each with a state directory of its own."""
    cloud.services.stop_service(HOST)
    started = []

    def start(directory):
        cloud.options.set(state_path=str(tmp_path / directory))
        identity = HostIdentity(HOST)
        identity.take()
        started.append(compute.make_service(HOST, identity))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.stop()
        one.identity.release()
    table = models.Service.__table__
    with session.writer() as s:
        s.execute(table.update().values(identity=None, boot_id=None))
    cloud.services.start_compute(HOST)


def test_compute_when_its_name_is_another_machines_then_it_does_nothing_and_does_not_start(
        cloud, machine, monkeypatch):
    first = machine('first')
    assert row().identity == first.identity.identity
    done = []
    monkeypatch.setattr('nova_lite.compute.manager.ComputeManager.init_host',
                        lambda manager: done.append(manager))
    with pytest.raises(exception.HostNameTaken, match='host-replace third'):
        machine('second')
    assert done == []
    assert row().identity == first.identity.identity


def test_claim_when_it_is_lost_since_the_conductor_starts_too_then_is_soon_made_again(
        machine, monkeypatch):
    claim, waits = HostIdentity.claim, []

    def lost_at_first(identity):
        waits.append(rpc._timeouts(rpc.SHORT)['timeout'])
        if len(waits) == 1:
            raise messaging.MessagingTimeout()
        claim(identity)

    monkeypatch.setattr(HostIdentity, 'claim', lost_at_first)
    first = machine('first')
    assert row().identity == first.identity.identity
    assert waits == [service.FIRST_ANSWER] * 2


def test_compute_when_restarted_then_it_keeps_its_name_and_serves(cloud, machine):
    first = machine('first')
    first.stop()
    first.identity.release()
    again = machine('first')
    assert again.identity.identity == first.identity.identity == row().identity
    server = cloud.boot('src')
    server.live_migrate(HOST)
    assert server.wait_status().status == 'completed'
    server.live_migrate('src')
    assert server.wait_status().status == 'completed'


def test_compute_when_its_name_was_given_away_then_its_heartbeat_ends_it(
        cloud, machine, monkeypatch):
    service = machine('first')
    before = row().report_count
    with service._scope():
        service._report()
    assert row().report_count == before + 1
    table = models.Service.__table__
    with session.writer() as s:
        s.execute(table.update().where(table.c.host == HOST).values(identity='of another'))
    signals = []
    monkeypatch.setattr('os.kill', lambda pid, number: signals.append(number))
    with service._scope():
        service._report()
    assert signals == [15] and row().report_count == before + 1
