# SPDX-License-Identifier: Apache-2.0
"""Looks at all libvirtds all the time: no guest may run on two hosts at the same moment."""
import contextlib
import threading

import libvirt

INTERVAL = 0.2      # s between two looks


class Watcher:
    """``violations``: what was seen and must never be. A context manager."""

    def __init__(self, hosts) -> None:
        self.violations: list[str] = []
        self.looks = 0
        self._hosts = {host.name: host.libvirt_uri for host in hosts}
        self._connections: dict[str, libvirt.virConnect] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name='watcher', daemon=True)

    def __enter__(self) -> 'Watcher':
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._ended.set()
        self._thread.join(30)
        for name in list(self._connections):
            self._forget(name)

    def _watch(self) -> None:
        while not self._ended.wait(INTERVAL):
            self._look()
            self.looks += 1

    def _look(self) -> None:
        first = {name: self._running_on(name) for name in self._hosts}
        names = list(first)
        for place, name in enumerate(names):
            later = set().union(*(first[other] for other in names[place + 1:]))
            if first[name] & later:
                # the hosts were not asked at the same moment: a guest that went from the one
                # asked first to the other in between is not on the first any more
                for guest in first[name] & later & self._running_on(name):
                    self.violations.append(self._where(guest))

    def _where(self, guest: str) -> str:
        hosts = [name for name in self._hosts if guest in self._running_on(name)]
        return f'guest {guest} runs on {" and ".join(hosts)}'

    def _running_on(self, name: str) -> set[str]:
        """Guests that run there; none when its libvirtd is away."""
        try:
            if name not in self._connections:
                self._connections[name] = libvirt.openReadOnly(self._hosts[name])
            return {domain.UUIDString() for domain in self._connections[name].listAllDomains(
                libvirt.VIR_CONNECT_LIST_DOMAINS_RUNNING)}
        except libvirt.libvirtError:
            self._forget(name)
            return set()

    def _forget(self, name: str) -> None:
        connection = self._connections.pop(name, None)
        with contextlib.suppress(libvirt.libvirtError):
            if connection is not None:
                connection.close()
