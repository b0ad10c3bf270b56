# SPDX-License-Identifier: Apache-2.0
"""Flavors and images."""
from tests.unit.cli.fake_api import IMAGE


def test_flavor_list_has_novaclients_columns(things, run):
    rows = run('flavor-list').rows
    assert rows[0] == ['ID', 'Name', 'Memory_MiB', 'Disk', 'Ephemeral', 'Swap', 'VCPUs',
                       'RXTX_Factor', 'Is_Public', 'Description']
    assert rows[1] == ['1', 'small', '512', '1', '0', '0', '1', '1.0', 'True', '-']
    run('flavor-list', '--all')
    assert things.requests[-1][1].endswith('?is_public=None')


def test_image_list(things, run):
    assert run('image-list').rows == [['ID', 'Name', 'Status', 'Size'],
                                      [IMAGE, 'tick', 'active', '1.5 KiB']]


def test_image_size_is_exact_for_programs(things, run):
    [image] = run('image-list', '-f', 'json').json
    assert image == {'ID': IMAGE, 'Name': 'tick', 'Status': 'active', 'Size': 1536}


def test_flavor_create_sends_what_is_given(api, run):
    result = run('flavor-create', 'big', 'auto', '4096', '20', '4', '--is-public', 'no',
                 '--swap', '64')
    assert api.sent('POST', '/v2.1/flavors') == [{'flavor': {
        'name': 'big', 'ram': 4096, 'disk': 20, 'vcpus': 4, 'swap': 64,
        'os-flavor-access:is_public': False}}]
    assert ['id', 'made'] in result.rows and 'links' not in result.out
    run('flavor-create', 'big', '7', '4096', '20', '4')
    assert api.sent('POST', '/v2.1/flavors')[-1]['flavor'].get('id') == '7'


def test_flavor_delete_takes_a_name(things, run):
    assert run('flavor-delete', 'named-as-an-id').code == 0
    assert things.sent('DELETE', '/v2.1/flavors/small') == [None]
    assert run('flavor-delete', 'nothing').code == 1
