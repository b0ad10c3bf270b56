# SPDX-License-Identifier: Apache-2.0
"""The table of transitions, walked as a whole."""
import pathlib

from nova_lite.migration import migration_states as states

EDGES = [edge for edges in states.TRANSITIONS.values() for edge in edges.values()]


def test_transitions_when_followed_from_the_start_then_every_status_is_reached():
    reached = {None}
    while True:
        more = {edge.to for edge in EDGES if reached & set(edge.sources)} - reached
        if not more:
            break
        reached |= more
    assert reached - {None} == set(states.UNFINISHED) | set(states.FINAL)


def test_transitions_when_a_status_is_final_then_nothing_leads_away():
    for edge in EDGES:
        assert not set(edge.sources) & set(states.FINAL)


def test_transitions_when_a_status_is_unfinished_then_an_end_can_be_reached():
    for status in states.UNFINISHED:
        ends = {edge.to for edge in EDGES if status in edge.sources}
        assert ends & set(states.FINAL), status


def test_transitions_when_final_then_the_server_is_released():
    for edge in EDGES:
        assert edge.after.release == (edge.to in states.FINAL)


def test_transitions_when_the_guest_moved_then_so_does_its_claim():
    for edge in EDGES:
        assert edge.after.moved == (edge.after.claims == 'move')


def test_transitions_when_written_then_the_names_fit_the_column():
    assert max(len(edge.to) for edge in EDGES) <= 255


def test_pformat_when_printed_then_every_edge_has_its_line():
    lines = states.pformat().splitlines()
    assert [line.split()[0] for line in lines[2:]] == list(
        states.TRANSITIONS[states.LIVE_MIGRATION])


def test_pformat_when_the_readme_shows_it_then_it_is_this_one():
    readme = pathlib.Path(__file__).parents[3] / 'README.md'
    assert states.pformat() in readme.read_text()
