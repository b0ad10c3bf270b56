# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks work out of their samples."""
import pytest

from benchmarks import control_plane, footprint, overhead, plots, scale
from benchmarks.figures import Plot, Result


def test_pause_when_the_guest_moves_then_from_its_last_tick_here_to_its_first_there():
    ticks = [('h1', 1.0, None), ('h1', 1.5, None), ('h2', 1.75, None), ('h2', 3.0, None)]
    assert overhead.pause(ticks, 'h2') == 250
    with pytest.raises(ValueError):
        overhead.pause(ticks, 'h1')
    with pytest.raises(ValueError):
        overhead.pause(ticks[:2], 'h2')


def test_overhead_when_evaluated_then_ratios_are_of_medians_under_their_names():
    phases = {'checks': 10, 'queue': 1, 'preparing': 5, 'copy': 900, 'post': 20}
    pairs = [{'total': 1000.0 + number, 'raw': 500.0 + number, 'answer': 20.0, 'pause': 30.0,
              'raw_pause': 60.0, 'phases': phases} for number in (0, 10, 1000)]
    result = Result('overhead')
    overhead.evaluate(pairs, result)
    assert result.ratios == {'overhead.ratio_total_median': 1010 / 510,
                             'overhead.ratio_pause_median': 0.5}
    assert result.figures['phase copy'].median == 900
    assert len(result.tables[0].rows) == 3


def driver(what, began, at, uuid='u'):
    return {'kind': 'driver', 'uuid': uuid, 'what': what, 'began': began, 'at': at}


def test_spans_when_read_from_a_trace_then_each_run_has_its_own_steps():
    events = [driver('check', 1.0, 1.5), driver('live_migration', 2.0, 3.0),
              driver('post', 3.5, 4.0), driver('post', 3.5, 9.0, 'other'),
              driver('live_migration', 12.0, 13.0)]
    found = control_plane.spans(events, 'u', [{'began': 0.5}, {'began': 11.0}])
    assert found == [
        {'began': 0.5, 'called': 2.0, 'copy': 1.0, 'ended': 4.0, 'driver_before': 0.5},
        {'began': 11.0, 'called': 12.0, 'copy': 1.0, 'ended': 13.0, 'driver_before': 0}]


def test_by_kind_when_there_are_many_computes_then_they_count_as_one_kind():
    assert scale.by_kind({'compute-0': 1, 'compute-1': 2, 'api': 3}) == {
        'compute': [1, 2], 'api': [3]}


def test_footprint_when_evaluated_then_growth_is_since_half_way():
    readings = {0: {'api': 90.0}, 20: {'api': 95.0}, 40: {'api': 96.0}, 60: {'api': 97.0}}
    result = Result('footprint')
    footprint.evaluate({'api': [1.0, 2.0]}, {'api': 80.0}, readings, result)
    assert result.ratios == {'footprint.ratio_memory_api': 97 / 96}
    assert result.tables[0].rows == [['api', 80.0, 90.0, 96.0, 97.0, 1.0]]
    assert result.figures['start to ready, api'].median == 1500


def test_plot_when_drawn_then_a_file_of_that_name(tmp_path):
    result = Result('one', plots=[Plot('Cost / size', 'x', 'y', {'a': [(1, 2), (10, 3)]}, True)])
    pytest.importorskip('matplotlib', reason='only the bench extra of setup.cfg has it')
    path, = plots.draw(result, tmp_path)
    assert path.name == 'one-cost-size.png' and path.read_bytes().startswith(b'\x89PNG')
