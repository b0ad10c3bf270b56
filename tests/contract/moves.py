# SPDX-License-Identifier: Apache-2.0
"""The steps of a move on two drivers, as the compute managers take them."""
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from oslo_utils import uuidutils

from nova_lite.migration.observations import Outcome, Progress


def spawned(hypervisors: Any, disk: bool = False, busy: bool = False) -> Any:
    """A guest that runs at the source; a busy one is at it."""
    instance = hypervisors.new_instance(disk=disk, busy=busy)
    hypervisors.source.spawn(hypervisors.ctxt, instance)
    if busy:
        hypervisors.boot(instance)
    return instance


def check(hypervisors: Any, instance: Any, block: bool | None = None,
          over_commit: bool | None = None) -> Any:
    """What both drivers find out before a move; returns LiveMigrateData."""
    source, destination = hypervisors.source, hypervisors.destination
    data = destination.check_can_live_migrate_destination(
        hypervisors.ctxt, instance, hypervisors.node(source), hypervisors.node(destination),
        block, over_commit)
    try:
        data = source.check_can_live_migrate_source(hypervisors.ctxt, instance, data)
    finally:
        destination.cleanup_live_migration_destination_check(hypervisors.ctxt, data)
    data.migration = uuidutils.generate_uuid()
    return data


def prepare(hypervisors: Any, instance: Any, block: bool | None = None) -> Any:
    """Check, and make room at the destination."""
    data = check(hypervisors, instance, block)
    disks = (hypervisors.source.get_instance_disk_info(instance) if data.block_migration else [])
    return hypervisors.destination.pre_live_migration(hypervisors.ctxt, instance, disks, data)


def move(hypervisors: Any, instance: Any, data: Any,
         on_progress: Callable[[Progress], None] = lambda progress: None) -> Outcome:
    return hypervisors.source.live_migration(hypervisors.ctxt, instance, hypervisors.dest_host,
                                             data, on_progress)


def adopt(hypervisors: Any, instance: Any, data: Any) -> Outcome:
    """Take the move up as a compute does that was started again."""
    return hypervisors.restarted_source().adopt_live_migration(
        hypervisors.ctxt, instance, hypervisors.dest_host, data, lambda progress: None)


class Running:
    """A move in a thread of its own."""

    def __init__(self, hypervisors: Any, instance: Any, data: Any) -> None:
        self.outcome: Outcome | None = None
        self._readings: queue.Queue = queue.Queue()
        self._arguments = (hypervisors, instance, data, self._readings.put)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.outcome = move(*self._arguments)

    def start(self, timeout: float) -> None:
        self._thread.start()
        self._readings.get(timeout=timeout)

    def wait_seen(self, timeout: float) -> None:
        """Return when the watching has looked at the copy after this call."""
        while not self._readings.empty():
            self._readings.get()
        for _ in range(2):      # the first may be of a look that had begun before
            self._readings.get(timeout=timeout)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)
        assert not self._thread.is_alive(), 'the copy has not ended'


@contextlib.contextmanager
def running(hypervisors: Any, instance: Any, data: Any) -> Iterator[Running]:
    """A copy of which progress was told on entry, and which has ended on exit."""
    started = Running(hypervisors, instance, data)
    started.start(hypervisors.timeout)
    yield started
    started.join(hypervisors.timeout)
