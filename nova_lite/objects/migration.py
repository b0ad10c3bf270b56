# SPDX-License-Identifier: Apache-2.0
"""One move of one server, from the request to its end.

``advance`` is the only writer of ``status``; see migration/migration_states.py for the edges.
"""
from collections.abc import Collection, Sequence
from typing import Any, Self

from oslo_utils import uuidutils

from nova_lite import exception, moments
from nova_lite.context import RequestContext
from nova_lite.migration import migration_states, timings
from nova_lite.objects import base, fields, instance_action
from nova_lite.objects import instance as instance_obj

# columns with verbs of their own
OF_EDGES, LEASE = {'status', 'timings'}, {'owner', 'lease_until'}


@base.NovaLiteObjectRegistry.register
class Migration(base.PersistentObject):
    """Sizes are bytes. ``reason`` and ``failed_check`` tell the user why it did not happen;
    ``migrate_data`` (a LiveMigrateData primitive) and what db/models.py lists by its writers are
    what a restarted process needs to go on."""
    VERSION = '1.0'
    TABLE = 'migrations'
    OF_DATABASE = ('moving_instance_uuid',)
    fields = {
        'uuid': fields.UUIDField(),
        'instance_uuid': fields.UUIDField(),
        'source_compute': fields.StringField(),
        'dest_compute': fields.StringField(nullable=True),
        'source_node': fields.StringField(nullable=True),
        'dest_node': fields.StringField(nullable=True),
        'dest_host': fields.StringField(nullable=True),
        'status': fields.StringField(),
        'migration_type': fields.StringField(),
        'user_id': fields.StringField(nullable=True),
        'project_id': fields.StringField(nullable=True),
        'reason': fields.StringField(nullable=True),
        'failed_check': fields.StringField(nullable=True),
        'owner': fields.StringField(nullable=True),
        'requested_host': fields.StringField(nullable=True),
        'queue_reason': fields.StringField(nullable=True),
        'old_instance_type_id': fields.IntegerField(nullable=True),
        'new_instance_type_id': fields.IntegerField(nullable=True),
        'memory_total': fields.IntegerField(nullable=True),
        'memory_processed': fields.IntegerField(nullable=True),
        'memory_remaining': fields.IntegerField(nullable=True),
        'disk_total': fields.IntegerField(nullable=True),
        'disk_processed': fields.IntegerField(nullable=True),
        'disk_remaining': fields.IntegerField(nullable=True),
        'queue_position': fields.IntegerField(nullable=True),
        'hidden': fields.BooleanField(nullable=True),
        'block_migration': fields.BooleanField(nullable=True),
        'disk_over_commit': fields.BooleanField(nullable=True),
        'forced': fields.BooleanField(nullable=True),
        'source_not_cleaned': fields.BooleanField(nullable=True),
        'attempted_hosts': fields.JsonListField(nullable=True, default=[]),
        'migrate_data': fields.JsonField(nullable=True),
        'request_context': fields.JsonField(nullable=True),
        'goals': fields.JsonField(nullable=True),
        'refusals': fields.JsonField(nullable=True),
        'progress': fields.JsonField(nullable=True),
        'steering': fields.JsonField(nullable=True),
        'timings': fields.JsonField(nullable=True),
        'lease_until': fields.DateTimeField(nullable=True),
        'copied_at': fields.DateTimeField(nullable=True),
        'started_at': fields.DateTimeField(nullable=True),
        'finished_at': fields.DateTimeField(nullable=True),
    }

    @property
    def destination(self) -> str:
        """The host that it goes to. RowUnreadable where none is written down, which must be."""
        if self.dest_compute is None:
            raise exception.RowUnreadable(table=self.TABLE, row=self.uuid, column='dest_compute',
                                          kind='String')
        return self.dest_compute

    @property
    def receipt(self) -> dict[str, Any] | None:
        return timings.of(self.timings, self.copied_at, self.progress, self.steering)

    @base.remotable
    def create(self) -> None:
        """Insert it as ``accepted``, the only status a migration is born with."""
        if 'id' in self:
            raise exception.Invalid(reason=f'migration {self.id} exists already')
        self._load(self._context, base.db().moves.create(self._at_birth()))

    def accept(self, instance: instance_obj.Instance) -> None:
        """Insert it and make ``instance`` ``migrating``, in one transaction: a server never waits
        for a migration that is not written down. Of two callers one gets an
        UnexpectedTaskStateError, or an UnexpectedDeletingTaskStateError. The API's alone."""
        before = instance.vm_state, instance.task_state
        moments.reach('edge-accept-start', instance.uuid)
        written = base.db().leases.accept(instance.uuid, self._at_birth())
        if written is None:
            instance.raise_busy()
        instance._load(instance._context, written[0])
        self._load(self._context, written[1])
        moments.reach('edge-accept-end', instance.uuid)
        instance_obj.notify(self._context, instance, *before)

    def _at_birth(self) -> dict[str, Any]:
        return {'uuid': uuidutils.generate_uuid(),
                'migration_type': migration_states.LIVE_MIGRATION, 'hidden': False,
                'attempted_hosts': [], **self._columns_to_write(OF_EDGES)}

    # -- leases: the conductors' alone, see db/leases.py -----------------------------------------
    def take(self, owner: str, seconds: float) -> bool:
        """Have ``owner`` work on it for ``seconds``; False when another does or it is too late.
        The object is fresh afterwards."""
        row = base.db().leases.take(self.id, owner, seconds)
        if row is not None:
            self._load(self._context, row)
        return row is not None

    def record(self, owner: str) -> None:
        """Write the changed fields if ``owner`` still has the lease. LeaseLost."""
        row = base.db().leases.record(self.id, owner, self._columns_to_write())
        if row is None:
            raise exception.LeaseLost(migration_id=self.id, owner=owner)
        self._load(self._context, row)

    @base.remotable
    def save(self, unchanged: bool = False) -> None:
        """Write the changed fields where status and lease are still this object's; ``unchanged``:
        and where nobody has written anything since it was read.

        InvalidMigrationState when somebody was quicker or it is over, LeaseLost when another
        conductor has it now, MigrationNotFound; Invalid when status or lease are to be written.
        """
        values = self._columns_to_write()
        if not values:
            return
        expected = {name: getattr(self, name) for name in (
            'status', 'owner', *(['updated_at'] if unchanged else []))}
        row = None
        if self.status not in migration_states.FINAL:
            row = base.db().update_on_match(self.TABLE, self.id, values, expected)
        if row is None:
            now = self.get_by_id(self._context, self.id)
            if now.status == self.status and now.owner != self.owner:
                raise exception.LeaseLost(migration_id=self.id, owner=self.owner)
            raise exception.InvalidMigrationState(
                migration_id=self.id, instance_uuid=self.instance_uuid, state=now.status,
                method='save')
        self._load(self._context, row)

    @base.remotable
    def source_cleaned(self) -> None:
        """Nothing is left at the source of this completed migration. Once is enough."""
        base.db().update_on_match(
            self.TABLE, self.id, {'source_not_cleaned': False},
            {'status': migration_states.COMPLETED, 'source_not_cleaned': True})

    def advance(self, event: str, reason: str | None = None, failed_check: str | None = None,
                instance_updates: dict[str, Any] | None = None, owner: str | None = None,
                expected_status: Sequence[str] | None = None,
                steps: Sequence[dict[str, Any]] = ()) -> None:
        """Take the edge ``event``: see :meth:`take_edge`, which is the database's side of it."""
        moments.reach(f'edge-{event}-start', self.instance_uuid)
        self.take_edge(event, reason, failed_check, instance_updates, owner, expected_status,
                       steps)
        moments.reach(f'edge-{event}-end', self.instance_uuid)

    @base.remotable
    def take_edge(self, event: str, reason: str | None = None, failed_check: str | None = None,
                  instance_updates: dict[str, Any] | None = None, owner: str | None = None,
                  expected_status: Sequence[str] | None = None,
                  steps: Sequence[dict[str, Any]] = ()) -> None:
        """Take the edge ``event`` of migration_states.py from the status that this object
        has, or from one of ``expected_status``; the object is fresh afterwards.

        In one transaction: status, reason, failed_check, the object's unsaved changes, the mark
        in the timings, the server's row with ``instance_updates`` (columns other than task_state,
        host, node), the claims, and ``steps`` (as of InstanceActionEventList.write).
        InvalidMigrationState when the status is another, or not one
        that the edge starts from, or ``owner`` is given and has not the lease: someone else was
        first, and nothing is written.
        """
        values = self._columns_to_write()
        values |= {name: value for name, value in (('reason', reason),
                                                   ('failed_check', failed_check))
                   if value is not None}
        updates = instance_updates or {}
        if unknown := set(updates) - set(instance_obj.Instance.fields):
            raise exception.Invalid(reason=f'an instance has no {", ".join(sorted(unknown))}')
        # by way of an object, since what came over the wire may still be text
        columns = instance_obj.Instance(self._context, **updates)._changed_columns()
        done = base.db().moves.advance(self.id, event, values, columns, owner,
                                       expected_status or (self.status,),
                                       instance_action.new_events(steps))
        moments.reach(f'edge-{event}-middle', self.instance_uuid)   # written, not answered
        self._load(self._context, done.migration)
        if done.instance_after is not None:
            before = done.instance_before
            instance_obj.notify(
                self._context, instance_obj.Instance.from_row(self._context, done.instance_after),
                before['vm_state'], before['task_state'])

    @base.remotable
    def refresh(self) -> None:
        """Read the row again; unsaved changes are lost. MigrationNotFound."""
        self._load(self._context, self._row(self.id, id=self.id))

    def _columns_to_write(self, kept: Collection[str] = OF_EDGES | LEASE) -> dict[str, Any]:
        values = self._changed_columns()
        if wrong := sorted(set(values) & set(kept)):
            raise exception.Invalid(reason=f'only Migration.advance and the verbs of leases write '
                                           f'{", ".join(wrong)}')
        return values

    @classmethod
    @base.remotable
    def get_by_id(cls, context: RequestContext, migration_id: int) -> Self:
        return cls._get(context, migration_id, id=migration_id)

    @classmethod
    @base.remotable
    def get_by_uuid(cls, context: RequestContext, uuid: str) -> Self:
        return cls._get(context, uuid, uuid=uuid)

    @classmethod
    @base.remotable
    def get_by_id_and_instance(cls, context: RequestContext, migration_id: int,
                               instance_uuid: str) -> Self:
        """MigrationNotFoundForInstance."""
        row = base.db().get(cls.TABLE, id=migration_id, instance_uuid=instance_uuid)
        if row is None:
            raise exception.MigrationNotFoundForInstance(migration_id=migration_id,
                                                         instance_id=instance_uuid)
        return cls.from_row(context, row)

    @classmethod
    def get_while(cls, context: RequestContext, migration_id: int, instance_uuid: str,
                  allowed: Collection[str | None], method: str) -> Self:
        """It, while its status is one of ``allowed``. MigrationNotFoundForInstance,
        InvalidMigrationState (``method`` cannot be done). The API's alone."""
        self = cls.get_by_id_and_instance(context, migration_id, instance_uuid)
        if self.status not in allowed:
            raise exception.InvalidMigrationState(
                migration_id=self.id, instance_uuid=instance_uuid, state=self.status,
                method=method)
        return self

    @classmethod
    def _get(cls, context: RequestContext, wanted: object, **columns: object) -> Self:
        return cls.from_row(context, cls._row(wanted, **columns))

    @classmethod
    def _row(cls, wanted: object, **columns: object) -> dict[str, Any]:
        if (row := base.db().get(cls.TABLE, **columns)) is None:
            raise exception.MigrationNotFound(migration_id=wanted)
        return row
