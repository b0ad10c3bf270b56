# SPDX-License-Identifier: Apache-2.0
"""Servers, their metadata, and what was done to them."""
from nova_lite.api.schemas.shapes import (
    COUNT,
    FLAG,
    LINK,
    LINKS,
    NOTHING,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    TIME_Z,
    UUID,
    WORDS,
    Changing,
    Field,
    Many,
    Shape,
    one,
    or_null,
    page,
)

EXT = 'OS-EXT-SRV-ATTR:'
EMPTY = {'const': ''}

BRIEF = Shape(Field('id', UUID), Field('name', TEXT), Field('links', LINKS))

_REFERENCE = Shape(Field('id', TEXT), Field('links', Many(LINK)))
_FLAVOR = Shape(
    Field('id', TEXT, until=46), Field('links', LINKS, until=46),
    Field('original_name', TEXT, 47), Field('vcpus', COUNT, 47), Field('ram', COUNT, 47),
    Field('disk', COUNT, 47), Field('ephemeral', COUNT, 47), Field('swap', COUNT, 47),
    Field('extra_specs', WORDS, 47, optional=True))
_FAULT = Shape(Field('code', NUMBER), Field('created', TIME_Z), Field('message', TEXT),
               Field('details', TEXT, optional=True))
_IMAGE = {'anyOf': [_REFERENCE.at(1), EMPTY]}

# in every answer that has more than the name
_BASE = (
    Field('id', UUID), Field('name', TEXT), Field('status', TEXT), Field('tenant_id', TEXT),
    Field('user_id', TEXT), Field('metadata', WORDS), Field('hostId', TEXT),
    Field('image', _IMAGE), Field('flavor', _FLAVOR), Field('created', TIME_Z),
    Field('updated', TIME_Z), Field('addresses', {'type': 'object'}),
    Field('accessIPv4', TEXT), Field('accessIPv6', TEXT), Field('links', LINKS),
    Field('OS-DCF:diskConfig', {'enum': ['AUTO', 'MANUAL']}),
    Field('progress', COUNT, optional=True), Field('fault', _FAULT, optional=True),
    Field('locked', FLAG, 9), Field('description', or_null(TEXT), 19),
    Field('tags', Many(TEXT), 26),
    Field('trusted_image_certificates', or_null({'type': 'array', 'items': TEXT}), 63),
    Field('locked_reason', or_null(TEXT), 73))


def _full(since: int) -> tuple[Field, ...]:
    """What a look tells beyond _BASE; the answer to a change does from 2.75 on."""
    def later(version: int) -> int:
        return max(since, version)

    return (
        Field('OS-EXT-AZ:availability_zone', TEXT, since), Field('config_drive', TEXT, since),
        Field('key_name', or_null(TEXT), since),
        Field('OS-SRV-USG:launched_at', or_null(TIME), since),
        Field('OS-SRV-USG:terminated_at', or_null(TIME), since),
        Field('OS-EXT-STS:task_state', or_null(TEXT), since),
        Field('OS-EXT-STS:vm_state', TEXT, since),
        Field('OS-EXT-STS:power_state', {'enum': [0, 1, 3, 4, 6, 7]}, since),
        Field('os-extended-volumes:volumes_attached', NOTHING, since),
        # for administrators
        Field(EXT + 'host', or_null(TEXT), since, optional=True),
        Field(EXT + 'instance_name', TEXT, since, optional=True),
        Field(EXT + 'hypervisor_hostname', or_null(TEXT), since, optional=True),
        Field(EXT + 'reservation_id', TEXT, later(3), optional=True),
        Field(EXT + 'launch_index', COUNT, later(3), optional=True),
        Field(EXT + 'hostname', TEXT, later(3), optional=True),
        Field(EXT + 'kernel_id', TEXT, later(3), optional=True),
        Field(EXT + 'ramdisk_id', TEXT, later(3), optional=True),
        Field(EXT + 'root_device_name', or_null(TEXT), later(3), optional=True),
        Field(EXT + 'user_data', NULL, later(3), optional=True),
        Field('host_status', {'enum': ['UP', 'DOWN', 'MAINTENANCE', 'UNKNOWN', '']}, later(16),
              optional=True))


_GROUPS = Field('server_groups', NOTHING, 71)

LIST = page('servers', BRIEF, 'servers_links')
DETAIL = page('servers', Shape(*_BASE, *_full(1)), 'servers_links')
SHOW = one('server', Shape(*_BASE, *_full(1), _GROUPS))
UPDATE = one('server', Shape(*_BASE, *_full(75), _GROUPS))

_CREATED = Shape(
    Field('id', UUID), Field('links', LINKS), Field('OS-DCF:diskConfig', TEXT),
    Field('adminPass', TEXT), Field('security_groups', Many(one('name', TEXT))))
CREATE = one('server', _CREATED)

METADATA = one('metadata', WORDS)
META = one('meta', {**WORDS, 'minProperties': 1, 'maxProperties': 1})

# -- where its guest is -----------------------------------------------------------------------
_RECORD = Shape(
    Field('host', or_null(TEXT)), Field('node', or_null(TEXT)), Field('vm_state', or_null(TEXT)),
    Field('task_state', or_null(TEXT)), Field('generation', COUNT))
_PLACE = Shape(Field('host', TEXT), Field('guest', TEXT),
               Field('service', {'enum': ['up', 'down', 'forced down']}))
LOCATION = one('location', Shape(
    Field('record', _RECORD), Field('hosts', Many(_PLACE)), Field('place', or_null(TEXT)),
    Field('reasons', Many(TEXT)), Field('remarks', Many(TEXT))))

# -- what was done to a server ----------------------------------------------------------------
_ACTION = (
    Field('action', TEXT), Field('instance_uuid', UUID), Field('request_id', TEXT),
    Field('user_id', TEXT), Field('project_id', TEXT), Field('start_time', TIME),
    Field('message', or_null(TEXT)), Field('updated_at', TIME, 58))
_EVENT = Shape(
    Field('event', TEXT), Field('start_time', TIME), Field('finish_time', or_null(TIME)),
    Field('result', or_null(TEXT)), Field('traceback', or_null(TEXT), optional=True),
    Field('hostId', TEXT, 62), Field('host', or_null(TEXT), 62, optional=True))
ACTIONS = page('instanceActions', Shape(*_ACTION), 'links', 58)
# the events are for administrators alone below 2.51
ACTION = one('instanceAction', Changing(
    (1, Shape(*_ACTION, Field('events', Many(_EVENT), optional=True))),
    (51, Shape(*_ACTION, Field('events', Many(_EVENT))))))
