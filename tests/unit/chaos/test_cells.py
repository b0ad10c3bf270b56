# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from nova_lite.compute import migration_states
from nova_lite.compute.live_migration_source import Move
from nova_lite.conductor.tasks.live_migrate import LiveMigrationTask
from tests.chaos import cells, harm


def test_moments_when_listed_then_every_edge_and_every_step_is_there_at_its_start_and_end():
    wanted = {f'edge-{event}' for event in migration_states.TRANSITIONS}
    for do, undo in (*LiveMigrationTask.STEPS, *Move.STEPS):
        wanted |= {f'step-{do}', f'undo-{undo}'} - {'step-point of no return', 'undo-None'}
    assert {name.rpartition('-')[0] for name in cells.MOMENTS if name.endswith('-start')} == wanted
    assert {name.rpartition('-')[0] for name in cells.MOMENTS if name.endswith('-end')} == wanted


def test_cells_when_listed_then_each_fault_of_an_actor_meets_each_moment():
    assert len(cells.every()) == len(set(cells.every())) == len(cells.MOMENTS) * sum(
        map(len, cells.ACTORS.values()))
    assert {fault for faults in cells.ACTORS.values() for fault in faults} == set(harm.SECONDS)


def test_parse_when_a_part_is_named_then_its_cells_come():
    assert len(cells.parse('api')) == 5 * len(cells.MOMENTS)
    assert cells.parse('api:kill:edge-run-start') == [
        cells.Cell('api', 'kill', 'edge-run-start')]
    with pytest.raises(ValueError, match='no cell nobody'):
        cells.parse('nobody')


def test_share_when_chosen_is_whole_groups_and_the_same_for_the_same_seed():
    groups = cells.groups(cells.every())
    share = cells.share(cells.every(), 3, 7)
    assert cells.groups(share).keys() < groups.keys()
    assert all(mine == groups[pair] for pair, mine in cells.groups(share).items())
    assert len(cells.groups(share)) == math.ceil(len(groups) / 3)
    assert share == cells.share(cells.every(), 3, 7)
    assert share != cells.share(cells.every(), 3, 8)
    assert cells.share(cells.every(), 1, 7) == cells.every()
