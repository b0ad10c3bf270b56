# SPDX-License-Identifier: Apache-2.0
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
    assert len(cells.parse('api')) == 4 * len(cells.MOMENTS)
    assert cells.parse('api:kill:edge-run-start') == [
        cells.Cell('api', 'kill', 'edge-run-start')]
    with pytest.raises(ValueError, match='no cell nobody'):
        cells.parse('nobody')


def test_share_when_all_are_put_together_then_it_is_the_whole():
    shares = [cells.share(cells.every(), 3, first) for first in range(3)]
    assert sorted(cell for share in shares for cell in share) == sorted(cells.every())
    assert {cell[:2] for cell in shares[0]} == {cell[:2] for cell in cells.every()}
    assert {cell.moment for cell in shares[0]} == set(cells.MOMENTS)
