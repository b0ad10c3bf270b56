# SPDX-License-Identifier: Apache-2.0
"""Flavors, limits, images, and what old clients look for."""
from nova_lite.api.schemas.shapes import (
    COUNT,
    FLAG,
    LINK,
    LINKS,
    NOTHING,
    NULL,
    NUMBER,
    TEXT,
    TIME_Z,
    URI,
    WORDS,
    Changing,
    Field,
    Many,
    Shape,
    one,
    or_null,
    page,
)

# -- flavors ----------------------------------------------------------------------------------
_BRIEF = (Field('id', TEXT), Field('name', TEXT), Field('links', LINKS),
          Field('description', or_null(TEXT), 55))
_FULL = Shape(
    *_BRIEF, Field('ram', COUNT), Field('vcpus', COUNT), Field('disk', COUNT),
    Field('swap', Changing((1, {'anyOf': [{'const': ''}, COUNT]}), (75, COUNT))),
    Field('rxtx_factor', {'type': 'number'}), Field('OS-FLV-EXT-DATA:ephemeral', COUNT),
    Field('OS-FLV-DISABLED:disabled', FLAG), Field('os-flavor-access:is_public', FLAG),
    Field('extra_specs', WORDS, 61, optional=True))
FLAVORS = page('flavors', Shape(*_BRIEF), 'flavors_links')
FLAVORS_DETAIL = page('flavors', _FULL, 'flavors_links')
FLAVOR = one('flavor', _FULL)
EXTRA_SPECS = one('extra_specs', WORDS)
EXTRA_SPEC = {**WORDS, 'minProperties': 1, 'maxProperties': 1}

# -- limits -----------------------------------------------------------------------------------
_UNTIL = {'maxPersonality': 56, 'maxPersonalitySize': 56, 'maxImageMeta': 38,
          'maxTotalFloatingIps': 35, 'totalFloatingIpsUsed': 35, 'maxSecurityGroups': 35,
          'maxSecurityGroupRules': 35, 'totalSecurityGroupsUsed': 35}
_ABSOLUTE = Shape(
    *(Field(name, NUMBER) for name in (
        'maxServerMeta', 'maxTotalInstances', 'maxTotalCores', 'maxTotalRAMSize',
        'maxTotalKeypairs', 'maxServerGroups', 'maxServerGroupMembers', 'totalServerGroupsUsed',
        'totalInstancesUsed', 'totalCoresUsed', 'totalRAMUsed')),
    *(Field(name, NUMBER, until=until) for name, until in _UNTIL.items()))
LIMITS = one('limits', Shape(Field('rate', NOTHING), Field('absolute', _ABSOLUTE)))

# -- what there is none of, and extensions ----------------------------------------------------
KEYPAIRS = one('keypairs', NOTHING)
KEYPAIR = one('keypair', {'type': 'object'})
_EXTENSION = Shape(
    Field('alias', TEXT), Field('name', TEXT), Field('description', TEXT),
    Field('links', NOTHING), Field('updated', TEXT), Field('namespace', URI))
EXTENSIONS = page('extensions', _EXTENSION)
EXTENSION = one('extension', _EXTENSION)

# -- images -----------------------------------------------------------------------------------
_ALTERNATE = Shape(Field('rel', {'const': 'alternate'}), Field('type', TEXT), Field('href', URI))
_LINKS = Many({'anyOf': [LINK.at(1), _ALTERNATE.at(1)]})
_PROXIED = Field('id', TEXT), Field('name', TEXT), Field('links', _LINKS)
_PROXIED_FULL = Shape(
    *_PROXIED, Field('status', TEXT), Field('progress', COUNT), Field('minDisk', COUNT),
    Field('minRam', COUNT), Field('OS-EXT-IMG-SIZE:size', COUNT), Field('created', TIME_Z),
    Field('updated', TIME_Z), Field('metadata', WORDS))
PROXY_IMAGES = page('images', Shape(*_PROXIED))
PROXY_IMAGES_DETAIL = page('images', _PROXIED_FULL)
PROXY_IMAGE = one('image', _PROXIED_FULL)


class _Image:
    """Glance's form, in which the properties of an image stand beside its fields: the one object
    here whose fields are not all known before."""
    SHAPE = Shape(
        Field('id', TEXT), Field('name', TEXT), Field('status', TEXT), Field('visibility', TEXT),
        Field('container_format', TEXT), Field('disk_format', TEXT), Field('size', COUNT),
        Field('min_ram', COUNT), Field('min_disk', COUNT), Field('protected', FLAG),
        Field('os_hidden', FLAG), Field('owner', NULL), Field('tags', NOTHING),
        Field('checksum', NULL), Field('os_hash_algo', NULL), Field('os_hash_value', NULL),
        Field('virtual_size', NULL), Field('schema', TEXT), Field('self', TEXT),
        Field('file', TEXT), Field('created_at', TIME_Z), Field('updated_at', TIME_Z))

    @classmethod
    def at(cls, minor: int) -> dict:
        return {**cls.SHAPE.at(minor), 'additionalProperties': TEXT}


IMAGE = _Image()
IMAGES = Shape(Field('images', Many(IMAGE)), Field('schema', TEXT), Field('first', TEXT),
               Field('next', TEXT, optional=True))

# -- version documents ------------------------------------------------------------------------
_MEDIA_TYPES = Many(Shape(Field('base', TEXT), Field('type', TEXT)))
_VERSION_LINKS = Many(Shape(Field('rel', TEXT), Field('href', URI),
                            Field('type', TEXT, optional=True)))
_VERSION = (Field('id', TEXT), Field('status', {'const': 'CURRENT'}), Field('version', TEXT),
            Field('min_version', TEXT), Field('updated', TIME_Z), Field('links', _VERSION_LINKS))
VERSIONS = page('versions', Shape(*_VERSION))
VERSION = one('version', Shape(*_VERSION, Field('media-types', _MEDIA_TYPES)))
IMAGE_VERSIONS = page('versions', Shape(
    Field('id', TEXT), Field('status', TEXT), Field('links', _VERSION_LINKS)))
