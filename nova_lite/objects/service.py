# SPDX-License-Identifier: Apache-2.0
"""A service process: its heartbeat, and whether an operator has taken it out of use."""
from typing import Any, Self

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects import base, fields

# Raised when services of two releases must be told apart while both run.
SERVICE_VERSION = 1


@base.NovaLiteObjectRegistry.register
class Service(base.PersistentObject):
    """``up``: was it heard of lately, by the database's clock, when this was read, and is it not
    forced down? ``in_doubt``: it was not, but nobody could be heard. Heartbeats have come without
    a gap since ``seen_since``; the last one before that gap at ``seen_before``."""
    VERSION = '1.0'
    TABLE = 'services'
    WORKED_OUT = ('up', 'in_doubt')
    OF_DATABASE = ('identity', 'boot_id')
    fields = {
        'uuid': fields.UUIDField(),
        'host': fields.StringField(),
        'binary': fields.StringField(),
        'topic': fields.StringField(nullable=True),
        'disabled_reason': fields.StringField(nullable=True),
        'report_count': fields.IntegerField(default=0),
        'version': fields.IntegerField(default=0),
        'disabled': fields.BooleanField(default=False),
        'forced_down': fields.BooleanField(default=False),
        'up': fields.BooleanField(default=False),
        'in_doubt': fields.BooleanField(default=False),
        'last_seen_up': fields.DateTimeField(nullable=True),
        'seen_since': fields.DateTimeField(nullable=True),
        'seen_before': fields.DateTimeField(nullable=True),
        'clock_skew': fields.FloatField(nullable=True),
    }

    @classmethod
    @base.remotable
    def register(cls, context: RequestContext, host: str, binary: str, topic: str,
                 version: int = SERVICE_VERSION, identity: str | None = None,
                 boot: str | None = None) -> Self:
        """The row of that service, made when it is new, with a first heartbeat in it.
        HostNameTaken when the name is another identity's."""
        row = base.db().services.register(host, binary, topic, version, identity, boot)
        if row is None:
            raise exception.HostNameTaken(host=host, reason='it was given away just now')
        return cls.from_row(context, row)

    @classmethod
    @base.remotable
    def claim_host(cls, context: RequestContext, host: str, identity: str,
                   boot: str) -> int | None:
        """Make the name of a compute that of ``identity`` on a machine with that ``boot``.
        HostNameTaken when another identity has it. How many heartbeats there were of another boot
        of this identity, when that seems to live; else None."""
        row = base.db().host_names.claim(host, identity, boot)
        if row is None:
            return None
        if row['identity'] == identity:
            return row['report_count']
        here = row['boot_id'] == boot
        raise exception.HostNameTaken(host=host, reason=(
            f'it is registered with the identity {row["identity"]}, and here is {identity}'
            + (', on the same machine: is another state directory used, or was it deleted?'
               if here else '')))

    @classmethod
    @base.remotable
    def report(cls, context: RequestContext, service_id: int, clock_skew: float | None = None,
               identity: str | None = None) -> float:
        """Heartbeat; returns when the database had it, in seconds since the epoch. ``clock_skew``:
        see clock_skew.py. ServiceNotFound when the service was deleted meanwhile; HostNameTaken
        when its host's name is another identity's by now."""
        now = base.db().services.report(service_id, clock_skew, identity)
        if now is not None:
            return now.timestamp()
        row = base.db().services.get(id=service_id)
        if row is None:
            raise exception.ServiceNotFound(service_id=service_id)
        raise exception.HostNameTaken(host=row['host'], reason='it was given away')

    def save(self) -> None:
        """Write the changed fields where they still hold what was read. ServiceNotFound,
        Conflict."""
        if changed := self.obj_what_changed():
            self.compare_and_save(self._as_read(changed))

    @base.remotable
    def compare_and_save(self, expected: dict[str, Any]) -> None:
        """The database's side of :meth:`save`; ``expected`` by column."""
        written = base.db().update_on_match(self.TABLE, self.id, self._changed_columns(),
                                            self._coerced(expected))
        row = base.db().services.get(id=self.id)
        if written is None and row is not None:
            raise exception.Conflict(
                reason=f'service {self.binary} of host {self.host} was changed meanwhile')
        self._reload(row)

    @base.remotable
    def refresh(self) -> None:
        """Read the row again; unsaved changes are lost. ServiceNotFound."""
        self._reload(base.db().services.get(id=self.id))

    @base.remotable
    def destroy(self) -> None:
        """With a nova-compute goes its compute node. ServiceNotFound."""
        if not base.db().services.destroy(self.id):
            raise exception.ServiceNotFound(service_id=self.id)

    def _reload(self, row: dict[str, Any] | None) -> None:
        if row is None:
            raise exception.ServiceNotFound(service_id=self.id)
        self._load(self._context, row)

    @classmethod
    @base.remotable
    def get_by_id(cls, context: RequestContext, service_id: int) -> Self:
        return cls._get(context, service_id, id=service_id)

    @classmethod
    @base.remotable
    def get_by_uuid(cls, context: RequestContext, uuid: str) -> Self:
        return cls._get(context, uuid, uuid=uuid)

    @classmethod
    @base.remotable
    def get_by_host_and_binary(cls, context: RequestContext, host: str, binary: str) -> Self:
        """HostBinaryNotFound."""
        row = base.db().services.get(host=host, binary=binary)
        if row is None:
            raise exception.HostBinaryNotFound(host=host, binary=binary)
        return cls.from_row(context, row)

    @classmethod
    def is_known(cls, context: RequestContext, host: str, binary: str) -> bool:
        """Is it in the list, up or not? The controllers' and the API's alone."""
        return base.db().get(cls.TABLE, host=host, binary=binary) is not None

    @classmethod
    def is_silent(cls, context: RequestContext, host: str, binary: str, seconds: float) -> bool:
        """Has nothing been heard of it for so long, was it forced down, or is it gone? Times in
        which nothing could be heard of anybody do not count. The controllers' alone."""
        return base.db().services.silent(host, binary, seconds)

    @classmethod
    def could_be_heard(cls, context: RequestContext, seconds: float) -> bool:
        """Did heartbeats arrive for all of the last so many seconds? If not, who did not answer
        then may live. The controllers' alone."""
        return base.db().services.steady(seconds)

    @classmethod
    def _get(cls, context: RequestContext, wanted: object, **columns: object) -> Self:
        row = base.db().services.get(**columns)
        if row is None:
            raise exception.ServiceNotFound(service_id=wanted)
        return cls.from_row(context, row)


@base.NovaLiteObjectRegistry.register
class ServiceList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = Service
    fields = {'objects': fields.ListOfObjectsField('Service')}

    @classmethod
    @base.remotable
    def get_by_filters(cls, context: RequestContext, host: str | list[str] | None = None,
                       binary: str | None = None) -> Self:
        wanted = {name: value for name, value in (('host', host), ('binary', binary))
                  if value is not None}
        return cls.from_rows(context, base.db().services.by_filters(wanted))
