# SPDX-License-Identifier: Apache-2.0
"""nova-lite-manage: what an operator does to the database before services run."""
import sys
from typing import Any

from oslo_config import cfg

import nova_lite
from nova_lite import conf as nova_conf
from nova_lite import exception
from nova_lite.conf import database


def sync() -> None:
    from nova_lite.db import schema
    before = schema.version()
    schema.sync()
    print(f'database: {before or "empty"} -> {schema.version()}')


def version() -> None:
    from nova_lite.db import schema
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
    conf(argv if argv is not None else sys.argv[1:], project='nova-lite',
         version=nova_lite.__version__)
    try:
        conf.command.function()
    except exception.NovaLiteException as exc:
        print(f'nova-lite-manage: {exc.format_message()}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
