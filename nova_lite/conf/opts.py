# SPDX-License-Identifier: Apache-2.0
"""All options for oslo-config-generator."""
import itertools

from nova_lite import conf


def list_opts() -> list[tuple[str, list]]:
    """Pairs of section and options."""
    merged: dict[str, list] = {}
    for section, opts in itertools.chain.from_iterable(
            module.list_opts().items() for module in conf.SECTIONS):
        merged.setdefault(section, []).extend(opts)
    return sorted(merged.items(), key=lambda pair: (pair[0] != 'DEFAULT', pair[0]))
