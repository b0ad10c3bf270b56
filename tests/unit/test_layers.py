# SPDX-License-Identifier: Apache-2.0
"""Imports point down: the layers of nova_lite as one table, and nothing that goes against it.

Imports inside functions count like those at the top, so none hides a circle.
"""
import ast
import functools
import graphlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fixtures import sources

# The topmost first. A module belongs to the longest name that it begins with. It may import what
# stands below, and what belongs to the same name; the names of one line do not know each other.
LAYERS = (
    # programs of their own, which talk to the services as anybody does
    ('cmd.lab', 'cmd.shell'),
    ('lab', 'cli'),
    # the processes of the services
    ('cmd.all_in_one', 'wsgi'),
    ('embedded',),
    ('cmd',),
    ('service',),
    ('rpc_server',),
    # what they do
    ('api',),
    ('compute', 'conductor', 'scheduler'),
    ('compute.rpcapi', 'conductor.rpcapi', 'scheduler.rpcapi', 'action_events', 'notifications'),
    ('rpc',),
    # what they do it with
    ('virt',),
    ('objects',),
    ('db',),
    ('servicegroup', 'step_runner', 'clock_skew', 'background'),
    ('context',),
    ('policy',),
    ('policies',),
    # what is decided, without any input or output
    ('migration',),
    # what everything stands on
    ('faults', 'patterns', 'utils'),
    ('monkey_patch', 'moments', 'driver_errors', 'early_signals', 'exception', 'conf'),
    ('',),      # the version
)

# (module, what it imports in a function): why not at the top
HIDDEN = {
    ('cmd.manage', 'db.schema'): 'not every command needs the database, nor its libraries',
    ('cmd.manage', 'db.session'): 'not every command needs the database, nor its libraries',
    ('cmd.manage', 'db.host_names'): 'not every command needs the database, nor its libraries',
    ('context', 'policy'): 'only the API needs the rules',
    ('objects.base', 'db.api'): 'a compute uses the same objects and has no database',
}

# programs of their own: what they may import besides themselves
ALONE = {'lab': (), 'cli': (), 'cmd.lab': ('lab',), 'cmd.shell': ('cli',)}

# what the pure package may import from elsewhere: a clock and a log, and nothing else that acts
PURE = ('collections', 'datetime', 'enum', 'oslo_log', 'oslo_utils', 'typing')


class Import(NamedTuple):
    """Names are relative to nova_lite, '' is the package itself."""
    importer: str
    imported: str
    line: int
    hidden: bool

    def __str__(self) -> str:
        return f'{self.importer}:{self.line} imports {self.imported}'


def module_of(path: Path) -> str:
    parts = path.relative_to(sources.ROOT / 'nova_lite').with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


@functools.cache
def modules() -> dict[str, Path]:
    return {module_of(path): path for path in sources.files('nova_lite')}


def targets(node: ast.AST) -> Iterator[str]:
    """The full names that one statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f'{node.module}.{alias.name}' for alias in node.names)
    elif (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
          and ast.unparse(node.func).rpartition('.')[2] in ('import_module', '__import__')):
        yield str(node.args[0].value)


def imports_of(module: str, tree: ast.AST, in_function: bool = False) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        for name in targets(node):
            if name.partition('.')[0] == 'nova_lite':
                name = name.partition('.')[2]
                while name not in modules():        # a class or function of that module
                    name = name.rpartition('.')[0]
                yield Import(module, name, node.lineno, in_function)
        inside = in_function or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef,
                                                  ast.Lambda))
        yield from imports_of(module, node, inside)


@functools.cache
def all_imports() -> tuple[Import, ...]:
    return tuple(found for module, path in modules().items()
                 for found in imports_of(module, sources.tree(path)))


def place(module: str) -> tuple[int, str]:
    """(number of the line, name) of the entry of LAYERS that a module belongs to."""
    fitting = [(name, line) for line, names in enumerate(LAYERS) for name in names
               if name in ('', module) or module.startswith(f'{name}.')]
    name, line = max(fitting, key=lambda found: len(found[0]))
    return line, name


def points_up(found: Import) -> bool:
    (here, mine), (there, other) = place(found.importer), place(found.imported)
    return mine != other and there <= here


def circles(edges: dict[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_import_when_at_all_then_points_down():
    assert [str(found) for found in all_imports() if points_up(found)] == []


def test_import_when_followed_then_leads_in_no_circle():
    edges: dict[str, set[str]] = {}
    for found in all_imports():
        if found.importer != found.imported:
            edges.setdefault(found.importer, set()).add(found.imported)
    assert circles(edges) == []


def test_import_when_in_a_function_then_the_table_says_why():
    hidden = {(found.importer, found.imported) for found in all_imports() if found.hidden}
    assert hidden == set(HIDDEN)


def test_module_when_new_then_it_has_its_layer():
    """Only the package itself may belong to the entry that takes everything."""
    assert [module for module in modules() if module and not place(module)[1]] == []


def test_layer_when_nobody_is_in_it_then_it_goes():
    used = {place(module)[1] for module in modules()}
    assert {name for names in LAYERS for name in names} - used == set()


@pytest.mark.parametrize('program', ALONE)
def test_program_of_its_own_when_it_imports_then_nothing_of_the_services(program):
    mine = [found for found in all_imports() if place(found.importer)[1] == program]
    allowed = ('', program, *ALONE[program])
    assert [str(found) for found in mine if place(found.imported)[1] not in allowed] == []


def test_decisions_when_they_import_then_nothing_that_acts():
    acting = [f'{module}:{line} imports {name}' for module, path in modules().items()
              if place(module)[1] == 'migration'
              for line, name in sources.imports(sources.tree(path))
              if name.partition('.')[0] not in ('nova_lite', *PURE)]
    assert acting == []
    assert {found.imported for found in all_imports()
            if place(found.importer)[1] == 'migration'
            and place(found.imported)[1] != 'migration'} <= {'exception'}


@pytest.mark.parametrize(('module', 'source'), [
    ('db.session', 'from nova_lite import objects'),
    ('objects.instance', 'def notify():\n    from nova_lite import notifications'),
    ('migration.recovery', 'from nova_lite.virt.driver import ComputeDriver'),
    ('conductor.manager', 'from nova_lite.compute import manager'),
    ('rpc', 'import nova_lite.compute.rpcapi'),
    ('compute.rpcapi', 'from nova_lite.compute.api import API'),
    ('virt.driver', 'importlib.import_module("nova_lite.compute.manager")')])
def test_import_when_it_points_up_or_aside_then_is_found(module, source):
    [found] = imports_of(module, ast.parse(source))
    assert points_up(found) and found.hidden == source.startswith('def')


@pytest.mark.parametrize(('module', 'source'), [
    ('compute.manager', 'from nova_lite.compute import rpcapi'),
    ('compute.api', 'from nova_lite.conductor.rpcapi import ConductorAPI'),
    ('db.moves', 'from nova_lite.db import rows'),
    ('cmd.api', 'from nova_lite import __version__')])
def test_import_when_it_points_down_then_is_let_pass(module, source):
    [found] = imports_of(module, ast.parse(source))
    assert not points_up(found)


def test_circle_when_there_is_one_then_is_found():
    assert circles({'a': {'b'}, 'b': {'c'}, 'c': {'a'}}) and not circles({'a': {'b', 'c'}})
