# SPDX-License-Identifier: Apache-2.0
"""The three branches of migrate_server."""
import pytest

from nova_lite import exception
from nova_lite.conductor.manager import ConductorManager

FLAVOR = {'flavorid': '2'}


@pytest.fixture
def manager():
    manager = ConductorManager('c1')
    manager.started = []
    manager.live_migrations.run = lambda *arguments: manager.started.append(arguments)
    return manager


def migrate(manager, live, rebuild, flavor):
    manager.migrate_server('ctxt', 'server', {'host': None}, live, rebuild, flavor, None, None,
                           'migration')


def test_migrate_server_when_live_then_the_migration_is_run(manager):
    migrate(manager, True, False, None)
    assert manager.started == [('ctxt', 'server', 'migration')]


@pytest.mark.parametrize(('arguments', 'error'), [
    ((False, False, FLAVOR), exception.MigrationError),
    ((False, False, None), NotImplementedError), ((True, True, None), NotImplementedError),
    ((True, False, FLAVOR), NotImplementedError), ((False, True, FLAVOR), NotImplementedError)])
def test_migrate_server_when_it_is_not_offered_then_says_so_and_nothing_begins(
        manager, arguments, error):
    with pytest.raises(error, match='live'):
        migrate(manager, *arguments)
    assert manager.started == []
