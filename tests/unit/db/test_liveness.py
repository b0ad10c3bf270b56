# SPDX-License-Identifier: Apache-2.0
"""The database's clock decides who lives and who may work, and an outage is nobody's death."""
import contextlib
import datetime
from unittest import mock

import pytest
import sqlalchemy as sa
from oslo_utils import timeutils

from nova_lite import objects
from nova_lite.conf import CONF
from nova_lite.db import clock, liveness, models, rows, session
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('database')

T = models.Service.__table__
COMPUTE = 'nova-compute'


@contextlib.contextmanager
def clock_off_by(seconds):
    """This process's clock is wrong for a while."""
    right, off = timeutils.utcnow, datetime.timedelta(seconds=seconds)
    with mock.patch.object(timeutils, 'utcnow', lambda *args, **more: right(*args, **more) + off):
        yield


@pytest.fixture
def conductor(ctxt):
    return objects.Service.register(ctxt, 'controller', 'nova-conductor', 'conductor')


def later(seconds, *services):
    """That much time passes: for all, or for these services only."""
    ids = [service.id for service in services] or sa.select(T.c.id)
    with session.writer() as s:
        for row in rows.fetch_all(s, sa.select(T).where(T.c.id.in_(ids))):
            moved = {name: row[name] - datetime.timedelta(seconds=seconds)
                     for name in ('last_seen_up', 'seen_since', 'seen_before') if row[name]}
            rows.update(s, T, moved, T.c.id == row['id'])
        leases = models.Migration.__table__
        for row in rows.fetch_all(s, sa.select(leases)) if not services else ():
            if row['lease_until']:
                rows.update(s, leases, {'lease_until': row['lease_until']
                                        - datetime.timedelta(seconds=seconds)},
                            leases.c.id == row['id'])


def the(ctxt, host, binary=COMPUTE):
    return objects.Service.get_by_host_and_binary(ctxt, host, binary)


def candidates(ctxt):
    return sorted(node.host for node in objects.ComputeNodeList.get_candidates(ctxt, 1, 1, 1))


def forsaken(ctxt):
    return len(objects.MigrationList.get_forsaken(ctxt, CONF.service_down_time))


def accepted(ctxt, owner='one'):
    instance = objects.Instance(ctxt, host='src', vm_state='active')
    instance.create()
    migration = objects.Migration(ctxt, instance_uuid=instance.uuid, source_compute='src')
    migration.accept(instance)
    migration.take(owner, CONF.service_down_time)
    return migration


def run_out(ctxt):
    return len(objects.MigrationList.get_run_out(ctxt))


def test_now_when_written_and_read_then_it_is_the_same_kind_of_moment(ctxt, conductor):
    with session.writer() as s:
        rows.update(s, T, {'last_seen_up': clock.now(-7.25)}, T.c.id == conductor.id)
        now = clock.read(s)
        age = now - rows.fetch_first(s, T)['last_seen_up']
        assert 7.2 < age.total_seconds() < 60
        behind = s.execute(sa.select(T.c.id).where(T.c.last_seen_up < clock.now(-7))).all()
        ahead = s.execute(sa.select(T.c.id).where(T.c.last_seen_up > clock.now(-6))).all()
    assert len(behind) == 1 and not ahead


@pytest.mark.parametrize('off', [-300, 300])
def test_heartbeat_when_this_process_has_a_wrong_clock_then_it_is_up_for_all_others(ctxt, off):
    with clock_off_by(off):
        db.make_host(ctxt, 'src')
        objects.Service.report(ctxt, the(ctxt, 'src').id)
    assert the(ctxt, 'src').up and candidates(ctxt) == ['src']
    later(CONF.service_down_time + 1)
    assert not the(ctxt, 'src').up and candidates(ctxt) == []


@pytest.mark.parametrize('off', [-300, 300])
def test_view_when_this_process_has_a_wrong_clock_then_it_sees_what_all_others_see(ctxt, off):
    for host in ('src', 'dst'):
        db.make_host(ctxt, host)
    later(CONF.service_down_time + 1, the(ctxt, 'dst'))
    server = db.make_instance(ctxt)
    db.make_migration(ctxt, server).advance('queue')
    with clock_off_by(off):
        assert the(ctxt, 'src').up and not the(ctxt, 'dst').up
        assert [one.up for one in objects.ServiceList.get_by_filters(ctxt)] == [True, False]
        assert candidates(ctxt) == ['src']
        assert not objects.Service.is_silent(ctxt, 'src', COMPUTE, CONF.service_down_time)
        assert not forsaken(ctxt)


def test_lease_when_the_conductors_clocks_differ_then_it_lasts_as_long_for_both(ctxt):
    with clock_off_by(-300):
        migration = accepted(ctxt, owner='behind')
        assert not run_out(ctxt)
    other = objects.Migration.get_by_id(ctxt, migration.id)
    assert not other.take('right', 60) and not run_out(ctxt)
    with clock_off_by(300):
        assert not other.take('ahead', 60) and not run_out(ctxt)


# -- outages ----------------------------------------------------------------------------------
def test_outage_when_it_is_over_then_nobody_is_given_up_before_a_fresh_period(ctxt, conductor):
    """The database was away for ten minutes: the first to be back finds all heartbeats old."""
    db.make_host(ctxt, 'src')
    db.make_host(ctxt, 'dst')
    later(CONF.service_down_time + 1, the(ctxt, 'dst'))      # dead already when it begins
    server = db.make_instance(ctxt)
    db.make_migration(ctxt, server).advance('queue')
    accepted(ctxt)
    later(600)

    def assert_spared():
        assert not forsaken(ctxt)
        assert not objects.Service.is_silent(ctxt, 'src', COMPUTE, CONF.lost_host_timeout)
        assert objects.Service.is_silent(ctxt, 'dst', COMPUTE, CONF.service_down_time)
        assert not run_out(ctxt)
        assert candidates(ctxt) == ['src']

    assert_spared()
    assert not the(ctxt, 'src').up      # nothing is heard now, and nobody can be used
    objects.Service.report(ctxt, conductor.id)
    assert_spared()
    assert the(ctxt, 'src').up and not the(ctxt, 'dst').up
    for _ in range(4):
        later(CONF.service_down_time / 4 - 1)
        objects.Service.report(ctxt, conductor.id)
    assert_spared()


def test_outage_when_a_period_has_passed_since_then_who_is_still_silent_is_down(ctxt, conductor):
    db.make_host(ctxt, 'src')
    server = db.make_instance(ctxt)
    db.make_migration(ctxt, server).advance('queue')
    accepted(ctxt)
    later(600)
    for _ in range(6):
        objects.Service.report(ctxt, conductor.id)
        later(CONF.service_down_time / 4)
    assert forsaken(ctxt) and not the(ctxt, 'src').up and not candidates(ctxt)
    assert run_out(ctxt) == 1
    assert not objects.Service.is_silent(ctxt, 'src', COMPUTE, CONF.lost_host_timeout)


def test_report_when_it_comes_after_a_gap_then_the_gap_is_kept(ctxt, conductor):
    first = the(ctxt, 'controller', 'nova-conductor')
    assert first.seen_since == first.last_seen_up and first.seen_before is None
    later(CONF.service_down_time / 2 - 5)
    objects.Service.report(ctxt, conductor.id)
    steady = the(ctxt, 'controller', 'nova-conductor')
    assert steady.seen_since < steady.last_seen_up and steady.seen_before is None
    later(CONF.service_down_time / 2 + 1)
    before = the(ctxt, 'controller', 'nova-conductor').last_seen_up
    objects.Service.register(ctxt, 'controller', 'nova-conductor', 'conductor')
    again = the(ctxt, 'controller', 'nova-conductor')
    assert again.seen_since == again.last_seen_up and again.seen_before == before


def test_hearing_when_asked_then_it_is_one_statement(ctxt, conductor):
    sent = []
    engine = session.get_engine()
    note = sa.event.listens_for(engine, 'before_cursor_execute')(
        lambda _connection, _cursor, statement, *_rest: sent.append(statement))
    try:
        with session.reader() as s:
            liveness.hearing(s)
    finally:
        sa.event.remove(engine, 'before_cursor_execute', note)
    assert [words.split()[0] for words in sent if not words.startswith('BEGIN')] == ['SELECT']
