# SPDX-License-Identifier: Apache-2.0
"""What of recorded stacks a reader follows."""
import pytest

from tests.trace import follow, record

ROOT = 'api/migrate.py:act'
FILES = {
    'api/migrate.py': 'def act(): pass\n',
    'api/wsgi.py': 'class Request:\n    @property\n    def minor(self): pass\n',
    'conductor/manager.py': 'class Manager:\n    def move(self): pass\n    def step(self): pass\n',
    'conductor/rpcapi.py': 'class ConductorAPI:\n    def move(self): pass\n',
    'scheduler/ram.py': 'def refusal(): pass\n',
    'scheduler/cpu.py': 'def refusal(): pass\n',
    'objects/migration.py': 'class Migration:\n    def save(self): pass\n',
    'db/moves.py': 'def write(): pass\ndef retry(): pass\n',
    'virt/driver.py': 'class Driver:\n    def move(self): pass\n    def look(self): pass\n',
    'virt/simulation/world.py': 'class World:\n    def reach(self): pass\n',
    'runner.py': 'import contextlib\ndef run(): pass\n@contextlib.contextmanager\n'
                 'def scope(): yield\n',
    'events.py': 'from nova_lite import objects\ndef report(): pass\n',
}
MOVE, SAVE = 'conductor/manager.py:Manager.move', 'objects/migration.py:Migration.save'
STEP, SENT = 'conductor/manager.py:Manager.step', 'conductor/rpcapi.py:ConductorAPI.move'
WRITE, DRIVER = 'db/moves.py:write', 'virt/driver.py:Driver.move'


@pytest.fixture
def sources(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return follow.Sources(tmp_path)


@pytest.mark.parametrize('way', [
    [MOVE], [MOVE, SAVE, WRITE], [MOVE, DRIVER],
    ['runner.py:run', STEP],                                # what it was given to call
    ['runner.py:run.<locals>.work', record.HOP, '~threading.py:run', STEP],     # in a thread
    ['api/migrate.py:wrap.<locals>.call', MOVE],            # a decorator
    [SENT, record.HOP, '~dispatcher.py:dispatch', MOVE],
    ['~lib/oslo_versionedobjects/base.py:wrapper', SAVE]])
def test_function_when_a_reader_comes_to_it_then_is_followed(sources, way):
    assert follow.followed((ROOT, *way), ROOT, sources)[-1] == way[-1]


@pytest.mark.parametrize('way', [
    ['api/wsgi.py:Request.minor'],                          # a property
    [f'{SAVE.rpartition(".")[0]}.__init__'],
    ['~lib/fields.py:coerce', SAVE],                        # what a library calls by itself
    [SAVE, f'{SAVE}_again'], [WRITE, 'db/moves.py:retry'],  # within what serves
    [DRIVER, 'virt/driver.py:Driver.look'], [DRIVER, SAVE],
    ['virt/simulation/world.py:World.reach'],
    ['runner.py:run'], ['runner.py:run', 'runner.py:scope'],
    ['events.py:report', SAVE]])                            # its own business
def test_function_when_no_reader_needs_it_then_is_not_followed(sources, way):
    assert follow.followed((ROOT, *way), ROOT, sources) == []


def test_stack_when_it_does_not_come_from_the_root_then_is_not_followed(sources):
    assert follow.followed((MOVE, SAVE), ROOT, sources) == []


def test_trace_when_calls_repeat_then_each_counts_once_below_its_caller(sources):
    stacks = [(ROOT, SAVE), (ROOT, MOVE), (ROOT, SAVE, WRITE), (ROOT, MOVE, STEP),
              (ROOT, MOVE, STEP, SAVE), (ROOT, MOVE, STEP, SAVE, WRITE), (ROOT, MOVE)]
    calls = follow.trace(stacks, ROOT, sources)
    assert calls == [(ROOT, SAVE), (SAVE, WRITE), (ROOT, MOVE), (MOVE, STEP), (STEP, SAVE)]
    assert follow.files(calls) == ['api/migrate.py', 'objects/migration.py', 'db/moves.py',
                                   'conductor/manager.py']
    assert follow.figures(calls, sources) == (5, 4, 8, 4)


def test_trace_when_one_loop_asks_plug_ins_then_they_count_as_one(sources):
    stacks = [(ROOT, 'scheduler/cpu.py:refusal'), (ROOT, 'scheduler/ram.py:refusal')]
    assert follow.trace(stacks, ROOT, sources) == [(ROOT, 'scheduler/cpu.py:refusal')]
