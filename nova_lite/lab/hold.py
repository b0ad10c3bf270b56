# SPDX-License-Identifier: Apache-2.0
"""Becomes the process that keeps a host's namespaces: mounts its private directories, sleeps.

Run inside fresh network, mount and UTS namespaces with one argument, the JSON of
:class:`Plan`. It prints one line when the host is furnished. A host's guests are
entered, found and ended by way of these namespaces.
"""
import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass, field

READY = b'ready\n'


@dataclass
class Plan:
    """What one host sees differently from the machine.

    :param tmpfs: directories that start empty, such as /run with its sockets and pid files
    :param binds: (source, target) pairs, mounted in this order; files or directories
    :param read_only: (source, target) pairs that the host may not write
    :param hidden: directories of the machine whose mounts the host must not keep alive
    """

    hostname: str
    tmpfs: list[str] = field(default_factory=list)
    binds: list[tuple[str, str]] = field(default_factory=list)
    read_only: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def carry_out(self) -> None:
        """:raises subprocess.CalledProcessError: a mount failed; its own message is on stderr"""
        for mount in _mounts():
            # the names of other hosts' networks: mounted here too, they would outlive the host
            if any(mount == path or mount.startswith(f'{path}/') for path in self.hidden):
                _do('umount', '--lazy', mount)
        for path in self.tmpfs:
            _do('mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', path)
        for source, target in self.binds:
            _do('mount', '--bind', source, target)
        for source, target in self.read_only:
            _do('mount', '--bind', source, target)
            _do('mount', '-o', 'remount,bind,ro', target)
        socket.sethostname(self.hostname)


def _mounts() -> list[str]:
    """Mount points, the inner ones first."""
    with open('/proc/self/mountinfo') as table:
        return sorted((line.split()[4] for line in table), reverse=True)


def _do(*argv: str) -> None:
    subprocess.run(argv, check=True, timeout=20)


def main() -> None:
    Plan(**json.loads(sys.argv[1])).carry_out()
    os.write(1, READY)
    os.dup2(2, 1)       # closes the pipe: whoever waits for the line need not wait for us
    os.chdir('/')
    os.execvp('sleep', ['sleep', 'infinity'])


if __name__ == '__main__':
    main()
