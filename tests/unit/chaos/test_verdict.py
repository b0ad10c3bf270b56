# SPDX-License-Identifier: Apache-2.0
import copy

import pytest

from tests.chaos import ledger, report, verdict, watch
from tests.chaos.cells import Cell
from tests.chaos.ledger import Entry

GUEST = {'host': 'dst', 'state': 'running', 'boot_id': 'b', 'ran': 10.0, 'since': None,
         'memory_ok': True}
WORLD = {'guests': {'u': {'dst': GUEST}}, 'storages': {'src': {}, 'dst': {'u': {}}},
         'now': 0.0, 'epoch': 0.0, 'epoch_now': 0.0, 'time_scale': 1.0}


def _seen(**changes):
    return verdict.Seen(**{
        'uuid': 'u', 'migration': {'status': 'completed', 'reason': None},
        'instance': {'host': 'dst', 'vm_state': 'active', 'task_state': None},
        'world': WORLD, 'claims': {('u', 'dst')}, 'migrations': {'m'}, **changes})


def _world(guests, storages=None):
    return {'guests': {'u': guests}, 'storages': storages or WORLD['storages']}


def test_violations_when_all_is_well_then_none():
    assert verdict.violations(_seen()) == []
    assert verdict.violations(_seen(migration=None)) == []


def test_violations_when_a_guest_died_and_its_migration_is_in_error_then_files_may_stay():
    both = _world({}, {'src': {'u': {}}, 'dst': {'u': {}}})
    seen = _seen(world=both, dead=True, migration={'status': 'error', 'reason': 'lost'},
                 instance={'host': 'src', 'vm_state': 'error', 'task_state': None},
                 claims={('u', 'src'), ('m', 'dst')})
    assert verdict.violations(seen) == []
    assert verdict.violations(seen._replace(migration={'status': 'failed', 'reason': 'lost'}))


@pytest.mark.parametrize('vm_state, state', [
    ('stopped', 'shutoff'), ('paused', 'paused'), ('suspended', 'saved')])
def test_violations_when_an_order_led_to_another_state_then_the_guest_is_to_be_so_too(
        vm_state, state):
    seen = _seen(instance={'host': 'dst', 'vm_state': vm_state, 'task_state': None},
                 world=_world({'dst': {**GUEST, 'state': state}}), wanted=(vm_state,))
    assert verdict.violations(seen) == []
    assert verdict.violations(seen._replace(world=WORLD))
    assert verdict.violations(seen._replace(wanted=('active',)))


def test_violations_when_an_operator_has_to_look_then_one_copy_at_most_and_a_reason():
    both = {'dst': GUEST, 'src': {**GUEST, 'host': 'src', 'state': 'shutoff'}}
    seen = _seen(instance={'host': 'src', 'vm_state': 'error', 'task_state': None},
                 world=_world(both), wanted=('active', 'error'), fault='it is on host dst')
    assert verdict.violations(seen) == []
    assert verdict.violations(seen._replace(fault='')) == ['it is in error, and nothing says why']
    assert verdict.violations(seen._replace(wanted=('active',)))
    twice = _world({'dst': GUEST, 'src': {**GUEST, 'host': 'src'}})
    assert verdict.violations(seen._replace(world=twice)) == ["it runs on ['dst', 'src']"]


def test_violations_when_a_server_is_deleted_then_nothing_of_it_may_be_left():
    empty = {**WORLD, 'guests': {}, 'storages': {'src': {}, 'dst': {}}}
    gone = _seen(instance=None, world=empty, claims=set(), wanted=(None,))
    assert verdict.violations(gone) == []
    assert len(verdict.violations(gone._replace(world=WORLD, claims={('u', 'dst')}))) == 3
    assert verdict.violations(gone._replace(wanted=('active',))) == ['there is no such server']
    assert verdict.violations(_seen(wanted=(None,)))


@pytest.mark.parametrize('changes, word', [
    ({'migration': {'status': 'running', 'reason': None}}, 'still running'),
    ({'instance': {'host': 'dst', 'vm_state': 'active', 'task_state': 'migrating'}},
     'task_state'),
    ({'instance': {'host': 'dst', 'vm_state': 'error', 'task_state': None}}, 'vm_state'),
    ({'instance': {'host': 'src', 'vm_state': 'active', 'task_state': None}}, 'record says src'),
    ({'world': _world({})}, 'runs on no host'),
    ({'world': _world({'dst': GUEST, 'src': {**GUEST, 'host': 'src'}})}, "['dst', 'src']"),
    ({'world': _world({'dst': GUEST, 'src': {**GUEST, 'state': 'shutoff'}})}, 'a domain'),
    ({'world': _world({'dst': GUEST}, {'src': {'u': {}}, 'dst': {'u': {}}})}, 'its files'),
    ({'world': _world({'dst': GUEST}, {'dst': {}})}, 'are gone'),
    ({'claims': set()}, 'claimed on []'),
    ({'claims': {('u', 'dst'), ('m', 'dst')}}, 'a claim of its migration'),
    ({'dead': True}, 'it was dead and runs'),
])
def test_violations_when_something_is_wrong_then_it_is_named(changes, word):
    found = verdict.violations(_seen(**changes))
    assert any(word in what for what in found), found


def test_watch_when_a_guest_runs_twice_or_counts_back_or_begins_anew_then_it_is_noted(tmp_path):
    watcher = watch.Watch(tmp_path / 'world.json')
    watcher.look(WORLD, 0.0)
    assert watcher.faults == {}
    world = copy.deepcopy(WORLD)
    world['guests']['u']['dst'] |= {'ran': 5.0, 'boot_id': 'other'}
    world['guests']['u']['src'] = {**GUEST, 'host': 'src'}
    watcher.look(world, 1.0)
    noted = ' '.join(watcher.faults['u'])
    assert 'runs on dst and src' in noted and 'anew' in noted and 'counted back' in noted


def test_markdown_when_cells_have_failed_then_the_table_says_which_and_why():
    results = {Cell('api', 'kill', 'one'): Entry([], '', '2026-01-01', 'abc'),
               Cell('api', 'kill', 'two'): Entry(['it is gone'], '', '2026-01-02', 'def'),
               Cell('api', 'term', 'one'): Entry([], '', '2026-01-01', 'abc')}
    text = report.markdown(results, 'tried')
    assert ('| moment | kill (2026-01-01 `abc`, 2026-01-02 `def`) | term (2026-01-01 `abc`) |'
            in text)
    assert '| one | ok | ok |' in text
    assert '| two | **failed** (1) |  |' in text
    assert '1. it is gone' in text
    assert '**2 passed, 1 failed.**' in text


def test_ledger_when_saved_then_is_read_again_as_it_was(tmp_path):
    entries = {Cell('api', 'kill', 'one'): Entry(['gone'], 'failed', '2026-01-01', 'abc'),
               Cell('api', 'term', '3: +0.5s'): Entry([], '', '2026-01-01', 'abc')}
    ledger.save(tmp_path / 'ledger', entries)
    assert ledger.load(tmp_path / 'ledger') == entries
    assert ledger.load(tmp_path / 'none') == {}


def test_second_when_it_has_not_completed_or_something_is_wrong_then_both_are_said():
    assert verdict.second({'status': 'completed', 'reason': None}, []) == []
    assert verdict.second({'status': 'failed', 'reason': 'no room'}, ['it is off']) == [
        'a second migration is failed: no room', 'after a second migration it is off']
