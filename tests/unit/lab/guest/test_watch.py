# SPDX-License-Identifier: Apache-2.0
"""Following console files that come, go and come again."""
from pathlib import Path

import pytest

from nova_lite.lab.guest import GuestError, GuestWatch

LINE = 'tick={0} up_ms={0}00 passes=1 scans={1} bad=0\n'


def say(path: Path, *numbers: int, scans: int = 0) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open('a') as console:
        console.write(''.join(LINE.format(number, scans) for number in numbers))


@pytest.fixture
def consoles(tmp_path: Path) -> dict[str, Path]:
    return {name: tmp_path / name / 'console.log' for name in ('one', 'two')}


def test_watch_when_the_source_removes_its_file_has_its_last_words(consoles):
    say(consoles['one'], 1)
    with GuestWatch(consoles, interval=0.01) as watch:
        watch.wait(lambda record: record.last(), 5, 'tick')
        with consoles['one'].open('a') as source:
            consoles['one'].unlink()
            source.write(LINE.format(2, 0))
        say(consoles['two'], 3)
        watch.wait(lambda record: record.host() == 'two', 5, 'arrival')
        assert watch.last('one').tick == 2
        assert watch.faults() == []


def test_watch_when_the_guest_comes_back_follows_the_new_file(consoles):
    with GuestWatch(consoles, interval=0.01) as watch:
        for number, host in enumerate(('one', 'two', 'one', 'two'), start=1):
            say(consoles[host], number)
            watch.wait(lambda record: record.last() and record.last().tick == number, 5, 'tick')
            consoles[host].unlink()
        assert watch.record.host() == 'two'
        assert watch.faults() == []


class Interrupted:
    """A file whose reader gets no CPU between a read and the next step, until ``meanwhile``."""

    def __init__(self, file, meanwhile):
        self._file, self._meanwhile = file, meanwhile

    def read(self):
        content = self._file.read()
        self._meanwhile()
        return content

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_watch_when_the_guest_moves_between_two_reads_then_no_tick_is_out_of_order(consoles):
    def move():
        if goes and not moved:
            moved.append(True)
            say(consoles['one'], 2)
            say(consoles['two'], 3)

    moved, goes = [], []
    say(consoles['one'], 1)
    say(consoles['two'])
    watch = GuestWatch(consoles, opener=lambda path, mode: Interrupted(
        path.open(mode), move if path == consoles['one'] else lambda: None))
    watch._look()
    assert watch.last().tick == 1
    goes.append(True)
    watch._look()
    watch._look()
    assert [tick.tick for _, _, tick in watch.record.ticks] == [1, 2, 3]
    assert watch.faults() == []
    for _, file in watch._open:
        file.close()


def test_wait_ticks_when_told_a_host_counts_from_now_and_only_there(consoles):
    say(consoles['one'], 1, 2, 3)
    with GuestWatch(consoles, interval=0.01) as watch:
        watch.wait(lambda record: record.last(), 5, 'tick')
        with pytest.raises(GuestError, match=r'no 1 ticks on two within 0.05 s; last on one'):
            watch.wait_ticks(1, 'two', timeout=0.05)
        with pytest.raises(GuestError, match='no 1 ticks'):
            watch.wait_ticks(1, 'one', timeout=0.05)
        say(consoles['one'], 4)
        assert watch.wait_ticks(0, 'one').tick in (3, 4)


def test_wait_verified_when_a_comparison_was_on_its_way_waits_for_the_next(consoles):
    say(consoles['one'], 1, scans=7)
    with GuestWatch(consoles, interval=0.01) as watch:
        watch.wait(lambda record: record.last(), 5, 'tick')
        say(consoles['one'], 2, scans=8)
        with pytest.raises(GuestError, match='no complete comparison'):
            watch.wait_verified(timeout=0.1)


def test_wait_when_nothing_was_ever_written_says_so(consoles):
    with GuestWatch(consoles, interval=0.01) as watch:
        with pytest.raises(GuestError, match='last on None: None'):
            watch.wait_ticks(1, timeout=0.05)
