# SPDX-License-Identifier: Apache-2.0
"""What a project may use and what it does. There are no quotas, so every maximum is -1: none."""
from collections.abc import Sequence
from typing import Any, NamedTuple

from nova_lite.api import wsgi
from nova_lite.objects import Instance

UNLIMITED = -1
MAX_METADATA_ITEMS = 128        # of one server, Nova's default


class Field(NamedTuple):
    name: str
    value: int
    until: int = 80


MAXIMA = (
    Field('maxServerMeta', MAX_METADATA_ITEMS),
    Field('maxPersonality', 0, 56),
    Field('maxPersonalitySize', 0, 56),
    Field('maxImageMeta', MAX_METADATA_ITEMS, 38),
    Field('maxTotalInstances', UNLIMITED),
    Field('maxTotalCores', UNLIMITED),
    Field('maxTotalRAMSize', UNLIMITED),
    Field('maxTotalKeypairs', 0),
    Field('maxServerGroups', 0),
    Field('maxServerGroupMembers', 0),
    Field('totalServerGroupsUsed', 0),
    Field('maxTotalFloatingIps', 0, 35),
    Field('totalFloatingIpsUsed', 0, 35),
    Field('maxSecurityGroups', 0, 35),
    Field('maxSecurityGroupRules', 0, 35),
    Field('totalSecurityGroupsUsed', 0, 35),
)


def show(request: wsgi.Request, servers: Sequence[Instance]) -> dict[str, Any]:
    absolute = {field.name: field.value for field in MAXIMA if request.minor <= field.until}
    absolute |= {'totalInstancesUsed': len(servers),
                 'totalCoresUsed': sum(server.vcpus or 0 for server in servers),
                 'totalRAMUsed': sum(server.memory_mb or 0 for server in servers)}
    return {'limits': {'rate': [], 'absolute': absolute}}
