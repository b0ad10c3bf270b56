# SPDX-License-Identifier: Apache-2.0
"""instance-action-list, instance-action: what was done to a server, and how it went."""
from typing import Any

from nova_lite.cli import base, find, options, output
from nova_lite.cli.client import Client


class InstanceActionList(base.Lister):
    arguments = (options.DELETED_SERVER, *options.PAGE, *options.CHANGES)

    def take_action(self, parsed_args: Any) -> base.Table:
        args = parsed_args
        actions = self.client.list(
            f'/servers/{_server_id(self.client, args.server)}/os-instance-actions',
            'instanceActions', limit=args.limit, marker=args.marker,
            **{'changes-since': args.changes_since, 'changes-before': args.changes_before})
        columns: list[output.Column] = [
            ('Action', 'action'), ('Request_ID', 'request_id'), ('Message', 'message'),
            ('Start_Time', 'start_time')]
        if self.client.version >= (2, 58):
            columns.append(('Updated_At', 'updated_at'))
        return self.table(actions, columns, sort_by='Start_Time')


class InstanceAction(base.ShowOne):
    arguments = (options.DELETED_SERVER, options.arg(
        'request_id', metavar='<request_id>', help='Request ID of the action to get.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        server_id = _server_id(self.client, parsed_args.server)
        return self.properties(self.client.get(
            f'/servers/{server_id}/os-instance-actions/{parsed_args.request_id}')[
                'instanceAction'])


def _server_id(client: Client, name_or_id: str) -> str:
    # a deleted server is not found any more, but its actions are
    return name_or_id if find.is_uuid(name_or_id) else find.server(client, name_or_id)['id']
