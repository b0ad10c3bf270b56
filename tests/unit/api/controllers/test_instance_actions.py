# SPDX-License-Identifier: Apache-2.0
import datetime
import urllib.parse

import pytest
from oslo_utils import timeutils

from nova_lite import context, objects
from tests.unit.api.tables import walk


@pytest.fixture
def story(server):
    """Three actions; the last one has a step that worked and one that failed. Its URL."""
    for number, name in ((1, 'create'), (2, 'stop'), (3, 'live-migration')):
        ctxt = context.RequestContext(user_id='u1', project_id='demo', is_admin=True,
                                      request_id=f'req-{number}', overwrite=False)
        objects.InstanceAction.action_start(ctxt, server.uuid, name)
    for event, result in (('conductor_live_migrate_instance', 'Success'),
                          ('compute_check_can_live_migrate_destination', 'Error')):
        objects.InstanceActionEvent.event_start(ctxt, server.uuid, event, 'host2')
        objects.InstanceActionEvent.event_finish(
            ctxt, server.uuid, event, 'host2', result=result,
            details='the disk is too large' if result == 'Error' else None,
            traceback='Traceback ...' if result == 'Error' else None)
    return f'/v2.1/servers/{server.uuid}/os-instance-actions'


def requests(response):
    assert response.status_int == 200, response.text
    return [action['request_id'] for action in response.json['instanceActions']]


def test_list_is_newest_first(api, story):
    assert requests(api.get(story, user='reader')) == ['req-3', 'req-2', 'req-1']


def test_list_in_pages(api, story):
    url, found = f'{story}?limit=2', []
    while url:
        page = api.get(url)
        found += requests(page)
        links = page.json.get('links')
        url = links[0]['href'].removeprefix('http://localhost') if links else None
    assert found == ['req-3', 'req-2', 'req-1']
    assert requests(api.get(f'{story}?limit=1', version='2.57')) == found


QUERIES = [
    ('2.57', 'unknown=1', 200), ('2.58', 'unknown=1', 400), ('2.58', 'limit=x', 400),
    ('2.58', 'marker=req-9', 400), ('2.65', 'changes-before=2020-01-01', 400),
    ('2.66', 'changes-before=2020-01-01', 200)]


def test_query_by_version(api, story):
    def check(version, query, code):
        assert api.get(f'{story}?{query}', version=version).status_int == code

    walk(QUERIES, check)


def test_list_of_changes(api, story):
    later = timeutils.utcnow(with_timezone=True) + datetime.timedelta(days=1)
    moment = urllib.parse.quote(later.isoformat())
    assert requests(api.get(f'{story}?changes-since={moment}')) == []
    assert len(requests(api.get(f'{story}?changes-before={moment}'))) == 3


def test_show_has_the_events_newest_first(api, story):
    action = api.get(f'{story}/req-3').json['instanceAction']
    assert (action['action'], action['message']) == ('live-migration', 'Error')
    failed, worked = action['events']
    assert (failed['event'], failed['result'], failed['traceback'], failed['host']) == (
        'compute_check_can_live_migrate_destination', 'Error', 'Traceback ...', 'host2')
    assert (worked['result'], worked['traceback']) == ('Success', None)
    assert len(failed['hostId']) == 56


@pytest.mark.parametrize('user, seen', [('admin', True), ('reader', False)])
def test_reason_of_a_failed_step_is_told_to_who_asks_and_may_know(api, story, user, seen):
    plain = api.get(f'{story}/req-3', user=user).json['instanceAction']['events'][0]
    assert 'nova-lite:details' not in plain
    shown = api.get(f'{story}/req-3', user=user, X_Nova_Lite_Extensions='1')
    event = shown.json['instanceAction']['events'][0]
    assert ('nova-lite:details' in event) is seen
    if seen:
        assert event['nova-lite:details'] == 'the disk is too large'


def test_unknown_action_is_not_found(api, story):
    assert api.get(f'{story}/req-9').status_int == 404


@pytest.mark.parametrize('version, code', [('2.20', 404), ('2.21', 200), ('2.80', 200)])
def test_actions_of_a_deleted_server_are_there_from_2_21(api, story, server, version, code):
    server.destroy()
    assert api.get(story, version=version).status_int == code
    assert api.get(f'{story}/req-3', version=version, user='reader').status_int == code
    assert api.get(story, version=version, user='stranger').status_int == 404
