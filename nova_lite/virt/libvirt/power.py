# SPDX-License-Identifier: Apache-2.0
"""A guest's life on one host: made, started, stopped, paused, saved, removed."""
import contextlib
import subprocess
import time

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.conf import CONF
from nova_lite.objects import Instance
from nova_lite.virt.libvirt import config, events
from nova_lite.virt.libvirt.guest import Guest
from nova_lite.virt.libvirt.host import LibvirtError

LOG = logging.getLogger(__name__)

_LOOK = 1.0     # s between two looks at a guest that shuts down; its end has an event
_ASK_AGAIN = 10.0     # s after which a guest is asked again to shut down, as Nova does


def spawn(guest: Guest, instance: Instance) -> None:
    """Make, define and start. InstanceDeployFailure, and then nothing is left."""
    if guest.exists():
        if guest.look().active:
            return      # called again after a crash
        guest.undefine()
    image = instance.image_meta or {}
    try:
        guest.storage.remove_directory(instance.uuid)     # an unfinished earlier attempt
        guest.storage.make_directory(instance.uuid)
        define(guest, instance, guest.storage.make_disks(instance, image))
        guest.start()
    except (exception.NovaLiteException, OSError, subprocess.SubprocessError) as error:
        try:
            destroy(guest, instance, destroy_disks=True)
        except exception.NovaLiteException as second:
            LOG.error('Instance %s was not built, and what was made of it remains: %s',
                      guest.uuid, second.format_message())
        raise exception.InstanceDeployFailure(instance_id=instance.uuid,
                                              reason=words_of(error)) from error


def define(guest: Guest, instance: Instance, disks: list[config.Disk]) -> None:
    guest.define(config.guest_xml(
        instance, config.Options.read(CONF.libvirt), boot_of(guest, instance), disks,
        guest.storage.console_path(instance.uuid)))


def boot_of(guest: Guest, instance: Instance) -> config.Boot:
    """Kernel and initrd of the guest's image on this host. ImageNotFound."""
    image = instance.image_meta or {}
    kernel, initrd = image.get('kernel'), image.get('initrd')
    return config.Boot(kernel and guest.storage.image(kernel),
                       initrd and guest.storage.image(initrd),
                       image.get('cmdline') or '')


def destroy(guest: Guest, instance: Instance, destroy_disks: bool) -> None:
    with contextlib.suppress(exception.InstanceNotFound):
        guest.destroy()
        guest.undefine()
    if destroy_disks:
        guest.storage.remove_directory(instance.uuid)


def power_on(guest: Guest, instance: Instance) -> None:
    """Start, or go on from the saved memory. A lost definition is made again."""
    if not guest.exists():
        define(guest, instance, guest.storage.existing_disks(instance))
    guest.start()


def power_off(guest: Guest, timeout: int) -> None:
    with contextlib.suppress(exception.InstanceNotFound):
        if timeout > 0:
            shut_down(guest, timeout)
        guest.destroy()


def shut_down(guest: Guest, timeout: float) -> bool:
    """Ask the guest to shut down and wait; whether it did.

    It is asked again and again, as one that still boots does not see the button pressed.
    """
    deadline, next_time = time.monotonic() + timeout, 0.0
    with guest.courier.subscribe(guest.uuid) as news:
        while guest.look().active:
            now = time.monotonic()
            if now >= deadline:
                LOG.info('Instance %s did not shut down within %s s', guest.uuid, timeout)
                return False
            if now >= next_time:
                if not _ask_to_shut_down(guest):
                    return not guest.look().active
                next_time = now + _ASK_AGAIN
            events.wait(news, min(_LOOK, deadline - now))
    return True


def _ask_to_shut_down(guest: Guest) -> bool:
    try:
        guest.shutdown()
    except LibvirtError as error:
        LOG.info('Instance %s cannot be asked to shut down: %s', guest.uuid,
                 error.format_message())
        return False
    return True


def reboot(guest: Guest, instance: Instance, reboot_type: str) -> None:
    """SOFT lets the guest shut down first; one that does not is rebooted hard."""
    if reboot_type == 'SOFT' and guest.exists():
        shut_down(guest, CONF.libvirt.wait_soft_reboot_seconds)
    if guest.exists():
        guest.destroy()
    define(guest, instance, guest.storage.existing_disks(instance))
    guest.boot()


def unpause(guest: Guest) -> None:
    """InstanceInvalidState for a guest that a migration stopped: it may run elsewhere."""
    seen = guest.look()
    if seen.half or seen.incoming:
        raise exception.InstanceInvalidState(instance_uuid=guest.uuid, attr='state',
                                             state=seen.words, method='unpause')
    guest.unpause()


def words_of(error: Exception) -> str:
    """What went wrong, with the words of the program that failed."""
    if isinstance(error, subprocess.CalledProcessError):
        return f'{error.cmd[0]}: {(error.stderr or "").strip() or error}'
    return exception.message_of(error)
