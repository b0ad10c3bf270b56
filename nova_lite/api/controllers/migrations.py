# SPDX-License-Identifier: Apache-2.0
"""/os-migrations: every migration there was, with its outcome."""
from typing import Any

from nova_lite import objects
from nova_lite.api import paging, wsgi
from nova_lite.api.views import migrations as views
from nova_lite.policies import migrations as policies

PAGED_SINCE = 59
COLUMNS = ('status', 'instance_uuid', 'source_compute', 'migration_type', 'user_id', 'project_id',
           'host')


def index(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    """Newest first from 2.59. A filter that is given several times means any of its values.
    Without the right to all projects a list must be of the own one, and is refused, not
    shortened, when it is not."""
    ctxt = request.context
    if query.get('project_id') != [ctxt.project_id]:
        ctxt.can(policies.INDEX_ALL_PROJECTS)
    filters: dict[str, Any] = {name: query[name] for name in COLUMNS if name in query}
    filters |= paging.changes(query)
    if 'hidden' in query:
        filters['hidden'] = paging.boolean(query, 'hidden')
    paged = request.minor >= PAGED_SINCE
    size = paging.limit(query) if paged else None
    found = list(objects.MigrationList.get_by_filters(
        ctxt, filters, sort_keys=['created_at', 'id'] if paged else ['id'],
        sort_dirs=['desc'] if paged else ['asc'], limit=size, marker=query.get('marker')))
    sees_hosts = ctxt.can(policies.INDEX_HOST, fatal=False)
    answer = {'migrations': [views.show(request, migration, sees_hosts) for migration in found]}
    if paged:
        answer |= paging.next_links(request, 'migrations_links', size, found, 'uuid')
    return answer
