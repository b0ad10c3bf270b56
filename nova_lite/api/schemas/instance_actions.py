# SPDX-License-Identifier: Apache-2.0
"""What a list of actions can be narrowed to."""
from nova_lite.api.schemas.parameter_types import COUNT, TEXT, TIME
from nova_lite.api.validation import Param, Query

LIST = Query(Param('limit', COUNT, 58), Param('marker', TEXT, 58),
             Param('changes-since', TIME, 58), Param('changes-before', TIME, 66), strict_since=58)
