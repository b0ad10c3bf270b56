# SPDX-License-Identifier: Apache-2.0
"""What nobody expects may say anything: users are told its class, and the log has the rest."""
import pytest

from nova_lite.conductor.tasks import live_migrate
from nova_lite.scheduler import manager as scheduler_manager
from nova_lite.virt.libvirt.driver import LibvirtDriver

SECRET = 'mysql://nova:hunter2@192.0.2.1/srv/secret'
# where it is raised, and how the migration ends
PLACES = [
    (live_migrate.LiveMigrationTask, 'find_destination', 'error'),
    (scheduler_manager.SchedulerManager, '_pages', 'error'),
    (LibvirtDriver, 'check_can_live_migrate_destination', 'error'),
    (LibvirtDriver, 'check_can_live_migrate_source', 'error'),
    (LibvirtDriver, 'pre_live_migration', 'failed'),
    (LibvirtDriver, 'live_migration', 'failed'),
    (LibvirtDriver, 'post_live_migration_at_destination', 'error'),
    (LibvirtDriver, 'post_live_migration_at_source', 'completed')]


@pytest.mark.parametrize('owner, name, status', PLACES, ids=[name for _, name, _ in PLACES])
def test_migration_when_an_unexpected_error_meets_it_then_users_see_its_class_alone(
        cloud, monkeypatch, caplog, owner, name, status):
    server = cloud.boot('src', disk=True)

    def defect(*_arguments, **_named):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(owner, name, defect)
    assert server.live_migrate(None).status == 202
    migration = server.wait_status()
    assert migration.status == status
    assert 'RuntimeError' in migration.reason
    assert 'hunter2' not in str([migration.reason, server.fault and server.fault.message])
    for path in ('/os-migrations', f'/servers/{server.uuid}/os-instance-actions'):
        assert 'hunter2' not in str(cloud.api.get(path, version='2.80'))
    assert 'hunter2' in caplog.text
