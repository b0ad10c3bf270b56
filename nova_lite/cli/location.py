# SPDX-License-Identifier: Apache-2.0
"""server-locate: where a server's guest really is, and taking that place over."""
from typing import Any

from nova_lite.cli import errors, find, output
from nova_lite.cli.client import Client


def server_locate(client: Client, args: Any) -> None:
    path = f"/servers/{find.server(client, args.server)['id']}/location"
    found = client.get(path)['location']
    if args.accept:
        if found['place'] is None:
            _show(found, args.json)
            raise errors.CommandError(f"No place is proved: {'; '.join(found['reasons'])}")
        found = client.request('POST', path, body={'location': {'host': found['place']}})[
            'location']
    _show(found, args.json)
    if args.accept and not args.json:
        print(f"The server lives on host {found['place']} now.")


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.print_json(found)
        return
    record = found['record']
    output.print_list(found['hosts'], [
        ('Host', 'host'), ('Guest', 'guest'), ('Service', 'service'),
        ('Record', lambda row: record['vm_state'] if row['host'] == record['host'] else '-')],
        False)
    for line in [*found['reasons'], *found['remarks']]:
        output.complain(line)
    if found['place'] is not None:
        print(f"Proved to be on host {found['place']}.")
