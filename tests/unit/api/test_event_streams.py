# SPDX-License-Identifier: Apache-2.0
"""Streams of a migration's progress, past the socket."""
import json

import pytest

from nova_lite import exception
from nova_lite.api import event_streams
from tests.fixtures.db import make_migration

EXTENDED = {'X_Nova_Lite_Extensions': '1'}


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(event_streams, 'READ_INTERVAL', 0.01)
    return event_streams.Hub()


@pytest.fixture
def migration(ctxt, make_server):
    return make_migration(ctxt, make_server(task_state='migrating'), source_compute='host1',
                          dest_compute='host2')


@pytest.fixture
def stream(hub, migration):
    opened = event_streams.Stream(migration, lambda row: {'status': row.status}, hub)
    yield opened
    opened.close()


def told(event):
    name, data = event.decode().strip().split('\n')
    assert name == 'event: migration'
    return json.loads(data.removeprefix('data: '))['status']


def test_stream_when_the_migration_goes_on_then_tells_each_change_and_ends_with_it(
        database, stream, migration):
    seen = [told(next(stream))]
    for event in ('queue', 'prepare', 'run'):
        migration.advance(event)
        seen.append(told(next(stream)))
    migration.progress = {'percent': 5}
    migration.save()
    seen.append(told(next(stream)))
    migration.advance('complete')
    assert [*seen, *map(told, stream)] == ['accepted', 'queued', 'preparing', 'running', 'running',
                                           'completed']


def test_stream_when_it_is_over_already_then_tells_once(database, hub, migration):
    migration.advance('reject')
    stream = event_streams.Stream(migration, lambda row: {'status': row.status}, hub)
    assert [told(event) for event in stream] == ['error']
    stream.close()


def test_stream_when_nothing_happens_then_sends_a_comment(database, stream, monkeypatch):
    monkeypatch.setattr(event_streams, 'KEEP_ALIVE', 0.02)
    next(stream)
    assert next(stream) == b': the migration goes on\n\n'


def test_stream_when_the_server_stops_then_ends(database, stream, hub):
    next(stream)
    hub.end_all()
    assert list(stream) == []


def test_stream_when_there_are_too_many_then_refused_until_one_closes(
        database, hub, stream, migration, options):
    options.set('api', max_event_streams=1)
    with pytest.raises(exception.TooManyEventStreams, match='max_event_streams'):
        event_streams.Stream(migration, dict, hub)
    for _ in range(2):
        stream.close()
    event_streams.Stream(migration, dict, hub).close()


def test_stream_when_nobody_watches_then_nobody_reads(database, hub, stream):
    stream.close()
    for _ in range(200):
        if not hub._reading:
            return
        event_streams.threading.Event().wait(0.01)
    raise AssertionError('the reader goes on')


def test_events_when_asked_for_then_are_an_event_stream(api, migration):
    url = f'/v2.1/servers/{migration.instance_uuid}/migrations/{migration.id}/events'
    response = api.get(url, **EXTENDED)
    assert (response.status_int, response.content_type) == (200, 'text/event-stream')
    assert response.headers['Cache-Control'] == 'no-store'
    assert api.get(url.replace(f'/{migration.id}/', '/4711/'), **EXTENDED).status_int == 404
    assert api.get(url).status_int == 404


def test_events_when_all_streams_are_taken_then_429_says_so(api, migration, options):
    options.set('api', max_event_streams=0)
    response = api.get(f'/v2.1/servers/{migration.instance_uuid}/migrations/{migration.id}/events',
                       **EXTENDED)
    assert response.status_int == 429
    assert 'max_event_streams' in response.json['overLimit']['message']
