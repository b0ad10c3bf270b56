# SPDX-License-Identifier: Apache-2.0
"""The live migrations of one server, and one line about how one of them ended."""
import datetime
from collections.abc import Iterator
from typing import Any

from nova_lite.cli import errors, progress
from nova_lite.cli.client import Client

UNSUCCESSFUL = {'error': 'ended with an error', 'failed': 'failed', 'cancelled': 'was cancelled'}


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


def result(client: Client, server: dict[str, Any], move: dict[str, Any],
           took: float | None) -> str:
    """One line: how it ended, where the server is now, how long it took, and why."""
    what = f"Live migration {move['id']} of server {server['name']}"
    after = f' after {took:.1f} s' if took is not None else ''
    if move['status'] == 'completed':
        return f'{what} completed{after}: {way(move)}.'
    now = client.get(f"/servers/{server['id']}")['server']
    host = now.get('OS-EXT-SRV-ATTR:host') or move.get('source_compute')
    return (f"{what} {UNSUCCESSFUL[move['status']]}{after}, the server is {now['status']} "
            f'on {host}: {reason(move)}')


def reason(move: dict[str, Any]) -> str:
    """Why a migration did not succeed, and which check said so."""
    check = f' [{move[progress.FAILED_CHECK]}]' if move.get(progress.FAILED_CHECK) else ''
    return (move.get(progress.REASON) or 'the API gives no reason') + check


def way(move: dict[str, Any]) -> str:
    return (f"from {move.get('source_compute') or 'its host'} to "
            f"{move.get('dest_compute') or 'a host that is being chosen'}")


def duration(move: dict[str, Any]) -> float | None:
    """Seconds from the beginning to the end of a migration that is over, as the server saw it."""
    begin = move.get('nova-lite:started_at') or move.get('created_at')
    end = move.get('nova-lite:finished_at') or move.get('updated_at')
    if not (begin and end):
        return None
    parse = datetime.datetime.fromisoformat
    return (parse(end) - parse(begin)).total_seconds()
