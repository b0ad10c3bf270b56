# SPDX-License-Identifier: Apache-2.0
"""Two hosts of the lab, driven by libvirt's driver, for the tests of the driver contract."""
import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oslo_utils import uuidutils

from nova_lite import context, exception, objects
from nova_lite.lab import config
from nova_lite.lab.guest import GuestWatch
from nova_lite.lab.host import Host
from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab
from nova_lite.lab.state import write
from nova_lite.migration import vm_states
from tests.lab.control import BUSY, BUSY_MIB, BUSY_RATE, LINK
from tests.lab.driver_process import DriverProcess, RemoteDriver

# not the directory of the host's own compute, which tidies up what it knows nothing of
PLACE = 'contract'
HOSTS = ('compute1', 'compute2')
IMAGES = {  # (disk, busy)
    (False, False): Image('tick'), (True, False): Image('tick-disk', disk=8),
    (False, True): Image(BUSY, dirty=BUSY_MIB, rate=BUSY_RATE)}


class LibvirtHypervisors:
    """See tests.contract.Hypervisors; a context manager, whose exit ends all guests.
    ``harm``: what speaks against one of them.

    :param drivers: of compute1 and compute2, as :func:`start_driver` makes them
    """
    timeout = 60.0

    def __init__(self, lab: Lab, drivers: list[DriverProcess]) -> None:
        self.ctxt = context.get_admin_context()
        self.source, self.destination = (RemoteDriver(driver) for driver in drivers)
        self.harm: list[str] = []
        self._lab, self._hosts = lab, [lab.topology.host(name) for name in HOSTS]
        self._ids = itertools.count(1)
        self._stack = contextlib.ExitStack()
        self._watches: dict[str, GuestWatch] = {}

    def __enter__(self) -> 'LibvirtHypervisors':
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def dest_host(self) -> str:
        return self._hosts[1].name

    def restarted_source(self) -> RemoteDriver:
        process = start_driver(self._lab, self._hosts[0])
        self._stack.callback(process.close)
        return RemoteDriver(process)

    def turn_round(self) -> None:
        self.source, self.destination = self.destination, self.source
        self._hosts.reverse()

    def new_instance(self, disk: bool = False, busy: bool = False) -> Any:
        instance = objects.Instance(
            self.ctxt, id=next(self._ids), uuid=uuidutils.generate_uuid(), display_name='guest',
            host=self._hosts[0].name, vm_state=vm_states.ACTIVE, task_state=None, memory_mb=192,
            vcpus=1, root_gb=1 if disk else 0, ephemeral_gb=0, metadata={}, generation=0,
            image_meta=IMAGES[disk, busy].descriptor())
        consoles = {host.name: host.root / PLACE / instance.uuid / 'console.log'
                    for host in self._hosts}
        self._watches[instance.uuid] = self._stack.enter_context(GuestWatch(consoles))
        self._stack.callback(self._remove, instance)
        return instance

    def node(self, driver: RemoteDriver) -> Any:
        values = driver.get_available_resource()
        return objects.ComputeNode(self.ctxt, host=values['hypervisor_hostname'],
                                   free_disk_gb=values['local_gb'], **values)

    def narrow(self) -> None:
        """The link is narrow from the start."""

    @contextlib.contextmanager
    def replaced_image(self, name: str, where: str) -> Iterator[None]:
        """The hosts of a lab have one image directory, so it is another for both."""
        with replaced(self._lab.state.images / name):
            yield

    def boot(self, instance: Any) -> None:
        self._watches[instance.uuid].wait(
            lambda record: record.last() and record.last().passes > 0, self.timeout, 'first pass')

    def ticks(self, driver: RemoteDriver, instance: Any) -> int:
        host = driver.get_available_resource()['hypervisor_hostname']
        driver.get_info(instance)
        return self._watches[instance.uuid].wait_ticks(1, host, self.timeout).tick

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)     # the guest's time is ours

    def _remove(self, instance: Any) -> None:
        record = self._watches[instance.uuid].record
        self.harm += [f'{record.bad()} comparisons failed'] if record.bad() else []
        self.harm += record.deaths()
        for driver in (self.source, self.destination):
            with contextlib.suppress(exception.InstanceNotFound):
                driver.destroy(self.ctxt, instance)


@contextlib.contextmanager
def replaced(file: Path) -> Iterator[None]:
    """Another file of the same size and time is renamed over this one, and back at the end."""
    kept, other, status = file.with_name('.kept'), file.with_name('.other'), file.stat()
    os.link(file, kept)
    other.write_bytes(os.urandom(status.st_size))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(file)
    try:
        yield
    finally:
        kept.rename(file)


def start_driver(lab: Lab, host: Host) -> DriverProcess:
    """libvirt's driver on this host, with the options of the lab's computes and a narrow link."""
    sections = config.compute(lab.state, lab.settings, host, 'fake://')
    (host.root / PLACE).mkdir(exist_ok=True)
    sections['DEFAULT'] |= {'instances_path': host.common / PLACE, 'debug': True,
                            'log_file': host.common / 'log' / f'{PLACE}.log'}
    sections['libvirt']['live_migration_bandwidth'] = LINK
    file = host.directory('etc') / f'{PLACE}.conf'
    write(file, config.render(sections))
    return DriverProcess(host, host.common / 'etc' / file.name,
                         lab.state.path / f'{uuidutils.generate_uuid(dashed=False)[:8]}.socket',
                         host.log_directory / f'{PLACE}-errors.log')
