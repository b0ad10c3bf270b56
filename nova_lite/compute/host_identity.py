# SPDX-License-Identifier: Apache-2.0
"""Who this host is: made once, kept in the state directory, registered with the service's row.

The name of a host is the name of its queue, and of the place where its guests are. Two machines
with one name (a clone, a copied file) would share the queue and mix up their guests, so a compute
starts only where its name is its own: one process on this machine, by a lock that ends with it;
one machine for the name, by the identity; and one copy of the identity, by a lock of its own and,
where that does not reach, by the boot of the machine that sends the heartbeats.
"""
import contextlib
import errno
import fcntl
import os
import socket
import uuid
from typing import Any

from nova_lite import context, exception, objects
from nova_lite.conf import CONF

BOOT_ID = '/proc/sys/kernel/random/boot_id'
# containers share the machine's boot, and each has a network of its own
NETWORK = '/proc/self/ns/net'


class HostNameInUse(exception.NovaLiteException):
    """The name may be another's: that will show."""
    msg_fmt = ('Host %(host)s was heard of just now, from before a restart of this machine or '
               'from a copy of it: waiting for service_down_time to tell')


class HostIdentity:
    """That of ``host``. Held from :meth:`take` until the process ends."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.file = os.path.join(CONF.state_path, f'compute_id.{host}')
        self.identity, self.boot = '', ''
        self._lock: Any = None
        self._sole: socket.socket | None = None
        self._beats: int | None = None      # of the one who has our identity, when first seen

    def take(self) -> None:
        """Lock the name on this machine; read the identity, or make it. ConfigInvalid."""
        try:
            os.makedirs(CONF.state_path, exist_ok=True)
            with contextlib.ExitStack() as undo:
                self._take_lock()
                undo.callback(self.release)
                self.identity = self._read() or self._make()
                self._take_identity()
                with open(BOOT_ID, encoding='ascii') as file:
                    self.boot = str(uuid.uuid5(uuid.UUID(file.read().strip()),
                                               str(os.stat(NETWORK).st_ino)))
                undo.pop_all()
        except OSError as error:
            raise exception.ConfigInvalid(
                reason=f'the state directory ([DEFAULT]state_path) cannot be used: '
                       f'{error.filename}: {error.strerror}') from error

    def release(self) -> None:
        """Let another object take the name; a process that ends need not."""
        self._lock.close()
        if self._sole is not None:
            self._sole.close()

    def claim(self) -> None:
        """Have the database say that the name is ours. HostNameTaken when it is another's;
        HostNameInUse while it may be, which is over when the other's heartbeats are too old."""
        beats = objects.Service.claim_host(context.get_admin_context(), self.host, self.identity,
                                           self.boot)
        if beats is None:
            return
        if self._beats is not None and beats != self._beats:
            raise exception.HostNameTaken(
                host=self.host, reason=f'another machine with a copy of {self.file} is at work')
        self._beats = beats
        raise HostNameInUse(host=self.host)

    def _take_lock(self) -> None:
        path = f'{self.file}.lock'
        self._lock = open(path, 'a+', encoding='ascii')      # noqa: SIM115 (it stays open)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            pid = self._lock.read().strip() or 'unknown'
            self._lock.close()
            raise exception.ConfigInvalid(
                reason=f'another nova-lite-compute of host {self.host} runs on this machine (pid '
                       f'{pid}, which holds {path}): end it first') from None
        self._lock.truncate(0)
        print(os.getpid(), file=self._lock, flush=True)

    def _take_identity(self) -> None:
        """A copy of the state directory has the identity too, and another lock file. The kernel
        keeps this name for as long as the process lives."""
        self._sole = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._sole.bind(f'\0nova-lite-compute.{self.identity}')
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise exception.ConfigInvalid(
                reason=f'a nova-lite-compute of host {self.host} runs on this machine with a copy '
                       f'of {self.file}: end it first; a state directory is moved, not copied'
            ) from None

    def _read(self) -> str | None:
        try:
            with open(self.file, encoding='ascii') as file:
                text = file.read().strip()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            text = ''
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise exception.ConfigInvalid(
                reason=f'{self.file} does not hold the identity of host {self.host}: restore it; '
                       f'or remove it and run: nova-lite-manage host-replace {self.host}'
            ) from None

    def _make(self) -> str:
        """A new one, which is in the file wholly or not at all, whenever the machine ends."""
        made, new = str(uuid.uuid4()), f'{self.file}.new'
        with open(new, 'w', encoding='ascii') as file:
            print(made, file=file, flush=True)
            os.fsync(file.fileno())
        os.replace(new, self.file)
        directory = os.open(CONF.state_path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return made
