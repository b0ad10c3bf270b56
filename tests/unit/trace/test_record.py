# SPDX-License-Identifier: Apache-2.0
"""Whose call a call is."""
import pytest

from nova_lite import context, objects, utils
from nova_lite.migration import migration_states
from nova_lite.objects import base
from tests.trace import record

TRANSITION = 'migration/migration_states.py:transition'


class Refusing:
    def object_class_action_versions(self, *args):
        raise LookupError


@pytest.fixture
def recorder():
    made = record.Recorder()
    made.install()
    yield made
    made.remove()


def look():
    migration_states.transition(migration_states.LIVE_MIGRATION, 'queue')


def test_recorder_when_work_is_handed_to_a_thread_then_its_stack_leads_back(recorder):
    with recorder:
        utils.spawn(look)
        recorder.wait_for('utils.py:spawn', 10)
    [stack] = [stack for stack in recorder.stacks if stack[-1] == TRANSITION]
    ours = [name for name in stack if not name.startswith(record.LIBRARY)]
    assert ours[:2] == ['utils.py:spawn', record.HOP] and ours[-1] == TRANSITION


def test_recorder_when_it_is_not_asked_to_then_records_nothing(recorder):
    look()
    assert not recorder.stacks


def test_recorder_when_an_object_acts_by_the_conductor_then_its_method_is_called_all_the_same(
        recorder):
    with base.indirection(Refusing()), recorder:
        with pytest.raises(LookupError):
            objects.FlavorList.get_all(context.get_admin_context())
    [stack] = [stack for stack in recorder.stacks if stack[-1].endswith('FlavorList.get_all')]
    assert stack[-1] == 'objects/flavor.py:FlavorList.get_all'
