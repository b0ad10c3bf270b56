# SPDX-License-Identifier: Apache-2.0
"""Whatever fails in the watching of a copy: it is watched on, or its job is ended first."""
import pytest

from nova_lite.migration import schedules
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import monitor
from tests.unit.virt.libvirt.test_monitor import (
    COPYING,
    GONE,
    IDLE,
    JOB,
    PlayedGuest,
    ended,
    quick,  # noqa: F401
    watch,
)


def test_watch_when_it_has_a_defect_then_copy_is_watched_on():
    guest = PlayedGuest([COPYING, ValueError('defect'), COPYING, GONE], {3: ended()})
    assert watch(guest).status == virt_driver.COMPLETED


@pytest.mark.parametrize('part', ['_read', '_tell', '_steer'])
def test_watch_when_what_goes_on_beside_it_always_fails_then_the_end_is_libvirts(
        part, monkeypatch):
    def fail(*_arguments):
        raise ValueError('defect')

    monkeypatch.setattr(monitor.Monitor, part, fail)
    guest = PlayedGuest([COPYING] * 2 * monitor.MAX_DEFECTS + [GONE],
                        {2 * monitor.MAX_DEFECTS: ended()})
    assert watch(guest).status == virt_driver.COMPLETED


def test_abort_when_the_reading_always_fails_then_is_sent_all_the_same(monkeypatch):
    def fail(*_arguments):
        raise ValueError('defect')

    monkeypatch.setattr(monitor.decisions, 'read_progress', fail)
    guest = PlayedGuest([COPYING, COPYING, IDLE])
    assert watch(guest, before=lambda watcher: watcher.helm.abort('enough')).status == 'cancelled'


def test_watch_when_nothing_but_defects_then_the_job_is_ended_before_the_watching_ends():
    """No word of an end while libvirt shows that the guest is leaving."""
    guest = PlayedGuest([ValueError('defect')] * (monitor.MAX_DEFECTS + 3) + [COPYING, IDLE])
    outcome = watch(guest)
    assert ('abort_job',) in guest.calls
    assert outcome.status == virt_driver.FAILED and 'ValueError' in outcome.reason


def test_watch_when_defects_hide_that_the_copy_completed_then_completed():
    guest = PlayedGuest([ValueError('defect')], {monitor.MAX_DEFECTS + 2: ended()})
    assert watch(guest).status == virt_driver.COMPLETED


def test_limit_when_options_cannot_be_read_then_those_of_before_stay_in_force(
        monkeypatch, options):
    options.set('libvirt', live_migration_completion_timeout=5)

    def spoil(watcher):
        monkeypatch.setattr(schedules.Limits, 'read', classmethod(
            lambda cls, group: 1 // 0))

    late = COPYING._replace(job={**JOB, 'time_elapsed': 11_000})
    guest = PlayedGuest([late, late, IDLE])
    outcome = watch(guest, before=spoil)
    assert outcome.status == virt_driver.CANCELLED and '10 s' in outcome.reason
