# SPDX-License-Identifier: Apache-2.0
"""The clients level: OpenStack's programs, unmodified, against a lab of real hosts and guests."""
import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nova_lite.lab.guest import GuestWatch
from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab
from nova_lite.lab.services import Service
from tests.clients import clouds
from tests.clients.cloud import Cloud
from tests.fixtures.keystone import Keystone
from tests.lab import control
from tests.lab.conftest import ground, lab  # noqa: F401

numbers = itertools.count(1)
# for what has nothing to do with who one is
once = pytest.mark.parametrize('cloud', ['basic'], indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts a lab and a Keystone has bounds of its own: the first time takes minutes."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(300, func_only=True))


@pytest.fixture(scope='session')
def basic_cloud(lab: Lab,     # noqa: F811
                tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    yield clouds.lab_basic(lab, tmp_path_factory.mktemp('basic'))
    clouds.assert_clean(part.log.read_text(errors='replace') for part in lab.topology.parts()
                        if isinstance(part.daemon, Service))


@pytest.fixture(scope='session')
def keystone(basic_cloud: Cloud, lab: Lab,     # noqa: F811
             tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    """The lab's Keystone, and an API that takes its tokens."""
    home = tmp_path_factory.mktemp('keystone')
    with clouds.lab_keystone(lab, home) as keystone:
        yield keystone
        clouds.assert_clean([(home / 'api.log').read_text(errors='replace')])


@pytest.fixture(scope='session')
def keystone_cloud(keystone: Keystone, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    return Cloud(clouds.keystone_variables(keystone), tmp_path_factory.mktemp('keystone-home'),
                 **clouds.LAB)


@pytest.fixture(scope='session', params=['basic', 'keystone'])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """The lab for each way to say who one is."""
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


@pytest.fixture
def watch(lab: Lab) -> Iterator[Callable[[str], GuestWatch]]:   # noqa: F811
    """``watch(server)``: what the guest says on its console, wherever it is."""
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(GuestWatch(lab.topology.consoles(server)))


@pytest.fixture
def restless(lab: Lab, boot: Callable[..., str]) -> Iterator[str]:  # noqa: F811
    """A server on compute1 whose migration does not end as long as nobody does anything about
    it: it rewrites its memory faster than hosts may copy it here."""
    Image(control.BUSY, dirty=control.BUSY_MIB, rate=control.BUSY_RATE).write(lab.state.images)
    options = control.Options(lab)
    options.set(bandwidth=control.LINK, completion_timeout=0)
    try:
        yield boot('compute1', control.BUSY)
    finally:
        options.write('')
