# SPDX-License-Identifier: Apache-2.0
"""Every command with the class that does it and what it is for: one table.

Classes are named, not imported: only the one that is asked for is loaded. Names are novaclient's;
what it does not have is marked as ours.
"""
from importlib import metadata

from cliff import commandmanager

PACKAGE = 'nova_lite.cli'

# name: (module:class below PACKAGE, help)
COMMANDS: dict[str, tuple[str, str]] = {
    # -- servers ---------------------------------------------------------------------------------
    'boot': ('servers:Boot', 'Boot a new server.'),
    'list': ('servers:ListServers', 'List servers.'),
    'show': ('servers:ShowServer', 'Show details about the given server.'),
    'delete': ('actions:Delete', 'Immediately shut down and delete specified server(s).'),
    'start': ('actions:Start', 'Start the server(s).'),
    'stop': ('actions:Stop', 'Stop the server(s).'),
    'reboot': ('actions:Reboot', 'Reboot the server(s).'),
    'pause': ('actions:Pause', 'Pause the server(s).'),
    'unpause': ('actions:Unpause', 'Unpause the server(s).'),
    'suspend': ('actions:Suspend', 'Suspend the server(s): the memory goes to a file.'),
    'resume': ('actions:Resume', 'Resume the suspended server(s).'),
    'lock': ('actions:Lock', 'Lock the server(s): only an administrator can act on them then.'),
    'unlock': ('actions:Unlock', 'Unlock the server(s).'),
    'reset-state': ('actions:ResetState', 'Set the state of the server(s) to error, or to active '
                    '(administrators).'),
    'server-locate': ('location:ServerLocate', 'Ask every host what it has of the guest of a '
                      'server (administrators; nova-lite only).'),
    # -- live migration --------------------------------------------------------------------------
    'live-migration': ('live_migration:LiveMigration', 'Migrate running server to a new machine.'),
    'live-migration-abort': ('migrations:Abort', 'Abort an on-going live migration.'),
    'live-migration-force-complete': ('migrations:ForceComplete',
                                      'Force on-going live migration to complete.'),
    'host-evacuate-live': ('evacuate:HostEvacuateLive', 'Live migrate all servers of the '
                           'specified host to other hosts (administrators).'),
    'server-migration-list': ('migrations:ServerMigrationList',
                              'Get the migrations list of specified server.'),
    'server-migration-show': ('migrations:ServerMigrationShow',
                              'Get the migration of specified server.'),
    'migration-tune': ('migrations:MigrationTune', 'Give a running live migration other terms '
                       '(nova-lite only).'),
    'migration-list': ('migrations:MigrationList', 'Print a list of migrations.'),
    'migration-show': ('migrations:MigrationShow', 'Show a migration of any status, with its '
                       'receipt: how long each phase took, what was copied, what was decided, who '
                       'asked.'),
    'instance-action-list': ('history:InstanceActionList', 'List actions on a server.'),
    'instance-action': ('history:InstanceAction', 'Show an action.'),
    # -- what there is ---------------------------------------------------------------------------
    'service-list': ('services:ServiceList', 'Show a list of all running services.'),
    'service-enable': ('services:ServiceEnable', 'Let a host be given servers again '
                       '(administrators).'),
    'service-disable': ('services:ServiceDisable', 'Let a host be given no more servers '
                        '(administrators).'),
    'service-force-down': ('services:ServiceForceDown', 'Say that a host is down, whatever it '
                           'says itself (administrators).'),
    'hypervisor-list': ('services:HypervisorList', 'List hypervisors.'),
    'flavor-list': ('flavors:FlavorList', "Print a list of available 'flavors' (sizes of "
                    'servers).'),
    'flavor-create': ('flavors:FlavorCreate', 'Create a new flavor (administrators).'),
    'flavor-delete': ('flavors:FlavorDelete', 'Delete a flavor (administrators).'),
    'image-list': ('flavors:ImageList', 'Print a list of available images.'),
}


class CommandManager(commandmanager.CommandManager):
    """The table for cliff, which loads an entry when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.commands.update({name: metadata.EntryPoint(name, f'{PACKAGE}.{target}', PACKAGE)
                              for name, (target, _) in COMMANDS.items()})


def help_of(command: type) -> str:
    target = f"{command.__module__.removeprefix(f'{PACKAGE}.')}:{command.__name__}"
    return next(text for found, text in COMMANDS.values() if found == target)
