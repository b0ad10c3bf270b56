# SPDX-License-Identifier: Apache-2.0
import oslo_messaging as messaging
import pytest

from nova_lite import exception, objects
from tests.unit.api.tables import walk

URL = '/v2.1/os-hypervisors'


def names(response):
    assert response.status_int == 200, response.text
    return [one['hypervisor_hostname'] for one in response.json['hypervisors']]


def test_show_tells_what_the_host_has_left(api, ctxt, hosts):
    objects.Claim.claim(ctxt, 'host1', 'c4a0a3a0-0000-4000-8000-000000000000', vcpus=1,
                        memory_mb=256, disk_gb=10)
    shown = api.get(f'{URL}/{hosts[0].uuid}').json['hypervisor']
    assert (shown['vcpus'], shown['vcpus_used']) == (4, 1)
    assert (shown['memory_mb'], shown['memory_mb_used'], shown['free_ram_mb']) == (
        4096, 512 + 256, 4096 - 768)
    assert (shown['local_gb'], shown['local_gb_used'], shown['free_disk_gb']) == (100, 12, 88)
    assert (shown['state'], shown['status']) == ('up', 'enabled')
    assert (shown['hypervisor_type'], shown['hypervisor_version']) == ('QEMU', 9000000)
    assert shown['cpu_info'] == {'arch': 'x86_64'}


def test_state_and_status_are_those_of_the_service(api, ctxt, hosts):
    service = objects.Service.get_by_host_and_binary(ctxt, 'host1', 'nova-compute')
    service.disabled, service.disabled_reason, service.forced_down = True, 'fan', True
    service.save()
    shown = api.get(f'{URL}/{hosts[0].uuid}').json['hypervisor']
    assert (shown['state'], shown['status'], shown['service']['disabled_reason']) == (
        'down', 'disabled', 'fan')


def test_statistics_are_sums(api, hosts):
    shown = api.get(f'{URL}/statistics').json['hypervisor_statistics']
    assert (shown['count'], shown['vcpus'], shown['memory_mb'], shown['disk_available_least']) == (
        2, 8, 8192, 100)


UNKNOWN = [
    ('2.53', 'c4a0a3a0-0000-4000-8000-000000000000', 404), ('2.53', '1', 400),
    ('2.52', '99', 404), ('2.52', 'host1', 404), ('2.52', '9' * 30, 404)]


def test_unknown_hypervisor(api, hosts):
    def check(version, hypervisor_id, code):
        response = api.get(f'{URL}/{hypervisor_id}', version=version)
        assert response.status_int == code

    walk(UNKNOWN, check)


@pytest.mark.parametrize('version', ['2.33', '2.52', '2.53', '2.80'])
@pytest.mark.parametrize('path', [URL, f'{URL}/detail'])
def test_list_in_pages(api, hosts, version, path):
    url, found = f'{path}?limit=1', []
    while url:
        page = api.get(url, version=version)
        found += names(page)
        links = page.json.get('hypervisors_links')
        url = links[0]['href'].removeprefix('http://localhost') if links else None
    assert found == ['host1', 'host2']


def test_list_below_2_33_is_whole(api, hosts):
    assert names(api.get(f'{URL}?limit=1', version='2.32')) == ['host1', 'host2']


def test_uptime_when_host_tells_then_is_its_line(api, hosts, wire):
    wire.answer = ' 08:32:11 up 2 days,  1 user,  load average: 0.20, 0.12, 0.14\n'
    response = api.get(f'{URL}/{hosts[0].uuid}/uptime')
    assert wire.sent == [('ComputeAPI', 'get_host_uptime', {'host': 'host1'})]
    assert response.json == {'hypervisor': {
        'id': hosts[0].uuid, 'hypervisor_hostname': 'host1', 'state': 'up', 'status': 'enabled',
        'uptime': wire.answer}}


@pytest.mark.parametrize(('refusal', 'code'), [
    (exception.UptimeUnknown(host='host1'), 501), (messaging.MessagingTimeout('60 s'), 400)])
def test_uptime_when_host_does_not_tell_then_says_so(api, hosts, wire, refusal, code, caplog):
    wire.refusal = refusal
    assert api.get(f'{URL}/{hosts[0].uuid}/uptime').status_int == code
    assert not [record for record in caplog.records if record.levelname == 'ERROR']


def test_uptime_when_host_is_down_then_it_is_not_asked(api, ctxt, hosts, wire):
    service = objects.Service.get_by_host_and_binary(ctxt, 'host1', 'nova-compute')
    service.forced_down = True
    service.save()
    response = api.get(f'{URL}/{hosts[0].uuid}/uptime')
    assert (response.status_int, wire.sent) == (400, [])
    assert 'host1 is unavailable' in response.json['badRequest']['message']


def test_uptime_when_hypervisor_is_unknown_then_is_not_found(api, hosts):
    assert api.get(f'{URL}/c4a0a3a0-0000-4000-8000-000000000000/uptime').status_int == 404


SEARCHES = [('host', ['host1', 'host2']), ('t2', ['host2'])]


def test_search(api, hosts):
    def check(pattern, found):
        assert names(api.get(f'{URL}/{pattern}/search', version='2.52')) == found
        by_query = f'{URL}?hypervisor_hostname_pattern={pattern}'
        assert names(api.get(by_query, version='2.53')) == found

    walk(SEARCHES, check)


SEARCHES_IN_VAIN = [
    (f'{URL}/nothing/search', '2.52'), (f'{URL}/nothing/servers', '2.52'),
    (f'{URL}?hypervisor_hostname_pattern=nothing', '2.53'),
    (f'{URL}?hypervisor_hostname_pattern=%25', '2.53')]


def test_search_that_finds_nothing_is_not_found(api, hosts):
    def check(path, version):
        assert api.get(path, version=version).status_int == 404

    walk(SEARCHES_IN_VAIN, check)


def test_servers_of_hosts(api, server):
    [one, two] = api.get(f'{URL}/host/servers', version='2.52').json['hypervisors']
    assert one['servers'] == [{'name': server.name, 'uuid': server.uuid}]
    assert 'servers' not in two
    [one, two] = api.get(f'{URL}/detail?with_servers=True', version='2.80').json['hypervisors']
    assert (len(one['servers']), two['servers']) == (1, [])


WRONG_QUERIES = [
    ('2.53', 'unknown=1'), ('2.53', 'with_servers=perhaps'), ('2.33', 'marker=99'),
    ('2.53', 'marker=c4a0a3a0-0000-4000-8000-000000000000'), ('2.33', 'limit=x'),
    ('2.53', 'hypervisor_hostname_pattern=host&limit=1')]


def test_list_with_a_wrong_query_is_a_bad_request(api, hosts):
    def check(version, query):
        assert api.get(f'{URL}?{query}', version=version).status_int == 400

    walk(WRONG_QUERIES, check)


def test_host_whose_service_is_gone_is_left_out(api, ctxt, hosts):
    objects.Service.get_by_host_and_binary(ctxt, 'host1', 'nova-compute').destroy()
    assert names(api.get(URL)) == ['host2']
    assert api.get(f'{URL}/{hosts[0].uuid}').status_int == 404
