# SPDX-License-Identifier: Apache-2.0
"""From what a user types, a name or an ID, to the thing itself."""
import re
import uuid
from typing import Any

from nova_lite.cli import errors
from nova_lite.cli.client import Client


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def server(client: Client, name_or_id: str) -> dict[str, Any]:
    """The server as GET /servers/{id} shows it. CommandError when there is none, or several."""
    if is_uuid(name_or_id):
        try:
            return client.get(f'/servers/{name_or_id}')['server']
        except errors.ApiError as error:
            if error.status != 404:
                raise
    matches = _servers_named(client, name_or_id) or _servers_of_all_named(client, name_or_id)
    if not matches:
        raise errors.CommandError(f"No server with a name or ID of '{name_or_id}' exists.")
    if len(matches) > 1:
        lines = [f"  {match['id']}  {match['status']}" for match in matches]
        raise errors.CommandError(
            '\n'.join([f"Multiple servers are called '{name_or_id}', use an ID:", *lines]))
    return matches[0]


def _servers_named(client: Client, name: str, **more: Any) -> list[dict[str, Any]]:
    # the API takes a regular expression; databases differ in it, so the answer is looked at again
    found = client.list('/servers/detail', 'servers', name=f'^{re.escape(name)}$', **more)
    return [match for match in found if match['name'] == name]


def _servers_of_all_named(client: Client, name: str) -> list[dict[str, Any]]:
    """In all projects, where the user may look there."""
    try:
        return _servers_named(client, name, all_tenants=1)
    except errors.ApiError as error:
        if error.status == 403:
            return []
        raise


def service(client: Client, host_or_id: str) -> dict[str, Any]:
    """By ID, or the nova-compute of a host."""
    services = client.list('/os-services', 'services')
    for found in services:
        if str(found['id']) == host_or_id:
            return found
    for found in services:
        if (found['binary'], found['host']) == ('nova-compute', host_or_id):
            return found
    raise errors.CommandError(f"No service with an ID of '{host_or_id}', and no nova-compute on a "
                              'host of that name exists. See nova-lite service-list')


def flavor(client: Client, name_or_id: str) -> dict[str, Any]:
    return _one('flavor', name_or_id,
                client.list('/flavors/detail', 'flavors', is_public='None'))


def image(client: Client, name_or_id: str) -> dict[str, Any]:
    if is_uuid(name_or_id):
        return {'id': name_or_id, 'name': name_or_id}
    return _one('image', name_or_id, client.images('/images', name=name_or_id)['images'])


def _one(kind: str, name_or_id: str, things: list[dict[str, Any]]) -> dict[str, Any]:
    """An ID counts before a name."""
    matches = ([thing for thing in things if thing['id'] == name_or_id]
               or [thing for thing in things if thing['name'] == name_or_id])
    if not matches:
        raise errors.CommandError(f"No {kind} with a name or ID of '{name_or_id}' exists.")
    if len(matches) > 1:
        raise errors.CommandError(
            f"Multiple {kind}s are called '{name_or_id}', use an ID: "
            f"{', '.join(match['id'] for match in matches)}")
    return matches[0]
