# SPDX-License-Identifier: Apache-2.0
"""Paused stays paused, whoever paused it: what the watching sees of others' hands."""
import pytest

from nova_lite import exception
from nova_lite.migration.steering import Steering
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.guest import Seen
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

# so libvirt calls any guest that stands still while it is copied
STANDS = Seen(abi.State.PAUSED, abi.Paused.MIGRATION, job=JOB)
PAUSED = Seen(abi.State.PAUSED, abi.Paused.USER, job=JOB)


@pytest.mark.parametrize(('recorded', 'looks', 'by_hand', 'arrives'), [
    (False, [COPYING, STANDS, STANDS], True, True),
    (False, [COPYING, STANDS, STANDS], False, None),        # the switch-over
    (False, [COPYING, STANDS, COPYING], True, False),
    (False, [PAUSED, PAUSED], False, True),                 # paused by hand before the copy
    (True, [PAUSED, PAUSED], False, None),
    (True, [PAUSED, COPYING], False, False),
    (True, [PAUSED, COPYING, STANDS], True, True),
    (False, [COPYING, COPYING], True, None)])
def test_guest_when_others_paused_it_or_let_it_go_on_then_it_is_so_when_it_arrives(
        recorded, looks, by_hand, arrives):
    guest = PlayedGuest([*looks, GONE], {len(looks): ended()})
    guest.by_hand = by_hand
    steering = Steering(paused=recorded)
    outcome = watch(guest, steering=steering)
    assert (outcome.status, outcome.paused) == (virt_driver.COMPLETED, arrives)
    assert Steering(steering.stored(), paused=recorded).paused == arrives


def test_guest_when_it_leaves_before_it_is_asked_who_stopped_it_then_nobody_is_noted(
        monkeypatch, caplog):
    def has_left():
        raise exception.InstanceNotFound(instance_id='the guest')

    guest = PlayedGuest([COPYING, STANDS, GONE], {2: ended()})
    monkeypatch.setattr(guest, 'is_stopped_by_hand', has_left)
    outcome = watch(guest)
    assert (outcome.status, outcome.paused) == (virt_driver.COMPLETED, None)
    assert not [record for record in caplog.records if record.exc_info]


def test_guest_when_paused_by_others_and_the_copy_fails_then_stays_paused():
    """libvirt lets a guest go on whose copy has failed."""
    guest = PlayedGuest([COPYING, STANDS, STANDS, IDLE], {3: ended('it broke', 1)})
    guest.by_hand = True
    assert watch(guest).status == virt_driver.FAILED
    assert guest.calls[-1] == ('pause',)


def test_guest_when_paused_by_others_and_forced_then_arrives_paused_and_is_not_let_go():
    guest = PlayedGuest([STANDS, STANDS, STANDS, IDLE], {3: ended('it broke', 1)})
    guest.by_hand = True
    steering = Steering()
    steering.saw(paused=True)
    outcome = watch(guest, steering=steering, before=lambda watcher: watcher.helm.force_complete())
    assert outcome.paused
    assert ('unpause',) not in guest.calls


def test_guest_when_forcing_the_copy_had_paused_it_then_arrives_running():
    guest = PlayedGuest([COPYING, STANDS, STANDS, GONE], {3: ended()})
    guest.by_hand = True    # our own hand
    outcome = watch(guest, before=lambda watcher: watcher.helm.force_complete())
    assert (outcome.status, outcome.paused) == (virt_driver.COMPLETED, None)
