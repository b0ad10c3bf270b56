# SPDX-License-Identifier: Apache-2.0
"""What can be said of a server's metadata."""
from nova_lite.api.schemas.parameter_types import METADATA, wrapped
from nova_lite.api.validation import Body

ALL = Body((1, wrapped('metadata', METADATA)))
ONE = Body((1, wrapped('meta', {**METADATA, 'minProperties': 1, 'maxProperties': 1})))
