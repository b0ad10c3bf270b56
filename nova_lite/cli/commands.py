# SPDX-License-Identifier: Apache-2.0
"""Every command with its arguments, and the function that does it: one table.

Functions are named, not imported: only the one that is asked for is loaded. Names and arguments
are novaclient's; what it does not have is marked as ours.
"""
from typing import Any, NamedTuple

Argument = tuple[tuple[str, ...], dict[str, Any]]


class Command(NamedTuple):
    """``function`` is ``module:name`` below nova_lite.cli, called with (client, args)."""
    function: str
    help: str
    arguments: tuple[Argument, ...] = ()


def arg(*names: str, **settings: Any) -> Argument:
    return names, settings


def _flag(name: str, text: str) -> Argument:
    return arg(name, action='store_true', help=text)


def _option(name: str, text: str, **settings: Any) -> Argument:
    settings.setdefault('metavar', f'<{name.strip("-")}>')
    return arg(name, help=text, **settings)


SERVER = arg('server', metavar='<server>', help='Name or ID of server.')
SERVERS = arg('server', metavar='<server>', nargs='+', help='Name or ID of server(s).')
MIGRATION = arg('migration', metavar='<migration>', help='ID or UUID of migration.')
WATCH = _flag('--watch', 'Follow the migration to its end; exit 0 only when it completed.')
GOALS = (_option('--max-downtime-ms', 'The longest pause of the guest that is wanted, in ms '
                 '(nova-lite only).', type=int),
         _option('--deadline', 'Seconds within which the copy is to end (nova-lite only).',
                 type=int))
PAGE = (_option('--marker', 'Show what comes after this ID.'),
        _option('--limit', 'Show at most this many.', type=int))
CHANGES = (_option('--changes-since', 'Only what changed at or after this ISO 8601 time.'),
           _option('--changes-before', 'Only what changed at or before this ISO 8601 time.'))

COMMANDS: dict[str, Command] = {
    # -- servers ---------------------------------------------------------------------------------
    'boot': Command('servers:boot', 'Boot a new server.', (
        arg('name', metavar='<name>', help='Name for the new server.'),
        _option('--flavor', 'Name or ID of flavor.', required=True),
        _option('--image', 'Name or ID of image.', required=True),
        _option('--host', 'Host to start the server on (administrators).'),
        _option('--availability-zone', 'Availability zone, also as zone:host (administrators).'),
        arg('--meta', metavar='<key=value>', action='append', default=[],
            help='Metadata of the server; can be given several times.'),
        _option('--key-name', 'Key pair of the server.'),
        _option('--description', 'Description of the server.'),
        arg('--nic', metavar='<auto,none>', choices=('auto', 'none'), default='auto',
            help='Network of the server: auto (the default) or none.'),
        _flag('--poll', 'Report the progress until the server is there or has failed.'))),
    'list': Command('servers:list_servers', 'List servers.', (
        _option('--name', 'Only servers whose name matches this regular expression.'),
        _option('--status', 'Only servers in this status.'),
        _option('--host', 'Only servers on this host (administrators).'),
        arg('--all-tenants', action='store_true', help='Servers of all projects '
            '(administrators).'),
        _flag('--deleted', 'Only deleted servers (administrators).'),
        _option('--changes-since', 'Only what changed at or after this ISO 8601 time.'),
        _option('--fields', 'Columns besides ID, separated by commas, such as name,host,status.'),
        _flag('--minimal', 'Get only ID and name.'),
        _option('--sort', 'Keys to sort by, such as created_at:asc,display_name.',
                metavar='<key>[:<direction>]'),
        *PAGE)),
    'show': Command('servers:show', 'Show details about the given server.', (
        SERVER, _flag('--minimal', 'Do not look up the name of the image.'),
        _option('--wrap', 'Wrap values to this length; 0: do not.', type=int, default=0))),
    'delete': Command('servers:delete', 'Immediately shut down and delete specified server(s).',
                      (SERVERS,)),
    'start': Command('servers:start', 'Start the server(s).', (SERVERS,)),
    'stop': Command('servers:stop', 'Stop the server(s).', (SERVERS,)),
    'pause': Command('servers:pause', 'Pause a server.', (SERVER,)),
    'unpause': Command('servers:unpause', 'Unpause a server.', (SERVER,)),
    'lock': Command('servers:lock', 'Lock a server: only an administrator can act on it then.', (
        SERVER, _option('--reason', 'Why the server is locked.'))),
    'unlock': Command('servers:unlock', 'Unlock a server.', (SERVER,)),

    'server-locate': Command(
        'location:server_locate', 'Ask every host what it has of the guest of a server '
        '(administrators; nova-lite only).', (
            SERVER, _flag('--accept', 'Let the server live where its guest is proved to be: one '
                          'host has it, and every other one says that it has not.'))),

    # -- live migration --------------------------------------------------------------------------
    'live-migration': Command(
        'migrations:live_migration', 'Migrate running server to a new machine.', (
            SERVER,
            arg('host', metavar='<host>', nargs='?',
                help='Destination host; the scheduler chooses one if none is given.'),
            _flag('--block-migrate', 'Copy the disks too. By default this depends on whether the '
                  'hosts share them.'),
            _flag('--disk-over-commit', 'Count only what the disks really take up when looking '
                  'for room (sends the form of microversion 2.24, in which a given host is '
                  'forced).'),
            _flag('--force', 'Do not ask the scheduler about the given host.'), *GOALS,
            arg('--if-not', choices=('abort', 'force', 'postcopy'),
                help='What is done when the deadline cannot be kept otherwise (default: abort; '
                'nova-lite only).'), WATCH)),
    'server-migration-list': Command(
        'migrations:server_migration_list', 'Get the migrations list of specified server.',
        (SERVER,)),
    'server-migration-show': Command(
        'migrations:server_migration_show', 'Get the migration of specified server.',
        (SERVER, MIGRATION, WATCH)),
    'live-migration-abort': Command(
        'migrations:live_migration_abort', 'Abort an on-going live migration.',
        (SERVER, MIGRATION)),
    'live-migration-force-complete': Command(
        'migrations:live_migration_force_complete',
        'Force on-going live migration to complete.', (SERVER, MIGRATION)),
    'migration-tune': Command(
        'migrations:migration_tune', 'Give a running live migration other terms (nova-lite '
        'only).', (
            SERVER, MIGRATION, *GOALS,
            _option('--bandwidth', 'The most MiB/s that its copy may use.', type=int))),
    'migration-list': Command('migrations:migration_list', 'Print a list of migrations.', (
        _option('--instance-uuid', 'Only migrations of this server.'),
        _option('--host', 'Only migrations from or to this host.'),
        _option('--status', 'Only migrations in this status.'),
        _option('--migration-type', 'Only migrations of this type, such as live-migration.'),
        _option('--source-compute', 'Only migrations from this host.'),
        *PAGE, *CHANGES,
        _option('--project-id', 'Only migrations of this project.'),
        _option('--user-id', 'Only migrations that this user asked for.'))),
    'migration-show': Command(
        'migrations:migration_show', 'Show a migration of any status, with its receipt: how long '
        'each phase took, what was copied, what was decided, who asked.', (MIGRATION, WATCH)),
    'instance-action-list': Command(
        'actions:instance_action_list', 'List actions on a server.',
        (arg('server', metavar='<server>', help='Name or UUID of the server; a deleted server '
             'only by UUID.'), *PAGE, *CHANGES)),
    'instance-action': Command('actions:instance_action', 'Show an action.', (
        arg('server', metavar='<server>', help='Name or UUID of the server; a deleted server '
            'only by UUID.'),
        arg('request_id', metavar='<request_id>', help='Request ID of the action to get.'))),

    # -- what there is ---------------------------------------------------------------------------
    'service-list': Command('inventory:service_list', 'Show a list of all running services.', (
        _option('--host', 'Only services on this host.', metavar='<hostname>'),
        _option('--binary', 'Only services of this kind, such as nova-compute.'),
        _flag('--long', "Also by how much the host's clock is ahead of the database's."))),
    'hypervisor-list': Command('inventory:hypervisor_list', 'List hypervisors.', (
        _option('--matching', 'Only hypervisors whose host name contains this.',
                metavar='<hostname>'), *PAGE)),
    'flavor-list': Command(
        'inventory:flavor_list', "Print a list of available 'flavors' (sizes of servers).", (
            _flag('--extra-specs', 'Show the extra specs too.'),
            _flag('--all', 'Also flavors that are not public (administrators).'), *PAGE)),
    'image-list': Command('inventory:image_list', 'Print a list of available images.', (
        _option('--name', 'Only the image of this name.'), *PAGE)),
}
