# SPDX-License-Identifier: Apache-2.0
"""What a list of images can be narrowed to."""
from nova_lite.api.schemas.parameter_types import LIMIT, MARKER, TEXT
from nova_lite.api.validation import Param, Query

NAMES = {'type': 'string', 'maxLength': 65535}      # may be "in:" and many ids

LIST = Query(LIMIT, MARKER, Param('id', NAMES), Param('name', NAMES), Param('status', TEXT),
             Param('visibility', TEXT), Param('disk_format', TEXT),
             Param('container_format', TEXT), Param('owner', TEXT), Param('os_hidden', TEXT))
PROXY_LIST = Query(LIMIT, MARKER, Param('id', NAMES), Param('name', NAMES))
