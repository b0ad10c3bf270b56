# SPDX-License-Identifier: Apache-2.0
"""What this host has. What is promised of it is counted by the claims in the database."""
from typing import Any

from nova_lite import objects
from nova_lite.conf import CONF
from nova_lite.virt import driver as virt_driver


class ResourceTracker:
    def __init__(self, host: str, driver: virt_driver.ComputeDriver) -> None:
        self._host, self._driver = host, driver

    def report(self, ctxt: Any) -> Any:
        """Write the host's resources as the hypervisor tells them; returns the ComputeNode."""
        values = self._driver.get_available_resource()
        values.setdefault('host_ip', CONF.my_ip)
        values.update(
            cpu_allocation_ratio=CONF.cpu_allocation_ratio,
            ram_allocation_ratio=CONF.ram_allocation_ratio,
            disk_allocation_ratio=CONF.disk_allocation_ratio,
            reserved_host_memory_mb=CONF.reserved_host_memory_mb,
            reserved_host_disk_mb=CONF.reserved_host_disk_mb,
            max_incoming_live_migrations=CONF.max_concurrent_incoming_live_migrations)
        return objects.ComputeNode.report(ctxt, self._host, values)
