# SPDX-License-Identifier: Apache-2.0
"""What is said to take the place of a guest over."""
from nova_lite.api.schemas.parameter_types import FQDN, obj, wrapped
from nova_lite.api.validation import Body

ACCEPT = Body((1, wrapped('location', obj({'host': FQDN}, ['host']))))
