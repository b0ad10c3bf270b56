# SPDX-License-Identifier: Apache-2.0
"""What of Tempest is run, and what becomes of every test: the table that a run is held against.

``python -m tests.clients.tempest.expected`` prints it as doc/tempest.md has it.
"""
from collections.abc import Iterator
from typing import NamedTuple

from tests.clients.tempest import runner

# below tempest.api.compute
CLASSES = (
    'test_versions', 'admin.test_live_migration', 'admin.test_live_migration_negative',
    'admin.test_migrations', 'admin.test_services', 'admin.test_services_negative',
    'admin.test_hypervisor', 'admin.test_hypervisor_negative', 'servers.test_server_actions',
    'servers.test_instance_actions', 'servers.test_instance_actions_negative')
TIMEOUT = 800       # seconds for all of them


def tests(of: str, names: str) -> list[str]:
    """``Class.test_name`` for each of the names."""
    return [f'{of}.test_{name}' for name in names.split()]


BLOCK = 'live_block_migration live_block_migration_paused'
BAD_SERVICE = ('get_service_by_invalid_params get_service_by_invalid_service_and_valid_host '
               'get_service_with_valid_service_and_invalid_host list_services_with_non_admin_user')
PASSING = [
    *tests('TestVersions', 'get_version_details'),
    *tests('LiveMigrationTest', BLOCK), *tests('LiveAutoBlockMigrationV225Test', BLOCK),
    *tests('LiveMigrationWithoutHostTest', BLOCK),
    *tests('LiveMigrationManagerWorkflowTest', 'live_migration_by_project_manager'),
    *tests('LiveMigrationNegativeTest',
           'invalid_host_for_migration live_block_migration_suspended'),
    *tests('MigrationsAdminTest', 'list_migrations'),
    *tests('ServicesAdminTestJSON', 'get_service_by_host_name '
           'get_service_by_service_binary_name list_services'),
    *tests('ServicesAdminNegativeTestJSON', BAD_SERVICE),
    *tests('ServicesAdminNegativeV253TestJSON', f'{BAD_SERVICE} '
           'disable_log_reason_with_invalid_service_id disable_service_with_invalid_service_id '
           'enable_service_with_invalid_service_id'),
    *tests('HypervisorAdminTestJSON', 'get_hypervisor_list get_hypervisor_list_details '
           'get_hypervisor_show_details get_hypervisor_stats get_hypervisor_uptime'),
    *tests('HypervisorAdminUnderV252Test', 'get_hypervisor_show_servers search_hypervisor'),
    *tests('HypervisorAdminV228Test', 'get_list_hypervisor_details'),
    *tests('HypervisorAdminV253TestBase', 'list_show_detail_hypervisors'),
    *tests('HypervisorAdminNegativeTestJSON',
           'get_hypervisor_list_details_with_non_admin_user '
           'get_hypervisor_list_with_non_admin_user get_hypervisor_stats_with_non_admin_user '
           'get_hypervisor_uptime_with_non_admin_user get_nonexistent_hypervisor_uptime '
           'show_hypervisor_with_non_admin_user show_nonexistent_hypervisor'),
    *tests('HypervisorAdminNegativeUnderV252Test',
           'search_hypervisor_with_non_admin_user search_nonexistent_hypervisor '
           'show_servers_with_non_admin_user show_servers_with_nonexistent_hypervisor'),
    *tests('ServerActionsTestJSON', 'lock_unlock_server pause_unpause_server reboot_server_hard '
           'stop_start_server suspend_resume_server'),
    *tests('InstanceActionsTestJSON', 'get_instance_action list_instance_actions'),
    *tests('InstanceActionsV221TestJSON', 'get_list_deleted_instance_actions'),
    *tests('InstanceActionsNegativeTestJSON', 'get_instance_action_invalid_request '
           'list_instance_actions_non_existent_server'),
]


class Missing(NamedTuple):
    """Tests that do not pass for one ``reason``; ``words`` are in what Tempest says of each."""
    reason: str
    words: str
    tests: list[str]


FAILING = [
    Missing('the list of versions begins with the old API 2.0 there, which is not served here, '
            'so it is not announced either', 'The first listed version should be v2.0',
            tests('TestVersions', 'list_api_versions')),
    Missing('no rebuild: it is no part of moving a guest', 'There is no such action: rebuild',
            tests('ServerActionsTestJSON', 'rebuild_server')
            + tests('ServerActionsTestOtherA', 'rebuild_server_in_stop_state')),
    Missing('no security groups, as there is no Neutron and a server has no ports',
            'security_groups',
            tests('ServerActionsTestOtherA', 'remove_server_all_security_groups')),
]
MOVES = ('LiveMigrationTest', 'LiveAutoBlockMigrationV225Test', 'LiveMigrationWithoutHostTest')
SKIPPED = [
    Missing('no volumes', 'volume service is not available',
            [f'{move}.test_live_block_migration_with_attached_volume' for move in MOVES]
            + tests('ServerActionsTestOtherA', 'rebuild_server_with_volume_attached')),
    Missing('no volumes', 'Volume-backed live migration',
            [f'{move}.test_volume_backed_live_migration' for move in MOVES]),
    Missing('no volumes', 'Cinder is not available', ['ServerActionsV293TestJSON']),
    Missing('no Neutron that would make the trunk; Tempest counts this test as unstable and its '
            'failure as a skip', 'Marked as unstable',
            [f'{move}.test_live_migration_with_trunk' for move in MOVES]),
    Missing('no serial console', 'Serial console', ['LiveMigrationRemoteConsolesV26Test']),
    Missing('no vTPM', 'barbican', ['LiveMigrationWithVTPMTest']),
    Missing('no cold migration', 'Cold migration not available', tests(
        'MigrationsAdminTest', 'cold_migration cold_migration_with_swap revert_cold_migration')),
    Missing('no resize', 'Resize not available',
            tests('MigrationsAdminTest', 'list_migrations_in_flavor_resize_situation '
                  'resize_server_revert_deleted_flavor')
            + tests('ServerActionsTestJSON', 'resize_server_confirm resize_server_revert')
            + tests('ServerActionsTestOtherA', 'resize_volume_backed_server_confirm')
            + tests('ServerActionsTestOtherB', 'resize_server_confirm_from_stopped '
                    'resize_server_revert_with_volume_attached')),
    Missing('no password in the guest', 'Change password',
            tests('ServerActionsTestJSON', 'change_server_password')),
    Missing('no console output by the API', 'Console output',
            tests('ServerActionsTestJSON', 'get_console_output')
            + tests('ServerActionsTestOtherB', 'get_console_output_with_unlimited_size '
                    'get_console_output_server_id_in_shutoff_status')),
    Missing('no snapshots', 'Snapshotting', tests('ServerActionsTestOtherB', 'create_backup')
            + tests('ServersAaction247Test', 'create_backup')),
    Missing('no shelving', 'Shelve is not available', tests(
        'ServerActionsTestOtherB', 'shelve_paused_server shelve_unshelve_server')),
    Missing('no VNC console', 'VNC Console', tests('ServerActionsTestOtherB', 'get_vnc_console')),
]


def _reasons(rows: list[Missing]) -> dict[str, str]:
    return {test: row.words for row in rows for test in row.tests}


def check(results: list[runner.Result]) -> None:
    """AssertionError unless each test, and no other, came out as the table says and for the
    reason that it gives."""
    came = {outcome: {result.test: result.reason for result in results
                      if result.outcome == outcome}
            for outcome in (runner.PASSED, runner.FAILED, runner.SKIPPED)}
    for outcome, rows in ((runner.FAILED, FAILING), (runner.SKIPPED, SKIPPED)):
        listed = _reasons(rows)
        assert {test: reason for test, reason in came[outcome].items()
                if listed.get(test, '\0') not in reason} == {}, f'{outcome}, or for this reason'
        assert set(listed) - set(came[outcome]) == set(), f'no longer {outcome}'
    assert set(came[runner.PASSED]) == set(PASSING)


def lines() -> Iterator[str]:
    """The table as Markdown."""
    yield '| what becomes of it | tests | why |'
    yield '|---|---|---|'
    for name in dict.fromkeys(test.partition('.')[0] for test in PASSING):
        yield f'| passes | {_together([t for t in PASSING if t.startswith(name + ".")])} | |'
    for outcome, rows in (('fails', FAILING), ('is skipped', SKIPPED)):
        for row in rows:
            yield f'| {outcome} | {_together(row.tests)} | {row.reason} |'


def _together(names: list[str]) -> str:
    """Tests by class: Class: name, name; Class: ..."""
    by_class: dict[str, list[str]] = {}
    for name in names:
        where, _, test = name.partition('.')
        by_class.setdefault(where, []).append(test.removeprefix('test_') or 'all')
    return '; '.join(f'{where}: {", ".join(found)}' for where, found in by_class.items())


if __name__ == '__main__':
    print('\n'.join(lines()))
