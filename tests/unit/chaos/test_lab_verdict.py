# SPDX-License-Identifier: Apache-2.0
import pytest

from tests.chaos import lab_report, lab_verdict
from tests.chaos.cells import Cell
from tests.chaos.lab_verdict import Host
from tests.chaos.ledger import Entry

EMPTY = Host({}, set(), set())
LIVES = Host({'u': 'running'}, {'u'}, {'u'})


def _seen(src=EMPTY, dst=LIVES, **changes):
    return lab_verdict.Seen(**{
        'uuid': 'u', 'migration': {'status': 'completed', 'reason': None},
        'instance': {'host': 'dst', 'vm_state': 'active', 'task_state': None},
        'hosts': {'src': src, 'dst': dst}, 'claims': {('u', 'dst')}, 'migrations': {'m'},
        **changes})


def test_violations_when_all_is_well_then_none():
    assert lab_verdict.violations(_seen()) == []
    assert lab_verdict.end(_seen()) == 'completed'
    assert lab_verdict.violations(_seen(migration=None)) == []
    assert lab_verdict.end(_seen(migration=None)) == 'refused'


@pytest.mark.parametrize('changes, word', [
    ({'src': EMPTY._replace(domains=None)}, 'libvirtd of src does not answer'),
    ({'instance': None}, 'record is gone'),
    ({'migration': {'status': 'running', 'reason': None}}, 'still running'),
    ({'src': LIVES}, "['dst', 'src']"),
    ({'dst': EMPTY}, 'no host'),
    ({'src': LIVES, 'dst': EMPTY}, 'record says dst'),
    ({'src': Host({'u': 'shut off'}, set(), set())}, 'left over on src: a domain'),
    ({'src': Host({'u': 'paused'}, set(), {'u'})}, 'left over on src: a domain'),
    ({'src': Host({}, {'u'}, set())}, 'left over on src: its files'),
    ({'src': Host({}, set(), {'u'})}, 'left over on src: a QEMU process'),
    ({'claims': {('u', 'dst'), ('m', 'dst')}}, 'a claim of its migration'),
])
def test_violations_when_something_is_wrong_then_it_is_named(changes, word):
    found = lab_verdict.violations(_seen(**changes))
    assert any(word in what for what in found), found


DEAD = Host({'u': 'shut off'}, {'u'}, set())
STOPPED = {'host': 'dst', 'vm_state': 'stopped', 'task_state': None}
IN_ERROR = STOPPED | {'vm_state': 'error'}


def test_violations_when_the_guest_was_killed_and_the_record_says_so_then_none():
    seen = _seen(dst=DEAD, instance=STOPPED, dead=True)
    assert lab_verdict.violations(seen) == []
    assert lab_verdict.end(seen) == 'completed, server stopped: its QEMU was killed'
    # between two hosts: what is left of it is kept for an operator
    assert lab_verdict.violations(_seen(
        src=DEAD, dst=DEAD, dead=True, instance=IN_ERROR, claims={('u', 'src'), ('m', 'dst')},
        migration={'status': 'error', 'reason': 'it ended with a part of its memory'})) == []


@pytest.mark.parametrize('changes, word', [
    ({}, 'runs on'),
    ({'dst': DEAD}, 'the record says that it is active'),
    ({'dst': DEAD, 'instance': IN_ERROR, 'migration': {'status': 'error', 'reason': None}},
     'without a reason'),
])
def test_violations_when_the_guest_was_killed_and_something_else_is_so_then_it_is_named(
        changes, word):
    found = lab_verdict.violations(_seen(dead=True, **changes))
    assert any(word in what for what in found), found


def test_markdown_when_cells_have_failed_then_the_table_says_which_and_how_the_others_ended():
    def entry(violations, end):
        return Entry(violations, end, '2026-01-01', 'abc')

    text = lab_report.markdown({
        Cell('api', 'kill', 'accepted'): entry([], 'completed'),
        Cell('api', 'kill', 'copying'): entry(['it is gone'], 'completed'),
        Cell('conductor', 'term', 'copying'): entry([], 'failed')}, 'tried')
    assert '| actor | fault | accepted | copying | run on |' in text
    assert '| api | kill | completed | **failed** (1) | 2026-01-01 `abc` |' in text
    assert '| conductor | term |  | failed | 2026-01-01 `abc` |' in text
    assert '1. it is gone' in text
    assert '**2 passed, 1 failed.**' in text
