# SPDX-License-Identifier: Apache-2.0
"""Regular expressions that come from users: RE2, whose time grows with the text and never more.

The filters by name, description and address take them. A pattern of Python's own engine can take
longer than anybody lives, and holds all other requests meanwhile. RE2 has no such pattern, and
what it leaves out for that (references back, looking around) is refused. The database servers get
what has passed here.
"""
import functools
from typing import Any

import re2

from nova_lite import exception

MAX_BYTES = 1 << 20     # of one compiled pattern
KEPT = 64               # compiled ones, as SQLite asks for each row


@functools.lru_cache(KEPT)
def compiled(pattern: str) -> Any:
    """Like ``re.compile``. Invalid says what is wrong with it."""
    options = re2.Options()
    options.log_errors, options.max_mem = False, MAX_BYTES
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        said = error.args[0] if error.args else ''
        if isinstance(said, bytes):
            said = said.decode(errors='replace')
        raise exception.Invalid(reason=f'regular expression {pattern!r}: {said}') from error


def search(pattern: str, text: str | None) -> bool:
    """Whether it is found somewhere in the text; SQLite's REGEXP."""
    return text is not None and compiled(pattern).search(text) is not None
