# SPDX-License-Identifier: Apache-2.0
"""What os-migrateLive may say.

Below 2.30 a given host is insisted on; from 2.30 the scheduler checks it, unless ``force`` (gone
again with 2.68). disk_over_commit was needed for the disk check up to 2.24; ``auto`` came then.
Clients that ask for our extensions may add goals at every version.
"""
from typing import Any

from nova_lite.api.schemas.parameter_types import (
    BOOLISH,
    HOST_OR_NULL,
    LARGEST,
    obj,
    positive,
    wrapped,
)
from nova_lite.api.validation import Body
from nova_lite.migration import convergence

ACTION = 'os-migrateLive'
GOALS = 'nova-lite:goals'
LONGEST_DOWNTIME = 2_000_000    # ms; QEMU takes no more
TERMS = {'max_downtime_ms': positive(LONGEST_DOWNTIME), 'deadline_s': positive(LARGEST)}
BOOLISH_OR_AUTO = {'enum': [*BOOLISH['enum'], 'auto']}
AUTO = {'block_migration': BOOLISH_OR_AUTO, 'host': HOST_OR_NULL}


def _versions(**own: Any) -> tuple[tuple[int, dict[str, Any]], ...]:
    auto = {**AUTO, **own}
    first = {'block_migration': BOOLISH, 'disk_over_commit': BOOLISH, 'host': HOST_OR_NULL, **own}
    return (
        (1, wrapped(ACTION, obj(first, ['block_migration', 'disk_over_commit', 'host']))),
        (25, wrapped(ACTION, obj(auto, ['block_migration', 'host']))),
        (30, wrapped(ACTION, obj({**auto, 'force': BOOLISH}, ['block_migration', 'host']))),
        (68, wrapped(ACTION, obj(auto, ['block_migration', 'host']))),
    )


MIGRATE_LIVE = Body(*_versions(), extended=_versions(**{GOALS: obj(
    {**TERMS, 'if_not': {'enum': list(convergence.IF_NOT)}}, minProperties=1)}))
