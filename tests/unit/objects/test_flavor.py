# SPDX-License-Identifier: Apache-2.0
"""Flavors: unique among the living."""
import pytest

from nova_lite import exception, objects

pytestmark = pytest.mark.usefixtures('way')


def make_flavor(ctxt, flavorid, name, **values):
    flavor = objects.Flavor(ctxt, flavorid=flavorid, name=name,
                            **{'memory_mb': 64, 'vcpus': 1, **values})
    flavor.create()
    return flavor


def test_flavor_when_made_then_found_three_ways_with_defaults(ctxt):
    flavor = make_flavor(ctxt, '1', 'm1.tiny', extra_specs={'a': 'b'}, description='small')
    for found in (objects.Flavor.get_by_flavor_id(ctxt, '1'),
                  objects.Flavor.get_by_name(ctxt, 'm1.tiny'),
                  objects.Flavor.get_by_id(ctxt, flavor.id)):
        assert found.obj_to_primitive() == flavor.obj_to_primitive()
    assert (flavor.root_gb, flavor.swap, flavor.rxtx_factor, flavor.is_public, flavor.disabled,
            flavor.extra_specs) == (0, 0, 1.0, True, False, {'a': 'b'})


@pytest.mark.parametrize('flavorid, name, what', [('1', 'other', 'flavorid'),
                                                  ('2', 'm1.tiny', 'name')])
def test_flavor_when_it_exists_then_the_error_says_what(ctxt, flavorid, name, what):
    make_flavor(ctxt, '1', 'm1.tiny')
    with pytest.raises(exception.FlavorExists, match=what):
        make_flavor(ctxt, flavorid, name)


def test_flavor_when_destroyed_then_gone_and_its_name_is_free(ctxt):
    flavor = make_flavor(ctxt, '1', 'm1.tiny')
    flavor.destroy()
    with pytest.raises(exception.FlavorNotFound):
        flavor.destroy()
    with pytest.raises(exception.FlavorNotFound):
        objects.Flavor.get_by_flavor_id(ctxt, '1')
    assert make_flavor(ctxt, '1', 'm1.tiny').id != flavor.id


def test_flavor_list_when_filtered_then_only_those(ctxt):
    make_flavor(ctxt, 'c', 'one', memory_mb=512)
    make_flavor(ctxt, 'a', 'two', memory_mb=64, is_public=False)
    make_flavor(ctxt, 'b', 'three', memory_mb=1024, root_gb=10)

    def get(filters=None, **more):
        return [flavor.flavorid for flavor in objects.FlavorList.get_all(ctxt, filters, **more)]

    assert get() == ['a', 'b', 'c']
    assert get({'is_public': True}) == ['b', 'c']
    assert get({'min_memory_mb': 512}) == ['b', 'c'] and get({'min_root_gb': 1}) == ['b']
    assert get(sort_key='memory_mb', sort_dir='desc') == ['b', 'c', 'a']
    assert get(limit=1, marker='a') == ['b']
    with pytest.raises(exception.MarkerNotFound):
        get(marker='z')
