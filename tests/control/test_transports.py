# SPDX-License-Identifier: Apache-2.0
"""The ways on which a guest can go: each heard on the wire, the guest judged by its own word."""
import shutil

import pytest

from nova_lite.lab import tls
from tests.lab import wire
from tests.lab.control import assert_settled, assert_unharmed, record

SPEED = 20              # MiB/s: slow enough to listen to
MUCH = 16 << 20         # bytes; a guest that has booted is three times as much
QEMU_PORTS = range(49152, 49216)
LIBVIRT, LIBVIRT_TLS = 16509, 16514
TLS_URI = f'qemu+tls://%s/system?pkipath={tls.PKI_ON_HOST}'


@pytest.fixture(scope='module')
def computes(lab):
    """Starts all computes anew with options that are not read again while they run."""
    def start(**of_libvirt):
        lines = ['[libvirt]', *(f'live_migration_{name} = {value}'
                                for name, value in (of_libvirt | {'bandwidth': SPEED}).items())]
        lab.state.extra.write_text('\n'.join(lines) + '\n')
        lab.restart('compute')

    yield start
    lab.state.extra.write_text('')
    lab.restart('compute')


def moved(lab, boot, *image):
    """What was to be heard while such a guest went from compute1 to compute2, unharmed."""
    server = boot(*image, host='compute1')
    with server.watch() as watch:
        watch.wait_ticks(5)
        with wire.listen(lab, 'compute1', 'compute2') as heard:
            server.live_migrate('compute2')
            migration, _ = server.wait_migrated()
        assert migration['status'] == 'completed', record(server)
        assert_unharmed(server, watch)
    assert_settled(server, 'compute2')
    return heard


def test_copy_when_nothing_is_set_then_memory_can_be_read_on_the_wire(lab, boot, computes):
    """Which shows that the listener of the next tests hears."""
    computes()
    heard = moved(lab, boot)
    [port] = heard.large(MUCH)
    assert port in QEMU_PORTS and heard.clear


@pytest.mark.parametrize('image', [(), ('tick-disk', 'tick.disk')], ids=['memory', 'disk'])
def test_copy_when_native_tls_is_set_then_nothing_can_be_read(lab, boot, computes, image):
    computes(with_native_tls=True)
    heard = moved(lab, boot, *image)
    assert heard.large(MUCH) and set(heard.large()) <= set(QEMU_PORTS)
    assert not heard.clear


def test_copy_when_there_are_parallel_connections_then_each_carries_a_part(lab, boot, computes):
    computes(parallel_connections=3)
    heard = moved(lab, boot)
    assert len(heard.large()) == 3 and set(heard.large()) <= set(QEMU_PORTS)
    assert heard.clear


def test_copy_when_parallel_connections_have_tls_then_nothing_can_be_read(lab, boot, computes):
    computes(parallel_connections=3, with_native_tls=True)
    heard = moved(lab, boot)
    assert len(heard.large()) == 3 and not heard.clear


def test_copy_when_tunnelled_then_goes_through_libvirts_connection(lab, boot, computes):
    computes(tunnelled=True)
    heard = moved(lab, boot)
    assert heard.large() == [LIBVIRT] and heard.clear


def test_copy_when_the_tunnel_has_tls_then_nothing_can_be_read(lab, boot, computes):
    computes(tunnelled=True, uri=TLS_URI)
    heard = moved(lab, boot)
    assert heard.large() == [LIBVIRT_TLS] and not heard.clear


def test_copy_when_the_certificate_over_there_is_foreign_then_fails_and_nothing_is_left(
        lab, boot, computes, tmp_path):
    computes(with_native_tls=True)
    host = lab.topology.host('compute2')
    place = host.directory('etc-libvirt', tls.PKI)
    kept = shutil.copytree(place, tmp_path / 'kept')
    other = tls.Authority(tmp_path / 'other')
    other.make()
    server = boot(host='compute1')
    try:
        other.sign(place / 'server-cert.pem', place / 'server-key.pem', host.name, host.address)
        with server.watch() as watch:
            watch.wait_ticks(5)
            server.live_migrate('compute2')
            assert server.wait_migrated()[0]['status'] == 'failed', record(server)
            assert 'certificate' in record(server)['reason'].lower()
            assert_unharmed(server, watch)
        assert_settled(server, 'compute1')
    finally:
        shutil.copytree(kept, place, dirs_exist_ok=True)
