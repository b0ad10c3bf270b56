# SPDX-License-Identifier: Apache-2.0
"""Spoils the memory of a running guest from outside, as a lost write would."""
import struct
from pathlib import Path

MASK = (1 << 64) - 1


def word(page: int, generation: int, index: int) -> int:
    """What tick.c writes into a page, computed a second time and independently of it."""
    z = ((page << 32 | generation) * 0x9e3779b97f4a7c15 + index * 0xd1342543de82ef95) & MASK
    z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & MASK
    return z ^ z >> 27


def damage_one_page(pid: int, page: int = 5, generation: int = 1) -> None:
    """Flip a bit of this page, found by its contents in QEMU's memory.

    :param pid: the guest's QEMU process
    """
    beginning = struct.pack('<4Q', *(word(page, generation, index) for index in range(4)))
    with open(f'/proc/{pid}/mem', 'r+b', buffering=0) as memory:
        for start, size in _large_areas(pid):
            memory.seek(start)
            found = memory.read(size).find(beginning)
            if found >= 0:
                memory.seek(start + found)
                memory.write(bytes([beginning[0] ^ 1]))
                return
    raise AssertionError(f'page {page} is not in the memory of process {pid}')


def _large_areas(pid: int) -> list[tuple[int, int]]:
    """(start, size) of what may be a guest's RAM."""
    areas = []
    for line in Path(f'/proc/{pid}/maps').read_text().splitlines():
        span, permissions, *_ = line.split()
        start, end = (int(edge, 16) for edge in span.split('-'))
        if permissions.startswith('rw') and end - start >= 64 << 20:
            areas.append((start, end - start))
    return areas
