# SPDX-License-Identifier: Apache-2.0
"""What befalls an actor of the lab: a real process, a real server or a real network."""
import signal
from collections.abc import Callable, Iterable

from nova_lite.lab import daemons
from nova_lite.lab.command import run
from tests.chaos import cells
from tests.chaos.harm import SECONDS, Harm
from tests.chaos.lab_stage import DESTINATION, SOURCE, LabStage
from tests.lab.cloud import Server
from tests.lab.control import emulator_of

NOBODY = '02:00:00:00:00:01'       # an address of no network card
# actor: kind of daemon, and its host where there are several
DAEMONS = {
    'api': ('api', None), 'conductor': ('conductor', None), 'scheduler': ('scheduler', None),
    'rabbitmq': ('rabbitmq', None), 'database': ('mariadb', None),
    'source-compute': ('compute', SOURCE), 'destination-compute': ('compute', DESTINATION),
    'source-libvirtd': ('libvirtd', SOURCE), 'destination-libvirtd': ('libvirtd', DESTINATION),
}
LINKS = {'link-hosts': (SOURCE, DESTINATION), 'link-broker': (SOURCE, 'controller')}
TERM_TIMEOUT = 60

Acts = tuple[Callable[[], object], Callable[[], object]]


def make(stage: LabStage, actor: str, fault: str, servers: Iterable[Server],
         dead: set[str]) -> Harm:
    """``dead`` gets the servers whose guest is killed with its QEMU."""
    if actor in LINKS:
        hurt, heal = _link(stage, *LINKS[actor])
    elif actor == 'destination-qemu':
        hurt, heal = _emulators(stage, fault, list(servers), dead)
    else:
        hurt, heal = _daemon(stage, *DAEMONS[actor], fault)
    return Harm(hurt, SECONDS[fault], heal)


def _daemon(stage: LabStage, kind: str, host: str | None, fault: str) -> Acts:
    process = daemons.process(stage.part(kind, host).pid)
    if fault == cells.STOP:
        return lambda: process.signal(signal.SIGSTOP), lambda: process.signal(signal.SIGCONT)

    def start() -> None:
        # a second SIGTERM, which restart() would send, is not what is tried here
        process.wait(TERM_TIMEOUT)
        stage.lab.restart(kind, host)

    if fault == cells.TERM:
        return lambda: process.signal(signal.SIGTERM), start
    if kind in ('rabbitmq', 'mariadb'):
        return stage.part(kind).kill, start
    return lambda: process.signal(signal.SIGKILL), start


def _link(stage: LabStage, one: str, other: str) -> Acts:
    """Nothing passes between the two any more, and nobody is told: each sends to nobody."""
    ends = [(stage.host(one), stage.host(other)), (stage.host(other), stage.host(one))]

    def cut() -> None:
        for host, peer in ends:
            run('ip', '-n', host.netns.name, 'neigh', 'replace', peer.address, 'lladdr', NOBODY,
                'dev', 'eth0', 'nud', 'permanent')

    def mend() -> None:
        for host, peer in ends:
            run('ip', '-n', host.netns.name, 'neigh', 'del', peer.address, 'dev', 'eth0')

    return cut, mend


def _emulators(stage: LabStage, fault: str, servers: list[Server], dead: set[str]) -> Acts:
    """All QEMUs at the destination. What is killed before its guest runs in it, is a copy."""
    found = {server.id: process for server in servers
             if (process := emulator_of(server, DESTINATION))}

    def kill() -> None:
        domains = stage.domains(DESTINATION) or {}
        dead.update(uuid for uuid in found if domains.get(uuid) == 'running')
        signal_all(signal.SIGKILL)

    def signal_all(number: int) -> None:
        for process in found.values():
            process.signal(number)

    if fault == cells.STOP:
        return lambda: signal_all(signal.SIGSTOP), lambda: signal_all(signal.SIGCONT)
    return kill, lambda: None
