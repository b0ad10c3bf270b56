# SPDX-License-Identifier: Apache-2.0
"""What a look at a guest means."""
import pytest

from nova_lite.migration import power_state
from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.guest import Seen

IN = {'type': abi.Job.UNBOUNDED, 'operation': abi.Operation.MIGRATION_IN}
OUT = {'type': abi.Job.UNBOUNDED, 'operation': abi.Operation.MIGRATION_OUT}
SAVING = {'type': abi.Job.UNBOUNDED, 'operation': 2}


@pytest.mark.parametrize(('seen', 'active', 'incoming', 'departing', 'half'), [
    (Seen(abi.State.RUNNING, 1), 1, 0, 0, 0),
    (Seen(abi.State.PAUSED, abi.Paused.USER), 1, 0, 0, 0),
    (Seen(abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN), 0, 0, 0, 0),
    (Seen(abi.State.CRASHED, 0), 0, 0, 0, 0),
    # an outgoing copy; the second one forced to complete
    (Seen(abi.State.RUNNING, 1, job=OUT), 1, 0, 1, 0),
    (Seen(abi.State.PAUSED, abi.Paused.MIGRATION, job=OUT), 1, 0, 1, 1),
    (Seen(abi.State.PAUSED, abi.Paused.POSTCOPY, job=OUT), 1, 0, 1, 1),
    (Seen(abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED), 1, 0, 0, 1),
    # an incoming half: before, in, and after a broken post-copy
    (Seen(abi.State.PAUSED, abi.Paused.MIGRATION, persistent=False, job=IN), 1, 1, 0, 1),
    (Seen(abi.State.PAUSED, abi.Paused.STARTING_UP, persistent=False), 1, 1, 0, 0),
    (Seen(abi.State.PAUSED, abi.Paused.MIGRATION), 1, 1, 0, 1),
    (Seen(abi.State.RUNNING, abi.Running.POSTCOPY), 1, 1, 0, 0),
    (Seen(abi.State.RUNNING, abi.Running.POSTCOPY_FAILED), 1, 1, 0, 0),
    # another job is no move
    (Seen(abi.State.RUNNING, 1, job=SAVING), 1, 0, 0, 0),
])
def test_seen_when_read_then_knows_which_part_of_a_move_it_is(seen, active, incoming, departing,
                                                              half):
    assert (seen.active, seen.incoming, seen.departing, seen.half) == (
        active, incoming, departing, half)


@pytest.mark.parametrize(('state', 'power'), [
    (abi.State.NOSTATE, power_state.NOSTATE), (abi.State.RUNNING, power_state.RUNNING),
    (abi.State.BLOCKED, power_state.RUNNING), (abi.State.PAUSED, power_state.PAUSED),
    (abi.State.SHUTDOWN, power_state.RUNNING), (abi.State.SHUTOFF, power_state.SHUTDOWN),
    (abi.State.CRASHED, power_state.CRASHED), (abi.State.PMSUSPENDED, power_state.SUSPENDED),
    (99, power_state.NOSTATE)])
def test_info_when_state_is_known_then_is_novas(state, power):
    assert Seen(state, 0).info().state == power


def test_info_when_guest_has_ended_then_tells_how():
    assert Seen(abi.State.SHUTOFF, abi.Shutoff.CRASHED).info().reason == 'crashed'
    assert Seen(abi.State.SHUTOFF, abi.Shutoff.SAVED).info().reason == 'saved to disk'
    assert Seen(abi.State.RUNNING, 1).info().reason == 'running'


def test_info_when_guest_is_off_since_it_migrated_then_says_so():
    off = Seen(abi.State.SHUTOFF, abi.Shutoff.MIGRATED).info()
    assert off.migrated and off.state == power_state.SHUTDOWN
    assert not Seen(abi.State.SHUTOFF, abi.Shutoff.DESTROYED).info().migrated


def test_info_when_libvirtd_does_not_know_why_a_guest_is_off_then_says_so():
    assert Seen(abi.State.SHUTOFF, abi.Shutoff.UNKNOWN).info().forgotten
    assert not Seen(abi.State.SHUTOFF, abi.Shutoff.UNKNOWN, saved=True).info().forgotten
    assert not Seen(abi.State.SHUTOFF, abi.Shutoff.DESTROYED).info().forgotten
    assert not Seen(abi.State.RUNNING, 0).info().forgotten


def test_info_when_a_copy_is_under_way_then_it_departs():
    assert Seen(abi.State.RUNNING, 1, job=OUT).info().departing
    left_behind = Seen(abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED).info()
    assert left_behind.leaving and not left_behind.departing
