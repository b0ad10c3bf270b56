# SPDX-License-Identifier: Apache-2.0
"""The lab's authority: what it signs is taken where it is known, for the host that it names."""
import ssl

import pytest

from nova_lite.lab import tls
from nova_lite.lab.tls import Authority


@pytest.fixture
def authority(tmp_path):
    found = Authority(tmp_path / 'tls')
    found.make()
    return found


class FakeHost:
    """The part of a lab's host that is asked for."""
    name, address = 'compute7', '10.77.0.17'

    def __init__(self, root):
        self._root = root

    def directory(self, *names):
        path = self._root.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path


@pytest.fixture
def place(authority, tmp_path):
    tls.furnish(authority, FakeHost(tmp_path))
    return tmp_path / 'etc-libvirt' / 'pki'


def shake_hands(place, trusted, name):
    """A handshake of both sides, in memory; ssl.SSLError."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(place / 'server-cert.pem', place / 'server-key.pem')
    server.load_verify_locations(trusted)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=trusted)
    client.load_cert_chain(place / 'clientcert.pem', place / 'clientkey.pem')
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(back, there, server_hostname=name),
             server.wrap_bio(there, back, server_side=True)]
    for _ in range(4):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
    assert sides[0].version() and sides[1].getpeercert()


@pytest.mark.parametrize('name', ['compute7', '10.77.0.17'])
def test_host_when_furnished_then_both_sides_are_trusted(authority, place, name):
    shake_hands(place, authority.certificate, name)


def test_host_when_it_is_called_otherwise_then_it_is_not_trusted(authority, place):
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(place, authority.certificate, 'compute8')


def test_host_when_signed_by_another_then_it_is_not_trusted(place, tmp_path):
    other = Authority(tmp_path / 'other')
    other.make()
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(place, other.certificate, 'compute7')


def test_files_when_made_then_only_their_owner_reads_keys_and_twice_is_the_same(
        authority, place, tmp_path):
    keys = [*place.glob('*key*'), authority.directory / 'ca.key']
    assert len(keys) == 5
    assert {key.stat().st_mode & 0o77 for key in keys} == {0}
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    authority.make()
    tls.furnish(authority, FakeHost(tmp_path))
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
