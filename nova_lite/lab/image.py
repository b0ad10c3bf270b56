# SPDX-License-Identifier: Apache-2.0
"""The lab's images: guests that tell, ten times a second, whether they are still whole.

Kernel: Debian's cloud kernel. Initrd: busybox, the static ticker (guest/tick.c) and the
modules which that kernel has not built in. They need no network, no disk, and boot in
seconds without hardware virtualisation; tick-disk adds a small disk that is checked as well.
"""
import json
import lzma
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from nova_lite.lab.command import LabError, run

SOURCES = Path(__file__).parent / 'guest'
BOOT, MODULES = Path('/boot'), Path('/lib/modules')
NAMESPACE = uuid.UUID('8c1f1f0e-6d0b-5f0e-9a53-6e6f76616c74')
BASE_DISK_MIB = 32
BASE_BLOCKS = 256       # of 4 KiB, as tick.c has it
# loglevel: only what the kernel says when it dies may stand between two ticks; the next three
# spare a second of start-up
CMDLINE = ('console=ttyS0 quiet loglevel=1 panic=0 mitigations=off cryptomgr.notests '
           'ipv6.disable=1 tick.interval={interval}')


@dataclass(frozen=True)
class Image:
    """One image; the numbers go to the guest by its kernel command line.

    :param dirty: MiB of memory that are rewritten and compared for ever
    :param rate: MiB/s at which they are rewritten
    :param disk: MiB of /dev/vda that are rewritten and compared; 0 has no disk
    :param interval: ms between two ticks
    :param off: ticks after which it powers itself off; 0: never
    """

    name: str
    dirty: int = 16
    rate: int = 2
    disk: int = 0
    interval: int = 100
    off: int = 0

    @property
    def id(self) -> str:
        """The same in every lab, so that notes and scripts stay true."""
        return str(uuid.uuid5(NAMESPACE, self.name))

    def descriptor(self) -> dict:
        cmdline = CMDLINE.format(interval=self.interval)
        cmdline += f' tick.dirty={self.dirty} tick.rate={self.rate}'
        if self.disk:
            cmdline += f' tick.disk={self.disk}'
        if self.off:
            cmdline += f' tick.off={self.off}'
        return {'id': self.id, 'name': self.name, 'kernel': 'vmlinuz', 'initrd': 'initrd.img',
                'cmdline': cmdline, 'disk': 'disk.raw' if self.disk else None,
                'disk_format': 'raw' if self.disk else None,
                'min_ram': 128, 'min_disk': 1 if self.disk else 0, 'properties': {}}

    def write(self, directory: Path) -> None:
        _replace(directory / f'{self.name}.json',
                 json.dumps(self.descriptor(), indent=2).encode() + b'\n')


IMAGES = (
    Image('tick'),
    Image('tick-disk', disk=8),
    Image('tick-busy', dirty=64, rate=16),
)


def build(directory: Path) -> None:
    """Make all images in ``directory``; what is there and as new as its sources is kept."""
    directory.mkdir(parents=True, exist_ok=True)
    release = kernel_release()
    kernel = BOOT / f'vmlinuz-{release}'
    stamp = directory / '.built-from'
    wanted = ' '.join([release, *(str(source.stat().st_mtime_ns) for source in
                                  (*sorted(SOURCES.iterdir()), Path(__file__), kernel))])
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.copyfile(kernel, directory / 'vmlinuz')
        _replace(directory / 'initrd.img', initrd(directory, release))
        _replace(directory / 'disk.raw', base_blocks(), size=BASE_DISK_MIB << 20)
        _replace(stamp, wanted.encode())
    for image in IMAGES:
        image.write(directory)


def kernel_release() -> str:
    """The newest cloud kernel of this machine that has its modules.

    :raises LabError: there is none
    """
    found = [path.name.removeprefix('vmlinuz-') for path in BOOT.glob('vmlinuz-*-cloud-amd64')]
    usable = [release for release in found if (MODULES / release).is_dir()]
    if not usable:
        raise LabError("no kernel for the lab's guests: apt-get install linux-image-cloud-amd64")
    return max(usable, key=lambda r: [int(n) for n in re.findall(r'\d+', r)])


def initrd(scratch: Path, release: str) -> bytes:
    """The initial RAM disk as a cpio archive; not compressed, since the guest is slow."""
    ticker = scratch / '.tick'
    run('gcc', '-O2', '-static', '-o', ticker, SOURCES / 'tick.c', timeout=60)
    busybox = shutil.which('busybox')
    if not busybox:
        raise LabError('busybox is missing: apt-get install busybox-static')
    files = {f'{name}/': b'' for name in
             ('bin', 'dev', 'proc', 'modules', 'modules/base', 'modules/disk')}
    files |= {'init': (SOURCES / 'init.sh').read_bytes(), 'tick': ticker.read_bytes(),
              'bin/busybox': Path(busybox).read_bytes()}
    files |= modules(release, 'modules/base', ('button', 'evdev'))
    files |= modules(release, 'modules/disk', ('virtio_pci', 'virtio_blk'))
    ticker.unlink()
    return cpio(files)


def modules(release: str, directory: str, wanted: tuple[str, ...]) -> dict[str, bytes]:
    """Kernel modules with all they need, named so that the glob's order loads them."""
    needs = {}
    for line in (MODULES / release / 'modules.dep').read_text().splitlines():
        path, _, rest = line.partition(':')
        needs[Path(path).name.split('.')[0]] = [path, *rest.split()]
    ordered: list[str] = []
    for name in wanted:
        # modules.dep lists what a module needs in the reverse of the loading order
        for path in reversed(needs.get(name, ())):     # absent: built into the kernel
            if path not in ordered:
                ordered.append(path)
    files = {}
    for number, path in enumerate(ordered):
        content = (MODULES / release / path).read_bytes()
        if path.endswith('.xz'):
            content = lzma.decompress(content)
        files[f'{directory}/{number:02}-{Path(path).name.split(".")[0]}.ko'] = content
    return files


def cpio(files: dict[str, bytes]) -> bytes:
    """An archive in cpio's "newc" form; a name that ends with a slash is a directory."""
    out = bytearray()
    for inode, (name, content) in enumerate([*files.items(), ('TRAILER!!!', b'')], start=1):
        mode = 0o040755 if name.endswith('/') else 0o100755
        encoded = name.rstrip('/').encode() + b'\0'
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        out += b'070701' + b''.join(b'%08x' % field for field in fields) + encoded
        out += b'\0' * (-len(out) % 4)
        out += content
        out += b'\0' * (-len(out) % 4)
    return bytes(out)


def base_blocks() -> bytes:
    """What the base of tick-disk begins with: known text, checked by the guest for ever."""
    blocks = []
    for block in range(BASE_BLOCKS):
        line = b'nova-lite base %08d\n' % block
        blocks.append((line * (4096 // len(line))).ljust(4096, b'\0'))
    return b''.join(blocks)


def _replace(path: Path, content: bytes, size: int = 0) -> None:
    """Write a file, with zeros up to ``size``, so that a reader, or a killed writer, never
    leaves half of one."""
    new = path.with_name(f'.{path.name}.new')
    with new.open('wb') as file:
        file.write(content)
        file.truncate(max(size, len(content)))
    new.replace(path)
