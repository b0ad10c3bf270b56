# SPDX-License-Identifier: Apache-2.0
"""ImagePropertiesFilter: can this host run what the image was made for?

Reads the image's hw_architecture, img_hv_type, hw_vm_mode and img_hv_requested_version (such as
``>=7.2,<10``), and their older names.
"""
import operator
import re
from typing import Any

from nova_lite.scheduler.host_manager import HostState

# names of the three parts of a supported_instances triple, in its order
NAMES = (('hw_architecture', 'architecture'), ('img_hv_type', 'hypervisor_type'),
         ('hw_vm_mode', 'vm_mode'))
VERSION_NAMES = ('img_hv_requested_version', 'hypervisor_version_requires')
ALIASES = {'amd64': 'x86_64', 'i386': 'i686', 'arm64': 'aarch64'}
COMPARE = {'<': operator.lt, '<=': operator.le, '==': operator.eq, '=': operator.eq,
           '!=': operator.ne, '>=': operator.ge, '>': operator.gt}
CONDITION = re.compile(r'\s*(<=|>=|==|!=|<|>|=)\s*(\d+(?:\.\d+)*)\s*')


def refusal(host: HostState, spec: Any) -> str | None:
    properties = spec.image_properties or {}
    wanted = [_canonical(_first(properties, names)) for names in NAMES]
    if any(wanted) and not any(_runs(triple, wanted) for triple in host.supported_instances):
        return f'it does not run images of {", ".join(filter(None, wanted))}'
    version = _first(properties, VERSION_NAMES)
    if version and not version_meets(host.hypervisor_version, version):
        return (f'its hypervisor version {version_text(host.hypervisor_version)} does not meet '
                f'the image\'s {version!r}')
    return None


def _first(properties: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((str(properties[name]) for name in names if properties.get(name)), '')


def _canonical(value: str) -> str:
    return ALIASES.get(value.lower(), value.lower())


def _runs(triple: list[str], wanted: list[str]) -> bool:
    return all(not want or _canonical(str(have)) == want
               for have, want in zip(triple, wanted, strict=False))


def version_text(version: int) -> str:
    """libvirt's number as text: 8002000 is 8.2.0."""
    return f'{version // 1_000_000}.{version // 1000 % 1000}.{version % 1000}'


def version_meets(version: int, conditions: str) -> bool:
    """Whether a libvirt version number meets ``conditions``, all of them, separated by commas.

    A condition that cannot be read is not met.
    """
    have = (version // 1_000_000, version // 1000 % 1000, version % 1000)
    for condition in conditions.split(','):
        parsed = CONDITION.fullmatch(condition)
        if parsed is None:
            return False
        numbers = [int(part) for part in parsed[2].split('.')][:3]
        want = tuple(numbers + [0] * (3 - len(numbers)))
        if not COMPARE[parsed[1]](have, want):
            return False
    return True
