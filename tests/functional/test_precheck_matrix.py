# SPDX-License-Identifier: Apache-2.0
"""Every check before a live migration, as one table; each row is made to happen and looked at from
every side, once in the form that waits for the checks (below 2.34) and once in the form that does
not.

The numbers are those of Nova's order: API (guards), conductor (1 to 3, A for a forced host, B for
the search) and drivers (C). Checks of what does not exist here (shares, ports with QoS or
accelerators, vTPM, NUMA, PCI, volumes, server groups, cells) have no row. Where Nova is known to
be wrong the row says "better".
"""
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from nova_lite.virt.simulation import faults
from tests.functional.situations import (
    CHECK_DESTINATION,
    CHECK_SOURCE,
    acted,
    all_of,
    down,
    driver,
    dst_is_best,
    gone,
    host_is,
    hypervisor_off,
    in_error,
    little_memory,
    locked,
    never_launched,
    nothing,
    off_but_called_active,
    options,
    said_to_be_on,
    scheduler_breaks,
    service_without_node,
    shared_storage,
)

OK = ('active', None)


def names(rows):
    return [row.name for row in rows]


# -- guards of the API: nothing is begun ------------------------------------------------------
class Guard(NamedTuple):
    name: str
    arrange: Callable
    code: int
    words: str
    host: str | None = None
    role: str = 'admin'
    states: tuple | None = OK
    more: dict[str, Any] = {}       # in the body


GUARDS = [
    #     what is wrong               made to happen by      code  words of the answer
    Guard('schema', nothing, 400, 'anything', more={'anything': 1}),
    Guard('policy', nothing, 403, 'os-migrate-server:migrate_live', role='member'),
    Guard('policy, host', nothing, 403, 'migrate_live:host', host='dst', role='manager'),
    Guard('no such server', gone, 404, 'could not be found', states=None),
    Guard('locked', locked, 409, 'is locked', role='manager'),
    Guard('vm_state stopped', acted('os-stop', 'stopped'), 409, 'vm_state stopped',
          states=('stopped', None)),
    Guard('vm_state suspended', acted('suspend', 'suspended'), 409, 'vm_state suspended',
          states=('suspended', None)),
    Guard('vm_state error', in_error, 409, 'vm_state error', states=('error', None)),
    Guard('never launched', never_launched, 409, 'launched_at None'),
    Guard('unknown host', nothing, 400, 'Compute host nowhere could not be found',
          host='nowhere'),
    Guard('host without node', service_without_node, 400, 'Compute host ghost', host='ghost'),
]
FAULT_NAMES = {400: 'badRequest', 403: 'forbidden', 404: 'itemNotFound',
               409: 'conflictingRequest', 500: 'computeFault'}


@pytest.mark.parametrize('version', ['2.6', '2.80'])
@pytest.mark.parametrize('row', GUARDS, ids=names(GUARDS))
def test_guard_when_it_refuses_then_nothing_is_begun(cloud, row, version):
    server = cloud.boot('src')
    row.arrange(cloud, server)
    api = cloud.api if row.role == 'admin' else cloud.as_role(row.role)
    body = {'host': row.host, 'block_migration': False, **row.more}
    if version == '2.6':
        body['disk_over_commit'] = False
    before = server.fault and server.fault.message
    answer = api.post(f'/servers/{server.uuid}/action', {'os-migrateLive': body}, version=version)
    assert answer.status == row.code
    assert answer.body[FAULT_NAMES[row.code]]['code'] == row.code
    assert row.words in answer.error
    assert server.migration is None
    if row.states is not None:
        assert server.states() == row.states
        assert 'live-migration' not in server.actions()
        assert (server.fault and server.fault.message) == before


# -- refusals: a migration is made, and says why it did not start -----------------------------
FORCED, ASKED, ANY = 'forced', 'asked', 'any'
# (the host, as a body of the form that waits, of the form that does not)
WAYS = {FORCED: ('dst', {'version': '2.6', 'disk_over_commit': False},
                 {'version': '2.67', 'force': True}),
        ASKED: ('dst', {'version': '2.30'}, {'version': '2.80'}),
        ANY: (None, {'version': '2.6', 'disk_over_commit': False}, {'version': '2.80'})}


class Refusal(NamedTuple):
    """``check`` is what the migration's record calls it; ``asked`` the hosts that were tried."""
    name: str
    way: str
    arrange: Callable
    check: str
    words: str
    code: int = 400
    disk: bool = False
    block: bool | str = False
    states: tuple = OK
    asked: tuple = ()
    host: str | None = None     # where another than WAYS says
    source: str = 'src'
    inside: str = ''            # what operators alone are told beside the words


PRECHECK = 'MigrationPreCheckError'
UNAVAILABLE = 'ComputeServiceUnavailable'
REFUSALS = [
    # before a destination is looked at
    Refusal('1 power_state', ANY, off_but_called_active, 'InstanceInvalidState',
            'power_state shutdown', code=409),
    Refusal('3 source is down', ANY, down('src'), UNAVAILABLE, 'Compute service of src'),
    Refusal('3 source is unknown', ANY, said_to_be_on('nowhere'), 'ComputeHostNotFound',
            'host nowhere', source='nowhere'),
    # A: the destination is forced
    Refusal('A1 it is the source', FORCED, nothing, 'UnableToMigrateToSelf', 'current host (src)',
            host='src'),
    Refusal('A2 it is down', FORCED, down('dst'), UNAVAILABLE, 'Compute service of dst'),
    Refusal('A3 memory', FORCED, little_memory('dst'), PRECHECK, 'Lack of memory(host:100 <='),
    Refusal('A4 hypervisor type', FORCED, host_is(hypervisor_type='other'),
            'InvalidHypervisorType', 'QEMU there, other on host dst'),
    Refusal('A4 source without node', FORCED,
            all_of(service_without_node, said_to_be_on('ghost')), 'ComputeHostNotFound',
            'host ghost', source='ghost'),
    Refusal('A5 hypervisor version', FORCED, host_is(hypervisor_version=1),
            'DestinationHypervisorTooOld', '10000000 at the source, 1 on host dst'),
    Refusal('A6 claim of CPUs', FORCED, host_is(vcpus=0), PRECHECK, 'Insufficient resources'),
    Refusal('A6 claim of disk', FORCED, host_is(local_gb=0), PRECHECK, '1 GiB of disk', disk=True,
            block=True),
    # the destination is asked for: the same, and the scheduler's filters
    Refusal('asked: it is the source', ASKED, nothing, 'UnableToMigrateToSelf', 'current host',
            host='src'),
    Refusal('asked: it is down', ASKED, down('dst'), 'NoValidHost', 'refused host dst'),
    Refusal('asked: memory', ASKED, little_memory('dst'), 'NoValidHost', 'host dst'),
    Refusal('asked: hypervisor type', ASKED, host_is(hypervisor_type='other'), 'NoValidHost',
            'host dst'),
    # both are asked at once
    Refusal('asked: memory and driver', ASKED,
            all_of(little_memory('dst'), driver(CHECK_DESTINATION, faults.REFUSE)),
            'NoValidHost', 'host dst'),
    Refusal('asked: driver', ASKED, driver(CHECK_DESTINATION, faults.REFUSE), PRECHECK,
            'simulated refusal'),
    # B: the search
    Refusal('B no host passes', ANY, little_memory('dst', 'third'), 'NoValidHost',
            'No valid host was found'),
    Refusal('B all hosts refuse', ANY, driver(CHECK_SOURCE), 'NoValidHost', 'third refused: ',
            asked=('dst', 'third')),
    Refusal('B no retry', ANY, all_of(options(migrate_max_retries=0),
                                      driver(CHECK_DESTINATION, faults.REFUSE)),
            'MaxRetriesExceeded', 'migrate_max_retries is 0', asked=('*',)),
    Refusal('B one retry', ANY, all_of(options(migrate_max_retries=1),
                                       driver(CHECK_DESTINATION, faults.REFUSE)),
            'MaxRetriesExceeded', 'migrate_max_retries is 1', asked=('dst', 'third')),
    Refusal('B retries enough', ANY, all_of(options(migrate_max_retries=5),
                                            driver(CHECK_DESTINATION, faults.REFUSE)),
            'NoValidHost', 'third refused: ', asked=('dst', 'third')),
    Refusal('B no refusal: the search ends', ANY, all_of(dst_is_best, hypervisor_off('dst')),
            'HypervisorUnavailable', 'broken on host dst'),
    Refusal('B scheduler breaks', ANY, scheduler_breaks, 'MigrationSchedulerRPCError',
            'ZeroDivisionError', code=500),
    # C: the drivers
    Refusal('C hypervisor of the destination', FORCED, hypervisor_off('dst'),
            'HypervisorUnavailable', 'broken on host dst'),
    Refusal('C2 CPU', FORCED, host_is(cpu_model='sim-v1'), PRECHECK, 'Unacceptable CPU info'),
    Refusal('C5 source refuses', FORCED, driver(CHECK_SOURCE, faults.REFUSE), PRECHECK,
            f'Error while {CHECK_SOURCE} from src to dst: {PRECHECK}'),
    Refusal('C5 source fails in an unknown way', FORCED, driver(CHECK_SOURCE), PRECHECK,
            f'Error while {CHECK_SOURCE} from src to dst: '),
    Refusal('C5 hypervisor of the source', FORCED, hypervisor_off('src'), PRECHECK,
            'HypervisorUnavailable'),
    Refusal('C5 source does not answer', FORCED,
            all_of(options(rpc_response_timeout=1), driver(CHECK_SOURCE, faults.HANG)), PRECHECK,
            'MessagingTimeout'),
    Refusal('C9 block migration on shared storage', FORCED, shared_storage, PRECHECK,
            'InvalidLocalStorage', disk=True, block=True),
    Refusal('C10 disk space', FORCED, options(reserved_host_disk_mb=10 ** 9), PRECHECK,
            'is too large', disk=True, block=True),
    Refusal('C10 disk space, better: from 2.25 on too', ASKED,
            options(reserved_host_disk_mb=10 ** 9), PRECHECK, 'is too large', disk=True,
            block='auto'),
    Refusal('C12 private storage', FORCED, nothing, PRECHECK, 'InvalidSharedStorage', disk=True),
    # what nobody foresaw: the server is in error, since nobody knows what happened; its owner is
    # told the class of the error and not its words, which are about the inside
    Refusal('unknown', FORCED, driver(CHECK_DESTINATION), 'SimulatedFault', 'SimulatedFault',
            code=500, states=('error', None), inside=f'simulated failure of {CHECK_DESTINATION}'),
]
CONDUCTOR_EVENTS = {True: 'conductor_migrate_server', False: 'conductor_live_migrate_instance'}


def ask(server, row, waits):
    """The answer to the request of ``row``, in the form that waits or the other."""
    host, form, other = WAYS[row.way]
    more = dict(form if waits else other)
    if row.block == 'auto' and more['version'] == '2.6':
        more = {'version': '2.25'}
    return server.live_migrate(row.host or host, row.block, **more)


@pytest.mark.parametrize('waits', [True, False], ids=['sync', 'async'])
@pytest.mark.parametrize('row', REFUSALS, ids=names(REFUSALS))
def test_refusal_when_a_check_says_no_then_everything_tells_why(cloud, row, waits):
    server = cloud.boot('src', disk=row.disk)
    row.arrange(cloud, server)
    answer = ask(server, row, waits)
    if waits:
        assert answer.status == row.code
        assert answer.body[FAULT_NAMES[row.code]]['code'] == row.code
        assert row.words in answer.error
        assert not row.inside or row.inside not in answer.error
    else:
        assert answer.status == 202
        server.wait_status()
    assert_told(cloud, server, row)
    assert_event(server, row, CONDUCTOR_EVENTS[waits])
    assert_untouched(cloud, server, row)


def assert_told(cloud, server, row):
    """The migration's record, the fault, the listeners."""
    migration = server.migration
    assert server.statuses() == ['accepted', 'error']
    assert migration.failed_check == row.check
    assert row.words in migration.reason
    assert not row.inside or row.inside not in migration.reason
    if row.asked != ('*',):
        assert set(migration.attempted_hosts) == set(row.asked)
    server.wait(lambda server: server.fault, 'fault')
    assert server.fault.code == row.code
    assert row.words[:60] in server.fault.message or row.asked
    assert not row.inside or row.inside not in server.fault.message
    # told after the record says so
    told = 'compute_task.migrate_server.error'
    server.wait(lambda server: told in cloud.notifications.of(server.uuid), told)


def assert_event(server, row, name):
    """Nova's shape; the reason stands in the event's details, better than in Nova."""
    server.wait(lambda server: server.actions()['live-migration'].get(name) == 'Error', name)
    action = server.stories()['live-migration']
    assert action['message'] == 'Error'
    (event,) = [event for event in action['events'] if event['event'] == name]
    assert (row.inside or row.words) in event['nova-lite:details']
    assert event['finish_time'] is not None


def assert_untouched(cloud, server, row):
    server.wait(lambda server: server.states() == row.states, 'states')
    assert server.record.host == row.source
    assert set(cloud.world.places(server.uuid)) == {'src'}
    assert cloud.claims_of(server) == {('server', 'src')}
    assert cloud.world.probes() == []
