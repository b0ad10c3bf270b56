# SPDX-License-Identifier: Apache-2.0
"""nova-lite-lab's words, and that its errors are one line."""
from pathlib import Path

import pytest

from nova_lite.cmd import lab as command
from nova_lite.lab.state import DEFAULT_DIRECTORY, State


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(command.DIRECTORY_VARIABLE, raising=False)


@pytest.mark.parametrize('words', [
    ['status'], ['ps'], ['ps', '--json'], ['env'], ['shell', 'compute1'], ['logs'],
    ['restart', 'compute']])
def test_command_when_there_is_no_lab_says_how_to_get_one(words, tmp_path, capsys):
    assert command.main([words[0], '--dir', str(tmp_path), *words[1:]]) == 1
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    assert 'nova-lite-lab up' in said


def test_up_when_other_accounts_may_not_get_there_is_refused_and_makes_nothing(
        tmp_path, capsys, monkeypatch):
    """It stopped half-way and left half a lab, for which env printed port 0."""
    monkeypatch.setattr('nova_lite.lab.checks.check_machine', lambda: None)
    closed = tmp_path / 'closed'
    closed.mkdir(mode=0o700)
    directory = ['--dir', str(closed / 'below' / 'lab')]
    assert command.main(['up', *directory]) == 1
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    assert f'{closed} lets no other account through' in said and 'chmod o+x' in said
    assert list(closed.iterdir()) == []
    assert command.main(['env', *directory]) == 1
    assert 'nova-lite-lab up' in capsys.readouterr().err


def test_env_when_the_lab_has_no_api_is_refused_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('nova_lite.lab.state.MAX_PATH', 4096)
    State(tmp_path / 'lab').create()
    assert command.main(['env', '--dir', str(tmp_path / 'lab')]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count('\n')) == ('', 1)
    assert 'has no API: nova-lite-lab up' in told.err


def test_down_when_there_is_no_lab_is_content(tmp_path, capsys):
    assert command.main(['down', '--dir', str(tmp_path / 'lab')]) == 0
    assert 'no lab' in capsys.readouterr().out


def test_down_when_the_directory_is_somebody_elses_leaves_it(tmp_path, capsys):
    (tmp_path / 'precious').touch()
    assert command.main(['down', '--dir', str(tmp_path)]) == 1
    assert 'not a lab' in capsys.readouterr().err
    assert (tmp_path / 'precious').exists()


def test_directory_when_not_told_is_the_variables_or_the_default(monkeypatch):
    assert command.parser().parse_args(['ps']).dir == DEFAULT_DIRECTORY
    monkeypatch.setenv(command.DIRECTORY_VARIABLE, '/var/lib/other')
    assert command.parser().parse_args(['ps']).dir == Path('/var/lib/other')


def test_up_when_told_nothing_leaves_everything_as_it_was():
    arguments = command.parser().parse_args(['up'])
    assert (arguments.hosts, arguments.storage, arguments.no_services) == (None, None, False)


@pytest.mark.parametrize('words', [['up', '--storage', 'floppy'], ['up', '--hosts', 'x'], [],
                                   ['restart'], ['shell']])
def test_command_when_misspelt_is_refused(words):
    with pytest.raises(SystemExit, match='2'):
        command.parser().parse_args(words)


def test_table_when_printed_lines_up(capsys):
    command.print_table([{'host': 'compute1', 'pid': None}, {'host': 'c', 'pid': 17}])
    assert capsys.readouterr().out == 'host      pid\ncompute1  -\nc         17\n'
