# SPDX-License-Identifier: Apache-2.0
"""The operators of a flavor's extra specs, which are Nova's.

``s== QEMU``, ``>= 7``, ``<in> avx``, ``<all-in> a b``, ``<or> a <or> b``. ``=`` means at least (a
number), ``s`` operators compare texts, and a value without an operator must be equal as a text.
"""
import operator
from collections.abc import Callable
from typing import Any

NUMERIC: dict[str, Callable[[float, float], bool]] = {
    '=': operator.ge, '==': operator.eq, '!=': operator.ne, '>=': operator.ge, '<=': operator.le}
TEXTUAL: dict[str, Callable[[str, str], bool]] = {
    's==': operator.eq, 's!=': operator.ne, 's<': operator.lt, 's<=': operator.le,
    's>': operator.gt, 's>=': operator.ge}


def match(value: Any, requirement: str) -> bool:
    """Whether ``value`` (a text, number or list) meets ``requirement``."""
    words = requirement.split()
    operation = words[0] if words else ''
    operands = words[1:]
    if operation == '<or>':
        return str(value) in [word for word in operands if word != '<or>']
    if operation == '<in>':
        return bool(operands) and _contains(value, operands[0])
    if operation == '<all-in>':
        return bool(operands) and all(_contains(value, word) for word in operands)
    if operation in NUMERIC:
        return _compare_numbers(NUMERIC[operation], value, operands)
    if operation in TEXTUAL:
        return bool(operands) and TEXTUAL[operation](str(value), operands[0])
    return str(value) == requirement


def _contains(value: Any, word: str) -> bool:
    return word in (value if isinstance(value, (list, dict)) else str(value))


def _compare_numbers(compare: Callable, value: Any, operands: list[str]) -> bool:
    """False for what is not a number: a host is refused rather than taken by mistake."""
    try:
        return compare(float(value), float(operands[0]))
    except (ValueError, TypeError, IndexError):
        return False
