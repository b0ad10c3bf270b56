# SPDX-License-Identifier: Apache-2.0
"""live-migration and what belongs to it: order a move, look at it, end it, force it."""
import datetime
import time
from collections.abc import Iterator
from typing import Any

from nova_lite.cli import errors, find, output, progress, watch
from nova_lite.cli.client import Client, Version
from nova_lite.cli.output import Column

COUNTERS: list[Column] = [
    ('Total Memory Bytes', 'memory_total_bytes'),
    ('Processed Memory Bytes', 'memory_processed_bytes'),
    ('Remaining Memory Bytes', 'memory_remaining_bytes'),
    ('Total Disk Bytes', 'disk_total_bytes'),
    ('Processed Disk Bytes', 'disk_processed_bytes'),
    ('Remaining Disk Bytes', 'disk_remaining_bytes')]
OWNER: list[Column] = [('Project ID', 'project_id'), ('User ID', 'user_id')]
INTERRUPTED = 130


class Moves:
    """The live migrations of one server, at any status. Reads only."""

    def __init__(self, client: Client, server: dict[str, Any]) -> None:
        self._client, self._server_id = client, server['id']
        self._project_id = server.get('tenant_id')
        self._ask_for_project = False

    def all(self) -> list[dict[str, Any]]:
        try:
            return self._list()
        except errors.ApiError as error:
            if error.status != 403 or self._ask_for_project:
                raise
        # who may not see all projects must name their own
        self._ask_for_project = True
        return self._list()

    def newest_id(self) -> int:
        """0 when the server was never migrated."""
        return max((move['id'] for move in self.all()), default=0)

    def first_after(self, migration_id: int) -> dict[str, Any] | None:
        later = [move for move in self.all() if move['id'] > migration_id]
        return min(later, key=lambda move: move['id'], default=None)

    def get(self, migration_id: int | str) -> dict[str, Any]:
        """By id or UUID. CommandError when the server has no such migration."""
        for move in self.all():
            if str(migration_id) in (str(move['id']), move.get('uuid')):
                return move
        raise errors.CommandError(
            f'Server {self._server_id} has no live migration {migration_id}.')

    def in_progress(self, migration_id: int) -> dict[str, Any] | None:
        """With byte counters; None when it is not in progress (any more)."""
        return next((move for move in self._client.get(
            f'/servers/{self._server_id}/migrations')['migrations']
            if move['id'] == migration_id), None)

    def told(self, migration_id: int) -> Iterator[dict[str, Any]] | None:
        """Its readings as the server tells of them; None when it does not."""
        told = self._client.events(f'/servers/{self._server_id}/migrations/{migration_id}/events')
        return None if told is None else (event['migration'] for event in told)

    def _list(self) -> list[dict[str, Any]]:
        # the newest come first where a limit is known; older servers give all of them
        limit = 20 if self._client.version >= (2, 59) else None
        project = self._project_id if self._ask_for_project else None
        return self._client.list(
            '/os-migrations', 'migrations', limit=limit, instance_uuid=self._server_id,
            migration_type='live-migration', project_id=project)


# -- order a move -----------------------------------------------------------------------------
def live_migration(client: Client, args: Any) -> int:
    if args.force and not args.host:
        raise errors.UsageError('--force needs a <host>')
    server = find.server(client, args.server)
    moves = Moves(client, server)
    last = moves.newest_id()
    version = _version_for(client.version, args)
    began = time.monotonic()
    client.act(server['id'], 'os-migrateLive', live_migration_body(version, args), cap=version)
    if args.watch:
        return _watched(client, server, began, args,
                        lambda display: watch.follow_new(moves, last, display))
    move = watch.until_checked(moves, last)
    if move['status'] in watch.UNSUCCESSFUL:
        raise errors.MigrationError(_result(client, server, move, None))
    if args.json:
        output.print_json(move)
    else:
        print(f"Live migration {move['id']} of server {server['name']} is {move['status']}, "
              f'{_way(move)}.')
    return 0


def _version_for(newest: Version, args: Any) -> Version:
    """The newest microversion that still has what is asked for."""
    if args.disk_over_commit:
        return min(newest, (2, 24))
    return min(newest, (2, 67)) if args.force else newest


def live_migration_body(version: Version, args: Any) -> dict[str, Any]:
    """The body of os-migrateLive in ``version``; below 2.30 a given host is always forced."""
    goals = {name: value for name, value in (
        ('max_downtime_ms', args.max_downtime_ms), ('deadline_s', args.deadline),
        ('if_not', args.if_not)) if value is not None}
    own = {'nova-lite:goals': goals} if goals else {}
    if version < (2, 25):
        return {'host': args.host, 'block_migration': args.block_migrate,
                'disk_over_commit': args.disk_over_commit, **own}
    body = {'host': args.host, 'block_migration': True if args.block_migrate else 'auto', **own}
    if args.force and version >= (2, 30):
        body['force'] = True
    return body


def _watched(client: Client, server: dict[str, Any], began: float | None, args: Any,
             follow: Any) -> int:
    """Follow a migration to its end and tell how it ended."""
    display = watch.display(server['name'], began, as_json=args.json)
    try:
        move = follow(display)
    except KeyboardInterrupt:
        _tell_interrupted(server, display.migration_id)
        return INTERRUPTED
    finally:
        display.close()
    if args.json:
        output.print_json(move)
    took = _duration(move) if began is None else time.monotonic() - began
    result = _result(client, server, move, took)
    if move['status'] != 'completed':
        raise errors.MigrationError(result)
    display.say(result)
    return 0


def _tell_interrupted(server: dict[str, Any], migration_id: int | None) -> None:
    name = server['name']
    if migration_id is None:
        output.complain(f'The migration of server {name} goes on. See it with',
                        f"  nova-lite server-migration-list {server['id']}")
        return
    what = f"{server['id']} {migration_id}"
    output.complain(f'Migration {migration_id} of server {name} goes on. Follow it with',
                    f'  nova-lite server-migration-show --watch {what}', 'or end it with',
                    f'  nova-lite live-migration-abort {what}')


def _result(client: Client, server: dict[str, Any], move: dict[str, Any],
            took: float | None) -> str:
    """One line: how it ended, where the server is now, how long it took, and why."""
    what = f"Live migration {move['id']} of server {server['name']}"
    after = f' after {took:.1f} s' if took is not None else ''
    if move['status'] == 'completed':
        return f'{what} completed{after}: {_way(move)}.'
    now = client.get(f"/servers/{server['id']}")['server']
    host = now.get('OS-EXT-SRV-ATTR:host') or move.get('source_compute')
    line = (f"{what} {watch.UNSUCCESSFUL[move['status']]}{after}, the server is {now['status']} "
            f'on {host}')
    reason = move.get(progress.REASON) or 'the API gives no reason'
    check = f' [{move[progress.FAILED_CHECK]}]' if move.get(progress.FAILED_CHECK) else ''
    return f'{line}: {reason}{check}'


def _way(move: dict[str, Any]) -> str:
    return (f"from {move.get('source_compute') or 'its host'} to "
            f"{move.get('dest_compute') or 'a host that is being chosen'}")


def _duration(move: dict[str, Any]) -> float | None:
    """Seconds from the beginning to the end of a migration that is over, as the server saw it."""
    begin = move.get('nova-lite:started_at') or move.get('created_at')
    end = move.get('nova-lite:finished_at') or move.get('updated_at')
    if not (begin and end):
        return None
    parse = datetime.datetime.fromisoformat
    return (parse(end) - parse(begin)).total_seconds()


# -- look at it, end it, force it -------------------------------------------------------------
def server_migration_list(client: Client, args: Any) -> None:
    server = find.server(client, args.server)
    migrations = client.list(f"/servers/{server['id']}/migrations", 'migrations')
    columns: list[Column] = [
        ('Id', 'id'), ('Source Node', 'source_node'), ('Dest Node', 'dest_node'),
        ('Source Compute', 'source_compute'), ('Dest Compute', 'dest_compute'),
        ('Dest Host', 'dest_host'), ('Status', 'status'), ('Server UUID', 'server_uuid'),
        ('Created At', 'created_at'), ('Updated At', 'updated_at')]
    if client.version >= (2, 80):
        columns += OWNER
    output.print_list(migrations, columns + COUNTERS, args.json)


def server_migration_show(client: Client, args: Any) -> int:
    server = find.server(client, args.server)
    if args.watch:
        return _follow(client, server, Moves(client, server).get(args.migration), args)
    number = _number(client, server, args.migration)
    migration = client.get(f"/servers/{server['id']}/migrations/{number}")['migration']
    output.print_properties(migration, args.json)
    return 0


def _follow(client: Client, server: dict[str, Any], move: dict[str, Any], args: Any) -> int:
    """Watch a migration that was ordered before."""
    moves = Moves(client, server)
    move = moves.in_progress(move['id']) or move
    return _watched(client, server, None, args, lambda display: watch.follow(
        moves, move, display, progress.Tracker(from_start=False)))


def live_migration_abort(client: Client, args: Any) -> None:
    server = find.server(client, args.server)
    number = _number(client, server, args.migration)
    client.request('DELETE', f"/servers/{server['id']}/migrations/{number}")


def live_migration_force_complete(client: Client, args: Any) -> None:
    server = find.server(client, args.server)
    number = _number(client, server, args.migration)
    client.request('POST', f"/servers/{server['id']}/migrations/{number}/action",
                   body={'force_complete': None})


def migration_tune(client: Client, args: Any) -> None:
    terms = {name: value for name, value in (
        ('bandwidth', args.bandwidth), ('max_downtime_ms', args.max_downtime_ms),
        ('deadline_s', args.deadline)) if value is not None}
    if not terms:
        raise errors.UsageError('say what to change: --bandwidth, --max-downtime-ms, --deadline')
    server = find.server(client, args.server)
    number = _number(client, server, args.migration)
    client.request('PATCH', f"/servers/{server['id']}/migrations/{number}",
                   body={'migration': terms})


def _number(client: Client, server: dict[str, Any], migration: str) -> str:
    """The API knows a migration by its number only; a UUID is looked up."""
    if not find.is_uuid(migration):
        return migration
    return str(Moves(client, server).get(migration)['id'])


def migration_list(client: Client, args: Any) -> None:
    migrations = client.list(
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
    if client.version >= (2, 59):
        columns.insert(0, ('UUID', 'uuid'))
    if client.version >= (2, 23):
        columns = [('Id', 'id'), *columns, ('Type', 'migration_type')]
    if client.version >= (2, 80):
        columns += OWNER
    output.print_list(migrations, columns, args.json)


def migration_show(client: Client, args: Any) -> int:
    """Nova's API has no such request: the list is asked, which holds migrations of any status."""
    wanted = str(args.migration)
    for migration in client.list('/os-migrations', 'migrations'):
        if wanted in (str(migration['id']), migration.get('uuid')):
            if args.watch:
                server = find.server(client, migration['instance_uuid'])
                return _follow(client, server, migration, args)
            output.print_properties(_with_receipt(migration), args.json)
            return 0
    raise errors.CommandError(f'No migration with an ID or UUID of {wanted!r} exists.')


def _with_receipt(migration: dict[str, Any]) -> dict[str, Any]:
    """Phases, copy, goals and decisions on lines of their own, where the server tells them."""
    receipt = migration.pop('nova-lite:receipt', None) or {}
    phases = migration.pop('nova-lite:phases_ms', None) or {}
    return {**migration, **{f'phase {name} (ms)': took for name, took in phases.items()},
            **{f'copy {name}': value for name, value in (receipt.get('copy') or {}).items()
               if value is not None},
            **{f'goal {name}': value for name, value in (receipt.get('goals') or {}).items()
               if value is not None},
            **{f'decision {number}': '{at} {kind} {value}: {reason}'.format(**each)
               for number, each in enumerate(receipt.get('decisions') or (), start=1)}}
