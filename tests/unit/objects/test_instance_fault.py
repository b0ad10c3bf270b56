# SPDX-License-Identifier: Apache-2.0
"""What went wrong with a server: the newest is shown."""
import pytest

from nova_lite import objects
from tests.fixtures import db

pytestmark = pytest.mark.usefixtures('way')


def test_fault_when_there_are_many_then_the_newest_of_each_server(ctxt):
    one, two, none = (db.make_instance(ctxt).uuid for _ in range(3))
    for uuid, message in ((one, 'old'), (two, 'm' * 300), (one, 'new')):
        objects.InstanceFault(ctxt, instance_uuid=uuid, code=400, message=message,
                              details='d' * 70000, host='h1').create()
    newest = objects.InstanceFault.get_latest_for_instance(ctxt, one)
    assert (newest.message, newest.code, newest.host) == ('new', 400, 'h1')
    assert len(newest.details) == 70000 and newest.created_at
    assert objects.InstanceFault.get_latest_for_instance(ctxt, none) is None
    found = objects.InstanceFaultList.get_latest_by_instance_uuids(ctxt, [one, two, none])
    assert {uuid: fault.message for uuid, fault in found.items()} == {one: 'new', two: 'm' * 255}
    assert objects.InstanceFaultList.get_latest_by_instance_uuids(ctxt, []) == {}
