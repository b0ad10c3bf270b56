# SPDX-License-Identifier: Apache-2.0
"""What only nova-lite has: goals, other terms for a running copy, and a server that tells."""
import pytest

from nova_lite.cli import watch

COPY = {'status': 'running', 'dest_compute': 'host2', 'memory_total_bytes': 1000,
        'memory_processed_bytes': 600, 'memory_remaining_bytes': 400,
        'nova-lite:memory_iteration': 3, 'nova-lite:bandwidth_bytes': 2048,
        'nova-lite:dirty_rate_bytes': 1024, 'nova-lite:throttle_percent': 20,
        'nova-lite:eta_seconds': [2.2, 7.9]}


def bodies(api, method):
    return [(path, body) for verb, path, _, body in api.requests if verb == method]


@pytest.mark.parametrize('newest', [(2, 80), (2, 24)])
def test_goals_go_into_the_body(api, run, server, newest):
    api.max_version, api.script = newest, [{'status': 'queued'}]
    assert run('live-migration', 'web1', '--max-downtime-ms', '300', '--deadline', '60',
               '--if-not', 'force').code == 0
    [(_, body)] = bodies(api, 'POST')
    assert body['os-migrateLive']['nova-lite:goals'] == {
        'max_downtime_ms': 300, 'deadline_s': 60, 'if_not': 'force'}


def test_tune_sends_what_is_given(api, run, server):
    api.migrations.append(api.migration(server, status='running'))
    number = api.migrations[0]['id']
    assert run('migration-tune', 'web1', str(number), '--bandwidth', '50',
               '--deadline', '9').code == 0
    assert bodies(api, 'PATCH') == [(f"/v2.1/servers/{server['id']}/migrations/{number}",
                                     {'migration': {'bandwidth': 50, 'deadline_s': 9}})]
    assert run('migration-tune', 'web1', str(number)).code == 2


@pytest.mark.parametrize('streams', [
    [[COPY, {'status': 'completed'}]],
    # the first one breaks off
    [[COPY], [{'status': 'completed'}]]])
def test_watch_shows_what_the_server_tells(api, run, server, streams):
    api.migrations.append(api.migration(server, status='queued'))
    api.streams = list(streams)
    done = run('migration-show', str(api.migrations[0]['id']), '--watch')
    assert done.code == 0, done.err
    line = next(line for line in done.out.splitlines() if 'running' in line)
    assert line.endswith('60%  remaining 400 B  speed 2.0 KiB/s  pass 3  written 1.0 KiB/s  '
                         'slowed 20%  left 2-8 s')
    assert 'completed' in done.out.splitlines()[-1]
    lists = [path for verb, path, *_ in api.requests if path.startswith('/v2.1/os-migrations')]
    assert len(lists) <= 3, lists


@pytest.mark.parametrize(('least', 'most', 'text'), [
    (1.2, 3.6, '1-4 s'), (1.2, 1.4, '1 s'), (5, None, '5-? s'), (None, None, '? s')])
def test_eta_is_told_as_far_as_it_is_known(least, most, text):
    assert watch.eta_text(least, most) == text
