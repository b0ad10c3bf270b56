# SPDX-License-Identifier: Apache-2.0
"""Clouds to talk to: a lab with http_basic and with a Keystone, and the program without guests."""
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from nova_lite.lab import config, daemons
from nova_lite.lab.lab import Lab
from tests.clients.all_in_one import AllInOne
from tests.clients.cloud import Cloud
from tests.fixtures import keystone as keystones

SERVICE_USER, SERVICE_PROJECT = 'nova', 'service'
EMBEDDED_REGION = 'embedded'
LAB = {'image': 'tick', 'flavor': 'tick.small'}
EMBEDDED = {'image': 'tiny', 'flavor': 'm1.nano'}


# -- real guests ---------------------------------------------------------------------------------
def lab_basic(lab: Lab, home: Path) -> Cloud:
    """Users and passwords with every request, as the lab itself tells them."""
    return Cloud(lab.environment(), home, **LAB)


@contextlib.contextmanager
def lab_keystone(lab: Lab, home: Path) -> Iterator[keystones.Keystone]:
    """A Keystone in the network of the lab's controller, with a catalogue that names one more API
    process of the lab, which takes its tokens."""
    (home / 'keystone').mkdir()
    with keystones.Keystone(home / 'keystone', lab.topology.controller.cmd_prefix) as keystone:
        keystone.add_user(SERVICE_USER, SERVICE_PROJECT, 'service')
        with _token_api(lab, keystone, home) as address:
            register(keystone, address)
            yield keystone


@contextlib.contextmanager
def _token_api(lab: Lab, keystone: keystones.Keystone, home: Path) -> Iterator[str]:
    options = keystone_options(keystone)
    options['DEFAULT'] = {'log_file': str(home / 'api.log')}
    more = home / 'keystone.conf'
    more.write_text(config.render(options))
    service = lab.topology.service(lab.topology.controller, 'api')
    with socket.create_server(('127.0.0.1', 0)) as listener:
        address = f'http://127.0.0.1:{listener.getsockname()[1]}'
        process = daemons.daemonise(
            [*service.host.cmd_prefix, sys.executable, '-m', service.module,
             *service.file_arguments(), '--config-file', str(more)],
            {**os.environ, 'LISTEN_FDS': '1'}, home / 'api.out', {3: listener.fileno()})
    try:
        yield address
    finally:
        process.signal(signal.SIGTERM)
        assert process.wait(40), f'the API did not end, see {home}'


# -- no guests at all ----------------------------------------------------------------------------
@contextlib.contextmanager
def embedded(directory: Path, keystone: keystones.Keystone) -> Iterator[Cloud]:
    """nova-lite-all-in-one, with tokens of the Keystone of a lab: another region there."""
    with AllInOne(directory, keystone_options(keystone)) as process:
        register(keystone, process.address, EMBEDDED_REGION)
        yield Cloud(keystone_variables(keystone, EMBEDDED_REGION), directory, **EMBEDDED)
        assert_clean([process.log])


# -- what they share -----------------------------------------------------------------------------
def register(keystone: keystones.Keystone, address: str, region: str = keystones.REGION) -> None:
    keystone.add_service('compute', 'nova-lite', f'{address}/v2.1', region)
    keystone.add_service('image', 'nova-lite-images', f'{address}/v2', region)


def keystone_options(keystone: keystones.Keystone) -> dict[str, dict[str, str]]:
    """The sections of the API's configuration for tokens."""
    account = keystone.credentials(SERVICE_USER, SERVICE_PROJECT)
    return {'api': {'auth_strategy': 'keystone'},
            'keystone_authtoken': {
                **account, 'auth_type': 'password', 'region_name': keystones.REGION,
                'www_authenticate_uri': keystone.url, 'interface': 'internal'}}


def keystone_variables(keystone: keystones.Keystone, region: str = keystones.REGION,
                       **account: str) -> dict[str, str]:
    """What a user exports: by default the administrator."""
    return {'OS_AUTH_TYPE': 'password', 'OS_IDENTITY_API_VERSION': '3',
            'OS_REGION_NAME': region,
            **{f'OS_{name.upper()}': value
               for name, value in keystone.credentials(**account).items()}}


def assert_clean(logs: Iterable[str]) -> None:
    """Nothing went wrong in nova-lite that no test was about."""
    errors = [line for log in logs for line in log.splitlines()
              if re.search(r' ERROR \S+ \[', line)]
    assert [line for line in errors if 'No valid host' not in line] == []
