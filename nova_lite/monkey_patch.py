# SPDX-License-Identifier: Apache-2.0
"""The concurrency model, chosen once and before anything else is imported.

``NOVA_LITE_CONCURRENCY`` is ``eventlet`` (default) or ``threading``. With eventlet the standard
library's threading, time and sockets become cooperative, so all other code is written against the
standard library alone. Only this module and :mod:`nova_lite.utils` know eventlet.
"""
import os

EVENTLET = 'eventlet'
THREADING = 'threading'
SETTING = 'NOVA_LITE_CONCURRENCY'

_patched = False


def backend() -> str:
    """Return the chosen model; ValueError names the setting when it is neither of the two."""
    name = os.environ.get(SETTING, EVENTLET)
    if name not in (EVENTLET, THREADING):
        raise ValueError(f'{SETTING}={name!r}: use {EVENTLET!r} or {THREADING!r}')
    return name


def patch() -> None:
    """Make the standard library cooperative when eventlet is the model. Can be called again."""
    global _patched
    if backend() == EVENTLET and not _patched:
        # psycopg's C wait loop would block the hub; its Python one goes through select().
        os.environ.setdefault('PSYCOPG_WAIT_FUNC', 'wait_select')
        import eventlet
        eventlet.monkey_patch()
        _patched = True


def is_patched() -> bool:
    return _patched
