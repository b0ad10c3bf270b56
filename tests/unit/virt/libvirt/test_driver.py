# SPDX-License-Identifier: Apache-2.0
"""The driver's own: which errors leave it."""
import subprocess

import pytest

from nova_lite import exception, objects
from nova_lite.virt.libvirt import arrival, departure, driver, host, probe
from nova_lite.virt.libvirt.storage import Storage

STORAGE = Storage()

QEMU_IMG = subprocess.CalledProcessError(1, ['qemu-img', 'create'], stderr='No space left\n')


def raiser(error):
    def fail(*args):
        raise error
    return fail


@pytest.fixture
def libvirt_driver(options):
    options.set(host='here')
    return driver.make_driver()


def test_driver_when_the_uri_is_libvirts_then_is_this_one(libvirt_driver):
    assert isinstance(libvirt_driver, driver.LibvirtDriver)


@pytest.mark.parametrize(('error', 'words'), [
    (host.LibvirtError('internal error: odd'), 'on host here: internal error: odd'),
    (PermissionError(13, 'Permission denied', '/i/u'), 'Permission denied'),
    (QEMU_IMG, 'qemu-img: No space left'),
    (exception.ImageNotFound(image_id='vmlinuz'), 'Image vmlinuz')])
def test_check_when_something_fails_then_is_a_refusal_with_its_words(
        libvirt_driver, instance, monkeypatch, error, words):
    for room, name in ((arrival, 'check'), (arrival, 'prepare'), (departure, 'check')):
        monkeypatch.setattr(room, name, raiser(error))
    for call in (
            lambda: libvirt_driver.check_can_live_migrate_destination(
                None, instance, None, None, None, None),
            lambda: libvirt_driver.check_can_live_migrate_source(None, instance, None),
            lambda: libvirt_driver.pre_live_migration(None, instance, [], None)):
        with pytest.raises(exception.MigrationPreCheckError, match=words):
            call()


@pytest.mark.parametrize('error', [
    exception.DestinationDiskExists(path='/i/u'),
    exception.InvalidLocalStorage(path='', reason=''),
    exception.HypervisorUnavailable(host='here', reason='refused')])
def test_check_when_error_says_what_it_is_then_stays_that(libvirt_driver, instance, monkeypatch,
                                                          error):
    monkeypatch.setattr(arrival, 'prepare', raiser(error))
    with pytest.raises(type(error)):
        libvirt_driver.pre_live_migration(None, instance, [], None)


def test_probe_when_cleaned_up_twice_then_is_gone(libvirt_driver, places):
    data = objects.LibvirtLiveMigrateData(filename=probe.leave(STORAGE))
    for _ in range(2):
        libvirt_driver.cleanup_live_migration_destination_check(None, data)
        assert not probe.is_seen(STORAGE, data.filename)
