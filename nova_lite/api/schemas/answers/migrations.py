# SPDX-License-Identifier: Apache-2.0
"""Migrations in Nova's two forms."""
from nova_lite.api.schemas.shapes import (
                                          COUNT,
                                          LINKS,
                                          NUMBER,
                                          TEXT,
                                          TIME,
                                          UUID,
                                          Field,
                                          Shape,
                                          Stream,
                                          one,
                                          or_null,
                                          page,
)

# hosts are null for who may not see them
_HOSTS = tuple(Field(name, or_null(TEXT)) for name in (
    'source_node', 'source_compute', 'dest_node', 'dest_compute', 'dest_host'))
_TIMES = Field('created_at', TIME), Field('updated_at', or_null(TIME))
_WHO = Field('user_id', or_null(TEXT), 80), Field('project_id', or_null(TEXT), 80)

_IN_PROGRESS = Shape(
    Field('id', NUMBER), Field('status', TEXT), Field('server_uuid', UUID), *_HOSTS, *_TIMES,
    *(Field(f'{kind}_{amount}_bytes', or_null(COUNT)) for kind in ('memory', 'disk')
      for amount in ('total', 'processed', 'remaining')),
    Field('uuid', UUID, 59), *_WHO)
SERVER_LIST = page('migrations', _IN_PROGRESS)
SERVER_SHOW = one('migration', _IN_PROGRESS)
EVENTS = Stream()

LIST = page('migrations', Shape(
    Field('id', NUMBER), Field('status', TEXT), Field('instance_uuid', UUID), *_HOSTS, *_TIMES,
    Field('old_instance_type_id', or_null(NUMBER)),
    Field('new_instance_type_id', or_null(NUMBER)),
    Field('migration_type', TEXT, 23),
    # to the form above, while there is one
    Field('links', LINKS, 23, optional=True), Field('uuid', UUID, 59), *_WHO),
    'migrations_links', 59)
