# SPDX-License-Identifier: Apache-2.0
"""The command line: read it, run one command, say what went wrong, end with the right code.

Exit codes: 0 done, 1 the server or the migration said no, 2 wrong arguments, 130 interrupted.
"""
import argparse
import contextlib
import functools
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from cliff import app
from cliff import help as cliff_help

import nova_lite
from nova_lite.cli import auth, base, client, errors
from nova_lite.cli.commands import COMMANDS, CommandManager

DESCRIPTION = 'Command-line client of the compute API, made for live migration.'
EPILOG = """OS_* variables, or a cloud of clouds.yaml (OS_CLOUD), tell which cloud to talk to.
Without Keystone:
  OS_AUTH_TYPE=http_basic OS_ENDPOINT=http://HOST:8774 OS_USERNAME=.. OS_PASSWORD=..
"nova-lite help COMMAND" tells about one command."""
# the library's own
MORE_COMMANDS = {'complete': 'Print what bash needs to complete commands and options.',
                 'help': 'Tell about a command.'}


class Help(base.Command, cliff_help.HelpCommand):
    def get_description(self) -> str:
        return MORE_COMMANDS['help']

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        if not parsed_args.cmd:
            self.app.print_help()        # type: ignore[attr-defined]  # NovaLite's
            return 0
        try:
            return super().take_action(parsed_args)
        except ValueError:
            raise errors.UsageError(f"there is no command '{' '.join(parsed_args.cmd)}'") from None


class ClientManager:
    """Where a command finds its client, as in ``openstack``."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    @functools.cached_property
    def nova_lite(self) -> client.Client:
        """Raises: CommandError when what is configured is not enough."""
        return client.Client(auth.connect(self._options))


class NovaLite(app.App):
    NAME = 'nova-lite'
    LOG = logging.getLogger(NAME)

    def __init__(self) -> None:
        super().__init__(DESCRIPTION, nova_lite.__version__, CommandManager())
        self.command_manager.add_command('help', Help)

    def build_option_parser(self, description: str | None, version: str | None,
                            argparse_kwargs: dict[str, Any] | None = None
                            ) -> argparse.ArgumentParser:
        """What may stand anywhere in the line, before or behind the command. --help is not among
        it: behind a command it asks about that command."""
        parser = argparse.ArgumentParser(
            prog=self.NAME, usage='nova-lite [options] <command> ...', description=description,
            epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter, add_help=False,
            allow_abbrev=False)
        parser.add_argument('--version', action='version', version=version or '')
        parser.add_argument('--insecure', action='store_true',
                            help='Do not check the certificates of the servers.')
        parser.add_argument('--timeout', type=float, metavar='<seconds>', default=600.0,
                            help='Wait at most this long for an answer (default: 600).')
        parser.add_argument('--json', action='store_true',
                            help='Print JSON as the API gave it; -f json prints the columns.')
        parser.add_argument('--debug', action='store_true',
                            help='Print every request as a curl line, and its answer.')
        group = parser.add_argument_group('authentication (each also as a variable: OS_USERNAME)')
        for name, text in auth.OPTIONS:
            group.add_argument(f'--os-{name}', metavar=f'<{name}>', help=text)
        return parser

    def run(self, argv: Sequence[str]) -> int:
        """Returns the exit code. SystemExit 2 for wrong arguments."""
        self.options, words = self.parser.parse_known_args(argv)
        if not words or words[0] in ('-h', '--help'):
            self.print_help()
            return 0 if words else 2
        if words[0].startswith('-'):
            self.parser.error(f'unrecognized arguments: {words[0]}')
        try:
            self.command_manager.find_command(words)
        except ValueError:
            near = ', '.join(self.get_fuzzy_matches(words[0]))
            self.parser.error(f"there is no command '{words[0]}'. Is it one of these: {near}?")
        self.client_manager = ClientManager(self.options)
        with self._told():
            return self.run_subcommand(words)

    def print_help(self) -> None:
        """From the table: no command is loaded for it."""
        self.parser.print_help(self.stdout)
        self.stdout.write('\ncommands:\n')
        for name, text in {**{name: text for name, (_, text) in COMMANDS.items()},
                           **MORE_COMMANDS}.items():
            self.stdout.write(f'  {name:<30} {text}\n')

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What cliff has to say goes to stderr; with --debug each request as a curl line, too."""
        handler = logging.StreamHandler(self.stderr)
        handler.setFormatter(OneLine())
        handler.addFilter(HidePasswords())
        loggers = [self.LOG, logging.getLogger('cliff')]
        if self.options.debug:
            loggers.append(logging.getLogger('keystoneauth'))
        before = [(logger, logger.level) for logger in loggers]
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG if self.options.debug else logging.WARNING)
        try:
            yield
        finally:
            for logger, level in before:
                logger.removeHandler(handler)
                logger.setLevel(level)


class OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        kind = f' ({type(record.msg).__name__})' if isinstance(record.msg, Exception) else (
            f' ({record.name})' if record.levelno < logging.ERROR else '')
        return f'{record.levelname}{kind}: {super().format(record)}'


class HidePasswords(logging.Filter):
    """keystoneauth replaces tokens; a new server's password stands in a body."""
    PATTERN = re.compile(r'("adminPass":\s*")[^"]*')

    def filter(self, record: logging.LogRecord) -> bool:
        if not isinstance(record.msg, Exception):
            record.msg, record.args = self.PATTERN.sub(r'\1***', record.getMessage()), ()
        return True


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in ``argv``; returns the exit code. SystemExit 2 for wrong arguments."""
    _open_streams()
    try:
        code = NovaLite().run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print('Interrupted', file=sys.stderr)
        return 130
    except BrokenPipeError:
        pass        # the reader has seen enough
    except OSError as error:
        print(f'ERROR (OSError): The output cannot be written: {error.strerror}',
              file=sys.stderr)
    # nothing is left to be written at exit either
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _open_streams() -> None:
    """A stream that the caller has closed takes what is written to it, and no connection gets its
    number."""
    for number, name in ((1, 'stdout'), (2, 'stderr')):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            setattr(sys, name, open(number, 'w', closefd=False))      # noqa: SIM115 (it stays open)
