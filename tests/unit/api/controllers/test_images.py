# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from tests.unit.api.conftest import IMAGE_ID
from tests.unit.api.tables import walk

SECOND = '7a2ae91c-90b4-4ec4-b06c-5c1ca1c67c69'


@pytest.fixture
def two(images):
    (images / 'data.qcow2').write_bytes(b'x' * 10)
    (images / 'data.json').write_text(json.dumps({
        'id': SECOND, 'name': 'data, large', 'disk': 'data.qcow2', 'disk_format': 'qcow2',
        'min_disk': 1}))


def ids(response):
    assert response.status_int == 200, response.text
    return [image['id'] for image in response.json['images']]


GLANCE_LIST = [
    ('', [IMAGE_ID, SECOND]), ('name=tick', [IMAGE_ID]), ('name=nothing', []),
    (f'id=in:{SECOND},x', [SECOND]), ('id=in:', []),
    ('name=in:tock,%22data, large%22', [SECOND]),
    ('visibility=public', [IMAGE_ID, SECOND]), ('visibility=private', []),
    ('status=active&disk_format=qcow2', [SECOND]), ('os_hidden=True', []), ('limit=1', [IMAGE_ID]),
    (f'marker={IMAGE_ID}', [SECOND]), ('member_status=all&sort=name:asc', [IMAGE_ID, SECOND])]


def test_glance_list(api, two):
    def check(query, found):
        assert ids(api.get(f'/v2/images?{query}', user='reader')) == found

    walk(GLANCE_LIST, check)


def test_glance_list_in_pages(api, two):
    page = api.get('/v2/images?limit=1').json
    assert page['next'] == f'/v2/images?limit=1&marker={IMAGE_ID}'
    last = api.get(f'{page["next"]}').json
    assert [image['id'] for image in last['images']] == [SECOND]
    assert api.get('/v2/images?marker=nothing').status_int == 400


def test_glance_image(api, two):
    shown = api.get(f'/v2/images/{IMAGE_ID}', user='reader').json
    assert (shown['name'], shown['status']) == ('tick', 'active')
    assert (shown['size'], shown['min_ram']) == (6, 64)
    assert shown['hw_machine_type'] == 'q35'
    assert (shown['container_format'], shown['visibility']) == ('bare', 'public')
    assert api.get(f'/v2/images/{SECOND}').json['disk_format'] == 'qcow2'


NAMES = ['/v2/images/tick', '/v2/images/nothing', '/v2.1/images/tick']


def test_name_is_no_id(api):
    """Clients try a name as an id first, and search for it when that is not found."""
    def check(path):
        assert api.get(path, version='2.1').status_int == 404

    walk(NAMES, check)


def test_glance_images_are_read_only(api):
    response = api.post('/v2/images', {'name': 'n'})
    assert (response.status_int, response.headers['Allow']) == (405, 'GET, HEAD')


def test_images_need_credentials(api):
    assert api.get('/v2/images', user=None).status_int == 401


PROXY_LIST = [('', [IMAGE_ID, SECOND]), ('name=tick', [IMAGE_ID]),
              (f'id=in:{SECOND}', [SECOND])]


def test_nova_proxy_list(api, two):
    def check(query, found):
        assert ids(api.get(f'/v2.1/images?{query}', version=None)) == found

    walk(PROXY_LIST, check)


def test_nova_proxy_image(api):
    shown = api.get(f'/v2.1/images/{IMAGE_ID}', version='2.1').json['image']
    assert (shown['name'], shown['status'], shown['minRam']) == ('tick', 'ACTIVE', 64)
    assert shown['metadata'] == {'hw_machine_type': 'q35'}
