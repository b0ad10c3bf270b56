# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite.migration.observations import Outcome, Progress
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import abi, decisions
from nova_lite.virt.libvirt.guest import Seen

# as QEMU 10 and libvirt 11 gave it in the middle of a copy of memory and one disk
RECORDED = {
    'type': 2, 'operation': 5, 'time_elapsed': 4171, 'data_total': 170074112,
    'data_processed': 47384124, 'data_remaining': 75112448, 'memory_total': 168304640,
    'memory_processed': 47384124, 'memory_remaining': 75112448, 'memory_bps': 13132980,
    'memory_constant': 11174, 'memory_dirty_rate': 544, 'memory_page_size': 4096,
    'memory_iteration': 2, 'disk_total': 1769472, 'disk_processed': 1703936,
    'disk_remaining': 65536, 'disk_bps': 1000, 'downtime': 50, 'setup_time': 4,
    'auto_converge_throttle': 30}


# -- once it ended --------------------------------------------------------------------------------
RUNNING = Seen(abi.State.RUNNING, 1)


@pytest.mark.parametrize(('seen', 'status', 'word'), [
    (None, virt_driver.LOST, 'has left'),
    (RUNNING, virt_driver.FAILED, 'broke'),
    (Seen(abi.State.PAUSED, abi.Paused.USER), virt_driver.FAILED, 'broke'),
    (Seen(abi.State.PAUSED, abi.Paused.IOERROR), virt_driver.FAILED, 'broke'),
    (Seen(abi.State.PAUSED, abi.Paused.MIGRATION), virt_driver.LOST, 'may run at'),
    (Seen(abi.State.PAUSED, abi.Paused.POSTCOPY), virt_driver.BROKEN, 'broke'),
    (Seen(abi.State.PAUSED, abi.Paused.POSTCOPY_FAILED), virt_driver.BROKEN, 'broke'),
    (Seen(abi.State.SHUTOFF, abi.Shutoff.MIGRATED), virt_driver.LOST, 'has left'),
    (Seen(abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN), virt_driver.FAILED, 'shut itself down'),
    (Seen(abi.State.SHUTOFF, abi.Shutoff.DESTROYED), virt_driver.FAILED, 'was powered off'),
    (Seen(abi.State.SHUTOFF, abi.Shutoff.CRASHED), virt_driver.FAILED, 'crashed'),
    (Seen(abi.State.CRASHED, 0), virt_driver.FAILED, 'crashed'),
])
def test_judge_when_libvirt_did_not_call_it_complete_then_never_is(seen, status, word):
    outcome = decisions.judge(seen, 'it broke')
    assert outcome.status == status
    assert word in outcome.reason and 'it broke' in outcome.reason


def test_judge_when_asked_to_end_then_cancelled_only_if_the_guest_stayed():
    assert decisions.judge(RUNNING, 'on request', True) == Outcome(
        virt_driver.CANCELLED, 'on request')
    assert decisions.judge(None, 'on request', True).status == virt_driver.LOST
    off = Seen(abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN)
    assert decisions.judge(off, 'on request', True).status == virt_driver.FAILED


def test_judge_when_there_are_no_words_then_reason_says_what_is_seen():
    assert decisions.judge(RUNNING).reason == 'the guest runs at the source and no migration does'


@pytest.mark.parametrize(('error', 'meaning'), [
    ('internal error: client socket is closed', "destination's libvirt ended"),
    ("operation failed: job 'migration out' failed: Unable to write to socket: Bad file "
     'descriptor', 'QEMU at the destination ended'),
    ("operation failed: job 'migration out' failed: Channel error: Input/output error",
     'QEMU at the destination ended')])
def test_error_when_its_meaning_is_known_then_is_told_first(error, meaning):
    assert meaning in decisions.explain(error)
    assert decisions.explain(error).endswith(f'({error})')


def test_error_when_it_speaks_for_itself_then_is_told_as_it_is():
    assert decisions.explain('Unsafe migration') == 'Unsafe migration'


# -- figures --------------------------------------------------------------------------------------
def test_progress_when_recorded_statistics_are_read_then_in_bytes_and_ms():
    assert decisions.read_progress(RECORDED) == Progress(
        memory_total=168304640, memory_processed=47384124, memory_remaining=75112448,
        disk_total=1769472, disk_processed=1703936, disk_remaining=65536, iteration=2,
        dirty_rate=544 * 4096, speed=13132980 + 1000, downtime_ms=50, throttle=30,
        elapsed_ms=4171)


def test_progress_when_libvirt_says_nothing_then_nothing_is_known():
    assert decisions.read_progress({}) == Progress()


# -- events ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(('event', 'tells'), [
    ((abi.Lifecycle.DEFINED, 0), False), ((abi.Lifecycle.UNDEFINED, 0), False),
    ((abi.Lifecycle.STARTED, 0), True), (abi.STARTED_MIGRATED, False),
    ((abi.Lifecycle.SUSPENDED, 0), True), ((abi.Lifecycle.SUSPENDED, 2), True),
    (abi.SUSPENDED_MIGRATED, False), (abi.SUSPENDED_POSTCOPY, False),
    ((abi.Lifecycle.RESUMED, 0), True), (abi.RESUMED_MIGRATED, False),
    (abi.RESUMED_POSTCOPY, False),
    ((abi.Lifecycle.STOPPED, 1), True), (abi.STOPPED_MIGRATED, True)])
def test_event_when_a_copy_is_on_its_way_then_is_no_change_and_its_end_is(event, tells):
    assert decisions.is_change(*event) is tells
