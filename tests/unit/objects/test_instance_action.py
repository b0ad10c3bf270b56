# SPDX-License-Identifier: Apache-2.0
"""What was asked of a server and the steps that followed."""
import pytest

from nova_lite import context, exception, objects

pytestmark = pytest.mark.usefixtures('way')

UUID = '11111111-0000-4000-8000-000000000000'
OTHER = '22222222-0000-4000-8000-000000000000'


def events(ctxt, action):
    return objects.InstanceActionEventList.get_by_action(ctxt, action.id)


def test_action_when_started_and_finished_then_it_says_who_and_when(ctxt):
    action = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration', 'req-1')
    assert (action.request_id, action.user_id, action.project_id) == ('req-1', 'u1', 'p1')
    assert action.start_time and action.finish_time is None
    objects.InstanceAction.action_finish(ctxt, UUID, 'req-1', message='x' * 300)
    action = objects.InstanceAction.get_by_request_id(ctxt, UUID, 'req-1')
    assert action.finish_time >= action.start_time and action.message == 'x' * 255
    with pytest.raises(exception.InstanceActionNotFound):
        objects.InstanceAction.get_by_request_id(ctxt, UUID, 'req-2')
    with pytest.raises(exception.InstanceActionNotFound):
        objects.InstanceAction.action_finish(ctxt, UUID, 'req-2')


def test_event_when_it_succeeds_then_the_action_stays_clean(ctxt):
    action = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration')
    objects.InstanceActionEvent.event_start(ctxt, UUID, 'compute_pre_live_migration', 'dst')
    event, = events(ctxt, action)
    assert (event.event, event.host, event.result) == ('compute_pre_live_migration', 'dst', None)
    objects.InstanceActionEvent.event_finish(ctxt, UUID, 'compute_pre_live_migration', 'dst')
    event, = events(ctxt, action)
    assert event.result == 'Success' and event.finish_time >= event.start_time
    assert objects.InstanceAction.get_by_request_id(ctxt, UUID, 'req-1').message is None


def test_event_when_it_fails_then_the_action_says_error(ctxt):
    action = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration')
    objects.InstanceActionEvent.event_start(ctxt, UUID, 'step', 'dst')
    objects.InstanceActionEvent.event_finish(
        ctxt, UUID, 'step', 'dst', result='Error', details='no room', traceback='Trace' * 20000)
    event, = events(ctxt, action)
    assert (event.result, event.details, len(event.traceback)) == ('Error', 'no room', 100000)
    assert objects.InstanceAction.get_by_request_id(ctxt, UUID, 'req-1').message == 'Error'


def test_event_when_written_then_its_action_is_among_what_has_changed_since(ctxt):
    """Beginning, end, and both at once: whoever asks for changes hears of each."""
    action = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration')
    seen = action.start_time
    for write in (
            lambda: objects.InstanceActionEvent.event_start(ctxt, UUID, 'step', 'dst'),
            lambda: objects.InstanceActionEvent.event_finish(ctxt, UUID, 'step', 'dst'),
            lambda: objects.InstanceActionEventList.write(ctxt, [
                {'instance_uuid': UUID, 'request_id': ctxt.request_id, 'event': 'brief',
                 'host': 'dst', 'began': 0.5, 'ended': 0.25, 'result': 'Success'}])):
        write()
        action = objects.InstanceAction.get_by_request_id(ctxt, UUID, ctxt.request_id)
        assert action.updated_at > seen
        seen = action.updated_at
        found = objects.InstanceActionList.get_by_instance_uuid(ctxt, UUID, changes_since=seen)
        assert [each.request_id for each in found] == [ctxt.request_id]


def test_event_when_it_was_brief_then_one_row_with_both_times_in_the_order_of_the_starts(ctxt):
    action = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration')
    common = {'instance_uuid': UUID, 'request_id': ctxt.request_id}
    objects.InstanceActionEventList.write(ctxt, [
        {**common, 'event': 'inner', 'host': 'dst', 'began': 0.5, 'ended': 0.25,
         'result': 'Success'},
        {**common, 'event': 'none', 'host': 'dst', 'instance_uuid': OTHER, 'began': 1, 'ended': 0,
         'result': 'Success'},
        {**common, 'event': 'outer', 'host': 'src', 'began': 2.5, 'ended': 0, 'result': 'Error',
         'details': 'no room'}])
    inner, outer = events(ctxt, action)
    assert (inner.event, inner.host, inner.result) == ('inner', 'dst', 'Success')
    assert (inner.finish_time - inner.start_time).total_seconds() == 0.25
    assert (outer.event, outer.details) == ('outer', 'no room')
    assert objects.InstanceAction.get_by_request_id(ctxt, UUID, 'req-1').message == 'Error'


def test_event_when_repeated_or_on_two_hosts_then_the_open_one_is_closed(ctxt):
    action = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration')
    start = objects.InstanceActionEvent.event_start
    finish = objects.InstanceActionEvent.event_finish
    start(ctxt, UUID, 'check', 'h1')
    finish(ctxt, UUID, 'check', 'h1', result='Error')
    start(ctxt, UUID, 'check', 'h1')
    start(ctxt, UUID, 'check', 'h2')
    finish(ctxt, UUID, 'check', 'h1')
    assert [(event.host, event.result) for event in events(ctxt, action)] == [
        ('h2', None), ('h1', 'Success'), ('h1', 'Error')]


def test_event_when_two_of_a_name_are_open_then_each_end_closes_one(ctxt):
    action = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration')
    for _ in range(2):
        objects.InstanceActionEvent.event_start(ctxt, UUID, 'check', 'h1')
    for result in ('Success', 'Error'):
        objects.InstanceActionEvent.event_finish(ctxt, UUID, 'check', 'h1', result=result)
    assert [event.result for event in events(ctxt, action)] == ['Success', 'Error']


def test_event_when_the_request_is_another_then_the_newest_action_has_it(ctxt):
    objects.InstanceAction.action_start(ctxt, UUID, 'create', 'req-0')
    newest = objects.InstanceAction.action_start(ctxt, UUID, 'live-migration', 'req-9')
    restarted = context.RequestContext(is_admin=True, request_id='req-new', overwrite=False)
    objects.InstanceActionEvent.event_start(restarted, UUID, 'resumed', 'src')
    assert [event.event for event in events(ctxt, newest)] == ['resumed']


def test_event_when_there_is_no_action_or_event_then_not_found(ctxt):
    with pytest.raises(exception.InstanceActionNotFound):
        objects.InstanceActionEvent.event_start(ctxt, UUID, 'step', 'h')
    objects.InstanceAction.action_start(ctxt, UUID, 'live-migration')
    with pytest.raises(exception.InstanceActionNotFound, match='step'):
        objects.InstanceActionEvent.event_finish(ctxt, UUID, 'step', 'h')


def test_action_list_when_paged_then_newest_first(ctxt):
    for number in range(4):
        objects.InstanceAction.action_start(ctxt, UUID, 'reboot', f'req-{number}')
    objects.InstanceAction.action_start(ctxt, OTHER, 'reboot', 'other')

    def get(**more):
        return [action.request_id for action in
                objects.InstanceActionList.get_by_instance_uuid(ctxt, UUID, **more)]

    assert get() == ['req-3', 'req-2', 'req-1', 'req-0']
    assert get(limit=2, marker='req-3') == ['req-2', 'req-1']
    second = objects.InstanceAction.get_by_request_id(ctxt, UUID, 'req-2')
    assert get(changes_since=second.created_at) == ['req-3', 'req-2']
    assert get(changes_before=second.created_at) == ['req-2', 'req-1', 'req-0']
    with pytest.raises(exception.MarkerNotFound):
        get(marker='req-9')
