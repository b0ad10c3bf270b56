# SPDX-License-Identifier: Apache-2.0
"""Checks bodies and queries against the schema of the request's microversion."""
from typing import Any, NamedTuple

import jsonschema
from jsonschema import exceptions as json_exceptions
from oslo_utils import netutils, timeutils, uuidutils

from nova_lite import exception, patterns
from nova_lite.api import microversion

FORMATS = jsonschema.FormatChecker(formats=())
LONGEST_MESSAGE = 500


@FORMATS.checks('uuid')
def _is_uuid(value: Any) -> bool:
    return not isinstance(value, str) or uuidutils.is_uuid_like(value)


@FORMATS.checks('ipv4')
def _is_ipv4(value: Any) -> bool:
    return not isinstance(value, str) or netutils.is_valid_ipv4(value, strict=True)


@FORMATS.checks('ipv6')
def _is_ipv6(value: Any) -> bool:
    return not isinstance(value, str) or netutils.is_valid_ipv6(value)


@FORMATS.checks('date-time', raises=ValueError)
def _is_date_time(value: Any) -> bool:
    return not isinstance(value, str) or bool(timeutils.parse_isotime(value))


@FORMATS.checks('regex', raises=exception.Invalid)
def _is_regex(value: Any) -> bool:
    return not isinstance(value, str) or bool(patterns.compiled(value))


@FORMATS.checks('name')
def _is_name(value: Any) -> bool:
    """Printable, and without space at either end."""
    return not isinstance(value, str) or (value.isprintable() and value == value.strip())


class Body:
    """The schemas of one request body: pairs of (the minor version it came with, schema).

    ``extended``: the same for clients that ask for our own fields; by default there are none.
    """

    def __init__(self, *versions: tuple[int, dict[str, Any]],
                 extended: tuple[tuple[int, dict[str, Any]], ...] | None = None) -> None:
        self.versions = versions
        self.extended = extended or versions
        self._validators = {own: [(minor, _validator(schema)) for minor, schema in of]
                            for own, of in ((False, versions), (True, self.extended))}

    def at(self, minor: int) -> dict[str, Any]:
        """The schema of ``minor``, which is not below the first."""
        return [schema for since, schema in self.versions if since <= minor][-1]

    def check(self, minor: int, value: Any, extended: bool = False) -> None:
        """ValidationError says where ``value`` is wrong at ``minor``."""
        validators = self._validators[extended]
        validator = [checker for since, checker in validators if since <= minor][-1]
        _check(validator, value, 'the body')


class Param(NamedTuple):
    """One query parameter: schema of its (string) value, and when it can be used.

    ``many``: it may be given several times; the others have one value.
    """
    name: str
    schema: dict[str, Any]
    since: int = microversion.MIN_MINOR
    many: bool = False


class Query:
    """The parameters of a list. Unknown ones are ignored below minor version ``strict_since``."""

    def __init__(self, *params: Param, strict_since: int | None = None) -> None:
        self.params = {param.name: param for param in params}
        self.strict_since = strict_since
        self._validators = {param.name: _validator(param.schema) for param in params}

    def parse(self, minor: int, given: Any) -> dict[str, Any]:
        """The values by name out of the multidict ``given``: a list where ``many``, else a
        string. ValidationError names what is wrong."""
        found: dict[str, Any] = {}
        for name in dict.fromkeys(given):
            param = self.params.get(name)
            if param is None or param.since > minor:
                if self.strict_since is not None and minor >= self.strict_since:
                    raise exception.ValidationError(
                        detail=f'Unknown query parameter {name!r} at version 2.{minor}')
                continue
            values = given.getall(name)
            if len(values) > 1 and not param.many:
                raise exception.ValidationError(
                    detail=f'Query parameter {name!r} can be given once only')
            for value in values:
                _check(self._validators[name], value, f'query parameter {name!r}')
            found[name] = values if param.many else values[0]
        return found


def _validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema, format_checker=FORMATS)


def _check(validator: jsonschema.Draft202012Validator, value: Any, what: str) -> None:
    error = json_exceptions.best_match(validator.iter_errors(value))
    if error is not None:
        where = '/'.join(str(part) for part in error.absolute_path) or what
        raise exception.ValidationError(
            detail=f'Invalid input for {where}: {error.message}'[:LONGEST_MESSAGE])
