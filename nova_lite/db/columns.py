# SPDX-License-Identifier: Apache-2.0
"""What all tables have in common: types that are the same on three databases, and columns.

A value that is none of its column's type, by somebody's slip in the database, is read as an
:class:`Unreadable`: the rows that were read with it are as good as ever.
"""
import datetime
from collections.abc import Callable
from typing import Any

from sqlalchemy import JSON, DateTime, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Unreadable:
    """In place of what stands in a row and cannot be read: as good as nothing."""

    def __bool__(self) -> bool:
        return False


class Careful(TypeDecorator):
    """A type whose values may be unreadable, where a database takes anything or knows the type
    less strictly than we do (a zero date, text that is no JSON)."""

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any] | None:
        process = super().result_processor(dialect, coltype)
        if process is None:
            return None

        def read(value: Any) -> Any:
            try:
                return process(value)
            except (ValueError, TypeError, OverflowError):
                return Unreadable()

        return read


class UtcDateTime(Careful):
    """Aware datetimes outside, UTC without zone and with microseconds in the table."""
    impl = DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(self, value, dialect):
        return None if value is None else value.replace(tzinfo=datetime.UTC)


class Document(Careful):
    """What JSON can hold; None is NULL."""
    impl = JSON(none_as_null=True)
    cache_ok = True


LongText = Text().with_variant(mysql.MEDIUMTEXT(), 'mysql', 'mariadb')
Json = Document()
NAME = String(255)
UUID = String(36)


class Base(DeclarativeBase):
    """Common columns."""
    type_annotation_map = {str: NAME, datetime.datetime: UtcDateTime, dict: Json, list: Json}

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-2)
    created_at: Mapped[datetime.datetime | None] = mapped_column(sort_order=100)
    updated_at: Mapped[datetime.datetime | None] = mapped_column(sort_order=100)
    deleted_at: Mapped[datetime.datetime | None] = mapped_column(sort_order=100)
    deleted: Mapped[int] = mapped_column(default=0, sort_order=100)


def table_args(*constraints):
    # utf8mb4_bin: names compare byte by byte, as in the other two databases
    return (*constraints, {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8mb4',
                           'mysql_collate': 'utf8mb4_bin'})
