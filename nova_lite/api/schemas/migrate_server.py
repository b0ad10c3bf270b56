# SPDX-License-Identifier: Apache-2.0
"""What os-migrateLive may say.

Below 2.30 a given host is insisted on; from 2.30 the scheduler checks it, unless ``force`` (gone
again with 2.68). disk_over_commit was needed for the disk check up to 2.24; ``auto`` came then.
"""
from nova_lite.api.schemas.parameter_types import BOOLISH, HOST_OR_NULL, obj, wrapped
from nova_lite.api.validation import Body

ACTION = 'os-migrateLive'
BOOLISH_OR_AUTO = {'enum': [*BOOLISH['enum'], 'auto']}
AUTO = {'block_migration': BOOLISH_OR_AUTO, 'host': HOST_OR_NULL}

MIGRATE_LIVE = Body(
    (1, wrapped(ACTION, obj({'block_migration': BOOLISH, 'disk_over_commit': BOOLISH,
                             'host': HOST_OR_NULL},
                            ['block_migration', 'disk_over_commit', 'host']))),
    (25, wrapped(ACTION, obj(AUTO, ['block_migration', 'host']))),
    (30, wrapped(ACTION, obj({**AUTO, 'force': BOOLISH}, ['block_migration', 'host']))),
    (68, wrapped(ACTION, obj(AUTO, ['block_migration', 'host']))),
)
