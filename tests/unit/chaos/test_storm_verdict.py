# SPDX-License-Identifier: Apache-2.0
import copy

import pytest

from tests.chaos import storm_verdict
from tests.chaos.storm_verdict import Scene

SIZE = {'vcpus': 1, 'memory_mb': 256}
CLAIM = {'consumer_uuid': 'u', 'host': 'h1', 'disk_gb': 1, **SIZE}


def _scene(**changes):
    return Scene(**copy.deepcopy({
        'instances': {'u': {'uuid': 'u', 'host': 'h1', 'vm_state': 'active', 'task_state': None,
                            'root_gb': 1, **SIZE}},
        'migrations': [{'id': 1, 'instance_uuid': 'u', 'status': 'completed'}],
        'claims': [CLAIM], 'nodes': [{'host': 'h1'}, {'host': 'h2'}],
        'world': {'guests': {'u': {'h1': {'state': 'running'}}},
                  'storages': {'h1': {'u': {}}, 'h2': {}}}, **changes}))


def test_scene_when_all_is_well_has_no_violation():
    assert storm_verdict.violations(_scene()) == {}


def _with(path, value):
    scene = _scene()
    *way, last = path
    thing = scene._asdict()
    for step in way:
        thing = thing[step]
    thing[last] = value
    return Scene(**scene._asdict()) if len(path) > 1 else scene._replace(**{last: value})


@pytest.mark.parametrize('path, value, whose, what', [
    (('instances', 'u', 'task_state'), 'powering-on', 'u', 'task_state is powering-on'),
    (('instances', 'u', 'vm_state'), 'error', 'u', 'vm_state is error'),
    (('instances', 'u', 'vm_state'), 'stopped', 'u', 'it is stopped on h1, where its guest is'),
    (('migrations', 0, 'status'), 'queued', 'u', 'its migration 1 is still queued'),
    (('world', 'guests', 'u', 'h2'), {'state': 'running'}, 'u', 'it runs on h1 and h2'),
    (('world', 'guests', 'u', 'h2'), {'state': 'shutoff'}, 'u', 'left over on h2'),
    (('world', 'guests', 'u'), {}, 'u', 'where its guest is None'),
    (('world', 'storages', 'h2', 'u'), {}, 'u', "its files are on ['h1', 'h2']"),
    (('world', 'storages', 'h2', 'gone'), {}, 'gone', 'deleted, and its files are on h2'),
    (('world', 'guests', 'gone'), {'h1': {'state': 'running'}}, 'gone', 'deleted, and a domain'),
    (('claims',), [], 'u', 'claimed on []'),
    (('claims',), [], 'h1', 'vcpus: 0 are claimed, its servers have 1'),
    (('claims',), [CLAIM, {**CLAIM, 'consumer_uuid': 'm', 'host': 'h2'}], 'm', 'is left on h2'),
])
def test_scene_when_one_thing_is_wrong_tells_it(path, value, whose, what):
    found = storm_verdict.violations(_with(path, value))
    assert any(what in line for line in found[whose]), found


def test_scene_when_a_server_is_stopped_or_suspended_has_no_running_copy():
    for state, copies in (('stopped', {}), ('stopped', {'h1': {'state': 'shutoff'}}),
                          ('suspended', {'h1': {'state': 'saved'}}),
                          ('paused', {'h1': {'state': 'paused'}})):
        scene = _with(('instances', 'u', 'vm_state'), state)
        scene.world['guests']['u'] = copies
        assert storm_verdict.violations(scene) == {}
