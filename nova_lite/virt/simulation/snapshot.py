# SPDX-License-Identifier: Apache-2.0
"""The simulated world as an observer sees it: read as it was saved last, without any lock.

What several hosts have in common is written one after the other, so a reading counts only if
nothing was being written while it was made.
"""
import json
import os
import time
from typing import Any

from nova_lite.virt.simulation.store import WORLD, Store

TRIES = 50
PAUSE = 0.005       # s between two tries


def read(path: str) -> dict[str, Any]:
    """``now``; ``guests`` by uuid and host; ``jobs`` and ``faults``; ``storages``: names of the
    directories in each; ``epoch``, ``epoch_now``, ``time_scale``. TimeoutError when so much is
    written that no reading is one of a moment."""
    store = Store(path)
    for _ in range(TRIES):
        before = _mark(store, path)
        found = _read(store, path)
        if before is not None and before == _mark(store, path):
            return found
        time.sleep(PAUSE)
    raise TimeoutError(f'{path}: something was written at each of {TRIES} readings')


def _mark(store: Store, path: str) -> Any:
    """What tells one state from another; None while something is written to several files."""
    if any(name.endswith('.json') for name in os.listdir(os.path.join(path, 'commits'))):
        return None
    return store.versions([*store.hosts(), WORLD])


def _read(store: Store, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {'now': 0.0, 'guests': {}, 'jobs': {}}
    found |= json.loads(store.text(WORLD)[2])
    for name in store.hosts():
        now, _, text = store.text(name)
        part = json.loads(text)
        found['now'] = max(found['now'], now)
        found['jobs'] |= part['jobs']
        for uuid, guest in part['guests'].items():
            found['guests'].setdefault(uuid, {})[name] = guest
    storages = os.path.join(path, 'storages')
    found['storages'] = {
        name: {entry: {} for entry in os.listdir(os.path.join(storages, name))
               if not entry.startswith('.')} for name in os.listdir(storages)}
    return found
