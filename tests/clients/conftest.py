# SPDX-License-Identifier: Apache-2.0
"""The clients level: OpenStack's programs, unmodified, against nova-lite as processes."""
import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.all_in_one import AllInOne
from tests.clients.cloud import Cloud
from tests.fixtures import keystone as keystones

SERVICE_USER, SERVICE_PROJECT = 'nova', 'service'
numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The SDK warns its own callers, at every step, of what it will be without one day."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings(
                'ignore::PendingDeprecationWarning:openstack'))


@pytest.fixture(scope='session')
def keystone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[keystones.Keystone]:
    """Keystone with an account for the service itself."""
    with keystones.Keystone(tmp_path_factory.mktemp('keystone')) as keystone:
        keystone.add_user(SERVICE_USER, SERVICE_PROJECT, 'service')
        yield keystone


@pytest.fixture(scope='session')
def basic_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """http_basic. One URL serves all; what is not the compute API has to be pointed to."""
    directory = tmp_path_factory.mktemp('basic')
    with AllInOne(directory) as process:
        cloud = Cloud({**process.exports,
                       'OS_IDENTITY_API_VERSION': '3',
                       'OS_IDENTITY_ENDPOINT_OVERRIDE': process.address,
                       'OS_IMAGE_ENDPOINT_OVERRIDE': f'{process.address}/v2'}, directory)
        yield cloud
        assert_clean(process)


@pytest.fixture(scope='session')
def keystone_cloud(tmp_path_factory: pytest.TempPathFactory,
                   keystone: keystones.Keystone) -> Iterator[Cloud]:
    """Tokens, and a catalogue that says where what is."""
    directory = tmp_path_factory.mktemp('keystone-cloud')
    with AllInOne(directory, keystone_options(keystone)) as process:
        keystone.add_service('compute', 'nova-lite', f'{process.address}/v2.1')
        keystone.add_service('image', 'images', f'{process.address}/v2')
        yield Cloud(keystone_variables(keystone), directory)
        assert_clean(process)


@pytest.fixture(scope='session', params=['basic', 'keystone'])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    return request.getfixturevalue(f'{request.param}_cloud')


@pytest.fixture
def boot(cloud: Cloud) -> Iterator[Callable[..., str]]:
    """Cloud.boot() with a name of its own; deleted after the test."""
    with contextlib.ExitStack() as stack:
        def booted(*arguments: str, **named: str) -> str:
            server = cloud.boot(f'vm{next(numbers)}', *arguments, **named)
            stack.callback(cloud.delete, server)
            return server

        yield booted


def keystone_options(keystone: keystones.Keystone) -> dict[str, dict[str, str]]:
    """The sections of the API's configuration for tokens."""
    account = keystone.credentials(SERVICE_USER, SERVICE_PROJECT)
    return {'api': {'auth_strategy': 'keystone'},
            'keystone_authtoken': {
                **account, 'auth_type': 'password', 'region_name': keystones.REGION,
                'www_authenticate_uri': keystone.url, 'interface': 'internal'}}


def keystone_variables(keystone: keystones.Keystone, **account: str) -> dict[str, str]:
    """What a user exports: by default the administrator's."""
    return {'OS_AUTH_TYPE': 'password', 'OS_IDENTITY_API_VERSION': '3',
            'OS_REGION_NAME': keystones.REGION,
            **{f'OS_{name.upper()}': value
               for name, value in keystone.credentials(**account).items()}}


def assert_clean(process: AllInOne) -> None:
    """Nothing went wrong in nova-lite that nobody was told of."""
    lines = process.log.splitlines()
    assert not [line for line in lines if ' ERROR ' in line or 'Traceback' in line]
