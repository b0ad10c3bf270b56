# SPDX-License-Identifier: Apache-2.0
"""What a list of migrations can be narrowed to."""
from nova_lite.api.schemas.parameter_types import ANYTHING, COUNT, TEXT, TIME, UUID
from nova_lite.api.validation import Param, Query

LIST = Query(
    *(Param(name, TEXT, many=True) for name in (
        'host', 'status', 'instance_uuid', 'source_compute', 'migration_type')),
    Param('hidden', TEXT),
    Param('limit', COUNT, 59), Param('marker', UUID, 59), Param('changes-since', TIME, 59),
    Param('changes-before', TIME, 66), Param('user_id', TEXT, 80, many=True),
    Param('project_id', TEXT, 80, many=True),
    # a filter of Nova's that selects nothing there either
    Param('cell_name', ANYTHING), strict_since=59)
