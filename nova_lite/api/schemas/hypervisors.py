# SPDX-License-Identifier: Apache-2.0
"""What a list of hypervisors can be narrowed to."""
from nova_lite.api.schemas.parameter_types import BOOLISH, COUNT, TEXT
from nova_lite.api.validation import Param, Query

WITH_SERVERS = Param('with_servers', {'enum': [word for word in BOOLISH['enum']
                                               if isinstance(word, str)]}, 53)

LIST = Query(Param('limit', COUNT, 33), Param('marker', TEXT, 33),
             Param('hypervisor_hostname_pattern', TEXT, 53), WITH_SERVERS, strict_since=53)
SHOW = Query(WITH_SERVERS, strict_since=53)
