# SPDX-License-Identifier: Apache-2.0
"""Services: registered once, heard of again and again, taken out of use by an operator."""
import pytest

from nova_lite import exception, objects
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('way')


def register(ctxt, host='h1', binary='nova-compute', topic='compute', **more):
    return objects.Service.register(ctxt, host, binary, topic, **more)


def test_register_when_new_then_up_and_enabled(ctxt):
    service = register(ctxt)
    assert (service.host, service.binary, service.topic) == ('h1', 'nova-compute', 'compute')
    assert (service.disabled, service.forced_down, service.report_count) == (False, False, 1)
    assert service.version and service.up


def test_register_when_started_again_then_the_same_row_and_the_operators_wish_stays(ctxt):
    service = register(ctxt)
    service.disabled, service.disabled_reason = True, 'repair'
    service.save()
    again = register(ctxt, topic='other', version=9)
    assert (again.id, again.uuid, again.disabled_reason) == (service.id, service.uuid, 'repair')
    assert (again.topic, again.version, again.report_count) == ('other', 9, 2)
    assert again.last_seen_up >= service.last_seen_up


def test_report_when_called_then_the_count_and_the_time_move(ctxt):
    service = register(ctxt)
    seen = service.last_seen_up
    objects.Service.report(ctxt, service.id)
    kept = objects.Service.get_by_id(ctxt, service.id)
    assert kept.report_count == 2 and kept.last_seen_up >= seen
    assert kept.updated_at == kept.last_seen_up


def test_save_when_an_operator_writes_then_it_is_no_heartbeat(ctxt):
    service = register(ctxt)
    seen = service.last_seen_up
    service.forced_down = True
    service.save()
    assert (service.report_count, service.last_seen_up) == (1, seen)
    assert objects.Service.get_by_uuid(ctxt, service.uuid).forced_down


def test_save_when_another_operator_was_quicker_then_his_word_stays(ctxt):
    service = register(ctxt)
    other = objects.Service.get_by_id(ctxt, service.id)
    other.disabled, other.disabled_reason = True, 'theirs'
    other.save()
    service.disabled_reason = 'mine'
    with pytest.raises(exception.Conflict, match='nova-compute of host h1'):
        service.save()
    service.forced_down = True
    service.rewrite(lambda: {'disabled_reason': 'mine'})
    kept = objects.Service.get_by_id(ctxt, service.id)
    assert (kept.disabled, kept.disabled_reason, kept.forced_down) == (True, 'mine', False)


def test_save_when_heartbeats_go_on_then_they_are_no_conflict(ctxt):
    service = register(ctxt)
    objects.Service.report(ctxt, service.id)
    service.disabled = True
    service.save()
    assert (service.disabled, service.report_count) == (True, 2)


def test_destroy_when_done_then_gone_and_can_come_back_as_new(ctxt):
    db.make_host(ctxt, 'h1')
    service = objects.Service.get_by_host_and_binary(ctxt, 'h1', 'nova-compute')
    service.destroy()
    assert list(objects.ComputeNodeList.get_all(ctxt)) == []
    with pytest.raises(exception.ServiceNotFound):
        service.destroy()
    with pytest.raises(exception.ServiceNotFound):
        objects.Service.report(ctxt, service.id)
    service.disabled = True
    with pytest.raises(exception.ServiceNotFound):
        service.save()
    assert register(ctxt).id != service.id


def test_get_when_there_is_none_then_not_found(ctxt):
    with pytest.raises(exception.HostBinaryNotFound, match='h1'):
        objects.Service.get_by_host_and_binary(ctxt, 'h1', 'nova-compute')
    with pytest.raises(exception.ServiceNotFound):
        objects.Service.get_by_id(ctxt, 99)
    with pytest.raises(exception.ServiceNotFound):
        objects.Service.get_by_uuid(ctxt, 'x')


def test_list_when_filtered_then_only_those(ctxt):
    register(ctxt)
    register(ctxt, host='h2')
    register(ctxt, binary='nova-conductor', topic='conductor')

    def get(**filters):
        return [(service.host, service.binary) for service in
                objects.ServiceList.get_by_filters(ctxt, **filters)]

    assert len(get()) == 3
    assert get(host='h1') == [('h1', 'nova-compute'), ('h1', 'nova-conductor')]
    assert get(binary='nova-compute') == [('h1', 'nova-compute'), ('h2', 'nova-compute')]
    assert get(host='h2', binary='nova-conductor') == []


def test_report_when_it_tells_the_clocks_skew_then_that_is_kept_and_the_moment_comes_back(ctxt):
    service = register(ctxt)
    moment = objects.Service.report(ctxt, service.id, -301.5)
    kept = objects.Service.get_by_id(ctxt, service.id)
    assert kept.clock_skew == -301.5
    assert abs(kept.last_seen_up.timestamp() - moment) < 60
