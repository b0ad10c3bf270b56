# SPDX-License-Identifier: Apache-2.0
"""What can be said of flavors."""
from typing import Any

from nova_lite.api.schemas.parameter_types import (
    BOOLISH,
    COUNT,
    LIMIT,
    MARKER,
    NAME,
    TEXT,
    integer,
    obj,
    wrapped,
)
from nova_lite.api.validation import Body, Param, Query

SORT_KEYS = ('created_at', 'description', 'disabled', 'ephemeral_gb', 'flavorid', 'id',
             'is_public', 'memory_mb', 'name', 'root_gb', 'rxtx_factor', 'swap', 'updated_at',
             'vcpu_weight', 'vcpus')


def _create(minor: int) -> dict[str, Any]:
    flavor: dict[str, Any] = {
        'name': NAME, 'ram': integer(1), 'vcpus': integer(1), 'disk': integer(),
        'id': {'anyOf': [{'type': 'null'}, {'type': 'integer', 'minimum': 0},
                         {'type': 'string', 'minLength': 1, 'maxLength': 255, 'format': 'name',
                          'pattern': r'\A[a-zA-Z0-9. _-]*\Z'}]},
        'swap': integer(), 'OS-FLV-EXT-DATA:ephemeral': integer(),
        'rxtx_factor': {'type': ['number', 'string'], 'pattern': r'\A[0-9]{1,6}(\.[0-9]+)?\Z',
                        'exclusiveMinimum': 0, 'maximum': 1e6},
        'os-flavor-access:is_public': BOOLISH,
    }
    if minor >= 55:
        flavor['description'] = {'type': ['string', 'null'], 'maxLength': 65535}
    return wrapped('flavor', obj(flavor, ['name', 'ram', 'vcpus', 'disk']))


CREATE = Body((1, _create(1)), (55, _create(55)))
LIST = Query(LIMIT, MARKER, Param('is_public', TEXT), Param('minRam', COUNT),
             Param('minDisk', COUNT), Param('sort_key', {'enum': list(SORT_KEYS)}),
             Param('sort_dir', {'enum': ['asc', 'desc']}), strict_since=75)
