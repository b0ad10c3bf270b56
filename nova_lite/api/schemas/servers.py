# SPDX-License-Identifier: Apache-2.0
"""What can be asked of /servers: creating, changing, listing."""
from typing import Any

from nova_lite.api.schemas.parameter_types import (
    BOOLISH,
    COUNT,
    DESCRIPTION,
    FQDN,
    LIMIT,
    METADATA,
    NAME,
    TEXT,
    TIME,
    UUID,
    integer,
    obj,
    wrapped,
)
from nova_lite.api.validation import Body, Param, Query

DISK_CONFIG = {'enum': ['AUTO', 'MANUAL']}
ADDRESS_4 = {'anyOf': [{'type': 'string', 'format': 'ipv4'}, {'enum': ['']}]}
ADDRESS_6 = {'anyOf': [{'type': 'string', 'format': 'ipv6'}, {'enum': ['']}]}
REFERENCE = {'type': 'string', 'maxLength': 1024}
TAG = {'type': 'string', 'minLength': 1, 'maxLength': 60}
HINTS = ('os:scheduler_hints', 'OS-SCH-HNT:scheduler_hints')
NETWORKS_REQUIRED_SINCE = 37
TAGGED_NETWORKS = (*range(32, 37), *range(42, 81))


def _networks(minor: int) -> dict[str, Any]:
    entry: dict[str, Any] = {'fixed_ip': {'type': 'string'},
                             'port': {**UUID, 'type': ['string', 'null']}, 'uuid': UUID}
    if minor in TAGGED_NETWORKS:
        entry['tag'] = TAG
    entries = {'type': 'array', 'items': obj(entry)}
    if minor < NETWORKS_REQUIRED_SINCE:
        return entries
    return {'anyOf': [entries, {'enum': ['none', 'auto']}]}


def _create(minor: int) -> dict[str, Any]:
    """The body of POST /servers as it is at ``minor``."""
    server: dict[str, Any] = {
        'name': NAME, 'imageRef': REFERENCE,
        'flavorRef': {'type': ['string', 'integer'], 'minLength': 1, 'maxLength': 1024},
        'adminPass': {'type': 'string', 'maxLength': 255}, 'metadata': METADATA,
        'networks': _networks(minor), 'OS-DCF:diskConfig': DISK_CONFIG,
        'accessIPv4': ADDRESS_4, 'accessIPv6': ADDRESS_6,
        'availability_zone': {'type': 'string', 'minLength': 1, 'maxLength': 255},
        'key_name': NAME, 'min_count': integer(1), 'max_count': integer(1),
        'return_reservation_id': BOOLISH, 'config_drive': {'enum': [*BOOLISH['enum'], '', None]},
        'user_data': {'type': 'string', 'maxLength': 65535},
        'security_groups': {'type': 'array', 'items': obj({'name': NAME}, ['name'])},
        'block_device_mapping': {'type': 'array'},
        'block_device_mapping_v2': {'type': 'array', 'items': {'type': 'object'}},
    }
    if minor >= 19:
        server['description'] = DESCRIPTION
    if minor >= 52:
        server['tags'] = {'type': 'array', 'maxItems': 50, 'items': TAG}
    if minor < 57:
        server['personality'] = {'type': 'array', 'items': {'type': 'object'}}
    if minor >= 63:
        server['trusted_image_certificates'] = {'type': ['array', 'null'], 'maxItems': 50,
                                                'items': {'type': 'string', 'minLength': 1}}
    if minor >= 74:
        server |= {'host': FQDN, 'hypervisor_hostname': FQDN}
    required = ['name', 'flavorRef']
    if minor >= NETWORKS_REQUIRED_SINCE:
        required.append('networks')
    return obj({'server': obj(server, required), **{hint: {'type': 'object'} for hint in HINTS}},
               ['server'])


def _update(minor: int) -> dict[str, Any]:
    server: dict[str, Any] = {'name': NAME, 'OS-DCF:diskConfig': DISK_CONFIG,
                              'accessIPv4': ADDRESS_4, 'accessIPv6': ADDRESS_6}
    if minor >= 19:
        server['description'] = DESCRIPTION
    return wrapped('server', obj(server))


CREATE = Body(*((minor, _create(minor)) for minor in (1, 19, 32, 37, 42, 52, 57, 63, 74)))
UPDATE = Body((1, _update(1)), (19, _update(19)))

# -- lists ------------------------------------------------------------------------------------
SORT_KEYS = ('availability_zone', 'config_drive', 'created_at', 'display_description',
             'display_name', 'host', 'hostname', 'image_ref', 'key_name', 'launched_at', 'locked',
             'locked_by', 'node', 'power_state', 'progress', 'project_id', 'task_state',
             'terminated_at', 'updated_at', 'user_id', 'uuid', 'vm_state')
# Nova's, of things that servers here have not: they change nothing
MOOT_SORT_KEYS = ('access_ip_v4', 'access_ip_v6', 'architecture', 'auto_disk_config',
                  'instance_type_id', 'kernel_id', 'launch_index', 'ramdisk_id',
                  'root_device_name')
PATTERN = {**TEXT, 'format': 'regex'}

LIST = Query(
    LIMIT, Param('marker', UUID),
    Param('sort_key', {'enum': [*SORT_KEYS, *MOOT_SORT_KEYS]}, many=True),
    Param('sort_dir', {'enum': ['asc', 'desc']}, many=True),
    Param('name', PATTERN), Param('status', TEXT, many=True), Param('image', TEXT),
    Param('flavor', TEXT), Param('reservation_id', TEXT), Param('changes-since', TIME),
    Param('changes-before', TIME, 66), Param('all_tenants', TEXT), Param('deleted', TEXT),
    Param('ip', PATTERN), Param('ip6', PATTERN), Param('host', TEXT), Param('node', TEXT),
    Param('hostname', TEXT), Param('uuid', UUID), Param('tenant_id', TEXT),
    Param('project_id', TEXT), Param('user_id', TEXT), Param('vm_state', TEXT),
    Param('task_state', TEXT), Param('power_state', COUNT), Param('availability_zone', TEXT),
    Param('key_name', TEXT), Param('locked_by', TEXT), Param('description', PATTERN),
    Param('progress', COUNT), Param('config_drive', TEXT), Param('tags', TEXT, 26),
    Param('tags-any', TEXT, 26), Param('not-tags', TEXT, 26), Param('not-tags-any', TEXT, 26),
    Param('locked', TEXT, 73),
    strict_since=75)
