# SPDX-License-Identifier: Apache-2.0
"""Values of rows that cannot be read as their field's type: somebody's slip in the database.

One such value must not hide the other rows, nor keep its server from being deleted. It reads as
not set, is never written over (what was read is not what stands there), and is named in the log.
"""
import time
from typing import Any

from oslo_log import log as logging
from oslo_versionedobjects import exception as ovo_exc
from oslo_versionedobjects import fields

LOG = logging.getLogger(__name__)

# what fields and objects say of a value that is not theirs
ERRORS = (ValueError, TypeError, LookupError, AttributeError, ovo_exc.VersionedObjectsException)
SAY_AGAIN = 600.0       # s
AT_MOST = 1000          # values that are remembered as said
_said: dict[tuple[str, str, str], float] = {}


def name_of(row: dict[str, Any]) -> str:
    return str(row.get('uuid') or row.get('instance_uuid') or f'id {row["id"]}')


def kind_of(field: fields.Field[Any]) -> str:
    """What a value of ``field`` has to be."""
    return getattr(field, 'objname', None) or type(field).__name__.removesuffix('Field')


def tell(table: str, row: dict[str, Any], column: str, field: fields.Field[Any]) -> None:
    """Name it in the log, once in SAY_AGAIN. Not what stands there: it may be a secret."""
    now, value = time.monotonic(), (table, name_of(row), column)
    if value in _said and now - _said[value] < SAY_AGAIN:
        return
    if len(_said) >= AT_MOST:
        _said.clear()
    _said[value] = now
    LOG.error('Table %s, row %s: %s is no %s, so it cannot be read. Correct it there', table,
              name_of(row), column, kind_of(field))
