# SPDX-License-Identifier: Apache-2.0
"""boot, list, show: make servers and look at them."""
import time
from collections.abc import Callable
from typing import Any

from nova_lite.cli import base, errors, find, output
from nova_lite.cli.client import Client
from nova_lite.cli.options import CHANGES_SINCE, PAGE, SERVER, arg, flag, option

POLL_INTERVAL = 0.5
BUILD_TIMEOUT = 600.0
POWER_STATES = {0: 'NOSTATE', 1: 'Running', 3: 'Paused', 4: 'Shutdown', 6: 'Crashed',
                7: 'Suspended'}


# -- boot -------------------------------------------------------------------------------------
class Boot(base.ShowOne):
    arguments = (
        arg('name', metavar='<name>', help='Name for the new server.'),
        option('--flavor', 'Name or ID of flavor.', required=True),
        option('--image', 'Name or ID of image.', required=True),
        option('--host', 'Host to start the server on (administrators).'),
        option('--availability-zone', 'Availability zone, also as zone:host (administrators).'),
        arg('--meta', metavar='<key=value>', action='append', default=[],
            help='Metadata of the server; can be given several times.'),
        option('--key-name', 'Key pair of the server.'),
        option('--description', 'Description of the server.'),
        arg('--nic', metavar='<auto,none>', choices=('auto', 'none'), default='auto',
            help='Network of the server: auto (the default) or none.'),
        flag('--poll', 'Report the progress until the server is there or has failed.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        args, client = parsed_args, self.client
        flavor = find.flavor(client, args.flavor)
        image = find.image(client, args.image)
        body = _new_server(client, args, flavor['id'], image['id'])
        created = client.request('POST', '/servers', body={'server': body})['server']
        server = client.get(f"/servers/{created['id']}")['server']
        if args.poll:
            server = _wait_until_built(client, server)
            if server['status'] != 'ACTIVE':
                self.failure = errors.CommandError(_why_not_built(server))
        shown = server | {key: created[key] for key in ('adminPass',) if key in created}
        return self.properties(shown, flatten(shown, image['name']))


def _new_server(client: Client, args: Any, flavor_id: str, image_id: str) -> dict[str, Any]:
    body = {'name': args.name, 'flavorRef': flavor_id, 'imageRef': image_id}
    optional = {'availability_zone': args.availability_zone, 'host': args.host,
                'key_name': args.key_name, 'description': args.description,
                'metadata': _key_values(args.meta)}
    body.update({name: value for name, value in optional.items() if value})
    if client.version >= (2, 37):
        body['networks'] = args.nic
    if args.host and client.version < (2, 74):
        raise errors.CommandError('--host needs a server with microversion 2.74; use '
                                  f'--availability-zone nova:{args.host}')
    return body


def _key_values(pairs: list[str]) -> dict[str, str]:
    for pair in pairs:
        if '=' not in pair:
            raise errors.CommandError(f"'{pair}' is not in the format key=value")
    return dict(pair.split('=', 1) for pair in pairs)


def _wait_until_built(client: Client, server: dict[str, Any]) -> dict[str, Any]:
    """The server once it is no longer being built, at most BUILD_TIMEOUT seconds later."""
    end = time.monotonic() + BUILD_TIMEOUT
    told = None
    while server['status'] == 'BUILD':
        task = server.get('OS-EXT-STS:task_state')
        if task != told:
            output.complain(f"Server {server['name']} is being built: {task or 'starting'}")
            told = task
        if time.monotonic() > end:
            break
        time.sleep(POLL_INTERVAL)
        server = client.get(f"/servers/{server['id']}")['server']
    return server


def _why_not_built(server: dict[str, Any]) -> str:
    if server['status'] == 'BUILD':
        return f"Server {server['name']} is still being built after {BUILD_TIMEOUT:.0f} s"
    reason = server.get('fault', {}).get('message', 'the server says no reason')
    return f"Server {server['name']} is in status {server['status']}: {reason}"


# -- list and show ----------------------------------------------------------------------------
class ListServers(base.Lister):
    arguments = (
        option('--name', 'Only servers whose name matches this regular expression.'),
        option('--status', 'Only servers in this status.'),
        option('--host', 'Only servers on this host (administrators).'),
        flag('--all-tenants', 'Servers of all projects (administrators).'),
        flag('--deleted', 'Only deleted servers (administrators).'),
        CHANGES_SINCE,
        option('--fields', 'Columns besides ID, separated by commas, such as name,host,status.'),
        flag('--minimal', 'Get only ID and name.'),
        option('--sort', 'Keys to sort by, such as created_at:asc,display_name.',
               metavar='<key>[:<direction>]'),
        *PAGE)

    def take_action(self, parsed_args: Any) -> base.Table:
        args = parsed_args
        sort_keys, sort_dirs = _sort(args.sort)
        path = '/servers' if args.minimal else '/servers/detail'
        servers = self.client.list(
            path, 'servers', limit=args.limit, marker=args.marker, name=args.name,
            status=args.status, host=args.host, all_tenants=1 if args.all_tenants else None,
            deleted=args.deleted or None, sort_key=sort_keys, sort_dir=sort_dirs,
            **{'changes-since': args.changes_since})
        return self.table(servers, _list_columns(args),
                          sort_by=None if args.sort or args.fields else 'Name')


def _sort(text: str | None) -> tuple[list[str] | None, list[str] | None]:
    """'created_at:asc,name' -> the keys and the directions; a direction left out is desc."""
    if not text:
        return None, None
    keys = [part.partition(':')[0] for part in text.split(',')]
    directions = [part.partition(':')[2] or 'desc' for part in text.split(',')]
    for direction in directions:
        if direction not in ('asc', 'desc'):
            raise errors.CommandError(f'Unknown sort direction: {direction}')
    return keys, directions


def _list_columns(args: Any) -> list[output.Column]:
    if args.minimal:
        return [('ID', 'id'), ('Name', 'name')]
    if args.fields:
        return [('ID', 'id')] + [(field.replace('_', ' ').title(), _field(field))
                                 for field in args.fields.split(',') if field != 'id']
    columns: list[output.Column] = [
        ('ID', 'id'), ('Name', 'name'), ('Status', 'status'),
        ('Task State', 'OS-EXT-STS:task_state'), ('Power State', _power_state),
        ('Networks', _networks)]
    if args.all_tenants:
        columns.insert(2, ('Tenant ID', 'tenant_id'))
    if args.changes_since:
        columns.append(('Updated', 'updated'))
    return columns


def _field(name: str) -> Callable[[dict[str, Any]], Any]:
    """``host`` stands for OS-EXT-SRV-ATTR:host and the like; CommandError for no such field."""
    def value(server: dict[str, Any]) -> Any:
        if name == 'networks':
            return _networks(server)
        for key, found in server.items():
            if name in (key, key.rpartition(':')[2]):
                return found
        raise errors.CommandError(f'Non-existent fields are specified: {name}')
    return value


def _power_state(server: dict[str, Any]) -> str:
    return POWER_STATES.get(server.get('OS-EXT-STS:power_state', -1), 'N/A')


def _networks(server: dict[str, Any]) -> str:
    return '; '.join(f"{name}={', '.join(address['addr'] for address in addresses)}"
                     for name, addresses in (server.get('addresses') or {}).items() if addresses)


class ShowServer(base.ShowOne):
    arguments = (SERVER, flag('--minimal', 'Do not look up the name of the image.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        server = find.server(self.client, parsed_args.server)
        image_name = None
        if server.get('image') and not (parsed_args.minimal or self.raw):
            image_name = _image_name(self.client, server['image']['id'])
        return self.properties(server, flatten(server, image_name))


def _image_name(client: Client, image_id: str) -> str:
    try:
        return client.images(f'/images/{image_id}')['name']
    except errors.CommandError:
        return 'Image not found'


def flatten(server: dict[str, Any], image_name: str | None) -> dict[str, Any]:
    """One property a line, as novaclient shows a server."""
    flat = {key: value for key, value in server.items()
            if key not in ('links', 'addresses', 'flavor', 'image', 'security_groups')}
    for name, addresses in (server.get('addresses') or {}).items():
        flat[f'{name} network'] = ', '.join(address['addr'] for address in addresses)
    flavor = server.get('flavor') or {}
    if 'original_name' in flavor:
        flat.update({f'flavor:{key}': value for key, value in flavor.items()})
    else:
        flat['flavor'] = flavor.get('id', '')
    image_id = (server.get('image') or {}).get('id', '')
    flat['image'] = f'{image_name} ({image_id})' if image_name else image_id
    if 'security_groups' in server:
        flat['security_groups'] = ', '.join(
            sorted({group['name'] for group in server['security_groups']}))
    return flat
