# SPDX-License-Identifier: Apache-2.0
"""Tempest's own classes for what nova-lite serves."""
import pytest

from tests.clients.tempest import configuration, expected, runner


@pytest.mark.timeout(expected.TIMEOUT + 30)
def test_tempest_when_run_then_only_what_is_listed_does_not_pass(keystone_cloud, keystone,
                                                                 tmp_path):
    path = configuration.write(tmp_path, keystone, keystone_cloud, image='tick-disk',
                               flavors=('tick.disk', 'tick.small'))
    expected.check(runner.run(path, expected.CLASSES, expected.TIMEOUT))
