# SPDX-License-Identifier: Apache-2.0
"""Listens on the lab's switch to what one host sends to another.

    python wire.py PORT TO HEX...   (PORT: of the switch; TO: an address; HEX: bytes to look for)

It says "ready", listens until its stdin is closed, and prints JSON: the bytes of payload of each
TCP connection to that address, and which of the words came by in the clear.
"""
import collections
import contextlib
import json
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from nova_lite.lab.image import SOURCES
from nova_lite.lab.lab import Lab

EVERY_PROTOCOL, TCP = 3, 6
SO_RCVBUFFORCE = 33     # the module socket does not have it
FRAME = 1 << 17         # bytes; a veth hands over segments of 64 KiB
ROOM = 64 << 20         # bytes, for frames that nobody has read yet
# Every guest has this in its memory: what it starts with
KNOWN = [line for line in (SOURCES / 'init.sh').read_bytes().splitlines() if len(line) > 30]


class Wire:
    """``connections``: ((port of the sender, port of the receiver), bytes of payload) of each;
    ``clear``: a guest's memory could be read. Both when the block has ended."""

    def __init__(self) -> None:
        self.connections: list[tuple[tuple[int, int], int]] = []
        self.clear = False

    def large(self, at_least: int = 1 << 20) -> list[int]:
        """The receivers' ports of all connections over which much went."""
        return [port for (_, port), size in self.connections if size >= at_least]


@contextlib.contextmanager
def listen(lab: Lab, source: str, target: str) -> Iterator[Wire]:
    """Listen as long as the block lasts."""
    host, wire = lab.topology.host(source), Wire()
    with subprocess.Popen(
            [*host.veth.switch.netns.cmd_prefix, sys.executable, __file__, host.veth.port,
             lab.topology.host(target).address, *(line.hex() for line in KNOWN)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener:
        try:
            assert listener.stdout.readline() == 'ready\n'
            yield wire
            said = json.loads(listener.communicate(timeout=20)[0])
            wire.connections = [(tuple(ports), size) for ports, size in said['connections']]
            wire.clear = bool(said['words'])
        finally:
            listener.kill()


def main(port: str, to: str, *words: str) -> None:
    wanted = {bytes.fromhex(word) for word in words}
    address = socket.inet_aton(to)
    sizes: collections.Counter = collections.Counter()
    seen: set[bytes] = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL)) as tap:
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        tap.bind((port, EVERY_PROTOCOL))
        print('ready', flush=True)
        while sys.stdin not in select.select([tap, sys.stdin], [], [])[0]:
            ports, payload = _read(tap.recv(FRAME), address)
            sizes[ports] += len(payload)
            seen |= {word for word in wanted if word in payload}
    del sizes[None]
    print(json.dumps({'connections': list(sizes.items()),
                      'words': [word.hex() for word in seen]}))


def _read(frame: bytes, address: bytes) -> tuple[Any, bytes]:
    """The ports and the payload of an Ethernet frame with a TCP segment to the address."""
    packet = frame[14:]
    if frame[12:14] != b'\x08\x00' or packet[9] != TCP or packet[16:20] != address:
        return None, b''
    segment = packet[(packet[0] & 15) * 4:int.from_bytes(packet[2:4])]
    ports = int.from_bytes(segment[:2]), int.from_bytes(segment[2:4])
    return ports, segment[(segment[12] >> 4) * 4:]


if __name__ == '__main__':
    main(*sys.argv[1:])
