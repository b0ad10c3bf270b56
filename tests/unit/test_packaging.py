# SPDX-License-Identifier: Apache-2.0
"""What setup.cfg, constraints.txt and the samples in etc/ promise is so."""
import ast
import configparser
import importlib.metadata
import re
import subprocess
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest

from tests.fixtures import sources
from tests.fixtures.sources import ROOT

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / 'setup.cfg')

# Needed without being imported by name: commands, plugins, and oslo.service, which comes with
# oslo.messaging and is declared for its upper bound.
NOT_IMPORTED = {'oslo-service', 'python-novaclient', 'python-openstackclient', 'flake8',
                'pytest-timeout', 'tox'}


OURS = ('nova_lite', 'tests', 'benchmarks')


def _requirements(text: str) -> dict[str, Requirement]:
    lines = [line.partition('#')[0].strip() for line in text.splitlines()]
    found = [Requirement(line) for line in lines if line]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def _declared() -> dict[str, Requirement]:
    extras = SETUP['options.extras_require']
    return _requirements('\n'.join([SETUP['options']['install_requires'],
                                    *(extras[name] for name in extras)]))


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
        cwd=ROOT, capture_output=True, text=True, timeout=120)
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
