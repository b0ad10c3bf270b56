# SPDX-License-Identifier: Apache-2.0
"""One compute process that speaks for many simulated hosts: ``python -m benchmarks.many_hosts
FILE [OPTIONS]``.

FILE is JSON: the uuids of the guests that run on each host. They are there before the hosts report
for the first time, as on a host whose compute process is started anew.
"""
from nova_lite import monkey_patch

monkey_patch.patch()

import json                                                     # noqa: E402
import sys                                                      # noqa: E402
import types                                                    # noqa: E402
from pathlib import Path                                        # noqa: E402

from nova_lite import service, utils                            # noqa: E402
from nova_lite.cmd import common, compute                       # noqa: E402
from nova_lite.virt import simulation                           # noqa: E402
from nova_lite.virt.libvirt import config                       # noqa: E402
from nova_lite.virt.simulation import guests, hypervisor        # noqa: E402

AT_ONCE = 4     # hosts that start at the same moment
MEMORY_MB, VCPUS = 256, 1


def populate(world: simulation.World, hosts: dict[str, list[str]]) -> None:
    """Running guests without disks, with the settings of the options."""
    for host, uuids in hosts.items():
        world.add_host(host)
        files = simulation.SimulatedStorage(world, host)
        for uuid in uuids:
            files.make_directory(uuid)
        with world.change(host) as state:
            for uuid in uuids:
                guests.define(state, host, config.guest_xml(
                    types.SimpleNamespace(uuid=uuid, name=uuid, display_name=uuid, generation=0,
                                          metadata={}, memory_mb=MEMORY_MB, vcpus=VCPUS),
                    config.Options(), config.Boot(), [], files.console_path(uuid)))
                hypervisor.start(state, host, uuid)


class Computes:
    """The services of all hosts, started a few at a time and stopped together."""

    def __init__(self, hosts: list[str]) -> None:
        self._waiting = [compute.make_service(host) for host in reversed(hosts)]
        self._started: list[service.Service] = []

    def start(self) -> None:
        threads = [utils.spawn(self._start_some, name=f'start-{number}')
                   for number in range(AT_ONCE)]
        for thread in threads:
            thread.join()

    def _start_some(self) -> None:
        while self._waiting:
            one = self._waiting.pop()
            one.start()
            self._started.append(one)

    def stop(self) -> None:
        threads = [utils.spawn(one.stop, name='stop') for one in self._started]
        for thread in threads:
            thread.join()


def main() -> None:
    path, sys.argv[1:] = Path(sys.argv[1]), sys.argv[2:]
    options = common.prepare('nova-lite-compute')
    hosts = json.loads(path.read_text())
    service.connect()
    populate(simulation.current(), hosts)
    computes = service.make_or_die(lambda: Computes(list(hosts)))
    service.run(computes.start, computes.stop, options)


if __name__ == '__main__':
    main()
