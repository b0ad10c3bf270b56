# SPDX-License-Identifier: Apache-2.0
"""nova-lite's own commands in ``openstack``: they take its session, by password or by token."""
from tests.clients.test_live_migration import ABORT, MIGRATE, TO_HOST


def test_copy_when_tuned_by_the_plugin_then_progress_and_receipt_tell_of_it(cloud, restless):
    cloud.openstack(*MIGRATE, '--host', 'compute2', restless, version=TO_HOST)
    number = str(cloud.wait_running(restless)['id'])
    shown = cloud.openstack('server', 'migration', 'progress', restless, number, '-f',
                            'json').json
    assert shown['status'] == 'running' and shown['memory_processed_bytes'] > 0
    assert cloud.openstack('server', 'migration', 'tune', restless, number, '--max-downtime-ms',
                           '5').out == ''
    cloud.openstack('server', 'migration', 'abort', restless, number, version=ABORT)
    assert cloud.wait_migrated(restless)['status'] == 'cancelled'
    told = cloud.openstack('server', 'migration', 'receipt', number, '-f', 'json').json
    assert told['status'] == 'cancelled'
    assert any(' 5: ' in value for name, value in told.items() if name.startswith('decision'))
    located = cloud.openstack('server', 'locate', restless)
    assert 'Proved to be on host compute1' in located.err
    refused = cloud.openstack('server', 'migration', 'tune', restless, number, '--bandwidth', '5',
                              code=1)
    assert refused.err.startswith('ERROR (') and refused.err.count('\n') == 1
