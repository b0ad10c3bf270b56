# SPDX-License-Identifier: Apache-2.0
"""Lists in pages: limit, marker, order, times, and the link to the next page."""
import datetime
from collections.abc import Sequence
from typing import Any

from oslo_utils import strutils, timeutils

from nova_lite import exception
from nova_lite.api import wsgi
from nova_lite.conf import CONF

LARGEST_ID = 2 ** 31 - 1


def limit(query: dict[str, Any]) -> int:
    """The most items of this page: what the client wants, or [api]max_limit."""
    return min(int(query.get('limit', CONF.api.max_limit)), CONF.api.max_limit)


def next_links(request: wsgi.Request, name: str, size: int | None, items: Sequence[Any],
               marker: str) -> dict[str, Any]:
    """``{name: [link]}`` when ``items`` fill the page of ``size``, else nothing. ``marker`` is
    the attribute of the last item by which the next page begins."""
    if not size or len(items) < size:
        return {}
    return {name: [request.next_link(getattr(items[-1], marker))]}


def boolean(query: dict[str, Any], name: str, default: bool = False, empty: bool = True) -> bool:
    """A flag: ``empty`` is what it means when it is there without a value."""
    value = query.get(name)
    if value is None:
        return default
    if value == '':
        return empty
    try:
        return strutils.bool_from_string(value, strict=True)
    except ValueError as error:
        raise exception.ValidationError(detail=f'{name}: {value!r} is not a boolean') from error


def moment(query: dict[str, Any], name: str) -> datetime.datetime | None:
    """A time of the query (its form was checked by the schema), aware, in UTC."""
    if name not in query:
        return None
    parsed = timeutils.parse_isotime(query[name])
    if not parsed.tzinfo:
        return parsed.replace(tzinfo=datetime.UTC)
    try:
        return parsed.astimezone(datetime.UTC)
    except OverflowError:
        raise exception.ValidationError(
            detail=f'{name}: {query[name]!r} is before or after all years in UTC') from None


def changes(query: dict[str, Any]) -> dict[str, datetime.datetime]:
    """The filters changes-since and changes-before; ValidationError when they exclude each
    other."""
    found = {name: when for name in ('changes-since', 'changes-before')
             if (when := moment(query, name)) is not None}
    if len(found) == 2 and found['changes-since'] > found['changes-before']:
        raise exception.ValidationError(
            detail='changes-since must not be later than changes-before')
    return found


def number(text: str) -> int | None:
    """The id that ``text`` is, or None when no row can have it."""
    is_number = text.isascii() and text.isdigit() and len(text) < 12
    return int(text) if is_number and int(text) <= LARGEST_ID else None


def with_seconds(value: datetime.datetime | None) -> str | None:
    """``2016-01-29T13:42:02Z``"""
    return None if value is None else value.strftime('%Y-%m-%dT%H:%M:%SZ')


def with_microseconds(value: datetime.datetime | None) -> str | None:
    """``2016-01-29T13:42:02.000000``: without a zone, as Nova writes what it does not format."""
    return None if value is None else value.strftime('%Y-%m-%dT%H:%M:%S.%f')
