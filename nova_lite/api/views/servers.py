# SPDX-License-Identifier: Apache-2.0
"""A server as a client sees it; its ``host`` and ``status`` tell where a migration has got to.

``FIELDS`` says from which microversion each field is there, and whose it is to see.
"""
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nova_lite import objects
from nova_lite.api import paging, server_status, wsgi
from nova_lite.api.views.server_migrations import OWN
from nova_lite.conf import CONF
from nova_lite.objects import Instance
from nova_lite.policies import servers as policies

WHOLE_UPDATE_SINCE = 75     # below it the answer to PUT has only the fields marked for it
EMBEDDED_FLAVOR_SINCE = 47
COMPUTE = 'nova-compute'
FOUND_ON = OWN + 'found_on'     # hosts that have the guest though they should not


class Scene(NamedTuple):
    """What the servers of one answer have in common, looked up once for all of them."""
    request: wsgi.Request
    faults: dict[str, Any]
    services: dict[str, Any]
    sees_hosts: bool
    sees_status: bool
    sees_unknown: bool
    is_admin: bool
    sightings: dict[str, list[Any]]


class Field(NamedTuple):
    """``show`` and ``update``: whether it is in the answers to GET /servers/{id} alone, and in
    those to PUT below 2.75."""
    name: str
    value: Callable[[Instance, Scene], Any]
    since: int = 1
    hosts: bool = False
    only_show: bool = False
    update: bool = False


def set_scene(request: wsgi.Request, servers: Sequence[Instance]) -> Scene:
    can = request.context.can
    sees_status = can(policies.HOST_STATUS, fatal=False)
    sees_unknown = sees_status or can(policies.HOST_STATUS_UNKNOWN, fatal=False)
    with_fault = [server.uuid for server in servers
                  if _status(server) in server_status.WITH_FAULT]
    ctxt = request.context
    services = objects.ServiceList.get_by_filters(ctxt, binary=COMPUTE) if sees_unknown else ()
    faults = (objects.InstanceFaultList.get_latest_by_instance_uuids(ctxt, with_fault)
              if with_fault else {})
    sees_hosts = can(policies.EXTENDED, fatal=False)
    return Scene(request, faults, {service.host: service for service in services},
                 sees_hosts, sees_status, sees_unknown, bool(ctxt.is_admin),
                 _sightings(request, servers) if request.extended and sees_hosts else {})


def _sightings(request: wsgi.Request, servers: Sequence[Instance]) -> dict[str, list[Any]]:
    """Where the guests of these servers were found, other than where they should be."""
    found: dict[str, list[Any]] = {server.uuid: [] for server in servers}
    for sighting in objects.GuestSightingList.get_by_instances(request.context, list(found)):
        found[sighting.instance_uuid].append({'host': sighting.host, 'guest': sighting.state})
    return found


def basic(request: wsgi.Request, server: Instance) -> dict[str, Any]:
    return {'id': server.uuid, 'name': server.display_name,
            'links': request.links('servers', server.uuid)}


def detail(scene: Scene, server: Instance, show: bool = False,
           update: bool = False) -> dict[str, Any]:
    """All fields of the request's microversion. ``show``: one server and not a list;
    ``update``: the answer to a change of it."""
    minor = scene.request.minor
    short = update and minor < WHOLE_UPDATE_SINCE
    found = {field.name: field.value(server, scene) for field in FIELDS
             if field.since <= minor and (scene.sees_hosts or not field.hosts)
             and (show or update or not field.only_show) and (field.update or not short)}
    if server.uuid in scene.sightings and not short:
        found[FOUND_ON] = scene.sightings[server.uuid]
    return {name: value for name, value in found.items() if value is not ABSENT}


# -- values -----------------------------------------------------------------------------------
ABSENT: Any = object()      # the value of a field that this server has not


def _status(server: Instance) -> str:
    return server_status.status_of(server.vm_state, server.task_state)


def _image(server: Instance, scene: Scene) -> Any:
    if not server.image_ref:
        return ''
    link = {'rel': 'bookmark', 'href': scene.request.bookmark('images', server.image_ref)}
    return {'id': server.image_ref, 'links': [link]}


def _flavor(server: Instance, scene: Scene) -> dict[str, Any]:
    flavor = server.flavor
    if flavor is None:
        return {}
    if scene.request.minor < EMBEDDED_FLAVOR_SINCE:
        link = {'rel': 'bookmark', 'href': scene.request.bookmark('flavors', flavor.flavorid)}
        return {'id': flavor.flavorid, 'links': [link]}
    return {'original_name': flavor.name, 'vcpus': flavor.vcpus, 'ram': flavor.memory_mb,
            'disk': flavor.root_gb or 0, 'ephemeral': flavor.ephemeral_gb or 0,
            'swap': flavor.swap or 0, 'extra_specs': flavor.extra_specs or {}}


def _host_id(server: Instance, scene: Scene) -> str:
    """Tells servers of one host from those of another without saying which host it is."""
    if not server.host:
        return ''
    return hashlib.sha224(f'{server.project_id}{server.host}'.encode()).hexdigest()


def _progress(server: Instance, scene: Scene) -> Any:
    return (server.progress or 0) if _status(server) in server_status.WITH_PROGRESS else ABSENT


def _fault(server: Instance, scene: Scene) -> Any:
    fault = scene.faults.get(server.uuid)
    if fault is None:
        return ABSENT
    shown = {'code': fault.code, 'created': paging.with_seconds(fault.created_at),
             'message': fault.message or ''}
    if fault.details and (scene.is_admin or fault.code != 500):
        shown['details'] = fault.details
    return shown


def _zone(server: Instance, scene: Scene) -> str:
    return server.availability_zone or (CONF.default_availability_zone if server.host else '')


def _host_status(server: Instance, scene: Scene) -> Any:
    status = _status_of_host(server, scene)
    if scene.sees_status or (scene.sees_unknown and status == server_status.UNKNOWN):
        return status
    return ABSENT


def _status_of_host(server: Instance, scene: Scene) -> str:
    service = scene.services.get(server.host or '')
    if service is None:
        return ''
    if service.forced_down:
        return 'DOWN'
    if service.disabled:
        return 'MAINTENANCE'
    return 'UP' if service.up else server_status.UNKNOWN


def _root_device(server: Instance, scene: Scene) -> str | None:
    return '/dev/vda' if (server.image_meta or {}).get('disk') else None


def _attribute(name: str) -> Callable[[Instance, Scene], Any]:
    return lambda server, scene: getattr(server, name)


def _text(name: str) -> Callable[[Instance, Scene], str]:
    return lambda server, scene: getattr(server, name) or ''


def _time(name: str, form: Callable) -> Callable[[Instance, Scene], str | None]:
    return lambda server, scene: form(getattr(server, name))


def _always(value: Any) -> Callable[[Instance, Scene], Any]:
    return lambda server, scene: value


EXT = 'OS-EXT-SRV-ATTR:'
FIELDS = (
    Field('id', _attribute('uuid'), update=True),
    Field('name', _attribute('display_name'), update=True),
    Field('status', lambda server, scene: _status(server), update=True),
    Field('tenant_id', _text('project_id'), update=True),
    Field('user_id', _text('user_id'), update=True),
    Field('metadata', lambda server, scene: server.metadata or {}, update=True),
    Field('hostId', _host_id, update=True),
    Field('image', _image, update=True),
    Field('flavor', _flavor, update=True),
    Field('created', _time('created_at', paging.with_seconds), update=True),
    Field('updated', lambda server, scene: paging.with_seconds(
        server.updated_at or server.created_at), update=True),
    Field('addresses', _always({}), update=True),
    Field('accessIPv4', _always(''), update=True),
    Field('accessIPv6', _always(''), update=True),
    Field('links', lambda server, scene: scene.request.links('servers', server.uuid),
          update=True),
    Field('OS-DCF:diskConfig', _always('MANUAL'), update=True),
    Field('progress', _progress, update=True),
    Field('fault', _fault, update=True),
    Field('OS-EXT-AZ:availability_zone', _zone),
    Field('config_drive', _text('config_drive')),
    Field('key_name', _attribute('key_name')),
    Field('OS-SRV-USG:launched_at', _time('launched_at', paging.with_microseconds)),
    Field('OS-SRV-USG:terminated_at', _time('terminated_at', paging.with_microseconds)),
    Field('OS-EXT-STS:task_state', _attribute('task_state')),
    Field('OS-EXT-STS:vm_state', _text('vm_state')),
    Field('OS-EXT-STS:power_state', lambda server, scene: server.power_state or 0),
    Field('os-extended-volumes:volumes_attached', _always([])),
    Field(EXT + 'host', _attribute('host'), hosts=True),
    Field(EXT + 'instance_name', _attribute('name'), hosts=True),
    Field(EXT + 'hypervisor_hostname', _attribute('node'), hosts=True),
    Field(EXT + 'reservation_id', _text('reservation_id'), 3, hosts=True),
    Field(EXT + 'launch_index', _always(0), 3, hosts=True),
    Field(EXT + 'hostname', _text('hostname'), 3, hosts=True),
    Field(EXT + 'kernel_id', _always(''), 3, hosts=True),
    Field(EXT + 'ramdisk_id', _always(''), 3, hosts=True),
    Field(EXT + 'root_device_name', _root_device, 3, hosts=True),
    Field(EXT + 'user_data', _always(None), 3, hosts=True),
    Field('locked', lambda server, scene: bool(server.locked), 9, update=True),
    Field('host_status', _host_status, 16),
    Field('description', _attribute('display_description'), 19, update=True),
    Field('tags', _always([]), 26, update=True),
    Field('trusted_image_certificates', _always(None), 63, update=True),
    Field('server_groups', _always([]), 71, only_show=True, update=True),
    Field('locked_reason', _attribute('locked_reason'), 73, update=True),
)
