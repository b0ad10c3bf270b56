# SPDX-License-Identifier: Apache-2.0
"""What setup.cfg, constraints.txt and the samples in etc/ promise is so."""
import ast
import configparser
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.fixtures import sources
from tests.fixtures.sources import ROOT

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / 'setup.cfg')

# Needed without being imported by name: commands, plugins, types, and oslo.service, which
# oslo.messaging imports: it is declared for its upper bound.
NOT_IMPORTED = {'oslo-service', 'python-novaclient', 'python-openstackclient', 'mypy',
                'pytest-timeout', 'ruff', 'tox', 'types-jsonschema', 'types-pyyaml',
                'types-requests', 'types-webob'}
OURS = ('nova_lite', 'tests', 'benchmarks')
BASE = SETUP['options']['install_requires']
EXTRAS = SETUP['options.extras_require']
# module in nova_lite/cmd: what it needs
PROGRAMS = {'shell': EXTRAS['client'], 'lab': EXTRAS['lab'] + BASE,
            **dict.fromkeys(('compute', 'conductor', 'scheduler', 'api', 'manage', 'all_in_one'),
                            BASE)}
SERVERS = {'oslo-messaging', 'eventlet', 'sqlalchemy', 'webob', 'keystonemiddleware'}
CLIENTS = {'cliff', 'rich', 'keystoneauth1', 'openstacksdk'}
DRIVERS = {'libvirt-python', 'pymysql', 'psycopg'}
# runs a program as if of all distributions only those of its first argument were installed
WITHOUT = """
import importlib.abc, importlib.metadata, runpy, sys
from packaging.utils import canonicalize_name
installed = set(sys.argv[1].split(','))
refused = {module for module, owners in importlib.metadata.packages_distributions().items()
           if not installed & set(map(canonicalize_name, owners))}
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in refused:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Finder())
find = importlib.metadata.MetadataPathFinder.find_distributions
importlib.metadata.MetadataPathFinder.find_distributions = lambda *args: (
    one for one in find(*args) if canonicalize_name(one.metadata['Name']) in installed)
module, sys.argv = sys.argv[2], sys.argv[3:]
runpy.run_module(module, run_name='__main__')
"""


def _requirements(text: str) -> dict[str, Requirement]:
    lines = [line.partition('#')[0].strip() for line in text.splitlines()]
    found = [Requirement(line) for line in lines if line]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def _declared() -> dict[str, Requirement]:
    """Of all programs; what one extra has of another is that one's."""
    declared = _requirements('\n'.join([BASE, *(EXTRAS[name] for name in EXTRAS)]))
    return {name: requirement for name, requirement in declared.items() if name != 'nova-lite'}


def _installed(text: str) -> set[str]:
    """The distributions that come with those that are named."""
    found: set[str] = set()
    waiting = list(_requirements(text).values())
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name == 'nova-lite':
            waiting += [one for extra in requirement.extras
                        for one in _requirements(EXTRAS[extra]).values()]
        elif name not in found:
            found.add(name)
            for line in importlib.metadata.requires(name) or ():
                needed = Requirement(line)
                if needed.marker is None or any(needed.marker.evaluate({'extra': extra})
                                                for extra in requirement.extras or ('',)):
                    waiting.append(needed)
    return found


def _run_with(distributions: set[str], program: str,
              *arguments: str) -> subprocess.CompletedProcess:
    with tempfile.TemporaryDirectory() as cache:    # stevedore's: what it finds here is not true
        return subprocess.run(
            [sys.executable, '-c', WITHOUT, ','.join({'nova-lite', *distributions}),
             f'nova_lite.cmd.{program}', *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
            env={**os.environ, 'XDG_CACHE_HOME': cache})


def _pins() -> dict[str, Requirement]:
    return _requirements((ROOT / 'constraints.txt').read_text())


def _imported(*folders: str) -> dict[str, str]:
    """Distribution: one file that imports it."""
    owners = importlib.metadata.packages_distributions()
    found = {}
    for path in sources.files(*folders):
        for top in {name.partition('.')[0] for _, name in sources.imports(sources.tree(path))}:
            if top not in sys.stdlib_module_names and top not in OURS:
                owner = canonicalize_name(owners.get(top, [top])[0])
                found[{'libvirt': 'libvirt-python'}.get(owner, owner)] = sources.name(path)
    return found


def test_library_when_imported_is_declared():
    declared = set(_declared()) | {'packaging'}     # packaging: pytest's own, for tests only
    missing = {name: path for name, path in _imported(*OURS).items()
               if name not in declared}
    assert missing == {}


def test_library_when_declared_is_used():
    unused = set(_declared()) - set(_imported(*OURS)) - NOT_IMPORTED
    assert unused == set()


def test_library_when_declared_is_pinned_within_its_bounds():
    pins = _pins()
    for name, requirement in _declared().items():
        assert name in pins, f'{name} is not in constraints.txt'
        version = str(pins[name].specifier).removeprefix('==')
        assert requirement.specifier.contains(version), f'{name}: {version}'


@pytest.mark.parametrize('program', PROGRAMS)
def test_program_when_only_its_own_is_installed_then_it_starts_and_says_nothing_but_its_help(
        program):
    """Nor does any library say to a user what its developers should do one day."""
    done = _run_with(_installed(PROGRAMS[program]), program, f'nova-lite-{program}', '--help')
    assert (done.returncode, done.stderr) == (0, '') and 'usage' in done.stdout.lower()


@pytest.mark.parametrize('model', ['eventlet', 'threading'])
@pytest.mark.parametrize('program', ['nova_lite.cmd.all_in_one', 'tests.chaos', 'benchmarks',
                                     'tests.guardian', 'nova_lite.lab.demo'])
def test_program_when_it_is_no_service_then_its_user_reads_no_deprecation_either(program, model):
    done = subprocess.run(
        [sys.executable, '-m', program, '--help'], cwd=ROOT, capture_output=True, text=True,
        timeout=120, env={**os.environ, 'NOVA_LITE_CONCURRENCY': model})
    assert done.stderr == ''


def test_libraries_when_a_machine_has_one_program_then_it_has_nothing_of_the_others():
    assert not _installed(EXTRAS['client']) & (SERVERS | DRIVERS)
    assert not _installed(BASE) & (CLIENTS | DRIVERS | {'keystonemiddleware'})
    assert not _installed(EXTRAS['libvirt'] + BASE) & (CLIENTS | {'pymysql', 'psycopg'})


@pytest.mark.parametrize('installed, program, name, module, remedy', [
    (EXTRAS['client'], 'compute', 'nova-lite-compute', 'eventlet', 'nova-lite'),
    (BASE, 'shell', 'nova-lite', 'cliff', 'nova-lite[client]')])
def test_program_when_its_libraries_are_not_installed_then_one_line_names_them(
        installed, program, name, module, remedy):
    done = _run_with(_installed(installed), program, name)
    assert done.returncode == 1
    assert done.stderr == (f"{name}: the Python module {module} is not installed: pip install "
                           f"'{remedy}'\n")


def test_client_alone_when_it_is_installed_as_contributing_says_then_nothing_is_missing():
    told = re.search('`([^`]*)`, and then `--no-deps nova-lite`',
                     (ROOT / 'CONTRIBUTING.md').read_text())
    assert set(told[1].split()) == set(_requirements(EXTRAS['client']))


def test_pin_when_written_is_exact():
    loose = [name for name, pin in _pins().items()
             if not re.fullmatch(r'==[0-9][^*,]*', str(pin.specifier)) or pin.url]
    assert loose == []


@pytest.mark.parametrize('line', [
    line for section in SETUP['options.entry_points'].values() for line in section.split('\n')
    if line], ids=lambda line: line.partition(' ')[0])
def test_entry_point_when_named_is_there(line):
    """By reading: importing a process would choose this process's concurrency model."""
    module, _, function = line.partition('=')[2].strip().partition(':')
    path = ROOT / (module.replace('.', '/') + '.py')
    path = path if path.exists() else ROOT / module.replace('.', '/') / '__init__.py'
    assert path.exists(), f'{module} is missing'
    names = [node.name for node in sources.tree(path).body
             if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert not function or function in names


@pytest.mark.parametrize('tool, configuration, sample', [
    ('oslo_config.generator', 'config-generator.conf', 'nova-lite.conf.sample'),
    ('oslo_policy.generator', 'policy-generator.conf', 'policy.yaml.sample'),
], ids=['options', 'policies'])
def test_sample_when_generated_again_is_the_same(tool, configuration, sample, tmp_path):
    """On a difference run tox -e genconfig or tox -e genpolicy."""
    generate = {'oslo_config.generator': 'main', 'oslo_policy.generator': 'generate_sample'}
    code = f'from {tool} import {generate[tool]} as run; run()'
    new = tmp_path / sample
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code, '--config-file',
         f'etc/nova-lite/{configuration}', '--output-file', str(new)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={**os.environ, 'XDG_CACHE_HOME': str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert new.read_text() == (ROOT / 'etc' / 'nova-lite' / sample).read_text()


def test_package_when_it_has_modules_is_found_by_setuptools():
    """find: sees only folders with an __init__.py."""
    hidden = {str(path.parent.relative_to(ROOT)) for path in (ROOT / 'nova_lite').rglob('*.py')
              if not (path.parent / '__init__.py').exists()}
    assert hidden == set()


def test_package_file_when_not_python_is_installed_too():
    """setuptools takes only what setup.cfg names."""
    patterns = SETUP['options.package_data']
    taken = set()
    for package, globs in patterns.items():
        for pattern in globs.split():
            base = ROOT / 'nova_lite' if package == '*' else ROOT / package.replace('.', '/')
            taken |= set(base.rglob(pattern) if package == '*' else base.glob(pattern))
    others = {path for path in (ROOT / 'nova_lite').rglob('*')
              if path.is_file() and path.suffix not in ('.py', '.pyc')}
    assert {str(path.relative_to(ROOT)) for path in others - taken} == set()
