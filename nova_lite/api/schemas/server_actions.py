# SPDX-License-Identifier: Apache-2.0
"""What the actions on a server may say. Most say nothing: clients send null or {}."""
from nova_lite.api.schemas.parameter_types import ANYTHING, REASON, obj, wrapped
from nova_lite.api.validation import Body


def bare(action: str) -> Body:
    return Body((1, wrapped(action, ANYTHING)))


LOCK = Body((1, wrapped('lock', ANYTHING)),
            (73, wrapped('lock', {'anyOf': [{'type': 'null'}, obj({'locked_reason': REASON})]})))
REBOOT = Body((1, wrapped('reboot', obj(
    {'type': {'enum': ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']}}, ['type']))))
FORCE = 'nova-lite:force'      # end an unfinished migration first
STATE = {'state': {'enum': ['active', 'error']}}
RESET_STATE = Body(
    (1, wrapped('os-resetState', obj(STATE, ['state']))),
    extended=((1, wrapped('os-resetState', obj({**STATE, FORCE: {'type': 'boolean'}},
                                               ['state']))),))
