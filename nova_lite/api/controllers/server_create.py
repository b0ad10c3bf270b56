# SPDX-License-Identifier: Apache-2.0
"""POST /servers: boots something to move. The answer comes before the scheduler has begun.

What of Nova's request cannot be kept here (volumes, networks, user data) is refused by name, never
taken and forgotten.
"""
import secrets
import string
from typing import Any, NamedTuple

from oslo_utils import strutils

from nova_lite import exception, objects
from nova_lite.api import errors, server_list, wsgi
from nova_lite.api.controllers import server_metadata
from nova_lite.compute import api as compute_api
from nova_lite.conf import CONF
from nova_lite.policies import servers as policies
from nova_lite.virt import images

PASSWORD_ALPHABET = string.ascii_letters + string.digits
PASSWORD_LENGTH = 12        # Nova's
AT_MOST = 100               # servers of one request
# field -> what it would need
UNSUPPORTED = {
    'block_device_mapping': 'volumes', 'user_data': 'a metadata service',
    'personality': 'file injection', 'tags': 'server tags', 'key_name': 'key pairs',
    'trusted_image_certificates': 'image signatures', 'config_drive': 'config drives',
    'return_reservation_id': 'reservations of several servers',
}


class Place(NamedTuple):
    """``forced`` is past the scheduler, ``requested`` has to please it."""
    zone: str | None
    forced: str | None
    requested: str | None


def create(request: wsgi.Request, body: dict[str, Any]) -> dict[str, Any]:
    wanted = body['server']
    _refuse_unsupported(body, wanted)
    count = _count(wanted)
    flavor = _flavor(request.context, str(wanted['flavorRef']))
    image = _image(wanted.get('imageRef'), flavor)
    _check_networks(wanted.get('networks'))
    _check_devices(wanted)
    place = _place(request.context, wanted)
    password = wanted.get('adminPass') or ''.join(
        secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))
    names = ([wanted['name']] if count == 1
             else [f'{wanted["name"]}-{number}' for number in range(1, count + 1)])
    servers = [compute_api.API().create(
        request.context, name, image, flavor, metadata=wanted.get('metadata'),
        description=wanted.get('description'), availability_zone=place.zone,
        forced_host=place.forced, requested_host=place.requested) for name in names]
    first = servers[0]
    return {'server': {'id': first.uuid, 'links': request.links('servers', first.uuid),
                       'OS-DCF:diskConfig': wanted.get('OS-DCF:diskConfig', 'MANUAL'),
                       'adminPass': password, 'security_groups': [{'name': 'default'}]}}


def _refuse_unsupported(body: dict[str, Any], wanted: dict[str, Any]) -> None:
    """ValidationError names what cannot be done; empty wishes are granted."""
    server_list.refuse_addresses(wanted)
    for name, needs in UNSUPPORTED.items():
        value = wanted.get(name)
        if isinstance(value, str) and name in ('config_drive', 'return_reservation_id'):
            value = strutils.bool_from_string(value)
        if value:
            raise exception.ValidationError(detail=f'{name}: there is no support for {needs} here')
    server_metadata.check_count(wanted.get('metadata') or {})
    for name in (key for key in body if key != 'server' and body[key]):
        raise exception.ValidationError(detail=f'{name}: the scheduler takes no hints here')
    for group in wanted.get('security_groups', []):
        if group['name'] != 'default':
            raise exception.ValidationError(
                detail=f'Security group {group["name"]} not found: there are no networks here')


def _count(wanted: dict[str, Any]) -> int:
    """How many servers: all that are allowed, as each has its own place to find."""
    least = int(wanted.get('min_count', 1))
    most = int(wanted.get('max_count', least))
    if least > most:
        raise exception.ValidationError(detail='min_count must not be larger than max_count')
    if most > AT_MOST:
        raise exception.ValidationError(detail=f'At most {AT_MOST} servers with one request')
    return most


def _flavor(ctxt: Any, reference: str) -> objects.Flavor:
    """The flavor by its id or its URL; ValidationError."""
    flavor_id = reference.rstrip('/').rpartition('/')[2]
    with errors.bad_argument(exception.FlavorNotFound):
        flavor = objects.Flavor.get_by_flavor_id(ctxt, flavor_id)
        if flavor.disabled or not (flavor.is_public or ctxt.is_admin):
            raise exception.FlavorNotFound(flavor_id=flavor_id)
    return flavor


def _image(reference: str | None, flavor: objects.Flavor) -> dict[str, Any]:
    """The image by its id or its URL, and checked to fit the flavor; ValidationError."""
    if not reference:
        raise exception.ValidationError(detail='imageRef is needed: there are no volumes here')
    with errors.bad_argument(exception.ImageNotFound):
        image = images.get_image(reference.rstrip('/').rpartition('/')[2])
    if flavor.memory_mb < (image.get('min_ram') or 0):
        raise exception.ValidationError(
            detail=f'Flavor {flavor.name} has {flavor.memory_mb} MiB of memory, image '
                   f'{image["name"]} needs {image["min_ram"]}')
    if flavor.root_gb and flavor.root_gb < (image.get('min_disk') or 0):
        raise exception.ValidationError(
            detail=f'Flavor {flavor.name} has {flavor.root_gb} GiB of disk, image '
                   f'{image["name"]} needs {image["min_disk"]}')
    return image


def _check_networks(networks: Any) -> None:
    """``none`` and ``auto`` are the same here, as there are no networks to take one of."""
    for entry in networks if isinstance(networks, list) else ():
        what = entry.get('port') or entry.get('uuid')
        raise exception.ValidationError(
            detail=f'Network {what} could not be found: there are none here, use "none"')


def _check_devices(wanted: dict[str, Any]) -> None:
    """Clients describe the image's own disk as a block device too; there is no other one."""
    for device in wanted.get('block_device_mapping_v2', []):
        kind = device.get('source_type'), device.get('destination_type', 'local')
        if kind != ('image', 'local') or device.get('uuid') != wanted.get('imageRef'):
            raise exception.ValidationError(
                detail='block_device_mapping_v2: no other disk than that of the image is possible')


def _place(ctxt: Any, wanted: dict[str, Any]) -> Place:
    """Where the server is to be. ValidationError, PolicyNotAuthorized."""
    zone, _, rest = wanted.get('availability_zone', '').partition(':')
    host, _, node = rest.partition(':')
    if zone and zone != CONF.default_availability_zone:
        raise exception.ValidationError(detail=f'There is no availability zone {zone!r}')
    asked = wanted.get('host'), wanted.get('hypervisor_hostname')
    if host or node:
        ctxt.can(policies.FORCED_HOST)
        if any(asked):
            raise exception.ValidationError(
                detail='A host in availability_zone excludes host and hypervisor_hostname')
        return Place(zone or None, _host(ctxt, host, node), None)
    if any(asked):
        ctxt.can(policies.REQUESTED_DESTINATION)
        return Place(zone or None, None, _host(ctxt, *asked))
    return Place(zone or None, None, None)


def _host(ctxt: Any, host: str | None, node: str | None) -> str:
    """The host of that name, node name or both; ValidationError when there is none."""
    filters = {name: value for name, value in (('host', host), ('hypervisor_hostname', node))
               if value}
    found = list(objects.ComputeNodeList.get_by_filters(ctxt, filters))
    if not found:
        raise exception.ValidationError(detail=f'Compute host {host or node} could not be found.')
    return found[0].host
