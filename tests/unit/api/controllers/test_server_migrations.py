# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import objects
from nova_lite.migration import migration_states
from tests.fixtures.db import make_migration
from tests.unit.api.tables import walk

# the edges that lead to a status
WAYS = {'accepted': (), 'queued': ('queue',), 'preparing': ('queue', 'prepare'),
        'running': ('queue', 'prepare', 'run'),
        'running (post-copy)': ('queue', 'prepare', 'run', 'postcopy'),
        'completed': ('queue', 'prepare', 'run', 'complete'),
        'failed': ('queue', 'prepare', 'run', 'fail'), 'error': ('reject',),
        'cancelled': ('queue', 'cancel')}
HOSTS = ('source_node', 'source_compute', 'dest_node', 'dest_compute', 'dest_host')


@pytest.fixture
def migrating(make_server):
    return make_server(task_state='migrating')


@pytest.fixture
def make(ctxt, migrating):
    """A migration of the server, in any status."""
    def make_one(status, **values):
        migration = make_migration(ctxt, migrating, source_compute='host1', dest_compute='host2',
                                   dest_host='10.0.0.2', project_id='demo', **values)
        for event in WAYS[status]:
            migration.advance(event)
        # an edge to an end gives the server back; what is asked here is the migration's status
        fresh = objects.Instance.get_by_uuid(ctxt, migrating.uuid)
        fresh.task_state = 'migrating'
        fresh.save()
        return migration
    return make_one


@pytest.fixture
def url(migrating):
    return f'/v2.1/servers/{migrating.uuid}/migrations'


# -- list and show ----------------------------------------------------------------------------
@pytest.mark.parametrize('status', WAYS)
def test_list_has_what_is_in_progress(api, make, url, status):
    make('completed')
    made = make(status).id
    shown = [one['id'] for one in api.get(url).json['migrations']]
    assert shown == ([made] if status in migration_states.IN_PROGRESS else [])


@pytest.mark.parametrize('status', WAYS)
def test_show_is_of_what_is_in_progress(api, make, url, status):
    response = api.get(f'{url}/{make(status).id}')
    in_progress = status in migration_states.IN_PROGRESS
    assert response.status_int == (200 if in_progress else 404)


def test_shown_values(api, ctxt, make, url, migrating):
    migration = make('running', memory_total=1000, memory_processed=700, memory_remaining=300,
                     disk_total=0, disk_processed=0, disk_remaining=0)
    shown = api.get(f'{url}/{migration.id}').json['migration']
    assert (shown['server_uuid'], shown['status']) == (migrating.uuid, 'running')
    assert (shown['source_compute'], shown['dest_compute'], shown['dest_host']) == (
        'host1', 'host2', '10.0.0.2')
    assert (shown['memory_total_bytes'], shown['memory_remaining_bytes']) == (1000, 300)
    assert len(shown['created_at']) == len('2016-01-29T13:42:02.000000')


def test_list_hides_the_hosts_from_a_manager(api, make, url):
    make('running')
    [shown] = api.get(url, user='manager').json['migrations']
    assert all(shown[name] is None for name in HOSTS)
    [shown] = api.get(url, user='admin').json['migrations']
    assert shown['source_compute'] == 'host1'


UNKNOWN = ['0', '999', '99999999999999999999', 'x', '-1', '1.0',
           'c4a0a3a0-0000-4000-8000-000000000000', '%D9%A3']


def test_unknown_migration(api, make, url):
    make('running')

    def check(migration_id):
        assert api.get(f'{url}/{migration_id}').status_int == 404
        assert api.delete(f'{url}/{migration_id}').status_int == 404
        # Nova's clients know 400 for this one
        response = api.post(f'{url}/{migration_id}/action', {'force_complete': None})
        assert response.status_int == 400

    walk(UNKNOWN, check)


def test_migration_of_another_server_is_not_found(api, make, make_server):
    migration, other = make('running'), make_server(task_state='migrating')
    path = f'/v2.1/servers/{other.uuid}/migrations/{migration.id}'
    assert api.get(path).status_int == 404
    assert api.delete(path).status_int == 404
    assert api.post(f'{path}/action', {'force_complete': None}).status_int == 400


def test_migration_of_no_server_is_not_found(api, make):
    path = f'/v2.1/servers/c4a0a3a0-0000-4000-8000-000000000000/migrations/{make("running").id}'
    for answer in (api.get(path.rpartition('/')[0]), api.get(path), api.delete(path),
                   api.post(f'{path}/action', {'force_complete': None})):
        assert answer.status_int == 404
        assert 'c4a0a3a0' in answer.json['itemNotFound']['message']


# -- our own fields ---------------------------------------------------------------------------
def test_own_fields_are_for_who_asks_for_them(api, ctxt, make, url):
    migration = make('running', progress={'percent': 75})
    plain = api.get(f'{url}/{migration.id}').json['migration']
    assert not [name for name in plain if name.startswith('nova-lite:')]
    shown = api.get(f'{url}/{migration.id}', X_Nova_Lite_Extensions='1').json['migration']
    assert shown['nova-lite:progress'] == 75
    assert set(shown['nova-lite:phases_ms']) == {'checks', 'queue', 'preparing'}
    assert shown['nova-lite:reason'] is None


def test_reason_of_a_refusal_is_told_after_its_end(api, ctxt, migrating, url):
    migration = make_migration(ctxt, migrating, project_id='demo')
    migration.advance('reject', reason='No valid host was found.', failed_check='scheduler')
    for path in (f'{url}/{migration.id}', '/v2.1/os-migrations'):
        body = api.get(path, X_Nova_Lite_Extensions='1').json
        shown = body.get('migration') or body['migrations'][0]
        assert shown['nova-lite:reason'] == 'No valid host was found.'
        assert shown['nova-lite:failed_check'] == 'scheduler'
        assert shown['status'] == 'error'


# -- abort ------------------------------------------------------------------------------------
@pytest.mark.parametrize('status', WAYS)
@pytest.mark.parametrize('version', ['2.24', '2.65'])
def test_abort_is_for_running_ones_and_from_2_65_for_waiting_ones(api, wire, make, url, status,
                                                                  version):
    allowed = ('running',) if version == '2.24' else ('running', 'queued', 'preparing')
    migration = make(status)
    response = api.delete(f'{url}/{migration.id}', user='manager', version=version)
    assert response.status_int == (202 if status in allowed else 400)
    assert wire.methods == (['live_migration_abort'] if status in allowed else [])
    if status not in allowed:
        assert status in response.json['badRequest']['message']


def test_abort_goes_to_the_source_and_is_an_action(api, wire, ctxt, make, url, migrating):
    migration = make('running')
    api.delete(f'{url}/{migration.id}')
    [(_, _, values)] = wire.sent
    assert (values['host'], values['migration'].id) == ('host1', migration.id)
    [action] = objects.InstanceActionList.get_by_instance_uuid(ctxt, migrating.uuid)
    assert action.action == 'live_migration_cancel'


# -- force-complete ---------------------------------------------------------------------------
@pytest.mark.parametrize('status', WAYS)
def test_force_complete_is_for_running_ones(api, wire, make, url, status):
    response = api.post(f'{url}/{make(status).id}/action', {'force_complete': None},
                        user='manager', version='2.22')
    assert response.status_int == (202 if status == 'running' else 400)
    assert wire.methods == (['live_migration_force_complete'] if status == 'running' else [])


@pytest.mark.parametrize('body', [{'force_complete': {}}, {'force_complete': 1},
                                  {'pause': None}, {}])
def test_force_complete_with_a_wrong_body_is_a_bad_request(api, make, url, body):
    assert api.post(f'{url}/{make("running").id}/action', body).status_int == 400


@pytest.mark.parametrize('values', [{'task_state': None}, {'locked': True}], ids=str)
def test_control_of_a_server_in_the_wrong_state_is_a_conflict(api, ctxt, make, url, migrating,
                                                              values):
    migration = make('running')
    fresh = objects.Instance.get_by_uuid(ctxt, migrating.uuid)
    for name, value in values.items():
        setattr(fresh, name, value)
    fresh.save()
    path = f'{url}/{migration.id}'
    assert api.delete(path, user='manager').status_int == 409
    response = api.post(f'{path}/action', {'force_complete': None}, user='manager')
    assert response.status_int == 409


def test_force_complete_of_a_paused_server_is_a_conflict(api, ctxt, make, url, migrating):
    migration = make('running')
    fresh = objects.Instance.get_by_uuid(ctxt, migrating.uuid)
    fresh.vm_state = 'paused'
    fresh.save()
    response = api.post(f'{url}/{migration.id}/action', {'force_complete': None})
    assert response.status_int == 409


# -- tuning: ours -----------------------------------------------------------------------------
EXTENDED = {'X_Nova_Lite_Extensions': '1'}


def tune(api, url, migration_id, terms, **more):
    return api('PATCH', f'{url}/{migration_id}', {'migration': terms}, **EXTENDED, **more)


@pytest.mark.parametrize('status', WAYS)
def test_tune_is_for_running_ones(api, wire, make, url, status):
    terms = {'bandwidth': 50, 'max_downtime_ms': 300, 'deadline_s': 60}
    response = tune(api, url, make(status).id, terms, user='manager', version='2.23')
    assert response.status_int == (202 if status == 'running' else 400)
    assert wire.methods == (['live_migration_tune'] if status == 'running' else [])
    if status == 'running':
        assert wire.sent[0][2]['changes'] == terms


@pytest.mark.parametrize('terms', [{}, {'bandwidth': 0}, {'bandwidth': '5'}, {'if_not': 'abort'},
                                   {'deadline_s': None}, []], ids=str)
def test_tune_to_what_makes_no_sense_is_a_bad_request(api, make, url, terms):
    assert tune(api, url, make('running').id, terms).status_int == 400


def test_tune_of_what_is_not_there_or_not_migrating(api, ctxt, make, url, migrating):
    assert tune(api, url, 4711, {'bandwidth': 5}).status_int == 404
    migration = make('running')
    fresh = objects.Instance.get_by_uuid(ctxt, migrating.uuid)
    fresh.task_state = None
    fresh.save()
    assert tune(api, url, migration.id, {'bandwidth': 5}).status_int == 409


# -- what we tell beyond ----------------------------------------------------------------------
@pytest.mark.parametrize('status, phase', [
    ('accepted', 'checks'), ('queued', 'queue'), ('preparing', 'preparing'), ('running', 'copy'),
    ('running (post-copy)', 'post-copy'), ('completed', None)])
def test_shown_phase(api, make, url, status, phase):
    shown = api.get(f'{url}/{make(status).id}', **EXTENDED).json['migration']
    assert shown['nova-lite:phase'] == phase


def test_shown_progress(api, make, url):
    migration = make('running', memory_remaining=300, disk_remaining=50)
    migration.progress = {'percent': 40, 'iteration': 3, 'speed': 1000, 'dirty_rate': 200,
                          'throttle': 20, 'downtime_ms': 90, 'eta_s': [0.351, None]}
    migration.steering = {'goals': {'deadline_s': 9}, 'decisions': [{'kind': 'set_downtime'}]}
    migration.save()
    shown = api.get(f'{url}/{migration.id}', **EXTENDED).json['migration']
    assert {name.removeprefix('nova-lite:'): shown[name] for name in (
        'nova-lite:progress', 'nova-lite:memory_iteration', 'nova-lite:remaining_bytes',
        'nova-lite:bandwidth_bytes', 'nova-lite:dirty_rate_bytes', 'nova-lite:eta_seconds',
        'nova-lite:throttle_percent', 'nova-lite:downtime_ms')} == {
            'progress': 40, 'memory_iteration': 3, 'remaining_bytes': 350,
            'bandwidth_bytes': 1000, 'dirty_rate_bytes': 200, 'eta_seconds': [0.4, None],
            'throttle_percent': 20, 'downtime_ms': 90}
    assert shown['nova-lite:goals'] == {'deadline_s': 9}
    assert shown['nova-lite:decisions'] == [{'kind': 'set_downtime'}]
