# SPDX-License-Identifier: Apache-2.0
"""Looks at all libvirtds all the time: no guest may run twice, and none may be nowhere."""
import libvirt

from tests.lab.watcher import Watcher


class LabWatch(Watcher):
    """``expected``: guests that must be active on some host: running, or on their way.

    A guest that is moved is active at the source until it is at the destination, so it is never
    missing everywhere, unless a libvirtd was away.
    """

    def __init__(self, hosts) -> None:
        super().__init__(hosts)
        self.expected: set[str] = set()
        self._missing: dict[str, int] = {}

    def _look(self) -> None:
        super()._look()
        expected = set(self.expected)
        present = self._active()
        if present is None:
            return
        for guest in expected - present:
            self._missing[guest] = self._missing.get(guest, 0) + 1
            if self._missing[guest] == 2:
                self.violations.append(f'guest {guest} is active on no host')
        for guest in present:
            self._missing.pop(guest, None)

    def _active(self) -> set[str] | None:
        """None when a libvirtd does not answer. The first host is asked again at the end, so that
        a guest which comes there while the others are asked is met."""
        found: set[str] = set()
        for name in (*self._hosts, next(iter(self._hosts))):
            try:
                found |= {domain.UUIDString() for domain in self._connections[name].listAllDomains(
                    libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)}
            except (KeyError, libvirt.libvirtError):
                self._forget(name)
                return None
        return found
