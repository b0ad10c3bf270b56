# SPDX-License-Identifier: Apache-2.0
import pytest

from nova_lite import exception, objects
from tests.unit.api.tables import walk

TRUE = [True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes']
FALSE = [False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no']
FULL = {'host': None, 'block_migration': False, 'disk_over_commit': False}
AUTO = {'host': None, 'block_migration': 'auto'}


@pytest.fixture
def migrate(api, server):
    """``migrate(body, version, user)`` on the server of the test."""
    def post(body, version='2.80', user='admin'):
        return api.post(f'/v2.1/servers/{server.uuid}/action', {'os-migrateLive': body},
                        version=version, user=user)
    return post


def states(ctxt, server):
    fresh = objects.Instance.get_by_uuid(ctxt, server.uuid)
    return fresh.vm_state, fresh.task_state


# -- what goes to the conductor ---------------------------------------------------------------
@pytest.mark.parametrize('version, body, method, block, over_commit, hint', [
    # all three fields; a given host is insisted on
    ('2.1', FULL, 'migrate_server', False, False, (None, False)),
    ('2.6', {**FULL, 'block_migration': True, 'disk_over_commit': True}, 'migrate_server', True,
     True, (None, False)),
    ('2.24', {**FULL, 'host': 'host2'}, 'migrate_server', False, False, ('host2', True)),
    # auto, and no disk_over_commit any more
    ('2.25', AUTO, 'migrate_server', None, None, (None, False)),
    ('2.29', {**AUTO, 'host': 'host2'}, 'migrate_server', None, None, ('host2', True)),
    # the scheduler checks a given host unless it is forced
    ('2.30', {**AUTO, 'host': 'host2'}, 'migrate_server', None, None, ('host2', False)),
    ('2.30', {**AUTO, 'host': 'host2', 'force': True}, 'migrate_server', None, None,
     ('host2', True)),
    ('2.33', {**AUTO, 'host': 'host2', 'force': 'no'}, 'migrate_server', None, None,
     ('host2', False)),
    # nobody waits
    ('2.34', AUTO, 'live_migrate_instance', None, None, (None, False)),
    ('2.67', {**AUTO, 'host': 'host2', 'force': 'True'}, 'live_migrate_instance', None, None,
     ('host2', True)),
    # no force any more
    ('2.68', {**AUTO, 'host': 'host2'}, 'live_migrate_instance', None, None, ('host2', False)),
    ('2.80', {'host': None, 'block_migration': 'yes'}, 'live_migrate_instance', True, None,
     (None, False))])
def test_accepted_request_reaches_the_conductor(migrate, wire, ctxt, server, version, body, method,
                                                block, over_commit, hint):
    response = migrate(body, version)
    assert (response.status_int, response.body) == (202, b'')
    [(interface, name, values)] = wire.sent
    assert (interface, name) == ('ComputeTaskAPI', method)
    migration = objects.Migration.get_by_id(ctxt, values['migration'].id)
    assert (migration.status, migration.instance_uuid) == ('accepted', server.uuid)
    assert migration.block_migration is block
    assert migration.disk_over_commit is over_commit
    assert (migration.requested_host, migration.forced) == hint
    assert values['instance'].uuid == server.uuid
    assert (values['block_migration'], values['disk_over_commit']) == (block, over_commit)
    assert states(ctxt, server) == ('active', 'migrating')
    [action] = objects.InstanceActionList.get_by_instance_uuid(ctxt, server.uuid)
    assert action.action == 'live-migration'
    assert action.request_id == response.headers['x-openstack-request-id']


@pytest.mark.parametrize('words, meant', [(TRUE, True), (FALSE, False)])
@pytest.mark.parametrize('version', ['2.1', '2.25', '2.68'])
def test_boolean_may_be_a_word(migrate, wire, ctxt, server, words, meant, version):
    for word in words:
        body = {**FULL, 'block_migration': word, 'disk_over_commit': word}
        if version != '2.1':
            del body['disk_over_commit']
        assert migrate(body, version).status_int == 202
        migration = wire.sent[-1][2]['migration']
        assert migration.block_migration is meant
        migration.advance('reject', reason='the next word has its turn')


# -- refused before anything is touched -------------------------------------------------------
WRONG_BODIES = [
    ('2.1', {**FULL, 'block_migration': 'auto'}),
    ('2.24', AUTO), ('2.24', {'host': None, 'disk_over_commit': False}),
    ('2.1', {'block_migration': False, 'disk_over_commit': False}),
    ('2.1', {**FULL, 'force': False}), ('2.1', {**FULL, 'anything': 1}),
    ('2.1', {**FULL, 'block_migration': 'maybe'}), ('2.1', {**FULL, 'block_migration': None}),
    ('2.1', {**FULL, 'block_migration': 1}), ('2.1', {**FULL, 'disk_over_commit': 'tRuE'}),
    ('2.1', {**FULL, 'host': ''}), ('2.1', {**FULL, 'host': 'a b'}),
    ('2.1', {**FULL, 'host': 'h' * 256}), ('2.1', {**FULL, 'host': 7}),
    ('2.1', {**FULL, 'host': 'host2\n'}), ('2.1', {**FULL, 'host': 'qemu://host2'}),
    ('2.1', None), ('2.1', {}), ('2.1', []), ('2.1', 'host2'),
    ('2.25', FULL), ('2.25', {'host': None}), ('2.25', {'block_migration': 'auto'}),
    ('2.25', {**AUTO, 'force': True}), ('2.29', {**AUTO, 'force': False}),
    ('2.30', {**AUTO, 'force': 'auto'}), ('2.30', {**AUTO, 'disk_over_commit': True}),
    ('2.67', {**AUTO, 'force': True}), ('2.68', {**AUTO, 'force': False}),
    ('2.68', {**AUTO, 'host': 'host2', 'force': True}), ('2.80', {**AUTO, 'force': True})]


def test_body_that_is_wrong_at_its_version_is_a_bad_request(migrate, wire, ctxt, server):
    def check(version, body):
        response = migrate(body, version)
        assert response.status_int == 400
        assert response.json['badRequest']['code'] == 400
        assert wire.sent == []
        assert states(ctxt, server) == ('active', None)

    walk(WRONG_BODIES, check)


def test_force_without_host_is_a_bad_request(migrate, wire):
    response = migrate({**AUTO, 'force': True}, '2.30')
    assert response.status_int == 400
    assert 'force' in response.json['badRequest']['message']
    assert wire.sent == []


UNKNOWN_HOSTS = [('2.6', {**FULL, 'host': 'nowhere'}),
                 ('2.34', {**AUTO, 'host': 'nowhere'}),
                 ('2.80', {**AUTO, 'host': 'nowhere'})]


def test_unknown_host_is_a_bad_request(migrate, wire, ctxt, server):
    def check(version, body):
        response = migrate(body, version)
        assert response.status_int == 400
        assert 'nowhere' in response.json['badRequest']['message']
        assert wire.sent == []
        assert states(ctxt, server) == ('active', None)
        assert not list(objects.InstanceActionList.get_by_instance_uuid(ctxt, server.uuid))

    walk(UNKNOWN_HOSTS, check)


def test_unknown_server_is_not_found(api):
    for server_id in ('c4a0a3a0-0000-4000-8000-000000000000', 'vm', 'x' * 300):
        response = api.post(f'/v2.1/servers/{server_id}/action', {'os-migrateLive': AUTO})
        assert response.status_int == 404
        assert response.json['itemNotFound']['code'] == 404


@pytest.mark.parametrize('version, body', [('2.6', FULL), ('2.80', AUTO)])
@pytest.mark.parametrize('values', [
    {'vm_state': 'stopped'}, {'vm_state': 'suspended'}, {'vm_state': 'error'},
    {'vm_state': 'building'}, {'task_state': 'migrating'}, {'task_state': 'rebooting'},
    {'task_state': 'deleting'}, {'launched_at': None}], ids=str)
def test_wrong_state_is_a_conflict(migrate, wire, ctxt, server, version, body, values):
    for name, value in values.items():
        setattr(server, name, value)
    server.save()
    before = states(ctxt, server)
    response = migrate(body, version)
    assert response.status_int == 409
    message = response.json['conflictingRequest']['message']
    assert server.uuid in message and 'os-migrateLive' in message
    assert wire.sent == []
    assert states(ctxt, server) == before


def test_paused_server_may_migrate(migrate, server):
    server.vm_state = 'paused'
    server.save()
    assert migrate(AUTO).status_int == 202


def test_locked_server_is_a_conflict_but_not_for_an_administrator(migrate, wire, server):
    server.locked, server.locked_by = True, 'owner'
    server.save()
    response = migrate(AUTO, user='manager')
    assert response.status_int == 409
    assert 'locked' in response.json['conflictingRequest']['message']
    assert migrate(AUTO, user='admin').status_int == 202


@pytest.mark.parametrize('user, body, code', [
    ('reader', AUTO, 403), ('member', AUTO, 403), ('manager', AUTO, 202), ('admin', AUTO, 202),
    ('manager', {**AUTO, 'host': 'host2'}, 403), ('admin', {**AUTO, 'host': 'host2'}, 202),
    ('stranger', AUTO, 404), ('other_admin', AUTO, 202)])
def test_policy_decides_who_moves_and_who_says_where_to(migrate, wire, ctxt, server, user, body,
                                                        code):
    assert migrate(body, user=user).status_int == code
    assert len(wire.sent) == (1 if code == 202 else 0)
    assert states(ctxt, server) == ('active', 'migrating' if code == 202 else None)


# -- the race ---------------------------------------------------------------------------------
def test_loser_of_a_race_is_told_of_a_conflict(migrate, wire, ctxt, server, monkeypatch):
    """Another request sets the task state after this one has looked and before it writes."""
    real = objects.Migration.accept

    def accept_second(self, instance):
        winner = objects.Instance.get_by_uuid(ctxt, server.uuid)
        winner.task_state = 'migrating'
        winner.save(expected_task_state=None)
        return real(self, instance)

    monkeypatch.setattr(objects.Migration, 'accept', accept_second)
    response = migrate(AUTO)
    assert response.status_int == 409
    assert response.json['conflictingRequest']['code'] == 409
    assert wire.sent == []
    assert states(ctxt, server) == ('active', 'migrating')
    assert not list(objects.MigrationList.get_by_filters(ctxt))


# -- what the conductor answers to the sync form ----------------------------------------------
@pytest.mark.parametrize('refusal, code', [
    (exception.NoValidHost(reason='r'), 400), (exception.MaxRetriesExceeded(reason='r'), 400),
    (exception.ComputeServiceUnavailable(host='h'), 400),
    (exception.InvalidHypervisorType(source='a', dest='b', host='h'), 400),
    (exception.InvalidCPUInfo(reason='r'), 400),
    (exception.UnableToMigrateToSelf(instance_id='i', host='h'), 400),
    (exception.DestinationHypervisorTooOld(source='a', dest='b', host='h'), 400),
    (exception.InvalidLocalStorage(path='p', reason='r'), 400),
    (exception.InvalidSharedStorage(path='p', reason='r'), 400),
    (exception.HypervisorUnavailable(host='h', reason='r'), 400),
    (exception.MigrationPreCheckError(reason='r'), 400),
    (exception.ComputeHostNotFound(host='h'), 400),
    (exception.InstanceInvalidState(instance_uuid='i', attr='power_state', state='4',
                                    method='live migrate'), 409),
    (exception.MigrationSchedulerRPCError(reason='r'), 500),
    (exception.MigrationError(reason='r'), 500)], ids=lambda value: type(value).__name__)
def test_refusal_in_the_sync_form_is_the_answer(migrate, wire, refusal, code):
    wire.refusal = refusal
    response = migrate(FULL, '2.6')
    assert response.status_int == code
    [fault] = response.json.values()
    assert refusal.format_message() in fault['message']


# -- goals: ours, and only for who asks for our extensions ------------------------------------
EXTENDED = {'X_Nova_Lite_Extensions': '1'}
GOALS = {'max_downtime_ms': 200, 'deadline_s': 600, 'if_not': 'force'}


def ask_with(api, server, goals, version='2.80', **headers):
    body = FULL if version == '2.1' else AUTO
    return api.post(f'/v2.1/servers/{server.uuid}/action',
                    {'os-migrateLive': {**body, 'nova-lite:goals': goals}}, version=version,
                    **headers)


@pytest.mark.parametrize('version', ['2.1', '2.25', '2.30', '2.80'])
def test_goals_go_with_the_request_at_every_version(api, wire, server, version):
    assert ask_with(api, server, GOALS, version, **EXTENDED).status_int == 202
    assert wire.sent[-1][2]['migration'].goals == GOALS


def test_goals_without_our_header_are_an_unknown_key(api, wire, server):
    plain, unknown = ask_with(api, server, GOALS), api.post(
        f'/v2.1/servers/{server.uuid}/action', {'os-migrateLive': {**AUTO, 'x': GOALS}})
    assert (plain.status_int, unknown.status_int) == (400, 400)
    said = plain.json['badRequest']['message']
    assert said.replace('nova-lite:goals', 'x') == unknown.json['badRequest']['message']
    assert wire.sent == []


@pytest.mark.parametrize('goals', [
    {}, None, [], {'max_downtime_ms': 0}, {'max_downtime_ms': '200'}, {'max_downtime_ms': True},
    {'max_downtime_ms': 2_000_001}, {'deadline_s': -1}, {'deadline_s': 1.5},
    {'if_not': 'give up'}, {'if_not': None}, {'why': 'not'}], ids=str)
def test_goals_that_make_no_sense_are_a_bad_request(api, wire, server, goals):
    response = ask_with(api, server, goals, **EXTENDED)
    assert response.status_int == 400
    assert response.json['badRequest']['message'].startswith('Invalid input for ')
    assert wire.sent == []


def test_request_without_goals_has_none(api, migrate, wire):
    migrate(AUTO)
    migration = wire.sent[-1][2]['migration']
    assert (migration.goals, migration.steering) == (None, None)
