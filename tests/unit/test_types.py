# SPDX-License-Identifier: Apache-2.0
"""Parameters where a server is moved have types; what mypy cannot say, since Any suits it."""
import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.fixtures import sources

TYPED = ('compute', 'conductor', 'migration', 'objects', 'virt')
AT_MOST = 20
# on a line of the signature, or above it
REASON = re.compile(r'# Any: \w')


class Parameter(NamedTuple):
    place: str
    annotation: ast.expr | None
    is_explained: bool


def _parameters(source: str, name: str) -> Iterator[Parameter]:
    """All but the ``self`` or ``cls`` of a method, which needs no type."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        each = node.args
        found = [*each.posonlyargs, *each.args, *each.kwonlyargs,
                 *filter(None, (each.vararg, each.kwarg))]
        last = max([node.lineno, *(parameter.end_lineno for parameter in found)])
        head = '\n'.join(lines[max(0, first - 2):last])
        for number, parameter in enumerate(found):
            if number or parameter.arg not in ('self', 'cls'):
                yield Parameter(f'{name}:{parameter.lineno} {node.name}({parameter.arg})',
                                parameter.annotation, bool(REASON.search(head)))


def _is_any(annotation: ast.expr | None) -> bool:
    """Any, or a union with it; a list of it says at least that it is a list."""
    if isinstance(annotation, ast.BinOp):
        return _is_any(annotation.left) or _is_any(annotation.right)
    return annotation is not None and ast.unparse(annotation) in ('Any', 'typing.Any')


@pytest.fixture(scope='module')
def parameters():
    return [parameter for folder in TYPED for path in sources.files(f'nova_lite/{folder}')
            for parameter in _parameters(path.read_text(), sources.name(path))]


def test_parameter_when_a_server_is_moved_by_it_has_a_type(parameters):
    assert [each.place for each in parameters if each.annotation is None] == []


def test_parameter_when_it_may_be_anything_is_rare_and_a_comment_says_why(parameters):
    found = [each for each in parameters if _is_any(each.annotation)]
    assert len(found) <= AT_MOST, '\n'.join(each.place for each in found)
    assert [each.place for each in found if not each.is_explained] == []


@pytest.mark.parametrize(('source', 'is_any', 'is_explained'), [
    ('def f(a: Any): ...', True, False),
    ('def f(self, a: Any | None = None): ...', True, False),
    ('def f(*, a: typing.Any): ...', True, False),
    ('def f(**a: Any): ...', True, False),
    ('def f(a: Any):   # Any: a document\n    return a', True, True),
    ('# Any: a document\n@cache\ndef f(a: Any):\n    return a', True, True),
    ('def f(a: Any):\n    # Any: too late\n    return a', True, False),
    ('def f(a: list[Any]): ...', False, False),
    ('def f(a): ...', False, False)])
def test_parameter_when_it_may_be_anything_is_found(source, is_any, is_explained):
    [parameter] = _parameters(source, 'x')
    assert (_is_any(parameter.annotation), parameter.is_explained) == (is_any, is_explained)
