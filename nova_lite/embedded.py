# SPDX-License-Identifier: Apache-2.0
"""All services but the API in one process, for a laptop and for tests.

They are the same services as those of the separate processes, on oslo.messaging's fake:// and
the simulated hypervisor. A compute reaches the database by the conductor here too.
"""
import json
import os
import threading
from typing import Any

from nova_lite import notifications, objects, rpc, service, utils
from nova_lite.cmd import compute
from nova_lite.conductor import manager as conductor_manager
from nova_lite.conductor import rpcapi as conductor_rpcapi
from nova_lite.conf import CONF
from nova_lite.scheduler import manager as scheduler_manager
from nova_lite.scheduler import rpcapi as scheduler_rpcapi

CONDUCTOR, SCHEDULER = 'conductor', 'scheduler'
AT_ONCE = 20        # computes that start at the same moment

FLAVORS = (
    # id, name, MiB of memory, CPUs, GiB of disk
    ('42', 'm1.nano', 128, 1, 0), ('1', 'm1.tiny', 512, 1, 1), ('2', 'm1.small', 2048, 1, 20),
    ('3', 'm1.medium', 4096, 2, 40), ('4', 'm1.large', 8192, 4, 80),
    ('5', 'm1.xlarge', 16384, 8, 160),
)
IMAGES: tuple[dict[str, Any], ...] = (
    {'id': '6f1c6b0e-4d1a-4c3e-9a55-1b0a6c1d7e01', 'name': 'tiny', 'kernel': 'simulated.kernel',
     'cmdline': 'console=ttyS0'},
    {'id': '6f1c6b0e-4d1a-4c3e-9a55-1b0a6c1d7e02', 'name': 'tiny-disk',
     'disk': 'simulated.raw', 'disk_format': 'raw', 'min_disk': 1},
)


class Cloud:
    """A conductor, a scheduler, and a compute for each of ``hosts``. Needs rpc.init() and a
    database with its tables."""

    def __init__(self, hosts: list[str]) -> None:
        self._hosts = hosts
        self.services: dict[str, service.Service] = {}

    def start(self) -> None:
        """Return once all answer. The computes come last, as they ask the conductor."""
        self.services[CONDUCTOR] = service.Service(
            'nova-conductor', conductor_rpcapi.INTERFACES,
            conductor_manager.ConductorManager(CONF.host), CONF.host)
        self.services[SCHEDULER] = service.Service(
            'nova-scheduler', [scheduler_rpcapi.SchedulerAPI],
            scheduler_manager.SchedulerManager(), CONF.host)
        for name in (CONDUCTOR, SCHEDULER):
            self.services[name].start()
        _side_by_side([lambda host=host: self.start_compute(host) for host in self._hosts])

    def start_compute(self, host: str) -> None:
        self.services[host] = compute.make_service(host)
        self.services[host].start()

    def stop_service(self, name: str) -> None:
        """Stop one: a host's compute, or the conductor or the scheduler."""
        self.services.pop(name).stop()

    def stop(self) -> None:
        """Stop all, those first that others do not depend on."""
        computes = [name for name in self.services if name not in (CONDUCTOR, SCHEDULER)]
        _side_by_side([lambda name=name: self.stop_service(name) for name in computes])
        for name in (SCHEDULER, CONDUCTOR):
            if name in self.services:
                self.stop_service(name)
        notifications.drain()
        rpc.cleanup()


def _side_by_side(calls: list[Any]) -> None:
    """Make the calls, AT_ONCE of them at a time, and wait for all."""
    places = threading.BoundedSemaphore(AT_ONCE)

    def run(call: Any) -> None:
        with places:
            call()

    for thread in [utils.spawn(run, call) for call in calls]:
        thread.join()


def make_flavors(ctxt: Any) -> None:
    """Make the usual flavors, unless there are any."""
    if len(objects.FlavorList.get_all(ctxt)):
        return
    for flavorid, name, memory_mb, vcpus, root_gb in FLAVORS:
        objects.Flavor(ctxt, flavorid=flavorid, name=name, memory_mb=memory_mb, vcpus=vcpus,
                       root_gb=root_gb, ephemeral_gb=0, swap=0).create()


def make_images(directory: str) -> None:
    """Describe two images, with a kernel alone and with a disk, unless they are there. Simulated
    guests only need the files to exist."""
    os.makedirs(directory, exist_ok=True)
    for image in IMAGES:
        for kind in ('kernel', 'disk'):
            if kind in image:
                with open(os.path.join(directory, image[kind]), 'a', encoding='ascii') as file:
                    file.write('' if file.tell() else 'simulated\n')
        path = os.path.join(directory, f'{image["name"]}.json')
        if not os.path.exists(path):
            with open(path, 'w', encoding='utf-8') as file:
                json.dump(image, file, indent=2)
