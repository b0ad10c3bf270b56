# SPDX-License-Identifier: Apache-2.0
"""boot, list, show, delete, start, stop, pause, unpause, lock, unlock: servers but for moving."""
import time
from collections.abc import Callable
from typing import Any

from nova_lite.cli import errors, find, output
from nova_lite.cli.client import Client

POLL_INTERVAL = 0.5
BUILD_TIMEOUT = 600.0
POWER_STATES = {0: 'NOSTATE', 1: 'Running', 3: 'Paused', 4: 'Shutdown', 6: 'Crashed',
                7: 'Suspended'}


# -- boot -------------------------------------------------------------------------------------
def boot(client: Client, args: Any) -> int:
    flavor = find.flavor(client, args.flavor)
    image = find.image(client, args.image)
    body = {'name': args.name, 'flavorRef': flavor['id'], 'imageRef': image['id']}
    optional = {'availability_zone': args.availability_zone, 'host': args.host,
                'key_name': args.key_name, 'description': args.description,
                'metadata': _key_values(args.meta)}
    body.update({name: value for name, value in optional.items() if value})
    if client.version >= (2, 37):
        body['networks'] = args.nic
    if args.host and client.version < (2, 74):
        raise errors.CommandError('--host needs a server with microversion 2.74; use '
                                  f'--availability-zone nova:{args.host}')
    created = client.request('POST', '/servers', body={'server': body})['server']
    server = client.get(f"/servers/{created['id']}")['server']
    succeeded = True
    if args.poll:
        server = _wait_until_built(client, server)
        succeeded = server['status'] == 'ACTIVE'
    shown = server | {key: created[key] for key in ('adminPass',) if key in created}
    output.print_properties(shown if args.json else flatten(shown, image['name']), args.json)
    if not succeeded:
        raise errors.CommandError(_why_not_built(server))
    return 0


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
def list_servers(client: Client, args: Any) -> None:
    sort_keys, sort_dirs = _sort(args.sort)
    path = '/servers' if args.minimal else '/servers/detail'
    servers = client.list(
        path, 'servers', limit=args.limit, marker=args.marker, name=args.name,
        status=args.status, host=args.host, all_tenants=1 if args.all_tenants else None,
        deleted=args.deleted or None, sort_key=sort_keys, sort_dir=sort_dirs,
        **{'changes-since': args.changes_since})
    output.print_list(servers, _list_columns(args), args.json,
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
    return POWER_STATES.get(server.get('OS-EXT-STS:power_state'), 'N/A')


def _networks(server: dict[str, Any]) -> str:
    return '; '.join(f"{name}={', '.join(address['addr'] for address in addresses)}"
                     for name, addresses in (server.get('addresses') or {}).items() if addresses)


def show(client: Client, args: Any) -> None:
    server = find.server(client, args.server)
    if args.json:
        output.print_json(server)
        return
    image_name = None
    if server.get('image') and not args.minimal:
        image_name = _image_name(client, server['image']['id'])
    output.print_properties(flatten(server, image_name), False, wrap=args.wrap)


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


# -- actions ----------------------------------------------------------------------------------
def delete(client: Client, args: Any) -> int:
    return _each(args.server, 'delete', lambda name: client.request(
        'DELETE', f"/servers/{find.server(client, name)['id']}"))


def start(client: Client, args: Any) -> int:
    return _each(args.server, 'start', lambda name: client.act(
        find.server(client, name)['id'], 'os-start'))


def stop(client: Client, args: Any) -> int:
    return _each(args.server, 'stop', lambda name: client.act(
        find.server(client, name)['id'], 'os-stop'))


def _each(names: list[str], verb: str, act: Callable[[str], Any]) -> int:
    """Do it to every server, also after one of them refuses."""
    failed = False
    for name in names:
        try:
            act(name)
            print(f'Request to {verb} server {name} has been accepted.')
        except errors.CommandError as error:
            output.complain(f'ERROR ({error.kind}): {error}')
            failed = True
    if failed:
        raise errors.CommandError(f'Unable to {verb} the specified server(s).')
    return 0


def pause(client: Client, args: Any) -> None:
    client.act(find.server(client, args.server)['id'], 'pause')


def unpause(client: Client, args: Any) -> None:
    client.act(find.server(client, args.server)['id'], 'unpause')


def lock(client: Client, args: Any) -> None:
    server_id = find.server(client, args.server)['id']
    if args.reason and client.version < (2, 73):
        raise errors.CommandError('--reason needs a server with microversion 2.73')
    client.act(server_id, 'lock', {'locked_reason': args.reason} if args.reason else None)


def unlock(client: Client, args: Any) -> None:
    client.act(find.server(client, args.server)['id'], 'unlock')
