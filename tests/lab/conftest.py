# SPDX-License-Identifier: Apache-2.0
"""The lab level: real hosts, real libvirt, real guests; needs root and Debian's packages.

A machine without them is an error with a remedy, not a skip: tools/test installs them.
"""
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import libvirt
import pytest

from nova_lite.lab.image import Image
from nova_lite.lab.lab import Lab
from tests.lab.cloud import Cloud, Server
from tests.lab.rawguest import RawGuest
from tests.lab.watcher import Watcher


@pytest.fixture(scope='session')
def ground() -> Iterator[Lab]:
    """Three hosts with libvirt, and a broker and a database; no service of nova-lite."""
    # short, and not pytest's own directory: the broker's and the database's accounts cannot
    # enter that
    lab = Lab(Path(tempfile.mkdtemp(prefix='lab-')), say=print)
    try:
        lab.up(hosts=3, with_services=False)
        yield lab
    finally:
        lab.down()


@pytest.fixture(scope='session')
def _watcher(ground: Lab) -> Iterator[Watcher]:
    with Watcher(ground.topology.computes) as watcher:
        yield watcher


@pytest.fixture
def one_copy(_watcher: Watcher) -> Iterator[None]:
    """The test fails when a guest ran on two hosts at once while it went on."""
    before = _watcher.looks
    yield
    violations, _watcher.violations = _watcher.violations, []
    assert violations == []
    assert _watcher.looks > before, 'nobody looked'


@pytest.fixture(scope='session')
def lab(ground: Lab) -> Lab:
    """The same with the four services."""
    ground.up(with_services=True)
    return ground


@pytest.fixture(scope='session')
def cloud(lab: Lab) -> Cloud:
    """The lab as its admin sees it over REST."""
    return Cloud(lab)


@pytest.fixture
def boot(cloud: Cloud, one_copy: None) -> Iterator[Callable[..., Server]]:
    """Boot a guest by REST (see Cloud.boot); it is deleted after the test, whatever came."""
    with contextlib.ExitStack() as stack:
        def booted(*arguments: object, **named: object) -> Server:
            server = cloud.boot(*arguments, **named)
            stack.callback(server.delete)
            return server

        yield booted


@pytest.fixture
def raw(ground: Lab, one_copy: None) -> Iterator[Callable[..., RawGuest]]:
    """A guest by libvirt alone, not started; it is gone from every host after the test."""
    with contextlib.ExitStack() as stack:
        def made(image: Image, storage: str = 'instances') -> RawGuest:
            guest = RawGuest(ground, image, storage)
            for host in ground.topology.computes:
                stack.callback(_destroy, guest, host)
            return guest

        yield made


def _destroy(guest: RawGuest, host) -> None:
    with contextlib.suppress(libvirt.libvirtError):
        guest.destroy(host)
