# SPDX-License-Identifier: Apache-2.0
"""A server. Its ``task_state`` is the lock of a migration: ``save(expected_task_state=None)`` with
``migrating`` succeeds for one caller only. No save is without a condition."""
from collections.abc import Callable
from typing import Any, Self

from oslo_log import log as logging
from oslo_utils import uuidutils

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.migration import task_states
from nova_lite.objects import base, fields
from nova_lite.objects.flavor import Flavor

LOG = logging.getLogger(__name__)
UNSET = object()    # "whatever it is": leave the argument out, the mark does not travel
# (context, instance, its vm_state and task_state before)
StateListener = Callable[[RequestContext, 'Instance', str | None, str | None], None]
_listener: StateListener | None = None
STATES = {'vm_state', 'task_state', 'power_state', 'host', 'node', 'generation'}


@base.NovaLiteObjectRegistry.register
class Instance(base.PersistentObject):
    VERSION = '1.0'
    TABLE = 'instances'
    fields = {
        'uuid': fields.UUIDField(),
        'user_id': fields.StringField(nullable=True),
        'project_id': fields.StringField(nullable=True),
        'display_name': fields.StringField(nullable=True),
        'display_description': fields.StringField(nullable=True),
        'hostname': fields.StringField(nullable=True),
        'host': fields.StringField(nullable=True),
        'node': fields.StringField(nullable=True),
        'vm_state': fields.StringField(nullable=True),
        'task_state': fields.StringField(nullable=True),
        'image_ref': fields.StringField(nullable=True),
        'key_name': fields.StringField(nullable=True),
        'availability_zone': fields.StringField(nullable=True),
        'locked_by': fields.StringField(nullable=True),
        'locked_reason': fields.StringField(nullable=True),
        'reservation_id': fields.StringField(nullable=True),
        'config_drive': fields.StringField(nullable=True),
        'power_state': fields.IntegerField(nullable=True),
        'memory_mb': fields.IntegerField(nullable=True),
        'vcpus': fields.IntegerField(nullable=True),
        'root_gb': fields.IntegerField(nullable=True),
        'ephemeral_gb': fields.IntegerField(nullable=True),
        'progress': fields.IntegerField(nullable=True),
        'generation': fields.IntegerField(default=0),
        'flavor': fields.ObjectField('Flavor', nullable=True),
        'launched_at': fields.DateTimeField(nullable=True),
        'terminated_at': fields.DateTimeField(nullable=True),
        'locked': fields.BooleanField(default=False, nullable=True),
        'image_meta': fields.JsonField(nullable=True, default={}),
        'metadata': fields.JsonField(nullable=True, default={}),
        'system_metadata': fields.JsonField(nullable=True, default={}),
    }

    @property
    def name(self) -> str:
        """The hypervisor's name of the guest."""
        return f'instance-{self.id:08x}'

    @property
    def known_host(self) -> str:
        """The host that it is on. RowUnreadable where there is none and has to be."""
        if self.host is None:
            raise exception.RowUnreadable(table=self.TABLE, row=self.uuid, column='host',
                                          kind='String')
        return self.host

    @property
    def known_flavor(self) -> Flavor:
        """RowUnreadable when nobody knows any more what the server takes of a host."""
        if self.flavor is None:
            raise exception.RowUnreadable(table=self.TABLE, row=self.uuid, column='flavor',
                                          kind='Flavor')
        return self.flavor

    @base.remotable
    def create(self) -> None:
        self._insert(**self.defaults())
        notify(self._context, self, None, None)

    def defaults(self) -> dict[str, Any]:
        """Columns of a new server that nobody has set."""
        defaults: dict[str, Any] = {
            name: {} for name in ('image_meta', 'metadata', 'system_metadata')}
        defaults |= {'uuid': uuidutils.generate_uuid(), 'locked': False, 'progress': 0}
        return {name: value for name, value in defaults.items() if name not in self}

    def save(self, expected_task_state: object = UNSET, expected_vm_state: object = UNSET) -> None:
        """Write the changed fields by one UPDATE that matches only where the states are as
        expected: a value, a list of values, or None for none. Without an expectation the changed
        columns must still hold what was read. A state is only written where ``generation`` is
        the one that was read: an order that has become void writes nothing. Takes in what others
        have written.

        InstanceNotFound, UnexpectedTaskStateError, UnexpectedDeletingTaskStateError (a delete was
        first), InstanceUpdateConflict (anything else).
        """
        expected = {name: wanted for name, wanted in (('task_state', expected_task_state),
                                                      ('vm_state', expected_vm_state))
                    if wanted is not UNSET}
        changed = self.obj_what_changed()
        if not changed and not expected:
            return
        expected = expected or self._as_read(changed)
        if STATES & changed:
            expected |= self._as_read(['generation'])
        self.compare_and_save(expected)

    @base.remotable
    def compare_and_save(self, expected: dict[str, Any]) -> None:
        """The database's side of :meth:`save`; ``expected`` by column."""
        expected = self._coerced(expected)
        for _ in range(base.TRIES):
            before, after = base.db().instances.update_on_match(
                self.uuid, self._changed_columns(), expected)
            if after is not None:
                self._load(self._context, after)
                notify(self._context, self, before['vm_state'], before['task_state'])
                return
            self.raise_conflict(before, expected)
            # Nothing differs any more: the state changed and changed back. Try again.
        raise exception.InstanceUpdateConflict(instance_uuid=self.uuid, expected=expected,
                                               actual='a state that keeps changing')

    def raise_conflict(self, actual: dict[str, Any] | None, expected: dict[str, Any]) -> None:
        """Raise what of ``expected`` is not so in the row ``actual``; nothing when all is."""
        if actual is None:
            raise exception.InstanceNotFound(instance_id=self.uuid)
        wrong = {name: wanted if isinstance(wanted, list) else [wanted]
                 for name, wanted in expected.items()
                 if actual[name] not in (wanted if isinstance(wanted, list) else [wanted])}
        if not wrong:
            return
        error: type[exception.Conflict] = exception.InstanceUpdateConflict
        if 'task_state' in wrong:
            deleting = actual['task_state'] == task_states.DELETING
            error = (exception.UnexpectedDeletingTaskStateError if deleting
                     else exception.UnexpectedTaskStateError)
            wrong = {'task_state': wrong['task_state']}
        raise error(instance_uuid=self.uuid, expected=wrong,
                    actual={name: actual[name] for name in wrong})

    def reset_state(self, vm_state: str) -> None:
        """An operator's word on what it is; orders that are on their way are void. The API's
        alone. InstanceInvalidState, InstanceNotFound."""
        before, after, moving = base.db().instances.reset(self.uuid, vm_state)
        if moving is not None:
            raise exception.InstanceInvalidState(
                instance_uuid=self.uuid, attr=f'migration {moving["uuid"]}, which is',
                state=moving['status'], method='os-resetState')
        if before is None:
            raise exception.InstanceNotFound(instance_id=self.uuid)
        if after is None:
            raise exception.InstanceInvalidState(
                instance_uuid=self.uuid, attr='task_state', state=before['task_state'],
                method='os-resetState')
        self._load(self._context, after)
        notify(self._context, self, before['vm_state'], before['task_state'])

    def raise_busy(self) -> None:
        """Raise why the server could not be taken: its task_state now, or that it is gone."""
        row = base.db().get(self.TABLE, uuid=self.uuid)
        self.raise_conflict(row, {'task_state': None})
        # free again meanwhile; who asked was too late all the same
        raise exception.UnexpectedTaskStateError(
            instance_uuid=self.uuid, expected={'task_state': [None]},
            actual={'task_state': row['task_state']})

    @base.remotable
    def refresh(self) -> None:
        """Read the row again; unsaved changes are lost. InstanceNotFound."""
        row = base.db().get(self.TABLE, uuid=self.uuid)
        if row is None:
            raise exception.InstanceNotFound(instance_id=self.uuid)
        self._load(self._context, row)

    @base.remotable
    def destroy(self) -> None:
        """Mark the server deleted; its claims go in the same transaction. InstanceNotFound."""
        if not base.db().instances.destroy(self.uuid):
            raise exception.InstanceNotFound(instance_id=self.uuid)
        self._load(self._context, base.db().get(self.TABLE, uuid=self.uuid, read_deleted=True))

    @classmethod
    @base.remotable
    def get_by_uuid(cls, context: RequestContext, uuid: str, read_deleted: bool = False) -> Self:
        """InstanceNotFound also when it is another project's and the caller is no admin."""
        row = base.db().get(cls.TABLE, uuid=uuid, read_deleted=read_deleted)
        if row is None or _hidden(context, row):
            raise exception.InstanceNotFound(instance_id=uuid)
        return cls.from_row(context, row)


@base.NovaLiteObjectRegistry.register
class InstanceList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = Instance
    fields = {'objects': fields.ListOfObjectsField('Instance')}

    @classmethod
    @base.remotable
    def get_by_host(cls, context: RequestContext, host: str) -> Self:
        return cls.from_rows(context, base.db().instances.by_filters(
            {'host': host}, ['id'], ['asc'], None, None))

    @classmethod
    @base.remotable
    def get_by_filters(cls, context: RequestContext, filters: dict[str, Any] | None = None,
                       sort_keys: list[str] | None = None, sort_dirs: list[str] | None = None,
                       limit: int | None = None, marker: str | None = None) -> Self:
        """Filters: any column by value or list of values (None: NULL), ``name`` (regular
        expression), ``changes-since``, ``changes-before`` (datetime), ``deleted`` (default
        False, None: both). Newest first by default; the marker is a uuid. Invalid,
        MarkerNotFound."""
        return cls.from_rows(context, base.db().instances.by_filters(
            filters or {}, sort_keys, sort_dirs, limit, marker))


def _hidden(context: RequestContext, row: dict[str, Any]) -> bool:
    return bool(not context.is_admin and context.project_id
                and context.project_id != row['project_id'])


def tell(listener: StateListener | None) -> None:
    """Have ``listener`` called with each change of state of a server, once that is written."""
    global _listener
    _listener = listener


def notify(context: RequestContext, instance: Instance, old_vm_state: str | None,
           old_task_state: str | None) -> None:
    """A state may have changed. The row is written: a failure here changes nothing."""
    changed = (instance.vm_state, instance.task_state) != (old_vm_state, old_task_state)
    if not changed or _listener is None:
        return
    try:
        _listener(context, instance, old_vm_state, old_task_state)
    except Exception:
        LOG.exception('Instance %s: its update notification was not sent', instance.uuid)
