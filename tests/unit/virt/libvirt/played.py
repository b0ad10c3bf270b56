# SPDX-License-Identifier: Apache-2.0
"""A guest without libvirt, for tests of those who give it orders."""
from nova_lite import exception
from nova_lite.virt.libvirt import abi, events
from nova_lite.virt.libvirt.clock import Clock
from nova_lite.virt.libvirt.guest import Seen
from nova_lite.virt.libvirt.host import LibvirtError
from nova_lite.virt.libvirt.storage import Storage

RUNNING = Seen(abi.State.RUNNING, 1)
OFF = Seen(abi.State.SHUTOFF, abi.Shutoff.SHUTDOWN)


class DomainGuest:
    """The calls of libvirt.guest.Guest on a domain in memory. ``seen`` is None when there is no
    domain; ``obeys``: shuts down when asked, but for the first ``deaf`` times."""

    def __init__(self, uuid, seen=None, xml='<domain/>'):
        self.uuid, self.seen, self.xml = uuid, seen, xml
        self.courier = events.Courier()
        self.courier.start()
        self.storage, self.clock, self.host_name = Storage(), Clock(), 'here'
        self.calls, self.starts, self.obeys, self.deaf = [], 0, True, 0
        self._refused = {}

    def refuse(self, name, error=None):
        self._refused[name] = error or LibvirtError(f'{name} was refused')

    def look(self):
        if self.seen is None:
            raise exception.InstanceNotFound(instance_id=self.uuid)
        return self.seen

    def exists(self):
        return self.seen is not None

    def live_xml(self):
        self.look()
        return self.xml

    def migratable_xml(self):
        self.look()
        return self.xml, self.xml

    def define(self, xml):
        self._note('define')
        self.xml = xml
        self.seen = self.seen._replace(persistent=True) if self.seen else OFF

    def keep_definition(self):
        self._note('keep_definition')
        self.seen = self.seen._replace(persistent=True)

    def start(self):
        self._note('start')
        self.starts += 1
        self.seen = RUNNING

    def boot(self):
        self._note('boot')
        self.start()

    def shutdown(self):
        self._note('shutdown')
        if self.obeys and self.calls.count('shutdown') > self.deaf:
            self._end()

    def destroy(self):
        self._note('destroy' if not self.look().active else 'pulled')
        if self.seen.active:
            self._end()

    def undefine(self):
        self.look()
        self._note('undefine')
        self.seen = self.seen._replace(persistent=False) if self.seen.active else None

    def pause(self):
        self._note('pause')
        self.seen = Seen(abi.State.PAUSED, abi.Paused.USER)

    def unpause(self):
        self._note('unpause')
        self.seen = RUNNING

    def set_max_downtime(self, milliseconds):
        self._note(f'set_max_downtime {milliseconds}')

    def abort_job(self):
        self._note('abort_job')

    def _end(self):
        self.seen = OFF if self.seen.persistent else None
        self.courier.publish(events.Event(self.uuid, events.LIFECYCLE, (5, 0)))

    def _note(self, name):
        if name in self._refused:
            raise self._refused[name]
        self.calls.append(name)
