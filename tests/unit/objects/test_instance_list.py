# SPDX-License-Identifier: Apache-2.0
"""Finding servers: filters, orders and pages, the same on every database."""
import pytest

from nova_lite import exception, objects
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('way')


def make(ctxt, **values):
    return db.make_instance(ctxt, **{'task_state': None, **values})


def found(ctxt, filters=None, **more):
    return [instance.display_name for instance in
            objects.InstanceList.get_by_filters(ctxt, filters, **more)]


def test_filters_when_given_then_only_those_newest_first(ctxt):
    a = make(ctxt, display_name='web-a', host='h1', vm_state='active')
    make(ctxt, display_name='web-b', host='h2', vm_state='paused', project_id='p2')
    make(ctxt, display_name='db-c', host='h1', vm_state='error', task_state='migrating')
    gone = make(ctxt, display_name='gone')
    gone.destroy()
    assert found(ctxt) == ['db-c', 'web-b', 'web-a']
    assert found(ctxt, {'project_id': 'p1'}) == ['db-c', 'web-a']
    assert found(ctxt, {'name': 'web'}) == ['web-b', 'web-a']
    assert found(ctxt, {'name': '^d.*c$'}) == ['db-c']
    assert found(ctxt, {'name': 'Web'}) == []
    assert found(ctxt, {'vm_state': ['active', 'paused'], 'task_state': [None]}) == [
        'web-b', 'web-a']
    assert found(ctxt, {'task_state': ['migrating', None]}) == ['db-c', 'web-b', 'web-a']
    assert found(ctxt, {'task_state': None, 'host': 'h1'}) == ['web-a']
    assert found(ctxt, {'uuid': a.uuid}) == ['web-a']
    assert found(ctxt, {'uuid': []}) == []
    assert found(ctxt, {'deleted': True}) == ['gone']
    assert found(ctxt, {'deleted': None}) == ['gone', 'db-c', 'web-b', 'web-a']
    assert [i.display_name for i in objects.InstanceList.get_by_host(ctxt, 'h1')] == [
        'web-a', 'db-c']


def test_filters_when_changes_since_then_deleted_ones_count_by_their_end(ctxt):
    old, gone = make(ctxt, display_name='old'), make(ctxt, display_name='gone')
    touched = make(ctxt, display_name='touched')
    since = touched.created_at
    touched.display_name = 'touched again'
    touched.save()
    gone.destroy()
    assert found(ctxt, {'changes-since': since, 'deleted': None}) == ['touched again', 'gone']
    assert found(ctxt, {'changes-before': old.created_at}) == ['old']


@pytest.mark.parametrize('filters, keys', [
    ({'no_such': 1}, None), ({'name': '('}, None), (None, ['no_such'])])
def test_filters_when_they_make_no_sense_then_invalid(ctxt, filters, keys):
    with pytest.raises(exception.Invalid):
        objects.InstanceList.get_by_filters(ctxt, filters, sort_keys=keys)


@pytest.mark.parametrize('direction', ['asc', 'desc'])
@pytest.mark.parametrize('keys', [['host'], ['host', 'power_state'], ['locked', 'host'], ['id'],
                                  ['created_at']])
def test_pages_when_walked_then_each_server_comes_once_in_order(ctxt, keys, direction):
    hosts, powers = ['b', None, 'a', None, 'b', 'a', 'b'], [1, None, 4, 1, None, 4, 1]
    for number, (host, power) in enumerate(zip(hosts, powers, strict=False)):
        make(ctxt, display_name=str(number), host=host, power_state=power, locked=number % 2 == 0)

    def get(**more):
        return list(objects.InstanceList.get_by_filters(
            ctxt, sort_keys=keys, sort_dirs=[direction] * len(keys), **more))

    whole = [(instance.uuid, [getattr(instance, key) for key in keys]) for instance in get()]
    # NULL is the least value, whatever the database thinks of it
    values = [[(value is not None, value) for value in row[1]] for row in whole]
    assert values == sorted(values, reverse=direction == 'desc') and len(values) == len(hosts)
    walked, marker = [], None
    while page := get(limit=2, marker=marker):
        walked += [instance.uuid for instance in page]
        marker = page[-1].uuid
    assert walked == [uuid for uuid, _ in whole]


def test_pages_when_the_marker_was_deleted_then_the_walk_goes_on(ctxt):
    first, second = make(ctxt, display_name='1'), make(ctxt, display_name='2')
    second.destroy()
    assert found(ctxt, marker=second.uuid) == ['1']
    with pytest.raises(exception.MarkerNotFound):
        found(ctxt, marker=first.uuid[:-1])
