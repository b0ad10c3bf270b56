# SPDX-License-Identifier: Apache-2.0
import collections
import datetime
import threading
import uuid

import pytest

from nova_lite import exception, notifications, objects, rpc_server
from nova_lite.conf import CONF
from nova_lite.scheduler import manager as manager_module
from nova_lite.scheduler.rpcapi import SchedulerAPI
from tests.unit.scheduler import builders


def claimed(ctxt, host):
    """(vcpus, MiB, GiB) that are promised on a host."""
    node = objects.ComputeNode.get_by_host(ctxt, host)
    return node.vcpus_used, node.memory_mb_used - 512, node.local_gb_used


# -- choosing -----------------------------------------------------------------------------------
def test_manager_has_what_the_interface_declares():
    for name, declared in SchedulerAPI.declarations().items():
        rpc_server.check_method(SchedulerAPI, name, declared,
                                getattr(manager_module.SchedulerManager, name, None)
                                and getattr(manager_module.SchedulerManager(), name))


def test_select_takes_the_best_host_and_claims_on_it(scheduler, add_host, ctxt):
    add_host('small', memory_mb=4096)
    big = add_host('big', memory_mb=16384)
    selection = scheduler.select_destinations(ctxt, builders.spec())
    assert (selection.service_host, selection.nodename, selection.compute_node_uuid) == (
        'big', 'big', big.uuid)
    assert claimed(ctxt, 'big') == (2, 1024, 10)
    assert claimed(ctxt, 'small') == (0, 0, 0)


def test_select_when_repeated_for_the_same_consumer_claims_once(scheduler, add_host, ctxt):
    add_host('host1')
    spec = builders.spec()
    scheduler.select_destinations(ctxt, spec)
    scheduler.select_destinations(ctxt, spec)
    assert claimed(ctxt, 'host1') == (2, 1024, 10)


def test_select_leaves_out_ignored_disabled_and_dead_hosts(scheduler, add_host, ctxt):
    add_host('source', memory_mb=65536)
    add_host('disabled', disabled=True, memory_mb=65536)
    add_host('dead', forced_down=True, memory_mb=65536)
    add_host('silent', memory_mb=65536)
    service = objects.Service.get_by_host_and_binary(ctxt, 'silent', 'nova-compute')
    service.last_seen_up -= datetime.timedelta(seconds=CONF.service_down_time + 1)
    service.save()
    add_host('left')
    selection = scheduler.select_destinations(ctxt, builders.spec(ignore_hosts=['source']))
    assert selection.service_host == 'left'


def test_select_with_requested_host_takes_it_although_another_is_better(scheduler, add_host, ctxt):
    add_host('better', memory_mb=65536)
    add_host('wanted')
    spec = builders.spec(requested_host='wanted')
    assert scheduler.select_destinations(ctxt, spec).service_host == 'wanted'


def test_select_when_the_claim_on_the_best_fails_takes_the_next(scheduler, add_host, ctxt,
                                                                monkeypatch):
    add_host('best', memory_mb=16384)
    add_host('second')
    read = objects.ComputeNodeList.get_candidates

    def and_then_another_takes_the_best(*args, **kwargs):
        nodes = read(*args, **kwargs)
        objects.Claim.claim(ctxt, 'best', str(uuid.uuid4()), 0, 15500, 0)
        return nodes

    monkeypatch.setattr(objects.ComputeNodeList, 'get_candidates',
                        and_then_another_takes_the_best)
    assert scheduler.select_destinations(ctxt, builders.spec()).service_host == 'second'


def test_select_when_the_first_page_is_refused_reads_on(scheduler, add_host, ctxt, monkeypatch):
    monkeypatch.setattr(manager_module, 'FIRST_PAGE', 2)
    for number in range(12):
        add_host(f'old{number}', hypervisor_version=7000000, memory_mb=32768)
    add_host('new', hypervisor_version=9000000)
    read, given = objects.ComputeNodeList.get_candidates, []

    def remember(*args, **kwargs):
        nodes = read(*args, **kwargs)
        given.extend(node.host for node in nodes)
        return nodes

    monkeypatch.setattr(objects.ComputeNodeList, 'get_candidates', remember)
    spec = builders.spec(source_hypervisor_version=8000000)
    assert scheduler.select_destinations(ctxt, spec).service_host == 'new'
    assert len(given) == len(set(given)) == 13, 'no host is read twice'


def test_select_with_subset_size_spreads_over_that_many_best(scheduler, add_host, ctxt, options):
    options.set('filter_scheduler', host_subset_size=2)
    for name, memory in (('first', 40000), ('second', 39000), ('third', 8192)):
        add_host(name, memory_mb=memory)
    flavor = {'vcpus': 0, 'memory_mb': 1, 'root_gb': 0}
    chosen = collections.Counter(
        scheduler.select_destinations(ctxt, builders.spec(flavor)).service_host
        for _ in range(40))
    # 40 times the same of two at random: once in 10^12 runs
    assert set(chosen) == {'first', 'second'}


def test_select_when_many_race_for_the_last_places_gives_each_out_once(scheduler, add_host, ctxt):
    add_host('host1', memory_mb=512 + 2 * 1024)
    add_host('host2', memory_mb=512 + 1024)
    outcomes, start = [], threading.Barrier(6)

    def ask():
        start.wait(10)
        try:
            outcomes.append(scheduler.select_destinations(ctxt, builders.spec()).service_host)
        except exception.NoValidHost:
            outcomes.append(None)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert collections.Counter(outcomes) == {'host1': 2, 'host2': 1, None: 3}


# -- none left ----------------------------------------------------------------------------------
def refused(scheduler, ctxt, spec):
    with pytest.raises(exception.NoValidHost) as error:
        scheduler.select_destinations(ctxt, spec)
    return error.value.format_message()


def test_no_valid_host_counts_by_filter(scheduler, add_host, ctxt):
    add_host('source')
    add_host('full1', memory_mb=1024)
    add_host('full2', memory_mb=1024)
    add_host('disabled', disabled=True)
    add_host('few_cpus', vcpus=0)
    message = refused(scheduler, ctxt, builders.spec(ignore_hosts=['source']))
    assert message.startswith('No valid host was found. Of 5 hosts: ')
    for part in ('1 excluded by the request', '2 refused by RamFilter',
                 '1 refused by ComputeFilter', '1 refused by CoreFilter'):
        assert part in message


def test_no_valid_host_in_a_large_cloud_looks_at_some_hosts_only(
        scheduler, add_host, ctxt, monkeypatch):
    monkeypatch.setattr(manager_module, 'EXPLAINED', 2)
    for number in range(4):
        add_host(f'full{number}', memory_mb=1024)
    assert 'Of the first 2 hosts: 2 refused by RamFilter.' in refused(
        scheduler, ctxt, builders.spec())


def test_no_valid_host_when_there_is_no_host_says_so(scheduler, ctxt):
    assert refused(scheduler, ctxt, builders.spec()) == (
        'No valid host was found. There is no compute host.')


@pytest.mark.parametrize('values, words', [
    ({'memory_mb': 1024}, ['RamFilter refused host wanted', '512 MiB', '1024 are needed']),
    ({'disabled': True}, ['ComputeFilter refused host wanted', 'disabled']),
    ({'forced_down': True}, ['ComputeFilter', 'down']),
    ({'hypervisor_type': 'Xen'}, ['ComputeCapabilitiesFilter', 'Xen', 'QEMU'])])
def test_no_valid_host_for_a_requested_host_tells_filter_and_reason(scheduler, add_host, ctxt,
                                                                    values, words):
    add_host('wanted', **values)
    add_host('other')
    spec = builders.spec(requested_host='wanted', hypervisor_type='QEMU')
    message = refused(scheduler, ctxt, spec)
    assert all(word in message for word in words)
    assert claimed(ctxt, 'other') == (0, 0, 0)


def test_no_valid_host_for_a_requested_host_that_is_excluded(scheduler, add_host, ctxt):
    add_host('wanted')
    spec = builders.spec(requested_host='wanted', ignore_hosts=['wanted'])
    assert 'Host wanted is excluded' in refused(scheduler, ctxt, spec)


def test_no_valid_host_when_a_filter_is_left_out_still_needs_room(scheduler, add_host, ctxt,
                                                                  options):
    options.set('filter_scheduler', enabled_filters=['ComputeFilter'])
    add_host('full', memory_mb=1024)
    scheduler = manager_module.SchedulerManager()
    assert '1 without room' in refused(scheduler, ctxt, builders.spec())
    assert claimed(ctxt, 'full') == (0, 0, 0)


def test_select_with_unknown_requested_host_tells_that(scheduler, add_host, ctxt):
    add_host('host1')
    with pytest.raises(exception.ComputeHostNotFound, match='nowhere'):
        scheduler.select_destinations(ctxt, builders.spec(requested_host='nowhere'))


# -- forced -------------------------------------------------------------------------------------
def test_force_takes_a_disabled_host_that_no_filter_would_and_claims(scheduler, add_host, ctxt):
    add_host('forced', disabled=True, hypervisor_type='Xen')
    spec = builders.spec(requested_host='forced', force=True, hypervisor_type='QEMU')
    assert scheduler.select_destinations(ctxt, spec).service_host == 'forced'
    assert claimed(ctxt, 'forced') == (2, 1024, 10)


def test_force_when_there_is_no_room_is_refused(scheduler, add_host, ctxt):
    add_host('forced', memory_mb=1024)
    spec = builders.spec(requested_host='forced', force=True)
    assert '1024 MiB of memory asked for, 512 left' in refused(scheduler, ctxt, spec)


def test_force_when_the_host_is_down_or_unknown_is_refused(scheduler, add_host, ctxt):
    add_host('down', forced_down=True)
    with pytest.raises(exception.ComputeServiceUnavailable):
        scheduler.select_destinations(ctxt, builders.spec(requested_host='down', force=True))
    with pytest.raises(exception.ComputeHostNotFound):
        scheduler.select_destinations(ctxt, builders.spec(requested_host='no', force=True))


# -- around it ----------------------------------------------------------------------------------
def test_select_tells_listeners_start_and_end(scheduler, add_host, ctxt, monkeypatch):
    sent = []
    monkeypatch.setattr(notifications, 'emit', lambda _ctxt, publisher, event, payload, **_:
                        sent.append((publisher.partition('.')[0], event, payload)))
    add_host('host1')
    spec = builders.spec()
    scheduler.select_destinations(ctxt, spec)
    with pytest.raises(exception.NoValidHost):
        scheduler.select_destinations(ctxt, builders.spec({'memory_mb': 100000}))
    start, end = 'scheduler.select_destinations.start', 'scheduler.select_destinations.end'
    assert [(publisher, event) for publisher, event, _ in sent] == [
        ('scheduler', start), ('scheduler', end), ('scheduler', start)]
    assert sent[1][2]['selected_host'] == 'host1'
    assert sent[1][2]['request_spec']['instance_uuid'] == spec.instance_uuid
