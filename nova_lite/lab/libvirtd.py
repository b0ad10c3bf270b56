# SPDX-License-Identifier: Apache-2.0
"""Each host's own libvirtd: the two ends between which a guest migrates.

It listens for its peers on the lab's switch, which has no way out, in the clear and with
TLS, and is as a compute's libvirt should be but for what a namespace on one machine forbids: no
cgroups, no security driver, no mount namespace of its own for every guest.
"""
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nova_lite.lab import daemons, tls
from nova_lite.lab.command import LabError, last_line, run
from nova_lite.lab.host import Host

PROGRAM = '/usr/sbin/libvirtd'
REAPER = Path(__file__).with_name('reaper.py')
SHIM = Path(__file__).parent / 'shim' / 'postcopy_resume.c'
SHIM_FOR = '11.3.0-2~bpo12+1'       # the build that needs it, and whose code it knows
PORT = 16509

LIBVIRTD_CONF = '''\
listen_tls = 1
listen_tcp = 1
listen_addr = "{address}"
auth_tcp = "none"
ca_file = "{pki}/cacert.pem"
cert_file = "{pki}/servercert.pem"
key_file = "{pki}/serverkey.pem"
auth_unix_rw = "none"
unix_sock_group = "root"
host_uuid = "00000000-0000-4000-8000-{number:012x}"
keepalive_interval = 5
keepalive_count = 5
log_outputs = "3:stderr"
'''
QEMU_CONF = '''\
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
migration_host = "{address}"
migration_address = "{address}"
migrate_tls_x509_cert_dir = "{pki}"
migrate_tls_x509_verify = 1
keepalive_interval = 5
keepalive_count = 5
'''


@dataclass(frozen=True)
class Libvirtd:
    """
    :param shim: a library to load into it, as :func:`shim_path` has it
    """

    host: Host
    shim: Path | None = None
    kind: str = 'libvirtd'

    @property
    def log(self) -> Path:
        return self.host.log_directory / 'libvirtd.log'

    @property
    def pid(self) -> int | None:
        found = self._processes()
        return found[0].pid if found else None

    def running(self) -> bool:
        return self.pid is not None

    def start(self, timeout: float = 60) -> None:
        """Start it, unless it runs, and return when it answers.

        :raises LabError: it died, or did not answer within ``timeout`` seconds
        """
        if self.running() and self._answers():
            return
        self.stop()
        number = int(self.host.address.rpartition('.')[2])
        etc = self.host.directory('etc-libvirt')
        values = {'address': self.host.address, 'number': number, 'pki': tls.PKI_ON_HOST}
        (etc / 'libvirtd.conf').write_text(LIBVIRTD_CONF.format(**values))
        (etc / 'qemu.conf').write_text(QEMU_CONF.format(**values))
        preload = [f'LD_PRELOAD={self.shim}'] if self.shim else []
        reaper = daemons.daemonise(
            [*self.host.cmd_prefix, sys.executable, '-I', '-S', str(REAPER), *preload,
             PROGRAM, '--listen'], dict(os.environ), self.log)
        self._await(reaper, timeout)

    def stop(self, timeout: float = 20) -> None:
        """SIGTERM, and SIGKILL after ``timeout`` seconds: a migration would hold it up
        until it ends, and a second libvirtd cannot start beside it."""
        for process in self._processes():
            process.signal(signal.SIGTERM)
            if not process.wait(timeout):
                process.signal(signal.SIGKILL)
                process.wait(5)

    def guests(self) -> list[dict[str, str]]:
        """The guests it knows, running or not: uuid, name, state and the state's reason.

        :raises LabError: it does not answer
        """
        def virsh(*words: str, check: bool = True) -> str:
            return run('virsh', '-q', '-c', self.host.libvirt_uri, *words, timeout=15,
                       check=check).stdout.strip()

        found = []
        for line in virsh('list', '--all', '--uuid', '--name').splitlines():
            identity, name = line.split()
            said = virsh('domstate', identity, '--reason', check=False)
            if said:            # else it went elsewhere meanwhile
                state, _, reason = said.partition(' (')
                found.append({'uuid': identity, 'name': name, 'state': state,
                              'reason': reason.rstrip(')')})
        return found

    def _processes(self) -> list[daemons.Process]:
        """By what runs in the host's namespaces: no record of ours can be out of date."""
        if not self.host.up():
            return []
        return [process for process in self.host.processes('libvirtd')
                if _program(process.pid) == PROGRAM]

    def _await(self, reaper: daemons.Process, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self._answers():
            if time.monotonic() > deadline:
                raise LabError(f'libvirtd of {self.host.name} does not answer: see {self.log}')
            if not reaper.alive():      # it lives as long as libvirtd does
                why = last_line(self.log.read_text(errors='replace'))
                raise LabError(f'libvirtd of {self.host.name} died: {why}')
            time.sleep(0.05)    # it tells nobody when it begins to listen

    def _answers(self) -> bool:
        """Does it take connections? (What comes over them waits until its drivers are up.)"""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.host.libvirt_socket))
            except OSError:
                return False
        return True


def shim_path(directory: Path) -> Path | None:
    """Where :func:`build_shim` put the library, if this machine needs it."""
    library = directory / 'postcopy_resume.so'
    return library if library.exists() else None


def build_shim(directory: Path) -> None:
    """Compile what keeps one build of libvirt alive when post-copy is resumed.

    The destination dereferences a null pointer then; every other build is left alone.
    """
    version = run('dpkg-query', '-W', '-f', '${Version}', 'libvirt-daemon-driver-qemu',
                  check=False).stdout
    if version == SHIM_FOR and not shim_path(directory):
        library = directory / 'postcopy_resume.so'
        new = library.with_suffix('.new')
        run('gcc', '-O2', '-shared', '-fPIC', '-o', new, SHIM, '-ldl', timeout=60)
        new.replace(library)


def _program(pid: int) -> str:
    try:
        return os.readlink(f'/proc/{pid}/exe')
    except OSError:
        return ''
