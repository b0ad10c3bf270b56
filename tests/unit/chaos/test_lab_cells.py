# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite.migration import migration_states
from tests.chaos import cells, lab_cells


def test_usual_when_listed_then_every_actor_meets_every_phase_and_every_fault_has_its_turn():
    usual = lab_cells.usual()
    assert len(usual) == len(set(usual)) == len(lab_cells.ACTORS) * len(lab_cells.PHASES)
    assert {cell.actor for cell in usual} == set(lab_cells.ACTORS)
    assert {cell.fault for cell in usual} == {*cells.PROCESS_FAULTS, *cells.LINK_FAULTS}
    assert all(fault in lab_cells.ACTORS[actor] for actor, fault in lab_cells.USUAL.items())


def test_phases_when_listed_then_every_status_is_there_and_each_order_is_a_moment():
    assert {phase.status for phase in lab_cells.PHASES.values()} == set(
        migration_states.UNFINISHED)
    orders = {moment.order for moment in cells.MOMENTS.values()}
    assert {phase.order for phase in lab_cells.PHASES.values()} - {''} <= orders


def test_every_when_listed_then_each_fault_of_an_actor_meets_each_phase():
    assert len(lab_cells.every()) == len(lab_cells.PHASES) * sum(
        map(len, lab_cells.ACTORS.values()))


@pytest.mark.parametrize('text, count', [
    ('api', len(lab_cells.PHASES)),
    ('api:stop-20s', len(lab_cells.PHASES)),
    ('api:kill:copying', 1),
])
def test_parse_when_a_part_is_named_then_its_cells_come(text, count):
    found = lab_cells.parse(text)
    assert len(found) == count and {cell.actor for cell in found} == {'api'}


def test_parse_when_there_is_no_such_cell_then_says_what_there_is():
    with pytest.raises(ValueError, match='no cell api:cut-5s; .*scheduler.*copying'):
        lab_cells.parse('api:cut-5s')


def test_share_when_all_are_put_together_then_it_is_the_whole():
    shares = [lab_cells.share(lab_cells.usual(), 3, first) for first in range(3)]
    assert sorted(cell for share in shares for cell in share) == sorted(lab_cells.usual())
    for share in shares:
        assert {cell.moment for cell in share} == set(lab_cells.PHASES)
        assert len({cell.actor for cell in share}) == 4
