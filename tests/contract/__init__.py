# SPDX-License-Identifier: Apache-2.0
"""What every compute driver must do, as tests that run against any pair of hypervisors.

A level that has two hypervisors (tests/functional simulated ones, tests/control libvirt's) imports
the tests with ``from tests.contract.driver_contract import *`` (and ``storage_contract``) and
offers a fixture ``hypervisors``, which gives an object of the kind of :class:`Hypervisors`.
"""
from contextlib import AbstractContextManager
from typing import Any, Protocol

from nova_lite.virt.driver import ComputeDriver


class Hypervisors(Protocol):
    """Two hosts whose instances directories are private."""
    ctxt: Any
    source: ComputeDriver
    destination: ComputeDriver
    dest_host: str              # the destination's name, as live_migration() takes it
    timeout: float              # s within which a small guest moves

    def restarted_source(self) -> ComputeDriver:
        """One more driver on the source's hypervisor, as a compute has that was started again."""

    def turn_round(self) -> None:
        """Let source and destination change places."""

    def new_instance(self, disk: bool = False, busy: bool = False) -> Any:
        """An objects.Instance of a small guest that was not spawned yet; with a private disk if
        asked, and if ``busy``, one that writes so fast that a copy of it does not end by itself
        for at least ``timeout``. Guests that a test leaves behind are the fixture's to remove."""

    def node(self, driver: ComputeDriver) -> Any:
        """The objects.ComputeNode of a driver's host, as the database would have it."""

    def narrow(self) -> None:
        """Let copies that begin after this be slow: of a paused guest, too."""

    def replaced_image(self, name: str, where: str) -> AbstractContextManager[None]:
        """Another file of the same size has its place, at the 'source' or the 'destination' only
        where hosts have directories of their own, as long as the block lasts."""

    def boot(self, instance: Any) -> None:
        """Wait until a guest that was started at the source does its work."""

    def ticks(self, driver: ComputeDriver, instance: Any) -> int:
        """What the guest has counted since its boot; InstanceNotFound where it does not run."""

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of a guest's time pass."""
