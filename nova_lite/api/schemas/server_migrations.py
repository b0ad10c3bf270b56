# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a live migration in progress."""
from nova_lite.api.schemas.migrate_server import TERMS
from nova_lite.api.schemas.parameter_types import obj, positive, wrapped
from nova_lite.api.validation import Body

FASTEST = 2 ** 20       # MiB/s

FORCE_COMPLETE = Body((22, wrapped('force_complete', {'type': 'null'})))
TUNE = Body((23, wrapped('migration', obj({**TERMS, 'bandwidth': positive(FASTEST)},
                                          minProperties=1))))
