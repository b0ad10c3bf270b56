# SPDX-License-Identifier: Apache-2.0
"""Reading a guest's console: what it says, and what speaks against the guest."""
import pytest

from nova_lite.lab.guest import Record, Tick, parse

LINE = 'tick={0} up_ms={0}00 passes=1 scans=2 bad=0\n'


def lines(*numbers: int) -> bytes:
    return ''.join(LINE.format(number) for number in numbers).encode()


def record(*looks: dict[str, bytes]) -> Record:
    made = Record()
    for now, look in enumerate(looks):
        made.add(look, float(now))
    return made


def test_parse_when_guest_has_no_disk_leaves_it_open():
    assert parse('tick=1 up_ms=23 passes=4 scans=5 bad=6\r\n') == Tick(1, 23, 4, 5, 6)


def test_parse_when_guest_has_a_disk_gives_its_verdict():
    assert parse('tick=1 up_ms=2 passes=3 scans=4 bad=5 disk=6 dscans=7 dbad=8') == \
        Tick(1, 2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize('line', [
    '', 'tick=1', 'tick=x up_ms=2 passes=3 scans=4 bad=5', 'Booting tick=1',
    'tick=1 up_ms=2 passes=3 scans=4 bad=5 disk=6', 'tick=1 up_ms=2 passes=3 scans=4 bad=5 more'])
def test_parse_when_line_is_something_else_gives_none(line):
    assert parse(line) is None


def test_record_when_line_is_split_between_two_hosts_joins_it():
    line = lines(2)
    made = record({'one': lines(1) + line[:9]}, {'two': line[9:] + lines(3)})
    assert [(host, tick.tick) for host, _, tick in made.ticks] == [
        ('one', 1), ('two', 2), ('two', 3)]
    assert made.faults() == []


@pytest.mark.parametrize('order', [('one', 'two'), ('two', 'one')])
def test_record_when_both_hosts_had_news_at_once_finds_their_order(order):
    pieces = {'one': lines(2)[-20:] + lines(3) + b'tick=4 up', 'two': b'_ms=400 passes=1 scans=2'
              b' bad=0\n' + lines(5)}
    made = record({'one': lines(1) + lines(2)[:-20]}, {host: pieces[host] for host in order})
    assert [tick.tick for _, _, tick in made.ticks] == [1, 2, 3, 4, 5]
    assert made.host() == 'two'


def test_record_when_guest_moves_there_and_back_has_no_gap():
    made = record({'one': lines(1, 2)}, {'two': lines(3)}, {'one': lines(4)})
    assert made.faults() == []
    assert made.last('two').tick == 3
    assert made.last().tick == 4
    assert made.host() == 'one'


def test_gaps_when_ticks_are_missing_or_repeated_names_them():
    assert record({'one': lines(1, 2, 4, 4)}).gaps() == [(2, 4), (4, 4)]


def test_longest_silence_when_a_look_found_nothing_new_spans_it():
    assert record({'one': lines(1)}, {}, {}, {'two': lines(2)}, {'two': lines(3)}
                  ).longest_silence() == 3.0


@pytest.mark.parametrize('line, words', [
    (b'tick=1 up_ms=1 passes=1 scans=1 bad=2\n', '2 comparisons'),
    (b'tick=1 up_ms=1 passes=1 scans=1 bad=0 disk=1 dscans=1 dbad=3\n', '3 comparisons'),
    (b'[    1.0] Kernel panic - not syncing: Fatal exception\n', 'Kernel panic')])
def test_faults_when_guest_was_harmed_tell(line, words):
    faults = record({'one': line}).faults()
    assert len(faults) == 1
    assert words in faults[0]


def test_faults_when_kernel_only_chats_are_none():
    made = record({'one': b'SeaBIOS\r\n' + lines(1) + b'\n' + lines(2)})
    assert made.faults() == []
    assert made.noise == ['SeaBIOS']


def test_faults_when_kernel_missed_time_then_it_is_one_unless_that_was_done_to_the_guest():
    made = record({'one': lines(1) + b'[   40.2] watchdog: BUG: soft lockup - CPU#0 stuck for '
                                     b'29s! [tick:1]\n' + lines(2)})
    assert made.faults() == ['its kernel missed 29 s']
    assert made.faults(stood_still=28) == ['its kernel missed 29 s']
    assert made.faults(stood_still=29) == []
    made.add({'one': b'[   41.0] BUG: unable to handle page fault\n'}, 9.0)
    assert made.faults(stood_still=60) == ['[   41.0] BUG: unable to handle page fault']
