# SPDX-License-Identifier: Apache-2.0
"""instance-action-list, instance-action: what was done to a server, and how it went."""
import pprint
from typing import Any

from nova_lite.cli import find, output
from nova_lite.cli.client import Client


def instance_action_list(client: Client, args: Any) -> None:
    actions = client.list(
        f'/servers/{_server_id(client, args.server)}/os-instance-actions', 'instanceActions',
        limit=args.limit, marker=args.marker,
        **{'changes-since': args.changes_since, 'changes-before': args.changes_before})
    columns: list[output.Column] = [
        ('Action', 'action'), ('Request_ID', 'request_id'), ('Message', 'message'),
        ('Start_Time', 'start_time')]
    if client.version >= (2, 58):
        columns.append(('Updated_At', 'updated_at'))
    output.print_list(actions, columns, args.json, sort_by='Start_Time')


def instance_action(client: Client, args: Any) -> None:
    action = client.get(f'/servers/{_server_id(client, args.server)}/os-instance-actions/'
                        f'{args.request_id}')['instanceAction']
    if 'events' in action and not args.json:
        action['events'] = pprint.pformat(action['events'])
    output.print_properties(action, args.json)


def _server_id(client: Client, name_or_id: str) -> str:
    # a deleted server is not found any more, but its actions are
    return name_or_id if find.is_uuid(name_or_id) else find.server(client, name_or_id)['id']
