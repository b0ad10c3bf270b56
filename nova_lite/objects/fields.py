# SPDX-License-Identifier: Apache-2.0
"""Field types of the objects: oslo.versionedobjects' own, and two that it lacks."""
import datetime
from typing import Any

from oslo_serialization import jsonutils
from oslo_versionedobjects import fields
from oslo_versionedobjects.fields import (BooleanField, FloatField, IntegerField,
                                          ListOfObjectsField, ListOfStringsField, ObjectField,
                                          StringField, UnspecifiedDefault, UUIDField)

__all__ = ['BooleanField', 'DateTimeField', 'FloatField', 'IntegerField', 'JsonField',
           'ListOfObjectsField', 'ListOfStringsField', 'ObjectField', 'StringField', 'UUIDField',
           'UnspecifiedDefault', 'optional']


class DateTime(fields.DateTime):
    """Aware, in UTC, and with microseconds on the wire too (oslo's own drops them)."""

    def coerce(self, obj: Any, attr: str, value: Any) -> datetime.datetime:
        return super().coerce(obj, attr, value).astimezone(datetime.UTC)

    def to_primitive(self, obj: Any, attr: str, value: datetime.datetime) -> str:
        return value.isoformat()


class DateTimeField(fields.AutoTypedField):
    AUTO_TYPE = DateTime()


class Json(fields.FieldType):
    """Anything that JSON can hold.

    On the wire it is text: a dict that happens to be an object's primitive, as in
    ``Migration.migrate_data``, would be made into that object by the serializer on the way.
    """

    def coerce(self, obj: Any, attr: str, value: Any) -> Any:
        jsonutils.dumps(value, default=_not_json)
        return value

    def to_primitive(self, obj: Any, attr: str, value: Any) -> str:
        return jsonutils.dumps(value)

    def from_primitive(self, obj: Any, attr: str, value: str) -> Any:
        return jsonutils.loads(value)


def _not_json(value: Any) -> Any:
    raise ValueError(f'a {type(value).__name__} cannot be kept as JSON')


class JsonField(fields.AutoTypedField):
    AUTO_TYPE = Json()


def optional(field_class: type, *names: str, **kwargs: Any) -> dict[str, Any]:
    """Fields of one class, by name, that may be None."""
    return {name: field_class(nullable=True, **kwargs) for name in names}
