# SPDX-License-Identifier: Apache-2.0
"""From recorded stacks to the trace that a reader has to follow, and how long that is.

What counts: a *call* is a pair (caller, callee) of functions of nova_lite, counted once however
often it is made; callees of one name, which are plug-ins that one loop asks, count as one. A
remote call is a call of its declaration in an rpcapi.py, and one from there to the manager. A
*layer* is a package directly below nova_lite, and a call whose ends are in different ones is a
change of layer. Not followed: properties, special methods, and what a library calls by itself
(serialization, column types); nested functions and the modules directly in nova_lite and in conf,
which everybody uses, are passed through to what they were given to call (a step, a thread's
function, an endpoint), and what they do by themselves is left out. Of objects what leads out of
them counts (to the conductor, to the database), and the trace ends at the driver's contract and
at the verbs of the database.
"""
import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.trace.record import HOP, LIBRARY, Stack

COMMON = ('', 'conf')       # layers of what everybody uses
ENDS = ('db', 'virt')       # layers within which nothing is followed at all
SIMULATION = 'virt/simulation/'     # stands where libvirtd does
# libraries' functions that call what they were given
PASSING_ON = re.compile(r'contextlib\.py|threading\.py|oslo_db/api\.py:wrapper'
                        r'|oslo_versionedobjects/base\.py:wrapper')


class Call(NamedTuple):
    caller: str
    callee: str


class Figures(NamedTuple):
    calls: int
    files: int
    lines: int
    changes: int


def file_of(function: str) -> str:
    return function.partition(':')[0]


def layer_of(function: str) -> str:
    return file_of(function).rpartition('/')[0].partition('/')[0]


class Sources:
    """What the files below ``root`` (nova_lite) say of their functions."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._decorators: dict[str, dict[str, str]] = {}
        self._imports: dict[str, set[str]] = {}

    def is_property(self, function: str) -> bool:
        return 'property' in self._decorated(function)

    def is_context_manager(self, function: str) -> bool:
        return 'contextmanager' in self._decorated(function)

    def knows(self, common: str, function: str) -> bool:
        """Does the file of ``common`` import that of ``function``?"""
        module = file_of(function).removesuffix('.py').removesuffix('/__init__').split('/')
        self._read(file_of(common))
        known = self._imports[file_of(common)]
        return any('.'.join(['nova_lite', *module[:end]]) in known
                   for end in range(1, len(module) + 1))

    def lines(self, files: Iterable[str]) -> int:
        return sum(len((self.root / file).read_text().splitlines()) for file in files)

    def _decorated(self, function: str) -> str:
        self._read(file_of(function))
        return self._decorators[file_of(function)].get(function.partition(':')[2], '')

    def _read(self, file: str) -> None:
        if file not in self._decorators:
            tree = ast.parse((self.root / file).read_text())
            self._decorators[file] = dict(_decorators(tree, ''))
            self._imports[file] = {name for node in ast.walk(tree) for name in _imported(node)}


def _decorators(tree: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = prefix + node.name
            yield name, ' '.join(ast.unparse(each) for each in node.decorator_list)
            yield from _decorators(node, f'{name}.')


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f'{node.module}.{alias.name}' for alias in node.names)


def _is_special(function: str) -> bool:
    """A nested function, or one of Python's protocols."""
    return '<' in function or re.search(r'[:.]__\w+__$', function) is not None


def followed(stack: Stack, root: str, sources: Sources) -> list[str]:
    """The functions of a stack on the way that a reader takes, ``root`` first; nothing when the
    last one is not on it."""
    if root not in stack:
        return []
    path, passed, library = [root], '', ''
    for function in stack[stack.index(root) + 1:]:
        if function == HOP:
            passed, library = '', HOP
        elif function.startswith(LIBRARY):
            library = library or function
        elif (library not in ('', HOP) and not PASSING_ON.search(library)
              or sources.is_property(function)
              or function.startswith(SIMULATION) and not _is_special(function)):
            return []
        else:
            library = ''
            if _is_special(function) or layer_of(function) in COMMON:
                passed = function if layer_of(function) in COMMON else passed
            elif _is_own_business(passed, function, sources) or layer_of(path[-1]) in ENDS:
                return []
            elif layer_of(path[-1]) != 'objects' or layer_of(function) != 'objects':
                path.append(function)
                passed = ''
    last = stack[-1]
    return path if path[-1] == last else []


def _is_own_business(passed: str, function: str, sources: Sources) -> bool:
    return passed != '' and (sources.knows(passed, function)
                             or sources.is_context_manager(function))


def trace(stacks: Iterable[Stack], root: str, sources: Sources) -> list[Call]:
    """The calls, each below its caller and in the order in which they were made first."""
    calls: dict[tuple[str, str], Call] = {}
    for stack in stacks:
        path = followed(stack, root, sources)
        if len(path) > 1:
            call = Call(*path[-2:])
            name = call.callee.partition(':')[2].rpartition('.')[2]
            calls.setdefault((call.caller, _plug_in(call, name)), call)
    found: list[Call] = []
    _descend(root, list(calls.values()), found)
    return found


def _plug_in(call: Call, name: str) -> str:
    """What tells a callee from others: modules of one package have the same function."""
    module_level = '.' not in call.callee.partition(':')[2]
    return name if module_level else call.callee


def _descend(caller: str, calls: list[Call], found: list[Call]) -> None:
    for call in calls:
        if call.caller == caller and call not in found:
            new = all(call.callee not in (each.callee, each.caller) for each in found)
            found.append(call)
            if new:
                _descend(call.callee, calls, found)


def files(calls: Iterable[Call]) -> list[str]:
    """Where the functions of the calls are, in the order of the trace."""
    return list(dict.fromkeys(file_of(function) for call in calls for function in call))


def figures(calls: list[Call], sources: Sources) -> Figures:
    return Figures(len(calls), len(files(calls)), sources.lines(files(calls)),
                   sum(layer_of(call.caller) != layer_of(call.callee) for call in calls))
