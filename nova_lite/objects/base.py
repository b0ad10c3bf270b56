# SPDX-License-Identifier: Apache-2.0
"""What all objects share: the way to the database, direct or by the conductor, and the wire.

``indirection_api`` is per context and not per process, since the all-in-one runs computes, which
must not touch the database, next to the conductor, which does.
"""
import contextlib
import contextvars
import copy
import datetime
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, Self

from oslo_versionedobjects import base as ovo

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects import fields, unreadable

Indirection = ovo.VersionedObjectIndirectionAPI
_UNSET = object()
TRIES = 5       # to write over what others write at the same time
_default_indirection: Indirection | None = None
_indirection: contextvars.ContextVar[Any] = contextvars.ContextVar('indirection', default=_UNSET)

remotable = ovo.remotable
obj_tree_get_versions = ovo.obj_tree_get_versions


def set_default_indirection(api: Indirection | None) -> None:
    """Where remotable methods go in this process: an indirection API, or None for the database."""
    global _default_indirection
    _default_indirection = api


@contextlib.contextmanager
def indirection(api: Indirection | None) -> Iterator[None]:
    """The same for the calls within the block, and for threads that it starts with its context."""
    token = _indirection.set(api)
    try:
        yield
    finally:
        _indirection.reset(token)


def db() -> ModuleType:
    """The database's verbs, imported at first use: a compute must never come here."""
    from nova_lite.db import api
    return api


class _IndirectionApi:
    """Read as ``cls.indirection_api``, as oslo.versionedobjects does."""

    def __get__(self, obj: 'NovaLiteObject | None', cls: type) -> Indirection | None:
        api = _indirection.get()
        return _default_indirection if api is _UNSET else api


class NovaLiteObjectRegistry(ovo.VersionedObjectRegistry):
    """Registers a class. The newest version of each is what ``nova_lite.objects`` exports."""


class NovaLiteObject(ovo.VersionedObject):
    """A field that was never set reads as its default, or None, where it may be None.

    A change inside a JSON field counts as a change like an assignment does.
    """
    OBJ_SERIAL_NAMESPACE = 'nova_object'
    OBJ_PROJECT_NAMESPACE = 'nova_lite'
    indirection_api: Any = _IndirectionApi()

    # Any: each field has a type of its own
    def __init__(self, context: RequestContext | None = None, **kwargs: Any) -> None:
        self._before: dict[str, Any] = {}
        super().__init__(context, **kwargs)

    def obj_load_attr(self, attrname: str) -> None:
        field = self.fields[attrname]
        default = field.default
        if not field.nullable and default is fields.UnspecifiedDefault:
            raise AttributeError(f'{self.obj_name()}.{attrname} is not set')
        setattr(self, attrname,
                None if default is fields.UnspecifiedDefault else copy.deepcopy(default))
        self.obj_reset_changes([attrname])

    # -- changes inside JSON fields --------------------------------------------------------------
    def obj_what_changed(self) -> set[str]:
        changed = super().obj_what_changed()
        changed.update(name for name, before in self._before.items()
                       if _is_json(self.fields[name]) and self.obj_attr_is_set(name)
                       and getattr(self, name) != before)
        return changed

    def obj_reset_changes(self, fields: list[str] | None = None, recursive: bool = False) -> None:
        super().obj_reset_changes(fields, recursive)
        for name in fields or self.fields:
            if self.obj_attr_is_set(name):
                value = getattr(self, name)
                self._before[name] = (copy.deepcopy(value) if _is_json(self.fields[name])
                                      else value)

    @classmethod
    def _obj_from_primitive(cls, context: RequestContext, objver: str,
                            primitive: dict[str, Any]) -> Self:
        self = super()._obj_from_primitive(context, objver, primitive)
        changed = set(self._changed_fields)
        self.obj_reset_changes()
        self._changed_fields = changed
        for name in changed:        # what stood there before has not come along
            self._before.pop(name, None)
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        clone = super().__deepcopy__(memo)
        clone._before = copy.deepcopy(self._before)
        return clone


def _is_json(field: fields.Field[Any]) -> bool:
    return isinstance(field, (fields.JsonField, fields.JsonListField))


class PersistentObject(NovaLiteObject):
    """An object with a row. ``TABLE`` names it; a column and its field have the same name.
    ``WORKED_OUT``: fields that the database's verbs add to what is in the row; ``OF_DATABASE``:
    columns that are theirs alone."""
    TABLE = ''
    WORKED_OUT: tuple[str, ...] = ()
    OF_DATABASE: tuple[str, ...] = ()
    # what each class that is registered makes of the fields below
    id: int
    created_at: datetime.datetime | None
    updated_at: datetime.datetime | None
    deleted_at: datetime.datetime | None
    deleted: bool
    fields = {
        'id': fields.IntegerField(),
        'created_at': fields.DateTimeField(nullable=True),
        'updated_at': fields.DateTimeField(nullable=True),
        'deleted_at': fields.DateTimeField(nullable=True),
        'deleted': fields.BooleanField(default=False),
    }

    @classmethod
    def from_row(cls, context: RequestContext, row: dict[str, Any]) -> Self:
        return cls()._load(context, row)

    def _load(self, context: RequestContext, row: dict[str, Any]) -> Self:
        """Take all fields from a row; nothing counts as changed afterwards. A value that cannot
        be read counts as not set. RowUnreadable where it must be."""
        self._context = context
        for name, field in self.fields.items():
            value = row[name]
            try:
                if isinstance(field, fields.ObjectField) and value is not None:
                    value = NovaLiteObject.obj_from_primitive(value, context)
                    value.obj_reset_changes()
                setattr(self, name, value)
            except unreadable.ERRORS as error:
                unreadable.tell(self.TABLE, row, name, field)
                self._leave_out(name, row, error)
        self.obj_reset_changes()
        return self

    def _leave_out(self, name: str, row: dict[str, Any], error: Exception) -> None:
        field = self.fields[name]
        if field.default is not fields.UnspecifiedDefault:
            setattr(self, name, copy.deepcopy(field.default))
        elif field.nullable:
            setattr(self, name, None)
        else:
            raise exception.RowUnreadable(
                table=self.TABLE, row=unreadable.name_of(row), column=name,
                kind=unreadable.kind_of(field)) from error

    def _changed_columns(self) -> dict[str, Any]:
        """The changed fields in the form of the row."""
        return {name: value.obj_to_primitive() if isinstance(value, ovo.VersionedObject) else value
                for name, value in self.obj_get_changes().items()}

    def _as_read(self, names: Iterable[str]) -> dict[str, Any]:
        """What those columns held when they were read: what the writer of new values believes.
        Invalid when that is not known, since a write without a condition is none of ours."""
        if unknown := sorted(set(names) - set(self._before)):
            raise exception.Invalid(
                reason=f'{self.obj_name()}: nobody has read {", ".join(unknown)} before writing')
        return {name: self._before[name] for name in names}

    def _coerced(self, expected: dict[str, Any]) -> dict[str, Any]:
        """Values by column as the fields have them: those from the wire may still be text."""
        return {name: ([self.fields[name].coerce(self, name, each) for each in wanted]
                       if isinstance(wanted, (list, tuple))
                       else self.fields[name].coerce(self, name, wanted))
                for name, wanted in expected.items()}

    def rewrite(self, change: Callable[[], dict[str, Any]]) -> None:
        """Save the fields that ``change`` returns; where others were quicker, again on top of
        what they wrote. For a word that holds whatever stood there before. Conflict when they are
        quicker again and again."""
        for _ in range(TRIES):
            for name, value in change().items():
                setattr(self, name, value)
            try:
                return self.save()
            except exception.Conflict as error:
                conflict = error
                self.refresh()
        raise conflict

    def refresh(self) -> None:
        """Read the row again; unsaved changes are lost."""
        raise NotImplementedError

    def save(self) -> None:
        """Write what has changed."""
        raise NotImplementedError

    def _insert(self, **extra: object) -> None:
        if 'id' in self:
            raise exception.Invalid(reason=f'{self.obj_name()} {self.id} exists already')
        self._load(self._context, db().insert(self.TABLE, {**self._changed_columns(), **extra}))


class NovaLiteObjectList(ovo.ObjectListBase, NovaLiteObject):
    """A list of objects of ``CHILD``, which each list registers as its only field."""
    CHILD: type[PersistentObject]

    @classmethod
    def from_rows(cls, context: RequestContext, rows: list[dict[str, Any]]) -> Self:
        """Without those that cannot be read: they are named in the log."""
        found = []
        for row in rows:
            with contextlib.suppress(exception.RowUnreadable):
                found.append(cls.CHILD.from_row(context, row))
        self = cls(context, objects=found)
        self.obj_reset_changes()
        return self


class NovaLiteObjectSerializer(ovo.VersionedObjectSerializer):
    """Objects to and from the wire; give it to every RPC client and server."""
    OBJ_BASE_CLASS = NovaLiteObject
