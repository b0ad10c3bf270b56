# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from nova_lite.compute.live_migration_source import Move
from nova_lite.conductor.tasks.live_migrate import LiveMigrationTask
from nova_lite.migration import migration_states
from tests.chaos import cells, harm


def test_moments_when_listed_then_every_edge_and_every_step_is_there_at_its_start_and_end():
    wanted = {f'edge-{event}' for event in migration_states.EVENTS}
    for do, undo in (*LiveMigrationTask.STEPS, *Move.STEPS):
        wanted |= {f'step-{do}', f'undo-{undo}'} - {'step-point of no return', 'undo-None'}
    assert {name.rpartition('-')[0] for name in cells.MOMENTS if name.endswith('-start')} == wanted
    assert {name.rpartition('-')[0] for name in cells.MOMENTS if name.endswith('-end')} == wanted


def test_cells_when_listed_then_each_fault_of_an_actor_meets_each_moment():
    assert len(cells.every()) == len(set(cells.every())) == sum(
        len(faults) * len(cells.moments_of(actor)) for actor, faults in cells.ACTORS.items())
    for actor in cells.ACTORS.keys() - {cells.BY_HAND}:
        assert cells.moments_of(actor) == list(cells.MOMENTS)
    by_hand = cells.moments_of(cells.BY_HAND)
    assert by_hand == [name for name in cells.MOMENTS if not name.startswith('order-')]
    assert {fault for faults in cells.ACTORS.values() for fault in faults} == set(harm.SECONDS)


def test_parse_when_a_part_is_named_then_its_cells_come():
    assert len(cells.parse('api')) == 5 * len(cells.MOMENTS)
    assert cells.parse('api:kill:edge-run-start') == [
        cells.Cell('api', 'kill', 'edge-run-start')]
    assert len(cells.parse('virsh')) == 3 * len(cells.moments_of('virsh'))
    for text in ('nobody', 'virsh:destroy:order-pausing-given'):
        with pytest.raises(ValueError, match=f'no cell {text}'):
            cells.parse(text)


def test_share_when_chosen_is_whole_groups_and_the_same_for_the_same_seed():
    groups = cells.groups(cells.every())
    share = cells.share(cells.every(), 3, 7)
    assert cells.groups(share).keys() < groups.keys()
    assert all(mine == groups[pair] for pair, mine in cells.groups(share).items())
    assert len(cells.groups(share)) == math.ceil(len(groups) / 3)
    assert share == cells.share(cells.every(), 3, 7)
    assert share != cells.share(cells.every(), 3, 8)
    assert cells.share(cells.every(), 1, 7) == cells.every()


def test_share_when_chosen_often_then_takes_from_the_orders_and_from_the_hand_too():
    chosen = {cell for seed in range(40) for cell in cells.share(cells.every(), 12, seed)}
    assert {cell.fault for cell in chosen if cell.actor == cells.BY_HAND} == set(
        cells.ACTORS[cells.BY_HAND])
    assert {cell.moment for cell in chosen} == set(cells.MOMENTS)
