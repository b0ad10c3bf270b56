# SPDX-License-Identifier: Apache-2.0
"""The loop that watches a copy: what it makes of post-copy, and of final figures."""
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import abi, events, monitor
from nova_lite.virt.libvirt.guest import Seen
from tests.unit.virt.libvirt.test_monitor import (
    COPYING,
    GONE,
    JOB,
    POSTCOPY,
    PlayedGuest,
    completed,
    ended,
    quick,  # noqa: F401
    watch,
)


def test_post_copy_when_seen_then_every_reading_from_then_on_says_so():
    heard = []
    guest = PlayedGuest([COPYING] + [POSTCOPY] * 20 + [GONE], {21: completed(), 22: ended()})
    outcome = watch(guest, on_progress=heard.append)
    assert outcome.status == virt_driver.COMPLETED
    assert outcome.progress.post_copy and heard[-1].post_copy


def test_post_copy_when_too_short_to_be_seen_then_libvirts_event_tells_of_it():
    switch = events.Event('u', events.LIFECYCLE, abi.SUSPENDED_POSTCOPY)
    guest = PlayedGuest([COPYING, GONE], {1: switch, 2: ended()})
    assert watch(guest).progress.post_copy


def test_post_copy_when_nothing_arrives_then_note_says_that_it_is_paused(monkeypatch):
    monkeypatch.setattr(monitor, 'STALL', 0.02)
    heard, moving = [], POSTCOPY._replace(job=JOB | {'memory_processed': 41})
    guest = PlayedGuest([POSTCOPY] * 20 + [moving, GONE], {21: ended()})
    outcome = watch(guest, on_progress=heard.append)
    assert any('post-copy is paused' in progress.note for progress in heard)
    assert outcome.progress.note == ''


def test_post_copy_when_connection_ends_then_broken_and_nobody_is_touched():
    failed = Seen(abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED)
    guest = PlayedGuest([POSTCOPY, failed], {1: ended('client socket is closed', 1)})
    outcome = watch(guest)
    assert outcome.status == virt_driver.BROKEN
    assert 'client socket is closed' in outcome.reason
    assert outcome.progress.post_copy
    assert guest.calls == []


def test_copy_when_guest_was_throttled_then_final_figures_keep_it():
    throttled = COPYING._replace(job=JOB | {'auto_converge_throttle': 40})
    guest = PlayedGuest([throttled, GONE], {1: completed(), 2: ended()})
    assert watch(guest).progress.throttle == 40
