# SPDX-License-Identifier: Apache-2.0
"""What is to be done to a server besides moving it: written before anybody is told.

A message only says "look here"; what is done, and whether, is what stands here. So a message that
is lost is made up for by the next look, and one that comes twice finds nothing left to do.
"""
from typing import TYPE_CHECKING, Any, Self

from nova_lite import exception, moments
from nova_lite.context import RequestContext
from nova_lite.migration import task_states
from nova_lite.objects import base, fields
from nova_lite.objects import instance as instance_obj
from nova_lite.objects.instance import Instance

if TYPE_CHECKING:      # a compute has no database
    from nova_lite.db.orders import Change


@base.NovaLiteObjectRegistry.register
class Order(base.PersistentObject):
    """``task_state`` says what; ``context`` who asked, and under which request id; ``generation``
    is the server's when it was given; ``instance`` the server as it was read with it."""
    VERSION = '1.0'
    TABLE = 'orders'
    WORKED_OUT = ('instance',)
    fields = {
        'instance_uuid': fields.UUIDField(),
        'task_state': fields.StringField(),
        'generation': fields.IntegerField(default=0),      # a deletion counts whatever it is
        'arguments': fields.JsonField(nullable=True),
        'context': fields.JsonField(nullable=True),
        'owner': fields.StringField(nullable=True),
        'lease_until': fields.DateTimeField(nullable=True),
        'begun_at': fields.DateTimeField(nullable=True),
        'instance': fields.ObjectField('Instance', nullable=True),
    }

    @classmethod
    def _of(cls, context: RequestContext, order: dict[str, Any],
            server: dict[str, Any] | None) -> Self:
        self = cls.from_row(context, {**order, 'instance': None})
        if server:
            self.instance = Instance.from_row(context, server)
        self.obj_reset_changes()
        return self

    @property
    def server(self) -> Instance:
        """The server, where it was read with the order. InstanceNotFound when there is none."""
        if self.instance is None:
            raise exception.InstanceNotFound(instance_id=self.instance_uuid)
        return self.instance

    def _row(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ('id', 'instance_uuid', 'task_state',
                                                       'generation')}

    # -- the API's alone -------------------------------------------------------------------------
    @classmethod
    def create_server(cls, context: RequestContext, instance: Instance,
                      arguments: dict[str, Any]) -> Self:
        """Write a new server and the order to find a host for it and build it there."""
        task = task_states.SCHEDULING
        done = base.db().orders.create(
            {**instance.defaults(), **instance._changed_columns(), 'task_state': task},
            cls._new(context, task, arguments))
        instance._load(context, done.after)
        moments.reach(f'order-{task}-given', instance.uuid)
        instance_obj.notify(context, instance, None, None)
        return cls._of(context, done.order, done.after)

    @classmethod
    def give(cls, context: RequestContext, instance: Instance, task_state: str,
             arguments: dict[str, Any] | None = None) -> Self:
        """Make the server busy with ``task_state``, if it is free and its vm_state still the one
        of ``instance``; a deletion goes before everything. ``instance`` is fresh afterwards.

        UnexpectedTaskStateError, UnexpectedDeletingTaskStateError, InstanceUpdateConflict,
        InstanceNotFound."""
        expected: dict[str, Any] = {} if task_state == task_states.DELETING else {
            'task_state': None, 'vm_state': instance.vm_state}
        moments.reach(f'order-{task_state}-asked', instance.uuid)   # read, not written
        done = base.db().orders.give(
            instance.uuid, cls._new(context, task_state, arguments), expected)
        if done.after is None:
            instance.raise_conflict(done.before, expected)
            instance.raise_busy()
        instance._load(context, done.after)
        moments.reach(f'order-{task_state}-given', instance.uuid)
        instance_obj.notify(context, instance, done.before['vm_state'], done.before['task_state'])
        return cls._of(context, done.order, done.after)

    @staticmethod
    def _new(context: RequestContext, task_state: str,
             arguments: dict[str, Any] | None) -> dict[str, Any]:
        return {'task_state': task_state, 'arguments': arguments or {},
                'context': context.to_dict()}

    def withdraw(self, destroy: bool = False) -> bool:
        """Take it back, and with ``destroy`` its server; False when somebody has begun."""
        if not base.db().orders.withdraw(self._row(), {}, destroy):
            return False
        if (server := self.instance) is not None:
            before = server.vm_state, server.task_state
            server.task_state = None
            server.obj_reset_changes(['task_state'])
            instance_obj.notify(self._context, server, *before)
        return True

    # -- who carries it out ----------------------------------------------------------------------
    @classmethod
    @base.remotable
    def begin(cls, context: RequestContext, instance_uuid: str, host: str) -> Self | None:
        """What ``host`` is to do with that server; None when that is nothing (any more)."""
        found = base.db().orders.begin(instance_uuid, host)
        return found and cls._of(context, *found)

    @base.remotable
    def finish(self, updates: dict[str, Any], host: str | None = None, owner: str | None = None,
               destroy: bool = False, drop_claims: bool = False) -> None:
        """It is over: in one transaction the server gets ``updates`` and is free and, with
        ``destroy``, deleted. ``host``, ``owner``: only while the server is there, or with that
        one's lease. StaleOrder when it does not count any more; then nothing is written."""
        columns = Instance(self._context, **updates)._changed_columns()
        done = base.db().orders.finish(self._row(), columns, host=host, owner=owner,
                                       destroy=destroy, drop_claims=drop_claims)
        moments.reach(f'order-{self.task_state}-written', self.instance_uuid)
        self._take_in(done)

    def _take_in(self, done: 'Change') -> None:
        if done.after is None:
            now = done.before['task_state'] if done.before else 'deleted'
            raise exception.StaleOrder(task_state=self.task_state, now=now or 'none',
                                       instance_uuid=self.instance_uuid)
        self.instance = Instance.from_row(self._context, done.after)
        before = done.before or {}
        instance_obj.notify(self._context, self.instance, before.get('vm_state'),
                            before.get('task_state'))

    @classmethod
    def get_by_instance(cls, context: RequestContext, instance_uuid: str) -> Self | None:
        """The server's order, whether or not it counts. The conductors' alone."""
        row = base.db().get(cls.TABLE, instance_uuid=instance_uuid)
        return row and cls._of(context, row, None)

    # -- leases: the conductors' alone, see db/orders.py -----------------------------------------
    def take(self, owner: str, seconds: float) -> Self | None:
        """Have ``owner`` work on it for ``seconds``: it as it was until then; None when another
        does, or there is nothing to do any more."""
        found = base.db().orders.take(self.id, owner, seconds)
        return found and self._of(self._context, *found)

    def hand_over(self, owner: str, host: str, node: str) -> None:
        """A host is found for the new server: from here the order is that host's. StaleOrder."""
        done = base.db().orders.hand_over(self._row(), owner, host, node)
        self._take_in(done)
        self.task_state = task_states.SPAWNING
        self.obj_reset_changes()


@base.NovaLiteObjectRegistry.register
class OrderList(base.NovaLiteObjectList):
    VERSION = '1.0'
    CHILD = Order
    fields = {'objects': fields.ListOfObjectsField('Order')}

    @classmethod
    @base.remotable
    def servers_of_host(cls, context: RequestContext, host: str) -> list[str]:
        """UUIDs of the servers with which ``host`` is to do something, oldest order first."""
        return base.db().orders.of_host(host)

    @classmethod
    def get_run_out(cls, context: RequestContext) -> Self:
        """Those that wait for a conductor and have none. The conductors' alone."""
        return cls.from_rows(context, [{**row, 'instance': None}
                                       for row in base.db().orders.run_out()])

    @classmethod
    def renew_leases(cls, context: RequestContext, owner: str, ids: list[int],
                     seconds: float) -> None:
        base.db().orders.renew(owner, ids, seconds)

    @classmethod
    def release_leases(cls, context: RequestContext, owner: str) -> None:
        """Let other conductors go on with what ``owner`` works on."""
        base.db().orders.release(owner)
