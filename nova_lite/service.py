# SPDX-License-Identifier: Apache-2.0
"""One service of one host: its RPC server, heartbeat and periodic tasks, and its way to stop.

Conductor, scheduler and compute are each a manager inside such a service. A broker, conductor or
database that is away is waited for and mentioned once. SIGTERM ends the process in bounded time;
what was in hand is written in the database and taken up by the next process.
"""
import contextlib
import os
import signal
import sys
import threading
import time
import typing
from collections.abc import Callable, Sequence
from typing import Any

from oslo_log import log as logging

from nova_lite import (
    action_events,
    context,
    early_signals,
    exception,
    faults,
    notifications,
    objects,
    rpc,
    rpc_server,
    utils,
)
from nova_lite.clock_skew import ClockSkew
from nova_lite.compute.host_identity import HostIdentity
from nova_lite.conductor.rpcapi import Indirection
from nova_lite.conf import CONF, check
from nova_lite.objects import base as objects_base
from nova_lite.objects import instance

LOG = logging.getLogger(__name__)

RETRY_INTERVAL = 1.0
FIRST_ANSWER = 5.0      # s
LAST_WORDS = 2.0    # s to write what was kept back, when a process ends
# a word is enough for these; anything else is shown with its stack
EXPECTED = (exception.NovaLiteException, *rpc.UNREACHABLE)


def connect() -> None:
    """Connect this process to the others, and tell the world of its servers' states from now on.
    Can be repeated. ConfigInvalid."""
    rpc.init()
    instance.tell(notifications.send_instance_update)


class Service:
    """A manager that is reachable by RPC, seen in the service list, and stopped in order.

    The manager may offer ``init_host()``, ``periodic_tasks() -> [(seconds, callable)]`` and
    ``stop()``. ``scope`` is entered around everything that runs for this service.
    """

    def __init__(self, binary: str, interfaces: Sequence[type[rpc.Interface]], manager: Any,
                 host: str, scope: Callable[[], Any] = contextlib.nullcontext,
                 identity: HostIdentity | None = None) -> None:
        """``identity``: of the machine, where the host's name is no other's."""
        self.binary, self.host, self.manager = binary, host, manager
        self.identity = identity
        self._interfaces, self._scope = interfaces, scope
        self._conductor, self._skew = Indirection(), ClockSkew()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server: Any = None
        self._id: int | None = None      # in the service list
        self._troubled: set[str] = set()

    def start(self) -> None:
        """Return once the service answers, or :meth:`stop` was called meanwhile."""
        if not rpc.wait_for_broker(self._stopping.is_set):
            return
        # before anything is done in the host's name
        if self.identity is not None and not self._until_done(self._claim):
            return
        if hasattr(self.manager, 'init_host') and not self._until_done(self.manager.init_host):
            return
        server = rpc_server.get_server(self._interfaces, self.manager, self.host, action_events,
                                       self._scope)
        server.start()
        self._server = server
        # only now is it up in the service list: who sees it can use it
        if not self._until_done(self._register):
            return
        tasks = [(CONF.report_interval, self._report)]
        if hasattr(self.manager, 'periodic_tasks'):
            tasks += self.manager.periodic_tasks()
        for seconds, task in tasks:
            self._threads.append(utils.spawn(self._every, seconds, task,
                                             name=f'{self.binary}-{task.__name__}'))
        LOG.info('%s ready', self.binary.replace('nova-', 'nova-lite-'))

    def stop(self) -> None:
        """Take no new work and end, within graceful_shutdown_timeout."""
        self._stopping.set()
        ending = utils.spawn(self._stop_in_order, name=f'{self.binary}-stop')
        ending.join(CONF.graceful_shutdown_timeout)
        if ending.is_alive():
            LOG.warning('%s did not end within %d s; what it did is taken up at the next start',
                        self.binary, CONF.graceful_shutdown_timeout)

    def _stop_in_order(self) -> None:
        if self._server is not None:
            self._server.stop()
        if hasattr(self.manager, 'stop'):
            with self._scope():
                self.manager.stop()
        with self._scope(), rpc.within(LAST_WORDS):
            action_events.flush(LAST_WORDS)
        if self._server is not None:
            self._server.wait()

    # -- what runs beside the RPC server ---------------------------------------------------------
    def _claim(self) -> None:
        """Where a conductor starts at the same time, its queue may not be there yet, and what is
        sent to nobody is lost: soon asked again."""
        with rpc.within(FIRST_ANSWER):
            typing.cast(HostIdentity, self.identity).claim()

    def _register(self) -> None:
        self._id = objects.Service.register(
            context.get_admin_context(), self.host, self.binary, self._interfaces[0].topic,
            identity=self.identity.identity if self.identity else None,
            boot=self.identity.boot if self.identity else None).id

    def _report(self) -> None:
        """By way of the broker and a conductor, as all orders go, also where there is a shorter
        one: what does not arrive is noticed for all alike, see servicegroup.py."""
        # a heartbeat that waited for a conductor that died would miss the next ones
        with rpc.within(CONF.report_interval), objects_base.indirection(self._conductor):
            sent = time.time()
            try:
                now = objects.Service.report(
                    context.get_admin_context(), typing.cast(int, self._id), self._skew.seconds,
                    identity=self.identity.identity if self.identity else None)
            except exception.HostNameTaken as error:
                LOG.critical('%s', error.format_message())
                os.kill(os.getpid(), signal.SIGTERM)
            else:
                self._skew.measure(sent, now, time.time())

    def _every(self, seconds: float, task: Callable[[], None]) -> None:
        while not self._stopping.wait(seconds):
            self._attempt(task)

    def _until_done(self, task: Callable[[], None]) -> bool:
        """Try ``task`` until it succeeds; False when the service was stopped first. Raises what
        waiting does not mend."""
        while not self._stopping.is_set():
            if self._attempt(task, lasting=True):
                return True
            self._stopping.wait(RETRY_INTERVAL)
        return False

    def _attempt(self, task: Callable[[], None], lasting: bool = False) -> bool:
        """Run ``task``; a failure is logged when it begins and when it is over. With ``lasting``
        one that will not be over is raised."""
        name = task.__name__
        try:
            with self._scope():
                task()
        except Exception as error:
            if lasting and faults.is_lasting(error):
                raise
            if name not in self._troubled:
                self._troubled.add(name)
                LOG.warning('%s: %s does not work now, trying again: %s', self.binary,
                            name.strip('_'), exception.message_of(error),
                            exc_info=not isinstance(error, EXPECTED))
            return False
        if name in self._troubled:
            self._troubled.discard(name)
            LOG.info('%s: %s works again', self.binary, name.strip('_'))
        return True


def make_or_die(make: Callable[[], Any]) -> Any:
    """What ``make`` returns; what waiting does not mend ends the process with one line."""
    try:
        return make()
    except exception.NovaLiteException as error:
        if not faults.is_lasting(error):
            raise
        print(error.format_message(), file=sys.stderr)
        sys.exit(faults.exit_code(error))


def run(start: Callable[[], None], stop: Callable[[], None], options: check.Options) -> None:
    """Run a process: ``start`` it, wait for SIGTERM or SIGINT, ``stop`` it and exit 0.

    SIGHUP re-reads those of ``options`` that may change. Signal handlers only write to a pipe:
    a lock taken in a handler could be the one that the interrupted code holds.
    """
    inbox = utils.Mailbox()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: inbox.put(received))
    for received in early_signals.came:
        inbox.put(received)
    starting = utils.spawn(_start_or_die, start, inbox, name='start')
    while True:
        received = inbox.get(timeout=3600)
        if received == signal.SIGHUP:
            _reread_options(options)
        elif received is not None:
            break
    failed = isinstance(received, BaseException)
    if not failed:
        LOG.info('Stopping on %s', signal.Signals(received).name)
        stop()
        starting.join(CONF.graceful_shutdown_timeout)
        notifications.drain()
    logging.logging.shutdown()
    sys.stdout.flush()
    # interpreter exit would wait without limit for pool threads that hold a dead connection
    os._exit(faults.exit_code(received) if failed else 0)


def _reread_options(options: check.Options) -> None:
    """Take over what has changed; files with a fault in them change nothing."""
    try:
        reading, changed = options.reread()
    except Exception as error:
        LOG.error('Cannot re-read the options, going on with those of before: %s',
                  exception.message_of(error))
        return
    for fault in reading.faults:
        LOG.error('%s', fault)
    for warning in reading.warnings:
        LOG.warning('%s', warning)
    if reading.faults:
        LOG.error('Options re-read and refused: nothing of the files is taken, and the options of '
                  'before stay in force')
    else:
        # names only: a value may be a secret
        LOG.info('Options re-read; changed: %s', ', '.join(changed) or 'none')


def _start_or_die(start: Callable[[], None], inbox: utils.Mailbox) -> None:
    try:
        start()
    except BaseException as error:
        LOG.critical('Cannot start: %s', exception.message_of(error),
                     exc_info=not isinstance(error, EXPECTED))
        inbox.put(error)
