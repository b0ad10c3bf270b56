# SPDX-License-Identifier: Apache-2.0
"""What is done to servers that stay where they are: start, stop, reboot, pause, lock, ..."""
from typing import Any

from nova_lite.cli import base, errors, find, output
from nova_lite.cli.options import SERVERS, Argument, flag, option


class ServerAction(base.Command):
    """An action on each of the servers, also after one of them refuses."""

    arguments: tuple[Argument, ...] = (SERVERS,)
    verb: str
    action: str

    def take_action(self, parsed_args: Any) -> None:
        failed = False
        for name in parsed_args.server:
            try:
                self.act(find.server(self.client, name)['id'], parsed_args)
                self.app.stdout.write(
                    f'Request to {self.verb} server {name} has been accepted.\n')
            except errors.CommandError as error:
                output.complain(f'ERROR ({error.kind}): {error}')
                failed = True
        if failed:
            raise errors.CommandError(f'Unable to {self.verb} the specified server(s).')

    def act(self, server_id: str, args: Any) -> None:
        self.client.act(server_id, self.action, self.body(args))

    def body(self, args: Any) -> dict[str, Any] | None:
        """The arguments of the action."""
        return None


class Delete(ServerAction):
    verb = 'delete'

    def act(self, server_id: str, args: Any) -> None:
        self.client.request('DELETE', f'/servers/{server_id}')


class Start(ServerAction):
    verb, action = 'start', 'os-start'


class Stop(ServerAction):
    verb, action = 'stop', 'os-stop'


class Reboot(ServerAction):
    verb = action = 'reboot'
    arguments = (SERVERS, flag('--hard', 'Power off and on instead of asking the guest.'))

    def body(self, args: Any) -> dict[str, Any]:
        return {'type': 'HARD' if args.hard else 'SOFT'}


class Pause(ServerAction):
    verb = action = 'pause'


class Unpause(ServerAction):
    verb = action = 'unpause'


class Suspend(ServerAction):
    verb = action = 'suspend'


class Resume(ServerAction):
    verb = action = 'resume'


class Lock(ServerAction):
    verb = action = 'lock'
    arguments = (SERVERS, option('--reason', 'Why the server is locked.'))

    def act(self, server_id: str, args: Any) -> None:
        if args.reason and self.client.version < (2, 73):
            raise errors.CommandError('--reason needs a server with microversion 2.73')
        super().act(server_id, args)

    def body(self, args: Any) -> dict[str, Any] | None:
        return {'locked_reason': args.reason} if args.reason else None


class Unlock(ServerAction):
    verb = action = 'unlock'


class ResetState(ServerAction):
    verb, action = 'reset the state of', 'os-resetState'
    arguments = (SERVERS,
                 flag('--active', 'Set the state to active instead of error.'),
                 flag('--force', 'End an unfinished migration first (nova-lite only).'))

    def body(self, args: Any) -> dict[str, Any]:
        forced = {'nova-lite:force': True} if args.force else {}
        return {'state': 'active' if args.active else 'error', **forced}
