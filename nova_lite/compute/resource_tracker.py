# SPDX-License-Identifier: Apache-2.0
"""What this host has. What is promised of it is counted by the claims in the database."""
import time
from typing import Any

from nova_lite import objects
from nova_lite.conf import CONF
from nova_lite.context import RequestContext
from nova_lite.virt import driver as virt_driver

SAY_AGAIN = 600.0       # s after which even what has not changed is written once more


class ResourceTracker:
    def __init__(self, host: str, driver: virt_driver.ComputeDriver) -> None:
        self._host, self._driver = host, driver
        self._said: dict[str, Any] | None = None
        self._said_at = 0.0

    def report(self, ctxt: RequestContext) -> None:
        """Write the host's resources as the hypervisor tells them, when they have changed: a
        thousand idle hosts report to one database."""
        values = self._driver.get_available_resource()
        values.setdefault('host_ip', CONF.my_ip)
        values.update(
            cpu_allocation_ratio=CONF.cpu_allocation_ratio,
            ram_allocation_ratio=CONF.ram_allocation_ratio,
            disk_allocation_ratio=CONF.disk_allocation_ratio,
            reserved_host_memory_mb=CONF.reserved_host_memory_mb,
            reserved_host_disk_mb=CONF.reserved_host_disk_mb,
            max_incoming_live_migrations=CONF.max_concurrent_incoming_live_migrations)
        now = time.monotonic()
        if values == self._said and now - self._said_at < SAY_AGAIN:
            return
        objects.ComputeNode.report(ctxt, self._host, values)
        self._said, self._said_at = values, now
