# SPDX-License-Identifier: Apache-2.0
"""Clouds to talk to: nova-lite-all-in-one with http_basic, and with a Keystone."""
import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.clients.all_in_one import AllInOne
from tests.clients.cloud import Cloud
from tests.fixtures import keystone as keystones

SERVICE_USER, SERVICE_PROJECT = 'nova', 'service'


@contextlib.contextmanager
def basic(directory: Path) -> Iterator[Cloud]:
    """Users and passwords with every request, as the program itself tells them."""
    with AllInOne(directory) as process:
        yield Cloud(process.exports, directory)
        assert_clean(process)


@contextlib.contextmanager
def with_keystone(directory: Path, keystone: keystones.Keystone) -> Iterator[Cloud]:
    """Tokens, and a catalogue that says where what is."""
    keystone.add_user(SERVICE_USER, SERVICE_PROJECT, 'service')
    with AllInOne(directory, keystone_options(keystone)) as process:
        register(keystone, process.address)
        yield Cloud(keystone_variables(keystone), directory)
        assert_clean(process)


def register(keystone: keystones.Keystone, address: str) -> None:
    keystone.add_service('compute', 'nova-lite', f'{address}/v2.1')
    keystone.add_service('image', 'nova-lite-images', f'{address}/v2')


def keystone_options(keystone: keystones.Keystone) -> dict[str, dict[str, str]]:
    """The sections of the API's configuration for tokens."""
    account = keystone.credentials(SERVICE_USER, SERVICE_PROJECT)
    return {'api': {'auth_strategy': 'keystone'},
            'keystone_authtoken': {
                **account, 'auth_type': 'password', 'region_name': keystones.REGION,
                'www_authenticate_uri': keystone.url, 'interface': 'internal'}}


def keystone_variables(keystone: keystones.Keystone, **account: str) -> dict[str, str]:
    """What a user exports: by default the administrator."""
    return {'OS_AUTH_TYPE': 'password', 'OS_IDENTITY_API_VERSION': '3',
            'OS_REGION_NAME': keystones.REGION,
            **{f'OS_{name.upper()}': value
               for name, value in keystone.credentials(**account).items()}}


def assert_clean(process: AllInOne) -> None:
    """Nothing went wrong in nova-lite that nobody was told of."""
    lines = process.log.splitlines()
    assert not [line for line in lines if ' ERROR ' in line or 'Traceback' in line]
