# SPDX-License-Identifier: Apache-2.0
"""What all commands share, in ``nova-lite`` and as a plugin of ``openstack``: the client, the
arguments, how an error is told, and the way from the API's answer to cliff's columns.
"""
import argparse
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from cliff import command, lister, show
from stevedore import extension

from nova_lite.cli import commands, errors, output
from nova_lite.cli.client import Client
from nova_lite.cli.options import Argument

Table = tuple[Sequence[str], Sequence[Any]]


class Command(command.Command):
    """``take_action`` raises CommandError for what the user has to know; it is one line."""

    arguments: tuple[Argument, ...] = ()
    # two arguments of one name are a mistake, which cliff would not tell
    conflict_handler = 'error'

    @property
    def client(self) -> Client:
        # of the program's app, and of openstack's
        return self.app.client_manager.nova_lite        # type: ignore[attr-defined]

    def get_description(self) -> str:
        return commands.help_of(type(self))

    def get_epilog(self) -> str:
        """None: cliff would read what is installed to say whose command this is."""
        return ''

    def _load_hooks(self) -> None:
        """None: to look for them takes longer than the rest of --help."""
        self._hooks = []

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        self._parser = super().get_parser(prog_name)
        for names, settings in self.arguments:
            self._parser.add_argument(*names, **settings)
        return self._parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            return super().run(parsed_args)
        except Exception as error:
            told = errors.as_command_error(error)
            if told is None:
                raise
            if isinstance(told, errors.UsageError):
                self._parser.error(str(told))
            output.complain(f'ERROR ({told.kind}): {told}')
            return 1


class Display(Command):
    """A command that prints a table. ``record`` is what the API said, for --json; ``failure``
    is told after the output."""

    formatter_namespace: str        # of cliff's class beside this one
    record: Any = None
    failure: errors.CommandError | None = None

    def _load_formatter_plugins(self) -> extension.ExtensionManager:
        """The library's own: to look for more in all that is installed takes longer than the rest
        of --help where stevedore has no cache of it."""
        entries = metadata.distribution('cliff').entry_points.select(
            group=self.formatter_namespace)
        return extension.ExtensionManager.make_test_instance([
            extension.Extension(entry.name, entry, plugin, plugin())
            for entry in entries for plugin in [entry.load()]])

    @property
    def raw(self) -> bool:
        return getattr(self.app.options, 'json', False)

    def produce_output(self, parsed_args: argparse.Namespace, column_names: Sequence[str],
                       data: Any) -> int:
        if self.raw:
            output.print_json(self.record, self.app.stdout)
        else:
            super().produce_output(     # type: ignore[misc]  # as above
                parsed_args, column_names, data)
        if self.failure is not None:
            raise self.failure
        return 0


class Lister(Display, lister.Lister):
    def table(self, rows: Sequence[dict[str, Any]], columns: Sequence[output.Column],
              sort_by: str | None = None) -> Table:
        """One row an item. ``sort_by`` is the title of a column; JSON keeps the API's order."""
        self.record = list(rows)
        titles = [title for title, _ in columns]
        cells = [[output.cell(title, output.value(row, key)) for title, key in columns]
                 for row in rows]
        if sort_by is not None:
            index = titles.index(sort_by)
            cells.sort(key=lambda row: row[index])
        return titles, cells


class ShowOne(Display, show.ShowOne):
    def properties(self, record: dict[str, Any], shown: dict[str, Any] | None = None) -> Table:
        """One row a property, in alphabetical order: of ``shown``, if that is not the record."""
        self.record = record
        named = sorted((record if shown is None else shown).items())
        return [name for name, _ in named], [output.cell(name, value) for name, value in named]
