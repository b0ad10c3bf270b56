# SPDX-License-Identifier: Apache-2.0
"""A guest that an operator has moved by hand: found, shown, not started twice, and taken over."""
import pytest

from nova_lite import context
from nova_lite.api.views.servers import FOUND_ON
from nova_lite.compute import presence
from nova_lite.conf import CONF
from nova_lite.virt.simulation.virsh import Virsh
from tests.functional import situations


@pytest.fixture
def strayed(cloud):
    """``strayed(**options)``: a server of src whose guest was migrated to third by hand."""
    def make(dest='third', **options):
        server = cloud.boot()
        virsh = Virsh(cloud.world, 'src')
        virsh.migrate(server.uuid, dest, **options)
        virsh.wait_migrated(server.uuid)
        return server
    return make


def is_shown_on_third(server):
    assert server.states() == ('error', None)
    assert 'is on host third (running), not on host src' in server.fault.message
    assert server.show()[FOUND_ON] == [{'host': 'third', 'guest': 'running'}]


# -- found ------------------------------------------------------------------------------------
def test_power_sync_when_the_guest_was_migrated_by_hand_then_the_server_is_shown_elsewhere(
        cloud, strayed):
    server = strayed()
    cloud.compute('src').sync_power_states()
    is_shown_on_third(server)


def test_power_sync_when_the_guest_has_left_and_a_host_is_silent_then_the_server_is_in_error(
        cloud, strayed, monkeypatch):
    monkeypatch.setattr(presence, 'ANSWER_TIMEOUT', 0.5)
    server = strayed()
    cloud.services.stop_service('third')
    cloud.at_end(lambda: cloud.services.start_compute('third'))
    cloud.compute('src').sync_power_states()
    assert server.states() == ('error', None)
    assert 'may be on third, which do not answer' in server.fault.message


def test_look_over_a_hosts_guests_when_one_belongs_elsewhere_then_its_server_is_shown_so(
        cloud, strayed):
    server = strayed(undefinesource=True)
    cloud.compute('third').report_guests()
    is_shown_on_third(server)


@pytest.mark.parametrize(('before', 'action', 'argument'), [
    ('os-stop', 'os-start', None), ('os-stop', 'reboot', {'type': 'HARD'}),
    (None, 'os-migrateLive', {'host': 'dst', 'block_migration': 'auto'})])
def test_order_when_the_guest_was_found_elsewhere_is_refused_at_once_with_the_host_named(
        cloud, strayed, before, action, argument):
    server = strayed()
    cloud.compute('src').sync_power_states()
    assert server.act('os-resetState', {'state': 'active'}).status == 202
    if before:
        assert server.act(before).status == 202
        server.wait(lambda server: server.states() == ('stopped', None), 'SHUTOFF')
    answer = server.act(action, argument)
    assert answer.status == 409
    assert 'is on host third (running)' in answer.body['conflictingRequest']['message']
    assert cloud.world.places(server.uuid) == {'src': 'shutoff', 'third': 'running'}


def test_look_when_the_stray_has_ended_then_the_server_can_be_started_again(cloud, strayed):
    server = strayed()
    cloud.compute('third').report_guests()
    Virsh(cloud.world, 'third').destroy(server.uuid)
    cloud.compute('third').report_guests()
    assert server.show()[FOUND_ON] == []
    assert server.act('reboot', {'type': 'HARD'}).status == 202
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert cloud.world.places(server.uuid) == {'src': 'running'}


def test_look_when_the_guest_comes_by_a_migration_of_ours_then_nothing_is_marked(cloud):
    server = cloud.boot()
    order = cloud.world.script('live_migration@finish', 'hang', uuid=server.uuid)
    assert server.live_migrate('dst').status == 202
    cloud.world.wait_hit(order)
    assert cloud.world.places(server.uuid)['dst'] == 'running'
    cloud.compute('dst').report_guests()
    assert server.show()[FOUND_ON] == []
    cloud.world.release(order)
    assert server.wait_status().status == 'completed'
    cloud.compute('dst').report_guests()
    assert server.states() == ('active', None) and server.show()[FOUND_ON] == []


@pytest.mark.parametrize('back', [False, True])
def test_look_when_the_guest_moves_before_what_it_saw_arrives_then_nothing_is_marked(
        cloud, monkeypatch, back):
    """A report may wait for a conductor that starts again: what it saw is old by then."""
    server = cloud.boot()
    source = cloud.compute('src')
    seen = source.driver.list_guests()
    assert server.uuid in seen
    for dest in ('dst', 'src', 'third') if back else ('dst',):
        assert server.live_migrate(dest).status == 202
        assert server.wait_status().status == 'completed'
    look = source.driver.list_guests
    answers = [seen]
    monkeypatch.setattr(source.driver, 'list_guests', lambda: answers.pop() if answers else look())
    source.report_guests()
    assert not answers
    assert server.states() == ('active', None) and server.show()[FOUND_ON] == []


def test_find_when_the_guest_moves_before_the_answers_arrive_then_nothing_is_marked(
        cloud, monkeypatch):
    """A host that misses a guest asks the others, and some take their time to answer."""
    server = cloud.boot()
    ask = presence.locate_on

    def moves_meanwhile(*args):
        answers = ask(*args)
        assert server.live_migrate('third').status == 202
        assert server.wait_status().status == 'completed'
        return answers

    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'
    stale = server.record
    assert server.live_migrate('src').status == 202
    assert server.wait_status().status == 'completed'
    monkeypatch.setattr(presence, 'locate_on', moves_meanwhile)
    cloud.compute('dst').guests.is_elsewhere(context.get_admin_context(), stale)
    assert server.states() == ('active', None) and server.show()[FOUND_ON] == []


# -- asked for and taken over -----------------------------------------------------------------
def location_of(cloud, server):
    return cloud.api.get(f'/servers/{server.uuid}/location')['location']


def accept(cloud, server, host):
    return cloud.api.post(f'/servers/{server.uuid}/location', {'location': {'host': host}})


def by_host(found):
    return {row['host']: row['guest'] for row in found['hosts']}


def test_location_when_the_guest_was_migrated_by_hand_tells_what_each_host_has(cloud, strayed):
    server = strayed()
    found = location_of(cloud, server)
    assert by_host(found) == {'src': 'off (migrated)', 'dst': 'absent', 'third': 'running'}
    assert (found['record']['host'], found['place'], found['reasons']) == ('src', 'third', [])


@pytest.mark.parametrize('undefined', [False, True])
def test_accept_when_the_place_is_proved_then_the_server_lives_there(cloud, strayed, undefined):
    server = strayed(undefinesource=undefined)
    cloud.compute('src').sync_power_states()
    generation = server.record.generation
    answer = accept(cloud, server, 'third')
    assert answer.status == 200
    # what nobody may remove unseen is named: host, directory, what to do
    [remark] = answer.body['location']['remarks']
    assert remark.startswith(
        f'host src keeps the files in {CONF.instances_path}/{server.uuid}: ')
    assert 'not the one that host third uses' in remark
    record = server.record
    assert (record.host, record.node, record.generation) == ('third', 'third', generation + 1)
    assert server.states() == ('active', None) and server.show()[FOUND_ON] == []
    assert cloud.claims_of(server) == {('server', 'third')}
    assert cloud.world.places(server.uuid) == {'third': 'running'}
    assert cloud.world.guest('third', server.uuid).persistent
    assert server.live_migrate('dst').status == 202
    assert server.wait_status().status == 'completed'


def test_accept_when_the_guest_has_ended_there_then_the_server_lives_there_stopped(
        cloud, strayed):
    server = strayed(persistent=True)
    Virsh(cloud.world, 'third').destroy(server.uuid)
    assert accept(cloud, server, 'third').status == 200
    assert server.record.host == 'third' and server.states() == ('stopped', None)
    assert server.act('os-start').status == 202
    server.wait(lambda server: server.states() == ('active', None), 'ACTIVE')
    assert cloud.world.places(server.uuid) == {'third': 'running'}


def test_accept_when_another_host_is_named_is_refused_and_nothing_changes(cloud, strayed):
    server = strayed()
    answer = accept(cloud, server, 'dst')
    assert answer.status == 409
    assert 'host third has the guest' in answer.body['conflictingRequest']['message']
    assert server.record.host == 'src'
    assert cloud.world.places(server.uuid) == {'src': 'shutoff', 'third': 'running'}


def test_accept_when_a_host_is_silent_is_refused_until_that_is_fenced(
        cloud, strayed, monkeypatch):
    monkeypatch.setattr(presence, 'ANSWER_TIMEOUT', 0.5)
    server = strayed()
    cloud.services.stop_service('dst')
    cloud.at_end(lambda: cloud.services.start_compute('dst'))
    answer = accept(cloud, server, 'third')
    assert answer.status == 409
    assert 'host dst does not answer' in answer.body['conflictingRequest']['message']
    situations.down('dst')(cloud, server)
    assert accept(cloud, server, 'third').status == 200


def test_accept_when_a_copy_is_under_way_is_refused(cloud):
    server = cloud.boot()
    order = cloud.world.script('live_migration@50', 'hang', uuid=server.uuid)
    Virsh(cloud.world, 'src').migrate(server.uuid, 'third')
    cloud.world.wait_hit(order)
    answer = accept(cloud, server, 'src')
    assert answer.status == 409
    assert 'a copy is under way (leaving)' in answer.body['conflictingRequest']['message']


def test_location_when_the_caller_is_no_administrator_is_forbidden(cloud, strayed):
    server = strayed()
    path = f'/servers/{server.uuid}/location'
    member = cloud.as_role('member')
    assert member.request('GET', path).status == 403
    assert member.post(path, {'location': {'host': 'third'}}).status == 403
