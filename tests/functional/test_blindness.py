# SPDX-License-Identifier: Apache-2.0
"""A conductor that could hear nobody judges nobody."""
import datetime
from unittest import mock

import oslo_messaging as messaging
import pytest

from nova_lite import embedded, exception, objects, servicegroup
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conf import CONF
from nova_lite.db import services as db_services
from tests.functional.test_silent_hosts import forget_outage


@pytest.fixture
def outage(cloud, monkeypatch):
    """``outage()``: the last heartbeats of all came longer ago than a gap is, and none comes until
    ``monkeypatch.undo()``; the hosts are not down yet."""
    def begin():
        monkeypatch.setattr(db_services, 'report',
                            mock.Mock(side_effect=exception.DatabaseUnavailable))
        for service in objects.ServiceList.get_by_filters(cloud.ctxt):
            service.last_seen_up -= datetime.timedelta(
                seconds=servicegroup.gap(CONF.service_down_time) + 1)
            service.save()

    yield begin
    monkeypatch.undo()
    forget_outage(cloud)


TIMEOUT = messaging.MessagingTimeout('no answer')
BLIND_SOURCE = exception.MigrationPreCheckError(reason='Error while asking the source')


@pytest.mark.parametrize('error', [TIMEOUT, BLIND_SOURCE])
def test_check_when_nobody_could_be_heard_meanwhile_then_it_is_made_again_later(
        cloud, outage, monkeypatch, error):
    server = cloud.boot()
    outage()
    failing = mock.Mock(side_effect=error)
    monkeypatch.setattr(ComputeAPI, 'check_can_live_migrate_destination', failing)
    migrations = cloud.services.services[embedded.CONDUCTOR].manager.live_migrations
    assert server.live_migrate('dst').status == 202
    cloud.bell.wait_for(lambda: failing.called and not migrations._at_work, 'the check')
    assert server.migration.status == 'accepted'
    monkeypatch.undo()
    migrations.take_over()
    assert server.wait_status().status == 'completed'
    server.wait_task_over()
    assert cloud.claims_of(server) == {('server', 'dst')}


@pytest.mark.parametrize('error', [TIMEOUT, BLIND_SOURCE])
def test_check_when_all_others_could_be_heard_then_the_host_is_refused(
        cloud, monkeypatch, error):
    server = cloud.boot()
    monkeypatch.setattr(ComputeAPI, 'check_can_live_migrate_destination',
                        mock.Mock(side_effect=error))
    assert server.live_migrate('dst').status == 202
    migration = server.wait_status()
    assert (migration.status, migration.failed_check) == ('error', 'MigrationPreCheckError')
    assert server.states() == ('active', None)
