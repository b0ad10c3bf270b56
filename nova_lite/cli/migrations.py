# SPDX-License-Identifier: Apache-2.0
"""What is done about a migration that was ordered: look at it, end it, force it, tune it."""
from typing import Any

from nova_lite.cli import base, errors, find
from nova_lite.cli.live_migration import Following
from nova_lite.cli.moves import Moves
from nova_lite.cli.options import CHANGES, GOALS, MIGRATION, PAGE, SERVER, WATCH, option
from nova_lite.cli.output import Column

COUNTERS: list[Column] = [
    ('Total Memory Bytes', 'memory_total_bytes'),
    ('Processed Memory Bytes', 'memory_processed_bytes'),
    ('Remaining Memory Bytes', 'memory_remaining_bytes'),
    ('Total Disk Bytes', 'disk_total_bytes'),
    ('Processed Disk Bytes', 'disk_processed_bytes'),
    ('Remaining Disk Bytes', 'disk_remaining_bytes')]
OWNER: list[Column] = [('Project ID', 'project_id'), ('User ID', 'user_id')]


# -- of one server ----------------------------------------------------------------------------
class ServerMigrationList(base.Lister):
    arguments = (SERVER,)

    def take_action(self, parsed_args: Any) -> base.Table:
        server = find.server(self.client, parsed_args.server)
        migrations = self.client.list(f"/servers/{server['id']}/migrations", 'migrations')
        columns: list[Column] = [
            ('Id', 'id'), ('Source Node', 'source_node'), ('Dest Node', 'dest_node'),
            ('Source Compute', 'source_compute'), ('Dest Compute', 'dest_compute'),
            ('Dest Host', 'dest_host'), ('Status', 'status'), ('Server UUID', 'server_uuid'),
            ('Created At', 'created_at'), ('Updated At', 'updated_at')]
        if self.client.version >= (2, 80):
            columns += OWNER
        return self.table(migrations, columns + COUNTERS)


class OfServer(base.Command):
    """A command about one migration of a server. The API knows a migration by its number only; a
    UUID is looked up."""

    def path(self, args: Any, server: dict[str, Any] | None = None) -> str:
        server = server or find.server(self.client, args.server)
        number = args.migration
        if find.is_uuid(number):
            number = Moves(self.client, server).get(number)['id']
        return f"/servers/{server['id']}/migrations/{number}"


class ServerMigrationShow(OfServer, Following):
    arguments = (SERVER, MIGRATION, WATCH)

    def take_action(self, parsed_args: Any) -> base.Table:
        server = find.server(self.client, parsed_args.server)
        if parsed_args.watch:
            move = Moves(self.client, server).get(parsed_args.migration)
            return self.follow_ordered(server, move, parsed_args)
        return self.properties(self.client.get(self.path(parsed_args, server))['migration'])


class Abort(OfServer, base.Command):
    arguments = (SERVER, MIGRATION)

    def take_action(self, parsed_args: Any) -> None:
        self.client.request('DELETE', self.path(parsed_args))


class ForceComplete(OfServer, base.Command):
    arguments = (SERVER, MIGRATION)

    def take_action(self, parsed_args: Any) -> None:
        self.client.request('POST', f'{self.path(parsed_args)}/action',
                            body={'force_complete': None})


class MigrationTune(OfServer, base.Command):
    arguments = (SERVER, MIGRATION, *GOALS,
                 option('--bandwidth', 'The most MiB/s that its copy may use.', type=int))

    def take_action(self, parsed_args: Any) -> None:
        terms = {name: value for name, value in (
            ('bandwidth', parsed_args.bandwidth), ('max_downtime_ms', parsed_args.max_downtime_ms),
            ('deadline_s', parsed_args.deadline)) if value is not None}
        if not terms:
            raise errors.UsageError(
                'say what to change: --bandwidth, --max-downtime-ms, --deadline')
        self.client.request('PATCH', self.path(parsed_args), body={'migration': terms})


# -- of all servers ---------------------------------------------------------------------------
class MigrationList(base.Lister):
    arguments = (
        option('--instance-uuid', 'Only migrations of this server.'),
        option('--host', 'Only migrations from or to this host.'),
        option('--status', 'Only migrations in this status.'),
        option('--migration-type', 'Only migrations of this type, such as live-migration.'),
        option('--source-compute', 'Only migrations from this host.'),
        *PAGE, *CHANGES,
        option('--project-id', 'Only migrations of this project.'),
        option('--user-id', 'Only migrations that this user asked for.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        args = parsed_args
        migrations = self.client.list(
            '/os-migrations', 'migrations', limit=args.limit, marker=args.marker,
            instance_uuid=args.instance_uuid, host=args.host, status=args.status,
            migration_type=args.migration_type, source_compute=args.source_compute,
            project_id=args.project_id, user_id=args.user_id,
            **{'changes-since': args.changes_since, 'changes-before': args.changes_before})
        columns: list[Column] = [
            ('Source Node', 'source_node'), ('Dest Node', 'dest_node'),
            ('Source Compute', 'source_compute'), ('Dest Compute', 'dest_compute'),
            ('Dest Host', 'dest_host'), ('Status', 'status'), ('Instance UUID', 'instance_uuid'),
            ('Old Flavor', 'old_instance_type_id'), ('New Flavor', 'new_instance_type_id'),
            ('Created At', 'created_at'), ('Updated At', 'updated_at')]
        if self.client.version >= (2, 59):
            columns.insert(0, ('UUID', 'uuid'))
        if self.client.version >= (2, 23):
            columns = [('Id', 'id'), *columns, ('Type', 'migration_type')]
        if self.client.version >= (2, 80):
            columns += OWNER
        return self.table(migrations, columns)


class MigrationShow(Following):
    """Nova's API has no such request: the list is asked, which holds migrations of any status."""

    arguments = (MIGRATION, WATCH)

    def take_action(self, parsed_args: Any) -> base.Table:
        wanted = str(parsed_args.migration)
        for migration in self.client.list('/os-migrations', 'migrations'):
            if wanted in (str(migration['id']), migration.get('uuid')):
                if parsed_args.watch:
                    server = find.server(self.client, migration['instance_uuid'])
                    return self.follow_ordered(server, migration, parsed_args)
                return self.properties(migration, _with_receipt(migration))
        raise errors.CommandError(f'No migration with an ID or UUID of {wanted!r} exists.')


def _with_receipt(migration: dict[str, Any]) -> dict[str, Any]:
    """Phases, copy, goals and decisions on lines of their own, where the server tells them."""
    shown = dict(migration)
    receipt = shown.pop('nova-lite:receipt', None) or {}
    phases = shown.pop('nova-lite:phases_ms', None) or {}
    return {**shown, **{f'phase {name} (ms)': took for name, took in phases.items()},
            **{f'copy {name}': value for name, value in (receipt.get('copy') or {}).items()
               if value is not None},
            **{f'goal {name}': value for name, value in (receipt.get('goals') or {}).items()
               if value is not None},
            **{f'decision {number}': '{at} {kind} {value}: {reason}'.format(**each)
               for number, each in enumerate(receipt.get('decisions') or (), start=1)}}
