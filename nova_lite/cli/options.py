# SPDX-License-Identifier: Apache-2.0
"""Arguments that several commands have, and the words to describe those of one."""
from typing import Any

Argument = tuple[tuple[str, ...], dict[str, Any]]


def arg(*names: str, **settings: Any) -> Argument:
    return names, settings


def flag(name: str, text: str) -> Argument:
    return arg(name, action='store_true', help=text)


def option(name: str, text: str, **settings: Any) -> Argument:
    settings.setdefault('metavar', f'<{name.strip("-")}>')
    return arg(name, help=text, **settings)


SERVER = arg('server', metavar='<server>', help='Name or ID of server.')
SERVERS = arg('server', metavar='<server>', nargs='+', help='Name or ID of server(s).')
DELETED_SERVER = arg('server', metavar='<server>', help='Name or UUID of the server; a deleted '
                     'server only by UUID.')
MIGRATION = arg('migration', metavar='<migration>', help='ID or UUID of migration.')
SERVICE = arg('service', metavar='<service>', help='ID of the service, or name of the host of a '
              'nova-compute.')
FLAVOR = arg('flavor', metavar='<flavor>', help='Name or ID of flavor.')
WATCH = flag('--watch', 'Follow the migration to its end; exit 0 only when it completed.')
GOALS = (option('--max-downtime-ms', 'The longest pause of the guest that is wanted, in ms '
                '(nova-lite only).', type=int),
         option('--deadline', 'Seconds within which the copy is to end (nova-lite only).',
                type=int))
# how servers are moved
MOVE = (flag('--block-migrate', 'Copy the disks too. By default this depends on whether the '
             'hosts share them.'),
        flag('--disk-over-commit', 'Count only what the disks really take up when looking for '
             'room (sends the form of microversion 2.24, in which a given host is forced).'),
        flag('--force', 'Do not ask the scheduler about the given host.'),
        *GOALS,
        arg('--if-not', choices=('abort', 'force', 'postcopy'),
            help='What is done when the deadline cannot be kept otherwise (default: abort; '
            'nova-lite only).'))
PAGE = (option('--marker', 'Show what comes after this ID.'),
        option('--limit', 'Show at most this many.', type=int))
CHANGES_SINCE = option('--changes-since', 'Only what changed at or after this ISO 8601 time.')
CHANGES = (CHANGES_SINCE,
           option('--changes-before', 'Only what changed at or before this ISO 8601 time.'))
