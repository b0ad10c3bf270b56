# SPDX-License-Identifier: Apache-2.0
"""Who has news: how a process hears that another one has brought something about on its hosts.

One file of the world, to which whoever has an event of a host appends a line without any lock. To
ask whether there is something new is one call, however many hosts there are.
"""
import os

LONGEST = 2 ** 20       # bytes; then the file begins anew


class News:
    """``path``: the world's directory. One reader at a time."""

    def __init__(self, path: str) -> None:
        self._path = os.path.join(path, 'news')
        self._read = 0      # bytes

    def write(self, numbers: dict[str, int]) -> None:
        """Of each host, the number of its newest event. To be called under the hosts' locks and
        before they are saved: who reads it waits for the lock, and who dies in between has only
        made others look in vain."""
        lines = ''.join(f'{number} {host}\n' for host, number in numbers.items())
        with open(self._path, 'ab', buffering=0) as file:
            if file.tell() > LONGEST:
                file.truncate(0)
            file.write(lines.encode())

    def skip(self) -> None:
        """What is past is no news."""
        self._read = self._size()

    def read(self) -> dict[str, int] | None:
        """Numbers by host, of what was written since the last time; None when that is not known,
        since the file began anew: then any host may have news."""
        size = self._size()
        if size == self._read:
            return {}
        if size < self._read:
            self._read = size
            return None
        with open(self._path, 'rb') as file:
            file.seek(self._read)
            lines = file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b'\n'):     # it is being written
            lines.pop()
        self._read += sum(map(len, lines))
        words = (line.decode().rstrip('\n').partition(' ') for line in lines)
        return {host: int(number) for number, _, host in words}

    def _size(self) -> int:
        try:
            return os.stat(self._path).st_size
        except FileNotFoundError:
            return 0
