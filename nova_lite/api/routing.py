# SPDX-License-Identifier: Apache-2.0
"""What a row of the table of routes is."""
from collections.abc import Callable
from typing import Any, NamedTuple

from nova_lite.api import microversion, validation

COMPUTE = '/v2.1'
IMAGE = '/v2'


class Route(NamedTuple):
    """``handler(request, **params)`` answers ``method`` on ``path`` for whom ``rule`` allows it.

    Params are what the path says (with ``server_id`` replaced by ``instance``), and ``body`` and
    ``query`` where the route has a schema for them. What the handler returns becomes the JSON of
    the answer, which ``answer`` describes (see schemas.shapes); None is an empty one. ``action``
    is the key of the body that selects this route among several; ``since`` and ``until`` are
    minor versions, both included; from ``deleted_since`` on the server may be a deleted one.
    ``own``: Nova has it not, so it is there only for a client that asks for our extensions.
    """
    method: str
    path: str
    handler: Callable[..., Any]
    rule: str
    status: int = 200
    action: str | None = None
    since: int = microversion.MIN_MINOR
    until: int = microversion.MAX_MINOR
    body: validation.Body | None = None
    query: validation.Query | None = None
    deleted_since: int | None = None
    root: str = COMPUTE
    answer: Any = None
    own: bool = False

    def serves(self, minor: int) -> bool:
        return self.since <= minor <= self.until
