# SPDX-License-Identifier: Apache-2.0
"""Field types of the objects: oslo.versionedobjects' own, and those that it lacks."""
import datetime
from typing import Any, NoReturn

from oslo_serialization import jsonutils
from oslo_versionedobjects import fields
from oslo_versionedobjects.base import VersionedObject as Owner
from oslo_versionedobjects.fields import (
    BooleanField,
    Field,
    FloatField,
    IntegerField,
    ListOfObjectsField,
    ListOfStringsField,
    ObjectField,
    StringField,
    UnspecifiedDefault,
    UUIDField,
)

__all__ = ['BooleanField', 'DateTimeField', 'Field', 'FloatField', 'IntegerField', 'JsonField',
           'JsonListField', 'JsonListTextField', 'JsonTextField', 'ListOfObjectsField',
           'ListOfStringsField', 'ObjectField', 'StringField', 'UUIDField', 'UnspecifiedDefault']


class DateTime(fields.DateTime):
    """Aware, in UTC, and with microseconds on the wire too (oslo's own drops them)."""

    def coerce(self, obj: Owner | None, attr: str, value: object) -> datetime.datetime:
        return super().coerce(obj, attr, value).astimezone(datetime.UTC)

    def to_primitive(self, obj: Owner, attr: str, value: datetime.datetime) -> str:
        return value.isoformat()


class DateTimeField(fields.AutoTypedField[datetime.datetime]):
    AUTO_TYPE = DateTime()


class Json(fields.FieldType[Any]):
    """A ``kind`` of document, dict or list, with anything in it that JSON can hold.

    On the wire it is text: a dict that happens to be an object's primitive, as in
    ``Migration.migrate_data``, would be made into that object by the serializer on the way.
    """

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def coerce(self, obj: Owner | None, attr: str, value: object) -> Any:
        _check_kind(attr, value, self._kind)
        jsonutils.dumps(value, default=_not_json)
        return value

    def to_primitive(self, obj: Owner, attr: str, value: object) -> str:
        return jsonutils.dumps(value)

    def from_primitive(self, obj: Owner, attr: str, value: object) -> Any:
        return jsonutils.loads(str(value))


def _not_json(value: object) -> NoReturn:
    raise ValueError(f'a {type(value).__name__} cannot be kept as JSON')


def _check_kind(attr: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ValueError(f'{attr} is a {type(value).__name__} and not a {kind.__name__}')


class JsonField(fields.AutoTypedField[dict[str, Any]]):
    AUTO_TYPE = Json(dict)


class JsonListField(fields.AutoTypedField[list[Any]]):
    AUTO_TYPE = Json(list)


class JsonText(fields.String):
    """Such a document as text: who reads it may take it for one."""

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def coerce(self, obj: Owner | None, attr: str, value: object) -> str:
        text = super().coerce(obj, attr, value)
        if text:
            _check_kind(attr, jsonutils.loads(text), self._kind)
        return text


class JsonTextField(fields.AutoTypedField[str]):
    AUTO_TYPE = JsonText(dict)


class JsonListTextField(fields.AutoTypedField[str]):
    AUTO_TYPE = JsonText(list)
