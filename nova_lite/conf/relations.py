# SPDX-License-Identifier: Apache-2.0
"""Values that are good one by one and bad together: one table.

What Nova tolerates by a rule is tolerated here too, with the same rule: a service_down_time that
is not longer than report_interval (conf/service.py).
"""
from collections.abc import Callable
from typing import Any, NamedTuple


class Relation(NamedTuple):
    """``holds`` gets the values of ``names``, each "section.option", in that order."""
    names: tuple[str, ...]
    holds: Callable[..., bool]
    remedy: str


def _outlasts(lost: float, down: float, interval: float) -> bool:
    # 0 gives up at once, and says so by its value
    return lost == 0 or lost >= (down if down > interval else int(2.5 * interval))


RELATIONS: tuple[Relation, ...] = (
    Relation(('libvirt.live_migration_tunnelled', 'libvirt.live_migration_with_native_tls'),
             lambda tunnelled, tls: not (tunnelled and tls),
             'a copy goes through one of both: unset the first'),
    Relation(('libvirt.cpu_mode', 'libvirt.cpu_model'),
             lambda mode, model: (mode == 'custom') == bool(model),
             'cpu_mode=custom needs a cpu_model, and only that has one'),
    Relation(('DEFAULT.lost_host_timeout', 'DEFAULT.service_down_time',
              'DEFAULT.report_interval'),
             _outlasts,
             'a host cannot be given up as lost before it counts as down: raise the first to the '
             'second at least'),
    Relation(('DEFAULT.long_rpc_timeout', 'DEFAULT.rpc_response_timeout'),
             lambda long, short: long >= short,
             'the long timeout is shorter than the usual one: raise the first'),
    Relation(('api.wrong_passwords_forgiven_after', 'api.wrong_password_longest_wait'),
             lambda forgiven, longest: forgiven >= longest,
             'who is forgiven does not wait any more: raise the first to the second at least'),
)


def broken(value_of: Callable[[str, str], Any]) -> list[Relation]:
    """The relations that the values, by section and option, do not keep."""
    return [relation for relation in RELATIONS if not relation.holds(
        *(value_of(*name.split('.')) for name in relation.names))]
