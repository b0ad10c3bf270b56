# SPDX-License-Identifier: Apache-2.0
"""host-evacuate-live: every server of a host moves, and each has its line."""
from typing import Any

from nova_lite.cli import base, errors, find, live_migration, watch
from nova_lite.cli.moves import UNSUCCESSFUL, Moves, reason
from nova_lite.cli.options import MOVE, arg, option


class HostEvacuateLive(base.Lister):
    arguments = (
        arg('source', metavar='<host>', help='Name of the host that is to be left.'),
        option('--target-host', 'Host for all of them; the scheduler chooses one for each if none '
               'is given.', dest='host'),
        option('--max-servers', 'Move at most this many.', type=int),
        *MOVE)

    def take_action(self, parsed_args: Any) -> base.Table:
        """All are ordered before one is waited for; what counts is what the checks say, which
        come after the API's answer."""
        live_migration.check(parsed_args)
        find.service(self.client, parsed_args.source)
        servers = self.client.list('/servers/detail', 'servers', host=parsed_args.source,
                                   all_tenants=1, limit=parsed_args.max_servers)
        ordered = [self._order(server, parsed_args) for server in servers]
        rows = [row if moves is None else self._checked(row, moves, last)
                for row, moves, last in ordered]
        refused = [row for row in rows if row['error']]
        if refused:
            self.failure = errors.CommandError(
                f'{len(refused)} of {len(rows)} servers do not leave host {parsed_args.source}.')
        return self.table(rows, [
            ('Server UUID', 'id'), ('Name', 'name'), ('Migration', 'migration'),
            ('Status', 'status'), ('Dest Compute', 'dest_compute'), ('Error Message', 'error')])

    def _order(self, server: dict[str, Any],
               args: Any) -> tuple[dict[str, Any], Moves | None, int]:
        """The row as far as it is known, and what is needed to ask for the rest of it."""
        row = {'id': server['id'], 'name': server['name'], 'migration': None,
               'status': 'refused', 'dest_compute': None, 'error': None}
        moves = Moves(self.client, server)
        try:
            last = moves.newest_id()
            live_migration.order(self.client, server, args)
        except errors.CommandError as error:
            return {**row, 'error': str(error)}, None, 0
        return {**row, 'status': 'accepted'}, moves, last

    def _checked(self, row: dict[str, Any], moves: Moves, last: int) -> dict[str, Any]:
        try:
            move = watch.until_checked(moves, last)
        except errors.CommandError as error:
            return {**row, 'error': str(error)}
        return {**row, 'migration': move['id'], 'status': move['status'],
                'dest_compute': move.get('dest_compute'),
                'error': reason(move) if move['status'] in UNSUCCESSFUL else None}
