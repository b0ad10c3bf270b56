# SPDX-License-Identifier: Apache-2.0
"""What befalls an actor: one function to hurt it and one to heal it, and the time in between."""
import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from nova_lite.lab.server_base import Server
from nova_lite.lab.servers import RabbitMQ
from nova_lite.virt.simulation import guests, jobs
from nova_lite.virt.simulation.state import CRASHED, RUNNING
from tests.chaos import cells, harm_settings, harm_virsh
from tests.chaos.stage import DESTINATION, SOURCE, Stage

SECONDS = {cells.KILL_SOON: 0.5, cells.KILL_LATE: 15, cells.TERM: 0, cells.STOP: 20,
           cells.CUT_SHORT: 5, cells.CUT_LONG: 45, cells.BAD_OPTION: 5, cells.CLOCK_AHEAD: 15,
           cells.CLOCK_BEHIND: 15, cells.READ_ONLY: 15, cells.NO_CONNECTIONS: 15,
           cells.SUSPEND: 5, cells.DESTROY: 1, cells.MIGRATE: 1}
HELD = 'a stopped process'


class Harm(NamedTuple):
    hurt: Callable[[], object]
    seconds: float
    heal: Callable[[], object]

    def befall(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """All of it; ``meanwhile`` is done as soon as it has begun."""
        self.hurt()
        meanwhile()
        time.sleep(self.seconds)
        self.heal()


def make(stage: Stage, actor: str, fault: str, uuids: Iterable[str], dead: set[str],
         touched: set[str]) -> Harm:
    """``dead`` gets the servers whose guest is killed with its QEMU, ``touched`` those of which
    virsh did something by hand."""
    if actor == cells.BY_HAND:
        hurt, heal = harm_virsh.make(stage, fault, list(uuids), touched)
        return Harm(hurt, SECONDS[fault], heal)
    hurt, heal = _acts(stage, actor, fault, list(uuids), dead)
    return Harm(hurt, SECONDS[fault], heal)


def _acts(stage: Stage, actor: str, fault: str, uuids: list[str],
          dead: set[str]) -> tuple[Callable[[], object], Callable[[], object]]:
    stopped = fault == cells.STOP
    if actor == 'link-hosts':
        return (lambda: stage.world.cut_link(SOURCE, DESTINATION),
                lambda: stage.world.mend_link(SOURCE, DESTINATION))
    if actor == 'link-broker':
        return stage.broker_link.cut, stage.broker_link.mend
    if fault in (cells.READ_ONLY, cells.NO_CONNECTIONS):
        return harm_settings.refusing(stage.database, fault)
    if actor in ('rabbitmq', 'database'):
        return _server(getattr(stage, actor), fault)
    if actor == 'destination-qemu':
        if stopped:
            return lambda: _stop_qemu(stage, uuids), lambda: _continue_qemu(stage, uuids)
        return lambda: _kill_qemu(stage, uuids, dead), lambda: None
    if actor.endswith('-libvirtd'):
        host = SOURCE if actor.startswith('source') else DESTINATION
        if stopped:
            return lambda: _stop_libvirtd(stage, host), lambda: _continue_libvirtd(stage, host)
        return (lambda: stage.world.stop_hypervisor(host),
                lambda: stage.world.start_hypervisor(host))
    name = {'source-compute': f'compute-{SOURCE}',
            'destination-compute': f'compute-{DESTINATION}'}.get(actor, actor)
    if fault == cells.BAD_OPTION:
        return harm_settings.bad_option(stage.deployed, name)
    if fault in cells.CLOCK_FAULTS:
        return harm_settings.wrong_clock(stage.deployed, name, fault)
    return _process(stage, name, fault)


def _process(stage: Stage, name: str,
             fault: str) -> tuple[Callable[[], object], Callable[[], object]]:
    deployed = stage.deployed
    if fault == cells.STOP:
        return (lambda: deployed.signal(name, signal.SIGSTOP),
                lambda: deployed.signal(name, signal.SIGCONT))

    def start() -> None:
        deployed.processes[name].wait(60)
        deployed.start(name)
        deployed.wait_for(lambda: deployed.is_ready(name), f'{name} to be ready')

    if fault == cells.TERM:
        return lambda: deployed.processes[name].send_signal(signal.SIGTERM), start
    return lambda: deployed.signal(name, signal.SIGKILL), start


def _server(server: Server, fault: str) -> tuple[Callable[[], object], Callable[[], object]]:
    if fault == cells.STOP:
        return (lambda: os.kill(server.pid, signal.SIGSTOP),
                lambda: os.kill(server.pid, signal.SIGCONT))
    if fault == cells.TERM:
        return server.stop, server.start
    if fault == cells.KILL_LATE and isinstance(server, RabbitMQ):
        return server.kill, lambda: _start_empty(server)
    return server.kill, server.start


def _start_empty(server: Server) -> None:
    """No queue, no exchange and no message is left."""
    server.forget()
    server.start()


# -- the simulated world ----------------------------------------------------------------------
def _stop_libvirtd(stage: Stage, host: str) -> None:
    """It answers nobody; the guests and copies of its QEMUs go on."""
    stage.world.configure(host, held=True)


def _continue_libvirtd(stage: Stage, host: str) -> None:
    stage.world.configure(host, held=False)


def _kill_qemu(stage: Stage, uuids: list[str], dead: set[str]) -> None:
    with stage.world.change() as state:
        for uuid in uuids:
            guest, job = guests.find(state, DESTINATION, uuid), jobs.active(state, uuid)
            if guest is None:
                continue
            if guest.state == RUNNING or (job and job.landed):
                dead.add(uuid)
            jobs.guest_ended(state, guest)
            if (left := guests.find(state, DESTINATION, uuid)) is not None:
                guests.freeze(state, left)
                left.state, left.reason = CRASHED, 'its process was killed'


def _stop_qemu(stage: Stage, uuids: list[str]) -> None:
    with stage.world.change() as state:
        for uuid in uuids:
            guest, job = guests.find(state, DESTINATION, uuid), jobs.active(state, uuid)
            if job is not None and not job.landed:
                job.held = HELD
                jobs.set_frozen(job)
            if guest is not None:
                guests.freeze(state, guest)


def _continue_qemu(stage: Stage, uuids: list[str]) -> None:
    with stage.world.change() as state:
        jobs.release(state, HELD)
        for uuid in uuids:
            guest = guests.find(state, DESTINATION, uuid)
            if guest is not None and guest.state == RUNNING:
                guests.run(state, guest)
