# SPDX-License-Identifier: Apache-2.0
"""Where the simulated world is kept: in memory, or in a directory shared by many processes.

In a directory it is one JSON file that is replaced as a whole under a lock, so a process that is
killed at any instruction leaves either the old world or the new one, never a torn one.
"""
import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator

from nova_lite.virt.simulation import state as states

LOCK_RETRY = 0.002        # seconds between two tries for the lock of another process
LOCK_TIMEOUT = 60         # a process that was stopped in the middle may hold it for a while
POLL = 0.05               # seconds between two looks at what other processes did


class MemoryStore:
    """A world in this process, for its life."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state = states.State()
        self.version = 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[states.State]:
        with self._changed:
            yield self._state

    def save(self, state: states.State) -> None:
        """Tell everyone who waits. To be called inside the transaction."""
        self.version += 1
        self._changed.notify_all()

    def wait(self, version: int, timeout: float) -> None:
        """Wait until something changed since ``version``, at most ``timeout`` seconds."""
        with self._changed:
            if self.version == version:
                self._changed.wait(timeout)


class DirectoryStore:
    """A world in a directory, for as long as that is there.

    The lock file holds the number of changes so far, by which a process knows whether what it has
    read is still true; a file's times are too coarse for that.
    """

    def __init__(self, path: str) -> None:
        os.makedirs(path, mode=0o700, exist_ok=True)
        self._file = os.path.join(path, 'world.json')
        self._lock, self._lock_file = threading.Lock(), os.path.join(path, 'lock')
        self._cached: tuple[int, states.State] | None = None

    @property
    def version(self) -> int:
        """How many changes there were."""
        try:
            with open(self._lock_file, 'rb') as lock:
                return int(lock.read() or 0)
        except FileNotFoundError:
            return 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[states.State]:
        # Not a blocking lock: it would stop all green threads of this process while another one
        # holds it, for good if that one was stopped by a signal.
        with self._lock, open(self._lock_file, 'ab') as lock:
            self._take(lock.fileno())
            try:
                yield self._read()
            except BaseException:
                self._cached = None     # it may be half changed
                raise

    def _take(self, lock: int) -> None:
        end = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise TimeoutError(f'{self._lock_file} was held for {LOCK_TIMEOUT} s: '
                                       'look for a stopped process') from None
                time.sleep(LOCK_RETRY)

    def _read(self) -> states.State:
        version = self.version
        if self._cached is None or self._cached[0] != version:
            try:
                with open(self._file, encoding='utf-8') as file:
                    self._cached = version, states.load(file.read())
            except FileNotFoundError:
                self._cached = version, states.State()
        return self._cached[1]

    def save(self, state: states.State) -> None:
        """Replace the file. To be called inside the transaction."""
        new = f'{self._file}.new'
        with open(new, 'w', encoding='utf-8') as file:
            file.write(states.dump(state))
        # the number first: whoever dies in between has only made others read the file again
        version = self.version + 1
        with open(self._lock_file, 'r+b') as lock:
            lock.write(b'%020d' % version)
        os.replace(new, self._file)
        self._cached = version, state

    def wait(self, version: int, timeout: float) -> None:
        """Wait until something changed since ``version``, at most ``timeout`` seconds."""
        end = time.monotonic() + timeout
        while self.version == version and (left := end - time.monotonic()) > 0:
            time.sleep(min(POLL, left))
