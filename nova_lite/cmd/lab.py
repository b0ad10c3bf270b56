# SPDX-License-Identifier: Apache-2.0
"""nova-lite-lab: a small cloud of real hosts on this machine, to migrate guests in."""
import argparse
from collections.abc import Sequence
import json
import os
from pathlib import Path
import sys
import time

from nova_lite.lab.command import LabError
from nova_lite.lab.lab import Lab
from nova_lite.lab.servers import ServerError
from nova_lite.lab.state import DEFAULT_DIRECTORY

DIRECTORY_VARIABLE = 'NOVA_LITE_LAB_DIR'


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    os.umask(0o022)     # the broker's and the database's accounts have to get to their files
    lab = Lab(arguments.dir, say=lambda line: print(line, file=sys.stderr, flush=True))
    try:
        return arguments.do(lab, arguments) or 0
    except (LabError, ServerError) as error:
        print(f'nova-lite-lab: {error}', file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print('nova-lite-lab: interrupted; up goes on, down removes', file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        '--dir', type=Path, metavar='STATE',
        default=Path(os.environ.get(DIRECTORY_VARIABLE, DEFAULT_DIRECTORY)),
        help=f"the lab's directory (default ${DIRECTORY_VARIABLE} or {DEFAULT_DIRECTORY})")
    top = argparse.ArgumentParser(prog='nova-lite-lab', description=__doc__)
    commands = top.add_subparsers(required=True, metavar='COMMAND')

    def command(name: str, do, text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text, parents=[common])
        one.set_defaults(do=do)
        return one

    up = command('up', do_up, 'make the lab, or repair or change the one that is there')
    up.add_argument('--hosts', type=int, metavar='N', help='computes (default 3)')
    up.add_argument('--storage', choices=('private', 'shared'),
                    help='where guests live: a directory of each host, or one of all (default '
                         'private)')
    up.add_argument('--no-services', action='store_true',
                    help='only hosts, libvirt, broker and database')
    for name, do, text in (('status', do_status, 'guests by host as libvirt says, and services'),
                           ('ps', do_ps, 'every service process: host, kind and pid')):
        command(name, do, text).add_argument('--json', action='store_true')
    env = command('env', do_env, "print shell exports for OpenStack's clients")
    env.add_argument('--user', default='admin', help='admin, manager, demo or reader')
    shell = command('shell', do_shell, 'enter a host, or run a command there')
    shell.add_argument('host')
    shell.add_argument('words', nargs=argparse.REMAINDER, metavar='CMD')
    logs = command('logs', do_logs, 'the end of the logs')
    logs.add_argument('-n', '--lines', type=int, default=20)
    logs.add_argument('-f', '--follow', action='store_true')
    restart = command('restart', do_restart, 'start a service anew, dead or alive')
    for one, required in ((logs, False), (restart, True)):
        one.add_argument('kind', nargs=None if required else '?')
        one.add_argument('host', nargs='?')
    command('down', do_down, 'end everything and leave nothing')
    return top


def do_up(lab: Lab, arguments: argparse.Namespace) -> None:
    start = time.monotonic()
    lab.up(hosts=arguments.hosts, storage=arguments.storage,
           with_services=not arguments.no_services)
    took = f'{lab.settings.hosts} hosts up in {time.monotonic() - start:.1f} s'
    where = '' if arguments.dir == DEFAULT_DIRECTORY else f' --dir {arguments.dir}'
    use = f'; eval "$(nova-lite-lab env{where})"' if lab.settings.services else ''
    print(took + use)


def do_down(lab: Lab, arguments: argparse.Namespace) -> None:
    start = time.monotonic()
    if lab.down():
        print(f'gone in {time.monotonic() - start:.1f} s')
    else:
        print('there was no lab')


def do_ps(lab: Lab, arguments: argparse.Namespace) -> None:
    rows = lab.processes()
    if arguments.json:
        print(json.dumps(rows))
    else:
        print_table(rows)


def do_status(lab: Lab, arguments: argparse.Namespace) -> int:
    """1 when something that should run does not."""
    rows, guests = lab.processes(), lab.guests()
    healthy = all(row['alive'] for row in rows) and None not in guests.values()
    if arguments.json:
        settings = lab.settings
        print(json.dumps({
            'directory': str(lab.state.path), 'endpoint': lab.endpoint if settings.port else None,
            'storage': settings.storage, 'virt_type': settings.virt_type, 'healthy': healthy,
            'guests': guests, 'services': rows}))
        return not healthy
    print_table(rows)
    print()
    for host, found in guests.items():
        for guest in found or ():
            print(f'{host}  {guest["uuid"]}  {guest["name"]}  {guest["state"]} '
                  f'({guest["reason"]})')
        if not found:
            print(f'{host}  ' + ('no guests' if found == [] else 'libvirt does not answer'))
    if not healthy:
        print('\nnova-lite-lab up repairs what is dead')
    return not healthy


def do_env(lab: Lab, arguments: argparse.Namespace) -> None:
    print(lab.exports(arguments.user), end='')


def do_shell(lab: Lab, arguments: argparse.Namespace) -> None:
    host = lab.topology.host(arguments.host)
    words = arguments.words or [os.environ.get('SHELL', '/bin/sh')]
    command = [*host.cmd_prefix, *words]
    os.execvp(command[0], command)


def do_logs(lab: Lab, arguments: argparse.Namespace) -> None:
    files = [str(part.log) for part in lab.choose(arguments.kind, arguments.host)
             if part.log.exists()]
    if not files:
        raise LabError('nothing was logged yet')
    follow = ['-F'] if arguments.follow else []
    os.execvp('tail', ['tail', '-n', str(arguments.lines), *follow, *files])


def do_restart(lab: Lab, arguments: argparse.Namespace) -> None:
    for part in lab.restart(arguments.kind, arguments.host):
        row = part.row()
        print(f'{row["host"]} {row["kind"]} {row["pid"]}')


def print_table(rows: list[dict[str, object]]) -> None:
    """Columns as wide as their widest cell; None is a dash."""
    cells = [list(rows[0])] + [['-' if value is None else str(value) for value in row.values()]
                               for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        print('  '.join(map(str.ljust, row, widths)).rstrip())


if __name__ == '__main__':
    sys.exit(main())
