# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a live migration in progress."""
from nova_lite.api.schemas.parameter_types import wrapped
from nova_lite.api.validation import Body

FORCE_COMPLETE = Body((22, wrapped('force_complete', {'type': 'null'})))
