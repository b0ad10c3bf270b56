# SPDX-License-Identifier: Apache-2.0
"""The rules of the house, as far as a machine can check them."""
import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.fixtures import sources
from tests.unit.elsewhere import ELSEWHERE

MAX_LINES = 300
MIRRORED = 60       # lines from which on a module has a unit file of its own
MAX_DECORATORS = 2
LICENCE = 'SPDX-License-Identifier: Apache-2.0'

# file: why it may be longer
LONGER: dict[str, str] = {}

# Who may import what, in nova_lite: a folder or a file.
IMPORTERS = {
    'eventlet': ('monkey_patch.py', 'utils.py'),
    'libvirt': ('virt/libvirt/', 'lab/', 'cmd/lab.py'),
    'sqlalchemy': ('db/', 'objects/', 'cmd/manage.py'),
    'oslo_db': ('db/', 'objects/', 'cmd/manage.py', 'conf/database.py'),
    'alembic': ('db/',),
    'nova_lite.db': ('db/', 'objects/', 'cmd/manage.py'),
    'webob': ('api/', 'cmd/api.py'),
    'routes': ('api/', 'cmd/api.py'),
}

# Private attributes that another module may set: why.
SET_FROM_OUTSIDE = {
    '_context': 'oslo.versionedobjects has no other way to act for somebody else',
    '_namespace': 'oslo.config would read the files a second time',
    '_reload_config_files': 'oslo.config would read the files a second time',
    '_send': 'benchmarks/trace.py writes down what is sent',
    '_notify': 'benchmarks/trace.py writes down what is sent',
}

# Modules that a compute host's process is made of: it has no database.
COMPUTE = ('nova_lite.cmd.compute', 'nova_lite.compute.manager',
           'nova_lite.virt.libvirt.driver')
DATABASE = ('sqlalchemy', 'alembic', 'oslo_db', 'nova_lite.db')


def _forbidden_imports(tree: ast.Module, name: str) -> list[str]:
    """What a file of nova_lite imports against IMPORTERS; name is relative to nova_lite."""
    return [f'nova_lite/{name}:{line} imports {module}'
            for line, module in sources.imports(tree)
            for rule, allowed in IMPORTERS.items()
            if (module == rule or module.startswith(f'{rule}.')) and not name.startswith(allowed)]


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _set_from_outside(tree: ast.Module) -> Iterator[str]:
    """Private attributes of objects whose class is not in the same module."""
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
           and isinstance(node.value, ast.Name) and node.value.id in ('self', 'cls')
           and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del))
                and re.fullmatch(r'_[^_].*', node.attr)
                and node.attr not in own | SET_FROM_OUTSIDE.keys()):
            yield f'{node.lineno} sets {ast.unparse(node)}'


def _shell_strings(tree: ast.Module) -> Iterator[int]:
    """Lines that hand a string to a shell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            shell = [keyword.value for keyword in node.keywords if keyword.arg == 'shell']
            by_name = ast.unparse(node.func) in (
                'os.system', 'os.popen', 'subprocess.getoutput')
            if by_name or any(not isinstance(value, ast.Constant) or value.value
                              for value in shell):
                yield node.lineno


def test_file_when_python_is_short_enough_to_read():
    long = {sources.name(path): lines for path in sources.files('nova_lite', 'tests')
            if (lines := len(path.read_text().splitlines())) > MAX_LINES}
    assert {name: lines for name, lines in long.items() if name not in LONGER} == {}
    assert set(LONGER) <= set(long), 'these are short enough now: take them off the list'


def test_file_when_code_names_its_licence_first():
    code = [*sources.files('nova_lite', 'tests'), *sources.files('nova_lite', suffix='.c'),
            *(path for path in (sources.ROOT / 'tools').iterdir() if path.is_file()),
            sources.ROOT / '.ci' / 'run']
    bare = [sources.name(path) for path in code if (text := path.read_text())
            and LICENCE not in re.sub('^#!.*\n', '', text).partition('\n')[0]]
    assert bare == []


def test_module_when_it_has_code_says_its_part():
    mute = [sources.name(path) for path in sources.files('nova_lite')
            if sources.tree(path).body and not ast.get_docstring(sources.tree(path))]
    assert mute == []


def test_import_when_of_a_guarded_library_is_in_its_room():
    broken = [line for path in sources.files('nova_lite') for line in _forbidden_imports(
        sources.tree(path), path.relative_to(sources.ROOT / 'nova_lite').as_posix())]
    assert broken == []


@pytest.mark.parametrize('source', [
    'import eventlet', 'from eventlet import tpool', 'import sqlalchemy.orm as orm',
    'def f():\n    import libvirt', 'from nova_lite import db', 'from nova_lite.db import api',
    'importlib.import_module("libvirt")', 'import webob.exc'])
def test_import_when_out_of_its_room_is_found(source):
    assert _forbidden_imports(ast.parse(source), 'compute/manager.py')


@pytest.mark.parametrize('source', [
    'from nova_lite.virt import libvirt', 'import nova_lite.dbx', 'from . import db'])
def test_import_when_of_another_thing_of_that_name_is_not_found(source):
    assert _forbidden_imports(ast.parse(source), 'compute/manager.py') == []


def test_import_when_at_the_top_follows_the_order_of_groups():
    """The standard library, then what is installed, then nova_lite and its tests."""
    def group(module: str) -> int:
        top = module.partition('.')[0]
        return 0 if top in sys.stdlib_module_names else 2 if top in ('nova_lite', 'tests') else 1

    mixed = []
    for path in sources.files('nova_lite', 'tests'):
        tops = [node for node in sources.tree(path).body
                if isinstance(node, (ast.Import, ast.ImportFrom))]
        groups = [group(node.names[0].name if isinstance(node, ast.Import) else node.module or '')
                  for node in tops]
        if groups != sorted(groups) and 'monkey_patch' not in path.read_text():
            mixed.append(sources.name(path))
    assert mixed == []


def test_compute_process_when_imported_has_no_database_code():
    code = ('import importlib, json, sys\n'
            'for name in sys.argv[1:]:\n    importlib.import_module(name)\n'
            'print(json.dumps(sorted(sys.modules)))')
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code, *COMPUTE],
                          cwd=sources.ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f'cannot import {COMPUTE}:\n{done.stderr}'
    loaded = done.stdout.strip().splitlines()[-1]
    assert f'"{COMPUTE[0]}"' in loaded
    assert re.findall(rf'"(?:{"|".join(map(re.escape, DATABASE))})[".]', loaded) == []


def test_function_when_decorated_has_two_decorators_at_most():
    crowded = [f'{sources.name(path)}:{function.lineno} {function.name}'
               for path in sources.files('nova_lite')
               for function in _functions(sources.tree(path))
               if len(function.decorator_list) > MAX_DECORATORS]
    assert crowded == []


def test_command_when_run_goes_through_no_shell():
    found = [f'{sources.name(path)}:{line}'
             for path in sources.files('nova_lite', 'tests')
             for line in _shell_strings(sources.tree(path))]
    assert found == []


@pytest.mark.parametrize('source', [
    'subprocess.run("ls", shell=True)', 'run(command, shell=flag)', 'os.system("ls")'])
def test_command_when_it_is_a_shell_string_is_found(source):
    assert list(_shell_strings(ast.parse(source)))


def test_text_when_it_names_a_place_names_no_place_of_one_machine():
    """No path of the checkout or of a home, and no package registry's host."""
    # put together here, so that this file itself is clean
    hosts = ('py' + 'pi.org', 'pythonhosted' + '.org', 'deb.' + 'debian.org', 'npmjs' + '.org')
    places = [*hosts, '/ho' + 'me/']
    if len(sources.ROOT.parts) > 2:
        places.append(f'{sources.ROOT}')
    found = [f'{name}: {place}'
             for name, text in sources.texts() for place in places if place in text]
    assert found == []


def test_status_of_a_migration_when_written_is_by_the_one_function_of_the_edges():
    """Birth and every edge: nova_lite/db/moves.py puts the status into the row, nobody else."""
    writers = {f'{sources.name(path)}:{node.lineno}' for path in sources.files('nova_lite/db')
               for node in ast.walk(sources.tree(path)) if isinstance(node, ast.Dict)
               for key in node.keys if isinstance(key, ast.Constant) and key.value == 'status'}
    assert len(writers) == 1 and writers.pop().startswith('nova_lite/db/moves.py:')


def test_update_when_by_the_verbs_of_objects_is_conditional():
    """There is no verb that writes a row whatever it holds."""
    verbs = {node.name for node in ast.walk(sources.tree(sources.ROOT / 'nova_lite/db/api.py'))
             if isinstance(node, ast.FunctionDef)}
    assert {name for name in verbs if 'update' in name} == {'update_on_match'}


def test_private_attribute_when_it_is_set_then_by_its_own_module():
    """Tests too: what they have to change is a parameter, or public."""
    found = [f'{sources.name(path)}:{what}' for path in sources.files('nova_lite', 'tests',
                                                                      'benchmarks')
             for what in _set_from_outside(sources.tree(path))]
    assert found == []


@pytest.mark.parametrize('code, found', [
    ('other._state = 1', 1), ('del other._state', 1), ('other._count += 1', 1),
    ('other.state = 1', 0), ('x = other._state', 0),
    ('class A:\n def f(self, other):\n  self._state = other._state = 1', 0)])
def test_private_attribute_when_it_is_set_from_outside_then_the_rule_finds_it(code, found):
    assert len(list(_set_from_outside(ast.parse(code)))) == found


def test_module_when_it_is_more_than_short_then_it_has_its_unit_file():
    """tests/unit mirrors nova_lite: who changes a file knows where its tests are."""
    tests, without = sources.ROOT / 'tests', set()
    for path in sources.files('nova_lite'):
        name = path.relative_to(sources.ROOT / 'nova_lite')
        if path.name == '__init__.py' or len(path.read_text().splitlines()) <= MIRRORED:
            continue
        if not (tests / 'unit' / name.parent / f'test_{name.name}').exists():
            without.add(name.as_posix())
    assert without == set(ELSEWHERE)
    assert {place for place in ELSEWHERE.values() if not (tests / place).exists()} == set()


def test_wait_until_when_somebody_waits_then_there_is_one():
    found = [sources.name(path) for path in sources.files('tests', 'benchmarks')
             for function in _functions(sources.tree(path)) if function.name == 'wait_until']
    assert found == ['tests/fixtures/waiting.py']
