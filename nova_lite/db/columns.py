# SPDX-License-Identifier: Apache-2.0
"""What all tables have in common: types that are the same on three databases, and columns."""
import datetime

from sqlalchemy import JSON, DateTime, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator):
    """Aware datetimes outside, UTC without zone and with microseconds in the table."""
    impl = DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(self, value, dialect):
        return None if value is None else value.replace(tzinfo=datetime.UTC)


LongText = Text().with_variant(mysql.MEDIUMTEXT(), 'mysql', 'mariadb')
Json = JSON(none_as_null=True)
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
