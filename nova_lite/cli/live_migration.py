# SPDX-License-Identifier: Apache-2.0
"""live-migration: order a move, and what all have who follow one to its end."""
import sys
import time
from collections.abc import Callable
from typing import Any

from nova_lite.cli import base, errors, find, output, watch
from nova_lite.cli.client import Client, Version
from nova_lite.cli.moves import UNSUCCESSFUL, Moves, duration, result, way
from nova_lite.cli.options import MOVE, SERVER, WATCH, arg
from nova_lite.cli.progress import Tracker


class Following(base.ShowOne):
    """A migration as a table or, when it is followed, as what happens; formats for programs have
    its last record then, and what happens goes to stderr."""

    # what is told in place of the table
    sentence: str | None = None

    def follow_ordered(self, server: dict[str, Any], move: dict[str, Any],
                       args: Any) -> base.Table:
        """Follow a migration that was ordered before."""
        moves = Moves(self.client, server)
        move = moves.in_progress(move['id']) or move
        return self.followed(server, None, args, lambda display: watch.follow(
            moves, move, display, Tracker(from_start=False)))

    def followed(self, server: dict[str, Any], began: float | None, args: Any,
                 follow: Callable[[Any], dict[str, Any]]) -> base.Table:
        """``began``: when it was ordered; None when somebody else did that."""
        display = watch.display(server['name'], began, as_json=self._for_program(args))
        try:
            move = follow(display)
        except KeyboardInterrupt:
            _tell_interrupted(server, display.migration_id)
            raise
        finally:
            display.close()
        took = duration(move) if began is None else time.monotonic() - began
        return self.ended(server, move, result(self.client, server, move, took))

    def ended(self, server: dict[str, Any], move: dict[str, Any], sentence: str) -> base.Table:
        self.sentence = sentence
        if move['status'] in UNSUCCESSFUL:
            self.failure = errors.MigrationError(sentence)
        return self.properties(move)

    def produce_output(self, parsed_args: Any, column_names: Any, data: Any) -> int:
        if self.sentence is None or self._for_program(parsed_args):
            super().produce_output(parsed_args, column_names, data)
        if self.failure is not None:
            raise self.failure
        if self.sentence is not None:
            stream = sys.stderr if self._for_program(parsed_args) else self.app.stdout
            print(self.sentence, file=stream)
        return 0

    def _for_program(self, args: Any) -> bool:
        return self.raw or args.formatter != self.formatter_default


class LiveMigration(Following):
    arguments = (
        SERVER,
        arg('host', metavar='<host>', nargs='?',
            help='Destination host; the scheduler chooses one if none is given.'),
        *MOVE, WATCH)

    def take_action(self, parsed_args: Any) -> base.Table:
        check(parsed_args)
        server = find.server(self.client, parsed_args.server)
        moves = Moves(self.client, server)
        last = moves.newest_id()
        began = time.monotonic()
        order(self.client, server, parsed_args)
        if parsed_args.watch:
            return self.followed(server, began, parsed_args,
                                 lambda display: watch.follow_new(moves, last, display))
        move = watch.until_checked(moves, last)
        if move['status'] in UNSUCCESSFUL:
            return self.ended(server, move, result(self.client, server, move, None))
        return self.ended(server, move, f"Live migration {move['id']} of server {server['name']} "
                          f"is {move['status']}, {way(move)}.")


def order(client: Client, server: dict[str, Any], args: Any) -> None:
    """``args`` as options.MOVE has them, and ``host``. Raises: CommandError."""
    version = _version_for(client.version, args)
    client.act(server['id'], 'os-migrateLive', live_migration_body(version, args), cap=version)


def check(args: Any) -> None:
    """Raises: UsageError when the arguments of a move do not fit together."""
    if args.force and not args.host:
        raise errors.UsageError('--force needs a <host>')


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
