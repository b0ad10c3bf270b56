# SPDX-License-Identifier: Apache-2.0
"""Whose limits."""
from nova_lite.api.schemas.parameter_types import ANYTHING, TEXT
from nova_lite.api.validation import Param, Query

SHOW = Query(Param('tenant_id', TEXT), Param('reserved', ANYTHING), strict_since=75)
