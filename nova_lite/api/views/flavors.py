# SPDX-License-Identifier: Apache-2.0
"""A flavor: how much of a host a server takes."""
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nova_lite.api import wsgi
from nova_lite.objects import Flavor
from nova_lite.policies import flavors as policies

DESCRIPTION_SINCE = 55
EXTRA_SPECS_SINCE = 61
ZERO_SWAP_SINCE = 75        # below it "no swap" is an empty string


class Field(NamedTuple):
    name: str
    value: Callable[[Flavor, wsgi.Request], Any]


def basic(request: wsgi.Request, flavor: Flavor) -> dict[str, Any]:
    shown: dict[str, Any] = {
        'id': flavor.flavorid, 'name': flavor.name,
        'links': request.links('flavors', flavor.flavorid)}
    if request.minor >= DESCRIPTION_SINCE:
        shown['description'] = flavor.description
    return shown


def details(request: wsgi.Request, flavors: Sequence[Flavor]) -> list[dict[str, Any]]:
    """All fields of the request's microversion, for each of ``flavors``."""
    with_specs = request.minor >= EXTRA_SPECS_SINCE and request.context.can(
        policies.EXTRA_SPECS_INDEX, fatal=False)
    return [{**basic(request, flavor),
             **{field.name: field.value(flavor, request) for field in FIELDS},
             **({'extra_specs': flavor.extra_specs or {}} if with_specs else {})}
            for flavor in flavors]


def _swap(flavor: Flavor, request: wsgi.Request) -> Any:
    return flavor.swap or (0 if request.minor >= ZERO_SWAP_SINCE else '')


FIELDS = (
    Field('ram', lambda flavor, request: flavor.memory_mb),
    Field('vcpus', lambda flavor, request: flavor.vcpus),
    Field('disk', lambda flavor, request: flavor.root_gb or 0),
    Field('swap', _swap),
    Field('rxtx_factor', lambda flavor, request: flavor.rxtx_factor or 1.0),
    Field('OS-FLV-EXT-DATA:ephemeral', lambda flavor, request: flavor.ephemeral_gb or 0),
    Field('OS-FLV-DISABLED:disabled', lambda flavor, request: bool(flavor.disabled)),
    Field('os-flavor-access:is_public', lambda flavor, request: bool(flavor.is_public)),
)
