# SPDX-License-Identifier: Apache-2.0
import os
import re

import pytest

from nova_lite import exception
from nova_lite.virt.libvirt import resources
from nova_lite.virt.libvirt.storage import Storage
from tests.unit.virt.libvirt.conftest import UUID, qcow2_header

STORAGE = Storage()

CAPABILITIES = """<capabilities><host><cpu><arch>x86_64</arch><model>EPYC</model>
  <vendor>AMD</vendor><topology sockets='1' dies='1' cores='2' threads='1'/>
  <feature name='svm'/><feature name='avx2'/></cpu></host>
  <guest><os_type>hvm</os_type><arch name='i686'><domain type='qemu'/></arch></guest>
  <guest><os_type>hvm</os_type><arch name='x86_64'><domain type='qemu'/><domain type='kvm'/>
  </arch></guest></capabilities>"""
DOMAIN_CAPABILITIES = """<domainCapabilities><cpu><mode name='host-passthrough' supported='yes'/>
  <mode name='host-model' supported='yes'><model fallback='forbid'>EPYC-Rome</model>
  <vendor>AMD</vendor><feature policy='require' name='x2apic'/>
  <feature policy='disable' name='vme'/></mode></cpu></domainCapabilities>"""


def test_cpu_when_read_from_capabilities_then_is_the_hosts():
    assert resources.read_cpu(CAPABILITIES) == {
        'arch': 'x86_64', 'model': 'EPYC', 'vendor': 'AMD', 'features': ['avx2', 'svm'],
        'topology': {'sockets': 1, 'dies': 1, 'cores': 2, 'threads': 1}}
    assert resources.read_cpu('<capabilities><host/></capabilities>') == {}


def test_host_model_when_read_then_is_what_guests_get():
    assert resources.read_host_model(DOMAIN_CAPABILITIES) == {
        'model': 'EPYC-Rome', 'vendor': 'AMD', 'features': ['x2apic'],
        'disabled_features': ['vme']}
    assert resources.read_host_model('<domainCapabilities><cpu/></domainCapabilities>') == {}


def test_supported_when_read_then_is_each_kind_of_guest():
    assert resources.read_supported(CAPABILITIES) == [
        ['i686', 'qemu', 'hvm'], ['x86_64', 'qemu', 'hvm'], ['x86_64', 'kvm', 'hvm']]


def test_space_when_disks_are_sparse_then_their_growth_is_kept_free(places):
    STORAGE.make_directory(UUID)
    (places.instances / UUID / 'disk').write_bytes(qcow2_header(1 << 30))
    (places.instances / UUID / 'disk.eph0').write_bytes(qcow2_header(2 << 30))
    (places.instances / 'not-a-guest').mkdir()
    (places.instances / 'not-a-guest' / 'disk').write_bytes(qcow2_header(1 << 40))
    allocated = sum(os.stat(places.instances / UUID / name).st_blocks * 512
                    for name in ('disk', 'disk.eph0'))
    assert resources.promised_bytes(STORAGE) == (3 << 30) - allocated
    space = resources.disk_space(STORAGE)
    assert space.free - space.least == (3 << 30) - allocated
    assert space.total >= space.free


def test_available_disk_when_over_committed_then_is_what_is_free_now(places, options):
    STORAGE.make_directory(UUID)
    (places.instances / UUID / 'disk').write_bytes(qcow2_header(1 << 40))
    free, kept = resources.available_mb(STORAGE, True), resources.available_mb(STORAGE, False)
    assert abs(free - kept - (1 << 20)) < 100      # MiB; others use the file system too
    assert resources.available_mb(STORAGE, None) < free
    options.set(reserved_host_disk_mb=5000)
    assert abs(free - resources.available_mb(STORAGE, True) - 5000) < 100


def test_uptime_when_asked_then_is_the_line_of_the_program():
    assert re.match(r'\s*[\d:]+ up .+ load average: [\d., ]+\n$', resources.uptime())


def test_uptime_when_there_is_no_such_program_then_is_unknown(monkeypatch, tmp_path, options):
    options.set(host='here')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(exception.UptimeUnknown, match='here'):
        resources.uptime()
