# SPDX-License-Identifier: Apache-2.0
"""Short ways to act in a simulated world."""
from nova_lite.virt.simulation import guests, hypervisor, jobs, state, storage

UUID = '00000000-0000-4000-8000-000000000001'


class Clock:
    """Real time as a test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def boot(world, host='src', uuid=UUID, dirty_rate=0.0, memory_mb=1000, disks=()):
    with world.change(host) as now:
        storage.make(now, host, uuid, [storage._new_disk(name, 1, '') for name in disks])
        guests.add(now, state.Guest(uuid, host, state.SHUTOFF, '', memory_mb=memory_mb, vcpus=1,
                                    dirty_rate=dirty_rate, working_set=memory_mb))
        hypervisor.start(now, host, uuid)


def move(world, uuid=UUID, source='src', dest='dst', **terms):
    with world.change(source) as now:
        jobs.start(now, uuid, source, dest,
                   **{'block': False, 'bandwidth': 0, 'downtime_ms': 300, **terms})


def control(world, call, *arguments, **named):
    with world.change() as now:
        call(now, *arguments, **named)
