# SPDX-License-Identifier: Apache-2.0
"""Services, hypervisors, zones: what an administrator sees of the hosts."""
from nova_lite.api.schemas.shapes import (
    COUNT,
    FLAG,
    NOTHING,
    NUMBER,
    TEXT,
    TIME,
    UUID,
    Changing,
    Field,
    Many,
    Shape,
    one,
    or_null,
    page,
)

ID = Changing((1, NUMBER), (53, UUID))
STATE, STATUS = {'enum': ['up', 'down']}, {'enum': ['enabled', 'disabled']}

# -- services ---------------------------------------------------------------------------------
_SERVICE = Shape(
    Field('id', ID), Field('binary', TEXT), Field('host', TEXT), Field('zone', TEXT),
    Field('status', STATUS), Field('state', STATE), Field('updated_at', or_null(TIME)),
    Field('disabled_reason', or_null(TEXT)), Field('forced_down', FLAG, 11))
_SAID = Field('host', TEXT), Field('binary', TEXT)
SERVICES = page('services', _SERVICE)
SERVICE = one('service', _SERVICE)
SERVICE_STATUS = one('service', Shape(*_SAID, Field('status', STATUS)))
SERVICE_REASON = one('service', Shape(*_SAID, Field('status', STATUS),
                                      Field('disabled_reason', TEXT)))
SERVICE_FORCED = one('service', Shape(*_SAID, Field('forced_down', FLAG)))

# -- hypervisors ------------------------------------------------------------------------------
_NUMBERS = tuple(Field(name, NUMBER) for name in (
    'vcpus', 'vcpus_used', 'memory_mb', 'memory_mb_used', 'local_gb', 'local_gb_used',
    'free_ram_mb', 'free_disk_gb', 'current_workload', 'running_vms'))
_SERVERS = Many(Shape(Field('name', TEXT), Field('uuid', UUID)))
_BRIEF = (Field('id', ID), Field('hypervisor_hostname', TEXT), Field('state', STATE),
          Field('status', STATUS),
          # when they are asked for
          Field('servers', _SERVERS, 53, optional=True))
_FULL = Shape(
    *_BRIEF, *_NUMBERS, Field('hypervisor_type', TEXT), Field('hypervisor_version', NUMBER),
    Field('host_ip', or_null(TEXT)), Field('disk_available_least', or_null(NUMBER)),
    Field('cpu_info', Changing((1, TEXT), (28, {'type': 'object'}))),
    Field('service', Shape(Field('host', TEXT), Field('id', ID),
                           Field('disabled_reason', or_null(TEXT)))))
HYPERVISORS = page('hypervisors', Shape(*_BRIEF), 'hypervisors_links', 33)
HYPERVISORS_DETAIL = page('hypervisors', _FULL, 'hypervisors_links', 33)
HYPERVISOR = one('hypervisor', _FULL)
HYPERVISOR_SEARCH = page('hypervisors', Shape(*_BRIEF))
HYPERVISOR_SERVERS = page('hypervisors', Shape(
    *_BRIEF[:-1], Field('servers', _SERVERS, optional=True)))
STATISTICS = one('hypervisor_statistics', Shape(
    Field('count', COUNT), *_NUMBERS, Field('disk_available_least', NUMBER)))
UPTIME = one('hypervisor', Shape(*_BRIEF[:-1], Field('uptime', TEXT)))

# -- zones and aggregates ---------------------------------------------------------------------
_AT = Shape(Field('available', FLAG), Field('active', FLAG), Field('updated_at', or_null(TIME)))


class _Hosts:
    """Services by host and binary."""

    @staticmethod
    def at(minor: int) -> dict:
        return {'type': 'object', 'additionalProperties': {
            'type': 'object', 'additionalProperties': _AT.at(minor)}}


def _zones(hosts: object) -> Shape:
    return page('availabilityZoneInfo', Shape(
        Field('zoneName', TEXT), Field('zoneState', one('available', FLAG)),
        Field('hosts', hosts)))


ZONES = _zones({'type': 'null'})
ZONES_DETAIL = _zones(_Hosts())
AGGREGATES = one('aggregates', NOTHING)
AGGREGATE = one('aggregate', {'type': 'object'})    # there are none
