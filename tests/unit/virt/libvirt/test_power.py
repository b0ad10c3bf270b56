# SPDX-License-Identifier: Apache-2.0
"""A guest's life, with libvirt played by an object that keeps its rules."""
import os

import pytest

from nova_lite import exception
from nova_lite.virt import images
from nova_lite.virt.libvirt import abi, power
from nova_lite.virt.libvirt.guest import Seen
from nova_lite.virt.libvirt.host import LibvirtError
from nova_lite.virt.libvirt.storage import Storage
from tests.unit.virt.libvirt.conftest import UUID
from tests.unit.virt.libvirt.played import DomainGuest

STORAGE = Storage()


@pytest.fixture
def guest():
    guest = DomainGuest(UUID)
    yield guest
    guest.courier.stop()


def built(instance, image='raw'):
    instance.image_meta, instance.root_gb = images.get_image(image), 1
    return instance


def test_spawn_when_all_is_there_then_runs_with_its_files(places, qemu_img, instance, guest):
    power.spawn(guest, built(instance))
    assert guest.look().active
    assert sorted(os.listdir(places.instances / UUID)) == ['.bases.json', 'console.log', 'disk']
    assert f'{places.instances}/{UUID}/disk' in guest.xml
    assert f'<kernel>{places.images}/vmlinuz</kernel>' in guest.xml


def test_spawn_when_called_again_then_does_not_touch_the_running_guest(places, qemu_img, instance,
                                                                       guest):
    power.spawn(guest, built(instance))
    marker = places.instances / UUID / 'disk'
    before = marker.stat().st_ino
    power.spawn(guest, instance)
    assert marker.stat().st_ino == before


def test_spawn_when_an_earlier_one_broke_off_then_begins_anew(places, qemu_img, instance, guest):
    STORAGE.make_directory(UUID)
    guest.define('<domain/>')
    power.spawn(guest, built(instance))
    assert guest.look().active


@pytest.mark.parametrize('broken', ['define', 'start', 'image'])
def test_spawn_when_it_fails_then_nothing_is_left(places, qemu_img, instance, guest, broken):
    built(instance)
    if broken == 'image':
        (places.images / 'initrd').unlink()
    else:
        guest.refuse(broken)
    with pytest.raises(exception.InstanceDeployFailure, match=UUID):
        power.spawn(guest, instance)
    assert not guest.exists()
    assert os.listdir(places.instances) == []


def test_spawn_when_disk_cannot_be_made_then_reason_names_the_damage(places, instance, guest):
    (places.images / 'base.qcow2').write_bytes(b'QFI\xfb' + b'\xff' * 200)
    with pytest.raises(exception.InstanceDeployFailure, match='qcow2 file is damaged'):
        power.spawn(guest, built(instance, 'qcow2'))
    assert os.listdir(places.instances) == []


def test_destroy_when_called_twice_then_is_gone(places, instance, guest):
    STORAGE.make_directory(UUID)
    guest.define('<domain/>')
    guest.start()
    for _ in range(2):
        power.destroy(guest, instance, destroy_disks=True)
        assert not guest.exists()
        assert os.listdir(places.instances) == []


def test_destroy_when_disks_are_kept_then_they_stay(places, instance, guest):
    STORAGE.make_directory(UUID)
    guest.define('<domain/>')
    power.destroy(guest, instance, destroy_disks=False)
    assert os.listdir(places.instances) == [UUID]


def test_power_off_when_guest_obeys_then_is_not_pulled_down(places, guest):
    guest.define('<domain/>')
    guest.start()
    power.power_off(guest, timeout=10)
    assert 'pulled' not in guest.calls
    assert not guest.look().active


def test_power_off_when_guest_does_not_obey_then_is_pulled_down(places, guest):
    guest.define('<domain/>')
    guest.start()
    guest.obeys = False
    power.power_off(guest, timeout=0.05)
    assert not guest.look().active


def test_power_off_when_guest_still_boots_then_is_asked_again(places, guest, monkeypatch):
    monkeypatch.setattr(power, '_ASK_AGAIN', 0.01)
    monkeypatch.setattr(power, '_LOOK', 0.01)
    guest.define('<domain/>')
    guest.start()
    guest.deaf = 2
    power.power_off(guest, timeout=10)
    assert guest.calls.count('shutdown') == 3
    assert 'pulled' not in guest.calls


@pytest.mark.parametrize('timeout', [0, 5])
def test_power_off_when_it_is_off_or_gone_then_nothing_to_do(guest, timeout):
    power.power_off(guest, timeout)
    guest.define('<domain/>')
    power.power_off(guest, timeout)
    assert 'shutdown' not in guest.calls


def test_power_on_when_definition_was_lost_then_is_made_again(places, qemu_img, instance, guest):
    STORAGE.make_directory(UUID)
    STORAGE.make_disks(built(instance), instance.image_meta)
    power.power_on(guest, instance)
    assert guest.look().active
    assert f'{places.instances}/{UUID}/disk' in guest.xml


@pytest.mark.parametrize(('kind', 'obeys', 'pulled'), [
    ('SOFT', True, 0), ('SOFT', False, 1), ('HARD', True, 1)])
def test_reboot_when_asked_then_guest_has_a_fresh_start(places, options, instance, guest, kind,
                                                        obeys, pulled):
    options.set('libvirt', wait_soft_reboot_seconds=0)
    if obeys:
        options.set('libvirt', wait_soft_reboot_seconds=10)
    STORAGE.make_directory(UUID)
    guest.define('<domain/>')
    guest.start()
    guest.obeys = obeys
    power.reboot(guest, instance, kind)
    assert guest.look().active
    assert guest.calls.count('pulled') == pulled
    assert guest.starts == 2 and 'boot' in guest.calls      # not on from its saved memory


@pytest.mark.parametrize('seen', [
    Seen(abi.State.PAUSED, abi.Paused.POSTCOPY), Seen(abi.State.PAUSED, abi.Paused.MIGRATION),
    Seen(abi.State.PAUSED, abi.Paused.STARTING_UP, persistent=False)])
def test_unpause_when_a_migration_stopped_it_then_refused(guest, seen):
    """It may run on the other host: there would be two."""
    guest.seen = seen
    with pytest.raises(exception.InstanceInvalidState):
        power.unpause(guest)
    assert 'unpause' not in guest.calls


def test_unpause_when_user_paused_it_then_runs(guest):
    guest.seen = Seen(abi.State.PAUSED, abi.Paused.USER)
    power.unpause(guest)
    assert guest.look().state == abi.State.RUNNING


def test_shut_down_when_guest_cannot_be_asked_then_says_so(guest):
    guest.define('<domain/>')
    guest.start()
    guest.refuse('shutdown', LibvirtError('no ACPI'))
    assert power.shut_down(guest, 5) is False
