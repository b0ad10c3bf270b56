# SPDX-License-Identifier: Apache-2.0
"""The lab's own certificate authority, and what each host has of it for TLS between the hosts.

QEMU and libvirt look for other names of the same files in one directory: QEMU for those of its
migration_tls_x509_cert_dir, libvirt for those of the ``pkipath`` in a URI.
"""
import shutil
import tempfile
from pathlib import Path

from nova_lite.lab.command import run
from nova_lite.lab.host import Host

PKI = 'pki'                         # below a host's etc-libvirt
PKI_ON_HOST = Path('/etc/libvirt') / PKI
DAYS = 3650
NEW_KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes')
# file of ours: (its name to QEMU, its names to libvirt)
CERTIFICATES = ('server-cert.pem', 'client-cert.pem', 'servercert.pem', 'clientcert.pem')
KEYS = ('server-key.pem', 'client-key.pem', 'serverkey.pem', 'clientkey.pem')
AUTHORITY = ('ca-cert.pem', 'cacert.pem')


class Authority:
    """A certificate authority in one directory, which only its owner may enter.

    ``certificate``: what those need who shall trust it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.certificate = directory / 'ca.pem'

    def make(self) -> None:
        """Unless it was made before."""
        if self.certificate.exists():
            return
        self.directory.mkdir(mode=0o700, exist_ok=True)
        new = self.directory / 'ca.new'
        run('openssl', 'req', '-x509', *NEW_KEY, '-days', DAYS, '-subj', '/CN=nova-lite-lab',
            '-addext', 'keyUsage=critical,keyCertSign,cRLSign',
            '-keyout', self.directory / 'ca.key', '-out', new)
        new.replace(self.certificate)

    def sign(self, certificate: Path, key: Path, name: str, address: str) -> None:
        """Make a key, and a certificate for it, of the host with this name and address: as a
        server and as a client."""
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            request, extensions = Path(scratch, 'request'), Path(scratch, 'extensions')
            extensions.write_text(f'subjectAltName=DNS:{name},IP:{address}\n'
                                  'keyUsage=critical,digitalSignature,keyEncipherment\n'
                                  'extendedKeyUsage=serverAuth,clientAuth\n')
            run('openssl', 'req', *NEW_KEY, '-subj', f'/CN={name}', '-keyout', key,
                '-out', request)
            run('openssl', 'x509', '-req', '-in', request, '-days', DAYS, '-CA', self.certificate,
                '-CAkey', self.directory / 'ca.key', '-CAcreateserial', '-extfile', extensions,
                '-out', certificate)


def furnish(authority: Authority, host: Host) -> None:
    """Give the host its files, unless it has them."""
    place = host.directory('etc-libvirt', PKI)
    if (place / CERTIFICATES[-1]).exists():
        return
    place.chmod(0o700)
    for name in AUTHORITY:
        shutil.copyfile(authority.certificate, place / name)
    authority.sign(place / CERTIFICATES[0], place / KEYS[0], host.name, host.address)
    for names in (KEYS, CERTIFICATES):      # the last one written tells that all are there
        for name in names[1:]:
            shutil.copyfile(place / names[0], place / name)
            (place / name).chmod(0o600)
