# SPDX-License-Identifier: Apache-2.0
"""The clients level: OpenStack's programs, unmodified, against nova-lite as processes."""
import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients import clouds
from tests.clients.cloud import Cloud
from tests.fixtures.keystone import Keystone

numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts Keystone and the cloud has bounds of its own: the first time takes minutes."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(300, func_only=True))


@pytest.fixture(scope='session')
def keystone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    with Keystone(tmp_path_factory.mktemp('keystone')) as keystone:
        yield keystone


@pytest.fixture(scope='session')
def basic_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with clouds.basic(tmp_path_factory.mktemp('basic-cloud')) as cloud:
        yield cloud


@pytest.fixture(scope='session')
def keystone_cloud(tmp_path_factory: pytest.TempPathFactory,
                   keystone: Keystone) -> Iterator[Cloud]:
    with clouds.with_keystone(tmp_path_factory.mktemp('keystone-cloud'), keystone) as cloud:
        yield cloud


@pytest.fixture(scope='session', params=['basic', 'keystone'])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """The same for each way to say who one is."""
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
