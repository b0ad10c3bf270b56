# SPDX-License-Identifier: Apache-2.0
"""What a server asks of its next host."""
from nova_lite import objects
from tests.fixtures import db


def test_for_instance_when_it_has_a_flavor_then_the_spec_holds_all_the_scheduler_needs(
        ctxt, database):
    flavor = objects.Flavor(ctxt, flavorid='1', name='m1', memory_mb=64, vcpus=1)
    flavor.create()
    instance = db.make_instance(ctxt, flavor=flavor, availability_zone='nova',
                                image_meta={'properties': {'hw_x': 'y'}})
    spec = objects.RequestSpec.for_instance(ctxt, instance, consumer_uuid=instance.uuid,
                                            ignore_hosts=['src'], requested_host='dst')
    assert (spec.instance_uuid, spec.project_id, spec.flavor.flavorid) == (
        instance.uuid, 'p1', '1')
    assert (spec.ignore_hosts, spec.requested_host, spec.force) == (['src'], 'dst', False)
    assert spec.image_properties == {'hw_x': 'y'} and spec.availability_zone == 'nova'


def test_for_instance_when_it_has_next_to_nothing_then_there_is_a_spec_all_the_same(
        ctxt, database):
    instance = db.make_instance(ctxt, image_meta=None)
    spec = objects.RequestSpec.for_instance(ctxt, instance, consumer_uuid=instance.uuid,
                                            ignore_hosts=[])
    assert spec.image_properties == {} and spec.flavor is None
