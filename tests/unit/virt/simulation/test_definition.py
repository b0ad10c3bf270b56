# SPDX-License-Identifier: Apache-2.0
"""What a simulated hypervisor reads in a definition, and the XML of its hosts."""
import xml.etree.ElementTree as ET

import pytest

from nova_lite.virt.libvirt import abi
from nova_lite.virt.libvirt.binding import libvirtError
from nova_lite.virt.simulation import definition
from nova_lite.virt.simulation.state import Host
from tests.unit.virt.simulation.acts import UUID, xml


def test_read_when_metadata_says_how_busy_then_that_counts():
    assert definition.read(xml(dirty_rate=30.0, memory_mb=512)) == (UUID, 512, 1, 30.0, 512.0)


@pytest.mark.parametrize(('memory', 'expected'), [
    ('<memory>2097152</memory>', 2048), ("<memory unit='KiB'>1024</memory>", 1),
    ("<memory unit='GiB'>2</memory>", 2048)])
def test_read_when_memory_has_another_unit_or_none_then_is_in_mib(options, memory, expected):
    options.set('simulation', dirty_rate=5.0, working_set=64.0)
    said = definition.read(f'<domain><uuid>{UUID}</uuid>{memory}</domain>')
    assert said == (UUID, expected, 1, 5.0, 64.0)


@pytest.mark.parametrize('text', ['', '<domain>', '<domain><uuid>x</uuid></domain>',
                                  '<domain><memory>much</memory></domain>'])
def test_read_when_it_is_no_definition_then_xml_error(text):
    with pytest.raises(libvirtError) as caught:
        definition.read(text)
    assert caught.value.get_error_code() == abi.Error.XML_ERROR


def test_read_when_a_users_number_is_none_then_the_option_counts(options):
    options.set('simulation', dirty_rate=5.0)
    assert definition.read(xml(dirty_rate='fast')).dirty_rate == 5.0
    assert definition.read(xml(dirty_rate=-1.0)).dirty_rate == 0.0


def test_disk_names_when_it_has_disks_then_by_target():
    assert definition.disk_names(xml(disks=['disk', 'disk.eph0'])) == {
        'disk': 'disk', 'disk.eph0': 'disk.eph0'}


def test_with_backing_when_a_disk_lies_on_a_file_then_is_shown_as_libvirt_does():
    shown = definition.with_backing(xml(disks=['disk', 'disk.eph0']), lambda name: (
        ('/images/base', 'raw') if name == 'disk' else ('', '')))
    [backing] = ET.fromstring(shown).iterfind('devices/disk/backingStore')
    assert backing.find('format').get('type') == 'raw'
    assert backing.find('source').get('file') == '/images/base'


@pytest.mark.parametrize(('guest', 'host', 'expected'), [
    ('sim-v1', 'sim-v1', abi.Compare.IDENTICAL), ('sim-v1', 'sim-v3', abi.Compare.SUPERSET),
    ('sim-v3', 'sim-v1', abi.Compare.INCOMPATIBLE),
    ('sim-v1', 'sim-other', abi.Compare.INCOMPATIBLE)])
def test_compare_cpu_when_a_guest_of_one_host_comes_to_another_then_as_libvirt(
        guest, host, expected):
    capabilities = ET.fromstring(definition.domain_capabilities(Host('h', cpu_model=guest)))
    features = [ET.tostring(one, encoding='unicode') for one in capabilities.iter('feature')]
    cpu = f"<cpu>{''.join(features)}</cpu>"
    assert definition.compare_cpu(Host('h', cpu_model=host), cpu) == expected


def test_capabilities_when_read_then_the_cpu_and_its_size_are_the_hosts():
    root = ET.fromstring(definition.capabilities(Host('h', cpu_model='sim-v2', vcpus=6)))
    assert root.findtext('host/cpu/model') == 'sim-v2'
    assert root.find('host/cpu/topology').get('cores') == '6'
