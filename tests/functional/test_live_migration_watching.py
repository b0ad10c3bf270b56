# SPDX-License-Identifier: Apache-2.0
"""No record ends while its job lives, whatever fails in the watching of a copy."""
import threading

import pytest

from nova_lite import moments
from nova_lite.compute import migration_progress
from nova_lite.migration import convergence, schedules, steering
from nova_lite.virt.libvirt import monitor, reporter
from nova_lite.virt.simulation import faults, hypervisor, jobs, state


class Defect:
    """Put in the place of a function, it fails at each call; ``met`` is set by the first."""
    def __init__(self):
        self.met = threading.Event()

    def __call__(self, *_arguments, **_named):
        self.met.set()
        raise RuntimeError('a defect of ours')


def under_way(cloud):
    """A server whose copy waits at its half."""
    server = cloud.boot('src')
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    return server, order


def is_copied(cloud, server):
    with cloud.world.look() as world:
        return jobs.active(world, server.uuid) is not None


@pytest.mark.parametrize(('owner', 'name'), [
    (steering.Steering, 'due'), (steering.Steering, 'eta'), (schedules.Limits, 'read'),
    (reporter.Reporter, 'offer')])
def test_copy_when_a_part_of_its_watching_fails_then_ends_with_its_job(cloud, monkeypatch, owner,
                                                                       name):
    server, order = under_way(cloud)
    defect = Defect()
    monkeypatch.setattr(owner, name, defect)
    assert defect.met.wait(20)
    assert is_copied(cloud, server) and server.migration.status == 'running'
    cloud.world.release(order)
    assert server.wait_status().status == 'completed', server.migration.reason
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}


@pytest.mark.parametrize(('owner', 'name'), [
    (steering.Steering, 'stored'), (migration_progress.ProgressKeeper, '_put_on_record')])
def test_copy_when_its_figures_cannot_be_kept_then_ends_with_its_job(cloud, monkeypatch, owner,
                                                                     name):
    server, order = under_way(cloud)
    defect = Defect()
    monkeypatch.setattr(owner, name, defect)
    cloud.world.release(order)
    assert server.wait_status().status == 'completed', server.migration.reason
    assert defect.met.is_set()
    assert cloud.world.places(server.uuid) == {'dst': state.RUNNING}


def test_copy_when_a_fail_point_is_met_in_its_watching_then_ends_with_its_job(
        cloud, monkeypatch, tmp_path):
    monkeypatch.setattr(moments, 'DIRECTORY', str(tmp_path))
    server, order = under_way(cloud)
    met, reach = threading.Event(), moments.reach

    def spy(*arguments):
        try:
            reach(*arguments)
        except moments.FailPoint:
            met.set()
            raise

    monkeypatch.setattr(moments, 'reach', spy)
    whole = tmp_path / 'whole'      # an order that is met half-written is one to wait
    whole.write_text(moments.RAISE)
    whole.rename(tmp_path / f'watch-steer.{server.uuid}')
    assert met.wait(20)
    assert is_copied(cloud, server) and server.migration.status == 'running'
    cloud.world.release(order)
    assert server.wait_status().status == 'completed'


def test_copy_when_it_cannot_be_watched_at_all_then_is_ended_before_its_record(
        cloud, monkeypatch):
    server, _ = under_way(cloud)
    monkeypatch.setattr(monitor.Monitor, '_step', Defect())
    migration = server.wait_status()
    assert not is_copied(cloud, server)
    assert migration.status == 'failed' and 'RuntimeError' in migration.reason
    assert 'a defect of ours' not in migration.reason      # the log's alone
    assert cloud.world.places(server.uuid) == {'src': state.RUNNING}
    assert server.states() == ('active', None)


@pytest.mark.parametrize('paused', [True, False])
def test_server_when_others_pause_its_guest_or_let_it_go_on_during_the_copy_then_shown_so(
        cloud, paused):
    server = cloud.boot('src')
    if not paused:
        assert server.act('pause').status == 202
        server.wait_task_over()
    order = cloud.world.script('live_migration@50', faults.HANG, uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    with cloud.world.change('src') as world:
        (hypervisor.suspend if paused else hypervisor.resume)(world, 'src', server.uuid)
    kind = convergence.GUEST_PAUSED if paused else convergence.GUEST_RESUMED
    server.wait(lambda server: kind in str(server.migration.steering), kind)
    cloud.world.release(order)
    assert server.wait_status().status == 'completed', server.migration.reason
    assert cloud.world.places(server.uuid) == {'dst': state.PAUSED if paused else state.RUNNING}
    assert server.states() == ('paused' if paused else 'active', None)


def test_server_when_others_pause_its_guest_and_the_copy_is_aborted_then_stays_paused(cloud):
    server, _ = under_way(cloud)
    with cloud.world.change('src') as world:
        hypervisor.suspend(world, 'src', server.uuid)
    path = f'/servers/{server.uuid}/migrations/{server.migration.id}'
    assert cloud.api.delete(path, version='2.80').status == 202
    assert server.wait_status().status == 'cancelled'
    assert cloud.world.places(server.uuid) == {'src': state.PAUSED}
    assert server.states() == ('paused', None)
