# SPDX-License-Identifier: Apache-2.0
"""The configuration of every nova-lite process of the lab.

A compute's file has no database and no user in it: what is not written cannot be read
by whoever breaks into a host.
"""
from collections.abc import Mapping
from pathlib import Path

from nova_lite.lab.host import Host
from nova_lite.lab.state import Settings, State, write

CONTROLLER_KINDS = ('conductor', 'scheduler', 'api')
Sections = dict[str, dict[str, object]]


def common(state: State, host: Host, kind: str, transport_url: str) -> Sections:
    return {
        'DEFAULT': {
            'host': host.name, 'my_ip': host.address, 'transport_url': transport_url,
            'state_path': host.common / 'state',
            'log_file': host.common / 'log' / f'{kind}.log',
            # short enough to watch a host go down, long enough for a machine out of breath
            'report_interval': 3, 'service_down_time': 15,
        },
        'images': {'path': state.images},
    }


def compute(state: State, settings: Settings, host: Host, transport_url: str) -> Sections:
    sections = common(state, host, 'compute', transport_url)
    directory = 'shared' if settings.storage == 'shared' else 'instances'
    sections['DEFAULT'] |= {'instances_path': host.common / directory,
                            'update_resources_interval': 10}
    sections['libvirt'] = {
        'connection_uri': 'qemu:///system', 'virt_type': settings.virt_type,
        'live_migration_scheme': 'tcp', 'live_migration_inbound_addr': host.address,
        'live_migration_monitor_interval': 1,
    }
    return sections


def control(state: State, host: Host, kind: str, transport_url: str,
            connection: str) -> Sections:
    """Of a process on the controller; ``connection`` is SQLAlchemy's URL."""
    sections = common(state, host, kind, transport_url)
    sections['database'] = {'connection': connection}
    if kind == 'api':
        htpasswd, users = state.write_users()
        sections['api'] = {'listen': '127.0.0.1', 'auth_strategy': 'http_basic',
                           'htpasswd_file': htpasswd, 'users_file': users}
    return sections


def render(sections: Mapping[str, Mapping[str, object]]) -> str:
    """oslo.config's INI form; a dollar sign would begin a reference there."""
    blocks = []
    for section, options in sections.items():
        lines = [f'{name} = {str(value).replace("$", "$$")}' for name, value in options.items()]
        blocks.append('\n'.join([f'[{section}]', *lines]))
    return '\n\n'.join(blocks) + '\n'


def path_on(host: Host, kind: str) -> Path:
    """Where the host itself finds the file of this kind of process."""
    return host.common / 'etc' / f'nova-lite-{kind}.conf'


def put(host: Host, kind: str, sections: Sections) -> None:
    """Write the file into the host."""
    write(host.directory('etc') / path_on(host, kind).name, render(sections))
    host.directory('state')
