# SPDX-License-Identifier: Apache-2.0
import xml.etree.ElementTree as ET

import pytest

from nova_lite.conf import CONF
from nova_lite.virt.libvirt import config
from nova_lite.virt.libvirt.config import Boot, Disk, DiskSeen, Options

KERNEL = Boot('/images/vmlinuz', '/images/initrd', 'console=ttyS0 a="<&>"')
LIVE = """<domain type='qemu'><devices>
  <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>
    <source file='/i/u/disk' index='1'/>
    <backingStore type='file'><format type='raw'/><source file='/images/base.raw'/>
      <backingStore/></backingStore>
    <target dev='vda' bus='virtio'/></disk>
  <disk type='block' device='disk'><source dev='/dev/sdx'/><target dev='vdb'/></disk>
  <disk type='file' device='disk'><source file='/i/ro'/><target dev='vdc'/><readonly/></disk>
  <disk type='file' device='disk'><source file='/i/sh'/><target dev='vdd'/><shareable/></disk>
  <disk type='file' device='cdrom'><target dev='hda'/></disk>
  <disk type='network' device='disk'><source protocol='rbd' name='p/v'/><target dev='vde'/></disk>
  <graphics type='vnc' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>
  <serial type='tcp'><source mode='bind' host='192.0.2.1' service='99'/></serial>
  <serial type='file'><source path='/i/u/console.log' append='on'/></serial>
</devices></domain>"""


def parse(instance, options=Options(virt_type='qemu'), boot=KERNEL, disks=()):
    return ET.fromstring(config.guest_xml(instance, options, boot, list(disks), '/i/console.log'))


def test_guest_when_made_then_has_what_the_instance_asks_for(instance):
    domain = parse(instance)
    assert domain.get('type') == 'qemu'
    assert domain.findtext('name') == 'instance-0000001a'
    assert domain.findtext('uuid') == instance.uuid
    assert (domain.findtext('memory'), domain.find('memory').get('unit')) == ('192', 'MiB')
    assert domain.findtext('vcpu') == '2'
    meta = {'n': config.NAMESPACE}
    assert domain.findtext('metadata/n:instance/n:name', namespaces=meta) == 'web'
    assert domain.findtext('metadata/n:instance/n:generation', namespaces=meta) == '3'


def test_guest_when_it_ends_then_stays_ended(instance):
    """A guest that powers itself off must not come up again, least of all on two hosts."""
    domain = parse(instance)
    assert [domain.findtext(f'on_{what}') for what in ('poweroff', 'reboot', 'crash')] == [
        'destroy', 'restart', 'destroy']


def test_guest_when_made_then_console_is_appended_to_and_extras_are_none(instance):
    domain = parse(instance)
    [serial] = domain.findall('devices/serial')
    assert serial.get('type') == 'file'
    assert serial.find('source').attrib == {'path': '/i/console.log', 'append': 'on'}
    assert domain.find("devices/controller[@type='usb']").get('model') == 'none'
    assert domain.find('devices/memballoon').get('model') == 'none'
    assert domain.find('devices/graphics') is None


def test_guest_when_it_has_a_kernel_then_boots_it(instance):
    domain = parse(instance)
    assert Boot(*(domain.findtext(f'os/{tag}') for tag in Boot._fields)) == KERNEL
    assert domain.find('os/boot') is None


def test_guest_when_it_has_no_kernel_then_boots_its_disk(instance):
    domain = parse(instance, boot=Boot())
    assert domain.find('os/kernel') is None
    assert domain.find('os/boot').get('dev') == 'hd'


def test_guest_when_it_has_disks_then_they_are_virtio(instance):
    domain = parse(instance, disks=[Disk('/i/disk', 'vda'), Disk('/i/e', 'vdb', 'writeback')])
    found = [(disk.find('source').get('file'), disk.find('target').attrib,
              disk.find('driver').attrib) for disk in domain.iterfind('devices/disk')]
    assert found == [
        ('/i/disk', {'dev': 'vda', 'bus': 'virtio'},
         {'name': 'qemu', 'type': 'qcow2', 'cache': 'none'}),
        ('/i/e', {'dev': 'vdb', 'bus': 'virtio'},
         {'name': 'qemu', 'type': 'qcow2', 'cache': 'writeback'})]


@pytest.mark.parametrize(('options', 'cpu'), [
    (Options(virt_type='kvm'), ('host-model', None)),
    (Options(virt_type='qemu'), None),
    (Options(virt_type='kvm', cpu_mode='none'), None),
    (Options(virt_type='qemu', cpu_mode='maximum'), ('maximum', None)),
    (Options(virt_type='qemu', cpu_mode='custom', cpu_model='Nehalem'), ('custom', 'Nehalem'))])
def test_guest_when_cpu_is_configured_then_has_it(instance, options, cpu):
    element = parse(instance, options).find('cpu')
    found = None if element is None else (element.get('mode'), element.findtext('model'))
    assert found == cpu


def test_guest_when_machine_is_configured_then_has_it(instance):
    machine = parse(instance, Options(machine_type='pc-q35-10.0')).find('os/type')
    assert (machine.text, machine.get('machine')) == ('hvm', 'pc-q35-10.0')
    assert 'machine' not in parse(instance).find('os/type').attrib


def test_guest_when_name_has_odd_characters_then_xml_is_still_xml(instance):
    instance.display_name = 'a\x00\x1b<b>&"ü'
    domain = parse(instance)
    assert domain.findtext('metadata/n:instance/n:name',
                           namespaces={'n': config.NAMESPACE}) == 'a<b>&"ü'


def test_options_when_read_then_are_those_of_the_configuration(options):
    options.set('libvirt', virt_type='qemu', cpu_mode='maximum', machine_type='pc')
    assert Options.read(CONF.libvirt) == Options('qemu', 'maximum', None, 'pc')


def test_disks_when_read_of_a_running_guest_then_those_to_copy_are_known():
    disks = config.read_disks(LIVE)
    assert disks[0] == DiskSeen('vda', '/i/u/disk', 'qcow2', backing='/images/base.raw',
                                backing_format='raw')
    assert [disk.target for disk in disks if disk.copied] == ['vda', 'vdb']


def test_destination_when_it_has_addresses_then_guest_listens_on_them():
    domain = ET.fromstring(config.for_destination(LIVE, '192.0.2.2', '192.0.2.3'))
    graphics = domain.find('devices/graphics')
    assert (graphics.get('listen'), graphics.find('listen').get('address')) == (
        '192.0.2.2', '192.0.2.2')
    assert domain.find("devices/serial[@type='tcp']/source").get('host') == '192.0.2.3'
    assert domain.find("devices/serial[@type='file']/source").get('path') == '/i/u/console.log'


def test_destination_when_it_has_none_then_definition_is_the_same(instance):
    xml = config.guest_xml(instance, Options(), KERNEL, [Disk('/i/d', 'vda')], '/c')
    assert ET.canonicalize(config.for_destination(xml)) == ET.canonicalize(xml)
    assert f'xmlns:nova-lite="{config.NAMESPACE}"' in config.for_destination(xml)


def test_cpu_when_compared_then_is_a_guests():
    cpu = ET.fromstring(config.cpu_xml({
        'arch': 'x86_64', 'model': 'EPYC-v1', 'vendor': 'AMD', 'features': ['avx'],
        'disabled_features': ['vme']}))
    assert (cpu.get('mode'), cpu.findtext('model'), cpu.findtext('vendor')) == (
        'custom', 'EPYC', 'AMD')
    assert {feature.get('name'): feature.get('policy') for feature in cpu.iter('feature')} == {
        'avx': 'require', 'vme': 'disable'}
