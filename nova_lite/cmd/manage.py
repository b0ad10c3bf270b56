# SPDX-License-Identifier: Apache-2.0
"""nova-lite-manage: what an operator does to the database before services run."""
import argparse
import sys
from typing import Any

from oslo_config import cfg
from oslo_db import exception as db_exc

import nova_lite
from nova_lite import conf as nova_conf
from nova_lite import exception
from nova_lite.conf import database


def sync() -> None:
    from nova_lite.db import schema, session
    session.configure()
    before = schema.version()
    schema.sync()
    print(f'database: {before or "empty"} -> {schema.version()}')


def version() -> None:
    from nova_lite.db import schema, session
    session.configure()
    print(schema.version() or 'none')


COMMANDS = {
    ('db', 'sync'): (sync, 'make or upgrade the tables'),
    ('db', 'version'): (version, 'print the version of the tables'),
}


def _add_commands(parsers: Any) -> None:
    subjects: dict[str, Any] = {}
    for (subject, verb), (function, text) in COMMANDS.items():
        if subject not in subjects:
            parser = parsers.add_parser(subject, help=f'{subject} commands')
            subjects[subject] = parser.add_subparsers(dest='verb', required=True)
        subjects[subject].add_parser(verb, help=text).set_defaults(function=function)


def main(argv: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 with one line on stderr that says what to do."""
    conf = nova_conf.CONF
    conf.register_cli_opt(cfg.SubCommandOpt('command', title='commands', handler=_add_commands))
    database.register_opts(conf)
    files, rest = _config_files(sys.argv[1:] if argv is None else argv)
    conf(rest, project='nova-lite', prog='nova-lite-manage', version=nova_lite.__version__,
         default_config_files=files)
    try:
        conf.command.function()
    except exception.NovaLiteException as exc:
        problem = exc.format_message()
    except db_exc.DBError as exc:
        problem = f'the database at [database]connection: {str(exc).splitlines()[0]}'
    else:
        return 0
    print(f'nova-lite-manage: {problem}', file=sys.stderr)
    return 1


def _config_files(argv: list[str]) -> tuple[list[str] | None, list[str]]:
    """Take --config-file out of the arguments, so that it may stand behind the command too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--config-file', action='append')
    known, rest = parser.parse_known_args(argv)
    return known.config_file, rest


if __name__ == '__main__':
    sys.exit(main())
