# SPDX-License-Identifier: Apache-2.0
"""An image of the local directory, in Glance's form (/v2/images) and in that of the proxy which
Nova had up to 2.35 (/v2.1/images)."""
from typing import Any

from nova_lite.api import wsgi

# what Glance's clients send back or look at; images here are files that somebody put in place
FIXED = {'status': 'active', 'visibility': 'public', 'container_format': 'bare',
         'protected': False, 'os_hidden': False, 'owner': None, 'tags': [], 'checksum': None,
         'os_hash_algo': None, 'os_hash_value': None, 'virtual_size': None,
         'schema': '/v2/schemas/image'}


def glance(image: dict[str, Any]) -> dict[str, Any]:
    path = f'/v2/images/{image["id"]}'
    own = {name: str(value) for name, value in (image.get('properties') or {}).items()}
    return {**own, **FIXED, 'id': image['id'], 'name': image['name'],
            'disk_format': image.get('disk_format') or 'raw', 'size': image.get('size') or 0,
            'min_ram': image.get('min_ram') or 0, 'min_disk': image.get('min_disk') or 0,
            'created_at': image['created_at'], 'updated_at': image['created_at'],
            'self': path, 'file': path + '/file'}


def basic(request: wsgi.Request, image: dict[str, Any]) -> dict[str, Any]:
    alternate = {'rel': 'alternate', 'type': 'application/vnd.openstack.image',
                 'href': f'{request.application_url}/v2/images/{image["id"]}'}
    return {'id': image['id'], 'name': image['name'],
            'links': [*request.links('images', image['id']), alternate]}


def detail(request: wsgi.Request, image: dict[str, Any]) -> dict[str, Any]:
    properties = image.get('properties') or {}
    return {**basic(request, image), 'status': 'ACTIVE', 'progress': 100,
            'minDisk': image.get('min_disk') or 0, 'minRam': image.get('min_ram') or 0,
            'OS-EXT-IMG-SIZE:size': image.get('size') or 0,
            'created': image['created_at'], 'updated': image['created_at'],
            'metadata': {name: str(value) for name, value in properties.items()}}
