# SPDX-License-Identifier: Apache-2.0
"""The command line: read it, run one command, say what went wrong, end with the right code.

Exit codes: 0 done, 1 the server or the migration said no, 2 wrong arguments, 130 interrupted.
"""
import argparse
import contextlib
import importlib
import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import nova_lite
from nova_lite.cli import auth, errors
from nova_lite.cli.commands import COMMANDS, Command

DESCRIPTION = 'Command-line client of the compute API, made for live migration.'
EPILOG = """OS_* variables, or a cloud of clouds.yaml (OS_CLOUD), tell which cloud to talk to.
Without Keystone:
  OS_AUTH_TYPE=http_basic OS_ENDPOINT=http://HOST:8774 OS_USERNAME=.. OS_PASSWORD=..
"nova-lite help COMMAND" tells about one command."""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='nova-lite', usage='nova-lite [options] <command> ...', description=DESCRIPTION,
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--version', action='version', version=nova_lite.__version__)
    parser.add_argument('--insecure', action='store_true',
                        help='Do not check the certificates of the servers.')
    parser.add_argument('--timeout', type=float, metavar='<seconds>', default=600.0,
                        help='Wait at most this long for an answer (default: 600).')
    _add_common(parser, default=False)
    group = parser.add_argument_group('authentication (each also as a variable: OS_USERNAME)')
    for name, text in auth.OPTIONS:
        group.add_argument(f'--os-{name}', metavar=f'<{name}>', help=text)
    commands = parser.add_subparsers(dest='command', metavar='<command>', title='commands',
                                     prog='nova-lite')
    for name, command in COMMANDS.items():
        _add_command(commands, name, command)
    help_command = commands.add_parser('help', help='Tell about a command.')
    help_command.add_argument('about', metavar='<command>', nargs='?')
    return parser


def _add_command(commands: Any, name: str, command: Command) -> None:
    parser = commands.add_parser(name, help=command.help, description=command.help)
    # also behind the command, where they must not undo what stood before it
    _add_common(parser, default=argparse.SUPPRESS)
    for names, settings in command.arguments:
        parser.add_argument(*names, **settings)


def _add_common(parser: argparse.ArgumentParser, default: Any) -> None:
    parser.add_argument('--json', action='store_true', default=default,
                        help='Print JSON as the API gave it instead of a table.')
    parser.add_argument('--debug', action='store_true', default=default,
                        help='Print every request as a curl line, and its answer.')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in ``argv``; returns the exit code. SystemExit 2 for wrong arguments."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.command in (None, 'help'):
        return _help(parser, args)
    try:
        with _requests_shown(args.debug):
            return _run(COMMANDS[args.command], args)
    except errors.UsageError as error:
        parser.error(str(error))
    except errors.CommandError as error:
        return _fail(error.kind, error)
    except KeyboardInterrupt:
        print('Interrupted', file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader has seen enough; nothing is left to be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(command: Command, args: argparse.Namespace) -> int:
    from keystoneauth1 import exceptions
    from nova_lite.cli import client
    module, _, function = command.function.partition(':')
    try:
        run = getattr(importlib.import_module(f'nova_lite.cli.{module}'), function)
        return run(client.Client(auth.connect(args)), args) or 0
    except exceptions.ConnectFailure as error:
        # the rest repeats the URL in urllib3's words
        return _fail(type(error).__name__,
                     str(error).partition(': HTTP')[0] + errors.scheme_hint(str(error)))
    except exceptions.ClientException as error:
        return _fail(type(error).__name__, f'{error}{errors.scheme_hint(str(error))}')


def _fail(kind: str, error: Exception | str) -> int:
    print(f'ERROR ({kind}): {error}', file=sys.stderr)
    return 1


def _help(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    about = getattr(args, 'about', None)
    if about is None:
        parser.print_help()
        return 0 if args.command == 'help' else 2
    if about not in COMMANDS:
        parser.error(f"there is no command '{about}'")
    parser.parse_args([about, '--help'])
    return 0


class HidePasswords(logging.Filter):
    """keystoneauth replaces tokens; a new server's password stands in a body."""
    PATTERN = re.compile(r'("adminPass":\s*")[^"]*')

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.PATTERN.sub(r'\1***', record.getMessage()), ()
        return True


@contextlib.contextmanager
def _requests_shown(debug: bool) -> Iterator[None]:
    """keystoneauth logs each request as a curl line; with ``debug`` they go to stderr."""
    logger = logging.getLogger('keystoneauth')
    handler = logging.StreamHandler(sys.stderr) if debug else logging.NullHandler()
    handler.setFormatter(logging.Formatter('%(levelname)s (%(name)s) %(message)s'))
    handler.addFilter(HidePasswords())
    level = logger.level
    logger.setLevel(logging.DEBUG if debug else level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
