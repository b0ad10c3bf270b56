# SPDX-License-Identifier: Apache-2.0
"""What can be said of services. Below 2.53 one is named by host and binary, then by its uuid."""
from nova_lite.api.schemas.parameter_types import BOOLISH, FQDN, NAME, REASON, TEXT, obj
from nova_lite.api.validation import Body, Param, Query

TARGET = {'host': FQDN, 'binary': NAME}
BOTH = ['host', 'binary']

ENABLE = Body((1, obj(TARGET, BOTH)))
DISABLE = Body((1, obj(TARGET, BOTH)))
DISABLE_LOG_REASON = Body((1, obj({**TARGET, 'disabled_reason': REASON},
                                  [*BOTH, 'disabled_reason'])))
FORCE_DOWN = Body((11, obj({**TARGET, 'forced_down': BOOLISH}, [*BOTH, 'forced_down'])))
UPDATE = Body((53, obj({'status': {'enum': ['enabled', 'disabled']}, 'disabled_reason': REASON,
                        'forced_down': BOOLISH})))
LIST = Query(Param('host', TEXT), Param('binary', TEXT), strict_since=75)
