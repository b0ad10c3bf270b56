# SPDX-License-Identifier: Apache-2.0
"""The words that the schemas of all resources are made of."""
from typing import Any

from nova_lite.api.validation import Param

TRUE_WORDS = [True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes']
FALSE_WORDS = [False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no']
LARGEST = 2 ** 31 - 1

ANYTHING: dict[str, Any] = {}
BOOLISH = {'enum': [*TRUE_WORDS, *FALSE_WORDS]}
NAME = {'type': 'string', 'minLength': 1, 'maxLength': 255, 'format': 'name'}
DESCRIPTION = {'type': ['string', 'null'], 'maxLength': 255}
FQDN = {'type': 'string', 'minLength': 1, 'maxLength': 255, 'pattern': r'\A[a-zA-Z0-9-._]*\Z'}
HOST_OR_NULL = {**FQDN, 'type': ['string', 'null']}
UUID = {'type': 'string', 'format': 'uuid'}
REASON = {'type': 'string', 'minLength': 1, 'maxLength': 255}
METADATA = {'type': 'object', 'additionalProperties': False, 'patternProperties': {
    r'\A[a-zA-Z0-9-_:. ]{1,255}\Z': {'type': 'string', 'maxLength': 255}}}

# values of query parameters, which are always strings
TEXT = {'type': 'string', 'maxLength': 255}
COUNT = {'type': 'string', 'pattern': r'\A[0-9]{1,9}\Z'}
TIME = {'type': 'string', 'format': 'date-time', 'maxLength': 64}

LIMIT = Param('limit', COUNT)
MARKER = Param('marker', TEXT)


def obj(properties: dict[str, Any], required: list[str] | None = None,
        **more: Any) -> dict[str, Any]:
    """An object with these properties and no other."""
    return {'type': 'object', 'properties': properties, 'additionalProperties': False,
            **({'required': required} if required else {}), **more}


def wrapped(name: str, inner: dict[str, Any]) -> dict[str, Any]:
    """``{name: inner}``, the form of every body."""
    return obj({name: inner}, [name])


def integer(least: int = 0) -> dict[str, Any]:
    """A number from ``least`` (0 or 1), or its digits as a string."""
    digits = r'\A(?=[0-9]{1,9}\Z)' + ('0*[1-9]' if least else '') + r'[0-9]*\Z'
    return {'type': ['integer', 'string'], 'pattern': digits, 'minimum': least,
            'maximum': LARGEST}


def positive(most: int) -> dict[str, Any]:
    """A number from 1 to ``most``, and no string."""
    return {'type': 'integer', 'minimum': 1, 'maximum': most}
