# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite.cli.progress import Reading, Tracker, reading_of


def statuses(*readings):
    tracker = Tracker()
    return [tracker.update(Reading(status), now).statuses
            for now, status in enumerate(readings)]


def test_every_status_that_is_seen_is_shown_once():
    assert statuses('accepted', 'accepted', 'queued', 'preparing', 'running', 'completed') == [
        [('accepted', True)], [], [('queued', True)], [('preparing', True)],
        [('running', True)], [('completed', True)]]


def test_status_that_passed_between_two_readings_is_shown_as_passed():
    assert statuses('accepted', 'running') == [
        [('accepted', True)], [('queued', False), ('preparing', False), ('running', True)]]
    assert statuses('completed') == [
        [*((name, False) for name in ('accepted', 'queued', 'preparing', 'running')),
         ('completed', True)]]


def test_tracker_that_begins_in_the_middle_tells_only_what_it_sees():
    tracker = Tracker(from_start=False)
    assert tracker.update(Reading('running'), 0).statuses == [('running', True)]
    assert tracker.update(Reading('completed'), 1).statuses == [('completed', True)]


def test_postcopy_lies_between_running_and_completed():
    assert statuses('preparing', 'running (post-copy)', 'completed') == [
        [('accepted', False), ('queued', False), ('preparing', True)],
        [('running', False), ('running (post-copy)', True)], [('completed', True)]]


@pytest.mark.parametrize('end', ['error', 'failed', 'cancelled'])
def test_a_bad_end_tells_of_no_status_that_was_not_reached(end):
    assert statuses('accepted', end) == [[('accepted', True)], [(end, True)]]


def test_percent_never_goes_back_though_memory_is_made_dirty_again():
    tracker = Tracker()
    shown = [tracker.update(Reading('running', percent=percent), now).percent
             for now, percent in enumerate([10, 60, 40, 61, None, 30])]
    assert shown == [10, 60, 60, 61, 61, 61]


def test_percent_is_100_only_when_completed():
    tracker = Tracker()
    assert tracker.update(Reading('running', percent=100), 0).percent == 99
    assert tracker.update(Reading('completed'), 1).percent == 100
    assert Tracker().update(Reading('failed', percent=100), 0).percent == 99


def test_changed_is_false_when_nothing_new_is_there_to_show():
    tracker = Tracker()
    assert tracker.update(Reading('running', percent=10), 0).changed
    assert not tracker.update(Reading('running', percent=10), 1).changed
    assert not tracker.update(Reading('running', percent=9), 2).changed
    assert tracker.update(Reading('running', percent=11), 3).changed


def test_speed_is_measured_between_two_changes_of_the_counter():
    tracker = Tracker()
    speeds = [tracker.update(Reading('running', processed=processed), now).speed
              for now, processed in [(0, 0), (1, 0), (2, 200), (3, 200), (4, 600), (5, None)]]
    assert speeds == [None, None, 100, 100, 200, 200]


def test_speed_when_the_first_counter_comes_late_counts_from_the_beginning_of_the_copy():
    tracker = Tracker()
    tracker.update(Reading('running'), 10)
    assert tracker.update(Reading('running', processed=300), 12).speed == 150
    # whoever starts to look in the middle cannot know when the copy began
    assert Tracker().update(Reading('running', processed=300), 12).speed is None


def test_remaining_stays_while_it_is_not_told_and_is_0_when_completed():
    tracker = Tracker()
    shown = [tracker.update(Reading(status, remaining=remaining), now).remaining
             for now, (status, remaining) in enumerate(
                 [('running', None), ('running', 50), ('running', None), ('completed', None)])]
    assert shown == [None, 50, 50, 0]


def test_speed_when_the_counter_starts_again_is_not_negative():
    tracker = Tracker()
    for now, processed in [(0, 500), (1, 100), (2, 150)]:
        step = tracker.update(Reading('running', processed=processed), now)
    assert step.speed == 50


def test_reading_counts_memory_and_disks_together():
    reading = reading_of({
        'status': 'running', 'memory_total_bytes': 300, 'memory_processed_bytes': 200,
        'memory_remaining_bytes': 100, 'disk_total_bytes': 100, 'disk_processed_bytes': 0,
        'disk_remaining_bytes': 100, 'nova-lite:progress': 67})
    assert reading == Reading('running', total=400, processed=200, remaining=200, percent=50)


def test_reading_without_counters_takes_the_percentage_it_is_told():
    assert reading_of({'status': 'running', 'nova-lite:progress': 40}).percent == 40
    assert reading_of({'status': 'queued', 'memory_total_bytes': None}) == Reading('queued')
