# SPDX-License-Identifier: Apache-2.0
"""server-locate: where a server's guest really is, and taking that place over."""
from typing import Any

from nova_lite.cli import base, errors, find, options, output


class ServerLocate(base.Lister):
    arguments = (options.SERVER, options.flag(
        '--accept', 'Let the server live where its guest is proved to be: one host has it, and '
        'every other one says that it has not.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        path = f"/servers/{find.server(self.client, parsed_args.server)['id']}/location"
        found = self.client.get(path)['location']
        if parsed_args.accept and found['place'] is None:
            self.failure = errors.CommandError(
                f"No place is proved: {'; '.join(found['reasons'])}")
        elif parsed_args.accept:
            found = self.client.request(
                'POST', path, body={'location': {'host': found['place']}})['location']
        # beside the table, not in it
        output.complain(*_words(found, parsed_args.accept and self.failure is None))
        record = found['record']
        table = self.table(found['hosts'], [
            ('Host', 'host'), ('Guest', 'guest'), ('Service', 'service'),
            ('Record', lambda row: record['vm_state'] if row['host'] == record['host'] else None)])
        self.record = found
        return table


def _words(found: dict[str, Any], accepted: bool) -> list[str]:
    words = [*found['reasons'], *found['remarks']]
    if found['place'] is not None:
        words.append(f"Proved to be on host {found['place']}.")
    if accepted:
        words.append(f"The server lives on host {found['place']} now.")
    return words
