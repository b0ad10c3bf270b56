# SPDX-License-Identifier: Apache-2.0
"""nova-lite-manage: what an operator does to the database before services run."""
import argparse
import os
import signal
import sys
from typing import Any

from oslo_config import cfg
from oslo_db import exception as db_exc

import nova_lite
from nova_lite import conf as nova_conf
from nova_lite import exception, policy, rpc
from nova_lite.cmd import common
from nova_lite.conf import check, database

NAME = 'nova-lite-manage'
ATTEMPTS = 3        # to reach the database, unless [database]max_retries says otherwise


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


def check_config() -> None:
    """The options were read before; here is what is not a matter of one value."""
    for warning in policy.check():
        print(f'{NAME}: warning: {warning}', file=sys.stderr)
    rpc.init()
    rpc.cleanup()
    if nova_conf.CONF.database.connection:
        from nova_lite.db import session
        session.check_url(nova_conf.CONF.database.connection)
    print('configuration: good')


def host_replace() -> None:
    from nova_lite.db import host_names, schema
    schema.check()
    host = nova_conf.CONF.command.replaced
    done = host_names.forget(host)
    if done is None:
        raise exception.ComputeHostNotFound(host=host)
    if not done:
        raise exception.Conflict(
            reason=f'nova-lite-compute of host {host} is up: end it, and wait for '
                   'service_down_time')
    print(f'the next nova-lite-compute of host {host} that starts takes over its name')


COMMANDS = {
    ('host-replace', None): (host_replace, 'let another machine have the name HOST'),
    ('check-config', None): (check_config, 'check options and policies, and start nothing'),
    ('db', 'sync'): (sync, 'make or upgrade the tables'),
    ('db', 'version'): (version, 'print the version of the tables'),
}


def _add_commands(parsers: Any) -> None:
    subjects: dict[str, Any] = {}
    for (subject, verb), (function, text) in COMMANDS.items():
        if verb is None:
            parser = parsers.add_parser(subject, help=text)
            parser.set_defaults(function=function)
            if function is host_replace:
                parser.add_argument('replaced', metavar='HOST')
            continue
        if subject not in subjects:
            parser = parsers.add_parser(subject, help=f'{subject} commands')
            subjects[subject] = parser.add_subparsers(dest='verb', required=True)
        subjects[subject].add_parser(verb, help=text).set_defaults(function=function)


def main(argv: list[str] | None = None) -> int:
    """Exit code: 0 done, 1 with one line on stderr that says what to do, EX_CONFIG with one for
    each fault of the options."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    conf = nova_conf.CONF
    conf.register_cli_opt(cfg.SubCommandOpt('command', title='commands', handler=_add_commands))
    database.register_opts(conf)
    # somebody waits for the answer
    conf.set_default('max_retries', ATTEMPTS, group='database')
    conf.set_default('retry_interval', 1, group='database')
    places, rest = _config_places(sys.argv[1:] if argv is None else argv)
    conf(rest, project=check.PROJECT, prog=NAME, version=nova_lite.__version__,
         default_config_files=[], default_config_dirs=[])      # usage first
    reading = check.Options(NAME, [f'--config-{kind}={path}' for kind, paths in places.items()
                                   for path in paths]).read()
    for warning in reading.warnings:
        print(f'{NAME}: warning: {warning}', file=sys.stderr)
    if reading.faults:
        print(*(f'{NAME}: {fault}' for fault in reading.faults), sep='\n', file=sys.stderr)
        return os.EX_CONFIG
    conf(rest, project=check.PROJECT, prog=NAME, version=nova_lite.__version__,
         default_config_files=places['file'] or None, default_config_dirs=places['dir'] or None)
    common.mention_outages_once()
    try:
        conf.command.function()
    except exception.NovaLiteException as exc:
        problem = exc.format_message()
        if conf.command.function is check_config:
            print(f'{NAME}: {problem}', file=sys.stderr)
            return os.EX_CONFIG
    except db_exc.DBError as exc:
        problem = f'the database at [database]connection: {str(exc).splitlines()[0]}'
    else:
        return 0
    print(f'{NAME}: {problem}', file=sys.stderr)
    return 1


def _config_places(argv: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Take --config-file and --config-dir out of the arguments, so that they may stand behind the
    command too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for kind in ('file', 'dir'):
        parser.add_argument(f'--config-{kind}', action='append', default=[], dest=kind)
    known, rest = parser.parse_known_args(argv)
    return vars(known), rest


if __name__ == '__main__':
    sys.exit(main())
