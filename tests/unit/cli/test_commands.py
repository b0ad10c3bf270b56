# SPDX-License-Identifier: Apache-2.0
"""The table of commands, and the names under which ``openstack`` has some of them."""
import configparser

import pytest

from nova_lite.cli import base, commands, main
from tests.fixtures.sources import ROOT


def classes():
    return {name: entry.load() for name, entry in commands.CommandManager().commands.items()}


@pytest.mark.parametrize('name', commands.COMMANDS)
def test_command_in_the_table_has_a_class_and_help(name, run):
    command = classes()[name]
    assert issubclass(command, base.Command)
    for result in (run('help', name), run(name, '--help')):
        assert result.code == 0 and result.out.startswith(f'usage: nova-lite {name} ')
        assert ' '.join(commands.COMMANDS[name][1].split()) in ' '.join(result.out.split())


def test_argument_of_a_command_hides_none_that_stands_anywhere():
    """One that both have would be taken from the command."""
    anywhere = {name for action in main.NovaLite().parser._actions
                for name in action.option_strings}
    for name, command in classes().items():
        own = {option for names, _ in command.arguments for option in names}
        assert own & anywhere == set(), name


def test_plugin_has_classes_of_the_table_only():
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg')
    targets = {line.partition('=')[2].strip() for line in
               setup['options.entry_points']['openstack.nova_lite.v1'].strip().splitlines()}
    assert len(targets) >= 5
    assert targets <= {f'{commands.PACKAGE}.{target}' for target, _ in commands.COMMANDS.values()}
