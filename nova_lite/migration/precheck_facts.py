# SPDX-License-Identifier: Apache-2.0
"""What the checks before a migration are told, by the place where they run.

A fact is read when a check asks for it, so that it costs nothing where an earlier one has refused:
who provides it makes a property of what has to be asked for.
"""
from typing import Any, NamedTuple, Protocol


class Domain(Protocol):
    """A guest as one hypervisor sees it."""
    @property
    def active(self) -> bool: ...
    @property
    def departing(self) -> bool: ...
    @property
    def incoming(self) -> bool: ...
    @property
    def half(self) -> bool: ...
    @property
    def words(self) -> str: ...


class Node(Protocol):
    """A host's resources, as the database has them."""
    memory_mb: int
    memory_mb_used: int
    ram_allocation_ratio: float
    hypervisor_type: str
    hypervisor_version: int


class Cpu(NamedTuple):
    """``model`` of ``host`` (the source): does this host offer all of it?"""
    model: str
    host: str
    is_offered: bool


class ServerFacts(Protocol):
    instance_uuid: str
    power_state: int
    has_flavor: bool
    source: str

    def is_up(self, host: str) -> bool:
        """ComputeHostNotFound."""


class HostFacts(ServerFacts, Protocol):
    """``host``: the destination that is thought of; MiB of memory."""
    host: str
    memory_mb: int
    skip_version_check: bool
    @property
    def source_node(self) -> Node: ...
    @property
    def dest_node(self) -> Node: ...


class DestinationFacts(Protocol):
    """``cpu``: None when nothing is to be compared. ``missing_image`` and ``not_writable`` are
    words for what is wrong, '' when nothing is."""
    instance_uuid: str
    host: str
    instances_path: str
    @property
    def domain(self) -> Domain | None: ...
    @property
    def missing_image(self) -> str: ...
    @property
    def cpu(self) -> Cpu | None: ...
    @property
    def not_writable(self) -> str: ...


class SourceFacts(Protocol):
    """``wanted``: block migration as asked for, None lets the storage decide; ``path``: of the
    guest's directory; ``sizes``: rows of ComputeDriver.get_instance_disk_info()."""
    instance_uuid: str
    host: str
    wanted: bool | None
    path: str
    is_tunnelled: bool
    over_commit: bool | None
    available_mb: int | None
    @property
    def domain(self) -> Domain | None: ...
    @property
    def has_disks(self) -> bool: ...
    @property
    def is_shared_path(self) -> bool: ...
    @property
    def sizes(self) -> list[dict[str, Any]]: ...


class BackingFacts(Protocol):
    """``recorded``: the digest that the backing file had when the disk was made, or has at the
    source; '' when that is not known. ``found``: the one that it has here."""
    host: str
    path: str
    backing: str
    images_path: str
    @property
    def is_image(self) -> bool: ...
    @property
    def recorded(self) -> str: ...
    @property
    def found(self) -> str: ...


class PreparationFacts(Protocol):
    instance_uuid: str
    host: str
    path: str
    is_shared_path: bool
    @property
    def domain(self) -> Domain | None: ...
    @property
    def has_directory(self) -> bool: ...
