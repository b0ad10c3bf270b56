# SPDX-License-Identifier: Apache-2.0
"""The loop that watches a copy, with a guest that plays back what libvirt would say."""
import queue
import threading

import pytest

from nova_lite import exception
from nova_lite.migration.observations import Progress
from nova_lite.migration.steering import Steering
from nova_lite.virt import driver as virt_driver
from nova_lite.virt.libvirt import abi, events, monitor, operation
from nova_lite.virt.libvirt.clock import Clock
from nova_lite.virt.libvirt.guest import Seen
from nova_lite.virt.libvirt.host import LibvirtError

JOB = {'type': abi.Job.UNBOUNDED, 'operation': abi.Operation.MIGRATION_OUT,
       'memory_total': 100, 'memory_processed': 40, 'memory_remaining': 60, 'time_elapsed': 10}
COPYING = Seen(abi.State.RUNNING, 1, job=JOB)
POSTCOPY = Seen(abi.State.PAUSED, abi.Paused.POSTCOPY, job=JOB)
IDLE = Seen(abi.State.RUNNING, 1)
OFF = Seen(abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN)
GONE = exception.InstanceNotFound(instance_id='u')
AWAY = exception.HypervisorUnavailable(host='here', reason='refused')
BUSY = LibvirtError('no job', code=abi.Error.OPERATION_INVALID)
FINAL = {'type': abi.Job.COMPLETED, 'operation': abi.Operation.MIGRATION_OUT,
         'memory_total': 100, 'memory_remaining': 0, 'downtime': 31}


class PlayedGuest:
    """``looks``: what look() sees, the last one for ever. ``then``: by number of the look, what
    happens after it. ``refuses``: names of calls that libvirt refuses."""
    uuid, host_name, clock = 'u', 'here', Clock()

    def __init__(self, looks, then=None, refuses=()):
        self.news = queue.Queue()
        self.calls = []
        self._looks, self._then, self.refuses = list(looks), dict(then or {}), refuses
        self._count = 0
        self.by_hand = False    # what QEMU says of a guest that stands still

    def look(self):
        seen = self._looks[0] if len(self._looks) == 1 else self._looks.pop(0)
        self._count += 1
        if self._count in self._then:
            self.tell(self._then[self._count])
        if isinstance(seen, Exception):
            raise seen
        return seen

    def tell(self, *happens):
        for event in happens:
            self.news.put(event)

    def _act(self, name, *args):
        if name in self.refuses:
            raise BUSY
        self.calls.append((name, *args))

    def abort_job(self):
        self._act('abort_job')
        self.tell(ended('cancelled by client', abi.Error.OPERATION_ABORTED))

    def pause(self):
        self._act('pause')

    def unpause(self):
        self._act('unpause')

    def is_stopped_by_hand(self):
        return self.by_hand

    def start_post_copy(self):
        self._act('start_post_copy')

    def set_max_downtime(self, milliseconds):
        self._act('set_max_downtime', milliseconds)

    # the courier's part: what is published comes back as news
    def publish(self, event):
        self.tell(event)


def ended(error='', code=0, broken=False):
    return events.Event('u', events.OPERATION_ENDED, operation.End(error, code, broken))


def completed():
    return events.Event('u', events.JOB_COMPLETED, FINAL)


@pytest.fixture(autouse=True)
def quick(monkeypatch, options):
    monkeypatch.setattr(monitor, 'POLL', 0.005)
    monkeypatch.setattr(monitor, 'SETTLE', 0.03)
    monkeypatch.setattr(monitor, 'LAST_WORD', 0.03)


def watch(guest, started_here=True, on_progress=lambda progress: None, before=None,
          steering=None):
    watcher = monitor.Monitor(guest, guest, on_progress, steering or Steering())
    if before:
        before(watcher)
    return watcher.run(guest.news, 2, started_here)


# -- success --------------------------------------------------------------------------------------
def test_copy_when_libvirt_finished_it_then_completed_with_the_final_figures():
    guest = PlayedGuest([COPYING, COPYING, GONE], {2: completed(), 3: ended()})
    outcome = watch(guest)
    assert outcome.status == virt_driver.COMPLETED
    assert (outcome.progress.downtime_ms, outcome.progress.memory_remaining) == (31, 0)


def test_copy_when_final_figures_come_late_then_are_waited_for():
    guest = PlayedGuest([COPYING, GONE], {1: ended()})
    threading.Timer(0.01, guest.tell, [completed()]).start()
    assert watch(guest).progress.downtime_ms == 31


def test_copy_when_final_figures_never_come_then_last_reading_stands():
    outcome = watch(PlayedGuest([COPYING, GONE], {1: ended()}))
    assert (outcome.status, outcome.progress.memory_remaining) == (virt_driver.COMPLETED, 60)


def test_copy_when_guest_has_left_but_call_has_not_returned_then_waits_for_it():
    guest = PlayedGuest([COPYING, GONE, GONE, GONE, GONE], {4: ended()})
    assert watch(guest).status == virt_driver.COMPLETED


# -- failure --------------------------------------------------------------------------------------
@pytest.mark.parametrize(('seen', 'status'), [
    (IDLE, virt_driver.FAILED), (OFF, virt_driver.FAILED), (GONE, virt_driver.LOST),
    (POSTCOPY._replace(job={}), virt_driver.BROKEN)])
def test_copy_when_libvirt_reports_an_error_then_guest_is_looked_at(seen, status):
    outcome = watch(PlayedGuest([COPYING, seen], {1: ended('it broke', 1)}))
    assert outcome.status == status
    assert 'it broke' in outcome.reason


def test_copy_when_call_fails_but_a_job_runs_then_is_watched_to_its_end():
    """Somebody else moves it: our call was refused, theirs goes on."""
    guest = PlayedGuest([COPYING, COPYING, COPYING, COPYING, IDLE], {1: ended('busy', 68)})
    assert watch(guest).status == virt_driver.FAILED
    assert guest._count > 5


# -- libvirt goes away ----------------------------------------------------------------------------
@pytest.mark.parametrize(('after', 'status'), [
    ([COPYING, COPYING, IDLE], virt_driver.FAILED), ([GONE], virt_driver.LOST),
    ([OFF], virt_driver.FAILED)])
def test_copy_when_libvirt_was_away_then_is_looked_at_again(after, status):
    guest = PlayedGuest([COPYING, AWAY, AWAY, *after], {1: ended('end of file', 38, True)})
    outcome = watch(guest)
    assert outcome.status == status
    assert 'went away during the copy: end of file' in outcome.reason


def test_copy_when_libvirt_stays_away_then_is_lost_after_a_limit(monkeypatch, options):
    monkeypatch.setattr(monitor, 'CONTACT_LIMIT', 0.05)
    options.set('libvirt', live_migration_completion_timeout=0)
    outcome = watch(PlayedGuest([COPYING, AWAY], {1: ended('end of file', 38, True)}))
    assert outcome.status == virt_driver.LOST
    assert 'refused' in outcome.reason


# -- taken up after a restart ---------------------------------------------------------------------
def test_adopted_when_completion_is_announced_then_completed():
    guest = PlayedGuest([COPYING, GONE], {1: completed()})
    assert watch(guest, started_here=False).status == virt_driver.COMPLETED


def test_adopted_when_guest_is_gone_without_a_word_then_the_destination_must_say():
    assert watch(PlayedGuest([COPYING, GONE]), started_here=False).status == virt_driver.LOST


def test_adopted_when_the_word_takes_its_time_and_guests_live_fast_then_it_is_waited_for(
        monkeypatch):
    """Another thread of this process brings it, whose time is the real one."""
    monkeypatch.setattr(monitor, 'LAST_WORD', 20)
    guest = PlayedGuest([COPYING, GONE])
    guest.clock = Clock(0.001)
    late = threading.Timer(0.2, guest.tell, [completed()])
    late.start()
    outcome = watch(guest, started_here=False)
    late.join()
    assert outcome.status == virt_driver.COMPLETED


def test_adopted_when_idle_for_a_moment_only_then_goes_on():
    """Between two phases libvirt shows no job; only an idle guest that stays so is believed."""
    guest = PlayedGuest([IDLE, COPYING, COPYING, GONE], {4: completed()})
    assert watch(guest, started_here=False).status == virt_driver.COMPLETED


def test_adopted_when_it_never_began_then_failed():
    outcome = watch(PlayedGuest([IDLE]), started_here=False)
    assert outcome.status == virt_driver.FAILED


def test_adopted_when_it_has_run_for_long_then_keeps_its_clock(options):
    options.set('libvirt', live_migration_completion_timeout=5)
    old = COPYING._replace(job={**JOB, 'time_elapsed': 11_000})
    guest = PlayedGuest([old, old, IDLE])
    outcome = watch(guest, started_here=False)
    assert ('abort_job',) in guest.calls
    assert outcome.status == virt_driver.CANCELLED and '10 s' in outcome.reason


# -- abort and force-complete ---------------------------------------------------------------------
def test_abort_when_asked_then_cancelled_with_the_reason():
    guest = PlayedGuest([COPYING, COPYING, IDLE])
    outcome = watch(guest, before=lambda watcher: watcher.helm.abort('enough'))
    assert (outcome.status, outcome.reason) == (virt_driver.CANCELLED, 'enough')


def test_abort_when_copy_completes_first_then_completed():
    guest = PlayedGuest([COPYING, GONE], {1: ended()}, refuses=('abort_job',))
    outcome = watch(guest, before=lambda watcher: watcher.helm.abort())
    assert outcome.status == virt_driver.COMPLETED


def test_force_when_asked_then_pauses_once():
    guest = PlayedGuest([COPYING] * 5 + [GONE], {5: ended()})
    outcome = watch(guest, before=lambda watcher: watcher.helm.force_complete())
    assert outcome.status == virt_driver.COMPLETED
    assert guest.calls.count(('pause',)) == 1
    assert ('unpause',) not in guest.calls


def test_force_when_copy_fails_then_guest_goes_on():
    paused = Seen(abi.State.PAUSED, abi.Paused.USER)
    guest = PlayedGuest([COPYING, COPYING, paused], {2: ended('it broke', 1)})
    assert watch(guest, before=lambda watcher: watcher.helm.force_complete()).status == 'failed'
    assert guest.calls[-1] == ('unpause',)


def test_force_when_post_copy_is_permitted_then_switches(options):
    options.set('libvirt', live_migration_permit_post_copy=True)
    guest = PlayedGuest([COPYING, POSTCOPY, POSTCOPY, GONE], {3: ended()})
    watch(guest, before=lambda watcher: watcher.helm.force_complete())
    assert [call[0] for call in guest.calls if call[0] != 'set_max_downtime'] == [
        'start_post_copy']


def test_force_when_post_copy_is_refused_then_pauses(options):
    options.set('libvirt', live_migration_permit_post_copy=True)
    guest = PlayedGuest([COPYING, COPYING, GONE], {2: ended()}, refuses=('start_post_copy',))
    watch(guest, before=lambda watcher: watcher.helm.force_complete())
    assert ('pause',) in guest.calls


def test_abort_when_in_post_copy_then_is_not_sent():
    guest = PlayedGuest([POSTCOPY, POSTCOPY, GONE], {2: ended()})
    outcome = watch(guest, before=lambda watcher: watcher.helm.abort())
    assert outcome.status == virt_driver.COMPLETED
    assert guest.calls == []


# -- limits ---------------------------------------------------------------------------------------
def test_limit_when_over_then_is_forced_and_not_every_time_anew(options):
    options.set('libvirt', live_migration_completion_timeout=1,
                live_migration_timeout_action='force_complete')
    late = COPYING._replace(job={**JOB, 'time_elapsed': 2_100})
    guest = PlayedGuest([late] * 5 + [GONE], {5: ended()})
    assert watch(guest).status == virt_driver.COMPLETED
    assert guest.calls == [('pause',)]


def test_downtime_when_step_is_reached_then_is_set_once():
    guest = PlayedGuest([COPYING] * 5 + [GONE], {5: ended()})
    watch(guest)
    assert guest.calls == [('set_max_downtime', 50)]


# -- progress -------------------------------------------------------------------------------------
def test_progress_when_receiver_fails_then_copy_goes_on():
    def fail(progress):
        raise RuntimeError('nobody listens')

    guest = PlayedGuest([COPYING] * 3 + [GONE], {3: ended()})
    assert watch(guest, on_progress=fail).status == virt_driver.COMPLETED


def test_progress_when_receiver_hangs_then_copy_does_not_wait_for_it():
    held = threading.Event()
    guest = PlayedGuest([COPYING] * 3 + [GONE], {3: ended()})
    try:
        outcome = watch(guest, on_progress=lambda progress: held.wait(20))
    finally:
        held.set()
    assert outcome.status == virt_driver.COMPLETED


def test_progress_when_receiver_listens_then_hears_the_newest():
    heard = []
    watch(PlayedGuest([COPYING] * 3 + [GONE], {3: ended()}), on_progress=heard.append)
    assert heard[-1] == Progress(memory_total=100, memory_processed=40, memory_remaining=60,
                                 elapsed_ms=10, eta_s=(None, None))
