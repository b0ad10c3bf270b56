# SPDX-License-Identifier: Apache-2.0
"""Answers as tables: which fields there are at which microversion, and of what kind.

A kind is a JSON schema, or anything with ``at(minor)`` that gives one.
"""
from typing import Any, NamedTuple

from nova_lite.api import microversion
from nova_lite.api.schemas.parameter_types import obj

TEXT: dict[str, Any] = {'type': 'string'}
NUMBER: dict[str, Any] = {'type': 'integer'}
COUNT: dict[str, Any] = {'type': 'integer', 'minimum': 0}
FLAG: dict[str, Any] = {'type': 'boolean'}
UUID: dict[str, Any] = {'type': 'string', 'format': 'uuid'}
URI: dict[str, Any] = {'type': 'string', 'format': 'uri'}
WORDS: dict[str, Any] = {'type': 'object', 'additionalProperties': {'type': 'string'}}
NULL: dict[str, Any] = {'type': 'null'}
NOTHING: dict[str, Any] = {'type': 'array', 'maxItems': 0}
# with a zone, as Nova writes the times of servers and images; without, all the others
TIME_Z: dict[str, Any] = {
    'type': 'string', 'pattern': r'\A[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-9:]{8}Z\Z'}
TIME: dict[str, Any] = {
    'type': 'string', 'pattern': r'\A[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-9:]{8}\.[0-9]{6}\Z'}


def or_null(kind: dict[str, Any]) -> dict[str, Any]:
    """That, or nothing."""
    if isinstance(kind.get('type'), str):
        return {**kind, 'type': [kind['type'], 'null']}
    return {'anyOf': [kind, NULL]}


class Field(NamedTuple):
    """``since`` and ``until`` are minor versions, both included. ``optional``: there only for who
    may see it, or where there is something to tell."""
    name: str
    kind: Any
    since: int = microversion.MIN_MINOR
    until: int = microversion.MAX_MINOR
    optional: bool = False


class Shape:
    """An object with these fields and no other."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields

    def at(self, minor: int) -> dict[str, Any]:
        there = [field for field in self.fields if field.since <= minor <= field.until]
        return obj({field.name: at(field.kind, minor) for field in there},
                   [field.name for field in there if not field.optional])


class Many:
    """A list of ``kind``."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def at(self, minor: int) -> dict[str, Any]:
        return {'type': 'array', 'items': at(self.kind, minor)}


class Changing:
    """One kind up to a version, another from it: pairs of (minor version, kind)."""

    def __init__(self, *versions: tuple[int, Any]) -> None:
        self.versions = versions

    def at(self, minor: int) -> dict[str, Any]:
        return at([kind for since, kind in self.versions if since <= minor][-1], minor)


class Stream:
    """Server-sent events, of which each is such an object."""
    media_type = 'text/event-stream'

    @staticmethod
    def at(minor: int) -> dict[str, Any]:
        return {'type': 'object', 'properties': {'event': TEXT, 'data': TEXT}}


def at(kind: Any, minor: int) -> dict[str, Any]:
    """The JSON schema of ``kind`` at a microversion."""
    return kind.at(minor) if hasattr(kind, 'at') else kind


def one(name: str, kind: Any) -> Shape:
    """``{name: ...}``"""
    return Shape(Field(name, kind))


def page(name: str, kind: Any, links: str = '', since: int = microversion.MIN_MINOR) -> Shape:
    """``{name: [...]}``, with a link to the next page where there is one."""
    return Shape(Field(name, Many(kind)),
                 *([Field(links, Many(NEXT), since, optional=True)] if links else ()))


NEXT = Shape(Field('rel', {'const': 'next'}), Field('href', URI))
LINK = Shape(Field('rel', {'enum': ['self', 'bookmark']}), Field('href', URI))
LINKS = Many(LINK)
